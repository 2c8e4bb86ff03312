//! The table `measures` (B): the figures of norm 2a, nationally and by at most two characteristics, from records in private detail.
//!
//! Region, diagnosis, age and sex are the codes that the table `trajectories` shows, withheld ones included, so that a cell over these is a sum of
//! its classes and neither table can be subtracted from the other. The kind of provider is in no other table. Measures about the same trajectories
//! are a family: its numbers of trajectories are one system, and each sum or number of events on top of it another.

use std::collections::BTreeMap;

use spiegel_model::{Refusal as _, TOTAL, WITHHELD};

use crate::atoms::{Assignment, Withheld};
use crate::hierarchy::Dimension;
use crate::record::{Answer, Records, RomCategory, Trajectory};
use crate::suppression::{Bounded, Fate, intervals, is_concentrated, rounded_count, suppress};
use crate::tables::MeasureRow;
use crate::{Error, Policy, Refusal};
