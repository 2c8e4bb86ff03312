//! Page 2: how the figures are read, with invented examples; the comparable groups; what stands in the place of a value.

use spiegel_model::{
    Cell, DeliveryKind, DotPlot, FunnelLine, FunnelPlot, GuideGroups, GuideSpine, Labelled, MethodSection, MissingCode, OwnMark, Range, ReadingGuide, SpineRow, Table,
    TitledTable, ValueFormat, capitalised,
};

use super::voice::Voice;
use super::{code_meaning, code_text};
use crate::Results;
use crate::texts::Words;

/// The invented example: minutes per trajectory of a provider and of a country that do not exist.
const OWN: f64 = 610.0;
const OWN_INTERVAL: Range = Range { lower: 570.0, upper: 650.0 };
const GROUP: f64 = 540.0;
const MIDDLE: f64 = 510.0;
const MIDDLE_HALF: Range = Range { lower: 460.0, upper: 560.0 };
const GRID: f64 = 10.0;
/// Units of the invented provider.
const UNITS: u64 = 180;
/// Half widths of the invented funnel: variation between providers, and what chance adds at one unit.
const BETWEEN: f64 = 32.0;
const WITHIN: f64 = 310.0;
/// Of the standard normal: the limits that are drawn.
const INNER: f64 = 1.959_963_984_540_054;
const OUTER: f64 = 3.090_232_306_167_813;
const LARGEST: f64 = 400.0;

/// A dot for each twentieth of the invented providers, in tens of minutes.
const DOTS: [u32; 50] = [
    38, 41, 42, 43, 44, 44, 45, 45, 46, 46, 46, 47, 47, 47, 48, 48, 48, 49, 49, 49, 50, 50, 50, 51, 51, 51, 51, 52, 52, 52, 53, 53, 53, 54, 54, 54, 55, 55, 56, 56, 56, 57, 57,
    58, 59, 60, 61, 63, 65, 68,
];
/// Size and tens of minutes of invented marks in the funnel.
const MARKS: [(u32, u32); 22] = [
    (20, 44), (20, 58), (30, 47), (30, 53), (40, 61), (40, 49), (50, 42), (60, 52), (70, 55), (80, 48), (90, 51), (110, 57), (120, 46), (140, 52), (160, 50), (190, 55),
    (210, 48), (240, 52), (270, 54), (310, 49), (350, 52), (380, 50),
];

pub(super) fn page(results: &Results, provider: &str) -> ReadingGuide {
    let words = results.words(provider);
    let groups = groups(results, provider, words);
    let is_one = words.voice() == Voice::You;
    ReadingGuide {
        title: words.guide_title(),
        example: words.guide_example(&results.pipeline.spec.words.providers),
        format: ValueFormat::Number { decimals: 0, unit: words.guide_unit() },
        spine: spine(words),
        dot_plot: dot_plot(words),
        funnel: is_one.then(|| funnel(words)),
        texts: texts(results, groups.is_some(), words),
        groups,
        codes: codes(results, words),
    }
}

fn own_mark(label: String) -> OwnMark {
    OwnMark { value: OWN, interval: Some(OWN_INTERVAL), label, n: UNITS }
}

fn spine(words: Words<'_>) -> GuideSpine {
    GuideSpine {
        row: SpineRow {
            outer_lower: -1.0,
            outer_upper: 1.0,
            inner_lower: -0.4,
            inner_upper: 0.4,
            own: Some(0.72),
            interval: Some(Range { lower: 0.5, upper: 0.94 }),
            group: (words.voice() == Voice::You).then_some(0.16),
        },
        own: words.guide_own(),
        interval: words.head_interval(),
        group: words.guide_group(),
        middle: words.mark_middle_line(),
        inner: words.mark_middle_half(),
        outer: words.guide_outer(),
        lower: words.head_lower(),
        higher: words.head_higher(),
        alt: words.guide_alt_row(),
    }
}

fn dot_plot(words: Words<'_>) -> DotPlot {
    let written = |value| words.decimal(value, 0);
    DotPlot {
        dots: DOTS.iter().map(|tens| f64::from(*tens) * 10.0).collect(),
        grid: GRID,
        middle_half: MIDDLE_HALF,
        middle_half_label: words.mark_middle_half(),
        middle: Labelled { value: MIDDLE, label: words.mark_middle(written(MIDDLE)) },
        guideline: None,
        group: (words.voice() == Voice::You).then(|| Labelled { value: GROUP, label: words.mark_group(written(GROUP)) }),
        own: Some(own_mark(words.own_mark(written(OWN)))),
        caption: String::new(),
        alt: words.guide_alt_dots(),
    }
}

fn funnel(words: Words<'_>) -> FunnelPlot {
    let width = |n: f64| (BETWEEN.powi(2) + WITHIN.powi(2) / n).sqrt();
    let lines = (1..=40)
        .map(|step| {
            let n = f64::from(step) * 10.0;
            let (inner, outer) = (INNER * width(n), OUTER * width(n));
            FunnelLine { n, lower: Some(MIDDLE - inner), upper: Some(MIDDLE + inner), outer_lower: Some(MIDDLE - outer), outer_upper: Some(MIDDLE + outer) }
        })
        .collect();
    FunnelPlot {
        target: Labelled { value: MIDDLE, label: words.mark_mean(words.decimal(MIDDLE, 0)) },
        lines,
        inner_label: words.mark_inner_limit(),
        outer_label: words.mark_outer_limit(),
        cells: MARKS.iter().map(|(n, tens)| Cell { n: f64::from(*n), value: f64::from(*tens) * 10.0, providers: 3 }).collect(),
        n_maximum: LARGEST,
        n_capped: false,
        n_label: words.guide_units(),
        own: Some(own_mark(words.own_mark_short(words.decimal(OWN, 0)))),
        caption: String::new(),
        alt: words.guide_alt_funnel(),
    }
}

fn texts(results: &Results, has_groups: bool, words: Words<'_>) -> Vec<MethodSection> {
    let providers = &results.pipeline.spec.words.providers;
    let section = |title: String, text: String| MethodSection { title, paragraphs: vec![text], bullets: Vec::new() };
    let diamond = if has_groups { words.guide_diamond() } else { String::new() };
    let mut texts = vec![
        section(words.guide_row_title(), words.guide_row(&results.pipeline.spec.report.clients, diamond)),
        section(words.guide_dots_title(), words.guide_dots(providers)),
    ];
    if words.voice() == Voice::You {
        texts.push(section(words.guide_funnel_title(), words.guide_funnel(providers)));
    }
    texts
}

fn groups(results: &Results, provider: &str, words: Words<'_>) -> Option<GuideGroups> {
    let of_pipeline = &results.pipeline.spec.words;
    let providers = &of_pipeline.providers;
    let groups = &results.providers.get(provider)?.groups;
    if groups.is_empty() {
        return None;
    }
    let (title, what) = if groups.len() == 1 {
        (words.guide_groups_one(), words.guide_groups(providers))
    } else {
        (words.guide_groups_many(), words.guide_groups_first(providers))
    };
    let sentences = vec![what, words.guide_groups_nobody(providers, &of_pipeline.other_group).trim_end().to_owned()];
    let rows = groups
        .iter()
        .enumerate()
        .map(|(index, group)| {
            let used = if index == 0 { words.guide_groups_drawn() } else { words.guide_groups_told() };
            vec![group.words.clone(), words.count(group.others as u64), used]
        })
        .collect();
    let heads = vec![words.guide_groups_head(capitalised(providers)), words.head_number(), words.head_use()];
    Some(GuideGroups { title, sentences, table: Table { heads, rows } })
}

/// Terms that the pages of indicators use, each explained once.
fn terms(results: &Results, words: Words<'_>) -> impl Iterator<Item = Vec<String>> {
    let terms = [
        vec![words.term_equivalent(), words.meaning_equivalent()],
        vec![words.term_indistinguishable(), words.meaning_indistinguishable()],
        vec![words.term_quarters(), words.meaning_quarters(&results.pipeline.spec.words.providers)],
    ];
    // Where a language leaves a term empty, its readers need no explanation.
    terms.into_iter().filter(|term| !term.iter().any(String::is_empty))
}

/// Codes in the order of the report specification, 3.9; what is held only where deliveries are looked at one by one.
fn codes(results: &Results, words: Words<'_>) -> TitledTable {
    let per_provider = results.pipeline.spec.delivery.kind == DeliveryKind::PerProvider;
    let mut codes = vec![MissingCode::TooSmall, MissingCode::TooFewToCompare, MissingCode::NotComparable, MissingCode::NotDelivered];
    if per_provider && words.voice() == Voice::You {
        codes.extend([MissingCode::NotApplicable, MissingCode::Held]);
    }
    codes.push(MissingCode::DefinitionChanged);
    let rows = codes
        .into_iter()
        .map(|code| vec![code_text(code, results.year.minimum.shown, words), capitalised(&code_meaning(code, results, words))])
        .chain([vec![words.not_available(), words.meaning_not_available()]])
        .chain(terms(results, words))
        .collect();
    TitledTable { title: words.guide_codes_title(), table: Table { heads: vec![words.head_code(), words.head_meaning()], rows } }
}
