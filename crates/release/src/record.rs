//! One closed trajectory in private detail, as `trajectories.sql` selects it. Never written anywhere.

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
