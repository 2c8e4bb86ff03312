//! Personal data that no submission may hold (submission.md 3.6), looked for before anything is written. What is found is
//! told by column and count, never by value.

use std::collections::BTreeSet;

use spiegel_model::{ColumnSchema, ColumnType, Consequence, Privacy, TableSchema};

use crate::dates::{self, Cell};
use crate::explanations;
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
/// Headers of who treated (E609).
const PRACTITIONER_HEADERS: [&str; 16] = [
    "behandelaar", "behandelaaragb", "agbbehandelaar", "behandelaarnaam", "naambehandelaar", "regiebehandelaar", "regiebehandelaaragb",
    "zorgverlener", "zorgverleneragb", "agbzorgverlener", "therapeut", "therapeutagb", "big", "bignummer", "bignr", "bigregistratie",
];

/// E602: from this many different values of eight or nine digits, half of them suffices …
const BSN_MANY: usize = 20;
const BSN_MANY_SHARE: f64 = 0.50;
/// … and from this many, four in five.
const BSN_FEW: usize = 5;
const BSN_FEW_SHARE: f64 = 0.80;
/// W740: of random numbers one in eleven passes the test; fewer hits than these deviations above that are chance.
const BSN_CHANCE: f64 = 1.0 / 11.0;
const BSN_DEVIATIONS: f64 = 3.0;
/// E603, E605, E607: telephone numbers, postcodes and dates could be codes of another kind; so many and half of the column
/// prove them.
const PATTERN_CELLS: u64 = 3;
const PATTERN_SHARE: f64 = 0.5;
/// Fewest bytes of what [`scan`] looks for, but for the four digits of a postcode area: a postcode, a@b.nl.
const SHORTEST: usize = 6;
/// E606: a text is free when its values are longer than this on average and mostly differ …
const FREE_TEXT_CHARACTERS: f64 = 40.0;
const FREE_TEXT_DIFFERENT: f64 = 0.5;
/// … or when so many of its values are different sentences: at least so many words each, in so many rows.
const SENTENCES_SHARE: f64 = 0.80;
const SENTENCE_WORDS: usize = 3;
const SENTENCE_ROWS: usize = 3;
/// E607: years in which clients were born.
pub(crate) const BIRTH_YEARS: std::ops::RangeInclusive<u32> = 1900..=2020;

/// Looks at headers and values of one file. An optional column of ours that may not be kept is taken out of the mapping.
pub(crate) fn check(raw: &RawTable, headers: &[String], mapping: &mut Mapping, table: &TableSchema, file: &str, findings: &mut Findings<'_>) {
    for (place, header) in headers.iter().enumerate() {
        let column = mapping.places.iter().position(|mapped| *mapped == Some(place));
        let schema = column.map(|column| &table.columns[column]);
        let at = Place { column: Some((place, header)), ..Place::file(file) };
        let cells = &raw.columns[place];
        let count = |count: u64| spiegel_model::count(count);
        let name = canonical(header);
        ["E601", "E602", "E603", "E604", "E605", "E606", "E607", "E609", "W740"].iter().for_each(|code| findings.checked(code, 1));
        let by_header = [("E601", &BSN_HEADERS[..]), ("E603", &NAME_HEADERS[..]), ("E604", &BIRTH_HEADERS[..]), ("E605", &ADDRESS_HEADERS[..])];
        if let Some((code, _)) = by_header.iter().find(|(_, list)| list.contains(&name.as_str())) {
            findings.raise(code, at, &[("count", &count(filled(cells)))]);
            continue;
        }
        // Written to be read by the publisher: it may be a text, and the practice may name its own address and telephone.
        if schema.is_some_and(|schema| schema.privacy == Some(Privacy::Explanation)) {
            if let Some((code, hits)) = explanations::persons(cells) {
                findings.raise(code, at, &[("count", &count(hits))]);
            }
            continue;
        }
        if let Some((code, hits)) = scan(cells, schema) {
            findings.raise(code, at, &[("count", &count(hits))]);
            continue;
        }
        let is_client = schema.is_some_and(|schema| schema.pseudonymise);
        if let Some((hits, consequence)) = is_client.then(|| telling_ids(cells)).flatten() {
            findings.raise_as("E607", at, &[("count", &count(hits))], Some(consequence));
        }
        if is_practitioner(header, schema) && filled(cells) > 0 {
            findings.raise("E609", at, &[("count", &count(filled(cells)))]);
            continue;
        }
        let may_be_free = schema.is_none_or(|schema| schema.kind == ColumnType::Text && !schema.pseudonymise && !schema.provider_code && !names_rows(schema, table));
        if may_be_free && is_free_text(cells) {
            let required = schema.is_some_and(|schema| schema.required);
            let consequence = if required { Consequence::Refuse } else { Consequence::Warn };
            findings.raise_as("E606", at, &[("count", &count(filled(cells)))], Some(consequence));
            if let Some(column) = column.filter(|_| !required) {
                mapping.places[column] = None;
                mapping.unknown.push(place);
            }
        }
    }
}

/// True for a column with who treated: it is dropped, or hashed when the schema has it.
pub(crate) fn is_practitioner(header: &str, schema: Option<&ColumnSchema>) -> bool {
    match schema {
        Some(schema) => schema.privacy == Some(Privacy::Practitioner),
        None => PRACTITIONER_HEADERS.contains(&canonical(header).as_str()),
    }
}

fn names_rows(schema: &ColumnSchema, table: &TableSchema) -> bool {
    table.key.contains(&schema.name) || table.provider.as_ref() == Some(&schema.name) || table.parent.as_ref().is_some_and(|parent| parent.column == schema.name)
}

fn filled(column: &RawColumn) -> u64 {
    column.cells().filter(|cell| !cell.is_empty()).count() as u64
}

/// What the values of a column are, when they may not be kept, and how many of them.
fn scan(column: &RawColumn, schema: Option<&ColumnSchema>) -> Option<(&'static str, u64)> {
    let is = |privacy| schema.is_some_and(|schema| schema.privacy == Some(privacy));
    let (birth_year, area) = (is(Privacy::BirthYear), is(Privacy::PostcodeArea));
    let is_date = schema.is_some_and(|schema| schema.kind == ColumnType::Date);
    let mails_possible = column.bytes.contains(&b'@');
    let mut numbers = Vec::new();
    let (mut cells, mut letters, mut phones, mut postcodes, mut births, mut areas) = (0u64, 0u64, 0u64, 0u64, 0u64, 0u64);
    for cell in column.cells() {
        if cell.is_empty() {
            continue;
        }
        cells += 1;
        if cell.len() < SHORTEST && !area {
            continue;
        }
        match cell.len() {
            // 20250301 is a date.
            8 if is_date => {}
            8 | 9 => numbers.extend(plain_number(cell)),
            11 => numbers.extend(dotted_number(cell)),
            _ => {}
        }
        letters += u64::from(mails_possible && is_mail(cell) || is_iban(cell));
        phones += u64::from(cell.len() >= 10 && is_phone(cell));
        postcodes += u64::from((6..=7).contains(&cell.len()) && is_postcode(cell));
        births += u64::from(birth_year && cell.len() >= 8 && matches!(dates::read(cell), Cell::Day { .. } | Cell::MonthFirst));
        areas += u64::from(area && cell.len() > 3 && (is_postcode(cell) || cell.len() == 4 && cell.iter().all(u8::is_ascii_digit)));
    }
    numbers.sort_unstable();
    numbers.dedup();
    let hits = numbers.iter().filter(|number| passes_eleven(**number)).count();
    if are_citizen_numbers(hits, numbers.len()) {
        return Some(("E602", hits as u64));
    }
    let proved = |count: u64| count >= PATTERN_CELLS && count as f64 >= PATTERN_SHARE * cells as f64;
    if letters > 0 || proved(phones) {
        return Some(("E603", letters.max(phones)));
    }
    if births > 0 {
        return Some(("E604", births));
    }
    if areas > 0 || proved(postcodes) {
        return Some(("E605", areas.max(postcodes)));
    }
    let expected = numbers.len() as f64 * BSN_CHANCE;
    let chance = expected + BSN_DEVIATIONS * (expected * (1.0 - BSN_CHANCE)).sqrt();
    (hits >= 2 && hits as f64 > chance).then_some(("W740", hits as u64))
}

fn are_citizen_numbers(hits: usize, numbers: usize) -> bool {
    let share = hits as f64 / numbers.max(1) as f64;
    numbers >= BSN_MANY && share >= BSN_MANY_SHARE || (BSN_FEW..BSN_MANY).contains(&numbers) && share >= BSN_FEW_SHARE
}

/// E607: ids of clients that tell who they are: initials with a date of birth, or a citizen number with something around it.
fn telling_ids(column: &RawColumn) -> Option<(u64, Consequence)> {
    let mut numbers = BTreeSet::new();
    let (mut ids, mut births) = (0u64, 0u64);
    for cell in column.cells().filter(|cell| !cell.is_empty()) {
        ids += 1;
        // Most ids are settled by the number of their digits.
        match cell.iter().filter(|byte| byte.is_ascii_digit()).count() {
            9 if cell.len() > 9 => {
                let run = cell.split(|byte| !byte.is_ascii_digit()).find(|run| run.len() == 9);
                numbers.extend(run.and_then(plain_number));
            }
            6 | 8 => births += u64::from(is_initials_and_birth(cell)),
            _ => {}
        }
    }
    let hits = numbers.iter().filter(|number| passes_eleven(**number)).count();
    if are_citizen_numbers(hits, numbers.len()) {
        return Some((hits as u64, Consequence::Refuse));
    }
    if births < PATTERN_CELLS {
        return None;
    }
    let most = births as f64 >= PATTERN_SHARE * ids as f64;
    // Some ids may look so by chance; they are worth a word.
    Some((births, if most { Consequence::Refuse } else { Consequence::Warn }))
}

/// JD14021980, 19800214-J.D., j.d.140280.
fn is_initials_and_birth(cell: &[u8]) -> bool {
    let signs: Vec<u8> = cell.iter().copied().filter(|byte| !matches!(byte, b'.' | b'-' | b'_' | b'/' | b' ')).collect();
    let letters = signs.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let (initials, date) = match (signs.first(), signs.len().checked_sub(letters)) {
        (Some(first), Some(digits)) if first.is_ascii_alphabetic() => (&signs[..letters], &signs[signs.len() - digits..]),
        (Some(_), Some(digits)) => (&signs[digits..], &signs[..digits]),
        _ => return false,
    };
    if !(1..=4).contains(&letters) || !initials.iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    let part = |from: usize, to: usize| date.get(from..to).and_then(plain_number).unwrap_or(0);
    let is_day = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    match date.len() {
        8 => is_day(part(0, 2), part(2, 4)) && BIRTH_YEARS.contains(&part(4, 8)) || is_day(part(6, 8), part(4, 6)) && BIRTH_YEARS.contains(&part(0, 4)),
        6 => is_day(part(0, 2), part(2, 4)),
        _ => false,
    }
}

/// E606: what people write, not what they choose.
fn is_free_text(column: &RawColumn) -> bool {
    let cells = filled(column) as usize;
    let spaces = column.bytes.iter().filter(|byte| **byte == b' ').count();
    // Codes and names of scales are settled by their length and their spaces.
    if column.bytes.len() as f64 <= FREE_TEXT_CHARACTERS * cells as f64 && (spaces as f64) < SENTENCES_SHARE * ((SENTENCE_WORDS - 1) * cells) as f64 {
        return false;
    }
    let mut characters = 0usize;
    let (mut different, mut sentences) = (BTreeSet::new(), BTreeSet::new());
    for cell in column.cells().filter(|cell| !cell.is_empty()) {
        characters += String::from_utf8_lossy(cell).chars().count();
        different.insert(cell);
        if cell.split(|byte| *byte == b' ').filter(|word| word.iter().any(u8::is_ascii_alphabetic)).count() >= SENTENCE_WORDS {
            sentences.insert(cell);
        }
    }
    let of_cells = |count: usize| count as f64 / cells.max(1) as f64;
    let long = characters as f64 > FREE_TEXT_CHARACTERS * cells as f64 && of_cells(different.len()) >= FREE_TEXT_DIFFERENT;
    long || sentences.len() >= SENTENCE_ROWS && of_cells(sentences.len()) > SENTENCES_SHARE
}

/// E608: true when the name of a file or sheet holds what its columns may not hold, such as a date of birth long before the
/// report year.
#[must_use]
pub fn is_telling_name(name: &str, report_year: i32) -> bool {
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let salutation = words.iter().enumerate().any(|(place, word)| {
        let named = words.get(place + 1).is_some_and(|next| next.len() > 1 && next.chars().all(char::is_alphabetic));
        ["dhr", "mevr", "mw", "mevrouw", "meneer", "mijnheer"].contains(word) && named
    });
    let number = words.iter().any(|word| word.len() == 9 && plain_number(word.as_bytes()).is_some_and(passes_eleven));
    let phone = words.iter().any(|word| word.len() == 10 && is_phone(word.as_bytes()));
    // The date of an export is younger than a client.
    let is_birth = |text: &str| matches!(dates::read(text.as_bytes()), Cell::Day { day, .. } if dates::year_of(day) <= report_year - 15);
    let dotted = words.windows(3).map(|parts| parts.join("-"));
    let birth = words.iter().any(|word| word.len() == 8 && is_birth(word)) || dotted.into_iter().any(|text| is_birth(&text));
    let mail = lower.split([' ', '_', '/']).any(|word| is_mail(word.as_bytes()));
    salutation || number || phone || birth || mail
}

pub(crate) fn plain_number(cell: &[u8]) -> Option<u32> {
    cell.iter().try_fold(0u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// 1234.56.789, as it is printed on documents.
fn dotted_number(cell: &[u8]) -> Option<u32> {
    if cell[4] != b'.' || cell[7] != b'.' {
        return None;
    }
    let digits: Vec<u8> = cell.iter().copied().filter(|byte| *byte != b'.').collect();
    (digits.len() == 9).then(|| plain_number(&digits)).flatten()
}

/// The eleven-test of the citizen service number: weights 9 to 2 and -1.
pub(crate) fn passes_eleven(number: u32) -> bool {
    let digit = |place: u32| i64::from(number / 10u32.pow(place) % 10);
    let sum: i64 = (1..9).map(|place| digit(place) * i64::from(place + 1)).sum::<i64>() - digit(0);
    number > 0 && sum % 11 == 0
}

fn is_mail(cell: &[u8]) -> bool {
    let Some(at) = cell.iter().position(|byte| *byte == b'@') else { return false };
    at > 0 && cell[at + 1..].iter().position(|byte| *byte == b'.').is_some_and(|dot| dot > 0 && at + 1 + dot + 2 < cell.len()) && !cell.contains(&b' ')
}

fn is_iban(cell: &[u8]) -> bool {
    if cell.len() < 18 || !cell.starts_with(b"NL") {
        return false;
    }
    let text: Vec<u8> = cell.iter().copied().filter(|byte| *byte != b' ').collect();
    text.len() == 18
        && text[2..4].iter().all(u8::is_ascii_digit)
        && text[4..8].iter().all(u8::is_ascii_uppercase)
        && text[8..].iter().all(u8::is_ascii_digit)
}

fn is_phone(cell: &[u8]) -> bool {
    if !matches!(cell[0], b'0' | b'+') || !cell.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'+')) {
        return false;
    }
    let digits: Vec<u8> = cell.iter().copied().filter(u8::is_ascii_digit).collect();
    digits.len() == 10 && digits.starts_with(b"06") || digits.len() == 11 && digits.starts_with(b"31")
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
    use crate::table::tests::column as named;

    fn column<Text: AsRef<str>>(cells: impl IntoIterator<Item = Text>) -> RawColumn {
        let mut column = RawColumn::with_capacity(8);
        cells.into_iter().for_each(|cell| column.push(cell.as_ref().as_bytes()));
        column
    }

    fn citizen_numbers() -> impl Iterator<Item = String> {
        (100_000_000u32..).filter(|number| passes_eleven(*number)).map(|number| number.to_string())
    }

    #[test]
    fn citizen_numbers_are_recognised_by_their_share() {
        // 111222333 is the well-known test number.
        assert!(passes_eleven(111_222_333) && !passes_eleven(111_222_334));
        assert_eq!(scan(&column(citizen_numbers().take(30)), None), Some(("E602", 30)));
        let sequence = (100_000_000u32..100_000_200).map(|number| number.to_string());
        assert_eq!(scan(&column(sequence), None), None);
        let one_value = std::iter::repeat_n(citizen_numbers().next().unwrap(), 50);
        assert_eq!(scan(&column(one_value), None), None, "a constant AGB code may pass by chance");
        let few = citizen_numbers().take(9).chain((100_000_001..100_000_030).map(|number: u32| number.to_string()).filter(|number| !passes_eleven(number.parse().unwrap())));
        assert_eq!(scan(&column(few), None), Some(("W740", 9)));
    }

    #[test]
    fn patterns_of_persons_are_recognised() {
        let with = |privacy| ColumnSchema { privacy, ..named("x", ColumnType::Text) };
        let of = |cells: &[&str], privacy| scan(&column(cells), Some(&with(privacy))).map(|(code, _)| code);
        assert_eq!(of(&["", "jan@voorbeeld.nl"], None), Some("E603"));
        assert_eq!(of(&["NL91 ABNA 0417 1643 00"], None), Some("E603"));
        assert_eq!(of(&["0612345678", "06-12345679", "+31612345670"], None), Some("E603"));
        assert_eq!(of(&["1980", "01-02-1980"], Some(Privacy::BirthYear)), Some("E604"));
        assert_eq!(of(&["1234AB", "1234 CD", "2345XY"], None), Some("E605"));
        assert_eq!(of(&["123", "1234"], Some(Privacy::PostcodeArea)), Some("E605"));
        assert_eq!(of(&["123", "345"], Some(Privacy::PostcodeArea)), None);
        assert_eq!(of(&["T0612345678", "1234", "S02"], None), None);
    }

    #[test]
    fn ids_that_tell_who_it_is_are_recognised() {
        let of = |cells: &[&str]| telling_ids(&column(cells)).map(|(_, consequence)| consequence);
        assert_eq!(of(&["JD14021980", "A.B.19790301", "030378-xy"]), Some(Consequence::Refuse));
        assert_eq!(of(&["C001", "C002", "AB12345678", "20250001"]), None);
        let mostly_not: Vec<String> = (0..20).map(|number| format!("C{number:03}")).chain(["AB01021980", "CD03041981", "EF05061982"].map(str::to_owned)).collect();
        assert_eq!(telling_ids(&column(mostly_not)), Some((3, Consequence::Warn)));
        let around: Vec<String> = citizen_numbers().take(6).map(|number| format!("EPD-{number}")).collect();
        assert_eq!(telling_ids(&column(around)), Some((6, Consequence::Refuse)));
    }

    #[test]
    fn free_text_is_told_from_categories() {
        assert!(is_free_text(&column(["De cliënt vertelt dat het thuis weer beter gaat dan eerst"])));
        assert!(is_free_text(&column(["Slaapt weer goed", "Moe en somber", "Wil graag stoppen"])));
        assert!(!is_free_text(&column(["angst", "depressief", "totale score"])));
        let question = "Kreeg u voldoende uitleg over de mogelijkheden van de behandeling?";
        assert!(!is_free_text(&column([question; 9])), "the same question in every row is a category");
    }

    #[test]
    fn names_of_files_may_tell_who_it_is() {
        for name in ["trajecten mevr Jansen.csv", "111222333.csv", "trajecten_14-02-1980.csv", "jan@voorbeeld.nl.csv", "rom 0612345678.csv"] {
            assert!(is_telling_name(name, 2025), "{name}");
        }
        for name in ["trajecten.csv", "export 12-01-2026.csv", "trajecten_20260112_1.csv", "map/KIBG_94012345_2025_01.xlsx"] {
            assert!(!is_telling_name(name, 2025), "{name}");
        }
    }
}
