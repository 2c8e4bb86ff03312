//! The analyst's overview: with whom there is what to talk about. It orders by how much there is to talk about and never by value.

use spiegel_model::{
    Label, Overview, OverviewIndicator, OverviewProvider, OverviewValue, Position, Side, TrendState, ValueFormat, count, date_short, decimal, percentage,
};

use super::indicator_page::place_text;
use crate::results::IndicatorResult;
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
    let title = format!("Overzicht {} – {}", year.label, spec.title);
    Overview {
        pipeline: spec.id.clone(),
        year_label: year.label.clone(),
        issued: year.issued.format("%Y-%m-%d").to_string(),
        kicker: format!("{} · verslagjaar {} · opgesteld {}", spec.kicker, year.label, date_short(year.issued)),
        footer: format!("{title} · alleen voor {}", spec.publisher),
        description: format!("Wat er over {} met wie te bespreken is", year.label),
        publisher: spec.publisher.clone(),
        title,
        notes: vec![
            "Alleen voor de analisten van de uitgever: dit overzicht noemt namen en waarden.".to_owned(),
            "De volgorde is hoeveel er te bespreken is, daarna de naam. Het is geen rangorde: geen enkele waarde bepaalt de plaats.".to_owned(),
            "Wat opvalt is een vraag en geen oordeel. Het blad Verwacht van overzicht.xlsx zegt hoeveel er ook bij gewone verschillen opvallen.".to_owned(),
            format!(
                "Een waarde staat er vanaf {} waarnemingen, een plek vanaf {}.",
                results.year.minimum.shown, results.year.minimum.labelled
            ),
        ],
        providers,
        remarkable: remarkable(results),
        indicators: results.indicators.iter().map(expected).collect(),
    }
}

fn provider(results: &Results, held: &Held, id: &str) -> OverviewProvider {
    let standing = results.providers.get(id).map(|one| one.standing);
    let document = match standing {
        Some(Standing::OwnReport) => "eigen rapportage".to_owned(),
        Some(Standing::TooFewClients { clients, needed }) => format!("geen eigen rapportage: {} van {needed} {}", count(clients), results.pipeline.spec.report.clients),
        None => String::new(),
    };
    let own = standing == Some(Standing::OwnReport);
    let positions = || results.indicators.iter().filter_map(|indicator| Some((indicator, indicator.position(id)?))).filter(|_| own);
    let held = held.get(id).into_iter().flatten().map(|(indicator, codes)| {
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        format!("{} ({})", short(results, indicator), codes.join(", "))
    });
    OverviewProvider {
        id: id.to_owned(),
        name: results.register.name_of(id).to_owned(),
        document,
        held: held.collect(),
        standing_out: positions()
            .filter(|(_, position)| stands_out(position))
            .map(|(indicator, position)| format!("{}: {}", indicator.indicator.spec.short, place_text(position, results.year.minimum.shown)))
            .collect(),
        quality: quality(results, id),
        changed: positions().filter_map(|(indicator, position)| changed(indicator, position)).collect(),
    }
}

fn short<'a>(results: &'a Results, indicator: &'a str) -> &'a str {
    results.indicators.iter().map(|one| &one.indicator.spec).find(|spec| spec.id == indicator).map_or(indicator, |spec| &spec.short)
}

fn stands_out(position: &Position) -> bool {
    matches!(position.label, Label::Attention(_) | Label::Signal(_))
}

/// Fields that are filled much less than elsewhere.
fn quality(results: &Results, provider: &str) -> Vec<String> {
    let Some(spec) = &results.pipeline.spec.quality else { return Vec::new() };
    spec.fields
        .iter()
        .filter_map(|field| {
            let filled = results.quality.of(&field.id, provider)?;
            let (share, national) = (filled.share()?, results.quality.national(&field.id)?);
            (national - share >= LESS_FILLED && filled.missing() >= MISSING_UNITS)
                .then(|| format!("{}: {} gevuld, landelijk {}", field.label, percentage(share, 0), percentage(national, 0)))
        })
        .collect()
}

fn changed(indicator: &IndicatorResult, position: &Position) -> Option<String> {
    let spec = &indicator.indicator.spec;
    match &position.trend {
        TrendState::Changed { side, from, from_n, to, .. } => Some(format!(
            "{}: {} van {} naar {}",
            spec.short,
            if *side == Side::Higher { "gestegen" } else { "gedaald" },
            spec.format.value(*from, *from_n),
            spec.format.value(*to, position.n)
        )),
        _ => None,
    }
}

fn remarkable(results: &Results) -> Vec<OverviewValue> {
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
                    ValueFormat::Percentage => percentage(limit, 1),
                    ValueFormat::Number { decimals, .. } => decimal(limit, decimals + 1),
                })
            };
            Some(OverviewValue {
                id: position.provider_id.clone(),
                name: results.register.name_of(&position.provider_id).to_owned(),
                indicator: indicator.indicator.spec.short.clone(),
                n: position.n,
                value: bound(position.value)?,
                expected: match (bound(position.expected_lower), bound(position.expected_upper)) {
                    (Some(lower), Some(upper)) => format!("{lower} tot {upper}"),
                    (Some(lower), None) => format!("vanaf {lower}"),
                    (None, Some(upper)) => format!("tot {upper}"),
                    (None, None) => String::new(),
                },
                place: place_text(position, results.year.minimum.shown),
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
