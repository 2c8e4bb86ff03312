//! Other providers cannot be recovered from a report: not as text, not as coordinates, not as attachments
//! (report specification 9.3, decisions 22 and 23). Looked for as an attacker would, who knows all true values.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;
use std::thread;

use spiegel_model::IndicatorPage;

use crate::command::{Made, all_reports, kibg, nhs, providers, query};
use crate::language::Said;
use crate::pdf::{Pdf, text_of};

/// A shorter name occurs by chance; the sample has a practice called M.
const NAME_CHARACTERS: usize = 5;
/// A shorter id as well.
const ID_CHARACTERS: usize = 3;
/// So many digits of a value do not agree by chance.
const DIGITS: usize = 9;
/// Decision 23.
const PROVIDERS_IN_A_CELL: u32 = 3;
/// A number of units that is this large is not in a text by chance.
const TELLING_UNITS: u64 = 1000;

/// What an attacker knows of one batch.
struct Truth {
    /// Names by provider, of every provider of the year.
    names: BTreeMap<String, String>,
    /// Exact values of every year: digits → (provider, indicator).
    values: BTreeMap<String, Vec<(String, String)>>,
    /// The report year: indicator → provider → (n, value).
    positions: BTreeMap<String, BTreeMap<String, (u64, f64)>>,
}

impl Truth {
    fn of(batch: &Path, pipeline: &str, year: i32) -> Self {
        let names = providers(batch, &year.to_string()).into_iter().map(|(id, state)| (id, state["name"].as_str().unwrap().to_owned()));
        let mut truth = Self { names: names.collect(), values: BTreeMap::new(), positions: BTreeMap::new() };
        let sql = format!("SELECT indicator, provider_id, year, n, value, sd FROM observations_{year} WHERE value IS NOT NULL");
        for row in query(batch, pipeline, &sql) {
            let (indicator, provider) = (&row["indicator"], &row["provider_id"]);
            let value: f64 = row["value"].parse().unwrap();
            for number in [Some(value), row["sd"].parse().ok()].into_iter().flatten() {
                if let Some(digits) = telling_digits(number) {
                    truth.values.entry(digits).or_default().push((provider.clone(), indicator.clone()));
                }
            }
            if row["year"] == year.to_string() {
                let n = row["n"].parse().unwrap();
                truth.positions.entry(indicator.clone()).or_default().insert(provider.clone(), (n, value));
            }
        }
        truth
    }

    /// The batch that a report is from.
    fn behind(made: &Made) -> &'static Self {
        static KIBG: OnceLock<Truth> = OnceLock::new();
        static NHS: OnceLock<Truth> = OnceLock::new();
        match made.report.pipeline.as_str() {
            "kibg" => KIBG.get_or_init(|| Truth::of(kibg(), "kibg", 2025)),
            _ => NHS.get_or_init(|| Truth::of(nhs(), "nhs-talking-therapies", 2024)),
        }
    }
}

/// The first digits of a number and its magnitude, when it has more digits than a page shows; None for a round one such as
/// 0.5, which is the value of many.
fn telling_digits(number: f64) -> Option<String> {
    let written = format!("{:.*e}", DIGITS - 1, number.abs());
    let digits = written.split('e').next()?.replace('.', "");
    (digits.trim_end_matches('0').len() > DIGITS - 3).then_some(written)
}

/// Decimal numbers in bytes, with a point or a comma.
fn numbers(bytes: &[u8]) -> impl Iterator<Item = f64> {
    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.' || *byte == b',';
    bytes.split(move |byte| !is_part(byte)).filter(|word| word.len() > DIGITS - 2).filter_map(|word| {
        let text = String::from_utf8_lossy(word).replace(',', ".");
        text.trim_matches('.').parse().ok()
    })
}

/// Everything that a reader of a report holds: its text, its streams without compression, its attachments, and report.json.
fn all_bytes(made: &Made) -> Vec<(&'static str, Vec<u8>)> {
    let pdf = Pdf::open(&made.pdf);
    let mut all = vec![("text", text_of(&made.pdf).into_bytes()), ("report.json", made.json.clone().into_bytes())];
    all.extend(pdf.streams().into_iter().map(|stream| ("stream", stream)));
    all.extend(pdf.attachments().into_values().map(|attachment| ("attachment", attachment)));
    // Alternative texts and metadata are strings of objects.
    let mut strings = Vec::new();
    for dictionary in pdf.dictionaries() {
        for (_, value) in dictionary {
            if let Ok(text) = value.as_str() {
                strings.extend_from_slice(crate::pdf::decoded(text).as_bytes());
                strings.push(b'\n');
            }
        }
    }
    all.push(("strings", strings));
    all
}

/// Looks at every report of both batches on two threads; the answers are complaints.
fn complaints(look: impl Fn(&Made) -> Vec<String> + Sync) -> Vec<String> {
    let reports = all_reports();
    let (first, second) = reports.split_at(reports.len() / 2);
    let half = |part: &[Made]| part.iter().flat_map(&look).collect::<Vec<_>>();
    thread::scope(|scope| {
        let other = scope.spawn(|| half(second));
        let mut all = half(first);
        all.extend(other.join().unwrap());
        all
    })
}

#[test]
fn no_report_names_another_provider_or_gives_its_exact_value() {
    let found = complaints(|made| {
        let truth = Truth::behind(made);
        let own = own_numbers(made, truth);
        let mut found = Vec::new();
        for (place, bytes) in all_bytes(made) {
            // Text in a stream is glyph numbers of a subset; its words are looked for in the text of the pages.
            let text = if place == "stream" { Cow::Borrowed("") } else { String::from_utf8_lossy(&bytes) };
            for id in named(&text, truth, made) {
                found.push(format!("{} of {}: {place} names {id}", made.provider, made.report.pipeline));
            }
            for digits in numbers(&bytes).filter_map(telling_digits) {
                if let Some(who) = truth.values.get(&digits).filter(|_| !own.contains(&digits)) {
                    found.push(format!("{} of {}: {place} has an exact value of {who:?}", made.provider, made.report.pipeline));
                }
            }
        }
        found
    });
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}

/// Other providers whose id or name a text has, in capitals or not.
fn named<'a>(text: &str, truth: &'a Truth, made: &Made) -> Vec<&'a String> {
    let lower = text.to_lowercase();
    let ids: BTreeSet<&str> = words(text).collect();
    let parts: BTreeSet<&str> = words(&lower).collect();
    let own = made.report.provider.name.to_lowercase();
    let is_named = |id: &str, name: &str| {
        let name = name.to_lowercase();
        let is_telling = name.chars().count() >= NAME_CHARACTERS && !own.contains(&name);
        (id.len() >= ID_CHARACTERS && ids.contains(id))
            || (is_telling && words(&name).all(|part| parts.contains(part)) && has_word(&lower, &name))
    };
    truth.names.iter().filter(|(id, name)| **id != made.provider && is_named(id, name)).map(|(id, _)| id).collect()
}

/// Words of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The provider's own exact values: of every indicator and year, its parts, and its shares of the population.
fn own_numbers(made: &Made, truth: &Truth) -> BTreeSet<String> {
    let is_own = |who: &[(String, String)]| who.iter().any(|(provider, _)| *provider == made.provider);
    let observed = truth.values.iter().filter(|(_, who)| is_own(who)).map(|(digits, _)| digits.clone());
    let blocks = made.report.population.iter().flat_map(|page| &page.blocks);
    let shares = blocks.flat_map(|block| &block.rows).filter_map(|row| row.own.and_then(telling_digits));
    let positions = made.report.indicators.iter().map(|page| &page.position);
    let parts = positions.clone().flat_map(|position| &position.parts).filter_map(|part| part.value);
    let pooled = positions.clone().filter_map(|position| position.pooled.as_ref().map(|pooled| pooled.value));
    // What next year may bring is a number of the provider's own units over all of them.
    let expected = positions.clone().filter_map(|position| position.forecast.as_ref().map(|forecast| forecast.interval)).flat_map(|interval| [interval.lower, interval.upper]);
    let bounds = positions.filter_map(|position| position.coverage?.bounds).flat_map(|bounds| [bounds.lower, bounds.upper]);
    observed.chain(shares).chain(parts.chain(pooled).chain(expected).chain(bounds).filter_map(telling_digits)).collect()
}

/// Whether a text has this as a word of its own, so that code AM7 is not found in a hash.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}

/// The search finds what it looks for: a report that names another provider and has its value.
#[test]
fn a_leak_would_be_found() {
    let made = all_reports().iter().find(|made| made.report.pipeline != "kibg").unwrap();
    let truth = Truth::behind(made);
    let positions = &truth.positions["phq9-change"];
    let is_telling = |id: &String| positions.get(id).is_some_and(|(_, value)| telling_digits(*value).is_some());
    let mut others = truth.names.iter().filter(|(id, name)| **id != made.provider && name.len() > 20);
    let (id, name) = others.find(|(id, _)| is_telling(id)).unwrap();
    assert_eq!(named(&format!("zoals {}, of {id}.", name.to_uppercase()), truth, made), [id]);
    assert_eq!(named(&format!("zoals {}", made.report.provider.name), truth, made), Vec::<&String>::new());
    let (_, value) = positions[id];
    let digits = numbers(format!("1 0 0 1 {value} 7 cm").as_bytes()).find_map(telling_digits).unwrap();
    assert!(truth.values[&digits].iter().any(|(provider, _)| provider == id));
    assert!(!own_numbers(made, truth).contains(&digits));
}

#[test]
fn cells_hold_three_providers_and_are_nobodys_point() {
    let found = complaints(|made| {
        let truth = Truth::behind(made);
        let mut found = Vec::new();
        for page in &made.report.indicators {
            let cells = page.funnel.iter().flat_map(|funnel| &funnel.cells);
            for cell in cells {
                if cell.providers < PROVIDERS_IN_A_CELL {
                    found.push(format!("{} {}: a cell of {}", made.provider, page.id, cell.providers));
                }
                let is_somebody = truth.positions.get(&page.id).into_iter().flat_map(BTreeMap::values).any(|(n, value)| *n as f64 == cell.n && *value == cell.value);
                // A rounded mean can fall on a rounded value by chance; a telling value cannot.
                if is_somebody && telling_digits(cell.value).is_some() {
                    found.push(format!("{} {}: a cell is somebody's point", made.provider, page.id));
                }
            }
            if let Some(plot) = page.dot_plot.as_ref().filter(|plot| !plot.dots.is_empty()) {
                let off_grid = plot.dots.iter().any(|dot| ((dot / plot.grid).round() - dot / plot.grid).abs() > 1e-6);
                if off_grid {
                    found.push(format!("{} {}: a dot that is not rounded", made.provider, page.id));
                }
            }
        }
        found
    });
    assert!(found.is_empty(), "{}", found[..found.len().min(40)].join("\n"));
}

/// The largest provider and the one with the most extreme value, on each indicator.
fn conspicuous(positions: &BTreeMap<String, (u64, f64)>) -> BTreeMap<&String, (u64, f64)> {
    let mut middle: Vec<f64> = positions.values().map(|(_, value)| *value).collect();
    middle.sort_by(f64::total_cmp);
    let middle = middle[middle.len() / 2];
    let largest = positions.iter().max_by_key(|(_, (n, _))| *n);
    let far = |one: &(u64, f64)| (one.1 - middle).abs();
    let extreme = positions.iter().filter(|(_, (n, _))| *n >= 10).max_by(|left, right| far(left.1).total_cmp(&far(right.1)));
    largest.into_iter().chain(extreme).map(|(provider, place)| (provider, *place)).collect()
}

#[test]
fn the_largest_and_the_most_extreme_provider_are_not_recognised() {
    let found = complaints(|made| {
        let truth = Truth::behind(made);
        let mut found = Vec::new();
        for page in &made.report.indicators {
            // An indicator without any value has nobody to recognise.
            let Some(positions) = truth.positions.get(&page.id) else { continue };
            for (provider, (n, value)) in conspicuous(positions) {
                if *provider == made.provider {
                    continue;
                }
                let place = format!("{} {}", made.provider, page.id);
                if shows_units(page, n) {
                    found.push(format!("{place}: the figure gives the size of the conspicuous provider"));
                }
                let written = Said::of(&made.report).count(n);
                if n >= TELLING_UNITS && !own_units(made).contains(&n) && has_number(&made.json, &written) {
                    found.push(format!("{place}: a text gives {written}, the size of the conspicuous provider"));
                }
                if shows_value(page, value) {
                    found.push(format!("{place}: a figure reaches the value of the conspicuous provider"));
                }
            }
        }
        found
    });
    assert!(found.is_empty(), "{} leaks:\n{}", found.len(), found[..found.len().min(40)].join("\n"));
}

/// Whether a number stands in a text, not as a part of a longer one.
fn has_number(text: &str, written: &str) -> bool {
    text.match_indices(written).any(|(at, _)| {
        let is_part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit() || letter == '.' || letter == ',');
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + written.len()..].chars().next())
    })
}

/// Sizes that are the provider's own, and of the years of its own trend.
fn own_units(made: &Made) -> BTreeSet<u64> {
    let pages = &made.report.indicators;
    let trends = pages.iter().filter_map(|page| page.trend.as_ref()).flat_map(|trend| &trend.years);
    pages.iter().map(|page| page.position.n).chain(trends.filter_map(|year| year.own.as_ref().map(|own| own.n))).collect()
}

fn shows_units(page: &IndicatorPage, n: u64) -> bool {
    page.funnel.as_ref().is_some_and(|funnel| {
        let end = funnel.n_maximum == n as f64 && page.position.n != n;
        let line = funnel.lines.last().is_some_and(|line| line.n == n as f64 && page.position.n != n);
        end || line
    })
}

/// Whether something that is drawn of others is the most extreme value. A round one, such as 0 %, is drawn for many.
fn shows_value(page: &IndicatorPage, value: f64) -> bool {
    if telling_digits(value).is_none() {
        return false;
    }
    let cells = page.funnel.iter().flat_map(|funnel| &funnel.cells).map(|cell| cell.value);
    let dots = page.dot_plot.iter().flat_map(|plot| plot.dots.iter().copied());
    cells.chain(dots).any(|drawn| drawn == value)
}
