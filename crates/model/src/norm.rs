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
    /// What the edition asks, whole: every norm with its criteria. Empty for an edition that only has figures.
    #[serde(default, rename = "requirement")]
    pub requirements: Vec<Requirement>,
    /// Its norms, as far as a figure of the report stands beside them.
    #[serde(default, rename = "norm")]
    pub norms: Vec<QualityNorm>,
    /// Subjects that one of its norms asks reflection on.
    #[serde(default)]
    pub coverage: Option<CoverageSpec>,
}

impl QualityNormSet {
    /// The questions of the edition: criteria without parts, each with its norm, in order.
    #[must_use]
    pub fn questions(&self) -> Vec<(&Requirement, &CriterionSpec)> {
        self.requirements.iter().flat_map(|requirement| requirement.questions().into_iter().map(move |question| (requirement, question))).collect()
    }
}

/// A norm as the edition asks it, paraphrased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// As printed: `2a`.
    pub code: String,
    /// Its name.
    pub title: String,
    /// Theme that it stands under; empty where the edition has no themes.
    #[serde(default)]
    pub theme: String,
    /// What it comes to.
    pub text: String,
    /// What clients are promised.
    pub promise: String,
    /// What stands before its criteria, after "U heeft laten zien".
    pub lead: String,
    /// Whom it holds for, when not for everybody; then a question of it may be answered with "not applicable".
    #[serde(default)]
    pub condition: String,
    /// Document that it was read in.
    pub document: String,
    /// Section of that document.
    pub section: String,
    /// Page of that document; empty where its pages have no numbers.
    #[serde(default)]
    pub page: String,
    /// Criteria in order.
    #[serde(rename = "criterion")]
    pub criteria: Vec<CriterionSpec>,
}

impl Requirement {
    /// Its criteria without parts, in order.
    #[must_use]
    pub fn questions(&self) -> Vec<&CriterionSpec> {
        self.criteria.iter().flat_map(CriterionSpec::questions).collect()
    }
}

/// A criterion, with parts or as a question of the self-evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CriterionSpec {
    /// Id within the edition: `2a.1.3`.
    pub id: String,
    /// What it comes to, paraphrased; goes on from the lead of its norm.
    pub text: String,
    /// Indicators of the mirror report that show a figure on it.
    #[serde(default)]
    pub indicators: Vec<String>,
    /// The population page of the mirror report is about it.
    #[serde(default)]
    pub population: bool,
    /// It asks for a figure on the provider's website.
    #[serde(default)]
    pub website: bool,
    /// Another table of the self-evaluation that answers it, by its name outside; empty for none.
    #[serde(default)]
    pub table: String,
    /// One of its parts is enough; else all are needed.
    #[serde(default)]
    pub one_suffices: bool,
    /// Its parts; empty for a question.
    #[serde(default, rename = "criterion")]
    pub parts: Vec<CriterionSpec>,
}

impl CriterionSpec {
    /// Itself when it has no parts, else the questions among its parts.
    #[must_use]
    pub fn questions(&self) -> Vec<&CriterionSpec> {
        if self.parts.is_empty() { vec![self] } else { self.parts.iter().flat_map(Self::questions).collect() }
    }
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
