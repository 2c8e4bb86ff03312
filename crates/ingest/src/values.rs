//! Typed columns: plain vectors while rules may still empty a value, Arrow arrays at the end.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, StringArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::DataType;
use spiegel_model::{ColumnSchema, ColumnType};

use crate::error::Error;
use crate::rows::RawColumn;

/// Values of one column, one per row; what lies under an invalid row means nothing.
pub(crate) enum Values {
    Text(RawColumn),
    /// Place in the column's `codes`.
    Code(Vec<u16>),
    Integer(Vec<i32>),
    Decimal(Vec<f64>),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
    Boolean(Vec<bool>),
}

/// A typed column.
pub(crate) struct TypedColumn {
    pub(crate) values: Values,
    pub(crate) valid: Vec<bool>,
}

impl TypedColumn {
    /// A column that was not delivered.
    pub(crate) fn absent(kind: ColumnType, rows: usize) -> Self {
        let values = match kind {
            ColumnType::Text => Values::Text(RawColumn { bytes: Vec::new(), offsets: vec![0; rows + 1] }),
            ColumnType::Code => Values::Code(vec![0; rows]),
            ColumnType::Integer | ColumnType::Period => Values::Integer(vec![0; rows]),
            ColumnType::Decimal => Values::Decimal(vec![0.0; rows]),
            ColumnType::Date => Values::Date(vec![0; rows]),
            ColumnType::Boolean => Values::Boolean(vec![false; rows]),
        };
        Self { values, valid: vec![false; rows] }
    }

    /// True when two rows hold the same, both empty included.
    pub(crate) fn same(&self, left: usize, right: usize) -> bool {
        if self.valid[left] != self.valid[right] {
            return false;
        }
        !self.valid[left]
            || match &self.values {
                Values::Text(text) => text.cell(left) == text.cell(right),
                Values::Code(codes) => codes[left] == codes[right],
                Values::Integer(numbers) | Values::Date(numbers) => numbers[left] == numbers[right],
                Values::Decimal(numbers) => numbers[left].to_bits() == numbers[right].to_bits(),
                Values::Boolean(flags) => flags[left] == flags[right],
            }
    }

    /// Appends the value of a row in a form that is the same for equal values; nothing when it is empty.
    pub(crate) fn append_key(&self, row: usize, out: &mut Vec<u8>) {
        if !self.valid[row] {
            return;
        }
        match &self.values {
            Values::Text(text) => out.extend_from_slice(text.cell(row)),
            Values::Code(codes) => out.extend_from_slice(&codes[row].to_le_bytes()),
            Values::Integer(numbers) | Values::Date(numbers) => out.extend_from_slice(&numbers[row].to_le_bytes()),
            Values::Decimal(numbers) => out.extend_from_slice(&numbers[row].to_bits().to_le_bytes()),
            Values::Boolean(flags) => out.push(u8::from(flags[row])),
        }
    }

    /// As an Arrow array, of these rows or of all.
    pub(crate) fn array(&self, column: &ColumnSchema, rows: Option<&[u32]>) -> Result<ArrayRef, Error> {
        let valid = pick(&self.valid, rows);
        let nulls = valid.contains(&false).then(|| NullBuffer::new(BooleanBuffer::from(valid.as_slice())));
        Ok(match &self.values {
            Values::Text(text) => text_array(&self.valid, text, rows)?,
            Values::Code(codes) => {
                let mut texts = RawColumn::with_capacity(valid.len());
                for (code, valid) in pick(codes, rows).into_iter().zip(&valid) {
                    let text = column.codes.get(usize::from(code)).filter(|_| *valid).map_or("", String::as_str);
                    texts.push(text.as_bytes());
                }
                text_array(&valid, &texts, None)?
            }
            Values::Integer(numbers) => Arc::new(Int32Array::new(ScalarBuffer::from(pick(numbers, rows)), nulls)),
            Values::Date(days) => Arc::new(Date32Array::new(ScalarBuffer::from(pick(days, rows)), nulls)),
            Values::Decimal(numbers) => Arc::new(Float64Array::new(ScalarBuffer::from(pick(numbers, rows)), nulls)),
            Values::Boolean(flags) => Arc::new(BooleanArray::new(BooleanBuffer::from(pick(flags, rows).as_slice()), nulls)),
        })
    }
}

fn pick<T: Copy>(values: &[T], rows: Option<&[u32]>) -> Vec<T> {
    match rows {
        Some(rows) => rows.iter().map(|row| values[*row as usize]).collect(),
        None => values.to_vec(),
    }
}

fn text_array(valid: &[bool], text: &RawColumn, rows: Option<&[u32]>) -> Result<ArrayRef, Error> {
    if let Some(rows) = rows {
        let mut picked = RawColumn::with_capacity(rows.len());
        rows.iter().for_each(|row| picked.push(text.cell(*row as usize)));
        return text_array(&pick(valid, Some(rows)), &picked, None);
    }
    let nulls = valid.contains(&false).then(|| NullBuffer::new(BooleanBuffer::from(valid)));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(text.offsets.clone()));
    let array = StringArray::try_new(offsets, Buffer::from(text.bytes.as_slice()), nulls);
    Ok(Arc::new(array.map_err(|_| Error::Bug("a column of decoded text is not UTF-8".to_owned()))?))
}

/// Type in the lake.
pub(crate) fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text | ColumnType::Code => DataType::Utf8,
        ColumnType::Integer | ColumnType::Period => DataType::Int32,
        ColumnType::Decimal => DataType::Float64,
        ColumnType::Date => DataType::Date32,
        ColumnType::Boolean => DataType::Boolean,
    }
}
