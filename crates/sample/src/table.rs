//! A table as the bytes of a file, in the dialect of its provider. Never quotes: no value here holds a separator.

use crate::calendar::{Calendar, DateNotation};

/// How a provider writes its files.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    pub(crate) separator: u8,
    pub(crate) byte_order_mark: bool,
    pub(crate) dates: DateNotation,
    pub(crate) decimal: u8,
    pub(crate) carriage_return: bool,
}

/// A table that grows by fields; every field but the first of a row puts its separator before it.
pub(crate) struct Table<'a> {
    pub(crate) bytes: Vec<u8>,
    /// Rows after the header.
    pub(crate) rows: u32,
    dialect: Dialect,
    calendar: &'a Calendar,
    at_start: bool,
}

impl<'a> Table<'a> {
    /// A table with its header.
    pub(crate) fn new<'h>(
        header: impl IntoIterator<Item = &'h str>,
        dialect: Dialect,
        calendar: &'a Calendar,
    ) -> Table<'a> {
        let mut table = Table {
            bytes: Vec::new(),
            rows: 0,
            dialect,
            calendar,
            at_start: true,
        };
        if dialect.byte_order_mark {
            table.bytes.extend_from_slice("\u{feff}".as_bytes());
        }
        for name in header {
            table.text(name);
        }
        table.end_row();
        table.rows = 0;
        table
    }

    fn next(&mut self) {
        if !self.at_start {
            self.bytes.push(self.dialect.separator);
        }
        self.at_start = false;
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) {
        self.bytes
            .extend_from_slice(if self.dialect.carriage_return {
                b"\r\n"
            } else {
                b"\n"
            });
        self.rows += 1;
        self.at_start = true;
    }

    /// A field of text, possibly empty.
    pub(crate) fn text(&mut self, value: &str) {
        self.next();
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// An opaque key: a letter and at least five digits, so that no key looks like a citizen number.
    pub(crate) fn key(&mut self, letter: u8, number: u32) {
        self.next();
        self.bytes.push(letter);
        self.digits(number, 5);
    }

    /// A whole number.
    pub(crate) fn number(&mut self, value: u32) {
        self.next();
        self.digits(value, 1);
    }

    /// A whole number, or nothing for `None`.
    pub(crate) fn optional_number(&mut self, value: Option<u32>) {
        match value {
            Some(number) => self.number(number),
            None => self.text(""),
        }
    }

    /// Hundredths as a number with at most two decimals, in the provider's decimal mark.
    pub(crate) fn hundredths(&mut self, value: u32) {
        self.number(value / 100);
        let rest = value % 100;
        if rest > 0 {
            self.bytes.push(self.dialect.decimal);
            self.bytes.push(b'0' + (rest / 10) as u8);
            if !rest.is_multiple_of(10) {
                self.bytes.push(b'0' + (rest % 10) as u8);
            }
        }
    }

    /// A date, or nothing for `None`.
    pub(crate) fn date(&mut self, day: Option<i32>) {
        self.next();
        if let Some(day) = day {
            self.bytes
                .extend_from_slice(self.calendar.text(day, self.dialect.dates));
        }
    }

    /// ja, nee or nothing.
    pub(crate) fn yes_no(&mut self, value: Option<bool>) {
        self.text(match value {
            Some(true) => "ja",
            Some(false) => "nee",
            None => "",
        });
    }

    fn digits(&mut self, mut value: u32, least: usize) {
        let mut digits = [b'0'; 10];
        let mut from = digits.len();
        while value > 0 || digits.len() - from < least {
            from -= 1;
            digits[from] = b'0' + (value % 10) as u8;
            value /= 10;
        }
        self.bytes.extend_from_slice(&digits[from..]);
    }
}
