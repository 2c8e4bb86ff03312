//! Which entries of an inbox are submissions, and of whom.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use spiegel_model::{Delivery, DeliveryKind};

use crate::error::Error;

/// A submission in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Folder, zip or workbook.
    pub path: PathBuf,
    /// Provider id from the name; the delivery's name for a collective delivery.
    pub provider_id: String,
    /// Reporting year from the name; None for a collective delivery.
    pub year: Option<i32>,
    /// Sequence number from the name; 1 for a collective delivery.
    pub sequence: u32,
    /// Name of the folder or file, for receipts.
    pub name: String,
}

/// What an inbox holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Submissions by provider, year and sequence number.
    pub submissions: Vec<Found>,
    /// Other entries with the reason why they are no submission, in Dutch.
    pub ignored: Vec<(String, String)>,
}

/// The provider register may lie in the inbox.
const REGISTER: &str = "register.csv";

/// Lists the submissions of an inbox.
pub fn discover(inbox: &Path, delivery: &Delivery) -> Result<Discovered, Error> {
    let error = |source| Error::Inbox { path: inbox.to_path_buf(), source };
    let entries = fs::read_dir(inbox).map_err(error)?;
    if delivery.kind == DeliveryKind::Collective {
        let name = delivery.name.clone();
        let found = Found { path: inbox.to_path_buf(), provider_id: name.clone(), year: None, sequence: 1, name };
        return Ok(Discovered { submissions: vec![found], ignored: Vec::new() });
    }
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(error)?.path());
    }
    paths.sort();
    let template = Template::new(delivery);
    let mut discovered = Discovered::default();
    let mut names = BTreeSet::new();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if is_clutter(&name) || name == REGISTER {
            continue;
        }
        // Of whatever kind a file is: one that cannot be read is refused with a receipt, and not passed over.
        let stem = if path.is_dir() { name.as_str() } else { name.rsplit_once('.').map_or("", |(stem, _)| stem) };
        match template.read(stem) {
            Some((provider_id, year, sequence)) => {
                if names.insert((provider_id.clone(), year, sequence)) {
                    discovered.submissions.push(Found { path, provider_id, year, sequence, name });
                } else {
                    let reason = "er is al een aanlevering van deze aanbieder met dit jaar en volgnummer; geef de nieuwe een hoger volgnummer";
                    discovered.ignored.push((name, reason.to_owned()));
                }
            }
            None => discovered.ignored.push((name, template.expected())),
        }
    }
    discovered.submissions.sort_by(|left, right| {
        (&left.provider_id, left.year, left.sequence).cmp(&(&right.provider_id, right.year, right.sequence))
    });
    Ok(discovered)
}

/// N801: files that operating systems and office programs leave behind.
pub(crate) fn is_clutter(name: &str) -> bool {
    let name = name.rsplit('/').find(|part| !part.is_empty()).unwrap_or(name);
    name.starts_with('.') || name.starts_with("~$") || ["Thumbs.db", "desktop.ini", "__MACOSX"].iter().any(|clutter| name.eq_ignore_ascii_case(clutter))
}

/// Provider id, year and sequence number from the name of a submission, without extension.
pub(crate) fn named(stem: &str, delivery: &Delivery) -> Option<(String, Option<i32>, u32)> {
    Template::new(delivery).read(stem)
}

enum Part<'a> {
    Literal(&'a str),
    Provider,
    Year,
    Sequence,
}

/// The name of a submission: `KIBG_{provider}_{year}_{sequence}`.
struct Template<'a> {
    text: &'a str,
    parts: Vec<Part<'a>>,
    provider_digits: usize,
}

impl<'a> Template<'a> {
    fn new(delivery: &'a Delivery) -> Self {
        let mut parts = Vec::new();
        let mut rest = delivery.name.as_str();
        while !rest.is_empty() {
            let slots = [("{provider}", Part::Provider), ("{year}", Part::Year), ("{sequence}", Part::Sequence)];
            let slot = slots.into_iter().find(|(slot, _)| rest.starts_with(slot));
            if let Some((slot, part)) = slot {
                parts.push(part);
                rest = &rest[slot.len()..];
            } else {
                let end = rest[1..].find('{').map_or(rest.len(), |place| place + 1);
                parts.push(Part::Literal(&rest[..end]));
                rest = &rest[end..];
            }
        }
        Self { text: &delivery.name, parts, provider_digits: delivery.provider_digits }
    }

    fn read(&self, name: &str) -> Option<(String, Option<i32>, u32)> {
        let (mut provider, mut year, mut sequence) = (None, None, 1);
        let mut rest = name;
        for part in &self.parts {
            let length = match part {
                Part::Literal(literal) => {
                    let start = rest.get(..literal.len())?;
                    start.eq_ignore_ascii_case(literal).then_some(literal.len())?
                }
                Part::Provider => {
                    let digits = leading_digits(rest);
                    // One digit less: a spreadsheet dropped a zero (E213); whether that is so, the register says.
                    (digits > 0 && (self.provider_digits == 0 || digits == self.provider_digits || digits + 1 == self.provider_digits)).then_some(digits)?
                }
                Part::Year => (leading_digits(rest) == 4).then_some(4)?,
                Part::Sequence => Some(leading_digits(rest)).filter(|digits| (1..=6).contains(digits))?,
            };
            let (text, remaining) = rest.split_at(length);
            match part {
                Part::Literal(_) => {}
                Part::Provider => provider = Some(format!("{text:0>width$}", width = self.provider_digits)),
                Part::Year => year = text.parse().ok(),
                Part::Sequence => sequence = text.parse().ok()?,
            }
            rest = remaining;
        }
        rest.is_empty().then_some((provider?, year, sequence))
    }

    fn expected(&self) -> String {
        let digits = if self.provider_digits == 0 { "cijfers".to_owned() } else { format!("{} cijfers", self.provider_digits) };
        let name = self.text.replace("{provider}", &format!("<{digits}>")).replace("{year}", "<jaar>").replace("{sequence}", "<volgnummer>");
        format!("geen aanlevering: een naam ziet er zo uit: {name}, als map, als zip of als Excel-werkmap (xlsx)")
    }
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_other_entries_explained() {
        let inbox = tempfile::tempdir().unwrap();
        for folder in ["KIBG_94012345_2025_02", "KIBG_94012345_2025_01", "KIBG_940123_2025_01", "KIBG_6012345_2025_01"] {
            fs::create_dir(inbox.path().join(folder)).unwrap();
        }
        for file in ["KIBG_06000001_2025_01.zip", "KIBG_94012345_2025_01.zip", "KIBG_94012345_2025_03.xlsx", "register.csv", ".DS_Store", "~$x.xlsx", "notes.txt"] {
            fs::write(inbox.path().join(file), "").unwrap();
        }
        let delivery = Delivery { kind: DeliveryKind::PerProvider, name: "KIBG_{provider}_{year}_{sequence}".to_owned(), provider_digits: 8, schemas: Vec::new() };
        let discovered = discover(inbox.path(), &delivery).unwrap();
        let found: Vec<_> = discovered.submissions.iter().map(|found| (found.provider_id.as_str(), found.year, found.sequence)).collect();
        assert_eq!(found, [("06000001", Some(2025), 1), ("06012345", Some(2025), 1), ("94012345", Some(2025), 1), ("94012345", Some(2025), 2), ("94012345", Some(2025), 3)]);
        let ignored: Vec<_> = discovered.ignored.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(ignored, ["KIBG_94012345_2025_01.zip", "KIBG_940123_2025_01", "notes.txt"]);
        assert!(discovered.ignored[2].1.contains("KIBG_<8 cijfers>_<jaar>_<volgnummer>"));
    }
}
