//! The zip around a workbook: every part is inflated and looked at before any is parsed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Cursor};

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::lexer::{Lexer, PIECE_BYTES_MAXIMUM};
use crate::container::{SourceFile, folded};
use crate::findings::{Findings, Place};
use crate::zipped::{self, Fault};

/// E014: largest workbook; more rows than it can hold belong in a csv file.
const WORKBOOK_BYTES_MAXIMUM: usize = 32 << 20;
/// E003: most bytes of a workbook when inflated, counted.
const INFLATED_BYTES_MAXIMUM: u64 = 256 << 20;
/// E004: most parts of a workbook.
const PARTS_MAXIMUM: usize = 1000;
/// Parts that are XML; no other part is ever parsed.
const XML_EXTENSIONS: [&str; 3] = [".xml", ".rels", ".vml"];

/// A part that is read event by event.
pub(super) struct Reader<'p, 'a> {
    xml: quick_xml::Reader<BufReader<ZipFile<'p, Cursor<&'a [u8]>>>>,
    /// Elements that are open: a part that ends within one is not whole.
    depth: usize,
}

/// The parts of a workbook.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Place of every part, by its name in lower case.
    parts: BTreeMap<String, usize>,
}

impl<'a> Package<'a> {
    /// Opens a workbook; None when it cannot be trusted or read, which becomes a finding.
    pub(super) fn open(file: &'a SourceFile, findings: &mut Findings<'_>) -> Option<Self> {
        let at = Place::file(&file.name);
        let refuse = |findings: &mut Findings<'_>, code: &str, count: &str, part: &str| {
            findings.raise(code, at, &[("count", count), ("value", part), ("other", part)]);
            None
        };
        if file.bytes.len() > WORKBOOK_BYTES_MAXIMUM {
            return refuse(findings, "E014", "", "het bestand is groter dan 32 MiB");
        }
        let archive = match zipped::open(&file.bytes, PARTS_MAXIMUM) {
            Ok(archive) => archive,
            Err((code, count)) => return refuse(findings, code, &count, "een ander onderdeel van de werkmap"),
        };
        for code in ["E014", "E016", "E018"] {
            findings.checked(code, 1);
        }
        let mut package = Self { archive, parts: BTreeMap::new() };
        match package.look() {
            Ok(foreign) => {
                if !foreign.is_empty() {
                    let kinds: Vec<&str> = foreign.into_iter().collect();
                    findings.raise("E016", at, &[("value", &kinds.join(", "))]);
                }
                Some(package)
            }
            // The names of parts are the program's, not the provider's.
            Err(Fault::Code(code, _)) => refuse(findings, code, "", "een tekst is langer dan 1 MiB"),
            Err(Fault::Folder | Fault::Giant(..)) => refuse(findings, "E006", "", ""),
        }
    }

    /// Inflates every part. Gives what a workbook should not hold but may, in Dutch.
    fn look(&mut self) -> Result<BTreeSet<&'static str>, Fault> {
        let mut foreign = BTreeSet::new();
        let mut inflated = 0;
        for index in 0..self.archive.len() {
            let entry = match zipped::entry(&mut self.archive, index) {
                Err(Fault::Folder) => continue,
                other => other?,
            };
            let name = entry.name.to_ascii_lowercase();
            if name.ends_with("vbaproject.bin") {
                return Err(Fault::Code("E015", entry.name));
            }
            if name.contains("externallinks/") {
                foreign.insert("koppelingen naar andere bestanden");
            } else if name.contains("embeddings/") || name.contains("oleobject") || name.contains("activex/") {
                foreign.insert("ingesloten objecten (OLE)");
            } else if name.ends_with("connections.xml") || name.contains("querytables/") {
                foreign.insert("gegevensverbindingen");
            }
            let is_xml = XML_EXTENSIONS.iter().any(|extension| name.ends_with(extension));
            let mut lexer = Lexer::new();
            zipped::inflate(&mut self.archive, index, &entry, &mut inflated, INFLATED_BYTES_MAXIMUM, |block| {
                if is_xml { lexer.take(block) } else { Ok(()) }
            })?;
            if lexer.asks_other_programs {
                foreign.insert("koppelingen met andere programma's (DDE)");
            }
            if self.parts.insert(folded(&entry.name), index).is_some() {
                return Err(Fault::Code("E017", entry.name));
            }
        }
        Ok(foreign)
    }

    /// A part that is XML, to be read event by event; None when there is none of this name.
    pub(super) fn xml(&mut self, name: &str) -> Option<Reader<'_, 'a>> {
        let name = folded(name);
        let index = *self.parts.get(&name).filter(|_| XML_EXTENSIONS.iter().any(|extension| name.ends_with(extension)))?;
        let mut xml = quick_xml::Reader::from_reader(BufReader::new(self.archive.by_index(index).ok()?));
        xml.config_mut().expand_empty_elements = true;
        Some(Reader { xml, depth: 0 })
    }
}

/// The next event; whatever cannot be parsed is damage (E006).
pub(super) fn next<'b>(reader: &mut Reader<'_, '_>, buffer: &'b mut Vec<u8>) -> Result<Event<'b>, &'static str> {
    buffer.clear();
    let event = reader.xml.read_event_into(buffer).map_err(|_| "E006")?;
    match event {
        Event::Start(_) => reader.depth += 1,
        Event::End(_) => reader.depth = reader.depth.saturating_sub(1),
        Event::Eof if reader.depth > 0 => return Err("E006"),
        _ => {}
    }
    Ok(event)
}

/// An attribute by its name without prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// Adds the text up to the end of the element that has just begun.
pub(super) fn read_text(reader: &mut Reader<'_, '_>, buffer: &mut Vec<u8>, out: &mut String) -> Result<(), &'static str> {
    let mut depth = 0;
    loop {
        match next(reader, buffer)? {
            Event::Text(text) => out.push_str(&text.xml10_content()),
            Event::CData(text) => out.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let letter = match reference.resolve_char_ref().map_err(|_| "E006")? {
                    Some(letter) => letter,
                    None => match reference.as_ref() {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return Err("E018"),
                    },
                };
                out.push(letter);
            }
            Event::Start(_) => depth += 1,
            Event::End(_) if depth > 0 => depth -= 1,
            Event::End(_) => return Ok(()),
            Event::Eof => return Err("E006"),
            _ => {}
        }
        if out.len() > PIECE_BYTES_MAXIMUM {
            return Err("E014");
        }
    }
}

/// Adds the text of a string up to its end: all runs, without the phonetic reading beside them.
pub(super) fn read_string(reader: &mut Reader<'_, '_>, buffer: &mut Vec<u8>, out: &mut String) -> Result<(), &'static str> {
    let mut depth = 0;
    loop {
        match next(reader, buffer)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "t" => read_text(reader, buffer, out)?,
                "rPh" => read_text(reader, buffer, &mut String::new())?,
                _ => depth += 1,
            },
            Event::End(_) if depth > 0 => depth -= 1,
            Event::End(_) => return Ok(()),
            Event::Eof => return Err("E006"),
            _ => {}
        }
    }
}
