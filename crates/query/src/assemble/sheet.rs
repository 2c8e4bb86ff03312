//! One page for a provider under the minimum of a report of its own: what arrived, how complete it is, what to do. No outcome.

use spiegel_model::{MethodSection, Summary, Verdict};

use super::{ReportContext, correction, quality_page};
use crate::texts::Words;
use crate::{OwnDelivery, Results, Standing};

/// Below this a number of clients is rounded (report specification 3.13).
const EXACT_FROM: u64 = 30;
/// To this.
const ROUNDED_TO: u64 = 5;
/// Findings that are told.
const FINDINGS: usize = 3;

/// Page 1 of the sheet. None when the provider has a report of its own, or the pipeline has no words for a sheet.
pub(super) fn page(results: &Results, provider: &str, context: &ReportContext, delivery: Option<&OwnDelivery>) -> Option<Summary> {
    let spec = results.pipeline.spec.sheet.as_ref()?;
    let Standing::TooFewClients { clients, needed } = results.providers.get(provider)?.standing else { return None };
    let words = results.words(provider);
    let counted = &results.pipeline.spec.report.clients;
    let section = |title: String, paragraphs: Vec<String>, bullets: Vec<String>| MethodSection { title, paragraphs, bullets };
    let mut blocks = Vec::new();
    if let Some(delivery) = delivery {
        blocks.push(section(words.sheet_deliveries_title(), Vec::new(), submissions(delivery, words)));
        let repairs = repairs(delivery, words);
        if !repairs.is_empty() {
            blocks.push(section(words.sheet_repair_title(), Vec::new(), repairs));
        }
    }
    if let Some(group) = results.pipeline.spec.group_report.as_ref().filter(|_| context.has_group_report) {
        blocks.push(section(words.sheet_group_title(), vec![group.on_sheet.clone()], Vec::new()));
    }
    blocks.push(section(words.sheet_sooner_title(), Vec::new(), spec.sooner.clone()));
    blocks.push(correction(results, words));
    blocks.push(section(words.sheet_questions_title(), vec![spec.invitation.clone()], Vec::new()));
    Some(Summary {
        lead: words.sheet_lead(&spec.title),
        sentences: vec![
            words.sheet_received(rounded(clients, words), counted, years(results, words)),
            words.sheet_needed(words.count(needed)),
            words.sheet_no_outcome(),
        ],
        heads: Vec::new(),
        rows: Vec::new(),
        legend: String::new(),
        topics_title: String::new(),
        topics_none: String::new(),
        topics: Vec::new(),
        blocks,
        notes: Vec::new(),
        confidentiality: results.pipeline.spec.words.confidentiality.clone(),
    })
}

/// The sheet's table of fields in a word each.
pub(super) fn completeness(results: &Results, provider: &str) -> Option<spiegel_model::TitledTable> {
    quality_page::in_words(results, provider)
}

/// `41`, or `ongeveer 20`.
fn rounded(clients: u64, words: Words<'_>) -> String {
    if clients >= EXACT_FROM {
        return words.count(clients);
    }
    match (clients + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO {
        0 => words.sheet_fewer_than(ROUNDED_TO),
        near => words.sheet_about(near),
    }
}

/// `over 2024 en 2025`.
pub(super) fn years(results: &Results, words: Words<'_>) -> String {
    let window = i32::try_from(results.year.minimum.client_years).unwrap_or(1).max(1);
    let (first, last) = (results.year.year - window + 1, &results.year.label);
    match window {
        1 => words.over_one_year(last),
        2 => words.over_two_years(first, last),
        _ => words.over_years(first, last),
    }
}

fn submissions(delivery: &OwnDelivery, words: Words<'_>) -> Vec<String> {
    delivery
        .submissions
        .iter()
        .map(|one| {
            let outcome = match (&one.refusal, one.verdict) {
                (Some((code, title, remedy)), _) => words.sheet_refused(title, code, remedy),
                (None, Verdict::Held) => words.sheet_held(),
                (None, Verdict::AcceptedWithRemarks) => words.sheet_accepted_with_remarks(),
                (None, _) => words.sheet_accepted(),
            };
            words.sheet_delivery(&one.name, outcome)
        })
        .collect()
}

fn repairs(delivery: &OwnDelivery, words: Words<'_>) -> Vec<String> {
    let told = delivery.findings.iter().take(FINDINGS);
    told.map(|finding| words.sheet_repair(spiegel_model::capitalised(&finding.title), &finding.code, &finding.remedy)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Voice;
    use super::*;
    use crate::texts::dutch;

    #[test]
    fn small_numbers_of_clients_are_rounded() {
        let texts = dutch();
        let rounded = |clients| rounded(clients, texts.to(Voice::You));
        assert_eq!([2, 3, 12, 29, 30, 41].map(rounded), ["minder dan 5", "ongeveer 5", "ongeveer 10", "ongeveer 30", "30", "41"]);
    }
}
