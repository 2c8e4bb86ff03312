//! A sheet, cell by cell: first surveyed for its size, then written as the text that saving it as csv would give.

use quick_xml::events::{BytesStart, Event};

use super::book::{Book, Format};
use super::cell;
use super::package::{Package, attribute, next, read_string, read_text};

/// E014: most cells of a workbook …
pub(super) const CELLS_MAXIMUM: u64 = 2_000_000;
/// … most rows times columns of a sheet …
const AREA_MAXIMUM: u64 = 5_000_000;
/// … and most text of a workbook.
pub(super) const TEXT_BYTES_MAXIMUM: usize = 32 << 20;
const MERGES_MAXIMUM: usize = 10_000;
const ROWS_MAXIMUM: u32 = 1_048_576;
const COLUMNS_MAXIMUM: u32 = 16_384;
/// Functions whose value depends on when they are computed; files hold the English names.
const VOLATILE: [&str; 8] = ["TODAY(", "NOW(", "RAND(", "RANDBETWEEN(", "OFFSET(", "INDIRECT(", "VANDAAG(", "NU("];

/// What a cell held before it became text. Plain text is not noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Date,
    Boolean,
    Error,
    /// A formula with its last value …
    Formula,
    /// … that is another one tomorrow …
    Volatile,
    /// … or without a value.
    Uncomputed,
}

/// What was noted about a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    /// From 1.
    pub(super) row: u32,
    /// From 0.
    pub(super) column: u16,
    pub(super) kind: Kind,
}

/// Cells that are one: first and last row (from 1) and column (from 0).
#[derive(Debug, Clone)]
pub(super) struct Merge {
    pub(super) rows: (u32, u32),
    pub(super) columns: (u32, u32),
    pub(super) name: String,
}

/// Size of a sheet and what is not to be seen on it.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) cells: u64,
    last_row: u32,
    width: u32,
    pub(super) hidden_rows: u64,
    pub(super) is_filtered: bool,
    pub(super) merges: Vec<Merge>,
}

/// A cell with a value or a formula.
struct Cell<'c> {
    row: u32,
    column: u32,
    text: &'c str,
    kind: Option<Kind>,
    /// Kind of a formula, beside that of its value.
    formula: Option<Kind>,
}

/// Counts cells and finds the corners, before memory is taken for anything.
pub(super) fn survey(package: &mut Package<'_>, path: &str, book: &Book) -> Result<Survey, &'static str> {
    let mut survey = Survey::default();
    let mut hidden_row = 0;
    walk(package, path, book, |event| {
        match event {
            Seen::Any => survey.cells += 1,
            Seen::Cell(cell, hidden) => {
                survey.last_row = cell.row;
                survey.width = survey.width.max(cell.column + 1);
                if hidden && hidden_row != cell.row {
                    hidden_row = cell.row;
                    survey.hidden_rows += 1;
                }
            }
            Seen::Filter => survey.is_filtered = true,
            Seen::Merge(merge) => survey.merges.push(merge),
        }
        let area = u64::from(survey.last_row) * u64::from(survey.width);
        let too_large = survey.cells > CELLS_MAXIMUM || area > AREA_MAXIMUM || survey.merges.len() > MERGES_MAXIMUM;
        if too_large { Err("E014") } else { Ok(()) }
    })?;
    Ok(survey)
}

/// The sheet as text: cells parted by semicolons, every row on the line of its number; empty when no cell has a value.
pub(super) fn text(package: &mut Package<'_>, path: &str, book: &Book, survey: &Survey) -> Result<(String, Vec<Note>), &'static str> {
    let (mut text, mut notes) = (String::new(), Vec::new());
    let (mut row, mut column) = (1, 0);
    let last_column = survey.width.saturating_sub(1);
    walk(package, path, book, |event| {
        let Seen::Cell(cell, _) = event else { return Ok(()) };
        if row < cell.row {
            if column > 0 || !text.is_empty() && !text.ends_with('\n') {
                (column..last_column).for_each(|_| text.push(SEPARATOR));
            }
            (row..cell.row).for_each(|_| text.push('\n'));
            (row, column) = (cell.row, 0);
        }
        (column..cell.column).for_each(|_| text.push(SEPARATOR));
        column = cell.column;
        push(&mut text, cell.text);
        // A formula whose value is an error is an error.
        let formula = cell.formula.filter(|_| cell.kind != Some(Kind::Error));
        let kinds = [formula, cell.kind].into_iter().flatten();
        notes.extend(kinds.map(|kind| Note { row: cell.row, column: cell.column as u16, kind }));
        if text.len() > TEXT_BYTES_MAXIMUM { Err("E014") } else { Ok(()) }
    })?;
    if survey.last_row > 0 {
        (column..last_column).for_each(|_| text.push(SEPARATOR));
        text.push('\n');
    }
    Ok((text, notes))
}

const SEPARATOR: char = ';';

/// One cell on one line: a line break within a cell becomes a space.
fn push(out: &mut String, cell: &str) {
    let quoted = cell.contains([SEPARATOR, '"']);
    if quoted {
        out.push('"');
    }
    for letter in cell.chars() {
        match letter {
            '\n' | '\r' => out.push(' '),
            '"' => out.push_str("\"\""),
            letter => out.push(letter),
        }
    }
    if quoted {
        out.push('"');
    }
}

enum Seen<'c> {
    /// A cell, even if it holds nothing but a colour.
    Any,
    /// A cell with a value or a formula, and whether its row is hidden.
    Cell(Cell<'c>, bool),
    Filter,
    Merge(Merge),
}

/// Goes through a sheet in the order of the file; rows and cells must ascend.
fn walk(package: &mut Package<'_>, path: &str, book: &Book, mut seen: impl FnMut(Seen<'_>) -> Result<(), &'static str>) -> Result<(), &'static str> {
    let mut reader = package.xml(path).ok_or("E006")?;
    let mut buffer = Vec::new();
    let (mut row, mut column, mut hidden) = (0u32, 0u32, false);
    let (mut value, mut formula, mut shown) = (String::new(), String::new(), String::new());
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "row" => {
                    let number = match attribute(&element, "r") {
                        Some(number) => number.parse().ok().filter(|number| *number > row).ok_or("E006")?,
                        None => row + 1,
                    };
                    (row, column) = (number, 0);
                    hidden = attribute(&element, "hidden").is_some_and(|hidden| hidden == "1" || hidden == "true");
                    if row > ROWS_MAXIMUM {
                        return Err("E006");
                    }
                }
                "c" => {
                    let Head { place, kind, format } = head(&element);
                    if let Some(place) = place {
                        let (own_column, own_row) = cell::place(&place).ok_or("E006")?;
                        if own_row != row || own_column < column {
                            return Err("E006");
                        }
                        column = own_column;
                    }
                    if row == 0 || column >= COLUMNS_MAXIMUM {
                        return Err("E006");
                    }
                    seen(Seen::Any)?;
                    value.clear();
                    formula.clear();
                    let (mut has_value, mut has_formula) = (false, false);
                    loop {
                        match next(&mut reader, &mut buffer)? {
                            Event::Start(inner) => match inner.local_name().as_ref() {
                                "v" => {
                                    has_value = true;
                                    value.clear();
                                    read_text(&mut reader, &mut buffer, &mut value)?;
                                }
                                "is" => {
                                    has_value = true;
                                    value.clear();
                                    read_string(&mut reader, &mut buffer, &mut value)?;
                                }
                                "f" => {
                                    has_formula = true;
                                    read_text(&mut reader, &mut buffer, &mut formula)?;
                                }
                                _ => read_text(&mut reader, &mut buffer, &mut String::new())?,
                            },
                            Event::End(_) => break,
                            Event::Eof => return Err("E006"),
                            _ => {}
                        }
                    }
                    let format = format.and_then(|format| book.formats.get(format)).copied().unwrap_or(Format::Number);
                    let is_text = kind == "str" || kind == "inlineStr";
                    shown.clear();
                    let kind = match kind.as_str() {
                        "s" if value.is_empty() => None,
                        "s" => {
                            shown.push_str(value.trim().parse().ok().and_then(|place| book.strings.get(place)).ok_or("E006")?);
                            None
                        }
                        _ if is_text => {
                            shown.push_str(&value);
                            None
                        }
                        kind => cell::show(kind, value.trim(), format, book.from_1904, &mut shown),
                    };
                    if kind.is_none() {
                        cell::decode_escapes(&mut shown);
                    }
                    // A formula may have an empty text as its value: that is a value.
                    let is_computed = has_value && (is_text || !value.trim().is_empty());
                    let formula = has_formula.then(|| formula_kind(is_computed, &formula));
                    if !shown.is_empty() || formula.is_some() {
                        seen(Seen::Cell(Cell { row, column, text: &shown, kind, formula }, hidden))?;
                    }
                    column += 1;
                }
                "filterColumn" => seen(Seen::Filter)?,
                "mergeCell" => {
                    let name = attribute(&element, "ref").unwrap_or_default();
                    let (first, last) = name.split_once(':').unwrap_or((&name, &name));
                    let ((left, top), (right, bottom)) = (cell::place(first).ok_or("E006")?, cell::place(last).ok_or("E006")?);
                    if (left, top) != (right, bottom) {
                        seen(Seen::Merge(Merge { rows: (top, bottom), columns: (left, right), name }))?;
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn formula_kind(is_computed: bool, formula: &str) -> Kind {
    let formula = formula.to_ascii_uppercase();
    match is_computed {
        false => Kind::Uncomputed,
        true if VOLATILE.iter().any(|name| formula.contains(name)) => Kind::Volatile,
        true => Kind::Formula,
    }
}

/// Place, kind and format of a cell as it names them.
struct Head {
    place: Option<String>,
    kind: String,
    format: Option<usize>,
}

fn head(element: &BytesStart<'_>) -> Head {
    let mut head = Head { place: None, kind: String::new(), format: None };
    for attribute in element.attributes().with_checks(false).flatten() {
        match attribute.key.local_name().as_ref() {
            "r" => head.place = Some(attribute.value.into_owned()),
            "t" => head.kind = attribute.value.into_owned(),
            "s" => head.format = attribute.value.parse().ok(),
            _ => {}
        }
    }
    head
}
