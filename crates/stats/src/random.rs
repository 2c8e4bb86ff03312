//! Pseudo-random numbers that are the same on every machine: xoshiro256++ seeded by SplitMix64 (Blackman and
//! Vigna, public domain algorithms). For resampling and simulation, not for secrets.

use crate::special::normal_quantile;

/// A stream of pseudo-random numbers.
#[derive(Debug, Clone)]
pub struct RandomStream {
    state: [u64; 4],
}

/// One step of SplitMix64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A seed from names, so that a resample depends on what it is about and not on the order of work: FNV-1a
/// over the parts (each closed by a zero byte), mixed by SplitMix64.
pub fn seed_of(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    split_mix(&mut hash)
}

impl RandomStream {
    /// The stream that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        let mut mixer = seed;
        Self {
            state: std::array::from_fn(|_| split_mix(&mut mixer)),
        }
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform, strictly between 0 and 1: the middles of 2⁵² equal cells.
    pub fn uniform(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    /// Standard normal, by inversion.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform()).unwrap_or(0.0)
    }

    /// Two independent standard normals, by the polar method (Marsaglia and Bray 1964): several times faster than by inversion.
    pub fn normal_pair(&mut self) -> [f64; 2] {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 && square > 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                return [x * factor, y * factor];
            }
        }
    }
}
