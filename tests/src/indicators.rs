//! What the indicators of kibg select, on a country and on a change of scheme: the traps of domain section 7 that a case
//! of one indicator and one year cannot show. Other traps are keys in the `cases.slt` of their indicator.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use spiegel_model::{IndicatorSpec, PipelineSpec};

use crate::command::{definitions, kibg, query, scratch, spiegel};
use crate::submissions::run_year;
use crate::tree::copy;

type Row = BTreeMap<String, String>;

fn definition(file: &str) -> String {
    fs::read_to_string(definitions().join("pipelines/kibg").join(file)).unwrap()
}

fn pipeline() -> PipelineSpec {
    toml::from_str(&definition("pipeline.toml")).unwrap()
}

fn spec(indicator: &str) -> IndicatorSpec {
    toml::from_str(&definition(&format!("indicators/{indicator}/indicator.toml"))).unwrap()
}

/// A definition's SQL on the country, for 2025.
fn selected(file: &str) -> Vec<Row> {
    let sql = definition(file)
        .replace("$year", "2025")
        .replace("$period_start", "DATE '2025-01-01'")
        .replace("$period_end", "DATE '2025-12-31'");
    // A comment at the beginning would read as an option of the command.
    query(kibg(), "kibg", &format!("\n{sql}"))
}

/// Indicators with their rows; those in T need a larger country, in which a scale has enough providers for a norm (`frozen_reference`).
fn selectable() -> Vec<(IndicatorSpec, Vec<Row>)> {
    let ids = pipeline().indicators;
    let specs = ids.iter().map(|id| IndicatorSpec { id: id.clone(), ..spec(id) }).filter(|spec| !spec.national_norm);
    specs.map(|spec| (spec.clone(), selected(&format!("indicators/{}/indicator.sql", spec.id)))).collect()
}

fn mean<'row>(rows: impl Iterator<Item = &'row Row>) -> f64 {
    let values: Vec<f64> = rows.map(|row| row["value"].parse().unwrap()).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn every_indicator_gives_one_row_for_each_unit_with_the_columns_that_it_declares() {
    for (spec, rows) in selectable() {
        assert!(rows.len() > 100, "{}: {} rows in the whole country", spec.id, rows.len());
        let units: BTreeSet<_> = rows.iter().map(|row| (&row["provider_id"], &row["unit_id"])).collect();
        assert_eq!(units.len(), rows.len(), "{}: a unit comes twice", spec.id);
        for adjuster in &spec.adjusters {
            let known = rows.iter().filter(|row| !row.get(&adjuster.column).unwrap_or_else(|| panic!("{}: no column {}", spec.id, adjuster.column)).is_empty());
            assert!(known.count() * 3 > rows.len(), "{}: {} is hardly ever known", spec.id, adjuster.column);
        }
        assert_eq!(rows[0].contains_key("part"), spec.parts, "{}: `parts` and the column `part` go together", spec.id);
    }
}

/// At most twelve indicators have a page and a row on page 1; the others stand on the page of one of those.
#[test]
fn an_indicator_that_is_shown_with_another_is_shown_on_its_page() {
    let specs: BTreeMap<String, IndicatorSpec> = pipeline().indicators.into_iter().map(|id| (id.clone(), spec(&id))).collect();
    assert!(specs.values().filter(|spec| spec.shown_with.is_none()).count() <= 12);
    for (id, spec) in &specs {
        let Some(host) = &spec.shown_with else { continue };
        assert!(specs[host].shown_with.is_none(), "{id} is shown with {host}, which has no page");
    }
}

/// Who delivers everything, and minutes exactly, has a value everywhere; who delivers no experiences, or anonymous ones only, has no response, which is not 0.
#[test]
fn a_provider_that_delivered_everything_has_a_value_of_every_indicator() {
    let delivered = query(
        kibg(),
        "kibg",
        "WITH closed AS (
             SELECT provider_id, COUNT(*) AS units, COUNT(blended) AS blended, COUNT(intake_date) AS intake, SUM(CASE WHEN minutes_source = 'exact' THEN 1 ELSE 0 END) AS exact
             FROM trajectory
             WHERE year = 2025 AND end_date IS NOT NULL
             GROUP BY provider_id
         ),
         answered AS (
             SELECT provider_id, COUNT(*) AS answers, COUNT(trajectory_id) AS linked
             FROM experience
             WHERE year = 2025
             GROUP BY provider_id
         ),
         measured AS (SELECT provider_id, COUNT(*) AS scores FROM measurement WHERE year = 2025 GROUP BY provider_id)
         SELECT closed.provider_id, closed.blended, closed.intake, closed.exact, answered.answers, answered.linked, measured.scores
         FROM closed
         LEFT JOIN answered ON answered.provider_id = closed.provider_id
         LEFT JOIN measured ON measured.provider_id = closed.provider_id
         WHERE closed.units >= 50",
    );
    let values = query(kibg(), "kibg", "SELECT provider_id, indicator FROM observations_2025 WHERE year = 2025 AND value IS NOT NULL");
    let known: BTreeSet<(&str, &str)> = values.iter().map(|row| (row["provider_id"].as_str(), row["indicator"].as_str())).collect();
    let (mut complete, mut unknown) = (0, 0);
    for row in &delivered {
        let number = |name: &str| row[name].parse::<u64>().unwrap_or(0);
        if (number("answers") - number("linked")) * 10 > number("answers") || number("answers") == 0 {
            unknown += 1;
            assert!(!known.contains(&(&row["provider_id"], "respons-clientervaring")), "the response of {} is not known", row["provider_id"]);
        } else if ["blended", "intake", "exact", "scores"].iter().all(|name| number(name) > 0) {
            complete += 1;
            // The effect also needs a norm of the provider's questionnaires, which the nation has to deliver.
            for id in pipeline().indicators.into_iter().filter(|id| !spec(id).national_norm) {
                assert!(known.contains(&(&row["provider_id"], &id)), "{} delivered everything, and has no {id}", row["provider_id"]);
            }
        }
    }
    assert!(complete >= 2 && unknown >= 1, "{complete} delivered everything, of {unknown} the response is unknown");
}

/// Trajectories of one year for traps 1 and 2, each of `days` and `minutes`: closed under its scheme, and closed for the administration.
fn of_scheme(inbox: &Path, year: i32, scheme: &str, (days, minutes): (u32, u32)) {
    let mut text = "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;product;minuten_direct;minuten_indirect;minuten_bron;geboortejaar;geslacht\n".to_owned();
    for number in 0..60_u32 {
        let month = number % 6 + 1;
        let row = format!("C{number:03};{year}-{month:02}-01;{year}-{month:02}-{:02};afgerond;{scheme};M;{};{};exact;1980;v", days + 1, minutes + number % 2, number);
        text.push_str(&format!("T{number:03};{row}\n"));
    }
    for number in 0..30_u32 {
        text.push_str(&format!("A{number:03};D{number:03};{year}-12-0{};{year}-12-31;administratief;{scheme};M;30;{number};exact;1980;v\n", number % 9 + 1));
    }
    let folder = inbox.join(format!("KIBG_94000101_{year}_01"));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("trajecten.csv"), text).unwrap();
}

/// Trap 1: minutes of the GBGGZ hold indirect time as well, so that its years have no value, and never a share in one.
/// Trap 2: its last trajectories were closed for the administration on 31 December 2021; they are no endings, and the years stand apart.
#[test]
fn traps_1_and_2_the_change_of_scheme_stands_in_no_mean() {
    let folder = scratch("scheme");
    let (inbox, batch, own) = (folder.join("inbox"), folder.join("batch"), folder.join("kibg"));
    copy(&definitions().join("pipelines/kibg"), &own);
    for year in [2021, 2022] {
        let text = fs::read_to_string(own.join("years/2025.toml")).unwrap();
        assert!(text.contains("trend_from = 2023") && text.contains("corrections_until"));
        // The edition of a norm is no year of data.
        let text = text.replace("norms = [\"2025\", \"2018\"]", "").replace("2025", &year.to_string()).replace("trend_from = 2023", "trend_from = 2021");
        fs::write(own.join(format!("years/{year}.toml")), text).unwrap();
    }
    of_scheme(&inbox, 2021, "GBGGZ", (20, 300));
    of_scheme(&inbox, 2022, "ZPM", (10, 600));
    for year in [2021, 2022] {
        let settings = own.join(format!("years/{year}.toml"));
        run_year("ingest", settings.to_str().unwrap(), &inbox, &batch).expect_code(0);
    }
    let settings = own.join("years/2022.toml");
    spiegel(&["benchmark", settings.to_str().unwrap(), "--batch", batch.to_str().unwrap()]).expect_code(0);
    let observed = query(&batch, "kibg", "SELECT indicator, year, n, value FROM observations_2022");
    let of = |indicator: &str, year: &str| {
        let row = observed.iter().find(|row| row["indicator"] == indicator && row["year"] == year);
        row.filter(|row| !row["value"].is_empty()).map(|row| (row["n"].parse::<f64>().unwrap(), row["value"].parse::<f64>().unwrap()))
    };
    assert_eq!((of("behandelminuten", "2021"), of("boven-540-minuten", "2021")), (None, None));
    assert_eq!(of("behandelminuten", "2022"), Some((60.0, 600.5)));
    assert_eq!(of("boven-540-minuten", "2022"), Some((60.0, 1.0)));
    assert_eq!((of("duur-in-dagen", "2021"), of("duur-in-dagen", "2022")), (Some((60.0, 20.0)), Some((60.0, 10.0))));
    assert_eq!((of("onvolledige-trajecten", "2021"), of("onvolledige-trajecten", "2022")), (Some((60.0, 0.0)), Some((60.0, 0.0))));
    for indicator in ["behandelminuten", "boven-540-minuten", "duur-in-dagen", "onvolledige-trajecten"] {
        assert_eq!(spec(indicator).breaks.iter().map(|one| one.first_year).collect::<Vec<_>>(), [2022], "{indicator}");
    }
}

/// Trap 4: with a privacy statement the diagnosis is absent by law. It is a category of its own, for the place and for the population.
#[test]
fn trap_4_a_privacy_statement_is_no_missing_diagnosis() {
    let counted = query(
        kibg(),
        "kibg",
        "SELECT
             SUM(CASE WHEN privacy_optout THEN 1 ELSE 0 END) AS private,
             SUM(CASE WHEN diagnosis_group IS NULL AND NOT COALESCE(privacy_optout, FALSE) THEN 1 ELSE 0 END) AS missing,
             COUNT(*) AS units
         FROM trajectory
         WHERE year = 2025 AND end_date IS NOT NULL AND close_reason <> 'administratief'",
    );
    let number = |row: &Row, name: &str| row[name].parse::<u64>().unwrap();
    let population = selected("population.sql");
    let of = |characteristic: &str, category: &str| -> u64 {
        let rows = population.iter().filter(|row| row["characteristic"] == characteristic && (category.is_empty() || row["category"] == category));
        rows.map(|row| number(row, "units")).sum()
    };
    assert!(number(&counted[0], "private") > 0 && number(&counted[0], "missing") > 0);
    assert_eq!(of("diagnosis", "unknown_privacy"), number(&counted[0], "private"));
    assert_eq!(of("diagnosis", "unknown"), number(&counted[0], "missing"));
    for characteristic in pipeline().population.unwrap().characteristics {
        assert_eq!(of(&characteristic.id, ""), number(&counted[0], "units"), "{}: every trajectory has one category", characteristic.id);
        // No scale has enough providers for a norm in this country: severity is counted again in `frozen_reference`.
        for category in characteristic.categories.iter().filter(|category| characteristic.id != "severity" || !category.unknown.is_empty()) {
            assert!(of(&characteristic.id, &category.id) > 0, "{}: nobody in the country is {}", characteristic.id, category.id);
        }
    }
    let adjusted = selected("indicators/behandelminuten/indicator.sql");
    assert!(adjusted.iter().any(|row| row["diagnosis_group"] == "unknown_privacy") && adjusted.iter().any(|row| row["diagnosis_group"].is_empty()));
}

/// Trap 5: clients with profile C distort minutes and days, so that those are selected by profile as well.
#[test]
fn trap_5_chronic_clients_stand_apart() {
    let parts: BTreeSet<String> = pipeline().parts.unwrap().categories.into_iter().map(|category| category.id).collect();
    assert_eq!(parts, ["C", "I", "K", "M"].map(str::to_owned).into());
    for indicator in ["behandelminuten", "boven-540-minuten", "duur-in-dagen", "voor-en-nameting"] {
        assert!(spec(indicator).parts, "{indicator}");
        let rows = selected(&format!("indicators/{indicator}/indicator.sql"));
        let found: BTreeSet<String> = rows.iter().map(|row| row["part"].clone()).filter(|part| !part.is_empty()).collect();
        assert_eq!(found, parts, "{indicator}");
    }
    let days = selected("indicators/duur-in-dagen/indicator.sql");
    let (all, without) = (mean(days.iter()), mean(days.iter().filter(|row| row["part"] != "C")));
    let chronic = mean(days.iter().filter(|row| row["part"] == "C"));
    assert!(all > without && chronic > all, "{chronic} days with profile C, {all} in all, {without} without");
    // A code of digits is text, with its leading zeros: the other half of this trap is E213.
    let providers: BTreeSet<usize> = days.iter().map(|row| row["provider_id"].len()).collect();
    assert_eq!(providers, BTreeSet::from([8]));
}

/// Only closures that were followed for a full year count; the text says that a return elsewhere is not seen.
#[test]
fn trap_3_back_in_care_needs_a_full_year_and_stays_with_the_provider() {
    let ended: BTreeMap<(String, String), String> = query(kibg(), "kibg", "SELECT provider_id, trajectory_id, end_date FROM trajectory WHERE end_date IS NOT NULL")
        .into_iter()
        .map(|row| ((row["provider_id"].clone(), row["trajectory_id"].clone()), row["end_date"].clone()))
        .collect();
    let rows = selected("indicators/terug-in-zorg/indicator.sql");
    let counted: Vec<&Row> = rows.iter().filter(|row| !row["met"].is_empty()).collect();
    assert!(counted.len() > 300, "{}", counted.len());
    for row in &counted {
        // A unit is a closure: year of the delivery / trajectory.
        let (_, trajectory) = row["unit_id"].split_once('/').unwrap();
        let end = &ended[&(row["provider_id"].clone(), trajectory.to_owned())];
        assert!(end.as_str() < "2025-01-01", "{end} is not followed for a year by the end of 2025");
    }
    let text = definition("indicators/terug-in-zorg/text.nl.md");
    assert!(text.contains("dezelfde aanbieder") || text.contains("bij u"), "{text}");
}

/// Where a place is adjusted, of an effect above all, the raw value and both intervals stand beside it, and nobody gets a rank. Traps 6 and 8 are those of
/// `small_group` and of the cases of the CQi.
#[test]
fn trap_7_the_effect_is_adjusted_beside_the_raw_value() {
    let mut adjusted = 0;
    for made in crate::command::reports(kibg(), "2025").iter().filter(|made| made.provider != "groep") {
        for page in made.report.indicators.iter().filter(|page| page.position.adjusted.is_some()) {
            adjusted += 1;
            let text: String = page.sections.iter().flat_map(|section| &section.paragraphs).map(String::as_str).collect();
            assert!(text.contains("Gecorrigeerd voor") && text.contains("zonder correctie") && text.matches("95%-interval").count() >= 2, "{text}");
            assert!(page.position.interval.is_some() && page.position.adjusted.as_ref().is_some_and(|one| one.interval.is_some()));
        }
        let all = made.json.to_lowercase();
        assert!(["ranglijst", "percentiel", "plaats 1 van"].iter().all(|word| !all.contains(word)));
    }
    assert!(adjusted > 0, "nothing is adjusted in this country");
}

/// Questionnaires are copyrighted: the pipeline ships codes, ranges and scoring, and not what is asked.
#[test]
fn trap_9_no_item_of_a_questionnaire_is_shipped() {
    for file in ["instruments.toml", "submission/cqi.toml", "submission/rom.toml"] {
        let text = definition(file);
        let table: toml::Table = toml::from_str(&text).unwrap();
        let mut keys = BTreeSet::new();
        fn walk(value: &toml::Value, keys: &mut BTreeSet<String>) {
            match value {
                toml::Value::Table(table) => table.iter().for_each(|(key, value)| {
                    keys.insert(key.clone());
                    walk(value, keys);
                }),
                toml::Value::Array(list) => list.iter().for_each(|value| walk(value, keys)),
                _ => {}
            }
        }
        walk(&toml::Value::Table(table), &mut keys);
        // A question mark ends an item; nothing else in these files asks anything.
        let asked = text.lines().filter(|line| !line.starts_with('#')).find(|line| line.contains('?'));
        assert!(asked.is_none() && !keys.iter().any(|key| ["question", "item_text", "wording", "text"].contains(&key.as_str())), "{file}: {asked:?}");
    }
}
