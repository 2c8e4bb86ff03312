//! How many have not yet had an event, when some are not followed to the end (§6.14).

use crate::interval::{Interval, Z95};

/// The survival at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survival {
    /// S: the share without the event up to and including the horizon.
    pub survival: f64,
    /// How many were still followed just before the horizon.
    pub at_risk: u64,
    /// The 95 % interval of S on the log-log scale with Greenwood's variance (Kalbfleisch and Prentice 1980).
    /// `None` when nobody or everybody had the event: then the method has none.
    pub interval: Option<Interval>,
}

/// Kaplan and Meier's (1958) estimate at `horizon`, from (time, whether the event happened then) of every case;
/// without the event the time is where following ended. An event at the horizon counts; at one time events
/// come before ends of following.
///
/// `None` when there are no cases, a time is negative or not a number, or nobody was followed to the horizon
/// while some had not had the event: the estimate would go beyond the data.
#[must_use]
pub fn kaplan_meier(durations: &[(f64, bool)], horizon: f64) -> Option<Survival> {
    if durations.is_empty() || horizon.is_nan() || horizon < 0.0 || durations.iter().any(|(time, _)| time.is_nan() || *time < 0.0) {
        return None;
    }
    let mut order = durations.to_vec();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut survival, mut variance, mut seen) = (1.0, 0.0, 0);
    for same in order.chunk_by(|a, b| a.0 == b.0).take_while(|same| same[0].0 <= horizon) {
        let at_risk = (order.len() - seen) as f64;
        let events = same.iter().filter(|(_, event)| *event).count() as f64;
        seen += same.len();
        if events == at_risk {
            survival = 0.0;
        } else {
            survival *= 1.0 - events / at_risk;
            variance += events / (at_risk * (at_risk - events));
        }
    }
    let at_risk = order.iter().filter(|(time, _)| *time >= horizon).count() as u64;
    if at_risk == 0 && survival > 0.0 {
        return None;
    }
    let interval = if survival > 0.0 && survival < 1.0 {
        let half = Z95 * variance.sqrt() / f64::ln(survival).abs();
        Interval::checked(survival.powf(half.exp()), survival.powf((-half).exp()))
    } else {
        None
    };
    Some(Survival { survival, at_risk, interval })
}
