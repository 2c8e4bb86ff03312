//! A whole country: options in, register and inbox out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::calendar::Calendar;
use crate::defect::DefectiveSubmission;
use crate::history::history;
use crate::keurmerk;
use crate::package;
use crate::provider::{Provider, providers};
use crate::submission::Submission;
use crate::truth::AverageClients;

/// Years before the first and after the last that a date of a submission can reach.
const MARGIN_YEARS: i32 = 6;
/// Threads that write; the bytes do not depend on it.
const THREADS: usize = 2;
/// Beyond this many providers the generated AGB codes would repeat.
const PROVIDERS_MAXIMUM: usize = 90_000;
/// Years that the four digits of a date and the scheme of the time allow.
const YEARS: std::ops::RangeInclusive<i32> = 2016..=2100;

/// What country to write. The same options give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryOptions {
    /// Providers with clean submissions. Up to 150 the sizes are those of a sample with many middling practices;
    /// above it they are those of the country for speed: mostly tiny practices and 4 % institutions.
    pub providers: usize,
    /// The first reporting year.
    pub first_year: i32,
    /// Reporting years, one submission per provider each. A longer country begins with the same bytes as a shorter one.
    pub years: u32,
    /// What makes one country differ from another.
    pub seed: u64,
    /// Whether to add one provider for each [`Defect`](crate::Defect), with a broken submission in the last year.
    pub dirty: bool,
}

/// A generated country, not yet written.
pub struct Country {
    options: CountryOptions,
}

/// What was written. Rows are counted as delivered: a trajectory that is open at the end of a year counts in both years.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Submissions, folders and zips together.
    pub submissions: u64,
    /// Rows of trajecten.
    pub trajectories: u64,
    /// Rows of sessies.
    pub sessions: u64,
    /// Rows of rom.
    pub measurements: u64,
    /// Rows of cqi.
    pub experiences: u64,
    /// Bytes of the inbox on disk, zips as they are.
    pub bytes: u64,
    /// Which provider has which defect; empty for a clean country.
    pub defects: Vec<DefectiveSubmission>,
}

/// Why a country could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The options ask for more than codes or dates can hold.
    #[error("a country has at most 90000 providers and years from 2016 to 2100")]
    Options,
    /// The inbox holds files already; older submissions would mix with the new ones.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file or folder could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A zip could not be made.
    #[error("cannot pack {}: {source}", path.display())]
    Zip {
        /// The zip.
        path: PathBuf,
        /// What the zip writer said.
        source: zip::result::ZipError,
    },
    /// The register could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Register {
        /// The register.
        path: PathBuf,
        /// What the CSV writer said.
        source: csv::Error,
    },
    /// A writing thread ended early; a mistake of this program.
    #[error("a writing thread ended early")]
    Bug,
}

impl Country {
    /// A country with these options. Nothing is drawn yet.
    pub fn new(options: CountryOptions) -> Country {
        Country { options }
    }

    /// Writes `register.csv`, `truth.csv`, `keurmerk/` and `inbox/` below the directory, provider by provider; the inbox must be absent or empty.
    pub fn write(&self, directory: &Path) -> Result<Written, Error> {
        let options = &self.options;
        let last_year = options
            .first_year
            .saturating_add_unsigned(options.years.saturating_sub(1));
        if options.providers > PROVIDERS_MAXIMUM
            || !YEARS.contains(&options.first_year)
            || !YEARS.contains(&last_year)
        {
            return Err(Error::Options);
        }
        let inbox = directory.join("inbox");
        fs::create_dir_all(&inbox).map_err(|source| Error::Write {
            path: inbox.clone(),
            source,
        })?;
        let mut entries = fs::read_dir(&inbox).map_err(|source| Error::Write {
            path: inbox.clone(),
            source,
        })?;
        if entries.next().is_some() {
            return Err(Error::NotEmpty(inbox));
        }

        let providers = providers(options.providers, options.seed, options.dirty);
        write_register(&directory.join("register.csv"), &providers)?;
        self.write_truth(&directory.join("truth.csv"), &providers)?;
        let of_keurmerk = keurmerk::files(&providers, options.first_year, options.years, options.seed);
        keurmerk::write(&directory.join("keurmerk"), &of_keurmerk)?;
        let calendar = Calendar::new(options.first_year - MARGIN_YEARS, last_year + MARGIN_YEARS);
        // Each thread takes the next provider; what a provider's files hold depends on the provider alone.
        let next = AtomicUsize::new(0);
        let work = || {
            let mut written = Written::default();
            while let Some(provider) = providers.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.write_provider(provider, last_year, &inbox, &calendar, &mut written)?;
            }
            Ok(written)
        };
        let parts: Vec<Result<Written, Error>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or(Err(Error::Bug)))
                .collect()
        });
        let mut total = Written::default();
        for part in parts {
            total.add(&part?);
        }
        let broken = providers.iter().filter_map(|provider| {
            let defect = provider.defect?;
            Some(DefectiveSubmission {
                agb: provider.agb.clone(),
                year: last_year,
                defect,
            })
        });
        if options.years > 0 {
            total.defects = broken.collect();
        }
        Ok(total)
    }

    /// What is true of every provider, with six decimals: see [`crate::truth`].
    fn write_truth(&self, path: &Path, providers: &[Provider]) -> Result<(), Error> {
        let options = &self.options;
        let clients = AverageClients::new();
        let mut text = String::from("provider_id,year,indicator,expected,adjusted\n");
        for provider in providers {
            for truth in clients.truths(provider, options.first_year, options.years) {
                text.push_str(&format!(
                    "{},{},{},{:.6},{:.6}\n",
                    provider.agb, truth.year, truth.indicator, truth.expected, truth.adjusted
                ));
            }
        }
        fs::write(path, text).map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
    }

    fn write_provider(
        &self,
        provider: &Provider,
        last_year: i32,
        inbox: &Path,
        calendar: &Calendar,
        written: &mut Written,
    ) -> Result<(), Error> {
        let options = &self.options;
        let history = history(
            provider,
            options.first_year,
            options.years,
            options.seed,
            calendar,
        );
        for year in (options.first_year..).take(options.years as usize) {
            let mut submission = Submission::new(provider, &history, year, calendar);
            let broken = provider.defect.filter(|_| year == last_year);
            if let Some(defect) = broken {
                defect.spoil(&mut submission);
            }
            written.submissions += 1;
            written.trajectories += u64::from(submission.trajectories.rows);
            written.sessions += submission
                .sessions
                .as_ref()
                .map_or(0, |table| u64::from(table.rows));
            written.measurements += u64::from(submission.measurements.rows);
            written.experiences += u64::from(submission.experiences.rows);
            written.bytes += package::write(inbox, provider, &submission, broken)?;
        }
        Ok(())
    }
}

impl Written {
    fn add(&mut self, other: &Written) {
        self.submissions += other.submissions;
        self.trajectories += other.trajectories;
        self.sessions += other.sessions;
        self.measurements += other.measurements;
        self.experiences += other.experiences;
        self.bytes += other.bytes;
    }
}

/// The register of decisions 8. Nobody in a generated country has closed or merged.
fn write_register(path: &Path, providers: &[Provider]) -> Result<(), Error> {
    let failed = |source: csv::Error| Error::Register {
        path: path.to_owned(),
        source,
    };
    let mut writer = csv::Writer::from_path(path).map_err(failed)?;
    writer
        .write_record([
            "agb",
            "name",
            "kind",
            "group_id",
            "region",
            "successor_agb",
            "valid_from",
            "valid_to",
        ])
        .map_err(failed)?;
    for provider in providers {
        let kind = if provider.institution {
            "instelling"
        } else {
            "vrijgevestigd"
        };
        let (group, province, registered) = (
            provider.group.as_str(),
            provider.province,
            provider.registered.as_str(),
        );
        writer
            .write_record([
                provider.agb.as_str(),
                provider.name.as_str(),
                kind,
                group,
                province,
                "",
                registered,
                "",
            ])
            .map_err(failed)?;
    }
    writer.flush().map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}
