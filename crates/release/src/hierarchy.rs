//! The hierarchies of the quasi-identifiers (release specification, 9.2): a value of a record is a code of each level, and a code of a
//! level lies within one code of the level above it.

use spiegel_model::{Node, ReleasePolicy, WITHHELD};

/// Provinces in the order of their codes; the landsdeel of each.
pub const PROVINCES: [(&str, Landsdeel); 13] = [
    ("Groningen", Landsdeel::Noord),
    ("Friesland", Landsdeel::Noord),
    ("Drenthe", Landsdeel::Noord),
    ("Overijssel", Landsdeel::Oost),
    ("Flevoland", Landsdeel::Oost),
    ("Gelderland", Landsdeel::Oost),
    ("Utrecht", Landsdeel::West),
    ("Noord-Holland", Landsdeel::West),
    ("Zuid-Holland", Landsdeel::West),
    ("Zeeland", Landsdeel::West),
    ("Noord-Brabant", Landsdeel::Zuid),
    ("Limburg", Landsdeel::Zuid),
    ("onbekend", Landsdeel::Onbekend),
];

/// Main groups of diagnosis as they are delivered (DSM-5), and unknown.
pub const DIAGNOSES: [&str; 21] = [
    "neurobiologisch", "schizofreniespectrum", "bipolair", "depressief", "angst", "obsessief_compulsief", "trauma", "dissociatief",
    "somatisch_symptoom", "voeding_eet", "zindelijkheid", "slaap_waak", "seksuele_disfunctie", "genderdysforie", "disruptief_impuls",
    "middelen_verslaving", "neurocognitief", "persoonlijkheid", "parafilie", "overig", "onbekend",
];
/// The rest.
const OTHER: &str = "overig";
/// Not known, or absent by law.
const UNKNOWN: &str = "onbekend";

/// Sex as it is released; `x` stands for unknown as well.
pub const SEXES: [&str; 3] = ["v", "m", "x"];

/// Youngest age at the start that is released.
pub const YOUNGEST: u8 = 18;
/// Oldest age that is told apart.
pub const OLDEST: u8 = 110;

/// Parts of the country (CBS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Landsdeel {
    /// Groningen, Friesland, Drenthe.
    Noord,
    /// Overijssel, Flevoland, Gelderland.
    Oost,
    /// Utrecht, Noord-Holland, Zuid-Holland, Zeeland.
    West,
    /// Noord-Brabant, Limburg.
    Zuid,
    /// Not known.
    Onbekend,
}

impl Landsdeel {
    /// Its code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Noord => "noord",
            Self::Oost => "oost",
            Self::West => "west",
            Self::Zuid => "zuid",
            Self::Onbekend => UNKNOWN,
        }
    }
}

/// Upper bounds (inclusive) and codes of bands; the last band has no upper bound.
type Bands = [(u32, &'static str)];

const AGE: [&Bands; 3] = [
    &[(24, "18-24"), (34, "25-34"), (44, "35-44"), (54, "45-54"), (64, "55-64"), (74, "65-74"), (u32::MAX, "75+")],
    &[(24, "18-24"), (44, "25-44"), (64, "45-64"), (u32::MAX, "65+")],
    &[(44, "18-44"), (u32::MAX, "45+")],
];
const MINUTES: [&Bands; 3] = [
    &[(179, "0-179"), (359, "180-359"), (540, "360-540"), (720, "541-720"), (1080, "721-1080"), (u32::MAX, "1081+")],
    &[(359, "0-359"), (540, "360-540"), (720, "541-720"), (u32::MAX, "721+")],
    &[(540, "0-540"), (u32::MAX, "541+")],
];
const DURATION: [&Bands; 3] = [
    &[(89, "0-89"), (181, "90-181"), (273, "182-273"), (364, "274-364"), (u32::MAX, "365+")],
    &[(181, "0-181"), (364, "182-364"), (u32::MAX, "365+")],
    &[(181, "0-181"), (u32::MAX, "182+")],
];

fn band(bands: &'static [&'static Bands], level: usize, value: u32) -> &'static str {
    bands.get(level).and_then(|bands| bands.iter().find(|(upper, _)| value <= *upper)).map_or(WITHHELD, |(_, code)| code)
}

/// The columns that have a hierarchy, in the order of the table `trajectories`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Region of the provider.
    Region,
    /// Main group of the primary diagnosis.
    Diagnosis,
    /// Age at the start, in years.
    Age,
    /// Sex.
    Sex,
    /// Direct minutes of the whole trajectory.
    Minutes,
    /// Days from start to end.
    Duration,
}

impl Dimension {
    /// All, in the order of the table.
    pub const ALL: [Self; 6] = [Self::Region, Self::Diagnosis, Self::Age, Self::Sex, Self::Minutes, Self::Duration];

    /// Its column in the table `trajectories`.
    #[must_use]
    pub fn column(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Diagnosis => "diagnosis_group",
            Self::Age => "age_band",
            Self::Sex => "sex",
            Self::Minutes => "minutes_band",
            Self::Duration => "duration_band",
        }
    }

    /// Number of its levels.
    #[must_use]
    pub fn levels(self) -> u8 {
        match self {
            Self::Age => 5,
            Self::Diagnosis | Self::Minutes | Self::Duration => 4,
            Self::Region => 3,
            Self::Sex => 2,
        }
    }

    /// Its level at a node.
    #[must_use]
    pub fn level(self, node: Node) -> u8 {
        match self {
            Self::Region => node.region,
            Self::Diagnosis => node.diagnosis,
            Self::Age => node.age,
            Self::Sex => node.sex,
            Self::Minutes => node.minutes,
            Self::Duration => node.duration,
        }
    }

    /// Values of level 0 as records hold them: from the first to the last.
    #[must_use]
    pub fn values(self) -> std::ops::Range<u32> {
        match self {
            Self::Region => 0..PROVINCES.len() as u32,
            Self::Diagnosis => 0..DIAGNOSES.len() as u32,
            Self::Age => u32::from(YOUNGEST)..u32::from(OLDEST) + 1,
            Self::Sex => 0..SEXES.len() as u32,
            // Beyond the last bound nothing changes.
            Self::Minutes => 0..1200,
            Self::Duration => 0..400,
        }
    }
}

/// The hierarchies with the groups of diagnosis of a policy.
#[derive(Debug, Clone)]
pub struct Hierarchies {
    level_1: Vec<String>,
    level_2: Vec<String>,
}

impl Hierarchies {
    /// With the groups that a policy keeps.
    #[must_use]
    pub fn new(policy: &ReleasePolicy) -> Self {
        Self { level_1: policy.diagnosis.level_1.clone(), level_2: policy.diagnosis.level_2.clone() }
    }

    /// The code of a value of a record on a level: an index for province, diagnosis and sex, years, minutes or days for the others.
    /// What has no such level is withheld.
    #[must_use]
    pub fn code(&self, dimension: Dimension, level: u8, value: u32) -> String {
        let at = value as usize;
        let code = match (dimension, level) {
            (Dimension::Region, 0) => PROVINCES.get(at).map_or(WITHHELD, |(province, _)| province),
            (Dimension::Region, 1) => PROVINCES.get(at).map_or(WITHHELD, |(_, part)| part.code()),
            (Dimension::Diagnosis, 0) => DIAGNOSES.get(at).copied().unwrap_or(WITHHELD),
            (Dimension::Diagnosis, 1) => kept(&self.level_1, at),
            (Dimension::Diagnosis, 2) => kept(&self.level_2, at),
            (Dimension::Age, 0) => return value.to_string(),
            (Dimension::Age, level) => band(&AGE, usize::from(level) - 1, value),
            (Dimension::Sex, 0) => SEXES.get(at).copied().unwrap_or(WITHHELD),
            (Dimension::Minutes, level) => band(&MINUTES, usize::from(level), value),
            (Dimension::Duration, level) => band(&DURATION, usize::from(level), value),
            _ => WITHHELD,
        };
        code.to_owned()
    }

    /// All codes of a level in the order of their values, without [`WITHHELD`] unless that is the whole level.
    #[must_use]
    pub fn codes(&self, dimension: Dimension, level: u8) -> Vec<String> {
        let mut codes = Vec::new();
        for value in dimension.values() {
            let code = self.code(dimension, level, value);
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes
    }
}

fn kept(groups: &[String], diagnosis: usize) -> &'static str {
    match DIAGNOSES.get(diagnosis).copied() {
        None => WITHHELD,
        Some(UNKNOWN) => UNKNOWN,
        Some(name) if groups.iter().any(|group| group == name) => name,
        Some(_) => OTHER,
    }
}
