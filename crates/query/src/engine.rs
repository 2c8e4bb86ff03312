//! DataFusion over the lake: registers its tables and the pipeline's views, and runs SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::ListingOptions;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::errors::ParquetError;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext, col, lit};
use spiegel_model::{Direction, RuleSet};
use tokio::runtime::Runtime;

use crate::checks;
use crate::norm::{self, Norm};
use crate::release_store::{ReleaseStore, runtime};
use crate::row_number::NumberSortedRows;
use crate::threads::each;
use crate::views::KeptView;
use crate::{Error, Pipeline, Register, lines};

/// Tables whose Parquet is larger than this are not kept in memory; in memory a table is some twenty times as large.
const KEPT_BYTES_MAXIMUM: u64 = 8 << 20;

/// How rows are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsFormat {
    /// A table with borders.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object per line.
    Json,
    /// A Parquet file.
    Parquet,
}

/// Names of tables, and of their columns with their types.
pub type Tables = Vec<(String, Vec<(String, String)>)>;

/// The query engine on one lake.
pub struct Engine {
    pub(crate) runtime: Runtime,
    pub(crate) context: SessionContext,
    lake: PathBuf,
    /// Where the tables lie when that is no folder.
    store: Option<ReleaseStore>,
    /// Views that were computed, by name.
    pub(crate) kept: Mutex<BTreeMap<String, KeptView>>,
}

impl Engine {
    /// Opens the lake at `lake` (its folders are the tables, partitioned by `year=`) with the pipeline's views.
    ///
    /// # Errors
    /// [`Error::Lake`] when a table cannot be read, [`Error::Pipeline`] when a view is not valid SQL.
    pub fn open(lake: &Path, pipeline: &Pipeline, threads: usize) -> Result<Self, Error> {
        Self::open_with_norms(lake, pipeline, &[], threads)
    }

    /// The same with a norm table, so that views in T hold what reports hold.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with_norms(lake: &Path, pipeline: &Pipeline, norms: &[Norm], threads: usize) -> Result<Self, Error> {
        let engine = Self::tables(lake, pipeline, threads)?;
        engine.register_norms(pipeline, norms)?;
        engine.register_views(pipeline, None)?;
        Ok(engine)
    }

    /// Opens the lake for the checks of one year, many small queries on it and the two years before it, each on one thread: tables
    /// that are not large are read once, on so many threads, with the columns that a rule or a view names. There are no views yet.
    ///
    /// # Errors
    /// [`Error::Lake`] when a table cannot be read.
    pub fn open_year(lake: &Path, pipeline: &Pipeline, rules: &RuleSet, year: i32, threads: usize) -> Result<Self, Error> {
        let engine = Self::tables(lake, pipeline, 1)?;
        // Planning costs more than running: once over the rules of the optimiser is enough.
        engine.context.state_ref().write().config_mut().options_mut().optimizer.max_passes = 1;
        let wanted = checks::views(pipeline, rules);
        let views = pipeline.views.iter().filter(|(name, _)| wanted.contains(name.as_str())).map(|(_, sql)| sql.as_str());
        let sql: Vec<&str> = checks::sql(rules).chain(views).collect();
        let recurring = checks::recurring(rules);
        let is_named = |column: &str| recurring.contains(column) || sql.iter().any(|sql| sql.contains(column));
        each(&tables(lake)?, threads, |table| engine.keep(table, &is_named, year - 2, year)).into_iter().collect::<Result<(), Error>>()?;
        Ok(engine)
    }

    /// Opens the data of a release: each folder in `data` is a table.
    ///
    /// # Errors
    /// [`Error::Lake`] when a table cannot be read.
    pub fn open_release(data: &Path, threads: usize) -> Result<Self, Error> {
        let engine = Self::empty(data, threads)?;
        for table in tables(data)? {
            let folder = data.join(&table);
            engine
                .runtime
                .block_on(engine.context.register_parquet(table.as_str(), format!("{}/", folder.display()), Default::default()))
                .map_err(|error| Error::lake(folder, error.strip_backtrace()))?;
        }
        Ok(engine)
    }

    /// Opens the data of a release that lies in an object store, `releases/<version>/data` of it, without copying it.
    ///
    /// # Errors
    /// [`Error::Store`] when the store does not answer as it should, or holds no such release.
    pub fn open_release_in(store: ReleaseStore, version: &str, threads: usize) -> Result<Self, Error> {
        let data = format!("releases/{version}/data");
        let names = store.folders(&data)?;
        if names.is_empty() {
            let message = "it is in the index, and there are no data".to_owned();
            let remedy = "the release is not whole: tell its publisher, or give another --version".to_owned();
            return Err(Error::Store { address: store.address_of(&data), message, remedy, is_usage: false });
        }
        let mut engine = Self::empty(Path::new(&store.address_of(&data)), threads)?;
        let (url, client) = store.for_engine()?;
        engine.context.register_object_store(url.as_ref(), client);
        for table in names {
            let address = format!("{}/", store.address_of(&format!("{data}/{table}")));
            let registered = engine.runtime.block_on(engine.context.register_parquet(table.as_str(), &address, Default::default()));
            registered.map_err(|error| match of_store(&error) {
                Some(of_store) => store.told(&format!("{data}/{table}"), of_store),
                None => Error::lake(&address, error.strip_backtrace()),
            })?;
        }
        engine.store = Some(store);
        Ok(engine)
    }

    /// Tables and views with their columns, sorted by name.
    ///
    /// # Errors
    /// [`Error::Sql`] when the engine does not say.
    pub fn schema(&self) -> Result<Tables, Error> {
        let rows = self.rows(
            "information_schema",
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
            &[],
        )?;
        let mut tables: Tables = Vec::new();
        rows.each(&["table_name", "column_name", "data_type"], |columns| {
            let [table, column, kind] = columns else { return Ok(()) };
            let (table, column, kind) = (rows.text(table)?, rows.text(column)?, rows.text(kind)?);
            for row in 0..table.len() {
                if tables.last().is_none_or(|(last, _)| last != table.value(row)) {
                    tables.push((table.value(row).to_owned(), Vec::new()));
                }
                if let Some((_, columns)) = tables.last_mut() {
                    columns.push((column.value(row).to_owned(), kind.value(row).to_owned()));
                }
            }
            Ok(())
        })?;
        Ok(tables)
    }

    /// Keeps these years of a table in memory, unless it is large, without the columns that nobody names.
    fn keep(&self, table: &str, is_named: &(dyn Fn(&str) -> bool + Sync), first: i32, last: i32) -> Result<(), Error> {
        let folders = (first..=last).map(|year| self.lake.join(table).join(format!("year={year}")));
        let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let bytes: u64 = files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum();
        if bytes == 0 || bytes > KEPT_BYTES_MAXIMUM {
            return Ok(());
        }
        let kept = self.runtime.block_on(async {
            let all = self.context.table(table).await?;
            let named: Vec<String> = all.schema().fields().iter().map(|field| field.name().clone()).filter(|name| name == "year" || is_named(name)).collect();
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            let frame = all.filter(col("year").between(lit(first), lit(last)))?.select_columns(&named)?.cache().await?;
            self.context.deregister_table(table)?;
            self.context.register_table(table, frame.into_view())
        });
        kept.map(|_| ()).map_err(|error| Error::lake(self.lake.join(table), error.strip_backtrace()))
    }

    fn tables(lake: &Path, pipeline: &Pipeline, threads: usize) -> Result<Self, Error> {
        let engine = Self::empty(lake, threads)?;
        for table in tables(lake)? {
            engine.register_folder(&table)?;
        }
        engine.register_instruments(pipeline)?;
        engine.register_norms(pipeline, &[])?;
        Ok(engine)
    }

    /// An engine on tables in memory, for the cases of an indicator.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when a table or a view is not valid.
    pub fn in_memory(tables: Vec<(String, RecordBatch)>, norms: &[Norm], pipeline: &Pipeline) -> Result<Self, Error> {
        let engine = Self::empty(Path::new("cases.slt"), 1)?;
        for (name, batch) in tables {
            let table = MemTable::try_new(batch.schema(), vec![vec![batch]])
                .map_err(|error| Error::definition("cases.slt", error.to_string()))?;
            engine
                .context
                .register_table(name.as_str(), Arc::new(table))
                .map_err(|error| Error::definition("cases.slt", error.to_string()))?;
        }
        engine.register_instruments(pipeline)?;
        engine.register_norms(pipeline, norms)?;
        engine.register_views(pipeline, None)?;
        Ok(engine)
    }

    /// The table `instrument_norm`, when the pipeline declares norms; without rows where the nation is not known.
    pub(crate) fn register_norms(&self, pipeline: &Pipeline, norms: &[Norm]) -> Result<(), Error> {
        if pipeline.spec.norms.is_none() {
            return Ok(());
        }
        let bug = |error: &dyn std::fmt::Display| Error::Bug(format!("table instrument_norm: {error}"));
        let batch = norm::table(norms)?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(|error| bug(&error))?;
        self.context.deregister_table("instrument_norm").map_err(|error| bug(&error))?;
        self.context.register_table("instrument_norm", Arc::new(table)).map_err(|error| bug(&error))?;
        Ok(())
    }

    pub(crate) fn empty(lake: &Path, threads: usize) -> Result<Self, Error> {
        let runtime = runtime(threads)?;
        let config = SessionConfig::new().with_target_partitions(threads.max(1)).with_collect_statistics(false).with_information_schema(true);
        let state = SessionStateBuilder::new_with_default_features().with_config(config).with_physical_optimizer_rule(Arc::new(NumberSortedRows)).build();
        Ok(Self { runtime, context: SessionContext::new_with_state(state), lake: lake.to_owned(), store: None, kept: Mutex::default() })
    }

    fn register_folder(&self, table: &str) -> Result<(), Error> {
        let folder = self.lake.join(table);
        let Some(schema) = first_schema(&folder)? else { return Ok(()) };
        let options = ListingOptions::new(Arc::new(ParquetFormat::default()))
            .with_file_extension(".parquet")
            .with_table_partition_cols(vec![("year".to_owned(), DataType::Int32)]);
        let url = format!("{}/", folder.display());
        self.runtime
            .block_on(self.context.register_listing_table(table, url, options, Some(Arc::new(schema)), None))
            .map_err(|error| Error::lake(folder, error))
    }

    /// `instruments.toml` as the table `instrument_scale`, a row for every scale.
    fn register_instruments(&self, pipeline: &Pipeline) -> Result<(), Error> {
        let scales: Vec<_> = pipeline.instruments.instruments.iter().flat_map(|one| one.scales.iter().map(move |scale| (&one.code, scale))).collect();
        if scales.is_empty() {
            return Ok(());
        }
        let text = |cells: Vec<String>| Arc::new(StringArray::from(cells)) as ArrayRef;
        let number = |cells: Vec<f64>| Arc::new(Float64Array::from(cells)) as ArrayRef;
        let columns: [(&str, ArrayRef); 6] = [
            ("instrument", text(scales.iter().map(|(code, _)| (*code).clone()).collect())),
            ("scale", text(scales.iter().map(|(_, scale)| scale.name.to_lowercase()).collect())),
            ("minimum", number(scales.iter().map(|(_, scale)| scale.minimum).collect())),
            ("maximum", number(scales.iter().map(|(_, scale)| scale.maximum).collect())),
            ("effect", Arc::new(scales.iter().map(|(_, scale)| Some(scale.effect)).collect::<BooleanArray>())),
            ("higher_is_better", Arc::new(scales.iter().map(|(_, scale)| Some(scale.direction == Direction::Higher)).collect::<BooleanArray>())),
        ];
        let bug = |error: &dyn std::fmt::Display| Error::Bug(format!("table instrument_scale: {error}"));
        let batch = RecordBatch::try_from_iter(columns).map_err(|error| bug(&error))?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(|error| bug(&error))?;
        self.context.register_table("instrument_scale", Arc::new(table)).map_err(|error| bug(&error))?;
        Ok(())
    }

    /// The provider register as the table `register`: `provider_id` and its columns, all text, NULL where empty.
    ///
    /// # Errors
    /// [`Error::Bug`] when it cannot be made a table.
    pub(crate) fn register_providers(&self, register: &Register) -> Result<(), Error> {
        let bug = |error: &dyn std::fmt::Display| Error::Bug(format!("table register: {error}"));
        let rows = register.rows();
        let mut columns: Vec<(String, ArrayRef)> =
            vec![("provider_id".to_owned(), Arc::new(rows.iter().map(|(id, _)| Some(*id)).collect::<StringArray>()) as ArrayRef)];
        for name in register.columns() {
            let cells: StringArray = rows.iter().map(|(_, cells)| cells.get(name).map(String::as_str).filter(|cell| !cell.is_empty())).collect();
            columns.push((name.to_owned(), Arc::new(cells)));
        }
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).map_err(|error| bug(&error))?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(|error| bug(&error))?;
        self.context.deregister_table("register").map_err(|error| bug(&error))?;
        self.context.register_table("register", Arc::new(table)).map_err(|error| bug(&error))?;
        Ok(())
    }

    /// Registers the views; for one year those of these names, which are computed now, once.
    pub(crate) fn register_views(&self, pipeline: &Pipeline, of_year: Option<(i32, &BTreeSet<&str>)>) -> Result<(), Error> {
        let year = of_year.map(|(year, _)| year);
        let wanted = |name: &String| of_year.is_none_or(|(_, wanted)| wanted.contains(name.as_str()));
        for (name, sql) in pipeline.views.iter().filter(|(name, _)| wanted(name)) {
            let wrong = |error: DataFusionError| {
                Error::definition(place(&format!("views/{name}.sql"), sql, &error), error.strip_backtrace())
            };
            let mut frame = self.runtime.block_on(self.context.sql(sql)).map_err(wrong)?;
            if let Some(year) = year.filter(|_| frame.schema().has_column_with_unqualified_name("year")) {
                frame = frame.filter(col("year").eq(lit(year))).map_err(wrong)?;
                frame = self.runtime.block_on(frame.cache()).map_err(|error| self.fault(&format!("views/{name}.sql"), &error))?;
            }
            self.context.register_table(name.as_str(), frame.into_view()).map_err(wrong)?;
        }
        Ok(())
    }

    /// Runs one SELECT with its parameters (`$year` and so on). `file` is named in errors.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when the SQL is wrong or fails.
    pub fn rows(&self, file: &str, sql: &str, parameters: &[(&str, ScalarValue)]) -> Result<Rows, Error> {
        let wrong = |error: DataFusionError| self.fault(&place(file, sql, &error), &error);
        let used: Vec<(String, ScalarValue)> = parameters
            .iter()
            .filter(|(name, _)| sql.contains(&format!("${name}")))
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        self.runtime.block_on(async {
            let mut frame = self.context.sql(sql).await.map_err(wrong)?;
            if !used.is_empty() {
                frame = frame.with_param_values(used).map_err(wrong)?;
            }
            let schema = Arc::new(frame.schema().as_arrow().clone());
            let batches = frame.collect().await.map_err(wrong)?;
            // Without rows there are still columns, right or wrong ones.
            let batches = if batches.is_empty() { vec![RecordBatch::new_empty(schema)] } else { batches };
            Ok(Rows { file: file.to_owned(), batches })
        })
    }

    /// Names of the columns that one SELECT returns; it is planned and not run. `file` is named in errors.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when the SQL is wrong.
    pub(crate) fn columns(&self, file: &str, sql: &str) -> Result<Vec<String>, Error> {
        let planned = self.runtime.block_on(self.context.sql(sql)).map_err(|error| self.fault(&place(file, sql, &error), &error))?;
        Ok(planned.schema().fields().iter().map(|field| field.name().clone()).collect())
    }

    /// Whose fault an error is: the lake's, or the definition's.
    pub(crate) fn fault(&self, file: &str, error: &DataFusionError) -> Error {
        if is_of_files(error) { Error::lake(&self.lake, error.strip_backtrace()) } else { Error::definition(file, error.strip_backtrace()) }
    }

    /// Runs any SELECT of an analyst and writes its rows, as text or as Parquet.
    ///
    /// # Errors
    /// [`Error::Sql`] with the engine's message when the SQL is wrong, or does anything but read.
    pub fn select(&self, sql: &str, format: RowsFormat) -> Result<Vec<u8>, Error> {
        // The analyst's fault is what is planned wrongly; what cannot be read is not.
        let wrong = |error: DataFusionError| match (of_store(&error), &self.store) {
            (Some(error), Some(store)) => store.told("", error),
            _ if is_of_files(&error) => Error::lake(&self.lake, error.strip_backtrace()),
            _ => Error::Sql(error.strip_backtrace()),
        };
        let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let batches = self.runtime.block_on(async {
            let frame = self.context.sql_with_options(sql, read_only).await.map_err(wrong)?;
            let schema = Arc::new(frame.schema().as_arrow().clone());
            let batches = frame.collect().await.map_err(wrong)?;
            Ok::<_, Error>(if batches.is_empty() { vec![RecordBatch::new_empty(schema)] } else { batches })
        })?;
        let failed = |error: datafusion::arrow::error::ArrowError| Error::Bug(error.to_string());
        Ok(match format {
            RowsFormat::Table => format!("{}\n", pretty_format_batches(&batches).map_err(failed)?).into_bytes(),
            RowsFormat::Csv => {
                let mut writer = datafusion::arrow::csv::Writer::new(Vec::new());
                for batch in &batches {
                    writer.write(batch).map_err(failed)?;
                }
                writer.into_inner()
            }
            RowsFormat::Json => {
                let mut writer = datafusion::arrow::json::LineDelimitedWriter::new(Vec::new());
                for batch in &batches {
                    writer.write(batch).map_err(failed)?;
                }
                writer.finish().map_err(failed)?;
                writer.into_inner()
            }
            RowsFormat::Parquet => {
                let failed = |error: ParquetError| Error::Bug(error.to_string());
                let Some(first) = batches.first() else { return Ok(Vec::new()) };
                let mut writer = ArrowWriter::try_new(Vec::new(), first.schema(), None).map_err(failed)?;
                for batch in &batches {
                    writer.write(batch).map_err(failed)?;
                }
                writer.into_inner().map_err(failed)?
            }
        })
    }

    /// Registers one Parquet file as a table, for `query` on the results of a batch.
    ///
    /// # Errors
    /// [`Error::Lake`] when the file cannot be read.
    pub fn register_file(&self, table: &str, file: &Path) -> Result<(), Error> {
        self.runtime
            .block_on(self.context.register_parquet(table, file.display().to_string(), Default::default()))
            .map_err(|error| Error::lake(file, error.strip_backtrace()))
    }
}

/// True when files are the fault, and not what was asked.
fn is_of_files(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ParquetError(_) | DataFusionError::IoError(_) | DataFusionError::ObjectStore(_))
}

/// What an object store said, however deep it lies.
fn of_store(error: &DataFusionError) -> Option<&object_store::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(error) = one.downcast_ref::<object_store::Error>().or_else(|| one.downcast_ref::<Box<object_store::Error>>().map(AsRef::as_ref)) {
            return Some(error);
        }
        cause = one.source();
    }
    None
}

/// The rows of one query; columns are found by name.
pub struct Rows {
    file: String,
    batches: Vec<RecordBatch>,
}

impl Rows {
    /// The file that they come from.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The rows as they came.
    pub(crate) fn into_batches(self) -> Vec<RecordBatch> {
        self.batches
    }

    /// True when they have this column.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.batches.first().is_some_and(|batch| batch.column_by_name(name).is_some())
    }

    /// Calls `visit` with the columns of each batch, in the order of `names`.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when a column is missing (the message lists those that are there), or what `visit` returns.
    pub fn each(
        &self,
        names: &[&str],
        mut visit: impl FnMut(&[ArrayRef]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for batch in &self.batches {
            let mut columns = Vec::with_capacity(names.len());
            for name in names {
                let Some(column) = batch.column_by_name(name) else {
                    let schema = batch.schema();
                    let there: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
                    return Err(Error::definition(
                        &self.file,
                        format!("must return `{}`; it returns {}", names.join(", "), there.join(", ")),
                    ));
                };
                columns.push(Arc::clone(column));
            }
            visit(&columns)?;
        }
        Ok(())
    }

    fn typed<T: Array + Clone + 'static>(&self, column: &ArrayRef, kind: &DataType) -> Result<T, Error> {
        let plain = cast(column, kind).map_err(|error| Error::definition(&self.file, error.to_string()))?;
        plain
            .as_any()
            .downcast_ref::<T>()
            .cloned()
            .ok_or_else(|| Error::Bug(format!("{}: cast to {kind} gave {}", self.file, plain.data_type())))
    }

    /// The column as text.
    ///
    /// # Errors
    /// When it cannot be cast.
    pub fn text(&self, column: &ArrayRef) -> Result<StringArray, Error> {
        self.typed(column, &DataType::Utf8)
    }

    /// The column as numbers.
    ///
    /// # Errors
    /// When it cannot be cast.
    pub fn number(&self, column: &ArrayRef) -> Result<Float64Array, Error> {
        self.typed(column, &DataType::Float64)
    }

    /// The column as true and false.
    ///
    /// # Errors
    /// When it cannot be cast.
    pub fn truth(&self, column: &ArrayRef) -> Result<BooleanArray, Error> {
        self.typed(column, &DataType::Boolean)
    }
}

/// A file of SQL with the line that an error is about.
pub(crate) fn place(file: &str, sql: &str, error: &DataFusionError) -> String {
    // Other SQL stands inside a file with lines of its own.
    let line = Path::new(file).extension().filter(|end| *end == "sql").and_then(|_| lines::line_of_fault(sql, &error.strip_backtrace()));
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

fn tables(lake: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(lake).map_err(|error| Error::lake(lake, error))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && name != "quarantine")
        .collect();
    names.sort();
    Ok(names)
}

/// The schema of the first file; all files of a table share it.
fn first_schema(folder: &Path) -> Result<Option<Schema>, Error> {
    let mut files = Vec::new();
    let years = fs::read_dir(folder).map_err(|error| Error::lake(folder, error))?;
    for year in years.flatten().filter(|entry| entry.path().is_dir()) {
        let inside = fs::read_dir(year.path()).map_err(|error| Error::lake(year.path(), error))?;
        files.extend(
            inside.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "parquet")),
        );
    }
    files.sort();
    let Some(file) = files.first() else { return Ok(None) };
    let opened = fs::File::open(file).map_err(|error| Error::lake(file, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(opened).map_err(|error| Error::lake(file, error))?;
    // Its metadata says what that one file was made from.
    Ok(Some(Schema::new(builder.schema().fields().clone())))
}
