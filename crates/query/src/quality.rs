//! How complete a delivery is: the items that `[quality]` of a pipeline counts, by provider, and what they come to nationally.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::Array;
use spiegel_model::{Minimums, QualitySpec, YearSpec};

use crate::results::parameters;
use crate::{Engine, Error, Pipeline, Register};

/// How many units have an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filled {
    /// Units that have it.
    pub(crate) units: u64,
    /// Units that could have it.
    pub(crate) of: u64,
}

impl Filled {
    /// Part that has it. None of nothing.
    pub(crate) fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.units as f64 / self.of as f64)
    }

    /// Units that miss it.
    pub(crate) fn missing(self) -> u64 {
        self.of.saturating_sub(self.units)
    }
}

/// item → provider → how many have it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quality {
    items: BTreeMap<String, BTreeMap<String, Filled>>,
    /// item → mean of providers' shares.
    national: BTreeMap<String, f64>,
}

impl Quality {
    /// Counts the report year; empty when the pipeline counts nothing.
    pub(crate) fn count(engine: &Engine, pipeline: &Pipeline, year: &YearSpec, register: &Register) -> Result<Self, Error> {
        let (Some(spec), Some(sql)) = (&pipeline.spec.quality, &pipeline.quality_sql) else { return Ok(Self::default()) };
        let known = known(spec);
        let rows = engine.rows(&spec.sql, sql, &parameters(year, year.year))?;
        let mut items: BTreeMap<String, BTreeMap<String, Filled>> = BTreeMap::new();
        rows.each(&["provider_id", "item", "units", "of_units"], |columns| {
            let (ids, names) = (rows.text(&columns[0])?, rows.text(&columns[1])?);
            let (units, of) = (rows.number(&columns[2])?, rows.number(&columns[3])?);
            for row in 0..ids.len() {
                let item = names.value(row);
                if !known.contains(item) {
                    return Err(Error::definition(&spec.sql, format!("returns the item `{item}`, which [quality] of pipeline.toml does not list")));
                }
                let whole = |column: &datafusion::arrow::array::Float64Array| if column.is_null(row) { 0 } else { column.value(row).max(0.0).round() as u64 };
                let filled = Filled { units: whole(&units), of: whole(&of) };
                items.entry(item.to_owned()).or_default().insert(ids.value(row).to_owned(), filled);
            }
            Ok(())
        })?;
        let national = items.iter().filter_map(|(item, of)| Some((item.clone(), national(of, &year.minimum, register)?))).collect();
        Ok(Self { items, national })
    }

    /// How many units of a provider have an item. None when it was not counted.
    pub(crate) fn of(&self, item: &str, provider: &str) -> Option<Filled> {
        self.items.get(item)?.get(provider).copied()
    }

    /// Counts members together under a name, where `is_safe` allows that of what each could have.
    pub(crate) fn gather(&mut self, name: &str, members: &BTreeSet<String>, is_safe: impl Fn(Vec<(&str, u64)>) -> bool) {
        for of in self.items.values_mut() {
            let of_members: Vec<(&str, Filled)> = members.iter().filter_map(|id| Some((id.as_str(), *of.get(id)?))).collect();
            if is_safe(of_members.iter().map(|(id, filled)| (*id, filled.of)).collect()) {
                let sum = |number: fn(&Filled) -> u64| of_members.iter().map(|(_, filled)| number(filled)).sum();
                let together = Filled { units: sum(|filled| filled.units), of: sum(|filled| filled.of) };
                of.insert(name.to_owned(), together);
            }
        }
    }

    /// Mean of the providers' shares. None with too few providers.
    pub(crate) fn national(&self, item: &str) -> Option<f64> {
        self.national.get(item).copied()
    }
}

fn known(spec: &QualitySpec) -> BTreeSet<&str> {
    spec.steps.iter().map(|step| step.id.as_str()).chain(spec.fields.iter().map(|field| field.id.as_str())).collect()
}

/// Mean of the shares of providers with enough units: each counts once, so that nobody is more than its part of it. None when fewer
/// groups of owners have enough than a comparable group needs.
fn national(of: &BTreeMap<String, Filled>, minimum: &Minimums, register: &Register) -> Option<f64> {
    let enough: Vec<(&String, &Filled)> = of.iter().filter(|(_, filled)| filled.of >= minimum.shown).collect();
    let owners: BTreeSet<&str> = enough.iter().map(|(id, _)| register.group_of(id)).collect();
    let mut shares: Vec<f64> = enough.iter().filter_map(|(_, filled)| filled.share()).collect();
    shares.sort_by(f64::total_cmp);
    (owners.len() >= minimum.group_providers.max(1)).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum() -> Minimums {
        Minimums { shown: 10, labelled: 30, clients: 100, client_years: 2, group_providers: 3, group_largest_share: 0.4, pooled_years: 3 }
    }

    fn providers(filled: &[(&str, u64, u64)]) -> BTreeMap<String, Filled> {
        filled.iter().map(|(id, units, of)| ((*id).to_owned(), Filled { units: *units, of: *of })).collect()
    }

    #[test]
    fn the_national_share_is_a_mean_of_providers_with_enough_units() {
        let of = providers(&[("a", 10, 10), ("b", 500, 1000), ("c", 30, 40), ("small", 0, 9)]);
        assert_eq!(national(&of, &minimum(), &Register::default()), Some(0.75));
    }

    #[test]
    fn too_few_owners_have_no_national_share() {
        let of = providers(&[("a", 10, 10), ("b", 500, 1000), ("c", 30, 40)]);
        let columns = BTreeMap::new();
        let rows = [("a", "x"), ("b", "x"), ("c", "y")].map(|(id, group)| (id.to_owned(), id.to_owned(), group.to_owned(), columns.clone()));
        assert_eq!(national(&of, &minimum(), &Register::new(rows)), None);
    }

    #[test]
    fn nothing_has_no_share() {
        assert_eq!(Filled { units: 0, of: 0 }.share(), None);
        assert_eq!(Filled { units: 3, of: 12 }.missing(), 9);
    }
}
