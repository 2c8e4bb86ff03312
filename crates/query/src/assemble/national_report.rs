//! The nation as a whole: distributions, years, completeness, and how much stands out by chance. No provider in it.

use spiegel_model::{
    DotPlot, Kind, Labelled, MethodPage, MethodSection, NationalIndicator, NationalReport, OverviewIndicator, Table, TrendPlot, TrendYear,
};

use super::overview::{FAR_OUTSIDE, OUTSIDE, expected};
use super::voice::Voice;
use super::{ReportContext, method_page};
use crate::results::IndicatorResult;
use crate::texts::Words;
use crate::{Distribution, National, Results};

/// The nation in the report year.
#[must_use]
pub fn national_report(results: &Results, context: &ReportContext) -> NationalReport {
    let (spec, year) = (&results.pipeline.spec, &results.year);
    let words = results.texts().to(Voice::You);
    let quality_table = quality_table(results, words);
    let shown: Vec<&IndicatorResult> = results.indicators.iter().filter(|one| one.indicator.spec.shown_with.is_none()).collect();
    let counts: Vec<OverviewIndicator> = results.indicators.iter().map(expected).collect();
    NationalReport {
        pipeline: spec.id.clone(),
        language: spec.language.clone(),
        year_label: year.label.clone(),
        issued: year.issued.format("%Y-%m-%d").to_string(),
        title: words.national_title(&year.label),
        kicker: words.kicker(&spec.kicker, &year.label, words.short_date(year.issued)),
        footer: words.national_footer(&year.label, &spec.publisher),
        description: words.national_description(&spec.publisher, &year.label),
        publisher: spec.publisher.clone(),
        opening: opening(results, words),
        table_title: words.national_table_title(),
        table: table(results, words),
        table_note: words.national_table_note(&spec.words.providers),
        indicators: shown.into_iter().map(|indicator| page(results, indicator, words)).collect(),
        chance: chance(results, &counts, words),
        chance_table: chance_table(&counts, words),
        quality: quality_table.is_some().then(|| MethodSection {
            title: words.national_quality_title(),
            paragraphs: vec![words.national_quality(&spec.words.providers)],
            bullets: Vec::new(),
        }),
        quality_table,
        method: method(results, context, words),
    }
}

fn opening(results: &Results, words: Words<'_>) -> Vec<MethodSection> {
    let (provider, providers) = (&results.pipeline.spec.words.provider, &results.pipeline.spec.words.providers);
    let own = results.providers.values().filter(|one| one.standing == crate::Standing::OwnReport).count() as u64;
    let all = results.providers.len() as u64;
    let section = |title: String, text: String| MethodSection { title, paragraphs: vec![text], bullets: Vec::new() };
    vec![
        section(words.national_what_title(), words.national_what(&results.year.label, words.count(all), providers, words.count(own))),
        section(words.national_not_title(), words.national_not(provider, providers)),
    ]
}

fn table(results: &Results, words: Words<'_>) -> Table {
    let heads = vec![
        words.head_topic(),
        words.head_providers(),
        words.head_observations(),
        words.head_mean(),
        words.head_lower_quarter(),
        words.head_middle_of_all(),
        words.head_upper_quarter(),
    ];
    let rows = results
        .indicators
        .iter()
        .filter_map(|indicator| {
            let national = &indicator.years.get(&results.year.year)?.national;
            Some(cells(&indicator.indicator.spec.short, indicator, national, words))
        })
        .collect();
    Table { heads, rows }
}

fn page(results: &Results, indicator: &IndicatorResult, words: Words<'_>) -> NationalIndicator {
    let spec = &indicator.indicator.spec;
    let years = years(results, indicator);
    let distribution = indicator.years.get(&results.year.year).and_then(|year| year.national.distribution.as_ref());
    NationalIndicator {
        id: spec.id.clone(),
        title: spec.title.clone(),
        norm_line: spec.norm.clone(),
        format: spec.format.clone(),
        sentences: sentences(results, indicator, words),
        dot_plot: distribution.map(|distribution| dot_plot(results, indicator, distribution, words)),
        trend: trend(results, indicator, &years, words),
        table: yearly_table(results, indicator, words),
    }
}

fn written(indicator: &IndicatorResult, value: f64, words: Words<'_>) -> String {
    words.value(&indicator.indicator.spec.format, value, u64::MAX)
}

fn sentences(results: &Results, indicator: &IndicatorResult, words: Words<'_>) -> Vec<String> {
    let spec = &indicator.indicator.spec;
    let providers = &results.pipeline.spec.words.providers;
    let Some(national) = indicator.years.get(&results.year.year).map(|year| &year.national) else { return Vec::new() };
    let (Some(distribution), Some(mean)) = (&national.distribution, national.mean) else {
        return vec![words.national_too_few(providers)];
    };
    let unit = |value: f64| match spec.kind {
        Kind::Proportion => words.percentage(value, 1),
        Kind::Mean => words.value_with_unit(&spec.format, value, u64::MAX),
    };
    let written = |value: f64| written(indicator, value, words);
    let number = words.count(distribution.providers as u64);
    let mut sentences = vec![
        words.national_mean(unit(mean), words.counted(&spec.unit, national.units)),
        words.national_middle(unit(distribution.middle), number, providers, written(distribution.inner.lower), written(distribution.inner.upper)),
    ];
    if let Some(rankability) = national.rankability {
        sentences.push(words.national_rankability(providers, words.percentage(rankability, 0)));
    }
    sentences
}

/// The nation over the years, without anybody's own value.
fn years(results: &Results, indicator: &IndicatorResult) -> Vec<TrendYear> {
    indicator
        .years
        .iter()
        .skip_while(|(_, result)| result.national.delivered == 0)
        .map(|(year, result)| TrendYear {
            label: results.year.label_of(*year),
            own: None,
            few: false,
            code: String::new(),
            middle_half: result.national.distribution.as_ref().map(|one| one.inner),
            middle: result.national.distribution.as_ref().map(|one| one.middle),
            providers: result.national.providers as u64,
            broken: indicator.indicator.spec.breaks.iter().any(|one| one.first_year == *year),
        })
        .collect()
}

fn guideline(indicator: &IndicatorResult) -> Option<Labelled> {
    indicator.indicator.spec.guideline.as_ref().map(|one| Labelled { value: one.value, label: one.label.clone() })
}

fn dot_plot(results: &Results, indicator: &IndicatorResult, distribution: &Distribution, words: Words<'_>) -> DotPlot {
    let spec = &indicator.indicator.spec;
    let providers = &results.pipeline.spec.words.providers;
    let number = distribution.providers;
    let what = match 100_usize.checked_div(distribution.dots.len()) {
        Some(each) => words.national_dots(&results.year.label, each, number, providers),
        None => words.national_dots_few(number, providers),
    };
    let written = |value: f64| written(indicator, value, words);
    let (lower, upper) = (written(distribution.inner.lower), written(distribution.inner.upper));
    let alt = words.alt_national_dots(number, providers, &spec.short, written(distribution.middle), lower, upper);
    DotPlot {
        dots: distribution.dots.clone(),
        grid: spec.grid,
        middle_half: distribution.inner,
        middle_half_label: words.mark_middle_half(),
        middle: Labelled { value: distribution.middle, label: words.mark_middle(written(distribution.middle)) },
        guideline: guideline(indicator),
        group: None,
        own: None,
        caption: what,
        alt,
    }
}

fn trend(results: &Results, indicator: &IndicatorResult, years: &[TrendYear], words: Words<'_>) -> Option<TrendPlot> {
    let told: Vec<String> = years.iter().filter_map(|year| Some(format!("{} {}", year.label, written(indicator, year.middle?, words)))).collect();
    (told.len() > 1).then(|| TrendPlot {
        years: years.to_vec(),
        guideline: guideline(indicator),
        middle_label: words.mark_middle_line(),
        own_label: String::new(),
        caption: words.national_trend(&results.pipeline.spec.words.providers),
        alt: words.alt_national_trend(&indicator.indicator.spec.short, told.join(", ")),
    })
}

fn yearly_table(results: &Results, indicator: &IndicatorResult, words: Words<'_>) -> Table {
    let heads = vec![
        words.head_year(),
        words.head_providers(),
        words.head_n(),
        words.head_mean(),
        words.head_lower_quarter(),
        words.head_middle_of_all(),
        words.head_upper_quarter(),
    ];
    let delivered = indicator.years.iter().filter(|(_, result)| result.national.delivered > 0);
    let rows = delivered.map(|(year, result)| cells(&results.year.label_of(*year), indicator, &result.national, words)).collect();
    Table { heads, rows }
}

/// A row of figures after its first cell: providers, units, mean, and the middle half with its middle.
fn cells(first: &str, indicator: &IndicatorResult, national: &National, words: Words<'_>) -> Vec<String> {
    let value = |value: Option<f64>| value.map_or_else(|| words.not_available(), |value| written(indicator, value, words));
    let distribution = national.distribution.as_ref();
    vec![
        first.to_owned(),
        words.count(national.providers as u64),
        words.count(national.units),
        value(national.mean.filter(|_| distribution.is_some())),
        value(distribution.map(|one| one.inner.lower)),
        value(distribution.map(|one| one.middle)),
        value(distribution.map(|one| one.inner.upper)),
    ]
}

/// Definitions, figures of the method and the colophon; how it is computed stands in every mirror report.
fn method(results: &Results, context: &ReportContext, words: Words<'_>) -> MethodPage {
    MethodPage { sections: Vec::new(), ..method_page::page(results, context, words) }
}

/// What chance alone gives, and what was found.
fn chance(results: &Results, counts: &[OverviewIndicator], words: Words<'_>) -> MethodSection {
    let sum = |value: fn(&OverviewIndicator) -> u64| counts.iter().map(value).sum::<u64>();
    let compared = sum(|one| one.compared);
    let outside = |part: f64| words.decimal(part * compared as f64, 0);
    let found = words.count(sum(|one| one.outside));
    MethodSection {
        title: words.national_chance_title(),
        paragraphs: vec![
            words.national_chance(words.count(compared), found, &results.pipeline.spec.words.providers, outside(OUTSIDE)),
            words.national_chance_far(words.count(sum(|one| one.far_outside)), outside(FAR_OUTSIDE)),
        ],
        bullets: Vec::new(),
    }
}

fn chance_table(counts: &[OverviewIndicator], words: Words<'_>) -> Table {
    Table {
        heads: vec![
            words.head_topic(),
            words.head_compared(),
            words.head_outside(),
            words.head_expected(),
            words.head_far_outside(),
            words.head_expected(),
        ],
        rows: counts
            .iter()
            .map(|one| {
                vec![
                    one.indicator.clone(),
                    words.count(one.compared),
                    words.count(one.outside),
                    words.decimal(one.expected_outside, 1),
                    words.count(one.far_outside),
                    words.decimal(one.expected_far_outside, 1),
                ]
            })
            .collect(),
    }
}

fn quality_table(results: &Results, words: Words<'_>) -> Option<Table> {
    let spec = results.pipeline.spec.quality.as_ref()?;
    let share = |share: Option<f64>| share.map_or_else(|| words.not_available(), |share| words.percentage(share, 0));
    let rows = spec.fields.iter().map(|field| vec![field.label.clone(), share(results.quality.national(&field.id))]).collect();
    Some(Table { heads: vec![words.head_field(), words.head_filled()], rows })
}
