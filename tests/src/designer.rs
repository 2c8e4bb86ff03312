//! What a designer does: `preview template`, and each step of `report-templates/README.md` once.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::command::{Answer, definitions, scratch, spiegel, spiegel_command, tool};
use crate::pdf::{Pdf, text_of};
use crate::tree::copy;

/// The longest that a page may be waited for on a machine that does much else; nothing is asserted on how long it took.
const PATIENCE: Duration = Duration::from_secs(120);
/// The colour of the provider's own data, and another that can be read too.
const OWN: [u8; 3] = [0x00, 0x5A, 0x9C];
const OTHER: [u8; 3] = [0x6A, 0x1B, 0x9A];

/// A copy of the template folder.
fn template(name: &str) -> PathBuf {
    let folder = scratch(name).join("spiegel");
    copy(&definitions().join("report-templates/spiegel"), &folder);
    folder
}

/// Changes a file of a template.
fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let file = folder.join(file);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{} has no `{from}`", file.display());
    fs::write(&file, text.replace(from, to)).unwrap();
}

fn once(folder: &Path) -> Answer {
    let out = folder.with_file_name("out");
    spiegel(&["preview", "template", folder.to_str().unwrap(), "--out", out.to_str().unwrap(), "--once"])
}

fn pdf(folder: &Path) -> PathBuf {
    folder.with_file_name("out").join("preview.pdf")
}

/// Pixels of page 1 with a colour.
fn pixels_of(pdf: &Path, colour: [u8; 3]) -> usize {
    let stem = pdf.with_file_name("look");
    let options = ["-r", "150", "-singlefile", pdf.to_str().unwrap(), stem.to_str().unwrap()].map(std::ffi::OsStr::new);
    tool("pdftoppm", &options).expect_code(0);
    let picture = fs::read(stem.with_extension("ppm")).unwrap();
    // `P6`, width, height, 255, and three bytes for each pixel.
    let head = picture.iter().enumerate().filter(|(_, byte)| byte.is_ascii_whitespace()).nth(3).unwrap().0;
    picture[head + 1..].chunks(3).filter(|pixel| **pixel == colour).count()
}

#[test]
fn once_makes_the_pages_and_a_picture_of_each() {
    let folder = template("designer-once");
    let said = once(&folder).expect_code(0).stderr;
    assert!(said.contains("preview.pdf (") && said.contains(" pages) in "), "{said}");
    let pages = Pdf::open(&pdf(&folder)).document.get_pages().len();
    let pictures = fs::read_dir(pdf(&folder).parent().unwrap()).unwrap().flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "png"));
    assert_eq!(pictures.count(), pages);
}

#[test]
fn a_colour_is_changed_in_one_place() {
    let folder = template("designer-colour");
    once(&folder).expect_code(0);
    assert!(pixels_of(&pdf(&folder), OWN) > 50 && pixels_of(&pdf(&folder), OTHER) == 0);
    change(&folder, "colours.toml", "#005A9C", "#6A1B9A");
    once(&folder).expect_code(0);
    assert!(pixels_of(&pdf(&folder), OTHER) > 50 && pixels_of(&pdf(&folder), OWN) == 0);
    change(&folder, "colours.toml", "#6A1B9A", "#E1BEE7");
    let said = once(&folder).expect_code(12).stderr;
    assert!(said.contains("colours.toml: `own` has a contrast of 1.7 with `paper`, and needs 4.5"), "{said}");
}

/// The shipped fonts under the name of another family, as those of another family would be.
#[test]
fn another_font_is_its_files_and_its_name() {
    let folder = template("designer-font");
    let renamed = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let names = [("Source Sans 3", "Sourde Sans 4"), ("SourceSans3", "SourdeSans4")];
    for entry in fs::read_dir(folder.join("fonts")).unwrap().flatten().filter(|entry| entry.path().extension().is_some_and(|end| end == "ttf")) {
        let mut bytes = fs::read(entry.path()).unwrap();
        for (from, to) in names.iter().flat_map(|(from, to)| [(renamed(from), renamed(to)), (from.as_bytes().to_vec(), to.as_bytes().to_vec())]) {
            let places: Vec<usize> = bytes.windows(from.len()).enumerate().filter(|(_, window)| **window == *from).map(|(at, _)| at).collect();
            for at in places {
                bytes[at..at + to.len()].copy_from_slice(&to);
            }
        }
        fs::write(entry.path(), bytes).unwrap();
    }
    let said = once(&folder).expect_code(12).stderr;
    assert!(said.contains("page.typ line ") && said.contains("unknown font family: source sans 3"), "{said}");
    change(&folder, "page.typ", "\"Source Sans 3\"", "\"Sourde Sans 4\"");
    once(&folder).expect_code(0);
    let fonts = tool("pdffonts", &[pdf(&folder).as_os_str()]).expect_code(0).stdout;
    assert!(fonts.lines().skip(2).all(|font| font.contains("SourdeSans4-")), "{fonts}");
}

#[test]
fn a_page_is_moved_or_left_out_with_its_line() {
    let folder = template("designer-order");
    once(&folder).expect_code(0);
    let before = text_of(&pdf(&folder));
    let at = |text: &str, title: &str| text.find(title).unwrap_or_else(|| panic!("no page `{title}`"));
    assert!(at(&before, "Leeswijzer") < at(&before, "Werkblad: doelen"));
    let (guide, worksheet) = ("    (data.guide, guide-page),\n", "    (data.worksheet, worksheet-page.with(data.words)),\n");
    change(&folder, "main.typ", worksheet, "");
    once(&folder).expect_code(0);
    let without = text_of(&pdf(&folder));
    assert!(!without.contains("Werkblad: doelen"));
    change(&folder, "main.typ", guide, &format!("{worksheet}{guide}"));
    once(&folder).expect_code(0);
    let moved = text_of(&pdf(&folder));
    assert!(at(&moved, "Werkblad: doelen") < at(&moved, "Leeswijzer"));
}

#[test]
fn a_word_of_the_pages_is_changed_in_the_language_file() {
    let folder = template("designer-word");
    change(&folder, "language/nl.toml", "Zie pagina {page}.", "Kijk op bladzijde {page}.");
    change(&folder, "language/nl.toml", "{page} van {pages}", "blad {page}/{pages}");
    once(&folder).expect_code(0);
    let text = text_of(&pdf(&folder));
    assert!(text.contains("Kijk op bladzijde ") && !text.contains("Zie pagina ") && text.contains("blad 2/"), "the words of the file");
    change(&folder, "language/nl.toml", "Kijk op bladzijde {page}.", "Kijk verderop.");
    let said = once(&folder).expect_code(12).stderr;
    assert!(said.contains("nl.toml: `page.see` is `Kijk verderop.` and needs the slot {page} once"), "{said}");
}

#[test]
fn a_language_is_a_file_more() {
    let folder = template("designer-language");
    change(&folder, "preview.json", "\"language\": \"nl\"", "\"language\": \"fy\"");
    let said = once(&folder).expect_code(12).stderr;
    assert!(said.contains("no language/fy.toml; it has en, nl"), "{said}");
    fs::copy(folder.join("language/en.toml"), folder.join("language/fy.toml")).unwrap();
    change(&folder, "language/fy.toml", "region = \"GB\"", "region = \"NL\"");
    change(&folder, "language/fy.toml", "See page {page}.", "Sjoch side {page}.");
    once(&folder).expect_code(0);
    let made = Pdf::open(&pdf(&folder));
    assert_eq!(made.text(made.document.catalog().unwrap(), "Lang").as_deref(), Some("fy-NL"));
    assert!(text_of(&pdf(&folder)).contains("Sjoch side "));
}

/// A running preview, ended with the test.
struct Watching {
    child: Child,
    said: Receiver<String>,
}

impl Watching {
    fn begin(folder: &Path) -> Self {
        let out = folder.with_file_name("out");
        let mut command = spiegel_command(&["preview", "template", folder.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (send, said) = channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| send.send(line)));
        Self { child, said }
    }

    /// Waits for a line with this in it.
    fn wait_for(&self, wanted: &str) {
        let mut heard = Vec::new();
        while !heard.last().is_some_and(|line: &String| line.contains(wanted)) {
            heard.push(self.said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("nothing said `{wanted}`: {heard:#?}")));
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn a_mistake_is_told_with_its_line_and_watching_goes_on() {
    let folder = template("designer-watching");
    let watching = Watching::begin(&folder);
    watching.wait_for("watching ");
    let before = fs::read(pdf(&folder)).unwrap();
    let whole = fs::read_to_string(folder.join("guide.typ")).unwrap();
    fs::write(folder.join("guide.typ"), whole.replace("page.title", "page.titel")).unwrap();
    watching.wait_for("guide.typ line ");
    assert_eq!(fs::read(pdf(&folder)).unwrap(), before, "the pages stay as they were");
    fs::write(folder.join("guide.typ"), whole).unwrap();
    watching.wait_for("made ");
    change(&folder, "preview.json", "\"title\": \"Leeswijzer\"", "\"title\": \"Zo leest u dit\"");
    watching.wait_for("made ");
    assert!(text_of(&pdf(&folder)).contains("Zo leest u dit"));
    fs::write(folder.join("preview.json"), "{\n  \"format\": 2,\n  geen json").unwrap();
    watching.wait_for("preview.json line 3");
}
