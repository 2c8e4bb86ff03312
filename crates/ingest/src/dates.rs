//! Dates: what notation a cell has and which day it is. Days are counted from 1970-01-01.

/// Notation of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Notation {
    /// 2024-03-01
    Iso,
    /// 01-03-2024
    DayFirst,
    /// 1-3-2024
    DayFirstShort,
    /// 01/03/2024
    DayFirstSlash,
    /// 01.03.2024
    DayFirstDot,
    /// 20240301
    Compact,
    /// 2024-03-01T00:00:00
    DateTime,
    /// 2024-03-01T23:30:00Z: in the Netherlands it was already the next day
    OtherZone,
    /// 45352
    Serial,
}

/// All notations, in the order in which evidence is reported.
pub(crate) const NOTATIONS: [Notation; 9] = [
    Notation::Iso,
    Notation::DayFirst,
    Notation::DayFirstShort,
    Notation::DayFirstSlash,
    Notation::DayFirstDot,
    Notation::Compact,
    Notation::DateTime,
    Notation::OtherZone,
    Notation::Serial,
];

impl Notation {
    pub(crate) fn dutch(self) -> &'static str {
        match self {
            Self::Iso => "jjjj-mm-dd",
            Self::DayFirst => "dd-mm-jjjj",
            Self::DayFirstShort => "d-m-jjjj",
            Self::DayFirstSlash => "dd/mm/jjjj",
            Self::DayFirstDot => "dd.mm.jjjj",
            Self::Compact => "jjjjmmdd",
            Self::DateTime => "datum met tijd",
            Self::OtherZone => "datum met tijd in een andere tijdzone",
            Self::Serial => "Excel-datumgetal",
        }
    }
}

/// What a cell of a date column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// A day; `proof` when day and month cannot be swapped because the first number is above 12.
    Day { day: i32, notation: Notation, day_first_proved: bool },
    /// The second number is above 12: right when the month comes first, impossible otherwise.
    MonthFirst,
    /// E201.
    Impossible,
    /// E204.
    TwoDigitYear,
    /// E205.
    Sentinel,
}

/// Years that a date can have at all; others are typing errors.
const YEARS: std::ops::RangeInclusive<i32> = 1850..=2150;
/// N819: Excel serials of 2000-01-01 and 2100-01-01.
const SERIALS: std::ops::Range<i32> = 36_526..73_051;
/// Excel serial of 1970-01-01.
const SERIAL_OF_EPOCH: i32 = 25_569;
/// Years of sentinels, with 1899-12-30 and 9999-12-31 (E205).
const SENTINELS: [(i32, u32, u32); 4] = [(1899, 12, 30), (1900, 1, 0), (1900, 1, 1), (9999, 12, 31)];

/// Reads a cell.
#[inline]
pub(crate) fn read(cell: &[u8]) -> Cell {
    if cell.len() == 10 {
        if cell[4] == b'-' && cell[7] == b'-' {
            if let (Some(year), Some(month), Some(day)) = (digits(&cell[..4]), digits(&cell[5..7]), digits(&cell[8..])) {
                return day_of(year, month, day, Notation::Iso, false);
            }
        } else if let (Some(first), Some(second), Some(year)) = (digits(&cell[..2]), digits(&cell[3..5]), digits(&cell[6..]))
            && cell[2] == cell[5]
            && let Some(notation) = day_first(cell[2])
        {
            return day_first_of(first, second, year, notation);
        }
    }
    read_unusual(cell)
}

fn day_first(separator: u8) -> Option<Notation> {
    match separator {
        b'-' => Some(Notation::DayFirst),
        b'/' => Some(Notation::DayFirstSlash),
        b'.' => Some(Notation::DayFirstDot),
        _ => None,
    }
}

fn read_unusual(cell: &[u8]) -> Cell {
    // N820: the date part of a date-time.
    if cell.len() > 10
        && let Some(end) = cell.iter().position(|byte| matches!(byte, b'T' | b't' | b' '))
        && cell[end + 1..].iter().all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.' | b'+' | b'-' | b'Z' | b'z' | b' '))
        && cell.get(end + 1).is_some_and(u8::is_ascii_digit)
    {
        return match read(&cell[..end]) {
            Cell::Day { day, day_first_proved, .. } => {
                let notation = if is_other_day(day, &cell[end + 1..]) { Notation::OtherZone } else { Notation::DateTime };
                Cell::Day { day, notation, day_first_proved }
            }
            other => other,
        };
    }
    if let Some(number) = digits(cell) {
        if cell.len() == 8 {
            return day_of(number / 10_000, number / 100 % 100, number % 100, Notation::Compact, false);
        }
        let serial = number as i32;
        if cell.len() == 5 && SERIALS.contains(&serial) {
            return Cell::Day { day: serial - SERIAL_OF_EPOCH, notation: Notation::Serial, day_first_proved: false };
        }
        return Cell::Impossible;
    }
    let Some(separator) = cell.iter().copied().find(|byte| !byte.is_ascii_digit()) else { return Cell::Impossible };
    let mut parts = cell.split(|byte| *byte == separator);
    let (Some(first), Some(second), Some(third), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return Cell::Impossible };
    let (Some(notation), Some(one), Some(two), Some(three)) = (day_first(separator), digits(first), digits(second), digits(third)) else {
        return Cell::Impossible;
    };
    match (first.len(), second.len(), third.len()) {
        (4, 1..=2, 1..=2) => day_of(one, two, three, Notation::Iso, false),
        (1..=2, 1..=2, 4) => {
            let notation = if notation == Notation::DayFirst { Notation::DayFirstShort } else { notation };
            day_first_of(one, two, three, notation)
        }
        (1..=2, 1..=2, 2) => Cell::TwoDigitYear,
        _ => Cell::Impossible,
    }
}

/// True when a time with a zone lies on another day in the Netherlands.
fn is_other_day(day: i32, time: &[u8]) -> bool {
    const MINUTES: i64 = 24 * 60;
    let Some(place) = time.iter().rposition(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-')) else { return false };
    let (clock, zone) = (time[..place].trim_ascii(), &time[place..]);
    let part = |text: &[u8], at: usize| text.get(at..at + 2).and_then(digits).map_or(0, i64::from);
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [sign, rest @ ..] => {
            let minutes = if rest.get(2) == Some(&b':') { part(rest, 3) } else { part(rest, 2) };
            let size = part(rest, 0) * 60 + minutes;
            if *sign == b'-' { -size } else { size }
        }
        [] => 0,
    };
    let universal = i64::from(day) * MINUTES + part(clock, 0) * 60 + part(clock, 3) - offset;
    // Summer time runs from one o'clock universal time on the last Sunday of March until that of October.
    let year = year_of(universal.div_euclid(MINUTES) as i32);
    let change = |month: u32| i64::from(last_sunday(year, month)) * MINUTES + 60;
    let ahead = if (change(3)..change(10)).contains(&universal) { 120 } else { 60 };
    (universal + ahead).div_euclid(MINUTES) != i64::from(day)
}

/// Last Sunday of a month of 31 days.
fn last_sunday(year: i32, month: u32) -> i32 {
    let last = days_from_civil(year, month, 31);
    // 1970-01-01 was a Thursday.
    last - (last + 4).rem_euclid(7)
}

/// The day that a date would be with day and month in the other order; None when that is no date or the same one.
pub(crate) fn swapped(day: i32) -> Option<i32> {
    use chrono::Datelike;
    let date = chrono::NaiveDate::from_epoch_days(day)?;
    (date.day() <= 12 && date.day() != date.month()).then(|| days_from_civil(date.year(), date.day(), date.month()))
}

fn day_first_of(first: u32, second: u32, year: u32, notation: Notation) -> Cell {
    if second > 12 && (1..=12).contains(&first) && second <= 31 {
        return Cell::MonthFirst;
    }
    day_of(year, second, first, notation, first > 12)
}

fn day_of(year: u32, month: u32, day: u32, notation: Notation, day_first_proved: bool) -> Cell {
    let year = year as i32;
    if SENTINELS.contains(&(year, month, day)) {
        return Cell::Sentinel;
    }
    if !YEARS.contains(&year) || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return Cell::Impossible;
    }
    Cell::Day { day: days_from_civil(year, month, day), notation, day_first_proved }
}

#[inline]
fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    let mut number = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u32::from(digit);
    }
    Some(number)
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01; years from 0 (Howard Hinnant, chrono-compatible low-level date algorithms).
pub(crate) fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year / 400;
    let year_of_era = year - era * 400;
    let month = month as i32;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day as i32 - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year of a day.
pub(crate) fn year_of(day: i32) -> i32 {
    use chrono::Datelike;
    chrono::NaiveDate::from_epoch_days(day).map_or(0, |date| date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32, notation: Notation, day_first_proved: bool) -> Cell {
        let date = chrono::NaiveDate::from_ymd_opt(year, month, day).unwrap();
        Cell::Day { day: date.to_epoch_days(), notation, day_first_proved }
    }

    #[test]
    fn notations_are_told_apart() {
        use Notation::*;
        for (cell, expected) in [
            ("2024-02-29", day(2024, 2, 29, Iso, false)),
            ("2023-02-29", Cell::Impossible),
            ("31-02-2024", Cell::Impossible),
            ("29-02-2024", day(2024, 2, 29, DayFirst, true)),
            ("01-03-2024", day(2024, 3, 1, DayFirst, false)),
            ("1-3-2024", day(2024, 3, 1, DayFirstShort, false)),
            ("01/03/2024", day(2024, 3, 1, DayFirstSlash, false)),
            ("03/25/2024", Cell::MonthFirst),
            ("20240301", day(2024, 3, 1, Compact, false)),
            ("45352", day(2024, 3, 1, Serial, false)),
            ("2024-03-01T00:00:00Z", day(2024, 3, 1, DateTime, false)),
            ("2024-03-01T22:59:00Z", day(2024, 3, 1, DateTime, false)),
            ("2024-03-01T23:00:00Z", day(2024, 3, 1, OtherZone, false)),
            ("2024-07-01T22:00:00.000+00:00", day(2024, 7, 1, OtherZone, false)),
            ("2024-07-01T23:59:00+02:00", day(2024, 7, 1, DateTime, false)),
            ("2024-07-01T03:00:00+0500", day(2024, 7, 1, DateTime, false)),
            ("2024-07-01T02:00:00+05:00", day(2024, 7, 1, OtherZone, false)),
            ("01-03-2024 09:30", day(2024, 3, 1, DateTime, false)),
            ("01-03-24", Cell::TwoDigitYear),
            ("9999-12-31", Cell::Sentinel),
            ("00-01-1900", Cell::Sentinel),
            ("1 maart 2024", Cell::Impossible),
            ("", Cell::Impossible),
        ] {
            assert_eq!(read(cell.as_bytes()), expected, "{cell}");
        }
    }

    #[test]
    fn day_and_month_change_places_only_when_both_are_months() {
        let of = |year, month, day| days_from_civil(year, month, day);
        assert_eq!(swapped(of(2025, 3, 4)), Some(of(2025, 4, 3)));
        assert_eq!((swapped(of(2025, 4, 4)), swapped(of(2025, 4, 13))), (None, None));
        assert_eq!((last_sunday(2024, 3), last_sunday(2025, 10)), (of(2024, 3, 31), of(2025, 10, 26)));
    }

    #[test]
    fn days_agree_with_chrono() {
        for days in (-30_000..60_000).step_by(17) {
            let date = chrono::NaiveDate::from_epoch_days(days).unwrap();
            use chrono::Datelike;
            assert_eq!(days_from_civil(date.year(), date.month(), date.day()), days);
            assert_eq!(year_of(days), date.year());
        }
    }
}
