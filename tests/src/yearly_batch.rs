//! The yearly batch of kibg, end to end: who gets a report, that no row is lost, and that it can be repeated,
//! interrupted and run on any number of threads with the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::command::{KIBG_YEAR, KIBG_YEAR_BEFORE, country, kibg, kibg_arguments, providers, query, receipts, scratch, spiegel, spiegel_command};
use crate::tree::{assert_same, copy, tree};

/// Decision 28.
const CLIENTS_FOR_A_REPORT: u64 = 100;
/// Moments at which a batch is killed.
const KILLS: u32 = 8;
/// Reports of a batch that is killed; fewer, so that the test is short.
const KILLED_REPORTS: usize = 2;

/// Clients with a trajectory that was closed in the two years, by provider; counted here, not by the pipeline's own SQL.
fn clients(batch: &Path) -> BTreeMap<String, u64> {
    let rows = query(
        batch,
        "kibg",
        "SELECT provider_id, client_key, end_date, close_reason FROM trajectory WHERE year IN (2024, 2025)",
    );
    let delivered = query(batch, "kibg", "SELECT DISTINCT provider_id FROM trajectory WHERE year = 2025");
    let mut clients: BTreeMap<String, BTreeSet<String>> =
        delivered.into_iter().map(|row| (row["provider_id"].clone(), BTreeSet::new())).collect();
    for row in rows {
        let is_closed = !row["end_date"].is_empty() && row["close_reason"] != "administratief";
        if let Some(known) = clients.get_mut(&row["provider_id"]).filter(|_| is_closed) {
            known.insert(row["client_key"].clone());
        }
    }
    clients.into_iter().map(|(provider, known)| (provider, known.len() as u64)).collect()
}

#[test]
fn exactly_the_providers_with_enough_clients_get_a_report() {
    let batch = kibg();
    let clients = clients(batch);
    let states = providers(batch, "2025");
    assert_eq!(states.iter().map(|(id, _)| id).collect::<Vec<_>>(), clients.keys().collect::<Vec<_>>());
    let mut made = 0;
    for (provider, state) in states {
        let report = &state["report"];
        let pdf = batch.join(format!("reports/2025/{provider}/v1/spiegelrapportage-2025-{provider}.pdf"));
        if clients[&provider] >= CLIENTS_FOR_A_REPORT {
            assert_eq!(report["state"], "made", "{provider}");
            assert_eq!(batch.join(report["file"].as_str().unwrap()), pdf);
            assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF-"), "{provider}");
            made += 1;
        } else {
            assert_eq!(state["under_minimum"]["clients"], clients[&provider], "{provider}");
            assert_eq!(state["under_minimum"]["needed"], CLIENTS_FOR_A_REPORT, "{provider}");
            assert_eq!(report["file"], format!("reports/2025/{provider}/v1/uw-blad-2025-{provider}.pdf"));
            assert!(!pdf.exists(), "{provider}");
        }
    }
    assert!((3..24).contains(&made), "{made} reports: the country should have some, and providers without one");
}

#[test]
fn status_says_who_has_a_report_and_why_not() {
    let batch = kibg();
    let answer = spiegel(&["status", "--batch", batch.to_str().unwrap(), "--format", "json"]).expect_code(0);
    let lines: Vec<Value> = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(lines.len(), 25, "24 providers, and the small ones together");
    let clients = clients(batch);
    let (group, lines) = lines.split_last().unwrap();
    assert_eq!(group["provider_id"], "groep");
    assert!(group["report"].as_str().unwrap().starts_with("reports/2025/groep/v1/spiegelrapportage-2025-groep.pdf ("), "{group}");
    for line in lines {
        let provider = line["provider_id"].as_str().unwrap();
        let said = line["report"].as_str().unwrap();
        if clients[provider] < CLIENTS_FOR_A_REPORT {
            let sheet = format!("reports/2025/{provider}/v1/uw-blad-2025-{provider}.pdf (uw blad: {} cliënten, 100 nodig)", clients[provider]);
            assert_eq!(said, sheet);
        } else {
            assert!(batch.join(said).is_file(), "{said}");
        }
    }
    let table = spiegel(&["status", "--batch", batch.to_str().unwrap()]).expect_code(0);
    let (_, table) = table.stdout.split_once("\n\n").unwrap();
    assert_eq!(table.lines().count(), 26, "a head, 24 providers and the small ones together");
}

#[test]
fn no_row_is_lost() {
    let batch = kibg();
    let (_, written) = country();
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    let mut used: BTreeMap<String, u64> = BTreeMap::new();
    for (_, receipt) in receipts(batch) {
        for table in &receipt.tables {
            assert!(table.is_conserved(), "{} {:?}", receipt.submission, table);
            *rows.entry(table.table.clone()).or_default() += table.rows - table.blank - table.repeated_header;
            *used.entry(table.table.clone()).or_default() += table.used;
        }
    }
    let delivered = [
        ("trajectory", written.trajectories),
        ("session", written.sessions),
        ("measurement", written.measurements),
        ("experience", written.experiences),
    ];
    for (table, count) in delivered {
        assert_eq!(rows[table], count, "rows of {table} that were delivered");
        let lake = query(batch, "kibg", &format!("SELECT COUNT(*) AS rows FROM {table}"));
        assert_eq!(lake[0]["rows"], used[table].to_string(), "rows of {table} in the lake");
    }
}

#[test]
fn a_second_run_changes_no_byte() {
    let batch = kibg();
    let before = tree(batch);
    let answer = spiegel(&kibg_arguments("year", KIBG_YEAR, batch)).expect_code(0);
    assert_same(&before, &tree(batch), "a second run");
    let said: Vec<&str> = answer.stderr.lines().collect();
    assert!(said[0].starts_with("ingest     24 submissions (24 unchanged, 0 refused)"), "{}", answer.stderr);
    assert!(said[1].starts_with("keurmerk   23 self-evaluations (23 unchanged, 0 refused)"), "{}", answer.stderr);
    assert_eq!(said[2], "benchmark  unchanged");
    assert!(said[3].starts_with("report     0 made, ") && said[3].contains(" unchanged, 0 failed"), "{}", answer.stderr);
    assert!(said[4].starts_with("keurmerk   0 made, ") && said[4].contains(" unchanged, 0 failed"), "{}", answer.stderr);
}

/// A fresh batch of the small country on so many threads.
fn fresh(name: &str, threads: &str) -> BTreeMap<String, String> {
    let batch = scratch(name);
    for (verb, year) in [("ingest", KIBG_YEAR_BEFORE), ("year", KIBG_YEAR)] {
        let mut arguments = kibg_arguments(verb, year, &batch);
        arguments.extend(["--threads".to_owned(), threads.to_owned()]);
        spiegel(&arguments).expect_code(0);
    }
    let files = tree(&batch);
    fs::remove_dir_all(&batch).unwrap();
    files
}

#[test]
fn another_batch_on_one_thread_has_the_same_bytes() {
    assert_same(&tree(kibg()), &fresh("one-thread", "1"), "the shared batch and a fresh one on one thread");
}

#[test]
fn another_batch_on_two_threads_has_the_same_bytes() {
    assert_same(&tree(kibg()), &fresh("two-threads", "2"), "the shared batch and a fresh one on two threads");
}

#[test]
fn no_temporary_file_stays_in_sight() {
    for name in tree(kibg()).keys() {
        let file = name.rsplit('/').next().unwrap();
        assert!(!file.starts_with('.') && !file.ends_with(".tmp") && !file.ends_with('~'), "{name}");
    }
    let staging = kibg().join(".staging");
    assert!(fs::read_dir(&staging).map_or(0, Iterator::count) == 0, "{} is not empty", staging.display());
}

#[test]
fn killed_at_any_moment_and_run_again_it_is_as_if_nothing_happened() {
    // 2024 is read once; what is killed is the year that makes reports.
    let before = scratch("killed/before");
    spiegel(&kibg_arguments("ingest", KIBG_YEAR_BEFORE, &before)).expect_code(0);
    let chosen: Vec<String> = providers(kibg(), "2025")
        .into_iter()
        .filter(|(_, state)| state["report"]["state"] == "made")
        .map(|(provider, _)| provider)
        .take(KILLED_REPORTS)
        .collect();
    let arguments = |batch: &Path| {
        let mut arguments = kibg_arguments("year", KIBG_YEAR, batch);
        chosen.iter().for_each(|provider| arguments.extend(["--provider".to_owned(), provider.clone()]));
        arguments
    };
    let undisturbed = scratch("killed/undisturbed");
    copy(&before, &undisturbed);
    let started = Instant::now();
    spiegel(&arguments(&undisturbed)).expect_code(0);
    let duration = started.elapsed();
    let expected = tree(&undisturbed);
    assert!(expected.keys().filter(|name| name.contains("/spiegelrapportage-") && name.ends_with(".pdf")).count() == KILLED_REPORTS);

    for kill in 1..=KILLS {
        let batch = scratch(&format!("killed/{kill}"));
        let mut delay = duration * kill / (KILLS + 1);
        // A run that was ready before its kill proves nothing: again, and sooner.
        loop {
            fs::remove_dir_all(&batch).unwrap();
            copy(&before, &batch);
            if is_killed_after(&arguments(&batch), delay) {
                break;
            }
            delay = delay * 3 / 4;
        }
        spiegel(&arguments(&batch)).expect_code(0);
        assert_same(&expected, &tree(&batch), &format!("killed after {} of {} ms", delay.as_millis(), duration.as_millis()));
        fs::remove_dir_all(&batch).unwrap();
    }
}

/// Starts a run and kills it with a signal it cannot catch; false when it was ready before.
fn is_killed_after(arguments: &[String], delay: Duration) -> bool {
    let mut child = spiegel_command(arguments).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

#[test]
fn a_killed_first_reading_leaves_nothing_behind() {
    let batch = scratch("killed-reading");
    let started = Instant::now();
    spiegel(&kibg_arguments("ingest", KIBG_YEAR, &batch)).expect_code(0);
    let (duration, expected) = (started.elapsed(), tree(&batch));
    for part in [1, 3] {
        let mut delay = duration * part / 4;
        loop {
            fs::remove_dir_all(&batch).unwrap();
            if is_killed_after(&kibg_arguments("ingest", KIBG_YEAR, &batch), delay) {
                break;
            }
            delay = delay * 3 / 4;
        }
        spiegel(&kibg_arguments("ingest", KIBG_YEAR, &batch)).expect_code(0);
        assert_same(&expected, &tree(&batch), &format!("reading killed after {} ms", delay.as_millis()));
    }
}

#[test]
fn two_runs_on_one_batch_exclude_each_other() {
    let batch = scratch("excluded");
    let lock = File::create(batch.join(".lock")).unwrap();
    lock.lock().unwrap();
    for verb in ["ingest", "year"] {
        let answer = spiegel(&kibg_arguments(verb, KIBG_YEAR, &batch)).expect_code(2);
        assert!(answer.stderr.contains("another spiegel works in"), "{}", answer.stderr);
        assert!(answer.stderr.contains("wait for it, or use another --batch"), "{}", answer.stderr);
    }
    assert!(tree(&batch).is_empty(), "the second run wrote nothing");
    drop(lock);
    spiegel(&kibg_arguments("ingest", KIBG_YEAR, &batch)).expect_code(0);
}

#[test]
fn a_missing_key_and_an_empty_inbox_are_wrong_usage() {
    let batch = scratch("usage");
    let mut arguments = kibg_arguments("ingest", KIBG_YEAR, &batch);
    arguments.truncate(arguments.len() - 2);
    let answer = spiegel(&arguments).expect_code(2);
    assert!(answer.stderr.contains("--key FILE"), "{}", answer.stderr);
    let empty = scratch("usage-inbox");
    let key = crate::command::key();
    let answer = spiegel(&[
        "ingest", KIBG_YEAR, "--inbox", empty.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key.to_str().unwrap(),
    ])
    .expect_code(2);
    assert!(answer.stderr.contains("no submission for 2025"), "{}", answer.stderr);
}
