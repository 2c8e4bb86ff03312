//! The ladder tried out: how a year does on every rung, and what is left to study there. From this a rung is chosen; nothing is written.

use spiegel_model::{PrivateOverlay, RungOutcome, Utility};

use crate::atoms::{self, Assignment};
use crate::record::Records;
use crate::{Error, Policy, measures, privacy};

/// A year on one rung.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// Shares that would be withheld, and whether that passes.
    pub outcome: RungOutcome,
    /// What would be left, against the private truth. None when the year cannot be made safe there at all.
    pub utility: Option<Utility>,
}

/// Tries every rung of the policy on the records of one year. Without the overlay no cells of `measures` are made, and their share is 0.
///
/// # Errors
/// [`Error::Bug`] when a table of a safe year cannot be made.
pub fn rehearse(records: &Records, policy: &Policy, overlay: Option<&PrivateOverlay>) -> Result<Vec<Rehearsal>, Error> {
    let mut rehearsals = Vec::new();
    for rung in &policy.spec.ladder {
        let (classes, outcome) = atoms::on_rung(records, policy, rung);
        let mut there = policy.clone();
        there.node = rung.node;
        there.spec.rung.clone_from(&rung.id);
        let utility = match classes {
            Some(classes) => {
                let assignment = Assignment { classes, ladder: Vec::new() };
                let cells = overlay.map_or_else(|| Ok(Vec::new()), |overlay| measures::measures(records, &assignment, &there, overlay))?;
                Some(privacy::utility(records, &assignment, &cells, &there))
            }
            None => None,
        };
        rehearsals.push(Rehearsal { outcome, utility });
    }
    Ok(rehearsals)
}

/// Rehearsals of years as a table of Markdown.
#[must_use]
pub fn rehearsal_table(years: &[(i32, Vec<Rehearsal>)]) -> String {
    let mut lines = vec![
        "| year | rung | everything withheld | minutes and duration withheld | a national share moves by at most | an outcome of a group moves by at most | information lost | cells with a value | passes |".to_owned(),
        "|---|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for (year, rehearsals) in years {
        for Rehearsal { outcome, utility } in rehearsals {
            let of_utility = utility.as_ref().map_or_else(
                || "- | - | - | -".to_owned(),
                |utility| {
                    let cells = if utility.measures_published > 0.0 { format!("{:.0} %", 100.0 * utility.measures_published) } else { "-".to_owned() };
                    format!("{:.1} pp | {:.1} pp | {:.0} % | {cells}", utility.max_national_deviation, utility.max_group_deviation, 100.0 * utility.entropy_loss)
                },
            );
            let passes = if outcome.passes { "yes".to_owned() } else { format!("no: {}", outcome.reason) };
            lines.push(format!(
                "| {year} | {} | {:.2} % | {:.1} % | {of_utility} | {passes} |",
                outcome.rung,
                100.0 * outcome.star_share,
                100.0 * outcome.process_star_share
            ));
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invented;

    #[test]
    fn a_rehearsal_says_of_the_pinned_rung_what_the_release_says() {
        let (policy, overlay) = (invented::policy(), invented::overlay());
        let records = invented::records(2025, 6000, 60, 1);
        let rehearsals = rehearse(&records, &policy, Some(&overlay)).unwrap();
        let assignment = atoms::assign(&records, &policy).unwrap();
        assert_eq!(rehearsals.iter().map(|one| one.outcome.clone()).collect::<Vec<_>>(), assignment.ladder);
        let cells = measures::measures(&records, &assignment, &policy, &overlay).unwrap();
        let pinned = rehearsals.iter().find(|one| one.outcome.rung == policy.spec.rung).unwrap();
        assert_eq!(pinned.utility, Some(privacy::utility(&records, &assignment, &cells, &policy)));
        // What is coarser withholds less and knows less.
        let (finest, coarsest) = (&rehearsals[0], &rehearsals[3]);
        assert!(finest.outcome.star_share > coarsest.outcome.star_share);
        let table = rehearsal_table(&[(2025, rehearsals)]);
        assert_eq!(table.lines().count(), 6, "{table}");
        assert!(table.contains("| 2025 | XS |") && table.contains(" pp | "), "{table}");
    }
}
