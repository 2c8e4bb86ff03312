//! One page for a provider under the minimum of a report of its own: what arrived, how complete it is, what to do. No outcome.

use spiegel_model::{MethodSection, Summary, Verdict, count};

use super::voice::Voice;
use super::{ReportContext, correction, quality_page};
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
    let words = &results.pipeline.spec.words;
    let counted = &results.pipeline.spec.report.clients;
    let section = |title: &str, paragraphs: Vec<String>, bullets: Vec<String>| MethodSection { title: title.to_owned(), paragraphs, bullets };
    let mut blocks = Vec::new();
    if let Some(delivery) = delivery {
        blocks.push(section("Wat er met uw aanleveringen is gebeurd", Vec::new(), submissions(delivery)));
        let repairs = repairs(delivery);
        if !repairs.is_empty() {
            blocks.push(section("Wat u kunt herstellen", Vec::new(), repairs));
        }
    }
    if let Some(group) = results.pipeline.spec.group_report.as_ref().filter(|_| context.has_group_report) {
        blocks.push(section("Samen met andere kleine aanbieders", vec![group.on_sheet.clone()], Vec::new()));
    }
    blocks.push(section("Zo komt u eerder aan een eigen rapportage", Vec::new(), spec.sooner.clone()));
    blocks.push(correction(results, Voice::You));
    blocks.push(section("Vragen?", vec![spec.invitation.clone()], Vec::new()));
    Some(Summary {
        lead: format!("{}.", spec.title),
        sentences: vec![
            format!("Van u ontvingen we gegevens van {} {counted} {}.", rounded(clients), years(results)),
            format!("Voor een eigen rapportage zijn er {} nodig.", count(needed)),
            "Bij kleinere aantallen zijn cijfers te onzeker, en soms tot cliënten te herleiden. Daarom staat er op dit blad geen uitkomst. Uw eigen cijfers staan, zonder vergelijking, in uw terugkoppeling.".to_owned(),
        ],
        heads: Vec::new(),
        rows: Vec::new(),
        legend: String::new(),
        topics_title: String::new(),
        topics_none: String::new(),
        topics: Vec::new(),
        blocks,
        notes: Vec::new(),
        confidentiality: words.confidentiality.clone(),
    })
}

/// The sheet's table of fields in a word each.
pub(super) fn completeness(results: &Results, provider: &str) -> Option<spiegel_model::TitledTable> {
    quality_page::in_words(results, provider)
}

/// `41`, or `ongeveer 20`.
fn rounded(clients: u64) -> String {
    if clients >= EXACT_FROM {
        return count(clients);
    }
    match (clients + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO {
        0 => format!("minder dan {ROUNDED_TO}"),
        near => format!("ongeveer {near}"),
    }
}

/// `over 2024 en 2025`.
pub(super) fn years(results: &Results) -> String {
    let window = i32::try_from(results.year.minimum.client_years).unwrap_or(1).max(1);
    let first = results.year.year - window + 1;
    match window {
        1 => format!("over {}", results.year.label),
        2 => format!("over {first} en {}", results.year.label),
        _ => format!("over {first} tot en met {}", results.year.label),
    }
}

fn submissions(delivery: &OwnDelivery) -> Vec<String> {
    delivery
        .submissions
        .iter()
        .map(|one| {
            let outcome = match (&one.refusal, one.verdict) {
                (Some((code, title, remedy)), _) => format!("niet aangenomen: {title} ({code}). {remedy}"),
                (None, Verdict::Held) => "aangehouden. Wij nemen contact met u op.".to_owned(),
                (None, Verdict::AcceptedWithRemarks) => "aangenomen, met opmerkingen in uw terugkoppeling.".to_owned(),
                (None, _) => "aangenomen.".to_owned(),
            };
            format!("{}: {outcome}", one.name)
        })
        .collect()
}

fn repairs(delivery: &OwnDelivery) -> Vec<String> {
    delivery
        .findings
        .iter()
        .take(FINDINGS)
        .map(|finding| format!("{} ({}): {}", spiegel_model::capitalised(&finding.title), finding.code, finding.remedy))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_of_clients_are_rounded() {
        assert_eq!(rounded(2), "minder dan 5");
        assert_eq!(rounded(3), "ongeveer 5");
        assert_eq!(rounded(12), "ongeveer 10");
        assert_eq!(rounded(29), "ongeveer 30");
        assert_eq!(rounded(30), "30");
        assert_eq!(rounded(41), "41");
    }
}
