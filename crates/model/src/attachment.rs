//! The provider's own figures as attachments of its report: made from the same struct as the pages.

use serde_json::{Value, json};

use crate::{IndicatorPage, Report, ValueFormat};

const CSV_HEADS: [&str; 13] = [
    "indicator", "definitie", "onderwerp", "jaar", "n", "waarde", "interval_onder", "interval_boven", "landelijk_p25",
    "landelijk_midden", "landelijk_p75", "vergelijkgroep_midden", "opmerking",
];

/// `cijfers.csv`: UTF-8 with BOM, semicolons, decimal comma, so that it opens right in a Dutch Excel. One row per
/// indicator and year; empty cells carry their reason in `opmerking`.
#[must_use]
pub fn figures_csv(report: &Report) -> String {
    let mut csv = format!("\u{feff}{}\r\n", CSV_HEADS.join(";"));
    for page in &report.indicators {
        for row in rows(report, page) {
            let cells: Vec<String> = row.iter().map(|cell| csv_cell(cell)).collect();
            csv.push_str(&cells.join(";"));
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

fn rows(report: &Report, page: &IndicatorPage) -> Vec<Vec<String>> {
    let number = |value: Option<f64>| value.map_or_else(String::new, machine_decimal_comma);
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

/// Six decimals at most, comma, no thousands separator: for a spreadsheet, not for a page.
fn machine_decimal_comma(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').replace('.', ",")
}

/// Quotes a cell where needed and defuses what a spreadsheet would run as a formula (CWE-1236).
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let defused = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err()
        && text.replace(',', ".").parse::<f64>().is_err()
    {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if defused.contains([';', '"', '\n', '\r']) { format!("\"{}\"", defused.replace('"', "\"\"")) } else { defused }
}
