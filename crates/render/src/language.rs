//! What the pages themselves say, around the texts of a report: `language/<tag>.toml` of the template folder.

use serde::{Deserialize, Serialize};
use spiegel_model::{AttachmentSpec, Notation};

/// Folder of the languages in a template folder.
const FOLDER: &str = "language/";
const ENDING: &str = ".toml";

/// The page's own words in one language. Every language has every key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Tag: `nl`; filled in from the file's name.
    #[serde(default)]
    pub tag: String,
    /// `NL`: with the tag the language of the document, `nl-NL`.
    pub region: String,
    /// Among the key words of the PDF.
    pub keyword: String,
    /// The marks in numbers.
    pub numbers: Notation,
    /// What every page says.
    pub page: PageWords,
    /// The files that travel with a report.
    pub attachment: AttachmentSpec,
    /// The overview for the publisher.
    pub overview: OverviewWords,
    /// The feedback on a submission.
    pub feedback: FeedbackWords,
}

/// What every page says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageWords {
    /// Reference to a page, with `{page}`.
    pub see: String,
    /// Number of a page in the footer, with `{page}` and `{pages}`.
    pub number: String,
}

/// The overview for the publisher.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverviewWords {
    /// Head of the codes of providers.
    pub code: String,
    /// Head of their names.
    pub name: String,
    /// Head of what there is to talk about.
    pub topics: String,
    /// Before what waits for an analyst.
    pub held: String,
    /// Before what stands out.
    pub standing_out: String,
    /// Before what the data lack.
    pub quality: String,
    /// Before what changed.
    pub changed: String,
    /// Those with nothing to talk about, with `{quiet}` and `{all}`.
    pub quiet: String,
}

/// The feedback on a submission.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackWords {
    /// Before what to do about a finding.
    pub remedy: String,
}

impl Language {
    /// The tag of a language file of a template folder. None for another file.
    pub(crate) fn tag_of(name: &str) -> Option<&str> {
        name.strip_prefix(FOLDER)?.strip_suffix(ENDING)
    }

    /// Reads a language file.
    ///
    /// # Errors
    /// What is wrong, with its line: a key that is missing or unknown, or a text without its slots.
    pub(crate) fn parse(tag: &str, text: &str) -> Result<Self, String> {
        let mut language: Self = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        tag.clone_into(&mut language.tag);
        let slots: [(&str, &str, &[&str]); 3] = [
            ("page.see", &language.page.see, &["{page}"]),
            ("page.number", &language.page.number, &["{page}", "{pages}"]),
            ("overview.quiet", &language.overview.quiet, &["{quiet}", "{all}"]),
        ];
        for (key, said, needed) in slots {
            if let Some(slot) = needed.iter().find(|slot| said.matches(**slot).count() != 1) {
                return Err(format!("`{key}` is `{said}` and needs the slot {slot} once"));
            }
        }
        let files = [&language.attachment.csv, &language.attachment.json];
        let is_plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        match files.iter().find(|name| !is_plain(name)) {
            Some(name) => Err(format!("`attachment` names a file `{name}`: use letters, digits, - and _")),
            None => Ok(language),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUTCH: &str = include_str!("../../../report-templates/spiegel/language/nl.toml");
    const ENGLISH: &str = include_str!("../../../report-templates/spiegel/language/en.toml");

    #[test]
    fn both_languages_have_every_word() {
        let (dutch, english) = (Language::parse("nl", DUTCH).unwrap(), Language::parse("en", ENGLISH).unwrap());
        assert_eq!((dutch.numbers.decimal_mark, english.numbers.decimal_mark), (',', '.'));
        assert_eq!((dutch.tag.as_str(), english.region.as_str()), ("nl", "GB"));
    }

    #[test]
    fn a_mistake_says_which_key_and_line() {
        let without = DUTCH.replace("remedy = \"Herstel:\"", "herstel = \"Herstel:\"");
        let said = Language::parse("nl", &without).unwrap_err();
        assert!(said.contains("herstel") && said.contains("line"), "{said}");
        let said = Language::parse("nl", &DUTCH.replace("Zie pagina {page}.", "Zie pagina.")).unwrap_err();
        assert!(said.contains("page.see") && said.contains("{page}"), "{said}");
    }
}
