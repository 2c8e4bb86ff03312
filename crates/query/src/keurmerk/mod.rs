//! The Keurmerk year: answers, states and decisions of a lake into standings, a register, themes and Keurmerkrapportages.
//! SQL selects rows; everything else follows by rule and date from what lies there. Nothing here reads a clock.

mod definition;
mod facts;
mod register;
mod report;
mod standing;
mod themes;
mod website;

pub use definition::{KeurmerkDefinitions, load_keurmerk};
pub use facts::{Control, Facts, FreeTexts, ProviderFacts, facts};
pub use register::{Entry, RegisterYear, Status, register, register_csv, register_parquet};
pub use report::{KeurmerkYear, keurmerk_block, keurmerk_report};
pub use standing::{is_complete, standing};
pub use themes::{Agenda, AgendaTheme, ThemeCount, agenda, theme_counts, themes_csv};
pub use website::{Mark, marks, website_figure};

/// `15-06-2026`.
fn date_short(date: chrono::NaiveDate) -> String {
    date.format("%d-%m-%Y").to_string()
}

/// A sentence with its slots filled.
fn fill(template: &str, slots: &[(&str, &str)]) -> String {
    slots.iter().fold(template.to_owned(), |text, (slot, value)| text.replace(&format!("{{{slot}}}"), value))
}
