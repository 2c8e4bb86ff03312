//! The closing parts of feedback: what changed, what was normalised, what was checked, and where everything is.

use std::collections::BTreeMap;

use spiegel_model::{Change, Consequence, MethodSection, Receipt, RuleStatus, count};

use super::{FeedbackContext, Losses, is_private, shortened, title_of};

/// Lines about normalisation that are printed; all stand in `ontvangst.json`.
const NORMALISED_SHOWN: usize = 10;
/// Codes that are named in one line.
const CODES_NAMED: usize = 6;

pub(super) fn sections(context: &FeedbackContext<'_>, receipt: &Receipt, losses: &Losses<'_>) -> Vec<MethodSection> {
    let mut sections = Vec::new();
    let mut add = |title: &str, paragraphs: Vec<String>, bullets: Vec<String>| {
        if !paragraphs.is_empty() || !bullets.is_empty() {
            sections.push(MethodSection { title: title.to_owned(), paragraphs, bullets });
        }
    };
    if let Some(change) = &receipt.change {
        add("Wat er is veranderd", Vec::new(), changed(context, change));
    }
    if !is_private(receipt) {
        add("Hoe uw bestanden zijn gelezen", Vec::new(), normalised(context, receipt, losses));
    }
    add("Wat er is gecontroleerd", checked(receipt), Vec::new());
    add("Waar u alles vindt", Vec::new(), files(context));
    sections
}

/// What changed since the delivery that this one replaces.
fn changed(context: &FeedbackContext<'_>, change: &Change) -> Vec<String> {
    let mut lines = vec![format!("Deze aanlevering vervangt volgnummer {} helemaal.", change.replaces)];
    for table in &change.tables {
        let name = context.schema.table(&table.table).map_or(table.table.as_str(), |schema| schema.name.as_str());
        let rows = |rows: u64| if rows == 1 { "1 rij".to_owned() } else { format!("{} rijen", count(rows)) };
        lines.push(format!("{name}: {} erbij, {} weg, {} gewijzigd", rows(table.added), rows(table.removed), rows(table.changed)));
    }
    for (words, codes) in [("Opgelost", &change.solved), ("Nieuw", &change.new), ("Nog open", &change.open)] {
        if !codes.is_empty() {
            lines.push(format!("{words}: {}", named(codes.iter().map(|(code, found)| format!("{code} ({} keer)", count(*found))))));
        }
    }
    lines
}

/// How encoding, delimiter, headers and columns were read, and what was made equal.
fn normalised(context: &FeedbackContext<'_>, receipt: &Receipt, losses: &Losses<'_>) -> Vec<String> {
    let mut informed: BTreeMap<&str, u64> = BTreeMap::new();
    for group in losses.groups().iter().filter(|group| group.consequence == Consequence::Inform) {
        informed.insert(&group.code, group.count);
    }
    let equal = informed.iter().map(|(code, found)| {
        let title = title_of(context.rules, code);
        if *found == 1 { format!("{title} ({code})") } else { format!("{title} ({code}): {} keer", count(*found)) }
    });
    let lines: Vec<String> = receipt.normalised.iter().map(|line| shortened_line(line)).chain(equal).collect();
    let more = lines.len().saturating_sub(NORMALISED_SHOWN);
    let mut shown: Vec<String> = lines.into_iter().take(NORMALISED_SHOWN).collect();
    if more > 0 {
        shown.push(format!("en nog {more}; zie ontvangst.json"));
    }
    shown
}

/// Two lines of print at most.
fn shortened_line(line: &str) -> String {
    const LENGTH: usize = 160;
    if line.chars().nth(LENGTH).is_none() { line.to_owned() } else { line.chars().take(LENGTH).chain(std::iter::once('…')).collect() }
}

/// Every rule in one paragraph, by what became of it.
fn checked(receipt: &Receipt) -> Vec<String> {
    if receipt.rules.is_empty() {
        return Vec::new();
    }
    let of = |status: RuleStatus| receipt.rules.iter().filter(move |outcome| outcome.status == status);
    let number = |status: RuleStatus| count(of(status).count() as u64);
    let codes = |status: RuleStatus| named(of(status).map(|outcome| outcome.code.clone()));
    let all = receipt.rules.len();
    let mut text = format!(
        "Van toepassing: {} van {} regels. Zonder bevinding: {}. Met bevindingen: {}.",
        count((all - of(RuleStatus::NotApplicable).count()) as u64),
        count(all as u64),
        number(RuleStatus::Passed),
        count((of(RuleStatus::PassedWithFindings).count() + of(RuleStatus::Failed).count()) as u64),
    );
    if of(RuleStatus::Failed).next().is_some() {
        text.push_str(&format!(" Boven hun grens: {}.", codes(RuleStatus::Failed)));
    }
    if of(RuleStatus::Broken).next().is_some() {
        text.push_str(&format!(" Niet uitgevoerd door een fout in de regel zelf: {}.", codes(RuleStatus::Broken)));
    }
    vec![text]
}

fn files(context: &FeedbackContext<'_>) -> Vec<String> {
    let mut files = vec!["bevindingen.xlsx: alle bevindingen met bestand, rij en kolom, en wat elke code betekent".to_owned()];
    if !context.repairs.is_empty() {
        files.push(format!("{}: uw rijen die niet zijn gebruikt, om te verbeteren", context.repairs.join(", ")));
    }
    files.push("bevindingen.csv, bevindingen.jsonl en ontvangst.json: hetzelfde voor uw softwareleverancier".to_owned());
    if context.trial {
        files.push("uitleg van een code: spiegel explain, gevolgd door de code".to_owned());
    }
    files
}

/// Codes in one line.
fn named(codes: impl Iterator<Item = String>) -> String {
    let codes: Vec<String> = codes.map(|code| shortened(&code)).collect();
    let more = codes.len().saturating_sub(CODES_NAMED);
    let shown: Vec<String> = codes.into_iter().take(CODES_NAMED).collect();
    if more == 0 { shown.join(", ") } else { format!("{} en nog {more}", shown.join(", ")) }
}
