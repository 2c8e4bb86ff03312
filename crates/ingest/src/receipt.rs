//! Receipts: written whole, and read back to recognise finished work.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;

use spiegel_model::{Consequence, Finding, Receipt, Verdict};
use tempfile::TempDir;

use crate::atomic;
use crate::error::Error;
use crate::explanations;
use crate::join;
use crate::lake::Lake;
use crate::repair::Repairs;
use crate::semicolons::{BYTE_ORDER_MARK, push_record};
use crate::words::Words;

const RECEIPT: &str = "ontvangst.json";
const FINDINGS_LINES: &str = "bevindingen.jsonl";
const FINDINGS_TABLE: &str = "bevindingen.csv";

/// Writes the receipt of a submission, with its findings one after another and the rows to mend, in the place of an earlier one.
pub(crate) fn write<'f>(lake: &Lake, receipt: &Receipt, findings: impl Iterator<Item = Words<'f>>, repairs: Repairs<'_>) -> Result<(), Error> {
    let place = lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
    let staged = stage(lake, receipt, findings.map(Ok), Some(repairs))?;
    atomic::replace_directory(staged, &place)
}

/// Writes a receipt with other findings in the same folder; what else lies there stays.
pub(crate) fn rewrite(lake: &Lake, place: &Path, receipt: &Receipt, findings: impl Iterator<Item = Result<Finding, Error>>) -> Result<(), Error> {
    let staged = stage(lake, receipt, findings.map(|finding| finding.map(Words::from)), None)?;
    join::link_others(place, staged.path())?;
    atomic::replace_directory(staged, place)
}

/// Writes a receipt beside the same findings.
pub(crate) fn rewrite_receipt(lake: &Lake, place: &Path, receipt: &Receipt) -> Result<(), Error> {
    let draft = atomic::draft(&lake.staging())?;
    atomic::write(draft.path(), &json(receipt)?)?;
    atomic::keep_verifiable(draft, &place.join(RECEIPT))
}

fn json(receipt: &Receipt) -> Result<Vec<u8>, Error> {
    let mut json = serde_json::to_vec_pretty(receipt).map_err(|error| Error::Bug(error.to_string()))?;
    json.push(b'\n');
    Ok(json)
}

/// A folder with a receipt and its findings that is not in its place yet.
fn stage<'f>(
    lake: &Lake,
    receipt: &Receipt,
    findings: impl Iterator<Item = Result<Words<'f>, Error>>,
    mut repairs: Option<Repairs<'_>>,
) -> Result<TempDir, Error> {
    let staged = atomic::staging(&lake.staging())?;
    let folder = staged.path();
    let (lines_path, table_path) = (folder.join(FINDINGS_LINES), folder.join(FINDINGS_TABLE));
    let (mut lines, mut rows) = (create(&lines_path)?, create(&table_path)?);
    let (mut failed, mut unwritten) = (None, Ok(()));
    let whole = findings.map_while(|finding| finding.map_err(|error| failed = Some(error)).ok()).inspect(|finding| {
        if let (Some(repairs), true) = (&mut repairs, unwritten.is_ok()) {
            unwritten = repairs.take(finding, folder);
        }
    });
    write_findings(whole, &mut lines, &mut rows).map_err(|source| Error::lake(folder, source))?;
    // Of a refused submission nothing is kept but its receipt (decision 15).
    if let Some(repairs) = repairs.as_ref().filter(|_| receipt.verdict != Verdict::Refused) {
        explanations::write(repairs.tables(), folder).map_err(|source| Error::lake(folder, source))?;
    }
    unwritten.and_then(|()| repairs.map_or(Ok(()), |repairs| repairs.finish(folder))).map_err(|source| Error::lake(folder, source))?;
    for (writer, path) in [(lines, &lines_path), (rows, &table_path)] {
        writer.into_inner().map_err(|error| Error::lake(path, error.into_error()))?;
    }
    if let Some(error) = failed {
        return Err(error);
    }
    atomic::write(&folder.join(RECEIPT), &json(receipt)?)?;
    Ok(staged)
}

fn create(path: &Path) -> Result<BufWriter<File>, Error> {
    File::create(path).map(BufWriter::new).map_err(|source| Error::lake(path, source))
}

/// Findings that are written at a time, and from how many on each of the files is written by a thread of its own.
const BLOCK: usize = 4096;
/// Blocks that may wait for such a thread.
const WAITING: usize = 4;

/// Writes findings for programs, a JSON object a line, and as a table that Dutch spreadsheets open.
fn write_findings<'f>(mut findings: impl Iterator<Item = Words<'f>>, mut lines: impl Write + Send, mut rows: impl Write + Send) -> io::Result<()> {
    let first: Vec<Words<'f>> = findings.by_ref().take(BLOCK).collect();
    write_lines(&first, &mut lines)?;
    begin_rows(&mut rows)?;
    write_rows(&first, &mut rows)?;
    if first.len() < BLOCK {
        return Ok(());
    }
    drop(first);
    thread::scope(|scope| {
        let (to_lines, for_lines) = mpsc::sync_channel::<Arc<Vec<Words<'f>>>>(WAITING);
        let (to_rows, for_rows) = mpsc::sync_channel::<Arc<Vec<Words<'f>>>>(WAITING);
        let writing = [
            scope.spawn(move || for_lines.into_iter().try_for_each(|block| write_lines(&block, &mut lines))),
            scope.spawn(move || for_rows.into_iter().try_for_each(|block| write_rows(&block, &mut rows))),
        ];
        loop {
            let block: Arc<Vec<Words<'f>>> = Arc::new(findings.by_ref().take(BLOCK).collect());
            // When one does not receive, its writing failed, and says why below.
            if block.is_empty() || to_lines.send(Arc::clone(&block)).is_err() || to_rows.send(block).is_err() {
                break;
            }
        }
        drop((to_lines, to_rows));
        writing.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread of the receipt failed"))))
    })
}

fn write_lines(findings: &[Words<'_>], mut lines: impl Write) -> io::Result<()> {
    let mut block = Vec::new();
    for finding in findings {
        finding.push_json(&mut block)?;
        block.push(b'\n');
    }
    lines.write_all(&block)
}

/// Begins `bevindingen.csv`.
fn begin_rows(mut rows: impl Write) -> io::Result<()> {
    let mut header = BYTE_ORDER_MARK.as_bytes().to_vec();
    let names = ["code", "gevolg", "bestand", "blad", "rij", "kolom", "kolomnaam", "sleutel", "waarde", "melding", "herstel"];
    push_record(&mut header, names.into_iter().map(Into::into));
    rows.write_all(&header)
}

fn write_rows(findings: &[Words<'_>], mut rows: impl Write) -> io::Result<()> {
    let mut block = Vec::new();
    for finding in findings {
        let row = finding.row.map_or_else(String::new, |row| row.to_string());
        let cells: [&str; 11] = [
            &finding.code, dutch(finding.consequence), &finding.file, &finding.sheet, &row, &finding.column, &finding.header,
            &finding.key, &finding.value, &finding.message, &finding.remedy,
        ];
        push_record(&mut block, cells.into_iter().map(Into::into));
    }
    rows.write_all(&block)
}

/// The receipt in a folder, when it is whole: its numbers agree with the findings beside it.
pub(crate) fn read(folder: &Path) -> Option<Receipt> {
    let receipt: Receipt = serde_json::from_slice(&fs::read(folder.join(RECEIPT)).ok()?).ok()?;
    let count = count_lines(&folder.join(FINDINGS_LINES)).ok()?;
    (receipt.findings.values().sum::<u64>() == count).then_some(receipt)
}

/// Ends of lines in a file, a block at a time: there may be millions.
fn count_lines(path: &Path) -> io::Result<u64> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let mut count = 0;
    loop {
        let block = file.fill_buf()?;
        if block.is_empty() {
            return Ok(count);
        }
        count += block.iter().filter(|byte| **byte == b'\n').count() as u64;
        let length = block.len();
        file.consume(length);
    }
}

/// The findings in the folder of a receipt, one after another.
///
/// # Errors
/// [`Error::Lake`] when the file cannot be read or a line is no finding.
pub fn read_findings(folder: &Path) -> Result<impl Iterator<Item = Result<Finding, Error>>, Error> {
    let path = folder.join(FINDINGS_LINES);
    let file = File::open(&path).map_err(|source| Error::lake(&path, source))?;
    Ok(BufReader::new(file).lines().map(move |line| {
        let line = line.map_err(|source| Error::lake(&path, source))?;
        serde_json::from_str(&line).map_err(|error| Error::lake(&path, error))
    }))
}

fn dutch(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Refuse => "aanlevering niet aangenomen",
        Consequence::Quarantine => "rij niet gebruikt",
        Consequence::Empty => "waarde niet gebruikt",
        Consequence::Warn => "let op",
        Consequence::Inform => "ter informatie",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_harmless_in_the_table() {
        let finding = Finding {
            code: "E214".to_owned(),
            consequence: Consequence::Quarantine,
            file: "a.csv".to_owned(),
            sheet: String::new(),
            row: Some(2),
            column: "A".to_owned(),
            header: "=kop".to_owned(),
            key: "T1".to_owned(),
            value: "=1+1".to_owned(),
            message: "=1+1 is geen id.".to_owned(),
            remedy: "Haal; weg.".to_owned(),
            queried: false,
        };
        let (mut lines, mut rows) = (Vec::new(), Vec::new());
        write_findings(std::iter::once(Words::from(finding)), &mut lines, &mut rows).unwrap();
        let text = String::from_utf8(rows).unwrap();
        assert!(text.ends_with("E214;rij niet gebruikt;a.csv;;2;A;'=kop;T1;'=1+1;'=1+1 is geen id.;\"Haal; weg.\"\n"), "{text}");
    }

    #[test]
    fn many_findings_are_written_in_their_order() {
        let finding = |row: u64| Finding {
            code: "E301".to_owned(),
            consequence: Consequence::Quarantine,
            file: "a.csv".to_owned(),
            sheet: String::new(),
            row: Some(row),
            column: String::new(),
            header: String::new(),
            key: String::new(),
            value: String::new(),
            message: "x".to_owned(),
            remedy: "y".to_owned(),
            queried: false,
        };
        for count in [0, BLOCK, 3 * BLOCK + 1] {
            let (mut lines, mut rows) = (Vec::new(), Vec::new());
            write_findings((0..count as u64).map(finding).map(Words::from), &mut lines, &mut rows).unwrap();
            let told: Vec<u64> = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_slice::<Finding>(line).unwrap().row.unwrap()).collect();
            assert!(told.iter().copied().eq(0..count as u64));
            let rows = String::from_utf8(rows).unwrap();
            assert!(rows.lines().skip(1).enumerate().all(|(row, line)| line.split(';').nth(4) == Some(&row.to_string())));
            assert_eq!(rows.lines().count(), count + 1);
        }
    }
}
