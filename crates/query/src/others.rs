//! The nation without one provider (statistics 6.10). Who has a large part of all units is measured against the others, because it
//! would otherwise be measured against itself; what is uncertain of the others then widens the limits.

use std::collections::BTreeMap;

use spiegel_stats as stats;

use crate::case_mix::Expected;
use crate::{GROUP, National, Summary};

/// A provider with more than this share of all units is measured against the others.
const SHARE_FOR_LEAVE_ONE_OUT: f64 = 0.05;
/// Newton's steps towards the shift of the others; three are enough in practice.
const MOST_STEPS: usize = 50;

/// What the others are like, for a provider with a large part of the nation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Others {
    /// Their mean.
    pub(crate) mean: f64,
    /// Their units.
    pub(crate) units: f64,
    /// Σ(nⱼ/N)² over them: how much of the variation between providers is left in their mean.
    pub(crate) concentration: f64,
}

impl Others {
    /// None for a provider that is a small part of the nation, or all of it.
    pub(crate) fn of(national: &National, summary: &Summary) -> Option<Self> {
        let (n, all) = (summary.n() as f64, national.units as f64);
        let (value, mean, units) = (summary.value()?, national.mean?, all - n);
        (n > SHARE_FOR_LEAVE_ONE_OUT * all && units > 0.0).then(|| Self {
            mean: (all * mean - n * value) / units,
            units,
            // What is put together of small providers is no single one of them: none of its square is among these.
            concentration: ((national.squared_units - n * n) / (units * units)).clamp(1.0 / national.delivered.max(1) as f64, 1.0),
        })
    }

    /// The variance of their mean as an estimate of the level that providers vary around, for a variance within and between.
    pub(crate) fn variance(&self, within: f64, between: f64) -> f64 {
        within / self.units + between * self.concentration
    }
}

/// What is expected of a provider's units when the model is made to fit the others: only its level moves, since a weight rests on
/// differences within all providers.
pub(crate) struct Refitted {
    /// Mean of what is expected.
    pub(crate) mean: f64,
    /// Expected probabilities, ascending; empty for a mean.
    pub(crate) probabilities: Vec<f64>,
    /// Σp(1 − p) over the units of the others: what the level of a model of shares rests on; 0 for a mean.
    pub(crate) information: f64,
}

impl Refitted {
    /// None when the others have no uncertain unit.
    pub(crate) fn new(providers: &BTreeMap<String, Expected>, expected: &Expected, summary: &Summary, others: &Others) -> Option<Self> {
        match summary {
            Summary::Mean { n, mean, .. } => {
                let shift = -(*n as f64) * (mean - expected.mean) / others.units;
                Some(Self { mean: expected.mean + shift, probabilities: Vec::new(), information: 0.0 })
            }
            Summary::Proportion { events, .. } => {
                let all = || providers.iter().filter(|(id, _)| id.as_str() != GROUP).flat_map(|(_, one)| &one.probabilities);
                let own = &expected.probabilities;
                // The others have as many events as are expected of all, less the own ones.
                let wanted = all().sum::<f64>() - *events as f64;
                let mut shift = 0.0;
                let mut information = 0.0;
                for _ in 0..MOST_STEPS {
                    let moved = |p: &f64| stats::shifted_probability(*p, shift);
                    let sum = |of: &dyn Fn(f64) -> f64| all().map(|p| of(moved(p))).sum::<f64>() - own.iter().map(|p| of(moved(p))).sum::<f64>();
                    information = sum(&|p| p * (1.0 - p));
                    if information <= 0.0 || !information.is_finite() {
                        return None;
                    }
                    let step = (wanted - sum(&|p| p)) / information;
                    shift += step.clamp(-1.0, 1.0);
                    if step.abs() < 1e-10 {
                        break;
                    }
                }
                let probabilities: Vec<f64> = own.iter().map(|p| stats::shifted_probability(*p, shift)).collect();
                let mean = probabilities.iter().sum::<f64>() / probabilities.len().max(1) as f64;
                Some(Self { mean, probabilities, information })
            }
            Summary::NotDelivered { .. } | Summary::Held => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use spiegel_model::{IndicatorSpec, Minimums};

    use super::*;
    use crate::place::Yardstick;
    use crate::{Pipeline, Register};

    const MINIMUM: Minimums = Minimums { shown: 10, labelled: 30, clients: 0, client_years: 1, group_providers: 3, group_largest_share: 0.4, pooled_years: 1 };

    fn spec(id: &str) -> IndicatorSpec {
        let pipeline = Pipeline::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/kibg"))).unwrap();
        pipeline.indicators.into_iter().map(|one| one.spec).find(|spec| spec.id == id).unwrap()
    }

    fn expected(probabilities: &[f64]) -> Expected {
        let mean = probabilities.iter().sum::<f64>() / probabilities.len() as f64;
        Expected { mean, residual_sd: None, probabilities: probabilities.to_vec(), shift: None, shift_units: 0 }
    }

    /// 24 small providers of 40 units and one of 400: nearly a third of all.
    fn of_means() -> BTreeMap<String, Summary> {
        let mean = |n: u64, mean: f64| Summary::Mean { n, mean, sd: Some(9.0), third_central_sum: 0.0, values: Vec::new() };
        let small = (0..24).map(|at| (format!("s{at:02}"), mean(40, 8.0 + f64::from(at % 7))));
        small.chain([("large".to_owned(), mean(400, 14.0))]).collect()
    }

    #[test]
    fn a_large_provider_is_measured_against_the_others_with_what_is_uncertain_of_them() {
        let (spec, summaries) = (spec("behandeleffect"), of_means());
        let national = National::new(&spec, &MINIMUM, &summaries, &Register::default(), None);
        let large = &summaries["large"];
        let yardstick = Yardstick::new(&spec, &national, "large", Some(large)).unwrap();
        let others = summaries.iter().filter(|(id, _)| *id != "large").map(|(_, one)| one.value().unwrap()).sum::<f64>() / 24.0;
        assert!(yardstick.is_left_out() && (yardstick.target() - others).abs() < 1e-9);
        let (within, between) = (national.within_variance.unwrap(), national.between.unwrap());
        assert!(between > 0.0);
        // Two samples: 400 units of one level, 960 units of 24 levels.
        let error = (within / 400.0 + within / 960.0 + between + between / 24.0).sqrt();
        let [limits, _] = yardstick.lines(400);
        assert!((limits.upper.unwrap() - (others + stats::Z95 * error)).abs() < 1e-6, "{limits:?}");
        // A small one is a part of the nation that it is measured against.
        let small = Yardstick::new(&spec, &national, "s03", summaries.get("s03")).unwrap();
        assert!(!small.is_left_out() && (small.target() - national.mean.unwrap()).abs() < 1e-12);
        let own = (within * (1.0 / 40.0 - 1.0 / 1360.0) + between).sqrt();
        assert!((small.lines(40)[0].upper.unwrap() - (national.mean.unwrap() + stats::Z95 * own)).abs() < 1e-6);
    }

    #[test]
    fn shares_of_a_large_provider_too() {
        let small = (0..24).map(|at| (format!("s{at:02}"), Summary::Proportion { events: 10 + at % 7, n: 40 }));
        let summaries: BTreeMap<String, Summary> = small.chain([("large".to_owned(), Summary::Proportion { events: 200, n: 400 })]).collect();
        let spec = spec("blended");
        let national = National::new(&spec, &MINIMUM, &summaries, &Register::default(), None);
        let yardstick = Yardstick::new(&spec, &national, "large", summaries.get("large")).unwrap();
        let events: u64 = summaries.iter().filter(|(id, _)| *id != "large").map(|(_, one)| if let Summary::Proportion { events, .. } = one { *events } else { 0 }).sum();
        assert!((yardstick.target() - events as f64 / 960.0).abs() < 1e-12);
        // Wider than when the others were known without error.
        let known = stats::limits_proportion(400, yardstick.target(), national.between.unwrap(), stats::Z95);
        let [limits, _] = yardstick.lines(400);
        assert!(limits.upper.unwrap() > known.upper.unwrap() && limits.lower.unwrap() < known.lower.unwrap());
    }

    #[test]
    fn a_model_of_shares_is_made_to_fit_the_others() {
        let (own, other): (Vec<f64>, Vec<f64>) = ((1..=40).map(|at| f64::from(at) / 50.0).collect(), (1..=60).map(|at| f64::from(at) / 90.0).collect());
        let providers: BTreeMap<String, Expected> =
            [("large", expected(&own)), ("other", expected(&other)), (GROUP, expected(&[0.9; 30]))].map(|(id, one)| (id.to_owned(), one)).into();
        let all: f64 = own.iter().chain(&other).sum();
        let events = 25;
        let others = Others { mean: 0.3, units: 60.0, concentration: 1.0 };
        let refitted = Refitted::new(&providers, &providers["large"], &Summary::Proportion { events, n: 40 }, &others).unwrap();
        // The same shift, found from the outside: the others then have as many events as they had.
        let shift = (refitted.probabilities[0] / (1.0 - refitted.probabilities[0])).ln() - (own[0] / (1.0 - own[0])).ln();
        let of_others: f64 = other.iter().map(|p| stats::shifted_probability(*p, shift)).sum();
        assert!((of_others - (all - events as f64)).abs() < 1e-8, "{of_others}");
        // More events than expected of the own clients: less is expected of them by the others alone.
        assert!(refitted.mean < providers["large"].mean && refitted.information > 0.0);
        // A mean moves by what the others have too much.
        let mean = Refitted::new(&providers, &expected(&[10.0]), &Summary::Mean { n: 40, mean: 13.0, sd: None, third_central_sum: 0.0, values: Vec::new() }, &others);
        assert!((mean.unwrap().mean - (10.0 - 40.0 * 3.0 / 60.0)).abs() < 1e-12);
    }
}
