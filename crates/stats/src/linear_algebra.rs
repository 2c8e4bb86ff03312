//! Small symmetric matrices: cross-products of columns, and Cholesky's factor.

/// Rows per block, so that a block of all columns stays near the processor.
const BLOCK: usize = 2048;

/// Sums side by side in a product of two columns.
const LANES: usize = 8;

/// A symmetric matrix, kept whole, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Symmetric {
    pub(crate) size: usize,
    values: Vec<f64>,
}

impl Symmetric {
    pub(crate) fn zero(size: usize) -> Self {
        Self { size, values: vec![0.0; size * size] }
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.size + column]
    }

    /// Adds to an element, and to its mirror image.
    pub(crate) fn add(&mut self, row: usize, column: usize, value: f64) {
        self.values[row * self.size + column] += value;
        if row != column {
            self.values[column * self.size + row] += value;
        }
    }

    /// Σ_i w_i x_ia x_ib over the rows of columns of equal length; every weight 1 without weights.
    pub(crate) fn cross_products(columns: &[Vec<f64>], weights: Option<&[f64]>) -> Self {
        let mut sum = Self::zero(columns.len());
        let rows = columns.first().map_or(0, Vec::len);
        let mut weighted = Vec::with_capacity(BLOCK);
        for start in (0..rows).step_by(BLOCK) {
            let block = start..(start + BLOCK).min(rows);
            for (a, first) in columns.iter().enumerate() {
                weighted.clear();
                match weights {
                    Some(weights) => {
                        weighted.extend(first[block.clone()].iter().zip(&weights[block.clone()]).map(|(x, w)| x * w));
                    }
                    None => weighted.extend_from_slice(&first[block.clone()]),
                }
                for (b, second) in columns.iter().enumerate().take(a + 1) {
                    sum.add(a, b, dot(&weighted, &second[block.clone()]));
                }
            }
        }
        sum
    }

    /// This matrix less another of the same size.
    pub(crate) fn less(&self, other: &Self) -> Self {
        Self { size: self.size, values: self.values.iter().zip(&other.values).map(|(a, b)| a - b).collect() }
    }

    /// xᵀAx.
    pub(crate) fn quadratic(&self, x: &[f64]) -> f64 {
        (0..self.size).map(|row| x[row] * dot(&self.values[row * self.size..(row + 1) * self.size], x)).sum()
    }

    /// The rows and columns that do not follow from earlier ones: those whose pivot in Cholesky's factor is
    /// more than `tolerance` times the diagonal element.
    pub(crate) fn independent(&self, tolerance: f64) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::new();
        let mut factor: Vec<Vec<f64>> = Vec::new();
        for row in 0..self.size {
            let mut entries: Vec<f64> = Vec::with_capacity(kept.len() + 1);
            for (place, column) in kept.iter().enumerate() {
                let product = dot(&entries, &factor[place][..place]);
                entries.push((self.at(row, *column) - product) / factor[place][place]);
            }
            let pivot = self.at(row, row) - dot(&entries, &entries);
            if pivot > tolerance * self.at(row, row) {
                entries.push(pivot.sqrt());
                factor.push(entries);
                kept.push(row);
            }
        }
        kept
    }

    /// Only these rows and columns.
    pub(crate) fn only(&self, kept: &[usize]) -> Self {
        let values = kept.iter().flat_map(|row| kept.iter().map(|column| self.at(*row, *column))).collect();
        Self { size: kept.len(), values }
    }

    /// Cholesky's lower factor. `None` unless the matrix is positive definite beyond rounding.
    pub(crate) fn cholesky(&self) -> Option<Cholesky> {
        let size = self.size;
        let mut factor = vec![0.0; size * size];
        for row in 0..size {
            for column in 0..=row {
                let product = dot(&factor[row * size..row * size + column], &factor[column * size..column * size + column]);
                let rest = self.at(row, column) - product;
                factor[row * size + column] = if column < row {
                    rest / factor[column * size + column]
                } else if rest > 1e-13 * self.at(row, row) {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Cholesky { size, factor })
    }
}

/// The lower triangular L with A = LLᵀ.
pub(crate) struct Cholesky {
    size: usize,
    factor: Vec<f64>,
}

impl Cholesky {
    /// The x with Ax = `right`.
    pub(crate) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let size = self.size;
        let mut x = right.to_vec();
        for row in 0..size {
            let known = dot(&self.factor[row * size..row * size + row], &x[..row]);
            x[row] = (x[row] - known) / self.factor[row * size + row];
        }
        for row in (0..size).rev() {
            let known: f64 = (row + 1..size).map(|below| self.factor[below * size + row] * x[below]).sum();
            x[row] = (x[row] - known) / self.factor[row * size + row];
        }
        x
    }

    /// The diagonal of A⁻¹.
    pub(crate) fn inverse_diagonal(&self) -> Vec<f64> {
        (0..self.size)
            .map(|place| {
                let mut unit = vec![0.0; self.size];
                unit[place] = 1.0;
                self.solve(&unit)[place]
            })
            .collect()
    }
}

/// Σ aᵢbᵢ in eight sums side by side, always in the same order: a single sum would have to wait for every addition.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}
