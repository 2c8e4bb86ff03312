//! A finding in words, as it is written: what stands in the rule or in the submission is borrowed. A file with a finding in
//! every row would otherwise copy a dozen texts for each.

use std::borrow::Cow;
use std::io::{self, Write};

use spiegel_model::{Consequence, Finding};

/// Field by field, and as JSON, what [`Finding`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words<'f> {
    pub(crate) code: Cow<'f, str>,
    pub(crate) consequence: Consequence,
    pub(crate) file: Cow<'f, str>,
    pub(crate) sheet: Cow<'f, str>,
    pub(crate) row: Option<u64>,
    pub(crate) column: Cow<'f, str>,
    pub(crate) header: Cow<'f, str>,
    pub(crate) key: Cow<'f, str>,
    pub(crate) value: Cow<'f, str>,
    pub(crate) message: Cow<'f, str>,
    pub(crate) remedy: Cow<'f, str>,
    pub(crate) queried: bool,
}

impl Words<'_> {
    /// As [`Finding::source`].
    pub(crate) fn source(&self) -> Cow<'_, str> {
        if self.sheet.is_empty() { Cow::Borrowed(&self.file) } else { Cow::Owned(format!("{} blad \"{}\"", self.file, self.sheet)) }
    }

    /// Appends the JSON of the finding. Written here field by field, because most texts are copied as they are.
    pub(crate) fn push_json(&self, out: &mut Vec<u8>) -> io::Result<()> {
        push_text(out, b"{\"code\":", &self.code)?;
        out.extend_from_slice(b",\"consequence\":");
        serde_json::to_writer(&mut *out, &self.consequence)?;
        push_text(out, b",\"file\":", &self.file)?;
        push_filled(out, b",\"sheet\":", &self.sheet)?;
        match self.row {
            Some(row) => write!(out, ",\"row\":{row}")?,
            None => out.extend_from_slice(b",\"row\":null"),
        }
        push_text(out, b",\"column\":", &self.column)?;
        push_text(out, b",\"header\":", &self.header)?;
        push_filled(out, b",\"key\":", &self.key)?;
        push_filled(out, b",\"value\":", &self.value)?;
        push_text(out, b",\"message\":", &self.message)?;
        push_text(out, b",\"remedy\":", &self.remedy)?;
        out.extend_from_slice(if self.queried { b",\"queried\":true}" } else { b"}" });
        Ok(())
    }

    pub(crate) fn into_finding(self) -> Finding {
        Finding {
            code: self.code.into_owned(),
            consequence: self.consequence,
            file: self.file.into_owned(),
            sheet: self.sheet.into_owned(),
            row: self.row,
            column: self.column.into_owned(),
            header: self.header.into_owned(),
            key: self.key.into_owned(),
            value: self.value.into_owned(),
            message: self.message.into_owned(),
            remedy: self.remedy.into_owned(),
            queried: self.queried,
        }
    }
}

impl From<Finding> for Words<'_> {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code.into(),
            consequence: finding.consequence,
            file: finding.file.into(),
            sheet: finding.sheet.into(),
            row: finding.row,
            column: finding.column.into(),
            header: finding.header.into(),
            key: finding.key.into(),
            value: finding.value.into(),
            message: finding.message.into(),
            remedy: finding.remedy.into(),
            queried: finding.queried,
        }
    }
}

fn push_filled(out: &mut Vec<u8>, name: &[u8], text: &str) -> io::Result<()> {
    if text.is_empty() { Ok(()) } else { push_text(out, name, text) }
}

fn push_text(out: &mut Vec<u8>, name: &[u8], text: &str) -> io::Result<()> {
    out.extend_from_slice(name);
    // One look over all bytes, without a branch for each.
    if text.bytes().fold(false, |special, byte| special | (byte < b' ') | (byte == b'"') | (byte == b'\\')) {
        serde_json::to_writer(out, text)?;
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_finding_in_json_and_back() {
        let full = Finding {
            code: "E301".to_owned(),
            consequence: Consequence::Quarantine,
            file: "a.xlsx".to_owned(),
            sheet: "Blad \"1\"".to_owned(),
            row: Some(7),
            column: "B".to_owned(),
            header: "einddatum".to_owned(),
            key: "T\t1".to_owned(),
            value: "é".to_owned(),
            message: "x".to_owned(),
            remedy: "y".to_owned(),
            queried: true,
        };
        let bare = Finding { sheet: String::new(), row: None, key: String::new(), value: String::new(), queried: false, ..full.clone() };
        let odd = Finding { consequence: Consequence::Refuse, value: "a\\b\u{1}\u{7f}€\n".to_owned(), message: "{\"\"}".to_owned(), ..bare.clone() };
        for finding in [full, bare, odd] {
            let words = Words::from(finding.clone());
            let mut json = Vec::new();
            words.push_json(&mut json).unwrap();
            assert_eq!(String::from_utf8(json).unwrap(), serde_json::to_string(&finding).unwrap());
            assert_eq!(words.source(), finding.source());
            assert_eq!(words.into_finding(), finding);
        }
    }
}
