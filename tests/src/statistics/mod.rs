//! The methods of `spiegel-stats` against numbers computed elsewhere, and the properties they must keep.

#![expect(
    clippy::expect_used,
    reason = "a helper of a test fails by panicking, as the test does"
)]

mod calibration;
mod case_mix;
mod intervals;
mod outcomes;
mod placement;
mod properties;
mod shrinkage_and_ranks;
mod special_functions;
mod trends;
mod variation;

use std::path::Path;

use serde_json::Value;
use spiegel_stats::Interval;

/// Whether two numbers agree to a relative error; absolute where the expected number is 0.
pub(crate) fn close(actual: f64, expected: f64, rel: f64) -> bool {
    let scale = if expected == 0.0 { 1.0 } else { expected.abs() };
    (actual - expected).abs() <= rel * scale
}

#[track_caller]
fn assert_close(actual: f64, expected: f64, rel: f64) {
    assert!(
        close(actual, expected, rel),
        "got {actual}, expected {expected} within {rel}"
    );
}

#[track_caller]
fn assert_interval(actual: Option<Interval>, lower: f64, upper: f64, rel: f64) {
    let actual = actual.expect("an interval");
    assert_close(actual.lower, lower, rel);
    assert_close(actual.upper, upper, rel);
}

/// A file of `tests/oracles`.
fn oracle(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("oracles")
        .join(name);
    let text = std::fs::read_to_string(&path).expect("an oracle file");
    serde_json::from_str(&text).expect("valid JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("an array")
        .iter()
        .map(|x| x.as_f64().expect("a number"))
        .collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// Heart surgery in 12 hospitals, (deaths, operations): the public BUGS example.
const SURGICAL: [(u64, u64); 12] = [
    (0, 47),
    (18, 148),
    (8, 119),
    (46, 810),
    (8, 211),
    (13, 196),
    (9, 148),
    (31, 215),
    (14, 207),
    (8, 97),
    (29, 256),
    (24, 360),
];

/// The overall share of the surgical set.
fn surgical_target() -> f64 {
    let (events, n) = SURGICAL
        .iter()
        .fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    events as f64 / n as f64
}
