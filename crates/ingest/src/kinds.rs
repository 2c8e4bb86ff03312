//! What a file really is, whatever it is called: told by its content (submission.md 3.1).

use std::io::Cursor;

use zip::ZipArchive;

use crate::container::SourceFile;
use crate::findings::{Findings, Place};
use crate::zipped;

/// A file that can hold tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readable {
    Text,
    Workbook,
}

/// What a file is by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Workbook,
    /// An office file with a password: an OLE package around the encrypted one.
    Encrypted,
    Archive,
    /// Known and not read, with its name in Dutch.
    Other(&'static str),
    Unknown,
}

impl Kind {
    /// As a message names it.
    pub(crate) fn dutch(self) -> &'static str {
        match self {
            Self::Text => "een tekstbestand (csv)",
            Self::Workbook => "een Excel-werkmap (xlsx)",
            Self::Encrypted => "een Office-bestand met wachtwoord",
            Self::Archive => "een ingepakt bestand (zip)",
            Self::Other(name) => name,
            Self::Unknown => "een onbekend soort bestand",
        }
    }
}

const BIFF: Kind = Kind::Other("een werkmap van Excel 97-2003 (xls)");
const BINARY_WORKBOOK: Kind = Kind::Other("een binaire Excel-werkmap (xlsb)");
const WORD: Kind = Kind::Other("een Word-document (doc of docx)");
const OPEN_SHEET: Kind = Kind::Other("een OpenDocument-werkblad (ods)");
const WEB_PAGE: Kind = Kind::Other("een webpagina (html)");
const IMAGE: Kind = Kind::Other("een afbeelding");

/// First bytes that name a kind.
const MARKS: [(&[u8], Kind); 20] = [
    (b"%PDF", Kind::Other("een pdf")),
    (b"$FL2", Kind::Other("een SPSS-bestand (sav)")),
    (b"$FL3", Kind::Other("een SPSS-bestand (zsav)")),
    (b"\0\x01\0\0Standard ACE DB", Kind::Other("een Access-database (accdb)")),
    (b"\0\x01\0\0Standard Jet DB", Kind::Other("een Access-database (mdb)")),
    (b"SQLite format 3\0", Kind::Other("een SQLite-database")),
    (b"PAR1", Kind::Other("een Parquet-bestand")),
    (b"{\\rtf", Kind::Other("een rtf-document")),
    (b"\x89PNG", IMAGE),
    (b"\xff\xd8\xff", IMAGE),
    (b"GIF8", IMAGE),
    (b"\x09\0\x04\0", BIFF),
    (b"\x09\x02\x06\0", BIFF),
    (b"\x09\x04\x06\0", BIFF),
    (b"\x09\x08", BIFF),
    (b"\x1f\x8b", Kind::Archive),
    (b"7z\xbc\xaf\x27\x1c", Kind::Archive),
    (b"Rar!\x1a\x07", Kind::Archive),
    (b"BZh", Kind::Archive),
    (b"\xfd7zXZ\0", Kind::Archive),
];

/// Container of older office files, and of encrypted ones.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
const ZIP: &[u8] = b"PK\x03\x04";
/// A zip without entries.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
/// Names of parts that tell what an office file in a zip is.
const PARTS: [(&str, Kind); 5] = [
    ("xl/workbook.bin", BINARY_WORKBOOK),
    ("xl/workbook.xml", Kind::Workbook),
    ("xl/worksheets/", Kind::Workbook),
    ("word/", WORD),
    ("ppt/", Kind::Other("een PowerPoint-presentatie (pptx)")),
];
/// How an OpenDocument file begins: its first entry is `mimetype`, not compressed.
const OPEN_DOCUMENT: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.";
/// Bytes at the start in which text has no control characters.
const SAMPLE: usize = 4096;
/// Parts of an office file that are looked at for its kind.
const PARTS_MAXIMUM: usize = 4096;

/// Recognises a file by its content.
pub(crate) fn recognise(bytes: &[u8]) -> Kind {
    if let Some((_, kind)) = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return *kind;
    }
    if bytes.starts_with(OLE) {
        return ole(bytes);
    }
    if bytes.starts_with(ZIP) || bytes.starts_with(EMPTY_ZIP) {
        return zip(bytes);
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let start = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample).trim_ascii_start();
    let begins = |mark: &str| start.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark.as_bytes()));
    if ["<!doctype html", "<html", "<table", "<head", "<body", "<meta"].iter().any(|mark| begins(mark)) {
        return WEB_PAGE;
    }
    if begins("<?xml") {
        let sheet = find(sample, b"urn:schemas-microsoft-com:office:spreadsheet");
        return Kind::Other(if sheet { "een XML-werkblad van Excel 2003" } else { "een xml-bestand" });
    }
    if begins("{\"") || begins("[{") {
        return Kind::Other("een json-bestand");
    }
    let wide = sample.starts_with(b"\xff\xfe") || sample.starts_with(b"\xfe\xff");
    // NULs may come from UTF-16: the reader of text decides about them.
    let odd = sample.iter().filter(|byte| matches!(byte, 1..=8 | 14..=26)).count();
    if !wide && odd * 50 > sample.len() { Kind::Unknown } else { Kind::Text }
}

fn ole(bytes: &[u8]) -> Kind {
    // Names in the directory of the container are UTF-16.
    let wide = |name: &str| name.bytes().flat_map(|byte| [byte, 0]).collect::<Vec<u8>>();
    if find(bytes, &wide("EncryptedPackage")) {
        Kind::Encrypted
    } else if find(bytes, &wide("Workbook")) || find(bytes, &wide("Book")) {
        BIFF
    } else if find(bytes, &wide("WordDocument")) {
        WORD
    } else {
        Kind::Other("een ouder Office-bestand")
    }
}

fn zip(bytes: &[u8]) -> Kind {
    if bytes.get(30..30 + OPEN_DOCUMENT.len()) == Some(OPEN_DOCUMENT) {
        let sheet = find(&bytes[..bytes.len().min(SAMPLE)], b"opendocument.spreadsheet");
        return if sheet { OPEN_SHEET } else { Kind::Other("een OpenDocument-bestand (odt)") };
    }
    let few = zipped::declared_entries(bytes).is_some_and(|declared| declared <= PARTS_MAXIMUM);
    if let Some(archive) = few.then(|| ZipArchive::new(Cursor::new(bytes)).ok()).flatten() {
        let names: Vec<String> = archive.file_names_raw().map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()).collect();
        let part = PARTS.iter().find(|(part, _)| names.iter().any(|name| name.starts_with(part)));
        return part.map_or(Kind::Archive, |(_, kind)| *kind);
    }
    // Not whole: the names of its entries still stand before them.
    PARTS.iter().find(|(part, _)| find(bytes, part.as_bytes())).map_or(Kind::Archive, |(_, kind)| *kind)
}

fn find(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.windows(pattern.len()).any(|window| window == pattern)
}

const TEXT_EXTENSIONS: [&str; 4] = ["csv", "txt", "tsv", "tab"];
const MACRO_EXTENSIONS: [&str; 2] = ["xlsm", "xltm"];
const WORKBOOK_EXTENSIONS: [&str; 2] = ["xlsx", "xltx"];
/// E010: what this reader reads.
const ACCEPTED: &str = "csv of xlsx, los in een map of samen in een zip";

/// How a file is to be read; None when it cannot be, which becomes a finding.
pub(crate) fn readable(file: &SourceFile, findings: &mut Findings<'_>) -> Option<Readable> {
    let extension = file.extension();
    let is = |list: &[&str]| list.contains(&extension.as_str());
    let (text, workbook) = (is(&TEXT_EXTENSIONS), is(&WORKBOOK_EXTENSIONS) || is(&MACRO_EXTENSIONS));
    let kind = recognise(&file.bytes);
    for code in ["E005", "E007", "E009", "E010", "E015"] {
        findings.checked(code, 1);
    }
    let promised = if text { "een tekstbestand" } else { "een Excel-werkmap" };
    let slots = [("value", kind.dutch()), ("expected", ACCEPTED), ("other", promised)];
    let code = match kind {
        Kind::Text if text => return Some(Readable::Text),
        Kind::Workbook if is(&MACRO_EXTENSIONS) => "E015",
        Kind::Workbook if workbook => return Some(Readable::Workbook),
        Kind::Text if workbook && file.bytes.is_empty() => "E008",
        Kind::Encrypted => "E007",
        Kind::Archive if !workbook && extension != "xls" => "E005",
        Kind::Unknown if text => return Some(Readable::Text),
        Kind::Unknown if workbook => "E006",
        _ if text || workbook => "E009",
        _ if extension == "xls" && kind != BIFF => "E009",
        _ => "E010",
    };
    findings.raise(code, Place::file(&file.name), &slots);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_content() {
        let ole_with = |name: &str| [OLE, &[0; 600], &name.bytes().flat_map(|byte| [byte, 0]).collect::<Vec<u8>>()].concat();
        for (bytes, kind) in [
            (b"%PDF-1.7".to_vec(), "een pdf"),
            (b"$FL2@(#) SPSS".to_vec(), "een SPSS-bestand (sav)"),
            (b"\0\x01\0\0Standard ACE DB\0".to_vec(), "een Access-database (accdb)"),
            (b"  <!DOCTYPE HTML><table>".to_vec(), "een webpagina (html)"),
            (b"\xef\xbb\xbf<html>".to_vec(), "een webpagina (html)"),
            (b"<?xml version=\"1.0\"?><a/>".to_vec(), "een xml-bestand"),
            (ole_with("EncryptedPackage"), "een Office-bestand met wachtwoord"),
            (ole_with("Workbook"), "een werkmap van Excel 97-2003 (xls)"),
            (ole_with("WordDocument"), "een Word-document (doc of docx)"),
            (b"traject_id;client_id\n".to_vec(), "een tekstbestand (csv)"),
            (b"\xff\xfet\0r\0".to_vec(), "een tekstbestand (csv)"),
            (b"\x01\x02\x03\x04".to_vec(), "een onbekend soort bestand"),
            (b"PK\x03\x04 xl/workbook.xml and no end".to_vec(), "een Excel-werkmap (xlsx)"),
            (b"PK\x03\x04 and no end".to_vec(), "een ingepakt bestand (zip)"),
        ] {
            assert_eq!(recognise(&bytes).dutch(), kind);
        }
    }
}
