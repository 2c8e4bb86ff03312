//! The flow of rows as bars: as long as they are many. Their numbers stand in the cells beside them.

use plotters::element::Rectangle;
use spiegel_model::Flow;

use super::{DrawError, Margins, band, chart};
use crate::backend::{Figure, millimetres};
use crate::palette::Token;

const WIDTH_MILLIMETRES: f64 = 74.0;
const ROW_MILLIMETRES: f64 = 5.0;
/// Part of a row that its bar fills, on each side of the middle.
const HALF_BAR: f64 = 0.28;

/// Draws a bar for each step that stays; what leaves has none.
///
/// # Errors
/// When there is no room.
pub fn flow_bars(flow: &Flow) -> Result<Figure, DrawError> {
    let rows = flow.steps.len().max(1) as f64;
    let mut figure = Figure::new(millimetres(WIDTH_MILLIMETRES), millimetres(ROW_MILLIMETRES * rows));
    let most = flow.steps.iter().map(|step| step.units).max().unwrap_or(0).max(1) as f64;
    let margins = Margins { top: 0, bottom: 0, left: 0, right: 0 };
    let chart = chart(&mut figure, margins, 0.0..most, 0.0..rows)?;
    for (index, step) in flow.steps.iter().enumerate().filter(|(_, step)| step.stays && step.units > 0) {
        // The first step stands on top.
        let middle = rows - index as f64 - 0.5;
        let bar: Rectangle<(f64, f64)> = band((0.0, step.units as f64), (middle - HALF_BAR, middle + HALF_BAR), Token::Dot);
        chart.plotting_area().draw(&bar)?;
    }
    drop(chart);
    Ok(figure)
}

#[cfg(test)]
mod tests {
    use spiegel_model::FlowStep;

    use super::*;
    use crate::backend::Mark;

    #[test]
    fn bars_are_as_long_as_they_are_many() {
        let step = |units, stays| FlowStep { label: String::new(), units, text: String::new(), stays };
        let flow = Flow { title: String::new(), heads: Vec::new(), steps: vec![step(200, true), step(50, false), step(150, true), step(0, true)], alt: String::new() };
        let figure = flow_bars(&flow).unwrap();
        let widths: Vec<i32> = figure
            .marks
            .iter()
            .flat_map(|mark| match mark {
                Mark::Area { rings, .. } => rings.clone(),
                _ => Vec::new(),
            })
            .map(|ring| ring.iter().map(|(x, _)| *x).max().unwrap())
            .collect();
        assert_eq!(widths.len(), 2, "what leaves, and what is none, has no bar");
        assert!((f64::from(widths[1]) / f64::from(widths[0]) - 0.75).abs() < 0.01, "{widths:?}");
    }
}
