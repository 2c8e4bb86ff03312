//! V20 to V30: a release against the records that it was made from. Nothing of a record is ever said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use spiegel_model::{CheckResult, PrivateOverlay, TOTAL, WITHHELD};

use super::{Found, Opened, check, elsewhere, locate, unless};
use crate::atoms::{self, Assignment, Rules};
use crate::hierarchy::{DIAGNOSES, Dimension, Hierarchies};
use crate::policy::SENSITIVE;
use crate::record::{Answer, ProviderClass, RomCategory, Trajectory};
use crate::tables::{self, TableId};
use crate::write::{self, YearInput};
use crate::{Error, Policy, banded, measures, parquet_file, sensitive_codes};

/// What a release was made from.
#[derive(Debug, Clone, Copy)]
pub struct PrivateTruth<'a> {
    /// Records and distributions by year.
    pub years: &'a [YearInput],
    /// The policy.
    pub policy: &'a Policy,
    /// The private overlay; without it, what depends on it is not checked.
    pub overlay: Option<&'a PrivateOverlay>,
    /// Names of providers, as registered.
    pub names: &'a [String],
}

/// One year of the release with its records, each in its class again.
pub(super) struct Year<'a> {
    pub(super) input: &'a YearInput,
    pub(super) assignment: Assignment,
    /// Rows of the file by class.
    pub(super) released: BTreeMap<Vec<String>, u64>,
}

/// Checks a release against the truth. `path` as in [`super::verify`].
///
/// # Errors
/// [`Error::Usage`] when there is no release, [`Error::Lake`] when it cannot be opened at all.
pub fn private(path: &std::path::Path, truth: &PrivateTruth<'_>) -> Result<Vec<CheckResult>, Error> {
    let (folder, directory) = locate(path)?;
    let release = Opened::new(&folder, &directory)?;
    let mut years = Vec::new();
    let mut refused = None;
    for input in truth.years {
        let file = write::path_of(TableId::Trajectories, Some(input.records.year));
        let Some((_, batches)) = release.rows(TableId::Trajectories).find(|(path, _)| *path == file) else { continue };
        let released = write::class_counts(batches)?;
        match atoms::assign(&input.records, truth.policy) {
            Ok(assignment) => years.push(Year { input, assignment, released }),
            Err(error) => refused = Some(error),
        }
    }
    let titles = [
        ("V20", "different clients and groups of owners in every class"),
        ("V21", "what is left for every group of owners that knows its own"),
        ("V22", "candidates for everybody whose exact data are known"),
        ("V23", "shares of sensitive values without any one group of owners"),
        ("V26", "no private value in any file"),
        ("V27", "national totals are those of the records"),
        ("V28", "made again, the files have the same bytes"),
    ];
    let mut checks = Vec::new();
    if years.is_empty() {
        let why = refused.map_or_else(|| "the batch holds no year of this release".to_owned(), |_| "the policy refuses the records of this batch".to_owned());
        checks.extend(titles.map(|(id, title)| check(id, title, Err(why.clone()))));
    } else {
        let found = [
            clients(&years, truth.policy),
            insiders(&years, truth.policy),
            linkage(&years, truth.policy),
            without_a_group(&years, truth.policy),
            ghosts(&release, &years, truth)?,
            totals(&release, &years, truth.policy)?,
            again(&release, &years, truth)?,
        ];
        checks.extend(titles.iter().zip(found).map(|((id, title), found)| check(id, title, found)));
    }
    let (concentration, subtraction) = ("concentration of cells of measures", "own figures subtracted from cells of measures");
    match truth.overlay.filter(|_| !years.is_empty()) {
        Some(overlay) => {
            let cells = published_cells(&release, &years);
            checks.push(check("V24", concentration, concentrated(&cells, overlay.p_percent)));
            checks.push(check("V25", subtraction, subtracted(&cells, overlay.p_percent)));
        }
        None => {
            const WITHOUT: &str = "no private policy was given";
            checks.push(elsewhere("V24", concentration, WITHOUT));
            checks.push(elsewhere("V25", subtraction, WITHOUT));
        }
    }
    checks.push(check("V29", "fifteen rows of one client are no class", one_client(truth.policy)));
    checks.push(check("V30", "every level of a hierarchy lies within the next", nested(&truth.policy.hierarchies)));
    checks.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(checks)
}

/// The records of a class.
fn records_of<'a>(year: &'a Year<'_>, class: &'a atoms::Class) -> impl Iterator<Item = &'a Trajectory> {
    class.rows.iter().filter_map(|row| year.input.records.rows.get(*row as usize))
}

/// V20.
pub(super) fn clients(years: &[Year<'_>], policy: &Policy) -> Found {
    let mut mistakes = Vec::new();
    let (mut count, mut smallest) = (0, u64::MAX);
    for year in years {
        for class in &year.assignment.classes {
            let clients: BTreeSet<u32> = records_of(year, class).map(|row| row.client).collect();
            let groups: BTreeSet<u32> = records_of(year, class).map(|row| row.group).collect();
            count += 1;
            smallest = smallest.min(clients.len() as u64);
            if clients.len() < policy.spec.k_clients as usize || groups.len() < policy.spec.min_provider_groups as usize {
                mistakes.push(format!("{}: a class of too few clients or groups", year.input.records.year));
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("{count} classes, the smallest of {} clients", banded(smallest)))
}

/// V21.
pub(super) fn insiders(years: &[Year<'_>], policy: &Policy) -> Found {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for year in years {
        for class in &year.assignment.classes {
            let mut own: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
            for row in records_of(year, class) {
                own.entry(row.group).or_default().insert(row.client);
            }
            for group in own.keys() {
                let left: usize = own.iter().filter(|(other, _)| *other != group).map(|(_, clients)| clients.len()).sum();
                count += 1;
                if left < policy.spec.insider_rest_rows as usize || own.len() - 1 < policy.spec.insider_rest_groups as usize {
                    mistakes.push(format!("{}: a group of owners is left with too few of others", year.input.records.year));
                }
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("{count} groups in classes"))
}

/// What an attacker makes of exact private data: the codes of the node.
fn known_codes(row: &Trajectory, policy: &Policy) -> Vec<Option<String>> {
    let values = [Some(u32::from(row.province)), Some(u32::from(row.diagnosis)), row.age.map(u32::from), Some(u32::from(row.sex)), Some(row.minutes), Some(row.days)];
    let code = |(dimension, value): (Dimension, Option<u32>)| value.map(|value| policy.hierarchies.code(dimension, dimension.level(policy.node), value));
    Dimension::ALL.into_iter().zip(values).map(code).collect()
}

/// V22.
pub(super) fn linkage(years: &[Year<'_>], policy: &Policy) -> Found {
    let mut mistakes = Vec::new();
    let mut smallest = u64::MAX;
    for year in years {
        let known: BTreeSet<Vec<Option<String>>> = year.input.records.rows.iter().map(|row| known_codes(row, policy)).collect();
        for person in &known {
            let fits = |class: &Vec<String>| class.iter().zip(person).all(|(code, known)| code == WITHHELD || known.as_ref().is_none_or(|known| known == code));
            let candidates: u64 = year.released.iter().filter(|(class, _)| fits(class)).map(|(_, rows)| rows).sum();
            smallest = smallest.min(candidates);
            if candidates < u64::from(policy.spec.k_clients) {
                mistakes.push(format!("{}: somebody has too few candidates", year.input.records.year));
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("the fewest candidates are {}", banded(smallest)))
}

fn sensitive_code(row: &Trajectory, column: usize) -> &'static str {
    [row.incomplete.code(), row.back_in_care.code(), row.rom_category.code()][column]
}

/// V23.
pub(super) fn without_a_group(years: &[Year<'_>], policy: &Policy) -> Found {
    let spec = &policy.spec;
    let mut mistakes = Vec::new();
    let mut largest: f64 = 0.0;
    for year in years {
        for class in &year.assignment.classes {
            let groups: BTreeSet<u32> = records_of(year, class).map(|row| row.group).collect();
            for (at, column) in SENSITIVE.iter().enumerate() {
                let listed = |lists: &BTreeMap<String, Vec<String>>, code: &str| lists.get(*column).is_some_and(|list| list.iter().any(|one| one == code));
                let known: Vec<(u32, &str)> =
                    records_of(year, class).map(|row| (row.group, sensitive_code(row, at))).filter(|(_, code)| !listed(&spec.unknown_values, code)).collect();
                for group in &groups {
                    let left: Vec<&str> = known.iter().filter(|(of, _)| of != group).map(|(_, code)| *code).collect();
                    for code in sensitive_codes(column).into_iter().filter(|code| listed(&spec.sensitive_values, code)) {
                        let share = left.iter().filter(|one| **one == code).count() as f64 / left.len().max(1) as f64;
                        largest = largest.max(share);
                        if share > spec.alpha {
                            mistakes.push(format!("{}: a value of {column} is as good as certain for a group of owners", year.input.records.year));
                        }
                    }
                }
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("largest share {largest:.3}"))
}

/// Runs of letters and digits.
fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| word.len() >= 6)
}

/// V26.
fn ghosts(release: &Opened, years: &[Year<'_>], truth: &PrivateTruth<'_>) -> Result<Found, Error> {
    let mut private: BTreeSet<&str> = BTreeSet::new();
    for year in years {
        let records = &year.input.records;
        private.extend(records.clients.iter().filter_map(|client| client.split_once('\u{1f}')).map(|(_, client)| client));
        private.extend(records.providers.iter().chain(&records.groups).map(String::as_str));
    }
    // Main groups of diagnosis that the policy does not keep are private as well.
    let kept: BTreeSet<String> = truth.policy.hierarchies.codes(Dimension::Diagnosis, Dimension::Diagnosis.level(truth.policy.node)).into_iter().collect();
    let dropped: Vec<&str> = DIAGNOSES.into_iter().filter(|group| !kept.contains(*group)).collect();
    let mut mistakes = Vec::new();
    let mut count = 0;
    for path in write::paths(&release.folder)? {
        let file = release.folder.join(&path);
        let bytes = fs::read(&file).map_err(|error| Error::lake(&file, error))?;
        let mut texts = vec![bytes];
        for (_, _, batches) in release.tables.iter().filter(|(_, of, _)| *of == path) {
            // As it is when pages are decompressed.
            let mut values: BTreeSet<String> = BTreeSet::new();
            for batch in batches {
                for (at, field) in batch.schema().fields().iter().enumerate() {
                    if *field.data_type() == arrow::datatypes::DataType::Utf8 {
                        for column in super::texts(batch, at..at + 1)? {
                            values.extend(column.iter().flatten().map(str::to_owned));
                        }
                    }
                }
            }
            texts.push(values.into_iter().collect::<Vec<_>>().join("\n").into_bytes());
        }
        for text in &texts {
            count += 1;
            if words(text).any(|word| std::str::from_utf8(word).is_ok_and(|word| private.contains(word))) {
                mistakes.push(format!("{path}: the number of a client, provider or group of owners"));
            }
            let text = String::from_utf8_lossy(text);
            // Short names are words of the language as well.
            if truth.names.iter().any(|name| name.chars().count() >= 8 && text.contains(name.as_str())) {
                mistakes.push(format!("{path}: the name of a provider"));
            }
            let is_data = path.starts_with("data/") && !path.starts_with("data/codebook/");
            if is_data && dropped.iter().any(|group| text.contains(group)) {
                mistakes.push(format!("{path}: a main group of diagnosis that is not released"));
            }
        }
    }
    mistakes.dedup();
    Ok(unless(&mistakes, format!("{count} files and their values")))
}

/// V27: rows of every class, and of every sensitive code, are those of the records.
fn totals(release: &Opened, years: &[Year<'_>], policy: &Policy) -> Result<Found, Error> {
    let mut mistakes = Vec::new();
    let mut rows = 0;
    for year in years {
        let number = year.input.records.year;
        let expected: BTreeMap<Vec<String>, u64> = year.assignment.classes.iter().map(|class| (class.codes.to_vec(), class.rows.len() as u64)).collect();
        if expected != year.released {
            mistakes.push(format!("{number}: classes of the file are not those of the records"));
        }
        let released: u64 = year.released.values().sum();
        if released != year.input.records.rows.len() as u64 {
            mistakes.push(format!("{number}: the file has not as many rows as there are records"));
        }
        rows += released;
        let path = write::path_of(TableId::Trajectories, Some(number));
        for (at, column) in SENSITIVE.iter().enumerate() {
            let mut there: BTreeMap<String, u64> = BTreeMap::new();
            for (_, batches) in release.rows(TableId::Trajectories).filter(|(of, _)| *of == path) {
                for batch in batches {
                    for array in super::texts(batch, 7 + at..8 + at)? {
                        for code in array.iter().flatten() {
                            match there.get_mut(code) {
                                Some(rows) => *rows += 1,
                                None => _ = there.insert(code.to_owned(), 1),
                            }
                        }
                    }
                }
            }
            let mut known: BTreeMap<String, u64> = BTreeMap::new();
            for row in &year.input.records.rows {
                *known.entry(sensitive_code(row, at).to_owned()).or_default() += 1;
            }
            if there != known {
                mistakes.push(format!("{number}: totals of {column} are not those of the records"));
            }
        }
        // What a class does not withhold must be what its records have.
        for class in &year.assignment.classes {
            for row in records_of(year, class) {
                let fits = class.codes.iter().zip(known_codes(row, policy)).all(|(code, known)| code == WITHHELD || known.as_ref() == Some(code));
                if !fits {
                    mistakes.push(format!("{number}: a record lies in a class of other codes"));
                }
            }
        }
    }
    mistakes.dedup();
    Ok(unless(&mistakes, format!("{rows} rows")))
}

/// V28.
fn again(release: &Opened, years: &[Year<'_>], truth: &PrivateTruth<'_>) -> Result<Found, Error> {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for year in years {
        let records = &year.input.records;
        let mut made = vec![
            (TableId::Trajectories, tables::trajectories(records, &year.assignment, parquet_file::GROUP_ROWS)?),
            (TableId::ProviderDistribution, vec![tables::provider_distribution(&year.input.distributions)?]),
            (TableId::Suppression, vec![tables::suppression(records, &year.assignment, truth.policy.spec.round_base)?]),
        ];
        if let Some(overlay) = truth.overlay {
            let rows = measures::measures(records, &year.assignment, truth.policy, overlay)?;
            made.push((TableId::Measures, vec![tables::measures(&rows)?]));
        }
        for (table, batches) in made {
            let path = write::path_of(table, Some(records.year));
            let file = release.folder.join(&path);
            let bytes = fs::read(&file).map_err(|error| Error::lake(&file, error))?;
            count += 1;
            if parquet_file::bytes_as(&file, table, &batches)? != bytes {
                mistakes.push(format!("{path} has other bytes when it is made again"));
            }
        }
    }
    let without = if truth.overlay.is_none() { ", measures left out: no private policy given" } else { "" };
    Ok(unless(&mistakes, format!("{count} files{without}")))
}

/// What one group of owners brings to a published cell: trajectories, and the sum of their values.
type Contribution = (f64, f64);

/// A published cell that the table `trajectories` does not tell, with what each group of owners brings.
pub(super) struct PublishedCell {
    pub(super) name: String,
    /// A sum of values is told as well, in a mean.
    pub(super) has_sum: bool,
    pub(super) contributions: Vec<Contribution>,
}

/// The value of a trajectory that counts for a measure, and whether it stands in the table `trajectories` as well.
fn counted(measure: &str, row: &Trajectory) -> (Option<f64>, bool) {
    match measure {
        "minutes_mean" | "minutes_median" | "minutes_le_540_rate" => (row.counted_minutes, false),
        "duration_mean" | "duration_median" => (row.counted_days, false),
        "rom_effect_mean" => (row.rom_change, false),
        "cqi_score" => (row.mark, false),
        "incomplete_rate" => ((row.incomplete != Answer::Unknown).then_some(1.0), true),
        "back_in_care_rate" => ((row.back_in_care != Answer::Unknown).then_some(1.0), true),
        "rom_improved_rate" => ((row.rom_category != RomCategory::NoPair).then_some(1.0), true),
        _ => (Some(1.0), true),
    }
}

/// Cells with a value, counted again from the records. A cell whose numbers stand in the table `trajectories` tells nothing more.
fn published_cells(release: &Opened, years: &[Year<'_>]) -> Vec<PublishedCell> {
    let mut cells = Vec::new();
    for year in years {
        let path = write::path_of(TableId::Measures, Some(year.input.records.year));
        let rows: Vec<_> = release.rows(TableId::Measures).filter(|(of, _)| *of == path).flat_map(|(_, batches)| super::public::measure_rows(batches)).collect();
        let measures: BTreeSet<&str> = rows.iter().map(|row| row.measure.as_str()).collect();
        for measure in measures {
            // What each group brings to a class of what is shown, by kind of provider.
            let mut atoms: BTreeMap<[&str; 5], BTreeMap<u32, Contribution>> = BTreeMap::new();
            let mut is_shown_elsewhere = false;
            for class in &year.assignment.classes {
                let [region, diagnosis, age, sex, ..] = &class.codes;
                for row in records_of(year, class) {
                    let (value, shown) = counted(measure, row);
                    is_shown_elsewhere = shown;
                    let Some(value) = value else { continue };
                    let of = atoms.entry([row.provider_class.code(), region, diagnosis, age, sex]).or_default().entry(row.group).or_default();
                    of.0 += 1.0;
                    of.1 += value.abs();
                }
            }
            for cell in rows.iter().filter(|row| row.measure == measure && row.value.is_some()) {
                let codes = [&cell.provider_class, &cell.region, &cell.diagnosis_group, &cell.age_band, &cell.sex];
                let is_in = |atom: &[&str; 5], from: usize| codes.iter().zip(atom).skip(from).all(|(code, own)| *code == TOTAL || code == own);
                let all_kinds = atoms.keys().all(|atom| is_in(atom, 0) == is_in(atom, 1));
                if is_shown_elsewhere && all_kinds {
                    continue;
                }
                let mut groups: BTreeMap<u32, Contribution> = BTreeMap::new();
                for (group, contribution) in atoms.iter().filter(|(atom, _)| is_in(atom, 0)).flat_map(|(_, groups)| groups) {
                    let of = groups.entry(*group).or_default();
                    of.0 += contribution.0;
                    of.1 += contribution.1;
                }
                cells.push(PublishedCell {
                    name: format!("{} {measure} by {}", year.input.records.year, cell.dimension_set),
                    has_sum: cell.statistic == "mean",
                    contributions: groups.into_values().collect(),
                });
            }
        }
    }
    cells
}

/// The numbers that a cell tells: how many, and of a mean the sum.
fn told(cell: &PublishedCell) -> Vec<Vec<f64>> {
    let mut told = vec![cell.contributions.iter().map(|one| one.0).collect()];
    if cell.has_sum {
        told.push(cell.contributions.iter().map(|one| one.1).collect());
    }
    told
}

/// V24: without the two largest, at least so many percent of the largest are left.
pub(super) fn concentrated(cells: &[PublishedCell], p_percent: f64) -> Found {
    let mut mistakes = Vec::new();
    for cell in cells {
        for mut numbers in told(cell) {
            numbers.sort_by(|a, b| b.total_cmp(a));
            let rest: f64 = numbers.iter().skip(2).sum();
            let largest = numbers.first().copied().unwrap_or(0.0);
            if numbers.len() < 3 || rest < p_percent / 100.0 * largest {
                mistakes.push(cell.name.clone());
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("{} cells", cells.len()))
}

/// V25: whoever subtracts its own from a cell does not know any other to within so many percent.
pub(super) fn subtracted(cells: &[PublishedCell], p_percent: f64) -> Found {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for cell in cells {
        for numbers in told(cell) {
            let total: f64 = numbers.iter().sum();
            let mut largest: Vec<usize> = (0..numbers.len()).collect();
            largest.sort_by(|a, b| numbers[*b].total_cmp(&numbers[*a]));
            for own in 0..numbers.len() {
                count += 1;
                // Of the others the largest is known best.
                let Some(other) = largest.iter().find(|other| **other != own) else {
                    mistakes.push(cell.name.clone());
                    continue;
                };
                if total - numbers[own] - numbers[*other] < p_percent / 100.0 * numbers[*other] - 1e-9 * total {
                    mistakes.push(cell.name.clone());
                }
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("{count} groups of owners in cells"))
}

/// V29.
pub(super) fn one_client(policy: &Policy) -> Found {
    let row = |group: u32, client: u32| Trajectory {
        group,
        provider: group,
        client,
        provider_class: ProviderClass::Vrijgevestigd,
        province: 0,
        diagnosis: 3,
        age: Some(30),
        sex: 0,
        minutes: 500,
        days: 100,
        incomplete: Answer::No,
        back_in_care: Answer::Unknown,
        rom_category: if client.is_multiple_of(2) { RomCategory::NoPair } else { RomCategory::Recovered },
        counted_minutes: None,
        counted_days: None,
        rom_change: None,
        mark: None,
    };
    let rules = Rules::new(&policy.spec);
    let many = policy.spec.k_clients + 3;
    // Rows enough, and groups, but one client has most of them.
    let mut rows: Vec<Trajectory> = (0..many).map(|_| row(0, 0)).collect();
    rows.extend((1..=policy.spec.insider_rest_rows.max(2)).map(|client| row(client % 2 + 1, client)));
    match rules.broken(&rules.assess_records(&rows)) {
        Some("k_clients") => Ok(format!("{} rows of few clients are refused", rows.len())),
        _ => Err("rows were counted and not clients".to_owned()),
    }
}

/// V30.
pub(super) fn nested(hierarchies: &Hierarchies) -> Found {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for dimension in Dimension::ALL {
        for level in 0..dimension.levels() - 1 {
            let mut above: BTreeMap<String, String> = BTreeMap::new();
            for value in dimension.values() {
                let (code, wider) = (hierarchies.code(dimension, level, value), hierarchies.code(dimension, level + 1, value));
                count += 1;
                if above.insert(code, wider.clone()).is_some_and(|known| known != wider) {
                    mistakes.push(format!("{}: level {level} does not lie within level {}", dimension.column(), level + 1));
                }
            }
        }
        let last: BTreeSet<String> = hierarchies.codes(dimension, dimension.levels() - 1).into_iter().collect();
        if last != BTreeSet::from([WITHHELD.to_owned()]) {
            mistakes.push(format!("{}: the last level withholds not everything", dimension.column()));
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("{count} values"))
}
