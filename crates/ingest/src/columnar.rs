//! How tables lie in Parquet: one Arrow schema per table, and writer settings that give the same bytes everywhere.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};
use spiegel_model::{ColumnSchema, ColumnType, Privacy, TableSchema};

use crate::error::Error;
use crate::explanations;
use crate::key::{Pseudonyms, hexadecimal};
use crate::rows::RawColumn;
use crate::table::Table;
use crate::values::data_type;

/// Rows of a row group at most: decisions of the query engine are made per row group.
const ROW_GROUP_ROWS: usize = 131_072;
/// Who wrote the file; without a version, so that a new version of the program alone changes no byte.
const CREATED_BY: &str = "spiegel";
/// Key of the metadata that says what a file was made from.
pub(crate) const CONTENT: &str = "spiegel.content";
/// Columns of a table in the lake: provider, the schema's columns, file and row.
pub(crate) fn schema(table: &TableSchema) -> SchemaRef {
    let mut fields = vec![Field::new("provider_id", DataType::Utf8, false)];
    let own = table.columns.iter().filter(|column| table.provider.as_deref() != Some(&column.name));
    fields.extend(own.map(|column| Field::new(&column.name, data_type(column.kind), true)));
    fields.push(Field::new("source_file", DataType::Utf8, false));
    fields.push(Field::new("source_row", DataType::Int32, false));
    Arc::new(Schema::new(fields))
}

/// Columns of a quarantined row: why and whence, then the provider's own words.
fn quarantine_schema(table: &TableSchema) -> SchemaRef {
    let mut fields = vec![
        Field::new("provider_id", DataType::Utf8, true),
        Field::new("code", DataType::Utf8, false),
        Field::new("source_file", DataType::Utf8, false),
        Field::new("source_row", DataType::Int32, false),
    ];
    let own = table.columns.iter().filter(|column| table.provider.as_deref() != Some(&column.name));
    fields.extend(own.map(|column| Field::new(&column.name, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}

/// Changes when the columns of a table change.
pub(crate) fn schema_hash(table: &TableSchema) -> String {
    let fields: Vec<String> = schema(table).fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect();
    hexadecimal(&Sha256::digest(fields.join("\n").as_bytes()))
}

/// Columns of a part: those of the lake without the two that are the same in all its rows.
pub(crate) fn part_schema(table: &TableSchema) -> SchemaRef {
    let constant = |field: &&Arc<Field>| field.name() == "source_file" || field.name() == "provider_id" && table.provider.is_none();
    let fields: Vec<Arc<Field>> = schema(table).fields().iter().filter(|field| !constant(field)).cloned().collect();
    Arc::new(Schema::new(fields))
}

/// The used rows of a table, or these of them, as a part.
pub(crate) fn part(table: &Table<'_>, pseudonyms: &Pseudonyms, rows: Option<&[u32]>) -> Result<RecordBatch, Error> {
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(table.schema.columns.len() + 3);
    for (column, typed) in table.schema.columns.iter().zip(&table.typed) {
        let array = typed.array(column, rows)?;
        if table.schema.provider.as_deref() == Some(&column.name) {
            arrays.insert(0, array);
        } else if column.pseudonymise {
            arrays.push(pseudonymised(&array, pseudonyms)?);
        } else if column.privacy == Some(Privacy::Explanation) {
            arrays.push(explanations::presence(&array));
        } else {
            arrays.push(array);
        }
    }
    let lines = match rows {
        Some(rows) => rows.iter().map(|row| table.raw.lines[*row as usize] as i32).collect::<Vec<_>>(),
        None => table.raw.lines.iter().map(|line| *line as i32).collect(),
    };
    arrays.push(Arc::new(Int32Array::from(lines)));
    RecordBatch::try_new(part_schema(table.schema), arrays).map_err(|error| Error::Bug(format!("{}: {error}", table.schema.table)))
}

/// Rows of a part as they lie in the lake.
pub(crate) fn whole(table: &TableSchema, part: &RecordBatch, provider: &str, file: &str) -> Result<RecordBatch, Error> {
    let mut arrays = part.columns().to_vec();
    if table.provider.is_none() {
        arrays.insert(0, constant(provider, part.num_rows())?);
    }
    arrays.insert(arrays.len() - 1, constant(file, part.num_rows())?);
    RecordBatch::try_new(schema(table), arrays).map_err(|error| Error::Bug(format!("{}: {error}", table.table)))
}

/// Quarantined rows with the provider's own words; client ids as pseudonyms. A row that is in no column has no
/// words: nobody knows in which column they belong, and one of them may be a client id.
pub(crate) fn quarantine_batch(table: &Table<'_>, provider: Option<&str>, pseudonyms: &Pseudonyms, rows: &[(u32, String)], ragged: bool) -> Result<RecordBatch, Error> {
    let empty = Vec::new();
    let ragged = if ragged { &table.raw.ragged } else { &empty };
    let words = |column: usize| -> StringArray {
        let secret = table.schema.columns[column].pseudonymise;
        let explained = table.schema.columns[column].privacy == Some(Privacy::Explanation);
        let known = rows.iter().map(|(row, _)| {
            let cell = table.original(*row, column)?;
            if explained {
                return (!cell.is_empty()).then(|| explanations::PRESENT.to_owned());
            }
            if !secret || cell.is_empty() {
                return Some(String::from_utf8_lossy(cell).into_owned());
            }
            let mut code = Vec::new();
            pseudonyms.append(cell, &mut code);
            String::from_utf8(code).ok()
        });
        known.chain(ragged.iter().map(|_| None)).collect()
    };
    let own_provider = table.schema.provider.as_ref().and_then(|name| table.column(name));
    let providers: StringArray = match (provider, own_provider) {
        (Some(provider), _) => std::iter::repeat_n(Some(provider), rows.len() + ragged.len()).collect(),
        (None, Some(column)) => words(column),
        (None, None) => std::iter::repeat_n(None::<&str>, rows.len() + ragged.len()).collect(),
    };
    let codes = rows.iter().map(|(_, code)| code.as_str()).chain(ragged.iter().map(|row| row.code));
    let lines = rows.iter().map(|(row, _)| table.raw.lines[*row as usize]).chain(ragged.iter().map(|row| row.line)).map(|line| line as i32);
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(providers),
        Arc::new(codes.map(Some).collect::<StringArray>()),
        constant(&table.file, rows.len() + ragged.len())?,
        Arc::new(lines.collect::<Int32Array>()),
    ];
    let own = (0..table.schema.columns.len()).filter(|column| Some(*column) != own_provider);
    arrays.extend(own.map(|column| Arc::new(words(column)) as ArrayRef));
    RecordBatch::try_new(quarantine_schema(table.schema), arrays).map_err(|error| Error::Bug(format!("{}: {error}", table.schema.table)))
}

/// The same text in every row.
fn constant(text: &str, count: usize) -> Result<ArrayRef, Error> {
    let offsets: Vec<i32> = (0..=count).map(|row| (row * text.len()) as i32).collect();
    let array = StringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from(text.repeat(count).into_bytes()), None);
    Ok(Arc::new(array.map_err(|error| Error::Bug(error.to_string()))?))
}

fn pseudonymised(array: &ArrayRef, pseudonyms: &Pseudonyms) -> Result<ArrayRef, Error> {
    let texts = array.as_any().downcast_ref::<StringArray>().ok_or_else(|| Error::Bug("pseudonyms need text".to_owned()))?;
    let mut out = RawColumn::with_capacity(texts.len());
    for text in texts {
        if let Some(text) = text {
            pseudonyms.append(text.as_bytes(), &mut out.bytes);
        }
        out.offsets.push(out.bytes.len() as i32);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(out.offsets));
    let hashed = StringArray::try_new(offsets, Buffer::from(out.bytes), texts.nulls().cloned());
    Ok(Arc::new(hashed.map_err(|error| Error::Bug(error.to_string()))?))
}

/// A writer for the rows of a table, or for those in quarantine, whose bytes depend on the rows alone. The note says what
/// they were made from.
pub(crate) fn writer(file: File, table: &TableSchema, schema: SchemaRef, note: Option<(&str, String)>, path: &Path) -> Result<ArrowWriter<File>, Error> {
    let metadata = note.map(|(key, value)| vec![KeyValue::new(key.to_owned(), value)]);
    let mut properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_key_value_metadata(metadata)
        .set_compression(Compression::SNAPPY)
        // Queries look at whole years; only the provider selects, and smallest and largest of every column cost more than
        // they ever save.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_statistics_enabled(ColumnPath::from("provider_id"), EnabledStatistics::Chunk)
        .set_column_dictionary_enabled(ColumnPath::from("source_row"), false)
        .set_column_encoding(ColumnPath::from("source_row"), Encoding::DELTA_BINARY_PACKED);
    // Ids never repeat much: a dictionary of them is waste.
    for column in table.columns.iter().filter(|column| is_identifier(table, column)) {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column.name.as_str()), false);
    }
    let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(file, schema, options).map_err(|source| Error::lake(path, source))
}

/// A column whose values tell rows, clients or parents apart.
fn is_identifier(table: &TableSchema, column: &ColumnSchema) -> bool {
    let shared = table.parent.as_ref().is_some_and(|parent| parent.column == column.name);
    column.kind == ColumnType::Text && (column.pseudonymise || shared || table.key.contains(&column.name))
}

/// Writes quarantined rows as a file.
pub(crate) fn write_quarantine(file: File, table: &TableSchema, batch: &RecordBatch, path: &Path) -> Result<(), Error> {
    let mut writer = writer(file, table, batch.schema(), None, path)?;
    writer.write(batch).map_err(|source| Error::lake(path, source))?;
    writer.close().map_err(|source| Error::lake(path, source))?;
    Ok(())
}
