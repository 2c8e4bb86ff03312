//! The four tables of one provider over one year, with the headers of "KiBG-aanlevering 1" (decisions 10).

use std::ops::Range;

use crate::calendar::{Calendar, day};
use crate::experience::MARK;
use crate::figures;
use crate::history::{History, MODES, Trajectory};
use crate::measurement::MOMENTS;
use crate::provider::Provider;
use crate::table::Table;

/// Columns of trajecten before and after the two columns of minutes.
const TRAJECTORY_COLUMNS: [&str; 9] = [
    "traject_id",
    "client_id",
    "startdatum",
    "einddatum",
    "eindreden",
    "stelsel",
    "zorgvraagtype",
    "zorglabel",
    "product",
];
/// Only when there is no sessions table.
const MINUTES_COLUMNS: [&str; 2] = ["minuten_direct", "minuten_indirect"];
const FURTHER_TRAJECTORY_COLUMNS: [&str; 14] = [
    "minuten_bron",
    "aanmelddatum",
    "intakedatum",
    "geboortejaar",
    "geslacht",
    "diagnosegroep",
    "opleiding",
    "pc3",
    "verwijzer",
    "eerdere_behandeling",
    "werk",
    "privacy_optout",
    "blended",
    "groep",
];
const SESSION_COLUMNS: [&str; 5] = [
    "traject_id",
    "datum",
    "minuten_direct",
    "minuten_indirect",
    "vorm",
];
const MEASUREMENT_COLUMNS: [&str; 8] = [
    "traject_id",
    "moment",
    "datum",
    "instrument",
    "schaal",
    "versie",
    "score",
    "respondent",
];
const EXPERIENCE_COLUMNS: [&str; 6] = [
    "traject_id",
    "datum",
    "versie",
    "schaal",
    "score",
    "rapportcijfer",
];

/// The name of the scale of every ROM score and of the row with the mark.
const TOTAL_SCALE: &str = "totaal";
const MARK_SCALE: &str = "rapportcijfer";
/// The CQi version since 2021 (domain 3).
const EXPERIENCE_VERSION: &str = "AKWA";
/// Who answered a questionnaire.
const RESPONDENT: &str = "client";

/// The letters of keys.
const TRAJECTORY_KEY: u8 = b'T';
const CLIENT_KEY: u8 = b'C';

/// The tables of a submission. None but trajecten holds a row when nothing was registered.
pub(crate) struct Submission<'a> {
    pub(crate) year: i32,
    pub(crate) trajectories: Table<'a>,
    /// `None` when the provider delivers minutes per trajectory.
    pub(crate) sessions: Option<Table<'a>>,
    pub(crate) measurements: Table<'a>,
    pub(crate) experiences: Table<'a>,
}

impl<'a> Submission<'a> {
    /// What a provider delivers after a year: all it knew on 31 December about trajectories closed in the year or still open.
    pub(crate) fn new(
        provider: &Provider,
        history: &History,
        year: i32,
        calendar: &'a Calendar,
    ) -> Submission<'a> {
        let minutes: &[&str] = if provider.sessions_table {
            &[]
        } else {
            &MINUTES_COLUMNS
        };
        let header = TRAJECTORY_COLUMNS
            .iter()
            .chain(minutes)
            .chain(&FURTHER_TRAJECTORY_COLUMNS)
            .copied();
        let dialect = provider.dialect;
        let mut submission = Submission {
            year,
            trajectories: Table::new(header, dialect, calendar),
            sessions: provider
                .sessions_table
                .then(|| Table::new(SESSION_COLUMNS, dialect, calendar)),
            measurements: Table::new(MEASUREMENT_COLUMNS, dialect, calendar),
            experiences: Table::new(EXPERIENCE_COLUMNS, dialect, calendar),
        };
        let span = day(year, 1, 1)..day(year + 1, 1, 1);
        for trajectory in history
            .trajectories
            .iter()
            .filter(|trajectory| trajectory.shown_in(&span))
        {
            submission.add(provider, history, trajectory, &span);
        }
        submission
    }

    fn add(
        &mut self,
        provider: &Provider,
        history: &History,
        trajectory: &Trajectory,
        span: &Range<i32>,
    ) {
        let closed = trajectory.end < span.end;
        let (mut direct, mut indirect) = (0, 0);
        for session in history.sessions[trajectory.sessions.clone()]
            .iter()
            .take_while(|session| session.day < span.end)
        {
            direct += u32::from(session.direct_minutes);
            indirect += u32::from(session.indirect_minutes);
            let Some(table) = &mut self.sessions else {
                continue;
            };
            table.key(TRAJECTORY_KEY, trajectory.number);
            table.date(Some(session.day));
            table.number(u32::from(session.direct_minutes));
            table.optional_number(
                (provider.indirect_minutes || trajectory.gbggz)
                    .then_some(u32::from(session.indirect_minutes)),
            );
            table.text(MODES[usize::from(session.mode)]);
            table.end_row();
        }
        for measurement in history.measurements[trajectory.measurements.clone()]
            .iter()
            .filter(|measurement| measurement.day < span.end)
        {
            let table = &mut self.measurements;
            table.key(TRAJECTORY_KEY, trajectory.number);
            table.text(MOMENTS[usize::from(measurement.moment)]);
            table.date(Some(measurement.day));
            table.text(figures::INSTRUMENTS[usize::from(measurement.instrument)].code);
            table.text(TOTAL_SCALE);
            table.text(provider.instrument_version);
            table.number(u32::from(measurement.score));
            table.text(RESPONDENT);
            table.end_row();
        }
        if closed {
            for experience in &history.experiences[trajectory.experiences.clone()] {
                let table = &mut self.experiences;
                if trajectory.anonymous_experience {
                    table.text("");
                } else {
                    table.key(TRAJECTORY_KEY, trajectory.number);
                }
                table.date(Some(experience.day));
                table.text(EXPERIENCE_VERSION);
                let value = u32::from(experience.hundredths);
                if experience.scale == MARK {
                    table.text(MARK_SCALE);
                    table.text("");
                    table.hundredths(value);
                } else {
                    table.text(figures::EXPERIENCE_SCALES[usize::from(experience.scale)].code);
                    table.hundredths(value);
                    table.text("");
                }
                table.end_row();
            }
        }
        self.trajectory(provider, trajectory, closed, (direct, indirect));
    }

    fn trajectory(
        &mut self,
        provider: &Provider,
        trajectory: &Trajectory,
        closed: bool,
        (direct, indirect): (u32, u32),
    ) {
        let person = &trajectory.person;
        let table = &mut self.trajectories;
        table.key(TRAJECTORY_KEY, trajectory.number);
        table.key(CLIENT_KEY, person.number);
        table.date(Some(trajectory.start));
        table.date(closed.then_some(trajectory.end));
        table.text(if closed { trajectory.close_reason } else { "" });
        table.text(if trajectory.gbggz { "GBGGZ" } else { "ZPM" });
        table.optional_number(trajectory.care_demand_type.map(u32::from));
        table.text(trajectory.care_label);
        // Nobody knows of an open trajectory that it will turn out incomplete.
        let product = trajectory
            .product
            .filter(|product| closed || *product != figures::INCOMPLETE);
        table.text(product.map_or("", |product| figures::PRODUCTS[product].code));
        if !provider.sessions_table {
            table.number(direct);
            table.optional_number(
                (provider.indirect_minutes || trajectory.gbggz).then_some(indirect),
            );
        }
        table.text(if provider.duration_classes {
            "klasse"
        } else {
            "exact"
        });
        table.date(trajectory.referral);
        table.date(trajectory.intake);
        table.number(u32::from(person.birth_year));
        table.text(person.sex);
        table.text(trajectory.diagnosis);
        table.text(person.education);
        table.optional_number((person.pc3 > 0).then_some(u32::from(person.pc3)));
        table.text(trajectory.referrer);
        table.yes_no(person.earlier_treatment);
        table.yes_no(person.work);
        table.yes_no(Some(trajectory.privacy_optout));
        table.yes_no(trajectory.blended);
        table.yes_no(Some(trajectory.group));
        table.end_row();
    }

    /// Name, content and rows of every table that is delivered, in the order of the manifest.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&'static str, &Table<'a>)> {
        [
            ("trajecten", Some(&self.trajectories)),
            ("sessies", self.sessions.as_ref()),
            ("rom", Some(&self.measurements)),
            ("cqi", Some(&self.experiences)),
        ]
        .into_iter()
        .filter_map(|(name, table)| table.map(|table| (name, table)))
    }

    /// The file aanlevering.toml.
    pub(crate) fn manifest(&self, provider: &Provider) -> String {
        let mut manifest = format!(
            "schema = \"kibg-1.0\"\nagb = \"{}\"\nverslagjaar = {}\nvolgnummer = 1\nsoort = \"volledig\"\nbron_epd = \"{}\"\n",
            provider.agb, self.year, provider.record_system
        );
        for (name, table) in self.tables() {
            manifest.push_str(&format!("\n[tabellen.{name}]\nrijen = {}\n", table.rows));
        }
        manifest
    }
}
