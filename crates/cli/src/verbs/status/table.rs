//! The state of a year in a terminal: the summary first, then a line for each provider.

use spiegel_model::{count, percentage};

use super::facts::{Line, Totals, Waiting};

/// Signs of a name.
const NAME_WIDTH: usize = 32;

/// The summary of all lines, and the table of those that were chosen.
pub(super) fn page(label: &str, all: &[Line], chosen: &[&Line]) -> String {
    let mut text = summary(label, &Totals::of(all));
    text.push('\n');
    if chosen.is_empty() {
        text.push_str("geen aanbieder waarvoor dit geldt\n");
        return text;
    }
    text.push_str(&table(chosen));
    text
}

fn summary(label: &str, totals: &Totals) -> String {
    let done = totals.providers - totals.waiting_for(Waiting::Provider) - totals.waiting_for(Waiting::Analyst) - totals.waiting_for(Waiting::Run);
    let share = if totals.providers > 0 { format!(" ({})", percentage(done as f64 / totals.providers as f64, 0)) } else { String::new() };
    let waiting = [(Waiting::Provider, "--waiting provider"), (Waiting::Analyst, "--waiting analyst"), (Waiting::Run, "--waiting run")];
    let waiting: Vec<String> = waiting
        .into_iter()
        .filter(|(whom, _)| totals.waiting_for(*whom) > 0)
        .map(|(whom, filter)| format!("{} op {} ({filter})", count(totals.waiting_for(whom)), whom.dutch()))
        .collect();
    let waiting = if waiting.is_empty() { "niemand".to_owned() } else { waiting.join(", ") };
    format!(
        "{label}: {} aanbieders, {} klaar{share}\n\
         aangeleverd  {}: {} aangenomen, {} niet aangenomen, {} aangehouden; {} nog niet\n\
         rapporten    {} eigen rapporten, {} bladen van kleine aanbieders\n\
         rijen        {} gebruikt, {} niet gebruikt; {} waarden geleegd; {} bevindingen\n\
         wacht        {waiting}\n",
        count(totals.providers),
        count(done),
        count(totals.delivered),
        count(totals.accepted),
        count(totals.refused),
        count(totals.held),
        count(totals.providers - totals.delivered),
        count(totals.reports),
        count(totals.sheets),
        count(totals.rows_used),
        count(totals.rows_quarantined),
        count(totals.values_emptied),
        count(totals.findings),
    )
}

/// Columns as wide as their widest cell; names are cut. What takes most room goes last.
fn table(lines: &[&Line]) -> String {
    let heads = ["aanbieder", "naam", "oordeel", "gebruikt", "niet", "bevindingen", "wacht op", "rapport"];
    let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).into()];
    for line in lines {
        let mut name: String = line.name.chars().take(NAME_WIDTH).collect();
        if line.name.chars().count() > NAME_WIDTH {
            name.pop();
            name.push('…');
        }
        let report = line.report.lines().next().unwrap_or_default();
        rows.push(vec![
            line.provider_id.clone(),
            name,
            line.verdict.clone(),
            count(line.rows_used),
            count(line.rows_quarantined),
            count(line.findings),
            if line.waiting_for == Waiting::Nobody { String::new() } else { line.waiting_for.dutch().to_owned() },
            // What is to be done; the report only where there is nothing else to say.
            if line.waits_for.is_empty() { report.to_owned() } else { format!("{} | {report}", line.waits_for) },
        ]);
    }
    let widths: Vec<usize> = (0..heads.len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| {
                let space = " ".repeat(width - cell.chars().count());
                if (3..=5).contains(&at) { format!("{space}{cell}") } else { format!("{cell}{space}") }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
