//! How norms stand on a day: of every criterion the last state up to and including it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use spiegel_model::{Answer, CriterionStanding, CriterionSpec, NormStanding, NormVerdict, Outcome, QualityNormSet, Requirement, State};

/// The norms of an edition as they stand at the end of `on`.
#[must_use]
pub fn standing(edition: &QualityNormSet, answers: &BTreeMap<String, Answer>, states: &[State], on: NaiveDate) -> Vec<NormStanding> {
    let mut last: BTreeMap<&str, &State> = BTreeMap::new();
    for state in states.iter().filter(|state| state.date <= on) {
        let newer = last.get(state.criterion.as_str()).is_none_or(|known| (known.date, known.round) <= (state.date, state.round));
        if newer {
            last.insert(&state.criterion, state);
        }
    }
    let known = Known { answers, last };
    edition.requirements.iter().map(|requirement| known.norm(requirement)).collect()
}

/// True when every norm is met, with leniency or without.
#[must_use]
pub fn is_complete(norms: &[NormStanding]) -> bool {
    norms.iter().all(|norm| matches!(norm.verdict, NormVerdict::Meets | NormVerdict::MeetsWithLeniency))
}

struct Known<'a> {
    answers: &'a BTreeMap<String, Answer>,
    last: BTreeMap<&'a str, &'a State>,
}

impl Known<'_> {
    fn norm(&self, requirement: &Requirement) -> NormStanding {
        let mut criteria = Vec::new();
        let outcomes: Vec<Outcome> = requirement.criteria.iter().map(|criterion| self.criterion(requirement, criterion, 0, &mut criteria)).collect();
        let verdict = match all_of(&outcomes) {
            Outcome::NotMet => NormVerdict::DoesNotMeet,
            Outcome::NotAssessed => NormVerdict::NotYetAssessed,
            Outcome::Lenient => NormVerdict::MeetsWithLeniency,
            Outcome::Met | Outcome::NotApplicable => NormVerdict::Meets,
        };
        NormStanding { code: requirement.code.clone(), verdict, criteria }
    }

    /// Adds a criterion and its parts; gives what became of it.
    fn criterion(&self, requirement: &Requirement, spec: &CriterionSpec, depth: u8, list: &mut Vec<CriterionStanding>) -> Outcome {
        let answer = self.answers.get(&spec.id).copied();
        let state = self.last.get(spec.id.as_str()).filter(|_| spec.parts.is_empty());
        let place = list.len();
        list.push(CriterionStanding {
            id: spec.id.clone(),
            depth,
            outcome: Outcome::NotAssessed,
            is_question: spec.parts.is_empty(),
            answer,
            since: state.map(|state| state.date),
            remark: state.map(|state| state.remark.clone()).unwrap_or_default(),
        });
        let outcome = if spec.parts.is_empty() {
            // Only a norm with a condition can be none of the provider's; the publisher's own word goes before the provider's.
            let not_applicable = !requirement.condition.is_empty() && answer == Some(Answer::NotApplicable);
            state.map_or(if not_applicable { Outcome::NotApplicable } else { Outcome::NotAssessed }, |state| state.outcome)
        } else {
            let parts: Vec<Outcome> = spec.parts.iter().map(|part| self.criterion(requirement, part, depth + 1, list)).collect();
            let outcome = if spec.one_suffices { one_of(&parts) } else { all_of(&parts) };
            if spec.one_suffices && outcome == Outcome::Met {
                // What another part showed already is not missing.
                list.iter_mut().skip(place + 1).filter(|part| part.outcome != Outcome::Met).for_each(|part| part.outcome = Outcome::NotApplicable);
            }
            outcome
        };
        if let Some(own) = list.get_mut(place) {
            own.outcome = outcome;
        }
        outcome
    }
}

/// What becomes of a whole when all its parts are needed: the part that is furthest from being shown decides.
fn all_of(parts: &[Outcome]) -> Outcome {
    let order = [Outcome::NotMet, Outcome::NotAssessed, Outcome::Lenient, Outcome::Met];
    order.into_iter().find(|outcome| parts.contains(outcome)).unwrap_or(Outcome::NotApplicable)
}

/// What becomes of a whole when one of its parts is enough.
fn one_of(parts: &[Outcome]) -> Outcome {
    let order = [Outcome::Met, Outcome::Lenient, Outcome::NotAssessed, Outcome::NotMet];
    order.into_iter().find(|outcome| parts.contains(outcome)).unwrap_or(Outcome::NotApplicable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edition() -> QualityNormSet {
        toml::from_str(
            r#"
norm_year = 2018
title = "x"
[[requirement]]
code = "1"
title = "a"
text = "a"
promise = "a"
lead = "a"
document = "a"
section = "a"
[[requirement.criterion]]
id = "1.1"
text = "a"
[[requirement.criterion]]
id = "1.2"
text = "b"
one_suffices = true
[[requirement.criterion.criterion]]
id = "1.2.1"
text = "c"
[[requirement.criterion.criterion]]
id = "1.2.2"
text = "d"
[[requirement]]
code = "2"
title = "b"
text = "a"
promise = "a"
lead = "a"
condition = "Alleen chronisch."
document = "a"
section = "a"
[[requirement.criterion]]
id = "2.1"
text = "a"
"#,
        )
        .unwrap()
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2018, 2, day).unwrap()
    }

    fn state(criterion: &str, on: u32, outcome: Outcome) -> State {
        State { criterion: criterion.to_owned(), date: day(on), round: 1, outcome, remark: String::new() }
    }

    #[test]
    fn the_last_state_up_to_the_day_counts_and_one_alternative_is_enough() {
        let states = [
            state("1.1", 1, Outcome::NotMet),
            state("1.1", 9, Outcome::Met),
            state("1.2.1", 1, Outcome::NotMet),
            state("1.2.2", 1, Outcome::Met),
        ];
        let answers = BTreeMap::from([("2.1".to_owned(), Answer::NotApplicable)]);
        let verdicts = |on: u32| standing(&edition(), &answers, &states, day(on)).iter().map(|norm| norm.verdict).collect::<Vec<_>>();
        assert_eq!(verdicts(8), [NormVerdict::DoesNotMeet, NormVerdict::Meets]);
        assert_eq!(verdicts(9), [NormVerdict::Meets, NormVerdict::Meets]);
        let norms = standing(&edition(), &answers, &states, day(9));
        assert!(is_complete(&norms));
        assert_eq!(norms[0].shown(), (2, 2), "the alternative that was not needed is not missing");
        assert_eq!(standing(&edition(), &BTreeMap::new(), &states, day(9))[1].verdict, NormVerdict::NotYetAssessed);
    }

    #[test]
    fn a_norm_without_a_condition_holds_for_everybody() {
        let answers = BTreeMap::from([("1.1".to_owned(), Answer::NotApplicable)]);
        assert_eq!(standing(&edition(), &answers, &[], day(9))[0].verdict, NormVerdict::NotYetAssessed);
    }
}
