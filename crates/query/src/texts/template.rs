//! One text of a language file: pieces and slots, in its variants.

use std::fmt::{Display, Write as _};

use toml::Value;

use crate::assemble::Voice;

/// Keys of the variants by voice, and by number.
const VOICES: [&str; 2] = ["you", "group"];
const NUMBERS: [&str; 2] = ["one", "many"];

/// A text: the same for everybody, or another one for a group; the same for every number, or another one for 1.
#[derive(Debug, Clone)]
pub(super) enum Text {
    /// Always the same.
    Plain(Vec<Piece>),
    /// For one reader, and for a group.
    Voiced { you: Box<Text>, group: Box<Text> },
    /// When the first slot is 1, and otherwise.
    Counted { one: Vec<Piece>, many: Vec<Piece> },
}

/// Words, or the place of a slot among those declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Words(String),
    Slot(usize),
}

impl Text {
    /// Reads a string, or a table of variants, with these slots. A slot may be left out by a language, or stand there twice; another one is
    /// a mistake.
    pub(super) fn read(value: &Value, slots: &[&str]) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Plain(pieces(text, slots)?)),
            Value::Table(table) => {
                let has = |keys: [&str; 2]| table.len() == keys.len() && keys.iter().all(|key| table.contains_key(*key));
                let variant = |key: &str| table.get(key).ok_or_else(|| format!("`{key}` is missing"));
                if has(VOICES) {
                    let [you, group] = VOICES.map(|key| variant(key).and_then(|value| Self::read(value, slots)));
                    Ok(Self::Voiced { you: Box::new(you?), group: Box::new(group?) })
                } else if has(NUMBERS) {
                    let counted = |key: &str| match variant(key)? {
                        Value::String(text) => pieces(text, slots),
                        _ => Err(format!("`{key}` must be a text")),
                    };
                    if slots.is_empty() {
                        return Err("`one` and `many` are chosen by the first slot, and there is none".to_owned());
                    }
                    Ok(Self::Counted { one: counted(NUMBERS[0])?, many: counted(NUMBERS[1])? })
                } else {
                    Err(format!("variants are {} and {}, or {} and {}, both of a pair", VOICES[0], VOICES[1], NUMBERS[0], NUMBERS[1]))
                }
            }
            _ => Err("must be a text, or a table of variants".to_owned()),
        }
    }

    /// The text for a voice and these values of the declared slots.
    pub(super) fn fill(&self, voice: Voice, slots: &[&dyn Display]) -> String {
        let pieces = match (self, voice) {
            (Self::Plain(pieces), _) => pieces,
            (Self::Voiced { you, .. }, Voice::You) => return you.fill(voice, slots),
            (Self::Voiced { group, .. }, Voice::Group) => return group.fill(voice, slots),
            (Self::Counted { one, many }, _) => match slots.first() {
                Some(number) if number.to_string() == "1" => one,
                _ => many,
            },
        };
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Words(words) => text.push_str(words),
                Piece::Slot(place) => {
                    if let Some(value) = slots.get(*place) {
                        // Writing into a text cannot fail.
                        _ = write!(text, "{value}");
                    }
                }
            }
        }
        text
    }

    /// Every variant as it stands in the file.
    #[cfg(test)]
    pub(super) fn as_written(&self, slots: &[&str]) -> Vec<String> {
        let written = |pieces: &[Piece]| {
            let piece = |piece: &Piece| match piece {
                Piece::Words(words) => words.clone(),
                Piece::Slot(place) => format!("{{{}}}", slots[*place]),
            };
            pieces.iter().map(piece).collect::<String>()
        };
        match self {
            Self::Plain(pieces) => vec![written(pieces)],
            Self::Voiced { you, group } => [you.as_written(slots), group.as_written(slots)].concat(),
            Self::Counted { one, many } => vec![written(one), written(many)],
        }
    }
}

/// Splits `Van {n} {units} …`.
fn pieces(text: &str, slots: &[&str]) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { return Err(format!("a brace is not closed in `{text}`")) };
        let Some(place) = slots.iter().position(|slot| *slot == name) else {
            let known = if slots.is_empty() { "there are none".to_owned() } else { format!("there are {}", slots.join(", ")) };
            return Err(format!("nothing fills the slot `{{{name}}}`; {known}"));
        };
        if !before.is_empty() {
            pieces.push(Piece::Words(before.to_owned()));
        }
        pieces.push(Piece::Slot(place));
        rest = behind;
    }
    if rest.contains('}') {
        return Err(format!("a brace is not opened in `{text}`"));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest.to_owned()));
    }
    Ok(pieces)
}
