//! Values of cells as text that is typed exactly: whole numbers without a point, dates as yyyy-mm-dd.

use chrono::NaiveDate;

use super::book::Format;
use super::sheet::Kind;

/// Serial of 1970-01-01 where days are counted from 1900.
const SERIAL_OF_EPOCH: i32 = 25_569;
/// Days between the two counts of days.
pub(super) const DAYS_TO_1904: i32 = 1462;
/// 1900-02-29, which Excel counts and no calendar has.
const FALSE_LEAP_DAY: i32 = 60;
/// 9999-12-31.
const SERIAL_MAXIMUM: f64 = 2_958_466.0;
const SECONDS_OF_DAY: f64 = 86_400.0;
/// From here on Excel itself shows no longer every digit, so the number cannot be trusted as a key (E212).
const EXACT_BELOW: f64 = 1e15;

/// Column (from 0) and row (from 1) of `C12`.
pub(super) fn place(name: &str) -> Option<(u32, u32)> {
    let digits = name.find(|letter: char| letter.is_ascii_digit())?;
    let (letters, digits) = name.split_at(digits);
    if !(1..=3).contains(&letters.len()) || digits.len() > 7 {
        return None;
    }
    let mut column = 0;
    for letter in letters.bytes() {
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        column = column * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    }
    let row = digits.parse().ok().filter(|row| *row > 0)?;
    Some((column - 1, row))
}

/// Adds what a cell that holds no text shows; what kind it is. A cell that is no number after all is text.
pub(super) fn show(kind: &str, value: &str, format: Format, from_1904: bool, out: &mut String) -> Option<Kind> {
    if value.is_empty() {
        return None;
    }
    match kind {
        "b" => {
            out.push_str(if value == "1" || value == "true" { "WAAR" } else { "ONWAAR" });
            Some(Kind::Boolean)
        }
        "e" => {
            out.push_str(value);
            Some(Kind::Error)
        }
        "d" => {
            let midnight = value.split_once('T').filter(|(_, time)| time.trim_end_matches('Z').chars().all(|letter| "0:.".contains(letter)));
            out.push_str(midnight.map_or(value, |(date, _)| date));
            Some(Kind::Date)
        }
        _ => {
            let Some(number) = value.parse::<f64>().ok().filter(|number| number.is_finite()) else {
                out.push_str(value);
                return None;
            };
            let in_calendar = (0.0..SERIAL_MAXIMUM).contains(&number);
            match format {
                Format::Date if in_calendar => {
                    out.push_str(&date(number, from_1904));
                    Some(Kind::Date)
                }
                Format::Duration if in_calendar => {
                    let minutes = (number * SECONDS_OF_DAY / 60.0).round() as u64;
                    out.push_str(&format!("{}:{:02}", minutes / 60, minutes % 60));
                    Some(Kind::Date)
                }
                _ => {
                    out.push_str(&number_text(number));
                    Some(Kind::Number)
                }
            }
        }
    }
}

/// A serial as date, as time, or as both.
fn date(serial: f64, from_1904: bool) -> String {
    let seconds = (serial.fract() * SECONDS_OF_DAY).round() as u32;
    let (day, seconds) = (serial.trunc() as i32 + i32::from(seconds == 86_400), seconds % 86_400);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (day, seconds) {
        (0, 1..) => time,
        (day, 0) => day_text(day, from_1904),
        (day, _) => format!("{} {time}", day_text(day, from_1904)),
    }
}

fn day_text(day: i32, from_1904: bool) -> String {
    let day = if from_1904 { day + DAYS_TO_1904 } else { day };
    let since_epoch = match day {
        0 => return "1900-01-00".to_owned(),
        FALSE_LEAP_DAY => return "1900-02-29".to_owned(),
        day if day < FALSE_LEAP_DAY => day + 1 - SERIAL_OF_EPOCH,
        day => day - SERIAL_OF_EPOCH,
    };
    NaiveDate::from_epoch_days(since_epoch).map_or_else(|| day.to_string(), |date| date.to_string())
}

/// The fifteen digits that Excel keeps, with a point.
fn number_text(number: f64) -> String {
    if number.abs() >= EXACT_BELOW {
        // As Excel shows it: 1.23456789012346E+17.
        return format!("{number:.14E}").replace('E', "E+");
    }
    let number = format!("{number:.14e}").parse().unwrap_or(number);
    let mut text = number.to_string();
    if text == "-0" {
        return "0".to_owned();
    }
    // Three digits behind a point could be thousands; with a fourth they cannot.
    if text.rsplit_once('.').is_some_and(|(_, behind)| behind.len() == 3) {
        text.push('0');
    }
    text
}

/// Excel writes control characters in texts as `_x000D_`.
pub(super) fn decode_escapes(text: &mut String) {
    if !text.contains("_x") {
        return;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find("_x") {
        let code = rest.get(start + 2..start + 6).filter(|_| rest.as_bytes().get(start + 6) == Some(&b'_'));
        match code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32) {
            Some(letter) => {
                out.push_str(&rest[..start]);
                out.push(letter);
                rest = &rest[start + 7..];
            }
            None => {
                out.push_str(&rest[..start + 2]);
                rest = &rest[start + 2..];
            }
        }
    }
    out.push_str(rest);
    *text = out;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: &str, value: &str, format: Format, from_1904: bool) -> String {
        let mut out = String::new();
        show(kind, value, format, from_1904, &mut out);
        out
    }

    #[test]
    fn numbers_become_text_that_is_typed_exactly() {
        for (value, text) in [
            ("540", "540"),
            ("540.0", "540"),
            ("3.3", "3.3"),
            ("3.2999999999999998", "3.3"),
            ("0.30000000000000004", "0.3"),
            ("1.234", "1.2340"),
            ("-0", "0"),
            ("-5.25", "-5.25"),
            ("6012345", "6012345"),
            ("123456789012345678", "1.23456789012346E+17"),
            ("1E3", "1000"),
            ("twaalf", "twaalf"),
        ] {
            assert_eq!(shown("n", value, Format::Number, false), text);
        }
    }

    #[test]
    fn serials_become_dates_in_both_calendars() {
        for (value, from_1904, text) in [
            ("45352", false, "2024-03-01"),
            ("43890", true, "2024-03-01"),
            ("45352.5", false, "2024-03-01 12:00:00"),
            ("45351.999999999", false, "2024-03-01"),
            ("0.375", false, "09:00:00"),
            ("1", false, "1900-01-01"),
            ("59", false, "1900-02-28"),
            ("60", false, "1900-02-29"),
            ("61", false, "1900-03-01"),
            ("0", false, "1900-01-00"),
            ("2958465", false, "9999-12-31"),
            ("-5", false, "-5"),
        ] {
            assert_eq!(shown("n", value, Format::Date, from_1904), text);
        }
        assert_eq!(shown("n", "1.5", Format::Duration, false), "36:00");
        assert_eq!(shown("d", "2024-03-01T00:00:00", Format::Number, false), "2024-03-01");
        assert_eq!(shown("b", "1", Format::Number, false), "WAAR");
    }

    #[test]
    fn places_have_letters_and_digits() {
        assert_eq!(place("A1"), Some((0, 1)));
        assert_eq!(place("XFD1048576"), Some((16_383, 1_048_576)));
        for wrong in ["", "A", "1", "A0", "AAAA1", "A12345678", "A1B", "é1"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn escaped_characters_are_decoded() {
        for (text, decoded) in [("a_x000D_b", "a\rb"), ("_x", "_x"), ("traject_xyz", "traject_xyz"), ("_x005F_x000D_", "_x000D_")] {
            let mut out = text.to_owned();
            decode_escapes(&mut out);
            assert_eq!(out, decoded);
        }
    }
}
