//! Numbers: decimal marks and thousands are decided on the whole column, never per cell.

/// How a number with a mark in it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Digits only.
    Whole,
    /// One mark that must be decimal: not three digits behind it, or none or too many before it.
    Decimal(Mark),
    /// One mark, one to three digits before and three behind: decimal or thousands.
    Either(Mark),
    /// Thousands by this mark, and perhaps decimals by the other one.
    Thousands(Mark),
    /// E207: no number.
    Word,
    /// E208: not finite, or in a notation for machines.
    Machine,
    /// E209: 9:00.
    Clock,
}

/// Comma or point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Comma,
    Point,
}

impl Mark {
    fn other(self) -> Self {
        match self {
            Self::Comma => Self::Point,
            Self::Point => Self::Comma,
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Point => b'.',
        }
    }
}

/// A small whole number, the usual case.
#[inline]
pub(crate) fn whole(cell: &[u8]) -> Option<i32> {
    if cell.is_empty() || cell.len() > 9 {
        return None;
    }
    let mut number = 0i32;
    for byte in cell {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i32::from(digit);
    }
    Some(number)
}

/// The shape of a cell.
pub(crate) fn shape(cell: &[u8]) -> Shape {
    let body = unsigned(cell);
    if body.is_empty() {
        return Shape::Word;
    }
    if !body.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',')) {
        return odd_shape(body);
    }
    let marks: Vec<(usize, Mark)> = body
        .iter()
        .enumerate()
        .filter_map(|(place, byte)| match byte {
            b',' => Some((place, Mark::Comma)),
            b'.' => Some((place, Mark::Point)),
            _ => None,
        })
        .collect();
    match marks.as_slice() {
        [] => Shape::Whole,
        [(place, mark)] => {
            let behind = body.len() - place - 1;
            if body.len() == 1 {
                Shape::Word
            } else if behind == 3 && (1..=3).contains(place) && body[0] != b'0' {
                Shape::Either(*mark)
            } else {
                Shape::Decimal(*mark)
            }
        }
        [(first, mark), .., (last, end)] => {
            // 1.230,5 and 1.234.567: groups of three after the first mark, and at most one decimal mark at the end.
            let decimal = (end != mark).then_some(*last);
            let groups = &body[..decimal.unwrap_or(body.len())];
            let grouped = (1..=3).contains(first)
                && groups[first + 1..].split(|byte| *byte == mark.byte()).all(|group| group.len() == 3 && group.iter().all(u8::is_ascii_digit));
            if grouped { Shape::Thousands(*mark) } else { Shape::Word }
        }
    }
}

fn odd_shape(body: &[u8]) -> Shape {
    let text = body.to_ascii_lowercase();
    let hexadecimal = text.strip_prefix(b"0x").is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_hexdigit));
    let scientific = text[0].is_ascii_digit() && text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'e' | b'.' | b',' | b'+' | b'-'));
    if hexadecimal || scientific || [&b"nan"[..], b"inf", b"infinity"].contains(&text.as_slice()) {
        return Shape::Machine;
    }
    if let Some(colon) = text.iter().position(|byte| *byte == b':') {
        let clock = (1..=2).contains(&colon) && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b':');
        return if clock { Shape::Clock } else { Shape::Word };
    }
    Shape::Word
}

/// Units that say nothing new: what the column holds is known.
const UNITS: [&[u8]; 8] = [b"minuten", b"minuut", b"min.", b"min", b"euro", b"eur", b"%", "€".as_bytes()];

/// N824: the number without the unit before or behind it; None when it has none.
pub(crate) fn without_unit(cell: &[u8]) -> Option<&[u8]> {
    for unit in UNITS {
        let ends = cell.len() > unit.len() && cell[cell.len() - unit.len()..].eq_ignore_ascii_case(unit);
        let begins = cell.len() > unit.len() && cell[..unit.len()].eq_ignore_ascii_case(unit);
        let number = match (ends, begins) {
            (true, _) => cell[..cell.len() - unit.len()].trim_ascii(),
            (_, true) => cell[unit.len()..].trim_ascii(),
            _ => continue,
        };
        return (!matches!(shape(number), Shape::Word | Shape::Machine | Shape::Clock)).then_some(number);
    }
    None
}

/// E212: 1,23457E+15, what a spreadsheet makes of a long number.
pub(crate) fn is_rounded(cell: &[u8]) -> bool {
    let Some(place) = cell.iter().position(|byte| matches!(byte, b'E' | b'e')) else { return false };
    let (digits, power) = (&cell[..place], &cell[place + 1..]);
    let is_number = matches!(shape(digits), Shape::Whole | Shape::Decimal(_) | Shape::Either(_));
    is_number && matches!(power, [b'+', rest @ ..] if (1..=3).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit))
}

fn unsigned(cell: &[u8]) -> &[u8] {
    match cell {
        [b'-' | b'+', rest @ ..] => rest,
        [0xe2, 0x88, 0x92, rest @ ..] => rest, // U+2212, the typographic minus
        _ => cell,
    }
}

/// What the cells of a column prove about marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) comma: u64,
    pub(crate) point: u64,
}

impl Evidence {
    pub(crate) fn add(&mut self, shape: Shape) {
        match shape {
            Shape::Decimal(Mark::Comma) => self.comma += 1,
            Shape::Decimal(Mark::Point) => self.point += 1,
            Shape::Thousands(mark) => self.add(Shape::Decimal(mark.other())),
            _ => {}
        }
    }

    /// The decimal mark, when the column proves one and not the other.
    pub(crate) fn mark(self) -> Option<Mark> {
        match (self.comma > 0, self.point > 0) {
            (true, false) => Some(Mark::Comma),
            (false, true) => Some(Mark::Point),
            _ => None,
        }
    }
}

/// The number in a cell, given the decimal mark of the column. None when the mark is not proved (E206).
pub(crate) fn value(cell: &[u8], shape: Shape, decimal: Option<Mark>) -> Option<f64> {
    let mark = match shape {
        Shape::Whole => Mark::Point,
        Shape::Decimal(mark) => mark,
        Shape::Thousands(mark) => mark.other(),
        Shape::Either(_) => decimal?,
        Shape::Word | Shape::Machine | Shape::Clock => return None,
    };
    let mut text = String::with_capacity(cell.len() + 1);
    if cell.first() == Some(&b'-') || cell.starts_with(&[0xe2, 0x88, 0x92]) {
        text.push('-');
    }
    for byte in unsigned(cell) {
        if byte.is_ascii_digit() {
            text.push(char::from(*byte));
        } else if *byte == mark.byte() {
            text.push('.');
        }
    }
    // Correctly rounded, unlike sums of digits.
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        use Mark::*;
        for (cell, expected) in [
            ("540", Shape::Whole),
            ("-5", Shape::Whole),
            ("4,5", Shape::Decimal(Comma)),
            ("190.0", Shape::Decimal(Point)),
            ("0.812", Shape::Decimal(Point)),
            (",5", Shape::Decimal(Comma)),
            ("1.234", Shape::Either(Point)),
            ("1.230,5", Shape::Thousands(Point)),
            ("1,234,567", Shape::Thousands(Comma)),
            ("1.2.3", Shape::Word),
            ("negen", Shape::Word),
            ("ca. 500", Shape::Word),
            ("1e308", Shape::Machine),
            ("NaN", Shape::Machine),
            ("0x1F", Shape::Machine),
            ("9:00", Shape::Clock),
            (".", Shape::Word),
        ] {
            assert_eq!(shape(cell.as_bytes()), expected, "{cell}");
        }
    }

    #[test]
    fn units_and_rounded_ids_are_recognised() {
        for (cell, expected) in [("540 min", Some("540")), ("540MIN.", Some("540")), ("€ 12,50", Some("12,50")), ("80%", Some("80")), ("9 uur", None), ("min", None)] {
            assert_eq!(without_unit(cell.as_bytes()), expected.map(str::as_bytes), "{cell}");
        }
        assert!(is_rounded(b"1,23457E+15") && is_rounded(b"1.2E+09") && is_rounded(b"1E+15"));
        assert!(!is_rounded(b"T1E+15") && !is_rounded(b"1E5") && !is_rounded(b"EPD12"));
    }

    #[test]
    fn either_needs_proof_from_the_column() {
        let read = |cell: &str, mark| value(cell.as_bytes(), shape(cell.as_bytes()), mark);
        assert_eq!(read("1.234", None), None);
        assert_eq!(read("1.234", Some(Mark::Comma)), Some(1234.0));
        assert_eq!(read("1.234", Some(Mark::Point)), Some(1.234));
        assert_eq!(read("-1.230,5", None), Some(-1230.5));
        assert_eq!(read("4,5", None), Some(4.5));
    }
}
