//! Types a column as a mapping says that it is delivered: other codes, another unit, one notation of dates. What the sender
//! wrote stays what findings quote.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::NaiveDate;
use chrono::format::{Item, Parsed, StrftimeItems, parse};
use spiegel_model::{ColumnSchema, ColumnType, Conversion, Outside};

use crate::mapping::BOOLEAN;
use crate::rows::RawColumn;
use crate::spelling::canonical;
use crate::typing::{self, OUT_OF_RANGE, Settings, Typing};
use crate::values::Values;

/// Stands for a cell that has not the notation that was declared; no date in any notation.
const NO_DATE: &[u8] = "\u{fffd}".as_bytes();
/// How a date is written where no mapping says otherwise, for the remedy of E201.
const NOTATION: &str = "jjjj-mm-dd of dd-mm-jjjj";

/// Types a column.
pub(crate) fn type_column(raw: &RawColumn, schema: &ColumnSchema, settings: Settings) -> Typing {
    match &schema.outside {
        Outside::Same | Outside::Absent => typing::type_column(raw, schema, settings),
        Outside::Codes(codes) if schema.kind == ColumnType::Text => typing::type_column(&replaced(raw, codes), schema, settings),
        Outside::Codes(codes) => coded(raw, schema, codes, settings),
        Outside::Converted(scale) => scaled(raw, schema, *scale, settings),
        Outside::Date(notation) => dated(raw, schema, notation, settings),
    }
}

/// The column in the words of the sender: what a cell may hold.
pub(crate) fn column(schema: &ColumnSchema) -> Cow<'_, ColumnSchema> {
    let mut sent = Cow::Borrowed(schema);
    match &schema.outside {
        Outside::Codes(codes) if schema.kind != ColumnType::Text => {
            let sent = sent.to_mut();
            sent.kind = ColumnType::Code;
            sent.codes = codes.keys().cloned().collect();
        }
        Outside::Converted(scale) => {
            // Two decimals are enough to say what is possible.
            let outside = |bound: Option<f64>| bound.map(|bound| (scale.outside(bound) * 100.0).round() / 100.0);
            let sent = sent.to_mut();
            sent.kind = ColumnType::Decimal;
            (sent.minimum, sent.maximum) = (outside(sent.minimum), outside(sent.maximum));
            if scale.multiply * scale.divide < 0.0 {
                std::mem::swap(&mut sent.minimum, &mut sent.maximum);
            }
        }
        Outside::Same | Outside::Absent | Outside::Codes(_) | Outside::Date(_) => {}
    }
    sent
}

/// What a cell is expected to hold, in Dutch, for messages.
pub(crate) fn expectation(schema: &ColumnSchema) -> String {
    let expected = typing::expectation(&column(schema));
    match &schema.outside {
        Outside::Converted(Conversion { units: Some((unit, _)), .. }) => format!("{expected} (in {unit})"),
        _ => expected,
    }
}

/// How dates of the column are written, in Dutch.
pub(crate) fn notation(schema: &ColumnSchema) -> String {
    match &schema.outside {
        Outside::Date(notation) => dutch(notation),
        _ => NOTATION.to_owned(),
    }
}

/// A text with some values replaced; what is not in the list stays.
fn replaced(raw: &RawColumn, codes: &BTreeMap<String, String>) -> RawColumn {
    let meanings: BTreeMap<String, &String> = codes.iter().map(|(outside, inside)| (canonical(outside), inside)).collect();
    let mut out = RawColumn::with_capacity(raw.offsets.len());
    for cell in raw.cells() {
        let meaning = std::str::from_utf8(cell).ok().and_then(|cell| meanings.get(&canonical(cell)));
        out.push(meaning.map_or(cell, |meaning| meaning.as_bytes()));
    }
    out
}

/// Reads the codes of the sender, and gives what they mean.
fn coded(raw: &RawColumn, schema: &ColumnSchema, codes: &BTreeMap<String, String>, settings: Settings) -> Typing {
    let mut typing = typing::type_column(raw, &column(schema), settings);
    let Values::Code(places) = &typing.column.values else { return typing };
    let inside: Vec<&str> = if schema.kind == ColumnType::Boolean { BOOLEAN.into() } else { schema.codes.iter().map(String::as_str).collect() };
    let meanings: Vec<u16> = codes.values().map(|meaning| inside.iter().position(|code| code == meaning).unwrap_or(0) as u16).collect();
    let meant = places.iter().map(|place| meanings.get(usize::from(*place)).copied().unwrap_or(0));
    typing.column.values = match schema.kind {
        ColumnType::Boolean => Values::Boolean(meant.map(|place| place == 0).collect()),
        _ => Values::Code(meant.collect()),
    };
    typing
}

/// Reads numbers in the sender's unit. A column of whole numbers rounds: 0.33 hours are 20 minutes.
fn scaled(raw: &RawColumn, schema: &ColumnSchema, scale: Conversion, settings: Settings) -> Typing {
    let sent = ColumnSchema { minimum: None, maximum: None, ..column(schema).into_owned() };
    let mut typing = typing::type_column(raw, &sent, settings);
    let Values::Decimal(numbers) = &mut typing.column.values else { return typing };
    let (low, high) = (schema.minimum.unwrap_or(f64::NEG_INFINITY), schema.maximum.unwrap_or(f64::INFINITY));
    let whole = schema.kind == ColumnType::Integer;
    for (row, (number, valid)) in numbers.iter_mut().zip(&mut typing.column.valid).enumerate().filter(|(_, (_, valid))| **valid) {
        *number = if whole { scale.inside(*number).round() } else { scale.inside(*number) };
        let fault = if !number.is_finite() || whole && number.abs() > f64::from(i32::MAX) {
            "E208"
        } else if !(low..=high).contains(number) {
            OUT_OF_RANGE
        } else {
            continue;
        };
        *valid = false;
        typing.faults.push((row as u32, fault));
    }
    typing.faults.sort_by_key(|(row, _)| *row);
    if let Some((from, to)) = scale.units {
        typing.evidence.push(format!("{from} omgerekend naar {to}"));
    }
    if whole {
        typing.column.values = Values::Integer(numbers.iter().map(|number| *number as i32).collect());
    }
    typing
}

/// Reads dates in the notation that was declared, and in `jjjj-mm-dd`, as a workbook gives them.
fn dated(raw: &RawColumn, schema: &ColumnSchema, notation: &str, settings: Settings) -> Typing {
    let items: Vec<Item<'_>> = StrftimeItems::new(notation).collect();
    let days: Vec<Option<NaiveDate>> = raw.cells().map(|cell| if is_iso(cell) { None } else { day(cell, &items) }).collect();
    let declared = days.iter().flatten().count();
    // The rest is a word for no value, or no date at all: a code is never one of none.
    let rest: Vec<usize> = raw.cells().zip(&days).enumerate().filter(|(_, (cell, day))| day.is_none() && !is_iso(cell)).map(|(row, _)| row).collect();
    let mut words = RawColumn::with_capacity(rest.len());
    rest.iter().for_each(|row| words.push(raw.cell(*row)));
    let wordless = ColumnSchema { kind: ColumnType::Code, codes: Vec::new(), ..schema.clone() };
    let mut wrong = typing::type_column(&words, &wordless, settings).faults.into_iter().filter_map(|(place, _)| rest.get(place as usize)).peekable();

    let mut text = RawColumn::with_capacity(days.len());
    let mut iso = 0u64;
    for (row, (cell, day)) in raw.cells().zip(&days).enumerate() {
        iso += u64::from(is_iso(cell));
        match day {
            Some(day) => text.push(day.to_string().as_bytes()),
            None if wrong.next_if(|place| **place == row).is_some() => text.push(NO_DATE),
            None => text.push(cell),
        }
    }
    let mut typing = typing::type_column(&text, schema, settings);
    typing.evidence = [(declared as u64, dutch(notation)), (iso, "jjjj-mm-dd".to_owned())]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, notation)| format!("{count}x {notation}"))
        .collect();
    typing
}

fn day(cell: &[u8], items: &[Item<'_>]) -> Option<NaiveDate> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, std::str::from_utf8(cell).ok()?, items.iter()).ok()?;
    parsed.to_naive_date().ok()
}

/// 2025-03-01.
fn is_iso(cell: &[u8]) -> bool {
    cell.len() == 10 && cell.iter().enumerate().all(|(place, byte)| if place == 4 || place == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

/// What is wrong with a notation. None when every day can be written and read in it.
pub(crate) fn notation_mistake(notation: &str) -> Option<String> {
    let items: Vec<Item<'_>> = StrftimeItems::new(notation).collect();
    if items.contains(&Item::Error) {
        return Some("this is no notation of `strftime`".to_owned());
    }
    let moment = NaiveDate::from_ymd_opt(2001, 2, 3).and_then(|day| day.and_hms_opt(4, 5, 6))?;
    let mut written = String::new();
    let is_read = write!(written, "{}", moment.format_with_items(items.iter())).is_ok() && day(written.as_bytes(), &items) == Some(moment.date());
    if !is_read {
        return Some("expected day, month and year in the notation of `strftime`, and no time zone".to_owned());
    }
    (is_iso(written.as_bytes()) && written != "2001-02-03").then(|| "it cannot be told from jjjj-mm-dd".to_owned())
}

/// A notation as a provider reads it: `mm/dd/jjjj`.
fn dutch(notation: &str) -> String {
    const WORDS: [(&str, &str); 13] = [
        ("%-", "%"), ("%_", "%"), ("%F", "jjjj-mm-dd"), ("%d", "dd"), ("%e", "d"), ("%m", "mm"), ("%b", "mmm"), ("%B", "maand"), ("%Y", "jjjj"),
        ("%y", "jj"), ("%H", "uu"), ("%M", "mm"), ("%S", "ss"),
    ];
    WORDS.iter().fold(notation.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::column as plain;
    use spiegel_model::Unit;

    fn typed(schema: &ColumnSchema, cells: &[&str]) -> Typing {
        let mut raw = RawColumn::with_capacity(cells.len());
        cells.iter().for_each(|cell| raw.push(cell.as_bytes()));
        type_column(&raw, schema, Settings { future: None, identifier: false, missing: &[], register: None })
    }

    fn with(kind: ColumnType, outside: Outside) -> ColumnSchema {
        ColumnSchema { outside, ..plain("x", kind) }
    }

    fn codes(pairs: &[(&str, &str)]) -> Outside {
        Outside::Codes(pairs.iter().map(|(outside, inside)| ((*outside).to_owned(), (*inside).to_owned())).collect())
    }

    #[test]
    fn codes_of_the_sender_mean_ours_and_ours_mean_nothing() {
        let own = vec!["1".to_owned(), "2".to_owned(), "3".to_owned()];
        let schema = ColumnSchema { codes: own, ..with(ColumnType::Code, codes(&[("1", "2"), ("A", "3"), ("b", "3")])) };
        let typing = typed(&schema, &["1", "a", "b", "2", "", "n.v.t."]);
        let Values::Code(places) = &typing.column.values else { panic!("no codes") };
        assert_eq!(places[..3], [1, 2, 2]);
        assert_eq!(typing.faults, [(3, "E210")], "our own code 2 is none of the sender's");
        assert_eq!(typing.column.valid, [true, true, true, false, false, false]);
        assert_eq!(expectation(&schema), "1, A, b");
        let typing = typed(&with(ColumnType::Boolean, codes(&[("Y", "ja"), ("N", "nee")])), &["Y", "N", "ja"]);
        let Values::Boolean(flags) = &typing.column.values else { panic!("no booleans") };
        assert_eq!((&flags[..2], typing.faults.as_slice()), (&[true, false][..], &[(2, "E210")][..]));
        let typing = typed(&with(ColumnType::Text, codes(&[("Total", "totaal")])), &["TOTAL", "Angst"]);
        let Values::Text(texts) = &typing.column.values else { panic!("no text") };
        assert_eq!(texts.cells().collect::<Vec<_>>(), [&b"totaal"[..], b"Angst"]);
    }

    #[test]
    fn hours_become_minutes_and_keep_their_range() {
        let hours = Outside::Converted(Unit::Hours.to(Unit::Minutes).unwrap());
        let schema = ColumnSchema { minimum: Some(0.0), maximum: Some(600.0), ..with(ColumnType::Integer, hours) };
        let typing = typed(&schema, &["1,5", "0,33", "9,08", "-1", "11", "", "veel"]);
        let Values::Integer(minutes) = &typing.column.values else { panic!("no integers") };
        assert_eq!(minutes[..3], [90, 20, 545]);
        assert_eq!(typing.faults, [(3, "E220"), (4, "E220"), (6, "E207")]);
        assert_eq!(expectation(&schema), "een getal van 0 tot en met 10 (in uren)");
        assert_eq!(typing.evidence.last().unwrap(), "uren omgerekend naar minuten");
        let factor = with(ColumnType::Decimal, Outside::Converted(Conversion { multiply: 10.0, divide: 1.0, units: None }));
        let Values::Decimal(numbers) = typed(&factor, &["0,7"]).column.values else { panic!("no decimals") };
        assert_eq!(numbers, [7.0]);
        let huge = typed(&ColumnSchema { maximum: None, ..schema }, &["999999999"]);
        assert_eq!(huge.faults, [(0, "E208")]);
    }

    #[test]
    fn a_declared_notation_is_the_only_one_besides_iso() {
        let schema = with(ColumnType::Date, Outside::Date("%m/%d/%Y".to_owned()));
        let typing = typed(&schema, &["03/25/2025", "4/1/2025", "2025-03-25", "25/03/2025", "25-03-2025", "n.v.t.", "", "morgen"]);
        let Values::Date(days) = &typing.column.values else { panic!("no dates") };
        assert_eq!((days[0], days[1] - days[0]), (days[2], 7));
        assert_eq!(typing.faults, [(3, "E201"), (4, "E201"), (7, "E201")]);
        assert_eq!((typing.evidence.as_slice(), typing.notices.as_slice()), (&["2x mm/dd/jjjj".to_owned(), "1x jjjj-mm-dd".to_owned()][..], &[("N823", 1)][..]));
        assert_eq!(notation(&schema), "mm/dd/jjjj");
        let short = typed(&with(ColumnType::Date, Outside::Date("%d-%m-%y".to_owned())), &["01-03-25", "01-03-2025"]);
        assert_eq!(short.faults, [(1, "E201")]);
        let named = typed(&with(ColumnType::Date, Outside::Date("%d-%b-%Y".to_owned())), &["01-Mar-2025"]);
        assert_eq!(named.column.valid, [true]);
    }

    #[test]
    fn notations_are_checked() {
        for right in ["%Y-%m-%d", "%d.%m.%y", "%-d/%-m/%Y", "%d %B %Y", "%m/%d/%Y %H:%M"] {
            assert_eq!(notation_mistake(right), None, "{right}");
        }
        for wrong in ["", "dd-mm-jjjj", "%d-%m", "%Q", "%Y-%d-%m", "%Y-%m-%d %z"] {
            assert!(notation_mistake(wrong).is_some(), "{wrong}");
        }
    }
}
