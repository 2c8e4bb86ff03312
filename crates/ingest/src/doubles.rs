//! Deliveries of two providers with the same content (E509): neither counts until one of them delivers something else.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Consequence, Finding, Receipt, RuleOutcome, RuleSet, Verdict};

use crate::error::Error;
use crate::findings::{Findings, Place};
use crate::lake::Lake;
use crate::receipt;

const CODE: &str = "E509";
/// A delivery that waits for the next refresh holds nobody up.
const WAITS: &str = "W731";

/// Holds the latest deliveries of providers whose content is that of another provider's latest delivery of the same year, and
/// lets go of those that were held and no longer are. Receipts that change are written again.
pub fn hold_doubles(receipts: &mut [&mut Receipt], rules: &RuleSet, lake: &Lake) -> Result<(), Error> {
    let counts = |receipt: &Receipt| {
        receipt.verdict != Verdict::Refused && receipt.year.is_some() && !receipt.content.is_empty() && !receipt.years.is_empty() && !receipt.findings.contains_key(WAITS)
    };
    let mut latest: BTreeMap<(String, Option<i32>), usize> = BTreeMap::new();
    for (place, receipt) in receipts.iter().map(|receipt| &**receipt).enumerate().filter(|(_, receipt)| counts(receipt)) {
        let known = latest.entry((receipt.provider_id.clone(), receipt.year)).or_insert(place);
        if receipts[*known].sequence <= receipt.sequence {
            *known = place;
        }
    }
    let mut contents: BTreeMap<(Option<i32>, &str), Vec<usize>> = BTreeMap::new();
    for place in latest.values() {
        contents.entry((receipts[*place].year, &receipts[*place].content)).or_default().push(*place);
    }
    let held: BTreeSet<usize> = contents.into_values().filter(|places| places.len() > 1).flatten().collect();
    for (place, receipt) in receipts.iter_mut().enumerate() {
        let hold = held.contains(&place);
        if hold != (receipt.verdict == Verdict::Held) {
            settle(receipt, hold, rules, lake)?;
        }
    }
    Ok(())
}

fn settle(receipt: &mut Receipt, hold: bool, rules: &RuleSet, lake: &Lake) -> Result<(), Error> {
    let folder = lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
    let mut findings: Vec<Finding> = receipt::read_findings(&folder)?.collect::<Result<_, _>>()?;
    findings.retain(|finding| finding.code != CODE);
    receipt.findings.remove(CODE);
    if hold {
        let mut raised = Findings::new(rules);
        raised.raise(CODE, Place::default(), &[]);
        raised.all_known()?;
        findings.splice(0..0, raised.sorted(&[]));
        receipt.findings.insert(CODE.to_owned(), 1);
    }
    let remarks = findings.iter().any(|finding| finding.consequence < Consequence::Inform);
    receipt.verdict = match (hold, remarks) {
        (true, _) => Verdict::Held,
        (false, true) => Verdict::AcceptedWithRemarks,
        (false, false) => Verdict::Accepted,
    };
    let threshold = rules.rule(CODE).and_then(|rule| rule.threshold);
    if let Some(outcome) = receipt.rules.iter_mut().find(|outcome| outcome.code == CODE) {
        *outcome = RuleOutcome::judge(CODE, outcome.checked.max(1), u64::from(hold), threshold);
    }
    let folder = lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
    receipt::rewrite(lake, &folder, receipt, findings.into_iter().map(Ok))
}
