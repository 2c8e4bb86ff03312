//! Value against size, with the limits that belong to each size.

use std::collections::BTreeMap;

use plotters::element::Circle;
use spiegel_model::{FunnelPlot, Notation, ValueFormat};

use super::margin_labels::{MarginLabel, ValueAxis, margin_width, place_in_margin};
use super::{
    DashedLine, DrawError, Extent, Margins, OWN_HALO_POINTS, OWN_RADIUS_POINTS, OWN_TEXT_POINTS, TEXT_POINTS, chart, clipped,
    fixed_text, line, own_dot, solid, within_percentages,
};
use crate::backend::{Anchor, Dash, Figure, Mark, Weight, millimetres, points};
use crate::labels::{Candidate, Label, Priority, Rect, TextMetrics, line_obstacles, place};
use crate::palette::Token;
use crate::ticks::Ticks;

/// Half of the text width, less the gutter.
const WIDTH_MILLIMETRES: f64 = 84.0;
const HEIGHT_MILLIMETRES: f64 = 52.0;
/// Diameter of a dot that stands for the fewest providers, three.
const CELL_DIAMETER_POINTS: f64 = 3.2;
const CELL_FEWEST: f64 = 3.0;
const CELL_DIAMETER_MAXIMUM: f64 = 9.0;
/// Share of the spread of the providers that the 95 % limits may add to the axis on a side.
const LIMITS_ROOM: f64 = 0.35;

/// Draws the funnel.
///
/// # Errors
/// When a value is not finite.
pub fn funnel(plot: &FunnelPlot, format: &ValueFormat, notation: Notation, metrics: &TextMetrics) -> Result<Figure, DrawError> {
    let mut figure = Figure::new(millimetres(WIDTH_MILLIMETRES), millimetres(HEIGHT_MILLIMETRES));
    let range = value_range(plot, format);
    let axis = ValueAxis::new(&range, format, notation);
    let labels = margin_labels(plot, &range);
    let margins = Margins {
        top: points(4.0),
        bottom: points(25.0),
        left: axis.width(metrics),
        right: margin_width(&labels, metrics),
    };
    let (left, right) = (margins.left, figure.width - margins.right);
    let bottom = figure.height - margins.bottom;

    // The grid lies behind the chart, so the positions are asked of a chart that draws nothing.
    let mut ruler = Figure::new(figure.width, figure.height);
    let heights = axis.heights(&chart(&mut ruler, margins, 0.0..plot.n_maximum, range.start..range.end)?, 0.0);
    ValueAxis::draw_grid(&heights, left, right, &mut figure);

    let chart = chart(&mut figure, margins, 0.0..plot.n_maximum, range.start..range.end)?;
    let area = chart.plotting_area();
    let mut obstacles = Vec::new();
    for (providers, cells) in cells_by_size(plot) {
        let diameter = (CELL_DIAMETER_POINTS * (f64::from(providers) / CELL_FEWEST).sqrt()).min(CELL_DIAMETER_MAXIMUM);
        let radius = points(diameter / 2.0);
        for cell in cells {
            area.draw(&Circle::new(cell, radius, solid(Token::Dot)))?;
            obstacles.push(Rect::around(chart.backend_coord(&cell), radius));
        }
    }
    let target = vec![(0.0, plot.target.value), (plot.n_maximum, plot.target.value)];
    let mut recorded: Vec<Vec<(i32, i32)>> = vec![target.iter().map(|point| chart.backend_coord(point)).collect()];
    area.draw(&line(target, Token::Ink, 0.8))?;
    for (dash, side) in [
        (Dash::Solid, limits(plot, |limit| limit.lower)),
        (Dash::Solid, limits(plot, |limit| limit.upper)),
        (Dash::Dashed, limits(plot, |limit| limit.outer_lower)),
        (Dash::Dashed, limits(plot, |limit| limit.outer_upper)),
    ] {
        for part in side.iter().flat_map(|part| clipped(part, range.start, range.end)) {
            recorded.push(part.iter().map(|point| chart.backend_coord(point)).collect());
            area.draw(&DashedLine { corners: part, token: Token::Muted, width_points: 0.7, dash })?;
        }
    }
    obstacles.extend(recorded.iter().flat_map(|line| line_obstacles(line, points(0.8))));
    let own = plot.own.as_ref().map(|own| {
        let position = chart.backend_coord(&((own.n as f64).min(plot.n_maximum), own.value));
        (position, own.label.clone())
    });
    let label_heights: Vec<i32> = labels.iter().map(|label| chart.backend_coord(&(0.0, label.value)).1).collect();
    let ticks = size_ticks(plot, notation, metrics, right - left);
    let size_positions: Vec<(i32, String)> =
        ticks.into_iter().map(|(n, text)| (chart.backend_coord(&(n, range.start)).0, text)).collect();
    drop(chart);

    draw_size_axis(&mut figure, &size_positions, plot, (left, right, bottom), metrics);
    axis.draw_texts(&heights, left, &mut figure);
    for label in place_in_margin(labels, &label_heights, right, &figure, metrics) {
        label.draw(&mut figure);
    }
    if let Some((position, label)) = own {
        own_dot(&mut figure, position, OWN_RADIUS_POINTS);
        draw_own_label(&mut figure, position, &label, &obstacles, (left, right, bottom), metrics);
    }
    Ok(figure)
}

/// The label of the own dot, in the first free of four corners. The value itself stands in the dot plot.
fn draw_own_label(
    figure: &mut Figure,
    (x, y): (i32, i32),
    label: &str,
    obstacles: &[Rect],
    (left, right, bottom): (i32, i32, i32),
    metrics: &TextMetrics,
) {
    let away = points(OWN_RADIUS_POINTS + OWN_HALO_POINTS + 0.5);
    let name = label.split_once(':').map_or(label, |(name, _)| name);
    let (above, below) = (y - away, y + away);
    let label = Label {
        priority: Priority::Own,
        text: name.to_owned(),
        size: points(OWN_TEXT_POINTS),
        weight: Weight::Strong,
        colour: Token::Own,
        candidates: vec![
            Candidate::start(x + away, above),
            Candidate::end(x - away, above),
            Candidate::start(x + away, below),
            Candidate::end(x - away, below),
        ],
    };
    let frame = Rect { left, top: points(-2.0), right: right + points(2.0), bottom };
    for placed in place(vec![label], obstacles, frame, metrics) {
        placed.draw(figure);
    }
}

/// The heights that the plot shows: providers, own value, level, and the limits where most providers are.
fn value_range(plot: &FunnelPlot, format: &ValueFormat) -> std::ops::Range<f64> {
    let mut extent = Extent::empty();
    for cell in &plot.cells {
        extent.include(cell.value);
    }
    extent.include(plot.target.value);
    if let Some(own) = &plot.own {
        extent.include(own.value);
    }
    let room = extent.span() * LIMITS_ROOM;
    let (lower, upper) = (extent.lower - room, extent.upper + room);
    // A quarter of the way to the largest size: left of it the funnel may leave the plot.
    for limit in plot.lines.iter().filter(|limit| limit.n >= plot.n_maximum / 4.0) {
        for value in [limit.lower, limit.upper, limit.outer_lower, limit.outer_upper].into_iter().flatten() {
            extent.include(value.clamp(lower, upper));
        }
    }
    within_percentages(extent.padded(0.05), format)
}

/// One limit as lines; a side that no count can cross interrupts it.
fn limits(plot: &FunnelPlot, side: impl Fn(&spiegel_model::FunnelLine) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    for limit in plot.lines.iter().filter(|limit| limit.n <= plot.n_maximum) {
        match (side(limit), open, parts.last_mut()) {
            (Some(value), true, Some(part)) => part.push((limit.n, value)),
            (Some(value), _, _) => {
                parts.push(vec![(limit.n, value)]);
                open = true;
            }
            (None, _, _) => open = false,
        }
    }
    parts
}

/// Cells by the number of providers they stand for, so that each size of dot is one mark.
fn cells_by_size(plot: &FunnelPlot) -> BTreeMap<u32, Vec<(f64, f64)>> {
    let mut cells: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
    for cell in &plot.cells {
        cells.entry(cell.providers).or_default().push((cell.n.min(plot.n_maximum), cell.value));
    }
    cells
}

/// What stands in the margin: the level and the upper limits, or the lower ones where there is no upper limit.
fn margin_labels(plot: &FunnelPlot, range: &std::ops::Range<f64>) -> Vec<MarginLabel> {
    let last = plot.lines.iter().rfind(|limit| limit.n <= plot.n_maximum);
    let shown = |value: Option<f64>| value.filter(|value| range.contains(value));
    let mut labels = vec![MarginLabel {
        priority: Priority::Middle,
        text: plot.target.label.clone(),
        value: plot.target.value,
        colour: Token::Ink,
        weight: Weight::Regular,
    }];
    if let Some(last) = last {
        let inner = shown(last.upper).or(shown(last.lower));
        let outer = shown(last.outer_upper).or(shown(last.outer_lower));
        for (value, text) in [(inner, &plot.inner_label), (outer, &plot.outer_label)] {
            labels.extend(value.map(|value| MarginLabel {
                priority: Priority::Limits,
                text: text.clone(),
                value,
                colour: Token::Muted,
                weight: Weight::Regular,
            }));
        }
    }
    labels
}

/// Ticks of the size axis; the last one is the end of the axis, with a plus when larger providers are drawn on it.
fn size_ticks(plot: &FunnelPlot, notation: Notation, metrics: &TextMetrics, width: i32) -> Vec<(f64, String)> {
    let text = |n: f64| notation.count(n.round().max(0.0) as u64);
    let ticks = Ticks::between(0.0, plot.n_maximum, 5);
    let mut all: Vec<(f64, String)> = ticks.values.iter().filter(|n| n.fract().abs() < 1e-9).map(|n| (*n, text(*n))).collect();
    if plot.n_capped {
        let end = format!("{}+", text(plot.n_maximum));
        let needed = metrics.width(&end, points(TEXT_POINTS), Weight::Regular) + points(8.0);
        all.retain(|(n, _)| (plot.n_maximum - n) / plot.n_maximum * f64::from(width) >= f64::from(needed));
        all.push((plot.n_maximum, end));
    }
    all
}

fn draw_size_axis(
    figure: &mut Figure,
    ticks: &[(i32, String)],
    plot: &FunnelPlot,
    (left, right, bottom): (i32, i32, i32),
    metrics: &TextMetrics,
) {
    figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(left, bottom), (right, bottom)]);
    for (x, _) in ticks {
        figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(*x, bottom), (*x, bottom + points(2.0))]);
    }
    for (x, text) in ticks {
        fixed_text(figure, (*x, bottom + points(7.0)), Anchor::Middle, text.clone());
    }
    let size = points(TEXT_POINTS);
    let width = metrics.width(&plot.n_label, size, Weight::Regular);
    let start = ((left + right - width) / 2).clamp(0, (figure.width - width).max(0));
    let y = crate::labels::baseline(bottom + points(18.0), size);
    let text = plot.n_label.clone();
    let mark = Mark::Text { x: start, y, anchor: Anchor::Start, size, weight: Weight::Regular, colour: Token::Muted, text };
    figure.marks.push(mark);
}
