//! One closed trajectory in private detail, as `trajectories.sql` selects it. Never written anywhere.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use arrow::array::{Array, BooleanArray, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;

use crate::Error;
use crate::hierarchy::{DIAGNOSES, OLDEST, PROVINCES, YOUNGEST};

/// Kind of provider, as the register has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderClass {
    /// A practice.
    Vrijgevestigd,
    /// An institution.
    Instelling,
    /// Not registered.
    Onbekend,
}

impl ProviderClass {
    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Vrijgevestigd => "vrijgevestigd",
            Self::Instelling => "instelling",
            Self::Onbekend => "onbekend",
        }
    }
}

/// Yes, no, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// `ja`.
    Yes,
    /// `nee`.
    No,
    /// `onbekend`.
    Unknown,
}

impl Answer {
    /// All, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::Unknown];

    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Yes => "ja",
            Self::No => "nee",
            Self::Unknown => "onbekend",
        }
    }
}

/// What treatment did to complaints (domain 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RomCategory {
    /// `hersteld`.
    Recovered,
    /// `verbeterd`.
    Improved,
    /// `onveranderd`.
    Unchanged,
    /// `verslechterd`.
    Deteriorated,
    /// `geen_paar`: no measurement before and after that shows the effect.
    NoPair,
}

impl RomCategory {
    /// All, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Recovered, Self::Improved, Self::Unchanged, Self::Deteriorated, Self::NoPair];

    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Recovered => "hersteld",
            Self::Improved => "verbeterd",
            Self::Unchanged => "onveranderd",
            Self::Deteriorated => "verslechterd",
            Self::NoPair => "geen_paar",
        }
    }
}

/// One closed trajectory of an adult.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trajectory {
    /// Group of owners: index in [`Records::groups`].
    pub group: u32,
    /// Provider: index in [`Records::providers`].
    pub provider: u32,
    /// Client: index in [`Records::clients`]. A client of two providers is two clients (decision 10).
    pub client: u32,
    /// Kind of provider.
    pub provider_class: ProviderClass,
    /// Region of the provider: index in [`crate::hierarchy::PROVINCES`].
    pub province: u8,
    /// Main group: index in [`crate::hierarchy::DIAGNOSES`].
    pub diagnosis: u8,
    /// Years at the start, 18 to 110. None when it is not known: everything is withheld then.
    pub age: Option<u8>,
    /// Index in [`crate::hierarchy::SEXES`].
    pub sex: u8,
    /// Direct minutes; 0 when none were delivered.
    pub minutes: u32,
    /// Days from start to end.
    pub days: u32,
    /// Whether it was incomplete.
    pub incomplete: Answer,
    /// Whether the client came back within 365 days; unknown unless the follow-up is complete and this was the end of care.
    pub back_in_care: Answer,
    /// What treatment did to complaints.
    pub rom_category: RomCategory,
    /// Direct minutes, where the indicator behandelminuten counts them.
    pub counted_minutes: Option<f64>,
    /// Days, where the indicator duur-in-dagen counts them.
    pub counted_days: Option<f64>,
    /// Change in T (positive is fewer complaints), where the indicator behandeleffect counts it.
    pub rom_change: Option<f64>,
    /// Mark of the client, 0 to 10, where the questionnaire is linked to the trajectory.
    pub mark: Option<f64>,
}

/// All closed trajectories of one year, in an order that does not depend on how they came in.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Closing year.
    pub year: i32,
    /// Trajectories.
    pub rows: Vec<Trajectory>,
    /// Ids of groups of owners, ascending.
    pub groups: Vec<String>,
    /// Ids of providers, ascending.
    pub providers: Vec<String>,
    /// Keys of clients, each after the id of its provider, ascending.
    pub clients: Vec<String>,
    /// Trajectories that were left out because the client was under eighteen.
    pub out_of_scope: u64,
    /// Trajectories that were left out because the data of their provider wait for an analyst.
    pub held: u64,
}

/// Columns that `trajectories.sql` returns.
pub const COLUMNS: [&str; 17] = [
    "provider_id", "group_id", "provider_class", "province", "client_key", "diagnosis_group", "age_at_start", "sex", "minutes", "days",
    "incomplete", "back_in_care", "rom_category", "counted_minutes", "counted_days", "rom_change", "mark",
];
/// Between provider and client in a key.
const SEPARATOR: char = '\u{1f}';

impl Records {
    /// From the rows that `trajectories.sql` selects for `year`, without those of the providers in `held`. The order of the rows does not
    /// matter.
    ///
    /// # Errors
    /// [`Error::Policy`] when a column is missing or has another type than it must have, or a code is unknown.
    pub fn from_batches(file: &str, year: i32, batches: &[RecordBatch], held: &BTreeSet<String>) -> Result<Self, Error> {
        let mut records = Self { year, ..Self::default() };
        let (mut groups, mut providers, mut clients) = (Names::default(), Names::default(), Names::default());
        for batch in batches {
            let columns = Columns::of(file, batch)?;
            for row in 0..batch.num_rows() {
                let provider = columns.provider.value(row);
                if held.contains(provider) {
                    records.held += 1;
                    continue;
                }
                let age = number(&columns.age, row).map(|age| age.clamp(0.0, f64::from(OLDEST)) as u8);
                if age.is_some_and(|age| age < YOUNGEST) {
                    records.out_of_scope += 1;
                    continue;
                }
                // Whoever is not registered is a group of owners alone.
                let group = text(&columns.group, row).filter(|group| !group.is_empty()).unwrap_or(provider);
                let provider_class = match text(&columns.class, row) {
                    Some("vrijgevestigd") => ProviderClass::Vrijgevestigd,
                    Some("instelling") => ProviderClass::Instelling,
                    _ => ProviderClass::Onbekend,
                };
                let whole = |column: &Float64Array| number(column, row).map_or(0, |value| value.clamp(0.0, 1e9) as u32);
                records.rows.push(Trajectory {
                    group: groups.id(group),
                    provider: providers.id(provider),
                    client: clients.id(&format!("{provider}{SEPARATOR}{}", text(&columns.client, row).unwrap_or_default())),
                    provider_class,
                    province: province(text(&columns.province, row)),
                    diagnosis: diagnosis(text(&columns.diagnosis, row)),
                    age,
                    sex: match text(&columns.sex, row) {
                        Some("v") => 0,
                        Some("m") => 1,
                        _ => 2,
                    },
                    minutes: whole(&columns.minutes),
                    days: whole(&columns.days),
                    incomplete: answer(&columns.incomplete, row),
                    back_in_care: answer(&columns.back, row),
                    rom_category: rom_category(file, text(&columns.rom, row))?,
                    counted_minutes: number(&columns.counted_minutes, row),
                    counted_days: number(&columns.counted_days, row),
                    rom_change: number(&columns.change, row),
                    mark: number(&columns.mark, row),
                });
            }
        }
        let orders = (groups.sorted(), providers.sorted(), clients.sorted());
        for row in &mut records.rows {
            row.group = orders.0.1[row.group as usize];
            row.provider = orders.1.1[row.provider as usize];
            row.client = orders.2.1[row.client as usize];
        }
        (records.groups, records.providers, records.clients) = (orders.0.0, orders.1.0, orders.2.0);
        records.rows.sort_unstable_by(Trajectory::order);
        Ok(records)
    }
}

impl Trajectory {
    /// A total order: equal trajectories are equal in everything.
    fn order(&self, other: &Self) -> Ordering {
        let codes = |one: &Self| (one.group, one.client, one.provider, one.province, one.diagnosis, one.age, one.sex, one.minutes, one.days);
        let answers = |one: &Self| (one.provider_class, one.incomplete, one.back_in_care, one.rom_category);
        let values = |one: &Self| [one.counted_minutes, one.counted_days, one.rom_change, one.mark].map(|value| value.unwrap_or(f64::NEG_INFINITY));
        let floats = || values(self).iter().zip(values(other)).map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne());
        codes(self).cmp(&codes(other)).then_with(|| answers(self).cmp(&answers(other))).then_with(|| floats().unwrap_or(Ordering::Equal))
    }
}

/// Names as numbers.
#[derive(Default)]
struct Names(HashMap<String, u32>);

impl Names {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.0.get(name) {
            return *id;
        }
        let id = self.0.len() as u32;
        self.0.insert(name.to_owned(), id);
        id
    }

    /// The names, ascending, and the place of each number in that order.
    fn sorted(self) -> (Vec<String>, Vec<u32>) {
        let mut names: Vec<(String, u32)> = self.0.into_iter().collect();
        names.sort_unstable();
        let mut places = vec![0; names.len()];
        for (place, (_, id)) in names.iter().enumerate() {
            places[*id as usize] = place as u32;
        }
        (names.into_iter().map(|(name, _)| name).collect(), places)
    }
}

/// The columns of one batch.
struct Columns {
    provider: StringArray,
    group: StringArray,
    class: StringArray,
    province: StringArray,
    client: StringArray,
    diagnosis: StringArray,
    age: Float64Array,
    sex: StringArray,
    minutes: Float64Array,
    days: Float64Array,
    incomplete: BooleanArray,
    back: BooleanArray,
    rom: StringArray,
    counted_minutes: Float64Array,
    counted_days: Float64Array,
    change: Float64Array,
    mark: Float64Array,
}

impl Columns {
    fn of(file: &str, batch: &RecordBatch) -> Result<Self, Error> {
        let schema = batch.schema();
        let missing: Vec<&str> = COLUMNS.into_iter().filter(|name| schema.index_of(name).is_err()).collect();
        if !missing.is_empty() {
            return Err(Error::policy(file, format!("must return {}; {} is missing", COLUMNS.join(", "), missing.join(", "))));
        }
        Ok(Self {
            provider: typed(file, batch, "provider_id", &DataType::Utf8)?,
            group: typed(file, batch, "group_id", &DataType::Utf8)?,
            class: typed(file, batch, "provider_class", &DataType::Utf8)?,
            province: typed(file, batch, "province", &DataType::Utf8)?,
            client: typed(file, batch, "client_key", &DataType::Utf8)?,
            diagnosis: typed(file, batch, "diagnosis_group", &DataType::Utf8)?,
            age: typed(file, batch, "age_at_start", &DataType::Float64)?,
            sex: typed(file, batch, "sex", &DataType::Utf8)?,
            minutes: typed(file, batch, "minutes", &DataType::Float64)?,
            days: typed(file, batch, "days", &DataType::Float64)?,
            incomplete: typed(file, batch, "incomplete", &DataType::Boolean)?,
            back: typed(file, batch, "back_in_care", &DataType::Boolean)?,
            rom: typed(file, batch, "rom_category", &DataType::Utf8)?,
            counted_minutes: typed(file, batch, "counted_minutes", &DataType::Float64)?,
            counted_days: typed(file, batch, "counted_days", &DataType::Float64)?,
            change: typed(file, batch, "rom_change", &DataType::Float64)?,
            mark: typed(file, batch, "mark", &DataType::Float64)?,
        })
    }
}

/// A column as an array of this type; the message holds no value.
fn typed<T: Array + Clone + 'static>(file: &str, batch: &RecordBatch, name: &str, kind: &DataType) -> Result<T, Error> {
    let column = batch.column_by_name(name).ok_or_else(|| Error::policy(file, format!("returns no `{name}`")))?;
    let wrong = || Error::policy(file, format!("`{name}` is {} and not {kind}", column.data_type()));
    let plain = cast(column, kind).map_err(|_| wrong())?;
    plain.as_any().downcast_ref::<T>().cloned().ok_or_else(wrong)
}

fn text(column: &StringArray, row: usize) -> Option<&str> {
    (!column.is_null(row)).then(|| column.value(row))
}

fn number(column: &Float64Array, row: usize) -> Option<f64> {
    (!column.is_null(row)).then(|| column.value(row)).filter(|value| value.is_finite())
}

fn answer(column: &BooleanArray, row: usize) -> Answer {
    match (column.is_null(row), !column.is_null(row) && column.value(row)) {
        (true, _) => Answer::Unknown,
        (false, true) => Answer::Yes,
        (false, false) => Answer::No,
    }
}

fn province(name: Option<&str>) -> u8 {
    let name = match name {
        Some("Fryslân") => "Friesland",
        Some(name) => name,
        None => "onbekend",
    };
    PROVINCES.iter().position(|(province, _)| *province == name).unwrap_or(PROVINCES.len() - 1) as u8
}

/// What is absent by law is unknown as well.
fn diagnosis(name: Option<&str>) -> u8 {
    let known = name.and_then(|name| DIAGNOSES.iter().position(|diagnosis| *diagnosis == name));
    known.unwrap_or(DIAGNOSES.len() - 1) as u8
}

fn rom_category(file: &str, outcome: Option<&str>) -> Result<RomCategory, Error> {
    Ok(match outcome {
        None => RomCategory::NoPair,
        Some("recovered") => RomCategory::Recovered,
        Some("improved") => RomCategory::Improved,
        Some("unchanged") => RomCategory::Unchanged,
        Some("deteriorated") => RomCategory::Deteriorated,
        Some(_) => return Err(Error::policy(file, "`rom_category` must be recovered, improved, unchanged, deteriorated or NULL")),
    })
}
