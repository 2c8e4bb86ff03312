//! The colours of pages and plots, once (report specification, 5.1). Plots may use nothing else, and the templates
//! receive the same table.

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

    /// Red, green and blue. Contrasts were measured on white and on the bands.
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

    /// The colour as `#005A9C`.
    #[must_use]
    pub fn hex(self) -> String {
        let (red, green, blue) = self.rgb();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }

    /// The token of a colour. None for a colour outside the palette.
    #[must_use]
    pub fn of(rgb: (u8, u8, u8)) -> Option<Self> {
        Self::ALL.into_iter().find(|token| token.rgb() == rgb)
    }
}

/// Token names and colours, as the templates receive them.
#[must_use]
pub fn palette() -> BTreeMap<&'static str, String> {
    Token::ALL.into_iter().map(|token| (token.name(), token.hex())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_its_own_colour_and_comes_back_from_it() {
        for token in Token::ALL {
            assert_eq!(Token::of(token.rgb()), Some(token));
        }
        assert_eq!(palette().len(), Token::ALL.len());
        assert_eq!(palette()["own"], "#005A9C");
    }
}
