//! Whose rows a file holds, where a column of its own says so: a submission is of one provider.

use std::collections::BTreeSet;

use crate::findings::{Findings, Place};
use crate::header::Mapping;
use crate::register::{ProviderRegister, is_agb, padded};
use crate::rows::RawTable;
use crate::spelling::canonical;
use crate::table::Table;

/// Headers of the provider of a row.
const HEADERS: [&str; 10] = [
    "agb", "agbcode", "aanbieder", "aanbiederagb", "agbaanbieder", "praktijkagb", "agbpraktijk", "instellingagb", "agbinstelling", "ondernemingagb",
];

/// The AGB codes in a column of the provider; none when the file has no such column.
pub(crate) fn codes(raw: &RawTable, headers: &[String], mapping: &Mapping) -> BTreeSet<String> {
    let columns = mapping.unknown.iter().filter(|place| headers.get(**place).is_some_and(|header| HEADERS.contains(&canonical(header).as_str())));
    let mut codes = BTreeSet::new();
    for cell in columns.flat_map(|place| raw.columns[*place].cells()) {
        let known = codes.contains(std::str::from_utf8(cell).unwrap_or_default());
        if !known && is_agb(cell) {
            codes.insert(String::from_utf8_lossy(cell).into_owned());
        } else if !known && let Some(whole) = padded(cell) {
            codes.insert(whole);
        }
    }
    codes
}

/// E503 and E504: rows of another provider, or of several. Rows of a group are not split: they go back as well.
pub(crate) fn check(tables: &[Table<'_>], provider: &str, register: Option<&ProviderRegister>, findings: &mut Findings<'_>) {
    for table in tables.iter().filter(|table| !table.senders.is_empty()) {
        ["E503", "E504"].iter().for_each(|code| findings.checked(code, 1));
        let at = Place::file(&table.file);
        if table.senders.len() > 1 {
            let group = register.is_some_and(|register| register.are_one_group(table.senders.iter().map(String::as_str)));
            let hint = if group { " Zij horen bij één groep, maar worden hier niet vanzelf gesplitst." } else { "" };
            findings.raise("E504", at, &[("count", &table.senders.len().to_string()), ("hint", hint)]);
        } else if !table.senders.contains(provider) {
            findings.raise("E503", at, &[]);
        }
    }
}
