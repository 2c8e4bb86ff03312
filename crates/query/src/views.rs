//! Views of a pipeline: computed once for all the years that an indicator can look at, and kept, split by year.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use datafusion::arrow::array::{Array, BooleanArray, Int32Array};
use datafusion::arrow::compute::{cast, concat_batches, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::collect_partitioned;
use datafusion::prelude::{col, lit};

use crate::engine::place;
use crate::{Engine, Error, Norm, Pipeline, lines};

/// How far views reach back from the year of an indicator.
const YEARS_BACK: i32 = 2;

/// The table of norms, on which the norms themselves cannot depend.
const NORMS: &str = "instrument_norm";

/// The rows of one view by year, in pieces for the threads.
pub(crate) struct KeptView {
    schema: SchemaRef,
    by_year: BTreeMap<i32, Vec<RecordBatch>>,
}

impl Engine {
    /// Computes the views that several queries of the pipeline name, for all years from two before `first` to `last`, and keeps them with
    /// the columns that are named; `further` is SQL that is no part of the pipeline and names some. Those that depend on norms are left
    /// for [`Self::keep_views_with_norms`].
    ///
    /// # Errors
    /// [`Error::Pipeline`] when a view is not valid SQL.
    pub(crate) fn keep_views(&self, pipeline: &Pipeline, further: &str, first: i32, last: i32) -> Result<(), Error> {
        self.compute_views(pipeline, further, first - YEARS_BACK, last, &|view| !depends_on_norms(pipeline, view))
    }

    /// The views that depend on norms, which are known now.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when a view is not valid SQL.
    pub(crate) fn keep_views_with_norms(&self, pipeline: &Pipeline, further: &str, norms: &[Norm], first: i32, last: i32) -> Result<(), Error> {
        self.register_norms(pipeline, norms)?;
        self.compute_views(pipeline, further, first - YEARS_BACK, last, &|view| depends_on_norms(pipeline, view))
    }

    fn compute_views(&self, pipeline: &Pipeline, further: &str, first: i32, last: i32, is_wanted: &dyn Fn(&str) -> bool) -> Result<(), Error> {
        for (name, sql) in pipeline.views.iter().filter(|(name, _)| is_wanted(name)) {
            let file = format!("views/{name}.sql");
            let wrong = |error: DataFusionError| Error::definition(place(&file, sql, &error), error.strip_backtrace());
            self.context.deregister_table(name.as_str()).map_err(wrong)?;
            let mut frame = self.runtime.block_on(self.context.sql(sql)).map_err(wrong)?;
            if frame.schema().has_column_with_unqualified_name("year") {
                frame = frame.filter(col("year").between(lit(first), lit(last))).map_err(wrong)?;
                if pipeline.uses_of_view(name) > 1 {
                    let named = named_columns(pipeline, further, name);
                    let columns: Vec<String> = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
                    let columns: Vec<&str> = columns.iter().map(String::as_str).filter(|column| named.as_ref().is_none_or(|named| *column == "year" || named.contains(*column))).collect();
                    frame = frame.select_columns(&columns).map_err(wrong)?;
                    // The schema of what runs: the halves of a UNION get one type only then.
                    let task = Arc::new(frame.task_ctx());
                    let plan = self.runtime.block_on(frame.create_physical_plan()).map_err(wrong)?;
                    let schema = plan.schema();
                    let partitions = self.runtime.block_on(collect_partitioned(plan, task)).map_err(|error| self.fault(&file, &error))?;
                    let kept = by_year(schema, partitions).map_err(|error| Error::Bug(format!("{file}: {error}")))?;
                    self.register_kept(name, &kept, first, last)?;
                    self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), kept);
                    continue;
                }
            }
            self.context.register_table(name.as_str(), frame.into_view()).map_err(wrong)?;
        }
        Ok(())
    }

    fn register_kept(&self, name: &str, kept: &KeptView, first: i32, last: i32) -> Result<(), Error> {
        let bug = |error: DataFusionError| Error::Bug(format!("view {name}: {error}"));
        let mut pieces: Vec<Vec<RecordBatch>> = kept.by_year.range(first..=last).flat_map(|(_, pieces)| pieces).map(|piece| vec![piece.clone()]).collect();
        if pieces.is_empty() {
            pieces.push(Vec::new());
        }
        self.context.deregister_table(name).map_err(bug)?;
        let table = MemTable::try_new(Arc::clone(&kept.schema), pieces).map_err(bug)?;
        self.context.register_table(name, Arc::new(table)).map_err(bug)?;
        Ok(())
    }

    /// Gets ready for the indicators of one year: views hold this year and the two before it. What is kept is not computed again.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when a view is not valid SQL.
    pub(crate) fn use_year(&self, pipeline: &Pipeline, year: i32) -> Result<(), Error> {
        let known = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, sql) in &pipeline.views {
            if let Some(kept) = known.get(name) {
                self.register_kept(name, kept, year - YEARS_BACK, year)?;
                continue;
            }
            let wrong = |error: DataFusionError| Error::definition(place(&format!("views/{name}.sql"), sql, &error), error.strip_backtrace());
            self.context.deregister_table(name.as_str()).map_err(wrong)?;
            let mut frame = self.runtime.block_on(self.context.sql(sql)).map_err(wrong)?;
            if frame.schema().has_column_with_unqualified_name("year") {
                frame = frame.filter(col("year").between(lit(year - YEARS_BACK), lit(year))).map_err(wrong)?;
            }
            self.context.register_table(name.as_str(), frame.into_view()).map_err(wrong)?;
        }
        Ok(())
    }
}

/// Whether a view names the table of norms, or a view that does.
fn depends_on_norms(pipeline: &Pipeline, view: &str) -> bool {
    let Some(sql) = pipeline.views.get(view) else { return false };
    let words: BTreeSet<String> = lines::words(sql).into_iter().map(|(_, word, _)| word).collect();
    words.contains(NORMS) || pipeline.views.keys().any(|other| other != view && words.contains(other) && depends_on_norms(pipeline, other))
}

/// The words of all SQL that names a view, in lower case. None when such SQL asks for all columns of something.
fn named_columns(pipeline: &Pipeline, further: &str, view: &str) -> Option<BTreeSet<String>> {
    let mut named = BTreeSet::new();
    let others = pipeline.all_sql().filter(|(name, _)| *name != Some(view)).map(|(_, sql)| sql);
    for sql in others.chain([further]) {
        let words: BTreeSet<String> = lines::words(sql).into_iter().map(|(_, word, _)| word).collect();
        if words.contains(view) {
            if words.contains("natural") || lines::asks_for_all_columns(sql) {
                return None;
            }
            named.extend(words);
        }
    }
    Some(named)
}

/// Rows by the column `year`, each piece in one batch.
fn by_year(schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> Result<KeptView, ArrowError> {
    let mut by_year: BTreeMap<i32, Vec<RecordBatch>> = BTreeMap::new();
    for partition in partitions {
        let mut of_partition: BTreeMap<i32, Vec<RecordBatch>> = BTreeMap::new();
        for batch in partition.into_iter().filter(|batch| batch.num_rows() > 0) {
            let years = years_of(&batch)?;
            let found: BTreeSet<i32> = years.iter().flatten().collect();
            for year in &found {
                let piece = if found.len() == 1 && years.null_count() == 0 {
                    batch.clone()
                } else {
                    let wanted: BooleanArray = years.iter().map(|one| Some(one == Some(*year))).collect();
                    filter_record_batch(&batch, &wanted)?
                };
                of_partition.entry(*year).or_default().push(piece);
            }
        }
        for (year, pieces) in of_partition {
            by_year.entry(year).or_default().push(concat_batches(&schema, &pieces)?);
        }
    }
    Ok(KeptView { schema, by_year })
}

fn years_of(batch: &RecordBatch) -> Result<Int32Array, ArrowError> {
    let missing = || ArrowError::SchemaError("no column year".to_owned());
    let column = cast(batch.column_by_name("year").ok_or_else(missing)?, &DataType::Int32)?;
    column.as_any().downcast_ref::<Int32Array>().cloned().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::ArrayRef;

    use super::*;

    #[test]
    fn rows_are_kept_by_year_whatever_batches_they_came_in() {
        let batch = |years: &[i32], values: &[i32]| {
            RecordBatch::try_from_iter([("year", Arc::new(Int32Array::from(years.to_vec())) as ArrayRef), ("value", Arc::new(Int32Array::from(values.to_vec())))]).unwrap()
        };
        let partitions = vec![vec![batch(&[2024, 2025, 2024], &[1, 2, 3]), batch(&[2025], &[4])], Vec::new(), vec![batch(&[2025, 2025], &[5, 6])]];
        let kept = by_year(batch(&[], &[]).schema(), partitions).unwrap();
        let values = |year: i32| -> Vec<Vec<i32>> {
            kept.by_year[&year].iter().map(|piece| piece.column(1).as_any().downcast_ref::<Int32Array>().unwrap().values().to_vec()).collect()
        };
        assert_eq!((values(2024), values(2025)), (vec![vec![1, 3]], vec![vec![2, 4], vec![5, 6]]));
    }
}
