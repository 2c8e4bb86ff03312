//! Findings as they arise: the rule file says what a code does, says and advises.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use spiegel_model::{Consequence, Finding, RefusalReason, Rule, RuleSet};

use crate::error::Error;
use crate::spelling::column_letter;

/// Codes that the reader itself can raise; every rule file has them. Row checks and orphans have codes of the pipeline.
pub(crate) const READER_CODES: [&str; 73] = [
    "E001", "E002", "E003", "E004", "E005", "E006", "E007", "E008", "E010", "E011", "E012", "E013", "E017", "E019", "N801",
    "N802", "N803", "E101", "E105", "N807", "N808", "E107", "E109", "E110", "N810", "E111", "E112", "W703", "N811", "E113",
    "E114", "N813", "E115", "N814", "E120", "W706", "N806", //
    "E201", "N818", "E202", "E203", "E204", "N819", "E205", "N820", "N821", "N822", "E206", "E207", "N823", "E208", "E209",
    "E210", "N825", "E211", "E214", "E220", "E221", "E302", "E303", "E304", "E320", "E330", "N828", "E401", "E404", //
    "E501", "E503", "E505", "E506", "E507", "E511", "E512",
];

/// Codes of the privacy checks (submission.md 3.6), needed in every rule file as well.
pub(crate) const PRIVACY_CODES: [&str; 5] = ["E601", "E602", "E603", "E604", "E605"];

/// Where a finding is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    /// File within the submission.
    pub(crate) file: &'a str,
    /// Row of the file, the header being row 1.
    pub(crate) row: Option<u64>,
    /// Place in the file, from 0, and header.
    pub(crate) column: Option<(usize, &'a str)>,
}

impl<'a> Place<'a> {
    pub(crate) fn file(file: &'a str) -> Self {
        Self { file, ..Self::default() }
    }

    pub(crate) fn row(file: &'a str, row: u32) -> Self {
        Self { file, row: Some(u64::from(row)), column: None }
    }
}

/// The findings of one submission.
pub(crate) struct Findings<'a> {
    rules: BTreeMap<&'a str, &'a Rule>,
    pub(crate) list: Vec<Finding>,
    /// First refusing finding.
    pub(crate) refusal: Option<RefusalReason>,
    unknown: BTreeSet<String>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(rules: &'a RuleSet) -> Self {
        let rules = rules.rules.iter().map(|rule| (rule.code.as_str(), rule)).collect();
        Self { rules, list: Vec::new(), refusal: None, unknown: BTreeSet::new() }
    }

    /// Adds a finding; the answer is what it does.
    pub(crate) fn raise(&mut self, code: &str, place: Place<'_>, slots: &[(&str, &str)]) -> Consequence {
        self.raise_at_least(code, place, slots, false)
    }

    /// As [`Self::raise`]; emptying a value that a row cannot do without quarantines the row.
    pub(crate) fn raise_at_least(&mut self, code: &str, place: Place<'_>, slots: &[(&str, &str)], required: bool) -> Consequence {
        let Some(rule) = self.rules.get(code) else {
            self.unknown.insert(code.to_owned());
            return Consequence::Refuse;
        };
        let consequence =
            if required && rule.consequence == Consequence::Empty { Consequence::Quarantine } else { rule.consequence };
        if consequence == Consequence::Refuse && self.refusal.is_none() {
            self.refusal = Some(RefusalReason { code: code.to_owned(), title: rule.title.clone() });
        }
        let (column, header) = place.column.map_or_else(Default::default, |(place, header)| (column_letter(place), header.to_owned()));
        self.list.push(Finding {
            code: code.to_owned(),
            consequence,
            file: place.file.to_owned(),
            row: place.row,
            column,
            header,
            message: fill(&rule.message, slots),
            remedy: fill(&rule.remedy, slots),
        });
        consequence
    }


    /// Fails when a code was raised that the rule file does not have.
    pub(crate) fn all_known(&self) -> Result<(), Error> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let mistakes = self.unknown.iter().map(|code| format!("{code} is raised but has no rule")).collect();
        Err(Error::Pipeline { path: PathBuf::from("checks/rules.toml"), mistakes })
    }

    /// Findings per code.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for finding in &self.list {
            *counts.entry(finding.code.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// Keeps only findings of the privacy checks: the others may quote values (decision 15).
    pub(crate) fn keep_privacy_only(&mut self) {
        self.list.retain(|finding| PRIVACY_CODES.contains(&finding.code.as_str()));
        let first = self.list.iter().find(|finding| finding.consequence == Consequence::Refuse);
        self.refusal = first.map(|finding| RefusalReason {
            code: finding.code.clone(),
            title: self.rules.get(finding.code.as_str()).map_or_else(String::new, |rule| rule.title.clone()),
        });
    }

    /// Sorted by file and row, whole files first, in the order in which they arose otherwise.
    pub(crate) fn sort(&mut self, files: &[&str]) {
        let rank = |file: &str| files.iter().position(|name| *name == file).map_or(0, |place| place + 1);
        self.list.sort_by_key(|finding| (rank(&finding.file), finding.row.unwrap_or(0)));
    }
}

/// Longest value that a message quotes; more is cut off.
const QUOTED_CHARACTERS: usize = 60;

/// A value of the provider as a message quotes it: without control characters and not too long.
pub(crate) fn quoted(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut out: String = text.chars().take(QUOTED_CHARACTERS).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().nth(QUOTED_CHARACTERS).is_some() {
        out.push('…');
    }
    out
}

/// Fills `{slots}` in one pass, so that a value with braces stays a value.
fn fill(template: &str, slots: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let slot = rest.find('}').and_then(|close| {
            let name = &rest[1..close];
            slots.iter().find(|(slot, _)| *slot == name).map(|(_, value)| (close, *value))
        });
        match slot {
            Some((close, value)) => {
                out.push_str(value);
                rest = &rest[close + 1..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_braces_are_not_filled_again() {
        assert_eq!(fill("{value} is geen {expected}.", &[("value", "{expected}"), ("expected", "datum")]), "{expected} is geen datum.");
    }
}
