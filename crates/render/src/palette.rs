//! The colours of pages and plots, once (report specification, 5.1). Plots name a colour by its meaning and may use nothing else; what each
//! looks like stands in `colours.toml` of the template folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A colour with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    /// Text and the national line.
    Ink,
    /// Secondary text, limits, axes.
    Muted,
    /// The provider's own data and nothing else.
    Own,
    /// Norms and guidelines and nothing else; always dashed and labelled.
    Norm,
    /// Other providers.
    Dot,
    /// Middle half of the providers.
    BandHalf,
    /// Middle nine tenths of the providers.
    BandOuter,
    /// Middle half of the providers behind dots.
    BandPlot,
    /// Grid lines.
    Grid,
    /// Background of text blocks, never behind dots.
    Tint,
    /// The page; halos and the inside of hollow marks.
    Paper,
}

impl Token {
    /// Every token.
    pub const ALL: [Self; 11] = [
        Self::Ink,
        Self::Muted,
        Self::Own,
        Self::Norm,
        Self::Dot,
        Self::BandHalf,
        Self::BandOuter,
        Self::BandPlot,
        Self::Grid,
        Self::Tint,
        Self::Paper,
    ];

    /// Name in data and templates.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ink => "ink",
            Self::Muted => "muted",
            Self::Own => "own",
            Self::Norm => "norm",
            Self::Dot => "dot",
            Self::BandHalf => "band_half",
            Self::BandOuter => "band_outer",
            Self::BandPlot => "band_plot",
            Self::Grid => "grid",
            Self::Tint => "tint",
            Self::Paper => "paper",
        }
    }

    /// Red, green and blue while a plot is recorded: only the name of the token goes on from there.
    #[must_use]
    pub const fn rgb(self) -> (u8, u8, u8) {
        match self {
            Self::Ink => (0x1F, 0x29, 0x33),
            Self::Muted => (0x56, 0x61, 0x6C),
            Self::Own => (0x00, 0x5A, 0x9C),
            Self::Norm => (0xB3, 0x47, 0x00),
            Self::Dot => (0x7A, 0x84, 0x8E),
            Self::BandHalf => (0xC2, 0xCB, 0xD3),
            Self::BandOuter => (0xE6, 0xEA, 0xEE),
            Self::BandPlot => (0xEF, 0xF2, 0xF5),
            Self::Grid => (0xE3, 0xE7, 0xEB),
            Self::Tint => (0xEE, 0xF3, 0xF8),
            Self::Paper => (0xFF, 0xFF, 0xFF),
        }
    }

    /// The token of a colour. None for a colour outside the palette.
    #[must_use]
    pub fn of(rgb: (u8, u8, u8)) -> Option<Self> {
        Self::ALL.into_iter().find(|token| token.rgb() == rgb)
    }
}

/// What must be told apart: a colour, what it lies on, and the contrast that takes (WCAG 2.1: 4.5 for text, 3 for a mark).
const CONTRASTS: [(Token, Token, f64); 8] = [
    (Token::Ink, Token::Paper, 4.5),
    (Token::Ink, Token::Tint, 4.5),
    (Token::Muted, Token::Paper, 4.5),
    (Token::Muted, Token::Tint, 4.5),
    (Token::Own, Token::Paper, 4.5),
    (Token::Own, Token::BandOuter, 4.5),
    (Token::Norm, Token::Paper, 4.5),
    (Token::Dot, Token::Paper, 3.0),
];

/// Token names and colours, as the templates receive them.
pub(crate) type Palette = BTreeMap<&'static str, String>;

/// Reads `colours.toml`.
///
/// # Errors
/// All that is wrong: a meaning without a colour, one that there is not, a colour that is none, two that cannot be told apart.
pub(crate) fn read(text: &str) -> Result<Palette, String> {
    let given: BTreeMap<String, String> = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    let mut wrong = Vec::new();
    let names: Vec<&str> = Token::ALL.iter().map(|token| token.name()).collect();
    wrong.extend(given.keys().filter(|key| !names.contains(&key.as_str())).map(|key| format!("`{key}` is no colour; there are {}", names.join(", "))));
    let mut palette = Palette::new();
    let mut luminances = BTreeMap::new();
    for token in Token::ALL {
        let name = token.name();
        match given.get(name).map(|colour| (colour, luminance(colour))) {
            Some((colour, Some(luminance))) => {
                palette.insert(name, colour.to_uppercase());
                luminances.insert(token, luminance);
            }
            Some((colour, None)) => wrong.push(format!("`{name} = \"{colour}\"`: write a colour as #005A9C")),
            None => wrong.push(format!("`{name}` is missing")),
        }
    }
    for (token, ground, needed) in CONTRASTS {
        let (Some(one), Some(other)) = (luminances.get(&token), luminances.get(&ground)) else { continue };
        let contrast = (one.max(*other) + 0.05) / (one.min(*other) + 0.05);
        if contrast < needed {
            wrong.push(format!("`{}` has a contrast of {contrast:.1} with `{}`, and needs {needed}", token.name(), ground.name()));
        }
    }
    if wrong.is_empty() { Ok(palette) } else { Err(wrong.join("\n  ")) }
}

/// Relative luminance of `#005A9C` (WCAG 2.1, definition of contrast ratio). None when it is no colour.
fn luminance(colour: &str) -> Option<f64> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let channel = |at: usize| {
        let share = f64::from(u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?) / 255.0;
        Some(if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) })
    };
    Some(0.2126 * channel(0)? + 0.7152 * channel(2)? + 0.0722 * channel(4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURS: &str = include_str!("../../../report-templates/spiegel/colours.toml");

    #[test]
    fn every_token_has_its_own_colour_and_comes_back_from_it() {
        for token in Token::ALL {
            assert_eq!(Token::of(token.rgb()), Some(token));
        }
        let palette = read(COLOURS).unwrap();
        assert_eq!(palette.len(), Token::ALL.len());
        assert_eq!(palette["own"], "#005A9C");
    }

    #[test]
    fn colours_that_cannot_be_told_apart_or_are_none_are_refused_at_once() {
        let broken = COLOURS.replace("#005A9C", "#9CC4E4").replace("ink = \"#1F2933\"", "inkt = \"#1F2933\"").replace("#C2CBD3", "grijs");
        let said = read(&broken).unwrap_err();
        for wanted in ["`own` has a contrast of 1.8 with `paper`, and needs 4.5", "`ink` is missing", "`inkt` is no colour", "`band_half = \"grijs\"`"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        // Black on white has the largest contrast there is.
        assert_eq!((luminance("#FFFFFF").unwrap() + 0.05) / (luminance("#000000").unwrap() + 0.05), 21.0);
    }
}
