//! Every check of the suite beside a release that it must fail: a release of invented records, broken in one place, and made whole again
//! around that place, so that no other check can see it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::file::metadata::KeyValue;
use spiegel_model::Manifest;

use super::private::Year;
use super::*;
use crate::invented;
use crate::write::{ReleaseOptions, YearInput, publish, put, read_index, write_index};
use crate::{Policy, sha256};

/// A lake of one release with the years 2024 and 2025.
struct Lake {
    directory: tempfile::TempDir,
    folder: PathBuf,
    years: Vec<YearInput>,
    policy: Policy,
}

fn release(policy: &Policy, directory: &Path, years: &[YearInput]) -> PathBuf {
    let overlay = invented::overlay();
    let released_on = NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
    let options = ReleaseOptions { policy, overlay: &overlay, directory, version: None, released_on, program: "0.1.0", submissions: &[], archive: None };
    publish(years, &options).unwrap().folder
}

impl Lake {
    fn new() -> Self {
        let mut policy = invented::policy();
        policy.spec.sealed_years = vec![2024];
        let directory = tempfile::tempdir().unwrap();
        let years = vec![invented::year(2024, 6000, 60, 1), invented::year(2025, 6000, 60, 2)];
        let folder = release(&policy, directory.path(), &years);
        Self { directory, folder, years, policy }
    }

    /// Which public checks fail.
    fn failing(&self) -> Vec<String> {
        let (_, checks) = verify(&self.folder).unwrap();
        failing(&checks)
    }

    fn privately(&self) -> Vec<String> {
        let overlay = invented::overlay();
        let names = ["Praktijk De Omgekeerde Paraplu".to_owned()];
        let truth = PrivateTruth { years: &self.years, policy: &self.policy, overlay: Some(&overlay), names: &names };
        failing(&private(&self.folder, &truth).unwrap())
    }

    /// All rows of a file.
    fn rows(&self, path: &str) -> RecordBatch {
        let batches = parquet_file::read(&self.folder.join(path)).unwrap();
        concat_batches(&batches[0].schema(), &batches).unwrap()
    }

    /// Puts other rows in a file, sorted, and makes everything around it fit.
    fn replace(&self, table: TableId, path: &str, rows: &RecordBatch) {
        let file = self.folder.join(path);
        let bytes = parquet_file::bytes_as(&file, table, &[sorted(rows)]).unwrap();
        self.put(path, &bytes);
    }

    /// Puts other bytes in a file and makes everything around it fit.
    fn put(&self, path: &str, bytes: &[u8]) {
        put(&self.folder.join(path), bytes).unwrap();
        self.close(|_| {});
    }

    /// Makes manifest, documents, checksums and index fit the files, and then changes the manifest.
    fn close(&self, change: impl Fn(&mut Manifest)) {
        let mut manifest: Manifest = write::read_json(&self.folder.join("manifest.json")).unwrap();
        for file in manifest.tables.iter_mut().flat_map(|table| &mut table.files) {
            let now = write::described(&self.folder, &file.path).unwrap();
            for document in ["datapackage.json", "croissant.json"] {
                let text = fs::read_to_string(self.folder.join(document)).unwrap();
                put(&self.folder.join(document), text.replace(&file.sha256, &now.sha256).as_bytes()).unwrap();
            }
            *file = now;
        }
        change(&mut manifest);
        let bytes = write::json(&manifest).unwrap();
        put(&self.folder.join("manifest.json"), &bytes).unwrap();
        put(&self.folder.join(write::CHECKSUMS), write::checksums(&self.folder).unwrap().as_bytes()).unwrap();
        let mut index = read_index(self.directory.path()).unwrap();
        for release in index.releases.iter_mut().filter(|release| release.version == manifest.release) {
            release.manifest_sha256 = sha256(&bytes);
        }
        write_index(self.directory.path(), &index).unwrap();
    }

    /// Changes the text of rows of a table: each row comes in as its cells from the second column on.
    fn edit(&self, path: &str, change: impl Fn(usize, &mut Vec<String>) -> bool) {
        let rows = self.rows(path);
        let columns = texts(&rows, 1..rows.num_columns()).unwrap();
        let mut kept: Vec<Vec<String>> = Vec::new();
        for row in 0..rows.num_rows() {
            let mut cells: Vec<String> = columns.iter().map(|column| column.value(row).to_owned()).collect();
            if change(row, &mut cells) {
                kept.push(cells);
            }
        }
        let years = rows.column(0).slice(0, kept.len());
        let texts = (0..columns.len()).map(|at| Arc::new(StringArray::from_iter_values(kept.iter().map(|cells| &cells[at]))) as ArrayRef);
        let columns: Vec<ArrayRef> = std::iter::once(years).chain(texts).collect();
        self.replace(TableId::Trajectories, path, &RecordBatch::try_new(rows.schema(), columns).unwrap());
    }

    /// Adds a code to the codebook.
    fn know(&self, table: TableId, column: &str, code: &str) {
        let path = write::path_of(TableId::Codebook, None);
        let rows = self.rows(&path);
        let cells = [table.name(), column, code, "", "", "", "", "", "", ""];
        let columns = cells.iter().map(|cell| Arc::new(StringArray::from_iter_values([cell])) as ArrayRef).collect();
        let one = RecordBatch::try_new(crate::tables::schema(TableId::Codebook), columns).unwrap();
        let rows = RecordBatch::try_new(crate::tables::schema(TableId::Codebook), rows.columns().to_vec()).unwrap();
        self.replace(TableId::Codebook, &path, &concat_batches(&one.schema(), &[one.clone(), rows]).unwrap());
    }

    /// Changes rows of the table `measures`.
    fn change_measures(&self, change: impl Fn(&mut crate::tables::MeasureRow)) {
        let mut rows = super::public::measure_rows(&[self.rows(B)]);
        rows.iter_mut().for_each(change);
        self.replace(TableId::Measures, B, &crate::tables::measures(&rows).unwrap());
    }

    /// Changes one column of text of a small table.
    fn rename(&self, table: TableId, path: &str, column: &str, change: impl Fn(usize, &str) -> String) {
        let rows = self.rows(path);
        let at = rows.schema().index_of(column).unwrap();
        let text = texts(&rows, at..at + 1).unwrap().remove(0);
        let mut columns = rows.columns().to_vec();
        columns[at] = Arc::new(StringArray::from_iter_values((0..text.len()).map(|row| change(row, text.value(row)))));
        self.replace(table, path, &RecordBatch::try_new(rows.schema(), columns).unwrap());
    }
}

fn failing(checks: &[CheckResult]) -> Vec<String> {
    checks.iter().filter(|check| check.result == CheckOutcome::Failed).map(|check| check.id.clone()).collect()
}

/// Rows by all columns.
fn sorted(rows: &RecordBatch) -> RecordBatch {
    let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
    let cells = |row: u32| -> Vec<Cell> { (0..rows.num_columns()).map(|column| cell(rows, column, row as usize)).collect() };
    order.sort_by(|a, b| cells(*a).partial_cmp(&cells(*b)).unwrap());
    let columns = rows.columns().iter().map(|column| arrow::compute::take(column, &arrow::array::UInt32Array::from(order.clone()), None).unwrap()).collect();
    RecordBatch::try_new(rows.schema(), columns).unwrap()
}

const A: &str = "data/trajectories/trajectories-2025.parquet";
const B: &str = "data/measures/measures-2025.parquet";
const C: &str = "data/provider_distribution/provider_distribution-2025.parquet";

/// A class of which nothing is withheld: the cells of its quasi-identifiers, and how many rows it has.
fn whole_class(lake: &Lake, least: u64) -> (Vec<String>, u64) {
    let counts = write::class_counts(&[lake.rows(A)]).unwrap();
    counts.into_iter().find(|(class, rows)| *rows >= least && class[2..].iter().all(|code| code != "*")).unwrap()
}

#[test]
fn a_release_passes_its_verification_public_and_private() {
    let lake = Lake::new();
    assert_eq!(lake.failing(), Vec::<String>::new());
    assert_eq!(lake.privately(), Vec::<String>::new());
    // The folder of all releases stands for the latest.
    assert_eq!(verify(lake.directory.path()).unwrap().0, lake.folder);
    let manifest: Manifest = write::read_json(&lake.folder.join("manifest.json")).unwrap();
    assert!(manifest.verification.checks.len() > 10, "it says what it passed");
}

#[test]
fn v01_a_changed_byte() {
    let lake = Lake::new();
    let file = lake.folder.join("privacy-report.md");
    let text = fs::read_to_string(&file).unwrap();
    put(&file, format!("{text} ").as_bytes()).unwrap();
    assert_eq!(lake.failing(), ["V01"]);
}

#[test]
fn v01_a_release_that_the_index_does_not_know() {
    let lake = Lake::new();
    let mut index = read_index(lake.directory.path()).unwrap();
    index.releases.clear();
    index.latest = None;
    write_index(lake.directory.path(), &index).unwrap();
    assert_eq!(lake.failing(), ["V01"]);
}

#[test]
fn v02_a_manifest_that_counts_otherwise() {
    let lake = Lake::new();
    lake.close(|manifest| manifest.tables[0].files[0].rows += 1);
    assert_eq!(lake.failing(), ["V02"]);
}

#[test]
fn v03_a_column_that_may_be_absent() {
    let lake = Lake::new();
    let rows = lake.rows(A);
    let fields: Vec<Field> = rows.schema().fields().iter().map(|field| field.as_ref().clone().with_nullable(field.name() == "sex")).collect();
    let schema = Arc::new(Schema::new(fields));
    let rows = RecordBatch::try_new(Arc::clone(&schema), rows.columns().to_vec()).unwrap();
    let keys = vec![KeyValue::new("kibg.release".to_owned(), "1.0.0".to_owned()), KeyValue::new("kibg.table".to_owned(), "trajectories".to_owned())];
    lake.put(A, &parquet_file::with_footer(schema, &[rows], parquet_file::created_by("0.1.0"), keys).unwrap());
    assert_eq!(lake.failing(), ["V03"]);
}

#[test]
fn v04_a_code_that_the_codebook_does_not_have() {
    let lake = Lake::new();
    let path = write::path_of(TableId::Codebook, None);
    lake.rename(TableId::Codebook, &path, "code", |_, code| if code == "hersteld" { "genezen".to_owned() } else { code.to_owned() });
    assert_eq!(lake.failing(), ["V04"]);
}

#[test]
fn v05_a_class_of_eleven_rows() {
    let lake = Lake::new();
    let (class, _) = whole_class(&lake, 12);
    let seen = std::cell::Cell::new(0);
    lake.edit(A, |_, cells| {
        if cells[..6] != class[..] {
            return true;
        }
        let at = seen.replace(seen.get() + 1);
        // Outcomes that are no risk, so that only the number of rows is.
        let codes = [["nee", "onbekend", "geen_paar"], ["nee", "onbekend", "hersteld"], ["nee", "onbekend", "verbeterd"]][at % 3];
        cells[6..9].iter_mut().zip(codes).for_each(|(cell, code)| code.clone_into(cell));
        at < 11
    });
    assert_eq!(lake.failing(), ["V05"]);
}

#[test]
fn v06_a_class_in_which_everybody_is_incomplete() {
    let lake = Lake::new();
    let (class, _) = whole_class(&lake, 12);
    lake.edit(A, |_, cells| {
        if cells[..6] == class[..] {
            "ja".clone_into(&mut cells[6]);
        }
        true
    });
    assert_eq!(lake.failing(), ["V06"]);
}

#[test]
fn v07_minutes_withheld_and_duration_not() {
    let lake = Lake::new();
    let (class, _) = whole_class(&lake, 12);
    lake.edit(A, |_, cells| {
        if cells[..6] == class[..] {
            "*".clone_into(&mut cells[4]);
        }
        true
    });
    assert_eq!(lake.failing(), ["V07"]);
}

#[test]
fn v11_a_largest_value() {
    let lake = Lake::new();
    lake.know(TableId::ProviderDistribution, "statistic", "max");
    assert_eq!(lake.failing(), Vec::<String>::new(), "a code alone is no value");
    lake.rename(TableId::ProviderDistribution, C, "statistic", |row, code| if row == 0 { "max".to_owned() } else { code.to_owned() });
    assert_eq!(lake.failing(), ["V11"]);
}

#[test]
fn v12_metadata_of_somebody() {
    let lake = Lake::new();
    let rows = lake.rows(A);
    let schema = crate::tables::schema(TableId::Trajectories);
    let rows = RecordBatch::try_new(Arc::clone(&schema), rows.columns().to_vec()).unwrap();
    let keys = [("kibg.release", "1.0.0"), ("kibg.table", "trajectories"), ("made_from", "/home/somebody/inbox")];
    let keys = keys.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned())).to_vec();
    lake.put(A, &parquet_file::with_footer(schema, &[rows], parquet_file::created_by("0.1.0"), keys).unwrap());
    assert_eq!(lake.failing(), ["V12"]);
}

#[test]
fn v12_a_value_in_a_page_that_no_row_has() {
    let lake = Lake::new();
    let opened = fs::File::open(lake.folder.join(A)).unwrap();
    let reader = parquet::file::reader::SerializedFileReader::new(opened).unwrap();
    let rows = lake.rows(A);
    assert_eq!(super::public::ghosts(&reader, 0, std::slice::from_ref(&rows)).unwrap(), 0);
    // The pages still hold what was filtered out of these rows.
    let codes = texts(&rows, 9..10).unwrap().remove(0);
    let few: Vec<bool> = codes.iter().map(|code| code != Some("hersteld")).collect();
    let rows = arrow::compute::filter_record_batch(&rows, &few.into()).unwrap();
    assert_eq!(super::public::ghosts(&reader, 0, &[rows]).unwrap(), 1);
}

#[test]
fn v13_rows_in_the_order_of_their_coming() {
    let lake = Lake::new();
    let rows = lake.rows(A);
    let order: Vec<u32> = (0..rows.num_rows() as u32).rev().collect();
    let columns = rows.columns().iter().map(|column| arrow::compute::take(column, &arrow::array::UInt32Array::from(order.clone()), None).unwrap()).collect();
    let reversed = RecordBatch::try_new(rows.schema(), columns).unwrap();
    lake.put(A, &parquet_file::bytes_as(&lake.folder.join(A), TableId::Trajectories, &[reversed]).unwrap());
    assert_eq!(lake.failing(), ["V13"]);
}

/// A second release of the lake, with a year more.
fn with_a_second_release() -> Lake {
    let lake = Lake::new();
    let mut years = lake.years.clone();
    years.push(invented::year(2026, 6000, 60, 3));
    let folder = release(&lake.policy, lake.directory.path(), &years);
    Lake { folder, years, ..lake }
}

#[test]
fn v14_other_bytes_in_a_sealed_year() {
    let lake = with_a_second_release();
    assert_eq!(lake.failing(), Vec::<String>::new());
    let path = "data/trajectories/trajectories-2024.parquet";
    let schema = crate::tables::schema(TableId::Trajectories);
    let rows = RecordBatch::try_new(Arc::clone(&schema), lake.rows(path).columns().to_vec()).unwrap();
    let keys = [("kibg.release", "1.1.0"), ("kibg.table", "trajectories")].map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned())).to_vec();
    lake.put(path, &parquet_file::with_footer(schema, &[rows], parquet_file::created_by("0.1.0"), keys).unwrap());
    assert_eq!(lake.failing(), ["V14"]);
}

#[test]
fn v15_three_rows_fewer_than_the_release_before() {
    let lake = with_a_second_release();
    let (class, _) = whole_class(&lake, 20);
    let gone = std::cell::Cell::new(0);
    lake.edit(A, |_, cells| {
        // Known to be no risk to the shares: the class stays large.
        let is_gone = cells[..6] == class[..] && gone.get() < 3 && cells[6] == "nee" && cells[8] == "geen_paar";
        gone.set(gone.get() + usize::from(is_gone));
        !is_gone
    });
    assert_eq!(gone.get(), 3);
    assert_eq!(lake.failing(), ["V15"]);
}

#[test]
fn v17_a_value_that_is_a_date() {
    let lake = Lake::new();
    lake.know(TableId::ProviderDistribution, "measure", "2025-06-30");
    lake.rename(TableId::ProviderDistribution, C, "measure", |row, code| if row == 0 { "2025-06-30".to_owned() } else { code.to_owned() });
    assert_eq!(lake.failing(), ["V17"]);
}

/// The year 2025 with its classes, and records that are changed after these were made: what a mistake in the making would give.
fn changed_after(lake: &Lake, change: impl Fn(&mut crate::record::Trajectory, usize)) -> (YearInput, crate::atoms::Assignment, BTreeMap<Vec<String>, u64>) {
    let mut input = lake.years[1].clone();
    let assignment = crate::atoms::assign(&input.records, &lake.policy).unwrap();
    let class = assignment.classes.iter().max_by_key(|class| class.rows.len()).unwrap();
    for (at, row) in class.rows.iter().enumerate() {
        change(&mut input.records.rows[*row as usize], at);
    }
    let released = assignment.classes.iter().map(|class| (class.codes.to_vec(), class.rows.len() as u64)).collect();
    (input, assignment, released)
}

#[test]
fn v20_a_class_of_one_client() {
    let lake = Lake::new();
    let (input, assignment, released) = changed_after(&lake, |row, _| row.client = 7);
    let found = super::private::clients(&[Year { input: &input, assignment, released }], &lake.policy);
    assert!(found.is_err_and(|why| why.contains("too few clients")));
}

#[test]
fn v21_a_class_that_is_nearly_all_of_one_group() {
    let lake = Lake::new();
    let (input, assignment, released) = changed_after(&lake, |row, at| row.group = if at < 4 { at as u32 } else { 0 });
    let year = [Year { input: &input, assignment, released }];
    assert!(super::private::insiders(&year, &lake.policy).is_err());
    assert!(super::private::clients(&year, &lake.policy).is_ok(), "there are clients and groups enough");
}

#[test]
fn v22_somebody_who_fits_few_rows() {
    let lake = Lake::new();
    let (input, assignment, mut released) = changed_after(&lake, |_, _| {});
    assert!(super::private::linkage(&[Year { input: &input, assignment: assignment.clone(), released: released.clone() }], &lake.policy).is_ok());
    released.retain(|class, _| class.iter().skip(2).all(|code| code != "*"));
    released.values_mut().for_each(|rows| *rows = 3);
    assert!(super::private::linkage(&[Year { input: &input, assignment, released }], &lake.policy).is_err());
}

#[test]
fn v23_certain_for_the_group_that_takes_its_own_out() {
    let lake = Lake::new();
    // The first half is of one group, and only there did anybody not come back incomplete.
    let (input, assignment, released) = changed_after(&lake, |row, at| {
        row.group = if at % 2 == 0 { 0 } else { 1 + at as u32 % 9 };
        row.incomplete = if at % 2 == 0 { crate::record::Answer::No } else { crate::record::Answer::Yes };
    });
    assert!(super::private::without_a_group(&[Year { input: &input, assignment, released }], &lake.policy).is_err());
}

/// A cell of four groups that bring so much.
fn of_four(contributions: [f64; 4]) -> super::private::PublishedCell {
    super::private::PublishedCell { name: "a cell".to_owned(), has_sum: true, contributions: contributions.iter().map(|sum| (10.0, *sum)).collect() }
}

#[test]
fn v24_and_v25_a_cell_that_is_nearly_all_of_two_groups() {
    assert!(super::private::concentrated(&[of_four([100.0, 90.0, 80.0, 70.0])], 10.0).is_ok());
    assert!(super::private::subtracted(&[of_four([100.0, 90.0, 80.0, 70.0])], 10.0).is_ok());
    // The second takes its own out and knows the first to within five percent.
    assert!(super::private::concentrated(&[of_four([100.0, 60.0, 3.0, 2.0])], 10.0).is_err());
    assert!(super::private::subtracted(&[of_four([100.0, 60.0, 3.0, 2.0])], 10.0).is_err());
}

#[test]
fn v08_a_count_that_is_not_rounded() {
    let lake = Lake::new();
    lake.change_measures(|row| row.n_rounded += i32::from(row.conf_status == "F" && row.measure == "trajectories" && row.dimension_set == "total"));
    assert_eq!(lake.failing(), ["V08"]);
}

#[test]
fn v08_a_value_of_a_cell_that_is_withheld() {
    let lake = Lake::new();
    let cells = super::public::measure_rows(&[lake.rows(B)]);
    let hidden = cells.iter().find(|row| row.value.is_none()).expect("something is withheld").clone();
    lake.change_measures(|row| {
        if *row == hidden {
            row.value = Some(5.0);
        }
    });
    assert_eq!(lake.failing(), ["V08"]);
}

#[test]
fn v09_a_withheld_cell_that_is_what_the_others_leave() {
    let lake = Lake::new();
    // One kind of provider is withheld, and the other kinds and their total are told.
    let sets = ["total", "provider_class"];
    let cells = super::public::measure_rows(&[lake.rows(B)]);
    let hidden = cells.iter().find(|row| row.dimension_set == "provider_class" && row.measure == "minutes_mean").expect("a kind of provider").provider_class.clone();
    lake.change_measures(|row| {
        if row.measure == "minutes_mean" && sets.contains(&row.dimension_set.as_str()) {
            let is_hidden = row.provider_class == hidden;
            (row.conf_status, row.obs_status) = (if is_hidden { "A" } else { "F" }.to_owned(), "A".to_owned());
            (row.value, row.n_rounded) = if is_hidden { (None, 0) } else { (Some(500.0), 1000) };
        }
    });
    assert_eq!(lake.failing(), ["V09"]);
}

#[test]
fn v26_a_number_or_a_name_in_any_file() {
    for hidden in ["94900007", &format!("{:032x}", 7), "van Praktijk De Omgekeerde Paraplu"] {
        let lake = Lake::new();
        let text = fs::read_to_string(lake.folder.join("privacy-report.md")).unwrap();
        lake.put("privacy-report.md", format!("{text}\n{hidden}\n").as_bytes());
        assert_eq!(lake.privately(), ["V26"], "{hidden}");
    }
}

#[test]
fn v27_and_v28_a_row_that_is_not_there() {
    let lake = Lake::new();
    lake.edit(A, |row, _| row > 0);
    assert_eq!(lake.privately(), ["V27", "V28"]);
}

#[test]
fn v28_other_bytes_for_the_same_rows() {
    let lake = Lake::new();
    let schema = crate::tables::schema(TableId::Trajectories);
    let rows = RecordBatch::try_new(Arc::clone(&schema), lake.rows(A).columns().to_vec()).unwrap();
    // A key that the writer never writes, with the same rows.
    let keys = [("kibg.release", "1.0.0"), ("kibg.table", "trajectories"), ("note", "")].map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned())).to_vec();
    lake.put(A, &parquet_file::with_footer(schema, &[rows], parquet_file::created_by("0.1.0"), keys).unwrap());
    assert_eq!(lake.privately(), ["V28"]);
}

#[test]
fn v29_rows_that_count_as_clients() {
    let mut policy = invented::policy();
    assert!(super::private::one_client(&policy).is_ok());
    // With a threshold of one client, fifteen rows of one are a class.
    policy.spec.k_clients = 1;
    assert!(super::private::one_client(&policy).is_err());
}

#[test]
fn v30_levels_that_cross() {
    let mut spec = invented::policy().spec;
    assert!(super::private::nested(&crate::hierarchy::Hierarchies::new(&spec)).is_ok());
    spec.diagnosis.level_2.push("bipolair".to_owned());
    assert!(super::private::nested(&crate::hierarchy::Hierarchies::new(&spec)).is_err());
}

#[test]
fn a_lake_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(verify(folder.path()), Err(Error::Usage(_))));
}
