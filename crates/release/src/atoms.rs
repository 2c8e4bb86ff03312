//! Safe atoms (release specification, 9.4): every class of rows that are equal in all quasi-identifiers is safe, and what is not stays in,
//! with its codes withheld. So every count of the table is a sum over safe classes, and there is nothing to subtract.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use spiegel_model::{Node, ReleasePolicy, Rung, RungOutcome, WITHHELD};

use crate::hierarchy::{Dimension, Hierarchies};
use crate::policy::SENSITIVE;
use crate::record::{Answer, Records, RomCategory, Trajectory};
use crate::{Error, Policy, Refusal, banded, sensitive_codes};

/// Places of classes that lie together in the order of the records.
type Ranges = Vec<Range<usize>>;

/// What a class withholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// Nothing.
    Nothing,
    /// Minutes and duration.
    Process,
    /// Everything but the year.
    Everything,
}

/// Rows that are equal in all quasi-identifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Codes in the order of [`Dimension::ALL`].
    pub codes: [String; 6],
    /// What is withheld.
    pub withheld: Withheld,
    /// Classes that it was made from: 1 when nothing is withheld.
    pub sources: u32,
    /// Its records: indices in [`Records::rows`], ascending.
    pub rows: Vec<u32>,
    /// What it is measured by.
    pub assessment: Assessment,
}

/// Every record in one class.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Classes, sorted by codes.
    pub classes: Vec<Class>,
    /// How the year does on each rung, for reports and refusals.
    pub ladder: Vec<RungOutcome>,
}

impl Assignment {
    /// Share of rows of which everything is withheld, and share of rows of which at least minutes and duration are.
    #[must_use]
    pub fn star_shares(&self) -> (f64, f64) {
        let rows = |least: Withheld| -> usize { self.classes.iter().filter(|class| class.withheld >= least).map(|class| class.rows.len()).sum() };
        let all = rows(Withheld::Nothing).max(1) as f64;
        (rows(Withheld::Everything) as f64 / all, rows(Withheld::Process) as f64 / all)
    }
}

/// Sensitive codes of all columns, one after another.
const CODES: usize = Answer::ALL.len() * 2 + RomCategory::ALL.len();
/// Where the codes of each sensitive column lie.
const SPANS: [Range<usize>; 3] = [0..3, 3..6, 6..11];

/// How many rows have each sensitive code.
type Counts = [u32; CODES];

/// What decides whether a class is safe.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Assessment {
    /// Rows.
    pub rows: u32,
    /// Different clients.
    pub clients: u32,
    /// Groups of owners.
    pub groups: u32,
    /// Rows of the largest group of owners.
    pub largest_group_rows: u32,
    /// Fewest rows that are left for a group of owners that knows its own.
    pub rest_rows: u32,
    /// Fewest different clients that are left then.
    pub rest_clients: u32,
    /// Different values of each sensitive column.
    pub distinct: [u32; 3],
    /// Largest share of a sensitive value among the known ones, by column.
    pub alpha: [f64; 3],
    /// The same among the rows that are left for any one group of owners.
    pub alpha_without_a_group: [f64; 3],
}

/// The rules of a class, from the policy.
#[derive(Debug, Clone)]
pub struct Rules {
    clients: u32,
    groups: u32,
    rest: u32,
    rest_groups: u32,
    distinct: [u32; 3],
    alpha: f64,
    sensitive: [bool; CODES],
    known: [bool; CODES],
}

impl Rules {
    /// Those of a policy.
    #[must_use]
    pub fn new(policy: &ReleasePolicy) -> Self {
        let mut rules = Self {
            clients: policy.k_clients,
            groups: policy.min_provider_groups,
            rest: policy.insider_rest_rows,
            rest_groups: policy.insider_rest_groups,
            distinct: SENSITIVE.map(|column| policy.l_distinct.get(column).copied().unwrap_or(1)),
            alpha: policy.alpha,
            sensitive: [false; CODES],
            known: [true; CODES],
        };
        for (column, span) in SENSITIVE.iter().zip(SPANS) {
            let is_in = |lists: &std::collections::BTreeMap<String, Vec<String>>, code: &str| {
                lists.get(*column).is_some_and(|values| values.iter().any(|value| value == code))
            };
            for (at, code) in span.zip(sensitive_codes(column)) {
                rules.sensitive[at] = is_in(&policy.sensitive_values, code);
                rules.known[at] = !is_in(&policy.unknown_values, code);
            }
        }
        rules
    }

    /// The first rule that a class breaks, as the policy names it; None when it is safe.
    #[must_use]
    pub fn broken(&self, class: &Assessment) -> Option<&'static str> {
        if class.clients < self.clients {
            return Some("k_clients");
        }
        if class.groups < self.groups || class.groups <= self.rest_groups {
            return Some("min_provider_groups");
        }
        if class.rest_rows < self.rest || class.rest_clients < self.rest {
            return Some("insider_rest_rows");
        }
        if class.distinct.iter().zip(self.distinct).any(|(found, needed)| *found < needed) {
            return Some("l_distinct");
        }
        if class.alpha.iter().chain(&class.alpha_without_a_group).any(|share| *share > self.alpha) {
            return Some("alpha");
        }
        None
    }

    /// Assesses some records as if they were a class.
    #[must_use]
    pub fn assess_records(&self, records: &[Trajectory]) -> Assessment {
        self.assess(&mut records.iter().map(member).collect::<Vec<u64>>())
    }

    fn shares(&self, counts: &Counts) -> [f64; 3] {
        SPANS.map(|span| {
            let known: u32 = span.clone().filter(|at| self.known[*at]).map(|at| counts[at]).sum();
            let most = span.filter(|at| self.sensitive[*at]).map(|at| counts[at]).max().unwrap_or(0);
            if known == 0 { 0.0 } else { f64::from(most) / f64::from(known) }
        })
    }

    /// Assesses members, which it sorts.
    fn assess(&self, members: &mut [u64]) -> Assessment {
        members.sort_unstable();
        let mut class = Assessment { rows: members.len() as u32, ..Assessment::default() };
        let mut counts: Counts = [0; CODES];
        // Rows, different clients and codes of each group of owners.
        let mut groups: Vec<(u32, u32, Counts)> = Vec::new();
        let mut before: Option<u64> = None;
        for member in members.iter() {
            if before.is_none_or(|before| before >> CLIENT_AND_CODES != member >> CLIENT_AND_CODES) {
                groups.push((0, 0, [0; CODES]));
            }
            let Some(group) = groups.last_mut() else { continue };
            group.0 += 1;
            group.1 += u32::from(before.is_none_or(|before| before >> CODE_BITS != member >> CODE_BITS));
            for at in codes_of(*member) {
                group.2[at] += 1;
                counts[at] += 1;
            }
            before = Some(*member);
        }
        class.groups = groups.len() as u32;
        class.clients = groups.iter().map(|group| group.1).sum();
        class.largest_group_rows = groups.iter().map(|group| group.0).max().unwrap_or(0);
        class.rest_rows = class.rows - class.largest_group_rows;
        class.rest_clients = class.clients - groups.iter().map(|group| group.1).max().unwrap_or(0);
        class.distinct = SPANS.map(|span| span.filter(|at| counts[*at] > 0).count() as u32);
        class.alpha = self.shares(&counts);
        for group in &groups {
            let mut left = counts;
            for (left, own) in left.iter_mut().zip(group.2) {
                *left -= own;
            }
            for (most, share) in class.alpha_without_a_group.iter_mut().zip(self.shares(&left)) {
                *most = most.max(share);
            }
        }
        class
    }
}

/// A member of a class in one number: group of owners, client, sensitive codes. Sorted, rows of one group lie together, and of one client.
const CODE_BITS: u32 = 6;
const CLIENT_AND_CODES: u32 = CODE_BITS + 32;

fn member(row: &Trajectory) -> u64 {
    let codes = (row.incomplete as u64 * 3 + row.back_in_care as u64) * 5 + row.rom_category as u64;
    u64::from(row.group) << CLIENT_AND_CODES | u64::from(row.client) << CODE_BITS | codes
}

fn codes_of(member: u64) -> [usize; 3] {
    let codes = (member & ((1 << CODE_BITS) - 1)) as usize;
    [codes / 15, 3 + codes / 5 % 3, 6 + codes % 5]
}

/// Codes of one dimension on a level: the code of every value, as a number.
pub(crate) struct Coded {
    labels: Vec<String>,
    of_value: Vec<u8>,
    first: u32,
}

impl Coded {
    pub(crate) fn new(hierarchies: &Hierarchies, dimension: Dimension, level: u8) -> Self {
        let labels = hierarchies.codes(dimension, level);
        let values = dimension.values();
        let first = values.start;
        let of_value = values
            .map(|value| {
                let code = hierarchies.code(dimension, level, value);
                labels.iter().position(|label| *label == code).unwrap_or(0) as u8
            })
            .collect();
        Self { labels, of_value, first }
    }

    /// Beyond the last value nothing changes.
    pub(crate) fn code(&self, value: u32) -> u32 {
        let at = (value.saturating_sub(self.first) as usize).min(self.of_value.len().saturating_sub(1));
        u32::from(self.of_value.get(at).copied().unwrap_or(0))
    }

    pub(crate) fn len(&self) -> u32 {
        self.labels.len() as u32
    }

    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }
}

/// One core class: rows that are equal in region, diagnosis, age and sex.
struct Core {
    rows: Range<usize>,
    rule: Option<&'static str>,
}

/// The records of a year at one node, sorted by class.
struct Draft<'a> {
    rules: &'a Rules,
    coded: [Coded; 6],
    /// (core codes, process codes, record), ascending.
    order: Vec<(u32, u32, u32)>,
    /// Members in the order of `order`.
    members: Vec<u64>,
    cores: Vec<Core>,
    scratch: Vec<u64>,
}

impl<'a> Draft<'a> {
    fn new(records: &Records, hierarchies: &Hierarchies, rules: &'a Rules, node: Node) -> Self {
        let coded = Dimension::ALL.map(|dimension| Coded::new(hierarchies, dimension, dimension.level(node)));
        let [region, diagnosis, age, sex, minutes, duration] = &coded;
        // An age that is not known is none of the codes: such a class is never safe.
        let ages = age.len() + 1;
        let mut keys: Vec<(u32, u32, u32)> = records
            .rows
            .iter()
            .enumerate()
            .map(|(at, row)| {
                let age_code = match row.age {
                    Some(years) => age.code(u32::from(years)),
                    None if age.labels == [WITHHELD] => 0,
                    None => ages - 1,
                };
                let place = region.code(u32::from(row.province)) * diagnosis.len() + diagnosis.code(u32::from(row.diagnosis));
                let core = (place * ages + age_code) * sex.len() + sex.code(u32::from(row.sex));
                let process = minutes.code(row.minutes) * duration.len() + duration.code(row.days);
                (core, process, at as u32)
            })
            .collect();
        keys.sort_unstable();
        let members: Vec<u64> = keys.iter().map(|(_, _, at)| member(&records.rows[*at as usize])).collect();
        let mut draft = Self { rules, coded, order: keys, members, cores: Vec::new(), scratch: Vec::new() };
        let mut start = 0;
        while start < draft.order.len() {
            let codes = draft.order[start].0;
            let end = start + draft.order[start..].partition_point(|key| key.0 == codes);
            let is_known = codes / draft.coded[3].len() % ages < draft.coded[2].len();
            let rule = if is_known { rules.broken(&draft.assess(std::iter::once(start..end))) } else { Some("age not known") };
            draft.cores.push(Core { rows: start..end, rule });
            start = end;
        }
        draft
    }

    fn assess(&mut self, ranges: impl Iterator<Item = Range<usize>>) -> Assessment {
        self.scratch.clear();
        for range in ranges {
            self.scratch.extend_from_slice(&self.members[range]);
        }
        self.rules.assess(&mut self.scratch)
    }

    /// Ranges of rows that are equal in minutes and duration as well, within a core class.
    fn processes(&self, core: Range<usize>) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let mut start = core.start;
        while start < core.end {
            let codes = self.order[start].1;
            let end = start + self.order[start..core.end].partition_point(|key| key.1 == codes);
            ranges.push(start..end);
            start = end;
        }
        ranges
    }

    /// What to withhold together: those that fail, and as long as they are not safe the smallest that pass. `(pool, kept)`; None when
    /// all together are not safe.
    fn pool(&mut self, ranges: Vec<(Range<usize>, bool)>) -> Option<(Ranges, Ranges)> {
        let (mut pool, mut kept): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for (range, passes) in ranges {
            if passes { kept.push(range) } else { pool.push(range) }
        }
        // The smallest is taken from the end; of two as small, the one whose codes come first.
        kept.sort_by_key(|range| std::cmp::Reverse((range.len(), range.start)));
        while !pool.is_empty() && (pool.len() < 2 || self.rules.broken(&self.assess(pool.iter().cloned())).is_some()) {
            pool.push(kept.pop()?);
        }
        pool.sort_by_key(|range| range.start);
        kept.sort_by_key(|range| range.start);
        Some((pool, kept))
    }

    /// All classes of the year; None when it cannot be made safe.
    fn classes(&mut self) -> Option<Vec<Class>> {
        let cores = self.cores.iter().map(|core| (core.rows.clone(), core.rule.is_none())).collect();
        let (star, kept) = self.pool(cores)?;
        let mut classes = Vec::new();
        if !star.is_empty() {
            classes.push(self.class(Withheld::Everything, &star));
        }
        for core in kept {
            let mut processes = Vec::new();
            for range in self.processes(core) {
                let passes = self.rules.broken(&self.assess(std::iter::once(range.clone()))).is_none();
                processes.push((range, passes));
            }
            // All together they are the core class, which is safe, so that a pool is always found.
            let (pool, kept) = self.pool(processes)?;
            if !pool.is_empty() {
                classes.push(self.class(Withheld::Process, &pool));
            }
            for range in kept {
                classes.push(self.class(Withheld::Nothing, &[range]));
            }
        }
        classes.sort_by(|a, b| a.codes.cmp(&b.codes));
        Some(classes)
    }

    fn class(&mut self, withheld: Withheld, ranges: &[Range<usize>]) -> Class {
        let mut rows: Vec<u32> = ranges.iter().flat_map(|range| &self.order[range.clone()]).map(|key| key.2).collect();
        rows.sort_unstable();
        let assessment = self.assess(ranges.iter().cloned());
        let key = ranges.first().and_then(|range| self.order.get(range.start)).copied().unwrap_or_default();
        Class { codes: self.labels(key, withheld), withheld, sources: ranges.len() as u32, rows, assessment }
    }

    fn labels(&self, (core, process, _): (u32, u32, u32), withheld: Withheld) -> [String; 6] {
        let [_, diagnosis, age, sex, _, duration] = &self.coded;
        let (rest, sex_code) = (core / sex.len(), core % sex.len());
        let (place, age_code) = (rest / (age.len() + 1), rest % (age.len() + 1));
        let numbers = [place / diagnosis.len(), place % diagnosis.len(), age_code, sex_code, process / duration.len(), process % duration.len()];
        let mut at = 0;
        numbers.map(|number| {
            let is_withheld = withheld == Withheld::Everything || (withheld == Withheld::Process && at >= 4);
            let label = self.coded[at].labels.get(number as usize).filter(|_| !is_withheld);
            at += 1;
            label.map_or_else(|| WITHHELD.to_owned(), Clone::clone)
        })
    }
}

/// A year on one rung: its classes, None when it cannot be made safe, and how it does.
pub(crate) fn on_rung(records: &Records, policy: &Policy, rung: &Rung) -> (Option<Vec<Class>>, RungOutcome) {
    climb(records, policy, &Rules::new(&policy.spec), &rung.id, rung.node)
}

/// One rung: its classes, and how the year does on it.
fn climb(records: &Records, policy: &Policy, rules: &Rules, id: &str, node: Node) -> (Option<Vec<Class>>, RungOutcome) {
    let mut draft = Draft::new(records, &policy.hierarchies, rules, node);
    let failing: Vec<&Core> = draft.cores.iter().filter(|core| core.rule.is_some()).collect();
    let mut outcome = RungOutcome {
        rung: id.to_owned(),
        star_share: 1.0,
        process_star_share: 1.0,
        smallest_class: String::new(),
        classes: draft.cores.len() as u64,
        failing_classes: failing.len() as u64,
        passes: false,
        reason: String::new(),
    };
    let known: Vec<Range<usize>> = draft.cores.iter().map(|core| core.rows.clone()).collect();
    let smallest = known.into_iter().map(|range| draft.assess(std::iter::once(range)).clients).min();
    outcome.smallest_class = banded(u64::from(smallest.unwrap_or(0)));
    let Some(classes) = draft.classes().filter(|classes| !classes.is_empty()) else {
        let all = draft.assess(std::iter::once(0..records.rows.len()));
        outcome.reason = format!("all rows of the year together are not safe ({})", rules.broken(&all).unwrap_or("age not known"));
        return (None, outcome);
    };
    let assignment = Assignment { classes, ladder: Vec::new() };
    (outcome.star_share, outcome.process_star_share) = assignment.star_shares();
    let spec = &policy.spec;
    if outcome.star_share > spec.max_star_share {
        outcome.reason = format!("more than {:.2} % withheld (max_star_share)", 100.0 * spec.max_star_share);
    } else if outcome.process_star_share > spec.max_process_star_share {
        outcome.reason = format!("minutes and duration of more than {:.2} % withheld (max_process_star_share)", 100.0 * spec.max_process_star_share);
    }
    outcome.passes = outcome.reason.is_empty();
    (Some(assignment.classes), outcome)
}

/// All rungs, side by side: what is found on one does not depend on the others. The classes are those of the pinned one, when it passes.
fn climb_all(records: &Records, policy: &Policy, rules: &Rules) -> Result<(Option<Vec<Class>>, Vec<RungOutcome>), Error> {
    let ladder = &policy.spec.ladder;
    let next = AtomicUsize::new(0);
    let climber = || {
        let mut found = Vec::new();
        while let Some((at, rung)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, ladder.get(at)?))) {
            let (classes, outcome) = climb(records, policy, rules, &rung.id, rung.node);
            let is_pinned = rung.id == policy.spec.rung && outcome.passes;
            found.push((at, classes.filter(|_| is_pinned), outcome));
        }
        found
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(ladder.len());
    let found: thread::Result<Vec<_>> = thread::scope(|scope| {
        let climbers: Vec<_> = (0..threads).map(|_| scope.spawn(climber)).collect();
        climbers.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut found: Vec<_> = found.map_err(|_| Error::bug("a rung of the ladder was not finished"))?.into_iter().flatten().collect();
    found.sort_by_key(|(at, _, _)| *at);
    let mut pinned = None;
    let mut outcomes = Vec::new();
    for (_, classes, outcome) in found {
        pinned = pinned.or(classes);
        outcomes.push(outcome);
    }
    Ok((pinned, outcomes))
}

/// Puts every record of a year in a safe class at the pinned node. The whole ladder is computed, whether the year passes or not.
///
/// # Errors
/// [`Error::Refused`] with the ladder when the year does not pass on the pinned rung, [`Error::Bug`] when a class is not safe after all.
pub fn assign(records: &Records, policy: &Policy) -> Result<Assignment, Error> {
    if records.groups.len() >= 1 << (64 - CLIENT_AND_CODES) {
        return Err(Error::bug("too many groups of owners"));
    }
    let rules = Rules::new(&policy.spec);
    let (pinned, ladder) = climb_all(records, policy, &rules)?;
    let Some(classes) = pinned else { return Err(refusal(records, policy, ladder)) };
    let rows: usize = classes.iter().map(|class| class.rows.len()).sum();
    let is_safe = |class: &Class| rules.broken(&class.assessment).is_none() && (class.withheld == Withheld::Nothing || class.sources >= 2);
    if rows != records.rows.len() || !classes.iter().all(is_safe) {
        return Err(Error::bug("a class is not safe, or a row is lost"));
    }
    Ok(Assignment { classes, ladder })
}

fn refusal(records: &Records, policy: &Policy, ladder: Vec<RungOutcome>) -> Error {
    let spec = &policy.spec;
    let outcome = ladder.iter().find(|outcome| outcome.rung == spec.rung);
    let failing = outcome.map_or(0, |outcome| outcome.failing_classes);
    let classes = outcome.map_or(0, |outcome| outcome.classes);
    // The reason ends with the rule.
    let rule = outcome.and_then(|outcome| outcome.reason.rsplit_once('(')).map_or("ladder", |(_, rule)| rule.trim_end_matches(')'));
    let found = format!(
        "rung {} of the ladder: {}; {failing} of {classes} classes of region, diagnosis, age and sex are not safe, the smallest has {} clients; the year has {} \
         trajectories of {} groups of owners",
        spec.rung,
        outcome.map_or("not there", |outcome| outcome.reason.as_str()),
        outcome.map_or("0", |outcome| outcome.smallest_class.as_str()),
        banded(records.rows.len() as u64),
        banded(records.groups.len() as u64),
    );
    let passing = ladder.iter().find(|outcome| outcome.passes);
    let remedy = passing.map_or_else(
        || "No rung of the ladder passes: only more trajectories of more providers in the year help, or a coarser rung in policy.toml.".to_owned(),
        |rung| format!("Rung {} passes: pin it in policy.toml (a new major version), or wait until the year has more trajectories.", rung.rung),
    );
    Error::Refused(Box::new(Refusal { year: Some(records.year), rule: rule.to_owned(), found, remedy, ladder }))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::invented;

    /// What the rules say, written again from the specification, over names and not numbers.
    fn is_safe(class: &Class, records: &Records, policy: &Policy) -> bool {
        let rows: Vec<&Trajectory> = class.rows.iter().map(|row| &records.rows[*row as usize]).collect();
        let clients: BTreeSet<&String> = rows.iter().map(|row| &records.clients[row.client as usize]).collect();
        let groups: BTreeSet<u32> = rows.iter().map(|row| row.group).collect();
        let share = |rows: &[&Trajectory]| {
            let known: Vec<RomCategory> = rows.iter().map(|row| row.rom_category).filter(|category| *category != RomCategory::NoPair).collect();
            let most = RomCategory::ALL.iter().map(|one| known.iter().filter(|category| *category == one).count()).max().unwrap_or(0);
            if known.is_empty() { 0.0 } else { most as f64 / known.len() as f64 }
        };
        let without = |group: u32| rows.iter().copied().filter(|row| row.group != group).collect::<Vec<_>>();
        let rest_is_enough = groups.iter().all(|group| {
            let left: BTreeSet<u32> = without(*group).iter().map(|row| row.client).collect();
            left.len() >= 5 && share(&without(*group)) <= 0.8
        });
        let different: BTreeSet<RomCategory> = rows.iter().map(|row| row.rom_category).collect();
        let incomplete = rows.iter().filter(|row| row.incomplete == Answer::Yes).count() as f64 / rows.len() as f64;
        clients.len() >= policy.spec.k_clients as usize && groups.len() >= 3 && rest_is_enough && share(&rows) <= 0.8 && different.len() >= 2 && incomplete <= 0.8
    }

    #[test]
    fn every_class_is_safe_by_a_second_count_and_no_row_is_lost() {
        let policy = invented::policy();
        for seed in 1..6 {
            let records = invented::records(2025, 6000, 60, seed);
            let assignment = assign(&records, &policy).unwrap();
            let mut seen = vec![0; records.rows.len()];
            for class in &assignment.classes {
                assert!(is_safe(class, &records, &policy), "seed {seed}: {:?}", class.codes);
                assert!(class.withheld == Withheld::Nothing || class.sources >= 2, "a hidden class that follows from the others");
                class.rows.iter().for_each(|row| seen[*row as usize] += 1);
            }
            assert!(seen.iter().all(|times| *times == 1), "seed {seed}: every row in one class");
            assert!(assignment.classes.iter().any(|class| class.withheld == Withheld::Everything), "an age that is not known is withheld");
            assert!(assignment.classes.iter().any(|class| class.withheld == Withheld::Process));
            assert!(assignment.classes.windows(2).all(|pair| pair[0].codes < pair[1].codes), "classes are sorted and different");
        }
    }

    #[test]
    fn a_row_has_its_own_codes_or_none_and_the_order_of_the_rows_changes_nothing() {
        let policy = invented::policy();
        let records = invented::records(2025, 6000, 60, 9);
        let assignment = assign(&records, &policy).unwrap();
        for class in &assignment.classes {
            for row in class.rows.iter().map(|row| &records.rows[*row as usize]) {
                let values = [Some(u32::from(row.province)), Some(u32::from(row.diagnosis)), row.age.map(u32::from), Some(u32::from(row.sex)), Some(row.minutes), Some(row.days)];
                for (at, dimension) in Dimension::ALL.into_iter().enumerate() {
                    let code = values[at].map(|value| policy.hierarchies.code(dimension, dimension.level(policy.node), value));
                    assert!(class.codes[at] == WITHHELD || Some(&class.codes[at]) == code.as_ref());
                }
            }
        }
        let mut reversed = records.clone();
        reversed.rows.reverse();
        let again = assign(&reversed, &policy).unwrap();
        let last = records.rows.len() as u32 - 1;
        let sizes = |assignment: &Assignment| assignment.classes.iter().map(|class| (class.codes.clone(), class.rows.len(), class.assessment)).collect::<Vec<_>>();
        assert_eq!(sizes(&assignment), sizes(&again));
        let rows = |class: &Class| class.rows.iter().map(|row| last - row).collect::<BTreeSet<_>>();
        assert!(assignment.classes.iter().zip(&again.classes).all(|(one, other)| rows(one) == other.rows.iter().copied().collect()));
    }

    #[test]
    fn each_rule_refuses_the_class_that_breaks_only_it() {
        let policy = invented::policy();
        let rules = Rules::new(&policy.spec);
        let base = invented::records(2025, 100, 4, 1).rows[0];
        // Sixteen clients of four groups, half of them with a pair, no outcome most of the time.
        let good: Vec<Trajectory> = (0..16)
            .map(|at| Trajectory {
                group: at % 4,
                client: at,
                rom_category: if at < 8 { RomCategory::NoPair } else { RomCategory::ALL[at as usize / 4 % 2 * 2] },
                incomplete: if at % 3 == 0 { Answer::Yes } else { Answer::No },
                back_in_care: Answer::Unknown,
                ..base
            })
            .collect();
        let broken = |change: &dyn Fn(usize, &mut Trajectory)| {
            let mut rows = good.clone();
            rows.iter_mut().enumerate().for_each(|(at, row)| change(at, row));
            rules.broken(&rules.assess_records(&rows))
        };
        assert_eq!(broken(&|_, _| {}), None);
        assert_eq!(broken(&|_, row| row.client %= 8), Some("k_clients"));
        assert_eq!(broken(&|_, row| row.group %= 2), Some("min_provider_groups"));
        assert_eq!(broken(&|at, row| row.group = if at < 12 { 0 } else { at as u32 % 4 }), Some("insider_rest_rows"));
        assert_eq!(broken(&|_, row| row.rom_category = RomCategory::NoPair), Some("l_distinct"));
        assert_eq!(broken(&|_, row| row.incomplete = Answer::Yes), Some("alpha"));
        // Three quarters have one outcome, and whoever knows the other quarter to be its own knows it of all others.
        assert_eq!(broken(&|at, row| row.rom_category = if at % 4 == 0 { RomCategory::Improved } else { RomCategory::Unchanged }), Some("alpha"));
    }

    #[test]
    fn a_year_that_is_too_small_is_refused_with_its_ladder_and_no_small_count() {
        let policy = invented::policy();
        let Err(Error::Refused(refusal)) = assign(&invented::records(2025, 150, 9, 3), &policy) else { panic!("it was released") };
        assert_eq!((refusal.year, refusal.ladder.len()), (Some(2025), 4));
        let text = refusal.to_string();
        assert!(text.contains("1-9") && text.contains("rung") && text.contains("providers in the year"), "{text}");
        assert!(["max_star_share", "max_process_star_share"].contains(&refusal.rule.as_str()), "{}", refusal.rule);
        // Nobody has a pair: an outcome that all have is no two different ones.
        let mut without = invented::records(2025, 6000, 60, 3);
        without.rows.iter_mut().for_each(|row| row.rom_category = RomCategory::NoPair);
        let Err(Error::Refused(refusal)) = assign(&without, &policy) else { panic!("it was released") };
        assert_eq!(refusal.rule, "l_distinct");
    }

    #[test]
    fn a_million_trajectories_take_seconds() {
        let records = invented::records(2025, 1_000_000, 900, 6);
        let policy = invented::policy();
        let begun = std::time::Instant::now();
        let assignment = assign(&records, &policy).unwrap();
        let taken = begun.elapsed();
        // Ten seconds on one core that has nothing else to do (specification, 9.8); tests run beside others.
        assert!(assignment.classes.iter().map(|class| class.rows.len()).sum::<usize>() == 1_000_000 && taken.as_secs() < 60, "{taken:?}");
    }

    #[test]
    fn the_ladder_withholds_less_on_every_coarser_rung_for_one_column() {
        let policy = invented::policy();
        let assignment = assign(&invented::records(2025, 9000, 60, 4), &policy).unwrap();
        let share: BTreeMap<&str, f64> = assignment.ladder.iter().map(|rung| (rung.rung.as_str(), rung.process_star_share)).collect();
        assert!(share["L"] > share["M"] && share["M"] >= share["S"] && share["M"] > share["XS"], "{share:?}");
    }
}
