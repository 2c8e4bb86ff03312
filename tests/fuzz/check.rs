//! What must hold of a submission whatever its bytes are: it gives a receipt and no panic, no row is lost, and of a submission
//! that was refused for personal data no value stands in any output. Used by the fuzz targets, and by the tests on the corpus.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use spiegel_ingest::{Context, Found, InMemory, Key, inspect, load_rules, load_schema};
use spiegel_model::{Delivery, DeliveryKind, Receipt, RuleSet, SubmissionSchema, Verdict};

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// The first byte says of which table, the others are the file.
    Csv,
    /// An Excel workbook in a folder.
    Workbook,
    /// The parts of such a workbook, each up to a 0x1e, in a zip that is whole.
    Parts,
    /// A zip.
    Archive,
    /// `aanlevering.toml`, beside a table.
    Manifest,
}

/// By the first byte of a CSV.
const TABLES: [&str; 4] = ["trajecten.csv", "sessies.csv", "rom.csv", "cqi.csv"];
/// A table that is accepted, beside what is tried.
const TRAJECTORIES: &str = "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;minuten_direct;minuten_bron;geboortejaar;geslacht\n\
    T1;C1;2025-01-07;2025-05-06;afgerond;ZPM;540;exact;1980;v\n\
    T2;C2;2025-02-07;2025-06-06;afgerond;ZPM;480;exact;1990;m\n";
/// A header and what lies above it stand within so many lines, and may be told.
const HEADER_LINES: usize = 25;
/// Shorter words may stand in an output by chance.
const SECRET_BYTES: usize = 8;

/// The definitions of kibg.
#[derive(Debug)]
pub(crate) struct Reader {
    schema: SubmissionSchema,
    rules: RuleSet,
    key: Key,
    delivery: Delivery,
    found: Found,
}

impl Reader {
    /// The definitions, read once.
    pub(crate) fn shared() -> &'static Self {
        static READER: OnceLock<Reader> = OnceLock::new();
        READER.get_or_init(|| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
            let pipeline = folder.ancestors().map(|above| above.join("pipelines/kibg")).find(|pipeline| pipeline.is_dir()).unwrap();
            let name = "KIBG_94012345_2025_01".to_owned();
            Self {
                schema: load_schema(&pipeline).unwrap(),
                rules: load_rules(&pipeline).unwrap(),
                key: Key::unused().unwrap(),
                delivery: Delivery { kind: DeliveryKind::PerProvider, name: "KIBG_{provider}_{year}_{sequence}".to_owned(), provider_digits: 8, schemas: Vec::new() },
                found: Found { path: name.clone().into(), provider_id: "94012345".to_owned(), year: Some(2025), sequence: 1, name },
            }
        })
    }

    /// Reads the bytes and fails when something does not hold.
    pub(crate) fn check(&self, target: Target, bytes: &[u8]) -> Receipt {
        let file = |name: &str, bytes: &[u8]| (name.to_owned(), bytes.to_vec());
        let delivered = match target {
            Target::Csv => {
                let (first, text) = bytes.split_first().unwrap_or((&0, &[]));
                let name = TABLES[usize::from(*first) % TABLES.len()];
                let beside = (name != TABLES[0]).then(|| file(TABLES[0], TRAJECTORIES.as_bytes()));
                InMemory::Folder(beside.into_iter().chain([file(name, text)]).collect())
            }
            Target::Workbook => InMemory::Folder(vec![file("aanlevering.xlsx", bytes)]),
            Target::Parts => InMemory::Folder(vec![file("aanlevering.xlsx", &packed(bytes))]),
            Target::Archive => InMemory::Zip(bytes.to_vec()),
            Target::Manifest => InMemory::Folder(vec![file(TABLES[0], TRAJECTORIES.as_bytes()), file("aanlevering.toml", bytes)]),
        };
        let context = Context {
            schema: &self.schema,
            rules: &self.rules,
            delivery: &self.delivery,
            key: &self.key,
            definitions: "definitions",
            report_year: 2025,
            register: "register.csv",
            providers: None,
            locked: None,
        };
        let (receipt, findings) = inspect(&self.found, delivered, &context).unwrap();
        assert!(receipt.tables.iter().all(spiegel_model::TableCount::is_conserved), "a row was lost");
        assert_eq!(receipt.verdict == Verdict::Refused, receipt.refusal.is_some(), "a refusal has a reason");
        assert_eq!(receipt.findings.values().sum::<u64>(), findings.len() as u64, "every finding is counted");
        assert!(findings.iter().all(|finding| !finding.message.is_empty() && !finding.remedy.is_empty()), "a finding without words");
        if receipt.refusal.as_ref().is_some_and(|refusal| refusal.code.starts_with("E60")) && target == Target::Csv {
            let outputs = [serde_json::to_string(&receipt).unwrap(), serde_json::to_string(&findings).unwrap()];
            for secret in secrets(bytes) {
                assert!(outputs.iter().all(|output| !output.contains(&secret)), "a value of a refused submission is told");
            }
        }
        receipt
    }
}

/// The parts of a workbook that are read, in this order.
const PARTS: [&str; 7] = [
    "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", "xl/sharedStrings.xml", "xl/styles.xml", "docProps/core.xml",
];

/// Parts of a workbook, each up to a 0x1e, in a zip without compression.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut list, mut entries) = (Vec::new(), Vec::new(), 0u16);
    for (name, part) in PARTS.iter().zip(bytes.split(|byte| *byte == 0x1e)) {
        let (start, size) = (out.len() as u32, part.len() as u32);
        let mut about = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5a];
        for number in [checksum(part), size, size, name.len() as u32] {
            about.extend(number.to_le_bytes());
        }
        out.extend([b"PK\x03\x04".as_slice(), &about, name.as_bytes(), part].concat());
        list.extend([b"PK\x01\x02\x14\0".as_slice(), &about, &[0; 10], &start.to_le_bytes(), name.as_bytes()].concat());
        entries += 1;
    }
    let numbers = [entries.to_le_bytes(), entries.to_le_bytes()].concat();
    let places = [(list.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes()].concat();
    [out.as_slice(), &list, b"PK\x05\x06\0\0\0\0", &numbers, &places, &[0, 0]].concat()
}

/// CRC-32, as zips have it.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |rest: u32| if rest & 1 == 1 { rest >> 1 ^ 0xedb8_8320 } else { rest >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |rest, _| step(rest)))
}

/// Words with a digit below the header that stand nowhere above it.
fn secrets(bytes: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let words = |lines: &[&str]| -> BTreeSet<String> {
        let words = lines.iter().flat_map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric()));
        words.filter(|word| word.len() >= SECRET_BYTES && word.bytes().any(|byte| byte.is_ascii_digit())).map(str::to_owned).collect()
    };
    let (above, below) = lines.split_at(HEADER_LINES.min(lines.len()));
    let told = words(above);
    words(below).into_iter().filter(|word| !told.contains(word)).collect()
}
