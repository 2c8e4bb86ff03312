//! The provider register (decision 8): who may deliver, who belongs together, and who went on as whom.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{Datelike, NaiveDate};
use spiegel_model::RegisterSpec;

use crate::error::Error;

/// Digits of an AGB code.
pub(crate) const AGB_DIGITS: usize = 8;
/// Headers besides those that the pipeline names; a register may lack them.
const SUCCESSOR: &str = "successor_agb";
const VALID_FROM: &str = "valid_from";
const VALID_TO: &str = "valid_to";

/// The providers of a register, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderRegister(BTreeMap<String, Registered>);

/// A provider in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Registered {
    /// Empty when it belongs to no group.
    group: String,
    /// Empty when there is none.
    successor: String,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

impl ProviderRegister {
    /// Reads a register. None when it lists nobody: then nothing can be checked against it.
    ///
    /// # Errors
    /// [`Error::Register`] with every mistake: a column that is not there, a row that cannot be read, a date that is none.
    pub fn read(path: &Path, spec: &RegisterSpec) -> Result<Option<Self>, Error> {
        let wrong = |mistakes: Vec<String>| Error::Register { path: path.to_path_buf(), mistakes };
        let bytes = std::fs::read(path).map_err(|source| wrong(vec![source.to_string()]))?;
        let mut reader = csv::Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
        let heads = reader.headers().map_err(|error| wrong(vec![error.to_string()]))?.clone();
        let at = |name: &str| heads.iter().position(|head| head.trim() == name);
        let Some(id) = at(&spec.id) else { return Err(wrong(vec![format!("it has no column `{}`", spec.id)])) };
        let group = spec.group.as_deref().and_then(at);
        let (successor, from, to) = (at(SUCCESSOR), at(VALID_FROM), at(VALID_TO));
        let (mut providers, mut mistakes) = (BTreeMap::new(), Vec::new());
        for (row, record) in (2..).zip(reader.records()) {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    mistakes.push(format!("row {row}: {error}"));
                    continue;
                }
            };
            let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).unwrap_or_default().trim();
            let mut date = |name: &str, place: Option<usize>| match cell(place) {
                "" => None,
                text => text.parse().map_err(|_| mistakes.push(format!("row {row}: `{name}` is no date like 2025-01-31"))).ok(),
            };
            let (valid_from, valid_to) = (date(VALID_FROM, from), date(VALID_TO, to));
            let registered = Registered { group: cell(group).to_owned(), successor: cell(successor).to_owned(), valid_from, valid_to };
            if !cell(Some(id)).is_empty() {
                providers.insert(cell(Some(id)).to_owned(), registered);
            }
        }
        if !mistakes.is_empty() {
            return Err(wrong(mistakes));
        }
        Ok((!providers.is_empty()).then_some(Self(providers)))
    }

    /// True when the register lists this provider, whenever that was.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.0.contains_key(id)
    }

    /// True when a provider was there in some part of a year. One that went on as another was.
    pub(crate) fn knows_in(&self, id: &str, year: i32) -> bool {
        self.0.get(id).is_some_and(|registered| {
            let begun = registered.valid_from.is_none_or(|date| date.year() <= year);
            begun && (registered.valid_to.is_none_or(|date| date.year() >= year) || !registered.successor.is_empty())
        })
    }

    /// The provider as which this one went on.
    pub(crate) fn successor(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|registered| registered.successor.as_str()).filter(|successor| !successor.is_empty())
    }

    /// True when all are known and belong to one group.
    pub(crate) fn are_one_group<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> bool {
        let groups: Option<Vec<&str>> = ids.into_iter().map(|id| self.0.get(id).map(|registered| registered.group.as_str())).collect();
        groups.is_some_and(|groups| groups.first().is_some_and(|first| !first.is_empty() && groups.iter().all(|group| group == first)))
    }
}

/// The pattern of E501: two digits that are not 00, and a number that is not 0. There is no check digit (decision 9).
pub(crate) fn is_agb(code: &[u8]) -> bool {
    code.len() == AGB_DIGITS && code.iter().all(u8::is_ascii_digit) && !code.starts_with(b"00") && !code.ends_with(b"000000")
}

/// A code of one digit too few with its zero put back (E213), when that makes it one.
pub(crate) fn padded(code: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(code).ok().filter(|digits| digits.len() + 1 == AGB_DIGITS)?;
    let whole = format!("0{digits}");
    is_agb(whole.as_bytes()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> RegisterSpec {
        RegisterSpec { file: "register.csv".to_owned(), id: "agb".to_owned(), name: "name".to_owned(), group: Some("group_id".to_owned()), valid: None, peer: None }
    }

    fn read(text: &str) -> Result<Option<ProviderRegister>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("register.csv");
        std::fs::write(&path, text).unwrap();
        ProviderRegister::read(&path, &spec())
    }

    #[test]
    fn providers_are_known_in_their_years() {
        let text = "agb,name,group_id,successor_agb,valid_from,valid_to\n06000001,A,G,,2012-01-01,\n94000002,B,G,,,2024-06-30\n94000003,C,,94000004,,2024-06-30\n";
        let register = read(text).unwrap().unwrap();
        let known = |id, year| register.knows_in(id, year);
        assert!(known("06000001", 2025) && !known("06000001", 2011) && known("94000002", 2024) && !known("94000002", 2025));
        assert!(known("94000003", 2025), "it went on as another");
        assert_eq!(register.successor("94000003"), Some("94000004"));
        assert!(register.are_one_group(["06000001", "94000002"]) && !register.are_one_group(["06000001", "94000003"]));
        assert!(!register.are_one_group(["94000003"]) && !register.are_one_group(["94000009"]));
    }

    #[test]
    fn an_empty_register_checks_nothing_and_mistakes_are_listed() {
        assert_eq!(read("agb,name\n").unwrap(), None);
        assert!(read("code,name\n").is_err());
        let Err(Error::Register { mistakes, .. }) = read("agb,name,valid_to\n1,A,soon\n2,B,later\n") else { panic!("accepted") };
        assert_eq!(mistakes.len(), 2);
    }

    #[test]
    fn codes_lose_one_zero_at_most() {
        assert!(is_agb(b"06012345") && !is_agb(b"00012345") && !is_agb(b"06000000") && !is_agb(b"6012345"));
        assert_eq!(padded(b"6012345").as_deref(), Some("06012345"));
        assert_eq!((padded(b"601234"), padded(b"x012345")), (None, None));
    }
}
