//! What a report tells of the provider's own deliveries: from their receipts and findings.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use spiegel_ingest::{load_rules, load_schema, read_findings};
use spiegel_model::{DeliveryKind, Receipt, RuleSet, SubmissionSchema};
use spiegel_query::{Losses, OwnDelivery, Pipeline};

use super::Workplace;
use crate::batch::{Members, folders, sha256};

/// The receipts of a year, and what they were checked with.
pub(super) struct Deliveries {
    schema: SubmissionSchema,
    rules: RuleSet,
    /// Receipts of the year with their folders, by provider.
    receipts: BTreeMap<String, Vec<(PathBuf, Receipt)>>,
    /// SHA-256 of the delivery that counts, by provider.
    counting: BTreeMap<String, String>,
    /// SHA-256 over the receipts.
    pub(super) fingerprint: String,
}

impl Deliveries {
    /// Reads the receipts of the year. None when one party delivers for all: then no provider has a delivery of its own.
    pub(super) fn load(workplace: &Workplace, pipeline: &Pipeline) -> anyhow::Result<Option<Self>> {
        if pipeline.spec.delivery.kind == DeliveryKind::Collective {
            return Ok(None);
        }
        let (root, year) = (workplace.batch.root(), workplace.year.year);
        let mut receipts: BTreeMap<String, Vec<(PathBuf, Receipt)>> = BTreeMap::new();
        let mut read = Vec::new();
        let of_year = format!("{year}-");
        for provider in folders(&root.join("receipts"))? {
            for folder in folders(&provider)? {
                if !folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&of_year)) {
                    continue;
                }
                let file = folder.join("ontvangst.json");
                let bytes = fs::read(&file).with_context(|| format!("receipt {}", file.display()))?;
                let receipt: Receipt = serde_json::from_slice(&bytes).with_context(|| format!("receipt {}", file.display()))?;
                read.push(sha256(&[&bytes]));
                receipts.entry(receipt.provider_id.clone()).or_default().push((folder, receipt));
            }
        }
        let counting = Members::load(root, year)?.parts().into_iter().map(|part| (part.provider_id, part.sha256)).collect();
        Ok(Some(Self {
            schema: load_schema(&workplace.pipeline_directory)?,
            rules: load_rules(&workplace.pipeline_directory)?,
            receipts,
            counting,
            fingerprint: sha256(&read.iter().map(String::as_bytes).collect::<Vec<_>>()),
        }))
    }

    /// Whether there is a receipt of a provider, accepted or not.
    pub(super) fn has(&self, provider: &str) -> bool {
        self.receipts.contains_key(provider)
    }

    /// What became of a provider's deliveries. None without a receipt of the one that counts.
    pub(super) fn of(&self, pipeline: &Pipeline, provider: &str) -> anyhow::Result<Option<OwnDelivery>> {
        let (Some(all), Some(counting)) = (self.receipts.get(provider), self.counting.get(provider)) else { return Ok(None) };
        let Some((folder, receipt)) = all.iter().find(|(_, receipt)| receipt.sha256 == *counting) else { return Ok(None) };
        let mut losses = Losses::new(&self.schema, &self.rules, receipt);
        for finding in read_findings(folder)? {
            losses.take(&finding?);
        }
        let receipts: Vec<Receipt> = all.iter().map(|(_, receipt)| receipt.clone()).collect();
        Ok(Some(OwnDelivery::new(pipeline, &self.schema, &self.rules, receipt, &losses, &receipts)))
    }
}
