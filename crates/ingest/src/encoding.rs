//! Bytes to UTF-8: UTF-8 with or without byte-order mark, else windows-1252.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// Text of a file and how it was encoded.
pub(crate) struct Text<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) encoding: Encoding,
}

/// How a file was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Utf8WithMark,
    Windows1252,
    /// UTF-16 or UTF-32: refused until this reader knows them.
    Wide,
}

impl Encoding {
    pub(crate) fn dutch(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf8WithMark => "UTF-8 met byte-order mark",
            Self::Windows1252 => "windows-1252",
            Self::Wide => "UTF-16",
        }
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";
/// Bytes at the start in which NULs betray a wide encoding.
const WIDE_SAMPLE: usize = 256;

/// Decodes a file as a whole: one byte that is not UTF-8, however late, makes it windows-1252.
pub(crate) fn decode(bytes: &[u8]) -> Text<'_> {
    let sample = &bytes[..bytes.len().min(WIDE_SAMPLE)];
    let zeros = sample.iter().filter(|byte| **byte == 0).count();
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || zeros * 4 > sample.len() {
        return Text { bytes: Cow::Borrowed(&[]), encoding: Encoding::Wide };
    }
    let (body, encoding) = match bytes.strip_prefix(MARK) {
        Some(body) => (body, Encoding::Utf8WithMark),
        None => (bytes, Encoding::Utf8),
    };
    if std::str::from_utf8(body).is_ok() {
        return Text { bytes: one_line_end(Cow::Borrowed(body)), encoding };
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(body);
    Text { bytes: one_line_end(Cow::Owned(text.into_owned().into_bytes())), encoding: Encoding::Windows1252 }
}

/// Lines that end in CR alone get LF, so that row numbers are those of a spreadsheet.
fn one_line_end(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !text.contains(&b'\r') || text.contains(&b'\n') {
        return text;
    }
    Cow::Owned(text.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_give_the_same_text() {
        for (bytes, encoding) in [
            ("cliënt;1\n".as_bytes().to_vec(), Encoding::Utf8),
            ("\u{feff}cliënt;1\n".as_bytes().to_vec(), Encoding::Utf8WithMark),
            (b"cli\xebnt;1\n".to_vec(), Encoding::Windows1252),
            (b"cli\xebnt;1\r".to_vec(), Encoding::Windows1252),
        ] {
            let text = decode(&bytes);
            assert_eq!(text.encoding, encoding);
            assert_eq!(text.bytes, "cliënt;1\n".as_bytes());
        }
        assert_eq!(decode(b"\xff\xfea\0").encoding, Encoding::Wide);
    }
}
