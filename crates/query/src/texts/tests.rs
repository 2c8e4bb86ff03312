use super::*;

/// Words that a generated sentence about a provider does not say (report specification 4.3), in both languages.
const VERDICTS: [(&str, &[&str]); 2] = [
    ("nl", &["goed", "slecht", "fout", "slechter", "norm gehaald", "achterstand", "presteert", "ranglijst", "score", "winnaar", "toeval verklaart"]),
    ("en", &["good", "bad", "better", "worse", "poor", "poorly", "best", "worst", "failing", "performs", "underperforms", "rank", "ranked", "winner"]),
];
/// Texts that explain and are no sentence about a provider (decision 35): what right means in a figure, and what a limit is not.
const EXPLAINING: [&str; 4] = ["legend_right", "guide_row", "guide_funnel", "quality_title"];
/// Words that only the other language has.
const FOREIGN: [(&str, &[&str]); 2] = [
    ("nl", &["the", "and", "your", "you", "with", "than", "not", "this", "figure", "which", "are", "for"]),
    ("en", &["de", "het", "een", "van", "uw", "met", "dan", "niet", "dit", "cijfer", "wij", "zijn", "voor", "bij", "naar", "aanbieder", "tot"]),
];

/// Every variant of every text, by key.
fn all(texts: &Texts) -> Vec<(&'static str, Vec<String>)> {
    DECLARED.iter().zip(&texts.texts).map(|((key, slots), text)| (*key, text.as_written(slots))).collect()
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    let outside_slots = text.split('{').enumerate().map(|(at, part)| if at == 0 { part } else { part.split_once('}').map_or("", |(_, after)| after) });
    outside_slots.collect::<Vec<_>>().join(" ").split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().into_iter()
}

#[test]
fn no_text_speaks_another_language_or_passes_a_verdict() {
    for (language, foreign) in FOREIGN {
        let texts = built_in(language);
        let verdicts = VERDICTS.iter().find(|(tag, _)| *tag == language).unwrap().1;
        for (key, variants) in all(&texts) {
            for text in &variants {
                let words: Vec<String> = words_of(text).collect();
                if let Some(word) = foreign.iter().find(|word| words.iter().any(|one| one == *word)) {
                    panic!("{language} `{key}` says `{word}`: {text}");
                }
                let judges = verdicts.iter().find(|word| format!(" {} ", words.join(" ")).contains(&format!(" {word} ")));
                if let Some(word) = judges.filter(|_| !EXPLAINING.contains(&key)) {
                    panic!("{language} `{key}` judges with `{word}`: {text}");
                }
            }
        }
    }
}

/// The sentences of generated text; fixed pages that explain (guide, method, for the publisher) may be longer.
#[test]
fn no_sentence_is_long_in_any_language() {
    for language in ["nl", "en"] {
        for (key, variants) in all(&built_in(language)) {
            if ["method", "national", "guide", "alt", "legend"].contains(&key.split('_').next().unwrap()) || key.ends_with("_legend") || key.ends_with("_note") {
                continue;
            }
            for text in variants {
                for sentence in text.split(". ") {
                    let words = sentence.split_whitespace().count();
                    assert!(words <= 25, "{language} `{key}` has a sentence of {words} words: {sentence}");
                }
            }
        }
    }
}

/// A language that leaves out a figure which the other prints says something else.
#[test]
fn languages_print_the_same_slots() {
    let slots = |variants: &[String]| {
        let mut found: Vec<String> =
            variants.iter().flat_map(|text| text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(slot, _)| slot.to_owned()).collect::<Vec<_>>()).collect();
        found.sort();
        found.dedup();
        found
    };
    let (dutch, english) = (all(&built_in("nl")), all(&built_in("en")));
    for ((key, dutch), (_, english)) in dutch.iter().zip(&english) {
        // A date in figures, or with the name of its month.
        if *key != "date_short" {
            assert_eq!(slots(dutch), slots(english), "{key}");
        }
    }
}

#[test]
fn a_group_is_never_spoken_to_as_the_reader() {
    for language in ["nl", "en"] {
        let texts = built_in(language);
        for ((key, slots), text) in DECLARED.iter().zip(&texts.texts) {
            if let Text::Voiced { group, .. } = text {
                for said in group.as_written(slots) {
                    // How a figure is read is told to the reader.
                    let explains = key.starts_with("guide_") || *key == "legend";
                    assert!(explains || !texts.addresses_the_reader(&said), "{language} `{key}`: {said}");
                }
            }
        }
    }
}

#[test]
fn one_and_many_are_told_apart() {
    for (language, one, many) in [("nl", "valt er 1", "vallen er 2"), ("en", "it is 1", "it is 2")] {
        let texts = built_in(language);
        let words = texts.to(Voice::You);
        assert_eq!((words.reliable_found(1), words.reliable_found(2)), (one.to_owned(), many.to_owned()));
    }
    let english = built_in("en");
    let (words, share) = (english.to(Voice::You), ValueFormat::Percentage);
    assert_eq!((words.difference(&share, 0.01, 10), words.difference(&share, 0.05, 10)), ("1 percentage point".to_owned(), "5 percentage points".to_owned()));
    assert_eq!((words.times(1), words.times(3)), ("once".to_owned(), "3 times".to_owned()));
}

#[test]
fn dates_lists_and_numbers_follow_the_language() {
    let (dutch, english) = (built_in("nl"), built_in("en"));
    let date = NaiveDate::from_ymd_opt(2026, 6, 5).unwrap();
    let (nl, en) = (dutch.to(Voice::You), english.to(Voice::You));
    assert_eq!([nl.short_date(date), nl.long_date(date)], ["05-06-2026", "5 juni 2026"]);
    assert_eq!([en.short_date(date), en.long_date(date)], ["5 June 2026", "5 June 2026"]);
    let three: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    assert_eq!((nl.listed(&three), en.listed(&three)), ("a, b en c".to_owned(), "a, b and c".to_owned()));
    assert_eq!([nl.numeral(3), nl.numeral(13), en.numeral(12), en.numeral(1300)], ["drie", "13", "twelve", "1,300"]);
    assert_eq!([nl.decimal(1234.5, 1), en.decimal(1234.5, 1)], ["1.234,5", "1,234.5"]);
}

/// Every mistake in a language file is told with its line, all at once.
#[test]
fn mistakes_are_told_with_their_lines() {
    let (_, source) = BUILT_IN[0];
    let broken = source
        .replacen("trend_level.you =", "trend_levle.you =", 1)
        .replacen("range_between = \"{lower} tot {upper}\"", "range_between = \"{lower} tot {hoger}\"", 1)
        .replacen("decimal = \",\"", "decimal = \"komma\"", 1);
    let found: Vec<String> = Texts::parse("texts/nl.toml", broken.clone()).unwrap_err().iter().map(ToString::to_string).collect();
    let line = |text: &str| broken.lines().position(|line| line.starts_with(text)).unwrap() + 1;
    for (place, wanted) in [
        (Some(line("trend_levle.you")), "unknown text `trend_levle`; there are"),
        (None, "`trend_level`: variants are"),
        (Some(line("range_between")), "nothing fills the slot `{hoger}`"),
        (Some(line("decimal")), "`decimal` must be one character"),
    ] {
        let place = place.map(|line| format!("texts/nl.toml:{line}: ")).unwrap_or_default();
        assert!(found.iter().any(|said| said.starts_with(&place) && said.contains(wanted)), "{wanted}: {found:#?}");
    }
    assert_eq!(found.len(), 4, "{found:#?}");
}

/// Words are read where they lie, beside the pipelines: to change one takes no build.
#[test]
fn a_changed_word_is_said_without_a_build_and_another_language_is_a_file_more() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipelines/kibg");
    fs::create_dir_all(&pipeline).unwrap();
    fs::create_dir_all(folder.path().join("pipelines/texts")).unwrap();
    let (_, english) = BUILT_IN[1];
    let frisian = english.replacen("topics_title = \"To discuss\"", "topics_title = \"Om te bepraten\"", 1);
    fs::write(folder.path().join("pipelines/texts/fy.toml"), frisian).unwrap();
    let texts = Texts::load(&pipeline, "fy").unwrap();
    assert_eq!(texts.to(Voice::You).topics_title(), "Om te bepraten");
    // A pipeline that lies elsewhere has the words of the program.
    assert_eq!(Texts::load(&pipeline, "nl").unwrap().source(), BUILT_IN[0].1);
}

#[test]
fn a_language_that_is_not_there_is_told_with_what_to_do() {
    for tag in ["fy", "../nl", ""] {
        let said = Texts::load(Path::new("nowhere/kibg"), tag).unwrap_err()[0].to_string();
        assert!(said.starts_with("pipeline.toml: ") && said.contains("translate it") && said.contains("nl, en"), "{said}");
    }
}
