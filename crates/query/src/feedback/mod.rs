//! From a receipt and its findings to `terugkoppeling.json`: every sentence that a provider reads about its submission.

mod losses;
mod own_delivery;
mod preview;
mod sections;

pub use losses::Losses;
pub use own_delivery::{FindingCount, OwnDelivery, RowFlow, SubmissionOutcome};
pub use preview::previews;

use spiegel_model::{
    Consequence, Feedback, FeedbackFinding, FeedbackTable, Finding, IndicatorSpec, Notation, Preview, PreviewValue, Receipt, ReportProvider, RuleSet,
    SubmissionSchema, Table, TableCount, Verdict, YearSpec, count, percentage,
};

use crate::Pipeline;
use losses::Group;

/// The language of feedback.
const LANGUAGE: &str = "nl";
/// Version of the format of `terugkoppeling.json`.
const FORMAT: u32 = 1;
/// Findings that are shown.
const FINDINGS_SHOWN: usize = 5;
/// Longest name of a file or column in print, in characters.
const NAME_LENGTH: usize = 48;
/// Codes about personal data (submission.md 3.6).
const PRIVATE: &str = "E60";

/// What feedback is made with.
#[derive(Clone, Copy)]
pub struct FeedbackContext<'a> {
    /// Definitions.
    pub pipeline: &'a Pipeline,
    /// Tables and columns.
    pub schema: &'a SubmissionSchema,
    /// What findings do and say.
    pub rules: &'a RuleSet,
    /// Minimum numbers and words of the year. None when the pipeline has no such year.
    pub year: Option<&'a YearSpec>,
    /// Registered name; None when it is not registered.
    pub name: Option<&'a str>,
    /// A check beforehand: nothing was sent and nothing is kept.
    pub trial: bool,
    /// Files with the rows to mend, beside the feedback.
    pub repairs: &'a [String],
    /// What it is made from, as text.
    pub made_from: &'a str,
}

/// The feedback on one submission; `preview` holds the provider's own values, when its rows are in the lake.
#[must_use]
pub fn feedback(context: &FeedbackContext<'_>, receipt: &Receipt, losses: &Losses<'_>, preview: Option<&[Preview]>) -> Feedback {
    let spec = &context.pipeline.spec;
    let year_label = receipt.year.map(|year| context.year.map_or_else(|| year.to_string(), |spec| spec.label_of(year))).unwrap_or_default();
    let name = context.name.unwrap_or(&receipt.provider_id).to_owned();
    let (lead, sentences) = verdict(context, receipt);
    let refused = receipt.verdict == Verdict::Refused;
    let (findings, findings_note) = findings(context, losses, refused);
    let submission = shortened(&receipt.submission);
    let what = if context.trial { "controle vooraf" } else { spec.words.confidential.as_str() };
    let title = if year_label.is_empty() { format!("Terugkoppeling – {name}") } else { format!("Terugkoppeling {year_label} – {name}") };
    Feedback {
        format: FORMAT,
        made_from: context.made_from.to_owned(),
        // Its words are Dutch in every pipeline, as those of the rules are.
        language: LANGUAGE.to_owned(),
        kicker: format!("{} · aanlevering {submission} · volgnummer {}", spec.kicker, receipt.sequence),
        footer: format!("{title} · volgnummer {} · {what}", receipt.sequence),
        description: format!("Wat er met aanlevering {submission} is gebeurd en wat u kunt verbeteren"),
        title,
        publisher: spec.publisher.clone(),
        pipeline: spec.id.clone(),
        issued: format!("{:04}-01-01", receipt.year.or_else(|| receipt.years.last().copied()).unwrap_or(0).clamp(0, 9998) + 1),
        year_label,
        provider: ReportProvider { id: receipt.provider_id.clone(), name },
        submission,
        sequence: receipt.sequence,
        verdict: receipt.verdict,
        lead,
        sentences,
        delivered: delivered(context, receipt),
        usable: if refused { None } else { usable(context, receipt, losses) },
        findings_title: if refused { "Doe eerst dit".to_owned() } else { "Wat het meeste kost".to_owned() },
        findings,
        findings_note,
        preview: preview.and_then(|preview| preview_table(context, receipt, preview)),
        sections: sections::sections(context, receipt, losses),
    }
}

/// The bold words, and what they mean and ask.
fn verdict(context: &FeedbackContext<'_>, receipt: &Receipt) -> (String, Vec<String>) {
    let rows: u64 = receipt.tables.iter().map(own_rows).sum();
    let used: u64 = receipt.tables.iter().map(|table| table.used).sum();
    let emptied: u64 = receipt.tables.iter().map(|table| table.emptied).sum();
    let next = receipt.sequence.saturating_add(1);
    let publisher = &context.pipeline.spec.publisher;
    let mut sentences = Vec::new();
    match receipt.verdict {
        Verdict::Accepted => {
            sentences.push(format!("Alle {} rijen van uw aanlevering worden gebruikt.", count(rows)));
            sentences.push("U hoeft niets te doen.".to_owned());
        }
        Verdict::AcceptedWithRemarks => {
            let values = match emptied {
                0 => String::new(),
                1 => " Eén waarde is leeggemaakt.".to_owned(),
                _ => format!(" {} waarden zijn leeggemaakt.", count(emptied)),
            };
            sentences.push(format!("Van uw {} rijen worden er {} gebruikt.{values}", count(rows), count(used)));
            sentences.push(format!("Opnieuw aanleveren hoeft niet, maar mag: verbeter wat hieronder staat en gebruik volgnummer {next}."));
        }
        Verdict::Held => {
            sentences.push(format!("Uw aanlevering telt pas mee als {publisher} ernaar heeft gekeken."));
            sentences.push(format!("Lees hieronder waarom, en neem contact op met {publisher}."));
        }
        Verdict::Refused => {
            sentences.push("Geen enkele rij van deze aanlevering wordt gebruikt.".to_owned());
            if is_private(receipt) {
                sentences.push("Zij bevat persoonsgegevens die niet geleverd mogen worden. Er is niets van bewaard.".to_owned());
                sentences.push(format!("Vernietig het bestand en lever opnieuw aan met volgnummer {next}."));
            } else {
                sentences.push(format!("Doe wat hieronder staat en lever opnieuw aan met volgnummer {next}."));
                if !context.trial {
                    sentences.push("Een eerder aangenomen aanlevering over dit jaar blijft gelden.".to_owned());
                }
            }
        }
    }
    if context.trial {
        sentences.push("Dit is een controle vooraf: er is niets verstuurd en niets bewaard.".to_owned());
    }
    (format!("{}.", spiegel_model::capitalised(receipt.verdict.dutch())), sentences)
}

fn is_private(receipt: &Receipt) -> bool {
    receipt.refusal.as_ref().is_some_and(|refusal| refusal.code.starts_with(PRIVATE))
}

/// Rows of the provider, without what is no row of its own: blank ones, repeated headers, exact duplicates.
fn own_rows(table: &TableCount) -> u64 {
    table.rows.saturating_sub(table.blank + table.repeated_header + table.duplicate)
}

fn delivered(context: &FeedbackContext<'_>, receipt: &Receipt) -> Option<FeedbackTable> {
    if receipt.tables.is_empty() {
        return None;
    }
    let refused = receipt.verdict == Verdict::Refused;
    let sent = context.schema.tables_in(receipt.mapping.as_deref());
    // Tables that others hang on come first.
    let is_parent = |table: &&TableCount| context.schema.tables.iter().any(|other| other.parent.as_ref().is_some_and(|parent| parent.table == table.table));
    let (parents, others): (Vec<&TableCount>, Vec<&TableCount>) = receipt.tables.iter().partition(is_parent);
    let rows = parents.into_iter().chain(others).map(|table| {
        let name = sent.iter().find(|schema| schema.table == table.table).map_or(table.table.as_str(), |schema| schema.name.as_str());
        let ignored = table.blank + table.repeated_header + table.duplicate;
        let unused = if refused { table.refused } else { table.quarantined };
        [name.to_owned(), shortened(&table.file), count(table.rows), count(table.used), count(unused), count(ignored), count(table.emptied)].to_vec()
    });
    let heads = ["Tabel", "Bestand", "Geleverd", "Gebruikt", "Niet gebruikt", "Overgeslagen", "Waarden leeggemaakt"].map(str::to_owned).to_vec();
    let note = "Geleverd is het aantal rijen onder de kolomnamen. Overgeslagen zijn lege rijen, herhaalde kolomnamen en exact dubbele rijen.";
    Some(FeedbackTable { title: "Wat u leverde".to_owned(), table: Table { heads, rows: rows.collect() }, note: note.to_owned() })
}

/// Delivered rows of the table whose rows an indicator counts. None when it was not delivered.
fn unit_rows(receipt: &Receipt, indicator: &IndicatorSpec) -> Option<u64> {
    let (unit, _) = indicator.needs.first()?.split_once('.')?;
    let mut tables = receipt.tables.iter().filter(|table| table.table == unit).peekable();
    tables.peek()?;
    Some(tables.map(own_rows).sum())
}

fn usable(context: &FeedbackContext<'_>, receipt: &Receipt, losses: &Losses<'_>) -> Option<FeedbackTable> {
    let rows: Vec<Vec<String>> = context
        .pipeline
        .indicators
        .iter()
        .filter_map(|indicator| {
            let spec = &indicator.spec;
            let loss = losses.of(spec)?;
            let Some(total) = unit_rows(receipt, spec) else {
                return Some([spec.short.clone(), "niet geleverd".to_owned(), String::new()].to_vec());
            };
            let left = total.saturating_sub(loss.lost);
            let share = if total == 0 { String::new() } else { format!(" ({})", percentage(left as f64 / total as f64, 0)) };
            let held = losses.groups().iter().find(|group| context.rules.rule(&group.code).is_some_and(|rule| rule.holds.contains(&spec.id)));
            // The most units, and of equals the first code.
            let main = loss.by_code.iter().max_by(|left, right| left.1.cmp(right.1).then(right.0.cmp(left.0)));
            let reason = match (held, main) {
                (Some(group), _) => format!("wacht op een analist: {} ({})", title_of(context.rules, &group.code), group.code),
                (None, Some((code, lost))) => format!("{} ({code}): {}", title_of(context.rules, code), counted(context.schema, spec, *lost)),
                (None, None) => String::new(),
            };
            Some([spec.short.clone(), format!("{} van {}{share}", count(left), count(total)), reason].to_vec())
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let heads = ["Onderwerp", "Bruikbaar", "Voornaamste reden van verlies"].map(str::to_owned).to_vec();
    let note = "Bruikbaar zijn rijen waarbij geen bevinding een nodig gegeven wegneemt. De definitie van het onderwerp bepaalt welke daarvan meetellen.";
    Some(FeedbackTable { title: "Wat ervan bruikbaar is".to_owned(), table: Table { heads, rows }, note: note.to_owned() })
}

/// Units in words: where a row is not a unit of its own, rows.
fn counted(schema: &SubmissionSchema, spec: &IndicatorSpec, n: u64) -> String {
    let unit = spec.needs.first().and_then(|need| need.split_once('.')).and_then(|(table, _)| schema.table(table));
    match n {
        _ if unit.is_some_and(|table| !table.key.is_empty()) => spec.unit.counted(n, Notation::DUTCH),
        1 => "1 rij".to_owned(),
        _ => format!("{} rijen", count(n)),
    }
}

fn title_of<'r>(rules: &'r RuleSet, code: &'r str) -> &'r str {
    rules.rule(code).map_or(code, |rule| rule.title.as_str())
}

/// What one rule costs: the most that any indicator loses to it, in the words of that indicator.
fn cost(pipeline: &Pipeline, schema: &SubmissionSchema, losses: &Losses<'_>) -> Vec<(u64, String)> {
    let by_indicator: Vec<_> = pipeline
        .indicators
        .iter()
        .filter_map(|indicator| losses.of(&indicator.spec).map(|loss| (&indicator.spec, loss)))
        .collect();
    let of_group = |group: &Group| {
        let lost = by_indicator.iter().map(|(spec, loss)| (loss.by_code.get(&group.code).copied().unwrap_or(0), *spec));
        // Of equals the first indicator of the report.
        let most = lost.reduce(|best, other| if other.0 > best.0 { other } else { best });
        most.filter(|(lost, _)| *lost > 0).map_or((0, String::new()), |(lost, spec)| (lost, counted(schema, spec, lost)))
    };
    losses.groups().iter().map(of_group).collect()
}

/// The findings that cost most, and what is left out. What refuses comes first, what only informs is told elsewhere.
fn findings(context: &FeedbackContext<'_>, losses: &Losses<'_>, refused: bool) -> (Vec<FeedbackFinding>, String) {
    let mut ranked: Vec<(&Group, (u64, String))> =
        losses.groups().iter().zip(cost(context.pipeline, context.schema, losses)).filter(|(group, _)| group.consequence != Consequence::Inform).collect();
    let refuses = |group: &Group| group.consequence == Consequence::Refuse;
    ranked.sort_by(|(left, (left_lost, _)), (right, (right_lost, _))| {
        refuses(right)
            .cmp(&refuses(left))
            .then(right_lost.cmp(left_lost))
            .then(left.consequence.cmp(&right.consequence))
            .then(right.count.cmp(&left.count))
            .then(left.code.cmp(&right.code))
    });
    let more = &ranked[ranked.len().min(FINDINGS_SHOWN)..];
    let note = match (more.len(), more.iter().map(|(group, _)| group.count).sum::<u64>()) {
        (0, _) => String::new(),
        (1, found) => format!("Er is nog één soort bevinding ({} keer); zie bevindingen.xlsx.", count(found)),
        (kinds, found) => format!("Er zijn nog {} andere soorten bevindingen (samen {} keer); zie bevindingen.xlsx.", count(kinds as u64), count(found)),
    };
    let shown = ranked.iter().take(FINDINGS_SHOWN).map(|(group, (lost, units))| {
        let first = group.first.first();
        FeedbackFinding {
            code: group.code.clone(),
            title: title_of(context.rules, &group.code).to_owned(),
            extent: extent(group, *lost, units, refused),
            message: first.map(|finding| finding.message.clone()).unwrap_or_default(),
            places: places(group),
            remedy: first.map(|finding| finding.remedy.clone()).unwrap_or_default(),
        }
    });
    (shown.collect(), note)
}

/// `12 keer · rij niet gebruikt · kost 8 trajecten`.
fn extent(group: &Group, lost: u64, units: &str, refused: bool) -> String {
    let mut parts = vec![if group.count == 1 { "1 keer".to_owned() } else { format!("{} keer", count(group.count)) }];
    parts.push(
        match group.consequence {
            Consequence::Refuse => "hierdoor niet aangenomen",
            Consequence::Quarantine => "rij niet gebruikt",
            Consequence::Empty => "waarde niet gebruikt",
            Consequence::Warn => "wel gebruikt",
            Consequence::Inform => "gelijkgetrokken",
        }
        .to_owned(),
    );
    if lost > 0 && !refused {
        parts.push(format!("kost {units}"));
    }
    parts.join(" · ")
}

/// The first places; those of one column of one file together.
fn places(group: &Group) -> String {
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    for finding in &group.first {
        let place = column_place(finding);
        let row = finding.row.map(count);
        match texts.last_mut() {
            Some((last, rows)) if *last == place => rows.extend(row),
            _ => texts.push((place, row.into_iter().collect())),
        }
    }
    let named: Vec<String> = texts
        .into_iter()
        .map(|(place, rows)| match rows.len() {
            0 => place,
            1 => format!("{place} rij {}", rows.concat()),
            _ => format!("{place} rijen {}", rows.join(", ")),
        })
        .filter(|place| !place.is_empty())
        .collect();
    let more = group.count.saturating_sub(group.first.len() as u64);
    let rest = if more == 0 || named.is_empty() { String::new() } else { format!(" en nog {}", count(more)) };
    format!("{}{rest}", named.join("; ")).trim_start().to_owned()
}

fn column_place(finding: &Finding) -> String {
    let mut place = shortened(&finding.file);
    if !finding.sheet.is_empty() {
        place.push_str(&format!(" blad \"{}\"", shortened(&finding.sheet)));
    }
    if !finding.header.is_empty() {
        // A column that is missing has a name and no place.
        let letter = if finding.column.is_empty() { String::new() } else { format!(" {}", finding.column) };
        place.push_str(&format!(" kolom{letter} \"{}\"", shortened(&finding.header)));
    }
    if place.is_empty() { place } else { format!("{place},") }.trim_end_matches(|letter| finding.row.is_none() && letter == ',').to_owned()
}

/// Names come from outside and may be of any length.
fn shortened(name: &str) -> String {
    if name.chars().nth(NAME_LENGTH).is_none() {
        return name.to_owned();
    }
    name.chars().take(NAME_LENGTH).chain(std::iter::once('…')).collect()
}

fn preview_table(context: &FeedbackContext<'_>, receipt: &Receipt, preview: &[Preview]) -> Option<FeedbackTable> {
    let (year, spec) = (receipt.year?, context.year?);
    let shown = spec.minimum.shown;
    let of = |indicator: &IndicatorSpec, value: Option<PreviewValue>| match value {
        None => ("geen gegevens".to_owned(), String::new()),
        Some(value) if value.n < shown => (format!("te klein (<{shown})"), count(value.n)),
        Some(PreviewValue { value, n }) => (indicator.format.value_with_unit(value, n, Notation::DUTCH), count(n)),
    };
    let any_before = preview.iter().any(|one| one.before.is_some());
    let rows = preview.iter().filter_map(|one| {
        let indicator = context.pipeline.indicators.iter().map(|indicator| &indicator.spec).find(|spec| spec.id == one.indicator)?;
        let (value, n) = of(indicator, one.value);
        let mut row = vec![indicator.short.clone(), n, value];
        if any_before {
            let (before, n) = of(indicator, one.before);
            row.extend([n, before]);
        }
        Some(row)
    });
    let mut heads = vec!["Onderwerp".to_owned(), "n".to_owned(), format!("{} (voorlopig)", spec.label_of(year))];
    if any_before {
        heads.extend(["n".to_owned(), spec.label_of(year - 1)]);
    }
    let note = "Voorlopig: berekend uit wat nu van u is aangenomen, zonder gegevens van andere aanbieders. De cijfers kunnen nog veranderen.";
    Some(FeedbackTable { title: "Uw cijfers, voorlopig".to_owned(), table: Table { heads, rows: rows.collect() }, note: note.to_owned() })
}

#[cfg(test)]
mod tests;
