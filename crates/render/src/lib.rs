//! Turns a report into an accessible, archival PDF: figures with plotters, pages with Typst.
//! It computes no statistic and knows no other provider than the one in the report.
//!
//! The flow of one report: `figure` draws each plot onto a recording `backend` (with `labels` and `ticks` for the texts), `data`
//! writes texts and recorded figures as `data.json`, `world` shows that file and the `template` to Typst, `pdf` exports.

mod backend;
mod batch;
mod data;
mod document;
mod error;
mod external;
mod feedback;
mod figure;
mod keurmerk;
mod labels;
mod language;
mod palette;
mod pdf;
mod publisher;
mod simplify;
mod template;
mod ticks;
mod world;

pub use backend::{Anchor, Dash, Figure, Mark, RecordError, Recorder, UNITS_PER_POINT, Weight};
pub use batch::{on_threads, render_all};
pub use data::template_data;
pub use error::{Error, TemplateProblem};
pub use external::{render_with_command, write_template_data};
pub use feedback::render_feedback;
pub use figure::{
    DrawError, PopulationScale, annotated_spine, dot_plot, flow_bars, funnel, norm_bullet, population_block, population_scale, small_dot_plot, spine_row, trend,
};
pub use keurmerk::{render_keurmerk, website_svg};
pub use language::{FeedbackWords, Language, OverviewWords, PageWords};
pub use labels::{Candidate, Label, Placed, Priority, Rect, TextMetrics, place, text_area};
pub use palette::Token;
pub use pdf::{Pdf, render};
pub use publisher::{render_national, render_overview};
pub use template::Template;

#[cfg(test)]
mod tests;
