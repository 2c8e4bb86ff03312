//! The table `measures` (B): the figures of norm 2a, nationally and by at most two characteristics, from records in private detail.
//!
//! Region, diagnosis, age and sex are the codes that the table `trajectories` shows, withheld ones included, so that a cell over these is a sum of
//! its classes, and neither table can be subtracted from the other. The kind of provider is in no other table. Measures about the same trajectories
//! are a family: their number of trajectories is one system of sums, and every sum or number of events on top of it another.
//!
//! One file, because counting, withholding and rounding of a family share its cells; a sixth of it is tests.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{DimensionSet, PrivateOverlay, SuppressionCount, TOTAL};

use crate::atoms::Assignment;
use crate::policy::MEASURE_DIMENSIONS;
use crate::record::{Answer, ProviderClass, Records, RomCategory, Trajectory};
use crate::suppression::{Bounded, Fate, intervals, is_concentrated, recoverable, rounded_count, suppress};
use crate::tables::MeasureRow;
use crate::{Error, Policy};

/// Units from which a share is given to a tenth of a percentage point; below, to a whole one.
const UNITS_FOR_TENTHS: u64 = 100;
/// Widths of intervals that differ by less are the same.
const HAIR: f64 = 1e-6;
/// The place of `provider_class` in [`MEASURE_DIMENSIONS`]; the other four are those of the table `trajectories`, in its order.
const PROVIDER_CLASS: usize = 0;

/// How the values of a cell become one.
#[derive(Debug, Clone, Copy)]
enum Statistic {
    Count,
    /// Share of units whose value meets this.
    Rate(fn(f64) -> bool),
    /// Mean, rounded to this.
    Mean(f64),
    /// Mean of the three middle values, rounded to this.
    Median(f64),
}

#[derive(Debug, Clone, Copy)]
struct Measure {
    name: &'static str,
    statistic: Statistic,
    /// The sensitive column of which it is the share of `ja`.
    sensitive: Option<&'static str>,
}

impl Measure {
    fn statistic_code(&self) -> &'static str {
        match self.statistic {
            Statistic::Count => "count",
            Statistic::Rate(_) => "rate",
            Statistic::Mean(_) => "mean",
            Statistic::Median(_) => "median",
        }
    }
}

/// Measures about the same trajectories.
#[derive(Debug, Clone, Copy)]
struct Family {
    /// The value of a trajectory that counts.
    value: fn(&Trajectory) -> Option<f64>,
    /// The table `trajectories` has the same numbers.
    in_trajectories: bool,
    measures: &'static [Measure],
}

fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

fn answer(answer: Answer) -> Option<f64> {
    (answer != Answer::Unknown).then(|| truth(answer == Answer::Yes))
}

const fn measure(name: &'static str, statistic: Statistic) -> Measure {
    Measure { name, statistic, sensitive: None }
}

/// The number of trajectories stands first: what it withholds, every other family withholds.
const FAMILIES: [Family; 8] = [
    Family { value: |_| Some(1.0), in_trajectories: true, measures: &[measure("trajectories", Statistic::Count)] },
    Family {
        value: |row| answer(row.incomplete),
        in_trajectories: true,
        measures: &[Measure { name: "incomplete_rate", statistic: Statistic::Rate(|value| value > 0.5), sensitive: Some("incomplete") }],
    },
    Family {
        value: |row| answer(row.back_in_care),
        in_trajectories: true,
        measures: &[Measure { name: "back_in_care_rate", statistic: Statistic::Rate(|value| value > 0.5), sensitive: Some("back_in_care") }],
    },
    Family {
        value: |row| match row.rom_category {
            RomCategory::NoPair => None,
            category => Some(truth(matches!(category, RomCategory::Recovered | RomCategory::Improved))),
        },
        in_trajectories: true,
        measures: &[measure("rom_improved_rate", Statistic::Rate(|value| value > 0.5))],
    },
    Family { value: |row| row.rom_change, in_trajectories: false, measures: &[measure("rom_effect_mean", Statistic::Mean(0.1))] },
    Family {
        value: |row| row.counted_minutes,
        in_trajectories: false,
        measures: &[
            measure("minutes_mean", Statistic::Mean(1.0)),
            measure("minutes_median", Statistic::Median(1.0)),
            measure("minutes_le_540_rate", Statistic::Rate(|minutes| minutes <= 540.0)),
        ],
    },
    Family {
        value: |row| row.counted_days,
        in_trajectories: false,
        measures: &[measure("duration_mean", Statistic::Mean(1.0)), measure("duration_median", Statistic::Median(1.0))],
    },
    Family { value: |row| row.mark, in_trajectories: false, measures: &[measure("cqi_score", Statistic::Mean(0.1))] },
];

/// A cell of the table: its codes in the order of [`MEASURE_DIMENSIONS`], and the atoms that it sums over, ascending.
#[derive(Debug, Clone)]
struct Cell {
    set: usize,
    codes: [String; 5],
    atoms: Vec<u32>,
}

/// The cells of all sets of dimensions over atoms: a class of the four shown characteristics at one kind of provider.
struct Grid {
    cells: Vec<Cell>,
    /// By set: the cell of each atom.
    cell_of: Vec<Vec<u32>>,
    atoms: Vec<[String; 5]>,
    /// Places of the columns of each set.
    columns: Vec<Vec<usize>>,
}

impl Grid {
    fn new(atoms: Vec<[String; 5]>, sets: &[DimensionSet]) -> Self {
        let places = |set: &DimensionSet| -> Vec<usize> {
            (0..MEASURE_DIMENSIONS.len()).filter(|place| set.columns.iter().any(|column| column == MEASURE_DIMENSIONS[*place])).collect()
        };
        let columns: Vec<Vec<usize>> = sets.iter().map(places).collect();
        let mut grid = Self { cells: Vec::new(), cell_of: Vec::new(), atoms, columns };
        for (set, columns) in grid.columns.iter().enumerate() {
            let mut known: BTreeMap<[String; 5], Vec<u32>> = BTreeMap::new();
            for (atom, codes) in grid.atoms.iter().enumerate() {
                known.entry(projected(codes, columns)).or_default().push(atom as u32);
            }
            let mut cell_of = vec![0; grid.atoms.len()];
            for (codes, atoms) in known {
                for atom in &atoms {
                    cell_of[*atom as usize] = grid.cells.len() as u32;
                }
                grid.cells.push(Cell { set, codes, atoms });
            }
            grid.cell_of.push(cell_of);
        }
        grid
    }

    /// True when the table `trajectories` has the same numbers in this cell.
    fn is_shown_elsewhere(&self, cell: usize) -> bool {
        self.cells.get(cell).is_some_and(|cell| !self.columns[cell.set].contains(&PROVIDER_CLASS))
    }

    /// Columns that are crossed with these in one set or over several.
    fn connected(&self, columns: &[usize]) -> BTreeSet<usize> {
        let mut reached: BTreeSet<usize> = columns.iter().copied().collect();
        loop {
            let before = reached.len();
            for other in &self.columns {
                if other.iter().any(|column| reached.contains(column)) {
                    reached.extend(other);
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }
}

fn projected(codes: &[String; 5], columns: &[usize]) -> [String; 5] {
    std::array::from_fn(|place| if columns.contains(&place) { codes[place].clone() } else { TOTAL.to_owned() })
}

/// One trajectory that counts for a family.
#[derive(Clone, Copy)]
struct Unit {
    value: f64,
    row: u32,
    atom: u32,
    client: u32,
    group: u32,
}

/// What is behind one cell.
#[derive(Default)]
struct Content {
    /// Ascending.
    values: Vec<f64>,
    /// Their clients, in the same order.
    clients: Vec<u32>,
    /// Different clients, no more than are asked for.
    different: Vec<u32>,
    /// Trajectories of each group of owners that has any, and the sum of their values without sign.
    by_group: Vec<(f64, f64)>,
}

/// Why a cell of a measure is withheld; F when it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Free,
    TooFew,
    Concentrated,
    NearlyCertain,
    Secondary,
}

impl Status {
    fn code(self) -> &'static str {
        match self {
            Self::Free => "F",
            Self::TooFew => "A",
            Self::Concentrated => "G",
            Self::NearlyCertain => "M",
            Self::Secondary => "D",
        }
    }

    fn is_primary(self) -> bool {
        matches!(self, Self::TooFew | Self::Concentrated | Self::NearlyCertain)
    }
}

/// The table `measures` of one year, sorted.
///
/// # Errors
/// [`Error::Policy`] when a measure is not known.
pub fn measures(records: &Records, assignment: &Assignment, policy: &Policy, overlay: &PrivateOverlay) -> Result<Vec<MeasureRow>, Error> {
    let spec = &policy.spec;
    let known: Vec<&str> = FAMILIES.iter().flat_map(|family| family.measures.iter().map(|measure| measure.name)).collect();
    let strange = |name: &&String| !known.contains(&name.as_str());
    let mistakes: Vec<String> = spec.measures.iter().filter(strange).map(|name| format!("`{name}` is no measure; there are {}", known.join(", "))).collect();
    if !mistakes.is_empty() {
        return Err(Error::Policy { file: policy.folder.join("policy.toml").display().to_string(), mistakes });
    }
    let (grid, atom_of) = grid(records, assignment, &spec.dimension_sets);
    let mut rows = Vec::new();
    let mut withheld = vec![false; grid.cells.len()];
    let rows_of = by_atom(records, &grid, &atom_of, |_| Some(1.0));
    for (index, family) in FAMILIES.iter().enumerate() {
        let contents = contents(family, records, &grid, &atom_of, policy);
        let units_of = by_atom(records, &grid, &atom_of, family.value);
        let system = System { policy, overlay, records, grid: &grid, family, contents: &contents, units_of: &units_of, rows_of: &rows_of };
        let statuses = system.units(&withheld)?;
        if index == 0 {
            withheld = statuses.iter().map(|status| *status != Status::Free).collect();
        }
        for measure in family.measures.iter().filter(|measure| spec.measures.iter().any(|name| name == measure.name)) {
            rows.extend(system.rows(measure, &statuses));
        }
    }
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    Ok(rows)
}

fn key(row: &MeasureRow) -> [&str; 8] {
    [&row.dimension_set, &row.provider_class, &row.region, &row.diagnosis_group, &row.age_band, &row.sex, &row.measure, &row.statistic]
}

/// The cells, and the atom of each record.
fn grid(records: &Records, assignment: &Assignment, sets: &[DimensionSet]) -> (Grid, Vec<u32>) {
    const CLASSES: [ProviderClass; 3] = [ProviderClass::Vrijgevestigd, ProviderClass::Instelling, ProviderClass::Onbekend];
    let mut combinations: BTreeMap<[String; 5], u32> = BTreeMap::new();
    let mut atom_of = vec![0; records.rows.len()];
    for class in &assignment.classes {
        let [region, diagnosis, age, sex, ..] = &class.codes;
        let mut here: [Option<u32>; CLASSES.len()] = [None; CLASSES.len()];
        for row in &class.rows {
            let Some(record) = records.rows.get(*row as usize) else { continue };
            let place = CLASSES.iter().position(|class| *class == record.provider_class).unwrap_or(0);
            let atom = *here[place].get_or_insert_with(|| {
                let codes = [CLASSES[place].code().to_owned(), region.clone(), diagnosis.clone(), age.clone(), sex.clone()];
                let next = combinations.len() as u32;
                *combinations.entry(codes).or_insert(next)
            });
            atom_of[*row as usize] = atom;
        }
    }
    let mut atoms = vec![<[String; 5]>::default(); combinations.len()];
    for (codes, atom) in combinations {
        atoms[atom as usize] = codes;
    }
    (Grid::new(atoms, sets), atom_of)
}

fn by_atom(records: &Records, grid: &Grid, atom_of: &[u32], value: fn(&Trajectory) -> Option<f64>) -> Vec<u64> {
    let mut counts = vec![0; grid.atoms.len()];
    for (_, atom) in records.rows.iter().zip(atom_of).filter(|(record, _)| value(record).is_some()) {
        counts[*atom as usize] += 1;
    }
    counts
}

fn contents(family: &Family, records: &Records, grid: &Grid, atom_of: &[u32], policy: &Policy) -> Vec<Content> {
    let mut units: Vec<Unit> = records
        .rows
        .iter()
        .zip(atom_of)
        .enumerate()
        .filter_map(|(row, (record, atom))| {
            (family.value)(record).map(|value| Unit { value, row: row as u32, atom: *atom, client: record.client, group: record.group })
        })
        .collect();
    // Sorted once, the values of every cell are sorted: for medians, and so that a sum does not depend on an order.
    units.sort_by(|a, b| a.value.total_cmp(&b.value).then(a.row.cmp(&b.row)));
    let enough = policy.spec.aggregate_min_clients as usize;
    let medians = family.measures.iter().any(|measure| matches!(measure.statistic, Statistic::Median(_)));
    let mut contents: Vec<Content> = std::iter::repeat_with(Content::default).take(grid.cells.len()).collect();
    for cell_of in &grid.cell_of {
        for unit in &units {
            let content = &mut contents[cell_of[unit.atom as usize] as usize];
            content.values.push(unit.value);
            if medians {
                content.clients.push(unit.client);
            }
            if content.different.len() < enough && !content.different.contains(&unit.client) {
                content.different.push(unit.client);
            }
            if content.by_group.is_empty() {
                content.by_group.resize(records.groups.len(), (0.0, 0.0));
            }
            let group = &mut content.by_group[unit.group as usize];
            group.0 += 1.0;
            group.1 += unit.value.abs();
        }
    }
    for content in &mut contents {
        content.by_group.retain(|group| group.0 > 0.0);
    }
    contents
}

/// One family on one year.
struct System<'a> {
    policy: &'a Policy,
    overlay: &'a PrivateOverlay,
    records: &'a Records,
    grid: &'a Grid,
    family: &'a Family,
    /// By cell of the grid.
    contents: &'a [Content],
    /// By atom: trajectories that count for the family.
    units_of: &'a [u64],
    /// By atom: all trajectories.
    rows_of: &'a [u64],
}

impl System<'_> {
    fn count(&self, cell: usize) -> u64 {
        self.contents[cell].values.len() as u64
    }

    /// Its numbers are sums of safe classes that stand in the table `trajectories`.
    fn is_shown(&self, cell: usize) -> bool {
        self.family.in_trajectories && self.grid.is_shown_elsewhere(cell)
    }

    /// Decides which cells may be told, given those that are known or too small.
    fn decide(&self, primary: &[bool], withheld: &[bool]) -> Vec<Fate> {
        // An empty atom hides nothing.
        let filled = |atom: u32| self.units_of[atom as usize] > 0;
        let kept = |atoms: &[u32]| -> Vec<u32> { atoms.iter().copied().filter(|atom| filled(*atom)).collect() };
        // What the other table tells.
        let mut shown: BTreeMap<&[String], Vec<u32>> = BTreeMap::new();
        if self.family.in_trajectories {
            for (atom, codes) in self.grid.atoms.iter().enumerate().filter(|(atom, _)| filled(*atom as u32)) {
                shown.entry(&codes[1..]).or_default().push(atom as u32);
            }
        }
        let known: Vec<Vec<u32>> = shown.into_values().collect();
        // Totals first, then margins, then large to small.
        let mut order: Vec<usize> = (0..self.grid.cells.len()).collect();
        order.sort_by_key(|cell| (self.grid.columns[self.grid.cells[*cell].set].len(), std::cmp::Reverse(self.count(*cell)), *cell));
        let cells: Vec<Vec<u32>> = order.iter().map(|cell| kept(&self.grid.cells[*cell].atoms)).collect();
        let flags = |flags: &[bool]| -> Vec<bool> { order.iter().map(|cell| flags[*cell]).collect() };
        let fates = suppress(&known, &cells, &flags(primary), &flags(withheld));
        let mut result = vec![Fate::Published; order.len()];
        for (cell, fate) in order.iter().zip(fates) {
            result[*cell] = fate;
        }
        result
    }

    /// Cells that nobody may compute.
    fn secrets(&self, statuses: &[Status]) -> Vec<bool> {
        statuses.iter().enumerate().map(|(cell, status)| status.is_primary() && !self.is_shown(cell)).collect()
    }

    /// What may be told of the number of trajectories in each cell. `withheld`: cells whose number of trajectories is withheld already.
    fn units(&self, withheld: &[bool]) -> Result<Vec<Status>, Error> {
        let spec = &self.policy.spec;
        let own = |cell: usize| {
            let content = &self.contents[cell];
            let by_group: Vec<f64> = content.by_group.iter().map(|group| group.0).collect();
            // A figure on too few is told nowhere, not even where the other table has its numbers.
            if content.different.len() < spec.aggregate_min_clients as usize || by_group.len() < spec.aggregate_min_provider_groups as usize {
                Status::TooFew
            } else if self.is_shown(cell) {
                Status::Free
            } else if is_concentrated(&by_group, self.overlay.p_percent) {
                Status::Concentrated
            } else {
                Status::Free
            }
        };
        let mut statuses: Vec<Status> = (0..self.grid.cells.len()).map(own).collect();
        let primary = self.secrets(&statuses);
        for (status, fate) in statuses.iter_mut().zip(self.decide(&primary, withheld)) {
            match fate {
                Fate::Primary => {}
                // Too few are never told, whatever can be known.
                Fate::Published if *status == Status::TooFew => {}
                Fate::Published => *status = Status::Free,
                Fate::Secondary => *status = Status::Secondary,
            }
        }
        self.widen(&mut statuses)?;
        Ok(statuses)
    }

    /// Withholds further cells until each primary one lies in an interval that is wide enough.
    fn widen(&self, statuses: &mut [Status]) -> Result<(), Error> {
        let width = f64::from(self.policy.spec.aggregate_min_clients);
        let secrets: Vec<usize> =
            (0..statuses.len()).filter(|cell| statuses[*cell].is_primary() && !self.is_shown(*cell) && !self.grid.columns[self.grid.cells[*cell].set].is_empty()).collect();
        for cell in secrets {
            // A cell without anything in it is no secret of anybody, and no number of it is told.
            if self.count(cell) == 0 {
                continue;
            }
            let width_of = |statuses: &[Status]| {
                let found = self.interval(cell, statuses).map(|(low, high)| high - low);
                found.ok_or_else(|| Error::bug(format!("no table of {} meets its own sums", self.family.measures[0].name)))
            };
            // Where the other table has fewer in a whole class, no more can be hidden than that.
            let bare: Vec<Status> = (0..statuses.len()).map(|other| if self.is_shown(other) { statuses[other] } else { Status::Secondary }).collect();
            let needed = width.min(width_of(&bare)?) - HAIR;
            while width_of(statuses)? < needed {
                // The first that is enough, or else the one that helps most.
                let mut best: Option<(usize, f64)> = None;
                for next in self.neighbours(cell, statuses) {
                    statuses[next] = Status::Secondary;
                    let reached = width_of(statuses)?;
                    statuses[next] = Status::Free;
                    if best.is_none_or(|(_, widest)| reached > widest + HAIR) {
                        best = Some((next, reached));
                    }
                    if reached >= needed {
                        break;
                    }
                }
                let (next, _) = best.ok_or_else(|| Error::bug("an interval is narrow with nothing published around it"))?;
                statuses[next] = Status::Secondary;
            }
        }
        Ok(())
    }

    /// Between what the number of trajectories of a cell lies for who reads all tables.
    fn interval(&self, target: usize, statuses: &[Status]) -> Option<(f64, f64)> {
        let columns = self.grid.connected(&self.grid.columns[self.grid.cells[target].set]);
        let places: Vec<usize> = columns.iter().copied().collect();
        // Atoms by the connected columns only: the others meet these in the grand total alone.
        let mut coarse: BTreeMap<[String; 5], u32> = BTreeMap::new();
        let mut coarse_of = vec![0; self.grid.atoms.len()];
        for (atom, codes) in self.grid.atoms.iter().enumerate() {
            let next = coarse.len() as u32;
            coarse_of[atom] = *coarse.entry(projected(codes, &places)).or_insert(next);
        }
        let sums = |atoms: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
            let found: BTreeSet<u32> = atoms.filter(|atom| self.units_of[*atom as usize] > 0).map(|atom| coarse_of[atom as usize]).collect();
            found.into_iter().collect()
        };
        let mut constraints = Vec::new();
        for (index, cell) in self.grid.cells.iter().enumerate() {
            let inside = self.grid.columns[cell.set].iter().all(|column| columns.contains(column));
            if !inside || (statuses[index] != Status::Free) {
                continue;
            }
            let atoms = sums(&mut cell.atoms.iter().copied());
            let (low, high) = rounding(self.count(index), self.policy.spec.round_base);
            constraints.push(Bounded { atoms, low, high });
        }
        // The table `trajectories` has the numbers by all but the kind of provider: exactly, or all trajectories where not all count.
        let shown: Vec<usize> = places.iter().copied().filter(|place| *place != PROVIDER_CLASS).collect();
        let mut classes: BTreeMap<[String; 5], Vec<u32>> = BTreeMap::new();
        for (atom, codes) in self.grid.atoms.iter().enumerate() {
            classes.entry(projected(codes, &shown)).or_default().push(atom as u32);
        }
        let most = if self.family.in_trajectories { self.units_of } else { self.rows_of };
        for atoms in classes.into_values() {
            let total: u64 = atoms.iter().map(|atom| most[*atom as usize]).sum();
            let low = if self.family.in_trajectories { total as f64 } else { 0.0 };
            constraints.push(Bounded { atoms: sums(&mut atoms.into_iter()), low, high: total as f64 });
        }
        let target = sums(&mut self.grid.cells[target].atoms.iter().copied());
        intervals(&constraints, &[target])?.first().copied()
    }

    /// Published cells that may be withheld next: the most crossed first, of the same set first, then the smallest.
    fn neighbours(&self, target: usize, statuses: &[Status]) -> Vec<usize> {
        let here = &self.grid.cells[target];
        let columns = self.grid.connected(&self.grid.columns[here.set]);
        let places = |cell: &usize| &self.grid.columns[self.grid.cells[*cell].set];
        let mut cells: Vec<usize> = (0..statuses.len())
            .filter(|cell| statuses[*cell] == Status::Free && !self.is_shown(*cell) && self.count(*cell) > 0)
            .filter(|cell| !places(cell).is_empty() && places(cell).iter().all(|column| columns.contains(column)))
            .collect();
        cells.sort_by_key(|cell| (std::cmp::Reverse(places(cell).len()), self.grid.cells[*cell].set != here.set, self.count(*cell), *cell));
        cells
    }

    /// The rows of one measure, given what may be told of the number of trajectories.
    fn rows(&self, measure: &Measure, units: &[Status]) -> Vec<MeasureRow> {
        let own = |cell: usize| {
            if units[cell].is_primary() || self.is_shown(cell) {
                return units[cell];
            }
            let content = &self.contents[cell];
            match measure.statistic {
                Statistic::Count => Status::Free,
                Statistic::Rate(meets) => {
                    let events = content.values.iter().filter(|value| meets(**value)).count() as f64;
                    let share = events / content.values.len().max(1) as f64;
                    let column = measure.sensitive.filter(|column| self.policy.spec.sensitive_values.contains_key(*column));
                    let certain = if column.is_some() { share > self.policy.spec.alpha } else { share <= 0.0 || share >= 1.0 };
                    if certain { Status::NearlyCertain } else { Status::Free }
                }
                Statistic::Mean(_) | Statistic::Median(_) => {
                    let by_group: Vec<f64> = content.by_group.iter().map(|group| group.1).collect();
                    let concentrated = by_group.iter().any(|sum| *sum > 0.0) && is_concentrated(&by_group, self.overlay.p_percent);
                    if concentrated { Status::Concentrated } else { Status::Free }
                }
            }
        };
        let mut statuses: Vec<Status> = (0..self.grid.cells.len()).map(own).collect();
        let primary = self.secrets(&statuses);
        let withheld: Vec<bool> = units.iter().map(|status| *status == Status::Secondary).collect();
        for (status, fate) in statuses.iter_mut().zip(self.decide(&primary, &withheld)) {
            // What is primary here stays so: what other tables know are numbers of trajectories, and no values.
            if *status == Status::Free && fate != Fate::Published {
                *status = Status::Secondary;
            }
        }
        let observed = self.contents.iter().any(|content| !content.values.is_empty());
        let mut rows = Vec::with_capacity(self.grid.cells.len());
        for (index, cell) in self.grid.cells.iter().enumerate() {
            let mut status = if units[index] == Status::Secondary { Status::Secondary } else { statuses[index] };
            let mut value = None;
            if status == Status::Free {
                value = self.value(measure, index);
                // Nothing to tell where nothing is, or where too few clients lie on a side of the middle.
                status = if value.is_some() { status } else { Status::TooFew };
            }
            let [provider_class, region, diagnosis_group, age_band, sex] = cell.codes.clone();
            let n = if value.is_some() { rounded_count(self.count(index), self.policy.spec.round_base) } else { 0 };
            rows.push(MeasureRow {
                year: self.records.year,
                dimension_set: self.policy.spec.dimension_sets[cell.set].id.clone(),
                provider_class,
                region,
                diagnosis_group,
                age_band,
                sex,
                measure: measure.name.to_owned(),
                statistic: measure.statistic_code().to_owned(),
                value,
                n_rounded: i32::try_from(n).unwrap_or(i32::MAX),
                conf_status: status.code().to_owned(),
                obs_status: match (value, observed) {
                    (Some(_), _) => "A",
                    (None, true) => "Q",
                    (None, false) => "M",
                }
                .to_owned(),
            });
        }
        rows
    }

    /// The value of a cell as it is published.
    fn value(&self, measure: &Measure, cell: usize) -> Option<f64> {
        let content = &self.contents[cell];
        let units = content.values.len() as u64;
        if units == 0 {
            return None;
        }
        Some(match measure.statistic {
            Statistic::Count => rounded_count(units, self.policy.spec.round_base) as f64,
            Statistic::Rate(meets) => {
                let share = content.values.iter().filter(|value| meets(**value)).count() as f64 / units as f64;
                to_step(share, if units >= UNITS_FOR_TENTHS { 0.001 } else { 0.01 })
            }
            Statistic::Mean(step) => to_step(content.values.iter().sum::<f64>() / units as f64, step),
            Statistic::Median(step) => to_step(middle(content, self.policy.spec.quantile_tail_providers as usize)?, step),
        })
    }
}

/// The mean of the three middle values, so that it is nobody's; None unless so many different clients lie on each side of these.
fn middle(content: &Content, each_side: usize) -> Option<f64> {
    let centre = content.values.len() / 2;
    let (below, above) = (content.clients.get(..centre.checked_sub(1)?)?, content.clients.get(centre + 2..)?);
    let enough = |clients: &[u32]| {
        let mut different = BTreeSet::new();
        clients.iter().any(|client| {
            different.insert(*client);
            different.len() >= each_side
        })
    };
    let around = content.values.get(centre - 1..centre + 2)?;
    (enough(below) && enough(above)).then(|| around.iter().sum::<f64>() / around.len() as f64)
}

/// To the nearest multiple of a step that is a power of ten.
fn to_step(value: f64, step: f64) -> f64 {
    // Dividing by the reciprocal keeps decimals clean.
    let reciprocal = (1.0 / step).round();
    let rounded = (value * reciprocal).round() / reciprocal;
    // No negative zero.
    rounded + 0.0
}

/// Between what a count lies that was rounded to this.
fn rounding(count: u64, base: u32) -> (f64, f64) {
    let (rounded, base) = (rounded_count(count, base), u64::from(base.max(1)));
    (rounded.saturating_sub(base / 2) as f64, (rounded + base - 1 - base / 2) as f64)
}

/// How many cells of each measure have each status, for the privacy report.
#[must_use]
pub fn suppression_counts(rows: &[MeasureRow]) -> Vec<SuppressionCount> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in rows {
        *counts.entry((&row.measure, &row.conf_status)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((measure, status), cells)| SuppressionCount { measure: measure.to_owned(), conf_status: status.to_owned(), cells })
        .collect()
}

/// True when the table `trajectories` has the numbers of a measure as well.
fn is_in_trajectories(measure: &str) -> bool {
    FAMILIES.iter().any(|family| family.in_trajectories && family.measures.iter().any(|one| one.name == measure))
}

/// The cells of one measure and year that a reader of the tables can place: published ones, and those that are withheld for what they are.
struct Reading {
    published: Vec<Vec<u32>>,
    secrets: Vec<(String, Vec<u32>)>,
}

/// The rank audit over published tables (V09): `rows` of the table `measures` of one year, and the different `[region, diagnosis_group,
/// age_band, sex]` of the table `trajectories` of that year, whose numbers are known. Names every withheld cell that can be computed, and
/// none when the audit passes. It uses nothing private: atoms that only the release knows to be empty count as possible.
#[must_use]
pub fn rank_audit(rows: &[MeasureRow], classes: &BTreeSet<[String; 4]>) -> Vec<String> {
    let kinds: BTreeSet<&str> = rows.iter().map(|row| row.provider_class.as_str()).filter(|code| *code != TOTAL).collect();
    let kinds: Vec<&str> = if kinds.is_empty() { vec![TOTAL] } else { kinds.into_iter().collect() };
    let atoms: Vec<[&str; 5]> = kinds
        .iter()
        .flat_map(|kind| classes.iter().map(move |[region, diagnosis, age, sex]| [*kind, region.as_str(), diagnosis.as_str(), age.as_str(), sex.as_str()]))
        .collect();
    let mut by_measure: BTreeMap<&str, Reading> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.statistic != "median") {
        let codes = [&row.provider_class, &row.region, &row.diagnosis_group, &row.age_band, &row.sex];
        let inside = |atom: &[&str; 5]| codes.iter().zip(atom).all(|(code, own)| *code == TOTAL || code == own);
        let cell: Vec<u32> = atoms.iter().enumerate().filter(|(_, atom)| inside(atom)).map(|(index, _)| index as u32).collect();
        let reading = by_measure.entry(&row.measure).or_insert_with(|| Reading { published: Vec::new(), secrets: Vec::new() });
        match row.conf_status.as_str() {
            "F" => reading.published.push(cell),
            "D" => {}
            // Withheld because a figure on so few says little, not because the number is a secret.
            _ if is_in_trajectories(&row.measure) && row.provider_class == TOTAL => {}
            _ if row.obs_status == "M" => {}
            _ => reading.secrets.push((codes.map(String::as_str).join(" "), cell)),
        }
    }
    let mut found = Vec::new();
    for (measure, mut reading) in by_measure {
        if is_in_trajectories(measure) {
            let width = classes.len() as u32;
            reading.published.extend((0..width).map(|class| (0..kinds.len() as u32).map(|kind| kind * width + class).collect()));
        }
        let targets: Vec<Vec<u32>> = reading.secrets.iter().map(|(_, cell)| cell.clone()).collect();
        found.extend(recoverable(&reading.published, &targets).into_iter().map(|index| format!("{measure}: {}", reading.secrets[index].0)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::atoms::assign;
    use crate::invented;

    /// Few groups of institutions, so that something must be withheld.
    fn small(seed: u64) -> (Records, Assignment, Policy) {
        let policy = invented::policy();
        let records = invented::records(2025, 3000, 30, seed);
        let assignment = assign(&records, &policy).unwrap();
        (records, assignment, policy)
    }

    fn classes(assignment: &Assignment) -> BTreeSet<[String; 4]> {
        assignment.classes.iter().map(|class| std::array::from_fn(|place| class.codes[place].clone())).collect()
    }

    fn is_in(row: &MeasureRow, record: &Trajectory, codes: &[String; 6]) -> bool {
        let own = [record.provider_class.code(), &codes[0], &codes[1], &codes[2], &codes[3]];
        let asked = [&row.provider_class, &row.region, &row.diagnosis_group, &row.age_band, &row.sex];
        asked.iter().zip(own).all(|(asked, own)| *asked == TOTAL || *asked == own)
    }

    /// Records of a row by their released codes.
    fn behind<'a>(row: &'a MeasureRow, records: &'a Records, assignment: &'a Assignment) -> impl Iterator<Item = &'a Trajectory> {
        let all = assignment.classes.iter().flat_map(move |class| class.rows.iter().map(move |at| (&records.rows[*at as usize], &class.codes)));
        all.filter(|(record, codes)| is_in(row, record, codes)).map(|(record, _)| record)
    }

    #[test]
    fn a_value_stands_exactly_where_it_is_free_and_enough_is_behind_it() {
        for seed in 1..4 {
            let (records, assignment, policy) = small(seed);
            let rows = measures(&records, &assignment, &policy, &invented::overlay()).unwrap();
            assert!(rows.iter().any(|row| row.conf_status == "A") && rows.iter().any(|row| row.conf_status == "D"), "seed {seed}");
            for row in &rows {
                assert_eq!(row.value.is_some(), row.conf_status == "F", "{row:?}");
                assert_eq!(row.obs_status == "A", row.value.is_some());
                assert_eq!(row.n_rounded % 5, 0);
                if row.value.is_some() {
                    let family = FAMILIES.iter().find(|family| family.measures.iter().any(|measure| measure.name == row.measure)).unwrap();
                    let counted: Vec<&Trajectory> = behind(row, &records, &assignment).filter(|record| (family.value)(record).is_some()).collect();
                    assert!((i64::from(row.n_rounded) - counted.len() as i64).abs() <= 2);
                    assert!(counted.iter().map(|record| record.client).collect::<BTreeSet<_>>().len() >= 10, "{row:?}");
                    assert!(counted.iter().map(|record| record.group).collect::<BTreeSet<_>>().len() >= 3, "{row:?}");
                } else {
                    assert_eq!(row.n_rounded, 0);
                }
            }
        }
    }

    #[test]
    fn figures_are_those_of_the_records_to_the_last_digit_that_is_given() {
        let (records, assignment, policy) = small(5);
        let rows = measures(&records, &assignment, &policy, &invented::overlay()).unwrap();
        let mut compared = 0;
        for row in rows.iter().filter(|row| row.value.is_some()) {
            let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
            let rows = || behind(row, &records, &assignment);
            let (expected, step) = match row.measure.as_str() {
                "minutes_mean" => (mean(rows().filter_map(|record| record.counted_minutes).collect()), 1.0),
                "rom_effect_mean" => (mean(rows().filter_map(|record| record.rom_change).collect()), 0.1),
                "cqi_score" => (mean(rows().filter_map(|record| record.mark).collect()), 0.1),
                "trajectories" => (rows().count() as f64, 5.0),
                _ => continue,
            };
            assert!((row.value.unwrap() - expected).abs() <= step / 2.0 + 1e-9, "{row:?}: {expected}");
            compared += 1;
        }
        assert!(compared > 60, "{compared}");
    }

    #[test]
    fn shares_that_a_researcher_computes_from_trajectories_agree_within_the_rounding() {
        let (records, assignment, policy) = small(6);
        let rows = measures(&records, &assignment, &policy, &invented::overlay()).unwrap();
        let mut compared = 0;
        for row in rows.iter().filter(|row| row.provider_class == TOTAL && row.value.is_some()) {
            // Of what the table shows: codes and answers, and nothing private.
            let known: fn(&Trajectory) -> Option<bool> = match row.measure.as_str() {
                "incomplete_rate" => |record| (record.incomplete != Answer::Unknown).then_some(record.incomplete == Answer::Yes),
                "back_in_care_rate" => |record| (record.back_in_care != Answer::Unknown).then_some(record.back_in_care == Answer::Yes),
                "rom_improved_rate" => |record| {
                    let improved = matches!(record.rom_category, RomCategory::Recovered | RomCategory::Improved);
                    (record.rom_category != RomCategory::NoPair).then_some(improved)
                },
                _ => continue,
            };
            let answers: Vec<bool> = behind(row, &records, &assignment).filter_map(known).collect();
            let share = answers.iter().filter(|answer| **answer).count() as f64 / answers.len() as f64;
            let step = if answers.len() >= 100 { 0.001 } else { 0.01 };
            assert!((row.value.unwrap() - share).abs() <= step / 2.0 + 1e-9, "{row:?}: {share}");
            compared += 1;
        }
        assert!(compared > 20, "{compared}");
    }

    #[test]
    fn no_withheld_cell_follows_from_the_tables_and_one_that_is_told_by_mistake_gives_it_away() {
        let mut given_away = 0;
        for seed in 1..4 {
            let (records, assignment, policy) = small(seed);
            let rows = measures(&records, &assignment, &policy, &invented::overlay()).unwrap();
            let classes = classes(&assignment);
            assert_eq!(rank_audit(&rows, &classes), Vec::<String>::new(), "seed {seed}");
            for at in (0..rows.len()).filter(|at| rows[*at].conf_status == "D" && rows[*at].measure == "trajectories") {
                let mut told = rows.clone();
                told[at].conf_status = "F".to_owned();
                given_away += usize::from(!rank_audit(&told, &classes).is_empty());
            }
        }
        assert!(given_away > 0, "the audit sees nothing");
    }

    #[test]
    fn the_order_of_the_records_changes_nothing() {
        let (mut records, assignment, policy) = small(2);
        let before = measures(&records, &assignment, &policy, &invented::overlay()).unwrap();
        records.rows.reverse();
        let again = assign(&records, &policy).unwrap();
        assert_eq!(before, measures(&records, &again, &policy, &invented::overlay()).unwrap());
    }

    #[test]
    fn a_cell_of_one_large_group_is_withheld_as_concentrated() {
        let (mut records, _, policy) = small(3);
        // All but a few of the institutions' trajectories are of one group.
        for (at, record) in records.rows.iter_mut().enumerate() {
            if record.provider_class == ProviderClass::Instelling {
                record.group = if at % 200 == 0 { 7 + 7 * (at / 200 % 3) as u32 } else { 0 };
            }
        }
        let assignment = assign(&records, &policy).unwrap();
        let rows = measures(&records, &assignment, &policy, &invented::overlay()).unwrap();
        let of = |code: &str, measure: &str| rows.iter().find(|row| row.dimension_set == "provider_class" && row.provider_class == code && row.measure == measure).unwrap();
        assert_eq!(of("instelling", "trajectories").conf_status, "G");
        assert_eq!(of("vrijgevestigd", "trajectories").conf_status, "D", "with the total it would be given away");
        assert_eq!(of("instelling", "minutes_median").conf_status, "G");
    }

    #[test]
    fn a_median_is_nobodys_value_and_needs_clients_on_both_sides() {
        let content = |values: Vec<f64>, clients: Vec<u32>| Content { values, clients, ..Content::default() };
        let values: Vec<f64> = (0..13).map(|at| f64::from(at * at)).collect();
        assert_eq!(middle(&content(values.clone(), (0..13).collect()), 5), Some((25.0 + 36.0 + 49.0) / 3.0));
        assert_eq!(middle(&content(values[..12].to_vec(), (0..12).collect()), 5), None, "four lie above");
        assert_eq!(middle(&content(values, vec![1; 13]), 5), None, "one client is no crowd");
        assert_eq!(middle(&Content::default(), 5), None);
    }
}
