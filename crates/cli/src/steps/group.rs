//! The report of the providers under the minimum together. Each version is told once: a version that differs by one or two members from
//! one that was made before would tell their figures by subtraction, so it is not made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use spiegel_query::{FEWEST_CHANGES, GROUP, Held, ReportContext, Results, SmallGroup, assemble_group};

use super::Workplace;
use crate::batch::{GroupOutcome, GroupState, Members, ReportState, RunYear, sha256};

/// Versions of the group report of a year: `results/<year>/groep.json`. Names members, so it is no part of any report.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// Version of this file format.
    format: u32,
    /// In order, from version 1.
    versions: Vec<ToldVersion>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ToldVersion {
    /// Providers left out.
    left_out: usize,
    /// Members, each with what its data were, by content.
    members: BTreeMap<String, String>,
}

impl ToldVersion {
    /// Members that are in one of both only, or with other data.
    fn changes(&self, other: &Self) -> usize {
        let ids: BTreeSet<&String> = self.members.keys().chain(other.members.keys()).collect();
        ids.into_iter().filter(|id| self.members.get(*id) != other.members.get(*id)).count()
    }

    fn ids(&self) -> BTreeSet<String> {
        self.members.keys().cloned().collect()
    }
}

/// What is to be done with the group report.
pub(super) struct GroupPlan {
    /// With the version that is told now at its end.
    told: Told,
    /// None: the report that was there, if any, stays.
    make: Option<ToldVersion>,
    outcome: GroupOutcome,
    name: String,
}

/// Whether this version is told: as the last one when nothing changed, as a new one when enough did against every version before.
fn next(told: &Told, now: &ToldVersion) -> Result<u32, usize> {
    let count = u32::try_from(told.versions.len()).unwrap_or(u32::MAX);
    if told.versions.last().is_some_and(|last| last.changes(now) == 0) {
        return Ok(count);
    }
    match told.versions.iter().map(|version| version.changes(now)).filter(|changes| *changes < FEWEST_CHANGES).max() {
        Some(changes) => Err(changes),
        None => Ok(count + 1),
    }
}

impl GroupPlan {
    /// None when the pipeline has no group report.
    pub(super) fn new(workplace: &Workplace, results: &Results, held: &BTreeMap<i32, Held>) -> anyhow::Result<Option<Self>> {
        let Some(words) = &results.pipeline.spec.group_report else { return Ok(None) };
        let mut told = load(workplace, results.year.year)?;
        let needed = results.year.minimum.group_providers;
        let (make, outcome) = match results.small_group() {
            SmallGroup::TooFew { owners } => (None, GroupOutcome::TooFewMembers { owners, needed }),
            SmallGroup::Members { ids, left_out } => {
                let now = ToldVersion { left_out, members: contents(workplace, results, held, &ids)? };
                let outcome = GroupOutcome::Assembled { members: ids.len(), left_out };
                match next(&told, &now) {
                    Ok(version) => {
                        told.versions.truncate(usize::try_from(version).unwrap_or(usize::MAX).saturating_sub(1));
                        (Some(now), outcome)
                    }
                    Err(changed) => (None, GroupOutcome::Kept { changed, needed: FEWEST_CHANGES }),
                }
            }
        };
        Ok(Some(Self { told, make, outcome, name: words.name.clone() }))
    }

    /// Whether there will be a report for sheets to refer to.
    pub(super) fn has_report(&self) -> bool {
        self.make.is_some() || !self.told.versions.is_empty()
    }

    /// Puts the group together and writes its report.json, or leaves what is there.
    pub(super) fn carry_out(mut self, workplace: &Workplace, results: &mut Results, context: &ReportContext, before: Option<&RunYear>) -> anyhow::Result<GroupState> {
        let known = before.and_then(|state| state.group.as_ref());
        let Some(make) = self.make.take() else {
            let version = u32::try_from(self.told.versions.len()).ok().filter(|version| *version > 0);
            let (report_bytes, report) = match (version, known) {
                (Some(_), Some(known)) => (known.report_bytes, known.report.clone()),
                // A run that stopped in between: the report is there, its state is not.
                (Some(version), None) => {
                    let file = workplace.batch.report(results.year.year, GROUP, version).join("report.json");
                    (fs::metadata(&file).with_context(|| format!("{}", file.display()))?.len(), ReportState::Assembled)
                }
                (None, _) => (0, ReportState::Assembled),
            };
            return Ok(GroupState { name: self.name, outcome: self.outcome, version, report_bytes, report });
        };
        let year = results.year.year;
        results.gather(&make.ids(), make.left_out, &told_of_other_years(workplace, year)?);
        let version = u32::try_from(self.told.versions.len()).unwrap_or(u32::MAX).saturating_add(1);
        let context = ReportContext { version, ..context.clone() };
        let Some(report) = assemble_group(results, &context) else {
            return Ok(GroupState { name: self.name, outcome: GroupOutcome::NothingToTell, version: None, report_bytes: 0, report: ReportState::Assembled });
        };
        // First who is in it: a report that nobody knows the members of could not be protected.
        self.told.format = 1;
        self.told.versions.push(make);
        let mut text = serde_json::to_vec_pretty(&self.told)?;
        text.push(b'\n');
        workplace.batch.write(&workplace.batch.group(year), &text)?;
        let mut text = serde_json::to_vec_pretty(&report)?;
        text.push(b'\n');
        let file = workplace.batch.report(year, GROUP, version).join("report.json");
        let unchanged = fs::read(&file).is_ok_and(|old| old == text);
        if !unchanged {
            workplace.batch.write(&file, &text)?;
        }
        let report = known.filter(|known| unchanged && known.version == Some(version)).map_or(ReportState::Assembled, |known| known.report.clone());
        Ok(GroupState { name: self.name, outcome: self.outcome, version: Some(version), report_bytes: text.len() as u64, report })
    }
}

fn load(workplace: &Workplace, year: i32) -> anyhow::Result<Told> {
    let file = workplace.batch.group(year);
    match fs::read_to_string(&file) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("{}", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Told::default()),
        Err(error) => Err(error).with_context(|| format!("{}", file.display())),
    }
}

/// Lists of members of the group reports of other years of the batch, by report year.
fn told_of_other_years(workplace: &Workplace, year: i32) -> anyhow::Result<BTreeMap<i32, Vec<BTreeSet<String>>>> {
    let mut all = BTreeMap::new();
    for folder in crate::batch::folders(&workplace.batch.root().join("results"))? {
        let of_year = folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<i32>().ok());
        let Some(of_year) = of_year.filter(|of_year| *of_year != year) else { continue };
        all.insert(of_year, load(workplace, of_year)?.versions.iter().map(ToldVersion::ids).collect());
    }
    Ok(all)
}

/// What the data of each member are, by content: its deliveries of all years that count, and what of them is held.
fn contents(workplace: &Workplace, results: &Results, held: &BTreeMap<i32, Held>, ids: &BTreeSet<String>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut parts: BTreeMap<&String, Vec<String>> = ids.iter().map(|id| (id, Vec::new())).collect();
    for year in results.year.trend_from..=results.year.year {
        for member in Members::load(workplace.batch.root(), year)?.parts() {
            if let Some(list) = parts.get_mut(&member.provider_id) {
                list.push(format!("{year} {}", member.sha256));
            }
        }
        for (id, of) in held.get(&year).into_iter().flatten() {
            if let Some(list) = parts.get_mut(id) {
                list.push(format!("{year} {}", serde_json::to_string(of)?));
            }
        }
    }
    Ok(parts.into_iter().map(|(id, list)| (id.clone(), sha256(&list.iter().map(String::as_bytes).collect::<Vec<_>>()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(members: &[(&str, &str)]) -> ToldVersion {
        ToldVersion { left_out: 0, members: members.iter().map(|(id, data)| ((*id).to_owned(), (*data).to_owned())).collect() }
    }

    #[test]
    fn a_version_is_made_when_enough_changed_against_every_one_before() {
        let first = version(&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")]);
        let told = |versions: &[&ToldVersion]| Told { format: 1, versions: versions.iter().map(|one| (*one).clone()).collect() };
        assert_eq!(next(&told(&[]), &first), Ok(1));
        assert_eq!(next(&told(&[&first]), &first), Ok(1), "the same members and data: the same version");
        assert_eq!(next(&told(&[&first]), &version(&[("a", "1"), ("b", "1"), ("c", "1")])), Err(1), "one is gone");
        assert_eq!(next(&told(&[&first]), &version(&[("a", "1"), ("b", "1"), ("c", "1"), ("e", "1")])), Err(2), "one for another");
        assert_eq!(next(&told(&[&first]), &version(&[("a", "2"), ("b", "2"), ("c", "1"), ("d", "1")])), Err(2), "two delivered again");
        let second = version(&[("a", "2"), ("b", "2"), ("c", "2"), ("d", "1")]);
        assert_eq!(next(&told(&[&first]), &second), Ok(2));
        // Far from the second, and one member from the first.
        assert_eq!(next(&told(&[&first, &second]), &version(&[("a", "1"), ("b", "1"), ("c", "1"), ("d", "2")])), Err(1));
        assert_eq!(next(&told(&[&first, &second]), &first), Err(0), "back to an older version: the last one stays");
    }
}
