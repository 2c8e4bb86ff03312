//! Turns a lake and a pipeline's definitions into results and reports: SQL selects, `spiegel-stats` computes.
//! It never reads a submission and never draws.

mod assemble;
mod case_mix;
mod cases;
mod checks;
mod contradictions;
mod definition;
mod distribution;
mod drift;
mod engine;
mod error;
mod feedback;
mod group;
mod group_prior;
mod indicator_check;
mod keurmerk;
mod lines;
mod national;
mod norm;
mod observe;
mod others;
mod place;
mod preview;
mod quality;
mod release;
mod release_store;
mod results;
mod row_number;
mod scaffold;
mod select;
mod signals;
mod small_group;
mod store;
mod texts;
mod threads;
mod trace;
mod trend;
mod units;
mod views;
mod who_counts;

pub use assemble::{FORMAT, ReportContext, assemble, assemble_group, national_report, overview};
pub use case_mix::{CaseMix, Coefficient};
pub use cases::{CaseOutcome, run_cases};
pub use checks::{Held, LakeChecks, check_rules, run_checks};
pub use definition::{Indicator, Pipeline, load_year};
pub use distribution::Distribution;
pub use drift::Drift;
pub use engine::{Engine, RowsFormat, Tables};
pub use error::Error;
pub use feedback::{FeedbackContext, FindingCount, Losses, OwnDelivery, RowFlow, SubmissionOutcome, feedback, previews};
pub use group::ComparableGroup;
pub use indicator_check::{check_indicators, check_reviews};
pub use keurmerk::{
    Agenda, AgendaTheme, Control, Entry, Facts, FreeTexts, KeurmerkDefinitions, KeurmerkYear, Mark, ProviderFacts, RegisterYear, Status, ThemeCount, agenda, facts, is_complete,
    keurmerk_block, keurmerk_report, load_keurmerk, marks, register, register_csv, register_parquet, standing, theme_counts, themes_csv, website_figure,
};
pub use national::National;
pub use norm::Norm;
pub use observe::Summary;
pub use preview::preview;
pub use release::{release_distributions, release_trajectories};
pub use release_store::ReleaseStore;
pub use results::{IndicatorResult, Progress, ProviderResult, Register, Results, Standing, YearResult};
pub use select::{CountAndSum, select};
pub use scaffold::{NewIndicator, scaffold};
pub use small_group::{FEWEST_CHANGES, GROUP, SmallGroup};
pub use store::{Reference, ReferenceIndicator, ReferenceModel, write_results};
pub use trace::{TraceRequest, trace};
pub use texts::{Texts, WorkbookWords};
