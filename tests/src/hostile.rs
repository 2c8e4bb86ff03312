//! Hostile submissions: each gets a clear refusal with a code and exit code 10, without a panic and in little memory. Giants are
//! made when the test runs, with holes where a file system allows them, and removed after it. The last test reads what the
//! fuzzers kept (`tests/fuzz/corpus`).

use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use spiegel_model::{Receipt, Verdict};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::command::{KIBG_YEAR, key, receipts, root, scratch, spiegel_command};
use crate::fuzz_check::{Reader, Target};

/// Issue 3, item 7.
const PEAK_MEBIBYTES_MAXIMUM: u64 = 200;
const GIBIBYTE: u64 = 1 << 30;
const HEADER: &str = "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;minuten_direct;minuten_bron;geboortejaar;geslacht\n";
const ROW: &str = "T1;C1;2025-01-07;2025-05-06;afgerond;ZPM;540;exact;1980;v\n";
const DELIVERY: &str = "KIBG_94000001_2025_01";

/// An inbox for one submission, removed after the test.
struct Inbox {
    folder: PathBuf,
}

impl Drop for Inbox {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// How a run ended.
struct Ended {
    receipt: Receipt,
    stderr: String,
}

impl Inbox {
    fn new(name: &str) -> Self {
        let folder = scratch("hostile").join(name);
        fs::create_dir_all(folder.join("inbox")).unwrap();
        Self { folder }
    }

    /// The submission as a folder.
    fn submission(&self) -> PathBuf {
        let folder = self.folder.join("inbox").join(DELIVERY);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// The submission as one file with this extension.
    fn file(&self, extension: &str) -> PathBuf {
        self.folder.join("inbox").join(format!("{DELIVERY}.{extension}"))
    }

    /// Reads the inbox in a process of its own, and looks at its memory as it goes.
    #[track_caller]
    fn read(&self, exit_code: i32) -> Ended {
        let (batch, talk) = (self.folder.join("batch"), self.folder.join("stderr"));
        let inbox = self.folder.join("inbox");
        let arguments = ["ingest", KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap()];
        let mut child = spiegel_command(&arguments).stdout(Stdio::null()).stderr(File::create(&talk).unwrap()).spawn().unwrap();
        let mut peak = 0;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            peak = peak.max(peak_kibibytes(child.id()));
            std::thread::sleep(Duration::from_millis(2));
        };
        let stderr = fs::read_to_string(&talk).unwrap();
        assert_eq!(status.code(), Some(exit_code), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert!(peak / 1024 < PEAK_MEBIBYTES_MAXIMUM, "{} MiB", peak / 1024);
        let (_, receipt) = receipts(&batch).pop().unwrap();
        assert!(receipt.tables.iter().all(spiegel_model::TableCount::is_conserved), "{receipt:?}");
        Ended { receipt, stderr }
    }

    /// Reads the inbox, which must be refused with this code.
    #[track_caller]
    fn refused(&self, code: &str) {
        let Ended { receipt, stderr } = self.read(10);
        assert_eq!(receipt.verdict, Verdict::Refused);
        assert_eq!(receipt.refusal.as_ref().unwrap().code, code, "{:?}", receipt.findings);
        assert!(stderr.contains(code), "{stderr}");
    }
}

/// The most memory that a process has had; 0 when it is gone.
fn peak_kibibytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// A zip of these entries.
fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The zip with a second name for its only entry: both lie on the same bytes.
fn overlapping(zip: &[u8]) -> Vec<u8> {
    let find = |mark: &[u8]| zip.windows(4).position(|window| window == mark).unwrap();
    let (central, end) = (find(b"PK\x01\x02"), find(b"PK\x05\x06"));
    let record = &zip[central..end];
    let mut copy = record.to_vec();
    // The name stands behind 46 bytes.
    copy[46] ^= 1;
    let mut out = [&zip[..end], &copy, &zip[end..]].concat();
    let end = end + copy.len();
    for place in [8, 10] {
        out[end + place..end + place + 2].copy_from_slice(&2u16.to_le_bytes());
    }
    let size = (2 * record.len()) as u32;
    out[end + 12..end + 16].copy_from_slice(&size.to_le_bytes());
    out
}

/// A file that begins so and goes on with zeros that take no room on the disk.
fn giant(path: &Path, start: &str, length: u64) {
    let mut file = File::create(path).unwrap();
    file.write_all(start.as_bytes()).unwrap();
    file.set_len(length).unwrap();
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    for (number, name) in ["../trajecten.csv", "/trajecten.csv", "C:/trajecten.csv", "map\\trajecten.csv", "map/../../trajecten.csv"].into_iter().enumerate() {
        let inbox = Inbox::new(&format!("traversal-{number}"));
        fs::write(inbox.file("zip"), zipped(&[(name, HEADER.as_bytes())])).unwrap();
        inbox.refused("E001");
        assert!(!inbox.folder.join("trajecten.csv").exists() && !inbox.folder.join("inbox/trajecten.csv").exists());
    }
}

#[test]
fn links_and_pipes_are_refused_and_never_read() {
    let secret = Inbox::new("secret");
    fs::write(secret.folder.join("trajecten.csv"), format!("{HEADER}{ROW}")).unwrap();

    let inbox = Inbox::new("link");
    symlink(secret.folder.join("trajecten.csv"), inbox.submission().join("trajecten.csv")).unwrap();
    inbox.refused("E002");

    let inbox = Inbox::new("device");
    fs::write(inbox.submission().join("trajecten.csv"), format!("{HEADER}{ROW}")).unwrap();
    symlink("/dev/zero", inbox.submission().join("sessies.csv")).unwrap();
    inbox.refused("E002");

    let inbox = Inbox::new("link-to-folder");
    symlink(&secret.folder, inbox.folder.join("inbox").join(DELIVERY)).unwrap();
    inbox.refused("E002");

    // Who opens a pipe to read waits for ever.
    let inbox = Inbox::new("pipe");
    pipe(&inbox.submission().join("trajecten.csv"));
    inbox.refused("E002");

    let inbox = Inbox::new("pipe-as-zip");
    pipe(&inbox.file("zip"));
    inbox.refused("E002");
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn zip_bombs_are_refused_before_they_fill_the_memory() {
    let inbox = Inbox::new("ratio");
    fs::write(inbox.file("zip"), zipped(&[("trajecten.csv", &vec![b'0'; 256 << 20])])).unwrap();
    inbox.refused("E003");

    // Just below the ratio that is refused: what comes out is looked at as it comes.
    let mut random = Random(1);
    let noise: String = (0..3_000_000).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
    let inbox = Inbox::new("below-the-ratio");
    fs::write(inbox.file("zip"), zipped(&[("trajecten.csv", format!("{HEADER}{noise}{}", "x".repeat(128 << 20)).as_bytes())])).unwrap();
    inbox.refused("E108");

    // A zip that holds itself, a quine, is a zip in a zip as well.
    let inbox = Inbox::new("nested");
    fs::write(inbox.file("zip"), zipped(&[("trajecten.csv", &zipped(&[("trajecten.csv", HEADER.as_bytes())]))])).unwrap();
    inbox.refused("E005");

    let inbox = Inbox::new("overlapping");
    fs::write(inbox.file("zip"), overlapping(&zipped(&[("trajecten.csv", format!("{HEADER}{ROW}").as_bytes())]))).unwrap();
    inbox.refused("E004");

    let inbox = Inbox::new("many");
    let names: Vec<String> = (0..65).map(|number| format!("{number}.csv")).collect();
    fs::write(inbox.file("zip"), zipped(&names.iter().map(|name| (name.as_str(), &b"x"[..])).collect::<Vec<_>>())).unwrap();
    inbox.refused("E004");

    let inbox = Inbox::new("no-zip");
    giant(&inbox.file("zip"), "traject_id;client_id\n", GIBIBYTE);
    inbox.refused("E006");
}

#[test]
fn giants_that_are_no_table_are_refused_before_they_are_read() {
    let line = "x".repeat(2 << 20);
    let inbox = Inbox::new("one-line");
    giant(&inbox.submission().join("trajecten.csv"), &format!("{HEADER}{line}"), GIBIBYTE);
    inbox.refused("E108");

    let inbox = Inbox::new("zeros");
    giant(&inbox.submission().join("trajecten.csv"), "", GIBIBYTE);
    inbox.refused("E108");

    let inbox = Inbox::new("unclosed");
    let lines = "T1;C1\n".repeat(1 << 19);
    giant(&inbox.submission().join("trajecten.csv"), &format!("{HEADER}{ROW}\"{lines}"), GIBIBYTE);
    inbox.refused("E107");
    let findings = crate::submissions::findings(&receipts(&inbox.folder.join("batch")).pop().unwrap().0);
    assert_eq!(findings[0].row, Some(3), "where the quote opens");

    let inbox = Inbox::new("too-large");
    giant(&inbox.submission().join("trajecten.csv"), HEADER, GIBIBYTE + 1);
    inbox.refused("E019");

    let inbox = Inbox::new("blank");
    fs::write(inbox.submission().join("trajecten.csv"), " \n".repeat(20 << 20)).unwrap();
    inbox.refused("E008");
}

#[test]
fn strange_shapes_are_refused_or_read_in_little_memory() {
    let columns: String = (0..100_000).map(|number| format!(";c{number}")).collect();
    let inbox = Inbox::new("columns-only");
    fs::write(inbox.submission().join("trajecten.csv"), format!("kolom{columns}\n1{}\n", ";".repeat(100_000))).unwrap();
    inbox.refused("E109");

    let inbox = Inbox::new("columns-besides");
    let wide = format!("{}{columns}\n{}{}\n", HEADER.trim_end(), ROW.trim_end(), ";".repeat(100_000));
    fs::write(inbox.submission().join("trajecten.csv"), wide).unwrap();
    let receipt = inbox.read(0).receipt;
    assert_eq!((receipt.tables[0].used, receipt.findings["W703"]), (1, 100_000));

    let inbox = Inbox::new("empty-lines");
    fs::write(inbox.submission().join("trajecten.csv"), format!("{HEADER}{}", "\n".repeat(10_000_000))).unwrap();
    inbox.refused("E115");

    let inbox = Inbox::new("deep");
    let mut folder = inbox.submission();
    for _ in 0..200 {
        folder.push("map");
    }
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("trajecten.csv"), HEADER).unwrap();
    inbox.refused("E002");

    let inbox = Inbox::new("many-files");
    for number in 0..2_000 {
        fs::write(inbox.submission().join(format!("{number}.csv")), HEADER).unwrap();
    }
    inbox.refused("E004");
}

const TARGETS: [(&str, Target); 5] = [
    ("csv", Target::Csv), ("workbook", Target::Workbook), ("parts", Target::Parts), ("archive", Target::Archive), ("manifest", Target::Manifest),
];
/// Damaged copies of every entry of the corpus; SPIEGEL_DAMAGES asks for more.
const DAMAGES: u64 = 200;

/// The entries of the corpus of a target, by name.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(root().join("tests/fuzz/corpus").join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn what_the_fuzzers_kept_holds() {
    for (name, target) in TARGETS {
        let verdicts: Vec<Verdict> = corpus(name).iter().map(|bytes| Reader::shared().check(target, bytes).verdict).collect();
        assert!(verdicts.contains(&Verdict::Refused), "{name}: none of {} is refused", verdicts.len());
    }
}

#[test]
fn damaged_entries_hold_as_well() {
    let damages = std::env::var("SPIEGEL_DAMAGES").map_or(DAMAGES, |damages| damages.parse().unwrap());
    for (name, target) in TARGETS {
        let entries = corpus(name);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for entry in &entries {
            for _ in 0..damages {
                let bytes = random.damage(entry, &entries);
                let held = std::panic::catch_unwind(|| _ = Reader::shared().check(target, &bytes));
                if held.is_err() {
                    let kept = scratch("hostile").join(format!("{name}-damaged"));
                    fs::write(&kept, &bytes).unwrap();
                    panic!("{name}: see {}", kept.display());
                }
            }
        }
    }
}

/// The same numbers in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    /// The bytes with a few things wrong: a byte, a piece gone, doubled or from another entry, the end gone.
    fn damage(&mut self, bytes: &[u8], others: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let from = self.below(bytes.len());
            let to = (from + 1 + self.below(24)).min(bytes.len());
            match self.below(6) {
                0 if from < bytes.len() => bytes[from] = self.below(256) as u8,
                1 if from < bytes.len() => bytes[from] = b";\"\n\r,.\t|\0-0\xff"[self.below(12)],
                2 => _ = bytes.drain(from..to),
                3 => bytes.truncate(from),
                4 => {
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(from..from, piece);
                }
                _ => {
                    let other = &others[self.below(others.len())];
                    let start = self.below(other.len());
                    let piece = other[start..(start + self.below(64)).min(other.len())].to_vec();
                    bytes.splice(from..from, piece);
                }
            }
        }
        bytes
    }
}
