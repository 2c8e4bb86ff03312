//! The studentised bootstrap of a mean, for skewed values such as minutes and days (§6.1).

use crate::interval::{Interval, tail_of};
use crate::means::moments;
use crate::random::RandomStream;

/// Below this many values a resample has too few distinct outcomes to studentise.
pub const FEWEST_BOOTSTRAP_VALUES: usize = 5;

/// The bootstrap-t interval of a mean (Efron and Tibshirani 1993, §12.5), in the unit of the values.
///
/// Each replicate draws n values with replacement and takes t* = (mean* − mean)/(sd*/√n); the interval is
/// mean − t*(upper)·sd/√n to mean − t*(lower)·sd/√n, with the (B+1)p-th order statistics of t*. Replicates
/// that are all equal have no t* and are left out. The same values in the same order and the same seed give
/// the same bits. All-equal values give the point itself.
///
/// `None` below [`FEWEST_BOOTSTRAP_VALUES`], when a value is not finite, when confidence is not between 0
/// and 1, or when the usable replicates are too few for the tail.
pub fn bootstrap_t_interval(
    values: &[f64],
    confidence: f64,
    replicates: u32,
    seed: u64,
) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    if values.len() < FEWEST_BOOTSTRAP_VALUES || values.len() > u32::MAX as usize {
        return None;
    }
    let own = moments(values)?;
    let sd = own.sd?;
    if values.iter().all(|value| *value == values[0]) || sd == 0.0 {
        return Interval::checked(own.mean, own.mean);
    }
    let deviations: Vec<f64> = values.iter().map(|value| value - own.mean).collect();
    let mut stream = RandomStream::new(seed);
    let mut studentised: Vec<f64> = (0..replicates)
        .filter_map(|_| replicate(&deviations, &mut stream))
        .collect();
    let scale = sd / (values.len() as f64).sqrt();
    let low = order_statistic(&mut studentised, tail)?;
    let high = order_statistic(&mut studentised, 1.0 - tail)?;
    Interval::checked(own.mean - high * scale, own.mean - low * scale)
}

/// The t* of one resample of deviations from the mean; `None` when all drawn values are equal.
fn replicate(deviations: &[f64], stream: &mut RandomStream) -> Option<f64> {
    let n = deviations.len() as u64;
    // Two draws from each 64 bits: the high half of (32 bits × n) is an index. The bias is n/2³².
    let index = |bits: u64| ((bits * n) >> 32) as usize;
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut add = |deviation: f64| {
        sum += deviation;
        squares += deviation * deviation;
    };
    for _ in 0..n / 2 {
        let bits = stream.next_u64();
        add(deviations[index(bits >> 32)]);
        add(deviations[index(bits & 0xffff_ffff)]);
    }
    if n % 2 == 1 {
        add(deviations[index(stream.next_u64() >> 32)]);
    }
    let n = n as f64;
    let mean = sum / n;
    let variance = (squares - sum * mean) / (n - 1.0);
    // What cancellation leaves of equal draws is not a spread.
    (variance > 1e-12 * squares / n).then(|| mean * (n / variance).sqrt())
}

/// The (B+1)p-th smallest value, between two when it is not whole. `None` when it falls outside the values.
fn order_statistic(values: &mut [f64], p: f64) -> Option<f64> {
    let position = (values.len() + 1) as f64 * p;
    let rank = (position + 1e-9).floor();
    if rank < 1.0 || rank >= values.len() as f64 + 1.0 {
        return None;
    }
    let fraction = (position - rank).max(0.0);
    let (_, &mut low, above) = values.select_nth_unstable_by(rank as usize - 1, f64::total_cmp);
    if fraction < 1e-9 {
        return Some(low);
    }
    let high = above.iter().copied().min_by(f64::total_cmp)?;
    Some(low + fraction * (high - low))
}
