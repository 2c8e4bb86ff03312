//! Joins what queries on the lake found to the receipt of a submission. What an earlier run of the queries found makes way.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use spiegel_model::{Consequence, DeliveredColumn, Finding, QueryFinding, Receipt, Rule, RuleOutcome, RuleSet, RuleStatus, TableCount, Verdict};

use crate::error::Error;
use crate::findings::fill;
use crate::lake::{Lake, PartRef};
use crate::receipt;

/// What the queries of a year made of one submission.
#[derive(Debug, Clone, Copy)]
pub struct Queried<'a> {
    /// What was found, in the order of the rules.
    pub findings: &'a [QueryFinding],
    /// How much a rule checked, by code. A rule that is not there had nothing to check.
    pub checked: &'a BTreeMap<String, u64>,
    /// Rules that could not run.
    pub broken: &'a [String],
}

impl Lake {
    /// Joins what queries found to the receipt of a submission, and writes it again where that changes anything. None when
    /// there is no whole receipt; one that is known already need not be read. The same findings give the same bytes, however
    /// often they are joined.
    ///
    /// # Errors
    /// [`Error::Lake`] when a receipt cannot be read or written.
    pub fn join(&self, part: &PartRef, year: i32, known: Option<&Receipt>, rules: &RuleSet, queried: Queried<'_>) -> Result<Option<Receipt>, Error> {
        let folder = self.receipt(&part.provider_id, Some(year), part.sequence, &part.sha256);
        let before = match known {
            Some(receipt) => Cow::Borrowed(receipt),
            None => match receipt::read(&folder) {
                Some(receipt) => Cow::Owned(receipt),
                None => return Ok(None),
            },
        };
        let mut new = words(&before, rules, queried.findings);
        new.sort_by_key(|finding| rank(&before, finding));
        let old = earlier(&folder, &before, rules)?;
        let after = judged(&before, rules, &old, &new, queried);
        if old != new {
            let kept = receipt::read_findings(&folder)?.filter(|finding| !finding.as_ref().is_ok_and(|finding| finding.queried));
            receipt::rewrite(self, &folder, &after, merged(&before, kept, new))?;
        } else if after != *before {
            receipt::rewrite_receipt(self, &folder, &after)?;
        }
        Ok(Some(after))
    }
}

/// Findings of an earlier run of the queries. A receipt that counts none of their codes need not be looked through.
fn earlier(folder: &Path, receipt: &Receipt, rules: &RuleSet) -> Result<Vec<Finding>, Error> {
    if !receipt.findings.keys().any(|code| rules.rule(code).is_none_or(|rule| rule.query.is_some())) {
        return Ok(Vec::new());
    }
    receipt::read_findings(folder)?.filter(|finding| finding.as_ref().map_or(true, |finding| finding.queried)).collect()
}

/// The order of the findings of a submission: by file and row, whole files first.
fn rank(receipt: &Receipt, finding: &Finding) -> (usize, Option<u64>) {
    let file = receipt.tables.iter().position(|table| table.file == finding.file && table.sheet == finding.sheet);
    (file.map_or(0, |place| place + 1), finding.row)
}

/// Findings in two sorted rows as one; what reading found goes first.
fn merged<'a>(
    receipt: &'a Receipt,
    kept: impl Iterator<Item = Result<Finding, Error>> + 'a,
    new: Vec<Finding>,
) -> impl Iterator<Item = Result<Finding, Error>> + 'a {
    let (mut kept, mut new) = (kept.peekable(), new.into_iter().peekable());
    std::iter::from_fn(move || {
        let new_first = match (kept.peek(), new.peek()) {
            (Some(Ok(one)), Some(other)) => rank(receipt, other) < rank(receipt, one),
            (Some(Err(_)), _) => false,
            (None, _) => true,
            (Some(Ok(_)), None) => false,
        };
        if new_first { new.next().map(Ok) } else { kept.next() }
    })
}

/// Findings with their words and places.
fn words(receipt: &Receipt, rules: &RuleSet, found: &[QueryFinding]) -> Vec<Finding> {
    let in_words = |one: &QueryFinding| {
        let rule = rules.rule(&one.code)?;
        let table = receipt.tables.iter().find(|table| table.table == one.table);
        Some(finding(rule, one, table, receipt.year))
    };
    found.iter().filter_map(in_words).collect()
}

fn finding(rule: &Rule, one: &QueryFinding, table: Option<&TableCount>, year: Option<i32>) -> Finding {
    let column = table.and_then(|table| table.columns.iter().find(|column| column.name == one.column));
    let DeliveredColumn { letter, header, .. } = column.cloned().unwrap_or_default();
    // A whole number as it is written in Dutch.
    let count = one.count.parse().map_or_else(|_| one.count.clone(), spiegel_model::count);
    let year = year.map_or_else(String::new, |year| year.to_string());
    let slots = [("value", one.value.as_str()), ("other", &one.other), ("count", &count), ("column", &header), ("expected", &year)];
    Finding {
        code: rule.code.clone(),
        consequence: rule.consequence,
        file: table.map_or_else(String::new, |table| table.file.clone()),
        sheet: table.map_or_else(String::new, |table| table.sheet.clone()),
        row: one.row,
        value: if one.row.is_some() && !header.is_empty() { one.value.clone() } else { String::new() },
        column: letter,
        header: header.clone(),
        key: one.key.clone(),
        message: fill(&rule.message, &slots).into_owned(),
        remedy: fill(&rule.remedy, &slots).into_owned(),
        queried: true,
    }
}

/// The receipt with other findings of queries: counts, outcomes and verdict.
fn judged(before: &Receipt, rules: &RuleSet, old: &[Finding], new: &[Finding], queried: Queried<'_>) -> Receipt {
    let mut counts = before.findings.clone();
    for finding in old {
        counts.entry(finding.code.clone()).and_modify(|count| *count = count.saturating_sub(1));
    }
    for finding in new {
        *counts.entry(finding.code.clone()).or_default() += 1;
    }
    counts.retain(|_, count| *count > 0);
    let outcomes = rules.rules.iter().filter_map(|rule| {
        if rule.query.is_none() {
            return before.rules.iter().find(|outcome| outcome.code == rule.code).cloned();
        }
        let found = counts.get(&rule.code).copied().unwrap_or(0);
        let checked = queried.checked.get(&rule.code).copied().unwrap_or(0).max(found);
        let outcome = RuleOutcome::judge(&rule.code, checked, found, rule.threshold);
        Some(if queried.broken.contains(&rule.code) { RuleOutcome { status: RuleStatus::Broken, ..outcome } } else { outcome })
    });
    let rules_now = outcomes.collect();
    let remarks = counts.keys().any(|code| rules.rule(code).is_none_or(|rule| rule.consequence < Consequence::Inform));
    let verdict = match before.verdict {
        Verdict::Accepted | Verdict::AcceptedWithRemarks if remarks => Verdict::AcceptedWithRemarks,
        Verdict::Accepted | Verdict::AcceptedWithRemarks => Verdict::Accepted,
        other => other,
    };
    Receipt { verdict, findings: counts, rules: rules_now, ..before.clone() }
}

/// Links the other files of a folder into another: what stands beside the findings stays.
pub(crate) fn link_others(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(from).map_err(|source| Error::lake(from, source))? {
        let path = entry.map_err(|source| Error::lake(from, source))?.path();
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        if path.is_file() && !target.exists() {
            fs::hard_link(&path, &target).map_err(|source| Error::lake(&target, source))?;
        }
    }
    Ok(())
}
