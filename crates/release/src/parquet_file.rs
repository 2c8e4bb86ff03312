//! One released Parquet file (release specification, section 7): plain UTF-8, REQUIRED, sorted by all columns, with a page index, the same
//! bytes for the same rows. And its reading back.

use std::fs::File;
use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::Error;
use crate::tables::{TableId, schema};

/// Rows in a row group.
pub(crate) const GROUP_ROWS: usize = 131_072;
/// Rows in a page.
const PAGE_ROWS: usize = 20_000;

/// Keys of the metadata of a file; no other may be there but that of Arrow's schema.
pub(crate) const KEYS: [&str; 6] = ["kibg.release", "kibg.table", "kibg.schema_version", "kibg.policy_sha256", "kibg.license", "kibg.citation"];

/// Who made it, as the footer says.
pub(crate) fn created_by(version: &str) -> String {
    format!("kibg-spiegel {version}")
}

/// The bytes of one file.
///
/// # Errors
/// [`Error::Bug`] when the rows do not fit the table.
pub(crate) fn bytes(table: TableId, batches: &[RecordBatch], version: &str, keys: &[(&str, String)]) -> Result<Vec<u8>, Error> {
    let keys = keys.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect();
    with_footer(schema(table), batches, created_by(version), keys)
}

/// The bytes of a file with these rows and the footer of one that is there, but for its rows.
///
/// # Errors
/// [`Error::Lake`] when that cannot be read.
pub(crate) fn bytes_as(file: &Path, table: TableId, batches: &[RecordBatch]) -> Result<Vec<u8>, Error> {
    let opened = File::open(file).map_err(|error| Error::lake(file, error))?;
    let reader = SerializedFileReader::new(opened).map_err(|error| Error::lake(file, error))?;
    let footer = reader.metadata().file_metadata();
    let keys = footer.key_value_metadata().into_iter().flatten().filter(|key| KEYS.contains(&key.key.as_str())).cloned().collect();
    with_footer(schema(table), batches, footer.created_by().unwrap_or_default().to_owned(), keys)
}

/// The bytes of a file with this schema, author and metadata.
pub(crate) fn with_footer(schema: SchemaRef, batches: &[RecordBatch], created_by: String, keys: Vec<KeyValue>) -> Result<Vec<u8>, Error> {
    let sorting = (0..schema.fields().len()).map(|at| SortingColumn { column_idx: at as i32, descending: false, nulls_first: true }).collect();
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).map_err(Error::bug)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS.min(1024))
        .set_dictionary_enabled(true)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_bloom_filter_enabled(false)
        .set_sorting_columns(Some(sorting))
        .set_created_by(created_by)
        .set_key_value_metadata(Some(keys))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).map_err(Error::bug)?;
    for batch in batches {
        writer.write(batch).map_err(Error::bug)?;
    }
    writer.close().map_err(Error::bug)?;
    Ok(bytes)
}

/// The rows of a file.
///
/// # Errors
/// [`Error::Lake`] when it cannot be read.
pub(crate) fn read(file: &Path) -> Result<Vec<RecordBatch>, Error> {
    let opened = File::open(file).map_err(|error| Error::lake(file, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| Error::lake(file, error))?;
    let reader = builder.with_batch_size(GROUP_ROWS).build().map_err(|error| Error::lake(file, error))?;
    reader.map(|batch| batch.map_err(|error| Error::lake(file, error))).collect()
}
