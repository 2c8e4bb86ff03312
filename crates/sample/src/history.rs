//! What happens to the clients of one provider: trajectories and sessions, year of start by year of start.

use std::ops::Range;

use crate::calendar::{Calendar, day, of_working_day, working_day, year_of};
use crate::draws::{Draws, Purpose, log_normal, log_odds, logistic};
use crate::experience::{self, Experience};
use crate::figures;
use crate::measurement::{self, Measurement};
use crate::person::{Person, new_person};
use crate::provider::{Optional, Provider};

/// The form of a session, as in a submission.
pub(crate) const MODES: [&str; 5] = ["f2f", "beeld", "telefoon", "groep", "ehealth"];
const IN_PERSON: u8 = 0;
const ON_SCREEN: u8 = 1;
const BY_TELEPHONE: u8 = 2;
const IN_GROUP: u8 = 3;
const E_HEALTH: u8 = 4;

/// One contact.
pub(crate) struct Session {
    pub(crate) day: i32,
    pub(crate) direct_minutes: u16,
    pub(crate) indirect_minutes: u16,
    /// Place in [`MODES`].
    pub(crate) mode: u8,
}

/// One trajectory, from start to end, whatever part of it a reporting year shows.
pub(crate) struct Trajectory {
    pub(crate) number: u32,
    pub(crate) person: Person,
    pub(crate) start: i32,
    pub(crate) end: i32,
    pub(crate) close_reason: &'static str,
    pub(crate) gbggz: bool,
    /// Place in [`figures::PRODUCTS`]; `None` when not delivered.
    pub(crate) product: Option<usize>,
    pub(crate) care_demand_type: Option<u8>,
    pub(crate) care_label: &'static str,
    pub(crate) referral: Option<i32>,
    pub(crate) intake: Option<i32>,
    pub(crate) diagnosis: &'static str,
    pub(crate) referrer: &'static str,
    pub(crate) privacy_optout: bool,
    pub(crate) blended: Option<bool>,
    pub(crate) group: bool,
    pub(crate) sessions: Range<usize>,
    pub(crate) measurements: Range<usize>,
    pub(crate) experiences: Range<usize>,
    pub(crate) anonymous_experience: bool,
}

/// Everything that happened at one provider.
pub(crate) struct History {
    pub(crate) trajectories: Vec<Trajectory>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) experiences: Vec<Experience>,
    first_day: i32,
    clients: u32,
    numbers: u32,
}

/// A trajectory that is about to start.
struct Opening {
    person: Person,
    start: i32,
    /// Set when a GBGGZ trajectory goes on in the next scheme: the rest of its minutes, days and its product.
    rest: Option<(f64, f64, usize)>,
}

/// What the pieces of a trajectory share while it is drawn.
pub(crate) struct Course {
    pub(crate) year: i32,
    pub(crate) start: i32,
    pub(crate) end: i32,
    pub(crate) last_session: i32,
    pub(crate) severity: f64,
    pub(crate) incomplete: bool,
    /// Closed for the administration only: nobody measures or asks at such an end.
    pub(crate) goes_on: bool,
    pub(crate) close_reason: &'static str,
    pub(crate) diagnosis: &'static str,
}

/// The history of a provider, for the submissions of these years.
pub(crate) fn history(
    provider: &Provider,
    first_year: i32,
    years: u32,
    seed: u64,
    calendar: &Calendar,
) -> History {
    let mut history = History {
        trajectories: Vec::new(),
        sessions: Vec::new(),
        measurements: Vec::new(),
        experiences: Vec::new(),
        first_day: day(first_year, 1, 1),
        clients: 0,
        numbers: 0,
    };
    // Two years earlier: the longest trajectory that is still open or just closed in the first year.
    for year in first_year - 2..first_year + years as i32 {
        let mut draws = Draws::new(seed, provider.index, Purpose::Year(year));
        for _ in 0..starts(provider, year, &mut draws) {
            history.clients += 1;
            let person = new_person(provider, history.clients, year, &mut draws);
            let start = start_day(year, calendar, &mut draws);
            let mut next = Some(Opening {
                person,
                start,
                rest: None,
            });
            while let Some(opening) = next.take() {
                next = history.trajectory(provider, opening, &mut draws);
            }
        }
    }
    history
        .trajectories
        .sort_by_key(|trajectory| (trajectory.start, trajectory.number));
    history
}

/// New clients of a year; those who come back are drawn with their earlier trajectory.
fn starts(provider: &Provider, year: i32, draws: &mut Draws) -> u32 {
    let trend = provider.growth * f64::from(year - figures::TREND_YEAR)
        + draws.bounded_normal(figures::YEAR_SPREAD);
    let expected = provider.clients_a_year
        * trend.exp()
        * (1.0 - provider.back_within_year - figures::BACK_LATER);
    // Half the spread of a Poisson number: a practice's capacity steadies its numbers.
    let capacity = 0.5 * expected.sqrt() * draws.normal();
    draws.whole((expected + capacity).max(2.0))
}

fn start_day(year: i32, calendar: &Calendar, draws: &mut Draws) -> i32 {
    let first = working_day(day(year, 1, 2));
    let last = working_day(day(year, 12, 30));
    loop {
        let start = of_working_day(draws.between(first, last));
        // design: a third fewer starts in the summer holidays.
        if !matches!(calendar.month(start), 7 | 8) || draws.chance(0.67) {
            return start;
        }
    }
}

impl History {
    /// Draws one trajectory, keeps it when the first year or a later one shows it, and says what the client does next.
    fn trajectory(
        &mut self,
        provider: &Provider,
        opening: Opening,
        draws: &mut Draws,
    ) -> Option<Opening> {
        let Opening {
            person,
            start,
            rest,
        } = opening;
        let scheme_change = day(figures::ZPM_FIRST_YEAR, 1, 1);
        let gbggz = start < scheme_change;
        let year = year_of(start);
        let severity =
            person.severity(draws) + figures::SEVERITY_EFFECT * provider.effects.severity;

        let product = rest.map_or_else(
            || product(provider, severity, draws),
            |(_, _, product)| product,
        );
        let incomplete = product == figures::INCOMPLETE;
        let care_label = if gbggz || incomplete {
            ""
        } else {
            draws.pick(&figures::CARE_LABELS).unwrap_or_default()
        };
        let (mut minutes, mut days) = plan(provider, product, severity, gbggz, year, draws);
        if !care_label.is_empty() {
            minutes *= figures::CARE_LABEL_MINUTES;
        }
        if let Some((rest_minutes, rest_days, _)) = rest {
            (minutes, days) = (rest_minutes, rest_days);
        }
        let reasons: &[(&str, f64)] = if incomplete {
            &figures::INCOMPLETE_REASONS
        } else {
            &figures::COMPLETE_REASONS
        };
        let mut close_reason = draws.pick(reasons).unwrap_or("overig");

        let mut carried = None;
        if gbggz && start + days as i32 >= scheme_change {
            // domain 7: GBGGZ trajectories open on 31-12-2021 were closed for the administration and went on in the new scheme.
            let part = f64::from((scheme_change - 1 - start).max(1)) / days.max(1.0);
            carried = Some((
                minutes * (1.0 - part),
                (days * (1.0 - part)).max(1.0),
                product,
            ));
            minutes *= part;
            days = f64::from((scheme_change - 1 - start).max(0));
            close_reason = "administratief";
        }

        let group = provider.group_share > 0.0 && !incomplete && draws.chance(provider.group_share);
        let blended = draws.chance(provider.blended_share);
        let mut lengths = session_lengths(minutes, incomplete, group, draws);
        let first = working_day(start);
        // At least two working days from one session to the next.
        let mut last = working_day(start + days as i32).max(first + 2 * (lengths.len() as i32 - 1));
        if carried.is_some() {
            last = working_day(scheme_change - 1).max(first);
            lengths.truncate((last - first + 1) as usize);
        }
        let room = (last - first - (lengths.len() as i32 - 1)).max(0);
        // design: the file is closed on the day of the last session or some weeks later.
        let pause = if draws.chance(0.6) {
            0
        } else {
            draws.between(0, 15).min(room / 3)
        };
        let (last_session, end) = (last - pause, of_working_day(last));
        let diagnosis = draws.pick(&figures::DIAGNOSES).unwrap_or("overig");
        let course = Course {
            year,
            start,
            end,
            last_session: of_working_day(last_session),
            severity,
            incomplete,
            goes_on: carried.is_some(),
            close_reason,
            diagnosis,
        };
        let next = self.next(provider, &course, person, carried, draws);
        if end < self.first_day {
            return next;
        }

        let sessions = self.sessions.len();
        self.sessions(
            provider,
            &lengths,
            first..last_session,
            group,
            blended,
            draws,
        );
        let measurements = self.measurements.len();
        measurement::measure(provider, &person, &course, draws, &mut self.measurements);
        let experiences = self.experiences.len();
        experience::respond(provider, &course, draws, &mut self.experiences);

        let intake = start
            - draws.between(0, 2) * 7
            - (log_normal(figures::WAIT_DAYS.1, 0.8, draws.normal()) as i32).min(200);
        let waiting = log_normal(
            figures::WAIT_DAYS.0,
            0.7,
            0.9 * draws.normal() + 0.3 * provider.effects.waiting,
        ) as i32;
        let waiting_known = !draws.chance(provider.absent[Optional::Waiting as usize]);
        let privacy_optout = draws.chance(figures::OPT_OUT_SHARE);
        let mut known = |column: Optional| !draws.chance(provider.absent[column as usize]);
        let (product_known, demand_known) =
            (known(Optional::Product), known(Optional::CareDemandType));
        let (diagnosis_known, referrer_known, blended_known) = (
            known(Optional::Diagnosis),
            known(Optional::Referrer),
            known(Optional::Blended),
        );
        let demand = draws.pick(&figures::CARE_DEMAND_TYPES);
        let referrer = draws.pick(&figures::REFERRERS).unwrap_or_default();
        self.numbers += 1;
        self.trajectories.push(Trajectory {
            number: self.numbers,
            person,
            start,
            end,
            close_reason,
            gbggz,
            product: product_known.then_some(product),
            care_demand_type: if gbggz || !demand_known { None } else { demand },
            care_label,
            referral: waiting_known.then_some(intake - waiting.min(400)),
            intake: waiting_known.then_some(intake),
            diagnosis: if diagnosis_known && !privacy_optout {
                diagnosis
            } else {
                ""
            },
            referrer: if referrer_known { referrer } else { "" },
            privacy_optout,
            blended: blended_known.then_some(blended),
            group,
            sessions: sessions..self.sessions.len(),
            measurements: measurements..self.measurements.len(),
            experiences: experiences..self.experiences.len(),
            anonymous_experience: draws.chance(provider.anonymous_experiences),
        });
        next
    }

    /// Whether and when the client is back with this provider.
    fn next(
        &self,
        provider: &Provider,
        course: &Course,
        person: Person,
        carried: Option<(f64, f64, usize)>,
        draws: &mut Draws,
    ) -> Option<Opening> {
        let fate = draws.unit();
        let gap = draws.unit();
        if carried.is_some() {
            let start = of_working_day(working_day(course.end) + 1 + (gap * 10.0) as i32);
            return Some(Opening {
                person,
                start: start.max(day(figures::ZPM_FIRST_YEAR, 1, 3)),
                rest: carried,
            });
        }
        if never_back(course.close_reason) {
            return None;
        }
        let days = if fate < provider.back_within_year {
            // design: soon after closing more often than late.
            15.0 + 345.0 * gap.powf(1.3)
        } else if fate < provider.back_within_year + figures::BACK_LATER {
            366.0 + 550.0 * gap
        } else {
            return None;
        };
        // One more working day, so that the new start lies after the old end.
        Some(Opening {
            person,
            start: of_working_day(working_day(course.end + days as i32) + 1),
            rest: None,
        })
    }

    fn sessions(
        &mut self,
        provider: &Provider,
        lengths: &[u16],
        span: Range<i32>,
        group: bool,
        blended: bool,
        draws: &mut Draws,
    ) {
        let count = lengths.len() as i32;
        let step = f64::from(span.end - span.start) / f64::from((count - 1).max(1));
        let mut previous = span.start - 1;
        for (place, &length) in (0_i32..).zip(lengths) {
            let ideal =
                f64::from(span.start) + step * (f64::from(place) + 0.7 * (draws.unit() - 0.5));
            // Later than the one before, with a working day left for each that follows; the ends are fixed.
            let latest = (span.end - (count - 1 - place)).max(previous + 1);
            let working = match place {
                0 => span.start,
                _ if place == count - 1 => latest,
                _ => (ideal.round() as i32).clamp(previous + 1, latest),
            };
            previous = working;
            let form = draws.unit();
            let mode = if length == figures::GROUP_SESSION_MINUTES && group {
                IN_GROUP
            } else if length < 30 {
                BY_TELEPHONE
            } else if blended && place > 0 && form < 0.2 {
                E_HEALTH
            } else if form > 1.0 - provider.screen_share {
                ON_SCREEN
            } else {
                IN_PERSON
            };
            let mut direct_minutes = length;
            if draws.chance(figures::SESSION_RUNS_ON) {
                direct_minutes += 1 + draws.below(9) as u16;
            }
            if provider.duration_classes {
                direct_minutes = class_floor(direct_minutes);
            }
            // design: 5 to 19 minutes of records and consultation.
            let indirect_minutes = 5 + draws.below(15) as u16;
            self.sessions.push(Session {
                day: of_working_day(working),
                direct_minutes,
                indirect_minutes,
                mode,
            });
        }
    }
}

/// The lower bound of the duration class; domain 5.2.
fn class_floor(minutes: u16) -> u16 {
    figures::DURATION_CLASSES
        .iter()
        .rev()
        .copied()
        .find(|bound| *bound <= minutes)
        .unwrap_or(minutes)
}

/// Whether a client who ended for this reason does not come back.
pub(crate) fn never_back(close_reason: &str) -> bool {
    matches!(
        close_reason,
        "te_zwaar" | "doorverwezen_zwaarder" | "overleden"
    )
}

/// Log-odds that a trajectory turns out incomplete.
pub(crate) fn incomplete_log_odds(provider: &Provider, severity: f64) -> f64 {
    log_odds(figures::INCOMPLETE_SHARE)
        + figures::INCOMPLETE_EFFECT * provider.effects.incomplete
        + 0.15 * severity
}

fn product(provider: &Provider, severity: f64, draws: &mut Draws) -> usize {
    let incomplete = incomplete_log_odds(provider, severity);
    let (fate, own) = (draws.unit(), draws.normal());
    if fate < logistic(incomplete) {
        return figures::INCOMPLETE;
    }
    if draws.chance(figures::CHRONIC_SHARE) {
        return figures::CHRONIC;
    }
    product_by_severity(provider.effects.product, severity, own)
}

/// Product K, M or I: by severity, by a standard normal draw, and by the habit of a provider (`effects.product`).
pub(crate) fn product_by_severity(habit: f64, severity: f64, own: f64) -> usize {
    let weight = figures::PRODUCT_SEVERITY;
    let point = weight * severity
        + (1.0 - weight * weight).sqrt() * own
        + figures::PRODUCT_EFFECT * habit;
    let (short_to_middle, middle_to_intensive) = figures::PRODUCT_POINTS;
    usize::from(point > short_to_middle) + usize::from(point > middle_to_intensive)
}

/// Change of the log of minutes since [`figures::TREND_YEAR`], the nation's and the provider's own.
pub(crate) fn minutes_trend(provider: &Provider, year: i32) -> f64 {
    (figures::MINUTES_TREND + provider.minutes_drift) * f64::from(year - figures::TREND_YEAR)
}

/// Direct minutes and days as planned by nature; sessions round them.
fn plan(
    provider: &Provider,
    product: usize,
    severity: f64,
    gbggz: bool,
    year: i32,
    draws: &mut Draws,
) -> (f64, f64) {
    let figures = &figures::PRODUCTS[product];
    let (one, other) = (draws.normal(), draws.normal());
    let correlation = figures::MINUTES_DAYS_CORRELATION;
    let lengthening = figures::SEVERITY_MINUTES * severity;
    let minutes_effect =
        figures::MINUTES_EFFECT * provider.effects.minutes + minutes_trend(provider, year);
    let days_effect = figures::DAYS_EFFECT * provider.effects.days;
    let incomplete = product == figures::INCOMPLETE;
    let scheme = if gbggz || incomplete {
        1.0
    } else {
        figures::ZPM_MINUTES
    };
    let minutes = log_normal(
        figures.minutes * scheme,
        figures.minutes_spread / figures.minutes,
        one,
    ) * (lengthening + minutes_effect).exp();
    let point = correlation * one + (1.0 - correlation * correlation).sqrt() * other;
    let days = log_normal(figures.days, figures::DAYS_VARIATION, point)
        * (lengthening + days_effect).exp();
    let longest = if gbggz {
        figures::GBGGZ_DAYS_MAXIMUM
    } else {
        figures::ZPM_DAYS_MAXIMUM
    };
    (minutes, days.clamp(1.0, longest - 15.0))
}

fn session_lengths(minutes: f64, incomplete: bool, group: bool, draws: &mut Draws) -> Vec<u16> {
    let mut lengths = Vec::new();
    if group {
        // Alternating group and individual sessions.
        let pair = f64::from(figures::GROUP_SESSION_MINUTES) + figures::SESSION_MEAN_MINUTES;
        for place in 0..draws.whole(2.0 * minutes / pair).max(2) {
            let own = draws.pick(&figures::SESSION_MINUTES).unwrap_or(45);
            lengths.push(if place % 2 == 1 {
                figures::GROUP_SESSION_MINUTES
            } else {
                own
            });
        }
        return lengths;
    }
    let mut total = 0;
    for _ in 0..draws.whole(minutes / figures::SESSION_MEAN_MINUTES).max(1) {
        let length = draws.pick(&figures::SESSION_MINUTES).unwrap_or(45);
        // Nine minutes is the most that a session runs on.
        total += u32::from(length) + 9;
        if incomplete && total > figures::INCOMPLETE_MINUTES_MAXIMUM {
            break;
        }
        lengths.push(length);
    }
    if lengths.is_empty() {
        lengths.push(45);
    }
    lengths
}

impl Trajectory {
    /// Whether a reporting year shows this trajectory: closed in it, or open at its end.
    pub(crate) fn shown_in(&self, year: &Range<i32>) -> bool {
        self.start < year.end && self.end >= year.start
    }
}
