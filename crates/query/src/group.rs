//! Comparable groups (statistics 9): declared strata, widened until there are enough other providers.

use std::collections::BTreeMap;

use spiegel_model::{GroupSpec, Minimums, StratumSpec};

use crate::texts::Words;

/// The other providers that one provider is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparableGroup {
    /// Id of the declaration.
    pub id: String,
    /// In words: `een vergelijkbare omvang (100 tot 500 afgesloten trajecten)`.
    pub words: String,
    /// The others; without the provider itself.
    pub others: Vec<String>,
}

/// What groups are made of, for one provider.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Traits {
    /// Its size, for the largest share of one member.
    pub(crate) size: Option<f64>,
    /// The columns that strata name.
    pub(crate) values: BTreeMap<String, Trait>,
}

/// One characteristic of a provider.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Trait {
    Number(f64),
    Text(String),
}

/// How wide a stratum is taken: the classes from one to another, or one text, or everything.
#[derive(Debug, Clone, PartialEq)]
enum Width {
    Classes(usize, usize),
    Text(String),
    All,
}

impl ComparableGroup {
    /// The group of `provider`: who shares all its strata. While it is too small, the last stratum is widened to the class next to
    /// it (larger first), left out when that is not enough, and then the one before it, until there are `minimum.group_providers`
    /// others, of which none is larger than `minimum.group_largest_share` of all their clients. None when a trait of the provider is
    /// unknown, or when nothing is left of the strata.
    pub(crate) fn of(provider: &str, traits: &BTreeMap<String, Traits>, spec: &GroupSpec, minimum: &Minimums, said: Words<'_>) -> Option<Self> {
        let own = traits.get(provider)?;
        let mut widths = spec.strata.iter().map(|stratum| narrowest(stratum, own)).collect::<Option<Vec<Width>>>()?;
        let narrow = widths.clone();
        loop {
            let others: Vec<(&String, f64)> = traits
                .iter()
                .filter(|(id, other)| id.as_str() != provider && spec.strata.iter().zip(&widths).all(|(stratum, width)| width.holds(stratum, other)))
                .filter_map(|(id, other)| other.size.map(|size| (id, size)))
                .collect();
            if is_enough(&others, minimum) {
                let words = words(spec, &widths, said);
                return Some(Self { id: spec.id.clone(), words, others: others.into_iter().map(|(id, _)| id.clone()).collect() });
            }
            let last = widths.iter().rposition(|width| *width != Width::All)?;
            if let (Some(width), Some(stratum), Some(first)) = (widths.get_mut(last), spec.strata.get(last), narrow.get(last)) {
                *width = width.widened(stratum, first);
            }
            if widths.iter().all(|width| *width == Width::All) {
                return None;
            }
        }
    }
}

fn class_of(stratum: &StratumSpec, number: f64) -> usize {
    stratum.bounds.iter().filter(|bound| number >= **bound).count()
}

fn narrowest(stratum: &StratumSpec, own: &Traits) -> Option<Width> {
    match own.values.get(&stratum.column)? {
        Trait::Number(number) => {
            let class = class_of(stratum, *number);
            Some(Width::Classes(class, class))
        }
        Trait::Text(text) => Some(Width::Text(text.clone())),
    }
}

impl Width {
    fn holds(&self, stratum: &StratumSpec, other: &Traits) -> bool {
        match (self, other.values.get(&stratum.column)) {
            (Self::All, _) => true,
            (Self::Classes(first, last), Some(Trait::Number(number))) => (*first..=*last).contains(&class_of(stratum, *number)),
            (Self::Text(own), Some(Trait::Text(text))) => own == text,
            _ => false,
        }
    }

    /// One step wider, as evenly around the `narrow` class as there are classes.
    fn widened(&self, stratum: &StratumSpec, narrow: &Self) -> Self {
        let (Self::Classes(first, last), Self::Classes(own, _)) = (self, narrow) else { return Self::All };
        let wider = if *last < stratum.bounds.len() && (last - own <= own - first || *first == 0) {
            (*first, last + 1)
        } else {
            (first.saturating_sub(1), *last)
        };
        if wider == (0, stratum.bounds.len()) { Self::All } else { Self::Classes(wider.0, wider.1) }
    }
}

fn is_enough(others: &[(&String, f64)], minimum: &Minimums) -> bool {
    let total: f64 = others.iter().map(|(_, size)| size).sum();
    let largest = others.iter().map(|(_, size)| *size).fold(0.0, f64::max);
    others.len() >= minimum.group_providers && largest <= minimum.group_largest_share * total
}

fn words(spec: &GroupSpec, widths: &[Width], said: Words<'_>) -> String {
    let parts: Vec<String> = spec.strata.iter().zip(widths).filter_map(|(stratum, width)| range(stratum, width, said)).collect();
    said.comparable_group(&spec.title, parts.join(", "))
}

fn range(stratum: &StratumSpec, width: &Width, said: Words<'_>) -> Option<String> {
    match width {
        Width::All => None,
        Width::Text(text) => Some(stratum.words.get(text).unwrap_or(text).clone()),
        Width::Classes(first, last) => {
            let bound = |index: usize| stratum.bounds.get(index).map(|bound| printed(stratum, *bound, said));
            let (lower, upper) = (first.checked_sub(1).and_then(bound), bound(*last));
            let units = &stratum.units;
            Some(match (lower, upper) {
                (None, None) => return None,
                (None, Some(upper)) => said.stratum_below(upper, units),
                (Some(lower), None) => said.stratum_from(lower, units),
                (Some(lower), Some(upper)) => said.stratum_between(lower, upper, units),
            })
        }
    }
}

fn printed(stratum: &StratumSpec, bound: f64, said: Words<'_>) -> String {
    if stratum.share { said.percentage(bound, 0) } else { said.count(bound.max(0.0).round() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::Voice;
    use crate::texts::dutch;

    fn minimum() -> Minimums {
        Minimums { shown: 10, labelled: 30, clients: 0, client_years: 1, group_providers: 3, group_largest_share: 0.4, pooled_years: 1 }
    }

    fn stratum(column: &str, bounds: &[f64], units: &str) -> StratumSpec {
        StratumSpec { column: column.into(), bounds: bounds.to_vec(), units: units.into(), share: false, words: BTreeMap::new() }
    }

    fn providers(rows: &[(&str, f64, &str)]) -> BTreeMap<String, Traits> {
        rows.iter()
            .map(|(id, size, kind)| {
                let values = [("size".to_owned(), Trait::Number(*size)), ("kind".to_owned(), Trait::Text((*kind).to_owned()))].into();
                ((*id).to_owned(), Traits { size: Some(*size), values })
            })
            .collect()
    }

    #[test]
    fn a_class_joins_its_neighbour_when_it_is_too_small_and_never_holds_the_provider() {
        let spec = GroupSpec { id: "size".into(), title: "omvang".into(), strata: vec![stratum("size", &[100.0, 500.0], "trajecten")] };
        let traits = providers(&[
            ("a", 20.0, ""), ("b", 120.0, ""), ("c", 150.0, ""), ("d", 160.0, ""), ("e", 170.0, ""), ("f", 900.0, ""), ("g", 700.0, ""), ("h", 800.0, ""),
        ]);
        let group = ComparableGroup::of("b", &traits, &spec, &minimum(), dutch().to(Voice::You)).unwrap();
        assert_eq!(group.others, ["c", "d", "e"]);
        assert_eq!(group.words, "een vergelijkbare omvang (100 tot 500 trajecten)");
        let small = ComparableGroup::of("a", &traits, &spec, &minimum(), dutch().to(Voice::You)).unwrap();
        assert_eq!(small.words, "een vergelijkbare omvang (minder dan 500 trajecten)");
        assert_eq!(ComparableGroup::of("unknown", &traits, &spec, &minimum(), dutch().to(Voice::You)), None);
    }

    #[test]
    fn the_last_stratum_is_given_up_before_the_first() {
        let mut kind = stratum("kind", &[], "");
        kind.words.insert("vrij".into(), "vrijgevestigden".into());
        let spec = GroupSpec { id: "both".into(), title: "soort en omvang".into(), strata: vec![kind, stratum("size", &[100.0], "trajecten")] };
        let traits = providers(&[
            ("a", 20.0, "vrij"), ("b", 20.0, "vrij"), ("c", 21.0, "vrij"), ("d", 22.0, "vrij"), ("e", 110.0, "vrij"), ("f", 120.0, "vrij"),
            ("g", 130.0, "vrij"), ("h", 140.0, "instelling"), ("i", 150.0, "instelling"),
        ]);
        let narrow = ComparableGroup::of("a", &traits, &spec, &minimum(), dutch().to(Voice::You)).unwrap();
        assert_eq!((narrow.words.as_str(), narrow.others.len()), ("een vergelijkbare soort en omvang (vrijgevestigden, minder dan 100 trajecten)", 3));
        let wide = ComparableGroup::of("e", &traits, &spec, &minimum(), dutch().to(Voice::You)).unwrap();
        assert_eq!((wide.words.as_str(), wide.others.len()), ("een vergelijkbare soort en omvang (vrijgevestigden)", 6));
        // Two institutions are not enough of a kind, and without any stratum it is no group.
        assert_eq!(ComparableGroup::of("h", &traits, &spec, &minimum(), dutch().to(Voice::You)), None);
    }
}
