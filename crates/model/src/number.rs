//! Number and date formats, in one place for text, tables, plots and attachments (report specification, section 6). The functions write
//! Dutch, for what is read about submissions; a report is written in the [`Notation`] of its language.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// Own value below this denominator is written without decimals, because one person moves it by half a point or more.
const DENOMINATOR_FOR_DECIMAL_PERCENTAGE: u64 = 200;

const MONTHS: [&str; 12] = [
    "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december",
];

/// How the values of one indicator are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ValueFormat {
    /// A share between 0 and 1, written as a percentage; decimals follow the denominator.
    Percentage,
    /// A number with a fixed number of decimals and the name of its unit in plural (may be empty).
    Number {
        /// Digits after the decimal comma.
        decimals: usize,
        /// What is counted, in plural: `minuten`; empty for a mark.
        unit: String,
    },
}

/// The marks in numbers of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notation {
    /// Between units and tenths.
    #[serde(rename = "decimal")]
    pub decimal_mark: char,
    /// Between thousands and hundreds.
    #[serde(rename = "thousands")]
    pub thousands_mark: char,
}

impl ValueFormat {
    /// The bare value, without unit: `45,6%`, `611`, `8,6`. `n` is the denominator behind the value, in units.
    #[must_use]
    pub fn value(&self, value: f64, n: u64, notation: Notation) -> String {
        match self {
            Self::Percentage => notation.percentage(value, usize::from(n >= DENOMINATOR_FOR_DECIMAL_PERCENTAGE)),
            Self::Number { decimals, .. } => notation.decimal(value, *decimals),
        }
    }

    /// The value with its unit: `611 minuten`, `45,6%`.
    #[must_use]
    pub fn value_with_unit(&self, value: f64, n: u64, notation: Notation) -> String {
        let bare = self.value(value, n, notation);
        match self {
            Self::Number { unit, .. } if !unit.is_empty() => format!("{bare} {unit}"),
            _ => bare,
        }
    }

    /// A range as tables write it: `584 – 638`, with thin no-break spaces around the dash.
    #[must_use]
    pub fn range(&self, lower: f64, upper: f64, n: u64, notation: Notation) -> String {
        format!("{}\u{202f}–\u{202f}{}", self.value(lower, n, notation), self.value(upper, n, notation))
    }

    /// The size of a difference between two values, without a word for its unit: `6` (percentage points), `12` (minutes).
    #[must_use]
    pub fn difference(&self, difference: f64, n: u64, notation: Notation) -> String {
        let size = difference.abs();
        match self {
            Self::Percentage => notation.decimal(size * 100.0, usize::from(n >= DENOMINATOR_FOR_DECIMAL_PERCENTAGE)),
            Self::Number { decimals, .. } => notation.decimal(size, *decimals),
        }
    }
}

impl Notation {
    /// `1.234,5`
    pub const DUTCH: Self = Self { decimal_mark: ',', thousands_mark: '.' };

    /// A decimal number: `1.234,5`, `0,8`, `−3,2`. Rounds half away from zero on the shortest decimal
    /// representation (decision 30). A value that is not finite is a bug in the caller and is written as `?`.
    #[must_use]
    pub fn decimal(self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return "?".to_owned();
        }
        let rounded = round_decimal(&format!("{}", value.abs()), decimals);
        let (whole, fraction) = rounded.split_once('.').unwrap_or((rounded.as_str(), ""));
        let mut text = String::new();
        if value < 0.0 && rounded.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
            text.push('\u{2212}');
        }
        self.push_grouped(&mut text, whole);
        if decimals > 0 {
            text.push(self.decimal_mark);
            text.push_str(fraction);
        }
        text
    }

    /// A whole number: `1.234`, `999`.
    #[must_use]
    pub fn count(self, value: u64) -> String {
        let digits = value.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        self.push_grouped(&mut text, &digits);
        text
    }

    /// A share between 0 and 1 as a percentage: `45,6%`.
    #[must_use]
    pub fn percentage(self, share: f64, decimals: usize) -> String {
        // Shifting the decimal point in the text keeps 0.285 from becoming 28.499999….
        let shifted = format!("{share:.12}").parse::<f64>().unwrap_or(share) * 100.0;
        let shifted = format!("{shifted:.9}").parse::<f64>().unwrap_or(shifted);
        format!("{}%", self.decimal(shifted, decimals))
    }

    fn push_grouped(self, text: &mut String, digits: &str) {
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(self.thousands_mark);
            }
            text.push(digit);
        }
    }
}

/// A decimal number in Dutch: `1.234,5`, `0,8`, `−3,2`; see [`Notation::decimal`].
#[must_use]
pub fn decimal(value: f64, decimals: usize) -> String {
    Notation::DUTCH.decimal(value, decimals)
}

/// A whole number in Dutch: `1.234`, `999`.
#[must_use]
pub fn count(value: u64) -> String {
    Notation::DUTCH.count(value)
}

/// A share between 0 and 1 as a percentage in Dutch: `45,6%`.
#[must_use]
pub fn percentage(share: f64, decimals: usize) -> String {
    Notation::DUTCH.percentage(share, decimals)
}

/// `15 juni 2026`.
#[must_use]
pub fn date_long(date: NaiveDate) -> String {
    let month = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    format!("{} {month} {}", date.day(), date.year())
}

/// The text with its first letter as a capital.
#[must_use]
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// Rounds a plain decimal text (`1234.5678`) half away from zero.
fn round_decimal(text: &str, decimals: usize) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut digits: Vec<u8> = whole.bytes().map(|digit| digit - b'0').collect();
    let mut places: Vec<u8> = fraction.bytes().map(|digit| digit - b'0').collect();
    let up = places.get(decimals).is_some_and(|digit| *digit >= 5);
    places.resize(decimals, 0);
    if up {
        let mut carry = true;
        for digit in places.iter_mut().rev().chain(digits.iter_mut().rev()) {
            if !carry {
                break;
            }
            *digit += 1;
            carry = *digit == 10;
            if carry {
                *digit = 0;
            }
        }
        if carry {
            digits.insert(0, 1);
        }
    }
    let text = |digits: &[u8]| digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
    if decimals == 0 { text(&digits) } else { format!("{}.{}", text(&digits), text(&places)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_the_dutch_way() {
        assert_eq!(decimal(1234.5, 1), "1.234,5");
        assert_eq!(decimal(0.8, 1), "0,8");
        assert_eq!(decimal(-3.25, 1), "−3,3");
        assert_eq!(decimal(-0.04, 1), "0,0");
        assert_eq!(decimal(999.5, 0), "1.000");
        assert_eq!(decimal(1.005, 2), "1,01");
        assert_eq!(count(1_234_567), "1.234.567");
        assert_eq!(percentage(0.285, 0), "29%");
        assert_eq!(percentage(0.4555, 1), "45,6%");
        assert_eq!(ValueFormat::Percentage.value(0.4555, 199, Notation::DUTCH), "46%");
        assert_eq!(ValueFormat::Percentage.difference(-0.062, 50, Notation::DUTCH), "6");
    }

    #[test]
    fn numbers_are_written_the_english_way() {
        let english = Notation { decimal_mark: '.', thousands_mark: ',' };
        assert_eq!(english.decimal(-1234.56, 1), "−1,234.6");
        assert_eq!(english.count(1_234_567), "1,234,567");
        assert_eq!(english.percentage(0.4555, 1), "45.6%");
        assert_eq!(ValueFormat::Percentage.value(0.4555, 200, english), "45.6%");
    }
}
