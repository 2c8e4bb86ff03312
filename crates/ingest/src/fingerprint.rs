//! Fingerprints of rows, to compare submissions without keeping them. No protection: what leaves this crate is keyed.

use arrow::array::{Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, StringArray};

use crate::error::Error;
use crate::key::Key;
use crate::table::{Fate, Table};
use crate::values::{TypedColumn, Values};

/// What an empty value adds.
const EMPTY: u64 = 0x5350_4945_4745_4c00;

/// Mixes a value into a fingerprint (the finaliser of MurmurHash3, by Austin Appleby).
fn mix(state: u64, value: u64) -> u64 {
    let mut bits = state.rotate_left(27) ^ value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

/// Mixes a text into a fingerprint.
pub(crate) fn text(state: u64, text: &[u8]) -> u64 {
    let mut state = mix(state, text.len() as u64);
    let mut words = text.chunks_exact(8);
    for word in words.by_ref() {
        state = mix(state, u64::from_le_bytes(word.try_into().unwrap_or_default()));
    }
    match words.remainder() {
        [] => state,
        rest => mix(state, rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    }
}

/// Mixes the values of a column into the fingerprints of its rows.
fn typed(column: &TypedColumn, codes: &[String], rows: &mut [u64]) {
    for (row, state) in rows.iter_mut().enumerate() {
        *state = match &column.values {
            _ if !column.valid[row] => mix(*state, EMPTY),
            Values::Text(cells) => text(*state, cells.cell(row)),
            Values::Code(places) => text(*state, codes.get(usize::from(places[row])).map_or(&b""[..], |code| code.as_bytes())),
            Values::Integer(numbers) | Values::Date(numbers) => mix(*state, numbers[row] as u64),
            Values::Decimal(numbers) => mix(*state, numbers[row].to_bits()),
            Values::Boolean(flags) => mix(*state, u64::from(flags[row])),
        };
    }
}

/// What was delivered, whatever the order and spelling of its rows and the names of its files: two providers with the same
/// delivered the same (E509). Keyed, so that nobody outside can try contents. Empty when there are no rows.
pub(crate) fn content(tables: &[Table<'_>], key: &Key) -> String {
    let mut words = Vec::new();
    for table in tables {
        let mut rows = vec![0; table.len()];
        for (column, schema) in table.typed.iter().zip(&table.schema.columns) {
            typed(column, &schema.codes, &mut rows);
        }
        // Sums do not depend on the order.
        let (mut count, mut low, mut high) = (0u64, 0u64, 0u64);
        for (row, _) in rows.iter().zip(&table.fates).filter(|(_, fate)| **fate != Fate::Duplicate) {
            count += 1;
            low = low.wrapping_add(mix(1, *row));
            high = high.wrapping_add(mix(2, *row));
        }
        if count > 0 {
            words.extend_from_slice(table.schema.table.as_bytes());
            words.extend([count, low, high].iter().flat_map(|word| word.to_le_bytes()));
        }
    }
    let mut out = Vec::new();
    if !words.is_empty() {
        key.of_provider(b"").append(&words, &mut out);
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Mixes the values of an array of the lake into the fingerprints of its rows.
pub(crate) fn stored(array: &ArrayRef, rows: &mut [u64]) -> Result<(), Error> {
    macro_rules! each {
        ($kind:ty, $mix:expr) => {
            if let Some(values) = array.as_any().downcast_ref::<$kind>() {
                for (row, state) in rows.iter_mut().enumerate() {
                    *state = if values.is_null(row) { mix(*state, EMPTY) } else { $mix(*state, values.value(row)) };
                }
                return Ok(());
            }
        };
    }
    each!(StringArray, |state, value: &str| text(state, value.as_bytes()));
    each!(Int32Array, |state, value: i32| mix(state, value as u64));
    each!(Date32Array, |state, value: i32| mix(state, value as u64));
    each!(Float64Array, |state, value: f64| mix(state, value.to_bits()));
    each!(BooleanArray, |state, value: bool| mix(state, u64::from(value)));
    Err(Error::Bug(format!("a part with a column of type {}", array.data_type())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_have_other_fingerprints() {
        let all: std::collections::BTreeSet<u64> = ["", "a", "b", "ab", "a\0", "abcdefgh", "abcdefgh\0", "abcdefghi"].iter().map(|word| text(0, word.as_bytes())).collect();
        assert_eq!(all.len(), 8);
        assert_ne!(text(text(0, b"a"), b"bc"), text(text(0, b"ab"), b"c"));
    }
}
