//! The analyst's overview: with whom there is what to talk about. It orders by how much there is to talk about and never by value.

use spiegel_model::{
    Label, Overview, OverviewIndicator, OverviewProvider, OverviewValue, Position, Side, TrendState, ValueFormat,
};

use super::Voice;
use super::indicator_page::place_text;
use crate::results::IndicatorResult;
use crate::texts::Words;
use crate::{Held, Results, Standing};

/// Chance of a value outside the 95 % limits, and outside the 99.8 % limits, when all differences are ordinary.
pub(super) const OUTSIDE: f64 = 0.05;
pub(super) const FAR_OUTSIDE: f64 = 0.002;
/// A field that is filled so much less than nationally is worth a word, when so many units miss it.
const LESS_FILLED: f64 = 0.10;
const MISSING_UNITS: u64 = 10;

/// What there is to talk about in the report year; `held` is what waits for an analyst.
#[must_use]
pub fn overview(results: &Results, held: &Held) -> Overview {
    let mut providers: Vec<OverviewProvider> = results.providers.keys().map(|id| provider(results, held, id)).collect();
    providers.sort_by(|a, b| {
        let weight = |one: &OverviewProvider| (one.held.len(), one.topics());
        weight(b).cmp(&weight(a)).then_with(|| a.name.cmp(&b.name)).then_with(|| a.id.cmp(&b.id))
    });
    let (spec, year) = (&results.pipeline.spec, &results.year);
    let words = results.texts().to(Voice::You);
    let title = words.overview_title(&year.label, &spec.title);
    Overview {
        pipeline: spec.id.clone(),
        language: spec.language.clone(),
        year_label: year.label.clone(),
        issued: year.issued.format("%Y-%m-%d").to_string(),
        kicker: words.kicker(&spec.kicker, &year.label, words.short_date(year.issued)),
        footer: words.overview_footer(&title, &spec.publisher),
        description: words.overview_description(&year.label),
        publisher: spec.publisher.clone(),
        title,
        notes: vec![
            words.overview_analysts(),
            words.overview_order(),
            words.overview_chance(),
            words.overview_minimum(year.minimum.shown, year.minimum.labelled),
        ],
        providers,
        remarkable: remarkable(results),
        indicators: results.indicators.iter().map(expected).collect(),
    }
}

fn provider(results: &Results, held: &Held, id: &str) -> OverviewProvider {
    let standing = results.providers.get(id).map(|one| one.standing);
    let words = results.texts().to(Voice::You);
    let document = match standing {
        Some(Standing::OwnReport) => words.overview_report(),
        Some(Standing::TooFewClients { clients, needed }) => {
            words.overview_no_report(words.count(clients), needed, &results.pipeline.spec.report.clients)
        }
        None => String::new(),
    };
    let own = standing == Some(Standing::OwnReport);
    let positions = || results.indicators.iter().filter_map(|indicator| Some((indicator, indicator.position(id)?))).filter(|_| own);
    let held = held.get(id).into_iter().flatten().map(|(indicator, codes)| {
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        words.overview_held(short(results, indicator), codes.join(", "))
    });
    OverviewProvider {
        id: id.to_owned(),
        name: results.register.name_of(id).to_owned(),
        document,
        held: held.collect(),
        standing_out: positions()
            .filter(|(_, position)| stands_out(position))
            .map(|(indicator, position)| words.overview_place(&indicator.indicator.spec.short, place_text(position, results.year.minimum.shown, words)))
            .collect(),
        quality: quality(results, id, words),
        changed: positions().filter_map(|(indicator, position)| changed(indicator, position, words)).collect(),
    }
}

fn short<'a>(results: &'a Results, indicator: &'a str) -> &'a str {
    results.indicators.iter().map(|one| &one.indicator.spec).find(|spec| spec.id == indicator).map_or(indicator, |spec| &spec.short)
}

fn stands_out(position: &Position) -> bool {
    matches!(position.label, Label::Attention(_) | Label::Signal(_))
}

/// Fields that are filled much less than elsewhere.
fn quality(results: &Results, provider: &str, words: Words<'_>) -> Vec<String> {
    let Some(spec) = &results.pipeline.spec.quality else { return Vec::new() };
    spec.fields
        .iter()
        .filter_map(|field| {
            let filled = results.quality.of(&field.id, provider)?;
            let (share, national) = (filled.share()?, results.quality.national(&field.id)?);
            (national - share >= LESS_FILLED && filled.missing() >= MISSING_UNITS)
                .then(|| words.overview_filled(&field.label, words.percentage(share, 0), words.percentage(national, 0)))
        })
        .collect()
}

fn changed(indicator: &IndicatorResult, position: &Position, words: Words<'_>) -> Option<String> {
    let spec = &indicator.indicator.spec;
    let TrendState::Changed { side, from, from_n, to, .. } = &position.trend else { return None };
    let (from, to) = (words.value(&spec.format, *from, *from_n), words.value(&spec.format, *to, position.n));
    Some(match side {
        Side::Higher => words.overview_risen(&spec.short, from, to),
        Side::Lower => words.overview_fallen(&spec.short, from, to),
    })
}

fn remarkable(results: &Results) -> Vec<OverviewValue> {
    let words = results.texts().to(Voice::You);
    let mut rows: Vec<OverviewValue> = results
        .indicators
        .iter()
        .flat_map(|indicator| indicator.positions.values().map(move |position| (indicator, position)))
        .filter(|(_, position)| stands_out(position))
        .filter_map(|(indicator, position)| {
            let format = &indicator.indicator.spec.format;
            // One decimal more than the value, so that a limit never reads as equal to what lies beyond it.
            let bound = |limit: Option<f64>| {
                limit.map(|limit| match format {
                    ValueFormat::Percentage => words.percentage(limit, 1),
                    ValueFormat::Number { decimals, .. } => words.decimal(limit, decimals + 1),
                })
            };
            Some(OverviewValue {
                id: position.provider_id.clone(),
                name: results.register.name_of(&position.provider_id).to_owned(),
                indicator: indicator.indicator.spec.short.clone(),
                n: position.n,
                value: bound(position.value)?,
                expected: match (bound(position.expected_lower), bound(position.expected_upper)) {
                    (Some(lower), Some(upper)) => words.range_between(lower, upper),
                    (Some(lower), None) => words.overview_from(lower),
                    (None, Some(upper)) => words.overview_up_to(upper),
                    (None, None) => String::new(),
                },
                place: place_text(position, results.year.minimum.shown, words),
            })
        })
        .collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    rows
}

/// How many stand out, beside what chance alone would give.
pub(super) fn expected(indicator: &IndicatorResult) -> OverviewIndicator {
    let labels = || indicator.positions.values().map(|position| position.label).filter(|label| !matches!(label, Label::None(_)));
    let compared = labels().count() as u64;
    let far_outside = labels().filter(|label| matches!(label, Label::Signal(_))).count() as u64;
    let outside = far_outside + labels().filter(|label| matches!(label, Label::Attention(_))).count() as u64;
    OverviewIndicator {
        indicator: indicator.indicator.spec.short.clone(),
        compared,
        outside,
        expected_outside: OUTSIDE * compared as f64,
        far_outside,
        expected_far_outside: FAR_OUTSIDE * compared as f64,
    }
}
