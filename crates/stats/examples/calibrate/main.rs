//! Simulates countries in which nobody stands out and counts how many providers each rule labels; then how often
//! a provider that truly differs is found. `make calibrate`.

mod country;

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use country::{Flags, Outcome, Rule, Setting, Spread, extreme_tenths, power, simulate};
use spiegel_stats::seed_of;

/// How many providers a country has.
const COUNTRIES: [usize; 4] = [30, 72, 150, 400];

/// The country in which the other rules are shown.
const MIDDLE: usize = 2;

/// Providers that are simulated for a cell of the table.
const PROVIDERS_PER_CELL: usize = 12_000;

/// The same where the exact distribution of an adjusted count makes each provider a thousand times dearer.
const ADJUSTED_PROVIDERS_PER_CELL: usize = 4_800;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{INTRODUCTION}")?;
    let rows = rows();
    let settings: Vec<Setting> = rows
        .iter()
        .flat_map(|(outcome, spread)| COUNTRIES.map(|providers| Setting { outcome: *outcome, spread: *spread, providers }))
        .collect();
    let results = in_parallel(&settings, |setting| {
        let per_cell = match setting.outcome {
            Outcome::Adjusted(_) => ADJUSTED_PROVIDERS_PER_CELL,
            _ => PROVIDERS_PER_CELL,
        };
        let rules = if setting.providers == COUNTRIES[MIDDLE] { setting.outcome.rules() } else { &[Rule::Ours] };
        let seed = seed_of(&["calibrate", &format!("{setting:?}")]);
        simulate(setting, rules, (per_cell / setting.providers) as u64, seed)
    });
    let mut worst = (0.0_f64, 0.0_f64);
    let mut errors = (0.0_f64, 0.0_f64);
    let mut last = None;
    for (row, cells) in rows.iter().zip(results.chunks(COUNTRIES.len())) {
        let rules = row.0.rules();
        if last != Some(rules.len()) {
            heading(&mut out, rules)?;
            last = Some(rules.len());
        }
        let ours: Vec<&Flags> = cells.iter().map(|cell| &cell[0]).collect();
        write!(out, "{:<38}", describe(row))?;
        for flags in ours.iter().copied().chain(cells[MIDDLE].iter().skip(1)) {
            write!(out, " {:>13}", pair(flags))?;
        }
        writeln!(out)?;
        if matches!(row.1, Spread::HeavyTailed(_)) {
            write!(out, "{:<38}", "    of these, truly within the bulk")?;
            for flags in &ours {
                let (notice, signal) = flags.inside();
                write!(out, " {:>13}", format!("{notice:.1} / {signal:.2}"))?;
            }
            writeln!(out)?;
        }
        for flags in ours {
            let (notice, signal) =
                if let Spread::HeavyTailed(_) = row.1 { flags.inside() } else { (flags.notice().0, flags.signal().0) };
            worst = (worst.0.max(notice), worst.1.max(signal));
            errors = (errors.0.max(flags.notice().1), errors.1.max(flags.signal().1));
        }
    }
    writeln!(
        out,
        "\nA heavy tail (t4) does hold providers that stand out from the bulk (the spread of the middle 80 %): 2 in 100 lie beyond its\n\
         99.8 %. Finding those is what a rule is for; the line below such a row counts the others.\n\
         The highest of ours, of t4 that line: {:.1} % at 95 and {:.2} % at 99.8; allowed are 6 and 0.6. Standard error of a cell at most {:.2} and {:.2}.",
        worst.0, worst.1, errors.0, errors.1
    )?;
    found(&mut out)?;
    tenths(&mut out)
}

const INTRODUCTION: &str = "\
Per cent of providers that a rule labels although nobody stands out: at 95 % (expected 5) / at 99.8 % (expected 0.2).
Sizes as in the sample country (practices of median 45, one in five an institution of median 400, 8 to 6000 cases);
providers with 30 cases or more are labelled. Every country is drawn anew from a fixed seed.";

/// What is measured and how the true levels differ, a row each.
fn rows() -> Vec<(Outcome, Spread)> {
    let shares = [
        Spread::Equal,
        Spread::Beta(0.01),
        Spread::Beta(0.03),
        Spread::Normal(0.2),
        Spread::Normal(0.4),
        Spread::HeavyTailed(0.2),
        Spread::HeavyTailed(0.4),
    ];
    let adjusted = [Spread::Equal, Spread::Normal(0.2), Spread::Normal(0.4), Spread::HeavyTailed(0.4)];
    let means = [Spread::Equal, Spread::Normal(0.15), Spread::Normal(0.3), Spread::HeavyTailed(0.3)];
    let mut rows = Vec::new();
    let mut add = |outcome: Outcome, spreads: &[Spread]| rows.extend(spreads.iter().map(|spread| (outcome, *spread)));
    for level in [0.5, 0.1, 0.03] {
        add(Outcome::Share(level), &shares);
    }
    for level in [0.5, 0.1, 0.03] {
        add(Outcome::Adjusted(level), &adjusted);
    }
    for outcome in [Outcome::Symmetric, Outcome::Lognormal, Outcome::Gamma] {
        add(outcome, &means);
    }
    rows
}

fn describe((outcome, spread): &(Outcome, Spread)) -> String {
    let outcome = match outcome {
        Outcome::Share(level) => format!("share {level}"),
        Outcome::Adjusted(level) => format!("adjusted share {level}"),
        Outcome::Symmetric => "symmetric mean".to_owned(),
        Outcome::Lognormal => "minutes, lognormal 0.6".to_owned(),
        Outcome::Gamma => "minutes, gamma 2".to_owned(),
    };
    let spread = match spread {
        Spread::Equal => "all equal".to_owned(),
        Spread::Beta(rho) => format!("beta {rho}"),
        Spread::Normal(sd) => format!("normal {sd}"),
        Spread::HeavyTailed(sd) => format!("t4 {sd}"),
    };
    format!("{outcome}, {spread}")
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Ours => "ours",
        Rule::ChanceOnly => "chance only",
        Rule::FunnelPlotR => "FunnelPlotR",
        Rule::DerSimonianLaird => "DL",
        Rule::OwnDeviation => "own SD, t",
    }
}

fn heading(out: &mut impl Write, rules: &[Rule]) -> io::Result<()> {
    write!(out, "\n{:<38}", "what is measured, true levels")?;
    for providers in COUNTRIES {
        write!(out, " {:>13}", format!("ours, {providers}"))?;
    }
    for rule in &rules[1..] {
        write!(out, " {:>13}", name(*rule))?;
    }
    writeln!(out, "\n{:<38}{}   (other rules: {} providers)", "", " ".repeat(14 * COUNTRIES.len()), COUNTRIES[MIDDLE])
}

fn pair(flags: &Flags) -> String {
    format!("{:.1} / {:.2}", flags.notice().0, flags.signal().0)
}

/// How often a provider that truly differs is found.
fn found(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "\nPer cent of providers that truly differ and are found, at 95 % / at 99.8 % (150 providers in the country; a rule that\n\
         labels too often also finds more)."
    )?;
    let shares = |spread| Setting { outcome: Outcome::Share(0.5), spread, providers: 150 };
    let means = |spread| Setting { outcome: Outcome::Symmetric, spread, providers: 150 };
    let mut cells = Vec::new();
    for (setting, differences) in [
        (shares(Spread::Equal), [0.1, 0.2]),
        (shares(Spread::Beta(0.01)), [0.1, 0.2]),
        (means(Spread::Equal), [0.3, 0.5]),
        (means(Spread::Normal(0.15)), [0.3, 0.5]),
    ] {
        for difference in differences {
            for rule in setting.outcome.rules() {
                cells.push((setting, difference, *rule));
            }
        }
    }
    let results = in_parallel(&cells, |(setting, difference, rule)| {
        [30, 100, 300].map(|n| power(setting, *rule, n, *difference, 40, 50))
    });
    writeln!(out, "\n{:<38} {:<12} {:>15} {:>15} {:>15}", "true levels of others, difference", "rule", "n = 30", "100", "300")?;
    for ((setting, difference, rule), powers) in cells.iter().zip(results) {
        let difference = match setting.outcome {
            Outcome::Share(_) => format!("{:.0} points", 100.0 * difference),
            _ => format!("{difference} SD"),
        };
        let what = format!("{}, {difference}", describe(&(setting.outcome, setting.spread)));
        write!(out, "{what:<38} {:<12}", name(*rule))?;
        for (notice, signal) in powers {
            write!(out, " {:>15}", format!("{notice:.0} / {signal:.0}"))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn tenths(out: &mut impl Write) -> io::Result<()> {
    let [tiny, small, middle, large] = extreme_tenths(0.5, 150, 200);
    writeln!(
        out,
        "\nRaw deciles: per cent of providers in the lowest or highest tenth though all are truly equal (share 0.5, 150 providers):\n\
         10-29 cases {tiny:.0}, 30-99 cases {small:.0}, 100-299 cases {middle:.0}, 300 and over {large:.1}."
    )
}

/// `work` of every item on two threads, in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(place) else { break };
                    let result = work(item);
                    if let Ok(mut done) = done.lock() {
                        done.push((place, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
