//! The words and file contracts of `spiegel`: plain data that the crates hand to one another.
//! It never reads or writes a file and knows neither Arrow nor DataFusion.

mod attachment;
mod feedback;
mod finding;
mod indicator;
mod instrument;
mod keurmerk;
mod mapping;
mod misspelt;
mod norm;
mod number;
mod overview;
mod pages;
mod pipeline;
mod position;
mod release;
mod report;
mod submission;
mod trace;

pub use attachment::{AttachmentSpec, csv_cell, figures_csv, figures_json};
pub use feedback::{Feedback, FeedbackFinding, FeedbackTable, Preview, PreviewValue};
pub use finding::{
    Change, Consequence, DeliveredColumn, Finding, QueryCheck, QueryFinding, Receipt, RefusalReason, RowCheck, Rule, RuleExample, RuleOutcome, RuleSet, RuleStatus, TableChange,
    TableCount, Verdict,
};
pub use indicator::{
    Adjuster, AdjusterKind, Break, Coverage, DefinitionError, Delivered, Direction, GroupWords, Guideline, IndicatorSpec, IndicatorText, Kind, ShiftWords, Survival, Tips,
    UnitWords, Unless, Verbs,
};
pub use instrument::{Instrument, InstrumentSet, Scale, Scoring};
pub use misspelt::{nearest, toml_message};
pub use mapping::{ColumnMapping, Conversion, Layout, MappingSpec, Outside, TableMapping, Unit};
pub use keurmerk::{
    Answer, CriterionStanding, Decision, DecisionKind, IssueKind, IssueSpec, KeurmerkBlock, KeurmerkCriterion, KeurmerkNorm, KeurmerkReport, KeurmerkSpec, KeurmerkWords, KeurmerkYearSpec,
    Listed, NormStanding, NormVerdict, Outcome, ReasonSpec, State, ThemeRules, WebsiteFigure, WebsiteSpec,
};
pub use norm::{CoverageSpec, CoverageSubject, CriterionSpec, QualityNorm, QualityNormSet, Requirement};
pub use number::{Notation, ValueFormat, capitalised, count, date_long, decimal, percentage};
pub use pages::{
    BulletPlot, CoverageRow, Flow, FlowStep, GuideGroups, GuideSpine, NormCoverage, NormPage, NormRow, Place, QualityPage, ReadingGuide, Topic, Worksheet, WorksheetTopic,
};
pub use overview::{NationalIndicator, NationalReport, Overview, OverviewIndicator, OverviewProvider, OverviewValue};
pub use pipeline::{
    Category, Characteristic, Delivery, DeliveryKind, GroupReportSpec, GroupSpec, Minimums, NormSpec, PartsSpec, PipelineSpec, PipelineWords, PopulationSpec, QualityField, QualitySpec, QualityStep,
    RegisterSpec, ReportSpec, SeveritySpec, SheetSpec, StratumSpec, WorksheetSpec, YearSpec,
};
pub use position::{Adjusted, Covered, Forecast, Incidence, Label, MissingCode, PartValue, Pooled, Position, Range, Side, TrendState, WithinKind};
pub use release::{
    CheckOutcome, CheckResult, CodebookRow, Criterion, DiagnosisLevels, Differencing, DimensionSet, DistributionMeasure, Generator, IndexedRelease, Manifest,
    ManifestColumn, ManifestFile, ManifestInputs, ManifestTable, Node, PrivacyReport, PrivacyYear, PrivateOverlay, Publication, PublicPolicy, ReleaseIndex,
    ReleasePolicy, ReleaseStatus, Rung, RungOutcome, SuppressionCount, TOTAL, Utility, Verification, WITHHELD, Withdrawal,
};
pub use report::{
    Cell, DotPlot, FunnelLine, FunnelPlot, IndicatorPage, Labelled, MethodPage, MethodSection, OwnMark, PopulationBlock, PopulationPage,
    PopulationRow, Report, ReportProvider, SpineRow, Summary, SummaryRow, Table, TitledTable, TrendPlot, TrendYear, Variant,
};
pub use submission::{ColumnSchema, ColumnType, Parent, Privacy, SubmissionSchema, TableSchema};
pub use trace::{NotCounted, PrintedValue, SetApart, Trace, TracedDefinition, TracedDelivery, TracedReference, TracedSource, TracedSql, TracedStatistics, TracedUnit, TracedValue};
