//! The single units of an indicator: who they belong to, what came out, and what was known before the start.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hasher};

use datafusion::arrow::array::{Array, BooleanArray, Float64Array, StringArray};
use spiegel_model::{AdjusterKind, IndicatorSpec, Kind};

use crate::Error;
use crate::engine::Rows;
use crate::observe::Detail;

/// Units in columns of equal length.
#[derive(Debug, Clone, Default)]
pub(crate) struct Units {
    /// Ids of the providers, in the order in which they were met.
    pub(crate) providers: Vec<String>,
    /// Place in `providers` of each unit.
    pub(crate) provider: Vec<usize>,
    /// The value, or 1 and 0 for met and not met. None for a unit that counts in the follow-up only.
    pub(crate) outcome: Vec<Option<f64>>,
    /// Parts of the care that occur, sorted.
    pub(crate) part_names: Vec<String>,
    /// Place in `part_names`; empty when the indicator has no parts.
    pub(crate) parts: Vec<Option<usize>>,
    /// Days to the event, or to the end of what was seen; empty when the indicator has no follow-up.
    pub(crate) days: Vec<Option<f64>>,
    /// Whether those days ended with the event; as long as `days`.
    pub(crate) events: Vec<bool>,
    /// One for each adjuster of the indicator, in its order; empty when they were not asked for.
    pub(crate) covariates: Vec<Covariate>,
}

/// One characteristic of all units, as it was delivered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Covariate {
    /// A number.
    Number(Vec<Option<f64>>),
    /// Names of categories, sorted, and the place of each unit's.
    Category(Vec<String>, Vec<Option<usize>>),
}

impl Units {
    /// Reads the rows of an indicator with one row per unit.
    ///
    /// # Errors
    /// [`Error::Pipeline`] when a column is missing, and in detail when a provider has a unit twice.
    pub(crate) fn read(rows: &Rows, spec: &IndicatorSpec, leave_out: &BTreeSet<String>, detail: Detail) -> Result<Self, Error> {
        let detailed = detail == Detail::Units;
        let outcome = if spec.kind == Kind::Proportion { "met" } else { "value" };
        let mut names = vec!["provider_id", "unit_id", outcome];
        let mut place_of = |name| {
            names.push(name);
            names.len() - 1
        };
        let part = (detailed && spec.parts).then(|| place_of("part"));
        let days = (detailed && spec.survival.is_some()).then(|| (place_of("days"), place_of("event")));
        let adjusters: Vec<(usize, AdjusterKind)> =
            spec.adjusters.iter().filter(|_| detailed).map(|one| (place_of(&one.column), one.kind)).collect();
        let mut reader = Reader { follow_up: days.is_some(), ..Reader::default() };
        reader.covariates = adjusters.iter().map(|(_, kind)| Column::new(*kind)).collect();
        rows.each(&names, |columns| {
            let (ids, units) = (rows.text(&columns[0])?, rows.text(&columns[1])?);
            let outcomes = match spec.kind {
                Kind::Proportion => rows.truth(&columns[2])?.iter().map(|met| met.map(f64::from)).collect(),
                Kind::Mean => rows.number(&columns[2])?,
            };
            let part = part.map(|at| rows.text(&columns[at])).transpose()?;
            let days = days.map(|(at, event)| Ok::<_, Error>((rows.number(&columns[at])?, rows.truth(&columns[event])?))).transpose()?;
            let mut covariates = Vec::with_capacity(adjusters.len());
            for (at, kind) in &adjusters {
                covariates.push(match kind {
                    AdjusterKind::Number => Cells::Numbers(rows.number(&columns[*at])?),
                    AdjusterKind::Category => Cells::Texts(rows.text(&columns[*at])?),
                });
            }
            reader.batch(&ids, &units, &outcomes, part.as_ref(), days.as_ref(), &covariates, leave_out, detailed);
            Ok(())
        })?;
        if let Some(provider) = reader.repeated() {
            return Err(Error::definition(rows.file(), format!("must return one row per unit; provider {provider} has a `unit_id` more than once")));
        }
        Ok(reader.finish())
    }

    /// Units that count, in an order that depends on what they are and not on how rows arrived: by provider, outcome and covariates.
    pub(crate) fn ordered(&self) -> Vec<usize> {
        let mut by_id: Vec<usize> = (0..self.providers.len()).collect();
        by_id.sort_unstable_by(|a, b| self.providers[*a].cmp(&self.providers[*b]));
        let mut of_provider: Vec<Vec<usize>> = vec![Vec::new(); self.providers.len()];
        for (unit, outcome) in self.outcome.iter().enumerate() {
            if outcome.is_some() {
                of_provider[self.provider[unit]].push(unit);
            }
        }
        let number = |cell: Option<f64>| cell.unwrap_or(f64::NEG_INFINITY);
        let mut order = Vec::with_capacity(self.outcome.len());
        for provider in by_id {
            let units = &mut of_provider[provider];
            units.sort_by(|a, b| {
                let outcomes = number(self.outcome[*a]).total_cmp(&number(self.outcome[*b]));
                let covariates = || {
                    self.covariates.iter().map(|one| one.compare(*a, *b)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
                };
                outcomes.then_with(covariates)
            });
            order.append(units);
        }
        order
    }

    /// Durations with whether an event ended them, by provider, ascending.
    pub(crate) fn follow_up(&self) -> BTreeMap<String, Vec<(f64, bool)>> {
        let mut lists: Vec<Vec<(f64, bool)>> = vec![Vec::new(); self.providers.len()];
        for ((provider, days), event) in self.provider.iter().zip(&self.days).zip(&self.events) {
            if let (Some(days), Some(list)) = (days, lists.get_mut(*provider)) {
                list.push((*days, *event));
            }
        }
        for list in &mut lists {
            list.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        }
        self.providers.iter().zip(lists).filter(|(_, list)| !list.is_empty()).map(|(id, list)| (id.clone(), list)).collect()
    }
}

impl Covariate {
    fn compare(&self, a: usize, b: usize) -> std::cmp::Ordering {
        match self {
            Self::Number(cells) => cells[a].unwrap_or(f64::NEG_INFINITY).total_cmp(&cells[b].unwrap_or(f64::NEG_INFINITY)),
            Self::Category(_, cells) => cells[a].cmp(&cells[b]),
        }
    }
}

enum Cells {
    Numbers(Float64Array),
    Texts(StringArray),
}

#[derive(Debug)]
enum Column {
    Number(Vec<Option<f64>>),
    Category(Names, Vec<Option<usize>>),
}

impl Column {
    fn new(kind: AdjusterKind) -> Self {
        match kind {
            AdjusterKind::Number => Self::Number(Vec::new()),
            AdjusterKind::Category => Self::Category(Names::default(), Vec::new()),
        }
    }
}

/// Texts by the number in which they were first met.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<String, usize>,
    met: Vec<String>,
    /// The text asked for last: rows of one provider often come together.
    last: usize,
}

impl Names {
    fn place(&mut self, text: &str) -> usize {
        if self.met.get(self.last).is_some_and(|last| last == text) {
            return self.last;
        }
        self.last = match self.known.get(text) {
            Some(place) => *place,
            None => {
                self.known.insert(text.to_owned(), self.met.len());
                self.met.push(text.to_owned());
                self.met.len() - 1
            }
        };
        self.last
    }

    /// The texts sorted, and the cells as places among them.
    fn sorted(self, cells: Vec<Option<usize>>) -> (Vec<String>, Vec<Option<usize>>) {
        let mut in_order: Vec<(String, usize)> = self.met.into_iter().enumerate().map(|(met, name)| (name, met)).collect();
        in_order.sort_unstable();
        let mut places = vec![0; in_order.len()];
        for (sorted, (_, met)) in in_order.iter().enumerate() {
            places[*met] = sorted;
        }
        (in_order.into_iter().map(|(name, _)| name).collect(), cells.into_iter().map(|cell| cell.map(|met| places[met])).collect())
    }
}

#[derive(Default)]
struct Reader {
    providers: Names,
    provider: Vec<usize>,
    outcome: Vec<Option<f64>>,
    part_names: Names,
    parts: Vec<Option<usize>>,
    days: Vec<Option<f64>>,
    events: Vec<bool>,
    covariates: Vec<Column>,
    /// Of each unit, its provider and a hash of its id.
    seen: Vec<(usize, u64)>,
    follow_up: bool,
}

impl Reader {
    #[expect(clippy::too_many_arguments, reason = "the columns of one batch")]
    fn batch(
        &mut self,
        ids: &StringArray,
        units: &StringArray,
        outcomes: &Float64Array,
        part: Option<&StringArray>,
        days: Option<&(Float64Array, BooleanArray)>,
        covariates: &[Cells],
        leave_out: &BTreeSet<String>,
        detailed: bool,
    ) {
        for row in 0..ids.len() {
            let counts = !outcomes.is_null(row) || self.follow_up;
            if ids.is_null(row) || !counts || leave_out.contains(ids.value(row)) {
                continue;
            }
            let provider = self.providers.place(ids.value(row));
            self.provider.push(provider);
            self.outcome.push((!outcomes.is_null(row)).then(|| outcomes.value(row)));
            if detailed && !units.is_null(row) {
                let mut hasher = DefaultHasher::new();
                hasher.write(units.value(row).as_bytes());
                self.seen.push((provider, hasher.finish()));
            }
            if let Some(part) = part {
                self.parts.push((!part.is_null(row)).then(|| self.part_names.place(part.value(row))));
            }
            if let Some((days, events)) = days {
                self.days.push((!days.is_null(row)).then(|| days.value(row)));
                self.events.push(!events.is_null(row) && events.value(row));
            }
            for (column, cells) in self.covariates.iter_mut().zip(covariates) {
                match (column, cells) {
                    (Column::Number(column), Cells::Numbers(cells)) => column.push((!cells.is_null(row)).then(|| cells.value(row))),
                    (Column::Category(names, column), Cells::Texts(cells)) => column.push((!cells.is_null(row)).then(|| names.place(cells.value(row)))),
                    _ => {}
                }
            }
        }
    }

    /// A provider with one unit twice.
    fn repeated(&mut self) -> Option<String> {
        self.seen.sort_unstable();
        let provider = self.seen.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].0)?;
        self.providers.met.get(provider).cloned()
    }

    fn finish(self) -> Units {
        let (part_names, parts) = self.part_names.sorted(self.parts);
        let covariates = self
            .covariates
            .into_iter()
            .map(|column| match column {
                Column::Number(cells) => Covariate::Number(cells),
                Column::Category(names, cells) => {
                    let (names, cells) = names.sorted(cells);
                    Covariate::Category(names, cells)
                }
            })
            .collect();
        Units { providers: self.providers.met, provider: self.provider, outcome: self.outcome, part_names, parts, days: self.days, events: self.events, covariates }
    }
}
