//! The words of generated sentences, as data: `pipelines/texts/<language>.toml`. Which sentence is said follows by rule in `assemble`; what
//! it says stands in that file, with named slots, for one reader or for a group, for one or for many.

mod declared;
mod template;

use std::fmt::Display;
use std::fs;
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use spiegel_model::{DefinitionError, Notation, Range, UnitWords, ValueFormat};

use crate::assemble::Voice;
use crate::lines;
use declared::{DECLARED, Key};
use template::Text;

/// Folder of the texts beside the folders of the pipelines.
const FOLDER: &str = "texts";
/// The texts as they were when the program was built, for a pipeline that lies elsewhere.
const BUILT_IN: [(&str, &str); 2] =
    [("nl", include_str!("../../../../pipelines/texts/nl.toml")), ("en", include_str!("../../../../pipelines/texts/en.toml"))];
/// Months in a year, and the words for none to twelve.
const MONTHS: usize = 12;
const NUMERALS: usize = 13;
/// What a language file has besides its texts: the marks in numbers, and lists of words.
const MARKS: [&str; 2] = ["decimal", "thousands"];
const LISTS: [&str; 3] = ["months", "numerals", "address"];

/// All words of one language, checked.
#[derive(Debug, Clone)]
pub struct Texts {
    texts: Vec<Text>,
    notation: Notation,
    months: Vec<String>,
    numerals: Vec<String>,
    address: Vec<String>,
    source: String,
}

/// The words for one reader: the texts of a language in a voice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'a> {
    texts: &'a Texts,
    voice: Voice,
}

/// The words of the workbook with the overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkbookWords {
    /// Names of its sheets: how to read it, providers, what stands out, what chance gives.
    pub sheets: [String; 4],
    /// Heads of the providers: code, name, what each receives, how much there is to discuss, and the four kinds of that.
    pub providers: [String; 8],
    /// Heads of what stands out: code, name, topic, n, value, expected, place.
    pub remarkable: [String; 7],
    /// Heads of what chance gives: topic, compared, outside the 95 % limits and expected there, the same of the 99.8 % limits.
    pub expected: [String; 6],
}

impl Texts {
    /// Loads `<folder>/../texts/<language>.toml`, or else what was built in, where the folder is that of a pipeline. None with mistakes.
    ///
    /// # Errors
    /// All mistakes with file and line: no such language, keys that are missing or unknown, slots that nothing fills.
    pub fn load(folder: &Path, language: &str) -> Result<Self, Vec<DefinitionError>> {
        let name = format!("{FOLDER}/{language}.toml");
        // A tag is a name of a file here and nothing else.
        let is_tag = !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let beside = folder.join("..").join(&name);
        let text = match fs::read_to_string(&beside) {
            Ok(text) if is_tag => text,
            _ => match BUILT_IN.iter().find(|(tag, _)| *tag == language) {
                Some((_, text)) => (*text).to_owned(),
                None => {
                    let built_in: Vec<&str> = BUILT_IN.iter().map(|(tag, _)| *tag).collect();
                    let message = format!("`language = \"{language}\"`: there is no pipelines/{name}; copy {FOLDER}/en.toml and translate it, or choose of {}", built_in.join(", "));
                    return Err(vec![DefinitionError { file: "pipeline.toml".to_owned(), message }]);
                }
            },
        };
        Self::parse(&name, text)
    }

    /// Reads a language file.
    ///
    /// # Errors
    /// All mistakes with their lines.
    pub fn parse(file: &str, source: String) -> Result<Self, Vec<DefinitionError>> {
        let table: toml::Table = match toml::from_str(&source) {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map(|span| lines::line_at(&source, span.start));
                return Err(vec![DefinitionError::at(file, line, error.message().to_owned())]);
            }
        };
        let mut mistakes = Vec::new();
        let mut wrong = |key: &str, message: String| mistakes.push(DefinitionError::at(file, lines::line_of_key(&source, key), message));
        for key in table.keys() {
            let known = MARKS.contains(&key.as_str()) || LISTS.contains(&key.as_str()) || DECLARED.iter().any(|(name, _)| name == key);
            if !known {
                wrong(key, format!("unknown text `{key}`{}", nearest(key)));
            }
        }
        let mut texts = Vec::with_capacity(DECLARED.len());
        for (key, slots) in DECLARED {
            match table.get(*key).map(|value| Text::read(value, slots)) {
                Some(Ok(text)) => texts.push(text),
                Some(Err(message)) => wrong(key, format!("`{key}`: {message}")),
                None => wrong(key, format!("the text `{key}` is missing; its slots are {}", slot_names(slots))),
            }
        }
        let mut mark = |key: &str| match table.get(key).and_then(toml::Value::as_str).map(|text| text.chars().collect::<Vec<char>>()).as_deref() {
            Some([one]) => *one,
            _ => {
                wrong(key, format!("`{key}` must be one character"));
                ' '
            }
        };
        let (decimal_mark, thousands_mark) = (mark(MARKS[0]), mark(MARKS[1]));
        let mut list = |key: &str, length: Option<usize>| -> Vec<String> {
            let words = table.get(key).and_then(toml::Value::as_array).map(|words| words.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect::<Vec<String>>());
            let words = words.unwrap_or_default();
            if words.is_empty() || length.is_some_and(|length| length != words.len()) {
                wrong(key, format!("`{key}` must be a list of {} words", length.map_or("one or more".to_owned(), |length| length.to_string())));
            }
            words
        };
        let (months, numerals, address) = (list(LISTS[0], Some(MONTHS)), list(LISTS[1], Some(NUMERALS)), list(LISTS[2], None));
        if mistakes.is_empty() {
            Ok(Self { texts, notation: Notation { decimal_mark, thousands_mark }, months, numerals, address, source })
        } else {
            Err(mistakes)
        }
    }

    /// Everything that was read, for what results follow from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The marks in numbers.
    #[must_use]
    pub fn notation(&self) -> Notation {
        self.notation
    }

    /// Whether a text speaks to the reader: one of the words of `address`, in capitals or not.
    pub(crate) fn addresses_the_reader(&self, text: &str) -> bool {
        let is_address = |word: &str| self.address.contains(&word.to_lowercase());
        text.split(|letter: char| !letter.is_alphanumeric()).any(is_address)
    }

    /// The words that speak to the reader, for a message: "`u` or `uw`".
    pub(crate) fn address_words(&self) -> String {
        self.address.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
    }

    /// The words for figures of one provider, or of a group.
    pub(crate) fn to(&self, voice: Voice) -> Words<'_> {
        Words { texts: self, voice }
    }

    /// The words of the workbook with the overview.
    #[must_use]
    pub fn workbook(&self) -> WorkbookWords {
        let words = self.to(Voice::You);
        WorkbookWords {
            sheets: [words.sheet_read_me(), words.sheet_providers(), words.sheet_out(), words.sheet_expected()],
            providers: [
                words.head_code_of(),
                words.head_name(),
                words.head_receives(),
                words.head_to_discuss(),
                words.head_held(),
                words.head_out(),
                words.head_data(),
                words.head_changed(),
            ],
            remarkable: [
                words.head_code_of(),
                words.head_name(),
                words.head_topic(),
                words.head_n(),
                words.head_value(),
                words.head_expected(),
                words.head_position(),
            ],
            expected: [
                words.head_topic(),
                words.head_compared(),
                words.head_outside(),
                words.head_expected(),
                words.head_far_outside(),
                words.head_expected(),
            ],
        }
    }

    /// The six headings of `text.<language>.md`, in order.
    pub(crate) fn headings(&self) -> [String; 6] {
        let words = self.to(Voice::You);
        [words.heading_what(), words.heading_why(), words.heading_reading(), words.heading_higher(), words.heading_lower(), words.heading_within()]
    }

    /// Names of files and documents that the command gives: see the keys `file_…`.
    #[must_use]
    pub fn file_of_report(&self) -> String {
        self.to(Voice::You).file_report()
    }

    /// The name of the sheet of a provider under the minimum.
    #[must_use]
    pub fn file_of_sheet(&self) -> String {
        self.to(Voice::You).file_sheet()
    }
}

/// A hint to the text that was meant: one that begins alike.
fn nearest(key: &str) -> String {
    let start = key.split('_').next().unwrap_or(key);
    let alike: Vec<&str> = DECLARED.iter().map(|(name, _)| *name).filter(|name| name.split('_').next() == Some(start)).collect();
    if alike.is_empty() { String::new() } else { format!("; there are {}", alike.join(", ")) }
}

fn slot_names(slots: &[&str]) -> String {
    if slots.is_empty() { "none".to_owned() } else { slots.iter().map(|slot| format!("{{{slot}}}")).collect::<Vec<_>>().join(", ") }
}

impl Words<'_> {
    /// The text of a key for this voice, filled.
    fn fill(self, key: Key, slots: &[&dyn Display]) -> String {
        self.texts.texts.get(key as usize).map_or_else(String::new, |text| text.fill(self.voice, slots))
    }

    /// Who is spoken of.
    pub(crate) fn voice(self) -> Voice {
        self.voice
    }

    /// `1.234,5`.
    pub(crate) fn decimal(self, value: f64, decimals: usize) -> String {
        self.texts.notation.decimal(value, decimals)
    }

    /// `1.234`.
    pub(crate) fn count(self, value: u64) -> String {
        self.texts.notation.count(value)
    }

    /// `45,6%`.
    pub(crate) fn percentage(self, share: f64, decimals: usize) -> String {
        self.texts.notation.percentage(share, decimals)
    }

    /// The bare value.
    pub(crate) fn value(self, format: &ValueFormat, value: f64, n: u64) -> String {
        format.value(value, n, self.texts.notation)
    }

    /// The value with its unit.
    pub(crate) fn value_with_unit(self, format: &ValueFormat, value: f64, n: u64) -> String {
        format.value_with_unit(value, n, self.texts.notation)
    }

    /// A range as tables write it.
    pub(crate) fn range(self, format: &ValueFormat, lower: f64, upper: f64, n: u64) -> String {
        format.range(lower, upper, n, self.texts.notation)
    }

    /// A range as sentences write it: `584 tot 638`.
    pub(crate) fn range_in_words(self, format: &ValueFormat, lower: f64, upper: f64, n: u64) -> String {
        self.range_between(self.value(format, lower, n), self.value(format, upper, n))
    }

    /// The same with the unit behind it: `584 tot 638 minuten`.
    pub(crate) fn range_with_unit(self, format: &ValueFormat, lower: f64, upper: f64, n: u64) -> String {
        self.range_between(self.value(format, lower, n), self.value_with_unit(format, upper, n))
    }

    /// An interval after a value of `n` units, in brackets; empty without one.
    pub(crate) fn interval_after(self, format: &ValueFormat, interval: Option<Range>, n: u64) -> String {
        interval.map_or_else(String::new, |Range { lower, upper }| {
            self.interval_in_brackets(self.range_in_words(format, lower, upper, n), self.range_with_unit(format, lower, upper, n))
        })
    }

    /// The size of a difference with its unit: `6 procentpunt`, `12 minuten`.
    pub(crate) fn difference(self, format: &ValueFormat, difference: f64, n: u64) -> String {
        let size = format.difference(difference, n, self.texts.notation);
        match format {
            ValueFormat::Percentage => self.difference_percentage(size),
            ValueFormat::Number { unit, .. } if unit.is_empty() => self.difference_bare(size),
            ValueFormat::Number { unit, .. } => format!("{size} {unit}"),
        }
    }

    /// `1 traject`, `2 trajecten`.
    pub(crate) fn counted(self, unit: &UnitWords, n: u64) -> String {
        unit.counted(n, self.texts.notation)
    }

    /// `a, b en c`.
    pub(crate) fn listed(self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [first @ .., last] => self.list_last(first.join(", "), last),
        }
    }

    /// Numbers up to twelve as a word (`drie`), larger ones as digits.
    pub(crate) fn numeral(self, value: usize) -> String {
        self.texts.numerals.get(value).map_or_else(|| self.count(value as u64), Clone::clone)
    }

    /// `15 juni 2026`.
    pub(crate) fn long_date(self, date: NaiveDate) -> String {
        let month = self.texts.months.get(date.month0() as usize).map_or("", String::as_str);
        self.date_long(date.day(), month, date.year())
    }

    /// `15-06-2026`.
    pub(crate) fn short_date(self, date: NaiveDate) -> String {
        let month = self.texts.months.get(date.month0() as usize).map_or("", String::as_str);
        self.date_short(date.day(), format_args!("{:02}", date.day()), format_args!("{:02}", date.month()), month, date.year())
    }
}

/// Dutch, as it was built in, for tests of what says it.
#[cfg(test)]
pub(crate) fn dutch() -> Texts {
    built_in("nl")
}

/// A language as it was built in.
#[cfg(test)]
pub(crate) fn built_in(language: &str) -> Texts {
    let (_, text) = BUILT_IN.iter().find(|(tag, _)| *tag == language).unwrap();
    Texts::parse(language, (*text).to_owned()).unwrap()
}

#[cfg(test)]
mod tests;
