//! The figures a country is drawn from, each with its source. "domain" is domain.md; "design" marks an assumption.
//! A share is a fraction of 1, a spread is a standard deviation.

/// domain 6 has 45; decisions 43 wins: with 4 % institutions, 4,000 providers start 280,000 trajectories a year at this median.
pub(crate) const PRACTICE_MEDIAN_CLIENTS: f64 = 33.0;
/// domain 6: median 45 and 90th percentile 160 give this log spread.
pub(crate) const PRACTICE_LOG_SPREAD: f64 = 0.99;
/// design: smallest and largest practice of a small country.
pub(crate) const SMALL_PRACTICE_RANGE: (f64, f64) = (7.0, 165.0);
/// design: smallest and largest practice of a large country.
pub(crate) const LARGE_PRACTICE_RANGE: (f64, f64) = (4.0, 700.0);
/// domain 6: 20 % institutions.
pub(crate) const INSTITUTION_SHARE: f64 = 0.20;
/// decisions 43: about 4 % institutions in the country for speed.
pub(crate) const LARGE_INSTITUTION_SHARE: f64 = 0.04;
/// domain 6: institutions, clients a year.
pub(crate) const INSTITUTION_MEDIAN_CLIENTS: f64 = 400.0;
/// design: log spread of institutions; the tail holds a few of several thousand.
pub(crate) const INSTITUTION_LOG_SPREAD: f64 = 0.75;
/// design: range of institutions in a large country.
pub(crate) const LARGE_INSTITUTION_RANGE: (f64, f64) = (80.0, 6000.0);
/// design: institutions of a small country are kept smallish, for its size on disk.
pub(crate) const SMALL_INSTITUTION_MEDIAN_CLIENTS: f64 = 165.0;
/// design: range of institutions in a small country.
pub(crate) const SMALL_INSTITUTION_RANGE: (f64, f64) = (100.0, 400.0);
/// design: up to this many providers a country is small: sizes at even quantiles, and the mix of domain 6.
pub(crate) const SMALL_COUNTRY_PROVIDERS: usize = 150;
/// design: clients a year of a provider with a defect: large enough that one broken row stays under the gate of E511.
pub(crate) const DEFECTIVE_PROVIDER_CLIENTS: f64 = 70.0;
/// design, about 15 %: of the tiny practices, one in this many delivers no sessions table.
pub(crate) const NO_SESSIONS_EVERY: usize = 7;
/// design: below this many clients a year a practice is tiny.
pub(crate) const TINY_CLIENTS: f64 = 30.0;
/// design: yearly growth and its spread over providers.
pub(crate) const GROWTH: (f64, f64) = (0.01, 0.04);
/// design: spread of one year's number around its trend.
pub(crate) const YEAR_SPREAD: f64 = 0.05;
/// design: the year at which trends are zero.
pub(crate) const TREND_YEAR: i32 = 2024;
/// design: national change of minutes a year.
pub(crate) const MINUTES_TREND: f64 = -0.006;
/// design: share of providers that drift, and their yearly change of log minutes and of delta-T.
pub(crate) const DRIFTING_SHARE: f64 = 0.08;
/// design: yearly change of the log of minutes of a drifting provider.
pub(crate) const MINUTES_DRIFT: f64 = 0.05;
/// design: yearly change of delta-T of a drifting provider.
pub(crate) const EFFECT_DRIFT: f64 = 0.7;

/// domain 4.6 and 6: an intraclass correlation of about 5 % for every outcome.
pub(crate) const INTRACLASS: f64 = 0.05;
/// design: loading of a provider's effects on one common factor: effects correlate about 0.09.
pub(crate) const COMMON_LOADING: f64 = 0.3;
/// domain 6 with [`INTRACLASS`]: spread of providers' log minutes (total spread 240 around 540).
pub(crate) const MINUTES_EFFECT: f64 = 0.105;
/// domain 6 with [`INTRACLASS`]: spread of providers' log days (total spread 106 around 183).
pub(crate) const DAYS_EFFECT: f64 = 0.14;
/// domain 6 with [`INTRACLASS`]: spread of providers' mean delta-T (9 x root 0.05).
pub(crate) const EFFECT_EFFECT: f64 = 2.0;
/// [`INTRACLASS`] on the log-odds scale: root of 0.05/0.95 x pi squared / 3.
pub(crate) const INCOMPLETE_EFFECT: f64 = 0.416;
/// design: spread of providers' mean severity and of their habit in choosing products.
pub(crate) const SEVERITY_EFFECT: f64 = 0.12;
/// design: spread of providers' habit in choosing products, in spreads of severity.
pub(crate) const PRODUCT_EFFECT: f64 = 0.10;

/// domain 6: incomplete trajectories 8-15 % across providers.
pub(crate) const INCOMPLETE_SHARE: f64 = 0.11;
/// domain 6: product C among complete trajectories (5 of 88).
pub(crate) const CHRONIC_SHARE: f64 = 0.057;
/// domain 6: K 20, M 38, I 25: points on the normal scale between K and M, M and I.
pub(crate) const PRODUCT_POINTS: (f64, f64) = (-0.703, 0.522);
/// design: weight of severity in the choice of a product.
pub(crate) const PRODUCT_SEVERITY: f64 = 0.5;

/// domain 6: direct minutes of a product in GBGGZ years: mean and spread; days: mean.
pub(crate) struct ProductFigures {
    /// The code in a submission.
    pub(crate) code: &'static str,
    /// Mean direct minutes.
    pub(crate) minutes: f64,
    /// Spread of direct minutes.
    pub(crate) minutes_spread: f64,
    /// Mean days from start to end.
    pub(crate) days: f64,
}

/// domain 6, in the order K, M, I, C, O.
pub(crate) const PRODUCTS: [ProductFigures; 5] = [
    ProductFigures {
        code: "K",
        minutes: 230.0,
        minutes_spread: 70.0,
        days: 100.0,
    },
    ProductFigures {
        code: "M",
        minutes: 400.0,
        minutes_spread: 100.0,
        days: 170.0,
    },
    ProductFigures {
        code: "I",
        minutes: 620.0,
        minutes_spread: 160.0,
        days: 240.0,
    },
    ProductFigures {
        code: "C",
        minutes: 520.0,
        minutes_spread: 260.0,
        days: 330.0,
    },
    ProductFigures {
        code: "O",
        minutes: 90.0,
        minutes_spread: 40.0,
        days: 45.0,
    },
];
/// Place of product C in [`PRODUCTS`].
pub(crate) const CHRONIC: usize = 3;
/// Place of product O in [`PRODUCTS`].
pub(crate) const INCOMPLETE: usize = 4;
/// domain 6: minutes in ZPM years, against GBGGZ, for complete trajectories.
pub(crate) const ZPM_MINUTES: f64 = 1.25;
/// domain 6: days vary by 45 % of their mean.
pub(crate) const DAYS_VARIATION: f64 = 0.45;
/// design: correlation of minutes and days within a product.
pub(crate) const MINUTES_DAYS_CORRELATION: f64 = 0.4;
/// domain 4.6: complex clients get slightly more: log minutes and log days per spread of severity.
pub(crate) const SEVERITY_MINUTES: f64 = 0.03;
/// domain 5.1: a product is open at most 365 days.
pub(crate) const GBGGZ_DAYS_MAXIMUM: f64 = 365.0;
/// design: longest ZPM trajectory, under the warning of W714.
pub(crate) const ZPM_DAYS_MAXIMUM: f64 = 720.0;
/// domain 5.2: an incomplete trajectory has at most 120 direct minutes.
pub(crate) const INCOMPLETE_MINUTES_MAXIMUM: u32 = 120;
/// domain 5.2: the Zorgprestatiemodel starts on 1 January of this year.
pub(crate) const ZPM_FIRST_YEAR: i32 = 2022;

/// domain 2 and 6 (guideline 12 x 45): minutes of a session and its share.
pub(crate) const SESSION_MINUTES: [(u16, f64); 5] =
    [(45, 0.66), (60, 0.16), (30, 0.12), (15, 0.04), (90, 0.02)];
/// design: share of sessions that run on, by 1 to 9 minutes.
pub(crate) const SESSION_RUNS_ON: f64 = 0.35;
/// Mean of [`SESSION_MINUTES`] with [`SESSION_RUNS_ON`].
pub(crate) const SESSION_MEAN_MINUTES: f64 = 47.05;
/// design: length of a group session.
pub(crate) const GROUP_SESSION_MINUTES: u16 = 90;
/// domain 5.2: lower bounds of the duration classes.
pub(crate) const DURATION_CLASSES: [u16; 8] = [5, 15, 30, 45, 60, 75, 90, 120];
/// design: share of providers that deliver duration classes.
pub(crate) const CLASS_PROVIDERS: f64 = 0.15;
/// design: share of providers with group treatment, and of trajectories there.
pub(crate) const GROUP_SHARES: (f64, f64) = (0.25, 0.06);

/// design: why a complete trajectory ended.
pub(crate) const COMPLETE_REASONS: [(&str, f64); 7] = [
    ("afgerond", 0.852),
    ("voortijdig_client", 0.06),
    ("doorverwezen_zwaarder", 0.05),
    ("overig", 0.015),
    ("administratief", 0.012),
    ("voortijdig_aanbieder", 0.01),
    ("overleden", 0.001),
];
/// domain 5.1 and 5.2, the reasons of an incomplete trajectory; shares by design.
pub(crate) const INCOMPLETE_REASONS: [(&str, f64); 6] = [
    ("voortijdig_client", 0.38),
    ("te_zwaar", 0.25),
    ("geen_stoornis", 0.22),
    ("voortijdig_aanbieder", 0.07),
    ("overig", 0.07),
    ("overleden", 0.01),
];
/// domain 6: back in care within a year, lowest and highest provider.
pub(crate) const BACK_WITHIN_YEAR: (f64, f64) = (0.085, 0.145);
/// design: back in care between one year and two and a half.
pub(crate) const BACK_LATER: f64 = 0.05;

/// domain 6: coverage of ROM pairs over providers, mean and spread.
pub(crate) const ROM_COVERAGE: (f64, f64) = (0.62, 0.15);
/// domain 6 and 4.5: delta-T of vrijgevestigden at d 1.12, and institutions two points lower (10.5 against 8.5); 0.2 above that,
/// because scores stop at zero and a pair needs a first score that can fall.
pub(crate) const MEAN_EFFECT: (f64, f64) = (11.4, 9.4);
/// domain 6: spread of delta-T.
pub(crate) const EFFECT_SPREAD: f64 = 9.0;
/// domain 6: correlation of the first score with delta-T.
pub(crate) const FIRST_SCORE_CORRELATION: f64 = 0.4;
/// domain 4.5: no paid work and earlier treatment predict a smaller effect; size by design, in T.
pub(crate) const NO_WORK_EFFECT: f64 = -0.8;
/// domain 4.5, as [`NO_WORK_EFFECT`].
pub(crate) const EARLIER_TREATMENT_EFFECT: f64 = -0.6;
/// domain 4.2: three months; a measurement beyond it makes no pair.
pub(crate) const PAIR_WINDOW_DAYS: i32 = 92;

/// domain 4.3: an instrument, its highest score, and by design mean and spread of first scores of patients.
pub(crate) struct Instrument {
    /// The code in a submission.
    pub(crate) code: &'static str,
    /// Highest score; the lowest is 0, higher is worse.
    pub(crate) highest: f64,
    /// Mean of first scores.
    pub(crate) mean: f64,
    /// Spread of first scores.
    pub(crate) spread: f64,
}

/// domain 4.3: ranges OQ-45 0-180, SQ-48 0-148, PHQ-9 0-27, GAD-7 0-21.
pub(crate) const INSTRUMENTS: [Instrument; 4] = [
    Instrument {
        code: "OQ45",
        highest: 180.0,
        mean: 76.0,
        spread: 21.0,
    },
    Instrument {
        code: "SQ48",
        highest: 148.0,
        mean: 60.0,
        spread: 20.0,
    },
    Instrument {
        code: "PHQ9",
        highest: 27.0,
        mean: 14.0,
        spread: 5.0,
    },
    Instrument {
        code: "GAD7",
        highest: 21.0,
        mean: 12.0,
        spread: 4.3,
    },
];

/// domain 6: response to the CQi, 30-70 %.
pub(crate) const EXPERIENCE_RESPONSE: (f64, f64) = (0.50, 0.10);
/// domain 3: an AKWA scale as 5 minus a normal shortfall cut at 0: its middle and spread reproduce mean and spread there.
pub(crate) struct ExperienceScale {
    /// The code in a submission.
    pub(crate) code: &'static str,
    /// Middle of the shortfall before the cut.
    pub(crate) shortfall: f64,
    /// Spread of the shortfall before the cut.
    pub(crate) spread: f64,
    /// Items of the scale (10 in all; the split by design).
    pub(crate) items: f64,
}

/// domain 3: bejegening 4.75 (0.40), informatie 4.45 (0.60), samen beslissen and uitvoering 4.50 (0.60).
pub(crate) const EXPERIENCE_SCALES: [ExperienceScale; 4] = [
    ExperienceScale {
        code: "bejegening",
        shortfall: 0.0,
        spread: 0.64,
        items: 2.0,
    },
    ExperienceScale {
        code: "informatie_behandeling",
        shortfall: 0.39,
        spread: 0.79,
        items: 3.0,
    },
    ExperienceScale {
        code: "samen_beslissen",
        shortfall: 0.31,
        spread: 0.80,
        items: 3.0,
    },
    ExperienceScale {
        code: "uitvoering_behandeling",
        shortfall: 0.31,
        spread: 0.80,
        items: 2.0,
    },
];
/// domain 3: mark 8.4 (1.1), as 10 minus a normal shortfall cut at 0: its middle and spread.
pub(crate) const MARK_SHORTFALL: (f64, f64) = (1.56, 1.20);

/// domain 6: 62-65 % women.
pub(crate) const SEXES: [(&str, f64); 4] = [
    ("v", 0.635),
    ("m", 0.345),
    ("x", 0.006),
    ("onbekend", 0.014),
];
/// domain 6: depressive, anxiety and trauma figures; the other names are those of domain 5.2.
pub(crate) const DIAGNOSES: [(&str, f64); 10] = [
    ("depressief", 0.25),
    ("angst", 0.25),
    ("trauma", 0.20),
    ("somatisch_symptoom", 0.07),
    ("persoonlijkheid", 0.05),
    ("neurobiologisch", 0.05),
    ("obsessief_compulsief", 0.04),
    ("slaap_waak", 0.02),
    ("voeding_eet", 0.02),
    ("overig", 0.05),
];
/// design: as the Dutch population from 15 to 75.
pub(crate) const EDUCATIONS: [(&str, f64); 3] = [("midden", 0.39), ("hoog", 0.37), ("laag", 0.24)];
/// design: who referred.
pub(crate) const REFERRERS: [(&str, f64); 6] = [
    ("huisarts", 0.86),
    ("doorverwijzing", 0.05),
    ("medisch_specialist", 0.04),
    ("bedrijfsarts", 0.03),
    ("anders", 0.01),
    ("geen", 0.01),
];
/// domain 5.2: the twenty types, no 9; shares by design, mild ones first.
pub(crate) const CARE_DEMAND_TYPES: [(u8, f64); 20] = [
    (3, 0.28),
    (2, 0.20),
    (4, 0.13),
    (5, 0.11),
    (1, 0.09),
    (6, 0.05),
    (7, 0.05),
    (8, 0.03),
    (10, 0.01),
    (11, 0.01),
    (12, 0.005),
    (13, 0.005),
    (14, 0.005),
    (15, 0.005),
    (16, 0.005),
    (17, 0.005),
    (18, 0.0025),
    (19, 0.0025),
    (20, 0.0025),
    (21, 0.0025),
];
/// design: UMAMI and ELEO among ZPM trajectories, and their minutes against others (norm 1: they may differ).
pub(crate) const CARE_LABELS: [(&str, f64); 3] = [("", 0.955), ("S03", 0.025), ("S02", 0.02)];
/// design: minutes of a labelled trajectory against others.
pub(crate) const CARE_LABEL_MINUTES: f64 = 1.15;
/// domain 6: age 18-75, mean 38, spread 14: 18 plus a log-normal with this mean and coefficient of variation.
pub(crate) const AGE_ABOVE_18: (f64, f64) = (20.0, 0.72);
/// domain 6: oldest client.
pub(crate) const AGE_ABOVE_18_MAXIMUM: f64 = 60.0;
/// design: privacy opt-out 1-2 %; the diagnosis is then absent by law (domain 5.3).
pub(crate) const OPT_OUT_SHARE: f64 = 0.015;
/// design: share with paid work and share treated before.
pub(crate) const WORK_SHARE: f64 = 0.62;
/// design: share treated before.
pub(crate) const EARLIER_TREATMENT_SHARE: f64 = 0.38;
/// domain 6 (2019: just over 8 weeks in all): days from referral to intake and from intake to start, medians.
pub(crate) const WAIT_DAYS: (f64, f64) = (34.0, 12.0);
