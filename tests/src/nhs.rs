//! The batch of real data: every provider of 2024-25 has a report, and what was not published is shown as just that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use lopdf::Document;
use spiegel_model::{MissingCode, TrendState, Variant};

use crate::command::{nhs, providers, receipts, reports, root, rows};
use crate::language::Said;

/// `published.rs` has the same columns with the published percentages.
const COUNTS: [(&str, &str, &str); 4] = [
    ("recovery", "count_recovery", "count_at_caseness"),
    ("reliable-recovery", "count_reliable_recovery", "count_at_caseness"),
    ("reliable-improvement", "count_improvement", "count_finished_course_treatment"),
    ("deterioration", "count_deterioration", "count_finished_course_treatment"),
];
/// Units before a value is shown: the year file's `minimum.shown`.
const SHOWN: f64 = 10.0;

/// The published rows by provider and first year.
fn published() -> BTreeMap<(String, i32), BTreeMap<String, String>> {
    let text = fs::read(root().join("sample-data/nhs-talking-therapies/provider-year.csv")).unwrap();
    rows(&text).into_iter().map(|row| ((row["org_code"].clone(), row["reporting_period"][..4].parse().unwrap()), row)).collect()
}

#[test]
fn each_of_the_147_providers_of_the_year_has_a_report() {
    let delivered: BTreeSet<String> = published().into_keys().filter(|(_, year)| *year == 2024).map(|(code, _)| code).collect();
    assert_eq!(delivered.len(), 147);
    let states = providers(nhs(), "2024");
    assert_eq!(states.iter().map(|(code, _)| code.clone()).collect::<BTreeSet<_>>(), delivered);
    for (code, state) in states {
        assert_eq!(state["report"]["state"], "made", "{code}");
        let pdf = nhs().join(format!("reports/2024/{code}/v1/mirror-report-2024-25-{code}.pdf"));
        assert_eq!(nhs().join(state["report"]["file"].as_str().unwrap()), pdf);
        assert!(fs::read(pdf).unwrap().starts_with(b"%PDF-"), "{code}");
    }
}

#[test]
fn no_row_of_the_publication_is_lost() {
    let receipts = receipts(nhs());
    assert_eq!(receipts.len(), 1, "one collective delivery");
    for (_, receipt) in receipts {
        assert_eq!(receipt.tables.len(), 3);
        for table in receipt.tables {
            assert!(table.is_conserved(), "{table:?}");
            assert_eq!(table.quarantined + table.refused, 0, "{table:?}");
            let text = fs::read(root().join("sample-data/nhs-talking-therapies").join(&table.file)).unwrap();
            assert_eq!(table.rows as usize, rows(&text).len(), "{}", table.file);
        }
    }
}

#[test]
fn a_provider_without_any_value_gets_the_single_page() {
    let published = published();
    let text = fs::read(root().join("sample-data/nhs-talking-therapies/provider-proms-2022-2025.csv")).unwrap();
    let mut scored: BTreeMap<String, f64> = BTreeMap::new();
    for row in rows(&text).iter().filter(|row| row["reporting_period"] == "2024-25" && row["problem_descriptor"] == "Total") {
        *scored.entry(row["org_code"].clone()).or_default() += row["count_total_finishing_course_treatment"].parse().unwrap_or(0.0);
    }
    let mut single = 0;
    for made in reports(nhs(), "2024") {
        let row = &published[&(made.provider.clone(), 2024)];
        let number = |column: &str| row[column].parse::<f64>().ok();
        let counted = COUNTS.iter().any(|(_, numerator, denominator)| {
            number(numerator).is_some() && number(denominator).is_some_and(|n| n >= SHOWN)
        });
        let has_value = counted || scored.get(&made.provider).is_some_and(|n| *n >= SHOWN);
        let pages = Document::load(&made.pdf).unwrap().get_pages().len();
        if has_value {
            assert_eq!(made.report.variant, Variant::Individual, "{}", made.provider);
            assert!(pages > 1, "{}", made.provider);
        } else {
            single += 1;
            assert_eq!(made.report.variant, Variant::SinglePage, "{}", made.provider);
            assert_eq!(pages, 1, "{}", made.provider);
            assert!(made.report.summary.rows.iter().all(|row| !row.own_is_value && !row.own.is_empty()), "{}", made.provider);
        }
    }
    assert_eq!(single, 2, "two providers of 2024-25 have every value suppressed");
}

/// For each year of a trend: a value where one was published, a code where not, and a break after a gap.
#[test]
fn trends_show_gaps_as_breaks_and_never_as_zero() {
    let published = published();
    let (mut gaps, mut broken_states) = (0, 0);
    for made in reports(nhs(), "2024") {
        for page in &made.report.indicators {
            let Some((_, numerator, denominator)) = COUNTS.iter().find(|(id, _, _)| *id == page.id) else { continue };
            let trend = page.trend.as_ref().unwrap();
            assert_eq!(trend.years.len(), 8, "{} {}", made.provider, page.id);
            let (mut before, mut missing_since) = (false, false);
            for (year, shown) in (2017..).zip(&trend.years) {
                let place = format!("{} {} {}", made.provider, page.id, shown.label);
                let counts = published.get(&(made.provider.clone(), year)).and_then(|row| {
                    Some((row[*numerator].parse::<f64>().ok()?, row[*denominator].parse::<f64>().ok()?))
                });
                match (counts.filter(|(_, n)| *n >= SHOWN), &shown.own) {
                    (Some((events, n)), Some(own)) => {
                        assert_eq!(own.value, events / n, "{place}");
                        assert_eq!(own.n as f64, n, "{place}");
                        assert_eq!(shown.broken, before && missing_since, "{place}: the line is interrupted after a gap");
                        gaps += usize::from(shown.broken);
                        (before, missing_since) = (true, false);
                    }
                    (None, None) => {
                        assert!(!shown.code.is_empty(), "{place}: says why there is no value");
                        missing_since = true;
                    }
                    (expected, own) => panic!("{place}: expected {expected:?}, shown {own:?}"),
                }
            }
            broken_states += usize::from(matches!(page.position.trend, TrendState::Broken { .. }));
        }
    }
    assert!(gaps >= 10 && broken_states > 0, "{gaps} gaps, {broken_states} broken trends: the data have more");
}

#[test]
fn what_was_not_published_is_said_in_table_and_page() {
    let published = published();
    let mut seen = 0;
    for made in reports(nhs(), "2024") {
        for page in &made.report.indicators {
            let Some((_, numerator, denominator)) = COUNTS.iter().find(|(id, _, _)| *id == page.id) else { continue };
            let row = &published[&(made.provider.clone(), 2024)];
            let is_withheld = row[*numerator].parse::<f64>().is_err() || row[*denominator].parse::<f64>().is_err();
            assert_eq!(page.position.label == spiegel_model::Label::None(MissingCode::NotDelivered), is_withheld, "{} {}", made.provider, page.id);
            if is_withheld {
                seen += 1;
                let line = made.report.summary.rows.iter().find(|line| line.indicator == page.id).unwrap();
                let said = Said::of(&made.report);
                assert_eq!(line.own, said.not_delivered);
                assert_eq!(page.headline, [said.not_there]);
                assert!(made.report.summary.notes.iter().any(|note| note.contains(said.no_zero)), "{:?}", made.report.summary.notes);
            }
        }
    }
    assert!(seen > 0);
}

/// A count that the publisher withheld is no share of the population.
#[test]
fn a_withheld_part_of_the_population_is_no_share() {
    let text = fs::read(root().join("sample-data/nhs-talking-therapies/provider-population.csv")).unwrap();
    let mut men: BTreeMap<String, String> = BTreeMap::new();
    let male = ("Gender", "Male", "finished_course_treatment");
    for row in rows(&text).iter().filter(|row| row["reporting_period"] == "2024-25") {
        if (row["variable_type"].as_str(), row["variable_a"].as_str(), row["measure_name"].as_str()) == male {
            men.insert(row["org_code"].clone(), row["value"].clone());
        }
    }
    for made in reports(nhs(), "2024") {
        let Some(page) = &made.report.population else { continue };
        let Some(block) = page.blocks.iter().find(|block| block.title == "Gender") else { continue };
        let shown = block.rows.iter().find(|row| row.label == "male").unwrap();
        match men.get(&made.provider).and_then(|count| count.parse::<f64>().ok()) {
            Some(count) => {
                if let Some(own) = shown.own {
                    assert!((own - count / block.n as f64).abs() < 1e-12, "{}", made.provider);
                }
            }
            None => assert!(shown.own.is_none() && shown.own_text == Said::of(&made.report).absent, "{} {shown:?}", made.provider),
        }
    }
}
