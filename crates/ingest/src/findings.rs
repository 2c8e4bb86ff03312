//! Findings as they arise: the rule file says what a code does, says and advises. They are kept small, and become words only
//! when they are written: a file with a finding in every row must not need more memory than the file itself.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use spiegel_model::{Consequence, Finding, RefusalReason, Rule, RuleOutcome, RuleSet};

use crate::error::Error;
use crate::spelling::column_letter;
use crate::words::Words;

/// Where a finding is.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place<'a> {
    /// File within the submission.
    pub(crate) file: &'a str,
    /// Sheet of a workbook; empty for other files.
    pub(crate) sheet: &'a str,
    /// Row of the file, its first line being row 1.
    pub(crate) row: Option<u64>,
    /// Place in the file, from 0, and header.
    pub(crate) column: Option<(usize, &'a str)>,
    /// Header of a column that is not there.
    pub(crate) missing: &'a str,
    /// The provider's own key of the row.
    pub(crate) key: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) fn file(file: &'a str) -> Self {
        Self { file, ..Self::default() }
    }

    pub(crate) fn row(file: &'a str, row: u32) -> Self {
        Self { file, row: Some(u64::from(row)), ..Self::default() }
    }
}

/// Name of the slot whose text is the provider's own value.
const VALUE: &str = "value";

/// A finding without its words: which rule, where, and where in `Findings::texts` its slots are.
#[derive(Clone, Copy)]
struct Raised {
    rule: u16,
    consequence: Consequence,
    file: u32,
    sheet: u32,
    header: u32,
    /// From 1; 0 for the file as a whole.
    row: u32,
    /// From 1; 0 for the row as a whole.
    column: u32,
    texts: u64,
}

/// The findings of one submission.
pub(crate) struct Findings<'a> {
    rules: Vec<&'a Rule>,
    places: HashMap<&'a str, u16>,
    raised: Vec<Raised>,
    /// Key and slots of every finding: a name byte, a length, the text.
    texts: Vec<u8>,
    slot_names: Vec<String>,
    /// Names of files, sheets and headers, each once.
    names: Vec<String>,
    name_places: HashMap<String, u32>,
    /// File and sheet behind a name that stands for both.
    sheets: BTreeMap<String, (String, String)>,
    checked: Vec<u64>,
    found: Vec<u64>,
    /// First refusing finding.
    pub(crate) refusal: Option<RefusalReason>,
    unknown: BTreeSet<String>,
    /// Names of files that hold personal data, with the names that stand for them (E608).
    concealed: Vec<(String, String)>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(rules: &'a RuleSet) -> Self {
        let rules: Vec<&Rule> = rules.rules.iter().collect();
        Self {
            places: rules.iter().enumerate().map(|(place, rule)| (rule.code.as_str(), place as u16)).collect(),
            raised: Vec::new(),
            texts: Vec::new(),
            slot_names: Vec::new(),
            names: vec![String::new()],
            name_places: HashMap::from([(String::new(), 0)]),
            sheets: BTreeMap::new(),
            checked: vec![0; rules.len()],
            found: vec![0; rules.len()],
            refusal: None,
            unknown: BTreeSet::new(),
            concealed: Vec::new(),
            rules,
        }
    }

    /// One name for a sheet of a workbook: findings under it name file and sheet.
    pub(crate) fn name_sheet(&mut self, file: &str, sheet: &str) -> String {
        let name = format!("{file} blad \"{sheet}\"");
        self.sheets.insert(name.clone(), (file.to_owned(), sheet.to_owned()));
        name
    }

    /// True when a name stands for a sheet of a workbook.
    pub(crate) fn is_sheet(&self, name: &str) -> bool {
        self.sheets.contains_key(name)
    }

    /// Notes how many rows, cells or files a rule was applied to, whatever it found.
    pub(crate) fn checked(&mut self, code: &str, count: u64) {
        if let Some(place) = self.places.get(code) {
            self.checked[usize::from(*place)] += count;
        }
    }

    /// Adds a finding; the answer is what it does.
    pub(crate) fn raise(&mut self, code: &str, place: Place<'_>, slots: &[(&str, &str)]) -> Consequence {
        self.raise_as(code, place, slots, None)
    }

    /// As [`Self::raise`], but it refuses, whatever the rule does to a single row.
    pub(crate) fn raise_refusing(&mut self, code: &str, place: Place<'_>, slots: &[(&str, &str)]) -> Consequence {
        self.raise_as(code, place, slots, Some(Consequence::Refuse))
    }

    /// As [`Self::raise`]; emptying a value that a row cannot do without quarantines the row.
    pub(crate) fn raise_at_least(&mut self, code: &str, place: Place<'_>, slots: &[(&str, &str)], essential: bool) -> Consequence {
        let said = self.places.get(code).map(|at| self.rules[usize::from(*at)].consequence);
        let consequence = said.filter(|said| essential && *said == Consequence::Empty).map(|_| Consequence::Quarantine);
        self.raise_as(code, place, slots, consequence)
    }

    /// As [`Self::raise`], with this consequence instead of the rule's: where the catalogue gives one code two.
    pub(crate) fn raise_as(&mut self, code: &str, place: Place<'_>, slots: &[(&str, &str)], consequence: Option<Consequence>) -> Consequence {
        let Some(at) = self.places.get(code).copied() else {
            self.unknown.insert(code.to_owned());
            return Consequence::Refuse;
        };
        let rule = self.rules[usize::from(at)];
        let consequence = consequence.unwrap_or(rule.consequence);
        if consequence == Consequence::Refuse && self.refusal.is_none() {
            self.refusal = Some(RefusalReason { code: code.to_owned(), title: rule.title.clone() });
        }
        self.found[usize::from(at)] += 1;
        let texts = self.texts.len() as u64;
        self.push_text(u8::MAX, place.key);
        for (name, text) in slots {
            let slot = self.slot_names.iter().position(|known| known == name).unwrap_or_else(|| {
                self.slot_names.push((*name).to_owned());
                self.slot_names.len() - 1
            });
            self.push_text(slot as u8, text);
        }
        let (column, header) = place.column.map_or((0, place.missing), |(column, header)| (column as u32 + 1, header));
        let last = self.raised.last().map_or((0, 0), |last| (last.file, last.header));
        let raised = Raised {
            rule: at,
            consequence,
            file: self.name(place.file, last.0),
            sheet: self.name(place.sheet, 0),
            header: self.name(header, last.1),
            row: place.row.unwrap_or(0) as u32,
            column,
            texts,
        };
        self.raised.push(raised);
        consequence
    }

    fn push_text(&mut self, slot: u8, text: &str) {
        self.texts.push(slot);
        self.texts.extend_from_slice(&(text.len() as u32).to_le_bytes());
        self.texts.extend_from_slice(text.as_bytes());
    }

    /// Place of a name; it is probably the one at this place.
    fn name(&mut self, name: &str, probably: u32) -> u32 {
        if self.names.get(probably as usize).is_some_and(|known| known == name) {
            return probably;
        }
        if let Some(place) = self.name_places.get(name) {
            return *place;
        }
        let place = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.name_places.insert(name.to_owned(), place);
        place
    }

    /// Key and slots of a finding.
    fn texts_of(&self, place: usize) -> (&str, Vec<(&str, &str)>) {
        let start = self.raised[place].texts as usize;
        let end = self.raised.get(place + 1).map_or(self.texts.len(), |next| next.texts as usize);
        let (mut key, mut slots, mut at) = ("", Vec::new(), start);
        while at + 5 <= end {
            let length = u32::from_le_bytes([self.texts[at + 1], self.texts[at + 2], self.texts[at + 3], self.texts[at + 4]]) as usize;
            let text = std::str::from_utf8(&self.texts[at + 5..at + 5 + length]).unwrap_or_default();
            match self.slot_names.get(usize::from(self.texts[at])) {
                Some(name) => slots.push((name.as_str(), text)),
                None => key = text,
            }
            at += 5 + length;
        }
        (key, slots)
    }

    /// A finding in words.
    fn words(&self, place: usize) -> Words<'_> {
        let raised = &self.raised[place];
        let rule = self.rules[usize::from(raised.rule)];
        let (key, slots) = self.texts_of(place);
        // A privacy finding shows column and count only (submission.md 3.6).
        let private = is_private(&rule.code);
        let value = slots.iter().find(|(name, _)| *name == VALUE && raised.column > 0 && raised.row > 0 && !private);
        let file = &self.names[raised.file as usize];
        let (file, sheet) = self.sheets.get(file).map_or((file, &self.names[raised.sheet as usize]), |(file, sheet)| (file, sheet));
        Words {
            code: Cow::Borrowed(&rule.code),
            consequence: raised.consequence,
            file: self.shown(Cow::Borrowed(file)),
            sheet: self.shown(Cow::Borrowed(sheet)),
            row: (raised.row > 0).then_some(u64::from(raised.row)),
            column: if raised.column == 0 { Cow::Borrowed("") } else { Cow::Owned(column_letter(raised.column as usize - 1)) },
            header: Cow::Borrowed(&self.names[raised.header as usize]),
            key: Cow::Borrowed(if private { "" } else { key }),
            value: Cow::Borrowed(value.map_or("", |(_, value)| *value)),
            message: self.shown(fill(&rule.message, &slots)),
            remedy: self.shown(fill(&rule.remedy, &slots)),
            queried: false,
        }
    }

    /// A text without the names that are concealed.
    fn shown<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        self.concealed.iter().fold(text, |text, (name, other)| if text.contains(name.as_str()) { Cow::Owned(text.replace(name, other)) } else { text })
    }

    /// From now on, and in what was raised before, this name reads as the other one.
    pub(crate) fn conceal(&mut self, name: &str, other: &str) {
        self.concealed.push((name.to_owned(), other.to_owned()));
    }

    /// All findings in words, one after another: by the order of the files and by row, whole files first, in the order in
    /// which they arose otherwise.
    pub(crate) fn in_words(&self, files: &[&str]) -> impl Iterator<Item = Words<'_>> {
        let rank = |name: &String| files.iter().position(|file| **file == self.shown(Cow::Borrowed(name))).map_or(0, |place| place + 1);
        let ranks: Vec<usize> = self.names.iter().map(rank).collect();
        let mut order: Vec<u32> = (0..self.raised.len() as u32).collect();
        order.sort_by_key(|place| {
            let raised = &self.raised[*place as usize];
            (ranks[raised.file as usize], raised.row)
        });
        order.into_iter().map(|place| self.words(place as usize))
    }

    /// As [`Self::in_words`], to keep.
    pub(crate) fn sorted(&self, files: &[&str]) -> impl Iterator<Item = Finding> {
        self.in_words(files).map(Words::into_finding)
    }

    /// Fails when a code was raised that has no rule.
    pub(crate) fn all_known(&self) -> Result<(), Error> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let mistakes = self.unknown.iter().map(|code| format!("{code} is raised but has no rule")).collect();
        Err(Error::Pipeline { path: PathBuf::from("checks/rules.toml"), mistakes })
    }

    /// Findings per code.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.rules.iter().zip(&self.found).filter(|(_, found)| **found > 0).map(|(rule, found)| (rule.code.clone(), *found)).collect()
    }

    /// What became of every rule that reading itself applies, in the order of their codes' file.
    pub(crate) fn outcomes(&self) -> Vec<RuleOutcome> {
        let counted = self.rules.iter().zip(self.checked.iter().zip(&self.found)).filter(|(rule, _)| rule.query.is_none());
        // What refuses a submission has failed by one.
        let threshold = |rule: &Rule| rule.threshold.or((rule.consequence == Consequence::Refuse).then_some(0.0));
        counted.map(|(rule, (checked, found))| RuleOutcome::judge(&rule.code, (*checked).max(*found), *found, threshold(rule))).collect()
    }

    /// True when personal data was found that refuses the submission.
    pub(crate) fn refused_for_privacy(&self) -> bool {
        self.raised.iter().any(|raised| raised.consequence == Consequence::Refuse && is_private(&self.rules[usize::from(raised.rule)].code))
    }

    /// True when something was found that is more than information.
    pub(crate) fn has_remarks(&self) -> bool {
        self.raised.iter().any(|raised| raised.consequence < Consequence::Inform)
    }

    /// True when a code was raised.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.places.get(code).is_some_and(|at| self.found[usize::from(*at)] > 0)
    }

    /// Keeps only findings of these codes, without values: the others may quote what nobody may see (decision 15, E503).
    pub(crate) fn keep(&mut self, wanted: fn(&str) -> bool) {
        let fresh = Self { rules: self.rules.clone(), places: self.places.clone(), concealed: self.concealed.clone(), sheets: self.sheets.clone(), ..Self::new(&NO_RULES) };
        let kept = std::mem::replace(self, fresh);
        self.checked = vec![0; self.rules.len()];
        self.found = vec![0; self.rules.len()];
        for (place, raised) in kept.raised.iter().enumerate() {
            let code = kept.rules[usize::from(raised.rule)].code.as_str();
            if wanted(code) {
                let name = |name: u32| kept.names[name as usize].as_str();
                let column = (raised.column > 0).then(|| (raised.column as usize - 1, name(raised.header)));
                // Column and count only, and words of our own.
                let count: Vec<(&str, &str)> = kept.texts_of(place).1.into_iter().filter(|(slot, _)| ["count", "hint"].contains(slot)).collect();
                self.raise_as(code, Place { sheet: name(raised.sheet), column, ..Place::file(name(raised.file)) }, &count, Some(raised.consequence));
            }
        }
    }
}

/// For findings that are begun anew.
static NO_RULES: RuleSet = RuleSet { rules: Vec::new(), instruments: spiegel_model::InstrumentSet { instruments: Vec::new() } };

/// Codes of submission.md 3.6: E601 to E609, and W740.
pub(crate) fn is_private(code: &str) -> bool {
    code.starts_with("E60") || code == "W740"
}
/// Longest value that a message quotes; more is cut off.
const QUOTED_CHARACTERS: usize = 60;

/// A value of the provider as a message quotes it: without control characters and not too long.
pub(crate) fn quoted(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value);
    let mut out: String = text.chars().take(QUOTED_CHARACTERS).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().nth(QUOTED_CHARACTERS).is_some() {
        out.push('…');
    }
    out
}

/// Fills `{slots}` in one pass, so that a value with braces stays a value.
pub(crate) fn fill<'t>(template: &'t str, slots: &[(&str, &str)]) -> Cow<'t, str> {
    if !template.contains('{') {
        return Cow::Borrowed(template);
    }
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let slot = rest.find('}').and_then(|close| {
            let name = &rest[1..close];
            slots.iter().find(|(slot, _)| *slot == name).map(|(_, value)| (close, *value))
        });
        match slot {
            Some((close, value)) => {
                out.push_str(value);
                rest = &rest[close + 1..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_braces_are_not_filled_again() {
        assert_eq!(fill("{value} is geen {expected}.", &[("value", "{expected}"), ("expected", "datum")]), "{expected} is geen datum.");
    }
}
