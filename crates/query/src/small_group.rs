//! Providers under the minimum together, as if they were one: who is in the group, and what it comes to.
//!
//! What a group tells may not tell one member. Who belongs to an owner knows that owner's own numbers and subtracts them, and two owners
//! may put theirs together. So of everything that is added up, with the largest, second and third largest owner s₁ ≥ s₂ ≥ s₃ and the
//! total T, s₁ ≤ share · (T − s₂ − s₃) must hold: whichever two subtract, at least `group_providers` − 2 owners are left, of which none
//! has more than `group_largest_share`. No other pair leaves more of one owner: the largest has most of the rest when the next two are
//! gone. What two owners leave has at least `shown` units.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::Minimums;

use crate::distribution::printed_step;
use crate::results::IndicatorResult;
use crate::{Distribution, Results, Standing, Summary};

/// The id of the group, in the place of a provider's.
pub const GROUP: &str = "groep";
/// Two lists of members that differ by fewer than this, and differ, would tell the ones that changed by subtraction.
pub const FEWEST_CHANGES: usize = 3;

/// Who is in the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmallGroup {
    /// Enough providers of different owners.
    Members {
        /// Their ids, in order.
        ids: BTreeSet<String>,
        /// Providers under the minimum that are left out, because the group would say too much of them.
        left_out: usize,
    },
    /// Too few for a report.
    TooFew {
        /// Owners that could be told together.
        owners: usize,
    },
}

/// What is known of the group besides its figures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gathered {
    /// Providers in it.
    pub(crate) members: usize,
    /// Providers left out of it.
    pub(crate) left_out: usize,
    /// Their size together, as the provider SQL counts it.
    pub(crate) units: u64,
    /// By indicator: how the members lie among each other.
    pub(crate) within: BTreeMap<String, Distribution>,
    /// By characteristic: categories in which what two owners leave is too little, or mostly of one.
    pub(crate) hidden: BTreeMap<String, BTreeSet<String>>,
}

/// Whether numbers of owners may be told together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Safety<'a> {
    Safe,
    /// Too few owners, or too few units without the two largest.
    TooFew,
    /// This owner has too much of it.
    Dominated(&'a str),
}

fn judge<'a>(by_owner: &BTreeMap<&'a str, u64>, minimum: &Minimums) -> Safety<'a> {
    let mut sizes: Vec<(u64, &str)> = by_owner.iter().filter(|(_, units)| **units > 0).map(|(owner, units)| (*units, *owner)).collect();
    sizes.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(right.1)));
    if sizes.len() < minimum.group_providers {
        return Safety::TooFew;
    }
    let units: Vec<u64> = sizes.iter().map(|(units, _)| *units).collect();
    match sizes.first() {
        Some((_, owner)) if is_dominated(&units, minimum) => Safety::Dominated(owner),
        _ if without_two(&units) < minimum.shown => Safety::TooFew,
        _ => Safety::Safe,
    }
}

/// Whether the largest has too much of what is left without the second and the third; `sizes` descend.
fn is_dominated(sizes: &[u64], minimum: &Minimums) -> bool {
    let rest = sizes.iter().sum::<u64>() - sizes.iter().skip(1).take(2).sum::<u64>();
    sizes.first().is_some_and(|largest| *largest as f64 > minimum.group_largest_share * rest as f64)
}

/// What is left without the two largest; `sizes` descend.
fn without_two(sizes: &[u64]) -> u64 {
    sizes.iter().skip(2).sum()
}

impl Results {
    /// Who is in the group of small providers: those under the minimum that delivered, without owners that have too much of it, in all or
    /// on an indicator of the report year. One list for the whole report, so that no two figures differ by one member. Where leaving out
    /// one more would leave too few, the indicator is not told instead (see [`Self::gather`]).
    #[must_use]
    pub fn small_group(&self) -> SmallGroup {
        let minimum = &self.year.minimum;
        let small: BTreeSet<&str> =
            self.providers.values().filter(|one| matches!(one.standing, Standing::TooFewClients { .. })).map(|one| one.id.as_str()).collect();
        let mut members = small.clone();
        loop {
            let owners: BTreeSet<&str> = members.iter().map(|id| self.register.group_of(id)).collect();
            let out = match judge(&self.sizes(&members), minimum) {
                Safety::TooFew => return SmallGroup::TooFew { owners: owners.len() },
                Safety::Dominated(owner) => Some(owner),
                Safety::Safe if owners.len() > minimum.group_providers => self.dominant_on_an_indicator(&members),
                Safety::Safe => None,
            };
            let Some(owner) = out else { break };
            members.retain(|id| self.register.group_of(id) != owner);
        }
        SmallGroup::Members { left_out: small.len() - members.len(), ids: members.into_iter().map(str::to_owned).collect() }
    }

    fn sizes<'a>(&'a self, members: &BTreeSet<&'a str>) -> BTreeMap<&'a str, u64> {
        self.by_owner(members.iter().filter_map(|id| Some((*id, self.providers.get(*id)?.size))))
    }

    fn by_owner<'a>(&'a self, of_members: impl Iterator<Item = (&'a str, u64)>) -> BTreeMap<&'a str, u64> {
        let mut by_owner = BTreeMap::new();
        for (id, units) in of_members {
            *by_owner.entry(self.register.group_of(id)).or_default() += units;
        }
        by_owner
    }

    /// The first owner that has too much of an indicator of the report year.
    fn dominant_on_an_indicator<'a>(&'a self, members: &BTreeSet<&'a str>) -> Option<&'a str> {
        self.indicators.iter().find_map(|indicator| {
            let of_members = contributions(&indicator.years.get(&self.year.year)?.summaries, members.iter().copied());
            match judge(&self.by_owner(of_members.iter().map(|(id, summary)| (*id, summary.n()))), &self.year.minimum) {
                Safety::Dominated(owner) => Some(owner),
                Safety::Safe | Safety::TooFew => None,
            }
        })
    }

    /// Puts the members together under the id [`GROUP`], and places them as one provider: every indicator and year with enough owners
    /// of which none has too much, and likewise parts, population and data quality. `told` are the lists of members of group reports of
    /// other years, by report year: an earlier year is left out when the difference with such a list is one or two members.
    ///
    /// Nothing national changes: that was computed before, with every member in it.
    pub fn gather(&mut self, members: &BTreeSet<String>, left_out: usize, told: &BTreeMap<i32, Vec<BTreeSet<String>>>) {
        let ids: BTreeSet<&str> = members.iter().map(String::as_str).collect();
        let mut gathered =
            Gathered { members: members.len(), left_out, units: self.sizes(&ids).values().sum(), ..Gathered::default() };
        let mut indicators = std::mem::take(&mut self.indicators);
        for indicator in &mut indicators {
            self.gather_indicator(indicator, members, told, &mut gathered);
        }
        self.indicators = indicators;
        let population = self.population.iter().map(|(characteristic, of)| (characteristic.clone(), self.gather_categories(characteristic, of, members, &mut gathered)));
        let population: Vec<_> = population.collect();
        for (characteristic, counts) in population {
            if let (Some(counts), Some(of)) = (counts, self.population.get_mut(&characteristic)) {
                of.insert(GROUP.to_owned(), counts);
            }
        }
        let (register, minimum) = (&self.register, &self.year.minimum);
        self.quality.gather(GROUP, members, |of_members| {
            let mut by_owner: BTreeMap<&str, u64> = BTreeMap::new();
            for (id, units) in of_members {
                *by_owner.entry(register.group_of(id)).or_default() += units;
            }
            judge(&by_owner, minimum) == Safety::Safe
        });
        self.gathered = Some(gathered);
        let positions: Vec<_> = self.indicators.iter().map(|indicator| self.placed(indicator, GROUP)).collect();
        for (indicator, position) in self.indicators.iter_mut().zip(positions) {
            indicator.positions.extend(position.map(|position| (GROUP.to_owned(), position)));
        }
    }

    fn gather_indicator(&self, indicator: &mut IndicatorResult, members: &BTreeSet<String>, told: &BTreeMap<i32, Vec<BTreeSet<String>>>, gathered: &mut Gathered) {
        let spec = &indicator.indicator.spec;
        for (year, result) in &mut indicator.years {
            let of_members = contributions(&result.summaries, members.iter().map(String::as_str));
            let is_safe = judge(&self.by_owner(of_members.iter().map(|(id, summary)| (*id, summary.n()))), &self.year.minimum) == Safety::Safe;
            if !is_safe || (*year < self.year.year && is_told_otherwise(*year, self.year.year, &result.summaries, &of_members, told)) {
                continue;
            }
            let Some(together) = Summary::pooled(of_members.iter().map(|(_, summary)| *summary)) else { continue };
            if *year == self.year.year {
                if let Some(case_mix) = &mut result.national.case_mix {
                    case_mix.gather(GROUP, &of_members);
                }
                gathered.within.extend(self.within(spec, &of_members).map(|within| (spec.id.clone(), within)));
                let detail = &mut indicator.in_detail;
                let mut follow_up: Vec<(f64, bool)> = of_members.iter().filter_map(|(id, _)| detail.follow_up.get(*id)).flatten().copied().collect();
                follow_up.sort_by(|left, right| left.0.total_cmp(&right.0).then(right.1.cmp(&left.1)));
                if !follow_up.is_empty() {
                    detail.follow_up.insert(GROUP.to_owned(), follow_up);
                }
                for (part, summary) in self.gather_parts(&detail.parts, &of_members) {
                    detail.parts.entry(part).or_default().insert(GROUP.to_owned(), summary);
                }
            }
            result.summaries.insert(GROUP.to_owned(), together);
        }
    }

    /// How the members lie among each other, with the publication rule of the nation.
    fn within(&self, spec: &spiegel_model::IndicatorSpec, of_members: &[(&str, &Summary)]) -> Option<Distribution> {
        let counted = || of_members.iter().filter(|(_, summary)| summary.n() >= self.year.minimum.shown);
        let owners: BTreeSet<&str> = counted().map(|(id, _)| self.register.group_of(id)).collect();
        let mut values: Vec<f64> = counted().filter_map(|(_, summary)| summary.value()).collect();
        values.sort_by(f64::total_cmp);
        Distribution::new(&values, owners.len(), spec.grid, printed_step(&spec.format))
    }

    /// The parts of the care, all or none: one that is missing would be the total less the others. What is in no part counts as one.
    fn gather_parts(&self, parts: &BTreeMap<String, BTreeMap<String, Summary>>, of_members: &[(&str, &Summary)]) -> Vec<(String, Summary)> {
        let units = |id: &str| parts.values().filter_map(|of| of.get(id)).map(Summary::n).sum::<u64>();
        let in_no_part = self.by_owner(of_members.iter().map(|(id, summary)| (*id, summary.n().saturating_sub(units(id)))));
        let is_safe = |by_owner: &BTreeMap<&str, u64>| by_owner.values().all(|units| *units == 0) || judge(by_owner, &self.year.minimum) == Safety::Safe;
        if !is_safe(&in_no_part) {
            return Vec::new();
        }
        let mut together = Vec::new();
        for (part, of) in parts {
            let of_part = contributions(of, of_members.iter().map(|(id, _)| *id));
            if !is_safe(&self.by_owner(of_part.iter().map(|(id, summary)| (*id, summary.n())))) {
                return Vec::new();
            }
            together.extend(Summary::pooled(of_part.iter().map(|(_, summary)| *summary)).map(|summary| (part.clone(), summary)));
        }
        together
    }

    /// Categories of the members together. None when the characteristic may not be told of the group.
    fn gather_categories(
        &self,
        characteristic: &str,
        of: &BTreeMap<String, BTreeMap<String, Option<u64>>>,
        members: &BTreeSet<String>,
        gathered: &mut Gathered,
    ) -> Option<BTreeMap<String, Option<u64>>> {
        let of_members: Vec<(&str, &BTreeMap<String, Option<u64>>)> = members.iter().filter_map(|id| Some((id.as_str(), of.get(id)?))).collect();
        let known = |counts: &BTreeMap<String, Option<u64>>| counts.values().flatten().sum::<u64>();
        if judge(&self.by_owner(of_members.iter().map(|(id, counts)| (*id, known(counts)))), &self.year.minimum) != Safety::Safe {
            return None;
        }
        let mut by_category: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for (id, counts) in &of_members {
            for (category, units) in *counts {
                *by_category.entry(category).or_default().entry(self.register.group_of(id)).or_default() += units.unwrap_or(0);
            }
        }
        let is_fragile = |by_owner: &BTreeMap<&str, u64>| {
            let mut sizes: Vec<u64> = by_owner.values().copied().collect();
            sizes.sort_unstable_by(|left, right| right.cmp(left));
            sizes.first().is_some_and(|largest| *largest > 0) && (without_two(&sizes) < self.year.minimum.shown || is_dominated(&sizes, &self.year.minimum))
        };
        let hidden = by_category.iter().filter(|(_, by_owner)| is_fragile(by_owner)).map(|(category, _)| (*category).to_owned()).collect();
        gathered.hidden.insert(characteristic.to_owned(), hidden);
        Some(by_category.into_iter().map(|(category, by_owner)| (category.to_owned(), Some(by_owner.values().sum()))).collect())
    }
}

/// Members with a value, in order.
fn contributions<'a>(summaries: &'a BTreeMap<String, Summary>, members: impl Iterator<Item = &'a str>) -> Vec<(&'a str, &'a Summary)> {
    members.filter_map(|id| Some((id, summaries.get(id).filter(|summary| summary.value().is_some())?))).collect()
}

/// Whether an earlier year was told of nearly the same members in a group report of another year: the difference would be one or two.
fn is_told_otherwise(
    year: i32,
    report_year: i32,
    summaries: &BTreeMap<String, Summary>,
    of_members: &[(&str, &Summary)],
    told: &BTreeMap<i32, Vec<BTreeSet<String>>>,
) -> bool {
    let now: BTreeSet<&str> = of_members.iter().map(|(id, _)| *id).collect();
    told.range(year..).filter(|(of_year, _)| **of_year != report_year).flat_map(|(_, lists)| lists).any(|list| {
        let then: BTreeSet<&str> = contributions(summaries, list.iter().map(String::as_str)).into_iter().map(|(id, _)| id).collect();
        (1..FEWEST_CHANGES).contains(&now.symmetric_difference(&then).count())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum() -> Minimums {
        Minimums { shown: 10, labelled: 30, clients: 100, client_years: 2, group_providers: 10, group_largest_share: 0.4, pooled_years: 3 }
    }

    fn judged(sizes: &[u64]) -> (Safety<'static>, Vec<u64>) {
        const NAMES: [&str; 14] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"];
        let by_owner: BTreeMap<&'static str, u64> = NAMES.iter().copied().zip(sizes.iter().copied()).collect();
        (judge(&by_owner, &minimum()), sizes.iter().copied().filter(|units| *units > 0).collect())
    }

    /// Numbers that look like chance and are the same in every run.
    fn sizes(seed: u64) -> Vec<u64> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let count = 9 + seed % 6;
        (0..count)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // A few are much larger than the rest.
                (state % 40) * if state.is_multiple_of(11) { 12 } else { 1 }
            })
            .collect()
    }

    #[test]
    fn whichever_two_subtract_what_is_left_is_many_owners_and_not_mostly_one() {
        let (mut safe, mut dominated, mut few) = (0, 0, 0);
        for seed in 0..3000 {
            let (safety, sizes) = judged(&sizes(seed));
            match safety {
                Safety::TooFew => few += 1,
                Safety::Dominated(_) => dominated += 1,
                Safety::Safe => {
                    safe += 1;
                    for first in 0..sizes.len() {
                        for second in first + 1..sizes.len() {
                            let rest: Vec<u64> = sizes.iter().enumerate().filter(|(at, _)| *at != first && *at != second).map(|(_, units)| *units).collect();
                            let (total, largest) = (rest.iter().sum::<u64>(), rest.iter().max().copied().unwrap());
                            assert!(rest.len() >= 8 && total >= 10, "{sizes:?}");
                            assert!(largest as f64 <= 0.4 * total as f64, "{sizes:?} without {first} and {second}");
                        }
                    }
                }
            }
        }
        assert!(safe > 300 && dominated > 300 && few > 300, "{safe} {dominated} {few}");
    }

    #[test]
    fn the_largest_is_told_when_it_has_too_much() {
        assert_eq!(judged(&[10; 10]).0, Safety::Safe);
        assert_eq!(judged(&[10; 9]).0, Safety::TooFew);
        assert_eq!(judged(&[10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 0]).0, Safety::Safe, "who has nothing does not count");
        // 40 of 130 is less than 40 %, and of the 110 that two others leave as well.
        assert_eq!(judged(&[10, 40, 10, 10, 10, 10, 10, 10, 10, 10]).0, Safety::Safe);
        // 47 of 137 is less than 40 % of all, and more than 40 % of the 117 that two others leave.
        assert_eq!(judged(&[10, 47, 10, 10, 10, 10, 10, 10, 10, 10]).0, Safety::Dominated("b"));
        // What two leave is fewer than may be shown.
        assert_eq!(judged(&[1; 11]).0, Safety::TooFew);
    }

    #[test]
    fn an_earlier_year_is_left_out_when_it_was_told_of_nearly_the_same_members() {
        let summaries: BTreeMap<String, Summary> =
            ["a", "b", "c", "d", "e"].map(|id| (id.to_owned(), Summary::Proportion { events: 1, n: 2 })).into_iter().chain([("silent".to_owned(), Summary::Held)]).collect();
        let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<String>>();
        let now = contributions(&summaries, ["a", "b", "c"].into_iter());
        let is_told = |of_year: i32, ids: &[&str]| is_told_otherwise(2024, 2025, &summaries, &now, &[(of_year, vec![list(ids)])].into());
        assert!(is_told(2024, &["a", "b"]), "one is new since");
        assert!(is_told(2024, &["a", "b", "d"]), "one for another");
        assert!(!is_told(2024, &["a", "b", "c"]), "the same");
        assert!(!is_told(2024, &["a", "b", "c", "silent"]), "who has no value makes no difference");
        assert!(!is_told(2024, &["a", "d", "e", "b"]), "three changed");
        assert!(!is_told(2023, &["a", "b"]), "a report of 2023 does not tell 2024");
        assert!(is_told(2026, &["a", "b"]), "a later report did");
        assert!(!is_told(2025, &["a", "b"]), "versions of this year are judged as a whole");
    }
}
