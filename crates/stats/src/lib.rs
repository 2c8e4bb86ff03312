//! Turns numbers about providers into intervals, placements and limits, each with its source.
//! It never reads or writes a file, never knows a provider, never panics and never answers NaN: what cannot
//! be said is `None` or a reasoned value.
//!
//! Section numbers (§6.4) point to `statistics.md`, the specification these methods are tested against.
//! Everything is a pure function of its arguments; what draws random numbers takes a seed.

mod between;
mod bootstrap;
mod bounds;
mod case_mix;
mod control_chart;
mod count_model;
mod counts;
mod covariates;
mod diagnostics;
mod equivalence;
mod forecast;
mod funnel_parity;
mod interval;
mod linear_algebra;
mod means;
mod multiplicity;
mod outcome;
mod placement;
mod quantiles;
mod random;
mod ranks;
mod regression;
mod shrinkage;
pub mod special;
mod survival;
mod synthesis;
mod trend;

pub use between::{
    AdjustedCount, BetweenVariation, FEWEST_PROVIDERS, ProviderMean, between_variation_adjusted,
    between_variation_counts, between_variation_means, between_variation_proportions,
    within_skewness, within_variance,
};
pub use bootstrap::{FEWEST_BOOTSTRAP_VALUES, bootstrap_t_interval};
pub use bounds::{manski_bounds, manski_bounds_mean};
pub use case_mix::{AdjustedReference, limits_adjusted_count, z_adjusted_count, z_poisson_binomial};
pub use control_chart::{IndividualsChart, individuals_chart};
pub use counts::{byar, poisson_exact, poisson_mid_p};
pub use diagnostics::{
    CalibrationGroup, Diagnostics, Measure, Verdict, area_under_curve, diagnose_linear, diagnose_logistic,
    intraclass_correlation,
};
pub use equivalence::{
    equivalent_mean, equivalent_proportion, minimum_detectable_difference,
    proportion_detectable_difference,
};
pub use forecast::{Forecast, forecast_mean, forecast_proportion};
pub use funnel_parity::{
    FunnelScale, FunnelVariation, Trim, chi_squared_ratio_limits, funnel_variation,
    interpolated_poisson_limits, interpolated_proportion_limits, spiegelhalter_2005,
    spiegelhalter_2012,
};
pub use interval::{
    Interval, Z90, Z95, Z998, clopper_pearson, jeffreys, newcombe_difference, wilson,
};
pub use means::{Moments, moments, student_t_interval, t_interval_with_df, welch_difference};
pub use multiplicity::{benjamini_hochberg, holm};
pub use outcome::{OutcomeClass, clinical_cut_off, outcome_class, reliable_change, reliable_change_index};
pub use placement::{
    Limits, limits_count, limits_mean, limits_proportion, lines_proportion, z_count, z_mean, z_proportion,
};
pub use quantiles::{MedianInterval, median_interval, quantile, quantile_interval};
pub use random::{RandomStream, seed_of};
pub use ranks::{RankInterval, expected_ranks, percentile_ranks, rank_intervals, rankability};
pub use regression::{LinearFit, LogisticFit, fit_linear, fit_linear_within, fit_logistic, supported_covariates};
pub use shrinkage::{GroupMean, Shrunken, group_priors, shrink_mean, shrink_proportion};
pub use survival::{Survival, kaplan_meier};
pub use synthesis::{
    cochran_q, der_simonian_laird, hedges_olkin, inconsistency, paule_mandel, reml,
};
pub use trend::{Trend, trend_contrast, trend_counts, trend_means, trend_proportions};
