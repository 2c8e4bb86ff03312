//! The pages besides the indicators: reading guide, data quality, norms, worksheet, and the sheet of a provider under the minimum.
//! What they say is counted here again, from the lake and the receipts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::Value;
use spiegel_model::{Place, Report, Variant, Verdict, count, percentage};
use spiegel_sample::{Country, CountryOptions};

use crate::command::{KIBG_YEAR, Made, all_reports, key, kibg, providers, query, receipts, scratch, spiegel, tool};
use crate::language::Said;

/// Report specification 3.7.
const MOST_FIELDS: usize = 18;
/// The minimum of a report of its own in kibg (decision 28).
const CLIENTS_FOR_A_REPORT: u64 = 100;
/// A value that is written with so many characters does not occur by chance.
const TELLING_LENGTH: usize = 7;

fn of_variant(variant: Variant) -> impl Iterator<Item = &'static Made> {
    all_reports().iter().filter(move |made| made.report.variant == variant)
}

fn kibg_reports() -> impl Iterator<Item = &'static Made> {
    of_variant(Variant::Individual).filter(|made| made.report.pipeline == "kibg")
}

/// Texts of the pages of a PDF, column by column.
fn pages_of(made: &Made) -> Vec<String> {
    let text = tool("pdftotext", &[OsStr::new("-raw"), made.pdf.as_os_str(), OsStr::new("-")]).expect_code(0).stdout;
    text.split('\u{c}').map(|page| page.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|page| !page.is_empty()).collect()
}

/// Titles of the pages in their order, with the number of the first.
fn titles(report: &Report) -> Vec<(Option<Place>, &str)> {
    let mut titles: Vec<(Option<Place>, &str)> = vec![(None, report.title.as_str())];
    titles.extend(report.guide.iter().map(|page| (None, page.title.as_str())));
    titles.extend(report.indicators.iter().map(|page| (Some(Place::Indicator(page.id.clone())), page.title.as_str())));
    titles.extend(report.population.iter().map(|page| (Some(Place::Population), page.title.as_str())));
    titles.extend(report.quality.iter().map(|page| (Some(Place::Quality), page.title.as_str())));
    titles.extend(report.norms.iter().map(|page| (Some(Place::Norms), page.title.as_str())));
    titles.extend(report.worksheet.iter().map(|page| (Some(Place::Worksheet), page.title.as_str())));
    titles.push((None, report.method.title.as_str()));
    titles
}

/// No page runs over, so every title stands on the page that its place in the order says; and only the method may be longer.
#[test]
fn every_page_begins_where_its_order_says() {
    let mut complaints = Vec::new();
    for made in of_variant(Variant::Individual).chain(of_variant(Variant::Group)) {
        let pages = pages_of(made);
        for (index, (_, title)) in titles(&made.report).into_iter().enumerate() {
            let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
            // The number of an indicator stands before its title.
            if !pages.get(index).is_some_and(|page| page.chars().take(title.chars().count() + 200).collect::<String>().contains(&title)) {
                complaints.push(format!("{} {}: `{title}` is not on page {}", made.report.pipeline, made.provider, index + 1));
                break;
            }
        }
        assert!(pages.len() <= titles(&made.report).len() + 1, "{}: {} pages", made.provider, pages.len());
    }
    assert!(complaints.is_empty(), "{} complaints: {:#?}", complaints.len(), &complaints[..complaints.len().min(20)]);
}

/// "Zie pagina 14" is the page of the subject.
#[test]
fn references_to_pages_are_right() {
    let (mut topics, mut covered) = (0, 0);
    for made in of_variant(Variant::Individual).chain(of_variant(Variant::Group)) {
        let report = &made.report;
        let number: BTreeMap<Place, usize> =
            titles(report).into_iter().enumerate().filter_map(|(index, (place, _))| Some((place?, index + 1))).collect();
        let pages = pages_of(made);
        for topic in &report.summary.topics {
            topics += 1;
            let expected = format!("{} {}{}.", topic.text.split_whitespace().collect::<Vec<_>>().join(" "), Said::of(report).see, number[&topic.place]);
            assert!(pages[0].contains(&expected), "{}: page 1 without `{expected}`", made.provider);
            let on_worksheet = format!("{}{}.", Said::of(report).see, number[&topic.place]);
            assert!(pages[number[&Place::Worksheet] - 1].contains(&on_worksheet), "{}: worksheet without `{on_worksheet}`", made.provider);
        }
        for row in report.norms.iter().flat_map(|norms| &norms.coverage).flat_map(|coverage| &coverage.rows) {
            covered += 1;
            let numbers: Vec<String> = row.places.iter().map(|place| number[place].to_string()).collect();
            let expected = format!("{} {} {}", row.subject, row.present, numbers.join(", "));
            assert!(pages[number[&Place::Norms] - 1].contains(expected.trim()), "{}: norms without `{expected}`", made.provider);
        }
    }
    assert!(topics > 20 && covered > 20, "{topics} topics, {covered} subjects");
}

#[test]
fn the_reading_guide_names_the_groups_and_every_code_that_occurs() {
    for made in of_variant(Variant::Individual) {
        let guide = made.report.guide.as_ref().unwrap();
        assert!(guide.example.contains(Said::of(&made.report).invented), "{}: an example says that it is one", made.provider);
        assert_eq!(guide.texts.len(), 3, "{}: a text beside each figure", made.provider);
        let codes: BTreeSet<&str> = guide.codes.table.rows.iter().map(|row| row[0].as_str()).collect();
        let cells = made.report.summary.rows.iter().filter(|row| !row.own_is_value).map(|row| row.own.as_str());
        for cell in cells {
            assert!(codes.contains(cell), "{}: `{cell}` is not explained", made.provider);
        }
        for group in guide.groups.iter().flat_map(|groups| &groups.table.rows) {
            assert!(group[1].parse::<u64>().unwrap() >= 10, "{}: {group:?}", made.provider);
        }
    }
}

/// The flow adds up, and its rows are those of the receipt.
#[test]
fn no_row_is_lost_in_the_flow() {
    let kept: BTreeMap<String, (u64, u64)> = receipts(kibg())
        .into_iter()
        .filter(|(_, receipt)| receipt.year == Some(2025) && receipt.verdict != Verdict::Refused)
        .map(|(_, receipt)| {
            let of = |number: fn(&spiegel_model::TableCount) -> u64| receipt.tables.iter().filter(|table| table.table == "trajectory").map(number).sum::<u64>();
            (receipt.provider_id.clone(), (of(|table| table.rows), of(|table| table.used)))
        })
        .collect();
    let closed: BTreeMap<String, u64> = query(kibg(), "kibg", "SELECT provider_id, COUNT(*) AS n FROM closed_trajectory WHERE year = 2025 GROUP BY provider_id")
        .into_iter()
        .map(|row| (row["provider_id"].clone(), row["n"].parse().unwrap()))
        .collect();
    let mut flows = 0;
    for made in kibg_reports() {
        flows += 1;
        let flow = made.report.quality.as_ref().unwrap().flow.as_ref().unwrap();
        let (rows, used) = kept[&made.provider];
        let steps = &flow.steps;
        assert_eq!(steps[0].units, rows, "{}", made.provider);
        let at = steps.iter().position(|step| step.label.starts_with("afgesloten")).unwrap();
        let left: u64 = steps[..at].iter().filter(|step| !step.stays).map(|step| step.units).sum();
        assert_eq!(rows - left, steps[at].units, "{}: what stays and what leaves are all", made.provider);
        assert_eq!(steps[at].units, closed[&made.provider], "{}", made.provider);
        assert!(steps[at].units <= used, "{}", made.provider);
        // The parts after it are parts of it.
        assert!(steps[at + 1..].iter().all(|step| step.stays && step.units <= steps[at].units), "{}", made.provider);
        for step in steps {
            assert_eq!(step.text, if step.stays { count(step.units) } else { format!("\u{2212}{}", count(step.units)) });
        }
    }
    assert!(flows > 2, "{flows}");
}

#[test]
fn fields_are_filled_as_the_lake_says() {
    let rows = query(
        kibg(),
        "kibg",
        "SELECT provider_id, COUNT(*) AS n, COUNT(product) AS product, COUNT(referrer) AS referrer FROM closed_trajectory WHERE year = 2025 GROUP BY provider_id",
    );
    let counted: BTreeMap<&str, &BTreeMap<String, String>> = rows.iter().map(|row| (row["provider_id"].as_str(), row)).collect();
    // The mean of the providers with ten closed trajectories and more.
    let national = |column: &str| {
        let shares: Vec<f64> = rows
            .iter()
            .filter(|row| row["n"].parse::<u64>().unwrap() >= 10)
            .map(|row| row[column].parse::<f64>().unwrap() / row["n"].parse::<f64>().unwrap())
            .collect();
        shares.iter().sum::<f64>() / shares.len() as f64
    };
    for made in kibg_reports() {
        let quality = made.report.quality.as_ref().unwrap();
        assert!(quality.fields.table.rows.len() <= MOST_FIELDS);
        for (label, column) in [("Profiel", "product"), ("Verwijzer", "referrer")] {
            let row = quality.fields.table.rows.iter().find(|row| row[0] == label).unwrap();
            let own = counted[made.provider.as_str()];
            let share: f64 = own[column].parse::<f64>().unwrap() / own["n"].parse::<f64>().unwrap();
            let expected = percentage(share, 0);
            let is_edge = share < 1.0 && expected == "100%" || share > 0.0 && expected == "0%";
            assert!(row[1] == expected || is_edge, "{} {label}: {} and {expected}", made.provider, row[1]);
            assert_eq!(row[2], percentage(national(column), 0), "{} {label}", made.provider);
        }
        // Worst first: what is not compared, then with reserve, then the rest.
        let rank = |row: &Vec<String>| match row[4].as_str() {
            text if text.starts_with("niet vergeleken: ") => 0,
            "voorbehoud bij de correctie" => 2,
            text if text.starts_with("voorbehoud bij ") => 1,
            "geen" => 3,
            other => panic!("{}: {other}", made.provider),
        };
        assert!(quality.fields.table.rows.iter().map(rank).is_sorted(), "{}", made.provider);
    }
}

/// At most three things, each with something to do, and a route to correct with its date.
#[test]
fn data_quality_ends_in_something_to_do() {
    for made in of_variant(Variant::Individual) {
        let quality = made.report.quality.as_ref().unwrap();
        let correction = quality.sections.last().unwrap();
        assert_eq!(correction.title, Said::of(&made.report).correction);
        if made.report.pipeline == "kibg" {
            let improve = &quality.sections[0];
            assert!(improve.bullets.len() <= 3, "{}: {improve:?}", made.provider);
            assert!(!improve.bullets.is_empty() || !improve.paragraphs.is_empty(), "{}", made.provider);
            assert!(correction.paragraphs[0].contains("spiegel@kibg.nl") && correction.paragraphs[0].contains("15 augustus 2026"), "{correction:?}");
        } else {
            assert!(quality.flow.is_none(), "{}: totals have no rows of a provider", made.provider);
            assert_eq!(quality.fields.table.rows.len(), made.report.indicators.len());
        }
    }
}

/// What is read of a norm agrees with the figure, and no norm of one year is told as one of another.
#[test]
fn norms_are_read_as_the_figures_say() {
    let mut read = 0;
    for made in kibg_reports() {
        let norms = made.report.norms.as_ref().unwrap();
        for row in &norms.rows {
            let Some(bullet) = &row.bullet else { continue };
            read += 1;
            let (reference, own) = (bullet.reference.value, &bullet.own);
            let crosses = own.interval.is_some_and(|range| range.lower <= reference && reference <= range.upper);
            let side = if own.value > reference { "boven" } else { "onder" };
            assert!(row.reading.contains(&format!("{side} ")), "{} {}: {}", made.provider, row.id, row.reading);
            assert_eq!(row.reading.contains("het verschil kan toeval zijn"), crosses, "{} {}: {}", made.provider, row.id, row.reading);
            assert_eq!(row.reading.contains("het hele interval"), !crosses && own.interval.is_some(), "{} {}", made.provider, row.id);
        }
        let of = |id: &str| norms.rows.iter().find(|row| row.id == id);
        let old = of("2018/rom-60-procent").unwrap();
        assert!(old.reading.contains("vraag over 2017") && old.reading.contains("vraagt dit niet"), "{}", old.reading);
        let mark = of("2025/rapportcijfer-website").unwrap();
        if made.report.indicators.iter().any(|page| page.id == "rapportcijfer" && page.position.value.is_some()) {
            assert!(mark.reading.contains("over 2025") && mark.reading.contains("over 2024"), "{}: norm year and data year: {}", made.provider, mark.reading);
        }
        assert!(norms.sentences.iter().any(|sentence| sentence.contains("geen maximum")));
    }
    assert!(read > 4, "{read}");
    assert!(of_variant(Variant::Individual).all(|made| made.report.pipeline == "kibg" || made.report.norms.is_none()), "norms of kibg are of kibg");
}

#[test]
fn coverage_of_norm_2a_counts_the_subjects_that_are_there() {
    for made in kibg_reports() {
        let coverage = made.report.norms.as_ref().unwrap().coverage.as_ref().unwrap();
        assert_eq!(coverage.rows.len(), 7, "norm 2a has seven subjects");
        for row in &coverage.rows {
            let there = row
                .places
                .iter()
                .filter(|place| match place {
                    Place::Indicator(id) => made.report.indicators.iter().any(|page| page.id == *id && page.position.value.is_some()),
                    _ => made.report.population.is_some(),
                })
                .count();
            let expected = if there == 0 {
                "nee"
            } else if there == row.places.len() {
                "ja"
            } else {
                "deels"
            };
            assert_eq!(row.present, expected, "{} {}", made.provider, row.subject);
        }
    }
}

#[test]
fn the_worksheet_begins_with_the_topics_of_page_one() {
    for made in of_variant(Variant::Individual) {
        let worksheet = made.report.worksheet.as_ref().unwrap();
        let filled: Vec<&str> = worksheet.topics.iter().filter(|topic| topic.place.is_some()).map(|topic| topic.title.as_str()).collect();
        let topics: Vec<&str> = made.report.summary.topics.iter().map(|topic| topic.text.trim_end_matches('.')).collect();
        assert_eq!(filled, topics, "{}", made.provider);
        assert_eq!(worksheet.topics.len(), 3, "{}", made.provider);
        let text = pages_of(made).into_iter().find(|page| page.contains(&worksheet.title)).unwrap();
        for prompt in worksheet.prompts.iter().chain(&worksheet.closing) {
            assert!(text.contains(prompt.as_str()), "{}: no room for `{prompt}`", made.provider);
        }
    }
}

#[test]
fn a_sheet_tells_what_arrived_and_no_outcome() {
    let values: BTreeMap<String, Vec<f64>> = query(kibg(), "kibg", "SELECT provider_id, value FROM observations_2025 WHERE year = 2025 AND value IS NOT NULL")
        .into_iter()
        .fold(BTreeMap::new(), |mut values, row| {
            values.entry(row["provider_id"].clone()).or_insert_with(Vec::new).push(row["value"].parse().unwrap());
            values
        });
    let states: BTreeMap<String, Value> = providers(kibg(), "2025").into_iter().collect();
    let mut sheets = 0;
    for made in of_variant(Variant::OwnSheet) {
        sheets += 1;
        let report = &made.report;
        assert!(report.indicators.is_empty() && report.population.is_none() && report.guide.is_none() && report.quality.is_none() && report.norms.is_none());
        assert!(report.title.starts_with("Uw blad 2025 – "), "{}", report.title);
        assert!(made.pdf.file_name().unwrap().to_str().unwrap().starts_with("uw-blad-2025-"));
        let pages = pages_of(made);
        assert_eq!(pages.len(), 1, "{}", made.provider);
        let clients = states[&made.provider]["under_minimum"]["clients"].as_u64().unwrap();
        assert!(clients < CLIENTS_FOR_A_REPORT);
        let said = &report.summary.sentences[0];
        if clients >= 30 {
            assert!(said.contains(&format!(" {clients} cliënten ")), "{said}");
        } else {
            assert!(said.contains("ongeveer ") || said.contains("minder dan 5"), "{said}");
            let written = clients.to_string();
            assert!(clients.is_multiple_of(5) || !said.split(' ').any(|word| word == written), "{clients} in {said}");
        }
        assert!(report.summary.sentences[1].contains(" 100 nodig"));
        let words: BTreeSet<&str> = report.completeness.as_ref().unwrap().table.rows.iter().map(|row| row[1].as_str()).collect();
        assert!(words.iter().all(|word| ["volledig", "deels", "ontbreekt"].contains(word)), "{words:?}");
        // No share, no interval, and none of its values.
        assert!(!pages[0].contains('%'), "{}: {}", made.provider, pages[0]);
        for value in values.get(&made.provider).into_iter().flatten().map(f64::to_string).filter(|value| value.len() >= TELLING_LENGTH) {
            assert!(!made.json.contains(&value), "{}: {value}", made.provider);
        }
        assert!(report.summary.blocks.iter().any(|block| block.title.starts_with("Zo komt u eerder")), "{}", made.provider);
    }
    assert!(sheets > 5, "{sheets} sheets");
}

/// "U behandelt minder cliënten zonder bekende diagnose" is not how anybody says it.
#[test]
fn what_is_not_known_of_clients_is_told_as_such() {
    let sentences: Vec<&String> = of_variant(Variant::Individual).flat_map(|made| &made.report.population).flat_map(|page| &page.sentences).collect();
    assert!(sentences.len() > 50, "{}", sentences.len());
    for sentence in &sentences {
        assert!(!sentence.contains("zonder bekend") && !sentence.contains("cliënten met onbekend") && !sentence.contains("clients of unknown"), "{sentence}");
        let is_unknown = sentence.contains("onbekend") || sentence.contains("unknown");
        assert_eq!(sentence.starts_with("Bij u is ") || sentence.starts_with("For you "), is_unknown, "{sentence}");
    }
}

/// An expected provider that sends nothing has a status and no file.
#[test]
fn who_delivers_nothing_gets_no_pdf_and_a_status() {
    let folder = scratch("silent-country");
    let options = CountryOptions { providers: 8, first_year: 2025, years: 1, seed: 11, dirty: false };
    Country::new(options).write(&folder).unwrap();
    let inbox = folder.join("inbox");
    let mut submissions: Vec<_> = fs::read_dir(&inbox).unwrap().flatten().map(|entry| entry.path()).collect();
    submissions.sort();
    let silent = &submissions[0];
    let id = silent.file_name().unwrap().to_str().unwrap().split('_').nth(1).unwrap().to_owned();
    remove(silent);
    let batch = scratch("silent");
    let run = |verb: &str, more: &[&str]| {
        let mut arguments = vec![verb, KIBG_YEAR, "--batch", batch.to_str().unwrap()];
        arguments.extend(more);
        spiegel(&arguments)
    };
    run("ingest", &["--inbox", inbox.to_str().unwrap(), "--key", key().to_str().unwrap(), "--no-feedback"]).expect_code(0);
    run("benchmark", &[]).expect_code(0);
    let state = providers(&batch, "2025").into_iter().find(|(provider, _)| *provider == id).unwrap().1;
    assert_eq!(state["report"]["state"], "geen_aanlevering");
    assert!(!batch.join("reports/2025").join(&id).exists());
    let said = spiegel(&["status", "--batch", batch.to_str().unwrap()]).expect_code(0).stdout;
    let line = said.lines().find(|line| line.starts_with(&id)).unwrap();
    assert!(line.ends_with("geen_aanlevering"), "{line}");
    assert_eq!(said.matches("geen_aanlevering").count(), 1, "only who sent nothing");
    let group = said.lines().last().unwrap();
    assert!(group.starts_with("groep ") && group.contains("geen groepsrapport (") && group.ends_with("10 nodig)"), "too few for a group: {group}");
    assert!(!batch.join("reports/2025/groep").exists());
}

fn remove(path: &Path) {
    if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
}
