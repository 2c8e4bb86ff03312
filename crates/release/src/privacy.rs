//! The privacy report: what is left of the risk, year by year, in figures that a privacy officer can hold against the policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use spiegel_model::{Criterion, Differencing, PrivacyReport, PrivacyYear, RungOutcome, Utility};

use crate::atoms::{Assignment, Class, Coded, Withheld};
use crate::hierarchy::Dimension;
use crate::measures::suppression_counts;
use crate::policy::SENSITIVE;
use crate::record::{Answer, Records, RomCategory, Trajectory};
use crate::tables::MeasureRow;
use crate::{Policy, banded, sensitive_codes};

/// Version of the format of `privacy-report.json`.
const SCHEMA: &str = "kibg-lake-privacy-report/1";

/// What the release does not protect against, or leaves to others.
const NOT_COVERED: [&str; 7] = [
    "That somebody was in care at all: whoever knows that a person is in the file knows so without the file. Presence against a population table is not measured, because none was given.",
    "Several providers that put their own rows together: each group of owners alone leaves enough rows of others, a coalition of the largest may not.",
    "Full rows are often unique when outcomes count as known: outcomes are what a researcher comes for, and are assumed not to be known to who looks for a person.",
    "A client of two providers counts as two clients (keys are made per provider), so that a class of twelve clients could be one of eleven persons.",
    "Statistical inference about groups: that a kind of client often has an outcome is what the file is for.",
    "Data of others, now or later, that nobody has thought of: the tests must be repeated with every release.",
    "Whether this is anonymous in law: the controller and its data protection officer decide; this report is evidence for it and no claim.",
];

/// Places of the sensitive codes of a record, by column.
fn codes(row: &Trajectory) -> [usize; 3] {
    [row.incomplete as usize, row.back_in_care as usize, row.rom_category as usize]
}

/// Shares of the codes of the sensitive columns.
type Shares = [[f64; RomCategory::ALL.len()]; 3];

fn shares<'a>(rows: impl Iterator<Item = &'a Trajectory>) -> Shares {
    let mut counts = Shares::default();
    let mut all: f64 = 0.0;
    for row in rows {
        for (of, code) in counts.iter_mut().zip(codes(row)) {
            of[code] += 1.0;
        }
        all += 1.0;
    }
    counts.map(|of| of.map(|count| count / all.max(1.0)))
}

/// The figures of one year.
#[must_use]
pub fn year(records: &Records, assignment: &Assignment, measures: &[MeasureRow], policy: &Policy) -> PrivacyYear {
    let classes = &assignment.classes;
    let rows = records.rows.len() as f64;
    let mut clients: Vec<u32> = classes.iter().map(|class| class.assessment.clients).collect();
    clients.sort_unstable();
    let smallest = clients.first().copied().unwrap_or(0);
    let middle = |at: usize| clients.get(at).copied().map_or(0.0, f64::from);
    let median = f64::midpoint(middle(clients.len().saturating_sub(1) / 2), middle(clients.len() / 2));
    let risk = |class: &Class| 1.0 / f64::from(class.assessment.clients.max(1));
    let mean_risk = classes.iter().map(|class| risk(class) * class.rows.len() as f64).sum::<f64>() / rows.max(1.0);
    let largest_share = classes.iter().map(|class| f64::from(class.assessment.largest_group_rows) / f64::from(class.assessment.rows.max(1))).fold(0.0, f64::max);
    let star = classes.iter().filter(|class| class.withheld != Withheld::Nothing).map(|class| class.assessment.clients).min();
    let (star_share, process_star_share) = assignment.star_shares();
    let by_column = |of: &dyn Fn(usize) -> f64| SENSITIVE.iter().enumerate().map(|(at, column)| ((*column).to_owned(), rounded(of(at), 4))).collect();
    let most = |of: fn(&Class) -> &[f64; 3], at: usize| classes.iter().map(|class| of(class)[at]).fold(0.0, f64::max);
    let national = shares(records.rows.iter());
    let is_sensitive = SENSITIVE.map(|column| {
        let values = policy.spec.sensitive_values.get(column);
        sensitive_codes(column).into_iter().map(|code| values.is_some_and(|values| values.iter().any(|value| value == code))).collect::<Vec<bool>>()
    });
    let (mut t_max, mut beta_max) = ([0.0_f64; 3], [0.0_f64; 3]);
    for class in classes {
        let own = shares(class.rows.iter().map(|row| &records.rows[*row as usize]));
        for at in 0..SENSITIVE.len() {
            let pairs = || own[at].iter().zip(national[at]).filter(|(_, base)| *base > 0.0);
            // Codes are all equally far apart: half of the sum of differences.
            t_max[at] = t_max[at].max(pairs().map(|(own, base)| (own - base).abs()).sum::<f64>() / 2.0);
            // What is not known of somebody is no gain, however rare it is elsewhere.
            let gains = pairs_of(&own[at], &national[at], &is_sensitive[at]).map(|(own, base)| (own - base) / base);
            beta_max[at] = gains.fold(beta_max[at], f64::max);
        }
    }
    PrivacyYear {
        year: records.year,
        sealed: false,
        rows: records.rows.len() as u64,
        out_of_scope: banded(records.out_of_scope),
        held: banded(records.held),
        classes: classes.len() as u64,
        min_clients: u64::from(smallest),
        median_clients: median,
        max_prosecutor_risk: rounded(1.0 / f64::from(smallest.max(1)), 4),
        mean_prosecutor_risk: rounded(mean_risk, 4),
        marketer_risk: rounded(classes.len() as f64 / rows.max(1.0), 4),
        star_share: rounded(star_share, 4),
        process_star_share: rounded(process_star_share, 4),
        smallest_star_bucket: star.map_or_else(String::new, |clients| banded(u64::from(clients))),
        min_provider_groups: classes.iter().map(|class| u64::from(class.assessment.groups)).min().unwrap_or(0),
        max_group_share: share_band(largest_share).to_owned(),
        min_insider_rest: banded(classes.iter().map(|class| u64::from(class.assessment.rest_clients)).min().unwrap_or(0)),
        l_distinct_min: SENSITIVE
            .iter()
            .enumerate()
            .map(|(at, column)| ((*column).to_owned(), classes.iter().map(|class| class.assessment.distinct[at]).min().unwrap_or(0)))
            .collect(),
        alpha_max: by_column(&|at| most(|class| &class.assessment.alpha, at)),
        alpha_max_without_a_group: by_column(&|at| most(|class| &class.assessment.alpha_without_a_group, at)),
        t_max: by_column(&|at| t_max[at]),
        beta_max: by_column(&|at| beta_max[at]),
        ladder: assignment.ladder.iter().map(|rung| RungOutcome { star_share: rounded(rung.star_share, 4), process_star_share: rounded(rung.process_star_share, 4), ..rung.clone() }).collect(),
        utility: utility(records, assignment, measures, policy),
        suppression: suppression_counts(measures),
    }
}

/// Shares in a class and in the year of the values that are chosen, where the year has any.
fn pairs_of<'a>(own: &'a [f64], base: &'a [f64], is_chosen: &'a [bool]) -> impl Iterator<Item = (f64, f64)> + 'a {
    own.iter().zip(base).zip(is_chosen).filter(|((_, base), chosen)| **chosen && **base > 0.0).map(|((own, base), _)| (*own, *base))
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10.0_f64.powi(decimals);
    (value * scale).round() / scale
}

fn share_band(share: f64) -> &'static str {
    match share {
        _ if share < 0.25 => "under 25 %",
        _ if share < 0.50 => "25 to 50 %",
        _ if share < 0.75 => "50 to 75 %",
        _ => "75 % or more",
    }
}

/// The value of a record in a dimension; None when it is not known.
fn value_of(row: &Trajectory, dimension: Dimension) -> Option<u32> {
    Some(match dimension {
        Dimension::Region => u32::from(row.province),
        Dimension::Diagnosis => u32::from(row.diagnosis),
        Dimension::Age => return row.age.map(u32::from),
        Dimension::Sex => u32::from(row.sex),
        Dimension::Minutes => row.minutes,
        Dimension::Duration => row.days,
    })
}

/// Counts behind a share: (rows that meet it, rows that are known).
#[derive(Default, Clone, Copy)]
struct Share(f64, f64);

impl Share {
    fn add(&mut self, met: Option<bool>) {
        if let Some(met) = met {
            self.0 += f64::from(u8::from(met));
            self.1 += 1.0;
        }
    }

    fn value(self) -> Option<f64> {
        (self.1 > 0.0).then(|| self.0 / self.1)
    }
}

/// The shares that a researcher computes first: incomplete, back in care, improved.
fn outcomes(row: &Trajectory) -> [Option<bool>; 3] {
    let known = |answer: Answer| (answer != Answer::Unknown).then_some(answer == Answer::Yes);
    let improved = matches!(row.rom_category, RomCategory::Recovered | RomCategory::Improved);
    [known(row.incomplete), known(row.back_in_care), (row.rom_category != RomCategory::NoPair).then_some(improved)]
}

/// What can still be learned, against the private truth.
pub(crate) fn utility(records: &Records, assignment: &Assignment, measures: &[MeasureRow], policy: &Policy) -> Utility {
    let n = records.rows.len() as f64;
    let (mut lost, mut whole) = (0.0, 0.0);
    let (mut national, mut grouped): (f64, f64) = (0.0, 0.0);
    for (at, dimension) in Dimension::ALL.into_iter().enumerate() {
        let finest = Coded::new(&policy.hierarchies, dimension, 0);
        let node = Coded::new(&policy.hierarchies, dimension, dimension.level(policy.node));
        // The last place is for what is not known, or withheld.
        let (fine_codes, codes) = (finest.len() as usize + 1, node.len() as usize + 1);
        let mut pairs = vec![0.0; fine_codes * codes];
        let mut counts = vec![(0.0, 0.0); codes];
        let mut outcome_shares = vec![[(Share::default(), Share::default()); 3]; codes];
        for class in &assignment.classes {
            let shown = node.labels().iter().position(|label| *label == class.codes[at]).unwrap_or(codes - 1);
            for row in class.rows.iter().map(|row| &records.rows[*row as usize]) {
                let value = value_of(row, dimension);
                let fine = value.map_or(fine_codes - 1, |value| finest.code(value) as usize);
                let truth = value.map_or(codes - 1, |value| node.code(value) as usize);
                let is_shown = shown == truth;
                pairs[fine * codes + shown] += 1.0;
                counts[truth].0 += 1.0;
                counts[truth].1 += f64::from(u8::from(is_shown));
                for (share, met) in outcome_shares[truth].iter_mut().zip(outcomes(row)) {
                    share.0.add(met);
                    share.1.add(met.filter(|_| is_shown));
                }
            }
        }
        let shown_rows: f64 = counts.iter().map(|count| count.1).sum();
        for (truth, shown) in counts.iter().filter(|_| shown_rows > 0.0) {
            national = national.max(100.0 * (truth / n - shown / shown_rows).abs());
        }
        for (truth, shown) in outcome_shares.iter().flatten() {
            // A share of a handful says nothing, released or not.
            if let (Some(of_truth), Some(of_shown)) = (truth.value().filter(|_| truth.1 >= 100.0), shown.value()) {
                grouped = grouped.max(100.0 * (of_truth - of_shown).abs());
            }
        }
        let released: Vec<f64> = (0..codes).map(|code| pairs.iter().skip(code).step_by(codes).sum()).collect();
        for of_fine in pairs.chunks(codes) {
            let before: f64 = of_fine.iter().sum();
            for (rows, after) in of_fine.iter().zip(&released).filter(|(rows, _)| **rows > 0.0) {
                lost += rows * (after / before).max(1.0).log2();
                whole += rows * (n / before).log2();
            }
        }
    }
    let published = measures.iter().filter(|row| row.value.is_some()).count() as f64 / measures.len().max(1) as f64;
    Utility {
        max_national_deviation: rounded(national, 2),
        max_group_deviation: rounded(grouped, 2),
        entropy_loss: rounded(if whole > 0.0 { lost / whole } else { 0.0 }, 4),
        measures_published: rounded(published, 4),
    }
}

/// The report over all years.
#[must_use]
pub fn report(policy: &Policy, release: &str, years: Vec<PrivacyYear>, differencing: Vec<Differencing>) -> PrivacyReport {
    let criterion = |name: &str, answer: &str, checks: &[&str]| Criterion {
        name: name.to_owned(),
        answer: answer.to_owned(),
        checks: checks.iter().map(|check| (*check).to_owned()).collect(),
    };
    PrivacyReport {
        schema: SCHEMA.to_owned(),
        release: release.to_owned(),
        policy: policy.public(),
        years,
        differencing,
        criteria: vec![
            criterion(
                "singling out",
                "Every row lies in a class of rows that are equal in all that may be known of a person, with at least so many different clients as the policy says; rows that would not are withheld in buckets that are as large.",
                &["V05", "V07", "V20", "V22", "V29"],
            ),
            criterion(
                "linkability",
                "No key, no pseudonym, no provider, no date; minutes and days are bands; rows are sorted by all columns, so that their order says nothing; a year that was released before differs from it nowhere by a handful.",
                &["V03", "V12", "V13", "V14", "V15", "V17", "V22", "V26"],
            ),
            criterion(
                "inference",
                "No sensitive value is as good as certain in a class, also not for a group of owners that takes its own rows out; aggregates are suppressed until no withheld cell follows from the others.",
                &["V06", "V08", "V09", "V10", "V21", "V23", "V24", "V25"],
            ),
        ],
        not_covered: NOT_COVERED.iter().map(|risk| (*risk).to_owned()).collect(),
    }
}

/// `privacy-report.md`: the same for a reader.
#[must_use]
pub fn markdown(report: &PrivacyReport) -> String {
    let policy = &report.policy;
    let mut text = format!(
        "# Privacy report of release {}\n\nFor the privacy officer. Every figure was computed from the private data when the release was made. Counts of persons under ten are banded (`1-9`). \
         The figures are evidence; whether the release is anonymous is for the controller to decide.\n\n",
        report.release
    );
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let mut section = |title: &str, lines: &[String]| {
        let _ = writeln!(text, "## {title}\n\n{}\n", lines.join("\n"));
    };
    section("In short", &in_short(report));
    section("Words", &WORDS.map(|(word, meaning)| format!("- **{word}**: {meaning}")));
    section(
        "Identifiers and transformations",
        &[
            "- Removed: client, provider and group of owners, every date, quarter, care demand type, loose answers, postcode.".to_owned(),
            "- Not in it in any form: a pseudonym. No number or code, keyed or not, says that two rows are of one client or of one provider, so that there is nothing to undo and nothing to link by.".to_owned(),
            format!(
                "- Made coarse, on rung {} of the ladder (levels: age {}, region {}, diagnosis {}, sex {}, minutes {}, duration {}): what may be known of a person (quasi-identifiers).",
                policy.rung, policy.node.age, policy.node.region, policy.node.diagnosis, policy.node.sex, policy.node.minutes, policy.node.duration
            ),
            "- Kept: whether the trajectory was incomplete, whether the client came back in care, outcome of treatment (sensitive).".to_owned(),
            "- Rows that are not safe stay in the file with `*` for minutes and duration, or for everything but the year. No row is dropped for safety.".to_owned(),
        ],
    );
    section(
        "Adversaries",
        &[
            "The file holds everybody, so that membership is assumed to be known (prosecutor). Considered: who knows age, sex and town; an insurer that knows minutes, days and provider \
             exactly; a provider or group of owners that knows its own rows; an employer or partner who knows the year; somebody who keeps all releases and reports."
                .to_owned(),
        ],
    );
    section(
        "Thresholds",
        &[
            format!("- different clients in every class: at least {}", policy.k_clients),
            format!("- groups of owners in every class: at least {}", policy.min_provider_groups),
            format!(
                "- left of every class for a group of owners that knows its own: at least {} rows of different clients, of at least {} other groups",
                policy.insider_rest_rows, policy.insider_rest_groups
            ),
            format!("- share of a sensitive value among the known values of a class, also without the rows of any one group: at most {}", percent(policy.alpha)),
            format!("- different values in every class: {}", listed(&policy.l_distinct)),
            format!("- rows with everything withheld: at most {}; with at least minutes and duration withheld: at most {}", percent(policy.max_star_share), percent(policy.max_process_star_share)),
            format!(
                "- cells of aggregates: at least {} clients of {} groups, a concentration rule, secondary suppression, counts rounded to {}",
                policy.aggregate_min_clients, policy.aggregate_min_provider_groups, policy.round_base
            ),
            format!("- difference of a class with an earlier release of the year: none, or at least {} rows", policy.differencing_min),
        ],
    );
    for year in &report.years {
        let sealed = if year.sealed { " (files and figures of an earlier release)" } else { "" };
        let mut lines = vec!["| what | found | limit |".to_owned(), "|---|---|---|".to_owned()];
        let mut line = |what: &str, found: String, limit: String| lines.push(format!("| {what} | {found} | {limit} |"));
        let (none, least, most) = (String::new, |limit: u32| format!("at least {limit}"), |share: f64| format!("at most {}", percent(share)));
        line("rows", year.rows.to_string(), none());
        line("left out: under eighteen at the start", year.out_of_scope.clone(), "all".to_owned());
        line("left out: data that wait for an analyst", year.held.clone(), "all".to_owned());
        line("classes", year.classes.to_string(), none());
        line("clients in the smallest class", year.min_clients.to_string(), least(policy.k_clients));
        line("clients in the middle class", format!("{:.1}", year.median_clients), none());
        line("highest prosecutor risk", percent(year.max_prosecutor_risk), most(1.0 / f64::from(policy.k_clients.max(1))));
        line("mean prosecutor risk", percent(year.mean_prosecutor_risk), none());
        line("marketer risk (classes / rows)", percent(year.marketer_risk), none());
        line("rows with everything withheld", percent(year.star_share), most(policy.max_star_share));
        line("rows with at least minutes and duration withheld", percent(year.process_star_share), most(policy.max_process_star_share));
        let bucket = if year.smallest_star_bucket.is_empty() { "nothing withheld".to_owned() } else { year.smallest_star_bucket.clone() };
        line("clients in the smallest bucket of withheld rows", bucket, least(policy.k_clients));
        line("groups of owners in the class with fewest", year.min_provider_groups.to_string(), least(policy.min_provider_groups));
        line("largest share of one group of owners in a class", year.max_group_share.clone(), "none; what it leaves to others is the next line".to_owned());
        line("fewest clients of others left for a group of owners that knows its own", year.min_insider_rest.clone(), format!("at least {}, of {} other groups", policy.insider_rest_rows, policy.insider_rest_groups));
        line("fewest different values in a class (l)", listed(&year.l_distinct_min), format!("at least {}", listed(&policy.l_distinct)));
        line("largest share of a sensitive value in a class (alpha)", listed(&year.alpha_max), most(policy.alpha));
        line("the same without any one group of owners", listed(&year.alpha_max_without_a_group), most(policy.alpha));
        line("largest distance of a class to the year (t)", listed(&year.t_max), "reported only".to_owned());
        line("largest gain in confidence about a sensitive value (beta)", listed(&year.beta_max), "reported only".to_owned());
        line("presence against a population (delta)", "not measured: no population table".to_owned(), "reported only".to_owned());
        section(&format!("Residual risk of {}{sealed}", year.year), &lines);
        let utility = &year.utility;
        section(
            &format!("Utility of {}", year.year),
            &[
                format!("- largest difference of a national share by one column with the private one: {} percentage points", utility.max_national_deviation),
                format!("- largest difference of an outcome by one column with the private one (of groups of 100 and more): {} percentage points", utility.max_group_deviation),
                format!("- information in the quasi-identifiers that is gone (non-uniform entropy, against the finest levels): {}", percent(utility.entropy_loss)),
                format!("- cells of aggregates with a value: {}", percent(utility.measures_published)),
            ],
        );
        let mut ladder = vec![
            "| rung | everything withheld | minutes and duration withheld | classes of region, diagnosis, age, sex | not safe | smallest | passes |".to_owned(),
            "|---|---|---|---|---|---|---|".to_owned(),
        ];
        for rung in &year.ladder {
            let verdict = if rung.passes { "yes".to_owned() } else { format!("no: {}", rung.reason) };
            ladder.push(format!(
                "| {} | {} | {} | {} | {} | {} | {verdict} |",
                rung.rung,
                percent(rung.star_share),
                percent(rung.process_star_share),
                rung.classes,
                rung.failing_classes,
                rung.smallest_class
            ));
        }
        section(&format!("Ladder of {}", year.year), &ladder);
        if !year.suppression.is_empty() {
            let mut lines = vec!["| measure | status | cells |".to_owned(), "|---|---|---|".to_owned()];
            lines.insert(0, "F published; A too few clients or groups of owners; G one or two groups of owners account for nearly everything; M nearly every trajectory has the same answer; D would give another withheld cell away.\n".to_owned());
            lines.extend(year.suppression.iter().map(|cell| format!("| {} | {} | {} |", cell.measure, cell.conf_status, cell.cells)));
            section(&format!("Cells of aggregates of {}", year.year), &lines);
        }
    }
    let differencing: Vec<String> = report
        .differencing
        .iter()
        .map(|one| {
            let found = if one.changed_classes == 0 {
                "no class differs".to_owned()
            } else {
                format!("{} classes differ, the smallest by {} rows", one.changed_classes, one.smallest_difference)
            };
            format!("- {} against release {}: {found}", one.year, one.against)
        })
        .collect();
    section("Differences with earlier releases", &if differencing.is_empty() { vec!["No earlier release holds a year of this one.".to_owned()] } else { differencing });
    let mut criteria = vec![
        "V01 to V17 were run on these files before they were published; `manifest.json` holds what they found. V10 and V16 are run with other people's programs, and V20 to V30 need the private \
         data: run `spiegel verify` with `--batch` and `--private-policy`, and keep what it prints with this report. Without that, they are not evidence.\n"
            .to_owned(),
        "| criterion (WP29 05/2014) | answer | checks |".to_owned(),
        "|---|---|---|".to_owned(),
    ];
    criteria.extend(report.criteria.iter().map(|one| format!("| {} | {} | {} |", one.name, one.answer, one.checks.join(", "))));
    section("Singling out, linkability, inference", &criteria);
    let risks: Vec<String> = report.not_covered.iter().map(|risk| format!("- {risk}")).collect();
    section("Not covered", &risks);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Words of the report that are not everybody's.
const WORDS: [(&str, &str); 8] = [
    ("class", "all rows that are equal in everything that may be known of a person: year, region, diagnosis, age, sex, minutes, duration"),
    ("group of owners", "all providers of one owner; what one knows, all of them know, so that they count as one"),
    ("withheld, `*`", "the row is there and the code is not shown; rows of one class whose codes are withheld are its bucket"),
    ("prosecutor risk", "the chance to point at the right row for somebody who knows that a person is in the file: 1 / clients in the class"),
    ("marketer risk", "the share of all rows that would be pointed at rightly if everybody were looked for"),
    ("l, alpha", "how many different values of a sensitive column a class has; how large the share of one of them is among what is known"),
    ("t, beta", "how far the values in a class are from those of the whole year, as a distance and as the largest relative gain about a sensitive value (1 is twice as likely); told, with no limit"),
    ("rung", "how coarse the codes are; one rung is pinned in the policy, the others are computed to show what they would cost"),
];

/// What a reader with one minute must know.
fn in_short(report: &PrivacyReport) -> Vec<String> {
    let policy = &report.policy;
    let mut lines = Vec::new();
    for year in &report.years {
        lines.push(format!(
            "- {}: {} rows. Whoever knows age, sex, region, diagnosis, minutes and duration of a person exactly is left with at least {} clients ({:.1} % chance at most); everything is withheld of {:.2} % of the rows, minutes and duration of {:.1} %.",
            year.year,
            year.rows,
            year.min_clients,
            100.0 * year.max_prosecutor_risk,
            100.0 * year.star_share,
            100.0 * year.process_star_share
        ));
    }
    let changed: Vec<String> = report.differencing.iter().filter(|one| one.changed_classes > 0).map(|one| format!("{} against {}", one.year, one.against)).collect();
    lines.push(if report.differencing.is_empty() {
        "- No earlier release holds a year of this one, so that there is nothing to compare it with.".to_owned()
    } else if changed.is_empty() {
        "- Years that were released before have the same classes now: nobody learns anything from having both.".to_owned()
    } else {
        format!("- Classes differ from an earlier release ({}), each by at least {} rows.", changed.join(", "), policy.differencing_min)
    });
    lines.push(
        "- For you to decide: whether the risks under \"Not covered\" are acceptable, whether the groups of owners in the register are right (a chain that is registered as separate owners is not protected from itself), and whether the private checks were run and passed.".to_owned(),
    );
    lines
}

fn listed<T: std::fmt::Display>(by_column: &BTreeMap<String, T>) -> String {
    by_column.iter().map(|(column, value)| format!("{column} {value}")).collect::<Vec<_>>().join(", ")
}
