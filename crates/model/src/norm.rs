//! Norms and guidelines as data: `norms/<year>.toml` of a pipeline. What a norm comes to stands here in other words than its own.

use serde::{Deserialize, Serialize};

/// The norms of one edition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityNormSet {
    /// Year of the edition; not the year of the data (decision 34).
    pub norm_year: i32,
    /// As printed: `Keurmerk 2025`.
    pub title: String,
    /// Its norms, as far as a figure of the report stands beside them.
    #[serde(rename = "norm")]
    pub norms: Vec<QualityNorm>,
    /// Subjects that one of its norms asks reflection on.
    #[serde(default)]
    pub coverage: Option<CoverageSpec>,
}

/// One norm or guideline beside one indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityNorm {
    /// Id within its edition.
    pub id: String,
    /// What it comes to, paraphrased.
    pub text: String,
    /// Where it stands, as printed: edition and norm.
    pub source: String,
    /// Document that it was read in.
    pub document: String,
    /// Page of that document; empty where its pages have no numbers.
    #[serde(default)]
    pub page: String,
    /// Indicator beside it.
    pub indicator: String,
    /// Value that it names, in the unit of the indicator. None when it names none.
    #[serde(default)]
    pub reference: Option<f64>,
    /// The reference in a sentence: `het richtsnoer`. Empty without one.
    #[serde(default)]
    pub name: String,
    /// Label of the reference in a figure: `richtsnoer 540`. Empty without one.
    #[serde(default)]
    pub label: String,
    /// Year of the data that it is about, where it names one.
    #[serde(default)]
    pub data_year: Option<i32>,
    /// What is said after a figure above the reference.
    #[serde(default)]
    pub above: String,
    /// What is said after every figure.
    #[serde(default)]
    pub note: String,
}

/// Which data there are for a norm that asks for reflection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageSpec {
    /// Heading: `Dekking van norm 2a`.
    pub title: String,
    /// What the provider adds itself, when every subject has data.
    pub complete: String,
    /// The same when some subjects have none.
    pub incomplete: String,
    /// Subjects in order.
    #[serde(rename = "subject")]
    pub subjects: Vec<CoverageSubject>,
}

/// A subject: its indicators, or the population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverageSubject {
    /// As printed.
    pub title: String,
    /// Indicators on it.
    #[serde(default)]
    pub indicators: Vec<String>,
    /// The population page is about it.
    #[serde(default)]
    pub population: bool,
}
