//! What is true of a provider in a generated country: the level that its values estimate, raw (`expected`) and adjusted (`adjusted`).
//!
//! One set of average clients, drawn once with a seed of its own, is treated by every provider: the same severity, work, earlier
//! treatment and luck everywhere, so that rows differ by nothing but the provider. Severity has the mean of the nation; a provider's
//! own mix (`severity`) is left out, and all else that is the provider's own is in it: its effects, its kind, its drift and its habit in
//! choosing products. A value that is adjusted for the product has no such habit left in it: `adjusted` is the level with products as the
//! nation chooses them, and differs from `expected` for minutes only. What a report year shows was started in that year or the year before, by how long a trajectory takes; effects go
//! by the year of the start, as in the country itself.
//!
//! | Indicator | Expected |
//! |---|---|
//! | behandeleffect | mean change in T, of trajectories that are not incomplete; T by the first scores of these clients, per instrument |
//! | verbeterd | share of them with a change of 5 T and more |
//! | rapportcijfer | mean mark |
//! | behandelminuten | mean direct minutes of trajectories that are not incomplete, in the Zorgprestatiemodel; none before its second year |
//! | onvolledige-trajecten | share that turns out incomplete |
//! | terug-in-zorg | share of endings without an administrative reason or death after which the client is back; none in the first year |
//!
//! Not in it: which sessions and class floors minutes are rounded to, and the few short trajectories that count as incomplete by
//! their minutes.

use crate::draws::{Draws, Purpose, logistic};
use crate::experience;
use crate::figures;
use crate::history;
use crate::measurement;
use crate::person::Person;
use crate::provider::Provider;

/// Clients in the set: their own chance is the same for every provider.
const CLIENTS: usize = 10_000;
/// The seed of the set, whatever that of the country.
const SEED: u64 = 0x7275_7468;
/// domain 4.5: reliable change in T [MEM], as the pipeline has it; a little less, for scores on the border.
const RELIABLE_CHANGE: f64 = 5.0 - 1e-9;

/// One row of `truth.csv`.
pub(crate) struct Truth {
    pub(crate) year: i32,
    pub(crate) indicator: &'static str,
    pub(crate) expected: f64,
    /// The same under the adjustment of the indicator.
    pub(crate) adjusted: f64,
}

/// One average client: everything about it that no provider changes.
struct Client {
    person: Person,
    severity: f64,
    /// Own point in the choice of a product, beside severity.
    product: f64,
    chronic: bool,
    first_point: f64,
    improvement: f64,
    instrument: usize,
    general: f64,
    mark: f64,
    /// Where in the report year its trajectory ends, from 0 to 1.
    end: f64,
}

/// The set of average clients.
pub(crate) struct AverageClients {
    clients: Vec<Client>,
    /// Standard deviation of first scores, per instrument.
    spreads: [f64; figures::INSTRUMENTS.len()],
}

impl AverageClients {
    /// The set. The same every time.
    pub(crate) fn new() -> AverageClients {
        let mut draws = Draws::new(SEED, 0, Purpose::Average);
        let clients: Vec<Client> = (0..CLIENTS).map(|_| client(&mut draws)).collect();
        let mut spreads = [1.0; figures::INSTRUMENTS.len()];
        for (place, spread) in spreads.iter_mut().enumerate() {
            let scores: Vec<f64> = clients
                .iter()
                .filter(|client| client.instrument == place)
                .map(|client| measurement::score(place, client.first_point))
                .collect();
            let count = scores.len() as f64;
            let mean = scores.iter().sum::<f64>() / count;
            let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
            *spread = (squares / (count - 1.0)).sqrt();
        }
        AverageClients { clients, spreads }
    }

    /// What is true of a provider in each of these years, by year and then by indicator.
    pub(crate) fn truths(
        &self,
        provider: &Provider,
        first_year: i32,
        years: u32,
    ) -> Vec<Truth> {
        let mut truths = Vec::new();
        let steady = self.levels(provider, figures::TREND_YEAR, provider.effects.product);
        let without_habit = self.levels(provider, figures::TREND_YEAR, 0.0);
        for year in (first_year..).take(years as usize) {
            // Only a provider that drifts in outcome has another outcome each year.
            let outcome = if provider.outcome_drift == 0.0 {
                &steady
            } else {
                &self.levels(provider, year, provider.effects.product)
            };
            let minutes = |levels: &Levels| -> f64 {
                let parts = levels.minutes.iter().zip([year, year - 1]);
                parts.map(|(level, started)| level * history::minutes_trend(provider, started).exp()).sum()
            };
            let mut add_both = |indicator, expected, adjusted| {
                truths.push(Truth {
                    year,
                    indicator,
                    expected,
                    adjusted,
                });
            };
            if year > figures::ZPM_FIRST_YEAR {
                add_both("behandelminuten", minutes(&steady), minutes(&without_habit));
            }
            let mut add = |indicator, expected| add_both(indicator, expected, expected);
            add("behandeleffect", outcome.change);
            add("verbeterd", outcome.improved);
            add("rapportcijfer", steady.mark);
            add("onvolledige-trajecten", steady.incomplete);
            if year > first_year {
                add("terug-in-zorg", steady.back);
            }
        }
        truths
    }

    /// With this habit in choosing products, in the place of the provider's own.
    fn levels(&self, provider: &Provider, year: i32, habit: f64) -> Levels {
        let mut levels = Levels::default();
        let mut complete = 0.0;
        for client in &self.clients {
            let incomplete = logistic(history::incomplete_log_odds(provider, client.severity));
            let weight = 1.0 - incomplete;
            complete += weight;
            levels.incomplete += incomplete;
            levels.mark += experience::mark(provider, client.general, client.mark);

            let product = if client.chronic {
                figures::CHRONIC
            } else {
                history::product_by_severity(habit, client.severity, client.product)
            };
            // The mean of days decides in which year it started; a provider's own tempo hardly moves that.
            let started_before = figures::PRODUCTS[product].days > client.end * 365.0;
            let minutes = figures::PRODUCTS[product].minutes
                * figures::ZPM_MINUTES
                * (figures::SEVERITY_MINUTES * client.severity
                    + figures::MINUTES_EFFECT * provider.effects.minutes)
                    .exp();
            levels.minutes[usize::from(started_before)] += weight * minutes;

            let started = year - i32::from(started_before);
            let improvement =
                measurement::expected_improvement(provider, &client.person, started, client.first_point)
                    + client.improvement;
            let first = measurement::score(client.instrument, client.first_point);
            let last =
                measurement::score(client.instrument, client.first_point - improvement / 10.0);
            let change = 10.0 * (first - last) / self.spreads[client.instrument];
            levels.change += weight * change;
            if change >= RELIABLE_CHANGE {
                levels.improved += weight;
            }
        }
        let labelled: f64 = figures::CARE_LABELS
            .iter()
            .filter(|(label, _)| !label.is_empty())
            .map(|(_, share)| share)
            .sum();
        let label_factor = 1.0 + labelled * (figures::CARE_LABEL_MINUTES - 1.0);
        let all = self.clients.len() as f64;
        levels.minutes = levels.minutes.map(|sum| sum * label_factor / complete);
        levels.change /= complete;
        levels.improved /= complete;
        levels.incomplete /= all;
        levels.mark /= all;
        levels.back = back(provider, levels.incomplete);
        levels
    }
}

/// What one provider does with the average clients.
#[derive(Default)]
struct Levels {
    change: f64,
    improved: f64,
    mark: f64,
    /// Parts of the mean of those that started in the report year, and before; without the trend of the year.
    minutes: [f64; 2],
    incomplete: f64,
    back: f64,
}

/// Share of endings after which the client is back within a year.
fn back(provider: &Provider, incomplete: f64) -> f64 {
    let share = |reasons: &[(&str, f64)], wanted: &dyn Fn(&str) -> bool| {
        reasons
            .iter()
            .filter(|(reason, _)| wanted(reason))
            .map(|(_, share)| share)
            .sum::<f64>()
    };
    let of_both = |wanted: &dyn Fn(&str) -> bool| {
        incomplete * share(&figures::INCOMPLETE_REASONS, wanted)
            + (1.0 - incomplete) * share(&figures::COMPLETE_REASONS, wanted)
    };
    let ends = |reason: &str| !matches!(reason, "administratief" | "overleden");
    let returns = |reason: &str| ends(reason) && !history::never_back(reason);
    provider.back_within_year * of_both(&returns) / of_both(&ends)
}

fn client(draws: &mut Draws) -> Client {
    let person = Person {
        number: 0,
        birth_year: 0,
        sex: "",
        education: "",
        pc3: 0,
        work: None,
        earlier_treatment: None,
        has_work: draws.chance(figures::WORK_SHARE),
        was_treated: draws.chance(figures::EARLIER_TREATMENT_SHARE),
    };
    let severity = person.severity(draws);
    Client {
        person,
        severity,
        product: draws.normal(),
        chronic: draws.chance(figures::CHRONIC_SHARE),
        first_point: measurement::first_point(severity, draws.normal()),
        improvement: measurement::own_improvement() * draws.normal(),
        // As providers choose; the short lists by diagnosis, about half and half.
        instrument: draws
            .pick(&[(0, 0.5), (1, 0.25), (2, 0.125), (3, 0.125)])
            .unwrap_or_default(),
        general: draws.normal(),
        mark: draws.normal(),
        end: draws.unit(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::providers;

    fn of(truths: &[Truth], indicator: &str, year: i32) -> f64 {
        truths
            .iter()
            .find(|truth| truth.indicator == indicator && truth.year == year)
            .unwrap()
            .expected
    }

    #[test]
    fn a_truth_follows_the_effects_of_its_provider_and_nothing_of_its_mix() {
        let clients = AverageClients::new();
        let mut provider = providers(1, 5, false).remove(0);
        provider.outcome_drift = 0.0;
        let before = clients.truths(&provider, 2024, 2);
        provider.effects.severity += 2.0;
        let severe = clients.truths(&provider, 2024, 2);
        for (one, other) in before.iter().zip(&severe) {
            assert_eq!(one.expected.to_bits(), other.expected.to_bits(), "{}", one.indicator);
        }
        provider.effects.outcome += 1.0;
        provider.effects.minutes += 1.0;
        provider.effects.experience += 1.0;
        provider.effects.incomplete += 1.0;
        provider.back_within_year += 0.02;
        let other = clients.truths(&provider, 2024, 2);
        for indicator in [
            "behandeleffect",
            "verbeterd",
            "rapportcijfer",
            "behandelminuten",
            "onvolledige-trajecten",
            "terug-in-zorg",
        ] {
            assert!(of(&other, indicator, 2025) > of(&before, indicator, 2025), "{indicator}");
        }
        // A standard unit of outcome is EFFECT_EFFECT in T, a little less where scores stop at 0.
        let difference = of(&other, "behandeleffect", 2025) - of(&before, "behandeleffect", 2025);
        assert!((1.6..2.1).contains(&difference), "{difference}");
        // More turn out incomplete, mild ones less than severe ones, which moves minutes a little too.
        let ratio = of(&other, "behandelminuten", 2025) / of(&before, "behandelminuten", 2025);
        assert!((ratio.ln() - figures::MINUTES_EFFECT).abs() < 0.005, "{ratio}");
        assert_eq!(before.iter().filter(|truth| truth.indicator == "terug-in-zorg").count(), 1);
    }

    #[test]
    fn a_drifting_provider_has_another_truth_each_year() {
        let clients = AverageClients::new();
        let mut provider = providers(1, 5, false).remove(0);
        provider.outcome_drift = figures::EFFECT_DRIFT;
        let truths = clients.truths(&provider, 2023, 3);
        let change = |year| of(&truths, "behandeleffect", year);
        assert!(change(2023) < change(2024) && change(2024) < change(2025));
    }
}
