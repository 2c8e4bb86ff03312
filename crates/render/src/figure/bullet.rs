//! The own figure and a reference on one axis.

use spiegel_model::{BulletPlot, Notation};

use super::{DashedLine, DrawError, Extent, LABEL_GAP_POINTS, Margins, OWN_TEXT_POINTS, TEXT_POINTS, chart, fixed_text, line, own_dot, within_percentages};
use crate::backend::{Anchor, Dash, Figure, Weight, millimetres, points};
use crate::labels::{Candidate, Label, Priority, Rect, TextMetrics, place};
use crate::palette::Token;
use crate::ticks::Ticks;

const WIDTH_MILLIMETRES: f64 = 112.0;
const HEIGHT_MILLIMETRES: f64 = 14.0;
/// Middle of the label row, of the row with the own mark, and the height of the tick labels.
const LABEL_ROW: f64 = 4.5;
const OWN_ROW: f64 = 18.0;
const TICK_ROW: f64 = 12.0;
const SIDE: f64 = 12.0;
const DOT_RADIUS_POINTS: f64 = 4.0;
/// Room beyond what is drawn, as a part of its width.
const ROOM: f64 = 0.35;

/// Draws the bullet row.
///
/// # Errors
/// When a value is not finite.
pub fn norm_bullet(plot: &BulletPlot, notation: Notation, metrics: &TextMetrics) -> Result<Figure, DrawError> {
    let mut figure = Figure::new(millimetres(WIDTH_MILLIMETRES), millimetres(HEIGHT_MILLIMETRES));
    let (width, height) = (figure.width, figure.height);
    let axis = height - points(TICK_ROW);
    let mut extent = Extent::empty();
    extent.include(plot.reference.value);
    extent.include(plot.own.value);
    for bound in plot.own.interval.iter().flat_map(|interval| [interval.lower, interval.upper]) {
        extent.include(bound);
    }
    let range = within_percentages(extent.padded(ROOM), &plot.format);
    let margins = Margins { top: 0, bottom: height - axis, left: points(SIDE), right: points(SIDE) };
    let chart = chart(&mut figure, margins, range.clone(), 0.0..1.0)?;
    let area = chart.plotting_area();
    let from_top = |row: f64| 1.0 - f64::from(points(row)) / f64::from(axis);
    area.draw(&DashedLine {
        corners: vec![(plot.reference.value, 0.0), (plot.reference.value, 1.0)],
        token: Token::Norm,
        width_points: 1.1,
        dash: Dash::Dashed,
    })?;
    let own_row = from_top(OWN_ROW);
    if let Some(interval) = plot.own.interval {
        area.draw(&line(vec![(interval.lower, own_row), (interval.upper, own_row)], Token::Own, 1.2))?;
    }
    let x = |value: f64| chart.backend_coord(&(value, own_row));
    let (reference, own) = (x(plot.reference.value).0, x(plot.own.value));
    let reach = plot.own.interval.map_or((own.0, own.0), |interval| (x(interval.lower).0, x(interval.upper).0));
    let ticks = Ticks::between(range.start, range.end, 5);
    let tick_places: Vec<(i32, String)> = ticks.values.iter().map(|value| (x(*value).0, ticks.text(*value, &plot.format, notation))).collect();
    drop(chart);

    figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(0, axis), (width, axis)]);
    for (at, text) in tick_places {
        figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(at, axis), (at, axis + points(2.0))]);
        fixed_text(&mut figure, (at, axis + points(7.0)), Anchor::Middle, text);
    }
    own_dot(&mut figure, own, DOT_RADIUS_POINTS);
    let (radius, gap) = (points(DOT_RADIUS_POINTS), points(LABEL_GAP_POINTS));
    let (left, right) = ((own.0 - radius).min(reach.0), (own.0 + radius).max(reach.1));
    let obstacles = vec![
        Rect { left, top: own.1 - radius, right, bottom: own.1 + radius },
        Rect::of_line((reference, 0), (reference, axis), points(1.1)).grown(points(1.0)),
    ];
    let label_row = points(LABEL_ROW);
    let labels = vec![
        Label {
            priority: Priority::Own,
            text: plot.own.label.clone(),
            size: points(OWN_TEXT_POINTS),
            weight: Weight::Strong,
            colour: Token::Own,
            candidates: vec![
                Candidate::start(right + gap, own.1),
                Candidate::end(left - gap, own.1),
                Candidate::middle(own.0, label_row),
                Candidate::start(reference + gap, label_row),
                Candidate::end(reference - gap, label_row),
            ],
        },
        Label {
            priority: Priority::Norm,
            text: plot.reference.label.clone(),
            size: points(TEXT_POINTS),
            weight: Weight::Regular,
            colour: Token::Norm,
            candidates: vec![Candidate::start(reference + gap, label_row), Candidate::end(reference - gap, label_row)],
        },
    ];
    let frame = Rect { left: 0, top: points(-1.0), right: width, bottom: axis };
    for label in place(labels, &obstacles, frame, metrics) {
        label.draw(&mut figure);
    }
    Ok(figure)
}
