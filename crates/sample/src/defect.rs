//! Broken submissions for a dirty country, each of a provider of its own, in the last year only.

use crate::submission::Submission;
use crate::table::Table;

/// What is wrong with a submission. The codes are those of the bad-input catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The zip ends half-way (E006).
    TruncatedZip,
    /// A zip whose trajecten.csv has no column startdatum (E110).
    MissingStartColumn,
    /// Two trajectories end before they start (E301).
    EndBeforeStart,
    /// One unknown code in eindreden and one in geslacht (E210).
    UnknownCodes,
    /// One row of trajecten has a field too many (E114).
    TooManyFields,
    /// One startdatum on 31 February (E201).
    ImpossibleDate,
    /// One traject_id twice, with different content (E401).
    DuplicateTrajectory,
    /// One session of a trajectory that is not delivered (E402).
    OrphanSession,
}

/// A provider of a dirty country and what is wrong with its submission of the last year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefectiveSubmission {
    /// The provider's AGB code.
    pub agb: String,
    /// The reporting year of the broken submission; the provider's other years are clean.
    pub year: i32,
    /// What is wrong.
    pub defect: Defect,
}

impl Defect {
    /// Every defect, in the order in which a dirty country adds its providers.
    pub const ALL: [Defect; 8] = [
        Defect::TruncatedZip,
        Defect::MissingStartColumn,
        Defect::EndBeforeStart,
        Defect::UnknownCodes,
        Defect::TooManyFields,
        Defect::ImpossibleDate,
        Defect::DuplicateTrajectory,
        Defect::OrphanSession,
    ];

    pub(crate) fn needs_zip(self) -> bool {
        matches!(self, Defect::TruncatedZip | Defect::MissingStartColumn)
    }

    /// Breaks the tables; the truncated zip is broken when it is packed. Declared row counts stay true.
    pub(crate) fn spoil(self, submission: &mut Submission<'_>) {
        let year = submission.year.to_string();
        let mut rows = Rows::of(&submission.trajectories);
        match self {
            Defect::TruncatedZip => return,
            Defect::MissingStartColumn => {
                if let Some(column) = rows.column("startdatum") {
                    rows.drop_column(column);
                }
            }
            Defect::EndBeforeStart => {
                let (start, end) = (rows.column("startdatum"), rows.column("einddatum"));
                if let (Some(start), Some(end)) = (start, end) {
                    // Both within the year, so that nothing else is wrong with these rows.
                    let within = |row: &Vec<String>| {
                        row[start].starts_with(&year)
                            && row[end].starts_with(&year)
                            && row[start] < row[end]
                    };
                    for row in rows
                        .all
                        .iter_mut()
                        .skip(1)
                        .filter(|row| within(row))
                        .take(2)
                    {
                        row.swap(start, end);
                    }
                }
            }
            Defect::UnknownCodes => {
                rows.set(rows.place(0), "eindreden", "77");
                rows.set(rows.place(1), "geslacht", "X9");
            }
            Defect::TooManyFields => {
                let place = rows.place(2);
                if let Some(row) = rows.all.get_mut(place) {
                    row.push("nee".to_owned());
                }
            }
            Defect::ImpossibleDate => {
                rows.set(rows.place(2), "startdatum", &format!("{year}-02-31"))
            }
            Defect::DuplicateTrajectory => {
                if let Some(row) = rows.all.get(rows.place(2)).cloned() {
                    rows.all.push(row);
                    rows.set(rows.all.len() - 1, "geboortejaar", "1961");
                    submission.trajectories.rows += 1;
                }
            }
            Defect::OrphanSession => {
                if let Some(sessions) = &mut submission.sessions {
                    // Far above the numbers that a provider of this size reaches.
                    sessions
                        .bytes
                        .extend_from_slice(format!("T99999;{year}-06-03;45;10;f2f\n").as_bytes());
                    sessions.rows += 1;
                }
            }
        }
        submission.trajectories.bytes = rows.bytes();
    }
}

/// A table taken apart. Defective providers write the plain dialect: semicolons, line feeds, yyyy-mm-dd.
struct Rows {
    all: Vec<Vec<String>>,
}

impl Rows {
    fn of(table: &Table<'_>) -> Rows {
        let text = String::from_utf8_lossy(&table.bytes);
        Rows {
            all: text
                .lines()
                .map(|line| line.split(';').map(str::to_owned).collect())
                .collect(),
        }
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.all
            .first()
            .and_then(|header| header.iter().position(|column| column == name))
    }

    /// The place of the closed trajectory that comes as this in the file; the header is no trajectory.
    fn place(&self, closed: usize) -> usize {
        let Some(reason) = self.column("eindreden") else {
            return 0;
        };
        let places = self
            .all
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, row)| !row[reason].is_empty());
        places.map(|(place, _)| place).nth(closed).unwrap_or(0)
    }

    fn set(&mut self, place: usize, column: &str, value: &str) {
        let Some(column) = self.column(column) else {
            return;
        };
        if let Some(field) = self.all.get_mut(place).and_then(|row| row.get_mut(column)) {
            value.clone_into(field);
        }
    }

    fn drop_column(&mut self, column: usize) {
        for row in &mut self.all {
            row.remove(column);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for row in &self.all {
            bytes.extend_from_slice(row.join(";").as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }
}
