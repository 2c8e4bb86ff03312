//! Writes a generated country of mental-health providers as submissions, for examples, tests and timing.
//! It never reads a real file. Nothing here describes a real person or practice: names, codes and rows come from a seed.
//!
//! The same [`CountryOptions`] give the same bytes, on one thread or more. Draws are rounded to whole minutes, days and
//! scores before they are written, so that the last bit of a platform's `exp` does not reach a file.

mod calendar;
mod country;
mod defect;
mod draws;
mod experience;
mod figures;
mod history;
mod keurmerk;
mod measurement;
mod names;
mod package;
mod person;
mod provider;
mod submission;
mod table;
mod truth;

pub use country::{Country, CountryOptions, Error, Written};
pub use defect::{Defect, DefectiveSubmission};
