//! All results of one report year: every indicator, every year of the trend, every provider.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use datafusion::arrow::array::{Array, Float64Array};
use datafusion::common::ScalarValue;
use spiegel_model::{Covered, Incidence, IndicatorSpec, KeurmerkBlock, Kind, Label, Minimums, MissingCode, PartValue, Pooled, Position, Range, RegisterSpec, StratumSpec, YearSpec};
use spiegel_stats as stats;

use crate::assemble::Voice;
use crate::group::{Class, Classes, ComparableGroup, Trait, Traits};
use crate::observe::{Detail, Observed};
use crate::place::{own_interval, place};
use crate::quality::Quality;
use crate::small_group::Gathered;
use crate::texts::{Texts, Words};
use crate::threads::{available, each};
use crate::trend::{self, YearPoint};
use crate::{CaseMix, Engine, Error, Held, Indicator, National, Norm, Pipeline, Summary, distribution, norm, observe};

/// Names of providers and the groups of owners they belong to.
#[derive(Debug, Clone, Default)]
pub struct Register {
    names: BTreeMap<String, String>,
    groups: BTreeMap<String, String>,
    columns: BTreeMap<String, BTreeMap<String, String>>,
}

impl Register {
    /// From (id, name, group of owners, all columns by header) rows; an empty group means that the provider is its own.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (String, String, String, BTreeMap<String, String>)>) -> Self {
        let mut register = Self::default();
        for (id, name, group, columns) in rows {
            if !group.is_empty() {
                register.groups.insert(id.clone(), group);
            }
            register.columns.insert(id.clone(), columns);
            register.names.insert(id, name);
        }
        register
    }

    /// Ids with all their columns by header, by id.
    pub(crate) fn rows(&self) -> Vec<(&str, &BTreeMap<String, String>)> {
        self.columns.iter().map(|(id, cells)| (id.as_str(), cells)).collect()
    }

    /// Headers of all columns.
    pub(crate) fn columns(&self) -> BTreeSet<&str> {
        self.columns.values().flat_map(|cells| cells.keys().map(String::as_str)).collect()
    }

    /// The registered name, or the id when it is not registered.
    #[must_use]
    pub fn name_of<'a>(&'a self, id: &'a str) -> &'a str {
        self.names.get(id).map_or(id, String::as_str)
    }

    /// A cell of the register; None when it is empty or not there.
    pub(crate) fn cell(&self, id: &str, column: &str) -> Option<&String> {
        self.columns.get(id)?.get(column).filter(|cell| !cell.is_empty())
    }

    /// Ids of the providers that are expected to deliver on a year, in order; none when the register does not say so.
    #[must_use]
    pub fn expected(&self, spec: &RegisterSpec, year: i32) -> Vec<&str> {
        let Some([first, last]) = &spec.valid else { return Vec::new() };
        let (from, until) = (format!("{year:04}-12-31"), format!("{year:04}-01-01"));
        let is_valid = |id: &str| {
            let starts = self.cell(id, first).is_none_or(|date| *date <= from);
            starts && self.cell(id, last).is_none_or(|date| *date >= until)
        };
        self.names.keys().map(String::as_str).filter(|id| is_valid(id)).collect()
    }

    /// The group of owners, or the id itself.
    #[must_use]
    pub fn group_of<'a>(&'a self, id: &'a str) -> &'a str {
        self.groups.get(id).map_or(id, String::as_str)
    }
}

/// How far the computation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A part of it begins, with its name.
    Begins(&'static str),
    /// One indicator of one year is done.
    Indicator,
}

/// Whether a provider gets a report of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A report of its own.
    OwnReport,
    /// Fewer clients than a report of its own needs.
    TooFewClients {
        /// Clients over the years that count.
        clients: u64,
        /// Clients needed.
        needed: u64,
    },
}

/// One provider that delivered in the report year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderResult {
    /// Provider id.
    pub id: String,
    /// Whether it gets a report of its own.
    pub standing: Standing,
    /// Its size as the provider SQL counts it; 0 when that is unknown.
    pub size: u64,
    /// Its comparable groups, in the order of the year file; those that cannot be filled are left out. Figures draw the first.
    pub groups: Vec<ComparableGroup>,
}

/// One indicator in one year.
#[derive(Debug, Clone)]
pub struct YearResult {
    /// What each provider delivered.
    pub summaries: BTreeMap<String, Summary>,
    /// The nation.
    pub national: National,
    /// Providers whose delivery does not allow the value, with the reason (`[[unless]]`).
    pub(crate) not_computable: BTreeMap<String, String>,
}

/// One indicator over the years.
#[derive(Debug, Clone)]
pub struct IndicatorResult {
    /// Its definition.
    pub indicator: Indicator,
    /// Results by year, from the first year of the trend to the report year.
    pub years: BTreeMap<i32, YearResult>,
    /// What is known of single units, in the report year.
    pub(crate) in_detail: InDetail,
    /// Positions in the report year, of every provider that delivered.
    pub positions: BTreeMap<String, Position>,
    /// By number, the middles of the classes that figures draw.
    middles: BTreeMap<usize, Middle>,
}

/// The middle of a class on one indicator in the report year.
#[derive(Debug, Clone, Copy)]
struct Middle {
    /// Smoothed and rounded.
    value: f64,
    /// Members that count.
    members: usize,
}

impl IndicatorResult {
    fn new(indicator: &Indicator) -> Self {
        Self { indicator: indicator.clone(), years: BTreeMap::new(), in_detail: InDetail::default(), positions: BTreeMap::new(), middles: BTreeMap::new() }
    }

    /// The margin of relevance of a rare share follows the nation of the report year (`relative_margin`), in tenths of a percentage point,
    /// so that what is printed is what was used.
    fn settle_margin(&mut self, year: &YearSpec) {
        let mean = self.years.get(&year.year).and_then(|result| result.national.mean);
        let spec = &mut self.indicator.spec;
        if let (Kind::Proportion, Some(mean), Some(part)) = (spec.kind, mean, year.relative_margin) {
            spec.margin = margin_of_share(spec.margin, mean, part);
        }
    }

    /// The position of one provider in the report year; None when it delivered nothing at all.
    #[must_use]
    pub fn position(&self, provider: &str) -> Option<&Position> {
        self.positions.get(provider)
    }
}

/// The margin of a share: what is declared, and at most this part of the rarer of what happens and what does not.
fn margin_of_share(declared: f64, mean: f64, part: f64) -> f64 {
    let largest = part * mean.min(1.0 - mean);
    declared.min(((largest * 1000.0 + 1e-9).floor() / 1000.0).max(0.001))
}

/// One indicator in one year without what is held in it, with single units in the report year.
fn observed(
    engine: &Engine,
    indicator: &Indicator,
    spec: &YearSpec,
    year: i32,
    held: &Held,
    register: &Register,
) -> Result<(YearResult, Option<InDetail>), Error> {
    let codes = || held.iter().filter_map(|(provider, indicators)| Some((provider, indicators.get(&indicator.spec.id)?)));
    let held_now: BTreeSet<String> = codes().map(|(provider, _)| provider.clone()).collect();
    let unless = |codes: &BTreeSet<String>| indicator.spec.unless.iter().find(|unless| codes.contains(&unless.code));
    let not_computable: BTreeMap<String, String> =
        codes().filter_map(|(provider, codes)| Some((provider.clone(), unless(codes)?.because.clone()))).collect();
    let detail = if year == spec.year { Detail::Units } else { Detail::Summaries };
    let mut observed = observe::observe(engine, indicator, &parameters(spec, year), &held_now, detail)?;
    let case_mix = CaseMix::fit(&indicator.spec, &observed.units, spec.minimum.shown);
    let mut summaries = std::mem::take(&mut observed.summaries);
    summaries.extend(held_now.into_iter().map(|provider| {
        let summary = if not_computable.contains_key(&provider) { Summary::NotDelivered { n: None } } else { Summary::Held };
        (provider, summary)
    }));
    let national = National::new(&indicator.spec, &spec.minimum, &summaries, register, case_mix);
    let in_detail = (detail == Detail::Units).then(|| InDetail::new(&spec.minimum, observed));
    Ok((YearResult { summaries, national, not_computable }, in_detail))
}

/// What is known of single units: parts of the care, and follow-up.
#[derive(Debug, Clone, Default)]
pub(crate) struct InDetail {
    /// By part, then by provider.
    pub(crate) parts: BTreeMap<String, BTreeMap<String, Summary>>,
    /// Mean of all units in a part; only parts with enough providers, of which none has most.
    pub(crate) national_parts: BTreeMap<String, f64>,
    /// Durations with whether an event ended them, by provider.
    pub(crate) follow_up: BTreeMap<String, Vec<(f64, bool)>>,
}

impl InDetail {
    fn new(minimum: &Minimums, observed: Observed) -> Self {
        let national_parts = observed.parts.iter().filter_map(|(part, summaries)| Some((part.clone(), part_mean(minimum, summaries)?))).collect();
        Self { parts: observed.parts, national_parts, follow_up: observed.units.follow_up() }
    }
}

fn part_mean(minimum: &Minimums, summaries: &BTreeMap<String, Summary>) -> Option<f64> {
    let units: u64 = summaries.values().map(Summary::n).sum();
    let largest = summaries.values().map(Summary::n).max().unwrap_or(0);
    let enough = summaries.values().filter(|summary| summary.n() >= minimum.shown).count() >= minimum.group_providers;
    let sum: f64 = summaries.values().filter_map(|summary| summary.value().map(|value| value * summary.n() as f64)).sum();
    (enough && largest as f64 <= minimum.group_largest_share * units as f64).then(|| sum / units as f64)
}

/// Categories of one characteristic: units by provider and category; None where not delivered.
pub(crate) type PopulationCounts = BTreeMap<String, BTreeMap<String, BTreeMap<String, Option<u64>>>>;

/// Everything that reports are made from.
pub struct Results {
    /// Definitions.
    pub pipeline: Pipeline,
    /// Report year.
    pub year: YearSpec,
    /// Names and owners.
    pub register: Register,
    /// The norm table of questionnaires.
    pub norms: Vec<Norm>,
    /// Providers that delivered in the report year, by id.
    pub providers: BTreeMap<String, ProviderResult>,
    /// Indicators in the order of the report.
    pub indicators: Vec<IndicatorResult>,
    /// characteristic → provider → category → units.
    pub(crate) population: PopulationCounts,
    /// characteristic → category → units of all providers.
    pub(crate) national_population: BTreeMap<String, BTreeMap<String, u64>>,
    /// How complete deliveries are.
    pub(crate) quality: Quality,
    /// The group of small providers, once it is put together.
    pub(crate) gathered: Option<Gathered>,
    /// What the publisher assessed of the Keurmerk of the year, by provider; empty until it is put in.
    pub keurmerk: BTreeMap<String, KeurmerkBlock>,
}

impl Results {
    /// Computes everything for one report year from the lake behind `engine`, without what is held in a year.
    ///
    /// # Errors
    /// When SQL of the pipeline fails or the lake cannot be read.
    pub fn compute(
        engine: &Engine,
        pipeline: Pipeline,
        year: YearSpec,
        register: Register,
        held: &BTreeMap<i32, Held>,
        mut progress: impl FnMut(Progress),
    ) -> Result<Self, Error> {
        if let Some(unknown) = year.norms.iter().find(|name| !pipeline.quality_norms.contains_key(*name)) {
            return Err(Error::definition(format!("years/{}.toml", year.year), format!("`norms` names `{unknown}`, and there is no norms/{unknown}.toml")));
        }
        progress(Progress::Begins("views"));
        engine.keep_views(&pipeline, "", year.trend_from, year.year)?;
        let norms = norm::estimate(engine, &pipeline, &year)?;
        engine.keep_views_with_norms(&pipeline, "", &norms, year.trend_from, year.year)?;
        progress(Progress::Begins("providers"));
        let providers = providers(engine, &pipeline, &year, &register)?;
        let mut indicators: Vec<IndicatorResult> = pipeline.indicators.iter().map(IndicatorResult::new).collect();
        progress(Progress::Begins("indicators"));
        for one in year.trend_from..=year.year {
            engine.use_year(&pipeline, one)?;
            let nobody = Held::new();
            let held = held.get(&one).unwrap_or(&nobody);
            let observations = each(&pipeline.indicators, available(), |indicator| observed(engine, indicator, &year, one, held, &register));
            for (result, observation) in indicators.iter_mut().zip(observations) {
                progress(Progress::Indicator);
                let (of_year, in_detail) = observation?;
                result.years.insert(one, of_year);
                result.in_detail = in_detail.unwrap_or_default();
            }
        }
        for result in &mut indicators {
            result.settle_margin(&year);
        }
        progress(Progress::Begins("population and quality"));
        let population = population(engine, &pipeline, &year)?;
        let quality = Quality::count(engine, &pipeline, &year, &register)?;
        let national_population = population.iter().map(|(characteristic, of)| (characteristic.clone(), of_all(of))).collect();
        let mut results =
            Self { pipeline, year, register, norms, providers, indicators, population, national_population, quality, gathered: None, keurmerk: BTreeMap::new() };
        progress(Progress::Begins("positions"));
        results.find_middles();
        results.place_all();
        Ok(results)
    }

    /// All words of the pipeline's language.
    pub(crate) fn texts(&self) -> &Texts {
        &self.pipeline.texts
    }

    /// The words for figures of this provider, or of the group.
    pub(crate) fn words(&self, provider: &str) -> Words<'_> {
        self.pipeline.texts.to(Voice::of(provider))
    }

    /// Places every provider on every indicator, side by side: what a provider's place is does not depend on who computes it.
    fn place_all(&mut self) {
        let this = &*self;
        let ids: Vec<&String> = this.providers.keys().collect();
        let placed = each(&ids, available(), |id| this.indicators.iter().map(|indicator| this.placed(indicator, id)).collect::<Vec<_>>());
        let mut of_indicators: Vec<BTreeMap<String, Position>> = vec![BTreeMap::new(); self.indicators.len()];
        for (id, positions) in ids.iter().zip(placed) {
            for (of_indicator, position) in of_indicators.iter_mut().zip(positions) {
                of_indicator.extend(position.map(|position| ((*id).clone(), position)));
            }
        }
        for (indicator, positions) in self.indicators.iter_mut().zip(of_indicators) {
            indicator.positions = positions;
        }
    }

    /// The position of one provider on one indicator in the report year.
    pub(crate) fn placed(&self, indicator: &IndicatorResult, provider: &str) -> Option<Position> {
        let spec = &indicator.indicator.spec;
        let result = indicator.years.get(&self.year.year)?;
        let mut position = place(
            spec,
            &self.year.minimum,
            &result.national,
            result.summaries.get(provider),
            self.year.year,
            provider,
        );
        let points: Vec<YearPoint<'_>> = indicator
            .years
            .iter()
            .map(|(year, result)| YearPoint {
                year: *year,
                label: self.year.label_of(*year),
                summary: result.summaries.get(provider),
                national: &result.national,
            })
            .collect();
        if position.value.is_some() {
            position.trend = trend::judge(spec, &points, self.year.minimum.labelled);
        }
        if position.n < self.year.minimum.labelled && !matches!(position.label, Label::None(MissingCode::Held)) {
            position.pooled = self.pooled(spec, &points, provider);
        }
        position.parts = self.parts(indicator, provider);
        // The estimate says nothing new when everybody was followed to the end.
        position.incidence = self.incidence(indicator, provider).filter(|incidence| incidence.n > position.n);
        self.cover(spec, &mut position);
        Some(position)
    }

    /// The last years together, since the last break.
    fn pooled(&self, spec: &IndicatorSpec, points: &[YearPoint<'_>], provider: &str) -> Option<Pooled> {
        let first = self.year.year - i32::try_from(self.year.minimum.pooled_years).ok()? + 1;
        let first = spec.breaks.iter().map(|one| one.first_year).filter(|year| *year <= self.year.year).fold(first, i32::max);
        let used: Vec<&YearPoint<'_>> = points.iter().filter(|point| point.year >= first && point.summary.is_some_and(|one| one.value().is_some())).collect();
        let (oldest, newest) = (used.first()?, used.last()?);
        if oldest.year == newest.year {
            return None;
        }
        let summary = Summary::pooled(used.iter().filter_map(|point| point.summary))?;
        let n = summary.n();
        (n >= self.year.minimum.shown)
            .then(|| Some(Pooled { first_year: oldest.year, n, value: summary.value()?, interval: own_interval(spec, &summary, self.year.year, provider) }))?
    }

    /// The provider's own parts, in the order of the pipeline.
    fn parts(&self, indicator: &IndicatorResult, provider: &str) -> Vec<PartValue> {
        let spec = &indicator.indicator.spec;
        let Some(declared) = self.pipeline.spec.parts.as_ref().filter(|_| spec.parts) else { return Vec::new() };
        let detail = &indicator.in_detail;
        declared
            .categories
            .iter()
            .map(|part| {
                let summary = detail.parts.get(&part.id).and_then(|of_part| of_part.get(provider));
                let shown = summary.filter(|summary| summary.n() >= self.year.minimum.shown);
                PartValue {
                    part: part.id.clone(),
                    n: summary.map_or(0, Summary::n),
                    value: shown.and_then(Summary::value),
                    interval: shown.and_then(|summary| own_interval(spec, summary, self.year.year, &format!("{provider} {}", part.id))),
                    national: detail.national_parts.get(&part.id).copied(),
                }
            })
            .collect()
    }

    /// Kaplan-Meier beside a proportion with follow-up.
    fn incidence(&self, indicator: &IndicatorResult, provider: &str) -> Option<Incidence> {
        let horizon = f64::from(indicator.indicator.spec.survival?.horizon);
        let durations = indicator.in_detail.follow_up.get(provider).filter(|list| list.len() as u64 >= self.year.minimum.shown)?;
        let survival = stats::kaplan_meier(durations, horizon)?;
        Some(Incidence {
            n: durations.len() as u64,
            value: 1.0 - survival.survival,
            interval: survival.interval.map(|interval| Range { lower: 1.0 - interval.upper, upper: 1.0 - interval.lower }),
        })
    }

    /// How much was there: a caution, or no comparison at all (decision 17).
    fn cover(&self, spec: &IndicatorSpec, position: &mut Position) {
        let Some(declared) = &spec.coverage else { return };
        let covering = self.indicators.iter().find(|one| one.indicator.spec.id == declared.indicator);
        let summary = covering.and_then(|one| one.years.get(&self.year.year)).and_then(|result| result.summaries.get(&position.provider_id));
        let Some(Summary::Proportion { events, n }) = summary.filter(|summary| summary.n() >= self.year.minimum.shown) else { return };
        // What this indicator can count may be less than what is there: a pair on a scale without a norm is no effect.
        let covered = (*events).min(position.n);
        let share = covered as f64 / *n as f64;
        let bounds = position.events.and_then(|met| stats::manski_bounds(met, position.n, (*n).max(position.n)));
        position.coverage = Some(Covered {
            units: covered,
            of: *n,
            caution: share < declared.caution,
            bounds: bounds.map(|bounds| Range { lower: bounds.lower, upper: bounds.upper }),
        });
        if share < declared.minimum && !matches!(position.label, Label::None(_)) {
            position.label = Label::None(MissingCode::NotComparable);
            // Without a place there is nothing that it follows from, nor that follows from it.
            (position.z, position.forecast) = (None, None);
        }
    }

    /// The middle of the comparable group of `provider` on an indicator, with the number of others in it: the smoothed and
    /// rounded median of all members with enough units. The provider itself counts too, so that every member of a class reads
    /// the same figure and two reports together tell nothing more. None with fewer others than the group needs.
    #[must_use]
    pub fn group_middle(&self, indicator: &IndicatorResult, provider: &str) -> Option<(f64, usize)> {
        let class = &self.providers.get(provider)?.groups.first()?.class;
        let has_value = self.counted(indicator, provider).is_some();
        let (middle, others) = match indicator.middles.get(&class.number) {
            Some(Middle { value, members }) if class.holds(provider) => (*value, members - usize::from(has_value)),
            // Of an unknown size, so that it is in no class and still counts in its own.
            _ => {
                let (others, values) = self.values_of(indicator, class.members.iter().map(String::as_str).chain([provider]));
                (self.middle_of(indicator, values)?, others - usize::from(has_value))
            }
        };
        (others >= self.year.minimum.group_providers).then_some((middle, others))
    }

    /// The value of a provider with enough units to count among others.
    fn counted(&self, indicator: &IndicatorResult, provider: &str) -> Option<f64> {
        let summary = indicator.years.get(&self.year.year)?.summaries.get(provider)?;
        summary.value().filter(|_| summary.n() >= self.year.minimum.shown)
    }

    /// How many of these providers count, with their values.
    fn values_of<'a>(&self, indicator: &IndicatorResult, providers: impl Iterator<Item = &'a str>) -> (usize, Vec<f64>) {
        let values: Vec<f64> = providers.filter_map(|id| self.counted(indicator, id)).collect();
        (values.len(), values)
    }

    /// None without any value.
    fn middle_of(&self, indicator: &IndicatorResult, mut values: Vec<f64>) -> Option<f64> {
        values.sort_by(f64::total_cmp);
        let middle = (!values.is_empty()).then(|| distribution::smoothed_quantile(&values, 0.5))?;
        Some(distribution::on_grid(middle, distribution::printed_step(&indicator.indicator.spec.format)))
    }

    /// The middles of the classes that figures draw, once for all their members.
    fn find_middles(&mut self) {
        let drawn: BTreeMap<usize, &Class> =
            self.providers.values().filter_map(|one| one.groups.first()).map(|group| (group.class.number, group.class.as_ref())).collect();
        let this = &*self;
        let found = each(&this.indicators, available(), |indicator| {
            let of_class = |(number, class): (&usize, &&Class)| {
                let (members, values) = this.values_of(indicator, class.members.iter().map(String::as_str));
                Some((*number, Middle { value: this.middle_of(indicator, values)?, members }))
            };
            drawn.iter().filter_map(of_class).collect::<BTreeMap<usize, Middle>>()
        });
        for (indicator, middles) in self.indicators.iter_mut().zip(found) {
            indicator.middles = middles;
        }
    }
}

/// Parameters of the pipeline's SQL for one year: `$year`, `$first_client_year`, `$period_start`, `$period_end`.
pub(crate) fn parameters(spec: &YearSpec, year: i32) -> Vec<(&'static str, ScalarValue)> {
    let window = i32::try_from(spec.minimum.client_years).unwrap_or(1).max(1);
    vec![
        ("year", ScalarValue::Int32(Some(year))),
        ("first_client_year", ScalarValue::Int32(Some(year - window + 1))),
        ("period_start", date(year, 1, 1)),
        ("period_end", date(year, 12, 31)),
    ]
}

fn date(year: i32, month: u32, day: u32) -> ScalarValue {
    let days = NaiveDate::from_ymd_opt(year, month, day).map(|date| date.to_epoch_days());
    ScalarValue::Date32(days)
}

/// Who delivered in the report year, with its clients and traits.
fn providers(engine: &Engine, pipeline: &Pipeline, year: &YearSpec, register: &Register) -> Result<BTreeMap<String, ProviderResult>, Error> {
    let file = &pipeline.spec.report.providers;
    let rows = engine.rows(file, &pipeline.providers_sql, &parameters(year, year.year))?;
    let strata: Vec<&StratumSpec> = year.groups.iter().flat_map(|group| &group.strata).collect();
    let mut names = vec!["provider_id", "clients", "size"];
    for stratum in &strata {
        if rows.has(&stratum.column) && !names.contains(&stratum.column.as_str()) {
            names.push(&stratum.column);
        } else if !rows.has(&stratum.column) && !stratum.bounds.is_empty() {
            return Err(Error::definition(file, format!("must return `{}`, the stratum of a comparable group of {}", stratum.column, year.year)));
        }
    }
    let mut clients_of: BTreeMap<String, u64> = BTreeMap::new();
    let mut traits: BTreeMap<String, Traits> = BTreeMap::new();
    rows.each(&names, |columns| {
        let ids = rows.text(&columns[0])?;
        let (clients, sizes) = (rows.number(&columns[1])?, rows.number(&columns[2])?);
        for row in 0..ids.len() {
            let whole = |column: &Float64Array| (!column.is_null(row)).then(|| column.value(row).max(0.0).round());
            clients_of.insert(ids.value(row).to_owned(), whole(&clients).unwrap_or(0.0) as u64);
            traits.insert(ids.value(row).to_owned(), Traits { size: whole(&sizes).map(|size| size as u64), values: BTreeMap::new() });
        }
        for (name, column) in names.iter().zip(columns) {
            let Some(stratum) = strata.iter().find(|stratum| stratum.column == *name) else { continue };
            let (numbers, texts) = if stratum.bounds.is_empty() { (None, Some(rows.text(column)?)) } else { (Some(rows.number(column)?), None) };
            for row in 0..ids.len() {
                let value = match (&numbers, &texts) {
                    (Some(numbers), _) if !numbers.is_null(row) => Some(Trait::Number(numbers.value(row))),
                    (_, Some(texts)) if !texts.is_null(row) => Some(Trait::Text(texts.value(row).to_owned())),
                    _ => None,
                };
                if let (Some(value), Some(of)) = (value, traits.get_mut(ids.value(row))) {
                    of.values.insert((*name).to_owned(), value);
                }
            }
        }
        Ok(())
    })?;
    for stratum in strata.iter().filter(|stratum| !rows.has(&stratum.column)) {
        for (id, of) in &mut traits {
            if let Some(cell) = register.cell(id, &stratum.column) {
                of.values.insert(stratum.column.clone(), Trait::Text(cell.clone()));
            }
        }
    }
    let said = pipeline.texts.to(Voice::You);
    let size = |id: &str| traits.get(id).and_then(|of| of.size).unwrap_or(0);
    let mut providers: BTreeMap<String, ProviderResult> = clients_of
        .iter()
        .map(|(id, clients)| {
            let standing = standing(*clients, &year.minimum);
            (id.clone(), ProviderResult { id: id.clone(), standing, size: size(id), groups: Vec::new() })
        })
        .collect();
    let mut number = 0;
    for spec in &year.groups {
        let mut classes = Classes::new(&traits, spec, &year.minimum, said, number);
        for (id, provider) in &mut providers {
            provider.groups.extend(classes.of(id));
        }
        number = classes.next_number();
    }
    Ok(providers)
}

fn standing(clients: u64, minimum: &Minimums) -> Standing {
    if clients < minimum.clients {
        Standing::TooFewClients { clients, needed: minimum.clients }
    } else {
        Standing::OwnReport
    }
}

/// Units of all providers by category.
fn of_all(of: &BTreeMap<String, BTreeMap<String, Option<u64>>>) -> BTreeMap<String, u64> {
    let mut national: BTreeMap<String, u64> = BTreeMap::new();
    for (category, units) in of.values().flatten() {
        match national.get_mut(category) {
            Some(sum) => *sum += units.unwrap_or(0),
            None => _ = national.insert(category.clone(), units.unwrap_or(0)),
        }
    }
    national
}

fn population(engine: &Engine, pipeline: &Pipeline, year: &YearSpec) -> Result<PopulationCounts, Error> {
    let (Some(spec), Some(sql)) = (&pipeline.spec.population, &pipeline.population_sql) else {
        return Ok(BTreeMap::new());
    };
    let known: BTreeSet<(&str, &str)> = spec
        .characteristics
        .iter()
        .flat_map(|one| one.categories.iter().map(|category| (one.id.as_str(), category.id.as_str())))
        .collect();
    let rows = engine.rows(&spec.sql, sql, &parameters(year, year.year))?;
    let mut counts: PopulationCounts = BTreeMap::new();
    rows.each(&["provider_id", "characteristic", "category", "units"], |columns| {
        let ids = rows.text(&columns[0])?;
        let (characteristics, categories) = (rows.text(&columns[1])?, rows.text(&columns[2])?);
        let units = rows.number(&columns[3])?;
        for row in 0..ids.len() {
            let (characteristic, category) = (characteristics.value(row), categories.value(row));
            if !known.contains(&(characteristic, category)) {
                return Err(Error::definition(
                    &spec.sql,
                    format!("returns `{characteristic}` / `{category}`, which pipeline.toml does not list"),
                ));
            }
            let number = (!units.is_null(row)).then(|| units.value(row).max(0.0).round() as u64);
            counts
                .entry(characteristic.to_owned())
                .or_default()
                .entry(ids.value(row).to_owned())
                .or_default()
                .insert(category.to_owned(), number);
        }
        Ok(())
    })?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_of_a_rare_share_follows_the_nation() {
        let margin = |mean: f64| margin_of_share(0.05, mean, 0.25);
        assert_eq!((margin(0.03), margin(0.97)), (0.007, 0.007));
        assert_eq!((margin(0.1), margin(0.2), margin(0.5), margin(0.85)), (0.025, 0.05, 0.05, 0.037));
        assert_eq!(margin(0.001), 0.001, "a margin of nothing would never be shown");
    }
}
