//! What somebody writes about the own practice (`privacy = "explanation"`): searched for persons before anything is written, kept
//! beside the receipt in `toelichtingen.jsonl`, and nowhere else. The lake, its quarantine and everything that is computed know only
//! whether there is one: who assesses must read the text, and nobody else may, so it lies where only the publisher and the
//! provider's own feedback are, and goes when the receipt goes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use serde::{Deserialize, Serialize};
use spiegel_model::Privacy;

use crate::dates::{self, Cell};
use crate::error::Error;
use crate::privacy::{BIRTH_YEARS, passes_eleven, plain_number};
use crate::rows::RawColumn;
use crate::table::{Fate, Table};

/// What stands in the lake in the place of a text.
pub(crate) const PRESENT: &str = "ja";
/// The file beside the receipt; absent when there is no text.
const FILE: &str = "toelichtingen.jsonl";
/// Years before which a date in a text is a date of birth rather than of an event: clients are adults (domain 6).
const YOUNGEST_CLIENT_YEARS: i32 = 16;
/// The newest year that a birth can lie in, from the range of [`BIRTH_YEARS`].
const LAST_BIRTH_YEAR: i32 = 2020 - YOUNGEST_CLIENT_YEARS;

/// A text that was delivered, with the row of the lake that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Canonical table.
    pub table: String,
    /// Canonical column.
    pub column: String,
    /// Row of the file, as `source_row` in the lake.
    pub row: u32,
    /// The text as it was delivered.
    pub text: String,
}

/// Personal data in texts: the code of the finding, and in how many cells. A single citizen number is enough: a text about a
/// practice has no other use for nine digits that pass its test.
pub(crate) fn persons(column: &RawColumn) -> Option<(&'static str, u64)> {
    let (mut citizens, mut births) = (0, 0);
    for cell in column.cells().filter(|cell| !cell.is_empty()) {
        let words = || cell.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b':' | b'(' | b')' | b'"' | b'\''));
        let trimmed = |word: &[u8]| word.strip_suffix(b".").unwrap_or(word).to_vec();
        let is_citizen = |word: &[u8]| {
            let digits: Vec<u8> = word.iter().copied().filter(|byte| *byte != b'.').collect();
            digits.len() == 9 && plain_number(&digits).is_some_and(passes_eleven)
        };
        let is_birth = |word: &[u8]| {
            let Cell::Day { day, .. } = dates::read(word) else { return false };
            let year = dates::year_of(day);
            word.len() >= 8 && u32::try_from(year).is_ok_and(|year| BIRTH_YEARS.contains(&year)) && year <= LAST_BIRTH_YEAR
        };
        citizens += u64::from(words().map(trimmed).any(|word| is_citizen(&word)));
        births += u64::from(words().map(trimmed).any(|word| is_birth(&word)));
    }
    if citizens > 0 {
        return Some(("E602", citizens));
    }
    (births > 0).then_some(("E604", births))
}

/// A column of texts as the lake has it: whether there is one.
pub(crate) fn presence(texts: &ArrayRef) -> ArrayRef {
    Arc::new((0..texts.len()).map(|row| texts.is_valid(row).then_some(PRESENT)).collect::<StringArray>())
}

/// Writes the texts of used rows beside the receipt.
pub(crate) fn write(tables: &[Table<'_>], folder: &Path) -> io::Result<()> {
    let mut file: Option<BufWriter<File>> = None;
    for table in tables {
        for (place, column) in table.schema.columns.iter().enumerate().filter(|(_, column)| column.privacy == Some(Privacy::Explanation)) {
            for row in (0..table.len()).filter(|row| table.fates.get(*row) == Some(&Fate::Used)) {
                let Some(typed) = table.typed.get(place).filter(|typed| typed.valid[row]) else { continue };
                let crate::values::Values::Text(texts) = &typed.values else { continue };
                let text = String::from_utf8_lossy(texts.cell(row)).into_owned();
                let one = Explanation { table: table.schema.table.clone(), column: column.name.clone(), row: table.raw.lines[row], text };
                let out = match &mut file {
                    Some(out) => out,
                    None => file.insert(BufWriter::new(File::create(folder.join(FILE))?)),
                };
                serde_json::to_writer(&mut *out, &one)?;
                out.write_all(b"\n")?;
            }
        }
    }
    file.map_or(Ok(()), |mut out| out.flush())
}

/// The texts beside a receipt; none when there are none.
///
/// # Errors
/// [`Error::Lake`] when the file cannot be read or a line is none of ours; the message never quotes it.
pub fn read_explanations(folder: &Path) -> Result<Vec<Explanation>, Error> {
    let path = folder.join(FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::lake(&path, error)),
    };
    BufReader::new(file)
        .lines()
        .enumerate()
        .map(|(line, text)| {
            let text = text.map_err(|error| Error::lake(&path, error))?;
            // What serde says of a mistake may hold a part of the text.
            serde_json::from_str(&text).map_err(|_| Error::lake(&path, format!("line {} is no explanation", line + 1)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> RawColumn {
        let mut column = RawColumn::with_capacity(cells.len());
        for cell in cells {
            column.bytes.extend_from_slice(cell.as_bytes());
            column.offsets.push(column.bytes.len() as i32);
        }
        column
    }

    #[test]
    fn texts_about_a_practice_pass_and_persons_do_not() {
        let own = ["Wij bellen terug via 030-1234567 of info@praktijk.example, KvK 12345678.", "Op 3-10-2024 evalueerden wij; in 1998 begonnen we.", ""];
        assert_eq!(persons(&column(&own)), None);
        assert_eq!(persons(&column(&["De cliënt met nummer 111222333.", "Niets."])), Some(("E602", 1)));
        assert_eq!(persons(&column(&["geboren 12-03-1980, sindsdien"])), Some(("E604", 1)));
    }

    #[test]
    fn the_lake_knows_only_that_there_is_a_text() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("Een geheim"), None]));
        let there = presence(&texts);
        let there = there.as_any().downcast_ref::<StringArray>().unwrap();
        assert_eq!(there.iter().collect::<Vec<_>>(), [Some(PRESENT), None]);
    }
}
