//! ROM: questionnaires before, between and after. Who measures, and how far clients improve.

use crate::calendar::{day, year_of};
use crate::draws::Draws;
use crate::figures;
use crate::history::Course;
use crate::person::Person;
use crate::provider::Provider;

/// The moments of a submission.
pub(crate) const MOMENTS: [&str; 3] = ["voor", "tussen", "na"];
const BEFORE: u8 = 0;
const BETWEEN: u8 = 1;
const AFTER: u8 = 2;

/// Places in [`figures::INSTRUMENTS`].
const OQ45: u8 = 0;
const SQ48: u8 = 1;
const PHQ9: u8 = 2;
const GAD7: u8 = 3;

/// One score.
pub(crate) struct Measurement {
    /// Place in [`MOMENTS`].
    pub(crate) moment: u8,
    pub(crate) day: i32,
    /// Place in [`figures::INSTRUMENTS`].
    pub(crate) instrument: u8,
    pub(crate) score: u16,
}

/// design: coverage of an incomplete trajectory against a complete one: few reach a last measurement.
const INCOMPLETE_COVERAGE: f64 = 0.25;
/// design: without a pair, share with only a first and with only a last measurement.
const FIRST_ONLY: f64 = 0.65;
/// design: share with only a last measurement.
const LAST_ONLY: f64 = 0.08;
/// design: of those with only a first: last one beyond the window, or with another instrument.
const SPOILT_LAST: (f64, f64) = (0.10, 0.08);
/// A last measurement this many days after the first at least.
const LEAST_DAYS_BETWEEN: i32 = 14;

/// Adds the measurements of a trajectory.
pub(crate) fn measure(
    provider: &Provider,
    person: &Person,
    course: &Course,
    draws: &mut Draws,
    into: &mut Vec<Measurement>,
) {
    let coverage = provider.rom_coverage
        * if course.incomplete {
            INCOMPLETE_COVERAGE
        } else {
            1.0
        };
    let (fate, spoilt) = (draws.unit(), draws.unit());
    let pair = fate < coverage;
    let rest = if pair {
        0.0
    } else {
        (fate - coverage) / (1.0 - coverage)
    };
    let first = pair || rest < FIRST_ONLY;
    let mut last = pair || (FIRST_ONLY..FIRST_ONLY + LAST_ONLY).contains(&rest);

    let first_day = course.start + (draws.bounded_normal(8.0) as i32) - 3;
    let year_end = day(year_of(course.end), 12, 31);
    let mut last_day = (course.last_session + draws.bounded_normal(9.0) as i32).min(year_end);
    let (beyond_window, other_instrument) = (SPOILT_LAST.0, SPOILT_LAST.0 + SPOILT_LAST.1);
    let mut second_instrument = false;
    if first && !pair && spoilt < beyond_window {
        last_day = course.last_session - figures::PAIR_WINDOW_DAYS - 3 - draws.between(0, 40);
        last = true;
    } else if first && !pair && spoilt < other_instrument {
        second_instrument = true;
        last = true;
    }
    if last_day < first_day + LEAST_DAYS_BETWEEN {
        last = last && !first;
        last_day = last_day.max(course.start);
    }

    last &= !course.goes_on;

    // T scores: 50 and 10 for patients before treatment (domain 4.4).
    let first_point = first_point(course.severity, draws.normal());
    let improvement = (expected_improvement(provider, person, course.year, first_point)
        + own_improvement() * draws.normal())
        / 10.0;
    let halfway = draws.chance(provider.between_measurements);
    let noise = draws.normal();

    let mut instruments = [main_instrument(provider, course.diagnosis), u8::MAX];
    // design: who uses short lists often asks both.
    if instruments[0] >= PHQ9 && draws.chance(0.3) {
        instruments[1] = PHQ9 + GAD7 - instruments[0];
    }
    for instrument in instruments
        .into_iter()
        .filter(|instrument| *instrument != u8::MAX)
    {
        let mut add = |moment: u8, day: i32, instrument: u8, point: f64| {
            into.push(Measurement {
                moment,
                day,
                instrument,
                score: score(usize::from(instrument), point) as u16,
            });
        };
        if first {
            add(BEFORE, first_day, instrument, first_point);
        }
        if first && halfway && course.last_session - course.start > 60 {
            let middle = course.start + (course.last_session - course.start) / 2;
            add(
                BETWEEN,
                middle,
                instrument,
                first_point - 0.6 * improvement + 0.3 * noise,
            );
        }
        if last {
            let used = if second_instrument {
                other(instrument)
            } else {
                instrument
            };
            add(AFTER, last_day, used, first_point - improvement);
        }
    }
}

/// Complaints before treatment, in standard deviations of patients: by severity, and by a standard normal draw.
pub(crate) fn first_point(severity: f64, draw: f64) -> f64 {
    0.85 * severity + 0.53 * draw
}

/// The score at a point of the standard normal scale: whole, and within the range of the instrument.
pub(crate) fn score(instrument: usize, point: f64) -> f64 {
    let figures = &figures::INSTRUMENTS[instrument];
    (figures.mean + figures.spread * point)
        .round()
        .clamp(0.0, figures.highest)
}

/// How far such clients of a provider who start in this year improve on average, in T.
pub(crate) fn expected_improvement(
    provider: &Provider,
    person: &Person,
    year: i32,
    first_point: f64,
) -> f64 {
    let since = f64::from(year - figures::TREND_YEAR);
    let mean = if provider.institution {
        figures::MEAN_EFFECT.1
    } else {
        figures::MEAN_EFFECT.0
    };
    let client = figures::NO_WORK_EFFECT
        * (if person.has_work { 0.0 } else { 1.0 } - (1.0 - figures::WORK_SHARE))
        + figures::EARLIER_TREATMENT_EFFECT
            * (if person.was_treated { 1.0 } else { 0.0 } - figures::EARLIER_TREATMENT_SHARE);
    let by_first = figures::FIRST_SCORE_CORRELATION * figures::EFFECT_SPREAD;
    let provider_effect =
        figures::EFFECT_EFFECT * provider.effects.outcome + provider.outcome_drift * since;
    mean + client + by_first * first_point + provider_effect
}

/// Spread of improvement between clients who are alike and have one provider, in T.
pub(crate) fn own_improvement() -> f64 {
    let by_first = figures::FIRST_SCORE_CORRELATION * figures::EFFECT_SPREAD;
    (figures::EFFECT_SPREAD * figures::EFFECT_SPREAD
        - by_first * by_first
        - figures::EFFECT_EFFECT * figures::EFFECT_EFFECT)
        .sqrt()
}

fn main_instrument(provider: &Provider, diagnosis: &str) -> u8 {
    match provider.instrument {
        0 => OQ45,
        1 => SQ48,
        _ if diagnosis == "depressief" || diagnosis == "persoonlijkheid" => PHQ9,
        _ => GAD7,
    }
}

fn other(instrument: u8) -> u8 {
    if instrument == SQ48 { OQ45 } else { SQ48 }
}
