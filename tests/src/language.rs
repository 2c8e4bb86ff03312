//! What tests look for in the words of a report, in the language of its pipeline.

use spiegel_model::{Label, Notation, Report, Side};

/// Words of one language that rules of a report speak of.
pub(crate) struct Said {
    /// Tag of the document: `nl-NL`.
    pub(crate) tag: &'static str,
    /// Marks in numbers.
    pub(crate) decimal: char,
    pub(crate) thousands: char,
    /// Words that no sentence about a provider says (report specification 4.3), and what may be said all the same.
    pub(crate) forbidden: &'static [&'static str],
    pub(crate) allowed: &'static [&'static str],
    /// Words that show that a text is in this language and not in the other.
    pub(crate) typical: &'static [&'static str],
    /// Heading of what says how sure a value is.
    pub(crate) certain: &'static str,
    /// Within, higher, lower, clearly higher, clearly lower: on page 1, and in the caption of a funnel.
    pub(crate) places: [&'static str; 5],
    pub(crate) funnel: [&'static str; 5],
    /// The beginning of the first sentence: none, some (`{within}`) and all of `{compared}` topics.
    pub(crate) first: [&'static str; 3],
    /// Where another page is named: before its number.
    pub(crate) see: &'static str,
    /// What stands for what was not supplied, on page 1 and in the headline, and that it is no zero.
    pub(crate) not_delivered: &'static str,
    pub(crate) not_there: &'static str,
    pub(crate) no_zero: &'static str,
    /// What an invented example is called.
    pub(crate) invented: &'static str,
    /// Heading of how to report an error.
    pub(crate) correction: &'static str,
    /// What is not available.
    pub(crate) absent: &'static str,
    /// Names of the attached files, and heads of the table.
    pub(crate) attachments: [&'static str; 2],
    pub(crate) delimiter: u8,
    pub(crate) year: &'static str,
    pub(crate) value: &'static str,
    pub(crate) interval: [&'static str; 2],
    pub(crate) note: &'static str,
}

const DUTCH: Said = Said {
    tag: "nl-NL",
    decimal: ',',
    thousands: '.',
    forbidden: &[
        "goed", "fout", "slecht", "beter", "slechter", "onvoldoende", "significant", "outlier", "uitbijter", "afwijkend", "presteert",
        "scoort", "ranking", "percentiel", "benchmark", "p-waarde", "betrouwbaarheidsinterval", "patiënt", "patiënten", "doordat", "rang",
    ],
    allowed: &["vanzelf beter", "niet beter"],
    typical: &["het", "een", "van", "uw", "niet", "zijn", "cijfer", "aanbieders", "met", "tot", "dan", "voor", "bij", "landelijk", "cliënten"],
    certain: "Hoe zeker is dit?",
    places: ["binnen de spreiding", "hoger", "lager", "duidelijk hoger", "duidelijk lager"],
    funnel: ["binnen de 95%-grenzen", "boven de 95%-grens", "onder de 95%-grens", "boven de 99,8%-grens", "onder de 99,8%-grens"],
    first: ["Op geen van de {compared} onderwerpen", "Op {within} van de {compared} onderwerpen", "Op alle {compared} onderwerpen"],
    see: "Zie pagina ",
    not_delivered: "niet aangeleverd",
    not_there: "Van u is dit cijfer niet beschikbaar.",
    no_zero: "Dit is geen nul",
    invented: "verzonnen",
    correction: "Klopt er iets niet?",
    absent: "n.b.",
    attachments: ["cijfers.csv", "cijfers.json"],
    delimiter: b';',
    year: "jaar",
    value: "waarde",
    interval: ["interval_onder", "interval_boven"],
    note: "opmerking",
};

const ENGLISH: Said = Said {
    tag: "en-GB",
    decimal: '.',
    thousands: ',',
    forbidden: &[
        "good", "bad", "better", "worse", "best", "worst", "poor", "poorly", "insufficient", "significant", "significantly", "outlier", "abnormal", "performs",
        "scores", "ranking", "rank", "percentile", "benchmark", "p-value", "patient", "patients", "success", "failure",
    ],
    allowed: &["more, not better"],
    typical: &["the", "your", "not", "figure", "providers", "with", "than", "this", "which", "national", "clients", "are", "and"],
    certain: "How certain is this?",
    places: ["within the spread", "higher", "lower", "clearly higher", "clearly lower"],
    funnel: ["within the 95% limits", "above the 95% limit", "below the 95% limit", "above the 99.8% limit", "below the 99.8% limit"],
    first: ["On none of the {compared} topics", "On {within} of the {compared} topics", "On all {compared} topics"],
    see: "See page ",
    not_delivered: "not supplied",
    not_there: "This figure is not available for you.",
    no_zero: "This is not a zero",
    invented: "invented",
    correction: "Is something wrong?",
    absent: "n/a",
    attachments: ["figures.csv", "figures.json"],
    delimiter: b',',
    year: "year",
    value: "value",
    interval: ["interval_lower", "interval_upper"],
    note: "note",
};

impl Said {
    /// The words of the language of a report.
    pub(crate) fn of(report: &Report) -> &'static Self {
        Self::in_language(&report.language)
    }

    /// The words of a language.
    pub(crate) fn in_language(tag: &str) -> &'static Self {
        match tag {
            "nl" => &DUTCH,
            "en" => &ENGLISH,
            other => panic!("no words of {other} to look for; add them to language.rs"),
        }
    }

    /// The other language, of which no word may stand in a report.
    pub(crate) fn other(&self) -> &'static Self {
        if self.tag == DUTCH.tag { &ENGLISH } else { &DUTCH }
    }

    /// A whole number as it is printed.
    pub(crate) fn count(&self, n: u64) -> String {
        Notation { decimal_mark: self.decimal, thousands_mark: self.thousands }.count(n)
    }

    /// A printed number; a percentage keeps its hundred.
    pub(crate) fn number(&self, text: &str) -> f64 {
        let plain = text.trim().trim_end_matches('%').replace(self.thousands, "").replace(self.decimal, ".").replace('\u{2212}', "-");
        plain.trim().parse().unwrap_or_else(|_| panic!("`{text}` is no number of {}", self.tag))
    }

    /// Whether a number in a text is written as another language does: a decimal mark that is none here.
    pub(crate) fn has_foreign_number(&self, text: &str) -> bool {
        text.split(|letter: char| !letter.is_alphanumeric() && letter != '.' && letter != ',').any(|word| {
            let word = word.trim_end_matches(['.', ',']);
            let is_number = word.starts_with(|letter: char| letter.is_ascii_digit()) && word.chars().all(|letter| letter.is_ascii_digit() || letter == '.' || letter == ',');
            is_number && word.split(self.decimal).next().unwrap().split(self.thousands).skip(1).any(|group| group.len() != 3)
        })
    }

    /// Place in [`Self::places`] and [`Self::funnel`], and the marks beside it. None for a value without a place.
    pub(crate) fn place(label: Label) -> Option<(usize, i8)> {
        match label {
            Label::Within(_) => Some((0, 0)),
            Label::Attention(Side::Higher) => Some((1, 1)),
            Label::Attention(Side::Lower) => Some((2, -1)),
            Label::Signal(Side::Higher) => Some((3, 2)),
            Label::Signal(Side::Lower) => Some((4, -2)),
            Label::None(_) => None,
        }
    }
}
