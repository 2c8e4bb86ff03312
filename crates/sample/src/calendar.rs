//! Days as numbers since 1970-01-01, and their text in both notations, written once per country.

use chrono::{Datelike, NaiveDate};

/// How dates are written in a submission.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateNotation {
    /// yyyy-mm-dd
    Iso,
    /// dd-mm-jjjj
    Dutch,
}

/// 1970-01-01 was a Thursday: three days after the Monday of its week.
const EPOCH_WEEKDAY: i32 = 3;

/// The texts of every day of a span.
pub(crate) struct Calendar {
    first: i32,
    iso: Vec<[u8; 10]>,
    dutch: Vec<[u8; 10]>,
    months: Vec<u8>,
}

impl Calendar {
    /// The calendar from 1 January of the first year to 31 December of the last.
    pub(crate) fn new(first_year: i32, last_year: i32) -> Calendar {
        let first = day(first_year, 1, 1);
        let last = day(last_year, 12, 31);
        let mut calendar = Calendar {
            first,
            iso: Vec::new(),
            dutch: Vec::new(),
            months: Vec::new(),
        };
        for number in first..=last {
            let date = NaiveDate::from_epoch_days(number).unwrap_or_default();
            let year = date.year().clamp(0, 9999) as u32;
            let digits = [
                year / 1000,
                year / 100 % 10,
                year / 10 % 10,
                year % 10,
                date.month() / 10,
                date.month() % 10,
                date.day() / 10,
                date.day() % 10,
            ]
            .map(|digit| b'0' + digit as u8);
            let [a, b, c, d, e, f, g, h] = digits;
            calendar.iso.push([a, b, c, d, b'-', e, f, b'-', g, h]);
            calendar.dutch.push([g, h, b'-', e, f, b'-', a, b, c, d]);
            calendar.months.push(date.month() as u8);
        }
        calendar
    }

    /// The text of a day; the nearest day of the span when it lies outside.
    pub(crate) fn text(&self, number: i32, notation: DateNotation) -> &[u8; 10] {
        let place = self.place(number);
        match notation {
            DateNotation::Iso => &self.iso[place],
            DateNotation::Dutch => &self.dutch[place],
        }
    }

    /// The month of a day, 1 to 12.
    pub(crate) fn month(&self, number: i32) -> u8 {
        self.months[self.place(number)]
    }

    fn place(&self, number: i32) -> usize {
        ((number - self.first).max(0) as usize).min(self.iso.len() - 1)
    }
}

/// The number of a date; that of 1970-01-01 for a date that does not exist.
pub(crate) fn day(year: i32, month: u32, of_month: u32) -> i32 {
    NaiveDate::from_ymd_opt(year, month, of_month)
        .unwrap_or_default()
        .to_epoch_days()
}

/// The year of a day.
pub(crate) fn year_of(number: i32) -> i32 {
    NaiveDate::from_epoch_days(number)
        .unwrap_or_default()
        .year()
}

/// The working days up to this day, so that equal steps skip weekends. A weekend day counts as its Friday.
pub(crate) fn working_day(number: i32) -> i32 {
    let monday_based = number + EPOCH_WEEKDAY;
    monday_based.div_euclid(7) * 5 + monday_based.rem_euclid(7).min(4)
}

/// The day of a count of working days.
pub(crate) fn of_working_day(working: i32) -> i32 {
    working.div_euclid(5) * 7 + working.rem_euclid(5) - EPOCH_WEEKDAY
}
