//! Spelling of names and codes: what counts as the same, and what was probably meant.

use std::collections::HashMap;

/// A name without case, spaces, underscores, hyphens, dots and diacritics: `Traject-ID` and `traject_id` are the same.
pub(crate) fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            ' ' | '_' | '-' | '.' | '\u{a0}' | '\t' | '"' | '\u{feff}' => {}
            letter if letter.is_ascii() => out.push(letter.to_ascii_lowercase()),
            letter => letter.to_lowercase().for_each(|letter| out.push(unaccented(letter))),
        }
    }
    out
}

fn unaccented(letter: char) -> char {
    match letter {
        'á' | 'à' | 'ä' | 'â' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ë' | 'ê' => 'e',
        'í' | 'ì' | 'ï' | 'î' => 'i',
        'ó' | 'ò' | 'ö' | 'ô' | 'õ' => 'o',
        'ú' | 'ù' | 'ü' | 'û' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ý' | 'ÿ' => 'y',
        other => other,
    }
}

/// The candidate with the smallest edit distance; none when even that changes more than half of the word.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = canonical(word);
    let scored = candidates.into_iter().map(|candidate| (strsim::levenshtein(&word, &canonical(candidate)), candidate));
    let (distance, candidate) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance * 2 <= word.chars().count().max(candidate.chars().count())).then_some(candidate)
}

/// A sign that cannot be seen, or that looks like a letter of ours and is another (E215): a key with it matches nothing.
pub(crate) fn is_deceiving(letter: char) -> bool {
    let hidden = matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    // Greek, Cyrillic, Armenian, Cherokee, Roman numerals, letters for mathematics, full-width letters.
    let lookalike = matches!(
        letter,
        '\u{370}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}' | '\u{1c80}'..='\u{1c8f}' | '\u{2160}'..='\u{2188}' | '\u{ff00}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}'
    );
    letter.is_control() || hidden || lookalike
}

/// As [`nearest`], for the many cells of a column: a wrong value seldom stands there once.
pub(crate) struct Hints<'a> {
    candidates: &'a [String],
    known: HashMap<String, Option<&'a str>>,
}

/// Values that [`Hints`] remembers: more are not the same mistake again and again.
const HINTS_MAXIMUM: usize = 1024;

impl<'a> Hints<'a> {
    pub(crate) fn new(candidates: &'a [String]) -> Self {
        Self { candidates, known: HashMap::new() }
    }

    pub(crate) fn nearest(&mut self, word: &str) -> Option<&'a str> {
        if self.candidates.is_empty() {
            return None;
        }
        if let Some(near) = self.known.get(word) {
            return *near;
        }
        let near = nearest(word, self.candidates.iter().map(String::as_str));
        if self.known.len() < HINTS_MAXIMUM {
            self.known.insert(word.to_owned(), near);
        }
        near
    }
}

/// Column letter of a spreadsheet: 0 is A, 26 is AA.
pub(crate) fn column_letter(mut place: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + (place % 26) as u8);
        if place < 26 {
            break;
        }
        place = place / 26 - 1;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_compared_without_what_does_not_matter() {
        assert_eq!(canonical("Traject-ID"), canonical("traject_id"));
        assert_eq!(canonical("Cliënt id"), canonical("client_id"));
    }

    #[test]
    fn nearest_code_is_offered_only_when_near() {
        assert_eq!(nearest("afgernd", ["afgerond", "overig"]), Some("afgerond"));
        assert_eq!(nearest("77", ["afgerond", "overig"]), None);
        let codes = ["afgerond".to_owned(), "overig".to_owned()];
        let mut hints = Hints::new(&codes);
        assert_eq!(["afgernd", "77", "afgernd"].map(|word| hints.nearest(word)), [Some("afgerond"), None, Some("afgerond")]);
    }

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(column_letter), ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
