//! Checks of scores against what a pipeline knows of its questionnaires (`instruments.toml`).

use spiegel_model::{Consequence, InstrumentSet, Rule, Scale, Scoring};

use crate::findings::Findings;
use crate::spelling::nearest;
use crate::table::Table;
use crate::values::Values;

/// E324: from this many scores that can only be means, and as many that can only be sums …
const MIXED_ROWS_MINIMUM: usize = 3;
/// … and from this share of all scores of the scale, means and sums are mixed. Below it, a score is a slip (E320).
const MIXED_SHARE_MINIMUM: f64 = 0.05;

/// Columns of a table with scores.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    /// What is blamed: the scale, or the score.
    pub(crate) column: usize,
    pub(crate) instrument: usize,
    /// The version beside a scale, the scale beside a score.
    pub(crate) third: usize,
}

/// Place in `InstrumentSet::instruments` for every code of a column.
fn places(table: &Table<'_>, column: usize, instruments: &InstrumentSet) -> Vec<Option<usize>> {
    let place = |code: &String| instruments.instruments.iter().position(|instrument| instrument.code == *code);
    table.schema.columns[column].codes.iter().map(place).collect()
}

/// The instrument of a row, when it has one that is known.
fn instrument_of(table: &Table<'_>, column: usize, places: &[Option<usize>], row: usize) -> Option<usize> {
    let typed = &table.typed[column];
    match &typed.values {
        Values::Code(codes) if typed.valid[row] => places.get(usize::from(codes[row])).copied().flatten(),
        _ => None,
    }
}

fn text_of<'t>(table: &'t Table<'_>, column: usize, row: usize) -> Option<&'t [u8]> {
    match &table.typed[column].values {
        Values::Text(text) if table.typed[column].valid[row] => Some(text.cell(row)),
        _ => None,
    }
}

/// The instrument and the scale of every row with a score: places in the instruments and in their scales.
fn scales(table: &Table<'_>, at: Columns, instruments: &InstrumentSet) -> Vec<Option<(usize, usize)>> {
    let places = places(table, at.instrument, instruments);
    // Rows of one scale mostly follow one another.
    let mut last: Option<(usize, usize)> = None;
    (0..table.len())
        .map(|row| {
            let place = instrument_of(table, at.instrument, &places, row)?;
            let name = text_of(table, at.third, row)?;
            let scales = &instruments.instruments[place].scales;
            let known = last.filter(|(instrument, scale)| *instrument == place && scales[*scale].name.as_bytes() == name);
            let found = known.or_else(|| scales.iter().position(|scale| scale.name.as_bytes().eq_ignore_ascii_case(name)).map(|scale| (place, scale)));
            last = found.or(last);
            found.filter(|_| table.typed[at.column].valid[row])
        })
        .collect()
}

fn number(table: &Table<'_>, column: usize, row: usize) -> f64 {
    match &table.typed[column].values {
        Values::Decimal(numbers) => numbers[row],
        Values::Integer(numbers) => f64::from(numbers[row]),
        _ => f64::NAN,
    }
}

/// Empties a cell when the finding says so.
fn settle(table: &mut Table<'_>, row: usize, column: usize, code: &str, consequence: Consequence) {
    match consequence {
        Consequence::Quarantine => table.quarantine(row as u32, code),
        Consequence::Empty => {
            table.emptied += u64::from(table.typed[column].valid[row]);
            table.typed[column].valid[row] = false;
        }
        Consequence::Refuse | Consequence::Warn | Consequence::Inform => {}
    }
}

/// E321: the scale, or the version, of a known instrument is not known.
pub(crate) fn known_scale(table: &mut Table<'_>, rule: &Rule, at: Columns, instruments: &InstrumentSet, findings: &mut Findings<'_>) {
    let places = places(table, at.instrument, instruments);
    let mut checked = 0;
    for row in 0..table.len() {
        let Some(instrument) = instrument_of(table, at.instrument, &places, row).and_then(|place| instruments.instruments.get(place)) else { continue };
        checked += 1;
        let scale_unknown = text_of(table, at.column, row).is_some_and(|name| instrument.scale(name).is_none());
        let is_version = |name: &[u8]| instrument.versions.iter().any(|version| version.as_bytes().eq_ignore_ascii_case(name));
        let version_unknown = !instrument.versions.is_empty() && text_of(table, at.third, row).is_some_and(|name| !is_version(name));
        for (column, unknown) in [(at.column, scale_unknown), (at.third, version_unknown)] {
            if !unknown {
                continue;
            }
            let known: Vec<&str> = if column == at.column {
                instrument.scales.iter().map(|scale| scale.name.as_str()).collect()
            } else {
                instrument.versions.iter().map(String::as_str).collect()
            };
            let value = table.value(row as u32, column);
            let hint = nearest(&value, known.iter().copied()).map_or_else(String::new, |near| format!(" Bedoelt u \"{near}\"?"));
            let header = &table.schema.columns[column].header;
            let slots = [("value", value.as_str()), ("other", &instrument.code), ("expected", &known.join(", ")), ("column", header), ("hint", &hint)];
            let consequence = findings.raise(&rule.code, table.at(row as u32, column), &slots);
            settle(table, row, column, &rule.code, consequence);
        }
    }
    findings.checked(&rule.code, checked);
}

/// E320: a score that its scale cannot have.
pub(crate) fn in_range(table: &mut Table<'_>, rule: &Rule, at: Columns, instruments: &InstrumentSet, findings: &mut Findings<'_>) {
    let scales = scales(table, at, instruments);
    findings.checked(&rule.code, scales.iter().flatten().count() as u64);
    for (row, place) in scales.into_iter().enumerate() {
        let Some((instrument, scale)) = place else { continue };
        let (code, scale) = (&instruments.instruments[instrument].code, &instruments.instruments[instrument].scales[scale]);
        if (scale.minimum..=scale.maximum).contains(&number(table, at.column, row)) {
            continue;
        }
        let decimal = |number: f64| number.to_string().replace('.', ",");
        let expected = format!("een getal van {} tot en met {}", decimal(scale.minimum), decimal(scale.maximum));
        let value = table.value(row as u32, at.column);
        let header = &table.schema.columns[at.column].header;
        let slots = [("value", value.as_str()), ("other", code), ("expected", &expected), ("column", header)];
        let consequence = findings.raise(&rule.code, table.at(row as u32, at.column), &slots);
        settle(table, row, at.column, &rule.code, consequence);
    }
}

/// E324: means and sums in one column, by scale. When no score is left at all, the submission is refused.
pub(crate) fn one_scoring(table: &mut Table<'_>, rule: &Rule, at: Columns, instruments: &InstrumentSet, findings: &mut Findings<'_>) {
    let scales = scales(table, at, instruments);
    let mut groups: std::collections::BTreeMap<(usize, usize), Vec<usize>> = std::collections::BTreeMap::new();
    for (row, place) in scales.iter().enumerate() {
        if let Some(place) = place {
            groups.entry(*place).or_default().push(row);
        }
    }
    findings.checked(&rule.code, groups.len() as u64);
    groups.retain(|(instrument, scale), rows| {
        let scores: Vec<f64> = rows.iter().map(|row| number(table, at.column, *row)).collect();
        is_mixed(&instruments.instruments[*instrument].scales[*scale], &scores)
    });
    let mixed: usize = groups.values().map(Vec::len).sum();
    let all = table.typed[at.column].valid.iter().filter(|valid| **valid).count();
    for ((instrument, scale), rows) in groups {
        let instrument = &instruments.instruments[instrument];
        let count = spiegel_model::count(rows.len() as u64);
        let header = &table.schema.columns[at.column].header;
        let slots = [("value", instrument.code.as_str()), ("other", &instrument.scales[scale].name), ("count", &count), ("column", header)];
        let wanted = (mixed == all).then_some(Consequence::Refuse);
        let consequence = findings.raise_as(&rule.code, table.at_column(at.column), &slots, wanted);
        rows.into_iter().for_each(|row| settle(table, row, at.column, &rule.code, consequence));
    }
}

/// A broken number up to the highest answer can only be a mean, a number above it only a sum.
fn is_mixed(scale: &Scale, scores: &[f64]) -> bool {
    let Some(highest) = scale.item_maximum.filter(|_| scale.scoring != Scoring::Other) else { return false };
    let enough = |count: usize| count >= MIXED_ROWS_MINIMUM && count as f64 >= MIXED_SHARE_MINIMUM * scores.len() as f64;
    let means = scores.iter().filter(|score| **score <= highest && score.fract() != 0.0).count();
    let sums = scores.iter().filter(|score| **score > highest).count();
    enough(means) && enough(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use spiegel_model::Direction;

    #[test]
    fn means_among_sums_are_told_from_low_sums() {
        let scale = Scale {
            name: "totaal".to_owned(), items: Some(9), item_maximum: Some(3.0), scoring: Scoring::Sum, minimum: 0.0, maximum: 27.0, direction: Direction::Lower, effect: true, reliability: None,
        };
        assert!(is_mixed(&scale, &[12.0, 1.4, 9.0, 0.6, 17.0, 2.2]));
        assert!(!is_mixed(&scale, &[12.0, 1.0, 9.0, 0.0, 17.0, 2.0]), "low sums");
        assert!(!is_mixed(&scale, &[0.4, 1.4, 1.2, 0.6, 2.2]), "means only");
        assert!(!is_mixed(&scale, &[12.0, 1.4, 9.0, 0.6, 17.0]), "two slips");
        assert!(!is_mixed(&Scale { scoring: Scoring::Other, ..scale }, &[12.0, 1.4, 9.0, 0.6, 17.0, 2.2]));
    }
}
