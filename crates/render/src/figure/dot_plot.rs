//! The national distribution as countable dots, with the provider in a lane of its own under the axis.

use plotters::element::Circle;
use spiegel_model::{DotPlot, Notation, ValueFormat};

use super::{
    DIAMOND_RADIUS_POINTS, DashedLine, DrawError, Extent, LABEL_GAP_POINTS, Margins, OWN_HALO_POINTS, OWN_RADIUS_POINTS,
    OWN_TEXT_POINTS, TEXT_POINTS, band, chart, diamond, fixed_text, line, own_dot, solid, within_percentages,
};
use crate::backend::{Anchor, Dash, Figure, UNITS_PER_POINT, Weight, millimetres, points};
use crate::labels::{Candidate, Label, Placed, Priority, Rect, TextMetrics, place};
use crate::palette::Token;
use crate::ticks::Ticks;

/// Full text width.
const WIDTH_MILLIMETRES: f64 = 174.0;
/// Width of a funnel.
const SMALL_WIDTH_MILLIMETRES: f64 = 84.0;
const HEIGHT_MILLIMETRES: f64 = 36.0;
/// Without dots there is nothing to stack.
const HEIGHT_WITHOUT_DOTS_MILLIMETRES: f64 = 24.0;
/// Middle of the capitals of the first and second row of labels.
const FIRST_ROW: f64 = 5.0;
const SECOND_ROW: f64 = 14.6;
/// Where the dots may begin.
const DOTS_TOP: f64 = 21.0;
/// Height of the tick labels and of a lane under the axis.
const TICK_ROW: f64 = 14.0;
const LANE: f64 = 12.5;
/// Distance between stacked dots: twice 1.35 mm.
const DOT_PITCH: f64 = 7.65;
/// Part of the pitch that a dot fills.
const DOT_FILL: f64 = 0.92;
/// Room at the sides, so that a dot at the end of the range is whole.
const SIDE: f64 = 7.0;
/// Dots this close together are hard to count; then a bin gets columns.
const SMALLEST_PITCH: f64 = 5.0;
/// Share of the width of the distribution that an own interval may add on a side before it is cut.
const INTERVAL_ROOM: f64 = 0.4;

/// Draws the distribution.
///
/// # Errors
/// When a value is not finite.
pub fn dot_plot(plot: &DotPlot, format: &ValueFormat, notation: Notation, metrics: &TextMetrics) -> Result<Figure, DrawError> {
    within(millimetres(WIDTH_MILLIMETRES), plot, format, notation, metrics)
}

/// Draws the distribution in the width of a funnel, for the reading guide.
///
/// # Errors
/// When a value is not finite.
pub fn small_dot_plot(plot: &DotPlot, format: &ValueFormat, notation: Notation, metrics: &TextMetrics) -> Result<Figure, DrawError> {
    within(millimetres(SMALL_WIDTH_MILLIMETRES), plot, format, notation, metrics)
}

fn within(width: i32, plot: &DotPlot, format: &ValueFormat, notation: Notation, metrics: &TextMetrics) -> Result<Figure, DrawError> {
    match draw(width, plot, format, (notation, metrics), 1)? {
        Drawn { figure, complete: true } => Ok(figure),
        // Marks or labels do not fit side by side: a second lane, and less height for the dots.
        Drawn { .. } => Ok(draw(width, plot, format, (notation, metrics), 2)?.figure),
    }
}

/// A figure, and whether all that belongs under the axis found its place.
struct Drawn {
    figure: Figure,
    complete: bool,
}

/// Heights of the marks under the axis, in recorded units.
struct Lanes {
    own: i32,
    group: i32,
}

fn draw(width: i32, plot: &DotPlot, format: &ValueFormat, (notation, metrics): (Notation, &TextMetrics), lanes: u8) -> Result<Drawn, DrawError> {
    let tall = if plot.dots.is_empty() { HEIGHT_WITHOUT_DOTS_MILLIMETRES } else { HEIGHT_MILLIMETRES };
    let mut figure = Figure::new(width, millimetres(tall));
    let height = figure.height;
    let axis = height - points(TICK_ROW + LANE * f64::from(lanes));
    let domain = domain(plot);
    let margins = Margins { top: 0, bottom: height - axis, left: points(SIDE), right: points(SIDE) };
    let rise = f64::from(axis) / UNITS_PER_POINT;
    let chart = chart(&mut figure, margins, domain.start..domain.end, 0.0..rise)?;
    let area = chart.plotting_area();
    let x = |value: f64| chart.backend_coord(&(value.clamp(domain.start, domain.end), 0.0)).0;

    area.draw(&band((plot.middle_half.lower, plot.middle_half.upper), (0.0, rise - SECOND_ROW + 5.0), Token::BandPlot))?;
    area.draw(&line(vec![(plot.middle.value, 0.0), (plot.middle.value, rise - 1.0)], Token::Ink, 1.2))?;
    if let Some(guideline) = &plot.guideline {
        area.draw(&DashedLine {
            corners: vec![(guideline.value, 0.0), (guideline.value, rise - SECOND_ROW + 4.0)],
            token: Token::Norm,
            width_points: 1.1,
            dash: Dash::Dashed,
        })?;
    }
    let per_point = (domain.end - domain.start) / (f64::from(width) / UNITS_PER_POINT - 2.0 * SIDE);
    let bin = if plot.grid > 0.0 { plot.grid / per_point } else { DOT_PITCH };
    let stack = stacked(plot, bin, rise - DOTS_TOP);
    let radius = points(stack.pitch * DOT_FILL / 2.0);
    for (value, shift, height) in stack.dots {
        area.draw(&Circle::new((value + shift * per_point, height), radius, solid(Token::Dot)))?;
    }
    let shown = within_percentages(domain.clone(), format);
    let ticks = Ticks::between(shown.start, shown.end, 8);
    let tick_positions: Vec<(f64, i32)> = ticks.values.iter().map(|value| (*value, x(*value))).collect();
    let positions = Positions {
        middle: x(plot.middle.value),
        half: (x(plot.middle_half.lower), x(plot.middle_half.upper)),
        guideline: plot.guideline.as_ref().map(|guideline| x(guideline.value)),
        group: plot.group.as_ref().map(|group| x(group.value)),
        own: plot.own.as_ref().map(|own| x(own.value)),
        interval: plot.own.as_ref().and_then(|own| own.interval).map(|interval| (x(interval.lower), x(interval.upper))),
    };
    drop(chart);

    figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(0, axis), (width, axis)]);
    for (_, position) in &tick_positions {
        figure.add_line(Token::Muted, points(0.6), Dash::Solid, false, vec![(*position, axis), (*position, axis + points(2.5))]);
    }
    draw_tick_labels(&mut figure, &tick_positions, &ticks, format, (notation, metrics), axis);

    let first = axis + points(TICK_ROW + LANE / 2.0);
    let lane = Lanes { own: first, group: if lanes > 1 { first + points(LANE) } else { first } };
    let wanted = usize::from(plot.own.is_some()) + usize::from(plot.group.is_some());
    let clash = lane.own == lane.group && positions.clash();
    let placed = under_axis(plot, &positions, &lane, width, height, metrics);
    let complete = placed.len() == wanted && placed.iter().all(|label| !label.halo) && !clash;
    if let Some((lower, upper)) = positions.interval {
        figure.add_line(Token::Own, points(1.2), Dash::Solid, false, vec![(lower, lane.own), (upper, lane.own)]);
    }
    if let Some(group) = positions.group {
        diamond(&mut figure, (group, lane.group), DIAMOND_RADIUS_POINTS);
    }
    if let Some(own) = positions.own {
        own_dot(&mut figure, (own, lane.own), OWN_RADIUS_POINTS);
    }
    for label in placed.into_iter().chain(above_axis(plot, &positions, width, axis, metrics)) {
        label.draw(&mut figure);
    }
    Ok(Drawn { figure, complete })
}

/// Where the marks stand, in recorded units from the left.
struct Positions {
    middle: i32,
    half: (i32, i32),
    guideline: Option<i32>,
    group: Option<i32>,
    own: Option<i32>,
    interval: Option<(i32, i32)>,
}

impl Positions {
    /// The own mark with its interval, as wide as it is drawn.
    fn own_reach(&self) -> Option<(i32, i32)> {
        let own = self.own?;
        let radius = points(OWN_RADIUS_POINTS + OWN_HALO_POINTS);
        let (lower, upper) = self.interval.unwrap_or((own, own));
        Some((lower.min(own - radius), upper.max(own + radius)))
    }

    /// True when the diamond and the own mark cannot share a lane.
    fn clash(&self) -> bool {
        let reach = points(DIAMOND_RADIUS_POINTS + 1.0);
        match (self.own_reach(), self.group) {
            (Some((lower, upper)), Some(group)) => group + reach > lower && group - reach < upper,
            _ => false,
        }
    }
}

/// What the axis shows: all dots and lines, and the own value with as much of its interval as is useful.
fn domain(plot: &DotPlot) -> std::ops::Range<f64> {
    let mut core = Extent::empty();
    for value in &plot.dots {
        core.include(*value);
    }
    core.include(plot.middle.value);
    core.include(plot.middle_half.lower);
    core.include(plot.middle_half.upper);
    for extra in [&plot.guideline, &plot.group].into_iter().flatten() {
        core.include(extra.value);
    }
    let room = (core.span() * INTERVAL_ROOM).max(plot.grid);
    let (lower, upper) = (core.lower - room, core.upper + room);
    if let Some(own) = &plot.own {
        core.include(own.value);
        if let Some(interval) = own.interval {
            core.include(interval.lower.max(lower.min(own.value)));
            core.include(interval.upper.min(upper.max(own.value)));
        }
    }
    // Half a bin on each side, so that side-by-side columns of the outer bins stay whole.
    let room = (core.span() * 0.02).max(plot.grid / 2.0);
    core.lower - room..core.upper + room
}

/// Where the dots stand: bin value, shift to the side and height of the centre, in points; and the pitch.
struct Stack {
    dots: Vec<(f64, f64, f64)>,
    pitch: f64,
}

/// Stacks the dots of a bin. A stack that is too high for the plot gets columns side by side within its bin, as many as
/// give the largest dots.
fn stacked(plot: &DotPlot, bin: f64, room: f64) -> Stack {
    let mut bins: Vec<(f64, u32)> = Vec::new();
    for value in &plot.dots {
        match bins.last_mut() {
            // Values of one bin were rounded to the grid, so half a grid separates two bins.
            Some((first, count)) if (value - *first).abs() < plot.grid / 2.0 => *count += 1,
            _ => bins.push((*value, 1)),
        }
    }
    let highest = bins.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let pitch_of = |columns: u32| DOT_PITCH.min(bin / f64::from(columns)).min(room / f64::from(highest.div_ceil(columns)));
    let widest = if pitch_of(1) < SMALLEST_PITCH { highest } else { 1 };
    let columns = (2..=widest).fold(1, |best, columns| if pitch_of(columns) > pitch_of(best) + 1e-9 { columns } else { best });
    let pitch = pitch_of(columns);
    let mut dots = Vec::with_capacity(plot.dots.len());
    for (value, count) in bins {
        for index in 0..count {
            let row = index / columns;
            let in_row = (count - row * columns).min(columns);
            let shift = (f64::from(index % columns) - f64::from(in_row - 1) / 2.0) * pitch;
            dots.push((value, shift, (f64::from(row) + 0.5) * pitch + 1.0));
        }
    }
    Stack { dots, pitch }
}

/// Tick labels under the axis; the last one carries the unit when there is room.
fn draw_tick_labels(
    figure: &mut Figure,
    ticks: &[(f64, i32)],
    style: &Ticks,
    format: &ValueFormat,
    (notation, metrics): (Notation, &TextMetrics),
    axis: i32,
) {
    let centre = axis + points(7.5);
    let size = points(TEXT_POINTS);
    let mut free_from = i32::MIN;
    for (index, (value, position)) in ticks.iter().enumerate() {
        let bare = style.text(*value, format, notation);
        let with_unit = match format {
            ValueFormat::Number { unit, .. } if index + 1 == ticks.len() && !unit.is_empty() => Some(format!("{bare} {unit}")),
            _ => None,
        };
        for text in with_unit.into_iter().chain([bare]) {
            let width = metrics.width(&text, size, Weight::Regular);
            let left = (position - width / 2).clamp(0, (figure.width - width).max(0));
            if left >= free_from {
                fixed_text(figure, (left, centre), Anchor::Start, text);
                free_from = left + width + points(4.0);
                break;
            }
        }
    }
}

/// Labels of the lane or lanes under the axis.
fn under_axis(plot: &DotPlot, at: &Positions, lane: &Lanes, width: i32, height: i32, metrics: &TextMetrics) -> Vec<Placed> {
    let gap = points(LABEL_GAP_POINTS);
    let half_lane = points(LANE / 2.0);
    let frame = Rect { left: 0, top: lane.own - half_lane, right: width, bottom: height + points(1.0) };
    let mut labels = Vec::new();
    let mut obstacles = Vec::new();
    if let (Some(own), Some((left, right))) = (&plot.own, at.own_reach()) {
        obstacles.push(Rect { left, top: lane.own - half_lane, right, bottom: lane.own + half_lane });
        labels.push(Label {
            priority: Priority::Own,
            text: own.label.clone(),
            size: points(OWN_TEXT_POINTS),
            weight: Weight::Strong,
            colour: Token::Own,
            candidates: own_candidates(plot, at, lane, (left - gap, right + gap)),
        });
    }
    if let (Some(group), Some(position)) = (&plot.group, at.group) {
        let reach = points(DIAMOND_RADIUS_POINTS);
        obstacles.push(Rect::around((position, lane.group), reach));
        labels.push(Label {
            priority: Priority::Group,
            text: group.label.clone(),
            size: points(TEXT_POINTS),
            weight: Weight::Regular,
            colour: Token::Ink,
            candidates: vec![
                Candidate::end(position - reach - gap, lane.group),
                Candidate::start(position + reach + gap, lane.group),
            ],
        });
    }
    place(labels, &obstacles, frame, metrics)
}

/// Beside the own mark; when its interval fills the width, under its dot, if there is a second lane.
fn own_candidates(plot: &DotPlot, at: &Positions, lane: &Lanes, (left, right): (i32, i32)) -> Vec<Candidate> {
    let mut candidates = vec![Candidate::start(right, lane.own), Candidate::end(left, lane.own)];
    if let Some(own) = at.own
        && (plot.group.is_none() || lane.group > lane.own)
    {
        let below = lane.own + points(LANE);
        candidates.extend([Candidate::middle(own, below), Candidate::start(own, below), Candidate::end(own, below)]);
        let reach = points(DIAMOND_RADIUS_POINTS + LABEL_GAP_POINTS);
        candidates.extend(at.group.iter().flat_map(|group| {
            [Candidate::start(group + reach, below), Candidate::end(group - reach, below)]
        }));
    }
    candidates
}

/// Labels of the lines and the band, in two rows above the dots.
fn above_axis(plot: &DotPlot, at: &Positions, width: i32, axis: i32, metrics: &TextMetrics) -> Vec<Placed> {
    let gap = points(LABEL_GAP_POINTS);
    let (first, second) = (points(FIRST_ROW), points(SECOND_ROW));
    let frame = Rect { left: 0, top: points(-1.0), right: width, bottom: points(DOTS_TOP) };
    let mut obstacles = vec![Rect::of_line((at.middle, 0), (at.middle, axis), points(1.2)).grown(points(1.0))];
    let text = |priority, text: &str, colour, candidates| Label {
        priority,
        text: text.to_owned(),
        size: points(TEXT_POINTS),
        weight: Weight::Regular,
        colour,
        candidates,
    };
    let beside = |position: i32, rows: [i32; 2]| {
        rows.iter()
            .flat_map(|row| [Candidate::start(position + gap, *row), Candidate::end(position - gap, *row)])
            .collect::<Vec<_>>()
    };
    let mut labels = vec![
        text(Priority::Middle, &plot.middle.label, Token::Ink, beside(at.middle, [first, second])),
        text(
            Priority::Band,
            &plot.middle_half_label,
            Token::Muted,
            vec![
                Candidate::start(at.half.0 + gap, second),
                Candidate::end(at.half.1 - gap, second),
                Candidate::end(at.half.0 - gap, second),
                Candidate::start(at.half.1 + gap, second),
            ],
        ),
    ];
    if let (Some(guideline), Some(position)) = (&plot.guideline, at.guideline) {
        let top = points(SECOND_ROW - 4.0);
        obstacles.push(Rect::of_line((position, top), (position, axis), points(1.1)).grown(points(1.0)));
        labels.push(text(Priority::Norm, &guideline.label, Token::Norm, beside(position, [second, first])));
    }
    place(labels, &obstacles, frame, metrics)
}
