//! Simulated countries and the rules that label their providers. The bench and the tests share it.

use spiegel_stats::*;

/// Values of providers with fewer cases do not count in the variation (decision 17).
const FEWEST_SHOWN: u64 = 10;

/// Providers with fewer cases have no label (decision 17).
const FEWEST_LABELLED: u64 = 30;

/// A provider with more than this share of all cases is compared with the others only, as in reports.
const SHARE_FOR_LEAVE_ONE_OUT: f64 = 0.05;

/// How strongly the one covariate of adjusted shares works, in log-odds per standard deviation.
const COVARIATE_EFFECT: f64 = 0.8;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// A share with this national level.
    Share(f64),
    /// A share with this level at an average case, adjusted for a covariate of which providers differ too.
    Adjusted(f64),
    /// A normal mean with standard deviation 1 within providers.
    Symmetric,
    /// e to a normal value with standard deviation 0.6.
    Lognormal,
    /// A gamma value with shape 2.
    Gamma,
}

/// How the true levels of providers differ, though none stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Spread {
    /// Not at all.
    Equal,
    /// A share from a beta distribution with this intraclass correlation.
    Beta(f64),
    /// Normal with this standard deviation: in log-odds for shares, in standard deviations within providers for
    /// means.
    Normal(f64),
    /// Student's t with 4 degrees of freedom, scaled to this standard deviation.
    HeavyTailed(f64),
}

/// A way to label providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// That of the reports.
    Ours,
    /// The exact (shares) or normal (means) one for chance alone.
    ChanceOnly,
    /// FunnelPlotR 0.6: a transformed value with winsorised additive overdispersion.
    FunnelPlotR,
    /// Normal with DerSimonian and Laird's variance between providers.
    DerSimonianLaird,
    /// Student's t on the provider's own standard deviation.
    OwnDeviation,
}

/// One kind of country.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Setting {
    pub(crate) outcome: Outcome,
    pub(crate) spread: Spread,
    pub(crate) providers: usize,
}

impl Outcome {
    /// The rules that are compared for this outcome; ours first.
    pub(crate) fn rules(self) -> &'static [Rule] {
        match self {
            Self::Share(_) | Self::Adjusted(_) => &[Rule::Ours, Rule::ChanceOnly, Rule::FunnelPlotR],
            _ => &[Rule::Ours, Rule::ChanceOnly, Rule::DerSimonianLaird, Rule::OwnDeviation],
        }
    }
}

/// The cases of one provider.
pub(crate) struct Provider {
    n: u64,
    events: u64,
    moments: Option<Moments>,
    covariate: Vec<f64>,
    outcomes: Vec<bool>,
    probabilities: Vec<f64>,
    /// How many standard deviations of the true levels its own lies from their middle; 0 when all are equal.
    true_deviate: f64,
}

/// How many were labelled, at 95 and 99.8 %.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) labelled: f64,
    pub(crate) notice: f64,
    pub(crate) signal: f64,
    /// Those of `notice` and `signal` whose true level lies within the same limits of the bulk.
    pub(crate) notice_inside: f64,
    pub(crate) signal_inside: f64,
}

/// Flags of a rule over many countries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    countries: Vec<Tally>,
}

impl Flags {
    fn rate(&self, count: impl Fn(&Tally) -> f64) -> (f64, f64) {
        let labelled: f64 = self.countries.iter().map(|country| country.labelled).sum();
        let rate = self.countries.iter().map(&count).sum::<f64>() / labelled;
        let squares: f64 = self.countries.iter().map(|country| (count(country) - rate * country.labelled).powi(2)).sum();
        (100.0 * rate, 100.0 * squares.sqrt() / labelled)
    }

    /// Per cent of labelled providers at or beyond 95 %, with its standard error over countries.
    pub(crate) fn notice(&self) -> (f64, f64) {
        self.rate(|country| country.notice)
    }

    /// The same at 99.8 %.
    pub(crate) fn signal(&self) -> (f64, f64) {
        self.rate(|country| country.signal)
    }

    /// Per cent at or beyond 95 and 99.8 % although the true level lies within those limits of the bulk: what a
    /// heavy tail holds outside them does stand out.
    pub(crate) fn inside(&self) -> (f64, f64) {
        (self.rate(|country| country.notice_inside).0, self.rate(|country| country.signal_inside).0)
    }
}

/// The spread of the middle 80 % of [`heavy_tailed`], in standard deviations, over that of a normal distribution:
/// its quantile at 0.9 is 1.5332/√2 and not 1.2816.
const HEAVY_TAILED_BULK: f64 = 0.84597;

/// Student's t with 4 degrees of freedom over its standard deviation √2.
fn heavy_tailed(stream: &mut RandomStream) -> f64 {
    let chi_squared = -2.0 * (stream.uniform().ln() + stream.uniform().ln());
    stream.normal() / (chi_squared / 4.0).sqrt() / std::f64::consts::SQRT_2
}

fn gamma(stream: &mut RandomStream, shape: f64) -> f64 {
    special::gamma_quantile(shape, stream.uniform()).unwrap_or(shape)
}

fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Sizes as in the sample country: practices of median 45, one in five an institution of median 400.
fn size(stream: &mut RandomStream) -> u64 {
    let (median, spread) = if stream.uniform() < 0.2 { (400.0_f64, 0.75) } else { (45.0, 0.99) };
    (median * (spread * stream.normal()).exp()).round().clamp(8.0, 6000.0) as u64
}

/// A provider of `n` cases whose true level is drawn, or lies `fixed` from the national one: as a share of 1, or
/// in standard deviations within providers.
pub(crate) fn provider(stream: &mut RandomStream, setting: &Setting, n: u64, fixed: Option<f64>) -> Provider {
    let (effect, true_deviate) = match setting.spread {
        _ if fixed.is_some() => (0.0, 0.0),
        Spread::Equal | Spread::Beta(_) => (0.0, 0.0),
        Spread::Normal(sd) => {
            let deviate = stream.normal();
            (sd * deviate, deviate)
        }
        Spread::HeavyTailed(sd) => {
            let deviate = heavy_tailed(stream);
            (sd * deviate, deviate)
        }
    };
    let mut result = Provider {
        n,
        events: 0,
        moments: None,
        covariate: Vec::new(),
        outcomes: Vec::new(),
        probabilities: Vec::new(),
        true_deviate,
    };
    match setting.outcome {
        Outcome::Share(level) => {
            let probability = match (setting.spread, fixed) {
                (_, Some(fixed)) => level + fixed,
                (Spread::Beta(rho), None) => {
                    let size = (1.0 - rho) / rho;
                    let (a, b) = (gamma(stream, size * level), gamma(stream, size * (1.0 - level)));
                    a / (a + b)
                }
                _ => expit((level / (1.0 - level)).ln() + effect),
            };
            result.events = (0..n).filter(|_| stream.uniform() < probability).count() as u64;
        }
        Outcome::Adjusted(level) => {
            let centre = (level / (1.0 - level)).ln();
            let case_mix = 0.5 * stream.normal();
            for _ in 0..n {
                let covariate = case_mix + stream.normal();
                let event = stream.uniform() < expit(centre + COVARIATE_EFFECT * covariate + effect);
                result.events += u64::from(event);
                result.covariate.push(covariate);
                result.outcomes.push(event);
            }
        }
        Outcome::Symmetric | Outcome::Lognormal | Outcome::Gamma => {
            let variance = 0.36_f64.exp();
            let sd = match setting.outcome {
                Outcome::Lognormal => (variance * (variance - 1.0)).sqrt(),
                Outcome::Gamma => std::f64::consts::SQRT_2,
                _ => 1.0,
            };
            let level = sd * (effect + fixed.unwrap_or(0.0));
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    level
                        + match setting.outcome {
                            Outcome::Lognormal => (0.6 * stream.normal()).exp(),
                            Outcome::Gamma => -stream.uniform().ln() - stream.uniform().ln(),
                            _ => stream.normal(),
                        }
                })
                .collect();
            result.moments = moments(&values);
        }
    }
    result
}

/// What the rules know of a country.
pub(crate) enum National {
    Share { events: u64, n: u64, rho: f64, arcsine: f64 },
    Adjusted { model: LogisticFit, tau2: f64, root: f64 },
    Mean { mean: f64, n: f64, within: f64, skewness: f64, tau2: f64, laird: f64 },
}

/// A country, and what the rules know of it.
pub(crate) fn country(stream: &mut RandomStream, setting: &Setting) -> Option<(Vec<Provider>, National)> {
    let mut providers: Vec<Provider> = (0..setting.providers)
        .map(|_| {
            let n = size(stream);
            provider(stream, setting, n, None)
        })
        .collect();
    let national = match setting.outcome {
        Outcome::Share(_) => national_share(&providers),
        Outcome::Adjusted(_) => national_adjusted(&mut providers)?,
        outcome => national_mean(&providers, outcome != Outcome::Symmetric)?,
    };
    Some((providers, national))
}

fn shown(providers: &[Provider]) -> impl Iterator<Item = &Provider> {
    providers.iter().filter(|own| own.n >= FEWEST_SHOWN)
}

fn national_share(providers: &[Provider]) -> National {
    let (events, n) = providers.iter().fold((0, 0), |sum, own| (sum.0 + own.events, sum.1 + own.n));
    let counts: Vec<(u64, u64)> = shown(providers).map(|own| (own.events, own.n)).collect();
    let pairs: Vec<(f64, f64)> = counts.iter().map(|(events, n)| (*events as f64, *n as f64)).collect();
    National::Share {
        events,
        n,
        rho: between_variation_proportions(&counts, events as f64 / n as f64).value,
        arcsine: spiegelhalter_2012(&pairs, FunnelScale::ArcsineProportion).unwrap_or(0.0),
    }
}

fn national_adjusted(providers: &mut [Provider]) -> Option<National> {
    let outcomes: Vec<bool> = providers.iter().flat_map(|own| own.outcomes.iter().copied()).collect();
    let covariate: Vec<f64> = providers.iter().flat_map(|own| own.covariate.iter().copied()).collect();
    let model = fit_logistic(&outcomes, &[covariate])?;
    for own in providers.iter_mut() {
        predict(&model, own);
    }
    let counts: Vec<AdjustedCount> = shown(providers)
        .map(|own| AdjustedCount {
            observed: own.events as f64,
            expected: own.probabilities.iter().sum(),
            variance: own.probabilities.iter().map(|p| p * (1.0 - p)).sum(),
        })
        .collect();
    let pairs: Vec<(f64, f64)> = counts.iter().map(|own| (own.observed, own.expected)).collect();
    Some(National::Adjusted {
        model,
        tau2: between_variation_adjusted(&counts).value,
        root: spiegelhalter_2012(&pairs, FunnelScale::RootRatio).unwrap_or(0.0),
    })
}

fn predict(model: &LogisticFit, own: &mut Provider) {
    own.probabilities = model.probabilities(std::slice::from_ref(&own.covariate)).unwrap_or_default();
}

fn national_mean(providers: &[Provider], skewed: bool) -> Option<National> {
    let all: Vec<Moments> = providers.iter().filter_map(|own| own.moments).collect();
    let n: f64 = all.iter().map(|own| own.n as f64).sum();
    let mean = all.iter().map(|own| own.n as f64 * own.mean).sum::<f64>() / n;
    let variances: Vec<(u64, f64)> = all.iter().filter_map(|own| Some((own.n, own.sd?.powi(2)))).collect();
    let thirds: Vec<(u64, f64)> = all.iter().map(|own| (own.n, own.third_central_sum)).collect();
    let within = within_variance(&variances)?;
    let counted: Vec<&Moments> = all.iter().filter(|own| own.n >= FEWEST_SHOWN).collect();
    let means: Vec<ProviderMean> =
        counted.iter().map(|own| ProviderMean { n: own.n as f64, mean: own.mean, expected: mean }).collect();
    let estimates: Vec<f64> = means.iter().map(|own| own.mean).collect();
    let errors: Vec<f64> = means.iter().map(|own| within / own.n).collect();
    Some(National::Mean {
        mean,
        n,
        within,
        skewness: if skewed { within_skewness(&thirds, within)? } else { 0.0 },
        tau2: between_variation_means(&means, within).value,
        laird: der_simonian_laird(&estimates, &errors)?,
    })
}

impl National {
    /// The z that a rule gives a provider; |z| ≥ 1.96 is "let op" and ≥ 3.09 "signaal".
    pub(crate) fn z(&self, rule: Rule, own: &mut Provider) -> Option<f64> {
        let cases = own.n as f64;
        match self {
            Self::Share { events, n, rho, arcsine } => {
                let level = *events as f64 / *n as f64;
                let target = if cases > SHARE_FOR_LEAVE_ONE_OUT * *n as f64 && *n > own.n && *events >= own.events {
                    (events - own.events) as f64 / (n - own.n) as f64
                } else {
                    level
                };
                match rule {
                    Rule::Ours => z_proportion(own.events, own.n, target, *rho),
                    Rule::ChanceOnly => z_proportion(own.events, own.n, target, 0.0),
                    _ => {
                        let difference = (own.events as f64 / cases).sqrt().asin() - level.sqrt().asin();
                        Some(difference / (0.25 / cases + arcsine).sqrt())
                    }
                }
            }
            Self::Adjusted { model, tau2, root } => {
                if own.probabilities.is_empty() {
                    predict(model, own);
                }
                match rule {
                    Rule::Ours => z_adjusted_count(own.events, &own.probabilities, *tau2),
                    Rule::ChanceOnly => z_poisson_binomial(own.events, &own.probabilities),
                    _ => {
                        let expected: f64 = own.probabilities.iter().sum();
                        Some(((own.events as f64 / expected).sqrt() - 1.0) / (0.25 / expected + root).sqrt())
                    }
                }
            }
            Self::Mean { mean, n, within, skewness, tau2, laird } => {
                let value = own.moments?;
                match rule {
                    Rule::Ours => z_mean(value.mean, *mean, cases, Some(*n), *within, *tau2, *skewness),
                    Rule::ChanceOnly => z_mean(value.mean, *mean, cases, Some(*n), *within, 0.0, 0.0),
                    Rule::OwnDeviation => {
                        let t = (value.mean - mean) / (value.sd? / cases.sqrt());
                        let tail = special::student_t_upper_tail(t.abs(), cases - 1.0)?;
                        special::normal_quantile(tail.max(f64::MIN_POSITIVE)).map(f64::abs)
                    }
                    _ => z_mean(value.mean, *mean, cases, Some(*n), *within, *laird, 0.0),
                }
            }
        }
    }
}

/// Labels the providers of `rounds` countries by every rule of the setting.
pub(crate) fn simulate(setting: &Setting, rules: &[Rule], rounds: u64, seed: u64) -> Vec<Flags> {
    let mut flags = vec![Flags::default(); rules.len()];
    for round in 0..rounds {
        let mut stream = RandomStream::new(seed.wrapping_add(round));
        let Some((mut providers, national)) = country(&mut stream, setting) else { continue };
        for (rule, flags) in rules.iter().zip(&mut flags) {
            let mut tally = Tally::default();
            for own in providers.iter_mut().filter(|own| own.n >= FEWEST_LABELLED) {
                let Some(z) = national.z(*rule, own) else { continue };
                tally.labelled += 1.0;
                tally.notice += f64::from(u8::from(z.abs() >= Z95));
                tally.signal += f64::from(u8::from(z.abs() >= Z998));
                let inside = |line: f64| z.abs() >= line && own.true_deviate.abs() < line * HEAVY_TAILED_BULK;
                tally.notice_inside += f64::from(u8::from(inside(Z95)));
                tally.signal_inside += f64::from(u8::from(inside(Z998)));
            }
            flags.countries.push(tally);
        }
    }
    flags
}

/// The share of providers of `n` cases and a true level `difference` from the national one that a rule labels,
/// at 95 and at 99.8 %: `each` of them in each of `rounds` countries.
pub(crate) fn power(setting: &Setting, rule: Rule, n: u64, difference: f64, rounds: u64, each: u64) -> (f64, f64) {
    let (mut all, mut notice, mut signal) = (0.0, 0.0, 0.0);
    for round in 0..rounds {
        // The same countries and providers for every rule.
        let mut stream = RandomStream::new(seed_of(&["power", &n.to_string()]).wrapping_add(round));
        let Some((_, national)) = country(&mut stream, setting) else { continue };
        for _ in 0..each {
            let mut own = provider(&mut stream, setting, n, Some(difference));
            let Some(z) = national.z(rule, &mut own) else { continue };
            all += 1.0;
            notice += f64::from(u8::from(z.abs() >= Z95));
            signal += f64::from(u8::from(z.abs() >= Z998));
        }
    }
    (100.0 * notice / all, 100.0 * signal / all)
}

/// Shares of providers, by size (10–29, 30–99, 100–299, 300 and over), whose raw share is in the lowest or
/// highest tenth of the country, though all are truly equal.
pub(crate) fn extreme_tenths(level: f64, providers: usize, rounds: u64) -> [f64; 4] {
    let setting = Setting { outcome: Outcome::Share(level), spread: Spread::Equal, providers };
    let mut counts = [(0.0, 0.0); 4];
    for round in 0..rounds {
        let mut stream = RandomStream::new(seed_of(&["tenths"]).wrapping_add(round));
        let Some((providers, _)) = country(&mut stream, &setting) else { continue };
        let mut shares: Vec<f64> = shown(&providers).map(|own| own.events as f64 / own.n as f64).collect();
        shares.sort_by(f64::total_cmp);
        let (Some(low), Some(high)) = (quantile(&shares, 0.1), quantile(&shares, 0.9)) else { continue };
        for own in shown(&providers) {
            let place = match own.n {
                ..30 => 0,
                30..100 => 1,
                100..300 => 2,
                _ => 3,
            };
            let share = own.events as f64 / own.n as f64;
            counts[place].0 += 1.0;
            counts[place].1 += f64::from(u8::from(share <= low || share >= high));
        }
    }
    counts.map(|(all, extreme)| 100.0 * extreme / all)
}
