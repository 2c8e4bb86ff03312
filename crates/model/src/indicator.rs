//! What an indicator declares: `indicator.toml` and `text.<language>.md`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ValueFormat;

/// A definition that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}: {message}")]
pub struct DefinitionError {
    /// File, relative to the pipeline; with `:line` behind it where that is known.
    pub file: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl DefinitionError {
    /// A mistake in a file, counted from line 1 where the line is known.
    #[must_use]
    pub fn at(file: &str, line: Option<usize>, message: impl Into<String>) -> Self {
        let file = line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
        Self { file, message: message.into() }
    }
}

/// `indicators/<id>/indicator.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorSpec {
    /// Id; filled in from the folder's name.
    #[serde(default)]
    pub id: String,
    /// Version of the definition: `BM-2025.1`.
    pub version: String,
    /// Title of the page.
    pub title: String,
    /// Title in the table of page 1.
    pub short: String,
    /// Id of the indicator on whose page this one is a row of the table "Ook gemeten". None: a page and a row on page 1 of its own.
    #[serde(default)]
    pub shown_with: Option<String>,
    /// Grey line under the title.
    pub norm: String,
    /// What is computed.
    pub kind: Kind,
    /// What the SQL returns.
    #[serde(default)]
    pub delivered: Delivered,
    /// Columns that a unit cannot do without, `table.column`, the first being of the table whose rows are its units: a
    /// finding on one of these costs the indicator a row.
    #[serde(default)]
    pub needs: Vec<String>,
    /// SQL file in the pipeline's folder that says of each row of the delivery why it is no unit: `provider_id, unit_id, source_file,
    /// source_row, reason`, and `client_key` where there is one; `reason` is NULL for a unit that counts. `$indicator` is the id.
    /// None: `spiegel trace` cannot tell.
    #[serde(default)]
    pub who_counts: Option<String>,
    /// Means only: values are skewed (minutes, days), so bootstrap-t and a skewness correction are used.
    #[serde(default)]
    pub skewed: bool,
    /// How values are written.
    pub format: ValueFormat,
    /// Which direction is wanted.
    #[serde(default)]
    pub direction: Direction,
    /// Smallest possible value.
    #[serde(default)]
    pub lowest: Option<f64>,
    /// Largest possible value.
    #[serde(default)]
    pub highest: Option<f64>,
    /// Bin of the dot plot, in the unit of the indicator.
    pub grid: f64,
    /// Margin of relevance δ for "comparable" and for a trend, in the unit of the indicator (statistics 6.11, decision 24).
    pub margin: f64,
    /// Assumed correlation between start and end, for `pre_post` (decision 41).
    #[serde(default)]
    pub pre_post_correlation: Option<f64>,
    /// Divide the change by the national SD at the start: an effect size. For `pre_post`.
    #[serde(default)]
    pub in_national_sd: bool,
    /// Counts in the data are rounded to this base by the publisher; 1 when they are exact.
    #[serde(default = "one")]
    pub rounded_to: u64,
    /// A guideline.
    #[serde(default)]
    pub guideline: Option<Guideline>,
    /// Characteristics of clients before the start that the place is adjusted for (statistics 8); columns of the SQL.
    #[serde(default, rename = "adjuster")]
    pub adjusters: Vec<Adjuster>,
    /// The SQL also returns `part`: values are shown by the parts of `pipeline.toml` too.
    #[serde(default)]
    pub parts: bool,
    /// The value is in T-scores of the table `instrument_norm`, so that it cannot be had without the nation.
    #[serde(default)]
    pub national_norm: bool,
    /// How much may be missing before the value is not compared (decision 17).
    #[serde(default)]
    pub coverage: Option<Coverage>,
    /// Proportions of units only: the SQL also returns `days`, to the event or to the end of what was seen, and `event`, which of them; a unit without a
    /// full follow-up has no `met`: it counts in the Kaplan-Meier estimate only (statistics 6.14).
    #[serde(default)]
    pub survival: Option<Survival>,
    /// Years before which values cannot be compared with those after.
    #[serde(default, rename = "break")]
    pub breaks: Vec<Break>,
    /// What is counted.
    pub unit: UnitWords,
    /// Words for more and less.
    pub verbs: Verbs,
    /// First sentence, with slots `{value}` and, for a proportion, `{events}`, `{n}` and `{units}`.
    pub sentence: String,
    /// A caution under the headline.
    #[serde(default)]
    pub caution: String,
    /// Words for the report of a group. None when the pipeline has no such report.
    #[serde(default)]
    pub group: Option<GroupWords>,
    /// Who wrote the definition.
    pub authored_by: String,
    /// Who checked it.
    pub checked_by: String,
    /// When it must be reviewed again.
    pub next_review: NaiveDate,
}

fn one() -> u64 {
    1
}

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Share of units that meet a criterion.
    Proportion,
    /// Mean over units.
    Mean,
}

/// What the SQL returns, besides `provider_id`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivered {
    /// One row per unit: `unit_id`, and `met` or `value`.
    #[default]
    Units,
    /// One row per provider: `numerator, denominator`; or strata to pool: `n, mean, sd`.
    Totals,
    /// Strata to pool: `n, mean_start, sd_start, mean_end, sd_end`; the value is start − end.
    PrePost,
}

/// Which direction is wanted. `None` for minutes and days: more is not better, nor worse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher is wanted.
    Higher,
    /// Lower is wanted.
    Lower,
    /// Neither.
    #[default]
    None,
}

/// A characteristic of clients before the start: a column of the indicator's SQL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjuster {
    /// Column of the SQL.
    pub column: String,
    /// How it enters the model.
    pub kind: AdjusterKind,
    /// For a number: its square enters as well.
    #[serde(default)]
    pub squared: bool,
    /// As printed: `ernst bij de start`.
    pub title: String,
    /// How the provider's clients differ from the nation's, for a number. None when that is not said.
    #[serde(default)]
    pub shift: Option<ShiftWords>,
}

/// How an adjuster enters the model. What is missing is a category of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjusterKind {
    /// Linear, with an indicator for what is missing.
    Number,
    /// One indicator for each category but the largest.
    Category,
}

/// How clients differ, as the rest of "Uw cliënten …"; `{difference}` is the size of the difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftWords {
    /// `begonnen gemiddeld {difference} punten zwaarder`.
    pub more: String,
    /// `begonnen gemiddeld {difference} punten lichter`.
    pub less: String,
    /// Digits after the comma of the difference.
    pub decimals: usize,
}

/// How much may be missing: another indicator, a proportion whose met units are those that this one can count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Id of that indicator.
    pub indicator: String,
    /// Share below which the value is shown but not compared.
    pub minimum: f64,
    /// Share below which a caution is printed.
    pub caution: f64,
    /// What is covered, as the subject of a sentence: `Een voor- én nameting`.
    pub title: String,
}

/// Kaplan-Meier beside a proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survival {
    /// Days after which the share is read.
    pub horizon: u32,
}

/// A year from which values mean something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Break {
    /// First year of the new meaning.
    pub first_year: i32,
    /// Why, as a clause after "omdat": `toen een ander stelsel van registratie begon`.
    pub because: String,
}

/// A guideline: a thin labelled line, no maximum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guideline {
    /// In the unit of the indicator.
    pub value: f64,
    /// Label in plots: `richtsnoer 540`.
    pub label: String,
    /// What it is, as the subject of a sentence: `Het richtsnoer`.
    pub name: String,
    /// Closing sentence.
    pub note: String,
}

/// What is counted, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitWords {
    /// `traject`.
    pub singular: String,
    /// `trajecten`.
    pub plural: String,
}

impl UnitWords {
    /// `1 traject`, `2 trajecten`.
    #[must_use]
    pub fn counted(&self, n: u64, notation: crate::Notation) -> String {
        format!("{} {}", notation.count(n), if n == 1 { &self.singular } else { &self.plural })
    }
}

/// What is said of a group of providers in the place of what is said to one; Dutch, in the third person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupWords {
    /// First sentence, with the slots of `sentence`: `De groep besteedde per traject gemiddeld {value} directe tijd.`
    pub sentence: String,
    /// What stands out on page 1 when higher: `trajecten kosten gemiddeld meer minuten`.
    pub stands_out_more: String,
    /// The same when lower.
    pub stands_out_less: String,
    /// Paragraphs in the place of `## Wat meten we?`; empty where those address nobody.
    #[serde(default)]
    pub what: Vec<String>,
    /// Paragraphs in the place of `## Hoe te lezen`; empty where those address nobody.
    #[serde(default)]
    pub reading: Vec<String>,
}

/// Words for a higher and a lower value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verbs {
    /// `meer`, `hoger`, `vaker`.
    pub more: String,
    /// `minder`, `lager`, `minder vaak`.
    pub less: String,
    /// What stands out on page 1 when higher: `uw trajecten kosten gemiddeld meer minuten`.
    pub stands_out_more: String,
    /// The same when lower.
    pub stands_out_less: String,
}

/// `text.<language>.md`, by heading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndicatorText {
    /// `## Wat meten we?`; headings in the words of the language
    pub what: Vec<String>,
    /// `## Waarom?`
    pub why: Vec<String>,
    /// `## Hoe te lezen`
    pub reading: Vec<String>,
    /// `## Hoger`: question and tips when the value is higher.
    pub higher: Tips,
    /// `## Lager`
    pub lower: Tips,
    /// `## Binnen`
    pub within: Tips,
}

/// A question (paragraph) and at most two tips (bullets).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tips {
    /// The question.
    pub question: String,
    /// Tips.
    pub tips: Vec<String>,
}

impl IndicatorText {
    /// Parses the Markdown of a text file: `##` headings (those of the language: what, why, reading, higher, lower, within), paragraphs,
    /// and bullets that start with `- `.
    ///
    /// # Errors
    /// All mistakes, with their lines: an unknown, repeated, missing or empty heading, or more than two tips.
    pub fn parse(file: &str, markdown: &str, headings: &[String; 6]) -> Result<Self, Vec<DefinitionError>> {
        let mut mistakes = Vec::new();
        let mut text = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        let mut sections: Vec<(usize, &str, String)> = Vec::new();
        for (number, line) in markdown.lines().enumerate() {
            if let Some(heading) = line.strip_prefix("## ") {
                sections.push((number + 1, heading.trim(), String::new()));
            } else if let Some((_, _, body)) = sections.last_mut() {
                body.push_str(line);
                body.push('\n');
            }
        }
        for (line, heading, body) in sections {
            let mut wrong = |message: String| mistakes.push(DefinitionError::at(file, Some(line), message));
            let (paragraphs, bullets) = paragraphs_and_bullets(&body);
            if seen.contains(&heading) {
                wrong(format!("`{heading}` stands here once more"));
            }
            if paragraphs.is_empty() {
                wrong(format!("`{heading}` has no text"));
            }
            if bullets.len() > 2 {
                wrong(format!("`{heading}` has {} tips; at most two fit the page", bullets.len()));
            }
            let tips = || Tips { question: paragraphs.join(" "), tips: bullets.clone() };
            match headings.iter().position(|known| known == heading) {
                Some(0) => text.what = paragraphs,
                Some(1) => text.why = paragraphs,
                Some(2) => text.reading = paragraphs,
                Some(3) => text.higher = tips(),
                Some(4) => text.lower = tips(),
                Some(5) => text.within = tips(),
                _ => wrong(format!("unknown heading `{heading}`; allowed: {}", headings.join(", "))),
            }
            seen.push(heading);
        }
        let missing: Vec<&str> = headings.iter().map(String::as_str).filter(|heading| !seen.contains(heading)).collect();
        if !missing.is_empty() {
            mistakes.push(DefinitionError::at(file, None, format!("missing heading: {}", missing.join(", "))));
        }
        if mistakes.is_empty() { Ok(text) } else { Err(mistakes) }
    }
}

fn paragraphs_and_bullets(body: &str) -> (Vec<String>, Vec<String>) {
    let mut paragraphs = Vec::new();
    let mut bullets: Vec<String> = Vec::new();
    for block in body.split("\n\n") {
        let mut paragraph = String::new();
        for line in block.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(bullet) = line.strip_prefix("- ") {
                bullets.push(bullet.to_owned());
            } else if paragraph.is_empty() && !bullets.is_empty() && block.trim_start().starts_with("- ") {
                if let Some(last) = bullets.last_mut() {
                    last.push(' ');
                    last.push_str(line);
                }
            } else {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line);
            }
        }
        if !paragraph.is_empty() {
            paragraphs.push(paragraph);
        }
    }
    (paragraphs, bullets)
}
