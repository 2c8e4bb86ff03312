//! Random draws, each stream keyed by seed, provider and purpose, so that no stream depends on another.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, StandardNormal};

/// What a stream of draws is for; part of its key.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The order of sizes and kinds over the providers of a country.
    Plan,
    /// The lasting properties of one provider.
    Profile,
    /// Whether a provider shares its owner with another.
    Owner,
    /// The trajectories of one provider that start in this year.
    Year(i32),
    /// The average clients of [`crate::truth`].
    Average,
    /// The Keurmerk of one provider in this year.
    Keurmerk(i32),
}

/// One stream of random draws.
pub(crate) struct Draws {
    generator: ChaCha8Rng,
}

impl Draws {
    /// The stream of a provider for a purpose.
    pub(crate) fn new(seed: u64, provider: usize, purpose: Purpose) -> Draws {
        let (kind, year) = match purpose {
            Purpose::Plan => (0_u8, 0),
            Purpose::Profile => (1, 0),
            Purpose::Owner => (2, 0),
            Purpose::Year(year) => (3, year),
            Purpose::Average => (4, 0),
            Purpose::Keurmerk(year) => (5, year),
        };
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(provider as u64).to_le_bytes());
        key[16..20].copy_from_slice(&year.to_le_bytes());
        key[20] = kind;
        Draws {
            generator: ChaCha8Rng::from_seed(key),
        }
    }

    /// A random key, for ordering.
    pub(crate) fn key(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number from 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits: the precision of f64.
        (self.generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// A whole number from 0 up to, not including, `bound`; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.generator.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// A whole number within both bounds.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low + 1).max(0) as u32) as i32
    }

    /// A draw from the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.generator)
    }

    /// A normal draw with this spread, cut at two and a half spreads either side.
    pub(crate) fn bounded_normal(&mut self, spread: f64) -> f64 {
        self.normal().clamp(-2.5, 2.5) * spread
    }

    /// A share between 0 and 1 with this mean and standard deviation; the mean when no beta distribution has them.
    pub(crate) fn share(&mut self, mean: f64, deviation: f64) -> f64 {
        let total = mean * (1.0 - mean) / (deviation * deviation) - 1.0;
        match Beta::new(mean * total, (1.0 - mean) * total) {
            Ok(beta) => beta.sample(&mut self.generator),
            Err(_) => mean,
        }
    }

    /// The whole number below or above, so that the mean is kept.
    pub(crate) fn whole(&mut self, value: f64) -> u32 {
        let floor = value.floor();
        floor as u32 + u32::from(self.chance(value - floor))
    }

    /// One value of a table of values and shares; the last when the shares add to less than 1.
    pub(crate) fn pick<T: Copy>(&mut self, table: &[(T, f64)]) -> Option<T> {
        let mut left = self.unit();
        for (value, share) in table {
            if left < *share {
                return Some(*value);
            }
            left -= share;
        }
        table.last().map(|(value, _)| *value)
    }
}

/// The log-normal value with this mean and coefficient of variation at a standard normal point.
pub(crate) fn log_normal(mean: f64, variation: f64, point: f64) -> f64 {
    let variance = (1.0 + variation * variation).ln();
    mean * (point * variance.sqrt() - variance / 2.0).exp()
}

/// The logistic curve: log-odds to a probability.
pub(crate) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The log-odds of a probability.
pub(crate) fn log_odds(share: f64) -> f64 {
    (share / (1.0 - share)).ln()
}
