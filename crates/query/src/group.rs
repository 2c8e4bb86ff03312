//! Comparable groups (statistics 9): declared strata, widened until there are enough other providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use spiegel_model::{GroupSpec, Minimums, StratumSpec};

use crate::texts::Words;

/// The other providers that one provider is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparableGroup {
    /// Id of the declaration.
    pub id: String,
    /// In words: `een vergelijkbare omvang (100 tot 500 afgesloten trajecten)`.
    pub words: String,
    /// How many others there are; without the provider itself.
    pub others: usize,
    /// Everybody of a known size in its class, the provider itself too.
    pub(crate) class: Arc<Class>,
}

/// Providers that share their strata, as wide as those are taken. Who falls in the same class has the same one, so that a country has some
/// dozens of them and not a list for every provider.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Class {
    /// Its number among the classes of all declarations of a year.
    pub(crate) number: usize,
    /// Their ids, ascending.
    pub(crate) members: Vec<String>,
    /// Their sizes.
    sizes: Sizes,
}

/// Sizes of the members of a class, which are whole.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sizes {
    total: u64,
    largest: u64,
    /// The largest of the others; the same as the largest when two have it.
    second: u64,
}

/// What groups are made of, for one provider.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Traits {
    /// Its size, for the largest share of one member.
    pub(crate) size: Option<u64>,
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    Classes(usize, usize),
    Text(String),
    All,
}

/// The comparable groups of one declaration.
pub(crate) struct Classes<'a> {
    spec: &'a GroupSpec,
    minimum: &'a Minimums,
    said: Words<'a>,
    traits: &'a BTreeMap<String, Traits>,
    /// Of every provider in `traits`, its narrowest width of each stratum; None where the trait is not known.
    narrowest: Vec<Vec<Option<Width>>>,
    /// Number of the first class.
    first: usize,
    known: BTreeMap<Vec<Width>, Arc<Class>>,
}

impl<'a> Classes<'a> {
    /// Nothing is grouped yet; the first class gets the number `first`.
    pub(crate) fn new(traits: &'a BTreeMap<String, Traits>, spec: &'a GroupSpec, minimum: &'a Minimums, said: Words<'a>, first: usize) -> Self {
        let narrowest = traits.values().map(|of| spec.strata.iter().map(|stratum| narrowest(stratum, of)).collect()).collect();
        Self { spec, minimum, said, traits, narrowest, first, known: BTreeMap::new() }
    }

    /// The number of the class after the last one.
    pub(crate) fn next_number(&self) -> usize {
        self.first + self.known.len()
    }

    /// The group of `provider`: who shares all its strata. While it is too small, the last stratum is widened to the class next to
    /// it (larger first), left out when that is not enough, and then the one before it, until there are `minimum.group_providers`
    /// others, of which none is larger than `minimum.group_largest_share` of all their clients. None when a trait of the provider is
    /// unknown, or when nothing is left of the strata.
    pub(crate) fn of(&mut self, provider: &str) -> Option<ComparableGroup> {
        let own = self.traits.get(provider)?;
        let narrow = self.spec.strata.iter().map(|stratum| narrowest(stratum, own)).collect::<Option<Vec<Width>>>()?;
        let mut widths = narrow.clone();
        loop {
            let class = self.class(&widths);
            // A provider of an unknown size is in nobody's group, and not in its own.
            let others = class.members.len() - usize::from(own.size.is_some());
            if class.sizes.without(own.size).is_enough(others, self.minimum) {
                return Some(ComparableGroup { id: self.spec.id.clone(), words: words(self.spec, &widths, self.said), others, class });
            }
            let last = widths.iter().rposition(|width| *width != Width::All)?;
            if let (Some(width), Some(stratum), Some(first)) = (widths.get_mut(last), self.spec.strata.get(last), narrow.get(last)) {
                *width = width.widened(stratum, first);
            }
            if widths.iter().all(|width| *width == Width::All) {
                return None;
            }
        }
    }

    fn class(&mut self, widths: &[Width]) -> Arc<Class> {
        if let Some(class) = self.known.get(widths) {
            return Arc::clone(class);
        }
        let inside = |narrowest: &[Option<Width>]| widths.iter().zip(narrowest).all(|(width, own)| width.holds(own.as_ref()));
        let (mut members, mut sizes) = (Vec::new(), Sizes::default());
        for ((id, of), _) in self.traits.iter().zip(&self.narrowest).filter(|(_, narrowest)| inside(narrowest)) {
            if let Some(size) = of.size {
                members.push(id.clone());
                sizes.add(size);
            }
        }
        let class = Arc::new(Class { number: self.next_number(), members, sizes });
        self.known.insert(widths.to_vec(), Arc::clone(&class));
        class
    }
}

impl Class {
    /// Whether `provider` is a member.
    pub(crate) fn holds(&self, provider: &str) -> bool {
        self.members.binary_search_by(|id| id.as_str().cmp(provider)).is_ok()
    }
}

impl Sizes {
    fn add(&mut self, size: u64) {
        self.total += size;
        self.second = self.second.max(size.min(self.largest));
        self.largest = self.largest.max(size);
    }

    /// Of the others, when a member of this size is left out; its second is not known then.
    fn without(self, own: Option<u64>) -> Self {
        let Some(own) = own else { return self };
        Self { total: self.total - own, largest: if own == self.largest { self.second } else { self.largest }, second: 0 }
    }

    /// Whether so many providers of these sizes are a group.
    fn is_enough(self, providers: usize, minimum: &Minimums) -> bool {
        providers >= minimum.group_providers && self.largest as f64 <= minimum.group_largest_share * self.total as f64
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
    /// Whether a provider falls in it, of which the narrowest width is known or not.
    fn holds(&self, narrowest: Option<&Self>) -> bool {
        match (self, narrowest) {
            (Self::All, _) => true,
            (Self::Classes(first, last), Some(Self::Classes(class, _))) => (*first..=*last).contains(class),
            (Self::Text(own), Some(Self::Text(text))) => own == text,
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

    fn providers(rows: &[(&str, u32, &str)]) -> BTreeMap<String, Traits> {
        rows.iter()
            .map(|(id, size, kind)| {
                let values = [("size".to_owned(), Trait::Number(f64::from(*size))), ("kind".to_owned(), Trait::Text((*kind).to_owned()))].into();
                ((*id).to_owned(), Traits { size: Some(u64::from(*size)), values })
            })
            .collect()
    }

    #[test]
    fn a_class_joins_its_neighbour_when_it_is_too_small_and_never_holds_the_provider() {
        let spec = GroupSpec { id: "size".into(), title: "omvang".into(), strata: vec![stratum("size", &[100.0, 500.0], "trajecten")] };
        let traits = providers(&[
            ("a", 20, ""), ("b", 120, ""), ("c", 150, ""), ("d", 160, ""), ("e", 170, ""), ("f", 900, ""), ("g", 700, ""), ("h", 800, ""),
        ]);
        let (minimum, said) = (minimum(), dutch());
        let mut classes = Classes::new(&traits, &spec, &minimum, said.to(Voice::You), 0);
        let mut of = |id: &str| classes.of(id);
        let group = of("b").unwrap();
        assert_eq!((group.others, &group.class.members[..]), (3, &["b", "c", "d", "e"].map(str::to_owned)[..]));
        assert_eq!(group.words, "een vergelijkbare omvang (100 tot 500 trajecten)");
        let small = of("a").unwrap();
        assert_eq!(small.words, "een vergelijkbare omvang (minder dan 500 trajecten)");
        assert_eq!(of("unknown"), None);
    }

    #[test]
    fn the_last_stratum_is_given_up_before_the_first() {
        let mut kind = stratum("kind", &[], "");
        kind.words.insert("vrij".into(), "vrijgevestigden".into());
        let spec = GroupSpec { id: "both".into(), title: "soort en omvang".into(), strata: vec![kind, stratum("size", &[100.0], "trajecten")] };
        let traits = providers(&[
            ("a", 20, "vrij"), ("b", 20, "vrij"), ("c", 21, "vrij"), ("d", 22, "vrij"), ("e", 110, "vrij"), ("f", 120, "vrij"),
            ("g", 130, "vrij"), ("h", 140, "instelling"), ("i", 150, "instelling"),
        ]);
        let (minimum, said) = (minimum(), dutch());
        let mut classes = Classes::new(&traits, &spec, &minimum, said.to(Voice::You), 0);
        let mut of = |id: &str| classes.of(id);
        let narrow = of("a").unwrap();
        assert_eq!((narrow.words.as_str(), narrow.others), ("een vergelijkbare soort en omvang (vrijgevestigden, minder dan 100 trajecten)", 3));
        let wide = of("e").unwrap();
        assert_eq!((wide.words.as_str(), wide.others), ("een vergelijkbare soort en omvang (vrijgevestigden)", 6));
        // Two institutions are not enough of a kind, and without any stratum it is no group.
        assert_eq!(of("h"), None);
    }

    /// What the classes must come to, provider by provider: who falls in these widths, and the rule of the group on exactly them.
    fn others_one_by_one(provider: &str, traits: &BTreeMap<String, Traits>, spec: &GroupSpec, minimum: &Minimums) -> Option<(String, Vec<String>)> {
        let narrow = |of: &Traits| spec.strata.iter().map(|stratum| narrowest(stratum, of)).collect::<Vec<_>>();
        let first = narrow(&traits[provider]).into_iter().collect::<Option<Vec<Width>>>()?;
        let mut widths = first.clone();
        loop {
            let inside = |of: &Traits| widths.iter().zip(narrow(of)).all(|(width, own)| width.holds(own.as_ref()));
            let others: Vec<(&String, u64)> = traits.iter().filter(|(id, of)| *id != provider && inside(of)).filter_map(|(id, of)| Some((id, of.size?))).collect();
            let total: u64 = others.iter().map(|(_, size)| size).sum();
            let largest = others.iter().map(|(_, size)| *size).max().unwrap_or(0);
            if others.len() >= minimum.group_providers && largest as f64 <= minimum.group_largest_share * total as f64 {
                return Some((words(spec, &widths, dutch().to(Voice::You)), others.into_iter().map(|(id, _)| id.clone()).collect()));
            }
            let last = widths.iter().rposition(|width| *width != Width::All)?;
            widths[last] = widths[last].widened(&spec.strata[last], &first[last]);
            if widths.iter().all(|width| *width == Width::All) {
                return None;
            }
        }
    }

    #[test]
    fn shared_classes_give_every_provider_the_group_it_would_have_alone() {
        let mut kind = stratum("kind", &[], "");
        kind.words.insert("vrij".into(), "vrijgevestigden".into());
        let spec = GroupSpec { id: "both".into(), title: "soort en omvang".into(), strata: vec![kind, stratum("size", &[25.0, 100.0, 500.0], "trajecten")] };
        let mut state = 7_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut grouped, mut alone) = (0, 0);
        for country in 0..40 {
            let traits: BTreeMap<String, Traits> = (0..8 + 3 * country)
                .map(|number| {
                    let size = if next(9) == 0 { 400 + next(2000) } else { next(130) };
                    let mut values: BTreeMap<String, Trait> = [("kind".to_owned(), Trait::Text(["vrij", "instelling", "x"][next(3) as usize].to_owned()))].into();
                    if next(12) > 0 {
                        values.insert("size".to_owned(), Trait::Number(size as f64));
                    }
                    (format!("p{number:03}"), Traits { size: (next(15) > 0).then_some(size), values })
                })
                .collect();
            let (minimum, said) = (minimum(), dutch());
            let mut classes = Classes::new(&traits, &spec, &minimum, said.to(Voice::You), 0);
            for id in traits.keys() {
                let found = classes.of(id).map(|group| {
                    assert_eq!(group.others, group.class.members.iter().filter(|member| *member != id).count());
                    (group.words.clone(), group.class.members.iter().filter(|member| *member != id).cloned().collect())
                });
                let expected = others_one_by_one(id, &traits, &spec, &minimum);
                if expected.is_some() { grouped += 1 } else { alone += 1 }
                assert_eq!(found, expected, "{id} of country {country}");
            }
        }
        assert!(grouped > 1000 && alone > 100, "{grouped} {alone}");
    }
}
