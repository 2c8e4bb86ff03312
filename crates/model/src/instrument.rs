//! What a pipeline declares about questionnaires: `instruments.toml`.

use serde::{Deserialize, Serialize};

use crate::Direction;

/// All instruments of a pipeline; none when it has no `instruments.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentSet {
    /// Instruments in the order of the file.
    #[serde(default, rename = "instrument")]
    pub instruments: Vec<Instrument>,
}

impl InstrumentSet {
    /// The instrument with this code.
    #[must_use]
    pub fn instrument(&self, code: &str) -> Option<&Instrument> {
        self.instruments.iter().find(|instrument| instrument.code == code)
    }
}

/// One questionnaire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Code in a submission.
    pub code: String,
    /// Name, for people.
    pub name: String,
    /// Versions that are told apart; none when any text will do.
    #[serde(default)]
    pub versions: Vec<String>,
    /// Where its facts come from.
    pub source: String,
    /// Whether somebody has read them there; false for general knowledge that still has to be checked.
    pub verified: bool,
    /// Its scales.
    #[serde(rename = "scale")]
    pub scales: Vec<Scale>,
}

impl Instrument {
    /// The scale with this name, whatever its capitals.
    #[must_use]
    pub fn scale(&self, name: &[u8]) -> Option<&Scale> {
        self.scales.iter().find(|scale| scale.name.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// One scale of a questionnaire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Name in a submission: `totaal`.
    pub name: String,
    /// How many items it has.
    #[serde(default)]
    pub items: Option<u32>,
    /// Highest answer to one item. None when scores say nothing about items.
    #[serde(default)]
    pub item_maximum: Option<f64>,
    /// What a score is made of.
    pub scoring: Scoring,
    /// Lowest score.
    pub minimum: f64,
    /// Highest score.
    pub maximum: f64,
    /// Which direction is wanted.
    pub direction: Direction,
    /// Whether it measures the effect of treatment; parts of a total do not.
    #[serde(default)]
    pub effect: bool,
    /// Reliability between 0 and 1, for the reliable change of this scale. None: the pipeline's own in T.
    #[serde(default)]
    pub reliability: Option<f64>,
}

/// What a score is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// The sum of the items.
    Sum,
    /// The mean of the items.
    Mean,
    /// Anything else: weighted, doubled or multiplied.
    Other,
}
