//! Invented records for the tests of this crate: a small country of practices and institutions, the same in every run.

use std::path::Path;

use spiegel_model::PrivateOverlay;

use crate::record::{Answer, ProviderClass, Records, RomCategory, Trajectory};
use crate::tables::DistributionRow;
use crate::write::YearInput;
use crate::Policy;

/// Numbers that look random: xorshift, seeded.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(limit)) as u32
    }

    /// Small numbers more often than large ones.
    fn skewed(&mut self, limit: u32) -> u32 {
        self.below(limit).min(self.below(limit)).min(self.below(limit))
    }
}

/// The policy of the pipeline on its coarsest rung, with limits that a small country can meet.
pub(crate) fn policy() -> Policy {
    let text = include_str!("../../../pipelines/kibg/release/policy.toml")
        .replace("rung = \"M\"", "rung = \"XS\"")
        .replace("max_star_share = 0.02", "max_star_share = 0.20")
        .replace("max_process_star_share = 0.10", "max_process_star_share = 0.60");
    Policy::parse(Path::new("../../pipelines/kibg/release"), &text).unwrap()
}

pub(crate) fn overlay() -> PrivateOverlay {
    PrivateOverlay { p_percent: 10.0, hmac_key: "ab".repeat(32) }
}

/// `rows` trajectories of `groups` groups of owners.
pub(crate) fn records(year: i32, rows: u32, groups: u32, seed: u64) -> Records {
    let mut dice = Dice::new(seed);
    let clients = rows * 9 / 10;
    let mut list: Vec<Trajectory> = (0..rows)
        .map(|_| {
            let client = dice.below(clients);
            // A client belongs to one group.
            let group = client % groups;
            let minutes = 60 + dice.below(500) + dice.skewed(700);
            let paired = dice.below(2) == 0;
            let outcomes = [RomCategory::Recovered, RomCategory::Improved, RomCategory::Unchanged, RomCategory::Unchanged, RomCategory::Deteriorated];
            Trajectory {
                group,
                provider: group,
                client,
                provider_class: if group.is_multiple_of(7) { ProviderClass::Instelling } else { ProviderClass::Vrijgevestigd },
                province: (group % 13) as u8,
                diagnosis: [3, 3, 4, 4, 6, 20, 17, 1][dice.skewed(8) as usize],
                age: (dice.below(500) > 0).then(|| 18 + dice.skewed(70) as u8),
                sex: [0, 0, 1][dice.below(3) as usize],
                minutes,
                days: 20 + dice.skewed(600),
                incomplete: if dice.below(8) == 0 { Answer::Yes } else { Answer::No },
                back_in_care: [Answer::Yes, Answer::No, Answer::No, Answer::No, Answer::Unknown][dice.below(5) as usize],
                rom_category: if paired { outcomes[dice.below(5) as usize] } else { RomCategory::NoPair },
                counted_minutes: Some(f64::from(minutes)),
                counted_days: Some(100.0),
                rom_change: paired.then(|| f64::from(dice.below(200)) / 10.0 - 5.0),
                mark: (dice.below(3) == 0).then(|| f64::from(dice.below(5)) + 5.0),
            }
        })
        .collect();
    list.sort_unstable_by_key(|row| (row.group, row.client, row.minutes, row.days, row.age));
    Records {
        year,
        rows: list,
        groups: (0..groups).map(|group| format!("9490{group:04}")).collect(),
        providers: (0..groups).map(|group| format!("9490{group:04}")).collect(),
        clients: (0..clients).map(|client| format!("9490{:04}\u{1f}{client:032x}", client % groups)).collect(),
        out_of_scope: 4,
        held: 0,
    }
}

pub(crate) fn year(year: i32, rows: u32, groups: u32, seed: u64) -> YearInput {
    let row = |statistic: &str, value: Option<f64>| DistributionRow {
        year,
        peer_group: "alle".to_owned(),
        measure: "minutes_mean".to_owned(),
        statistic: statistic.to_owned(),
        value,
        providers_band: "50-99".to_owned(),
        conf_status: if value.is_some() { "F" } else { "M" }.to_owned(),
    };
    YearInput { records: records(year, rows, groups, seed), distributions: vec![row("p25", Some(410.0)), row("p50", Some(512.0)), row("p75", Some(633.0)), row("p90", None)] }
}
