//! From a value back to the units it rests on: what `spiegel trace` asks of lake, results and definitions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::Array;
use serde_json::Value;
use sha2::{Digest, Sha256};
use spiegel_model::{
    Delivered, IndicatorSpec, Kind, Minimums, NotCounted, Notation, Range, ReportProvider, SetApart, Trace, TracedDefinition, TracedReference, TracedSource, TracedSql, TracedStatistics,
    TracedUnit, TracedValue, YearSpec, count, decimal,
};

use crate::definition::hex;
use crate::engine::Rows;
use crate::observe::{Detail, of_rows};
use crate::place::interval_method;
use crate::results::parameters;
use crate::who_counts::{self, Candidate, Counted, text};
use crate::{Engine, Error, Indicator, Norm, Pipeline, Summary, lines};

/// Version of the format.
const FORMAT: u32 = 1;

/// Which value is followed, and where.
pub struct TraceRequest<'a> {
    /// Definitions.
    pub pipeline: &'a Pipeline,
    /// Report year.
    pub year: &'a YearSpec,
    /// Indicator id.
    pub indicator: &'a str,
    /// Provider id.
    pub provider: &'a str,
    /// Folder of the batch.
    pub batch: &'a Path,
    /// Files with rows that were not used, each with its table.
    pub set_apart: &'a [(String, PathBuf)],
    /// Threads.
    pub threads: usize,
}

/// Follows one value; what the report prints, the deliveries and the words of codes are added by the caller.
///
/// # Errors
/// [`Error::Pipeline`] when the SQL fails, [`Error::Lake`] when results or lake cannot be read, [`Error::Sql`] for an unknown indicator.
pub fn trace(request: &TraceRequest<'_>) -> Result<Trace, Error> {
    let pipeline = request.pipeline;
    let Some(indicator) = pipeline.indicators.iter().find(|one| one.spec.id == request.indicator) else {
        let known: Vec<&str> = pipeline.indicators.iter().map(|one| one.spec.id.as_str()).collect();
        return Err(Error::Sql(format!("there is no indicator {}; there are {}", request.indicator, known.join(", "))));
    };
    let spec = &indicator.spec;
    let (mut reference, norms) = reference(request, spec)?;
    let engine = Engine::open_with_norms(&request.batch.join("lake"), pipeline, &norms, request.threads)?;
    let mut disagreements = Vec::new();
    if reference.definitions != pipeline.fingerprint {
        disagreements.push("de definities zijn niet die waarmee de resultaten zijn gemaakt; draai eerst `spiegel benchmark`, of neem de definities van toen".to_owned());
    }
    let rows = own_rows(&engine, request, indicator)?;
    let counted: Vec<Counted> = who_counts::counted(&rows, spec)?.into_iter().filter(|one| one.provider == request.provider).collect();
    let summary = of_rows(&rows, spec, &BTreeSet::new(), Detail::Summaries)?.summaries.remove(request.provider);
    let again = summary.as_ref().filter(|summary| summary.value().is_some()).map(value_of);
    let candidates = who_counts::candidates(&engine, indicator, &parameters(request.year, request.year.year), Some(request.provider))?;
    if let (Some(candidates), Some(file)) = (&candidates, &spec.who_counts) {
        let told = who_counts::disagreements(file, spec, candidates, &counted);
        disagreements.extend(told.into_iter().map(|told| format!("indicator.sql en {file} zijn het niet eens: {told}")));
    }
    let results = request.batch.join("results").join(request.year.year.to_string());
    distribution(&engine, request, &results, &mut reference)?;
    let observed = observation(&engine, request, &results)?;
    let statistics = statistics(&engine, request, spec, &results, summary.as_ref())?;
    disagreements.extend(differences(again.as_ref(), observed.as_ref(), statistics.as_ref(), &request.year.minimum));
    let (units, not_counted) = units(spec, counted, candidates.unwrap_or_default());
    Ok(Trace {
        format: FORMAT,
        pipeline: pipeline.spec.id.clone(),
        year: request.year.year,
        year_label: request.year.label.clone(),
        provider: ReportProvider { id: request.provider.to_owned(), name: String::new() },
        agrees: disagreements.is_empty(),
        disagreements,
        printed: None,
        deliveries: Vec::new(),
        definition: definition(request, indicator),
        again,
        units,
        not_counted,
        set_apart: set_apart(&engine, request, indicator)?,
        held_by: Vec::new(),
        statistics,
        reference,
    })
}

/// The rows of the indicator's SQL: of the provider, or of all where the nation decides the scale of totals.
fn own_rows(engine: &Engine, request: &TraceRequest<'_>, indicator: &Indicator) -> Result<Rows, Error> {
    let file = format!("indicators/{}/indicator.sql", indicator.spec.id);
    let mut parameters = parameters(request.year, request.year.year);
    if indicator.spec.delivered != Delivered::Units {
        return engine.rows(&file, &indicator.sql, &parameters);
    }
    parameters.push(("provider", text(request.provider)));
    engine.rows(&file, &who_counts::of_provider(&indicator.sql), &parameters)
}

fn value_of(summary: &Summary) -> TracedValue {
    let events = if let Summary::Proportion { events, .. } = summary { Some(*events) } else { None };
    TracedValue { n: summary.n(), events, value: summary.value() }
}

/// Units that count with where they stand, and the others by reason.
fn units(spec: &IndicatorSpec, counted: Vec<Counted>, candidates: Vec<Candidate>) -> (Vec<TracedUnit>, Vec<NotCounted>) {
    let unit = |one: &Candidate| TracedUnit { unit_id: one.unit.clone(), client_key: one.client_key.clone(), source: one.source.clone(), ..TracedUnit::default() };
    let mut reasons: BTreeMap<&str, Vec<TracedUnit>> = BTreeMap::new();
    for one in &candidates {
        if let Some(reason) = &one.reason {
            reasons.entry(reason).or_default().push(unit(one));
        }
    }
    let mut not_counted: Vec<NotCounted> =
        reasons.into_iter().map(|(reason, units)| NotCounted { reason: reason.to_owned(), count: units.len(), units }).collect();
    not_counted.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    let known: BTreeMap<&str, &Candidate> = candidates.iter().map(|one| (one.unit.as_str(), one)).collect();
    if candidates.iter().any(|one| !one.totals.is_empty()) {
        // Rows of totals with the numbers that were used and with their places.
        let with_numbers = |one: &Candidate| TracedUnit { totals: one.totals.clone(), ..unit(one) };
        return (candidates.iter().filter(|one| one.reason.is_none()).map(with_numbers).collect(), not_counted);
    }
    // A row of totals has no key of its own; with one of them it is clear where it stands.
    let single: Option<&Candidate> = {
        let mut counting = candidates.iter().filter(|one| one.reason.is_none());
        counting.next().filter(|_| counting.next().is_none() && spec.delivered != Delivered::Units)
    };
    let mut units: Vec<TracedUnit> = counted
        .into_iter()
        .map(|one| {
            let candidate = known.get(one.unit.as_str()).copied().or(single);
            let mut traced = candidate.map(unit).unwrap_or_default();
            if spec.delivered == Delivered::Units {
                traced.unit_id = one.unit;
            }
            match spec.kind {
                Kind::Proportion => traced.met = one.outcome.map(|outcome| outcome > 0.0),
                Kind::Mean => traced.value = one.outcome,
            }
            traced.totals = one.totals;
            traced
        })
        .collect();
    if spec.delivered != Delivered::Units && single.is_none() {
        // Which of several rows of totals is which cannot be told from their numbers alone: the rows that count stand beside them.
        let places = candidates.iter().filter(|one| one.reason.is_none()).map(unit);
        units.extend(places);
    }
    units.sort_by(|a, b| (&a.source, &a.unit_id).cmp(&(&b.source, &b.unit_id)));
    (units, not_counted)
}

/// What an indicator asks, with the views behind it.
fn definition(request: &TraceRequest<'_>, indicator: &Indicator) -> TracedDefinition {
    let spec = &indicator.spec;
    let views = views(request.pipeline, indicator);
    let mut filled: BTreeMap<String, String> = parameters(request.year, request.year.year)
        .into_iter()
        .filter(|(name, _)| indicator.sql.contains(&format!("${name}")))
        .map(|(name, value)| (name.to_owned(), value.to_string()))
        .collect();
    filled.insert("provider_id".to_owned(), request.provider.to_owned());
    TracedDefinition {
        indicator: spec.id.clone(),
        version: spec.version.clone(),
        title: spec.title.clone(),
        what: indicator.text.what.clone(),
        units: spec.unit.plural.clone(),
        fingerprint: request.pipeline.fingerprint.clone(),
        sql: TracedSql { file: format!("indicators/{}/indicator.sql", spec.id), sql: indicator.sql.clone() },
        who_counts: spec.who_counts.clone().zip(indicator.who_counts_sql.clone()).map(|(file, sql)| TracedSql { file, sql }),
        views: views
            .into_iter()
            .filter_map(|name| Some(TracedSql { file: format!("views/{name}.sql"), sql: request.pipeline.views.get(&name)?.clone() }))
            .collect(),
        parameters: filled,
    }
}

/// Names of the views that an indicator rests on, through other views as well.
fn views(pipeline: &Pipeline, indicator: &Indicator) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![indicator.sql.as_str()];
    while let Some(sql) = open.pop() {
        for name in names(sql).into_iter().filter(|name| pipeline.views.contains_key(name)) {
            if found.insert(name.clone()) {
                open.extend(pipeline.views.get(&name).map(String::as_str));
            }
        }
    }
    found
}

fn names(sql: &str) -> BTreeSet<String> {
    lines::words(sql).into_iter().map(|(_, word, _)| word).collect()
}

/// Rows of the tables behind the indicator that were not used, by table and code.
fn set_apart(engine: &Engine, request: &TraceRequest<'_>, indicator: &Indicator) -> Result<Vec<SetApart>, Error> {
    let mut named = names(&indicator.sql);
    named.extend(views(request.pipeline, indicator).iter().filter_map(|view| request.pipeline.views.get(view)).flat_map(|sql| names(sql)));
    let mut found: BTreeMap<(String, String), BTreeSet<TracedSource>> = BTreeMap::new();
    for (place, (table, file)) in request.set_apart.iter().enumerate().filter(|(_, (table, _))| named.contains(table)) {
        let registered = format!("traced_set_apart_{place}");
        engine.register_file(&registered, file)?;
        let sql = format!("SELECT code, source_file, source_row FROM {registered} WHERE provider_id = $provider");
        let rows = engine.rows(&file.display().to_string(), &sql, &[("provider", text(request.provider))])?;
        rows.each(&["code", "source_file", "source_row"], |columns| {
            let (codes, files, numbers) = (rows.text(&columns[0])?, rows.text(&columns[1])?, rows.number(&columns[2])?);
            for row in 0..codes.len() {
                let source = TracedSource { file: files.value(row).to_owned(), row: numbers.value(row) as i64 };
                found.entry((table.clone(), codes.value(row).to_owned())).or_default().insert(source);
            }
            Ok(())
        })?;
    }
    Ok(found.into_iter().map(|((table, code), rows)| SetApart { table, code, title: String::new(), rows: rows.into_iter().collect() }).collect())
}

/// The reference of the year as it lies in the batch, and the norms in it.
fn reference(request: &TraceRequest<'_>, spec: &IndicatorSpec) -> Result<(TracedReference, Vec<Norm>), Error> {
    let file = format!("results/{}/reference.json", request.year.year);
    let path = request.batch.join(&file);
    let bytes = fs::read(&path).map_err(|error| Error::lake(&path, error))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| Error::lake(&path, error))?;
    let norms: Vec<Norm> = value.get("norms").cloned().map(serde_json::from_value).transpose().map_err(|error| Error::lake(&path, error))?.unwrap_or_default();
    let own = value.get("indicators").and_then(Value::as_array).and_then(|all| all.iter().find(|one| one["id"] == spec.id.as_str()));
    let number = |name: &str| own.and_then(|own| own[name].as_f64());
    let whole = |name: &str| own.and_then(|own| own[name].as_u64());
    let reference = TracedReference {
        file,
        sha256: hex(&Sha256::digest(&bytes)),
        definitions: value["definitions"].as_str().unwrap_or_default().to_owned(),
        mean: number("mean"),
        providers: whole("providers"),
        units: whole("units"),
        between: number("between"),
        overdispersion: number("overdispersion"),
        rankability: number("rankability"),
        norms: if spec.national_norm { norms.len() } else { 0 },
        quantiles: BTreeMap::new(),
    };
    Ok((reference, norms))
}

/// The first row of a stored table: its numbers and its texts by column.
struct Stored {
    numbers: BTreeMap<&'static str, Option<f64>>,
    label: String,
}

impl Stored {
    fn number(&self, name: &str) -> Option<f64> {
        self.numbers.get(name).copied().flatten()
    }

    fn whole(&self, name: &str) -> Option<u64> {
        self.number(name).map(|number| number as u64)
    }
}

/// The one of all providers among rows of the nation and of peers.
const OF_THE_NATION: &str = "units IS NOT NULL";
/// The one of the provider that is traced.
const OF_THE_PROVIDER: &str = "provider_id = $provider";

/// The row of the indicator in a file of the results: the one that is asked for.
fn stored(engine: &Engine, request: &TraceRequest<'_>, file: &Path, columns: &[&'static str], whose: &str) -> Result<Option<Stored>, Error> {
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("results");
    let table = format!("traced_{name}");
    engine.register_file(&table, file)?;
    let sql = format!("SELECT * FROM {table} WHERE indicator = $indicator AND year = $year AND {whose}");
    let parameters = [
        ("indicator", text(request.indicator)),
        ("provider", text(request.provider)),
        ("year", datafusion::common::ScalarValue::Int32(Some(request.year.year))),
    ];
    let rows = engine.rows(&file.display().to_string(), &sql, &parameters)?;
    let there: Vec<&'static str> = columns.iter().copied().filter(|column| rows.has(column)).collect();
    let mut found = None;
    rows.each(&there, |arrays| {
        if found.is_some() || arrays.first().is_none_or(|first| first.is_empty()) {
            return Ok(());
        }
        let mut numbers = BTreeMap::new();
        for (name, array) in there.iter().zip(arrays) {
            let column = rows.number(array)?;
            numbers.insert(*name, (!column.is_null(0)).then(|| column.value(0)));
        }
        found = Some(Stored { numbers, label: String::new() });
        Ok(())
    })?;
    if let Some(found) = &mut found
        && rows.has("label")
    {
        rows.each(&["label"], |arrays| {
            let labels = rows.text(&arrays[0])?;
            if !labels.is_empty() && found.label.is_empty() {
                labels.value(0).clone_into(&mut found.label);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Adds the quantiles that were published of the nation.
fn distribution(engine: &Engine, request: &TraceRequest<'_>, results: &Path, reference: &mut TracedReference) -> Result<(), Error> {
    const QUANTILES: [&str; 6] = ["middle", "inner_lower", "inner_upper", "outer_lower", "outer_upper", "outer_share"];
    if let Some(row) = stored(engine, request, &results.join("distributions.parquet"), &QUANTILES, OF_THE_NATION)? {
        reference.quantiles = row.numbers.iter().filter_map(|(name, number)| Some(((*name).to_owned(), (*number)?))).collect();
    }
    Ok(())
}

/// What the results hold of the provider, also below the minimum.
fn observation(engine: &Engine, request: &TraceRequest<'_>, results: &Path) -> Result<Option<TracedValue>, Error> {
    let row = stored(engine, request, &results.join("observations.parquet"), &["n", "events", "value"], OF_THE_PROVIDER)?;
    Ok(row.map(|row| TracedValue { n: row.whole("n").unwrap_or(0), events: row.whole("events"), value: row.number("value") }))
}

fn statistics(engine: &Engine, request: &TraceRequest<'_>, spec: &IndicatorSpec, results: &Path, summary: Option<&Summary>) -> Result<Option<TracedStatistics>, Error> {
    const COLUMNS: [&str; 16] = [
        "n", "events", "value", "lower", "upper", "target", "expected_lower", "expected_upper", "signal_lower", "signal_upper", "z", "detectable_difference", "adjusted",
        "adjusted_lower", "adjusted_upper", "shrunken",
    ];
    let Some(row) = stored(engine, request, &results.join("positions.parquet"), &COLUMNS, OF_THE_PROVIDER)? else { return Ok(None) };
    let range = |lower: &str, upper: &str| row.number(lower).zip(row.number(upper)).map(|(lower, upper)| Range { lower, upper });
    let adjusted = row.number("adjusted");
    Ok(Some(TracedStatistics {
        own: TracedValue { n: row.whole("n").unwrap_or(0), events: row.whole("events"), value: row.number("value") },
        interval: range("lower", "upper"),
        interval_method: summary.map(|summary| interval_method(spec, summary).to_owned()).unwrap_or_default(),
        expected: row.number("target"),
        limits_95: [row.number("expected_lower"), row.number("expected_upper")],
        limits_998: [row.number("signal_lower"), row.number("signal_upper")],
        z: row.number("z"),
        adjusted,
        adjusted_interval: range("adjusted_lower", "adjusted_upper"),
        adjusted_for: spec.adjusters.iter().filter(|_| adjusted.is_some()).map(|one| one.title.clone()).collect(),
        detectable_difference: row.number("detectable_difference"),
        rule: rule(&row.label, spec, &request.year.minimum),
        label: row.label,
    }))
}

/// The rule behind a label of `positions.parquet` (statistics 7).
fn rule(label: &str, spec: &IndicatorSpec, minimum: &Minimums) -> String {
    let units = &spec.unit.plural;
    let (base, side) = label.split_once('_').unwrap_or((label, ""));
    match (base, side) {
        ("none", "K") => format!("minder dan {} {units}: er wordt geen waarde getoond", minimum.shown),
        ("none", "W") => format!("minder dan {} {units}: een waarde, en geen plek", minimum.labelled),
        ("none", "Q") => "er is te veel onbekend, of er zijn te weinig aanbieders, om te vergelijken".to_owned(),
        ("none", "A") => "niet aangeleverd".to_owned(),
        ("none", "N") => "niet van toepassing".to_owned(),
        ("none", "D") => "de definitie is veranderd".to_owned(),
        ("none", "H") => "aangehouden: een analist kijkt eerst naar een bevinding".to_owned(),
        ("within", "equivalent") => {
            format!("|z| kleiner dan 1,96, en het 90 %-interval van het verschil ligt binnen de marge van {}", spec.format.value_with_unit(spec.margin, 0, Notation::DUTCH))
        }
        ("within", "differsasmany") => "|z| kleiner dan 1,96; het 95 %-interval bevat het landelijke gemiddelde niet, maar dat is bij veel aanbieders zo".to_owned(),
        ("within", _) => "|z| kleiner dan 1,96; verschil noch gelijkheid is aangetoond".to_owned(),
        ("attention", _) => "|z| van 1,96 tot 3,09: buiten de grenzen van 95 %, binnen die van 99,8 %".to_owned(),
        ("signal", _) => "|z| van 3,09 of meer: buiten de grenzen van 99,8 %".to_owned(),
        _ => String::new(),
    }
}

/// Where the value that was computed again is not the one that was stored.
fn differences(again: Option<&TracedValue>, observed: Option<&TracedValue>, statistics: Option<&TracedStatistics>, minimum: &Minimums) -> Vec<String> {
    let is_held = statistics.is_some_and(|statistics| statistics.label == "none_H");
    let mut found = Vec::new();
    let now = again.map_or((0, None, None), |again| (again.n, again.events, again.value));
    let then = observed.map_or((0, None, None), |one| (one.n, one.events, one.value));
    // Rows of totals without a value keep their denominator.
    if !is_held && now != then && (now.2.is_some() || then.2.is_some()) {
        found.push(format!("opnieuw berekend: {}; in de resultaten: {}", told(now), told(then)));
    }
    if let Some(statistics) = statistics.filter(|_| !is_held) {
        let shown = now.0 >= minimum.shown;
        if shown && statistics.own.value != now.2 {
            found.push(format!("opnieuw berekend: {}; in de posities: {}", told(now), told((statistics.own.n, statistics.own.events, statistics.own.value))));
        }
    }
    found
}

fn told((n, events, value): (u64, Option<u64>, Option<f64>)) -> String {
    let events = events.map_or_else(String::new, |events| format!("{} van ", count(events)));
    let value = value.map_or_else(|| "geen waarde".to_owned(), |value| decimal(value, 6));
    format!("{value} ({events}{} eenheden)", count(n))
}
