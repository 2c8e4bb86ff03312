//! How complete the provider's data are, what that costs, and what to do about it.

use spiegel_model::{
    DeliveryKind, Flow, FlowStep, Label, MethodSection, MissingCode, QualityField, QualityPage, QualitySpec, Table, TitledTable, capitalised,
};

use super::indicator_page::Page;
use super::voice::Voice;
use super::{correction, page_of};
use crate::quality::Filled;
use crate::texts::Words;
use crate::{OwnDelivery, Results};

/// Fields on the page (report specification 3.7).
const MOST_FIELDS: usize = 18;
/// Advices on the page.
const ADVICES: usize = 3;
/// Subjects that are named in a cell; more are counted.
const NAMED_SUBJECTS: usize = 2;
/// A field that is filled this much less than nationally is worth an advice, also when nothing rests on it.
const GAP: f64 = 0.05;
/// Share of the rows up to which a finding is no advice.
const TRIFLE: f64 = 0.01;
/// From and below these shares a field is called filled and missing.
const FILLED: f64 = 0.95;
const ABSENT: f64 = 0.05;
/// Longest alternative text, in characters (report specification 9.2).
const ALTERNATIVE_TEXT: usize = 350;

/// What a field costs, the worst first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Consequence {
    NotCompared(Vec<String>),
    WithReserve(Vec<String>),
    Adjustment,
    Nothing,
}

impl Consequence {
    fn text(&self, words: Words<'_>) -> String {
        match self {
            Self::NotCompared(subjects) => words.consequence_not_compared(named(subjects, words)),
            Self::WithReserve(subjects) => words.consequence_reserve(named(subjects, words)),
            Self::Adjustment => words.consequence_adjustment(),
            Self::Nothing => words.consequence_none(),
        }
    }

    /// What an advice says of it.
    fn sentence(&self, words: Words<'_>) -> String {
        match self {
            Self::NotCompared(subjects) => words.advice_not_compared(named(subjects, words)),
            Self::WithReserve(subjects) => words.advice_reserve(named(subjects, words)),
            Self::Adjustment => words.advice_adjustment(),
            Self::Nothing => String::new(),
        }
    }

    /// For sorting: kinds only.
    fn rank(&self) -> u8 {
        match self {
            Self::NotCompared(_) => 0,
            Self::WithReserve(_) => 1,
            Self::Adjustment => 2,
            Self::Nothing => 3,
        }
    }
}

fn named(subjects: &[String], words: Words<'_>) -> String {
    let shown: Vec<String> = subjects.iter().take(NAMED_SUBJECTS).cloned().collect();
    match subjects.len().saturating_sub(NAMED_SUBJECTS) {
        0 => words.listed(&shown),
        1 => words.subjects_one_more(shown.join(", ")),
        more => words.subjects_more(shown.join(", "), more),
    }
}

/// One field of one provider.
struct FieldRow<'a> {
    spec: &'a QualityField,
    filled: Filled,
    national: Option<f64>,
    invalid: u64,
    consequence: Consequence,
}

impl FieldRow<'_> {
    fn gap(&self) -> f64 {
        match (self.filled.share(), self.national) {
            (Some(own), Some(national)) => national - own,
            _ => 0.0,
        }
    }
}

pub(super) fn page(results: &Results, provider: &str, pages: &[Page], delivery: Option<&OwnDelivery>) -> Option<QualityPage> {
    match &results.pipeline.spec.quality {
        Some(spec) => Some(of_records(results, spec, provider, pages, delivery)),
        None if results.pipeline.spec.delivery.kind == DeliveryKind::Collective => Some(of_totals(results, pages)),
        None => None,
    }
}

fn of_records(results: &Results, spec: &QualitySpec, provider: &str, pages: &[Page], delivery: Option<&OwnDelivery>) -> QualityPage {
    let words = results.words(provider);
    let rows = field_rows(results, spec, provider, pages, delivery);
    let usable = pages.iter().filter(|page| is_complete_enough(page)).count();
    let mut sentences = vec![match (usable, pages.len()) {
        (usable, all) if usable == all => words.quality_all(all),
        (0, all) => words.quality_none(all),
        (usable, all) => words.quality_some(usable, all),
    }];
    let reserves = rows.iter().filter(|row| matches!(row.consequence, Consequence::WithReserve(_))).count();
    match reserves {
        0 => {}
        1 => sentences.push(words.quality_reserve_one()),
        many => sentences.push(capitalised(&words.quality_reserves(words.numeral(many)))),
    }
    // Which values could not be is known of one delivery, not of a group.
    let invalid = (words.voice() == Voice::You).then(|| words.head_invalid());
    let table = Table {
        heads: [words.head_field(), words.head_filled_own(), words.head_nation()].into_iter().chain(invalid).chain([words.head_consequence()]).collect(),
        rows: rows.iter().map(|row| cells(row, words)).collect(),
    };
    QualityPage {
        title: words.quality_title(),
        sentences,
        flow: delivery.and_then(|delivery| flow(results, spec, provider, delivery)),
        fields: TitledTable { title: words.quality_fields_title(), table },
        note: words.quality_note(&results.pipeline.spec.words.providers, results.year.minimum.shown, &spec.units),
        sections: vec![improvements(&rows, delivery, words, results.year.minimum.shown), correction(results, words)],
    }
}

/// Nothing that is missing in the delivery keeps this subject from a value or a place.
fn is_complete_enough(page: &Page) -> bool {
    match page.position.label {
        Label::None(MissingCode::NotDelivered | MissingCode::Held) => false,
        Label::None(MissingCode::NotComparable) => page.position.coverage.is_none(),
        _ => true,
    }
}

fn field_rows<'a>(results: &'a Results, spec: &'a QualitySpec, provider: &str, pages: &[Page], delivery: Option<&OwnDelivery>) -> Vec<FieldRow<'a>> {
    let mut rows: Vec<FieldRow<'a>> = spec
        .fields
        .iter()
        .filter_map(|field| {
            let filled = results.quality.of(&field.id, provider).filter(|filled| filled.of > 0)?;
            let invalid = delivery.and_then(|delivery| delivery.emptied.get(&field.column)).copied().unwrap_or(0);
            let consequence = consequence(spec, field, filled, pages);
            Some(FieldRow { spec: field, filled, national: results.quality.national(&field.id), invalid, consequence })
        })
        .collect();
    rows.sort_by(|left, right| left.consequence.rank().cmp(&right.consequence.rank()).then(right.gap().total_cmp(&left.gap())));
    rows.truncate(MOST_FIELDS);
    rows
}

fn consequence(spec: &QualitySpec, field: &QualityField, filled: Filled, pages: &[Page]) -> Consequence {
    let share = filled.share().unwrap_or(0.0);
    let too_little = share < field.reserve.unwrap_or(spec.reserve);
    let resting: Vec<&Page> = field.indicators.iter().filter_map(|id| page_of(pages, id)).collect();
    let short = |page: &&&Page| page.spec.short.clone();
    let without_place = |page: &&&Page| matches!(page.position.label, Label::None(code) if code != MissingCode::Held);
    let not_compared: Vec<String> =
        if too_little || filled.units == 0 { resting.iter().filter(without_place).map(|page| short(&page)).collect() } else { Vec::new() };
    if !not_compared.is_empty() {
        return Consequence::NotCompared(not_compared);
    }
    let reserved: Vec<String> = resting
        .iter()
        .filter(|page| page.position.value.is_some() && (too_little || page.position.coverage.is_some_and(|covered| covered.caution)) && share < 1.0)
        .map(|page| short(&page))
        .collect();
    if too_little && !reserved.is_empty() {
        return Consequence::WithReserve(reserved);
    }
    let column = field.column.rsplit('.').next().unwrap_or_default();
    let adjusts = |page: &&Page| page.position.adjusted.is_some() && page.spec.adjusters.iter().any(|adjuster| is_made_of(&adjuster.column, column));
    if too_little && pages.iter().any(|page| adjusts(&page)) { Consequence::Adjustment } else { Consequence::Nothing }
}

/// Whether an adjuster comes from a column of the delivery: by its name, and the age from the year of birth.
fn is_made_of(adjuster: &str, column: &str) -> bool {
    adjuster == column || (adjuster == "age_at_start" && column == "birth_year")
}

fn cells(row: &FieldRow<'_>, words: Words<'_>) -> Vec<String> {
    let none = || words.not_available();
    let mut cells = vec![
        row.spec.label.clone(),
        row.filled.share().map_or_else(none, |share| filled_text(share, row.filled, words)),
        row.national.map_or_else(none, |share| words.percentage(share, 0)),
    ];
    if words.voice() == Voice::You {
        cells.push(words.count(row.invalid));
    }
    cells.push(row.consequence.text(words));
    cells
}

/// A share that is nearly all or nearly nothing is not rounded to that.
fn filled_text(share: f64, filled: Filled, words: Words<'_>) -> String {
    let text = words.percentage(share, 0);
    match text.as_str() {
        "100%" if filled.missing() > 0 => "99%".to_owned(),
        "0%" if filled.units > 0 => "1%".to_owned(),
        _ => text,
    }
}

fn flow(results: &Results, spec: &QualitySpec, provider: &str, delivery: &OwnDelivery) -> Option<Flow> {
    let rows = delivery.flow?;
    let (units, words) = (&spec.units, results.words(provider));
    let stays = |label: String, units: u64| FlowStep { label, units, text: words.count(units), stays: true };
    let leaves = |label: String, units: u64| FlowStep { label, units, text: format!("\u{2212}{}", words.count(units)), stays: false };
    let mut steps = vec![stays(words.flow_delivered(units), rows.rows)];
    for (label, lost) in [
        (words.flow_skipped(), rows.skipped),
        (words.flow_outside(), rows.outside),
        (words.flow_quarantined(), rows.quarantined),
    ] {
        if lost > 0 {
            steps.push(leaves(label, lost));
        }
    }
    if rows.used != rows.rows {
        steps.push(stays(words.flow_used(units), rows.used));
    }
    let mut before = rows.used;
    for step in &spec.steps {
        let Some(filled) = results.quality.of(&step.id, provider) else { continue };
        if !step.without.is_empty() && filled.units < before {
            steps.push(leaves(step.without.clone(), before - filled.units));
        }
        before = filled.units;
        steps.push(stays(step.label.clone(), filled.units));
    }
    let told: Vec<String> = steps.iter().filter(|step| step.stays).map(|step| format!("{} {}", step.text, step.label)).collect();
    let alt = words.alt_flow(told.join("; "));
    let alt = if alt.chars().count() > ALTERNATIVE_TEXT { words.alt_flow_long() } else { alt };
    Some(Flow { title: words.flow_title(units), heads: vec![words.head_step(), words.head_number()], steps, alt })
}

/// What to do, with how many units it is about.
struct Advice {
    text: String,
    rank: u8,
    units: u64,
}

fn advices(rows: &[FieldRow<'_>], delivery: Option<&OwnDelivery>, words: Words<'_>, shown: u64) -> Vec<Advice> {
    // A small number of a group may be of one member.
    let fewest = if words.voice() == Voice::Group { shown } else { 1 };
    let wanted = |row: &&FieldRow<'_>| row.filled.missing() >= fewest && (row.consequence != Consequence::Nothing || row.gap() >= GAP);
    let mut advices: Vec<Advice> = rows
        .iter()
        .filter(wanted)
        .map(|row| Advice {
            text: words.advice(&row.spec.advice, out_of(row.filled, words), &row.spec.units, &row.spec.missing, row.consequence.sentence(words)),
            rank: row.consequence.rank(),
            units: row.filled.missing(),
        })
        .collect();
    // What costs next to nothing is left to the feedback.
    let used = delivery.and_then(|delivery| delivery.flow).map_or(0, |flow| flow.used);
    let findings = delivery.into_iter().flat_map(|delivery| &delivery.findings).filter(|finding| finding.lost as f64 > TRIFLE * used as f64);
    advices.extend(findings.map(|finding| Advice {
        text: words.advice_finding(&finding.remedy, capitalised(&finding.title), &finding.code, words.times(words.count(finding.count)), &finding.units),
        // Rows that are lost weigh as much as a reserve.
        rank: Consequence::WithReserve(Vec::new()).rank(),
        units: finding.lost,
    }));
    advices.sort_by(|left, right| left.rank.cmp(&right.rank).then(right.units.cmp(&left.units)).then(left.text.cmp(&right.text)));
    advices.truncate(ADVICES);
    advices
}

/// `12 van uw 208`, or `al uw 208`.
fn out_of(filled: Filled, words: Words<'_>) -> String {
    if filled.missing() == filled.of {
        words.out_of_all(words.count(filled.of))
    } else {
        words.out_of(words.count(filled.missing()), words.count(filled.of))
    }
}

fn improvements(rows: &[FieldRow<'_>], delivery: Option<&OwnDelivery>, words: Words<'_>, shown: u64) -> MethodSection {
    let bullets: Vec<String> = advices(rows, delivery, words, shown).into_iter().map(|advice| advice.text).collect();
    let (title, paragraphs) = match bullets.len() {
        0 => (words.improve_nothing_title(), vec![words.improve_nothing()]),
        1 => (words.improve_one_title(), Vec::new()),
        many => (words.improve_title(capitalised(&words.numeral(many))), Vec::new()),
    };
    MethodSection { title, paragraphs, bullets }
}

/// For the sheet of a provider under the minimum: each field in a word, and what to repair.
pub(super) fn in_words(results: &Results, provider: &str) -> Option<TitledTable> {
    let spec = results.pipeline.spec.quality.as_ref()?;
    let words = results.words(provider);
    let rows: Vec<Vec<String>> = spec
        .fields
        .iter()
        .filter_map(|field| {
            let share = results.quality.of(&field.id, provider)?.share()?;
            let word = if share >= FILLED {
                words.filled()
            } else if share < ABSENT {
                words.filled_not()
            } else {
                words.filled_partly()
            };
            Some(vec![field.label.clone(), word])
        })
        .collect();
    let heads = vec![words.head_field(), words.head_filled()];
    (!rows.is_empty()).then(|| TitledTable { title: words.quality_fields_title(), table: Table { heads, rows } })
}

/// A delivery of totals: which subjects have a figure, of this provider and of the others.
fn of_totals(results: &Results, pages: &[Page]) -> QualityPage {
    let of_pipeline = &results.pipeline.spec.words;
    let words = results.texts().to(Voice::You);
    let all = results.providers.len() as u64;
    let rows = pages
        .iter()
        .filter_map(|page| {
            let indicator = results.indicators.iter().find(|one| one.indicator.spec.id == page.spec.id)?;
            let delivered = indicator.years.get(&results.year.year)?.national.delivered as u64;
            let years = indicator.years.iter().filter(|(_, year)| year.national.delivered > 0);
            let (mut own_years, mut known_years) = (0_u64, 0_u64);
            for (_, year) in years {
                known_years += 1;
                own_years += u64::from(year.summaries.get(&page.position.provider_id).is_some_and(|summary| summary.value().is_some()));
            }
            let (own, consequence) = match page.position.label {
                Label::None(MissingCode::NotDelivered) => (words.no(), words.totals_not_compared()),
                Label::None(MissingCode::TooSmall) => (words.yes(), words.totals_too_small()),
                Label::None(MissingCode::TooFewToCompare) => (words.yes(), words.totals_shown()),
                Label::None(_) => (words.yes(), words.totals_not_compared()),
                Label::Within(_) | Label::Attention(_) | Label::Signal(_) => (words.yes(), words.consequence_none()),
            };
            Some(vec![
                page.spec.short.clone(),
                own,
                words.years_of(own_years, known_years),
                if all == 0 { words.not_available() } else { words.percentage(delivered as f64 / all as f64, 0) },
                consequence,
            ])
        })
        .collect();
    let published = pages.iter().filter(|page| !matches!(page.position.label, Label::None(MissingCode::NotDelivered))).count();
    let sentence = match published {
        0 => words.totals_none(),
        many if many == pages.len() => words.totals_all(many),
        many => words.totals_some(many, pages.len()),
    };
    let table = Table {
        heads: vec![words.head_topic(), words.head_figure(), words.head_years(), words.head_all(&of_pipeline.providers), words.head_consequence()],
        rows,
    };
    QualityPage {
        title: words.totals_title(),
        sentences: vec![sentence],
        flow: None,
        fields: TitledTable { title: words.totals_fields_title(), table },
        note: words.totals_note(&of_pipeline.providers, &of_pipeline.not_delivered_note),
        sections: vec![correction(results, words)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::dutch;

    #[test]
    fn subjects_are_named_and_more_are_counted() {
        let subjects = |count: usize| ["minuten", "duur", "wachttijd", "blended"].iter().take(count).map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let texts = dutch();
        let named = |count| named(&subjects(count), texts.to(Voice::You));
        assert_eq!([named(1), named(2)], ["minuten", "minuten en duur"]);
        assert_eq!([named(3), named(4)], ["minuten, duur en 1 ander onderwerp", "minuten, duur en 2 andere onderwerpen"]);
    }

    #[test]
    fn nearly_all_and_nearly_nothing_are_not_rounded_to_that() {
        let texts = dutch();
        let text = |units, of| {
            let filled = Filled { units, of };
            filled_text(filled.share().unwrap(), filled, texts.to(Voice::You))
        };
        assert_eq!([text(1000, 1000), text(999, 1000), text(500, 1000), text(1, 1000), text(0, 1000)], ["100%", "99%", "50%", "1%", "0%"]);
    }

    #[test]
    fn what_is_missing_everywhere_is_said_as_such() {
        let texts = dutch();
        let out_of = |units, of| out_of(Filled { units, of }, texts.to(Voice::You));
        assert_eq!([out_of(0, 208), out_of(196, 208), out_of(207, 1208)], ["al uw 208", "12 van uw 208", "1.001 van uw 1.208"]);
    }
}
