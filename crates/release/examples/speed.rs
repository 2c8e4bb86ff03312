//! Times the release of one year of an invented country, from selected rows to a published and verified release, and says what it took.
//! The rows are also written as Parquet, in private detail, for programs that group them beside it. `make bench` runs it.
//!
//!     speed ROWS FOLDER [without-rows]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray, UInt32Array};
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use spiegel_model::PrivateOverlay;
use spiegel_release::hierarchy::{Dimension, PROVINCES, SEXES};
use spiegel_release::record::Records;
use spiegel_release::{Policy, ReleaseOptions, YearInput, publish};

const YEAR: i32 = 2025;
/// Rows of one batch, as the query engine gives them.
const BATCH: u32 = 8192;
/// Trajectories of a provider in a year, about as in the generated country (decision 43).
const ROWS_PER_PROVIDER: u32 = 70;
/// Each twenty-fifth provider is an institution, with half of all trajectories together.
const INSTITUTION_EACH: u32 = 25;
/// Kept by name, and how often of a hundred; the last is not known.
const DIAGNOSIS: [(&str, u32); 8] =
    [("depressief", 30), ("angst", 25), ("trauma", 16), ("somatisch_symptoom", 7), ("persoonlijkheid", 5), ("obsessief_compulsief", 3), ("slaap_waak", 2), ("onbekend", 12)];

/// Numbers that look random: splitmix64 of the place of a row, so that any row can be made at any time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit.max(1))) as u32
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// About normal: the mean of four.
    fn around(&mut self, middle: u32, width: u32) -> u32 {
        let sum: u32 = (0..4).map(|_| self.below(width)).sum();
        (middle + sum / 2).saturating_sub(width)
    }
}

/// One row as `trajectories.sql` selects it.
struct Row {
    provider: u32,
    client: u64,
    province: u32,
    diagnosis: &'static str,
    age: u32,
    sex: usize,
    minutes: u32,
    days: u32,
    incomplete: bool,
    back: Option<bool>,
    outcome: Option<&'static str>,
}

fn is_institution(provider: u32) -> bool {
    provider.is_multiple_of(INSTITUTION_EACH)
}

fn row(at: u32, rows: u32) -> Row {
    let mut dice = Dice(u64::from(at));
    let providers = (rows / ROWS_PER_PROVIDER).max(400);
    let institutions = providers / INSTITUTION_EACH;
    let provider = if dice.one_in(2) { dice.below(institutions) * INSTITUTION_EACH } else { dice.below(providers) };
    // One of ten trajectories is the second of somebody who was there before.
    let clients = if is_institution(provider) { rows / 2 / institutions } else { ROWS_PER_PROVIDER / 2 };
    let client = u64::from(provider) << 32 | u64::from(dice.below(clients * 5));
    let mut of_hundred = dice.below(100);
    let mut diagnosis = "angst";
    for (name, share) in DIAGNOSIS {
        if of_hundred < share {
            diagnosis = name;
            break;
        }
        of_hundred -= share;
    }
    let incomplete = dice.one_in(8);
    let paired = !incomplete && dice.one_in(2);
    let outcome = ["recovered", "improved", "improved", "unchanged", "unchanged", "deteriorated"][dice.below(6) as usize];
    Row {
        provider,
        client,
        province: provider.wrapping_mul(2_654_435_761) % (PROVINCES.len() as u32 - 1),
        diagnosis,
        age: dice.around(38, 32).clamp(18, 95),
        sex: [0, 0, 0, 1, 1][dice.below(5) as usize],
        minutes: dice.around(if incomplete { 250 } else { 500 }, 420),
        days: dice.around(170, 150) + 1,
        incomplete,
        back: (!dice.one_in(6)).then(|| dice.one_in(9)),
        outcome: paired.then_some(outcome),
    }
}

fn provider_id(provider: u32) -> String {
    format!("94{provider:06}")
}

/// Rows `from` to `until` as `trajectories.sql` gives them.
fn batch(from: u32, until: u32, rows: u32) -> Result<RecordBatch, Box<dyn std::error::Error>> {
    let made: Vec<Row> = (from..until).map(|at| row(at, rows)).collect();
    let text = |of: &dyn Fn(&Row) -> String| Arc::new(made.iter().map(|row| Some(of(row))).collect::<StringArray>()) as ArrayRef;
    let number = |of: &dyn Fn(&Row) -> Option<u32>| Arc::new(made.iter().map(|row| of(row).map(f64::from)).collect::<Float64Array>()) as ArrayRef;
    let counted = |row: &Row| !row.incomplete;
    Ok(RecordBatch::try_from_iter(vec![
        ("provider_id", text(&|row| provider_id(row.provider))),
        // Each twentieth provider belongs to the one before it.
        ("group_id", text(&|row| provider_id(row.provider - u32::from(row.provider % 20 == 19)))),
        ("provider_class", text(&|row| if is_institution(row.provider) { "instelling" } else { "vrijgevestigd" }.to_owned())),
        ("province", text(&|row| PROVINCES[row.province as usize].0.to_owned())),
        ("client_key", text(&|row| format!("{:032x}", u128::from(Dice(row.client).next()) << 64 | u128::from(row.client)))),
        ("diagnosis_group", text(&|row| row.diagnosis.to_owned())),
        ("age_at_start", number(&|row| Some(row.age))),
        ("sex", text(&|row| SEXES[row.sex].to_owned())),
        ("minutes", number(&|row| Some(row.minutes))),
        ("days", number(&|row| Some(row.days))),
        ("incomplete", Arc::new(made.iter().map(|row| Some(row.incomplete)).collect::<BooleanArray>()) as ArrayRef),
        ("back_in_care", Arc::new(made.iter().map(|row| row.back).collect::<BooleanArray>()) as ArrayRef),
        ("rom_category", Arc::new(made.iter().map(|row| row.outcome).collect::<StringArray>()) as ArrayRef),
        ("counted_minutes", number(&|row| counted(row).then_some(row.minutes))),
        ("counted_days", number(&|row| counted(row).then_some(row.days))),
        ("rom_change", number(&|row| row.outcome.map(|_| row.minutes % 20))),
        ("mark", number(&|row| row.minutes.is_multiple_of(3).then_some(5 + row.days % 6))),
    ])?)
}

fn batches(rows: u32) -> Result<Vec<RecordBatch>, Box<dyn std::error::Error>> {
    (0..rows).step_by(BATCH as usize).map(|from| batch(from, (from + BATCH).min(rows), rows)).collect()
}

/// The codes of the pinned node with client and group of owners: what another program needs to count the same classes.
fn write_rows(records: &Records, policy: &Policy, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut writer: Option<ArrowWriter<File>> = None;
    for rows in records.rows.chunks(1 << 18) {
        let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
        for dimension in Dimension::ALL {
            let codes = rows.iter().map(|row| {
                let value = match dimension {
                    Dimension::Region => u32::from(row.province),
                    Dimension::Diagnosis => u32::from(row.diagnosis),
                    Dimension::Age => u32::from(row.age.unwrap_or_default()),
                    Dimension::Sex => u32::from(row.sex),
                    Dimension::Minutes => row.minutes,
                    Dimension::Duration => row.days,
                };
                Some(policy.hierarchies.code(dimension, dimension.level(policy.node), value))
            });
            columns.push((dimension.column(), Arc::new(codes.collect::<StringArray>())));
        }
        columns.push(("client", Arc::new(rows.iter().map(|row| row.client).collect::<UInt32Array>())));
        columns.push(("owner", Arc::new(rows.iter().map(|row| row.group).collect::<UInt32Array>())));
        let batch = RecordBatch::try_from_iter(columns)?;
        let writer = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(ArrowWriter::try_new(File::create(file)?, batch.schema(), None)?),
        };
        writer.write(&batch)?;
    }
    if let Some(writer) = writer {
        writer.close()?;
    }
    Ok(())
}

/// Largest memory of this process so far, in MiB; None where the system does not say it.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}

fn run(rows: u32, folder: &Path, with_rows: bool) -> Result<String, Box<dyn std::error::Error>> {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/kibg/release");
    let policy = Policy::load(&policy)?;
    let overlay = PrivateOverlay { p_percent: 10.0, hmac_key: "ab".repeat(32) };
    fs::create_dir_all(folder)?;
    let selected = batches(rows)?;
    let begin = Instant::now();
    let records = Records::from_batches("trajectories.sql", YEAR, &selected, &Default::default())?;
    drop(selected);
    let read = begin.elapsed().as_secs_f64();
    if with_rows {
        write_rows(&records, &policy, &folder.join("rows.parquet"))?;
    }
    let begin = Instant::now();
    let released_on = NaiveDate::from_ymd_opt(YEAR + 1, 6, 15).ok_or("no day")?;
    let directory = folder.join("lake");
    let options = ReleaseOptions { policy: &policy, overlay: &overlay, directory: &directory, version: None, released_on, program: "0.1.0", submissions: &[], archive: None };
    let published = publish(&[YearInput { records, distributions: Vec::new() }], &options)?;
    let publish = begin.elapsed().as_secs_f64();
    let year = published.privacy.years.first().ok_or("no year")?;
    Ok(serde_json::json!({
        "rows": year.rows, "classes": year.classes, "star_share": year.star_share, "process_star_share": year.process_star_share,
        "read_seconds": read, "publish_seconds": publish, "peak_mib": peak(), "folder": published.folder.display().to_string(),
    })
    .to_string())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(rows), Some(folder)) = (arguments.first().and_then(|rows| rows.parse().ok()), arguments.get(1)) else {
        let _ = writeln!(io::stderr(), "speed ROWS FOLDER [without-rows]");
        return ExitCode::from(2);
    };
    match run(rows, Path::new(folder), arguments.get(2).is_none()) {
        Ok(found) => {
            let _ = writeln!(io::stdout(), "{found}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
