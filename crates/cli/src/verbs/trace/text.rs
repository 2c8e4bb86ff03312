//! The trace as text, for an analyst who sees it for the first time. In Dutch, so that a part of it can be sent to the provider.

use std::collections::BTreeMap;
use std::path::Path;

use spiegel_model::{IndicatorSpec, Kind, Notation, Range, RuleSet, Trace, TracedSql, TracedUnit, ValueFormat, count, decimal};

/// Units that are listed unless all are asked for.
const LISTED: usize = 20;
/// Rows that are named for one reason.
const ROWS_LISTED: usize = 12;
/// Digits of a hash that are shown.
const HASH_SHOWN: usize = 12;
/// Signs on a line.
const WIDTH: usize = 118;

/// What the text needs beside the trace.
pub(super) struct Words<'a> {
    pub(super) spec: &'a IndicatorSpec,
    pub(super) rules: &'a RuleSet,
    pub(super) pipeline: &'a Path,
    pub(super) all: bool,
}

impl Words<'_> {
    pub(super) fn page(&self, trace: &Trace) -> String {
        let mut out = format!("{} · {} {} · {}\n\n", self.spec.title, trace.provider.id, trace.provider.name, trace.year_label);
        out.push_str(&verdict(trace));
        self.printed(&mut out, trace);
        self.asked(&mut out, trace);
        self.counted(&mut out, trace);
        self.not_counted(&mut out, trace);
        self.statistics(&mut out, trace);
        self.reference(&mut out, trace);
        self.deliveries(&mut out, trace);
        out
    }

    fn value(&self, value: f64, n: u64) -> String {
        self.spec.format.value_with_unit(value, n, Notation::DUTCH)
    }

    fn units(&self, n: u64) -> String {
        format!("{} {}", count(n), if n == 1 { &self.spec.unit.singular } else { &self.spec.unit.plural })
    }

    /// The size of a difference with its unit: `6 procentpunt`, `12 minuten`.
    fn difference(&self, difference: f64, n: u64) -> String {
        let size = self.spec.format.difference(difference, n, Notation::DUTCH);
        match &self.spec.format {
            ValueFormat::Percentage => format!("{size} procentpunt"),
            ValueFormat::Number { unit, .. } if unit.is_empty() => format!("{size} punt"),
            ValueFormat::Number { unit, .. } => format!("{size} {unit}"),
        }
    }

    fn printed(&self, out: &mut String, trace: &Trace) {
        head(out, "1  Wat er staat");
        match &trace.printed {
            Some(printed) => {
                line(out, "rapport", &printed.file);
                line(out, "waarde", &printed.own);
                line(out, "interval", &printed.interval);
                line(out, "plek", &printed.place);
            }
            None => line(out, "rapport", "geen rapport dat dit onderwerp toont; hieronder staat wat er in de resultaten ligt"),
        }
        for code in &trace.held_by {
            line(out, "wacht op", &format!("een analist, om {}", self.coded(code)));
        }
    }

    fn asked(&self, out: &mut String, trace: &Trace) {
        let definition = &trace.definition;
        head(out, "2  Wat is gevraagd");
        line(out, "definitie", &format!("{} {}", definition.indicator, definition.version));
        for paragraph in &definition.what {
            line(out, "", paragraph);
        }
        line(out, "in", &format!("{}", self.pipeline.display()));
        let files: Vec<&str> = std::iter::once(&definition.sql).chain(&definition.views).map(|sql| sql.file.as_str()).collect();
        line(out, "bestanden", &files.join(", "));
        let parameters: Vec<String> = definition.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        line(out, "ingevuld", &parameters.join(", "));
        sql(out, &definition.sql);
        if self.all {
            definition.views.iter().chain(&definition.who_counts).for_each(|one| sql(out, one));
        }
    }

    fn counted(&self, out: &mut String, trace: &Trace) {
        let n = trace.again.map_or(0, |again| again.n);
        head(out, &format!("3  Wie telt mee: {}", self.units(n)));
        if trace.units.is_empty() {
            return;
        }
        if trace.units.iter().any(|unit| !unit.totals.is_empty()) {
            return self.totals(out, &trace.units);
        }
        let heads = ["bestand", "rij", "sleutel", "cliënt (code)", if self.spec.kind == Kind::Mean { "waarde" } else { "voldoet" }, "bevindingen"];
        let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).into()];
        let shown = if self.all { trace.units.len() } else { LISTED };
        for unit in trace.units.iter().take(shown) {
            let (file, row) = unit.source.as_ref().map_or_else(Default::default, |source| (source.file.clone(), source.row.to_string()));
            let outcome = match (unit.value, unit.met) {
                (Some(value), _) => plain(value),
                (None, Some(true)) => "ja".to_owned(),
                (None, Some(false)) => "nee".to_owned(),
                (None, None) => String::new(),
            };
            rows.push(vec![file, row, unit.unit_id.clone(), unit.client_key.clone().unwrap_or_default(), outcome, unit.findings.join(", ")]);
        }
        table(out, &rows, &[1, 4]);
        rest(out, trace.units.len(), shown);
    }

    fn totals(&self, out: &mut String, units: &[TracedUnit]) {
        for unit in units {
            let place = unit.source.as_ref().map_or_else(String::new, |source| format!("{} rij {}", source.file, source.row));
            let numbers: Vec<String> = unit.totals.iter().filter_map(|(name, number)| Some(format!("{name} = {}", plain((*number)?)))).collect();
            line(out, &unit.unit_id, &[place, numbers.join(", ")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": "));
        }
    }

    fn not_counted(&self, out: &mut String, trace: &Trace) {
        let left_out: usize = trace.not_counted.iter().map(|group| group.count).sum();
        let apart: usize = trace.set_apart.iter().map(|group| group.rows.len()).sum();
        head(out, &format!("4  Wie telt niet mee: {} uit de gegevens, {} rijen niet gebruikt", count(left_out as u64), count(apart as u64)));
        if trace.definition.who_counts.is_none() {
            line(out, "", "dit onderwerp zegt niet waarom een rij niet telt (who_counts in indicator.toml)");
        }
        for group in &trace.not_counted {
            line(out, &count(group.count as u64), &group.reason);
            let coded = |unit: &TracedUnit| match (&unit.source, unit.findings.is_empty()) {
                (Some(source), true) => Some((source.file.clone(), source.row.to_string())),
                (Some(source), false) => Some((source.file.clone(), format!("{} ({})", source.row, unit.findings.join(", ")))),
                (None, _) => None,
            };
            self.rows(out, group.units.iter().filter_map(coded));
        }
        for group in &trace.set_apart {
            line(out, &count(group.rows.len() as u64), &format!("niet gebruikt: {} {}", group.code, group.title));
            self.rows(out, group.rows.iter().map(|source| (source.file.clone(), source.row.to_string())));
        }
    }

    /// Rows by file, the first of them unless all are asked for.
    fn rows(&self, out: &mut String, places: impl Iterator<Item = (String, String)>) {
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        places.for_each(|(file, row)| files.entry(file).or_default().push(row));
        for (file, rows) in files {
            let shown = if self.all { rows.len() } else { ROWS_LISTED.min(rows.len()) };
            let more = if rows.len() > shown { format!(" en {} meer", count((rows.len() - shown) as u64)) } else { String::new() };
            let listed = rows.get(..shown).unwrap_or(&rows).join(", ");
            line(out, "", &format!("{file} rij {listed}{more}"));
        }
    }

    fn statistics(&self, out: &mut String, trace: &Trace) {
        head(out, "5  Wat eruit komt");
        if let Some(again) = &trace.again {
            let value = again.value.map_or_else(|| "geen waarde".to_owned(), |value| format!("{} (onafgerond {})", self.value(value, again.n), decimal(value, 6)));
            let share = again.events.map_or_else(String::new, |events| format!(": {} van {}", count(events), count(again.n)));
            line(out, "opnieuw", &format!("{value}{share}"));
        }
        let Some(found) = &trace.statistics else {
            line(out, "resultaten", "geen plaats van deze aanbieder");
            return;
        };
        let n = found.own.n;
        let both = |range: Option<Range>| range.map(|range| self.spec.format.range(range.lower, range.upper, n, Notation::DUTCH));
        let limits = |[lower, upper]: [Option<f64>; 2]| {
            let side = |limit: Option<f64>| limit.map_or_else(|| "geen grens".to_owned(), |limit| self.spec.format.value(limit, n, Notation::DUTCH));
            (lower.is_some() || upper.is_some()).then(|| format!("{} en {}", side(lower), side(upper)))
        };
        line(out, "eenheden", &self.units(n));
        line(out, "waarde", &found.own.value.map_or_else(String::new, |value| self.value(value, n)));
        if let Some(interval) = both(found.interval) {
            line(out, "interval", &format!("{interval} ({})", found.interval_method));
        }
        line(out, "verwacht", &found.expected.map_or_else(String::new, |expected| self.value(expected, n)));
        if let Some(adjusted) = found.adjusted {
            let interval = both(found.adjusted_interval).map_or_else(String::new, |interval| format!(", {interval}"));
            line(out, "gecorrigeerd", &format!("{}{interval}; voor {}", self.value(adjusted, n), found.adjusted_for.join(", ")));
        }
        line(out, "grenzen 95 %", &limits(found.limits_95).unwrap_or_default());
        line(out, "grenzen 99,8 %", &limits(found.limits_998).unwrap_or_default());
        line(out, "z", &found.z.map_or_else(String::new, |z| decimal(z, 2)));
        line(out, "aantoonbaar", &found.detectable_difference.map_or_else(String::new, |difference| format!("een verschil van {}", self.difference(difference, n))));
        line(out, "label", &format!("{}: {}", found.label, found.rule));
    }

    fn reference(&self, out: &mut String, trace: &Trace) {
        let reference = &trace.reference;
        head(out, "6  Waarmee het is vergeleken");
        line(out, "referentie", &format!("{}, sha256 {}", reference.file, reference.sha256));
        let n = reference.units.unwrap_or(0);
        line(out, "landelijk", &reference.mean.map_or_else(String::new, |mean| self.value(mean, n)));
        let providers = reference.providers.map_or_else(String::new, |providers| format!("{} aanbieders, {}", count(providers), self.units(n)));
        line(out, "van", &providers);
        let letter = if self.spec.kind == Kind::Proportion { "ρ" } else { "τ²" };
        let spread = [(letter, reference.between), ("φ", reference.overdispersion), ("onderscheid", reference.rankability)];
        let spread: Vec<String> = spread.into_iter().filter_map(|(name, number)| Some(format!("{name} = {}", decimal(number?, 4)))).collect();
        line(out, "variatie", &spread.join(", "));
        let quantile = |name: &str| reference.quantiles.get(name).copied();
        if let Some(middle) = quantile("middle") {
            line(out, "middelste", &format!("{} (aanbieder in het midden)", self.value(middle, n)));
        }
        if let Some((lower, upper)) = quantile("inner_lower").zip(quantile("inner_upper")) {
            line(out, "helft", &format!("de middelste helft van de aanbieders: {}", self.spec.format.range(lower, upper, n, Notation::DUTCH)));
        }
        if let Some(((lower, upper), share)) = quantile("outer_lower").zip(quantile("outer_upper")).zip(quantile("outer_share")) {
            line(out, "rand", &format!("{} % van de aanbieders: {}", decimal(share, 0), self.spec.format.range(lower, upper, n, Notation::DUTCH)));
        }
        if reference.norms > 0 {
            line(out, "normen", &format!("{} normen van vragenlijsten, uit dezelfde referentie", reference.norms));
        }
    }

    fn deliveries(&self, out: &mut String, trace: &Trace) {
        head(out, "7  Aanleveringen");
        for delivery in &trace.deliveries {
            let counts = if delivery.counts { ", telt" } else { "" };
            let hash = delivery.sha256.get(..HASH_SHOWN).unwrap_or(&delivery.sha256);
            line(out, &delivery.submission, &format!("{}{counts} (sha256 {hash})", delivery.verdict.dutch()));
        }
    }

    fn coded(&self, code: &str) -> String {
        self.rules.rule(code).map_or_else(|| code.to_owned(), |rule| format!("{code} {}", rule.title))
    }
}

fn verdict(trace: &Trace) -> String {
    if trace.agrees {
        let printed = trace.printed.as_ref().is_some_and(|printed| printed.numbers.is_some());
        let what = if printed { "in het rapport en in de resultaten" } else { "in de resultaten" };
        return format!("Klopt: opnieuw uit de gegevens berekend is het getal hetzelfde als {what}.\n");
    }
    let mut text = "KLOPT NIET:\n".to_owned();
    for disagreement in &trace.disagreements {
        text.push_str(&format!("  - {disagreement}\n"));
    }
    text
}

fn head(out: &mut String, title: &str) {
    out.push_str(&format!("\n{title}\n"));
}

/// A labelled line, wrapped; nothing where there is nothing to say.
fn line(out: &mut String, label: &str, text: &str) {
    const LABEL: usize = 15;
    if text.is_empty() {
        return;
    }
    let mut row = format!("   {label:LABEL$} ");
    let indent = " ".repeat(LABEL + 4);
    let mut room = WIDTH.saturating_sub(row.chars().count());
    for word in text.split(' ') {
        let length = word.chars().count() + 1;
        if length > room && room < WIDTH - LABEL - 4 {
            out.push_str(row.trim_end());
            out.push('\n');
            row.clone_from(&indent);
            room = WIDTH - LABEL - 4;
        }
        row.push_str(word);
        row.push(' ');
        room = room.saturating_sub(length);
    }
    out.push_str(row.trim_end());
    out.push('\n');
}

fn sql(out: &mut String, one: &TracedSql) {
    out.push_str(&format!("\n   {}\n", one.file));
    for text in one.sql.lines() {
        out.push_str(&format!("     | {text}\n"));
    }
}

fn rest(out: &mut String, all: usize, shown: usize) {
    if all > shown {
        line(out, "", &format!("en {} meer; --all noemt ze alle, --format json ook voor een programma", count((all - shown) as u64)));
    }
}

/// A number as it is, with a decimal comma.
fn plain(value: f64) -> String {
    let text = format!("{}", (value * 1e6).round() / 1e6);
    text.replace('.', ",")
}

/// Columns as wide as their widest cell; columns without any cell are left out.
fn table(out: &mut String, rows: &[Vec<String>], numbers: &[usize]) {
    let columns = rows.first().map_or(0, Vec::len);
    let cell = |row: &Vec<String>, at: usize| row.get(at).map_or(0, |cell| cell.chars().count());
    let used: Vec<usize> = (0..columns).filter(|at| rows.iter().skip(1).any(|row| cell(row, *at) > 0)).collect();
    let widths: BTreeMap<usize, usize> = used.iter().map(|at| (*at, rows.iter().map(|row| cell(row, *at)).max().unwrap_or(0))).collect();
    for row in rows {
        let cells: Vec<String> = used
            .iter()
            .filter_map(|at| {
                let text = row.get(*at)?;
                let space = " ".repeat(widths.get(at)?.saturating_sub(text.chars().count()));
                Some(if numbers.contains(at) { format!("{space}{text}") } else { format!("{text}{space}") })
            })
            .collect();
        out.push_str(&format!("   {}\n", cells.join("  ").trim_end()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_under_their_label() {
        let mut out = String::new();
        line(&mut out, "definitie", &"woord ".repeat(40));
        assert!(out.lines().count() > 1 && out.lines().all(|line| line.chars().count() <= WIDTH), "{out}");
        assert!(out.lines().nth(1).is_some_and(|line| line.starts_with(&format!("{}woord", " ".repeat(19)))), "{out}");
    }

    #[test]
    fn empty_columns_are_left_out() {
        let mut out = String::new();
        table(&mut out, &[vec!["rij".into(), "leeg".into(), "n".into()], vec!["1".into(), String::new(), "20".into()]], &[2]);
        assert_eq!(out, "   rij   n\n   1    20\n");
    }

    #[test]
    fn numbers_are_dutch_and_not_longer_than_needed() {
        assert_eq!((plain(300.0), plain(0.5), plain(1.0 / 3.0)), ("300".to_owned(), "0,5".to_owned(), "0,333333".to_owned()));
    }
}
