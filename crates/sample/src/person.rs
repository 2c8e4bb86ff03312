//! A client: what stays the same when the client comes back.

use crate::draws::{Draws, log_normal};
use crate::figures;
use crate::provider::{Optional, Provider};

/// One client of one provider.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    /// Counts the provider's clients; the pseudonym is written from it.
    pub(crate) number: u32,
    pub(crate) birth_year: u16,
    pub(crate) sex: &'static str,
    /// The columns that may be absent are empty texts or zero.
    pub(crate) education: &'static str,
    pub(crate) pc3: u16,
    pub(crate) work: Option<bool>,
    pub(crate) earlier_treatment: Option<bool>,
    /// What work and earlier treatment do to severity and effect, delivered or not.
    pub(crate) has_work: bool,
    pub(crate) was_treated: bool,
}

/// A new client who starts in this year.
pub(crate) fn new_person(provider: &Provider, number: u32, year: i32, draws: &mut Draws) -> Person {
    let (mean, variation) = figures::AGE_ABOVE_18;
    let age = 18.0 + log_normal(mean, variation, draws.normal()).min(figures::AGE_ABOVE_18_MAXIMUM);
    let has_work = draws.chance(figures::WORK_SHARE);
    let was_treated = draws.chance(figures::EARLIER_TREATMENT_SHARE);
    let education = draws.pick(&figures::EDUCATIONS).unwrap_or_default();
    let pc3 = (i32::from(provider.pc3) + draws.between(-6, 6)).clamp(100, 999) as u16;
    let absent =
        |column: Optional, draws: &mut Draws| draws.chance(provider.absent[column as usize]);
    Person {
        number,
        birth_year: (year - age as i32).clamp(1900, 2100) as u16,
        sex: draws.pick(&figures::SEXES).unwrap_or("onbekend"),
        education: if absent(Optional::Education, draws) {
            ""
        } else {
            education
        },
        pc3: if absent(Optional::Pc3, draws) { 0 } else { pc3 },
        work: if absent(Optional::Work, draws) {
            None
        } else {
            Some(has_work)
        },
        earlier_treatment: if absent(Optional::EarlierTreatment, draws) {
            None
        } else {
            Some(was_treated)
        },
        has_work,
        was_treated,
    }
}

impl Person {
    /// How severe the complaints are at a start: about standard normal, before the provider's own mix.
    pub(crate) fn severity(&self, draws: &mut Draws) -> f64 {
        let work = if self.has_work { 1.0 } else { 0.0 } - figures::WORK_SHARE;
        let earlier = if self.was_treated { 1.0 } else { 0.0 } - figures::EARLIER_TREATMENT_SHARE;
        // 0.93 keeps the spread near 1 beside the two client factors.
        0.93 * draws.normal() + 0.45 * earlier - 0.45 * work
    }
}
