//! `overzicht.html`: the same facts for a browser. One file without any request: style and script stand inside. It holds who delivered
//! and what is made; no outcome of a provider, and nothing of clients.

use std::fmt::Write as _;

use spiegel_model::{capitalised, count};

use super::facts::{Line, Totals, Waiting, YearFacts};
use crate::batch::sha256;
use crate::steps::benchmark::program;

const STYLE: &str = include_str!("overzicht.css");
const SCRIPT: &str = include_str!("overzicht.js");
/// Changes when the page of the same facts does.
const FORMAT: &str = "1";

/// What the page follows from besides the batch.
pub(super) fn fingerprint() -> String {
    sha256(&[FORMAT.as_bytes(), STYLE.as_bytes(), SCRIPT.as_bytes(), program().as_bytes()])
}

/// The page, the latest year first.
pub(super) fn page(years: &[YearFacts], made_from: &str) -> String {
    let mut out = String::new();
    let title = match (years.last(), years.first()) {
        (Some(first), Some(last)) if first.year != last.year => format!("Overzicht {} tot en met {}", first.label, last.label),
        (_, Some(only)) => format!("Overzicht {}", only.label),
        _ => "Overzicht".to_owned(),
    };
    // Nothing may be fetched, whatever a name in the register looks like.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"spiegel-made-from\" content=\"{made_from}\">\n<title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#inhoud\">Naar de inhoud</a>\n<header>\n<h1>{}</h1>\n\
         <p class=\"soft\">Wie heeft aangeleverd, wat is er gemaakt, en op wie wordt gewacht. Vertrouwelijk: alleen voor de uitgever. Er staan geen uitkomsten in en niets van cliënten.</p>\n",
        escaped(&title),
        escaped(&title)
    );
    if years.len() > 1 {
        out.push_str("<nav aria-label=\"Jaren\"><ul>");
        for year in years {
            let _ = write!(out, "<li><a href=\"#jaar-{}\">{}</a></li>", year.year, escaped(&year.label));
        }
        out.push_str("</ul></nav>\n");
    }
    out.push_str("</header>\n<main id=\"inhoud\" tabindex=\"-1\">\n");
    totals(&mut out, years);
    form(&mut out);
    for year in years {
        section(&mut out, year);
    }
    let _ = write!(
        out,
        "</main>\n<footer>\n<p>Gemaakt door {} uit wat er in deze map ligt; hetzelfde werk geeft dezelfde bladzijde, zonder tijdstip.</p>\n</footer>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(&program())
    );
    out
}

/// Sums per year.
fn totals(out: &mut String, years: &[YearFacts]) {
    let heads = [
        "Jaar", "Aanbieders", "Wacht op aanbieder", "Wacht op analist", "Wacht op spiegel", "Aangeleverd", "Aangenomen", "Niet aangenomen", "Aangehouden", "Eigen rapport", "Blad",
        "Rijen gebruikt", "Rijen niet gebruikt", "Waarden geleegd", "Bevindingen",
    ];
    out.push_str("<h2 id=\"totalen\">Totalen</h2>\n<div class=\"scroll\" role=\"region\" aria-labelledby=\"totalen\" tabindex=\"0\">\n<table>\n<caption>Per jaar, over alle aanbieders</caption>\n<thead><tr>");
    for (at, head) in heads.iter().enumerate() {
        let _ = write!(out, "<th scope=\"col\"{}>{head}</th>", if at > 0 { " class=\"number\"" } else { "" });
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for year in years {
        let sum = Totals::of(&year.lines);
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escaped(&year.label));
        let cells = [
            sum.providers, sum.waiting_for(Waiting::Provider), sum.waiting_for(Waiting::Analyst), sum.waiting_for(Waiting::Run), sum.delivered, sum.accepted, sum.refused, sum.held,
            sum.reports, sum.sheets, sum.rows_used, sum.rows_quarantined, sum.values_emptied, sum.findings,
        ];
        cells.iter().for_each(|cell| number(out, *cell));
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
}

/// Hidden until the script shows it: without the script it could do nothing.
fn form(out: &mut String) {
    out.push_str(
        "<form role=\"search\" aria-label=\"Rijen kiezen\" hidden>\n<div><label for=\"woorden\">Zoek</label><input id=\"woorden\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></div>\n\
         <div><label for=\"wacht\">Wacht op</label><select id=\"wacht\"><option value=\"\">maakt niet uit</option><option value=\"iemand\">iemand</option>",
    );
    for whom in [Waiting::Provider, Waiting::Analyst, Waiting::Run, Waiting::Nobody] {
        let _ = write!(out, "<option value=\"{0}\">{0}</option>", whom.dutch());
    }
    out.push_str("</select></div>\n<output for=\"woorden wacht\"></output>\n</form>\n");
}

fn section(out: &mut String, year: &YearFacts) {
    let heads = [
        ("Aanbieder", ""), ("Naam", "name"), ("Wacht op", ""), ("Om te", "what"), ("Oordeel", ""), ("Rapport", "file"), ("Versies", "number"), ("Rijen gebruikt", "number"),
        ("Rijen niet gebruikt", "number"), ("Waarden geleegd", "number"), ("Waarschuwingen", "number"), ("Meldingen", "number"), ("Aanlevering", ""),
    ];
    let id = year.year;
    let _ = write!(
        out,
        "<section>\n<h2 id=\"jaar-{id}\">{label}</h2>\n<div class=\"scroll\" role=\"region\" aria-labelledby=\"jaar-{id}\" tabindex=\"0\">\n\
         <table class=\"wide\" data-sortable>\n<caption>Aanbieders in {label}. Een waarschuwing vraagt om nakijken; een melding zegt wat is gelijkgetrokken.</caption>\n<thead><tr>",
        label = escaped(&year.label)
    );
    for (head, class) in heads {
        let _ = write!(out, "<th scope=\"col\"{}>{head}</th>", class_of(class));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    year.lines.iter().for_each(|line| row(out, line));
    out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
}

fn row(out: &mut String, line: &Line) {
    let _ = write!(out, "<tr data-waits=\"{}\"><th scope=\"row\">{}</th>", line.waiting_for.dutch(), escaped(&line.provider_id));
    text(out, &line.name, "name");
    text(out, line.waiting_for.dutch(), "");
    text(out, &capitalised(&line.waits_for), "what");
    text(out, &line.verdict, "");
    if line.file.is_empty() {
        text(out, line.report.lines().next().unwrap_or_default(), "file");
    } else {
        let name = line.file.rsplit('/').next().unwrap_or(&line.file);
        let rest = line.report.strip_prefix(&line.file).unwrap_or_default();
        let _ = write!(out, "<td class=\"file\"><a href=\"{}\">{}</a>{}</td>", escaped(&address(&line.file)), escaped(name), escaped(rest));
    }
    for cell in [line.versions.len() as u64, line.rows_used, line.rows_quarantined, line.values_emptied, line.warnings, line.notes] {
        number(out, cell);
    }
    text(out, &line.delivered, "");
    out.push_str("</tr>\n");
}

fn class_of(class: &str) -> String {
    if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") }
}

fn text(out: &mut String, words: &str, class: &str) {
    let _ = write!(out, "<td{}>{}</td>", class_of(class), escaped(words));
}

fn number(out: &mut String, value: u64) {
    let _ = write!(out, "<td class=\"number\" data-value=\"{value}\">{}</td>", count(value));
}

/// Text with the signs that HTML gives a meaning to.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// A relative path as an address. Ids of providers may hold signs with a meaning in one.
fn address(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_markup_is_text() {
        assert_eq!(escaped("<img src=x onerror='a()'> & \"b\""), "&lt;img src=x onerror=&#39;a()&#39;&gt; &amp; &quot;b&quot;");
        assert_eq!(address("reports/2025/a b#c?/v1/x.pdf"), "reports/2025/a%20b%23c%3F/v1/x.pdf");
    }
}
