//! Who the clients are: own shares beside national shares, small counts left out.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Category, PopulationBlock, PopulationPage, PopulationRow};

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
    let mut differences = Vec::new();
    for characteristic in &spec.characteristics {
        let Some(providers) = results.population.get(&characteristic.id) else { continue };
        let Some(own) = providers.get(provider) else { continue };
        let Some(national) = results.national_population.get(&characteristic.id) else { continue };
        let national_total: u64 = national.values().sum();
        let own_total: u64 = own.values().map(|units| units.unwrap_or(0)).sum();
        if own_total < spec.minimum || national_total == 0 {
            continue;
        }
        let fragile = results.gathered.as_ref().filter(|_| voice == Voice::Group).and_then(|gathered| gathered.hidden.get(&characteristic.id));
        let hidden = hidden(&characteristic.categories, own, spec.minimum, fragile);
        let mut rows = Vec::new();
        for category in &characteristic.categories {
            let units = own.get(&category.id).copied().unwrap_or(Some(0));
            let share_national = national.get(&category.id).copied().unwrap_or(0) as f64 / national_total as f64;
            let share = units.filter(|_| !hidden.contains(&category.id.as_str())).map(|units| units as f64 / own_total as f64);
            let own_text = match (units, share) {
                (_, Some(share)) => words.percentage(share, 0),
                (None, None) => words.not_available(),
                (Some(units), None) if units < spec.minimum => format!("<{}", spec.minimum),
                // Hidden with a small one, so that it cannot be found by subtraction.
                (Some(_), None) => words.not_shown(),
            };
            if let Some(share) = share {
                let spread = (share_national * (1.0 - share_national) / own_total as f64).sqrt();
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
    }
    if blocks.is_empty() {
        return None;
    }
    differences.sort_by(|a, b| b.size.abs().total_cmp(&a.size.abs()));
    let group_words = results.pipeline.spec.group_report.as_ref().filter(|_| voice == Voice::Group);
    Some(PopulationPage {
        title: group_words.map_or(&spec.title, |words| &words.population_title).clone(),
        sentences: sentences(results, &differences, words),
        blocks,
        heads: vec![words.head_own(), words.head_nation()],
        legend: words.population_legend(&spec.units, spec.minimum),
        closing: group_words.map_or(&spec.closing, |words| &words.population_closing).clone(),
    })
}

/// Categories that are too small to show, and those that are `fragile`: too little without the two providers that know most. When there is exactly one, the next smallest is hidden with it, so that it
/// cannot be found by subtraction.
fn hidden<'a>(
    categories: &'a [spiegel_model::Category],
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

fn sentences(results: &Results, differences: &[Difference], words: Words<'_>) -> Vec<String> {
    if differences.is_empty() {
        return vec![words.population_none(&results.pipeline.spec.words.providers)];
    }
    let said = differences.iter().take(NAMED_CATEGORIES);
    said.map(|one| words.population_points(&one.words, words.decimal(one.size.abs() * 100.0, 0))).collect()
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
