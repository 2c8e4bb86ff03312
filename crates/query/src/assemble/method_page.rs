//! Method, terms and colophon.

use spiegel_model::{Kind, MethodPage, MethodSection, Table};

use super::ReportContext;
use super::voice::Voice;
use crate::texts::Words;
use crate::{FEWEST_CHANGES, Results};

pub(super) fn page(results: &Results, context: &ReportContext, words: Words<'_>) -> MethodPage {
    let of_pipeline = &results.pipeline.spec.words;
    let (provider, providers) = (&of_pipeline.provider, &of_pipeline.providers);
    let minimum = &results.year.minimum;
    let section = |title: String, paragraphs: Vec<String>| MethodSection { title, paragraphs, bullets: Vec::new() };
    let group_words = results.pipeline.spec.group_report.as_ref().filter(|_| words.voice() == Voice::Group);
    let limits = group_words.map_or(&of_pipeline.limits, |words| &words.limits).clone();
    let skewed = results.indicators.iter().any(|one| one.indicator.spec.skewed);
    let mut intervals = words.method_certain();
    if skewed {
        intervals.push_str(&words.method_skewed());
    }
    let largest = words.percentage(minimum.group_largest_share, 0);
    let mut sections = vec![
        section(words.method_source_title(), of_pipeline.source.clone()),
        section(words.method_nationals_title(), vec![words.method_nationals(providers, provider)]),
        section(words.method_certain_title(), vec![intervals]),
        section(words.method_labels_title(), vec![words.method_labels(providers), words.method_no_border()]),
        section(
            words.method_small_title(),
            vec![words.method_small(minimum.shown, minimum.labelled, minimum.group_providers, providers, largest)],
        ),
        section(words.method_others_title(), vec![words.method_others(providers)]),
        section(words.method_trend_title(), vec![words.method_trend()]),
        section(words.method_limits_title(), limits),
    ];
    sections.extend(about_the_group(results, words));
    if let Some(adjustment) = adjustment(results, words) {
        // The longest last, so that two columns can be about equal.
        sections.push(adjustment);
    }
    MethodPage {
        title: words.method_title(),
        sections,
        table_title: words.method_table_title(),
        table: table(results, words),
        colophon_title: words.colophon_title(),
        colophon: vec![
            words.colophon_version(&results.pipeline.spec.publisher, &results.year.definitions, context.version),
            words.colophon_program(&context.program),
            words.colophon_sums(short(&results.pipeline.fingerprint), short(&context.data), short(&context.reference)),
        ],
    }
}

/// Who is in the group, and why nobody in it can be worked out. None in the report of one provider.
fn about_the_group(results: &Results, words: Words<'_>) -> Option<MethodSection> {
    let gathered = results.gathered.as_ref()?;
    let members = &results.pipeline.spec.group_report.as_ref()?.members;
    let minimum = &results.year.minimum;
    let (provider, providers) = (&results.pipeline.spec.words.provider, &results.pipeline.spec.words.providers);
    let largest = words.percentage(minimum.group_largest_share, 0);
    Some(MethodSection {
        title: words.method_group_title(),
        paragraphs: vec![
            words.method_group_one(gathered.members, members, provider, minimum.group_providers, providers),
            words.method_group_two(minimum.group_providers.saturating_sub(2), largest),
            words.method_group_versions(words.numeral(FEWEST_CHANGES), providers),
            words.method_group_limits(provider, providers),
        ],
        bullets: Vec::new(),
    })
}

/// How places are adjusted, and how well the models do. None when no indicator has adjusters.
fn adjustment(results: &Results, words: Words<'_>) -> Option<MethodSection> {
    let (mut models, mut without) = (Vec::new(), Vec::new());
    for indicator in &results.indicators {
        let spec = &indicator.indicator.spec;
        let Some(model) = indicator.years.get(&results.year.year).and_then(|year| year.national.case_mix.as_ref()) else { continue };
        if !model.places() {
            without.push(spec.short.clone());
            continue;
        }
        let strength = match spec.kind {
            Kind::Mean => words.method_model_mean(words.percentage(model.diagnostics.discrimination, 0)),
            Kind::Proportion => words.method_model_share(words.decimal(model.diagnostics.discrimination, 2)),
        };
        let caution = if model.diagnostics.passes() { String::new() } else { words.method_model_caution() };
        models.push(words.method_model(&spec.short, words.listed(&model.adjusters), strength, caution));
    }
    if !without.is_empty() {
        models.push(words.method_unadjusted(&results.pipeline.spec.words.providers, words.listed(&without)));
    }
    (!models.is_empty()).then(|| MethodSection {
        title: words.method_adjustment_title(),
        paragraphs: vec![words.method_adjustment(), words.method_adjustment_raw(&results.pipeline.spec.words.provider)],
        bullets: models,
    })
}

/// Enough of a checksum to tell two apart.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn table(results: &Results, words: Words<'_>) -> Table {
    let providers = spiegel_model::capitalised(&results.pipeline.spec.words.providers);
    let rows = results
        .indicators
        .iter()
        .filter_map(|indicator| {
            let spec = &indicator.indicator.spec;
            let national = &indicator.years.get(&results.year.year)?.national;
            let none = || words.not_available();
            // What the limits rest on: the variation that is left after adjustment, on the scale of log-odds for shares.
            let adjusted = national.case_mix.as_ref().filter(|model| model.places()).and_then(|model| model.between);
            let variation = match (adjusted, national.between, spec.kind) {
                (Some(between), _, Kind::Proportion) => words.variation_log_odds(words.decimal(between.sqrt(), 2)),
                (None, Some(between), Kind::Proportion) => words.variation_share(words.decimal(between, 3)),
                (Some(between), _, Kind::Mean) | (None, Some(between), Kind::Mean) => words.variation_mean(words.decimal(between.sqrt(), 2)),
                (None, None, _) => none(),
            };
            let told_apart = national.rankability.map_or_else(none, |value| {
                let written = words.decimal(value, 2);
                if value < 0.5 {
                    words.reliability_low(written)
                } else if value < 0.75 {
                    words.reliability_fair(written)
                } else {
                    words.reliability_high(written)
                }
            });
            Some(vec![
                spec.short.clone(),
                spec.version.clone(),
                words.count(national.providers as u64),
                words.count(national.units),
                national.mean.map_or_else(none, |mean| words.value(&spec.format, mean, u64::MAX)),
                variation,
                told_apart,
            ])
        })
        .collect();
    Table {
        heads: vec![
            words.head_topic(),
            words.head_definition(),
            providers,
            words.head_observations(),
            words.head_mean(),
            words.head_variation(),
            words.head_reliability(),
        ],
        rows,
    }
}
