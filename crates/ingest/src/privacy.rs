//! Personal data that no submission may hold (submission.md 3.6), looked for before anything is written. What is found is
//! told by column and count, never by value.

use std::collections::BTreeSet;

use spiegel_model::{ColumnType, Privacy, TableSchema};

use crate::dates::{self, Cell};
use crate::findings::{Findings, Place};
use crate::header::Mapping;
use crate::rows::{RawColumn, RawTable};
use crate::spelling::canonical;

/// Headers of the citizen service number (E601).
const BSN_HEADERS: [&str; 5] = ["bsn", "burgerservicenummer", "sofinummer", "sofi", "bsnnummer"];
/// Headers of names and addresses of communication (E603).
const NAME_HEADERS: [&str; 27] = [
    "naam", "achternaam", "voornaam", "voornamen", "voorletters", "initialen", "voorvoegsel", "tussenvoegsel", "roepnaam", "geslachtsnaam",
    "clientnaam", "naamclient", "patientnaam", "naampatient", "email", "emailadres", "mail", "telefoon", "telefoonnummer", "telnr", "tel",
    "mobiel", "mobielnummer", "iban", "rekeningnummer", "bankrekening", "bankrekeningnummer",
];
/// Headers of a full date of birth (E604).
const BIRTH_HEADERS: [&str; 7] = ["geboortedatum", "gebdatum", "gebdat", "geboortedag", "dateofbirth", "birthdate", "dob"];
/// Headers of an address (E605).
const ADDRESS_HEADERS: [&str; 9] = ["postcode", "pc4", "pc6", "huisnummer", "huisnr", "adres", "straat", "straatnaam", "woonplaats"];

/// E602: from this many different values of eight or nine digits, half of them suffices …
const BSN_MANY: usize = 20;
const BSN_MANY_SHARE: f64 = 0.50;
/// … and from this many, four in five.
const BSN_FEW: usize = 5;
const BSN_FEW_SHARE: f64 = 0.80;
/// E603, E605: telephone numbers and postcodes could be codes of another kind; so many and half of the column prove them.
const PATTERN_CELLS: u64 = 3;
const PATTERN_SHARE: f64 = 0.5;

/// Looks at headers and values of one file.
pub(crate) fn check(raw: &RawTable, headers: &[String], mapping: &Mapping, table: &TableSchema, file: &str, findings: &mut Findings<'_>) {
    for (place, header) in headers.iter().enumerate() {
        let schema = mapping.places.iter().position(|mapped| *mapped == Some(place)).map(|column| &table.columns[column]);
        let at = Place { column: Some((place, header)), ..Place::file(file) };
        let name = canonical(header);
        let spelled = |list: &[&str]| schema.is_none() && list.contains(&name.as_str());
        let by_header = [("E601", &BSN_HEADERS[..]), ("E603", &NAME_HEADERS[..]), ("E604", &BIRTH_HEADERS[..]), ("E605", &ADDRESS_HEADERS[..])];
        if let Some((code, _)) = by_header.iter().find(|(_, list)| spelled(list)) {
            findings.raise(code, at, &[("count", &spiegel_model::count(filled(&raw.columns[place])))]);
            continue;
        }
        let birth_year = schema.is_some_and(|schema| schema.privacy == Some(Privacy::BirthYear));
        let area = schema.is_some_and(|schema| schema.privacy == Some(Privacy::PostcodeArea));
        let marked = schema.is_some_and(|schema| schema.kind == ColumnType::Date);
        if marked {
            continue;
        }
        if let Some((code, count)) = scan(&raw.columns[place], birth_year, area) {
            findings.raise(code, at, &[("count", &spiegel_model::count(count))]);
        }
    }
}

fn filled(column: &RawColumn) -> u64 {
    column.cells().filter(|cell| !cell.is_empty()).count() as u64
}

fn scan(column: &RawColumn, birth_year: bool, area: bool) -> Option<(&'static str, u64)> {
    let mut numbers = BTreeSet::new();
    let (mut cells, mut letters, mut phones, mut postcodes, mut births, mut areas) = (0u64, 0u64, 0u64, 0u64, 0u64, 0u64);
    for cell in column.cells() {
        if cell.is_empty() {
            continue;
        }
        cells += 1;
        match cell.len() {
            8 | 9 => numbers.extend(plain_number(cell)),
            11 => numbers.extend(dotted_number(cell)),
            _ => {}
        }
        letters += u64::from(cell.len() > 5 && (is_mail(cell) || is_iban(cell)));
        phones += u64::from(cell.len() >= 10 && is_phone(cell));
        postcodes += u64::from((6..=7).contains(&cell.len()) && is_postcode(cell));
        births += u64::from(birth_year && cell.len() >= 8 && matches!(dates::read(cell), Cell::Day { .. } | Cell::MonthFirst));
        areas += u64::from(area && cell.len() > 3 && (is_postcode(cell) || cell.len() == 4 && cell.iter().all(u8::is_ascii_digit)));
    }
    let hits = numbers.iter().filter(|number| passes_eleven(**number)).count();
    let share = hits as f64 / numbers.len().max(1) as f64;
    if numbers.len() >= BSN_MANY && share >= BSN_MANY_SHARE || (BSN_FEW..BSN_MANY).contains(&numbers.len()) && share >= BSN_FEW_SHARE {
        return Some(("E602", hits as u64));
    }
    let proved = |count: u64| count >= PATTERN_CELLS && count as f64 >= PATTERN_SHARE * cells as f64;
    if letters > 0 || proved(phones) {
        return Some(("E603", letters.max(phones)));
    }
    if births > 0 {
        return Some(("E604", births));
    }
    (areas > 0 || proved(postcodes)).then_some(("E605", areas.max(postcodes)))
}

fn plain_number(cell: &[u8]) -> Option<u32> {
    cell.iter().try_fold(0u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// 1234.56.789, as it is printed on documents.
fn dotted_number(cell: &[u8]) -> Option<u32> {
    let dotted = cell[4] == b'.' && cell[7] == b'.';
    let digits: Vec<u8> = cell.iter().copied().filter(|byte| *byte != b'.').collect();
    (dotted && digits.len() == 9).then(|| plain_number(&digits)).flatten()
}

/// The eleven-test of the citizen service number: weights 9 to 2 and -1.
fn passes_eleven(number: u32) -> bool {
    let digit = |place: u32| i64::from(number / 10u32.pow(place) % 10);
    let sum: i64 = (1..9).map(|place| digit(place) * i64::from(place + 1)).sum::<i64>() - digit(0);
    number > 0 && sum % 11 == 0
}

fn is_mail(cell: &[u8]) -> bool {
    let Some(at) = cell.iter().position(|byte| *byte == b'@') else { return false };
    at > 0 && cell[at + 1..].iter().position(|byte| *byte == b'.').is_some_and(|dot| dot > 0 && at + 1 + dot + 2 < cell.len()) && !cell.contains(&b' ')
}

fn is_iban(cell: &[u8]) -> bool {
    let text: Vec<u8> = cell.iter().copied().filter(|byte| *byte != b' ').collect();
    text.len() == 18
        && text.starts_with(b"NL")
        && text[2..4].iter().all(u8::is_ascii_digit)
        && text[4..8].iter().all(u8::is_ascii_uppercase)
        && text[8..].iter().all(u8::is_ascii_digit)
}

fn is_phone(cell: &[u8]) -> bool {
    if !matches!(cell[0], b'0' | b'+') {
        return false;
    }
    let digits: Vec<u8> = cell.iter().copied().filter(u8::is_ascii_digit).collect();
    let rest = cell.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'+'));
    rest && (digits.len() == 10 && digits.starts_with(b"06") || digits.len() == 11 && digits.starts_with(b"31"))
}

/// 1234 AB.
fn is_postcode(cell: &[u8]) -> bool {
    let (Some(area), Some(end)) = (cell.get(..4), cell.get(4..)) else { return false };
    let end = end.strip_prefix(b" ").unwrap_or(end);
    (b'1'..=b'9').contains(&area[0]) && area.iter().all(u8::is_ascii_digit) && end.len() == 2 && end.iter().all(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: impl IntoIterator<Item = String>) -> RawColumn {
        let mut column = RawColumn::with_capacity(8);
        cells.into_iter().for_each(|cell| column.push(cell.as_bytes()));
        column
    }

    #[test]
    fn citizen_numbers_are_recognised_by_their_share() {
        // 111222333 is the well-known test number.
        assert!(passes_eleven(111_222_333) && !passes_eleven(111_222_334));
        let valid: Vec<String> = (100_000_000u32..).filter(|number| passes_eleven(*number)).take(30).map(|number| number.to_string()).collect();
        assert_eq!(scan(&column(valid.clone()), false, false), Some(("E602", 30)));
        let sequence = (100_000_000u32..100_000_200).map(|number| number.to_string());
        assert_eq!(scan(&column(sequence), false, false), None);
        let one_value = std::iter::repeat_n(valid[0].clone(), 50);
        assert_eq!(scan(&column(one_value), false, false), None, "a constant AGB code may pass by chance");
    }

    #[test]
    fn patterns_of_persons_are_recognised() {
        let of = |cells: &[&str], birth, area| scan(&column(cells.iter().map(|cell| (*cell).to_owned())), birth, area).map(|(code, _)| code);
        assert_eq!(of(&["", "jan@voorbeeld.nl"], false, false), Some("E603"));
        assert_eq!(of(&["NL91 ABNA 0417 1643 00"], false, false), Some("E603"));
        assert_eq!(of(&["0612345678", "06-12345679", "+31612345670"], false, false), Some("E603"));
        assert_eq!(of(&["1980", "01-02-1980"], true, false), Some("E604"));
        assert_eq!(of(&["1234AB", "1234 CD", "2345XY"], false, false), Some("E605"));
        assert_eq!(of(&["123", "1234"], false, true), Some("E605"));
        assert_eq!(of(&["123", "345"], false, true), None);
        assert_eq!(of(&["T0612345678", "1234", "S02"], false, false), None);
    }
}
