//! Page 1: one row per indicator, what stands out, and how to read it.

use std::collections::BTreeSet;

use spiegel_model::{
    Label, MethodSection, MissingCode, Place, Position, Range, Side, SpineRow, Summary, SummaryRow, Topic, TrendState, Variant, capitalised,
};

use super::indicator_page::{Page, is_share, place_text};
use super::sheet::years;
use super::voice::Voice;
use super::{code_note, code_text, correction};
use crate::distribution::on_grid;
use crate::texts::Words;
use crate::{Distribution, GROUP, Results};

/// Topics named on page 1, at most.
const NAMED_TOPICS: usize = 3;
/// Trends named on page 1, at most.
const NAMED_TRENDS: usize = 2;
/// Two places closer than this, in standard deviations, are the same figure in another unit.
const TWIN_DISTANCE: f64 = 1e-6;
/// Places in a spine row are rounded to what can be drawn; more digits would only be a riddle about others.
const SPINE_STEP: f64 = 0.001;
/// Where a spine row is clipped.
const SPINE_LIMIT: f64 = 1.2;

pub(super) fn page(results: &Results, provider: &str, pages: &[Page], variant: Variant) -> Summary {
    let words = results.words(provider);
    let full = variant != Variant::SinglePage;
    let rows: Vec<SummaryRow> = pages.iter().map(|page| row(results, page)).collect();
    let codes: BTreeSet<MissingCode> = pages
        .iter()
        .filter_map(|page| match page.position.label {
            Label::None(code) => Some(code),
            _ => None,
        })
        .collect();
    let topics: Vec<Topic> =
        if full { named(&standing_out(pages)).iter().filter_map(|page| topic(results, page)).collect() } else { Vec::new() };
    Summary {
        lead: words.summary_lead(),
        sentences: if full {
            whose(results).into_iter().chain(opening(pages, also_standing_out(results, provider), words)).collect()
        } else {
            nothing_shown(results)
        },
        heads: vec![
            words.head_topic(),
            words.head_n(),
            words.head_own(),
            words.head_interval(),
            words.head_lower(),
            words.head_middle(),
            words.head_higher(),
            words.head_place(),
        ],
        legend: if full { legend(results, pages, words) } else { String::new() },
        rows,
        topics_title: words.topics_title(),
        topics_none: if topics.is_empty() && full { words.topics_none() } else { String::new() },
        topics,
        blocks: if full { blocks(results, provider, pages) } else { reasons(results, pages) },
        notes: codes.into_iter().map(|code| code_note(code, results, words)).collect(),
        confidentiality: match (words.voice(), &results.pipeline.spec.group_report) {
            (Voice::Group, Some(words)) => words.confidentiality.clone(),
            _ => results.pipeline.spec.words.confidentiality.clone(),
        },
    }
}

fn row(results: &Results, page: &Page) -> SummaryRow {
    let Position { n, value, interval, label, .. } = page.position;
    let format = &page.spec.format;
    let shown = results.year.minimum.shown;
    let words = results.words(&page.position.provider_id);
    let own = match (value, label) {
        (Some(value), _) => words.value(format, value, n),
        (None, Label::None(code)) => code_text(code, shown, words),
        (None, _) => code_text(MissingCode::NotDelivered, shown, words),
    };
    let place = place_text(&page.position, shown, words);
    let marks = match label {
        Label::None(_) | Label::Within(_) => 0,
        Label::Attention(Side::Higher) => 1,
        Label::Attention(Side::Lower) => -1,
        Label::Signal(Side::Higher) => 2,
        Label::Signal(Side::Lower) => -2,
    };
    let result = results
        .indicators
        .iter()
        .find(|indicator| indicator.indicator.spec.id == page.spec.id)
        .and_then(|indicator| indicator.years.get(&results.year.year));
    let distribution = result.and_then(|result| result.national.distribution.as_ref());
    SummaryRow {
        indicator: page.spec.id.clone(),
        topic: page.spec.short.clone(),
        n: if value.is_some() { words.count(n) } else { String::new() },
        own,
        own_is_value: value.is_some(),
        interval: interval
            .filter(|_| value.is_some())
            .map(|range| words.range(format, range.lower, range.upper, n))
            .unwrap_or_default(),
        spine: distribution.map(|distribution| spine(distribution, value, interval, page.group.map(|(value, _)| value))),
        place,
        marks,
    }
}

/// Piecewise linear on each side of the national middle, so that both outer quantiles lie at the same distance.
fn spine(distribution: &Distribution, own: Option<f64>, interval: Option<Range>, group: Option<f64>) -> SpineRow {
    let outer = distribution.outer.map_or_else(
        || {
            // Without tails the middle half takes half of each side.
            let middle = distribution.middle;
            Range {
                lower: middle - 2.0 * (middle - distribution.inner.lower),
                upper: middle + 2.0 * (distribution.inner.upper - middle),
            }
        },
        |(_, range)| range,
    );
    let scale = |value: f64| {
        let distance = value - distribution.middle;
        let half = if distance < 0.0 { distribution.middle - outer.lower } else { outer.upper - distribution.middle };
        let place = if half > 0.0 { distance / half } else { 0.0 };
        on_grid(place.clamp(-SPINE_LIMIT, SPINE_LIMIT), SPINE_STEP)
    };
    let (inner_lower, inner_upper) = (scale(distribution.inner.lower), scale(distribution.inner.upper));
    let tails = distribution.outer.is_some();
    SpineRow {
        outer_lower: if tails { -1.0 } else { inner_lower },
        outer_upper: if tails { 1.0 } else { inner_upper },
        inner_lower,
        inner_upper,
        own: own.map(scale),
        interval: own.and(interval).map(|range| Range { lower: scale(range.lower), upper: scale(range.upper) }),
        group: group.map(scale),
    }
}

/// Pages whose value stands out, by |z|; ties keep the order of the table.
fn standing_out(pages: &[Page]) -> Vec<&Page> {
    let mut pages: Vec<&Page> = pages.iter().filter(|page| page.position.label.side().is_some()).collect();
    let size = |page: &Page| page.position.z.map_or(0.0, f64::abs);
    pages.sort_by(|a, b| size(b).total_cmp(&size(a)));
    pages
}

/// Those that are named: two indicators that always share one place (a change and its effect size) count as one name.
fn named<'a>(out: &[&'a Page]) -> Vec<&'a Page> {
    let mut named: Vec<&Page> = Vec::new();
    for page in out {
        let twin = |other: &&Page| match (other.position.z, page.position.z) {
            (Some(a), Some(b)) => (a - b).abs() < TWIN_DISTANCE,
            _ => false,
        };
        if named.len() < NAMED_TOPICS && !named.iter().any(twin) {
            named.push(page);
        }
    }
    named
}

/// Indicators that are shown with another and have a place.
fn also_measured<'a>(results: &'a Results, provider: &str) -> Vec<(&'a str, &'a Position)> {
    results
        .indicators
        .iter()
        .filter(|one| one.indicator.spec.shown_with.is_some())
        .filter_map(|one| Some((one.indicator.spec.short.as_str(), one.position(provider)?)))
        .filter(|(_, position)| !matches!(position.label, Label::None(_)))
        .collect()
}

/// What stands out among them, in words.
fn also_standing_out(results: &Results, provider: &str) -> Option<String> {
    let (shown, words) = (results.year.minimum.shown, results.words(provider));
    let out: Vec<String> = also_measured(results, provider)
        .iter()
        .filter(|(_, position)| position.label.side().is_some())
        .map(|(short, position)| words.topic_with_place(short, place_text(position, shown, words)))
        .collect();
    (!out.is_empty()).then(|| words.also_stands_out(out.len(), words.listed(&out)))
}

/// Whose figures these are, for a group (report specification 3.12); nothing for one provider.
fn whose(results: &Results) -> Vec<String> {
    let (Some(gathered), Some(of_group)) = (&results.gathered, &results.pipeline.spec.group_report) else { return Vec::new() };
    let words = results.words(GROUP);
    let mut sentences = vec![
        words.group_whose(gathered.members, &of_group.members, words.count(gathered.units), &of_group.units),
        words.group_too_few(years(results, words), results.year.minimum.clients, &results.pipeline.spec.report.clients),
        words.group_none_alone(),
    ];
    match gathered.left_out {
        0 => {}
        1 => sentences.push(words.group_left_out_one()),
        many => sentences.push(words.group_left_out(capitalised(&words.numeral(many)), &of_group.members)),
    }
    sentences
}

fn opening(pages: &[Page], also: Option<String>, words: Words<'_>) -> Vec<String> {
    let compared = pages.iter().filter(|page| !matches!(page.position.label, Label::None(_))).count();
    let left_out = pages.len() - compared;
    let out = standing_out(pages);
    let within = compared - out.len();
    let mut sentences = Vec::new();
    if compared == 0 {
        sentences.push(words.opening_uncompared());
        return sentences;
    }
    if out.is_empty() {
        sentences.push(if compared == 1 { words.opening_one_within() } else { words.opening_all_within(compared) });
        sentences.push(also.unwrap_or_else(|| words.opening_nothing()));
    } else {
        let inside = if within == 0 { words.none() } else { within.to_string() };
        sentences.push(if left_out > 0 { words.opening_within_compared(inside, compared) } else { words.opening_within(inside, compared) });
        let named: Vec<String> = named(&out)
            .iter()
            .map(|page| match page.position.label.side() {
                Some(Side::Lower) => stands_out(page, words.voice()).1.clone(),
                _ => stands_out(page, words.voice()).0.clone(),
            })
            .collect();
        let topics = words.listed(&named);
        let number = capitalised(&words.numeral(out.len()));
        sentences.push(match (out.len(), out.len() > named.len()) {
            (1, _) => words.opening_out_one(topics),
            (_, false) => words.opening_out(number, topics),
            (_, true) => words.opening_out_most(number, topics),
        });
        sentences.push(if out.len() == 1 { words.opening_no_verdict_one() } else { words.opening_no_verdict() });
        sentences.extend(also);
    }
    match left_out {
        0 => {}
        1 => sentences.push(words.opening_left_out_one()),
        many => sentences.push(words.opening_left_out(capitalised(&words.numeral(many)))),
    }
    sentences
}

/// What is said of a value that stands out: when higher, when lower.
fn stands_out(page: &Page, voice: Voice) -> (&String, &String) {
    match (voice, &page.spec.group) {
        (Voice::Group, Some(words)) => (&words.stands_out_more, &words.stands_out_less),
        _ => (&page.spec.verbs.stands_out_more, &page.spec.verbs.stands_out_less),
    }
}

fn nothing_shown(results: &Results) -> Vec<String> {
    let words = results.texts().to(Voice::You);
    vec![words.single_none(&results.year.label), words.single_from(results.year.minimum.shown), words.single_reasons()]
}

/// For a provider without any value: each topic with its reason.
fn reasons(results: &Results, pages: &[Page]) -> Vec<MethodSection> {
    let (shown, words) = (results.year.minimum.shown, results.texts().to(Voice::You));
    let bullets = pages
        .iter()
        .map(|page| match page.position.label {
            Label::None(code) => words.single_reason(&page.spec.short, code_text(code, shown, words)),
            _ => page.spec.short.clone(),
        })
        .collect();
    vec![
        MethodSection { title: words.single_title(), paragraphs: Vec::new(), bullets },
        correction(results, words),
    ]
}

fn legend(results: &Results, pages: &[Page], words: Words<'_>) -> String {
    let providers = &results.pipeline.spec.words.providers;
    let has_group = pages.iter().any(|page| page.group.is_some());
    let mut text = if has_group { words.legend_with_group(providers) } else { words.legend(providers) };
    let shares: BTreeSet<u8> = results
        .indicators
        .iter()
        .filter_map(|indicator| indicator.years.get(&results.year.year))
        .filter_map(|result| result.national.distribution.as_ref().and_then(|one| one.outer))
        .map(|(share, _)| share)
        .collect();
    match shares.iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => text.push_str(&words.legend_outer(one)),
        _ => text.push_str(&words.legend_outer_some()),
    }
    text.push_str(&words.legend_right());
    if standing_out(pages).iter().any(|page| matches!(page.position.label, Label::Signal(_))) {
        text.push_str(&words.legend_two_marks());
    } else if !standing_out(pages).is_empty() {
        text.push_str(&words.legend_mark());
    }
    text
}

fn blocks(results: &Results, provider: &str, pages: &[Page]) -> Vec<MethodSection> {
    let words = results.words(provider);
    let reliable = MethodSection { title: words.reliable_title(), paragraphs: reliability(results, provider, pages), bullets: Vec::new() };
    let trends: Vec<String> = pages.iter().filter_map(|page| changed(page, words)).take(NAMED_TRENDS).collect();
    let changes = (!trends.is_empty()).then(|| MethodSection { title: words.changed_title(), paragraphs: Vec::new(), bullets: trends });
    std::iter::once(reliable).chain(changes).collect()
}

fn topic(results: &Results, page: &Page) -> Option<Topic> {
    let value = page.position.value?;
    let national = results
        .indicators
        .iter()
        .find(|indicator| indicator.indicator.spec.id == page.spec.id)?
        .years
        .get(&results.year.year)?
        .national
        .distribution
        .as_ref()?
        .middle;
    let words = results.words(&page.position.provider_id);
    let national = if is_share(&page.spec) { words.percentage(national, 1) } else { words.value(&page.spec.format, national, u64::MAX) };
    Some(Topic {
        text: words.topic(&page.spec.short, words.value(&page.spec.format, value, page.position.n), national),
        question: page.question.clone(),
        place: Place::Indicator(page.spec.id.clone()),
    })
}

fn reliability(results: &Results, provider: &str, pages: &[Page]) -> Vec<String> {
    let words = results.words(provider);
    let mut paragraphs = Vec::new();
    let shown: Vec<&Page> = pages.iter().filter(|page| page.position.value.is_some()).collect();
    if let (Some(least), Some(most)) =
        (shown.iter().min_by_key(|page| page.position.n), shown.iter().max_by_key(|page| page.position.n))
    {
        let same_unit = shown.iter().all(|page| page.spec.unit == least.spec.unit);
        let unit = if same_unit { least.spec.unit.plural.clone() } else { words.reliable_units() };
        let numbers = if least.position.n == most.position.n {
            words.count(least.position.n)
        } else {
            words.range_between(words.count(least.position.n), words.count(most.position.n))
        };
        paragraphs.push(words.reliable_numbers(numbers, unit));
    }
    if words.voice() == Voice::Group {
        let share = words.percentage(results.year.minimum.group_largest_share, 0);
        paragraphs.push(words.reliable_largest(&results.pipeline.spec.words.provider, share));
    }
    if let Some(group) = results.providers.get(provider).and_then(|one| one.groups.first()) {
        paragraphs.push(words.reliable_group(group.others, &results.pipeline.spec.words.providers, &group.words));
    }
    let compared = pages.iter().filter(|page| !matches!(page.position.label, Label::None(_))).count();
    let also = also_measured(results, provider);
    let all_compared = compared + also.len();
    let all_out = standing_out(pages).len() + also.iter().filter(|(_, position)| position.label.side().is_some()).count();
    if compared > 1 {
        let found = if all_out == 0 { words.reliable_found_none() } else { words.reliable_found(all_out) };
        paragraphs.push(if also.is_empty() { words.reliable_chance(found, all_compared) } else { words.reliable_chance_also(found, all_compared) });
    }
    paragraphs
}

fn changed(page: &Page, words: Words<'_>) -> Option<String> {
    let TrendState::Changed { side, from, from_n, to, years } = &page.position.trend else { return None };
    let (format, topic) = (&page.spec.format, &page.spec.short);
    let (from, to) = (words.value(format, *from, *from_n), words.value(format, *to, page.position.n));
    Some(match side {
        Side::Higher => words.changed_risen(topic, years, from, to),
        Side::Lower => words.changed_fallen(topic, years, from, to),
    })
}
