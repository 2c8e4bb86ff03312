//! Case-mix models beside those of the year before (statistics 8): do they weigh the clients of today as those of then?

use std::collections::BTreeMap;

use spiegel_stats as stats;

use crate::store::{Reference, ReferenceIndicator};
use crate::{Coefficient, Results};

/// How a model differs from that of the year before.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Report year of the other model.
    pub year: i32,
    /// Coefficients that both have, by name.
    pub changes: BTreeMap<String, stats::Change>,
}

impl Drift {
    /// None when the two have no coefficient in common.
    fn between(year: i32, then: &[Coefficient], now: &[Coefficient]) -> Option<Self> {
        let known: BTreeMap<&str, &Coefficient> = then.iter().map(|one| (one.name.as_str(), one)).collect();
        let both: Vec<(&Coefficient, &Coefficient)> = now.iter().filter_map(|one| Some((*known.get(one.name.as_str())?, one))).collect();
        let estimate = |one: &Coefficient| stats::Estimate { value: one.value, standard_error: one.standard_error };
        let pairs: Vec<(stats::Estimate, stats::Estimate)> = both.iter().map(|(then, now)| (estimate(then), estimate(now))).collect();
        let changes = both.iter().map(|(_, now)| now.name.clone()).zip(stats::coefficient_changes(&pairs)).collect::<BTreeMap<_, _>>();
        (!changes.is_empty()).then_some(Self { year, changes })
    }

    /// Whether no coefficient changed by more than chance.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.changes.values().all(|change| !change.is_drift())
    }

    /// Titles of the adjusters with a coefficient that did, each once.
    pub(crate) fn drifted(&self) -> Vec<String> {
        let mut titles: Vec<String> = Vec::new();
        for (name, _) in self.changes.iter().filter(|(_, change)| change.is_drift()) {
            // `opleiding: laag` and `leeftijd, per standaarddeviatie` belong to what stands before.
            let title = name.split([':', ',']).next().unwrap_or(name).trim().to_owned();
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        titles
    }
}

impl Results {
    /// Puts the models of the year before, as they were frozen, beside those of this year. An indicator of another definition is not
    /// compared. Numbers are per standard deviation of their own year.
    pub fn compare_with(&mut self, before: &Reference) {
        let year = self.year.year;
        let known: BTreeMap<&str, &ReferenceIndicator> = before.indicators.iter().map(|one| (one.id.as_str(), one)).collect();
        for indicator in &mut self.indicators {
            let spec = &indicator.indicator.spec;
            let then = known.get(spec.id.as_str()).filter(|then| then.version == spec.version).and_then(|then| then.case_mix.as_ref());
            let now = indicator.years.get_mut(&year).and_then(|result| result.national.case_mix.as_mut());
            if let (Some(then), Some(now)) = (then, now) {
                now.drift = Drift::between(before.year, &then.coefficients, &now.coefficients);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_compared_by_name_and_told_by_their_adjuster() {
        let of = |name: &str, value: f64| Coefficient { name: name.to_owned(), value, standard_error: 0.5 };
        let then = [of("opleiding: laag", 1.0), of("leeftijd, per standaarddeviatie", 2.0), of("gone", 9.0)];
        let now = [of("leeftijd, per standaarddeviatie", 2.4), of("opleiding: laag", 6.0), of("opleiding: midden", 3.0)];
        let drift = Drift::between(2024, &then, &now).unwrap();
        assert_eq!(drift.changes.len(), 2);
        assert!(!drift.passes());
        assert_eq!(drift.drifted(), ["opleiding"]);
        let still = Drift::between(2024, &then, &then).unwrap();
        assert!(still.passes() && still.drifted().is_empty());
        assert_eq!(Drift::between(2024, &then[2..], &now), None);
    }
}
