//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::help::{EXAMPLES, OF_A_CHECK, OF_A_PIPELINE, OF_A_RELEASE, OF_A_STATUS, OF_A_TRACE, OF_A_YEAR, OF_COMPLETIONS, WRITES};

/// Mirror reports (spiegelrapportages): from submissions to a PDF for each provider.
#[derive(Debug, Parser)]
#[command(name = "spiegel", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Everything for one year: ingest, benchmark, report. What is finished is not done again.
    #[command(after_help = OF_A_YEAR)]
    Year(Year),
    /// Read the submissions in an inbox into the lake of a batch, with a receipt for each.
    #[command(after_help = OF_A_YEAR)]
    Ingest(Ingest),
    /// Compute the position of each provider, and write results and report.json files.
    #[command(after_help = WRITES)]
    Benchmark(Benchmark),
    /// Make the PDFs from the report.json files.
    #[command(after_help = OF_A_YEAR)]
    Report(Report),
    /// The Keurmerk of a year: read self-evaluations and assessments, keep the register, make the Keurmerkrapportages.
    #[command(after_help = OF_A_YEAR)]
    Keurmerk(Keurmerk),
    /// Publish the anonymised research lake of a batch as a new version, or say which privacy rule refuses it.
    #[command(after_help = OF_A_RELEASE)]
    Release(Release),
    /// Verify a release: from what is public, and with --batch against the records that it was made from.
    #[command(after_help = OF_A_RELEASE)]
    Verify(Verify),
    /// Take a release back: it is refused from then on, with the reason.
    #[command(after_help = OF_A_RELEASE)]
    Withdraw(Withdraw),
    /// Write a fictional country of providers to try things on.
    #[command(after_help = WRITES)]
    Sample(Sample),
    /// Show what a batch came to: per provider what was delivered, whether there is a report, and whom it waits for.
    #[command(after_help = OF_A_STATUS)]
    Status(Status),
    /// Follow a printed value back: the definition, the units that counted and those that did not, statistics and reference.
    #[command(after_help = OF_A_TRACE)]
    Trace(Trace),
    /// Ask a release, or the private lake and the results of a batch, with SQL.
    #[command(after_help = WRITES)]
    Query(Query),
    /// Check the submission of one provider before it is sent: offline, without key and without keeping anything.
    #[command(after_help = OF_A_CHECK)]
    Check(Check),
    /// Explain the code of a finding: what it means, why it matters, what to do. Or write the handbook of all codes.
    #[command(after_help = WRITES)]
    Explain(Explain),
    /// Write the workbook that small providers fill in, with a filled example, from the schema of a pipeline.
    #[command(after_help = WRITES)]
    Template(Template),
    /// Make a key for pseudonyms of clients.
    #[command(after_help = WRITES)]
    Key(KeyOut),
    /// Write the completions of a shell to stdout.
    #[command(after_help = OF_COMPLETIONS)]
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Write the manual pages: one for the command and one for each verb.
    #[command(after_help = WRITES)]
    Man {
        /// Folder to write to; made when it is not there.
        #[arg(long)]
        out: PathBuf,
    },
    /// Work on the definitions of a pipeline.
    Pipeline {
        /// What to do with it.
        #[command(subcommand)]
        verb: PipelineVerb,
    },
    /// Make something new in a pipeline.
    New {
        /// What to make.
        #[command(subcommand)]
        verb: NewVerb,
    },
    /// Look at something before it is in a report.
    Preview {
        /// What to look at.
        #[command(subcommand)]
        verb: PreviewVerb,
    },
}

/// What to make.
#[derive(Debug, Subcommand)]
pub(crate) enum NewVerb {
    /// Make the four files of an indicator, to be filled in, and add it to pipeline.toml.
    Indicator(NewIndicatorArguments),
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum PreviewVerb {
    /// The national picture of one indicator on a batch that is there; nothing is written into the batch.
    Indicator(PreviewIndicator),
    /// The pages of an invented provider, made again whenever a template, a language, a colour or the example changes; ends with Ctrl-C.
    Template(PreviewTemplate),
}

/// Proportion or mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewKind {
    /// Share of units that meet a criterion.
    Proportion,
    /// Mean over units.
    Mean,
}

/// `spiegel new indicator`.
#[derive(Debug, Args)]
pub(crate) struct NewIndicatorArguments {
    /// Its id and the name of its folder: lower case letters, digits and hyphens.
    pub(crate) name: String,
    /// Folder of the pipeline.
    #[arg(long, default_value = "pipelines/kibg")]
    pub(crate) pipeline: PathBuf,
    /// What is computed.
    #[arg(long, value_enum, default_value_t = NewKind::Proportion)]
    pub(crate) kind: NewKind,
    /// Title of its page.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Show it on the page of this indicator and not on one of its own; at most twelve have a page.
    #[arg(long, value_name = "ID")]
    pub(crate) shown_with: Option<String>,
}

/// `spiegel preview template`.
#[derive(Debug, Args)]
pub(crate) struct PreviewTemplate {
    /// Folder of the report template.
    #[arg(default_value = "report-templates/spiegel")]
    pub(crate) template: PathBuf,
    /// A report.json to show [default: preview.json of the template].
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Folder for preview.pdf, and its pages as pictures where pdftoppm is installed.
    #[arg(long, value_name = "DIR", default_value = "target/preview")]
    pub(crate) out: PathBuf,
    /// Make it once and end.
    #[arg(long)]
    pub(crate) once: bool,
}

/// `spiegel preview indicator`.
#[derive(Debug, Args)]
pub(crate) struct PreviewIndicator {
    /// Id of the indicator.
    pub(crate) name: String,
    /// Folder of the pipeline.
    #[arg(long, default_value = "pipelines/kibg")]
    pub(crate) pipeline: PathBuf,
    /// Folder of the batch.
    #[arg(long, required_unless_present = "cases", conflicts_with = "cases")]
    pub(crate) batch: Option<PathBuf>,
    /// What its cases give, in the place of a batch.
    #[arg(long)]
    pub(crate) cases: bool,
    /// Report year [default: the latest that the batch holds and the pipeline has a year file of].
    #[arg(long, conflicts_with = "cases")]
    pub(crate) year: Option<i32>,
    /// Also make the report of this provider with the page of this indicator alone.
    #[arg(long, value_name = "ID", requires = "out", conflicts_with = "cases")]
    pub(crate) provider: Option<String>,
    /// PDF to write it to; outside the batch.
    #[arg(long, value_name = "FILE", requires = "provider")]
    pub(crate) out: Option<PathBuf>,
    /// Folder of the report template [default: report-templates/spiegel beside the folder pipelines].
    #[arg(long)]
    pub(crate) template: Option<PathBuf>,
}

/// What to do with a pipeline.
#[derive(Debug, Subcommand)]
pub(crate) enum PipelineVerb {
    /// Check all definitions of a pipeline and run the cases of its indicators.
    #[command(after_help = OF_A_PIPELINE)]
    Check {
        /// Folder of the pipeline, for instance pipelines/kibg.
        directory: PathBuf,
        /// Run the cases of this indicator only.
        #[arg(long, value_name = "ID")]
        indicator: Option<String>,
    },
}

/// What several verbs share.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Year file of a pipeline, for instance pipelines/kibg/years/2025.toml.
    pub(crate) year: PathBuf,
    /// Folder of the batch; made when it is not there. One batch holds all years.
    #[arg(long)]
    pub(crate) batch: PathBuf,
    /// Threads [default: as many as the machine has]. Results do not depend on it.
    #[arg(long)]
    pub(crate) threads: Option<usize>,
}

/// Options of reading.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Folder with the submissions.
    #[arg(long)]
    pub(crate) inbox: PathBuf,
    /// File with the key for pseudonyms; see `spiegel key`. Not needed when no column is pseudonymised.
    #[arg(long, env = "SPIEGEL_KEY_FILE", hide_env_values = true)]
    pub(crate) key: Option<PathBuf>,
    /// Close the year: from now on its deliveries are those that count now, and later ones wait for a refresh.
    #[arg(long, conflicts_with = "refresh")]
    pub(crate) lock: bool,
    /// Let the deliveries that wait since the year was closed count, under this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) refresh: Option<String>,
    /// Mapping file: the layout of all submissions in this inbox [default: the mapping of the pipeline for the supplier that
    /// `bron_epd` in aanlevering.toml names, else the pipeline's own layout].
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Write only receipts and lists of findings, without terugkoppeling.pdf and bevindingen.xlsx.
    #[arg(long)]
    pub(crate) no_feedback: bool,
}

/// Options of making reports.
#[derive(Debug, Args)]
pub(crate) struct Making {
    /// Only these providers; may be repeated.
    #[arg(long = "provider", value_name = "ID")]
    pub(crate) providers: Vec<String>,
    /// Folder of the report template [default: report-templates/spiegel beside the folder pipelines].
    #[arg(long)]
    pub(crate) template: Option<PathBuf>,
    /// Use this external typst command (0.15.1) and not the one inside spiegel.
    #[arg(long, value_name = "PATH")]
    pub(crate) typst_cli: Option<PathBuf>,
}

/// `spiegel year`.
#[derive(Debug, Args)]
pub(crate) struct Year {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) making: Making,
}

/// `spiegel keurmerk`.
#[derive(Debug, Args)]
pub(crate) struct Keurmerk {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Folder with self-evaluations and, in kibg/<year>/, assessments and decisions [default: nothing new is read].
    #[arg(long)]
    pub(crate) inbox: Option<PathBuf>,
    /// Tell how things stood on this day, and make only the reports issued by then [default: the last issue of the year file].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<chrono::NaiveDate>,
    /// Only these providers; may be repeated.
    #[arg(long = "provider", value_name = "ID")]
    pub(crate) providers: Vec<String>,
    /// Folder of the report template [default: report-templates/spiegel beside the folder pipelines].
    #[arg(long)]
    pub(crate) template: Option<PathBuf>,
}

/// `spiegel ingest`.
#[derive(Debug, Args)]
pub(crate) struct Ingest {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Folder of the template of the feedback [default: report-templates/spiegel beside the folder pipelines].
    #[arg(long)]
    pub(crate) template: Option<PathBuf>,
}

/// `spiegel benchmark`.
#[derive(Debug, Args)]
pub(crate) struct Benchmark {
    #[command(flatten)]
    pub(crate) common: Common,
}

/// `spiegel report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) making: Making,
}

/// `spiegel release`.
#[derive(Debug, Args)]
pub(crate) struct Release {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Folder of all releases, or s3://bucket/prefix; made when it is not there. What was published in it never changes.
    #[arg(long, value_name = "DIR", required_unless_present = "ladder")]
    pub(crate) release_dir: Option<PathBuf>,
    /// Version [default: the one that follows from what changes: MAJOR data or rules, MINOR a new year, PATCH words].
    #[arg(long, value_name = "X.Y.Z")]
    pub(crate) version: Option<String>,
    /// Years to make; may be repeated. Others stay as they were released [default: all years with results, up to that of the year file].
    #[arg(long = "year", value_name = "YYYY")]
    pub(crate) years: Vec<i32>,
    /// File with `p_percent` and `hmac_key`, which are never published. Keep it apart from repository and data.
    #[arg(long, env = "SPIEGEL_PRIVATE_POLICY", hide_env_values = true, value_name = "FILE")]
    pub(crate) private_policy: Option<PathBuf>,
    /// Folder that keeps releases that were withdrawn; needed where there are any, because who copied them can compare.
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: Option<PathBuf>,
    /// Write nothing: print how every year does on every rung of the ladder, and what is left to study there. Needs no results of
    /// `benchmark`, and names no year that is not given.
    #[arg(long, requires = "years", conflicts_with_all = ["release_dir", "version", "archive"])]
    pub(crate) ladder: bool,
}

/// `spiegel withdraw`.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    /// The release.
    #[arg(value_name = "X.Y.Z")]
    pub(crate) version: String,
    /// Folder of all releases, or s3://bucket/prefix.
    #[arg(long, value_name = "DIR")]
    pub(crate) release_dir: PathBuf,
    /// Why, in one line: everybody who asks for the release reads it. Name no person or provider.
    #[arg(long)]
    pub(crate) reason: String,
    /// The day of withdrawal.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: String,
    /// Private folder that keeps what is taken back, for comparison with later releases. Nobody else may read it.
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: PathBuf,
}

/// `spiegel verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Folder of a release, or of all releases for the latest; or the same in an object store, s3://bucket/prefix.
    pub(crate) release: PathBuf,
    /// Folder of the batch that it was made from: checks against the records as well.
    #[arg(long)]
    pub(crate) batch: Option<PathBuf>,
    /// Folder of the pipeline, with --batch.
    #[arg(long, default_value = "pipelines/kibg")]
    pub(crate) pipeline: PathBuf,
    /// As for `release`; without it, what depends on it is not checked.
    #[arg(long, env = "SPIEGEL_PRIVATE_POLICY", hide_env_values = true, value_name = "FILE")]
    pub(crate) private_policy: Option<PathBuf>,
    /// Threads [default: as many as the machine has]. Results do not depend on it.
    #[arg(long)]
    pub(crate) threads: Option<usize>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub(crate) format: TableFormat,
}

/// `spiegel sample`.
#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// How many providers.
    #[arg(long, default_value_t = 60)]
    pub(crate) providers: usize,
    /// How many years.
    #[arg(long, default_value_t = 3)]
    pub(crate) years: u32,
    /// First year.
    #[arg(long, default_value_t = 2023)]
    pub(crate) first_year: i32,
    /// The same seed gives the same country.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Folder to write to; its inbox must be empty.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Add providers with broken submissions.
    #[arg(long)]
    pub(crate) dirty: bool,
}

/// Table or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// `spiegel status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Folder of the batch.
    #[arg(long)]
    pub(crate) batch: PathBuf,
    /// Only this year [default: the latest in the batch].
    #[arg(long)]
    pub(crate) year: Option<i32>,
    /// Only these providers; may be repeated. The summary is of all.
    #[arg(long = "provider", value_name = "ID")]
    pub(crate) providers: Vec<String>,
    /// Only who waits: for anybody, or for whom it says.
    #[arg(long, value_enum, value_name = "FOR", num_args = 0..=1, default_missing_value = "anybody")]
    pub(crate) waiting: Option<WaitingFor>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub(crate) format: TableFormat,
    /// Write overzicht.html in the batch, for a browser, in the place of printing.
    #[arg(long, conflicts_with_all = ["year", "providers", "waiting", "format"])]
    pub(crate) html: bool,
}

/// Who has to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitingFor {
    /// Anybody.
    Anybody,
    /// The provider: deliver, or deliver again.
    Provider,
    /// An analyst: look at what is held or failed.
    Analyst,
    /// The next run of spiegel.
    Run,
}

/// Text or JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    /// For people, in Dutch.
    Text,
    /// For programs.
    Json,
}

/// `spiegel trace`.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// Folder of the batch.
    #[arg(long)]
    pub(crate) batch: PathBuf,
    /// Provider id.
    #[arg(long, visible_alias = "agb", value_name = "ID")]
    pub(crate) provider: String,
    /// Indicator id: the name of its folder in the pipeline.
    #[arg(long, value_name = "ID")]
    pub(crate) indicator: String,
    /// Report year [default: the latest with results].
    #[arg(long)]
    pub(crate) year: Option<i32>,
    /// Folder of the pipeline [default: pipelines/ and the id that the batch was made with].
    #[arg(long)]
    pub(crate) pipeline: Option<PathBuf>,
    /// List every unit and row, and the SQL of the views too; else the first of each.
    #[arg(long)]
    pub(crate) all: bool,
    /// How to print. JSON always holds everything.
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub(crate) format: TextFormat,
}

/// How `query` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// A table for people.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object per line.
    Json,
    /// A Parquet file; with --output, or into a pipe.
    Parquet,
}

/// `spiegel query`.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// Folder of the releases (`index.json` and `releases/`), or s3://bucket/prefix with the usual AWS_… variables. Without SQL, a
    /// prompt on a terminal; from a pipe, its statements.
    #[arg(long, value_name = "DIR", required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) release_dir: Option<PathBuf>,
    /// Version of the release [default: the latest].
    #[arg(long, value_name = "X.Y.Z", requires = "release_dir")]
    pub(crate) version: Option<String>,
    /// Folder of the batch. Its lake is private: pseudonymised records of clients.
    #[arg(long, value_name = "DIR")]
    pub(crate) batch: Option<PathBuf>,
    /// Folder of the pipeline, for its views on a batch.
    #[arg(long, default_value = "pipelines/kibg")]
    pub(crate) pipeline: PathBuf,
    /// Whose norms views in T are made with [default: the latest year with results].
    #[arg(long, requires = "batch")]
    pub(crate) year: Option<i32>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = RowFormat::Table)]
    pub(crate) format: RowFormat,
    /// Write the rows to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// One SELECT. Without it: statements from a prompt or a pipe, or the tables when there are none.
    pub(crate) sql: Option<String>,
}

/// `spiegel check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Folder, zip, workbook or single table. Its name says whose it is (KIBG_94012345_2025_01), or its aanlevering.toml, or
    /// --provider and --year.
    pub(crate) path: PathBuf,
    /// Folder of the pipeline.
    #[arg(long, default_value = "pipelines/kibg")]
    pub(crate) pipeline: PathBuf,
    /// Provider id, when the submission does not say it.
    #[arg(long, visible_alias = "agb", value_name = "ID")]
    pub(crate) provider: Option<String>,
    /// Reporting year, when the submission does not say it.
    #[arg(long)]
    pub(crate) year: Option<i32>,
    /// Mapping file: the layout of the submission, where it is not the pipeline's own.
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Folder for the feedback.
    #[arg(long, default_value = "terugkoppeling")]
    pub(crate) out: PathBuf,
    /// Folder of the template of the feedback [default: report-templates/spiegel beside the folder pipelines].
    #[arg(long)]
    pub(crate) template: Option<PathBuf>,
}

/// `spiegel explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Code of a finding, for instance E301. Without it, all codes are listed.
    pub(crate) code: Option<String>,
    /// Write the handbook of all codes to this Markdown file.
    #[arg(long, value_name = "FILE", conflicts_with = "code")]
    pub(crate) handbook: Option<PathBuf>,
    /// Print every setting of a year file, of pipeline.toml and of indicator.toml, with its default.
    #[arg(long, conflicts_with_all = ["code", "handbook"])]
    pub(crate) settings: bool,
    /// Folder of the pipeline.
    #[arg(long, default_value = "pipelines/kibg")]
    pub(crate) pipeline: PathBuf,
}

/// `spiegel template`.
#[derive(Debug, Args)]
pub(crate) struct Template {
    /// Folder to write to; made when it is not there.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Folder of the pipeline.
    #[arg(long, default_value = "pipelines/kibg")]
    pub(crate) pipeline: PathBuf,
}

/// `spiegel key`.
#[derive(Debug, Args)]
pub(crate) struct KeyOut {
    /// File to write; must not exist. Keep it apart from the data and for as long as clients must be recognised over years.
    #[arg(long)]
    pub(crate) out: PathBuf,
}
