//! A finding in words, as it is written: what stands in the rule or in the submission is borrowed. A file with a finding in
//! every row would otherwise copy a dozen texts for each.

use std::borrow::Cow;

use serde::Serialize;
use spiegel_model::{Consequence, Finding};

/// Field by field, and as JSON, what [`Finding`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Words<'f> {
    pub(crate) code: Cow<'f, str>,
    pub(crate) consequence: Consequence,
    pub(crate) file: Cow<'f, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) sheet: Cow<'f, str>,
    pub(crate) row: Option<u64>,
    pub(crate) column: Cow<'f, str>,
    pub(crate) header: Cow<'f, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) key: Cow<'f, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) value: Cow<'f, str>,
    pub(crate) message: Cow<'f, str>,
    pub(crate) remedy: Cow<'f, str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) queried: bool,
}

impl Words<'_> {
    /// As [`Finding::source`].
    pub(crate) fn source(&self) -> Cow<'_, str> {
        if self.sheet.is_empty() { Cow::Borrowed(&self.file) } else { Cow::Owned(format!("{} blad \"{}\"", self.file, self.sheet)) }
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
        for finding in [full, bare] {
            let words = Words::from(finding.clone());
            assert_eq!(serde_json::to_string(&words).unwrap(), serde_json::to_string(&finding).unwrap());
            assert_eq!(words.source(), finding.source());
            assert_eq!(words.into_finding(), finding);
        }
    }
}
