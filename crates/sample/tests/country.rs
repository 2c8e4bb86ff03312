//! A generated country: the same bytes twice, the declared defects and no others, and nothing that looks like a citizen number.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use spiegel_sample::{Country, CountryOptions, Defect, Error, Written};

const OPTIONS: CountryOptions = CountryOptions {
    providers: 20,
    first_year: 2024,
    years: 2,
    seed: 7,
    dirty: false,
};

/// Writes a country and reads back every file of it, those inside a readable zip too.
fn files(options: CountryOptions) -> (Written, BTreeMap<String, Vec<u8>>) {
    let directory = tempfile::tempdir().unwrap();
    let written = Country::new(options).write(directory.path()).unwrap();
    let mut files = BTreeMap::new();
    read(directory.path(), "", &mut files);
    (written, files)
}

fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            read(&path, &format!("{name}/"), files);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        if let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(&bytes)) {
            for place in 0..archive.len() {
                let mut file = archive.by_index(place).unwrap();
                let inside = file.name().unwrap().into_owned();
                let mut content = Vec::new();
                file.read_to_end(&mut content).unwrap();
                files.insert(
                    format!("{}/{inside}", name.trim_end_matches(".zip")),
                    content,
                );
            }
        }
        files.insert(name, bytes);
    }
}

#[test]
fn same_options_same_bytes() {
    assert_eq!(files(OPTIONS), files(OPTIONS));
    assert_ne!(
        files(OPTIONS).1,
        files(CountryOptions { seed: 8, ..OPTIONS }).1
    );
}

/// Whether a file is that of the smaller country; `truth.csv` has a line for each provider and year, so that it holds the other's lines.
fn begins(name: &str, larger: Option<&Vec<u8>>, smaller: &[u8]) -> bool {
    let Some(larger) = larger else { return false };
    let lines = |content: &[u8]| content.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<std::collections::BTreeSet<_>>();
    if name == "truth.csv" { lines(smaller).is_subset(&lines(larger)) } else { larger == smaller }
}

#[test]
fn a_longer_country_begins_with_the_shorter_one() {
    let (_, longer) = files(OPTIONS);
    for (name, content) in files(CountryOptions {
        years: 1,
        ..OPTIONS
    })
    .1
    {
        assert!(begins(&name, longer.get(&name), &content), "{name}");
    }
}

#[test]
fn headers_are_those_of_the_format() {
    let (written, files) = files(OPTIONS);
    assert_eq!(written.submissions, 40);
    for (name, content) in &files {
        let text = String::from_utf8_lossy(content);
        let header = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches('\u{feff}')
            .replace(',', ";");
        let expected = match name.rsplit('/').next().unwrap() {
            "trajecten.csv" => {
                "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;zorgvraagtype;zorglabel;product;minuten_bron;aanmelddatum;intakedatum;\
                 geboortejaar;geslacht;diagnosegroep;opleiding;pc3;verwijzer;eerdere_behandeling;werk;privacy_optout;blended;groep"
            }
            "sessies.csv" => "traject_id;datum;minuten_direct;minuten_indirect;vorm",
            "rom.csv" => "traject_id;moment;datum;instrument;schaal;versie;score;respondent",
            "cqi.csv" => "traject_id;datum;versie;schaal;score;rapportcijfer",
            _ => continue,
        };
        assert_eq!(
            header.replace(
                "minuten_direct;minuten_indirect;minuten_bron",
                "minuten_bron"
            ),
            expected,
            "{name}"
        );
    }
}

#[test]
fn no_cell_has_eight_or_nine_digits() {
    for (name, content) in files(OPTIONS)
        .1
        .iter()
        .filter(|(name, _)| name.starts_with("inbox/") && name.ends_with(".csv"))
    {
        let text = String::from_utf8_lossy(content);
        let longest = text
            .split(|character: char| !character.is_ascii_digit())
            .map(str::len)
            .max();
        assert!(longest < Some(8), "{name}");
    }
}

#[test]
fn a_dirty_country_leaves_the_clean_providers_as_they_are() {
    let (_, clean) = files(OPTIONS);
    let (written, dirty) = files(CountryOptions {
        dirty: true,
        ..OPTIONS
    });
    assert_eq!(
        written
            .defects
            .iter()
            .map(|broken| broken.defect)
            .collect::<Vec<_>>(),
        Defect::ALL
    );
    for (name, content) in clean.iter().filter(|(name, _)| *name != "register.csv") {
        assert!(begins(name, dirty.get(name), content), "{name}");
    }
    for broken in &written.defects {
        let folder = format!("inbox/KIBG_{}_{}_01", broken.agb, broken.year);
        let text = |table: &str| {
            dirty
                .get(&format!("{folder}/{table}.csv"))
                .map(|content| String::from_utf8_lossy(content).into_owned())
        };
        let rows = |holds: &dyn Fn(&[&str]) -> bool| {
            text("trajecten")
                .unwrap()
                .lines()
                .skip(1)
                .filter(|line| holds(&line.split(';').collect::<Vec<_>>()))
                .count()
        };
        match broken.defect {
            Defect::TruncatedZip => {
                assert!(dirty.contains_key(&format!("{folder}.zip")));
                assert_eq!(text("trajecten"), None);
            }
            Defect::MissingStartColumn => {
                assert!(!text("trajecten").unwrap().contains("startdatum"))
            }
            Defect::EndBeforeStart => {
                assert_eq!(rows(&|row| !row[3].is_empty() && row[3] < row[2]), 2)
            }
            Defect::UnknownCodes => assert_eq!(
                (rows(&|row| row[4] == "77"), rows(&|row| row[13] == "X9")),
                (1, 1)
            ),
            Defect::TooManyFields => assert_eq!(rows(&|row| row.len() == 24), 1),
            Defect::ImpossibleDate => assert_eq!(rows(&|row| row[2].ends_with("-02-31")), 1),
            Defect::DuplicateTrajectory => {
                let last = text("trajecten")
                    .unwrap()
                    .lines()
                    .last()
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned();
                assert_eq!(rows(&|row| row[0] == last), 2);
            }
            Defect::OrphanSession => {
                assert_eq!(rows(&|row| row[0] == "T99999"), 0);
                assert!(text("sessies").unwrap().contains("\nT99999;"));
            }
        }
    }
}

#[test]
fn an_inbox_with_files_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("inbox/older")).unwrap();
    assert!(matches!(
        Country::new(OPTIONS).write(directory.path()),
        Err(Error::NotEmpty(_))
    ));
}
