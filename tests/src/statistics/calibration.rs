//! How often providers that differ only as they should are flagged (statistics.md 1 and 12.4).
//!
//! 150 providers, sizes lognormal (median 60, 8–4000), their true levels from one distribution: nobody is an
//! outlier. "let op" may fall to at most 6 % of them and "signaal" to at most 0.6 %. Seeds are fixed.

use spiegel_stats::*;

/// The countries of `make calibrate`.
#[path = "../../../crates/stats/examples/calibrate/country.rs"]
mod country;

use country::{Outcome, Rule, Setting, Spread, extreme_tenths, power, simulate};

const PROVIDERS: usize = 150;
const ROUNDS: u64 = 60;

/// Sizes as of the specification: lognormal with median 60 and log-SD 1.2, held to 8–4000.
fn size(stream: &mut RandomStream) -> u64 {
    (60.0 * (1.2 * stream.normal()).exp())
        .round()
        .clamp(8.0, 4000.0) as u64
}

/// Events among n, one case at a time.
fn events(stream: &mut RandomStream, n: u64, probability: f64) -> u64 {
    (0..n).filter(|_| stream.uniform() < probability).count() as u64
}

/// A draw from Gamma(shape, 1) by inversion.
fn gamma(stream: &mut RandomStream, shape: f64) -> f64 {
    special::gamma_quantile(shape, stream.uniform()).expect("a quantile")
}

fn beta(stream: &mut RandomStream, a: f64, b: f64) -> f64 {
    let (x, y) = (gamma(stream, a), gamma(stream, b));
    x / (x + y)
}

#[derive(Default)]
struct Flags {
    providers: u32,
    notice: u32,
    signal: u32,
}

impl Flags {
    fn add(&mut self, z: f64) {
        self.providers += 1;
        self.notice += u32::from(z.abs() >= Z95);
        self.signal += u32::from(z.abs() >= Z998);
    }

    #[track_caller]
    fn assert_calibrated(&self, setting: &str) {
        let share = |flags: u32| 100.0 * f64::from(flags) / f64::from(self.providers);
        let (notice, signal) = (share(self.notice), share(self.signal));
        assert!(
            notice <= 6.0 && signal <= 0.6,
            "{setting}: {notice:.2} % and {signal:.2} %"
        );
    }
}

/// Flags shares when every provider's true level comes from `level`.
fn flag_proportions(seed: u64, mut level: impl FnMut(&mut RandomStream) -> f64) -> Flags {
    let mut flags = Flags::default();
    for round in 0..ROUNDS {
        let mut stream = RandomStream::new(seed * 1_000_003 + round);
        let providers: Vec<(u64, u64)> = (0..PROVIDERS)
            .map(|_| {
                let n = size(&mut stream);
                let probability = level(&mut stream);
                (events(&mut stream, n, probability), n)
            })
            .collect();
        let totals = providers
            .iter()
            .fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
        let target = totals.0 as f64 / totals.1 as f64;
        let rho = between_variation_proportions(&providers, target).value;
        for (events, n) in providers {
            flags.add(z_proportion(events, n, target, rho).expect("a z"));
        }
    }
    flags
}

#[test]
fn shares_on_the_grid_of_the_specification() {
    let grid = [
        (0.5, 0.01),
        (0.5, 0.03),
        (0.1, 0.0),
        (0.1, 0.03),
        (0.03, 0.0),
        (0.03, 0.03),
    ];
    for (index, (probability, rho)) in grid.into_iter().enumerate() {
        let flags = flag_proportions(index as u64 + 1, |stream| {
            if rho == 0.0 {
                return probability;
            }
            let size = (1.0 - rho) / rho;
            beta(stream, size * probability, size * (1.0 - probability))
        });
        flags.assert_calibrated(&format!("p = {probability}, rho = {rho}"));
    }
}

#[test]
fn shares_with_log_odds_that_vary_normally() {
    for (index, (probability, spread)) in [
        (0.5_f64, 0.2),
        (0.5, 0.4),
        (0.1, 0.2),
        (0.1, 0.4),
        (0.03, 0.2),
        (0.03, 0.4),
    ]
    .into_iter()
    .enumerate()
    {
        let centre = (probability / (1.0 - probability)).ln();
        let flags = flag_proportions(index as u64 + 101, |stream| {
            1.0 / (1.0 + (-centre - spread * stream.normal()).exp())
        });
        flags.assert_calibrated(&format!("p = {probability}, log-odds SD {spread}"));
    }
}

/// Flags means of `draw`n values (with variance and skewness as pooled from them) and normal true levels.
fn flag_means(seed: u64, between: f64, draw: impl Fn(&mut RandomStream) -> f64) -> Flags {
    let mut flags = Flags::default();
    for round in 0..ROUNDS {
        let mut stream = RandomStream::new(seed * 7_000_003 + round);
        let providers: Vec<Moments> = (0..PROVIDERS)
            .map(|_| {
                let n = size(&mut stream).max(10);
                let level = between * stream.normal();
                let values: Vec<f64> = (0..n).map(|_| level + draw(&mut stream)).collect();
                moments(&values).expect("moments")
            })
            .collect();
        let total: f64 = providers.iter().map(|own| own.n as f64).sum();
        let expected = providers
            .iter()
            .map(|own| own.n as f64 * own.mean)
            .sum::<f64>()
            / total;
        let squares: Vec<(u64, f64)> = providers
            .iter()
            .filter_map(|own| Some((own.n, own.sd?.powi(2))))
            .collect();
        let cubes: Vec<(u64, f64)> = providers
            .iter()
            .map(|own| (own.n, own.third_central_sum))
            .collect();
        let within = within_variance(&squares).expect("a variance");
        let skewness = within_skewness(&cubes, within).expect("a skewness");
        let means: Vec<ProviderMean> = providers
            .iter()
            .map(|own| ProviderMean {
                n: own.n as f64,
                mean: own.mean,
                expected,
            })
            .collect();
        let tau2 = between_variation_means(&means, within).value;
        for own in means {
            let z = z_mean(
                own.mean,
                expected,
                own.n,
                Some(total),
                within,
                tau2,
                skewness,
            );
            flags.add(z.expect("a z"));
        }
    }
    flags
}

#[test]
fn means_normal_and_skewed() {
    for (index, between) in [0.0, 0.15, 0.3].into_iter().enumerate() {
        let seed = index as u64;
        flag_means(seed + 201, between, RandomStream::normal)
            .assert_calibrated(&format!("normal, between {between}"));
        flag_means(seed + 211, between, |stream| (0.6 * stream.normal()).exp())
            .assert_calibrated(&format!("lognormal, between {between}"));
        // Gamma with shape 2, as the sum of two exponentials.
        flag_means(seed + 221, between, |stream| {
            -stream.uniform().ln() - stream.uniform().ln()
        })
        .assert_calibrated(&format!("gamma, between {between}"));
    }
}

#[test]
fn counts_against_expected() {
    for (index, tau2) in [0.0, 0.02, 0.1].into_iter().enumerate() {
        let mut flags = Flags::default();
        for round in 0..ROUNDS {
            let mut stream = RandomStream::new((301 + index as u64) * 9_000_011 + round);
            let providers: Vec<(u64, f64)> = (0..PROVIDERS)
                .map(|_| {
                    let cases = size(&mut stream);
                    let effect = if tau2 == 0.0 {
                        1.0
                    } else {
                        tau2 * gamma(&mut stream, 1.0 / tau2)
                    };
                    let probability = (0.2 * effect).min(1.0);
                    (events(&mut stream, cases, probability), 0.2 * cases as f64)
                })
                .collect();
            let between = between_variation_counts(&providers).value;
            for (observed, expected) in providers {
                flags.add(z_count(observed, expected, between).expect("a z"));
            }
        }
        flags.assert_calibrated(&format!("counts, tau2 = {tau2}"));
    }
}

/// `make calibrate` with fewer countries: sizes of the sample country, labels from 30 cases.
#[track_caller]
fn assert_bench(outcome: Outcome, spreads: &[Spread], labelled: usize) {
    for spread in spreads {
        for providers in [72, 150] {
            let setting = Setting { outcome, spread: *spread, providers };
            let rules = outcome.rules();
            let flags = simulate(&setting, rules, (labelled / providers) as u64, seed_of(&["test", &format!("{setting:?}")]));
            let (notice, signal) = match spread {
                Spread::HeavyTailed(_) => flags[0].inside(),
                _ => (flags[0].notice().0, flags[0].signal().0),
            };
            assert!(notice <= 6.0 && signal <= 0.6, "{setting:?}: {notice:.2} % and {signal:.2} %");
            // Where providers differ, chance alone does not explain what the peers label.
            if !matches!(spread, Spread::Equal) {
                assert!(flags[1].notice().0 > flags[0].notice().0, "{setting:?}");
            }
        }
    }
}

#[test]
fn the_bench_of_shares() {
    let spreads = [Spread::Equal, Spread::Beta(0.01), Spread::Beta(0.03), Spread::Normal(0.2), Spread::Normal(0.4), Spread::HeavyTailed(0.4)];
    for level in [0.5, 0.1, 0.03] {
        assert_bench(Outcome::Share(level), &spreads, 6_000);
    }
}

#[test]
fn the_bench_of_adjusted_shares() {
    for level in [0.5, 0.1, 0.03] {
        assert_bench(Outcome::Adjusted(level), &[Spread::Equal, Spread::Normal(0.4)], 2_100);
    }
}

#[test]
fn the_bench_of_means() {
    let spreads = [Spread::Equal, Spread::Normal(0.15), Spread::Normal(0.3), Spread::HeavyTailed(0.3)];
    for outcome in [Outcome::Symmetric, Outcome::Lognormal, Outcome::Gamma] {
        assert_bench(outcome, &spreads, 4_500);
    }
}

#[test]
fn a_truly_different_provider_is_found() {
    let setting = Setting { outcome: Outcome::Share(0.5), spread: Spread::Equal, providers: 150 };
    let found = |n, difference| power(&setting, Rule::Ours, n, difference, 20, 20);
    let (notice, signal) = found(300, 0.2);
    assert!(notice >= 99.0 && signal >= 95.0, "{notice} {signal}");
    assert!(found(30, 0.1).0 < found(100, 0.1).0 && found(100, 0.1).0 < found(300, 0.1).0);
}

#[test]
fn raw_deciles_punish_the_small() {
    // Nobody differs, yet half of the tiny practices are in an extreme tenth and no large institution is.
    let [tiny, .., large] = extreme_tenths(0.5, 150, 40);
    assert!(tiny > 40.0 && large < 1.0, "{tiny} {large}");
}
