//! Round axis ticks and how they are written.

use spiegel_model::{Notation, ValueFormat};

/// Round values within a range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    /// Ascending values.
    pub(crate) values: Vec<f64>,
    /// Distance between two.
    pub(crate) step: f64,
}

impl Ticks {
    /// About `wanted` ticks at 1, 2 or 5 times a power of ten between two values. Empty when the range is not a range.
    #[must_use]
    pub(crate) fn between(lower: f64, upper: f64, wanted: usize) -> Self {
        let span = upper - lower;
        if !span.is_finite() || span <= 0.0 || wanted == 0 {
            return Self { values: Vec::new(), step: 1.0 };
        }
        let smallest = 10f64.powf((span / wanted as f64).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0, 20.0]
            .into_iter()
            .map(|factor| factor * smallest)
            .min_by_key(|step| {
                let count = (upper / step).floor() - (lower / step).ceil() + 1.0;
                (count - wanted as f64).abs() as i64
            })
            .unwrap_or(smallest);
        let first = (lower / step - 1e-9).ceil() as i64;
        let last = (upper / step + 1e-9).floor() as i64;
        // Dividing by a whole number keeps 0.3 from becoming 0.30000000000000004.
        let value = |index: i64| if step < 1.0 { index as f64 / (1.0 / step).round() } else { index as f64 * step };
        Self { values: (first..=last).map(value).collect(), step }
    }

    /// A tick as written on an axis, without unit.
    #[must_use]
    pub(crate) fn text(&self, value: f64, format: &ValueFormat, notation: Notation) -> String {
        match format {
            ValueFormat::Percentage => notation.percentage(value, places(self.step * 100.0)),
            ValueFormat::Number { .. } => notation.decimal(value, places(self.step)),
        }
    }
}

/// Digits after the comma that a step needs.
fn places(step: f64) -> usize {
    let digits = -(step + 1e-12).log10().floor();
    if digits > 0.0 { digits as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        assert_eq!(Ticks::between(320.0, 720.0, 8).values, [350.0, 400.0, 450.0, 500.0, 550.0, 600.0, 650.0, 700.0]);
        assert_eq!(Ticks::between(0.0, 24_000.0, 5).values, [0.0, 5_000.0, 10_000.0, 15_000.0, 20_000.0]);
        assert_eq!(Ticks::between(0.11, 0.42, 6).values, [0.15, 0.2, 0.25, 0.3, 0.35, 0.4]);
        assert!(Ticks::between(5.0, 5.0, 6).values.is_empty());
    }

    #[test]
    fn the_number_of_ticks_stays_near_the_wish() {
        for lower in [-3.0, 0.0, 0.4, 17.0, 395.0] {
            for span in [0.013, 0.2, 0.99, 7.3, 45.0, 380.0, 23_999.0] {
                let ticks = Ticks::between(lower, lower + span, 6);
                assert!((3..=10).contains(&ticks.values.len()), "{lower} {span}: {:?}", ticks.values);
                assert!(ticks.values.iter().all(|value| *value >= lower - 1e-6 && *value <= lower + span + 1e-6));
            }
        }
    }

    #[test]
    fn decimals_follow_the_step() {
        let share = Ticks::between(0.0, 0.02, 5);
        assert_eq!(share.text(0.005, &ValueFormat::Percentage, Notation::DUTCH), "0,5%");
        let mark = Ticks::between(7.9, 9.1, 6);
        assert_eq!(mark.text(8.2, &ValueFormat::Number { decimals: 1, unit: String::new() }, Notation::DUTCH), "8,2");
        let minutes = Ticks::between(300.0, 1_200.0, 6);
        assert_eq!(minutes.text(1_200.0, &ValueFormat::Number { decimals: 0, unit: "minuten".into() }, Notation::DUTCH), "1.200");
    }
}
