//! A part: the used rows of one submission in one year, all tables in one file, as they wait for `publish`. Every submission
//! writes one, so it is the cheapest there is: the buffers of the Arrow columns one after another, no encoding, no statistics.
//! It never leaves the batch it was made in.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use arrow::array::{Array, ArrayData, RecordBatch, make_array};
use arrow::buffer::{Buffer, MutableBuffer};
use arrow::datatypes::{DataType, SchemaRef};

use crate::error::Error;

/// First and last bytes; a file that a power failure cut off does not end so.
const MARK: u64 = u64::from_le_bytes(*b"spiegel1");
/// Arrow wants its numbers aligned.
const ALIGNMENT: usize = 8;
/// Most tables of a schema: a part that says more is no part.
const TABLES_MAXIMUM: u64 = 1024;

/// Rows of one table with the name of the file they came from.
pub(crate) type PartTable = (String, RecordBatch);

/// The bytes of a part: mark, number of tables, where each table ends, the tables, their end again, mark.
pub(crate) fn encode(tables: &[PartTable]) -> Vec<u8> {
    let head = 8 * (2 + tables.len());
    let mut bytes = vec![0; head];
    bytes[..8].copy_from_slice(&MARK.to_le_bytes());
    bytes[8..16].copy_from_slice(&(tables.len() as u64).to_le_bytes());
    for (place, (file, rows)) in tables.iter().enumerate() {
        push(&mut bytes, file.as_bytes());
        push_number(&mut bytes, rows.num_rows() as u64);
        for column in rows.columns() {
            let data = column.to_data();
            push(&mut bytes, data.nulls().map_or(&[][..], |nulls| nulls.validity()));
            data.buffers().iter().for_each(|buffer| push(&mut bytes, buffer.as_slice()));
        }
        let end = bytes.len() as u64;
        bytes[16 + 8 * place..24 + 8 * place].copy_from_slice(&end.to_le_bytes());
    }
    let end = bytes.len() as u64;
    push_number(&mut bytes, end);
    push_number(&mut bytes, MARK);
    bytes
}

fn push_number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

/// Length, content, and zeros up to the alignment.
fn push(bytes: &mut Vec<u8>, content: &[u8]) {
    push_number(bytes, content.len() as u64);
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
}

/// True when the file ends as a part does.
pub(crate) fn is_whole(path: &Path) -> bool {
    let read = || -> std::io::Result<bool> {
        let mut file = File::open(path)?;
        let length = file.seek(SeekFrom::End(-16))?;
        Ok(number(&mut file)? == length && number(&mut file)? == MARK)
    };
    read().unwrap_or(false)
}

fn number(file: &mut File) -> std::io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Reads the table at this place of the schema.
pub(crate) fn read(path: &Path, place: usize, schema: &SchemaRef) -> Result<PartTable, Error> {
    let wrong = |what: &str| Error::lake(path, format!("not a part of this lake: {what}"));
    let section = || -> std::io::Result<Option<Buffer>> {
        let mut file = File::open(path)?;
        if number(&mut file)? != MARK {
            return Ok(None);
        }
        let tables = number(&mut file)?;
        if tables > TABLES_MAXIMUM || place as u64 >= tables {
            return Ok(None);
        }
        let mut from = 8 * (2 + tables);
        for _ in 0..place {
            from = number(&mut file)?;
        }
        let to = number(&mut file)?;
        if to < from || to > file.metadata()?.len() {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = MutableBuffer::from_len_zeroed((to - from) as usize);
        file.read_exact(bytes.as_slice_mut())?;
        Ok(Some(bytes.into()))
    };
    let section = section().map_err(|source| Error::lake(path, source))?.ok_or_else(|| wrong("no such table"))?;
    let mut reading = Reading { section, place: 0 };
    reading.table(schema).ok_or_else(|| wrong("its columns do not fit"))
}

struct Reading {
    section: Buffer,
    place: usize,
}

impl Reading {
    fn table(&mut self, schema: &SchemaRef) -> Option<PartTable> {
        let file = std::str::from_utf8(&self.next()?).ok()?.to_owned();
        let rows = usize::try_from(self.number()?).ok().filter(|rows| *rows <= self.section.len())?;
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let nulls = Some(self.next()?).filter(|nulls| !nulls.is_empty());
            // Building checks everything but this.
            if nulls.as_ref().is_some_and(|nulls| nulls.len() < rows.div_ceil(8)) {
                return None;
            }
            let mut buffers = vec![self.next()?];
            if *field.data_type() == DataType::Utf8 {
                buffers.push(self.next()?);
            }
            let data = ArrayData::builder(field.data_type().clone()).len(rows).null_bit_buffer(nulls).buffers(buffers).build().ok()?;
            columns.push(make_array(data));
        }
        (self.place == self.section.len()).then_some(())?;
        Some((file, RecordBatch::try_new(schema.clone(), columns).ok()?))
    }

    fn number(&mut self) -> Option<u64> {
        let bytes = self.section.as_slice().get(self.place..self.place + 8)?;
        self.place += 8;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn next(&mut self) -> Option<Buffer> {
        let length = usize::try_from(self.number()?).ok()?;
        let end = self.place.checked_add(length)?;
        if end > self.section.len() {
            return None;
        }
        let buffer = self.section.slice_with_length(self.place, length);
        self.place = end.next_multiple_of(ALIGNMENT);
        Some(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, StringArray};
    use arrow::datatypes::{Field, Schema};

    use super::*;

    fn batch() -> RecordBatch {
        let fields = [DataType::Utf8, DataType::Boolean, DataType::Float64, DataType::Date32];
        let fields: Vec<Field> = fields.into_iter().enumerate().map(|(place, kind)| Field::new(format!("c{place}"), kind, true)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(vec![Some("é"), None, Some("")])),
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            Arc::new(Float64Array::from(vec![0.1, 2.0, -3.5])),
            Arc::new(Date32Array::from(vec![None, Some(1), Some(2)])),
        ];
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        let (whole, empty) = (batch(), RecordBatch::new_empty(batch().schema()));
        let bytes = encode(&[("a.csv".to_owned(), whole.clone()), (String::new(), empty.clone())]);
        fs::write(&path, &bytes).unwrap();
        assert!(is_whole(&path));
        assert_eq!(read(&path, 0, &whole.schema()).unwrap(), ("a.csv".to_owned(), whole.clone()));
        assert_eq!(read(&path, 1, &whole.schema()).unwrap(), (String::new(), empty));
        assert!(read(&path, 2, &whole.schema()).is_err());
        for cut in 0..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert!(!is_whole(&path), "{cut}");
        }
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0xff;
            fs::write(&path, &damaged).unwrap();
            // Another value, or an error; never a panic.
            _ = read(&path, 0, &whole.schema());
        }
    }
}
