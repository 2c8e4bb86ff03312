//! Eight typical reports beside pictures of themselves (report specification 9.5). The reports are made from the template's own example,
//! so that no change of data or arithmetic moves a pixel: what differs here is the look. A picture that may change is written again
//! with `UPDATE_GOLDEN=1`, after looking at it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use lopdf::{Dictionary, Object, Stream};
use spiegel_model::{Label, MethodSection, Report, Side, Table, TitledTable, Variant};

use crate::command::{root, tool};
use crate::templates::{KIBG_YEAR, batch_of, preview, render};

/// Report specification 9.5.
const RESOLUTION: &str = "72";
const SIMILARITY_MINIMUM: f64 = 0.995;
const DIFFERING_MAXIMUM: f64 = 0.001;
/// Other versions of poppler smooth edges a little differently: squares of pixels are compared by their mean.
const SQUARE: usize = 4;
const DIFFERENCE: f64 = 24.0;
/// Side of a window of the structural similarity, and its two constants for 8 bits (Wang and others, 2004).
const WINDOW: usize = 8;
const STABILISERS: (f64, f64) = (6.5025, 58.5225);
/// A picture in the repository.
const BYTES_MAXIMUM: u64 = 30_000;

/// A picture in sixteen greys, which is enough to see what moves and keeps the pictures small.
struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// The check sum of PNG (ISO 15948, annex D).
fn check_sum(bytes: &[u8]) -> u32 {
    let shifted = |sum: u32| (0..8).fold(sum, |sum, _| if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 });
    !bytes.iter().fold(u32::MAX, |sum, byte| shifted((sum ^ u32::from(*byte)) & 0xFF) ^ (sum >> 8))
}

impl Grey {
    /// A picture as pdftoppm writes it: `P5`, width, height, the largest grey, and a byte for each pixel.
    fn from_pgm(bytes: &[u8]) -> Self {
        let mut words = bytes.splitn(4, |byte| byte.is_ascii_whitespace());
        let mut word = || words.next().unwrap();
        assert_eq!(word(), b"P5");
        let [width, height] = [word(), word()].map(|number| std::str::from_utf8(number).unwrap().parse::<usize>().unwrap());
        let pixels = word().strip_prefix(b"255\n").unwrap();
        assert_eq!(pixels.len(), width * height);
        Self { width, height, pixels: pixels.iter().map(|pixel| pixel / 16 * 17).collect() }
    }

    /// A PNG as [`Self::to_png`] writes it.
    fn from_png(bytes: &[u8]) -> Self {
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let (width, height) = (number(16), number(20));
        assert_eq!(bytes[24..29], [4, 0, 0, 0, 0], "4 bits of grey, not interlaced");
        let (mut at, mut packed) = (8, Vec::new());
        while at < bytes.len() {
            let length = number(at);
            if &bytes[at + 4..at + 8] == b"IDAT" {
                packed.extend_from_slice(&bytes[at + 8..at + 8 + length]);
            }
            at += length + 12;
        }
        // The compression of a PNG is that of a PDF.
        let dictionary = Dictionary::from_iter([("Filter", Object::Name(b"FlateDecode".to_vec()))]);
        let lines = Stream::new(dictionary, packed).decompressed_content().unwrap();
        let greys = |row: &[u8]| row[1..].iter().flat_map(|pair| [pair >> 4, pair & 15]).take(width).map(|grey| grey * 17).collect::<Vec<_>>();
        let pixels: Vec<u8> = lines.chunks(1 + width.div_ceil(2)).flat_map(greys).collect();
        assert_eq!(pixels.len(), width * height);
        Self { width, height, pixels }
    }

    /// A PNG in 4 bits.
    fn to_png(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for row in self.pixels.chunks(self.width) {
            lines.push(0);
            lines.extend(row.chunks(2).map(|pair| (pair[0] / 17) << 4 | pair.get(1).map_or(0, |right| right / 17)));
        }
        let mut stream = Stream::new(Dictionary::new(), lines);
        stream.compress().unwrap();
        let size = |size: usize| u32::try_from(size).unwrap().to_be_bytes();
        let head = [&size(self.width)[..], &size(self.height), &[4, 0, 0, 0, 0]].concat();
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, content) in [(b"IHDR", head), (b"IDAT", stream.content), (b"IEND", Vec::new())] {
            let chunk = [&kind[..], &content].concat();
            png.extend([&size(content.len())[..], &chunk, &check_sum(&chunk).to_be_bytes()].concat());
        }
        png
    }

    /// Squares of pixels from the top left, each as its pixels; what is left at the edges is dropped.
    fn squares(&self, side: usize) -> impl Iterator<Item = Vec<f64>> + '_ {
        let (columns, rows) = (self.width / side, self.height / side);
        (0..rows * columns).map(move |index| {
            let (left, top) = (index % columns * side, index / columns * side);
            (0..side * side).map(|pixel| f64::from(self.pixels[(top + pixel / side) * self.width + left + pixel % side])).collect()
        })
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean structural similarity, and the share of squares that differ.
fn compared(left: &Grey, right: &Grey) -> (f64, f64) {
    assert_eq!((left.width, left.height), (right.width, right.height), "size of the page");
    let similar = |(a, b): (Vec<f64>, Vec<f64>)| {
        let (mean_a, mean_b) = (mean(&a), mean(&b));
        let spread = |x: &[f64], y: &[f64], mean_x: f64, mean_y: f64| x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / (x.len() - 1) as f64;
        let (a_a, b_b, a_b) = (spread(&a, &a, mean_a, mean_a), spread(&b, &b, mean_b, mean_b), spread(&a, &b, mean_a, mean_b));
        let (first, second) = STABILISERS;
        (2.0 * mean_a * mean_b + first) * (2.0 * a_b + second) / ((mean_a.powi(2) + mean_b.powi(2) + first) * (a_a + b_b + second))
    };
    let similarities: Vec<f64> = left.squares(WINDOW).zip(right.squares(WINDOW)).map(similar).collect();
    let differs: Vec<f64> =
        left.squares(SQUARE).zip(right.squares(SQUARE)).map(|(a, b)| if (mean(&a) - mean(&b)).abs() > DIFFERENCE { 1.0 } else { 0.0 }).collect();
    (mean(&similarities), mean(&differs))
}

fn is_same(left: &Grey, right: &Grey) -> bool {
    let (similarity, differing) = compared(left, right);
    similarity >= SIMILARITY_MINIMUM && differing <= DIFFERING_MAXIMUM
}

/// Longest Dutch words, so that what should be cut or wrapped is.
const LONG_NAME: &str = "Psychotherapeutenmaatschap Arbeidsongeschiktheidsverzekeringsdeskundigen Noord-Brabant-Oost en Omstreken";
const LONG_TOPIC: &str = "Cliëntervaringsvragenlijstinvulbereidheidspercentage bij de behandelingsafsluiting";

/// The eight, each with the pages that are looked at.
fn eight() -> Vec<(&'static str, Report, Vec<usize>)> {
    let typical: Report = serde_json::from_str(&preview().1).unwrap();
    let last = 2 + typical.indicators.len() + 1;
    let (quality, norms, worksheet) = (last + 1, last + 2, last + 3);
    let minutes = 3 + typical.indicators.iter().position(|page| page.id == "behandelminuten").unwrap();

    let mut long = typical.clone();
    long.provider.name = LONG_NAME.to_owned();
    long.title = format!("Spiegelrapportage 2025 – {LONG_NAME}");
    long.footer = format!("Spiegelrapportage 2025 · {LONG_NAME} · vertrouwelijk");
    long.summary.rows.iter_mut().for_each(|row| row.topic = LONG_TOPIC.to_owned());
    long.indicators.iter_mut().for_each(|page| page.title = LONG_TOPIC.to_owned());
    if let Some(page) = &mut long.quality {
        page.fields.table.rows.iter_mut().for_each(|row| row[4] = format!("voorbehoud bij {LONG_TOPIC} en 2 andere onderwerpen"));
    }

    let mut high = typical.clone();
    for row in &mut high.summary.rows {
        (row.place, row.marks) = ("duidelijk hoger".to_owned(), 2);
        if let Some(spine) = &mut row.spine {
            spine.own = Some(1.2);
        }
    }
    high.indicators.iter_mut().for_each(|page| page.position.label = Label::Signal(Side::Higher));

    let mut small = typical.clone();
    for row in &mut small.summary.rows {
        (row.own, row.own_is_value, row.place, row.marks) = ("te klein (<10)".to_owned(), false, String::new(), 0);
        row.interval.clear();
        row.n.clear();
        if let Some(spine) = &mut row.spine {
            (spine.own, spine.interval) = (None, None);
        }
    }
    for page in &mut small.indicators {
        page.funnel = None;
        if let Some(plot) = &mut page.dot_plot {
            plot.own = None;
        }
    }

    let mut group = typical.clone();
    group.variant = Variant::Group;
    group.title = "Spiegelrapportage 2025 – groep kleine aanbieders".to_owned();
    group.footer = "Spiegelrapportage 2025 · groep kleine aanbieders · vertrouwelijk".to_owned();
    group.summary.heads[2] = "Groep".to_owned();
    for page in &mut group.indicators {
        page.funnel = None;
        page.within.clone_from(&page.dot_plot);
        if let Some(plot) = &mut page.within {
            plot.own = None;
            plot.alt = format!("Binnen de groep. {}", plot.alt);
        }
    }

    // What the template itself says and how figures write numbers; its texts are those of a report and stay as they are.
    let mut english = typical.clone();
    english.language = "en".to_owned();

    let mut bare = typical.clone();
    bare.indicators.clear();
    (bare.population, bare.guide, bare.quality, bare.norms, bare.worksheet) = (None, None, None, None, None);
    bare.summary.rows.clear();
    bare.summary.topics.clear();
    let block = |title: &str, bullets: &[&str]| MethodSection {
        title: title.to_owned(),
        paragraphs: Vec::new(),
        bullets: bullets.iter().map(|bullet| (*bullet).to_owned()).collect(),
    };
    let mut sheet = bare.clone();
    sheet.variant = Variant::OwnSheet;
    sheet.title = format!("Uw blad 2025 – {LONG_NAME}");
    sheet.footer = format!("Uw blad 2025 · {LONG_NAME} · vertrouwelijk");
    sheet.summary.notes.clear();
    sheet.summary.lead = "Uw blad.".to_owned();
    sheet.summary.sentences = vec!["Van u ontvingen we gegevens van ongeveer 20 cliënten over 2024 en 2025.".to_owned()];
    let words = [["Directe minuten", "volledig"], ["Nameting (ROM) op tijd", "deels"], ["Betaald werk", "ontbreekt"]];
    let rows = words.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
    sheet.completeness =
        Some(TitledTable { title: "Hoe volledig is elk gegeven?".to_owned(), table: Table { heads: vec!["Gegeven".to_owned(), "Gevuld".to_owned()], rows } });
    sheet.summary.blocks = vec![block("Zo komt u eerder aan een eigen rapportage", &["Lever ook de jaren ervoor aan.", "Sluit trajecten op tijd af."])];
    bare.variant = Variant::SinglePage;
    bare.summary.blocks = vec![block("Per onderwerp", &["Cliëntervaring: niet aangeleverd.", "Voor- én nameting (ROM): te klein (<10)."])];

    vec![
        ("typical", typical, vec![1, 2, minutes, quality, norms, worksheet]),
        ("longest", long, vec![1, 3, quality]),
        ("high", high, vec![1]),
        ("small", small, vec![1, minutes]),
        ("group", group, vec![1, minutes]),
        ("english", english, vec![1, minutes]),
        ("sheet", sheet, vec![1]),
        ("single", bare, vec![1]),
    ]
}

/// One page of a PDF.
fn picture(pdf: &Path, page: usize, stem: &Path) -> Grey {
    let number = page.to_string();
    let options = ["-gray", "-r", RESOLUTION, "-singlefile", "-f", &number, "-l", &number].map(OsStr::new);
    let arguments: Vec<&OsStr> = options.into_iter().chain([pdf.as_os_str(), stem.as_os_str()]).collect();
    tool("pdftoppm", &arguments).expect_code(0);
    Grey::from_pgm(&fs::read(stem.with_extension("pgm")).unwrap())
}

/// Where pictures that differ are put.
fn target() -> PathBuf {
    let folder = root().join("target/visual");
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn eight_reports_look_as_they_did() {
    let reports: Vec<(String, String)> = eight().iter().map(|(name, report, _)| ((*name).to_owned(), serde_json::to_string(report).unwrap())).collect();
    let batch = batch_of("visual", 2025, &reports);
    render(&batch, KIBG_YEAR, None).expect_code(0);
    let folder = root().join("tests/ref");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut differing = Vec::new();
    for (name, _, pages) in eight() {
        let pdf = batch.join(format!("reports/2025/{name}/v1/spiegelrapportage-2025-{name}.pdf"));
        for page in pages {
            let picture_name = format!("{name}-{page:02}");
            let actual = picture(&pdf, page, &batch.join(&picture_name));
            let file = folder.join(&picture_name).with_extension("png");
            if update {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&file, actual.to_png()).unwrap();
                continue;
            }
            let expected = fs::read(&file).unwrap_or_else(|error| panic!("{} ({error}); look at the page, then write it with UPDATE_GOLDEN=1", file.display()));
            assert!(expected.len() as u64 <= BYTES_MAXIMUM, "{}: {} bytes", file.display(), expected.len());
            let golden = Grey::from_png(&expected);
            if !is_same(&actual, &golden) {
                let (similarity, share) = compared(&actual, &golden);
                fs::write(target().join(format!("{picture_name}-is.png")), actual.to_png()).unwrap();
                fs::write(target().join(format!("{picture_name}-was.png")), &expected).unwrap();
                differing.push(format!("{picture_name}: similarity {similarity:.4}, {:.2} % differs", 100.0 * share));
            }
        }
    }
    assert!(differing.is_empty(), "{differing:#?}\nsee {}; when the change is meant, UPDATE_GOLDEN=1 writes tests/ref again", target().display());
}

/// A line of text that moves by three pixels is found; the same page is the same.
#[test]
fn a_label_that_moves_would_be_found() {
    let file = root().join("tests/ref/typical-01.png");
    let expected = Grey::from_png(&fs::read(&file).unwrap());
    let copy = || Grey { width: expected.width, height: expected.height, pixels: expected.pixels.clone() };
    assert!(is_same(&copy(), &expected));
    let mut moved = copy();
    // The title and what stands beside it.
    for row in 50..90 {
        let line = &mut moved.pixels[row * expected.width..(row + 1) * expected.width];
        line.rotate_right(3);
    }
    assert!(!is_same(&moved, &expected));
    let mut without = copy();
    without.pixels[200 * expected.width..230 * expected.width].fill(255);
    assert!(!is_same(&without, &expected), "a row that is gone");
}
