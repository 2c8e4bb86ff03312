//! One indicator page: sentences, plots, table and position, all from the same numbers.

use spiegel_model::{
    DotPlot, FunnelPlot, IndicatorPage, IndicatorSpec, Kind, Label, Labelled, MethodSection, MissingCode, OwnMark, Position, Range, Side,
    Table, Tips, TitledTable, TrendPlot, TrendState, TrendYear, ValueFormat, count,
};

use super::sentences::Subject;
use super::voice::Voice;
use super::{code_text, held_note, not_told};
use crate::others::Others;
use crate::place::{Yardstick, own_interval};
use crate::results::IndicatorResult;
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
    let words = &results.pipeline.spec.words;
    let position = indicator.position(provider)?.clone();
    let result = indicator.years.get(&results.year.year)?;
    let distribution = result.national.distribution.as_ref();
    let group = results.group_middle(indicator, provider);
    let subject = Subject {
        spec,
        position: &position,
        provider_word: &words.provider,
        providers_word: &words.providers,
        shown: results.year.minimum.shown,
        covered_units: covered_units(results, spec),
        is_left_out: position.z.is_some() && result.summaries.get(provider).is_some_and(|summary| Others::of(&result.national, summary).is_some()),
        adjusters: result.national.case_mix.as_ref().map_or(&[], |model| model.adjusters.as_slice()),
    };
    let voice = Voice::of(provider);
    let own = own_mark(spec, &position, voice.say("U: ", "Groep: "), true);
    let trend_years = trend_years(results, indicator, provider);
    let text = &indicator.indicator.text;
    let group_words = spec.group.as_ref().filter(|_| voice == Voice::Group);
    let what = group_words.map(|words| &words.what).filter(|what| !what.is_empty()).unwrap_or(&text.what);
    let mut sections = vec![MethodSection {
        title: "Wat meten we?".to_owned(),
        paragraphs: what.iter().cloned().chain([format!("Definitie {}.", spec.version)]).collect::<Vec<_>>(),
        bullets: Vec::new(),
    }];
    // One paragraph reads better than a stray line with the version.
    if let Some(first) = sections.first_mut() {
        first.paragraphs = vec![first.paragraphs.join(" ")];
    }
    let why = match position.label {
        Label::None(MissingCode::NotDelivered) if voice == Voice::Group => Some(not_told(results)),
        Label::None(MissingCode::NotDelivered) if result.not_computable.contains_key(provider) => result.not_computable.get(provider).cloned(),
        Label::None(MissingCode::NotDelivered) => Some(words.not_delivered_note.clone()),
        Label::None(MissingCode::Held) => Some(held_note(results)),
        _ => None,
    };
    if let Some(why) = why {
        sections.push(MethodSection {
            title: "Waarom staat hier geen cijfer?".to_owned(),
            paragraphs: vec![spiegel_model::capitalised(&why)],
            bullets: Vec::new(),
        });
    }
    let certainty = subject.certainty();
    if !certainty.is_empty() {
        sections.push(MethodSection { title: "Hoe zeker is dit?".to_owned(), paragraphs: vec![certainty.join(" ")], bullets: Vec::new() });
    }
    let reading = group_words.map(|words| &words.reading).filter(|reading| !reading.is_empty()).unwrap_or(&text.reading);
    let reading: Vec<String> = subject.direction().into_iter().chain(reading.iter().cloned()).collect();
    let reading = if position.value.is_some() { dedup_sentences(&reading) } else { Vec::new() };
    if !reading.is_empty() {
        sections.push(MethodSection { title: "Hoe te lezen".to_owned(), paragraphs: vec![reading.join(" ")], bullets: Vec::new() });
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
        dot_plot: dot_plot(results, spec, result, own.clone(), group, voice),
        within: within(results, spec),
        // A group is no provider: it has no place among the sizes of providers.
        funnel: (voice == Voice::You).then(|| funnel(results, spec, result, provider, &position)).flatten(),
        trend: trend_plot(results, spec, &position, &trend_years),
        sections,
        discuss: if position.value.is_some() { discuss(&tips) } else { Vec::new() },
        table_title: "Cijfers bij deze pagina".to_owned(),
        table: table(spec, &trend_years, results.year.minimum.shown, voice),
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

fn discuss(tips: &Tips) -> Vec<MethodSection> {
    let mut sections = Vec::new();
    if !tips.question.is_empty() {
        sections.push(MethodSection {
            title: "Vraag om te bespreken".to_owned(),
            paragraphs: vec![tips.question.clone()],
            bullets: Vec::new(),
        });
    }
    if !tips.tips.is_empty() {
        sections.push(MethodSection {
            title: "Wat kunt u doen?".to_owned(),
            paragraphs: Vec::new(),
            bullets: tips.tips.clone(),
        });
    }
    sections
}

/// The own value with its label: `U: 611 minuten`.
fn own_mark(spec: &IndicatorSpec, position: &Position, before: &str, unit: bool) -> Option<OwnMark> {
    let value = position.value?;
    let text = if unit { spec.format.value_with_unit(value, position.n) } else { spec.format.value(value, position.n) };
    Some(OwnMark { value, interval: position.interval, label: format!("{before}{text}"), n: position.n })
}

/// The own value on the scale of the funnel: adjusted where there is a case-mix model.
fn funnel_mark(spec: &IndicatorSpec, position: &Position) -> Option<OwnMark> {
    let mut own = own_mark(spec, position, "U ", false)?;
    if let Some(adjusted) = &position.adjusted {
        own.value = adjusted.value;
        own.interval = adjusted.interval;
        own.label = format!("U {}", spec.format.value(adjusted.value, position.n));
    }
    Some(own)
}

/// National figures rest on many units: one decimal for shares.
fn national(spec: &IndicatorSpec, value: f64) -> String {
    spec.format.value(value, u64::MAX)
}

fn dot_plot(
    results: &Results,
    spec: &IndicatorSpec,
    result: &crate::YearResult,
    own: Option<OwnMark>,
    group: Option<(f64, usize)>,
    voice: Voice,
) -> Option<DotPlot> {
    let distribution = result.national.distribution.as_ref()?;
    let words = &results.pipeline.spec.words;
    let group_mark =
        group.map(|(value, _)| Labelled { value, label: format!("vergelijkgroep {}", national(spec, value)) });
    let mut caption = if distribution.dots.is_empty() {
        format!("De verdeling van {} {}: alleen de middelste helft. Ze horen bij minder dan 50 organisaties; bolletjes zouden herkenbaar zijn.", distribution.providers, words.providers)
    } else {
        format!("Elk grijs bolletje is {}% van de {} {}.", 100 / distribution.dots.len(), distribution.providers, words.providers)
    };
    if own.is_some() {
        caption.push_str(&format!(" Blauwe stip: {}.", voice.say("u", "de groep")));
    }
    if own.as_ref().is_some_and(|own| own.interval.is_some()) {
        caption.push_str(" Blauwe lijn: 95%-interval.");
    }
    if let Some((_, others)) = group {
        caption.push_str(&format!(" Ruit: uw vergelijkgroep (u en {others} andere {}).", words.providers));
    }
    let mut alt = if distribution.dots.is_empty() {
        format!("Verdeling van {} {}.", distribution.providers, words.providers)
    } else {
        format!(
            "Verdeling van {} {} in {} bolletjes; elk bolletje is {}%.",
            distribution.providers,
            words.providers,
            distribution.dots.len(),
            100 / distribution.dots.len()
        )
    };
    alt.push_str(&format!(
        " {}: landelijk midden {}, middelste helft van {} tot {}.",
        spec.short,
        national(spec, distribution.middle),
        national(spec, distribution.inner.lower),
        national(spec, distribution.inner.upper)
    ));
    alt.push_str(&own_in_words(spec, own.as_ref(), voice));
    Some(DotPlot {
        dots: distribution.dots.clone(),
        grid: spec.grid,
        middle_half: distribution.inner,
        middle_half_label: "middelste helft".to_owned(),
        middle: Labelled {
            value: distribution.middle,
            label: format!("landelijk midden {}", national(spec, distribution.middle)),
        },
        guideline: guideline(spec),
        group: group_mark,
        own,
        caption,
        alt,
    })
}

/// The members of the group among each other, as the nation is drawn.
fn within(results: &Results, spec: &IndicatorSpec) -> Option<DotPlot> {
    let Distribution { providers, middle, inner, dots, .. } = results.gathered.as_ref()?.within.get(&spec.id)?;
    let members = results.pipeline.spec.group_report.as_ref().map_or(results.pipeline.spec.words.providers.as_str(), |words| &words.members);
    let what = if dots.is_empty() {
        format!("Binnen de groep: de middelste helft van {providers} {members} met genoeg gegevens.")
    } else {
        format!("Binnen de groep: elk grijs bolletje is {}% van {providers} {members} met genoeg gegevens.", 100 / dots.len())
    };
    Some(DotPlot {
        dots: dots.clone(),
        grid: spec.grid,
        middle_half: *inner,
        middle_half_label: "middelste helft".to_owned(),
        middle: Labelled { value: *middle, label: format!("midden van de groep {}", national(spec, *middle)) },
        guideline: guideline(spec),
        group: None,
        own: None,
        caption: what.clone(),
        alt: format!(
            "{what} {}: midden {}, middelste helft van {} tot {}.",
            spec.short,
            national(spec, *middle),
            national(spec, inner.lower),
            national(spec, inner.upper)
        ),
    })
}

fn own_in_words(spec: &IndicatorSpec, own: Option<&OwnMark>, voice: Voice) -> String {
    let Some(own) = own else { return format!(" Van {} is er geen cijfer.", voice.say("u", "de groep")) };
    let interval = own.interval.map_or_else(String::new, |interval| {
        format!(" (95%-interval {})", spec.format.range_in_words(interval.lower, interval.upper, own.n))
    });
    format!(" {} staat op {}{interval}.", voice.say("U", "De groep"), spec.format.value_with_unit(own.value, own.n))
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
    let words = &results.pipeline.spec.words;
    let own_n = if position.value.is_some() { position.n as f64 } else { 0.0 };
    let cap = result.national.size_cap;
    let n_maximum = if own_n > cap { own_n } else { cap };
    let own = funnel_mark(spec, position);
    let target = yardstick.target();
    // Without the provider itself, where it is a large part of the nation.
    let whose = if yardstick.is_left_out() { "gemiddelde van de anderen" } else { "landelijk gemiddelde" };
    let place = match position.label {
        Label::Within(_) => "U ligt binnen de 95%-grenzen.",
        Label::Attention(Side::Higher) => "U ligt boven de 95%-grens.",
        Label::Attention(Side::Lower) => "U ligt onder de 95%-grens.",
        Label::Signal(Side::Higher) => "U ligt boven de 99,8%-grens.",
        Label::Signal(Side::Lower) => "U ligt onder de 99,8%-grens.",
        Label::None(MissingCode::TooFewToCompare) => "Voor een plek heeft u te weinig gegevens.",
        Label::None(_) => "Van u is er geen punt.",
    };
    let others = if result.national.cells.is_empty() {
        String::new()
    } else {
        format!(" Elke grijze stip staat voor drie of meer {} van ongeveer dezelfde grootte.", words.providers)
    };
    let shift = position.adjusted.as_ref().map_or(0.0, |adjusted| adjusted.expected - target);
    let limits = match (position.expected_lower.map(|limit| limit - shift), position.expected_upper.map(|limit| limit - shift)) {
        (Some(lower), Some(upper)) => {
            format!(" De 95%-grenzen bij uw aantal zijn {}.", spec.format.range_in_words(lower, upper, position.n))
        }
        _ => String::new(),
    };
    let mut alt = format!(
        "Trechterplot van {} {}, {}: {whose} {}.",
        result.national.providers,
        words.providers,
        spec.short,
        national(spec, target)
    );
    if let Some(own) = &own {
        alt.push_str(&format!(" U: {} bij {}.", spec.format.value(own.value, own.n), spec.unit.counted(own.n)));
    }
    alt.push_str(&limits);
    alt.push_str(&format!(" {place}"));
    Some(FunnelPlot {
        target: Labelled { value: target, label: format!("{whose} {}", national(spec, target)) },
        lines: yardstick.funnel(spec, results.year.minimum.shown, n_maximum, own_n as u64),
        inner_label: "95%-grens".to_owned(),
        outer_label: "99,8%-grens".to_owned(),
        cells: result.national.cells.clone(),
        n_capped: result.national.cells.iter().any(|cell| cell.n > n_maximum),
        n_maximum,
        n_label: format!("aantal {}", spec.unit.plural),
        own,
        caption: format!("Uw {}cijfer naast uw aantal. {place}{others}", if position.adjusted.is_some() { "gecorrigeerde " } else { "" }),
        alt,
    })
}

fn trend_years(results: &Results, indicator: &IndicatorResult, provider: &str) -> Vec<TrendYear> {
    let spec = &indicator.indicator.spec;
    let minimum = &results.year.minimum;
    let voice = Voice::of(provider);
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
            label: spec.format.value(value, n),
            n,
        });
        let code = match (value, &own) {
            (_, Some(_)) => String::new(),
            (Some(_), None) => code_text(MissingCode::TooSmall, minimum.shown, voice),
            (None, None) if summary == Some(&Summary::Held) => code_text(MissingCode::Held, minimum.shown, voice),
            (None, None) => code_text(MissingCode::NotDelivered, minimum.shown, voice),
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
    let words = &results.pipeline.spec.words;
    let voice = Voice::of(&position.provider_id);
    let first = years.first().map(|year| year.label.clone()).unwrap_or_default();
    let last = years.last().map(|year| year.label.clone()).unwrap_or_default();
    let mut alt = format!("Trend {first} tot en met {last}, {}.", spec.short);
    let told: Vec<&TrendYear> = years.iter().rev().take(5).collect();
    let own: Vec<String> = told.iter().rev().filter_map(|year| year.own.as_ref().map(|own| own.label.clone())).collect();
    if own.is_empty() {
        alt.push_str(&format!(" Van {} zijn er geen cijfers.", voice.say("u", "de groep")));
    } else {
        alt.push_str(&format!(" {}, laatste jaren: {}.", voice.say("U", "De groep"), own.join(", ")));
    }
    let middle: Vec<String> =
        told.iter().rev().filter_map(|year| year.middle.map(|value| national(spec, value))).collect();
    if !middle.is_empty() {
        alt.push_str(&format!(" Landelijk midden: {}.", middle.join(", ")));
    }
    let mut caption = format!("{} per jaar met 95%-interval.", voice.say("Uw cijfer", "Het cijfer van de groep"));
    if !middle.is_empty() {
        caption.push_str(&format!(" Grijs: de middelste helft van de {}.", words.providers));
    }
    if years.iter().any(|year| year.few && year.own.is_some()) {
        caption.push_str(&format!(" Open stip: minder dan {}.", results.year.minimum.labelled));
    }
    if matches!(position.trend, TrendState::Broken { .. }) {
        caption.push_str(" De lijn is onderbroken waar gegevens ontbreken.");
    }
    Some(TrendPlot {
        years: years.to_vec(),
        guideline: guideline(spec),
        middle_label: "landelijk midden".to_owned(),
        own_label: own_mark(spec, position, voice.say("U ", "Groep "), false).map(|own| own.label).unwrap_or_default(),
        caption,
        alt,
    })
}

fn table(spec: &IndicatorSpec, years: &[TrendYear], shown: u64, voice: Voice) -> Table {
    let format = &spec.format;
    let optional = |value: Option<f64>| value.map_or_else(|| "n.b.".to_owned(), |value| national(spec, value));
    let heads: Vec<String> = ["Jaar", "n", voice.say("U", "Groep"), "95%-interval", "P25", "midden", "P75"].map(str::to_owned).into();
    let rows = years
        .iter()
        .map(|year| {
            let own = year.own.as_ref();
            vec![
                year.label.clone(),
                own.map_or_else(|| if year.code.starts_with("te klein") { format!("<{shown}") } else { "n.b.".to_owned() }, |own| count(own.n)),
                own.map_or_else(|| year.code.clone(), |own| own_text(format, own)),
                own.and_then(|own| own.interval.map(|range: Range| format.range(range.lower, range.upper, own.n)))
                    .unwrap_or_else(|| "n.b.".to_owned()),
                optional(year.middle_half.map(|range| range.lower)),
                optional(year.middle),
                optional(year.middle_half.map(|range| range.upper)),
            ]
        })
        .collect();
    Table { heads, rows }
}

/// Stands for a figure that would give away another by subtraction.
const NOT_SHOWN: &str = "n.g.";

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
    let voice = Voice::of(&position.provider_id);
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
                    (false, true) => NOT_SHOWN.to_owned(),
                    (false, false) => count(part.n),
                },
                match part.value {
                    Some(value) if !hidden => spec.format.value(value, part.n),
                    Some(_) => NOT_SHOWN.to_owned(),
                    None => code_text(MissingCode::TooSmall, shown, voice),
                },
                part.interval.filter(|_| !hidden).map_or_else(|| "n.b.".to_owned(), |range| spec.format.range(range.lower, range.upper, part.n)),
                part.national.map_or_else(|| "n.b.".to_owned(), |value| national(spec, value)),
            ]
        })
        .collect();
    let heads = vec![declared.title.clone(), "n".to_owned(), voice.say("U", "Groep").to_owned(), "95%-interval".to_owned(), "landelijk".to_owned()];
    Some(TitledTable { title: declared.title.clone(), table: Table { heads, rows } })
}

/// The indicators that are shown with this one.
fn belonging(results: &Results, spec: &IndicatorSpec, provider: &str) -> Option<TitledTable> {
    let voice = Voice::of(provider);
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
                if value.is_some() { count(n) } else { "n.b.".to_owned() },
                match (value, position.label) {
                    (Some(value), _) => spec.format.value(value, n),
                    (None, Label::None(code)) => code_text(code, results.year.minimum.shown, voice),
                    (None, _) => "n.b.".to_owned(),
                },
                position
                    .interval
                    .filter(|_| value.is_some())
                    .map_or_else(|| "n.b.".to_owned(), |range| spec.format.range(range.lower, range.upper, n)),
                mean.map_or_else(|| "n.b.".to_owned(), |mean| national(spec, mean)),
                place_text(position, results.year.minimum.shown),
            ])
        })
        .collect();
    let heads = ["Ook gemeten", "n", voice.say("U", "Groep"), "95%-interval", "landelijk", voice.say("Uw plek", "Plek")].map(str::to_owned).into();
    (!rows.is_empty()).then(|| TitledTable { title: "Ook gemeten".to_owned(), table: Table { heads, rows } })
}

/// The place in words, as on page 1.
pub(super) fn place_text(position: &Position, shown: u64) -> String {
    match position.label {
        Label::None(code) if position.value.is_some() => code_text(code, shown, Voice::of(&position.provider_id)),
        Label::None(_) => String::new(),
        Label::Within(_) => "binnen de spreiding".to_owned(),
        Label::Attention(Side::Higher) => "hoger".to_owned(),
        Label::Attention(Side::Lower) => "lager".to_owned(),
        Label::Signal(Side::Higher) => "duidelijk hoger".to_owned(),
        Label::Signal(Side::Lower) => "duidelijk lager".to_owned(),
    }
}

fn own_text(format: &ValueFormat, own: &OwnMark) -> String {
    format.value(own.value, own.n)
}

/// Whether an indicator is a share.
pub(super) fn is_share(spec: &IndicatorSpec) -> bool {
    spec.kind == Kind::Proportion
}
