//! Safe atoms (release specification, 9.4): every class of rows that are equal in all quasi-identifiers is safe, and what is not stays in,
//! with its codes withheld. So every count of the table is a sum over safe classes, and there is nothing to subtract.

use spiegel_model::RungOutcome;

/// What a class withholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    /// Nothing.
    Nothing,
    /// Minutes and duration.
    Process,
    /// Everything but the year.
    Everything,
}

/// Rows that are equal in all quasi-identifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Codes in the order of [`crate::hierarchy::Dimension::ALL`].
    pub codes: [String; 6],
    /// What is withheld.
    pub withheld: Withheld,
    /// Its records: indices in [`crate::record::Records::rows`], ascending.
    pub rows: Vec<u32>,
}

/// Every record in one class.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// Classes, sorted by codes.
    pub classes: Vec<Class>,
    /// How the year does on each rung, for reports and refusals.
    pub ladder: Vec<RungOutcome>,
}
