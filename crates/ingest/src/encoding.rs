//! Bytes to UTF-8: UTF-8, UTF-16 and UTF-32 with or without byte-order mark, else windows-1252.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::records::{LINE_BYTES_MAXIMUM, lines};

/// Text of a file and how it was encoded.
pub(crate) struct Text<'a> {
    /// UTF-8 but for its undecodable lines. Borrowed when the file was UTF-8: a large file is not copied.
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) encoding: Encoding,
    /// The file began with a byte-order mark.
    pub(crate) is_marked: bool,
    /// Lines that are no UTF-8 in a text that is (E104).
    pub(crate) undecodable_lines: u64,
    /// There are NULs in the text (E103).
    pub(crate) has_nul: bool,
}

/// How a file was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Windows1252,
    Utf16Little,
    Utf16Big,
    Utf32Little,
    Utf32Big,
}

impl Encoding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Windows1252 => "windows-1252",
            Self::Utf16Little => "UTF-16 LE",
            Self::Utf16Big => "UTF-16 BE",
            Self::Utf32Little => "UTF-32 LE",
            Self::Utf32Big => "UTF-32 BE",
        }
    }

    /// Bytes of a letter, where all have the same number.
    fn width(self) -> usize {
        match self {
            Self::Utf8 | Self::Windows1252 => 1,
            Self::Utf16Little | Self::Utf16Big => 2,
            Self::Utf32Little | Self::Utf32Big => 4,
        }
    }
}

/// Why a file is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// E101.
    Unknown,
    /// E102: an encoding that nobody should use any more, by its name.
    Obsolete(&'static str),
    /// E108: this line is too long; told before the file is copied into another encoding.
    LineTooLong(u32),
}

const MARK: &[u8] = b"\xef\xbb\xbf";
/// Byte-order marks of wide encodings. The one of UTF-32 LE begins with that of UTF-16 LE.
const WIDE_MARKS: [(&[u8], Encoding); 4] = [
    (b"\xff\xfe\0\0", Encoding::Utf32Little),
    (b"\0\0\xfe\xff", Encoding::Utf32Big),
    (b"\xff\xfe", Encoding::Utf16Little),
    (b"\xfe\xff", Encoding::Utf16Big),
];
/// Where NULs lie in a letter of western text.
const WIDE_PATTERNS: [(&[bool], Encoding); 4] = [
    (&[false, true], Encoding::Utf16Little),
    (&[true, false], Encoding::Utf16Big),
    (&[false, true, true, true], Encoding::Utf32Little),
    (&[true, true, true, false], Encoding::Utf32Big),
];
/// E101: from this share of NULs a file is wide …
const WIDE_NUL_SHARE: f64 = 0.25;
/// … and read as such when so many of its letters fit one pattern.
const WIDE_FIT: f64 = 0.95;
/// Bytes by which EBCDIC is recognised, and the share of them that letters, digits and spaces of EBCDIC are: in windows-1252
/// those are accented letters.
const EBCDIC_SAMPLE: usize = 4096;
const EBCDIC_SHARE: f64 = 0.80;
/// A header lies within so many bytes, as no line before it is longer than that.
const START_BYTES: usize = LINE_BYTES_MAXIMUM;

/// Decodes a file as a whole: one byte that is not UTF-8, however late, can make it windows-1252.
pub(crate) fn decode(bytes: &[u8]) -> Result<Text<'_>, Undecodable> {
    if let Some((mark, encoding)) = WIDE_MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return wide(&bytes[mark.len()..], *encoding, true);
    }
    let is_marked = bytes.starts_with(MARK);
    let body = if is_marked { &bytes[MARK.len()..] } else { bytes };
    let has_nul = body.contains(&0);
    if has_nul && body.iter().filter(|byte| **byte == 0).count() as f64 >= WIDE_NUL_SHARE * body.len() as f64 {
        let encoding = wide_by_pattern(body).ok_or(Undecodable::Unknown)?;
        return wide(body, encoding, false);
    }
    if let Some(name) = obsolete(body) {
        return Err(Undecodable::Obsolete(name));
    }
    let text = |bytes, encoding, undecodable_lines| Ok(Text { bytes, encoding, is_marked, undecodable_lines, has_nul });
    if std::str::from_utf8(body).is_ok() {
        return text(Cow::Borrowed(body), Encoding::Utf8, 0);
    }
    // Text in windows-1252 makes valid UTF-8 by accident about never: as many lines of it as of others prove UTF-8.
    let (mut decodable, mut undecodable) = (0, 0);
    for line in lines(body).filter(|line| !line.is_ascii()) {
        *(if std::str::from_utf8(line).is_ok() { &mut decodable } else { &mut undecodable }) += 1;
    }
    if is_marked || decodable >= undecodable {
        return text(Cow::Borrowed(body), Encoding::Utf8, undecodable);
    }
    refuse_long_lines(body, 1)?;
    let (decoded, _) = WINDOWS_1252.decode_without_bom_handling(body);
    text(Cow::Owned(decoded.into_owned().into_bytes()), Encoding::Windows1252, 0)
}

/// The first lines of a file, enough to find its header in.
pub(crate) fn start(bytes: &[u8]) -> &[u8] {
    let Some(sample) = bytes.get(..START_BYTES) else { return bytes };
    let Some(end) = sample.iter().rposition(|byte| *byte == b'\n') else { return sample };
    // The line feed of a wide encoding has NULs beside it.
    if sample.contains(&0) { &sample[..end / 4 * 4] } else { &sample[..=end] }
}

fn wide(body: &[u8], encoding: Encoding, is_marked: bool) -> Result<Text<'_>, Undecodable> {
    refuse_long_lines(body, encoding.width())?;
    let decoded = match encoding {
        Encoding::Utf16Little => UTF_16LE.decode_without_bom_handling_and_without_replacement(body).map(Cow::into_owned),
        Encoding::Utf16Big => UTF_16BE.decode_without_bom_handling_and_without_replacement(body).map(Cow::into_owned),
        _ => utf_32(body, encoding),
    };
    let bytes = decoded.ok_or(Undecodable::Unknown)?.into_bytes();
    let has_nul = bytes.contains(&0);
    Ok(Text { bytes: Cow::Owned(bytes), encoding, is_marked, undecodable_lines: 0, has_nul })
}

fn utf_32(body: &[u8], encoding: Encoding) -> Option<String> {
    let (letters, rest) = body.as_chunks::<4>();
    let read = if encoding == Encoding::Utf32Little { u32::from_le_bytes } else { u32::from_be_bytes };
    rest.is_empty().then(|| letters.iter().map(|letter| char::from_u32(read(*letter))).collect())?
}

/// The wide encoding of a file without a byte-order mark.
fn wide_by_pattern(body: &[u8]) -> Option<Encoding> {
    let fits = |pattern: &[bool]| {
        let letters = body.chunks_exact(pattern.len());
        letters.filter(|letter| letter.iter().zip(pattern).all(|(byte, is_nul)| (*byte == 0) == *is_nul)).count()
    };
    let fit = |pattern: &[bool]| fits(pattern) as f64 >= WIDE_FIT * (body.len() / pattern.len()) as f64;
    WIDE_PATTERNS.iter().find(|(pattern, _)| fit(pattern)).map(|(_, encoding)| *encoding)
}

/// E108 before a file is copied: a line of a gigabyte is no line of a table.
fn refuse_long_lines(body: &[u8], width: usize) -> Result<(), Undecodable> {
    match lines(body).position(|line| line.len() > LINE_BYTES_MAXIMUM * width) {
        Some(place) => Err(Undecodable::LineTooLong(place as u32 + 1)),
        None => Ok(()),
    }
}

/// E102: UTF-7, ISO-2022 or EBCDIC.
fn obsolete(body: &[u8]) -> Option<&'static str> {
    if is_utf_7(body) {
        return Some("UTF-7");
    }
    const ESCAPE: u8 = 0x1b;
    if body.contains(&ESCAPE) && body.windows(2).any(|pair| pair[0] == ESCAPE && b"$()*-./".contains(&pair[1])) {
        return Some("ISO-2022");
    }
    is_ebcdic(body).then_some("EBCDIC")
}

/// The mark of UTF-7, or an accented letter as it writes it in a text that has none of its own: `cli+AOs-nt`.
fn is_utf_7(body: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"+/v8", b"+/v9", b"+/v+", b"+/v/"];
    if MARKS.iter().any(|mark| body.starts_with(mark)) {
        return true;
    }
    // U+00A0 to U+00FF are +AKA- to +AP8-.
    let is_accented = |five: &[u8]| matches!(five, [b'+', b'A', b'K'..=b'P', last, b'-'] if b"AEIMQUYcgkosw048".contains(last));
    body.contains(&b'+') && body.is_ascii() && body.windows(5).any(is_accented)
}

fn is_ebcdic(body: &[u8]) -> bool {
    let sample = &body[..body.len().min(EBCDIC_SAMPLE)];
    let usual = |byte: &u8| matches!(byte, 0x81..=0x89 | 0x91..=0x99 | 0xa2..=0xa9 | 0xc1..=0xc9 | 0xd1..=0xd9 | 0xe2..=0xe9 | 0xf0..=0xf9);
    let marks = |byte: &u8| matches!(byte, 0x05 | 0x0d | 0x15 | 0x25 | 0x40 | 0x4b | 0x4f | 0x5e | 0x60 | 0x6b | 0x6d);
    let (letters, all) = (sample.iter().filter(|byte| usual(byte)).count(), sample.len());
    letters * 2 > all && sample.iter().filter(|byte| usual(byte) || marks(byte)).count() as f64 >= EBCDIC_SHARE * all as f64
}

/// W702: what a text meant before it was taken for windows-1252 and made UTF-8 once too often: `cliÃ«nt` was `cliënt`.
pub(crate) fn repaired(cell: &[u8]) -> Option<String> {
    if cell.is_ascii() {
        return None;
    }
    let (bytes, _, has_others) = WINDOWS_1252.encode(std::str::from_utf8(cell).ok()?);
    (!has_others).then(|| String::from_utf8(bytes.into_owned()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "cliënt;€ 1\n";

    fn wide_bytes(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn encodings_give_the_same_text() {
        let marked = format!("\u{feff}{TEXT}");
        let utf_32: Vec<u8> = marked.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect();
        for (bytes, encoding, is_marked) in [
            (TEXT.as_bytes().to_vec(), Encoding::Utf8, false),
            (marked.as_bytes().to_vec(), Encoding::Utf8, true),
            (b"cli\xebnt;\x80 1\n".to_vec(), Encoding::Windows1252, false),
            (wide_bytes(&marked, true), Encoding::Utf16Little, true),
            (wide_bytes(&marked, false), Encoding::Utf16Big, true),
            (utf_32, Encoding::Utf32Little, true),
        ] {
            let text = decode(&bytes).unwrap();
            assert_eq!((text.encoding, text.is_marked, text.has_nul, text.undecodable_lines), (encoding, is_marked, false, 0));
            assert_eq!(text.bytes, TEXT.as_bytes());
            assert_eq!(matches!(text.bytes, Cow::Borrowed(_)), encoding == Encoding::Utf8, "UTF-8 is not copied");
        }
    }

    #[test]
    fn wide_text_without_mark_is_read_when_its_pattern_fits() {
        let usual = "traject_id;cliënt\n".repeat(9);
        for (bytes, encoding) in [(wide_bytes(&usual, true), Encoding::Utf16Little), (wide_bytes(&usual, false), Encoding::Utf16Big)] {
            let text = decode(&bytes).unwrap();
            assert_eq!((text.encoding, text.is_marked, text.bytes.as_ref()), (encoding, false, usual.as_bytes()));
        }
        let foreign = wide_bytes(&"зг;a1\n".repeat(9), true);
        assert_eq!(decode(&foreign).err(), Some(Undecodable::Unknown));
        assert_eq!(decode(&wide_bytes(&format!("\u{feff}{TEXT}"), true)[..9]).err(), Some(Undecodable::Unknown), "half a letter");
    }

    #[test]
    fn obsolete_encodings_are_named() {
        let name = |bytes: &[u8]| match decode(bytes) {
            Err(Undecodable::Obsolete(name)) => name,
            _ => "",
        };
        assert_eq!(name(b"traject_id;cli+AOs-nt\n"), "UTF-7");
        assert_eq!(name(b"traject_id;+31612345678;A+B-1;+AB1-\n"), "");
        assert_eq!(name(b"traject_id;\x1b$B%H\x1b(B\n"), "ISO-2022");
        let ebcdic = b"\xa3\x99\x81\x91\x85\x83\xa3\x6d\x89\x84\x5e\xe3\xf0\xf0\xf1\x15";
        assert_eq!(name(ebcdic), "EBCDIC");
        assert_eq!(name("ëëë\n".chars().map(|letter| letter as u8).collect::<Vec<u8>>().as_slice()), "");
    }

    #[test]
    fn lines_of_two_encodings_are_told_from_one() {
        let mixed = "cliënt\nreünie\n".as_bytes().iter().copied().chain(*b"caf\xe9\nx\n").collect::<Vec<u8>>();
        let text = decode(&mixed).unwrap();
        assert_eq!((text.encoding, text.undecodable_lines, text.bytes.as_ref()), (Encoding::Utf8, 1, mixed.as_slice()));
        let late = "x\n".repeat(5000).into_bytes().into_iter().chain(*b"caf\xe9\n").collect::<Vec<u8>>();
        assert_eq!(decode(&late).unwrap().encoding, Encoding::Windows1252);
    }

    #[test]
    fn long_lines_are_refused_before_they_are_copied() {
        let long = [b"a\n".to_vec(), vec![b'x'; LINE_BYTES_MAXIMUM], b"\xe9\n".to_vec()].concat();
        assert_eq!(decode(&long).err(), Some(Undecodable::LineTooLong(2)));
    }

    #[test]
    fn text_that_was_encoded_twice_is_repaired() {
        assert_eq!(repaired("cliÃ«nt".as_bytes()).as_deref(), Some("cliënt"));
        assert_eq!(repaired("â‚¬ 1".as_bytes()).as_deref(), Some("€ 1"));
        assert_eq!(repaired("cliënt".as_bytes()), None);
        assert_eq!(repaired("Дa".as_bytes()), None);
        assert_eq!(repaired(b"client"), None);
    }

    #[test]
    fn the_start_of_a_file_ends_with_a_whole_line() {
        let text = "traject_id;cliënt\n".repeat(100_000);
        assert!(start(text.as_bytes()).len() < text.len() && start(text.as_bytes()).ends_with(b"nt\n"));
        assert_eq!(decode(start(&wide_bytes(&text, false))).unwrap().encoding, Encoding::Utf16Big);
    }
}
