//! Types a column as a whole: what its cells prove together decides how each is read, and the evidence is reported.
//! One file for all types, with their tests, because they share one walk over the cells, its faults and its notices.

use std::cell::LazyCell;

use spiegel_model::{ColumnSchema, ColumnType};

use crate::dates::{self, Cell, NOTATIONS, Notation, days_from_civil};
use crate::numbers::{self, Evidence, Shape};
use crate::register::{ProviderRegister, is_agb, padded};
use crate::rows::RawColumn;
use crate::spelling::{canonical, is_deceiving};
use crate::values::{TypedColumn, Values};

/// Tokens that mean "no value" in every column (N823), in lower case.
const MISSING: [&[u8]; 8] = [b"leeg", b"-", b"n.v.t.", b"nvt", b"na", b"null", b"#n/b", b"n/a"];
/// A value outside the range of its column, unless the column has a code of its own for that.
pub(crate) const OUT_OF_RANGE: &str = "E220";
const LONGEST_MISSING: usize = 6;

/// A typed column with what was found on the way.
pub(crate) struct Typing {
    pub(crate) column: TypedColumn,
    /// Row and code, ascending by row.
    pub(crate) faults: Vec<(u32, &'static str)>,
    /// Findings about the column as a whole: code and number of cells.
    pub(crate) notices: Vec<(&'static str, u64)>,
    /// How cells were read, in Dutch, most usual first: `811x jjjj-mm-dd`.
    pub(crate) evidence: Vec<String>,
    /// Dates written as dd/mm/jjjj that nothing in the column proves to begin with the day: row, and the day when they begin
    /// with the month (E203).
    pub(crate) month_first: Vec<(u32, i32)>,
    /// Some date proves that the day comes first.
    pub(crate) day_first: bool,
    /// What the column as a whole shows about the times in it (E209).
    pub(crate) hint: &'static str,
}

/// What the reader needs besides the column.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'a> {
    /// First day that certainly lies in the future (E303); None when no year is known.
    pub(crate) future: Option<i32>,
    /// Identifies rows or clients: nothing that a spreadsheet would run as a formula (E214).
    pub(crate) identifier: bool,
    /// Tokens that the sender declares to mean "no value" in this column (N823), in lower case.
    pub(crate) missing: &'a [String],
    /// Where codes of providers that lost their zeros are looked up (N826).
    pub(crate) register: Option<&'a ProviderRegister>,
}

/// Types a column.
pub(crate) fn type_column(raw: &RawColumn, schema: &ColumnSchema, settings: Settings<'_>) -> Typing {
    let mut reading = Reading::new(raw, schema, settings.missing);
    let values = match schema.kind {
        ColumnType::Text if schema.provider_code => reading.provider_codes(settings.register),
        ColumnType::Text => reading.text(settings.identifier),
        ColumnType::Code => reading.codes(),
        ColumnType::Boolean => reading.booleans(),
        ColumnType::Date => reading.dates(settings.future),
        ColumnType::Period => reading.periods(),
        ColumnType::Integer => reading.integers(),
        ColumnType::Decimal => reading.decimals(),
    };
    let Reading { valid, mut faults, mut notices, evidence, missing, month_first, day_first, hint, .. } = reading;
    if missing > 0 {
        notices.push(("N823", missing));
    }
    faults.sort_unstable_by_key(|(row, _)| *row);
    Typing { column: TypedColumn { values, valid }, faults, notices, evidence, month_first, day_first, hint }
}

struct Reading<'a> {
    raw: &'a RawColumn,
    schema: &'a ColumnSchema,
    own_missing: Vec<Vec<u8>>,
    /// The sender declares tokens, which may look like values: 999.
    declares_missing: bool,
    longest_missing: usize,
    /// First bytes of all tokens, in both cases: most cells are settled by one look.
    starts_missing: [bool; 256],
    valid: Vec<bool>,
    faults: Vec<(u32, &'static str)>,
    notices: Vec<(&'static str, u64)>,
    evidence: Vec<String>,
    missing: u64,
    month_first: Vec<(u32, i32)>,
    day_first: bool,
    hint: &'static str,
}

impl<'a> Reading<'a> {
    fn new(raw: &'a RawColumn, schema: &'a ColumnSchema, declared: &[String]) -> Self {
        let own_missing: Vec<Vec<u8>> = schema.missing.iter().chain(declared).map(|token| token.to_lowercase().into_bytes()).collect();
        let longest_missing = own_missing.iter().map(Vec::len).max().unwrap_or(0).max(LONGEST_MISSING);
        let mut starts_missing = [false; 256];
        for first in MISSING.iter().copied().chain(own_missing.iter().map(Vec::as_slice)).filter_map(<[u8]>::first) {
            starts_missing[usize::from(first.to_ascii_lowercase())] = true;
            starts_missing[usize::from(first.to_ascii_uppercase())] = true;
        }
        let valid = vec![true; raw.offsets.len() - 1];
        Self {
            raw,
            schema,
            own_missing,
            declares_missing: !declared.is_empty(),
            longest_missing,
            starts_missing,
            valid,
            faults: Vec::new(),
            notices: Vec::new(),
            evidence: Vec::new(),
            missing: 0,
            month_first: Vec::new(),
            day_first: false,
            hint: "",
        }
    }

    /// Empties a cell that holds no value. Called for cells that are not plainly a value.
    fn is_missing(&mut self, row: usize, cell: &[u8]) -> bool {
        if cell.is_empty() {
            self.valid[row] = false;
            return true;
        }
        if cell.len() > self.longest_missing || !self.starts_missing[usize::from(cell[0])] {
            return false;
        }
        let same = |token: &[u8]| cell.eq_ignore_ascii_case(token);
        let found = MISSING.iter().any(|token| same(token)) || self.own_missing.iter().any(|token| same(token));
        if found {
            self.valid[row] = false;
            self.missing += 1;
        }
        found
    }

    /// As [`Self::is_missing`], for cells that are plainly a value unless the sender says otherwise.
    #[inline]
    fn is_declared_missing(&mut self, row: usize, cell: &[u8]) -> bool {
        self.declares_missing && self.is_missing(row, cell)
    }

    fn fault(&mut self, row: usize, code: &'static str) {
        self.valid[row] = false;
        self.faults.push((row as u32, code));
    }

    fn notice(&mut self, code: &'static str, count: u64) {
        if count > 0 {
            self.notices.push((code, count));
        }
    }

    fn text(&mut self, identifier: bool) -> Values {
        let raw = self.raw;
        let longest = self.schema.maximum_length.unwrap_or(usize::MAX);
        for (row, cell) in raw.cells().enumerate() {
            if self.is_missing(row, cell) {
                continue;
            }
            if identifier && let Some(code) = identifier_fault(cell) {
                self.fault(row, code);
            } else if cell.len() > longest && String::from_utf8_lossy(cell).chars().count() > longest {
                self.fault(row, "E220");
            }
        }
        Values::Text(raw.clone())
    }

    /// Codes of providers: zeros that a spreadsheet dropped are put back when the register knows the whole code.
    fn provider_codes(&mut self, register: Option<&ProviderRegister>) -> Values {
        let raw = self.raw;
        let mut out = RawColumn::with_capacity(self.valid.len());
        let mut restored = 0;
        for (row, cell) in raw.cells().enumerate() {
            if self.is_missing(row, cell) || is_agb(cell) {
                out.push(cell);
                continue;
            }
            match padded(cell).filter(|code| register.is_some_and(|register| register.knows(code))) {
                Some(code) => {
                    out.push(code.as_bytes());
                    restored += 1;
                }
                None => {
                    out.push(cell);
                    self.fault(row, "E501");
                }
            }
        }
        self.notice("N826", restored);
        Values::Text(out)
    }

    fn codes(&mut self) -> Values {
        let raw = self.raw;
        let codes = &self.schema.codes;
        // Most columns are spelled as the list is.
        let spellings = LazyCell::new(|| codes.iter().map(|code| canonical(code)).collect::<Vec<String>>());
        let mut out = vec![0u16; self.valid.len()];
        // The code that a cell with this last byte had before: most codes of a column differ in it.
        let mut last = [0usize; 256];
        let mut respelled = 0;
        for (row, cell) in raw.cells().enumerate() {
            if self.is_declared_missing(row, cell) {
                continue;
            }
            let last = &mut last[usize::from(cell.last().copied().unwrap_or_default())];
            if codes.get(*last).is_some_and(|code| code.as_bytes() == cell) {
                out[row] = *last as u16;
                continue;
            }
            if let Some(place) = codes.iter().position(|code| code.as_bytes() == cell) {
                *last = place;
                out[row] = place as u16;
                continue;
            }
            if cell.is_empty() {
                self.valid[row] = false;
                continue;
            }
            let spelling = canonical(&String::from_utf8_lossy(cell));
            // A number that a spreadsheet gave decimals or lost its leading zeros stays a finding: codes are no numbers.
            if let Some(place) = spellings.iter().position(|code| *code == spelling).filter(|_| !spelling.is_empty()) {
                respelled += 1;
                out[row] = place as u16;
            } else if !self.is_missing(row, cell) {
                self.fault(row, "E210");
            }
        }
        self.notice("N825", respelled);
        Values::Code(out)
    }

    fn booleans(&mut self) -> Values {
        let raw = self.raw;
        let mut out = vec![false; self.valid.len()];
        let mut respelled = 0;
        for (row, cell) in raw.cells().enumerate() {
            if self.is_declared_missing(row, cell) {
                continue;
            }
            match cell {
                b"ja" => out[row] = true,
                b"nee" => {}
                b"" => self.valid[row] = false,
                _ => match cell.to_ascii_lowercase().as_slice() {
                    b"ja" | b"j" | b"1" | b"true" | b"waar" => {
                        out[row] = true;
                        respelled += 1;
                    }
                    b"nee" | b"n" | b"0" | b"false" | b"onwaar" => respelled += 1,
                    _ => {
                        if !self.is_missing(row, cell) {
                            self.fault(row, "E210");
                        }
                    }
                },
            }
        }
        self.notice("N825", respelled);
        Values::Boolean(out)
    }

    fn dates(&mut self, future: Option<i32>) -> Values {
        let raw = self.raw;
        let mut out = vec![0i32; self.valid.len()];
        let mut counts = [0u64; NOTATIONS.len()];
        let mut day_first = 0u64;
        let mut month_first = Vec::new();
        let mut undecided = Vec::new();
        let earliest = self.schema.minimum.map_or(i32::MIN, |year| days_from_civil(year as i32, 1, 1));
        let latest = self.schema.maximum.map_or(i32::MAX, |year| days_from_civil(year as i32, 12, 31));
        let future = future.unwrap_or(i32::MAX);
        for (row, cell) in raw.cells().enumerate() {
            if self.is_declared_missing(row, cell) {
                continue;
            }
            match dates::read(cell) {
                Cell::Day { day, notation, day_first_proved } => {
                    counts[notation as usize] += 1;
                    day_first += u64::from(day_first_proved);
                    if notation == Notation::DayFirstSlash && !day_first_proved && let Some(other) = dates::swapped(day) {
                        undecided.push((row as u32, other));
                    }
                    out[row] = day;
                    if day < earliest || day > latest {
                        self.fault(row, "E304");
                    } else if day >= future {
                        self.fault(row, "E303");
                    }
                }
                Cell::MonthFirst => month_first.push(row),
                Cell::Sentinel => self.fault(row, "E205"),
                Cell::TwoDigitYear => self.fault(row, "E204"),
                Cell::Impossible => {
                    if !self.is_missing(row, cell) {
                        self.fault(row, "E201");
                    }
                }
            }
        }
        self.day_first = day_first > 0;
        if month_first.is_empty() && day_first == 0 {
            self.month_first = undecided;
        }
        // Decision 13: only proof of month first, and none of day first, refuses the column.
        if !month_first.is_empty() && day_first == 0 {
            self.notices.push(("E203", month_first.len() as u64));
        }
        month_first.into_iter().for_each(|row| self.fault(row, "E201"));
        self.date_evidence(&counts);
        Values::Date(out)
    }

    fn date_evidence(&mut self, counts: &[u64; NOTATIONS.len()]) {
        let mut used: Vec<(u64, Notation)> = counts.iter().copied().zip(NOTATIONS).filter(|(count, _)| *count > 0).collect();
        used.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let total = |wanted: &[Notation]| used.iter().filter(|(_, notation)| wanted.contains(notation)).map(|(count, _)| count).sum();
        use Notation::*;
        let (dutch, serial, with_time) = (total(&[DayFirst, DayFirstShort, DayFirstSlash, DayFirstDot, Compact]), total(&[Serial]), total(&[DateTime, OtherZone]));
        let other_zone: u64 = total(&[OtherZone]);
        // 1-3-2024 and 01-03-2024 are one notation with and without zeros.
        let kinds = used.iter().map(|(_, notation)| match notation {
            DayFirstShort => DayFirst,
            OtherZone => DateTime,
            other => *other,
        });
        let several = kinds.collect::<std::collections::BTreeSet<_>>().len() > 1;
        self.evidence.extend(used.iter().map(|(count, notation)| format!("{count}x {}", notation.dutch())));
        self.notice("N818", dutch);
        self.notice("N819", serial);
        self.notice("N820", with_time);
        self.notice("W709", other_zone);
        if several {
            let rare = used.iter().skip(1).map(|(count, _)| count).sum();
            self.notice("E202", rare);
        }
    }

    fn periods(&mut self) -> Values {
        let raw = self.raw;
        let mut out = vec![0i32; self.valid.len()];
        let mut last: (&[u8], i32) = (b"", 0);
        for (row, cell) in raw.cells().enumerate() {
            if self.is_declared_missing(row, cell) {
                continue;
            }
            if !cell.is_empty() && last.0 == cell {
                out[row] = last.1;
                continue;
            }
            match period(cell) {
                Some(year) => {
                    last = (cell, year);
                    out[row] = year;
                }
                None => {
                    if !self.is_missing(row, cell) {
                        self.fault(row, "E221");
                    }
                }
            }
        }
        self.ranges(|row| f64::from(out[row]));
        Values::Integer(out)
    }

    fn integers(&mut self) -> Values {
        let raw = self.raw;
        let mut out = vec![0i32; self.valid.len()];
        let mut unusual = Vec::new();
        for (row, cell) in raw.cells().enumerate() {
            if self.is_declared_missing(row, cell) {
                continue;
            }
            match numbers::whole(cell) {
                Some(number) => out[row] = number,
                None if cell.is_empty() => self.valid[row] = false,
                None => unusual.push(row),
            }
        }
        for (row, number) in self.unusual_numbers(&unusual) {
            if number.fract() != 0.0 {
                self.fault(row, "E211");
            } else if number.abs() > f64::from(i32::MAX) {
                self.fault(row, "E208");
            } else {
                out[row] = number as i32;
            }
        }
        self.ranges(|row| f64::from(out[row]));
        Values::Integer(out)
    }

    fn decimals(&mut self) -> Values {
        let raw = self.raw;
        let mut out = vec![0f64; self.valid.len()];
        let mut unusual = Vec::new();
        for (row, cell) in raw.cells().enumerate() {
            if self.is_declared_missing(row, cell) {
                continue;
            }
            match numbers::whole(cell) {
                Some(number) => out[row] = f64::from(number),
                None if cell.is_empty() => self.valid[row] = false,
                None => unusual.push(row),
            }
        }
        for (row, number) in self.unusual_numbers(&unusual) {
            out[row] = number;
        }
        self.ranges(|row| out[row]);
        Values::Decimal(out)
    }

    /// Numbers that are not plain digits, read with the marks that the column proves.
    fn unusual_numbers(&mut self, rows: &[usize]) -> Vec<(usize, f64)> {
        let raw = self.raw;
        let mut proof = Evidence::default();
        let mut shapes = Vec::with_capacity(rows.len());
        let (mut units, mut clocks) = (0, Vec::new());
        for row in rows {
            let cell = raw.cell(*row);
            if self.is_missing(*row, cell) {
                continue;
            }
            let (mut number, mut shape) = (cell, numbers::shape(cell));
            if shape == Shape::Word && let Some(stripped) = numbers::without_unit(cell) {
                (number, shape) = (stripped, numbers::shape(stripped));
                units += 1;
            }
            if shape == Shape::Clock {
                clocks.push(cell);
            }
            proof.add(shape);
            shapes.push((*row, number, shape));
        }
        self.hint = clock_hint(&clocks);
        let mark = proof.mark();
        let mut read = Vec::with_capacity(shapes.len());
        let mut thousands = 0;
        for (row, number, shape) in shapes {
            match (numbers::value(number, shape, mark), shape) {
                (Some(number), _) => {
                    thousands += u64::from(matches!(shape, Shape::Thousands(_)) || matches!(shape, Shape::Either(own) if Some(own) != mark));
                    read.push((row, number));
                }
                (None, Shape::Either(_)) => self.fault(row, "E206"),
                (None, Shape::Clock) => self.fault(row, "E209"),
                (None, Shape::Word) => self.fault(row, "E207"),
                (None, _) => self.fault(row, "E208"),
            }
        }
        for (count, name) in [(proof.comma, "decimale komma"), (proof.point, "decimale punt")] {
            if count > 0 {
                self.evidence.push(format!("{count}x {name}"));
            }
        }
        self.notice("N821", proof.comma);
        self.notice("N822", thousands);
        self.notice("N824", units);
        read
    }

    fn ranges(&mut self, value: impl Fn(usize) -> f64) {
        let (low, high) = (self.schema.minimum.unwrap_or(f64::NEG_INFINITY), self.schema.maximum.unwrap_or(f64::INFINITY));
        if low == f64::NEG_INFINITY && high == f64::INFINITY {
            return;
        }
        for row in 0..self.valid.len() {
            if self.valid[row] && !(low..=high).contains(&value(row)) {
                self.fault(row, OUT_OF_RANGE);
            }
        }
    }
}

/// What makes a text useless as a key: a number that a spreadsheet rounded, a formula, or signs that deceive the eye.
fn identifier_fault(cell: &[u8]) -> Option<&'static str> {
    let formula = match cell {
        [b'=' | b'@' | b'\t' | b'\r', ..] => true,
        // A number may have a sign; text behind one is a formula.
        [b'+' | b'-', rest @ ..] => rest.is_empty() || !rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if formula {
        return Some("E214");
    }
    if numbers::is_rounded(cell) {
        return Some("E212");
    }
    let deceiving = if cell.is_ascii() { cell.iter().any(u8::is_ascii_control) } else { String::from_utf8_lossy(cell).chars().any(is_deceiving) };
    deceiving.then_some("E215")
}

/// What times in a column of numbers show together: minutes and seconds go past 24, hours and minutes keep to quarters.
fn clock_hint(clocks: &[&[u8]]) -> &'static str {
    let part = |cell: &[u8], behind: usize| cell.split(|byte| *byte == b':').nth(behind).and_then(numbers::whole).unwrap_or(0);
    if clocks.iter().any(|cell| part(cell, 0) >= 24) {
        " De kolom bevat ook waarden vanaf 24:00; zo te zien staan er minuten en seconden."
    } else if !clocks.is_empty() && clocks.iter().all(|cell| part(cell, 1) % 15 == 0) {
        " Alle tijden in de kolom zijn hele kwartieren; zo te zien staan er uren en minuten."
    } else {
        ""
    }
}

/// `2025`, or a broken year `2024-25`, `2024/25` or `2024-2025`, as its first year.
fn period(cell: &[u8]) -> Option<i32> {
    let year = numbers::whole(cell.get(..4)?).filter(|year| (1900..=2100).contains(year))?;
    match &cell[4..] {
        [] => Some(year),
        [b'-' | b'/', second @ ..] => {
            let next = numbers::whole(second)?;
            let fits = if second.len() == 4 { next == year + 1 } else { second.len() == 2 && next == (year + 1) % 100 };
            fits.then_some(year)
        }
        _ => None,
    }
}

/// What a column expects, in Dutch, for messages and for the template.
#[must_use]
pub fn expectation(schema: &ColumnSchema) -> String {
    let bounds = |text: fn(f64) -> String| match (schema.minimum, schema.maximum) {
        (Some(low), Some(high)) => Some(format!("van {} tot en met {}", text(low), text(high))),
        (Some(low), None) => Some(format!("vanaf {}", text(low))),
        (None, Some(high)) => Some(format!("tot en met {}", text(high))),
        (None, None) => None,
    };
    let number = |value: f64| value.to_string().replace('.', ",");
    match schema.kind {
        ColumnType::Text => schema.maximum_length.map_or_else(|| "tekst".to_owned(), |length| format!("tekst van hoogstens {length} tekens")),
        ColumnType::Code => schema.codes.join(", "),
        ColumnType::Boolean => "ja of nee".to_owned(),
        ColumnType::Date => bounds(number).map_or_else(|| "een datum".to_owned(), |years| format!("een datum {years}")),
        ColumnType::Period => "een jaar zoals 2025 of 2024-25".to_owned(),
        ColumnType::Integer => bounds(number).map_or_else(|| "een geheel getal".to_owned(), |bounds| format!("een geheel getal {bounds}")),
        ColumnType::Decimal => bounds(number).map_or_else(|| "een getal".to_owned(), |bounds| format!("een getal {bounds}")),
    }
}


#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::column;

    fn typed(kind: ColumnType, cells: &[&str]) -> Typing {
        typed_with(&column("x", kind), cells)
    }

    fn typed_with(schema: &ColumnSchema, cells: &[&str]) -> Typing {
        let mut raw = RawColumn::with_capacity(cells.len());
        cells.iter().for_each(|cell| raw.push(cell.as_bytes()));
        let settings = Settings { future: Some(days_from_civil(2027, 1, 1)), identifier: schema.kind == ColumnType::Text, missing: &[], register: None };
        type_column(&raw, schema, settings)
    }

    fn codes(typing: &Typing) -> Vec<(u32, &str)> {
        typing.faults.clone()
    }

    #[test]
    fn dates_of_one_notation_give_evidence() {
        let typing = typed(ColumnType::Date, &["13-01-2025", "01-02-2025", "", "n.v.t."]);
        assert_eq!(typing.evidence, ["2x dd-mm-jjjj"]);
        assert_eq!(typing.notices, [("N818", 2), ("N823", 1)]);
        assert_eq!(typing.column.valid, [true, true, false, false]);
    }

    #[test]
    fn month_first_refuses_only_when_proved() {
        let proved = typed(ColumnType::Date, &["03/25/2025", "01/02/2025"]);
        assert!(proved.notices.contains(&("E203", 1)));
        let contradicted = typed(ColumnType::Date, &["03/25/2025", "25/02/2025"]);
        assert!(!contradicted.notices.iter().any(|(code, _)| *code == "E203"));
        assert_eq!(codes(&contradicted), [(0, "E201")]);
    }

    #[test]
    fn bad_dates_have_their_own_codes() {
        let typing = typed(ColumnType::Date, &["31-02-2024", "01-01-24", "01-01-1900", "2031-01-01", "2024-02-29", "02-01-2024"]);
        assert_eq!(codes(&typing), [(0, "E201"), (1, "E204"), (2, "E205"), (3, "E303")]);
        assert!(typing.notices.contains(&("E202", 1)));
    }

    #[test]
    fn numbers_are_decided_on_the_column() {
        let typing = typed(ColumnType::Decimal, &["4,5", "1.230", "*", "negen"]);
        assert_eq!(codes(&typing), [(2, "E207"), (3, "E207")]);
        let Values::Decimal(values) = &typing.column.values else { panic!("no decimals") };
        assert_eq!(values[..2], [4.5, 1230.0]);
        assert_eq!(typing.notices, [("N821", 1), ("N822", 1)]);
        let unproved = typed(ColumnType::Decimal, &["1.230", "7"]);
        assert_eq!(codes(&unproved), [(0, "E206")]);
    }

    #[test]
    fn what_a_sender_declares_missing_is_missing_and_nothing_else() {
        let mut raw = RawColumn::with_capacity(3);
        ["999", "-99", "12"].iter().for_each(|cell| raw.push(cell.as_bytes()));
        let settings = Settings { future: None, identifier: false, missing: &["999".to_owned(), "-99".to_owned()], register: None };
        let declared = type_column(&raw, &column("x", ColumnType::Integer), settings);
        assert_eq!((declared.column.valid.as_slice(), declared.notices.as_slice()), (&[false, false, true][..], &[("N823", 2)][..]));
        let plain = type_column(&raw, &column("x", ColumnType::Integer), Settings { missing: &[], ..settings });
        assert_eq!((plain.column.valid.as_slice(), plain.notices.len()), (&[true, true, true][..], 0));
    }

    #[test]
    fn keys_that_match_nothing_are_faults() {
        let cells = ["T1", "-5", "+TEL", "@x", "1,23457E+15", "T\u{430}1", "T\u{7}1", "T\u{e9}1", "-"];
        let typing = typed(ColumnType::Text, &cells);
        assert_eq!(codes(&typing), [(2, "E214"), (3, "E214"), (4, "E212"), (5, "E215"), (6, "E215")]);
    }

    #[test]
    fn slashes_without_proof_are_undecided() {
        let typing = typed(ColumnType::Date, &["03/04/2025", "05/05/2025", "01-02-2025"]);
        assert_eq!(typing.month_first, [(0, days_from_civil(2025, 3, 4))]);
        assert!(typed(ColumnType::Date, &["03/04/2025", "25/05/2025"]).month_first.is_empty());
    }

    #[test]
    fn times_are_explained_by_their_column() {
        assert!(typed(ColumnType::Integer, &["9:00", "75:00"]).hint.contains("seconden"));
        assert!(typed(ColumnType::Integer, &["9:00", "1:45", "30"]).hint.contains("kwartieren"));
        assert_eq!(typed(ColumnType::Integer, &["9:07"]).hint, "");
    }

    #[test]
    fn suppressed_counts_are_empty_and_never_zero() {
        let schema = ColumnSchema { missing: vec!["*".to_owned()], minimum: Some(0.0), ..column("count", ColumnType::Integer) };
        let typing = typed_with(&schema, &["190.0", "*", "", "0", "-5", "540,5"]);
        let Values::Integer(values) = &typing.column.values else { panic!("no integers") };
        assert_eq!(values[0], 190);
        assert_eq!(typing.column.valid, [true, false, false, true, false, false]);
        assert_eq!(codes(&typing), [(4, "E220"), (5, "E211")]);
    }

    #[test]
    fn codes_and_booleans_tolerate_spelling() {
        let schema = ColumnSchema { codes: vec!["na".to_owned(), "te_zwaar".to_owned()], ..column("code", ColumnType::Code) };
        let typing = typed_with(&schema, &["na", "NA", "Te zwaar", "nvt", "77"]);
        assert_eq!(codes(&typing), [(4, "E210")]);
        assert_eq!(typing.column.valid, [true, true, true, false, false]);
        assert_eq!(typing.notices, [("N825", 2), ("N823", 1)]);
        let flags = typed(ColumnType::Boolean, &["ja", "J", "0", "waar", "misschien", "-"]);
        assert_eq!(codes(&flags), [(4, "E210")]);
    }

    #[test]
    fn periods_are_years_or_broken_years() {
        let typing = typed(ColumnType::Period, &["2025", "2024-25", "2024/25", "2024-2025", "2024-26", "*"]);
        assert_eq!(codes(&typing), [(4, "E221"), (5, "E221")]);
        let text = typed(ColumnType::Text, &["=1+1", "T1"]);
        assert_eq!(codes(&text), [(0, "E214")]);
    }
}
