//! Tables that Dutch spreadsheets open: UTF-8 with its mark, semicolons, quotes where needed (RFC 4180), and no formulas.

use std::borrow::Cow;

/// Excel takes UTF-8 for what it is only with this mark.
pub(crate) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Appends a record; none of its cells will be run as a formula.
pub(crate) fn push_record<'c>(out: &mut Vec<u8>, cells: impl Iterator<Item = Cow<'c, str>>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(b';');
        }
        push_cell(out, &harmless(&cell));
    }
    out.push(b'\n');
}

fn push_cell(out: &mut Vec<u8>, cell: &str) {
    if !cell.bytes().any(|byte| matches!(byte, b';' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(cell.as_bytes());
        return;
    }
    out.push(b'"');
    for (place, between) in cell.split('"').enumerate() {
        if place > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(between.as_bytes());
    }
    out.push(b'"');
}

/// CWE-1236: a cell that a spreadsheet would run as a formula gets an apostrophe. A number with a sign is no formula.
fn harmless(cell: &str) -> Cow<'_, str> {
    let is_number = || cell.len() > 1 && cell[1..].bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',');
    let is_formula = match cell.bytes().next() {
        Some(b'+' | b'-') => !is_number(),
        Some(b'=' | b'@' | b'\t' | b'\r') => true,
        _ => false,
    };
    if is_formula { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_harmless() {
        assert_eq!((harmless("-5,2"), harmless("-5+cmd|x")), ("-5,2".into(), "'-5+cmd|x".into()));
    }

    #[test]
    fn records_are_those_of_the_csv_crate() {
        for text in crate::records::tests::random_texts(5_000) {
            let text = String::from_utf8_lossy(&text);
            let cells: Vec<&str> = text.split('a').chain(["x"]).collect();
            let mut out = Vec::new();
            push_record(&mut out, cells.iter().map(|cell| (*cell).into()));
            let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
            writer.write_record(cells.iter().map(|cell| harmless(cell).into_owned())).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), String::from_utf8(writer.into_inner().unwrap()).unwrap());
        }
    }
}
