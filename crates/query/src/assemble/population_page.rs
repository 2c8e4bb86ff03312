//! Who the clients are: own shares beside national shares, small counts left out.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Category, Characteristic, PopulationBlock, PopulationPage, PopulationRow};

use super::voice::Voice;
use crate::Results;
use crate::texts::Words;

/// A difference is named from this many percentage points (report specification 3.6).
const NAMED_DIFFERENCE: f64 = 0.05;
/// Categories named, at most.
const NAMED_CATEGORIES: usize = 3;
/// Two-sided 99 % of the standard normal: a difference is named only outside this range.
const Z99: f64 = 2.575_829_303_548_901;

/// Longest alternative text, in characters (report specification 9.2).
const ALTERNATIVE_TEXT: usize = 350;

struct Difference {
    size: f64,
    /// The sentence up to the colon.
    words: String,
}

pub(super) fn page(results: &Results, provider: &str) -> Option<PopulationPage> {
    let spec = results.pipeline.spec.population.as_ref()?;
    let words = results.words(provider);
    let voice = words.voice();
    let mut blocks = Vec::new();
    let (mut differences, mut notes, mut shifts) = (Vec::new(), Vec::new(), Vec::new());
    for characteristic in &spec.characteristics {
        let Some(providers) = results.population.get(&characteristic.id) else { continue };
        let Some(own) = providers.get(provider) else { continue };
        let Some(national) = results.national_population.get(&characteristic.id) else { continue };
        let own_total: u64 = own.values().map(|units| units.unwrap_or(0)).sum();
        let counted = |counts: &dyn Fn(&str) -> u64| Denominators::of(characteristic, counts);
        let of_nation = counted(&|category| national.get(category).copied().unwrap_or(0));
        let of_own = counted(&|category| own.get(category).copied().flatten().unwrap_or(0));
        if own_total < spec.minimum || of_nation.all == 0 {
            continue;
        }
        let fragile = results.gathered.as_ref().filter(|_| voice == Voice::Group).and_then(|gathered| gathered.hidden.get(&characteristic.id));
        let hidden = hidden_categories(characteristic, own, spec.minimum, fragile, of_own);
        let mut rows = Vec::new();
        for category in &characteristic.categories {
            let units = own.get(&category.id).copied().unwrap_or(Some(0));
            let (own_of, national_of) = (of_own.of_share(category), of_nation.of_share(category));
            let share_national = national.get(category.id.as_str()).copied().unwrap_or(0) as f64 / national_of.max(1) as f64;
            let share = units.filter(|_| !hidden.contains(&category.id.as_str()) && own_of > 0).map(|units| units as f64 / own_of as f64);
            let own_text = match (units, share) {
                (_, Some(share)) => words.percentage(share, 0),
                (None, None) => words.not_available(),
                (Some(units), None) if units < spec.minimum => format!("<{}", spec.minimum),
                // Hidden with a small one, so that it cannot be found by subtraction.
                (Some(_), None) => words.not_shown(),
            };
            if let Some(share) = share {
                let spread = (share_national * (1.0 - share_national) / own_of as f64).sqrt();
                let size = share - share_national;
                if size.abs() >= NAMED_DIFFERENCE && size.abs() > Z99 * spread {
                    differences.push(Difference { size, words: difference(category, size > 0.0, words) });
                }
            }
            rows.push(PopulationRow {
                label: category.label.clone(),
                own: share,
                national: Some(share_national),
                own_text,
                national_text: words.percentage(share_national, 0),
            });
        }
        let alt = alt(&characteristic.title, &rows, words);
        blocks.push(PopulationBlock { title: characteristic.title.clone(), rows, n: own_total, alt });
        notes.extend(note(results, characteristic, words));
        shifts.extend(shift(results, characteristic, provider, words));
    }
    if blocks.is_empty() {
        return None;
    }
    differences.sort_by(|a, b| b.size.abs().total_cmp(&a.size.abs()));
    let group_words = results.pipeline.spec.group_report.as_ref().filter(|_| voice == Voice::Group);
    Some(PopulationPage {
        title: group_words.map_or(&spec.title, |words| &words.population_title).clone(),
        sentences: sentences(results, &differences, shifts, words),
        blocks,
        heads: vec![words.head_own(), words.head_nation()],
        legend: [words.population_legend(&spec.units, spec.minimum)].into_iter().chain(notes).collect::<Vec<_>>().join(" "),
        closing: group_words.map_or(&spec.closing, |words| &words.population_closing).clone(),
    })
}

/// What shares are of: of all, or of those of whom it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Denominators {
    all: u64,
    known: u64,
}

impl Denominators {
    fn of(characteristic: &Characteristic, count: &dyn Fn(&str) -> u64) -> Self {
        let sum = |wanted: &dyn Fn(&Category) -> bool| characteristic.categories.iter().filter(|one| wanted(one)).map(|one| count(&one.id)).sum::<u64>();
        let all = sum(&|_| true);
        Self { all, known: if characteristic.of_known { sum(&|one| one.unknown.is_empty()) } else { all } }
    }

    /// What the share of this category is of.
    fn of_share(self, category: &Category) -> u64 {
        if category.unknown.is_empty() { self.known } else { self.all }
    }
}

/// How to read a characteristic, with the borders of the norms. None when there is nothing to say.
fn note(results: &Results, characteristic: &Characteristic, words: Words<'_>) -> Option<String> {
    let severity = results.pipeline.spec.norms.as_ref().and_then(|norms| norms.severity.as_ref());
    let border = |value: Option<f64>| value.map_or_else(String::new, |value| words.decimal(value, 0));
    let text = characteristic
        .note
        .replace("{moderate_from}", &border(severity.map(|one| one.moderate_from)))
        .replace("{high_from}", &border(severity.map(|one| one.high_from)));
    (!text.is_empty()).then_some(text)
}

/// By how much the clients differ in a characteristic, as the case-mix model of an indicator has it: told when it is more than chance.
fn shift(results: &Results, characteristic: &Characteristic, provider: &str, words: Words<'_>) -> Option<String> {
    let id = characteristic.shift_of.as_ref()?;
    let indicator = results.indicators.iter().find(|one| one.indicator.spec.id == *id)?;
    let spec = &indicator.indicator.spec;
    let declared = spec.adjusters.iter().find_map(|adjuster| adjuster.shift.as_ref())?;
    let model = indicator.years.get(&results.year.year)?.national.case_mix.as_ref()?;
    let expected = model.providers.get(provider)?;
    let (shift, n) = (expected.shift?, expected.shift_units);
    if n < results.year.minimum.labelled || shift.abs() <= Z99 * model.shift_spread? / (n as f64).sqrt() {
        return None;
    }
    let told = if shift > 0.0 { &declared.more } else { &declared.less };
    let told = told.replace("{difference}", &words.decimal(shift.abs(), declared.decimals));
    Some(words.population_shift(told, words.counted(&spec.unit, n)))
}

/// Which categories are not shown. Where shares are of those of whom it is known, the known and the unknown cannot be subtracted from
/// one another; with too few known ones none of them is shown.
fn hidden_categories<'a>(
    characteristic: &'a Characteristic,
    own: &BTreeMap<String, Option<u64>>,
    minimum: u64,
    fragile: Option<&BTreeSet<String>>,
    of_own: Denominators,
) -> Vec<&'a str> {
    if !characteristic.of_known {
        return hidden(&characteristic.categories.iter().collect::<Vec<_>>(), own, minimum, fragile);
    }
    let (known, unknown): (Vec<&Category>, Vec<&Category>) = characteristic.categories.iter().partition(|one| one.unknown.is_empty());
    let mut out = if of_own.known < minimum {
        known.iter().map(|one| one.id.as_str()).collect()
    } else {
        hidden(&known, own, minimum, fragile)
    };
    let is_small = |one: &&Category| own.get(&one.id).copied().flatten().is_some_and(|units| units > 0 && units < minimum);
    let is_fragile = |one: &&Category| fragile.is_some_and(|fragile| fragile.contains(&one.id));
    out.extend(unknown.iter().filter(|one| is_small(one) || is_fragile(one)).map(|one| one.id.as_str()));
    out
}

/// Categories that are too small to show, and those that are `fragile`: too little without the two providers that know most. When there is exactly one, the next smallest is hidden with it, so that it
/// cannot be found by subtraction.
fn hidden<'a>(
    categories: &[&'a Category],
    own: &BTreeMap<String, Option<u64>>,
    minimum: u64,
    fragile: Option<&BTreeSet<String>>,
) -> Vec<&'a str> {
    let counts: Vec<(&str, Option<u64>)> = categories
        .iter()
        .map(|category| (category.id.as_str(), own.get(&category.id).copied().unwrap_or(Some(0))))
        .collect();
    let mut hidden: Vec<&str> = counts
        .iter()
        .filter(|(id, units)| units.is_some_and(|units| units > 0 && units < minimum) || fragile.is_some_and(|fragile| fragile.contains(*id)))
        .map(|(id, _)| *id)
        .collect();
    let withheld = counts.iter().filter(|(_, units)| units.is_none()).count();
    if hidden.len() == 1 && withheld == 0 {
        let next = counts
            .iter()
            .filter(|(id, _)| !hidden.contains(id))
            .filter_map(|(id, units)| units.filter(|units| *units >= minimum).map(|units| (units, *id)))
            .min();
        hidden.extend(next.map(|(_, id)| id));
    }
    hidden
}

fn sentences(results: &Results, differences: &[Difference], shifts: Vec<String>, words: Words<'_>) -> Vec<String> {
    if differences.is_empty() && shifts.is_empty() {
        return vec![words.population_none(&results.pipeline.spec.words.providers)];
    }
    let said = differences.iter().take(NAMED_CATEGORIES);
    said.map(|one| words.population_points(&one.words, words.decimal(one.size.abs() * 100.0, 0))).chain(shifts).collect()
}

/// `U behandelt meer 65-plussers`, `Bij u is de verwijzer minder vaak onbekend`.
fn difference(category: &Category, is_more: bool, words: Words<'_>) -> String {
    match (category.unknown.is_empty(), is_more) {
        (true, true) => words.population_more(&category.words),
        (true, false) => words.population_fewer(&category.words),
        (false, true) => words.population_unknown_more(&category.unknown, &category.label),
        (false, false) => words.population_unknown_less(&category.unknown, &category.label),
    }
}

fn alt(title: &str, rows: &[PopulationRow], words: Words<'_>) -> String {
    let parts: Vec<String> = rows.iter().map(|row| words.alt_population_row(&row.label, &row.own_text, &row.national_text)).collect();
    let text = words.alt_population(title, parts.join("; "));
    if text.chars().count() > ALTERNATIVE_TEXT { words.alt_population_many(title, rows.len()) } else { text }
}
