//! Layout of figures as data: no text on a text, none outside its figure, the own label always there.

use spiegel_model::{DotPlot, FunnelPlot, IndicatorPage, Notation, OwnMark, Range, Report, TrendPlot, ValueFormat};

use super::*;
use crate::labels::tests::metrics;
use crate::labels::{Candidate, Label, Priority, TextMetrics, text_area};

fn preview() -> Report {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../report-templates/spiegel/preview.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Boxes of all texts of a figure.
fn text_boxes(figure: &Figure, metrics: &TextMetrics) -> Vec<(String, Rect)> {
    let texts = figure.marks.iter().filter_map(|mark| match mark {
        Mark::Text { x, y, anchor, size, weight, colour, text } => {
            let label = Label {
                priority: Priority::Own,
                text: text.clone(),
                size: *size,
                weight: *weight,
                colour: *colour,
                candidates: Vec::new(),
            };
            // The recorded height is the baseline; a box is asked for the middle of the capitals.
            let centre = 2 * y - baseline(*y, *size);
            Some((text.clone(), text_area(&label, Candidate { x: *x, centre, anchor: *anchor }, metrics)))
        }
        _ => None,
    });
    texts.collect()
}

/// What a reader would trip over.
fn assert_readable(name: &str, figure: &Figure, metrics: &TextMetrics) {
    let boxes = text_boxes(figure, metrics);
    // A hairline may cross the edge: the last label of an axis ends where the figure ends.
    let page = Rect { left: 0, top: 0, right: figure.width, bottom: figure.height }.grown(points(2.5));
    for (index, (text, area)) in boxes.iter().enumerate() {
        assert!(area.lies_in(&page), "{name}: `{text}` leaves the figure: {area:?}");
        for (other, other_area) in &boxes[index + 1..] {
            assert!(!area.overlaps(other_area), "{name}: `{text}` lies on `{other}`");
        }
    }
}

/// Lines of the figure that no text may lie on, without grid, axes and what lies under the own label's white ground.
fn assert_clear_of_lines(name: &str, figure: &Figure, metrics: &TextMetrics) {
    let strong = |mark: &&Mark| matches!(mark, Mark::Line { colour: Token::Ink | Token::Norm | Token::Own, .. });
    let lines: Vec<Rect> = figure.marks.iter().filter(strong).flat_map(mark_obstacles).collect();
    for (text, area) in text_boxes(figure, metrics) {
        for line in &lines {
            assert!(!area.overlaps(line), "{name}: `{text}` {area:?} lies on a line {line:?}");
        }
    }
}

fn pages_with<T: Clone>(pick: impl Fn(&IndicatorPage) -> Option<T>) -> Vec<(String, T, ValueFormat)> {
    let pages = preview().indicators;
    pages.iter().filter_map(|page| Some((page.id.clone(), pick(page)?, page.format.clone()))).collect()
}

#[test]
fn the_preview_has_readable_figures() {
    let metrics = metrics();
    for (name, plot, format) in pages_with(|page| page.dot_plot.clone()) {
        let figure = dot_plot(&plot, &format, Notation::DUTCH, &metrics).unwrap();
        assert_readable(&name, &figure, &metrics);
        assert_clear_of_lines(&name, &figure, &metrics);
        assert!(plot.own.is_none_or(|own| figure.texts().any(|text| text == own.label)), "{name} has no own label");
    }
    for (name, plot, format) in pages_with(|page| page.funnel.clone()) {
        assert_readable(&name, &funnel(&plot, &format, Notation::DUTCH, &metrics).unwrap(), &metrics);
    }
    for (name, plot, format) in pages_with(|page| page.trend.clone()) {
        let figure = trend(&plot, &format, Notation::DUTCH, &metrics).unwrap();
        assert_readable(&name, &figure, &metrics);
        assert_clear_of_lines(&name, &figure, &metrics);
        assert!(figure.texts().any(|text| text == plot.own_label), "{name} has no own label");
    }
}

#[test]
fn the_examples_of_the_reading_guide_are_readable() {
    let metrics = metrics();
    let guide = preview().guide.unwrap();
    let spine = annotated_spine(&guide.spine).unwrap();
    assert_readable("example of a row", &spine, &metrics);
    let labels = [&guide.spine.own, &guide.spine.interval, &guide.spine.group, &guide.spine.middle, &guide.spine.inner, &guide.spine.outer];
    assert!(labels.iter().all(|label| spine.texts().any(|text| text == label.as_str())), "every mark of a row has its label");
    let plot = small_dot_plot(&guide.dot_plot, &guide.format, Notation::DUTCH, &metrics).unwrap();
    assert_readable("example of a distribution", &plot, &metrics);
    assert_clear_of_lines("example of a distribution", &plot, &metrics);
    assert_readable("example of a funnel", &funnel(guide.funnel.as_ref().unwrap(), &guide.format, Notation::DUTCH, &metrics).unwrap(), &metrics);
}

/// Wherever the own figure lies beside its norm, both have their labels and no text lies on another.
#[test]
fn a_norm_and_the_own_figure_keep_their_labels() {
    let metrics = metrics();
    let plot = preview().norms.unwrap().rows.into_iter().find_map(|row| row.bullet).unwrap();
    for own in [0.0, 100.0, 480.0, 535.0, 540.0, 545.0, 600.0, 2400.0] {
        for half_width in [None, Some(2.0), Some(40.0), Some(700.0)] {
            let mut plot = plot.clone();
            plot.own.value = own;
            plot.own.interval = half_width.map(|half| Range { lower: own - half, upper: own + half });
            let name = format!("own {own} {half_width:?}");
            let figure = norm_bullet(&plot, Notation::DUTCH, &metrics).unwrap();
            assert_readable(&name, &figure, &metrics);
            for label in [&plot.own.label, &plot.reference.label] {
                assert!(figure.texts().any(|text| text == label.as_str()), "{name}: no `{label}`");
            }
        }
    }
}

/// Wherever own value, group and guideline stand, nothing collides and the own label is there.
#[test]
fn labels_of_a_distribution_find_room_wherever_the_marks_stand() {
    let metrics = metrics();
    let (_, plot, format) = pages_with(|page| page.dot_plot.clone()).into_iter().find(|(name, ..)| name == "behandelminuten").unwrap();
    let ends = (plot.dots[0], plot.dots[plot.dots.len() - 1]);
    let at = |step: u32| ends.0 + (ends.1 - ends.0) * f64::from(step) / 12.0;
    for own_step in 0..=12 {
        for other_step in 0..=12 {
            for half_width in [None, Some(4.0), Some(60.0), Some(900.0)] {
                let own = at(own_step);
                let interval = half_width.map(|half| Range { lower: own - half, upper: own + half });
                let mut plot: DotPlot = plot.clone();
                plot.own = Some(OwnMark { value: own, interval, label: "U: 611 minuten".into(), n: 208 });
                if let Some(group) = &mut plot.group {
                    group.value = at(other_step);
                }
                if let Some(guideline) = &mut plot.guideline {
                    guideline.value = at(other_step) + 1.0;
                }
                let name = format!("own {own_step} other {other_step} {half_width:?}");
                let figure = dot_plot(&plot, &format, Notation::DUTCH, &metrics).unwrap();
                assert_readable(&name, &figure, &metrics);
                assert_clear_of_lines(&name, &figure, &metrics);
                assert!(figure.texts().any(|text| text == "U: 611 minuten"), "{name}: no own label");
            }
        }
    }
}

#[test]
fn a_funnel_to_thousands_of_units_stays_readable() {
    let metrics = metrics();
    let (_, plot, format) = pages_with(|page| page.funnel.clone()).into_iter().find(|(name, ..)| name == "rom").unwrap();
    for factor in [0.3, 1.0, 7.0, 55.0] {
        let mut plot: FunnelPlot = plot.clone();
        plot.n_maximum *= factor;
        plot.lines.iter_mut().for_each(|line| line.n *= factor);
        plot.cells.iter_mut().for_each(|cell| cell.n *= factor);
        if let Some(own) = &mut plot.own {
            own.n = 31_250;
        }
        let figure = funnel(&plot, &format, Notation::DUTCH, &metrics).unwrap();
        assert_readable(&format!("funnel × {factor}"), &figure, &metrics);
        assert!(figure.texts().any(|text| text == "U"));
        assert!(figure.texts().any(|text| text.ends_with('+')), "the last tick says that larger ones are drawn there");
    }
}

#[test]
fn eight_years_with_long_labels_and_a_break_stay_readable() {
    let metrics = metrics();
    let (_, plot, format) = pages_with(|page| page.trend.clone()).into_iter().find(|(name, ..)| name == "rom").unwrap();
    let mut long: TrendPlot = plot.clone();
    long.years = (0..8usize)
        .map(|index| {
            let mut year = plot.years[index % plot.years.len()].clone();
            year.label = format!("20{}-{}", 17 + index, 18 + index);
            year.broken = index == 3;
            if index == 5 {
                year.own = None;
                year.code = "niet aangeleverd".into();
            }
            year
        })
        .collect();
    let figure = trend(&long, &format, Notation::DUTCH, &metrics).unwrap();
    assert_readable("trend of eight years", &figure, &metrics);
    assert!(figure.texts().any(|text| text == "2024-25" || text == "2024-2025"), "the last year has its label");
    let dotted = figure.marks.iter().filter(|mark| matches!(mark, Mark::Line { dash: Dash::Dotted, .. })).count();
    assert_eq!(dotted, 1, "one dotted line at the break");
}

#[test]
fn what_is_absent_is_not_drawn() {
    let metrics = metrics();
    let (_, mut plot, format) = pages_with(|page| page.dot_plot.clone()).remove(0);
    plot.own = None;
    plot.group = None;
    plot.guideline = None;
    let figure = dot_plot(&plot, &format, Notation::DUTCH, &metrics).unwrap();
    let own_or_norm = |mark: &Mark| {
        matches!(mark, Mark::Line { colour: Token::Own | Token::Norm, .. } | Mark::Dots { colour: Token::Own, .. })
    };
    assert!(!figure.marks.iter().any(own_or_norm));
    let dots = figure.marks.iter().filter(|mark| matches!(mark, Mark::Dots { .. })).count();
    assert_eq!(dots, 1, "all dots of other providers are one path");
}

#[test]
fn a_value_that_is_not_a_number_is_an_error() {
    let (_, mut plot, format) = pages_with(|page| page.dot_plot.clone()).remove(0);
    plot.dots[3] = f64::NAN;
    plot.middle.value = f64::INFINITY;
    assert_eq!(dot_plot(&plot, &format, Notation::DUTCH, &metrics()), Err(DrawError::NotFinite));
}

#[test]
fn fifty_dots_of_one_value_stand_in_columns() {
    let metrics = metrics();
    let (_, mut plot, _) = pages_with(|page| page.dot_plot.clone()).remove(0);
    plot.dots = [vec![0.95; 10], vec![1.0; 40]].concat();
    plot.grid = 0.01;
    plot.middle_half = Range { lower: 1.0, upper: 1.0 };
    plot.middle.value = 1.0;
    plot.own = None;
    plot.group = None;
    let figure = dot_plot(&plot, &ValueFormat::Percentage, Notation::DUTCH, &metrics).unwrap();
    let Some(Mark::Dots { diameter, centres, .. }) = figure.marks.iter().find(|mark| matches!(mark, Mark::Dots { .. })) else {
        panic!("no dots");
    };
    assert!(*diameter > points(4.0), "dots of {diameter} are too small to count");
    let mut apart = centres.clone();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), 50, "every dot can be counted");
}

#[test]
fn a_line_is_cut_where_it_leaves_the_plot() {
    let line = [(0.0, 0.0), (10.0, 10.0), (20.0, 0.0)];
    let parts = clipped(&line, -5.0, 5.0);
    assert_eq!(parts, [vec![(0.0, 0.0), (5.0, 5.0)], vec![(15.0, 5.0), (20.0, 0.0)]]);
    assert_eq!(clipped(&line, -1.0, 11.0), [line.to_vec()]);
    assert!(clipped(&line, 20.0, 30.0).is_empty());
}

#[test]
fn a_long_margin_label_breaks_near_its_middle() {
    assert_eq!(two_lines("landelijk gemiddelde 514", false), ["landelijk", "gemiddelde 514"]);
    assert_eq!(two_lines("540", false), ["540"]);
}
