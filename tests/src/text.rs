//! What a report says: no verdict, no unfinished sentence, and nothing that contradicts what it draws
//! (report specification 4.3 and 9.3, decision 35).

use serde_json::Value;
use spiegel_model::{FunnelPlot, IndicatorPage, Label, Report, Side, SummaryRow};

use crate::command::{Made, all_reports};
use crate::language::Said;

/// Decision 35.
const WORDS_IN_A_SENTENCE: usize = 25;
/// Report specification 9.2.
const ALTERNATIVE_TEXT_MAXIMUM: usize = 350;
/// Of the standard normal: the limits that are drawn.
const INNER: f64 = 1.959_963_984_540_054;
const OUTER: f64 = 3.090_232_306_167_813;

/// Sentences that are made for this provider; library texts of an indicator, fixed headings and the reading guide are not (decision 35).
fn generated(report: &Report) -> Vec<&String> {
    let mut texts = sentences_for_reading(report);
    for page in &report.indicators {
        texts.extend(page.dot_plot.iter().chain(&page.within).flat_map(|plot| [&plot.caption, &plot.alt]));
        texts.extend(page.funnel.iter().flat_map(|plot| [&plot.caption, &plot.alt]));
        texts.extend(page.trend.iter().flat_map(|plot| [&plot.caption, &plot.alt]));
    }
    texts.extend(report.quality.iter().flat_map(|page| page.fields.table.rows.iter().flatten().chain(page.flow.iter().map(|flow| &flow.alt))));
    for row in report.norms.iter().flat_map(|page| &page.rows) {
        texts.push(&row.own);
        texts.extend(row.bullet.iter().map(|bullet| &bullet.alt));
    }
    texts.extend(report.completeness.iter().flat_map(|part| part.table.rows.iter().flatten()));
    texts
}

/// The same without alternative texts, captions and cells, which list numbers.
fn sentences_for_reading(report: &Report) -> Vec<&String> {
    let summary = &report.summary;
    let mut texts: Vec<&String> = summary.sentences.iter().chain([&summary.topics_none]).chain(summary.topics.iter().map(|topic| &topic.text)).collect();
    texts.extend(summary.blocks.iter().flat_map(|block| block.paragraphs.iter().chain(&block.bullets)));
    for page in &report.indicators {
        texts.extend(page.headline.iter().chain(&page.sentences));
        texts.extend(page.sections.iter().filter(|section| section.title == Said::of(report).certain).flat_map(|section| &section.paragraphs));
    }
    texts.extend(report.population.iter().flat_map(|page| &page.sentences));
    texts.extend(report.quality.iter().flat_map(|page| &page.sentences));
    texts.extend(report.quality.iter().flat_map(|page| &page.sections).flat_map(|section| section.paragraphs.iter().chain(&section.bullets)));
    texts.extend(report.norms.iter().flat_map(|page| page.sentences.iter().chain(page.rows.iter().map(|row| &row.reading))));
    texts.extend(report.norms.iter().filter_map(|page| page.coverage.as_ref()).map(|coverage| &coverage.sentence));
    texts.extend(report.worksheet.iter().flat_map(|page| [&page.intro].into_iter().chain(page.topics.iter().map(|topic| &topic.title))));
    texts
}

/// Sentences of a text: an end is followed by a space and a capital.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.char_indices().position(|(at, letter)| {
        let after = &rest[at + letter.len_utf8()..];
        ".!?".contains(letter) && after.starts_with(' ') && after.trim_start().starts_with(char::is_uppercase)
    }) {
        let end = rest.char_indices().nth(end + 1).map_or(rest.len(), |(at, _)| at);
        found.push(rest[..end].trim());
        rest = &rest[end..];
    }
    found.push(rest.trim());
    found
}

/// Fails once with every complaint; the same sentence of many providers is told once.
fn none(complaints: impl IntoIterator<Item = String>) {
    let all: std::collections::BTreeSet<String> = complaints.into_iter().collect();
    let told: Vec<&String> = all.iter().take(30).collect();
    assert!(all.is_empty(), "{} complaints:\n{told:#?}", all.len());
}

fn name_of(made: &Made) -> String {
    format!("{} {}", made.report.pipeline, made.provider)
}

#[test]
fn generated_sentences_pass_no_verdict() {
    none(all_reports().iter().flat_map(|made| {
        let said = Said::of(&made.report);
        generated(&made.report).into_iter().flat_map(move |text| {
            let words = text.replace(&made.report.provider.name, "").to_lowercase();
            let words = said.allowed.iter().fold(words, |words, allowed| words.replace(allowed, ""));
            let words: Vec<&str> = words.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
            let found: Vec<String> =
                said.forbidden.iter().filter(|word| words.contains(*word)).map(|word| format!("{}: `{word}` in: {text}", name_of(made))).collect();
            found
        })
    }));
}

#[test]
fn no_generated_sentence_is_longer_than_twenty_five_words() {
    none(all_reports().iter().flat_map(|made| {
        sentences_for_reading(&made.report).into_iter().flat_map(|text| sentences(text)).filter_map(|sentence| {
            let words = sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
            (words > WORDS_IN_A_SENTENCE).then(|| format!("{words} words: {sentence}"))
        })
    }));
}

/// Every text of a report, with its path.
fn texts(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Array(list) => list.iter().for_each(|one| texts(one, path, found)),
        Value::Object(entries) => entries.iter().for_each(|(key, one)| texts(one, &format!("{path}/{key}"), found)),
        _ => {}
    }
}

/// What is wrong with a printed text, if anything.
fn unfinished(text: &str) -> Option<&'static str> {
    let has_word = |word: &str| text.split(|letter: char| !letter.is_alphanumeric()).any(|one| one == word);
    if ["NaN", "inf", "null", "None", "Some", "TODO", "undefined"].into_iter().any(has_word) {
        return Some("a word of the program");
    }
    if text.contains('{') || text.contains('}') {
        return Some("a slot that is not filled");
    }
    if text.contains("  ") || text.contains(" .") || text.contains(" ,") || text.contains(" ;") {
        return Some("a space too many");
    }
    if text.contains("()") || text.contains("( )") || text.contains("..") || text.contains(",,") {
        return Some("something left out");
    }
    if text.contains('\u{fffd}') || text.contains('\u{ad}') {
        return Some("a character that should not be there");
    }
    // A number that could not be written is a question mark without a question.
    let is_number = text.char_indices().any(|(at, letter)| {
        let before = text[..at].chars().next_back();
        letter == '?' && before.is_none_or(|before| !before.is_alphabetic() && before != '\'' && before != ')' && before != '%')
    });
    is_number.then_some("a number that is none")
}

#[test]
fn no_text_is_unfinished() {
    none(all_reports().iter().flat_map(|made| {
        let mut found = Vec::new();
        texts(&serde_json::from_str(&made.json).unwrap(), "", &mut found);
        let name = made.report.provider.name.clone();
        found.into_iter().filter_map(move |(path, text)| {
            let text = text.replace(&name, "NAAM");
            unfinished(&text).map(|what| format!("{what} in {path}: {text}"))
        })
    }));
}

#[test]
fn alternative_texts_are_short_and_different() {
    for made in all_reports() {
        let pages = made.report.indicators.iter();
        let mut alternatives: Vec<&String> = pages
            .flat_map(|page| {
                let plots = [page.dot_plot.as_ref().map(|plot| &plot.alt), page.within.as_ref().map(|plot| &plot.alt), page.funnel.as_ref().map(|plot| &plot.alt), page.trend.as_ref().map(|plot| &plot.alt)];
                plots.into_iter().flatten()
            })
            .chain(made.report.population.iter().flat_map(|page| &page.blocks).map(|block| &block.alt))
            .chain(made.report.guide.iter().flat_map(|page| [&page.spine.alt, &page.dot_plot.alt].into_iter().chain(page.funnel.iter().map(|funnel| &funnel.alt))))
            .chain(made.report.quality.iter().filter_map(|page| page.flow.as_ref()).map(|flow| &flow.alt))
            .chain(made.report.norms.iter().flat_map(|page| &page.rows).filter_map(|row| row.bullet.as_ref()).map(|bullet| &bullet.alt))
            .collect();
        for text in &alternatives {
            assert!(!text.is_empty() && text.chars().count() <= ALTERNATIVE_TEXT_MAXIMUM, "{}: {text}", name_of(made));
        }
        alternatives.sort();
        let count = alternatives.len();
        alternatives.dedup();
        assert_eq!(alternatives.len(), count, "{}", name_of(made));
    }
}

#[test]
fn numbers_are_written_as_in_the_language() {
    let (dutch, english) = (Said::in_language("nl"), Said::in_language("en"));
    assert!(dutch.has_foreign_number("van 3.5 naar 4") && !dutch.has_foreign_number("van 3,5 naar 1.234.567. Dat is 4."));
    assert!(english.has_foreign_number("from 3,5 to 4") && !english.has_foreign_number("from 3.5 to 1,234,567. That is 4."));
    none(all_reports().iter().flat_map(|made| {
        let report = &made.report;
        let said = Said::of(report);
        let cells = report.summary.rows.iter().flat_map(|row| [&row.n, &row.own, &row.interval]);
        let tables = report.indicators.iter().flat_map(|page| page.table.rows.iter().flatten());
        let shares = report.population.iter().flat_map(|page| page.blocks.iter().flat_map(|block| block.rows.iter().map(|row| &row.own_text)));
        let steps = report.quality.iter().filter_map(|page| page.flow.as_ref()).flat_map(|flow| flow.steps.iter().map(|step| &step.text));
        let all: Vec<&String> = generated(report).into_iter().chain(cells).chain(tables).chain(shares).chain(steps).collect();
        all.into_iter().filter(|text| said.has_foreign_number(text)).map(|text| format!("{}: {text}", name_of(made))).collect::<Vec<_>>()
    }));
}

/// Keys of `report.json` that hold no words for a reader.
const NO_WORDS: [&str; 6] = ["id", "indicator", "kind", "pipeline", "language", "definition"];

/// A report of one language has no word of the other, from its title to its colophon.
#[test]
fn no_word_of_another_language_is_said() {
    let mut looked_at = std::collections::BTreeMap::new();
    none(all_reports().iter().flat_map(|made| {
        let said = Said::of(&made.report);
        *looked_at.entry(said.tag).or_insert(0) += 1;
        let mut found = Vec::new();
        texts(&serde_json::from_str(&made.json).unwrap(), "", &mut found);
        let name = made.report.provider.name.clone();
        let foreign = said.other().typical;
        found
            .into_iter()
            .filter(|(path, _)| !path.rsplit('/').next().is_some_and(|key| NO_WORDS.contains(&key)) && !path.contains("/position/"))
            // The sentence that the Open Government Licence asks for is English in every language.
            .filter(|(_, text)| !text.starts_with("Contains public sector information"))
            .filter_map(move |(path, text)| {
                let words = text.replace(&name, "").to_lowercase();
                let word = foreign.iter().find(|word| words.split(|letter: char| !letter.is_alphanumeric()).any(|one| one == **word))?;
                Some(format!("{}: `{word}` in {path}: {text}", said.tag))
            })
            .collect::<Vec<_>>()
    }));
    assert!(looked_at["en-GB"] > 100 && looked_at["nl-NL"] > 10, "{looked_at:?}");
}

fn contains_own(row: &SummaryRow, said: &Said) -> bool {
    let (lower, upper) = row.interval.split_once('–').unwrap();
    (said.number(lower)..=said.number(upper)).contains(&said.number(&row.own))
}

#[test]
fn a_displayed_value_lies_within_its_displayed_interval() {
    let mut compared = 0;
    for made in all_reports() {
        for row in made.report.summary.rows.iter().filter(|row| row.own_is_value && !row.interval.is_empty()) {
            compared += 1;
            assert!(contains_own(row, Said::of(&made.report)), "{}: {} in {}", name_of(made), row.own, row.interval);
        }
        for page in &made.report.indicators {
            if let (Some(value), Some(interval)) = (page.position.value, page.position.interval) {
                assert!(interval.lower <= value && value <= interval.upper, "{} {}", name_of(made), page.id);
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// Limits of the drawn funnel at a size: those of the nearest lines on both sides.
fn around(funnel: &FunnelPlot, n: f64, limit: fn(&spiegel_model::FunnelLine) -> Option<f64>) -> Vec<f64> {
    let before = funnel.lines.iter().rfind(|line| line.n <= n);
    let after = funnel.lines.iter().find(|line| line.n >= n);
    before.into_iter().chain(after).filter_map(limit).collect()
}

/// Whether the label and the drawn point say the same; what is wrong, if not.
fn contradiction(page: &IndicatorPage) -> Option<String> {
    let position = &page.position;
    let (value, z) = (position.value?, position.z?);
    let side = if z > 0.0 { Side::Higher } else { Side::Lower };
    let expected = match z.abs() {
        size if size >= OUTER => Some((Label::Signal(side), 2)),
        size if size >= INNER => Some((Label::Attention(side), 1)),
        _ => None,
    };
    match expected {
        Some((label, _)) if position.label != label => return Some(format!("z {z} but {:?}", position.label)),
        None if !matches!(position.label, Label::Within(_)) => return Some(format!("z {z} but {:?}", position.label)),
        _ => {}
    }
    let (lower, upper) = (position.expected_lower, position.expected_upper);
    let is_below = lower.is_some_and(|lower| value < lower);
    let is_above = upper.is_some_and(|upper| value > upper);
    let agrees = match position.label.side() {
        None => !is_below && !is_above,
        Some(Side::Higher) => is_above,
        Some(Side::Lower) => is_below,
    };
    if !agrees {
        return Some(format!("{:?} at {value} with limits {lower:?} and {upper:?}", position.label));
    }
    // The drawn lines: between two neighbours a point may lie on either side of the curve, beyond both it may not.
    let funnel = page.funnel.as_ref()?;
    // An adjusted point is drawn on the adjusted scale, on which its lines lie.
    let value = funnel.own.as_ref().map_or(value, |own| own.value);
    let n = position.n as f64;
    let (lowers, uppers) = match position.label {
        Label::Signal(_) => (around(funnel, n, |line| line.outer_lower), around(funnel, n, |line| line.outer_upper)),
        _ => (around(funnel, n, |line| line.lower), around(funnel, n, |line| line.upper)),
    };
    let drawn = match position.label.side() {
        None => (lowers.is_empty() || lowers.iter().any(|limit| value >= *limit)) && (uppers.is_empty() || uppers.iter().any(|limit| value <= *limit)),
        Some(Side::Higher) => uppers.iter().any(|limit| value > *limit),
        Some(Side::Lower) => lowers.iter().any(|limit| value < *limit),
    };
    (!drawn).then(|| format!("{:?} at {value}, drawn between {lowers:?} and {uppers:?}", position.label))
}

#[test]
fn label_sentence_and_drawn_point_agree() {
    let (mut within, mut outside) = (0, 0);
    let mut complaints = Vec::new();
    for made in all_reports() {
        for page in &made.report.indicators {
            complaints.extend(contradiction(page).map(|what| format!("{} {}: {what}", name_of(made), page.id)));
            let row = made.report.summary.rows.iter().find(|row| row.indicator == page.id).unwrap();
            let said = Said::of(&made.report);
            let Some((index, marks)) = Said::place(page.position.label) else { continue };
            let (place, words) = (said.places[index], said.funnel[index]);
            // A group has no point in a funnel.
            let is_drawn = page.funnel.as_ref().map_or(made.report.variant == spiegel_model::Variant::Group, |funnel| funnel.caption.contains(words));
            if (row.place.as_str(), row.marks) != (place, marks) || !is_drawn {
                complaints.push(format!("{} {}: {row:?}", name_of(made), page.id));
            }
            if marks == 0 {
                within += 1;
            } else {
                outside += 1;
            }
        }
    }
    assert!(within > 800 && outside > 50, "{within} within, {outside} outside");
    none(complaints);
}

/// The comparison finds what it looks for.
#[test]
fn a_contradiction_would_be_found() {
    let pages = all_reports().iter().flat_map(|made| &made.report.indicators);
    let page = pages.into_iter().find(|page| matches!(page.position.label, Label::Within(_)) && page.funnel.is_some()).unwrap();
    assert_eq!(contradiction(page), None);
    let mut labelled = page.clone();
    labelled.position.label = Label::Attention(Side::Higher);
    assert!(contradiction(&labelled).is_some(), "a label that z does not give");
    let mut moved = page.clone();
    moved.position.value = page.position.expected_upper.map(|upper| upper * 1.01);
    assert!(contradiction(&moved).is_some(), "a point outside its limits");
    let mut drawn = page.clone();
    let lines = &mut drawn.funnel.as_mut().unwrap().lines;
    let own = page.funnel.as_ref().unwrap().own.as_ref().unwrap().value;
    lines.iter_mut().for_each(|line| line.upper = Some(own * 0.99));
    assert!(contradiction(&drawn).is_some(), "a line that is drawn elsewhere");
}

#[test]
fn counts_on_page_one_are_those_of_the_table() {
    for made in all_reports().iter().filter(|made| made.report.variant == spiegel_model::Variant::Individual) {
        let rows = &made.report.summary.rows;
        assert_eq!(rows.len(), made.report.indicators.len(), "{}", name_of(made));
        let said = Said::of(&made.report);
        let compared = rows.iter().filter(|row| row.place == said.places[0] || row.marks != 0).count();
        let within = rows.iter().filter(|row| row.place == said.places[0]).count();
        let begins = |index: usize| said.first[index].replace("{within}", &within.to_string()).replace("{compared}", &compared.to_string());
        let first = &made.report.summary.sentences[0];
        if compared > 1 && within == 0 {
            assert!(first.starts_with(&begins(0)), "{}: {first}", name_of(made));
        } else if compared > 1 && within < compared {
            assert!(first.starts_with(&begins(1)), "{}: {first}", name_of(made));
        } else if compared > 1 {
            assert!(first.starts_with(&begins(2)), "{}: {first}", name_of(made));
        }
    }
}
