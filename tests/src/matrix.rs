//! The same data in every encoding, delimiter, date notation and decimal mark that is read gives the same lake, to the byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::command::scratch;
use crate::submissions::run;

/// Encodings of decision 14.
const ENCODINGS: [Encoding; 6] = [Encoding::Utf8, Encoding::Utf8WithMark, Encoding::Utf16Little, Encoding::Utf16Big, Encoding::Windows1252, Encoding::Latin1];
const DELIMITERS: [char; 4] = [';', ',', '\t', '|'];
const DATES: [Date; 3] = [Date::YearFirst, Date::DayFirst, Date::DayFirstShort];
const DECIMAL_MARKS: [char; 2] = [',', '.'];
const TRAJECTORIES: u32 = 64;
/// Key of the metadata of a file in the lake that says from which submission it was made: the one thing that must differ.
const MADE_FROM: &[u8] = b"spiegel.content";

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16Little,
    Utf16Big,
    Windows1252,
    Latin1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Date {
    YearFirst,
    DayFirst,
    DayFirstShort,
    /// Days since 1899-12-30, as a spreadsheet keeps them.
    Serial,
}

#[derive(Debug, Clone, Copy)]
struct Dialect {
    encoding: Encoding,
    delimiter: char,
    date: Date,
    decimal_mark: char,
}

/// A value before it is written.
enum Cell {
    Text(String),
    /// Year, month, day.
    Day(u32, u32, u32),
    /// Tenths.
    Tenths(u32),
    Empty,
}

fn word(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

/// The four tables, the header of each as its first row.
fn tables() -> [(&'static str, Vec<Vec<Cell>>); 4] {
    let header = |names: &str| vec![names.split(' ').map(word).collect::<Vec<_>>()];
    let mut trajectories =
        header("traject_id client_id startdatum einddatum eindreden stelsel zorgvraagtype minuten_bron geboortejaar geslacht diagnosegroep eerdere_behandeling");
    let mut sessions = header("traject_id datum minuten_direct minuten_indirect vorm");
    let mut measurements = header("traject_id moment datum instrument schaal score respondent");
    let mut experiences = header("traject_id datum versie schaal score rapportcijfer");
    for number in 1..=TRAJECTORIES {
        let id = format!("T-{number:04}");
        let (month, day) = (number % 3 + 1, number % 28 + 1);
        let is_open = number % 16 == 0;
        let (end, reason) = if is_open { (Cell::Empty, Cell::Empty) } else { (Cell::Day(2025, month + 5 + number % 4, 28 - number % 9), word(["afgerond", "voortijdig_cliënt"][number as usize % 2])) };
        trajectories.push(vec![
            word(&id), word(format!("C{}", number * 7)), Cell::Day(2025, month, day), end, reason, word("ZPM"), word((number % 8 + 1).to_string()), word("exact"),
            word((1950 + number % 50).to_string()), word(["m", "v", "x"][number as usize % 3]), word(["angst", "Depressief", "trauma"][number as usize % 3]),
            word(["ja", "nee"][number as usize % 2]),
        ]);
        for session in 0..number % 4 + 1 {
            let minutes = 30 + (number * 13 + session * 11) % 45;
            let form = ["f2f", "beeld", "telefoon"][(number + session) as usize % 3];
            sessions.push(vec![word(&id), Cell::Day(2025, month + session, 28), word(minutes.to_string()), word((minutes / 4).to_string()), word(form)]);
        }
        if is_open {
            continue;
        }
        let respondent = ["cliënt", "naaste; reünie", "ouder, één", "a|b\tc"][number as usize % 4];
        for (moment, month, tenths) in [("voor", month, 700 + number * 3 % 97), ("na", month + 4, 450 + number * 7 % 91)] {
            measurements.push(vec![word(&id), word(moment), Cell::Day(2025, month, 28), word("OQ45"), word("totaal"), Cell::Tenths(tenths), word(respondent)]);
        }
        let answered = || Cell::Day(2025, 11, 1 + number % 28);
        experiences.push(vec![word(&id), answered(), word("AKWA"), word("bejegening"), Cell::Tenths(31 + number % 17), Cell::Empty]);
        experiences.push(vec![Cell::Empty, answered(), word("AKWA"), word("rapportcijfer"), Cell::Empty, Cell::Tenths(62 + number % 33)]);
    }
    [("trajecten", trajectories), ("sessies", sessions), ("rom", measurements), ("cqi", experiences)]
}

/// Days since 1899-12-30 of a day in 2025.
fn serial(month: u32, day: u32) -> u32 {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    45_657 + LENGTHS[..month as usize - 1].iter().sum::<u32>() + day
}

impl Dialect {
    fn cell(self, cell: &Cell) -> String {
        let text = match cell {
            Cell::Text(text) => text.clone(),
            Cell::Empty => String::new(),
            Cell::Tenths(tenths) => format!("{}{}{}", tenths / 10, self.decimal_mark, tenths % 10),
            Cell::Day(year, month, day) => match self.date {
                Date::YearFirst => format!("{year}-{month:02}-{day:02}"),
                Date::DayFirst => format!("{day:02}-{month:02}-{year}"),
                Date::DayFirstShort => format!("{day}-{month}-{year}"),
                Date::Serial => serial(*month, *day).to_string(),
            },
        };
        if text.contains(self.delimiter) { format!("\"{text}\"") } else { text }
    }

    fn write(self, rows: &[Vec<Cell>]) -> Vec<u8> {
        let line = |row: &Vec<Cell>| row.iter().map(|cell| self.cell(cell)).collect::<Vec<_>>().join(&self.delimiter.to_string());
        let text: String = rows.iter().map(|row| line(row) + "\r\n").collect();
        let wide = |bytes: fn(u16) -> [u8; 2]| format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect();
        match self.encoding {
            Encoding::Utf8 => text.into_bytes(),
            Encoding::Utf8WithMark => format!("\u{feff}{text}").into_bytes(),
            Encoding::Utf16Little => wide(u16::to_le_bytes),
            Encoding::Utf16Big => wide(u16::to_be_bytes),
            // The letters of the data are the same in both.
            Encoding::Windows1252 | Encoding::Latin1 => text.chars().map(|letter| u8::try_from(letter).unwrap()).collect(),
        }
    }
}

/// Every published Parquet file of the lake, with what it was made from blotted out.
fn lake(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            lake(&entry.path(), &format!("{prefix}{name}/"), files);
        } else if name.ends_with(".parquet") {
            files.insert(format!("{prefix}{name}"), without_source(fs::read(entry.path()).unwrap()));
        }
    }
}

fn without_source(mut bytes: Vec<u8>) -> Vec<u8> {
    let key = bytes.windows(MADE_FROM.len()).position(|window| window == MADE_FROM).expect("a file in the lake says what it was made from");
    let after = key + MADE_FROM.len();
    let hash = bytes[after..].windows(64).position(|window| window.iter().all(u8::is_ascii_hexdigit)).unwrap();
    bytes[after + hash..after + hash + 64].fill(b'0');
    bytes
}

#[test]
fn every_way_of_writing_the_same_data_gives_the_same_bytes() {
    let tables = tables();
    assert!(tables.iter().all(|(_, rows)| rows.len() > 60), "enough rows to decide a column on");
    let mut dialects = Vec::new();
    for encoding in ENCODINGS {
        for delimiter in DELIMITERS {
            for decimal_mark in DECIMAL_MARKS {
                dialects.extend(DATES.map(|date| Dialect { encoding, delimiter, date, decimal_mark }));
            }
        }
    }
    assert_eq!(dialects.len(), 144);
    dialects.push(Dialect { encoding: Encoding::Utf8, delimiter: ';', date: Date::Serial, decimal_mark: ',' });
    let mut first: Option<BTreeMap<String, Vec<u8>>> = None;
    let mut differing = Vec::new();
    for (number, dialect) in dialects.into_iter().enumerate() {
        // The folder has the name of the delivery in all: only what is in the files differs.
        let folder = scratch(&format!("matrix/{number}"));
        let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
        let delivery = inbox.join("KIBG_94000101_2025_01");
        fs::create_dir_all(&delivery).unwrap();
        for (table, rows) in &tables {
            fs::write(delivery.join(format!("{table}.csv")), dialect.write(rows)).unwrap();
        }
        run("ingest", &inbox, &batch).expect_code(0);
        let mut files = BTreeMap::new();
        lake(&batch.join("lake"), "", &mut files);
        assert_eq!(files.len(), tables.len(), "no row is in quarantine: {:?}", files.keys());
        match &first {
            None => first = Some(files),
            Some(first) if *first != files => differing.push(format!("{dialect:?}")),
            Some(_) => fs::remove_dir_all(&folder).unwrap(),
        }
    }
    assert!(differing.is_empty(), "{} ways give other bytes:\n{}", differing.len(), differing.join("\n"));
}
