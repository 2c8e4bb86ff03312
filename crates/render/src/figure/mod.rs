//! The plots of a report: plotters computes coordinates, the recorder keeps shapes, `labels` places the texts.

use std::ops::Range as Interval;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Drawable, PathElement, PointCollection, Rectangle};
use plotters::prelude::Cartesian2d;
use plotters::style::{Color, RGBColor, ShapeStyle};
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use crate::backend::{Anchor, Dash, Figure, Mark, RecordError, Recorder, Weight, points};
use crate::labels::{Rect, baseline, line_obstacles};
use crate::palette::Token;

mod bullet;
mod dot_plot;
mod flow;
mod funnel;
mod margin_labels;
mod population;
mod spine;
mod trend;

pub use bullet::norm_bullet;
pub use dot_plot::{dot_plot, small_dot_plot};
pub use flow::flow_bars;
pub use funnel::funnel;
pub use population::{PopulationScale, population_block, population_scale};
pub use spine::{annotated_spine, spine_row};
pub use trend::trend;

/// Size of texts in plots (report specification: at least 7.5 pt).
const TEXT_POINTS: f64 = 7.5;
/// Size of the own label.
const OWN_TEXT_POINTS: f64 = 8.5;
/// Radius of the own dot: 1.6 mm.
const OWN_RADIUS_POINTS: f64 = 4.5;
/// White ring around the own dot.
const OWN_HALO_POINTS: f64 = 0.9;
/// From the centre of the diamond to a corner: half of 1.8 mm on the side.
const DIAMOND_RADIUS_POINTS: f64 = 3.9;
/// Room between a mark and its label.
const LABEL_GAP_POINTS: f64 = 3.0;
/// Label column at the right of a narrow plot, at most.
const MARGIN_LABEL_POINTS: f64 = 62.0;

/// A figure that could not be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrawError {
    /// A shape could not be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The plotting area has no room.
    #[error("the plotting area of the figure has no room")]
    NoRoom,
    /// A value that cannot be drawn.
    #[error("a value to draw is not a finite number")]
    NotFinite,
}

impl From<DrawingAreaErrorKind<RecordError>> for DrawError {
    fn from(error: DrawingAreaErrorKind<RecordError>) -> Self {
        match error {
            DrawingAreaErrorKind::BackendError(DrawingErrorKind::DrawingError(error)) => Self::Record(error),
            DrawingAreaErrorKind::BackendError(DrawingErrorKind::FontError(_))
            | DrawingAreaErrorKind::SharingError
            | DrawingAreaErrorKind::LayoutError => Self::NoRoom,
        }
    }
}

/// A chart on a recorder.
type Chart<'figure> = ChartContext<'figure, Recorder<'figure>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Room around the plotting area, in recorded units.
#[derive(Debug, Clone, Copy)]
struct Margins {
    top: i32,
    bottom: i32,
    left: i32,
    right: i32,
}

fn chart(figure: &mut Figure, margins: Margins, x: Interval<f64>, y: Interval<f64>) -> Result<Chart<'_>, DrawError> {
    if ![x.start, x.end, y.start, y.end].iter().all(|bound| bound.is_finite()) {
        return Err(DrawError::NotFinite);
    }
    let root: DrawingArea<Recorder<'_>, Shift> = Recorder::new(figure).into_drawing_area();
    let mut builder = ChartBuilder::on(&root);
    builder
        .margin_top(margins.top)
        .margin_bottom(margins.bottom)
        .margin_left(margins.left)
        .margin_right(margins.right);
    Ok(builder.build_cartesian_2d(x, y)?)
}

fn colour(token: Token) -> RGBColor {
    let (red, green, blue) = token.rgb();
    RGBColor(red, green, blue)
}

fn stroke(token: Token, width_points: f64) -> ShapeStyle {
    colour(token).stroke_width(points(width_points).unsigned_abs())
}

fn solid(token: Token) -> ShapeStyle {
    colour(token).filled()
}

/// A straight or broken line.
fn line(corners: Vec<(f64, f64)>, token: Token, width_points: f64) -> PathElement<(f64, f64)> {
    PathElement::new(corners, stroke(token, width_points))
}

/// A filled rectangle.
fn band(x: (f64, f64), y: (f64, f64), token: Token) -> Rectangle<(f64, f64)> {
    Rectangle::new([(x.0, y.0), (x.1, y.1)], solid(token))
}

/// A dashed or dotted line, which plotters does not know.
struct DashedLine {
    corners: Vec<(f64, f64)>,
    token: Token,
    width_points: f64,
    dash: Dash,
}

impl<'line> PointCollection<'line, (f64, f64)> for &'line DashedLine {
    type Point = &'line (f64, f64);
    type IntoIter = &'line [(f64, f64)];

    fn point_iter(self) -> Self::IntoIter {
        &self.corners
    }
}

impl<'figure> Drawable<Recorder<'figure>> for DashedLine {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        corners: I,
        recorder: &mut Recorder<'figure>,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<<Recorder<'figure> as DrawingBackend>::ErrorType>> {
        let line: Vec<BackendCoord> = corners.collect();
        if line.len() > 1 {
            recorder.dashed(line, self.token, points(self.width_points), self.dash);
        }
        Ok(())
    }
}

/// A range that grows with what it must show.
#[derive(Debug, Clone, Copy)]
struct Extent {
    lower: f64,
    upper: f64,
}

impl Extent {
    fn empty() -> Self {
        Self { lower: f64::INFINITY, upper: f64::NEG_INFINITY }
    }

    fn include(&mut self, value: f64) {
        self.lower = self.lower.min(value);
        self.upper = self.upper.max(value);
    }

    fn span(&self) -> f64 {
        self.upper - self.lower
    }

    /// With room on both sides; a single value gets a range around it.
    fn padded(self, share: f64) -> Interval<f64> {
        let span = self.span();
        let room = if span > 0.0 { span * share } else { (self.lower.abs() * 0.1).max(0.05) };
        self.lower - room..self.upper + room
    }
}

/// Limits a padded range to what a percentage can be.
fn within_percentages(range: Interval<f64>, format: &spiegel_model::ValueFormat) -> Interval<f64> {
    match format {
        spiegel_model::ValueFormat::Percentage => range.start.max(0.0)..range.end.min(1.0),
        spiegel_model::ValueFormat::Number { .. } => range,
    }
}

/// Own dots with their white rings, one layer after the other so that each layer is one mark.
fn own_dots(figure: &mut Figure, dots: &[OwnDot], radius_points: f64) {
    for dot in dots {
        figure.add_dot(Token::Paper, points(2.0 * (radius_points + OWN_HALO_POINTS)), dot.centre);
    }
    for dot in dots {
        figure.add_dot(Token::Own, points(2.0 * radius_points), dot.centre);
    }
    for dot in dots.iter().filter(|dot| dot.hollow) {
        figure.add_dot(Token::Paper, points(2.0 * (radius_points - 1.2)), dot.centre);
    }
}

/// Where an own dot stands; hollow when it rests on few units.
struct OwnDot {
    centre: BackendCoord,
    hollow: bool,
}

/// A single own dot.
fn own_dot(figure: &mut Figure, centre: BackendCoord, radius_points: f64) {
    own_dots(figure, &[OwnDot { centre, hollow: false }], radius_points);
}

/// The comparable group: a white diamond with an ink outline.
fn diamond(figure: &mut Figure, (x, y): BackendCoord, radius_points: f64) {
    let radius = points(radius_points);
    let corners = vec![(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)];
    figure.add_area(Token::Paper, corners.clone());
    figure.add_line(Token::Ink, points(1.0), Dash::Solid, true, corners);
}

/// A text that has a fixed place: ticks and axis titles.
fn fixed_text(figure: &mut Figure, (x, centre): BackendCoord, anchor: Anchor, text: String) {
    let size = points(TEXT_POINTS);
    let y = baseline(centre, size);
    figure.marks.push(Mark::Text { x, y, anchor, size, weight: Weight::Regular, colour: Token::Muted, text });
}

/// What later texts must avoid of a mark.
fn mark_obstacles(mark: &Mark) -> Vec<Rect> {
    match mark {
        Mark::Line { lines, width, .. } => lines.iter().flat_map(|line| line_obstacles(line, *width)).collect(),
        Mark::Dots { centres, diameter, .. } => centres.iter().map(|centre| Rect::around(*centre, diameter / 2)).collect(),
        Mark::Area { .. } | Mark::Text { .. } => Vec::new(),
    }
}

/// Cuts a text into two lines at the space nearest the middle, when it is wider than the room.
fn two_lines(text: &str, fits: bool) -> Vec<String> {
    if fits {
        return vec![text.to_owned()];
    }
    let middle = text.len() / 2;
    let space = text.match_indices(' ').map(|(index, _)| index).min_by_key(|index| index.abs_diff(middle));
    match space {
        Some(index) => vec![text[..index].to_owned(), text[index + 1..].to_owned()],
        None => vec![text.to_owned()],
    }
}

/// The parts of a line that lie between two heights; crossing points are interpolated.
fn clipped(line: &[(f64, f64)], lower: f64, upper: f64) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    for pair in line.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let (mut from, mut to) = (0.0f64, 1.0f64);
        let rise = y1 - y0;
        if rise.abs() < f64::EPSILON {
            if y0 < lower || y0 > upper {
                open = false;
                continue;
            }
        } else {
            let (first, second) = ((lower - y0) / rise, (upper - y0) / rise);
            from = from.max(first.min(second));
            to = to.min(first.max(second));
        }
        if from >= to {
            open = false;
            continue;
        }
        let at = |share: f64| (x0 + (x1 - x0) * share, y0 + rise * share);
        if from > 0.0 || !open {
            parts.push(vec![at(from)]);
        }
        if let Some(part) = parts.last_mut() {
            part.push(at(to));
        }
        open = to >= 1.0;
    }
    parts
}

#[cfg(test)]
mod tests;
