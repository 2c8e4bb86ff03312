//! The own value and the nation over the years.

use spiegel_model::{Notation, TrendPlot, TrendYear, ValueFormat};

use super::margin_labels::{MarginLabel, ValueAxis, margin_width, place_in_margin};
use super::{DashedLine, DrawError, Extent, Margins, OwnDot, TEXT_POINTS, chart, fixed_text, line, own_dots, solid};
use crate::backend::{Anchor, Dash, Figure, Mark, Weight, millimetres, points};
use crate::labels::{Candidate, Label, Priority, Rect, TextMetrics, place};
use crate::palette::Token;

/// Half of the text width, less the gutter.
const WIDTH_MILLIMETRES: f64 = 84.0;
const HEIGHT_MILLIMETRES: f64 = 52.0;
const DOT_RADIUS_POINTS: f64 = 3.2;
/// Padding of the value axis.
const PADDING: f64 = 0.08;
/// A share is drawn from 0 to 100 % only when it spans more than this.
const WHOLE_PERCENTAGE_SPAN: f64 = 0.40;
/// Half the width of the band of a single year, in years.
const LONE_YEAR: f64 = 0.18;

/// Draws the trend.
///
/// # Errors
/// When a value is not finite.
pub fn trend(plot: &TrendPlot, format: &ValueFormat, notation: Notation, metrics: &TextMetrics) -> Result<Figure, DrawError> {
    let mut figure = Figure::new(millimetres(WIDTH_MILLIMETRES), millimetres(HEIGHT_MILLIMETRES));
    let range = value_range(plot, format);
    let axis = ValueAxis::new(&range, format, notation);
    let labels = margin_labels(plot);
    let margins = Margins {
        top: points(4.0),
        bottom: points(16.0),
        left: axis.width(metrics),
        right: margin_width(&labels, metrics),
    };
    let (left, right) = (margins.left, figure.width - margins.right);
    let bottom = figure.height - margins.bottom;
    let years = -0.5..plot.years.len() as f64 - 0.5;

    let mut ruler = Figure::new(figure.width, figure.height);
    let heights = axis.heights(&chart(&mut ruler, margins, years.clone(), range.start..range.end)?, 0.0);
    ValueAxis::draw_grid(&heights, left, right, &mut figure);

    let chart = chart(&mut figure, margins, years.clone(), range.start..range.end)?;
    let area = chart.plotting_area();
    for run in runs(&plot.years, |year| year.middle_half) {
        let corners = widened(&run);
        let upper = corners.iter().map(|(x, half)| (*x, half.upper));
        let lower = corners.iter().rev().map(|(x, half)| (*x, half.lower));
        area.draw(&plotters::element::Polygon::new(upper.chain(lower).collect::<Vec<_>>(), solid(Token::BandOuter)))?;
    }
    for run in runs(&plot.years, |year| year.middle) {
        area.draw(&line(widened(&run), Token::Ink, 1.0))?;
    }
    if let Some(guideline) = &plot.guideline {
        let corners = vec![(years.start, guideline.value), (years.end, guideline.value)];
        area.draw(&DashedLine { corners, token: Token::Norm, width_points: 1.1, dash: Dash::Dashed })?;
    }
    for (index, _) in plot.years.iter().enumerate().filter(|(index, year)| *index > 0 && year.broken) {
        let x = index as f64 - 0.5;
        let corners = vec![(x, range.start), (x, range.end)];
        area.draw(&DashedLine { corners, token: Token::Muted, width_points: 0.9, dash: Dash::Dotted })?;
    }
    let own: Vec<(usize, &TrendYear)> = plot.years.iter().enumerate().filter(|(_, year)| year.own.is_some()).collect();
    for (index, year) in &own {
        if let Some(interval) = year.own.as_ref().and_then(|own| own.interval) {
            let x = *index as f64;
            let corners = vec![(x, interval.lower.max(range.start)), (x, interval.upper.min(range.end))];
            area.draw(&line(corners, Token::Own, 1.2))?;
        }
    }
    for run in runs(&plot.years, |year| year.own.as_ref().map(|own| own.value)).iter().filter(|run| run.len() > 1) {
        area.draw(&line(run.clone(), Token::Own, 1.3))?;
    }
    let dots: Vec<OwnDot> = own
        .iter()
        .filter_map(|(index, year)| {
            let value = year.own.as_ref()?.value;
            Some(OwnDot { centre: chart.backend_coord(&(*index as f64, value)), hollow: year.few })
        })
        .collect();
    let label_heights: Vec<i32> = labels.iter().map(|label| chart.backend_coord(&(0.0, label.value)).1).collect();
    let centres: Vec<i32> = (0..plot.years.len()).map(|index| chart.backend_coord(&(index as f64, range.start)).0).collect();
    drop(chart);

    own_dots(&mut figure, &dots, DOT_RADIUS_POINTS);
    figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(left, bottom), (right, bottom)]);
    axis.draw_texts(&heights, left, &mut figure);
    draw_year_labels(&mut figure, plot, &centres, bottom, metrics);
    draw_codes(&mut figure, plot, &centres, (left, right, bottom), metrics);
    for label in place_in_margin(labels, &label_heights, right, &figure, metrics) {
        label.draw(&mut figure);
    }
    Ok(figure)
}

/// Years that hang together, as lines: interrupted where a value is missing.
fn runs<T: Copy>(years: &[TrendYear], value: impl Fn(&TrendYear) -> Option<T>) -> Vec<Vec<(f64, T)>> {
    let mut runs: Vec<Vec<(f64, T)>> = Vec::new();
    let mut open = false;
    for (index, year) in years.iter().enumerate() {
        let Some(value) = value(year) else {
            open = false;
            continue;
        };
        let point = (index as f64, value);
        match runs.last_mut() {
            Some(run) if open => run.push(point),
            _ => runs.push(vec![point]),
        }
        open = true;
    }
    runs
}

/// A single year as a short piece, so that it can be seen.
fn widened<T: Copy>(run: &[(f64, T)]) -> Vec<(f64, T)> {
    match run {
        [(x, value)] => vec![(x - LONE_YEAR, *value), (x + LONE_YEAR, *value)],
        _ => run.to_vec(),
    }
}

/// The heights that the plot shows.
fn value_range(plot: &TrendPlot, format: &ValueFormat) -> std::ops::Range<f64> {
    let mut extent = Extent::empty();
    for year in &plot.years {
        for half in year.middle_half.iter().chain(year.own.as_ref().and_then(|own| own.interval.as_ref())) {
            extent.include(half.lower);
            extent.include(half.upper);
        }
        for value in year.middle.iter().chain(year.own.as_ref().map(|own| &own.value)) {
            extent.include(*value);
        }
    }
    if let Some(guideline) = &plot.guideline {
        extent.include(guideline.value);
    }
    if extent.lower > extent.upper {
        extent = Extent { lower: 0.0, upper: 1.0 };
    }
    match format {
        ValueFormat::Percentage if extent.span() > WHOLE_PERCENTAGE_SPAN => 0.0..1.0,
        _ => super::within_percentages(extent.padded(PADDING), format),
    }
}

fn margin_labels(plot: &TrendPlot) -> Vec<MarginLabel> {
    let mut labels = Vec::new();
    let last_own = plot.years.iter().rev().find_map(|year| year.own.as_ref());
    let last_middle = plot.years.iter().rev().find_map(|year| year.middle);
    labels.extend(last_own.map(|own| MarginLabel {
        priority: Priority::Own,
        text: plot.own_label.clone(),
        value: own.value,
        colour: Token::Own,
        weight: Weight::Strong,
    }));
    labels.extend(plot.guideline.as_ref().map(|guideline| MarginLabel {
        priority: Priority::Norm,
        text: guideline.label.clone(),
        value: guideline.value,
        colour: Token::Norm,
        weight: Weight::Regular,
    }));
    labels.extend(last_middle.map(|value| MarginLabel {
        priority: Priority::Middle,
        text: plot.middle_label.clone(),
        value,
        colour: Token::Ink,
        weight: Weight::Regular,
    }));
    labels
}

/// Year labels; every second or third one when they would touch, always with the last.
fn draw_year_labels(figure: &mut Figure, plot: &TrendPlot, centres: &[i32], bottom: i32, metrics: &TextMetrics) {
    let widest = plot.years.iter().map(|year| metrics.width(&year.label, points(TEXT_POINTS), Weight::Regular)).max().unwrap_or(0);
    let pitch = match centres {
        [first, second, ..] => second - first,
        _ => widest,
    };
    let every = (1..=centres.len().max(1)).find(|every| pitch * *every as i32 >= widest + points(4.0)).unwrap_or(1);
    for x in centres {
        figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(*x, bottom), (*x, bottom + points(2.0))]);
    }
    for (index, (year, x)) in plot.years.iter().zip(centres).enumerate() {
        if (plot.years.len() - 1 - index).is_multiple_of(every) {
            fixed_text(figure, (*x, bottom + points(8.0)), Anchor::Middle, year.label.clone());
        }
    }
}

/// Why a year has no own value, above the axis, where there is room for it. The table has every code.
fn draw_codes(figure: &mut Figure, plot: &TrendPlot, centres: &[i32], (left, right, bottom): (i32, i32, i32), metrics: &TextMetrics) {
    let labels: Vec<Label> = plot
        .years
        .iter()
        .zip(centres)
        .filter(|(year, _)| year.own.is_none() && !year.code.is_empty())
        .map(|(year, x)| Label {
            priority: Priority::Band,
            text: year.code.clone(),
            size: points(TEXT_POINTS),
            weight: Weight::Regular,
            colour: Token::Muted,
            candidates: vec![
                Candidate::middle(*x, bottom - points(6.0)),
                Candidate::start(left + points(2.0), bottom - points(6.0)),
                Candidate::middle(*x, bottom - points(15.0)),
                Candidate::start(left + points(2.0), bottom - points(15.0)),
            ],
        })
        .collect();
    // The grid may run behind a code; everything else may not.
    let grid = |mark: &&Mark| !matches!(mark, Mark::Line { colour: Token::Grid, .. });
    let obstacles: Vec<Rect> = figure.marks.iter().filter(grid).flat_map(super::mark_obstacles).collect();
    let frame = Rect { left, top: 0, right, bottom };
    for label in place(labels, &obstacles, frame, metrics) {
        label.draw(figure);
    }
}
