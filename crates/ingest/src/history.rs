//! Earlier deliveries of a provider about a year, as their receipts tell.

use std::fs;

use spiegel_model::{Receipt, Verdict};

use crate::discover::Found;
use crate::lake::{Lake, PartRef};
use crate::receipt;

/// The other deliveries of the same provider and year that were not refused, by sequence number.
pub(crate) struct History(Vec<Receipt>);

impl History {
    /// Reads the receipts of a batch. What cannot be read is no delivery: its own reading writes it again.
    pub(crate) fn read(lake: &Lake, found: &Found, part: &PartRef) -> Self {
        let own = lake.receipt(&found.provider_id, found.year, found.sequence, &part.sha256);
        let entries = own.parent().and_then(|folder| fs::read_dir(folder).ok());
        let folders = entries.into_iter().flatten().flatten().map(|entry| entry.path());
        let of_year = found.year.map_or_else(String::new, |year| format!("{year}-"));
        let named = |path: &std::path::PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&of_year));
        let folders = folders.filter(|path| *path != own && named(path));
        let mut receipts: Vec<Receipt> = folders
            .filter_map(|folder| receipt::read(&folder))
            .filter(|receipt| receipt.year == found.year && receipt.verdict != Verdict::Refused)
            .collect();
        receipts.sort_by(|left, right| (left.sequence, &left.sha256).cmp(&(right.sequence, &right.sha256)));
        Self(receipts)
    }

    /// E508: the sequence number that a new delivery does not exceed.
    pub(crate) fn not_below(&self, sequence: u32) -> Option<u32> {
        self.0.last().map(|receipt| receipt.sequence).filter(|last| *last >= sequence)
    }

    /// N830: the earlier delivery with the same bytes, read with the same definitions.
    pub(crate) fn same(&self, part: &PartRef) -> Option<&Receipt> {
        self.0.iter().find(|receipt| receipt.sha256 == part.sha256 && receipt.definitions == part.definitions && receipt.sequence < part.sequence)
    }

    /// W730: the accepted delivery that a later one replaces.
    pub(crate) fn replaced_by(&self, sequence: u32) -> Option<&Receipt> {
        let usable = |receipt: &&Receipt| receipt.sequence < sequence && receipt.verdict != Verdict::Held && !receipt.years.is_empty();
        self.0.iter().rev().find(usable)
    }
}
