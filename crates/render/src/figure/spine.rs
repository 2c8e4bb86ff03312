//! A row of the summary table: where the provider lies between the outer quantiles of the nation.

use spiegel_model::{GuideSpine, SpineRow};

use super::{DrawError, Margins, TEXT_POINTS, band, chart, diamond, fixed_text, line, own_dot};
use crate::backend::{Anchor, Dash, Figure, millimetres, points};
use crate::palette::Token;

const WIDTH_MILLIMETRES: f64 = 52.0;
const HEIGHT_MILLIMETRES: f64 = 6.4;
/// A row with labels, and from its middle to the middle of the first labels.
const ANNOTATED_WIDTH_MILLIMETRES: f64 = 84.0;
const ANNOTATED_HEIGHT_MILLIMETRES: f64 = 24.0;
const LABEL_DISTANCE: f64 = 16.0;
/// Positions beyond this are drawn here, with an arrowhead.
const CLIP: f64 = 1.2;
/// The scale reaches a little further, for the width of the dot.
const SCALE_END: f64 = 1.35;
/// Half heights of the light and the dark bar, as parts of the row: 2 and 3 mm.
const OUTER_HALF: f64 = 1.0 / 6.4;
const INNER_HALF: f64 = 1.5 / 6.4;
const DOT_RADIUS_POINTS: f64 = 4.3;
const DIAMOND_POINTS: f64 = 3.6;
/// The ring of the adjusted value: a little larger than the dot, so that it shows around one on the same place.
const RING_RADIUS_POINTS: f64 = 5.2;
const RING_WIDTH_POINTS: f64 = 1.2;

/// Draws a row. Its numbers stand in the cells beside it.
///
/// # Errors
/// When a value is not finite.
pub fn spine_row(row: &SpineRow) -> Result<Figure, DrawError> {
    drawn(row, Figure::new(millimetres(WIDTH_MILLIMETRES), millimetres(HEIGHT_MILLIMETRES)))
}

/// Draws a row with a label at each of its marks, for the reading guide.
///
/// # Errors
/// When a value is not finite.
pub fn annotated_spine(guide: &GuideSpine) -> Result<Figure, DrawError> {
    let figure = Figure::new(millimetres(ANNOTATED_WIDTH_MILLIMETRES), millimetres(ANNOTATED_HEIGHT_MILLIMETRES));
    let (width, height) = (figure.width, figure.height);
    let mut figure = drawn(&guide.row, figure)?;
    let x = |value: f64| (f64::from(width) * (value + SCALE_END) / (2.0 * SCALE_END)).round() as i32;
    let centre = height / 2;
    let (above, near, far) = (centre - points(LABEL_DISTANCE), centre + points(LABEL_DISTANCE), centre + points(2.0 * LABEL_DISTANCE - 4.0));
    let own = guide.row.own.unwrap_or_default();
    let group = guide.row.group;
    let (light, dark) = ((guide.row.outer_lower + guide.row.inner_lower) / 2.0, guide.row.inner_lower / 2.0);
    let reach = points(TEXT_POINTS / 2.0 + 0.5);
    for (value, label) in [(light, far), (dark, far)].into_iter().chain(group.map(|group| (group, near))) {
        figure.add_line(Token::Muted, points(0.5), Dash::Solid, false, vec![(x(value), centre + points(5.5)), (x(value), label - reach)]);
    }
    let labels = [
        ((0, centre), Anchor::Start, guide.lower.clone()),
        ((width, centre), Anchor::End, guide.higher.clone()),
        ((x(0.0), above), Anchor::Middle, guide.middle.clone()),
        ((x(own), above), Anchor::Middle, guide.own.clone()),
        ((x(own), near), Anchor::Middle, guide.interval.clone()),
        ((x(light), far), Anchor::Middle, guide.outer.clone()),
        ((x(dark), far), Anchor::Start, guide.inner.clone()),
    ];
    let group = group.map(|group| ((x(group), near), Anchor::Middle, guide.group.clone()));
    for (place, anchor, text) in labels.into_iter().chain(group) {
        fixed_text(&mut figure, place, anchor, text);
    }
    Ok(figure)
}

/// A row in the middle of a figure.
fn drawn(row: &SpineRow, mut figure: Figure) -> Result<Figure, DrawError> {
    let centre = figure.height / 2;
    let room = (figure.height - millimetres(HEIGHT_MILLIMETRES)) / 2;
    let margins = Margins { top: room, bottom: room, left: 0, right: 0 };
    let chart = chart(&mut figure, margins, -SCALE_END..SCALE_END, -0.5..0.5)?;
    let area = chart.plotting_area();
    let clip = |value: f64| value.clamp(-CLIP, CLIP);
    let outer = (clip(row.outer_lower), clip(row.outer_upper));
    let inner = (clip(row.inner_lower), clip(row.inner_upper));
    area.draw(&band(outer, (OUTER_HALF, -OUTER_HALF), Token::BandOuter))?;
    area.draw(&band(inner, (INNER_HALF, -INNER_HALF), Token::BandHalf))?;
    let outline = [(inner.0, INNER_HALF), (inner.1, INNER_HALF), (inner.1, -INNER_HALF), (inner.0, -INNER_HALF)];
    let outline: Vec<(i32, i32)> = outline.iter().map(|corner| chart.backend_coord(corner)).collect();
    area.draw(&line(vec![(0.0, 0.5), (0.0, -0.5)], Token::Ink, 0.7))?;
    if let Some(interval) = row.interval {
        area.draw(&line(vec![(clip(interval.lower), 0.0), (clip(interval.upper), 0.0)], Token::Own, 1.2))?;
    }
    let x = |value: f64| chart.backend_coord(&(clip(value), 0.0)).0;
    let group = row.group.map(x);
    let own = row.own.map(x);
    let ends = (x(-CLIP), x(CLIP));
    let beyond = |value: Option<f64>| (value.is_some_and(|value| value <= -CLIP), value.is_some_and(|value| value >= CLIP));
    let adjusted = row.adjusted.map(x);
    let own_beyond = beyond(row.own);
    let lower_beyond = own_beyond.0 || beyond(row.interval.map(|interval| interval.lower)).0;
    let upper_beyond = own_beyond.1 || beyond(row.interval.map(|interval| interval.upper)).1;
    drop(chart);

    // The outline lies over the bar but under everything else, so it goes right behind the two bars.
    let stroke = points(0.4);
    let mark = crate::backend::Mark::Line { colour: Token::Dot, width: stroke, dash: Dash::Solid, closed: true, lines: vec![outline] };
    figure.marks.insert(2.min(figure.marks.len()), mark);
    if let Some(group) = group {
        diamond(&mut figure, (group, centre), DIAMOND_POINTS);
    }
    // Under the own dot, so that a ring that shows is a place apart from it.
    if let Some(adjusted) = adjusted.map(|adjusted| (adjusted, centre)) {
        figure.add_dot(Token::Own, points(2.0 * RING_RADIUS_POINTS), adjusted);
        figure.add_dot(Token::Paper, points(2.0 * (RING_RADIUS_POINTS - RING_WIDTH_POINTS)), adjusted);
    }
    if let Some(own) = own {
        own_dot(&mut figure, (own, centre), DOT_RADIUS_POINTS);
    }
    for (shown, end, direction) in [(lower_beyond, ends.0, -1), (upper_beyond, ends.1, 1)] {
        if shown {
            let dot_there = own == Some(end);
            arrowhead(&mut figure, (if dot_there { end + direction * points(DOT_RADIUS_POINTS + 0.8) } else { end }, centre), direction);
        }
    }
    Ok(figure)
}

/// Says that a value lies beyond the scale.
fn arrowhead(figure: &mut Figure, (x, y): (i32, i32), direction: i32) {
    let (length, half) = (points(2.6), points(2.2));
    figure.add_area(Token::Own, vec![(x, y - half), (x + direction * length, y), (x, y + half)]);
}

#[cfg(test)]
mod tests {
    use spiegel_model::Range;

    use super::*;
    use crate::backend::Mark;

    #[test]
    fn a_row_without_a_value_shows_the_nation_only() {
        let row = SpineRow {
            outer_lower: -1.0,
            outer_upper: 1.0,
            inner_lower: -0.4,
            inner_upper: 0.4,
            own: None,
            interval: None,
            group: None,
            adjusted: None,
        };
        let figure = spine_row(&row).unwrap();
        assert!(!figure.marks.iter().any(|mark| matches!(mark, Mark::Dots { .. } | Mark::Text { .. })));
    }

    #[test]
    fn everything_stays_within_the_cell() {
        let row = SpineRow {
            outer_lower: -1.0,
            outer_upper: 1.0,
            inner_lower: -0.4,
            inner_upper: 0.4,
            own: Some(1.2),
            interval: Some(Range { lower: 0.3, upper: 1.2 }),
            group: Some(-1.2),
            adjusted: Some(-1.2),
        };
        let figure = spine_row(&row).unwrap();
        for mark in &figure.marks {
            match mark {
                Mark::Area { rings, .. } => assert!(rings.iter().flatten().all(|(x, _)| (0..=figure.width).contains(x))),
                Mark::Dots { centres, diameter, .. } => {
                    assert!(centres.iter().all(|(x, _)| *x >= diameter / 2 && x + diameter / 2 <= figure.width));
                }
                _ => {}
            }
        }
    }
}
