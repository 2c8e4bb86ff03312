//! CQi: what clients say at the end. High marks with a ceiling, as practices publish them.

use crate::calendar::{day, year_of};
use crate::draws::Draws;
use crate::figures;
use crate::history::Course;
use crate::provider::Provider;

/// Scale of a row with the mark: the place after the scales of [`figures::EXPERIENCE_SCALES`].
pub(crate) const MARK: u8 = 4;

/// One row: a scale score or the mark.
pub(crate) struct Experience {
    pub(crate) day: i32,
    /// Place in [`figures::EXPERIENCE_SCALES`], or [`MARK`].
    pub(crate) scale: u8,
    pub(crate) hundredths: u16,
}

/// design: response after an incomplete trajectory, against a complete one.
const INCOMPLETE_RESPONSE: f64 = 0.35;
/// design: correlation of a scale with the client's general opinion.
const GENERAL_LOADING: f64 = 0.75;
/// design: share of responses that leave one scale empty.
const MISSING_SCALE: f64 = 0.02;
/// domain 3: the mark runs to 10; E330 refuses marks below 1.
const MARK_RANGE: (f64, f64) = (1.0, 10.0);

/// Adds the answers to a trajectory, none when the client does not respond.
pub(crate) fn respond(
    provider: &Provider,
    course: &Course,
    draws: &mut Draws,
    into: &mut Vec<Experience>,
) {
    let response = provider.experience_response
        * if course.incomplete {
            INCOMPLETE_RESPONSE
        } else {
            1.0
        };
    if course.goes_on || course.close_reason == "overleden" || !draws.chance(response) {
        return;
    }
    let answered =
        (course.end + draws.between(-10, 25)).clamp(course.start, day(year_of(course.end), 12, 31));
    let between = figures::INTRACLASS.sqrt();
    let within = (1.0 - figures::INTRACLASS).sqrt();
    let general = draws.normal();
    for (place, scale) in (0_u8..).zip(&figures::EXPERIENCE_SCALES) {
        let own = (1.0 - GENERAL_LOADING * GENERAL_LOADING).sqrt() * draws.normal();
        // The provider's scales go together (0.8) and apart (0.6); a ceiling takes away some of the spread between them.
        let of_provider = 0.8 * provider.effects.experience
            + 0.6 * provider.effects.experience_scales[usize::from(place)];
        let opinion = 1.3 * between * of_provider + within * (GENERAL_LOADING * general + own);
        let shortfall = (scale.shortfall - scale.spread * opinion).clamp(0.0, 4.0);
        if draws.chance(MISSING_SCALE) {
            continue;
        }
        // A scale is the mean of its items: steps of a half or a third.
        let score = 5.0 - (shortfall * scale.items).round() / scale.items;
        into.push(Experience {
            day: answered,
            scale: place,
            hundredths: (score * 100.0).round() as u16,
        });
    }
    into.push(Experience {
        day: answered,
        scale: MARK,
        hundredths: (mark(provider, general, draws.normal()) * 100.0) as u16,
    });
}

/// The mark of a client with this general opinion and this opinion of the mark itself, both standard normal.
pub(crate) fn mark(provider: &Provider, general: f64, own: f64) -> f64 {
    let opinion = figures::INTRACLASS.sqrt() * provider.effects.experience
        + (1.0 - figures::INTRACLASS).sqrt()
            * (GENERAL_LOADING * general + (1.0 - GENERAL_LOADING * GENERAL_LOADING).sqrt() * own);
    let (middle, spread) = figures::MARK_SHORTFALL;
    (10.0 - (middle - spread * opinion).max(0.0))
        .round()
        .clamp(MARK_RANGE.0, MARK_RANGE.1)
}
