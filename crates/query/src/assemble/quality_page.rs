//! How complete the provider's data are, what that costs, and what to do about it.

use spiegel_model::{
    DeliveryKind, Flow, FlowStep, Label, MethodSection, MissingCode, QualityField, QualityPage, QualitySpec, Table, TitledTable, capitalised, count, ordinal_word, percentage,
};

use super::indicator_page::Page;
use super::sentences::listed;
use super::voice::Voice;
use super::{correction, page_of};
use crate::quality::Filled;
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
    fn text(&self) -> String {
        match self {
            Self::NotCompared(subjects) => format!("niet vergeleken: {}", named(subjects)),
            Self::WithReserve(subjects) => format!("voorbehoud bij {}", named(subjects)),
            Self::Adjustment => "voorbehoud bij de correctie".to_owned(),
            Self::Nothing => "geen".to_owned(),
        }
    }

    /// What an advice says of it.
    fn sentence(&self) -> String {
        match self {
            Self::NotCompared(subjects) => format!(" Daarom vergelijken we niet: {}.", named(subjects)),
            Self::WithReserve(subjects) => format!(" Daarom staat er een voorbehoud bij {}.", named(subjects)),
            Self::Adjustment => " Dat maakt de correctie voor kenmerken van cliënten minder precies.".to_owned(),
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

fn named(subjects: &[String]) -> String {
    let shown: Vec<String> = subjects.iter().take(NAMED_SUBJECTS).cloned().collect();
    match subjects.len().saturating_sub(NAMED_SUBJECTS) {
        0 => listed(&shown),
        1 => format!("{} en 1 ander onderwerp", shown.join(", ")),
        more => format!("{} en {more} andere onderwerpen", shown.join(", ")),
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
    let voice = Voice::of(provider);
    let delivered = voice.say("Uw aanlevering is", "De gegevens van de groep zijn");
    let rows = field_rows(results, spec, provider, pages, delivery);
    let usable = pages.iter().filter(|page| is_complete_enough(page)).count();
    let mut sentences = vec![match (usable, pages.len()) {
        (usable, all) if usable == all => format!("{delivered} volledig genoeg voor alle {all} onderwerpen."),
        (0, all) => format!("{delivered} voor geen van de {all} onderwerpen volledig genoeg."),
        (usable, all) => format!("{delivered} volledig genoeg voor {usable} van de {all} onderwerpen."),
    }];
    let reserves = rows.iter().filter(|row| matches!(row.consequence, Consequence::WithReserve(_))).count();
    match reserves {
        0 => {}
        1 => sentences.push("Bij één gegeven ontbreekt zoveel dat we een voorbehoud maken.".to_owned()),
        many => sentences.push(format!("Bij {} gegevens ontbreekt zoveel dat we een voorbehoud maken.", ordinal_word(many))),
    }
    // Which values could not be is known of one delivery, not of a group.
    let invalid = (voice == Voice::You).then_some("Ongeldig");
    let table = Table {
        heads: ["Gegeven", voice.say("Gevuld bij u", "Gevuld"), "Landelijk"].into_iter().chain(invalid).chain(["Gevolg"]).map(str::to_owned).collect(),
        rows: rows.iter().map(|row| cells(row, voice)).collect(),
    };
    QualityPage {
        title: voice.say("Hoe goed zijn uw gegevens?", "Hoe goed zijn de gegevens van de groep?").to_owned(),
        sentences,
        flow: delivery.and_then(|delivery| flow(results, spec, provider, delivery)),
        fields: TitledTable { title: "Hoe volledig is elk gegeven?".to_owned(), table },
        note: format!(
            "Landelijk: het gemiddelde van alle {p} met ten minste {n} {units}; n.b. bij te weinig {p}.{invalid}",
            p = results.pipeline.spec.words.providers,
            n = results.year.minimum.shown,
            units = spec.units,
            invalid = voice.say(" Ongeldig: waarden die niet konden en daarom zijn weggelaten.", ""),
        ),
        sections: vec![improvements(&rows, delivery, voice, results.year.minimum.shown), correction(results, voice)],
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

fn cells(row: &FieldRow<'_>, voice: Voice) -> Vec<String> {
    let mut cells = vec![
        row.spec.label.clone(),
        row.filled.share().map_or_else(|| "n.b.".to_owned(), |share| filled_text(share, row.filled)),
        row.national.map_or_else(|| "n.b.".to_owned(), |share| percentage(share, 0)),
    ];
    if voice == Voice::You {
        cells.push(count(row.invalid));
    }
    cells.push(row.consequence.text());
    cells
}

/// A share that is nearly all or nearly nothing is not rounded to that.
fn filled_text(share: f64, filled: Filled) -> String {
    let text = percentage(share, 0);
    match text.as_str() {
        "100%" if filled.missing() > 0 => "99%".to_owned(),
        "0%" if filled.units > 0 => "1%".to_owned(),
        _ => text,
    }
}

fn flow(results: &Results, spec: &QualitySpec, provider: &str, delivery: &OwnDelivery) -> Option<Flow> {
    let rows = delivery.flow?;
    let units = &spec.units;
    let stays = |label: String, units: u64| FlowStep { label, units, text: count(units), stays: true };
    let leaves = |label: &str, units: u64| FlowStep { label: label.to_owned(), units, text: format!("\u{2212}{}", count(units)), stays: false };
    let mut steps = vec![stays(format!("aangeleverde rijen ({units})"), rows.rows)];
    for (label, lost) in [
        ("leeg, herhaalde kop of exact dubbel", rows.skipped),
        ("van een ander jaar", rows.outside),
        ("niet gebruikt: zie uw terugkoppeling", rows.quarantined),
    ] {
        if lost > 0 {
            steps.push(leaves(label, lost));
        }
    }
    if rows.used != rows.rows {
        steps.push(stays(format!("gebruikte {units}"), rows.used));
    }
    let mut before = rows.used;
    for step in &spec.steps {
        let Some(filled) = results.quality.of(&step.id, provider) else { continue };
        if !step.without.is_empty() && filled.units < before {
            steps.push(leaves(&step.without, before - filled.units));
        }
        before = filled.units;
        steps.push(stays(step.label.clone(), filled.units));
    }
    let told: Vec<String> = steps.iter().filter(|step| step.stays).map(|step| format!("{} {}", step.text, step.label)).collect();
    let mut alt = format!("Balken van aangeleverd naar volledig: {}.", told.join("; "));
    if alt.chars().count() > ALTERNATIVE_TEXT {
        alt = "Balken van aangeleverd naar volledig; de getallen staan ernaast.".to_owned();
    }
    Some(Flow { title: format!("Van aangeleverde rijen naar volledige {units}"), heads: vec!["Stap".to_owned(), "Aantal".to_owned()], steps, alt })
}

/// What to do, with how many units it is about.
struct Advice {
    text: String,
    rank: u8,
    units: u64,
}

fn advices(rows: &[FieldRow<'_>], delivery: Option<&OwnDelivery>, voice: Voice, shown: u64) -> Vec<Advice> {
    // A small number of a group may be of one member.
    let fewest = if voice == Voice::Group { shown } else { 1 };
    let wanted = |row: &&FieldRow<'_>| row.filled.missing() >= fewest && (row.consequence != Consequence::Nothing || row.gap() >= GAP);
    let mut advices: Vec<Advice> = rows
        .iter()
        .filter(wanted)
        .map(|row| Advice {
            text: format!("{} Bij {} {} {}.{}", row.spec.advice, out_of(row.filled, voice), row.spec.units, row.spec.missing, row.consequence.sentence()),
            rank: row.consequence.rank(),
            units: row.filled.missing(),
        })
        .collect();
    // What costs next to nothing is left to the feedback.
    let used = delivery.and_then(|delivery| delivery.flow).map_or(0, |flow| flow.used);
    let findings = delivery.into_iter().flat_map(|delivery| &delivery.findings).filter(|finding| finding.lost as f64 > TRIFLE * used as f64);
    advices.extend(findings.map(|finding| Advice {
        text: format!("{} {} ({}) kwam {} voor en kostte {}.", finding.remedy, capitalised(&finding.title), finding.code, times(finding.count), finding.units),
        // Rows that are lost weigh as much as a reserve.
        rank: Consequence::WithReserve(Vec::new()).rank(),
        units: finding.lost,
    }));
    advices.sort_by(|left, right| left.rank.cmp(&right.rank).then(right.units.cmp(&left.units)).then(left.text.cmp(&right.text)));
    advices.truncate(ADVICES);
    advices
}

/// `12 van uw 208`, or `al uw 208`.
fn out_of(filled: Filled, voice: Voice) -> String {
    if filled.missing() == filled.of {
        format!("{} {}", voice.say("al uw", "alle"), count(filled.of))
    } else {
        format!("{} van {} {}", count(filled.missing()), voice.say("uw", "de"), count(filled.of))
    }
}

fn times(count_of: u64) -> String {
    if count_of == 1 { "1 keer".to_owned() } else { format!("{} keer", count(count_of)) }
}

fn improvements(rows: &[FieldRow<'_>], delivery: Option<&OwnDelivery>, voice: Voice, shown: u64) -> MethodSection {
    let bullets: Vec<String> = advices(rows, delivery, voice, shown).into_iter().map(|advice| advice.text).collect();
    let (title, paragraphs) = match bullets.len() {
        0 if voice == Voice::Group => ("De volgende aanlevering".to_owned(), vec!["Van de groep als geheel ontbreekt niets dat gevolgen heeft.".to_owned()]),
        0 => ("Uw volgende aanlevering".to_owned(), vec!["Er is niets dat u hoeft te veranderen. Lever volgend jaar op dezelfde manier aan.".to_owned()]),
        1 => (format!("Eén ding dat {} volgende aanlevering beter maakt", voice.say("uw", "een")), Vec::new()),
        many => (format!("{} dingen die {} volgende aanlevering beter maken", capitalised(&ordinal_word(many)), voice.say("uw", "een")), Vec::new()),
    };
    MethodSection { title, paragraphs, bullets }
}

/// For the sheet of a provider under the minimum: each field in a word, and what to repair.
pub(super) fn in_words(results: &Results, provider: &str) -> Option<TitledTable> {
    let spec = results.pipeline.spec.quality.as_ref()?;
    let rows: Vec<Vec<String>> = spec
        .fields
        .iter()
        .filter_map(|field| {
            let share = results.quality.of(&field.id, provider)?.share()?;
            let word = if share >= FILLED {
                "volledig"
            } else if share < ABSENT {
                "ontbreekt"
            } else {
                "deels"
            };
            Some(vec![field.label.clone(), word.to_owned()])
        })
        .collect();
    let heads = vec!["Gegeven".to_owned(), "Gevuld".to_owned()];
    (!rows.is_empty()).then(|| TitledTable { title: "Hoe volledig is elk gegeven?".to_owned(), table: Table { heads, rows } })
}

/// A delivery of totals: which subjects have a figure, of this provider and of the others.
fn of_totals(results: &Results, pages: &[Page]) -> QualityPage {
    let words = &results.pipeline.spec.words;
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
                Label::None(MissingCode::NotDelivered) => ("nee", "niet vergeleken"),
                Label::None(MissingCode::TooSmall) => ("ja", "te klein om te tonen"),
                Label::None(MissingCode::TooFewToCompare) => ("ja", "getoond, niet vergeleken"),
                Label::None(_) => ("ja", "niet vergeleken"),
                Label::Within(_) | Label::Attention(_) | Label::Signal(_) => ("ja", "geen"),
            };
            Some(vec![
                page.spec.short.clone(),
                own.to_owned(),
                format!("{own_years} van {known_years}"),
                if all == 0 { "n.b.".to_owned() } else { percentage(delivered as f64 / all as f64, 0) },
                consequence.to_owned(),
            ])
        })
        .collect();
    let published = pages.iter().filter(|page| !matches!(page.position.label, Label::None(MissingCode::NotDelivered))).count();
    let sentence = match published {
        0 => "Van u is voor geen enkel onderwerp een cijfer gepubliceerd.".to_owned(),
        many if many == pages.len() => format!("Voor alle {many} onderwerpen is er van u een gepubliceerd cijfer."),
        many => format!("Voor {many} van de {} onderwerpen is er van u een gepubliceerd cijfer.", pages.len()),
    };
    let table = Table {
        heads: vec!["Onderwerp".to_owned(), "Cijfer van u".to_owned(), "Jaren".to_owned(), format!("Alle {}", words.providers), "Gevolg".to_owned()],
        rows,
    };
    QualityPage {
        title: "Hoe volledig zijn uw gegevens?".to_owned(),
        sentences: vec![sentence],
        flow: None,
        fields: TitledTable { title: "Wat er per onderwerp is".to_owned(), table },
        note: format!(
            "Jaren: in hoeveel van de gepubliceerde jaren er een cijfer van u is. Alle {p}: welk deel van de {p} dit jaar een cijfer heeft. Nee: {}",
            words.not_delivered_note,
            p = words.providers
        ),
        sections: vec![correction(results, Voice::You)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_named_and_more_are_counted() {
        let subjects = |count: usize| ["minuten", "duur", "wachttijd", "blended"].iter().take(count).map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(named(&subjects(1)), "minuten");
        assert_eq!(named(&subjects(2)), "minuten en duur");
        assert_eq!(named(&subjects(3)), "minuten, duur en 1 ander onderwerp");
        assert_eq!(named(&subjects(4)), "minuten, duur en 2 andere onderwerpen");
    }

    #[test]
    fn nearly_all_and_nearly_nothing_are_not_rounded_to_that() {
        let text = |units, of| {
            let filled = Filled { units, of };
            filled_text(filled.share().unwrap(), filled)
        };
        assert_eq!([text(1000, 1000), text(999, 1000), text(500, 1000), text(1, 1000), text(0, 1000)], ["100%", "99%", "50%", "1%", "0%"]);
    }

    #[test]
    fn what_is_missing_everywhere_is_said_as_such() {
        assert_eq!(out_of(Filled { units: 0, of: 208 }, Voice::You), "al uw 208");
        assert_eq!(out_of(Filled { units: 196, of: 208 }, Voice::You), "12 van uw 208");
        assert_eq!(out_of(Filled { units: 207, of: 1208 }, Voice::You), "1.001 van uw 1.208");
    }
}
