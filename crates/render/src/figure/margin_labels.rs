//! Labels of lines in the margin at their right end, clear of one another.

use spiegel_model::{Notation, ValueFormat};

use super::{Chart, MARGIN_LABEL_POINTS, TEXT_POINTS, fixed_text, two_lines};
use crate::backend::{Anchor, Dash, Figure, Weight, points};
use crate::labels::{Candidate, Label, Placed, Priority, Rect, TextMetrics, place};
use crate::palette::Token;
use crate::ticks::Ticks;

/// Between the plot and its margin labels.
const GAP_POINTS: f64 = 7.5;
/// Height of a line of text.
const LINE_POINTS: f64 = 9.2;

/// A text that belongs to a height at the right end of the plot.
pub(super) struct MarginLabel {
    pub(super) priority: Priority,
    pub(super) text: String,
    pub(super) value: f64,
    pub(super) colour: Token,
    pub(super) weight: Weight,
}

impl MarginLabel {
    fn lines(&self, metrics: &TextMetrics) -> Vec<String> {
        let fits = metrics.width(&self.text, points(TEXT_POINTS), self.weight) <= points(MARGIN_LABEL_POINTS);
        two_lines(&self.text, fits)
    }
}

/// Width of the margin that the labels need.
pub(super) fn margin_width(labels: &[MarginLabel], metrics: &TextMetrics) -> i32 {
    let widest = labels
        .iter()
        .flat_map(|label| label.lines(metrics).into_iter().map(|line| metrics.width(&line, points(TEXT_POINTS), label.weight)))
        .max()
        .unwrap_or(0);
    if widest == 0 { points(4.0) } else { widest + points(GAP_POINTS) }
}

/// Places the labels beside the plot, each at the height of its line or as near as the others allow.
pub(super) fn place_in_margin(labels: Vec<MarginLabel>, heights: &[i32], left: i32, figure: &Figure, metrics: &TextMetrics) -> Vec<Placed> {
    let frame = Rect { left: 0, top: points(-2.0), right: figure.width + points(2.0), bottom: figure.height };
    let x = left + points(GAP_POINTS);
    let step = points(LINE_POINTS);
    let mut one_line = Vec::new();
    let mut two = Vec::new();
    for (label, height) in labels.into_iter().zip(heights) {
        let lines = label.lines(metrics);
        let shifts = [0, -step / 2, step / 2, -step, step];
        let make = |text: &str, offset: i32| Label {
            priority: label.priority,
            text: text.to_owned(),
            size: points(TEXT_POINTS),
            weight: label.weight,
            colour: label.colour,
            candidates: shifts.iter().map(|shift| Candidate::start(x, height + shift + offset)).collect(),
        };
        match lines.as_slice() {
            [upper, lower] => two.push((make(upper, -step / 2), make(lower, step / 2))),
            _ => one_line.extend(lines.iter().map(|text| make(text, 0))),
        }
    }
    let mut placed = place(one_line, &[], frame, metrics);
    for (upper, lower) in two {
        // Both lines move together: the first common shift at which both are free.
        let taken: Vec<Rect> = placed.iter().map(|label| label.area).collect();
        for (above, below) in upper.candidates.iter().zip(&lower.candidates) {
            let pair = vec![
                Label { candidates: vec![*above], ..upper.clone() },
                Label { candidates: vec![*below], ..lower.clone() },
            ];
            let both = place(pair, &taken, frame, metrics);
            if both.len() == 2 && both.iter().all(|label| !label.halo) {
                placed.extend(both);
                break;
            }
        }
    }
    placed
}

/// Grid lines and value labels of a vertical axis.
pub(super) struct ValueAxis {
    ticks: Ticks,
    texts: Vec<String>,
}

impl ValueAxis {
    /// Ticks for a range.
    pub(super) fn new(range: &std::ops::Range<f64>, format: &ValueFormat, notation: Notation) -> Self {
        let ticks = Ticks::between(range.start, range.end, 6);
        let texts = ticks.values.iter().map(|value| ticks.text(*value, format, notation)).collect();
        Self { ticks, texts }
    }

    /// Room for the labels.
    pub(super) fn width(&self, metrics: &TextMetrics) -> i32 {
        let widest = self.texts.iter().map(|text| metrics.width(text, points(TEXT_POINTS), Weight::Regular)).max();
        widest.unwrap_or(0) + points(5.0)
    }

    /// Heights of the ticks.
    pub(super) fn heights(&self, chart: &Chart<'_>, x: f64) -> Vec<i32> {
        self.ticks.values.iter().map(|value| chart.backend_coord(&(x, *value)).1).collect()
    }

    /// Draws the grid behind everything else.
    pub(super) fn draw_grid(heights: &[i32], left: i32, right: i32, figure: &mut Figure) {
        for height in heights {
            figure.add_line(Token::Grid, points(0.5), Dash::Solid, false, vec![(left, *height), (right, *height)]);
        }
    }

    /// Draws the labels left of the plot.
    pub(super) fn draw_texts(self, heights: &[i32], left: i32, figure: &mut Figure) {
        for (text, height) in self.texts.into_iter().zip(heights) {
            fixed_text(figure, (left - points(4.0), *height), Anchor::End, text);
        }
    }
}
