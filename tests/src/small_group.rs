//! The report of the small providers together: who is in it, what it comes to, and that nobody in it can be worked out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use spiegel_model::{Report, Variant};

use crate::command::{KIBG_YEAR, Made, all_reports, country, key, kibg, kibg_arguments, providers, query, rows, scratch, spiegel};
use crate::tree::copy;

/// `minimum.group_providers` and `minimum.group_largest_share` of kibg.
const MEMBERS: usize = 10;
const LARGEST_SHARE: f64 = 0.4;
/// Members that must have changed for a new version.
const CHANGES: usize = 3;

fn group() -> &'static Made {
    all_reports().iter().find(|made| made.report.variant == Variant::Group).expect("the sample country has enough small providers")
}

/// Members of a version, as the analyst's file has them.
fn members(batch: &Path, version: usize) -> BTreeSet<String> {
    let told: Value = serde_json::from_slice(&fs::read(batch.join("results/2025/groep.json")).unwrap()).unwrap();
    told["versions"][version - 1]["members"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_group_is_the_providers_under_the_minimum() {
    let members = members(kibg(), 1);
    let small: BTreeSet<String> = providers(kibg(), "2025").into_iter().filter(|(_, state)| state["under_minimum"].is_object()).map(|(id, _)| id).collect();
    assert!(members.is_subset(&small) && members.len() >= MEMBERS, "{} of {}", members.len(), small.len());
    let report = &group().report;
    let first = &report.summary.sentences[0];
    assert!(first.starts_with(&format!("Dit is een gezamenlijke rapportage van {} kleine aanbieders, samen ", members.len())), "{first}");
    let says_left_out = report.summary.sentences.iter().any(|sentence| sentence.contains("niet mee, omdat de groep anders"));
    assert_eq!(says_left_out, members.len() < small.len());
    assert_eq!(report.title, "Spiegelrapportage 2025 – groep kleine aanbieders");
    assert!(group().pdf.ends_with("reports/2025/groep/v1/spiegelrapportage-2025-groep.pdf"), "{}", group().pdf.display());
}

/// n, events (for a proportion) and value of one provider on one indicator in one year.
type Observation = (u64, Option<u64>, f64);

/// By indicator and year, of each member with a value; counted here from the observations.
fn observations() -> BTreeMap<(String, String), BTreeMap<String, Observation>> {
    let members = members(kibg(), 1);
    let mut observations: BTreeMap<(String, String), BTreeMap<String, Observation>> = BTreeMap::new();
    for row in query(kibg(), "kibg", "SELECT indicator, provider_id, year, n, events, value FROM observations_2025 WHERE value IS NOT NULL") {
        if members.contains(&row["provider_id"]) {
            let of = observations.entry((row["indicator"].clone(), row["year"].clone())).or_default();
            of.insert(row["provider_id"].clone(), (row["n"].parse().unwrap(), row["events"].parse().ok(), row["value"].parse().unwrap()));
        }
    }
    observations
}

/// Owners by provider, as the register has them.
fn owners() -> BTreeMap<String, String> {
    let register = fs::read(country().0.join("register.csv")).unwrap();
    rows(&register).into_iter().map(|row| (row["agb"].clone(), row["group_id"].clone())).collect()
}

/// Whether any two owners that take out their own numbers leave many others, of whom none has most.
fn is_safe(of: &BTreeMap<String, Observation>) -> bool {
    let owners = owners();
    let mut by_owner: BTreeMap<&String, u64> = BTreeMap::new();
    for (id, (n, _, _)) in of {
        *by_owner.entry(&owners[id]).or_default() += n;
    }
    let sizes: Vec<u64> = by_owner.into_values().collect();
    let pairs = (0..sizes.len()).flat_map(|first| (first + 1..sizes.len()).map(move |second| (first, second)));
    sizes.len() >= MEMBERS
        && pairs.into_iter().all(|(first, second)| {
            let rest: Vec<u64> = sizes.iter().enumerate().filter(|(at, _)| *at != first && *at != second).map(|(_, n)| *n).collect();
            rest.iter().max().copied().unwrap() as f64 <= LARGEST_SHARE * rest.iter().sum::<u64>() as f64
        })
}

#[test]
fn the_figures_are_those_of_all_members_together_and_survive_subtraction() {
    let observations = observations();
    let mut told = 0;
    for page in &group().report.indicators {
        for year in &page.trend.as_ref().map_or_else(Vec::new, |trend| trend.years.clone()) {
            let of = observations.get(&(page.id.clone(), year.label.clone())).cloned().unwrap_or_default();
            let Some(own) = &year.own else {
                assert!(!is_safe(&of), "{} {}: could have been told", page.id, year.label);
                assert_eq!(year.code, "niet getoond");
                continue;
            };
            told += 1;
            assert!(is_safe(&of), "{} {}", page.id, year.label);
            let n: u64 = of.values().map(|(n, _, _)| n).sum();
            assert_eq!(own.n, n, "{} {}", page.id, year.label);
            let mean = of.values().map(|(n, events, value)| events.map_or(*value * *n as f64, |events| events as f64)).sum::<f64>() / n as f64;
            assert!((own.value - mean).abs() < 1e-9 * mean.abs().max(1.0), "{} {}: {} and {mean}", page.id, year.label, own.value);
        }
        assert!(page.funnel.is_none(), "{}: a group is no provider", page.id);
        assert!(page.position.z.is_some() || page.position.value.is_none() || matches!(page.position.label, spiegel_model::Label::None(_)), "{}", page.id);
    }
    assert!(told > 15, "{told}");
}

/// Words are of the group; only what asks or advises, and what explains why there is no own report, speaks to the reader.
#[test]
fn figures_are_told_of_the_group() {
    let report: &Report = &group().report;
    let is_said = |text: &str| text.split(|letter: char| !letter.is_alphanumeric()).any(|word| ["u", "uw"].contains(&word.to_lowercase().as_str()));
    let mut texts: Vec<&String> = report.summary.heads.iter().chain([&report.summary.legend]).collect();
    texts.extend(report.summary.rows.iter().flat_map(|row| [&row.own, &row.place]));
    texts.extend(report.summary.blocks.iter().flat_map(|block| &block.paragraphs));
    for page in &report.indicators {
        texts.extend(page.headline.iter().chain(&page.sentences));
        texts.extend(page.sections.iter().flat_map(|section| &section.paragraphs));
        texts.extend(page.dot_plot.iter().chain(&page.within).flat_map(|plot| [&plot.caption, &plot.alt]));
        texts.extend(page.trend.iter().flat_map(|plot| [&plot.caption, &plot.alt, &plot.own_label]));
        texts.extend(page.table.heads.iter().chain(page.further.iter().flat_map(|part| &part.table.heads)));
        // Without a figure there is nothing to ask about.
        let question = page.discuss.first().map(|section| section.paragraphs.join(" "));
        assert_eq!(question.as_deref(), page.position.value.map(|_| "Herkent u dit in uw eigen praktijk?"));
    }
    texts.extend(report.population.iter().flat_map(|page| page.sentences.iter().chain(&page.heads).chain([&page.title, &page.legend])));
    texts.extend(report.quality.iter().flat_map(|page| page.sentences.iter().chain([&page.title, &page.note])));
    texts.extend(report.norms.iter().flat_map(|page| page.heads.iter().chain(page.rows.iter().flat_map(|row| [&row.own, &row.reading]))));
    let wrong: Vec<&&String> = texts.iter().filter(|text| is_said(text.trim_start_matches("Zo leest u dit"))).collect();
    assert!(wrong.is_empty() && texts.len() > 100, "{wrong:#?}");
    assert!(report.summary.sentences.iter().any(|sentence| sentence.contains("geen cijfers van u alleen")));
}

#[test]
fn every_sheet_refers_to_the_group_report() {
    let sheets = all_reports().iter().filter(|made| made.report.variant == Variant::OwnSheet);
    let told: Vec<bool> = sheets.map(|made| made.report.summary.blocks.iter().any(|block| block.paragraphs.iter().any(|text| text.contains("gezamenlijke rapportage")))).collect();
    assert!(told.len() >= MEMBERS && told.iter().all(|told| *told), "{told:?}");
}

/// No category of the population that is told leaves fewer than ten when the two members with most of it subtract their own.
#[test]
fn categories_survive_subtraction() {
    let members = members(kibg(), 1);
    let counted = query(kibg(), "kibg", "SELECT provider_id, sex, COUNT(*) AS units FROM closed_trajectory WHERE year = 2025 GROUP BY provider_id, sex");
    let page = group().report.population.as_ref().unwrap();
    let block = page.blocks.iter().find(|block| block.title == "Geslacht").unwrap();
    let total: u64 = counted.iter().filter(|row| members.contains(&row["provider_id"])).map(|row| row["units"].parse::<u64>().unwrap()).sum();
    assert_eq!(block.n, total);
    let mut told = 0;
    for (row, sex) in block.rows.iter().zip(["v", "m"]) {
        let mut units: Vec<u64> =
            counted.iter().filter(|row| row["sex"] == sex && members.contains(&row["provider_id"])).map(|row| row["units"].parse().unwrap()).collect();
        units.sort_unstable_by(|left, right| right.cmp(left));
        if let Some(share) = row.own {
            told += 1;
            assert!((share - units.iter().sum::<u64>() as f64 / total as f64).abs() < 1e-12, "{sex}");
            assert!(units.iter().skip(2).sum::<u64>() >= 10, "{sex}: {units:?}");
        }
    }
    assert!(told > 0);
    assert_ne!(block.rows.iter().filter(|row| row.own.is_none()).count(), 1, "one that is hidden alone is the rest");
}

/// Delivers what a member delivered in a folder once more, without its last answer.
fn deliver_again(inbox: &Path, provider: &str) {
    let name = format!("KIBG_{provider}_2025_01");
    let again = inbox.join(format!("KIBG_{provider}_2025_02"));
    copy(&country().0.join("inbox").join(&name), &again);
    let form = again.join("aanlevering.toml");
    let text = fs::read_to_string(&form).unwrap();
    let answers = again.join("cqi.csv");
    let bytes = fs::read(&answers).unwrap();
    let end = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    fs::write(&answers, &bytes[..=end]).unwrap();
    let (before, after) = text.split_once("[tabellen.cqi]\nrijen = ").unwrap();
    let (number, after) = after.split_once('\n').unwrap_or((after, ""));
    let rows = number.trim().parse::<u64>().unwrap() - 1;
    fs::write(&form, format!("{}[tabellen.cqi]\nrijen = {rows}\n{after}", before.replace("volgnummer = 1", "volgnummer = 2"))).unwrap();
}

/// Members that deliver again one by one: the group report stays until it differs by three.
#[test]
fn a_new_version_waits_until_three_members_changed() {
    let batch = scratch("group-versions");
    copy(kibg(), &batch);
    let inbox = scratch("group-inbox");
    let folder = batch.join("reports/2025/groep");
    let first = fs::read(folder.join("v1/report.json")).unwrap();
    let status = || {
        let said = spiegel(&["status", "--batch", batch.to_str().unwrap()]).expect_code(0).stdout;
        said.lines().find(|line| line.starts_with("groep ")).unwrap().to_owned()
    };
    assert!(status().contains("spiegelrapportage-2025-groep.pdf ("), "{}", status());
    let small = |id: &String| country().0.join("inbox").join(format!("KIBG_{id}_2025_01")).is_dir();
    let members: Vec<String> = members(&batch, 1).into_iter().filter(small).take(CHANGES).collect();
    assert_eq!(members.len(), CHANGES, "deliveries in folders");
    for (changed, member) in members.iter().enumerate() {
        deliver_again(&inbox, member);
        let arguments = ["ingest", KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap(), "--no-feedback"];
        spiegel(&arguments).expect_code(0);
        spiegel(&["benchmark", KIBG_YEAR, "--batch", batch.to_str().unwrap()]).expect_code(0);
        assert_eq!(fs::read(folder.join("v1/report.json")).unwrap(), first, "the first version is never changed");
        if changed + 1 < CHANGES {
            assert!(!folder.join("v2").exists());
            let wanted = format!("groep/v1/spiegelrapportage-2025-groep.pdf (blijft zoals eerder gemaakt: van {} aanbieders is iets anders, 3 nodig", changed + 1);
            assert!(status().contains(&wanted), "{}", status());
        }
    }
    let second: Report = serde_json::from_slice(&fs::read(folder.join("v2/report.json")).unwrap()).unwrap();
    assert_eq!(second.version, 2);
    assert!(status().contains("PDF nog niet gemaakt"), "{}", status());
    let report = spiegel(&["report", KIBG_YEAR, "--batch", batch.to_str().unwrap(), "--provider", "groep"]).expect_code(0);
    assert!(report.stderr.contains("1 made"), "{}", report.stderr);
    assert!(status().contains("groep/v2/spiegelrapportage-2025-groep.pdf"), "{}", status());
    fs::remove_dir_all(&batch).unwrap();
}

/// A report that is damaged is made again, to the same byte.
#[test]
fn a_lost_group_report_comes_back() {
    let batch = scratch("group-lost");
    copy(kibg(), &batch);
    let file = batch.join("reports/2025/groep/v1/report.json");
    let before = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    spiegel(&kibg_arguments("year", KIBG_YEAR, &batch)).expect_code(0);
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::remove_dir_all(&batch).unwrap();
}
