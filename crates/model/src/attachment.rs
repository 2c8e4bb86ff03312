//! The provider's own figures as attachments of its report: made from the same struct as the pages.

use serde_json::{Value, json};

use serde::{Deserialize, Serialize};

use crate::{IndicatorPage, Notation, Report, ValueFormat};

/// Names and words of the attached files in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentSpec {
    /// Name of the table: `cijfers.csv`.
    pub csv: String,
    /// What it is, for who opens the list of attachments.
    pub csv_description: String,
    /// Name of the figures for machines: `cijfers.json`.
    pub json: String,
    /// What it is.
    pub json_description: String,
    /// Between cells of the table.
    pub delimiter: char,
    /// Heads of the table: indicator, definition, topic, year, n, value, the two ends of its interval, the three quarters of the nation, the
    /// middle of the comparable group, note.
    pub heads: [String; 13],
}

/// `cijfers.csv`: UTF-8 with BOM, with the delimiter and the decimal mark that a spreadsheet in the language of the report opens right. One row
/// per indicator and year; empty cells carry their reason in the last.
#[must_use]
pub fn figures_csv(report: &Report, spec: &AttachmentSpec, notation: Notation) -> String {
    let between = spec.delimiter.to_string();
    let mut csv = format!("\u{feff}{}\r\n", spec.heads.join(&between));
    for page in &report.indicators {
        for row in rows(report, page, notation) {
            let cells: Vec<String> = row.iter().map(|text| cell(text, spec.delimiter)).collect();
            csv.push_str(&cells.join(&between));
            csv.push_str("\r\n");
        }
    }
    csv
}

/// `cijfers.json`: the same figures for machines, with decimal points.
#[must_use]
pub fn figures_json(report: &Report) -> String {
    let indicators: Vec<Value> = report
        .indicators
        .iter()
        .map(|page| {
            let years: Vec<Value> = page.trend.as_ref().map_or_else(Vec::new, |trend| {
                trend
                    .years
                    .iter()
                    .map(|year| {
                        json!({
                            "year": year.label,
                            "n": year.own.as_ref().map(|own| own.n),
                            "value": year.own.as_ref().map(|own| own.value),
                            "interval": year.own.as_ref().and_then(|own| own.interval),
                            "national_middle_half": year.middle_half,
                            "national_middle": year.middle,
                            "note": year.code,
                        })
                    })
                    .collect()
            });
            json!({
                "indicator": page.id,
                "definition": page.definition,
                "title": page.title,
                "unit": unit(&page.format),
                "position": page.position,
                "comparable_group": page.dot_plot.as_ref().and_then(|plot| plot.group.as_ref()).map(|group| group.value),
                "years": years,
            })
        })
        .collect();
    let value = json!({
        "format": report.format,
        "pipeline": report.pipeline,
        "year": report.year_label,
        "version": report.version,
        "issued": report.issued,
        "provider_id": report.provider.id,
        "provider": report.provider.name,
        "indicators": indicators,
        "population": report.population.as_ref().map(|page| &page.blocks),
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

fn unit(format: &ValueFormat) -> String {
    match format {
        ValueFormat::Percentage => "share".to_owned(),
        ValueFormat::Number { unit, .. } => unit.clone(),
    }
}

fn rows(report: &Report, page: &IndicatorPage, notation: Notation) -> Vec<Vec<String>> {
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| plain_decimal(value, notation));
    let group = page.dot_plot.as_ref().and_then(|plot| plot.group.as_ref()).map(|group| group.value);
    let start = |label: &str| vec![page.id.clone(), page.definition.clone(), page.title.clone(), label.to_owned()];
    let Some(trend) = &page.trend else {
        let mut row = start(&report.year_label);
        row.extend([
            page.position.n.to_string(),
            number(page.position.value),
            number(page.position.interval.map(|range| range.lower)),
            number(page.position.interval.map(|range| range.upper)),
            number(page.dot_plot.as_ref().map(|plot| plot.middle_half.lower)),
            number(page.dot_plot.as_ref().map(|plot| plot.middle.value)),
            number(page.dot_plot.as_ref().map(|plot| plot.middle_half.upper)),
            number(group),
            String::new(),
        ]);
        return vec![row];
    };
    let last = trend.years.len().saturating_sub(1);
    trend
        .years
        .iter()
        .enumerate()
        .map(|(index, year)| {
            let mut row = start(&year.label);
            let own = year.own.as_ref();
            row.extend([
                own.map_or_else(String::new, |own| own.n.to_string()),
                number(own.map(|own| own.value)),
                number(own.and_then(|own| own.interval).map(|range| range.lower)),
                number(own.and_then(|own| own.interval).map(|range| range.upper)),
                number(year.middle_half.map(|range| range.lower)),
                number(year.middle),
                number(year.middle_half.map(|range| range.upper)),
                number(group.filter(|_| index == last)),
                year.code.clone(),
            ]);
            row
        })
        .collect()
}

/// Six decimals at most, no thousands separator: for a spreadsheet, not for a page.
fn plain_decimal(value: f64, notation: Notation) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').replace('.', &notation.decimal_mark.to_string())
}

/// Quotes a cell between semicolons where needed and defuses what a spreadsheet would run as a formula (CWE-1236).
#[must_use]
pub fn csv_cell(text: &str) -> String {
    cell(text, ';')
}

fn cell(text: &str, delimiter: char) -> String {
    let defused = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err()
        && text.replace(',', ".").parse::<f64>().is_err()
    {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if defused.contains([delimiter, '"', '\n', '\r']) { format!("\"{}\"", defused.replace('"', "\"\"")) } else { defused }
}
