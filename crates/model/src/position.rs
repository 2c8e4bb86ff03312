//! Where one provider stands on one indicator in one year, with everything that is needed to say and to draw it.

use serde::{Deserialize, Serialize};

/// A lower and an upper bound, in the unit of the indicator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// Which side of what is expected. Neutral on purpose: higher is not better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Above what is expected.
    Higher,
    /// Below what is expected.
    Lower,
}

/// What is said of a provider within the usual spread (decision 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithinKind {
    /// The 90 % interval of the difference lies within the margin of relevance.
    Equivalent,
    /// Neither a difference nor equivalence was shown.
    Indistinguishable,
    /// The 95 % interval excludes the national mean, but so it does for many providers.
    DiffersAsMany,
}

/// Why a value or its place is not shown (report specification, section 3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MissingCode {
    /// Fewer units than may be shown.
    #[serde(rename = "K")]
    TooSmall,
    /// Shown, but too few units for a place.
    #[serde(rename = "W")]
    TooFewToCompare,
    /// Too much is missing for a comparison.
    #[serde(rename = "Q")]
    NotComparable,
    /// Not in the delivery, or withheld by the publisher of the data.
    #[serde(rename = "A")]
    NotDelivered,
    /// The provider does not give this care.
    #[serde(rename = "N")]
    NotApplicable,
    /// The definition changed; earlier years cannot be compared.
    #[serde(rename = "D")]
    DefinitionChanged,
    /// Delivered, but not computed until an analyst has looked at a finding.
    #[serde(rename = "H")]
    Held,
}

impl MissingCode {
    /// The letter that stands in a cell.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::TooSmall => 'K',
            Self::TooFewToCompare => 'W',
            Self::NotComparable => 'Q',
            Self::NotDelivered => 'A',
            Self::NotApplicable => 'N',
            Self::DefinitionChanged => 'D',
            Self::Held => 'H',
        }
    }
}

/// The one label of a position: `statistics.md` 7 with the words of decision 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "label", content = "detail")]
pub enum Label {
    /// No value, or a value without a place.
    None(MissingCode),
    /// |z| below 1.96.
    Within(WithinKind),
    /// |z| from 1.96.
    Attention(Side),
    /// |z| from 3.09.
    Signal(Side),
}

impl Label {
    /// The side that stands out, if any does.
    #[must_use]
    pub fn side(self) -> Option<Side> {
        match self {
            Self::Attention(side) | Self::Signal(side) => Some(side),
            Self::None(_) | Self::Within(_) => None,
        }
    }
}

/// What the years together say (decision 24).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TrendState {
    /// Fewer than three years with enough units.
    TooShort,
    /// No change that passes both the test and the margin.
    Level,
    /// Changed against the national development, with test and margin.
    Changed {
        /// Up or down.
        side: Side,
        /// First value of the window.
        from: f64,
        /// Units behind the first value.
        from_n: u64,
        /// Last value of the window.
        to: f64,
        /// Number of years in the window.
        years: usize,
    },
    /// A year without data lies between: opening, closing, merging or renaming.
    Broken {
        /// Label of the first missing year.
        year_label: String,
    },
    /// Values mean something else since a year, and since then there are fewer than three.
    Redefined {
        /// Label of the first year of the new meaning.
        year_label: String,
        /// Why, as a clause after "omdat".
        because: String,
    },
}

/// What the place of a provider is once the characteristics of its clients are taken into account (statistics 8). The own value
/// that is printed stays raw (decision 21).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adjusted {
    /// National mean plus the mean difference between what was observed and what was expected.
    pub value: f64,
    /// 95 % interval of it.
    pub interval: Option<Range>,
    /// What the nation would have with these clients.
    pub expected: f64,
    /// How the provider's clients differ from the nation's in the first adjuster with words for it: own mean minus national
    /// mean, in the unit of the adjuster.
    pub shift: Option<f64>,
}

/// One part (a product) of the care of a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartValue {
    /// Id of the part, as in `pipeline.toml`.
    pub part: String,
    /// Units.
    pub n: u64,
    /// Own value. None below the minimum.
    pub value: Option<f64>,
    /// 95 % interval.
    pub interval: Option<Range>,
    /// Mean of all units of the nation in this part. None with too few providers.
    pub national: Option<f64>,
}

/// Several years of one provider together, for the ones that are small in a year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pooled {
    /// First year.
    pub first_year: i32,
    /// Units in all years.
    pub n: u64,
    /// Value over all units.
    pub value: f64,
    /// 95 % interval.
    pub interval: Option<Range>,
}

/// How much of what could be counted was there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Covered {
    /// Units that were there.
    pub units: u64,
    /// Units that could have been there.
    pub of: u64,
    /// True below the share that needs a caution.
    pub caution: bool,
    /// Between which shares the value lies whatever the missing units are, for a proportion (Manski bounds).
    pub bounds: Option<Range>,
}

/// The share with an event within the horizon, also from units without a full follow-up (Kaplan-Meier).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Incidence {
    /// Units.
    pub n: u64,
    /// 1 − S(horizon).
    pub value: f64,
    /// 95 % interval, log-log.
    pub interval: Option<Range>,
}

/// What another year with as many units is likely to show when neither the provider nor the nation changes, from a provider that stands
/// out (statistics 10).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The most plausible level, in the unit of the indicator.
    pub value: f64,
    /// Where 95 in 100 results lie.
    pub interval: Range,
}

/// One provider on one indicator in one year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Indicator id.
    pub indicator: String,
    /// Report year.
    pub year: i32,
    /// Provider id.
    pub provider_id: String,
    /// Units in the denominator; 0 when nothing was delivered.
    pub n: u64,
    /// Units that meet the criterion, for a proportion.
    pub events: Option<u64>,
    /// Own value, raw. None when it may not be shown or was not delivered.
    pub value: Option<f64>,
    /// 95 % interval of the own value. None when it cannot be had from what was delivered.
    pub interval: Option<Range>,
    /// Own median, for skewed means.
    pub median: Option<f64>,
    /// National mean that the place is measured against (client-weighted; without the provider itself when it
    /// holds more than a twentieth of all units).
    pub target: Option<f64>,
    /// What is expected of a provider with this n: 95 % limits. A side is None when no count can cross it.
    pub expected_lower: Option<f64>,
    /// Upper 95 % limit.
    pub expected_upper: Option<f64>,
    /// Lower 99.8 % limit.
    pub signal_lower: Option<f64>,
    /// Upper 99.8 % limit.
    pub signal_upper: Option<f64>,
    /// Overdispersion-corrected z. None without a place.
    pub z: Option<f64>,
    /// Difference that this n can detect with 80 % power.
    pub detectable_difference: Option<f64>,
    /// The label.
    pub label: Label,
    /// Over the years.
    pub trend: TrendState,
    /// Place after adjustment. None when the indicator has no adjusters or the model was not good enough.
    pub adjusted: Option<Adjusted>,
    /// By part, in the order of `pipeline.toml`; empty when the indicator has none.
    pub parts: Vec<PartValue>,
    /// Several years together. None when the year itself has enough units.
    pub pooled: Option<Pooled>,
    /// How much was there. None when the indicator declares no coverage, or nothing of it was delivered.
    pub coverage: Option<Covered>,
    /// Beside a proportion with follow-up.
    pub incidence: Option<Incidence>,
    /// The most plausible level: the own value drawn towards the national one as far as its units ask (statistics 6.7).
    pub shrunken: Option<f64>,
    /// What to expect of next year. None unless the label is [`Label::Attention`].
    #[serde(default)]
    pub forecast: Option<Forecast>,
}
