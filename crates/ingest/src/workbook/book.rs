//! What a workbook says about itself: its sheets, its texts, its formats.

use std::collections::BTreeMap;

use quick_xml::events::Event;

use super::package::{Package, attribute, next, read_string, read_text};

/// E014: most bytes and most pieces of the texts that cells share.
const STRINGS_BYTES_MAXIMUM: usize = 64 << 20;
const STRINGS_MAXIMUM: usize = 500_000;
/// E014: most formats of cells; Excel keeps 65,490.
const FORMATS_MAXIMUM: usize = 65_536;
/// E014: most sheets.
const SHEETS_MAXIMUM: usize = 256;
const WORKBOOK: &str = "xl/workbook.xml";

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Number,
    /// As a date, a time, or both.
    Date,
    /// As a number of hours.
    Duration,
}

/// A sheet of the workbook.
pub(super) struct SheetPart {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) hidden: bool,
}

/// Texts that cells refer to by number.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    pub(super) fn get(&self, place: usize) -> Option<&str> {
        let start = if place == 0 { 0 } else { *self.ends.get(place - 1)? };
        self.text.get(start..*self.ends.get(place)?)
    }
}

/// A workbook without the cells of its sheets.
pub(super) struct Book {
    pub(super) sheets: Vec<SheetPart>,
    /// Days are counted from 1904-01-01 (N816).
    pub(super) from_1904: bool,
    pub(super) strings: Strings,
    /// By the number of the format that a cell names.
    pub(super) formats: Vec<Format>,
    /// Properties that name who made or changed it (E608).
    pub(super) people: usize,
}

impl Book {
    /// Reads everything but the sheets; the error is the code of what is wrong.
    pub(super) fn read(package: &mut Package<'_>) -> Result<Self, &'static str> {
        let package_targets = relationships(package, "_rels/.rels", "")?;
        let path = target(&package_targets, "officeDocument").unwrap_or_else(|| WORKBOOK.to_owned());
        let (folder, base) = path.rsplit_once('/').unwrap_or(("", &path));
        let targets = relationships(package, &format!("{folder}/_rels/{base}.rels"), folder)?;
        let (sheets, from_1904) = sheets(package, &path, &targets)?;
        Ok(Self {
            sheets,
            from_1904,
            strings: target(&targets, "sharedStrings").map_or_else(|| Ok(Strings::default()), |path| strings(package, &path))?,
            formats: target(&targets, "styles").map_or_else(|| Ok(Vec::new()), |path| formats(package, &path))?,
            people: target(&package_targets, "core-properties").map_or(Ok(0), |path| people(package, &path))?,
        })
    }
}

/// Kind and path of every part that a part refers to, by its id.
type Targets = BTreeMap<String, (String, String)>;

fn relationships(package: &mut Package<'_>, path: &str, folder: &str) -> Result<Targets, &'static str> {
    let mut targets = Targets::new();
    let Some(mut reader) = package.xml(path.trim_start_matches('/')) else { return Ok(targets) };
    let mut buffer = Vec::new();
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Start(element) if element.local_name().as_ref() == "Relationship" => {
                let kind = attribute(&element, "Type").unwrap_or_default();
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                // What lies outside is never fetched.
                if attribute(&element, "TargetMode").as_deref() != Some("External")
                    && let (Some(id), Some(target)) = (attribute(&element, "Id"), attribute(&element, "Target"))
                {
                    targets.insert(id, (kind, resolved(folder, &target)));
                }
            }
            Event::Eof => return Ok(targets),
            _ => {}
        }
    }
}

/// The path of a part as another part in a folder names it.
fn resolved(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in target.split('/') {
        match part {
            ".." => _ = parts.pop(),
            "" | "." => {}
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

fn target(targets: &Targets, kind: &str) -> Option<String> {
    targets.values().find(|(other, _)| other == kind).map(|(_, path)| path.clone())
}

fn sheets(package: &mut Package<'_>, path: &str, targets: &Targets) -> Result<(Vec<SheetPart>, bool), &'static str> {
    let (mut sheets, mut from_1904) = (Vec::new(), false);
    let mut reader = package.xml(path).ok_or("E006")?;
    let mut buffer = Vec::new();
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "sheet" => {
                    let id = attribute(&element, "id").unwrap_or_default();
                    let (kind, path) = targets.get(&id).ok_or("E006")?;
                    if kind == "worksheet" {
                        let hidden = attribute(&element, "state").is_some_and(|state| state != "visible");
                        sheets.push(SheetPart { name: attribute(&element, "name").unwrap_or_default(), path: path.clone(), hidden });
                    }
                }
                // Newer programs add a second element of this name, without the attribute.
                "workbookPr" => from_1904 |= attribute(&element, "date1904").is_some_and(|value| value == "1" || value == "true"),
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
        if sheets.len() > SHEETS_MAXIMUM {
            return Err("E014");
        }
    }
    Ok((sheets, from_1904))
}

fn strings(package: &mut Package<'_>, path: &str) -> Result<Strings, &'static str> {
    let mut strings = Strings::default();
    let Some(mut reader) = package.xml(path) else { return Ok(strings) };
    let mut buffer = Vec::new();
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Start(element) if element.local_name().as_ref() == "si" => {
                let mut text = String::new();
                read_string(&mut reader, &mut buffer, &mut text)?;
                strings.text.push_str(&text);
                strings.ends.push(strings.text.len());
            }
            Event::Eof => return Ok(strings),
            _ => {}
        }
        if strings.text.len() > STRINGS_BYTES_MAXIMUM || strings.ends.len() > STRINGS_MAXIMUM {
            return Err("E014");
        }
    }
}

fn formats(package: &mut Package<'_>, path: &str) -> Result<Vec<Format>, &'static str> {
    let (mut own, mut formats, mut in_cells) = (BTreeMap::new(), Vec::new(), false);
    let Some(mut reader) = package.xml(path) else { return Ok(formats) };
    let mut buffer = Vec::new();
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Start(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    if let (Some(id), Some(code)) = (attribute(&element, "numFmtId"), attribute(&element, "formatCode")) {
                        own.insert(id, format_of(&code));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells => {
                    let id = attribute(&element, "numFmtId").unwrap_or_default();
                    formats.push(own.get(&id).copied().unwrap_or_else(|| built_in(&id)));
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => in_cells = false,
            Event::Eof => return Ok(formats),
            _ => {}
        }
        if formats.len() > FORMATS_MAXIMUM || own.len() > FORMATS_MAXIMUM {
            return Err("E014");
        }
    }
}

/// Formats that need no code in the file (ECMA-376 18.8.30); 27 to 36 and 50 to 58 are dates in some languages.
fn built_in(id: &str) -> Format {
    match id.parse::<u32>() {
        Ok(14..=22 | 27..=36 | 45 | 47 | 50..=58) => Format::Date,
        Ok(46) => Format::Duration,
        _ => Format::Number,
    }
}

/// What a format code shows: letters of dates and times outside quotes, brackets and escapes, in its first section.
fn format_of(code: &str) -> Format {
    if ["general", "standaard"].contains(&code.to_ascii_lowercase().as_str()) {
        return Format::Number;
    }
    let mut letters = code.chars();
    let (mut quoted, mut bracket): (bool, Option<String>) = (false, None);
    while let Some(letter) = letters.next() {
        match (letter, &mut bracket) {
            ('"', None) => quoted = !quoted,
            _ if quoted => {}
            ('\\' | '_' | '*', None) => _ = letters.next(),
            (']', Some(inside)) => {
                // [h], [mm], [ss]; others are colours, conditions and languages.
                if !inside.is_empty() && inside.chars().all(|letter| "hms".contains(letter.to_ascii_lowercase())) {
                    return Format::Duration;
                }
                bracket = None;
            }
            (letter, Some(inside)) => inside.push(letter),
            ('[', None) => bracket = Some(String::new()),
            (';', None) => return Format::Number,
            (letter, None) if "dmyhsDMYHS".contains(letter) => return Format::Date,
            _ => {}
        }
    }
    Format::Number
}

/// Programs that write their own name where a person's belongs.
const PROGRAMS: [&str; 12] = [
    "openpyxl", "apache poi", "xlsxwriter", "libreoffice", "sheetjs", "microsoft excel", "epplus", "closedxml", "spiegel", "stichting kibg", "gebruiker", "user",
];

/// How many properties name who made or changed the workbook.
fn people(package: &mut Package<'_>, path: &str) -> Result<usize, &'static str> {
    let Some(mut reader) = package.xml(path) else { return Ok(0) };
    let (mut buffer, mut people) = (Vec::new(), 0);
    loop {
        match next(&mut reader, &mut buffer)? {
            Event::Start(element) if ["creator", "lastModifiedBy"].contains(&element.local_name().as_ref()) => {
                let mut text = String::new();
                read_text(&mut reader, &mut buffer, &mut text)?;
                let text = text.trim().to_lowercase();
                people += usize::from(!text.is_empty() && !PROGRAMS.iter().any(|program| text.starts_with(program)));
            }
            Event::Eof => return Ok(people),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates_are_told_from_others() {
        for (code, format) in [
            ("dd-mm-yyyy", Format::Date),
            ("yyyy\\-mm\\-dd;@", Format::Date),
            ("[$-413]d mmmm yyyy", Format::Date),
            ("h:mm", Format::Date),
            ("[h]:mm", Format::Duration),
            ("General", Format::Number),
            ("0.00", Format::Number),
            ("[Red]0", Format::Number),
            ("\"dag\" 0", Format::Number),
            ("#,##0_);\\(#,##0\\)", Format::Number),
            ("0 \\d", Format::Number),
        ] {
            assert_eq!(format_of(code), format, "{code}");
        }
    }

    #[test]
    fn targets_are_found_from_the_folder_of_who_names_them() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl/worksheets", "../tables/table1.xml"), "xl/tables/table1.xml");
    }
}
