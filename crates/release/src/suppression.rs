//! Tables of sums: which further cells to withhold so that nobody can compute a withheld one, and audits of what is published
//! (release specification, section 4).
//!
//! A cell is the set of atoms that it sums over, ascending; an atom is the finest combination of codes. What a reader knows is the span of the
//! published cells. Secondary suppression follows the elimination of Langsrud (2024, SSBtools `GaussSuppression`): cells are offered in order and
//! published unless that would put a primary one in the span. Arithmetic is exact, modulo the prime 2^61 − 1.

use std::collections::BTreeMap;

/// A Mersenne prime: entries of an elimination over cells of 0 and 1 are no multiple of it but for zero.
const PRIME: u64 = (1 << 61) - 1;
/// Smaller than this is zero in a table of counts.
const TINY: f64 = 1e-7;
/// Steps after which the simplex method takes the first column that helps, and not the best: that rule cannot turn in circles (Bland 1977).
const PATIENCE: usize = 2_000;
/// Steps after which an interval is given up.
const STEPS_MAXIMUM: usize = 50_000;

/// What becomes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is published.
    Published,
    /// It is withheld for what it is.
    Primary,
    /// It is withheld because a primary one could be computed with it.
    Secondary,
}

/// Entries of a vector by column, ascending, without zeros.
type Sparse = Vec<(u32, u64)>;

fn product(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    let folded = (wide & u128::from(PRIME)) as u64 + (wide >> 61) as u64;
    if folded >= PRIME { folded - PRIME } else { folded }
}

fn difference(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + PRIME - b }
}

/// By Fermat: a^(p − 2).
fn inverse(a: u64) -> u64 {
    let (mut base, mut power, mut result) = (a, PRIME - 2, 1);
    while power > 0 {
        if power & 1 == 1 {
            result = product(result, base);
        }
        base = product(base, base);
        power >>= 1;
    }
    result
}

/// Atoms that lie in the same vectors count as one column: the column of each atom, and how many columns there are.
fn columns<'a>(vectors: impl Iterator<Item = &'a [u32]>) -> (BTreeMap<u32, u32>, usize) {
    let mut seen: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (index, atoms) in vectors.enumerate() {
        for atom in atoms {
            seen.entry(*atom).or_default().push(index as u32);
        }
    }
    let mut known: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
    let mut column_of = BTreeMap::new();
    for (atom, signature) in seen {
        let next = known.len() as u32;
        column_of.insert(atom, *known.entry(signature).or_insert(next));
    }
    let width = known.len();
    (column_of, width)
}

fn merged(atoms: &[u32], column_of: &BTreeMap<u32, u32>) -> Vec<u32> {
    let mut columns: Vec<u32> = atoms.iter().filter_map(|atom| column_of.get(atom).copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// A basis of the span of what is published. Each row is 1 in its pivot, and 0 in the pivots of the rows before it.
struct Basis {
    rows: Vec<(u32, Sparse)>,
    /// The row that has its pivot in this column.
    row_of: Vec<Option<u32>>,
    scratch: Vec<u64>,
    /// How many vectors hold a column: the rarest makes the pivot, so that rows stay short.
    frequency: Vec<u32>,
}

impl Basis {
    fn new(frequency: Vec<u32>) -> Self {
        Self { rows: Vec::new(), row_of: vec![None; frequency.len()], scratch: vec![0; frequency.len()], frequency }
    }

    /// What is left of a vector when the span is taken out.
    fn residual(&mut self, columns: &[u32]) -> Sparse {
        let mut pending = std::collections::BTreeSet::new();
        let mut touched = Vec::with_capacity(columns.len());
        for column in columns {
            self.scratch[*column as usize] = 1;
            touched.push(*column);
            pending.extend(self.row_of[*column as usize]);
        }
        // Rows in the order in which they came: a row holds pivots of later ones, never of earlier ones.
        while let Some(row) = pending.pop_first() {
            let (pivot, entries) = &self.rows[row as usize];
            let factor = self.scratch[*pivot as usize];
            if factor == 0 {
                continue;
            }
            for (column, value) in entries {
                let cell = &mut self.scratch[*column as usize];
                if *cell == 0 {
                    touched.push(*column);
                    pending.extend(self.row_of[*column as usize].filter(|later| *later > row));
                }
                *cell = difference(*cell, product(factor, *value));
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let mut residual = Vec::new();
        for column in touched {
            let value = std::mem::take(&mut self.scratch[column as usize]);
            if value != 0 {
                residual.push((column, value));
            }
        }
        residual
    }

    /// Takes a residual that is not zero into the basis; its row as it stands there.
    fn take(&mut self, mut residual: Sparse) -> (u32, Sparse) {
        let pivot = residual.iter().min_by_key(|(column, _)| (self.frequency[*column as usize], *column)).copied();
        let Some((column, value)) = pivot else { return (0, Vec::new()) };
        let scale = inverse(value);
        for (_, entry) in &mut residual {
            *entry = product(*entry, scale);
        }
        self.row_of[column as usize] = Some(self.rows.len() as u32);
        self.rows.push((column, residual.clone()));
        (column, residual)
    }
}

/// True when one vector is a multiple of the other. Neither is zero.
fn parallel(a: &Sparse, b: &Sparse) -> bool {
    if a.len() != b.len() || a.iter().zip(b).any(|(x, y)| x.0 != y.0) {
        return false;
    }
    let (Some(first), Some(other)) = (a.first(), b.first()) else { return false };
    a.iter().zip(b).all(|(x, y)| product(x.1, other.1) == product(y.1, first.1))
}

/// `vector` minus its entry in the pivot times `row`, which is 1 there.
fn reduced(vector: &Sparse, pivot: u32, row: &Sparse) -> Option<Sparse> {
    let at = vector.binary_search_by_key(&pivot, |(column, _)| *column).ok()?;
    let factor = vector.get(at)?.1;
    let mut result = Vec::with_capacity(vector.len() + row.len());
    let (mut left, mut right) = (vector.iter().peekable(), row.iter().peekable());
    loop {
        let (column, value) = match (left.peek(), right.peek()) {
            (None, None) => return Some(result),
            (Some(a), Some(b)) if a.0 == b.0 => {
                let entry = (a.0, difference(a.1, product(factor, b.1)));
                left.next();
                right.next();
                entry
            }
            (Some(a), b) if b.is_none_or(|b| a.0 < b.0) => {
                let entry = **a;
                left.next();
                entry
            }
            (_, Some(b)) => {
                let entry = (b.0, difference(0, product(factor, b.1)));
                right.next();
                entry
            }
            (Some(_), None) => return Some(result),
        };
        if value != 0 {
            result.push((column, value));
        }
    }
}

fn frequencies<'a>(vectors: impl Iterator<Item = &'a Vec<u32>>, width: usize) -> Vec<u32> {
    let mut frequency = vec![0; width];
    for column in vectors.flatten() {
        frequency[*column as usize] += 1;
    }
    frequency
}

/// Decides the fate of cells that are offered in order. `known` are sums that a reader has already; `primary` says which cells may not be known,
/// `withheld` which others are not offered at all. A primary cell that follows from `known` alone is no secret any more and is published.
#[must_use]
pub fn suppress(known: &[Vec<u32>], cells: &[Vec<u32>], primary: &[bool], withheld: &[bool]) -> Vec<Fate> {
    let (column_of, width) = columns(known.iter().chain(cells).map(Vec::as_slice));
    let known: Vec<Vec<u32>> = known.iter().map(|atoms| merged(atoms, &column_of)).collect();
    let cells: Vec<Vec<u32>> = cells.iter().map(|atoms| merged(atoms, &column_of)).collect();
    let mut basis = Basis::new(frequencies(known.iter().chain(&cells), width));
    for vector in &known {
        let residual = basis.residual(vector);
        if !residual.is_empty() {
            basis.take(residual);
        }
    }
    let is = |flags: &[bool], index: usize| flags.get(index).copied().unwrap_or(false);
    let mut fates = vec![Fate::Published; cells.len()];
    let mut secrets = Vec::new();
    for (index, cell) in cells.iter().enumerate().filter(|(index, _)| is(primary, *index)) {
        let residual = basis.residual(cell);
        if !residual.is_empty() {
            fates[index] = Fate::Primary;
            secrets.push(residual);
        }
    }
    for (index, cell) in cells.iter().enumerate() {
        if fates[index] == Fate::Primary || is(primary, index) {
            continue;
        }
        if is(withheld, index) {
            fates[index] = Fate::Secondary;
            continue;
        }
        let residual = basis.residual(cell);
        if residual.is_empty() {
            continue;
        }
        if secrets.iter().any(|secret| parallel(secret, &residual)) {
            fates[index] = Fate::Secondary;
            continue;
        }
        let (pivot, row) = basis.take(residual);
        for secret in &mut secrets {
            if let Some(shorter) = reduced(secret, pivot, &row) {
                *secret = shorter;
            }
        }
    }
    fates
}

/// The rank audit: which targets can be computed from what is published. Indices, ascending.
#[must_use]
pub fn recoverable(published: &[Vec<u32>], targets: &[Vec<u32>]) -> Vec<usize> {
    let (column_of, width) = columns(published.iter().chain(targets).map(Vec::as_slice));
    let published: Vec<Vec<u32>> = published.iter().map(|atoms| merged(atoms, &column_of)).collect();
    let targets: Vec<Vec<u32>> = targets.iter().map(|atoms| merged(atoms, &column_of)).collect();
    let mut basis = Basis::new(frequencies(published.iter().chain(&targets), width));
    for vector in &published {
        let residual = basis.residual(vector);
        if !residual.is_empty() {
            basis.take(residual);
        }
    }
    let found = |vector: &Vec<u32>| basis.residual(vector).is_empty();
    targets.iter().map(found).enumerate().filter_map(|(index, inside)| inside.then_some(index)).collect()
}

/// A sum over atoms of which a reader knows between what it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounded {
    /// Atoms, ascending.
    pub atoms: Vec<u32>,
    /// At least, 0 or more.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// The interval audit: between what each target lies for a reader who knows the `constraints` and that no atom is negative. None when no table
/// meets the constraints, or the method gave up. An interval without an end ends in infinity.
#[must_use]
pub fn intervals(constraints: &[Bounded], targets: &[Vec<u32>]) -> Option<Vec<(f64, f64)>> {
    let all = constraints.iter().map(|one| one.atoms.as_slice()).chain(targets.iter().map(Vec::as_slice));
    let (column_of, width) = columns(all);
    let mut rows = Vec::new();
    for one in constraints {
        let columns = merged(&one.atoms, &column_of);
        // Half a hair apart is the same.
        if one.high - one.low < TINY {
            rows.push((columns, Sense::Equal, one.low));
        } else {
            if one.low > 0.0 {
                rows.push((columns.clone(), Sense::AtLeast, one.low));
            }
            if one.high.is_finite() {
                rows.push((columns, Sense::AtMost, one.high));
            }
        }
    }
    let feasible = Tableau::feasible(&rows, width)?;
    targets
        .iter()
        .map(|target| {
            let columns = merged(target, &column_of);
            let low = feasible.clone().extreme(&columns, false)?;
            let high = feasible.clone().extreme(&columns, true)?;
            Some((low.max(0.0), high))
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    Equal,
    AtLeast,
    AtMost,
}

/// The tableau of the simplex method: a basic solution of `rows · x = right`, x not negative.
#[derive(Clone)]
struct Tableau {
    rows: Vec<Vec<f64>>,
    right: Vec<f64>,
    basic: Vec<usize>,
    /// Columns that may enter.
    usable: usize,
}

impl Tableau {
    /// The first phase: artificial columns to zero.
    fn feasible(constraints: &[(Vec<u32>, Sense, f64)], width: usize) -> Option<Self> {
        let slack = constraints.iter().filter(|row| row.1 != Sense::Equal).count();
        let usable = width + slack;
        let mut tableau = Self { rows: Vec::new(), right: Vec::new(), basic: Vec::new(), usable };
        let artificial = constraints.iter().filter(|row| row.1 != Sense::AtMost).count();
        let (mut next_slack, mut next_artificial) = (width, usable);
        for (columns, sense, right) in constraints {
            let mut row = vec![0.0; usable + artificial];
            for column in columns {
                row[*column as usize] = 1.0;
            }
            match sense {
                Sense::AtMost => {
                    row[next_slack] = 1.0;
                    tableau.basic.push(next_slack);
                    next_slack += 1;
                }
                Sense::AtLeast => {
                    row[next_slack] = -1.0;
                    next_slack += 1;
                }
                Sense::Equal => {}
            }
            if *sense != Sense::AtMost {
                row[next_artificial] = 1.0;
                tableau.basic.push(next_artificial);
                next_artificial += 1;
            }
            tableau.rows.push(row);
            tableau.right.push(*right);
        }
        let mut cost = vec![0.0; usable + artificial];
        cost[usable..].fill(-1.0);
        let total = tableau.maximum(&cost)?;
        let scale = 1.0 + tableau.right.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        if total < -1e-6 * scale {
            return None;
        }
        // An artificial column that is still basic is zero; it leaves for any column, or its row says nothing new.
        for row in (0..tableau.rows.len()).rev() {
            if tableau.basic[row] < usable {
                continue;
            }
            match (0..usable).find(|column| tableau.rows[row][*column].abs() > TINY) {
                Some(column) => tableau.pivot(row, column),
                None => {
                    tableau.rows.remove(row);
                    tableau.right.remove(row);
                    tableau.basic.remove(row);
                }
            }
        }
        for row in &mut tableau.rows {
            row.truncate(usable);
        }
        Some(tableau)
    }

    /// The largest (or smallest) sum over columns. None when the method gave up.
    fn extreme(mut self, columns: &[u32], largest: bool) -> Option<f64> {
        let mut cost = vec![0.0; self.usable];
        for column in columns {
            cost[*column as usize] = if largest { 1.0 } else { -1.0 };
        }
        let value = self.maximum(&cost)?;
        Some(if largest { value } else { -value })
    }

    /// The second phase: the maximum of `cost · x`; infinite when there is none, None when it took too long.
    fn maximum(&mut self, cost: &[f64]) -> Option<f64> {
        // What one unit of a column brings, after what it costs in basic ones.
        let mut gain = cost.to_vec();
        for (row, basic) in self.rows.iter().zip(&self.basic) {
            let price = cost[*basic];
            if price != 0.0 {
                for (entry, value) in gain.iter_mut().zip(row) {
                    *entry -= price * value;
                }
            }
        }
        for step in 0..STEPS_MAXIMUM {
            let mut candidates = gain.iter().enumerate().take(self.usable).filter(|(_, value)| **value > TINY);
            let entering = if step < PATIENCE {
                candidates.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
            } else {
                candidates.next()
            };
            let Some((entering, _)) = entering else {
                return Some(self.basic.iter().zip(&self.right).map(|(basic, value)| cost[*basic] * value).sum());
            };
            let mut leaving: Option<(usize, f64)> = None;
            for (row, entries) in self.rows.iter().enumerate() {
                if entries[entering] > TINY {
                    let ratio = self.right[row] / entries[entering];
                    let better = leaving.is_none_or(|(best, least)| {
                        ratio < least - TINY || (ratio <= least + TINY && self.basic[row] < self.basic[best])
                    });
                    if better {
                        leaving = Some((row, ratio));
                    }
                }
            }
            let Some((leaving, _)) = leaving else { return Some(f64::INFINITY) };
            self.pivot(leaving, entering);
            let factor = gain[entering];
            for (entry, value) in gain.iter_mut().zip(&self.rows[leaving]) {
                *entry -= factor * value;
            }
            gain[entering] = 0.0;
        }
        None
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let scale = self.rows[row][column];
        for entry in &mut self.rows[row] {
            *entry /= scale;
        }
        self.right[row] /= scale;
        let (pivot_row, pivot_right) = (self.rows[row].clone(), self.right[row]);
        for (index, entries) in self.rows.iter_mut().enumerate() {
            let factor = entries[column];
            if index == row || factor == 0.0 {
                continue;
            }
            for (entry, value) in entries.iter_mut().zip(&pivot_row) {
                *entry -= factor * value;
            }
            entries[column] = 0.0;
            // Rounding may leave a hair below zero.
            self.right[index] = (self.right[index] - factor * pivot_right).max(0.0);
        }
        self.basic[row] = column;
    }
}

/// The concentration rule (p%-rule): what is left without the two largest contributions is at least p percent of the largest, so that the second
/// cannot estimate the first more closely than that. Contributions are not negative, in any order.
#[must_use]
pub fn is_concentrated(contributions: &[f64], p_percent: f64) -> bool {
    let (mut first, mut second, mut total) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut sorted = contributions.to_vec();
    sorted.sort_by(f64::total_cmp);
    for value in sorted {
        total += value;
        (first, second) = if value > first { (value, first) } else { (first, second.max(value)) };
    }
    total - first - second < p_percent / 100.0 * first
}

/// To the nearest multiple of `base`; halves go up.
#[must_use]
pub fn rounded_count(count: u64, base: u32) -> u64 {
    let base = u64::from(base.max(1));
    (count + base / 2) / base * base
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of rows by columns: its cells, then its row totals, column totals and grand total; atoms are cells.
    fn table(rows: u32, columns: u32) -> Vec<Vec<u32>> {
        let mut cells: Vec<Vec<u32>> = Vec::new();
        cells.push((0..rows * columns).collect());
        cells.extend((0..rows).map(|row| (0..columns).map(|column| row * columns + column).collect()));
        cells.extend((0..columns).map(|column| (0..rows).map(|row| row * columns + column).collect()));
        cells.extend((0..rows * columns).map(|atom| vec![atom]));
        cells
    }

    fn published(cells: &[Vec<u32>], fates: &[Fate]) -> Vec<Vec<u32>> {
        cells.iter().zip(fates).filter(|(_, fate)| **fate == Fate::Published).map(|(cell, _)| cell.clone()).collect()
    }

    /// The numbers of a small generator (SplitMix64), so that tables differ and a failure can be repeated.
    fn draws(mut state: u64) -> impl FnMut(u64) -> u64 {
        move |below| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut value = state;
            value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (value ^ (value >> 31)) % below
        }
    }

    #[test]
    fn a_single_withheld_cell_follows_from_its_margins_and_takes_three_others_with_it() {
        let cells = table(3, 3);
        let mut primary = vec![false; cells.len()];
        primary[7] = true;
        let alone: Vec<Vec<u32>> = cells.iter().zip(&primary).filter(|(_, secret)| !**secret).map(|(cell, _)| cell.clone()).collect();
        assert_eq!(recoverable(&alone, &[cells[7].clone()]), [0], "subtraction gives it away");

        let fates = suppress(&[], &cells, &primary, &[]);
        let shown = published(&cells, &fates);
        assert!(recoverable(&shown, &[cells[7].clone()]).is_empty());
        // A rectangle of four is the least that hides one cell of a table with margins.
        assert_eq!(fates.iter().filter(|fate| **fate == Fate::Secondary).count(), 3, "{fates:?}");
        assert!(fates[..7].iter().all(|fate| *fate == Fate::Published), "margins go first");
    }

    #[test]
    fn a_rectangle_that_is_subtracted_over_two_tables_is_found() {
        // Two tables over the same atoms: {0,1} and {2} of one, {0} and {1,2} of the other; the grand total closes both.
        let cells = vec![vec![0, 1, 2], vec![0, 1], vec![1, 2], vec![2], vec![0]];
        let fates = suppress(&[], &cells, &[false, false, false, true, true], &[]);
        let shown = published(&cells, &fates);
        assert!(recoverable(&shown, &[vec![2], vec![0]]).is_empty(), "{fates:?}");
        assert!(fates.contains(&Fate::Secondary));
    }

    #[test]
    fn what_is_known_already_counts_and_what_follows_from_it_is_no_secret() {
        // The sum of both is known from another table; publishing one gives the other.
        let cells = vec![vec![0], vec![1]];
        assert_eq!(suppress(&[vec![0, 1]], &cells, &[true, false], &[]), [Fate::Primary, Fate::Secondary]);
        assert_eq!(suppress(&[], &cells, &[true, false], &[]), [Fate::Primary, Fate::Published]);
        assert_eq!(suppress(&[vec![0]], &cells, &[true, false], &[]), [Fate::Published, Fate::Published]);
        assert_eq!(suppress(&[], &cells, &[false, false], &[false, true]), [Fate::Published, Fate::Secondary]);
    }

    #[test]
    fn no_primary_cell_lies_in_the_span_of_the_published_ones_in_random_tables() {
        for seed in 0..60 {
            let mut draw = draws(seed);
            let (rows, columns) = (2 + draw(5) as u32, 2 + draw(6) as u32);
            let mut cells = table(rows, columns);
            // Cells of a second table that cuts across the first.
            for _ in 0..draw(8) {
                let mut atoms: Vec<u32> = (0..rows * columns).filter(|_| draw(3) == 0).collect();
                atoms.dedup();
                if !atoms.is_empty() {
                    cells.push(atoms);
                }
            }
            let margins = 1 + (rows + columns) as usize;
            let primary: Vec<bool> = (0..cells.len()).map(|index| index >= margins && draw(4) == 0).collect();
            let fates = suppress(&[], &cells, &primary, &[]);
            let secrets: Vec<Vec<u32>> = cells.iter().zip(&primary).filter(|(_, secret)| **secret).map(|(cell, _)| cell.clone()).collect();
            assert!(recoverable(&published(&cells, &fates), &secrets).is_empty(), "seed {seed}");
            assert!(cells.iter().zip(&fates).zip(&primary).all(|((_, fate), secret)| (*fate == Fate::Primary) == *secret), "seed {seed}");
            // Not more than is needed: each secondary cell, published, would give a primary one away.
            for (index, _) in fates.iter().enumerate().filter(|(_, fate)| **fate == Fate::Secondary) {
                let mut shown = published(&cells, &fates);
                shown.push(cells[index].clone());
                assert!(!recoverable(&shown, &secrets).is_empty(), "seed {seed}: cell {index} need not be withheld");
            }
        }
    }

    #[test]
    fn intervals_are_those_of_linear_programming() {
        // 2 x 2 with margins 10, 20 and 12, 18: the corner lies between 0 and 10, the opposite one between 8 and 18.
        let known = |atoms: &[u32], value: f64| Bounded { atoms: atoms.to_vec(), low: value, high: value };
        let margins = [known(&[0, 1], 10.0), known(&[2, 3], 20.0), known(&[0, 2], 12.0), known(&[1, 3], 18.0)];
        let found = intervals(&margins, &[vec![0], vec![3], vec![0, 1], vec![9]]).unwrap();
        let expected = [(0.0, 10.0), (8.0, 18.0), (10.0, 10.0)];
        for ((low, high), (low_expected, high_expected)) in found.iter().zip(expected) {
            assert!((low - low_expected).abs() < 1e-6 && (high - high_expected).abs() < 1e-6, "{low} {high}");
        }
        assert_eq!(found[3], (0.0, f64::INFINITY));
        assert!(intervals(&[known(&[0], 3.0), known(&[0], 4.0)], &[vec![0]]).is_none(), "no table has both");
        // Rounded margins leave the width of the rounding.
        let about = |atoms: &[u32], low: f64, high: f64| Bounded { atoms: atoms.to_vec(), low, high };
        let found = intervals(&[about(&[0, 1], 28.0, 32.0), about(&[0], 18.0, 22.0)], &[vec![1]]).unwrap();
        assert!((found[0].0 - 6.0).abs() < 1e-6 && (found[0].1 - 14.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn the_interval_of_every_cell_holds_its_value_in_random_tables() {
        for seed in 0..20 {
            let mut draw = draws(1000 + seed);
            let cells = table(4, 5);
            let values: Vec<f64> = (0..20).map(|_| draw(40) as f64).collect();
            let sum = |atoms: &[u32]| atoms.iter().map(|atom| values[*atom as usize]).sum::<f64>();
            let margins: Vec<Bounded> =
                cells[..10].iter().map(|atoms| Bounded { atoms: atoms.clone(), low: (sum(atoms) - 2.0).max(0.0), high: sum(atoms) + 2.0 }).collect();
            let found = intervals(&margins, &cells[10..]).unwrap();
            for (cell, (low, high)) in cells[10..].iter().zip(found) {
                assert!(low - 1e-6 <= sum(cell) && sum(cell) <= high + 1e-6, "seed {seed}: {low} {} {high}", sum(cell));
            }
        }
    }

    #[test]
    fn one_group_that_is_nearly_everything_is_concentration() {
        assert!(is_concentrated(&[95.0, 4.0, 1.0], 10.0));
        assert!(!is_concentrated(&[40.0, 30.0, 30.0], 10.0));
        assert!(is_concentrated(&[50.0, 50.0], 10.0), "two groups know one another's");
        for order in [[8.6, 95.0, 9.5], [9.5, 95.0, 8.6], [95.0, 8.6, 9.5]] {
            assert!(!is_concentrated(&order, 9.0) && is_concentrated(&order, 9.2), "{order:?}");
        }
    }

    #[test]
    fn counts_are_rounded_to_the_base() {
        assert_eq!([0, 2, 3, 12, 13, 17, 18].map(|count| rounded_count(count, 5)), [0, 0, 5, 10, 15, 15, 20]);
        assert_eq!(rounded_count(7, 1), 7);
    }

    #[test]
    fn ten_thousand_cells_take_seconds() {
        let cells = table(100, 100);
        let mut draw = draws(7);
        let primary: Vec<bool> = (0..cells.len()).map(|index| index > 200 && draw(10) == 0).collect();
        let fates = suppress(&[], &cells, &primary, &[]);
        let secrets: Vec<Vec<u32>> = cells.iter().zip(&primary).filter(|(_, secret)| **secret).map(|(cell, _)| cell.clone()).collect();
        assert!(recoverable(&published(&cells, &fates), &secrets).is_empty());
    }
}
