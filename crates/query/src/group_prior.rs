//! For the analyst: the level that is most plausible of a provider when it is drawn towards its comparable group, and the group towards
//! the nation (statistics 9). It stays out of reports: the mean of a group could be worked out from it, and with the groups that overlap
//! also what a few providers come to.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_stats as stats;

use crate::place::Yardstick;
use crate::results::IndicatorResult;
use crate::{Results, Summary};

/// What each provider is drawn towards, on the scale of its place, by provider: the prior mean of its first comparable group. Who has no
/// group is left out. Empty when the nation has too few providers for a place.
pub(crate) fn priors(results: &Results, indicator: &IndicatorResult) -> BTreeMap<String, f64> {
    let spec = &indicator.indicator.spec;
    let Some(year) = indicator.years.get(&results.year.year) else { return BTreeMap::new() };
    let placed = |id: &str| -> Option<(f64, f64, f64)> {
        let summary: &Summary = year.summaries.get(id).filter(|summary| summary.n() >= results.year.minimum.shown)?;
        let yardstick = Yardstick::new(spec, &year.national, id, Some(summary))?;
        Some((summary.n() as f64, summary.value()? - yardstick.offset(), yardstick.variance(summary)?))
    };
    let values: BTreeMap<&str, (f64, f64, f64)> = results.providers.keys().filter_map(|id| Some((id.as_str(), placed(id)?))).collect();
    let mut members: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for class in results.providers.values().filter_map(|provider| Some(&provider.groups.first()?.class)) {
        members.entry(class.number).or_insert_with(|| class.members.iter().map(String::as_str).filter(|id| values.contains_key(id)).collect());
    }
    members.retain(|_, ids| ids.len() >= results.year.minimum.group_providers);
    let means: Vec<stats::GroupMean> = members
        .values()
        .map(|ids| {
            let of = || ids.iter().filter_map(|id| values.get(id));
            let units: f64 = of().map(|(n, _, _)| n).sum();
            stats::GroupMean {
                mean: of().map(|(n, value, _)| n * value).sum::<f64>() / units,
                variance: of().map(|(n, _, variance)| (n / units).powi(2) * variance).sum(),
            }
        })
        .collect();
    let priors = year.national.mean.and_then(|national| stats::group_priors(&means, national)).unwrap_or_default();
    let of_class: BTreeMap<usize, f64> = members.keys().copied().zip(priors).collect();
    let prior = |class: usize| of_class.get(&class).copied();
    results.providers.values().filter_map(|one| Some((one.id.clone(), prior(one.groups.first()?.class.number)?))).collect()
}
