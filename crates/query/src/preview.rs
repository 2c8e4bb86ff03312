//! The national picture of one indicator, as lines for the analyst who writes it: only what reports show of the nation as well.

use std::collections::BTreeMap;

use spiegel_model::{IndicatorSpec, Label, MissingCode, Notation, Position, Side, ValueFormat, WithinKind, count, decimal};
use spiegel_stats::{Measure, Verdict};

use crate::results::IndicatorResult;
use crate::{Distribution, National, Results, Summary};

/// Digits after the comma of figures of a model.
const DIGITS_OF_MODEL: usize = 3;

/// The national picture of one indicator in the report year: a name and what belongs to it on each line, and what may be wrong with it
/// at the end. None when the results do not have the indicator.
#[must_use]
pub fn preview(results: &Results, id: &str) -> Option<String> {
    let indicator = results.indicators.iter().find(|one| one.indicator.spec.id == id)?;
    let result = indicator.years.get(&results.year.year)?;
    let (spec, national) = (&indicator.indicator.spec, &result.national);
    let mut lines = Lines::default();
    lines.add("indicator", format!("{id} {}, {}, year {}", spec.version, spec.title, results.year.label));
    lines.add("providers", format!("{} with a value, {} with at least {} {}", national.delivered, national.providers, results.year.minimum.shown, spec.unit.plural));
    lines.add("units", count(national.units));
    lines.add("mean", written(spec, national.mean, national.units));
    distribution(&mut lines, spec, national.distribution.as_ref());
    lines.add("between", national.between.map_or_else(|| "cannot be told".to_owned(), |between| decimal(between, DIGITS_OF_MODEL)));
    lines.add("rankability", national.rankability.map_or_else(|| "cannot be told".to_owned(), |share| decimal(share, 2)));
    for (label, providers) in labels(&indicator.positions) {
        lines.add(label, format!("{providers} providers"));
    }
    model(&mut lines, spec, national);
    if let Some(parts) = results.pipeline.spec.parts.as_ref().filter(|_| spec.parts) {
        for part in &parts.categories {
            let of_part = indicator.in_detail.parts.get(&part.id);
            let units: u64 = of_part.map_or(0, |summaries| summaries.values().map(Summary::n).sum());
            let mean = written(spec, indicator.in_detail.national_parts.get(&part.id).copied(), units);
            lines.add("part", format!("{}: {mean}, {} units", part.label, count(units)));
        }
    }
    for warning in warnings(results, indicator, national) {
        lines.add("warning", warning);
    }
    Some(lines.text)
}

/// Lines with a name of fixed width.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn add(&mut self, name: &str, what: impl AsRef<str>) {
        self.text.push_str(format!("{name:<20} {}", what.as_ref()).trim_end());
        self.text.push('\n');
    }
}

fn written(spec: &IndicatorSpec, value: Option<f64>, n: u64) -> String {
    value.map_or_else(|| "cannot be told".to_owned(), |value| spec.format.value_with_unit(value, n, Notation::DUTCH))
}

fn distribution(lines: &mut Lines, spec: &IndicatorSpec, distribution: Option<&Distribution>) {
    let Some(found) = distribution else { return lines.add("distribution", "not shown: fewer than 20 groups of owners with enough units") };
    // All digits that are printed of the nation.
    let range = |lower: f64, upper: f64| spec.format.range(lower, upper, u64::MAX, Notation::DUTCH);
    lines.add("median provider", spec.format.value_with_unit(found.middle, u64::MAX, Notation::DUTCH));
    lines.add("middle half", range(found.inner.lower, found.inner.upper));
    if let Some((share, outer)) = found.outer {
        lines.add(&format!("middle {share}%"), range(outer.lower, outer.upper));
    }
    // A line for each tenth of the dots of the dot plot: how they lie.
    let (Some(first), Some(last)) = (found.dots.first(), found.dots.last()) else { return };
    let (steps, width) = (10_u32, last - first);
    if width <= 0.0 {
        return;
    }
    for step in 0..steps {
        let (from, to) = (first + width * f64::from(step) / f64::from(steps), first + width * f64::from(step + 1) / f64::from(steps));
        let inside = found.dots.iter().filter(|dot| (**dot >= from || step == 0) && (**dot < to || step + 1 == steps)).count();
        lines.add("", format!("{:>24} {}", range(from, to), "o".repeat(inside)));
    }
}

/// How many providers have each label, in the order of the labels.
fn labels(positions: &BTreeMap<String, Position>) -> Vec<(&'static str, usize)> {
    const ORDER: [&str; 8] =
        ["signal lower", "attention lower", "comparable", "not distinguishable", "differs as many", "attention higher", "signal higher", "no label"];
    let word = |label: Label| match label {
        Label::Signal(Side::Lower) => "signal lower",
        Label::Attention(Side::Lower) => "attention lower",
        Label::Within(WithinKind::Equivalent) => "comparable",
        Label::Within(WithinKind::Indistinguishable) => "not distinguishable",
        Label::Within(WithinKind::DiffersAsMany) => "differs as many",
        Label::Attention(Side::Higher) => "attention higher",
        Label::Signal(Side::Higher) => "signal higher",
        Label::None(_) => "no label",
    };
    ORDER.map(|name| (name, positions.values().filter(|position| word(position.label) == name).count())).into()
}

fn model(lines: &mut Lines, spec: &IndicatorSpec, national: &National) {
    let Some(model) = &national.case_mix else {
        return lines.add("adjusters", if spec.adjusters.is_empty() { "none" } else { "declared, but no model could be fitted" });
    };
    lines.add("adjusters", model.adjusters.join(", "));
    if !model.left_out.is_empty() {
        lines.add("left out", format!("{} (too few events or units, or nothing that varies)", model.left_out.join(", ")));
    }
    for Verdict { measure, value, passes } in model.diagnostics.verdicts() {
        let name = match measure {
            Measure::Discrimination => "discrimination elsewhere",
            Measure::CalibrationSlope => "calibration slope",
            Measure::LargestInflation => "largest variance inflation",
            Measure::LargestInfluence => "largest influence of one provider",
            Measure::Separation => "separation",
        };
        let value = value.map_or_else(|| "cannot be computed".to_owned(), |value| decimal(value, DIGITS_OF_MODEL));
        lines.add(if passes { "pass" } else { "warn" }, format!("{name} {value}"));
    }
}

/// What an analyst should look at before anything is printed.
fn warnings(results: &Results, indicator: &IndicatorResult, national: &National) -> Vec<String> {
    let (spec, minimum) = (&indicator.indicator.spec, &results.year.minimum);
    let mut found = Vec::new();
    let Some(result) = indicator.years.get(&results.year.year) else { return found };
    let with = |units: u64| result.summaries.values().filter(|summary| summary.value().is_some() && summary.n() >= units).count();
    if national.delivered == 0 {
        found.push("no provider has a value: look at the conditions of indicator.sql, and at what was delivered".to_owned());
    } else if with(minimum.labelled) == 0 {
        found.push(format!("no provider has {} units, so that nobody gets a place", minimum.labelled));
    } else if with(minimum.labelled) * 2 < national.delivered {
        found.push(format!("{} of {} providers with a value have the {} units that a place asks for", with(minimum.labelled), national.delivered, minimum.labelled));
    }
    if national.delivered > 0 && national.between.is_none() {
        found.push("too few providers to tell how much they differ, so that nobody gets a place".to_owned());
    }
    let outside = |value: f64| spec.lowest.is_some_and(|lowest| value < lowest) || spec.highest.is_some_and(|highest| value > highest);
    let beyond = result.summaries.values().filter(|summary| match summary {
        Summary::Mean { values, .. } if !values.is_empty() => values.iter().any(|value| outside(*value)),
        other => other.value().is_some_and(outside),
    });
    let beyond = beyond.count();
    if beyond > 0 {
        found.push(format!("{beyond} providers have a value below `lowest` or above `highest`"));
    }
    if let (Some(mean), ValueFormat::Percentage) = (national.mean, &spec.format)
        && !(0.0..=1.0).contains(&mean)
    {
        found.push("the format is a percentage, and the mean is no share between 0 and 1".to_owned());
    }
    if national.distribution.as_ref().is_some_and(|one| one.inner.upper - one.inner.lower < spec.grid) {
        found.push("half of the providers lie within one step of `grid`: hardly anything to see".to_owned());
    }
    let held = indicator.positions.values().filter(|position| position.label == Label::None(MissingCode::Held)).count();
    if held > 0 {
        found.push(format!("{held} providers are held for an analyst by a finding and count nowhere"));
    }
    if let Some(model) = &national.case_mix
        && !model.places()
    {
        found.push("places are taken on the raw values: the model does not tell clients of other providers apart".to_owned());
    }
    let uncompared = indicator.positions.values().filter(|position| position.label == Label::None(MissingCode::NotComparable)).count();
    if uncompared > 0 && national.between.is_some() {
        found.push(format!("{uncompared} providers have a value that is not compared: too little of it is covered, or no model"));
    }
    found
}
