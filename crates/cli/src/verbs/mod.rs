//! The other verbs: one short function each.

mod check;
mod explain;
mod indicator;
mod manual;
mod pipeline;
mod preview_template;
mod query;
mod status;
mod template;
mod trace;

pub(crate) use check::check;
pub(crate) use explain::explain;
pub(crate) use indicator::{new_indicator, preview_indicator};
pub(crate) use pipeline::check_pipeline;
pub(crate) use preview_template::preview_template;
pub(crate) use query::query;
pub(crate) use manual::{completions, manual};
pub(crate) use status::{status, write_page};
pub(crate) use template::template;
pub(crate) use trace::trace;

use spiegel_ingest::Key;
use spiegel_sample::{Country, CountryOptions};

use crate::arguments::{KeyOut, Sample};
use crate::exit::{Outcome, Usage};
use crate::talk;

/// `spiegel sample`.
pub(crate) fn sample(arguments: &Sample) -> anyhow::Result<Outcome> {
    let country = Country::new(CountryOptions {
        providers: arguments.providers,
        first_year: arguments.first_year,
        years: arguments.years,
        seed: arguments.seed,
        dirty: arguments.dirty,
    });
    let written = country.write(&arguments.out).map_err(|error| match error {
        spiegel_sample::Error::Options | spiegel_sample::Error::NotEmpty(_) => anyhow::Error::from(Usage(error.to_string())),
        other => anyhow::Error::from(other),
    })?;
    talk::line(&format!(
        "sample     {} submissions, {} trajectories, {} sessions, {} measurements, {} experiences in {}",
        written.submissions,
        written.trajectories,
        written.sessions,
        written.measurements,
        written.experiences,
        arguments.out.join("inbox").display()
    ));
    for defective in &written.defects {
        talk::line(&format!("broken     {} {}: {:?}", defective.agb, defective.year, defective.defect));
    }
    Ok(Outcome::Done)
}

/// `spiegel key`.
pub(crate) fn key(arguments: &KeyOut) -> anyhow::Result<Outcome> {
    Key::generate(&arguments.out)?;
    talk::line(&format!("key        {} (keep it apart from the data; without it clients cannot be recognised over years)", arguments.out.display()));
    Ok(Outcome::Done)
}
