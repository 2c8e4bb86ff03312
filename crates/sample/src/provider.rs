//! The providers of a country: size, habits, and how each differs from the others.

use crate::calendar::DateNotation;
use crate::defect::Defect;
use crate::draws::{Draws, Purpose};
use crate::figures;
use crate::names;
use crate::table::Dialect;

/// Optional columns that a provider may leave empty, as places in [`Provider::absent`].
#[derive(Clone, Copy)]
pub(crate) enum Optional {
    Product,
    CareDemandType,
    Waiting,
    Diagnosis,
    Education,
    Pc3,
    Referrer,
    EarlierTreatment,
    Work,
    Blended,
}

/// Number of [`Optional`] columns.
const OPTIONAL_COLUMNS: usize = 10;

/// How a provider differs from the others, in standard normal units.
pub(crate) struct Effects {
    pub(crate) minutes: f64,
    pub(crate) days: f64,
    pub(crate) outcome: f64,
    pub(crate) experience: f64,
    pub(crate) experience_scales: [f64; 4],
    pub(crate) incomplete: f64,
    pub(crate) severity: f64,
    pub(crate) product: f64,
    pub(crate) waiting: f64,
}

/// One provider.
pub(crate) struct Provider {
    pub(crate) index: usize,
    pub(crate) agb: String,
    pub(crate) name: String,
    pub(crate) institution: bool,
    pub(crate) group: String,
    pub(crate) province: &'static str,
    pub(crate) registered: String,
    pub(crate) clients_a_year: f64,
    pub(crate) growth: f64,
    pub(crate) minutes_drift: f64,
    pub(crate) outcome_drift: f64,
    pub(crate) effects: Effects,
    pub(crate) pc3: u16,
    pub(crate) absent: [f64; OPTIONAL_COLUMNS],
    pub(crate) back_within_year: f64,
    pub(crate) rom_coverage: f64,
    pub(crate) between_measurements: f64,
    /// Place of the main instrument in [`figures::INSTRUMENTS`]; PHQ-9 stands for PHQ-9 and GAD-7 by diagnosis.
    pub(crate) instrument: usize,
    pub(crate) instrument_version: &'static str,
    pub(crate) experience_response: f64,
    pub(crate) anonymous_experiences: f64,
    pub(crate) duration_classes: bool,
    pub(crate) indirect_minutes: bool,
    pub(crate) sessions_table: bool,
    pub(crate) group_share: f64,
    pub(crate) blended_share: f64,
    pub(crate) screen_share: f64,
    pub(crate) record_system: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) zip: bool,
    pub(crate) defect: Option<Defect>,
}

/// Provinces with a span of PC3 areas within each.
const PROVINCES: [(&str, u16, u16); 12] = [
    ("Groningen", 960, 999),
    ("Friesland", 840, 919),
    ("Drenthe", 930, 949),
    ("Overijssel", 740, 779),
    ("Gelderland", 650, 739),
    ("Flevoland", 820, 829),
    ("Utrecht", 340, 399),
    ("Noord-Holland", 100, 209),
    ("Zuid-Holland", 220, 333),
    ("Zeeland", 430, 459),
    ("Noord-Brabant", 460, 579),
    ("Limburg", 580, 649),
];
const RECORD_SYSTEMS: [&str; 4] = [
    "Voorbeeld-EPD 7",
    "DemoDossier 2025.1",
    "Proefpraktijk Online",
    "Testagenda & Dossier",
];

/// The size and kind of every provider of a country, defective ones last.
struct Plan {
    institution: bool,
    clients_a_year: f64,
    /// Half of the providers, the larger half.
    large: bool,
}

fn plan(providers: usize, seed: u64) -> Vec<Plan> {
    let mut draws = Draws::new(seed, 0, Purpose::Plan);
    let small = providers <= figures::SMALL_COUNTRY_PROVIDERS;
    let share = if small {
        figures::INSTITUTION_SHARE
    } else {
        figures::LARGE_INSTITUTION_SHARE
    };
    let institutions = (providers as f64 * share).round() as usize;
    let practices = providers - institutions;
    let mut keyed: Vec<(u64, Plan)> = Vec::with_capacity(providers);
    for place in 0..providers {
        let institution = place >= practices;
        let (rank, count) = if institution {
            (place - practices, institutions)
        } else {
            (place, practices)
        };
        // A small country has its sizes at even quantiles: no seed may leave it without tiny or without large providers.
        let point = if small {
            normal_point((rank as f64 + 0.5) / count as f64)
        } else {
            draws.normal()
        };
        let (median, spread, range) = match (institution, small) {
            (false, true) => (
                figures::PRACTICE_MEDIAN_CLIENTS,
                figures::PRACTICE_LOG_SPREAD,
                figures::SMALL_PRACTICE_RANGE,
            ),
            (false, false) => (
                figures::PRACTICE_MEDIAN_CLIENTS,
                figures::PRACTICE_LOG_SPREAD,
                figures::LARGE_PRACTICE_RANGE,
            ),
            (true, true) => (
                figures::SMALL_INSTITUTION_MEDIAN_CLIENTS,
                figures::INSTITUTION_LOG_SPREAD,
                figures::SMALL_INSTITUTION_RANGE,
            ),
            (true, false) => (
                figures::INSTITUTION_MEDIAN_CLIENTS,
                figures::INSTITUTION_LOG_SPREAD,
                figures::LARGE_INSTITUTION_RANGE,
            ),
        };
        let clients_a_year = (median * (spread * point).exp()).clamp(range.0, range.1);
        keyed.push((
            draws.key(),
            Plan {
                institution,
                clients_a_year,
                large: clients_a_year >= figures::PRACTICE_MEDIAN_CLIENTS,
            },
        ));
    }
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, plan)| plan).collect()
}

/// The normal quantile, near enough for the spacing of sizes: the logistic one, scaled to agree at 90 %.
fn normal_point(share: f64) -> f64 {
    crate::draws::log_odds(share) / 1.714
}

/// All providers, in the order of the register; with defects, one more provider for each.
pub(crate) fn providers(count: usize, seed: u64, dirty: bool) -> Vec<Provider> {
    let mut all: Vec<Provider> = Vec::with_capacity(count);
    let mut plans = plan(count, seed);
    let defects: &[Defect] = if dirty { &Defect::ALL } else { &[] };
    plans.extend(defects.iter().map(|_| Plan {
        institution: false,
        clients_a_year: figures::DEFECTIVE_PROVIDER_CLIENTS,
        large: false,
    }));
    for (index, plan) in plans.iter().enumerate() {
        let defect = index
            .checked_sub(count)
            .and_then(|place| defects.get(place))
            .copied();
        let mut provider = profile(index, plan, seed, defect);
        // design: a few owners hold several providers; a practice shares with a practice, an institution with an institution.
        let shared = if provider.institution { 0.15 } else { 0.05 };
        let mut draws = Draws::new(seed, index, Purpose::Owner);
        let shares = defect.is_none() && draws.chance(shared);
        if let Some(owner) = all
            .iter()
            .rev()
            .find(|other| shares && other.institution == provider.institution)
        {
            provider.group = owner.group.clone();
        }
        all.push(provider);
    }
    all
}

fn profile(index: usize, plan: &Plan, seed: u64, defect: Option<Defect>) -> Provider {
    let mut draws = Draws::new(seed, index, Purpose::Profile);
    let effects = effects(&mut draws);
    let tiny = plan.clients_a_year < figures::TINY_CLIENTS;
    let agb = agb(index, plan.institution);
    let place = draws.below(PROVINCES.len() as u32) as usize;
    let (province, low, high) = PROVINCES[place];
    let drifting = draws.chance(figures::DRIFTING_SHARE);
    let direction = if draws.chance(0.5) { 1.0 } else { -1.0 };
    let drifts_in_minutes = draws.chance(0.5);
    let mut absent = [0.0; OPTIONAL_COLUMNS];
    for share in &mut absent {
        // design: most providers miss a few values of a column, one in fourteen never fills it.
        *share = if draws.chance(0.07) {
            1.0
        } else {
            draws.share(0.05, 0.06)
        };
    }
    // Without product or waiting dates there is little to report; these are never wholly absent.
    for column in [Optional::Product, Optional::Blended] {
        absent[column as usize] = absent[column as usize].min(0.04);
    }
    let dialect = dialect(defect.is_some(), &mut draws);
    Provider {
        index,
        name: names::name(index, plan.institution),
        institution: plan.institution,
        group: agb.clone(),
        agb,
        province,
        registered: format!("{}-01-01", draws.between(2009, 2015)),
        clients_a_year: plan.clients_a_year,
        growth: figures::GROWTH.0 + draws.bounded_normal(figures::GROWTH.1),
        minutes_drift: if drifting && drifts_in_minutes {
            direction * figures::MINUTES_DRIFT
        } else {
            0.0
        },
        outcome_drift: if drifting && !drifts_in_minutes {
            direction * figures::EFFECT_DRIFT
        } else {
            0.0
        },
        effects,
        pc3: low + draws.below(u32::from(high - low) + 1) as u16,
        absent,
        back_within_year: figures::BACK_WITHIN_YEAR.0
            + draws.unit() * (figures::BACK_WITHIN_YEAR.1 - figures::BACK_WITHIN_YEAR.0),
        rom_coverage: draws.share(figures::ROM_COVERAGE.0, figures::ROM_COVERAGE.1),
        between_measurements: draws.share(0.3, 0.2),
        instrument: draws
            .pick(&[(0, 0.5), (1, 0.25), (2, 0.25)])
            .unwrap_or_default(),
        instrument_version: if draws.chance(0.6) { "1" } else { "" },
        experience_response: draws.share(
            figures::EXPERIENCE_RESPONSE.0,
            figures::EXPERIENCE_RESPONSE.1,
        ),
        anonymous_experiences: draws
            .pick(&[(0.0, 0.7), (0.2, 0.2), (1.0, 0.1)])
            .unwrap_or_default(),
        duration_classes: draws.chance(figures::CLASS_PROVIDERS),
        indirect_minutes: draws.chance(0.6),
        sessions_table: !(tiny && defect.is_none() && index % figures::NO_SESSIONS_EVERY == 3),
        group_share: if draws.chance(figures::GROUP_SHARES.0) {
            figures::GROUP_SHARES.1
        } else {
            0.0
        },
        blended_share: draws.share(0.30, 0.20),
        screen_share: draws.share(0.15, 0.12),
        record_system: RECORD_SYSTEMS[draws.below(RECORD_SYSTEMS.len() as u32) as usize],
        dialect,
        zip: defect.map_or(plan.large, Defect::needs_zip),
        defect,
    }
}

fn effects(draws: &mut Draws) -> Effects {
    let common = draws.bounded_normal(figures::COMMON_LOADING);
    let own = (1.0 - figures::COMMON_LOADING * figures::COMMON_LOADING).sqrt();
    let mut next = |sign: f64| sign * common + draws.bounded_normal(own);
    Effects {
        minutes: next(1.0),
        days: next(1.0),
        outcome: next(-1.0),
        experience: next(-1.0),
        incomplete: next(1.0),
        severity: next(0.0),
        product: next(0.0),
        waiting: next(1.0),
        experience_scales: [next(0.0), next(0.0), next(0.0), next(0.0)],
    }
}

/// 94 for a practice and 06 for an institution, then a 9: a span in which no real code is known to us.
fn agb(index: usize, institution: bool) -> String {
    // 61,357 is coprime with 99,999: every index below that has its own number, and neighbours lie apart.
    let number = (index * 61_357 + 10_007) % 99_999 + 1;
    format!("{}9{number:05}", if institution { "06" } else { "94" })
}

fn dialect(plain: bool, draws: &mut Draws) -> Dialect {
    let semicolon = draws.chance(0.7);
    let mark = draws.chance(0.25);
    let dutch = draws.chance(0.45);
    let comma = draws.chance(0.6);
    let carriage_return = draws.chance(0.3);
    if plain {
        return Dialect {
            separator: b';',
            byte_order_mark: false,
            dates: DateNotation::Iso,
            decimal: b'.',
            carriage_return: false,
        };
    }
    Dialect {
        separator: if semicolon { b';' } else { b',' },
        byte_order_mark: mark,
        dates: if dutch {
            DateNotation::Dutch
        } else {
            DateNotation::Iso
        },
        decimal: if semicolon && comma { b',' } else { b'.' },
        carriage_return,
    }
}
