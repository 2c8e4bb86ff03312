//! Own share and national share of each category, as pairs of dots on one scale for the whole page.

use spiegel_model::{Notation, PopulationBlock, PopulationPage, PopulationRow};

use super::{DrawError, Margins, TEXT_POINTS, chart, fixed_text, line};
use crate::backend::{Anchor, Dash, Figure, Weight, millimetres, points};
use crate::labels::TextMetrics;
use crate::palette::Token;
use crate::ticks::Ticks;

const WIDTH_MILLIMETRES: f64 = 74.0;
/// Height of a category, and where a label takes two lines.
const ROW_MILLIMETRES: f64 = 5.0;
const TALL_ROW_MILLIMETRES: f64 = 8.0;
/// Room for a label, and its size, as the template has them.
const LABEL_MILLIMETRES: f64 = 64.0;
const LABEL_POINTS: f64 = 8.5;
/// Height of the row with the scale.
const SCALE_MILLIMETRES: f64 = 3.6;
const DOT_RADIUS_POINTS: f64 = 3.4;
/// Room at both sides for a dot at the end and half a tick label.
const SIDE_POINTS: f64 = 9.0;
/// The scale ends here when all shares fit, else at 100 %.
const SHORT_SCALE: f64 = 0.60;

/// The scale that all blocks of a page share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PopulationScale {
    /// Share at the right end.
    pub end: f64,
}

/// The scale of a page: to 60 % when everything fits, else to 100 %.
#[must_use]
pub fn population_scale(page: &PopulationPage) -> PopulationScale {
    let shares = page.blocks.iter().flat_map(|block| &block.rows).flat_map(|row| [row.own, row.national]).flatten();
    let largest = shares.fold(0.0, f64::max);
    PopulationScale { end: if largest <= SHORT_SCALE { SHORT_SCALE } else { 1.0 } }
}

impl PopulationScale {
    fn ticks(self) -> Ticks {
        Ticks::between(0.0, self.end, if self.end < 1.0 { 4 } else { 5 })
    }

    /// The tick labels, drawn once above each block.
    ///
    /// # Errors
    /// When a value is not finite.
    pub fn figure(self, notation: Notation, metrics: &TextMetrics) -> Result<Figure, DrawError> {
        let mut figure = Figure::new(millimetres(WIDTH_MILLIMETRES), millimetres(SCALE_MILLIMETRES));
        let centre = figure.height / 2;
        let chart = chart(&mut figure, margins(), 0.0..self.end, 0.0..1.0)?;
        let positions: Vec<(i32, String)> = self
            .ticks()
            .values
            .iter()
            .map(|share| (chart.backend_coord(&(*share, 0.0)).0, notation.percentage(*share, 0)))
            .collect();
        drop(chart);
        for (x, text) in positions {
            let half = metrics.width(&text, points(TEXT_POINTS), Weight::Regular) / 2;
            let x = x.clamp(half, figure.width - half);
            fixed_text(&mut figure, (x, centre), Anchor::Middle, text);
        }
        Ok(figure)
    }
}

fn margins() -> Margins {
    Margins { top: 0, bottom: 0, left: points(SIDE_POINTS), right: points(SIDE_POINTS) }
}

/// Draws the rows of one characteristic; all are as high as the longest label asks.
///
/// # Errors
/// When a value is not finite.
pub fn population_block(block: &PopulationBlock, scale: PopulationScale, metrics: &TextMetrics) -> Result<Figure, DrawError> {
    let rows = block.rows.len().max(1) as f64;
    let room = millimetres(LABEL_MILLIMETRES);
    let long = block.rows.iter().any(|row| metrics.width(&row.label, points(LABEL_POINTS), Weight::Regular) > room);
    let row_height = if long { TALL_ROW_MILLIMETRES } else { ROW_MILLIMETRES };
    let mut figure = Figure::new(millimetres(WIDTH_MILLIMETRES), millimetres(row_height * rows));
    let chart = chart(&mut figure, margins(), 0.0..scale.end, 0.0..rows)?;
    let area = chart.plotting_area();
    for share in scale.ticks().values {
        area.draw(&line(vec![(share, 0.0), (share, rows)], Token::Grid, 0.5))?;
    }
    // The first category stands on top.
    let centre = |index: usize| rows - index as f64 - 0.5;
    let at = |share: f64, index: usize| chart.backend_coord(&(share.clamp(0.0, scale.end), centre(index)));
    let pairs: Vec<Pair> = block
        .rows
        .iter()
        .enumerate()
        .map(|(index, row): (usize, &PopulationRow)| Pair {
            own: row.own.map(|share| at(share, index)),
            national: row.national.map(|share| at(share, index)),
        })
        .collect();
    drop(chart);
    for pair in &pairs {
        if let (Some(own), Some(national)) = (pair.own, pair.national) {
            figure.add_line(Token::Dot, points(0.8), Dash::Solid, false, vec![own, national]);
        }
    }
    // Ring, inside of the ring, own dot: one mark each for all rows.
    for national in pairs.iter().filter_map(|pair| pair.national) {
        figure.add_dot(Token::Ink, points(2.0 * DOT_RADIUS_POINTS), national);
    }
    for national in pairs.iter().filter_map(|pair| pair.national) {
        figure.add_dot(Token::Paper, points(2.0 * (DOT_RADIUS_POINTS - 1.0)), national);
    }
    for own in pairs.iter().filter_map(|pair| pair.own) {
        figure.add_dot(Token::Own, points(2.0 * (DOT_RADIUS_POINTS - 0.6)), own);
    }
    Ok(figure)
}

/// Where the two shares of a category stand.
struct Pair {
    own: Option<(i32, i32)>,
    national: Option<(i32, i32)>,
}
