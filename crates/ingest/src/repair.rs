//! `herstel-<tabel>.csv`: the quarantined rows in the provider's own columns and words, with what is wrong, to mend and deliver
//! again. It lies with the receipt, in the provider's own feedback. Columns that are not in the schema are not in it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use spiegel_model::Consequence;

use crate::semicolons::{BYTE_ORDER_MARK, push_record};
use crate::table::{Fate, Table};
use crate::words::Words;

/// Columns before the provider's own. The row is that of the delivered file.
const OWN_COLUMNS: [&str; 3] = ["_rij", "_code", "_melding"];

/// Rows to mend, written as the findings pass by: these come by file and row.
pub(crate) struct Repairs<'t> {
    tables: &'t [Table<'t>],
    /// Per table, once it has a row.
    writers: Vec<Option<Writer>>,
    /// The row whose findings pass by now.
    current: Current,
}

/// The file of a table.
struct Writer {
    file: BufWriter<File>,
    /// Columns of the schema that were delivered, in the order of the file.
    columns: Vec<usize>,
    record: Vec<u8>,
}

#[derive(Default)]
struct Current {
    /// Table, and row of the file; None before the first.
    place: Option<(usize, u64)>,
    codes: String,
    messages: String,
    quarantined: bool,
}

/// Between the codes of a row.
const COMMA: &str = ", ";

impl<'t> Repairs<'t> {
    pub(crate) fn new(tables: &'t [Table<'t>]) -> Self {
        Self { tables, writers: tables.iter().map(|_| None).collect(), current: Current::default() }
    }

    /// The tables of the submission.
    pub(crate) fn tables(&self) -> &'t [Table<'t>] {
        self.tables
    }

    /// Takes the next finding.
    pub(crate) fn take(&mut self, finding: &Words<'_>, folder: &Path) -> io::Result<()> {
        let source = finding.source();
        let table = self.tables.iter().position(|table| table.file == source);
        let (Some(table), Some(row)) = (table, finding.row) else { return Ok(()) };
        if self.tables[table].quarantined.is_empty() && self.tables[table].raw.ragged.is_empty() {
            return Ok(());
        }
        if self.current.place != Some((table, row)) {
            self.finish_row(folder)?;
            self.current.place = Some((table, row));
        }
        if finding.consequence < Consequence::Inform {
            let Current { codes, messages, quarantined, .. } = &mut self.current;
            if !codes.split(COMMA).any(|code| code == finding.code) {
                if !codes.is_empty() {
                    codes.push_str(COMMA);
                }
                codes.push_str(&finding.code);
            }
            if !messages.is_empty() {
                messages.push(' ');
            }
            let texts: [&str; 3] = [&finding.message, " ", &finding.remedy];
            texts.into_iter().for_each(|text| messages.push_str(text));
            *quarantined |= finding.consequence == Consequence::Quarantine;
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self, folder: &Path) -> io::Result<()> {
        self.finish_row(folder)?;
        self.writers.iter_mut().flatten().try_for_each(|writer| writer.file.flush())
    }

    fn finish_row(&mut self, folder: &Path) -> io::Result<()> {
        if self.current.quarantined {
            self.write_row(folder)?;
        }
        self.current.codes.clear();
        self.current.messages.clear();
        self.current.quarantined = false;
        Ok(())
    }

    fn write_row(&mut self, folder: &Path) -> io::Result<()> {
        let Current { place: Some((table, row)), codes, messages, .. } = &self.current else { return Ok(()) };
        let (Some(table), Some(writer)) = (self.tables.get(*table), self.writers.get_mut(*table)) else { return Ok(()) };
        let place = u32::try_from(*row).ok().and_then(|row| table.raw.lines.binary_search(&row).ok());
        // A row with too few or too many fields has no words: nobody knows in which column they belong.
        let ragged = place.is_none() && table.raw.ragged.binary_search_by_key(row, |row| u64::from(row.line)).is_ok();
        if !ragged && place.is_none_or(|place| table.fates.get(place) != Some(&Fate::Quarantined)) {
            return Ok(());
        }
        let Writer { file, columns, record } = match writer {
            Some(writer) => writer,
            None => writer.insert(begin(table, folder)?),
        };
        let cell = |column: &usize| String::from_utf8_lossy(place.and_then(|place| table.original(place as u32, *column)).unwrap_or_default());
        let own = [Cow::Owned(row.to_string()), Cow::Borrowed(codes.as_str()), Cow::Borrowed(messages.as_str())];
        record.clear();
        push_record(record, own.into_iter().chain(columns.iter().map(cell)));
        file.write_all(record)
    }
}

/// Begins the file of a table with the provider's own headers.
fn begin(table: &Table<'_>, folder: &Path) -> io::Result<Writer> {
    let mut columns: Vec<usize> = (0..table.places.len()).filter(|column| table.places[*column].is_some()).collect();
    columns.sort_by_key(|column| table.places[*column]);
    let mut file = BufWriter::new(File::create(folder.join(format!("herstel-{}.csv", table.schema.name)))?);
    let headers = columns.iter().filter_map(|column| table.headers.get(table.places[*column]?));
    let mut record = BYTE_ORDER_MARK.as_bytes().to_vec();
    push_record(&mut record, OWN_COLUMNS.into_iter().chain(headers.map(String::as_str)).map(Into::into));
    file.write_all(&record)?;
    Ok(Writer { file, columns, record })
}
