//! Several deliveries of one provider, and of several: what replaces what, what waits, and that neither the order of rows nor
//! a second time changes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use spiegel_model::{Receipt, TableChange, Verdict};

use crate::command::{Answer, KIBG_YEAR, key, query, receipts, scratch, spiegel};
use crate::submissions::findings;
use crate::tree::{assert_same, copy, tree};

const HEADER: &str = "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;minuten_direct;minuten_bron;geboortejaar;geslacht";

/// So many trajectories, from this number on.
fn rows(first: usize, count: usize) -> Vec<String> {
    let row = |number: usize| {
        let (start, end, sex) = (number % 27 + 1, number * 5 % 27 + 1, ["v", "m"][number % 2]);
        format!("T{number:03};C{number:03};2025-01-{start:02};2025-06-{end:02};afgerond;ZPM;{};exact;{};{sex}", 400 + number, 1950 + number % 50)
    };
    (first..first + count).map(row).collect()
}

fn table(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// An inbox and a batch for one test.
struct Place {
    inbox: PathBuf,
    batch: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let folder = scratch(&format!("deliveries/{name}"));
        let place = Self { inbox: folder.join("inbox"), batch: folder.join("batch") };
        fs::create_dir_all(&place.inbox).unwrap();
        place
    }

    fn deliver(&self, agb: &str, sequence: u32, rows: &[String]) {
        let folder = self.inbox.join(format!("KIBG_{agb}_2025_{sequence:02}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("trajecten.csv"), table(rows)).unwrap();
    }

    fn ingest(&self, more: &[&str]) -> Answer {
        ingest(&self.inbox, &self.batch, more)
    }

    /// The receipt of a delivery.
    fn receipt(&self, agb: &str, sequence: u32) -> Receipt {
        let of = |receipt: &Receipt| receipt.provider_id == agb && receipt.sequence == sequence;
        receipts(&self.batch).into_iter().map(|(_, receipt)| receipt).find(of).unwrap()
    }

    /// Trajectories in the lake, by provider.
    fn lake(&self) -> BTreeMap<String, String> {
        let rows = query(&self.batch, "kibg", "SELECT provider_id, COUNT(*) AS rows FROM trajectory GROUP BY provider_id");
        rows.into_iter().map(|row| (row["provider_id"].clone(), row["rows"].clone())).collect()
    }
}

fn ingest(inbox: &Path, batch: &Path, more: &[&str]) -> Answer {
    let mut arguments = vec!["ingest", KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap()];
    arguments.extend(more);
    spiegel(&arguments)
}

fn counts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(provider, rows)| ((*provider).to_owned(), (*rows).to_owned())).collect()
}

#[test]
fn the_same_delivery_twice_gives_the_same_receipt() {
    let place = Place::new("twice");
    let mut spoiled = rows(1, 40);
    spoiled[7] = spoiled[7].replace("afgerond", "afgernd");
    place.deliver("94000101", 1, &spoiled);
    place.ingest(&[]).expect_code(0);
    let first = tree(&place.batch);
    // From another inbox, as it arrives again by mail.
    let again = Place::new("twice-again");
    again.deliver("94000101", 1, &spoiled);
    ingest(&again.inbox, &place.batch, &[]).expect_code(0);
    assert_same(&first, &tree(&place.batch), "the same delivery again");
    again.ingest(&[]).expect_code(0);
    assert_same(&first, &tree(&again.batch), "the same delivery in another batch");
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let mut delivered = rows(1, 80);
    delivered[3] = delivered[3].replace("afgerond", "afgernd");
    delivered[11] = delivered[11].replace("2025-01-", "2025-13-");
    delivered[20] = delivered[20].replace(";420;", ";;").replace(";421;", ";negen;");
    let mut shuffled = delivered.clone();
    // 29 and 80 have no divisor in common: every row moves to a place of its own.
    (0..80).for_each(|number| shuffled[number * 29 % 80] = delivered[number].clone());
    assert_ne!(delivered, shuffled);
    let judged = |name: &str, rows: &[String]| {
        let place = Place::new(name);
        place.deliver("94000101", 1, rows);
        place.ingest(&[]).expect_code(0);
        let (folder, receipt) = receipts(&place.batch).remove(0);
        let found: BTreeSet<(String, String, String)> = findings(&folder).into_iter().map(|finding| (finding.code, finding.key, finding.message)).collect();
        let used = query(&place.batch, "kibg", "SELECT trajectory_id, client_key, start_date, direct_minutes FROM trajectory ORDER BY trajectory_id");
        (receipt.tables, receipt.content, found, used)
    };
    let (one, other) = (judged("in-order", &delivered), judged("shuffled", &shuffled));
    assert!(one.2.len() >= 3, "{:?}", one.2);
    assert_eq!(one, other);
}

#[test]
fn a_replacement_tells_what_it_changes() {
    let place = Place::new("change");
    let mut first = rows(1, 40);
    first[4] = first[4].replace("afgerond", "afgernd");
    first[5] = first[5].replace("afgerond", "afgernd");
    place.deliver("94000101", 1, &first);
    let mut second = rows(2, 41);
    second[4] = second[4].replace("afgerond", "afgernd");
    second[9] = second[9].replace("exact", "kort");
    place.deliver("94000101", 2, &second);
    place.ingest(&[]).expect_code(0);
    let change = place.receipt("94000101", 2).change.unwrap();
    assert_eq!(change.replaces, 1);
    let trajectories = change.tables.iter().find(|table| table.table == "trajectory").unwrap();
    // T001 is gone, T041 and T042 are new; the end reason of T005 and the source of the minutes of T011 differ.
    assert_eq!(trajectories, &TableChange { table: "trajectory".to_owned(), added: 2, removed: 1, changed: 2 });
    let one = |code: &str| BTreeMap::from([(code.to_owned(), 1)]);
    assert_eq!((change.solved, change.open, change.new), (one("E210"), one("E210"), one("E210")));
    assert_eq!(place.lake(), counts(&[("94000101", "41")]));
    assert!(place.receipt("94000101", 1).change.is_none());
}

#[test]
fn the_same_content_of_two_providers_waits_until_one_delivers_something_else() {
    let place = Place::new("doubles");
    place.deliver("94000101", 1, &rows(1, 20));
    place.deliver("94000103", 1, &rows(200, 20));
    place.ingest(&[]).expect_code(0);
    assert_eq!(place.lake(), counts(&[("94000101", "20"), ("94000103", "20")]));
    place.deliver("94000102", 1, &rows(1, 20));
    let answer = place.ingest(&[]).expect_code(10);
    assert!(answer.stderr.contains("held       KIBG_94000102_2025_01: E509"), "{}", answer.stderr);
    assert_eq!(place.lake(), counts(&[("94000103", "20")]), "neither of the two counts");
    assert_eq!(place.receipt("94000101", 1).verdict, Verdict::Held);
    let held = tree(&place.batch);
    place.ingest(&[]).expect_code(10);
    assert_same(&held, &tree(&place.batch), "a second run with held deliveries");
    place.deliver("94000102", 2, &rows(300, 20));
    place.ingest(&[]).expect_code(0);
    assert_eq!(place.lake(), counts(&[("94000101", "20"), ("94000102", "20"), ("94000103", "20")]));
    assert_eq!(place.receipt("94000101", 1).verdict, Verdict::Accepted);
}

#[test]
fn a_closed_year_changes_at_a_refresh_only_and_is_rebuilt_from_its_lock() {
    let place = Place::new("lock");
    place.deliver("94000101", 1, &rows(1, 20));
    place.deliver("94000102", 1, &rows(100, 20));
    place.ingest(&["--lock"]).expect_code(0);
    let lock: serde_json::Value = serde_json::from_str(&fs::read_to_string(place.batch.join("lock.json")).unwrap()).unwrap();
    assert_eq!(lock["years"]["2025"]["accepted"].as_array().unwrap().len(), 2);
    assert_eq!(lock["years"]["2025"]["accepted"][0]["sha256"], place.receipt("94000101", 1).sha256.as_str());
    let closed = fs::read(place.batch.join("lock.json")).unwrap();

    // A correction and a new provider are judged and kept, and wait.
    place.deliver("94000101", 2, &rows(1, 19));
    place.deliver("94000103", 1, &rows(200, 20));
    place.ingest(&[]).expect_code(0);
    assert_eq!(place.lake(), counts(&[("94000101", "20"), ("94000102", "20")]));
    for (agb, sequence) in [("94000101", 2), ("94000103", 1)] {
        assert!(place.receipt(agb, sequence).findings.contains_key("W731"), "{agb}");
    }
    assert!(!place.receipt("94000102", 1).findings.contains_key("W731"));

    // The whole inbox in an empty batch with the lock: the same rows count.
    let rebuilt = Place::new("lock-rebuilt");
    fs::create_dir_all(&rebuilt.batch).unwrap();
    fs::write(rebuilt.batch.join("lock.json"), &closed).unwrap();
    ingest(&place.inbox, &rebuilt.batch, &[]).expect_code(0);
    for part in ["lake/trajectory", "lake/.members"] {
        assert_same(&tree(&place.batch.join(part)), &tree(&rebuilt.batch.join(part)), part);
    }
    // Without one of its deliveries the rebuilding is not whole, and says so.
    let partial = Place::new("lock-partial");
    copy(&place.inbox.join("KIBG_94000102_2025_01"), &partial.inbox.join("KIBG_94000102_2025_01"));
    fs::create_dir_all(&partial.batch).unwrap();
    fs::write(partial.batch.join("lock.json"), &closed).unwrap();
    let answer = partial.ingest(&[]).expect_code(10);
    assert!(answer.stderr.contains("missing    1 deliveries of lock.json"), "{}", answer.stderr);

    assert!(place.ingest(&["--lock"]).expect_code(2).stderr.contains("closed already"));
    place.ingest(&["--refresh", "september"]).expect_code(0);
    assert_eq!(place.lake(), counts(&[("94000101", "19"), ("94000102", "20"), ("94000103", "20")]));
    assert!(!place.receipt("94000103", 1).findings.contains_key("W731"), "it waits no longer");
    assert!(place.ingest(&["--refresh", "september"]).expect_code(2).stderr.contains("another name"));
    assert!(rebuilt.ingest(&["--lock", "--refresh", "x"]).code == Some(2));
}

#[test]
fn a_key_that_is_not_there_stops_before_anything_is_read() {
    let place = Place::new("no-key");
    place.deliver("94000101", 1, &rows(1, 20));
    let absent = place.inbox.with_file_name("absent.key");
    let answer = spiegel(&[
        "ingest", KIBG_YEAR, "--inbox", place.inbox.to_str().unwrap(), "--batch", place.batch.to_str().unwrap(), "--key", absent.to_str().unwrap(),
    ])
    .expect_code(2);
    assert!(answer.stderr.contains("absent.key"), "{}", answer.stderr);
    assert!(!place.batch.join("receipts").exists() && !place.batch.join("lake").exists());
}

#[test]
fn a_register_that_cannot_be_read_is_told_with_every_mistake() {
    let place = Place::new("bad-register");
    place.deliver("94000101", 1, &rows(1, 20));
    fs::write(place.inbox.join("register.csv"), "agb,name,group_id,valid_to\n94000101,A,,soon\n94000102,B,,2024-13-01\n").unwrap();
    let answer = place.ingest(&[]).expect_code(2);
    assert!(answer.stderr.contains("row 2: `valid_to`") && answer.stderr.contains("row 3: `valid_to`"), "{}", answer.stderr);
}
