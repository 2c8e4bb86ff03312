//! `ROW_NUMBER() OVER (PARTITION BY … ORDER BY …)` over sorted rows, a batch at a time.
//!
//! DataFusion keeps a state for every partition of a window, which suits partitions of many rows. In the views of a pipeline a partition is
//! one trajectory: two rows, a million times. Here neighbours are compared a column at a time, and the numbers are the same.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, UInt64Array};
use datafusion::arrow::compute::partition;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::window::StandardWindowExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowUDFExpr};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties};

/// Batches that wait to be taken.
const WAITING: usize = 2;

/// Puts [`RowNumberExec`] in the place of a window that only numbers rows which arrive sorted.
#[derive(Debug)]
pub(crate) struct NumberSortedRows;

impl PhysicalOptimizerRule for NumberSortedRows {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let changed = plan.transform_up(|plan| {
            Ok(match plan.downcast_ref::<BoundedWindowAggExec>().and_then(RowNumberExec::instead_of) {
                Some(exec) => Transformed::yes(Arc::new(exec) as Arc<dyn ExecutionPlan>),
                None => Transformed::no(plan),
            })
        });
        changed.data()
    }

    fn name(&self) -> &str {
        "number_sorted_rows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Adds the number of each row within its partition as the last column.
#[derive(Debug, Clone)]
struct RowNumberExec {
    input: Arc<dyn ExecutionPlan>,
    partition_by: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl RowNumberExec {
    /// None for any other window.
    fn instead_of(window: &BoundedWindowAggExec) -> Option<Self> {
        let [expression] = window.window_expr() else { return None };
        let standard = expression.as_any().downcast_ref::<StandardWindowExpr>()?;
        let function = standard.get_standard_func_expr().as_any().downcast_ref::<WindowUDFExpr>()?;
        let partition_by = expression.partition_by().to_vec();
        let sorted = matches!(window.input_order_mode, InputOrderMode::Sorted) && window.state_observer().is_none();
        (sorted && !partition_by.is_empty() && function.fun().name() == "row_number").then(|| Self {
            input: Arc::clone(window.input()),
            partition_by,
            schema: window.schema(),
            properties: Arc::clone(window.properties()),
        })
    }
}

impl DisplayAs for RowNumberExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.partition_by.iter().map(ToString::to_string).collect();
        write!(f, "RowNumberExec: partition_by=[{}]", keys.join(", "))
    }
}

impl ExecutionPlan for RowNumberExec {
    fn name(&self) -> &str {
        "RowNumberExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(&self, visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        for expression in &self.partition_by {
            if visit(expression)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    /// The rule that makes this is the last one: children change no more than by a copy with the same properties.
    fn replace_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>, _: ReplaceChildrenOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([input]) = <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) else {
            return Err(DataFusionError::Internal("RowNumberExec has one child".to_owned()));
        };
        Ok(Arc::new(Self { input, ..Self::clone(&self) }))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut input = self.input.execute(partition, context)?;
        let mut numbering = Numbering { partition_by: self.partition_by.clone(), schema: Arc::clone(&self.schema), last: None };
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), WAITING);
        let out = builder.tx();
        builder.spawn(async move {
            while let Some(batch) = poll_fn(|context| input.as_mut().poll_next(context)).await {
                let numbered = batch.and_then(|batch| numbering.number(&batch));
                let failed = numbered.is_err();
                // Nobody takes what a LIMIT has enough of.
                if out.send(numbered).await.is_err() || failed {
                    break;
                }
            }
            Ok(())
        });
        Ok(builder.build())
    }
}

/// Numbers batches that follow one another.
struct Numbering {
    partition_by: Vec<Arc<dyn PhysicalExpr>>,
    schema: SchemaRef,
    /// Keys and number of the last row.
    last: Option<(Vec<ScalarValue>, u64)>,
}

impl Numbering {
    fn number(&mut self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let keys = self.partition_by.iter().map(|key| key.evaluate(batch)?.into_array(rows)).collect::<Result<Vec<ArrayRef>>>()?;
        let keys_at = |row: usize| keys.iter().map(|key| ScalarValue::try_from_array(key, row)).collect::<Result<Vec<_>>>();
        let mut numbers: Vec<u64> = Vec::with_capacity(rows);
        for range in if rows == 0 { Vec::new() } else { partition(&keys)?.ranges() } {
            // A partition can begin in the batch before.
            let before = match &self.last {
                Some((last, number)) if range.start == 0 && *last == keys_at(0)? => *number,
                _ => 0,
            };
            numbers.extend((1..=range.len() as u64).map(|number| before + number));
        }
        if let Some(number) = numbers.last() {
            self.last = Some((keys_at(rows - 1)?, *number));
        }
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(UInt64Array::from(numbers)) as ArrayRef);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::StringArray;
    use datafusion::datasource::MemTable;
    use datafusion::execution::session_state::SessionStateBuilder;
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

    /// Keys that repeat up to five times, some of them NULL, in batches that cut them.
    fn table() -> MemTable {
        let rows: Vec<(Option<String>, u64)> =
            (0..600_u64).flat_map(|key| (0..key % 6).map(move |one| ((key % 17 != 0).then(|| format!("k{key}")), (key * 31 + one * 7) % 101))).collect();
        let batch = |rows: &[(Option<String>, u64)]| {
            let keys: StringArray = rows.iter().map(|(key, _)| key.clone()).collect();
            let values: UInt64Array = rows.iter().map(|(_, value)| Some(*value)).collect();
            RecordBatch::try_from_iter_with_nullable([("key", Arc::new(keys) as ArrayRef, true), ("value", Arc::new(values) as ArrayRef, true)]).unwrap()
        };
        let batches: Vec<RecordBatch> = rows.chunks(97).map(batch).collect();
        MemTable::try_new(batches[0].schema(), vec![batches]).unwrap()
    }

    #[test]
    fn numbers_are_those_of_the_window_whatever_the_size_of_batches() {
        const SQL: &str = "SELECT key, value, ROW_NUMBER() OVER (PARTITION BY key ORDER BY value DESC) AS number FROM t ORDER BY key, value, number";
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = |with_rule: bool, batch_size: usize, partitions: usize| {
            let config = SessionConfig::new().with_batch_size(batch_size).with_target_partitions(partitions);
            let mut state = SessionStateBuilder::new_with_default_features().with_config(config);
            if with_rule {
                state = state.with_physical_optimizer_rule(Arc::new(NumberSortedRows));
            }
            let context = SessionContext::new_with_state(state.build());
            context.register_table("t", Arc::new(table())).unwrap();
            runtime.block_on(async {
                let plan = context.sql(SQL).await.unwrap().create_physical_plan().await.unwrap();
                assert_eq!(displayable(plan.as_ref()).indent(false).to_string().contains("RowNumberExec"), with_rule);
                let batches = context.sql(SQL).await.unwrap().collect().await.unwrap();
                datafusion::arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
            })
        };
        let expected = answer(false, 8192, 1);
        for (batch_size, partitions) in [(1, 1), (3, 2), (64, 1), (8192, 2)] {
            assert_eq!(answer(true, batch_size, partitions), expected, "{batch_size} rows, {partitions} partitions");
        }
    }
}
