//! Comparable groups: declared size classes, joined until there are enough other providers.

use std::collections::BTreeMap;

use spiegel_model::{GroupSpec, Minimums};

/// The other providers that one provider is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparableGroup {
    /// In words: `een vergelijkbare omvang (100 tot 500 afgesloten trajecten)`.
    pub words: String,
    /// The others; without the provider itself.
    pub others: Vec<String>,
}

impl ComparableGroup {
    /// The group of `provider`: its size class, joined with the class next to it (larger first) until there are
    /// `minimum.group_providers` others, of which none is larger than `minimum.group_largest_share` of all their clients.
    /// None when its size is unknown or no join is enough.
    pub(crate) fn of(
        provider: &str,
        sizes: &BTreeMap<String, u64>,
        spec: &GroupSpec,
        minimum: &Minimums,
    ) -> Option<Self> {
        let class_of = |size: u64| spec.size_classes.iter().filter(|bound| size >= **bound).count();
        let own = class_of(*sizes.get(provider)?);
        let (mut first, mut last) = (own, own);
        loop {
            let others: Vec<(&String, u64)> = sizes
                .iter()
                .filter(|(id, size)| id.as_str() != provider && (first..=last).contains(&class_of(**size)))
                .map(|(id, size)| (id, *size))
                .collect();
            if is_enough(&others, minimum) {
                let words = words(spec, first, last);
                return Some(Self { words, others: others.into_iter().map(|(id, _)| id.clone()).collect() });
            }
            if last < spec.size_classes.len() && (last - own <= own - first || first == 0) {
                last += 1;
            } else if first > 0 {
                first -= 1;
            } else {
                return None;
            }
        }
    }
}

fn is_enough(others: &[(&String, u64)], minimum: &Minimums) -> bool {
    let total: u64 = others.iter().map(|(_, size)| size).sum();
    let largest = others.iter().map(|(_, size)| *size).max().unwrap_or(0);
    others.len() >= minimum.group_providers && largest as f64 <= minimum.group_largest_share * total as f64
}

fn words(spec: &GroupSpec, first: usize, last: usize) -> String {
    let lower = first.checked_sub(1).and_then(|index| spec.size_classes.get(index));
    let upper = spec.size_classes.get(last);
    let count = |bound: &u64| spiegel_model::count(*bound);
    let range = match (lower, upper) {
        (None, None) => format!("alle {}", spec.title),
        (None, Some(upper)) => format!("minder dan {} {}", count(upper), spec.units),
        (Some(lower), None) => format!("{} of meer {}", count(lower), spec.units),
        (Some(lower), Some(upper)) => format!("{} tot {} {}", count(lower), count(upper), spec.units),
    };
    format!("een vergelijkbare {} ({range})", spec.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimum() -> Minimums {
        Minimums {
            shown: 10,
            labelled: 30,
            clients: 0,
            client_years: 1,
            group_providers: 3,
            group_largest_share: 0.4,
        }
    }

    #[test]
    fn a_class_joins_its_neighbour_when_it_is_too_small_and_never_holds_the_provider() {
        let spec = GroupSpec {
            id: "size".into(),
            title: "omvang".into(),
            size_classes: vec![100, 500],
            units: "trajecten".into(),
        };
        let sizes: BTreeMap<String, u64> =
            [("a", 20), ("b", 120), ("c", 150), ("d", 160), ("e", 170), ("f", 900), ("g", 700), ("h", 800)]
                .map(|(id, size)| (id.to_owned(), size))
                .into();
        let group = ComparableGroup::of("b", &sizes, &spec, &minimum()).unwrap();
        assert_eq!(group.others, ["c", "d", "e"]);
        assert_eq!(group.words, "een vergelijkbare omvang (100 tot 500 trajecten)");
        let small = ComparableGroup::of("a", &sizes, &spec, &minimum()).unwrap();
        assert_eq!(small.words, "een vergelijkbare omvang (minder dan 500 trajecten)");
        assert_eq!(ComparableGroup::of("unknown", &sizes, &spec, &minimum()), None);
    }
}
