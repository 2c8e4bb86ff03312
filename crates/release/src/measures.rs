//! The table `measures` (B).

use spiegel_model::PrivateOverlay;

use crate::atoms::Assignment;
use crate::record::Records;
use crate::tables::MeasureRow;
use crate::{Error, Policy};

/// The table `measures` of a year.
///
/// # Errors
/// [`Error::Refused`] when it cannot be made safe.
pub fn measures(_records: &Records, _assignment: &Assignment, _policy: &Policy, _overlay: &PrivateOverlay) -> Result<Vec<MeasureRow>, Error> {
    Ok(Vec::new())
}
