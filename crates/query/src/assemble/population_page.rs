//! Who the clients are: own shares beside national shares, small counts left out.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Category, PopulationBlock, PopulationPage, PopulationRow, decimal, percentage};

use super::voice::Voice;
use crate::Results;

/// A difference is named from this many percentage points (report specification 3.6).
const NAMED_DIFFERENCE: f64 = 0.05;
/// Categories named, at most.
const NAMED_CATEGORIES: usize = 3;
/// Two-sided 99 % of the standard normal: a difference is named only outside this range.
const Z99: f64 = 2.575_829_303_548_901;

struct Difference {
    size: f64,
    /// The sentence up to the colon.
    words: String,
}

pub(super) fn page(results: &Results, provider: &str) -> Option<PopulationPage> {
    let spec = results.pipeline.spec.population.as_ref()?;
    let voice = Voice::of(provider);
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
                (_, Some(share)) => percentage(share, 0),
                (None, None) => "n.b.".to_owned(),
                (Some(units), None) if units < spec.minimum => format!("<{}", spec.minimum),
                // Hidden with a small one, so that it cannot be found by subtraction.
                (Some(_), None) => "n.g.".to_owned(),
            };
            if let Some(share) = share {
                let spread = (share_national * (1.0 - share_national) / own_total as f64).sqrt();
                let size = share - share_national;
                if size.abs() >= NAMED_DIFFERENCE && size.abs() > Z99 * spread {
                    differences.push(Difference { size, words: difference(category, size > 0.0, voice) });
                }
            }
            rows.push(PopulationRow {
                label: category.label.clone(),
                own: share,
                national: Some(share_national),
                own_text,
                national_text: percentage(share_national, 0),
            });
        }
        let alt = alt(&characteristic.title, &rows, voice);
        blocks.push(PopulationBlock { title: characteristic.title.clone(), rows, n: own_total, alt });
    }
    if blocks.is_empty() {
        return None;
    }
    differences.sort_by(|a, b| b.size.abs().total_cmp(&a.size.abs()));
    let group_words = results.pipeline.spec.group_report.as_ref().filter(|_| voice == Voice::Group);
    Some(PopulationPage {
        title: group_words.map_or(&spec.title, |words| &words.population_title).clone(),
        sentences: sentences(results, &differences),
        blocks,
        heads: vec![voice.say("U", "Groep").to_owned(), "Landelijk".to_owned()],
        legend: format!(
            "Blauwe stip: het aandeel bij {}. Open rondje: het aandeel landelijk. Aandelen van {}. Aantallen onder de {} staan er niet. n.g.: niet getoond, omdat een klein aantal er anders uit af te leiden is. n.b.: niet beschikbaar.",
            voice.say("u", "de groep"),
            spec.units,
            spec.minimum
        ),
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

fn sentences(results: &Results, differences: &[Difference]) -> Vec<String> {
    let providers = &results.pipeline.spec.words.providers;
    if differences.is_empty() {
        return vec![format!("We zien geen duidelijke verschillen met de cliënten van andere {providers}.")];
    }
    differences
        .iter()
        .take(NAMED_CATEGORIES)
        .map(|one| {
            format!("{}: {} procentpunt verschil met het landelijke aandeel.", one.words, decimal(one.size.abs() * 100.0, 0))
        })
        .collect()
}

/// `U behandelt meer 65-plussers`, `Bij u is de verwijzer minder vaak onbekend`.
fn difference(category: &Category, is_more: bool, voice: Voice) -> String {
    if category.unknown.is_empty() {
        format!("{} behandelt {} {}", voice.say("U", "De groep"), if is_more { "meer" } else { "minder" }, category.words)
    } else {
        format!("Bij {} is {} {} {}", voice.say("u", "de groep"), category.unknown, if is_more { "vaker" } else { "minder vaak" }, category.label)
    }
}

fn alt(title: &str, rows: &[PopulationRow], voice: Voice) -> String {
    let own = voice.say("u", "de groep");
    let parts: Vec<String> =
        rows.iter().map(|row| format!("{} {} tegen {}", row.label, row.own_text, row.national_text)).collect();
    let mut text = format!("{title}, bij {own} tegen landelijk: {}.", parts.join("; "));
    if text.chars().count() > 350 {
        text = format!("{title}: aandelen bij {own} naast landelijke aandelen, in {} categorieën; de getallen staan ernaast.", rows.len());
    }
    text
}
