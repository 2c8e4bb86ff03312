//! One indicator page: sentences, plots, table and position, all from the same numbers.

use spiegel_model::{
    DotPlot, FunnelPlot, IndicatorPage, IndicatorSpec, Kind, Label, Labelled, MethodSection, MissingCode, OwnMark, Position, Range, Side,
    Table, Tips, TitledTable, TrendPlot, TrendState, TrendYear,
};

use super::sentences::Subject;
use super::voice::Voice;
use super::{code_text, not_told};
use crate::place::{Yardstick, own_interval};
use crate::results::IndicatorResult;
use crate::texts::Words;
use crate::{Distribution, Results, Summary};

/// A page with what page 1 needs of it.
pub(super) struct Page {
    pub(super) page: IndicatorPage,
    pub(super) spec: IndicatorSpec,
    pub(super) group: Option<(f64, usize)>,
    pub(super) position: Position,
    /// The question of the page; may be empty.
    pub(super) question: String,
}

pub(super) fn page(results: &Results, indicator: &IndicatorResult, provider: &str) -> Option<Page> {
    let spec = &indicator.indicator.spec;
    let of_pipeline = &results.pipeline.spec.words;
    let words = results.words(provider);
    let position = indicator.position(provider)?.clone();
    let result = indicator.years.get(&results.year.year)?;
    let distribution = result.national.distribution.as_ref();
    let group = results.group_middle(indicator, provider);
    let subject = Subject {
        spec,
        position: &position,
        words,
        provider_word: &of_pipeline.provider,
        providers_word: &of_pipeline.providers,
        shown: results.year.minimum.shown,
        covered_units: covered_units(results, spec),
        is_left_out: position.adjusted.is_none() && position.target.zip(result.national.mean).is_some_and(|(target, mean)| target != mean),
        adjusters: result.national.case_mix.as_ref().map_or(&[], |model| model.adjusters.as_slice()),
    };
    let voice = Voice::of(provider);
    let own = own_mark(&position, |value| words.own_mark(words.value_with_unit(&spec.format, value, position.n)));
    let trend_years = trend_years(results, indicator, provider);
    let text = &indicator.indicator.text;
    let group_words = spec.group.as_ref().filter(|_| voice == Voice::Group);
    let what = group_words.map(|words| &words.what).filter(|what| !what.is_empty()).unwrap_or(&text.what);
    let mut sections = vec![MethodSection {
        title: words.heading_what(),
        paragraphs: what.iter().cloned().chain([words.definition(&spec.version)]).collect::<Vec<_>>(),
        bullets: Vec::new(),
    }];
    // One paragraph reads better than a stray line with the version.
    if let Some(first) = sections.first_mut() {
        first.paragraphs = vec![first.paragraphs.join(" ")];
    }
    let why = match position.label {
        Label::None(MissingCode::NotDelivered) if voice == Voice::Group => Some(not_told(results)),
        Label::None(MissingCode::NotDelivered) => Some(of_pipeline.not_delivered_note.clone()),
        Label::None(MissingCode::Held) => Some(words.meaning_held(&results.pipeline.spec.publisher)),
        _ => None,
    };
    if let Some(why) = why {
        sections.push(MethodSection {
            title: words.heading_why_none(),
            paragraphs: vec![spiegel_model::capitalised(&why)],
            bullets: Vec::new(),
        });
    }
    let certainty = subject.certainty();
    if !certainty.is_empty() {
        sections.push(MethodSection { title: words.heading_certain(), paragraphs: vec![certainty.join(" ")], bullets: Vec::new() });
    }
    let reading = group_words.map(|words| &words.reading).filter(|reading| !reading.is_empty()).unwrap_or(&text.reading);
    let reading: Vec<String> = subject.direction().into_iter().chain(reading.iter().cloned()).collect();
    let reading = if position.value.is_some() { dedup_sentences(&reading) } else { Vec::new() };
    if !reading.is_empty() {
        sections.push(MethodSection { title: words.heading_reading(), paragraphs: vec![reading.join(" ")], bullets: Vec::new() });
    }
    let mut tips = tips(text, position.label).clone();
    if let (Voice::Group, Some(words)) = (voice, &results.pipeline.spec.group_report) {
        tips.question.clone_from(&words.question);
    }
    let page = IndicatorPage {
        id: spec.id.clone(),
        definition: spec.version.clone(),
        title: spec.title.clone(),
        norm_line: spec.norm.clone(),
        format: spec.format.clone(),
        headline: subject.headline(),
        sentences: subject.further(distribution, group),
        caution: spec.caution.clone(),
        dot_plot: dot_plot(results, spec, result, own.clone(), group, words),
        within: within(results, spec, words),
        // A group is no provider: it has no place among the sizes of providers.
        funnel: (voice == Voice::You).then(|| funnel(results, spec, result, provider, &position)).flatten(),
        trend: trend_plot(results, spec, &position, &trend_years),
        sections,
        discuss: if position.value.is_some() { discuss(&tips, words) } else { Vec::new() },
        table_title: words.table_title(),
        table: table(spec, &trend_years, results.year.minimum.shown, words),
        further: parts(results, spec, &position).into_iter().chain(belonging(results, spec, provider)).collect(),
        position: position.clone(),
    };
    let question = if position.value.is_some() { tips.question } else { String::new() };
    Some(Page { page, spec: spec.clone(), group, position, question })
}

/// Units of the indicator that says how much was covered, in plural; the own ones without.
fn covered_units<'a>(results: &'a Results, spec: &'a IndicatorSpec) -> &'a str {
    let covering = spec.coverage.as_ref().map_or(spec.id.as_str(), |declared| declared.indicator.as_str());
    let of = results.indicators.iter().map(|one| &one.indicator.spec).find(|one| one.id == covering).unwrap_or(spec);
    &of.unit.plural
}

fn dedup_sentences(paragraphs: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for paragraph in paragraphs {
        if !kept.iter().any(|one| one.contains(paragraph) || paragraph.contains(one.as_str())) {
            kept.push(paragraph.clone());
        }
    }
    kept
}

fn tips(text: &spiegel_model::IndicatorText, label: Label) -> &Tips {
    match label.side() {
        Some(Side::Higher) => &text.higher,
        Some(Side::Lower) => &text.lower,
        None => &text.within,
    }
}

fn discuss(tips: &Tips, words: Words<'_>) -> Vec<MethodSection> {
    let mut sections = Vec::new();
    if !tips.question.is_empty() {
        sections.push(MethodSection {
            title: words.heading_question(),
            paragraphs: vec![tips.question.clone()],
            bullets: Vec::new(),
        });
    }
    if !tips.tips.is_empty() {
        sections.push(MethodSection {
            title: words.heading_tips(),
            paragraphs: Vec::new(),
            bullets: tips.tips.clone(),
        });
    }
    sections
}

/// The own value with its label: `U: 611 minuten`.
fn own_mark(position: &Position, label: impl Fn(f64) -> String) -> Option<OwnMark> {
    let value = position.value?;
    Some(OwnMark { value, interval: position.interval, label: label(value), n: position.n })
}

/// The own value on the scale of the funnel: adjusted where there is a case-mix model.
fn funnel_mark(spec: &IndicatorSpec, position: &Position, words: Words<'_>) -> Option<OwnMark> {
    let label = |value| words.own_mark_short(words.value(&spec.format, value, position.n));
    let mut own = own_mark(position, label)?;
    if let Some(adjusted) = &position.adjusted {
        own.value = adjusted.value;
        own.interval = adjusted.interval;
        own.label = label(adjusted.value);
    }
    Some(own)
}

/// National figures rest on many units: one decimal for shares.
fn national(spec: &IndicatorSpec, value: f64, words: Words<'_>) -> String {
    words.value(&spec.format, value, u64::MAX)
}

fn dot_plot(
    results: &Results,
    spec: &IndicatorSpec,
    result: &crate::YearResult,
    own: Option<OwnMark>,
    group: Option<(f64, usize)>,
    words: Words<'_>,
) -> Option<DotPlot> {
    let distribution = result.national.distribution.as_ref()?;
    let providers = &results.pipeline.spec.words.providers;
    let national = |value| national(spec, value, words);
    let group_mark = group.map(|(value, _)| Labelled { value, label: words.mark_group(national(value)) });
    let number = distribution.providers;
    let (mut caption, mut alt) = match 100_usize.checked_div(distribution.dots.len()) {
        None => (words.dots_few(number, providers), words.alt_dots_few(number, providers)),
        Some(percent) => (words.dots(percent, number, providers), words.alt_dots(number, providers, distribution.dots.len(), percent)),
    };
    if own.is_some() {
        caption.push_str(&words.dots_own());
    }
    if own.as_ref().is_some_and(|own| own.interval.is_some()) {
        caption.push_str(&words.dots_interval());
    }
    if let Some((_, others)) = group {
        caption.push_str(&words.dots_group(others, providers));
    }
    alt.push_str(&words.alt_nation(
        &spec.short,
        national(distribution.middle),
        national(distribution.inner.lower),
        national(distribution.inner.upper),
    ));
    alt.push_str(&own_in_words(spec, own.as_ref(), words));
    Some(DotPlot {
        dots: distribution.dots.clone(),
        grid: spec.grid,
        middle_half: distribution.inner,
        middle_half_label: words.mark_middle_half(),
        middle: Labelled { value: distribution.middle, label: words.mark_middle(national(distribution.middle)) },
        guideline: guideline(spec),
        group: group_mark,
        own,
        caption,
        alt,
    })
}

/// The members of the group among each other, as the nation is drawn.
fn within(results: &Results, spec: &IndicatorSpec, words: Words<'_>) -> Option<DotPlot> {
    let Distribution { providers, middle, inner, dots, .. } = results.gathered.as_ref()?.within.get(&spec.id)?;
    let members = results.pipeline.spec.group_report.as_ref().map_or(results.pipeline.spec.words.providers.as_str(), |words| &words.members);
    let national = |value| national(spec, value, words);
    let what = match 100_usize.checked_div(dots.len()) {
        None => words.within_few(providers, members),
        Some(percent) => words.within_dots(percent, providers, members),
    };
    Some(DotPlot {
        dots: dots.clone(),
        grid: spec.grid,
        middle_half: *inner,
        middle_half_label: words.mark_middle_half(),
        middle: Labelled { value: *middle, label: words.mark_middle_of_group(national(*middle)) },
        guideline: guideline(spec),
        group: None,
        own: None,
        alt: words.alt_within(&what, &spec.short, national(*middle), national(inner.lower), national(inner.upper)),
        caption: what,
    })
}

fn own_in_words(spec: &IndicatorSpec, own: Option<&OwnMark>, words: Words<'_>) -> String {
    let Some(own) = own else { return words.alt_no_own() };
    let interval = words.interval_after(&spec.format, own.interval, own.n);
    words.alt_own(words.value_with_unit(&spec.format, own.value, own.n), interval)
}

fn guideline(spec: &IndicatorSpec) -> Option<Labelled> {
    spec.guideline.as_ref().map(|one| Labelled { value: one.value, label: one.label.clone() })
}

fn funnel(
    results: &Results,
    spec: &IndicatorSpec,
    result: &crate::YearResult,
    provider: &str,
    position: &Position,
) -> Option<FunnelPlot> {
    let yardstick = Yardstick::new(spec, &result.national, provider, result.summaries.get(provider))?;
    let words = results.words(provider);
    let providers = &results.pipeline.spec.words.providers;
    let own_n = if position.value.is_some() { position.n as f64 } else { 0.0 };
    let cap = result.national.size_cap;
    let n_maximum = if own_n > cap { own_n } else { cap };
    let own = funnel_mark(spec, position, words);
    let target = yardstick.target();
    let place = match position.label {
        Label::Within(_) => words.funnel_within(),
        Label::Attention(Side::Higher) => words.funnel_above(),
        Label::Attention(Side::Lower) => words.funnel_below(),
        Label::Signal(Side::Higher) => words.funnel_far_above(),
        Label::Signal(Side::Lower) => words.funnel_far_below(),
        Label::None(MissingCode::TooFewToCompare) => words.funnel_too_few(),
        Label::None(_) => words.funnel_no_own(),
    };
    let others = if result.national.cells.is_empty() { String::new() } else { words.funnel_others(providers) };
    let shift = position.adjusted.as_ref().map_or(0.0, |adjusted| adjusted.expected - target);
    let limits = match (position.expected_lower.map(|limit| limit - shift), position.expected_upper.map(|limit| limit - shift)) {
        (Some(lower), Some(upper)) => words.alt_funnel_limits(
            words.range_in_words(&spec.format, lower, upper, position.n),
            words.range_with_unit(&spec.format, lower, upper, position.n),
        ),
        _ => String::new(),
    };
    let mut alt = words.alt_funnel(result.national.providers, providers, &spec.short, national(spec, target, words));
    if let Some(own) = &own {
        alt.push_str(&words.alt_funnel_own(words.value(&spec.format, own.value, own.n), words.counted(&spec.unit, own.n)));
    }
    alt.push_str(&limits);
    alt.push_str(&format!(" {place}"));
    let caption = if position.adjusted.is_some() { words.funnel_caption_adjusted(place) } else { words.funnel_caption(place) };
    Some(FunnelPlot {
        target: Labelled { value: target, label: words.mark_mean(national(spec, target, words)) },
        lines: yardstick.funnel(spec, results.year.minimum.shown, n_maximum, own_n as u64),
        inner_label: words.mark_inner_limit(),
        outer_label: words.mark_outer_limit(),
        cells: result.national.cells.clone(),
        n_capped: result.national.cells.iter().any(|cell| cell.n > n_maximum),
        n_maximum,
        n_label: words.mark_units(&spec.unit.plural),
        own,
        caption: format!("{caption}{others}"),
        alt,
    })
}

fn trend_years(results: &Results, indicator: &IndicatorResult, provider: &str) -> Vec<TrendYear> {
    let spec = &indicator.indicator.spec;
    let minimum = &results.year.minimum;
    let words = results.words(provider);
    let mut years = Vec::new();
    let mut missing_after_data = false;
    let mut seen = false;
    for (year, result) in indicator.years.iter().skip_while(|(_, result)| result.national.delivered == 0) {
        let summary = result.summaries.get(provider);
        let n = summary.map_or(0, Summary::n);
        let value = summary.and_then(Summary::value);
        let shown = value.filter(|_| n >= minimum.shown);
        let own = shown.zip(summary).map(|(value, summary)| OwnMark {
            value,
            interval: own_interval(spec, summary, *year, provider),
            label: words.value(&spec.format, value, n),
            n,
        });
        let code = match (value, &own) {
            (_, Some(_)) => String::new(),
            (Some(_), None) => code_text(MissingCode::TooSmall, minimum.shown, words),
            (None, None) if summary == Some(&Summary::Held) => code_text(MissingCode::Held, minimum.shown, words),
            (None, None) => code_text(MissingCode::NotDelivered, minimum.shown, words),
        };
        let broken = seen && missing_after_data && own.is_some();
        missing_after_data = own.is_none() && (seen || missing_after_data);
        seen |= own.is_some();
        years.push(TrendYear {
            label: results.year.label_of(*year),
            few: n < minimum.labelled,
            own,
            code,
            middle_half: result.national.distribution.as_ref().map(|one| one.inner),
            middle: result.national.distribution.as_ref().map(|one| one.middle),
            providers: result.national.providers as u64,
            broken,
        });
    }
    years
}

fn trend_plot(
    results: &Results,
    spec: &IndicatorSpec,
    position: &Position,
    years: &[TrendYear],
) -> Option<TrendPlot> {
    if years.len() < 2 {
        return None;
    }
    let words = results.words(&position.provider_id);
    let first = years.first().map(|year| year.label.clone()).unwrap_or_default();
    let last = years.last().map(|year| year.label.clone()).unwrap_or_default();
    let mut alt = words.alt_trend(first, last, &spec.short);
    let told: Vec<&TrendYear> = years.iter().rev().take(5).collect();
    let own: Vec<String> = told.iter().rev().filter_map(|year| year.own.as_ref().map(|own| own.label.clone())).collect();
    alt.push_str(&if own.is_empty() { words.alt_trend_no_own() } else { words.alt_trend_own(own.join(", ")) });
    let middle: Vec<String> =
        told.iter().rev().filter_map(|year| year.middle.map(|value| national(spec, value, words))).collect();
    let mut caption = words.trend_caption();
    if !middle.is_empty() {
        alt.push_str(&words.alt_trend_nation(middle.join(", ")));
        caption.push_str(&words.trend_band(&results.pipeline.spec.words.providers));
    }
    if years.iter().any(|year| year.few && year.own.is_some()) {
        caption.push_str(&words.trend_few(results.year.minimum.labelled));
    }
    if matches!(position.trend, TrendState::Broken { .. }) {
        caption.push_str(&words.trend_line_broken());
    }
    let own_label = own_mark(position, |value| words.own_mark_short(words.value(&spec.format, value, position.n)));
    Some(TrendPlot {
        years: years.to_vec(),
        guideline: guideline(spec),
        middle_label: words.mark_middle_line(),
        own_label: own_label.map(|own| own.label).unwrap_or_default(),
        caption,
        alt,
    })
}

fn table(spec: &IndicatorSpec, years: &[TrendYear], shown: u64, words: Words<'_>) -> Table {
    let format = &spec.format;
    let optional = |value: Option<f64>| value.map_or_else(|| words.not_available(), |value| national(spec, value, words));
    let too_small = code_text(MissingCode::TooSmall, shown, words);
    let heads = vec![
        words.head_year(),
        words.head_n(),
        words.head_own(),
        words.head_interval(),
        words.head_lower_quarter(),
        words.head_middle(),
        words.head_upper_quarter(),
    ];
    let rows = years
        .iter()
        .map(|year| {
            let own = year.own.as_ref();
            vec![
                year.label.clone(),
                own.map_or_else(|| if year.code == too_small { format!("<{shown}") } else { words.not_available() }, |own| words.count(own.n)),
                own.map_or_else(|| year.code.clone(), |own| words.value(format, own.value, own.n)),
                own.and_then(|own| own.interval.map(|range: Range| words.range(format, range.lower, range.upper, own.n)))
                    .unwrap_or_else(|| words.not_available()),
                optional(year.middle_half.map(|range| range.lower)),
                optional(year.middle),
                optional(year.middle_half.map(|range| range.upper)),
            ]
        })
        .collect();
    Table { heads, rows }
}

/// Which parts are not shown: those with fewer units than are shown and, when that is one, the next smallest, because the total less
/// the others would tell it.
fn hidden_parts(units: &[u64], shown: u64) -> Vec<bool> {
    let mut hidden: Vec<bool> = units.iter().map(|n| *n < shown).collect();
    if hidden.iter().filter(|hidden| **hidden).count() == 1 {
        let next = (0..units.len()).filter(|place| !hidden[*place]).min_by_key(|place| units[*place]);
        if let Some(next) = next {
            hidden[next] = true;
        }
    }
    hidden
}

/// Values by part of the care; None when no part may be shown.
fn parts(results: &Results, spec: &IndicatorSpec, position: &Position) -> Option<TitledTable> {
    let declared = results.pipeline.spec.parts.as_ref()?;
    position.parts.iter().find(|part| part.value.is_some())?;
    let shown = results.year.minimum.shown;
    let hidden = hidden_parts(&position.parts.iter().map(|part| part.n).filter(|n| *n > 0).collect::<Vec<_>>(), shown);
    let words = results.words(&position.provider_id);
    let none = || words.not_available();
    let rows = position
        .parts
        .iter()
        .filter(|part| part.n > 0)
        .zip(&hidden)
        .map(|(part, hidden)| {
            let label = declared.categories.iter().find(|one| one.id == part.part).map_or(part.part.as_str(), |one| one.label.as_str());
            vec![
                label.to_owned(),
                match (part.n < shown, hidden) {
                    (true, _) => format!("<{shown}"),
                    (false, true) => words.not_shown(),
                    (false, false) => words.count(part.n),
                },
                match part.value {
                    Some(value) if !hidden => words.value(&spec.format, value, part.n),
                    Some(_) => words.not_shown(),
                    None => code_text(MissingCode::TooSmall, shown, words),
                },
                part.interval.filter(|_| !hidden).map_or_else(none, |range| words.range(&spec.format, range.lower, range.upper, part.n)),
                part.national.map_or_else(none, |value| national(spec, value, words)),
            ]
        })
        .collect();
    let heads = vec![declared.title.clone(), words.head_n(), words.head_own(), words.head_interval(), words.head_national()];
    Some(TitledTable { title: declared.title.clone(), table: Table { heads, rows } })
}

/// The indicators that are shown with this one.
fn belonging(results: &Results, spec: &IndicatorSpec, provider: &str) -> Option<TitledTable> {
    let words = results.words(provider);
    let none = || words.not_available();
    let rows: Vec<Vec<String>> = results
        .indicators
        .iter()
        .filter(|one| one.indicator.spec.shown_with.as_deref() == Some(spec.id.as_str()))
        .filter_map(|one| {
            let position = one.position(provider)?;
            let spec = &one.indicator.spec;
            let mean = one.years.get(&results.year.year)?.national.mean;
            let (value, n) = (position.value, position.n);
            Some(vec![
                spec.short.clone(),
                if value.is_some() { words.count(n) } else { none() },
                match (value, position.label) {
                    (Some(value), _) => words.value(&spec.format, value, n),
                    (None, Label::None(code)) => code_text(code, results.year.minimum.shown, words),
                    (None, _) => none(),
                },
                position
                    .interval
                    .filter(|_| value.is_some())
                    .map_or_else(none, |range| words.range(&spec.format, range.lower, range.upper, n)),
                mean.map_or_else(none, |mean| national(spec, mean, words)),
                place_text(position, results.year.minimum.shown, words),
            ])
        })
        .collect();
    let heads = vec![words.head_also(), words.head_n(), words.head_own(), words.head_interval(), words.head_national(), words.head_place()];
    (!rows.is_empty()).then(|| TitledTable { title: words.head_also(), table: Table { heads, rows } })
}

/// The place in words, as on page 1.
pub(super) fn place_text(position: &Position, shown: u64, words: Words<'_>) -> String {
    match position.label {
        Label::None(code) if position.value.is_some() => code_text(code, shown, words),
        Label::None(_) => String::new(),
        Label::Within(_) => words.place_within(),
        Label::Attention(Side::Higher) => words.place_higher(),
        Label::Attention(Side::Lower) => words.place_lower(),
        Label::Signal(Side::Higher) => words.place_far_higher(),
        Label::Signal(Side::Lower) => words.place_far_lower(),
    }
}

/// Whether an indicator is a share.
pub(super) fn is_share(spec: &IndicatorSpec) -> bool {
    spec.kind == Kind::Proportion
}
