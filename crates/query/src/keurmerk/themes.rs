//! Themes of norm 3: what holders want to learn and can share, counted over providers; small numbers are never told to one of them.

use std::collections::BTreeMap;

use spiegel_model::{KeurmerkSpec, Listed};

use super::facts::ProviderFacts;
use super::fill;

/// How many providers name a theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeCount {
    /// The theme.
    pub theme: Listed,
    /// Want to learn about it.
    pub learn: u64,
    /// Can share it.
    pub share: u64,
}

/// What the preparation meetings are about: for the publisher only, because it quotes what providers wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agenda {
    /// Providers with a self-evaluation.
    pub providers: u64,
    /// Themes that most want to learn, in order.
    pub themes: Vec<AgendaTheme>,
}

/// One theme of the agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaTheme {
    /// The theme with its numbers.
    pub count: ThemeCount,
    /// Its questions, each once, without who asked; in the order of the alphabet, so that no order tells who is whose.
    pub questions: Vec<String>,
}

/// How many providers name each theme, besides `except`; in the order of the list.
#[must_use]
pub fn theme_counts(spec: &KeurmerkSpec, providers: &BTreeMap<String, ProviderFacts>, except: Option<&str>) -> Vec<ThemeCount> {
    let others = || providers.iter().filter(|(id, facts)| except != Some(id.as_str()) && !facts.answers.is_empty()).map(|(_, facts)| facts);
    let count = |theme: &Listed| ThemeCount {
        theme: theme.clone(),
        learn: others().filter(|facts| facts.learns.contains(&theme.id)).count() as u64,
        share: others().filter(|facts| facts.shares.contains(&theme.id)).count() as u64,
    };
    spec.themes.iter().map(count).collect()
}

/// A number of providers as it may be told.
pub(super) fn told(spec: &KeurmerkSpec, number: u64) -> String {
    let minimum = spec.themes_told.minimum;
    if number < minimum { fill(&spec.words.fewer, &[("minimum", &minimum.to_string())]) } else { spiegel_model::count(number) }
}

/// The agenda: the themes that most providers want to learn about, named by enough of them. Ties in the order of the list.
#[must_use]
pub fn agenda(spec: &KeurmerkSpec, providers: &BTreeMap<String, ProviderFacts>) -> Agenda {
    let mut counts = theme_counts(spec, providers, None);
    // A theme that is no theme cannot be talked about, and one of a few would tell whose it is.
    counts.retain(|count| count.theme.id != OTHER && count.learn >= spec.themes_told.minimum);
    counts.sort_by_key(|count| std::cmp::Reverse(count.learn));
    counts.truncate(spec.themes_told.agenda);
    let themes = counts.into_iter().map(|count| {
        let asked = providers.values().flat_map(|facts| &facts.questions).filter(|(theme, _)| *theme == count.theme.id);
        let mut questions: Vec<String> = asked.map(|(_, question)| question.trim().to_owned()).filter(|question| !question.is_empty()).collect();
        questions.sort();
        questions.dedup();
        AgendaTheme { count, questions }
    });
    Agenda { providers: providers.values().filter(|facts| !facts.answers.is_empty()).count() as u64, themes: themes.collect() }
}

/// The theme for what is in no list.
const OTHER: &str = "overig";

/// The numbers of all themes, small ones as such.
#[must_use]
pub fn themes_csv(spec: &KeurmerkSpec, counts: &[ThemeCount]) -> String {
    let mut text = "thema;willen_leren;kunnen_delen\n".to_owned();
    for count in counts {
        let cells = [count.theme.title.clone(), told(spec, count.learn), told(spec, count.share)];
        text.push_str(&cells.map(|cell| spiegel_model::csv_cell(&cell)).join(";"));
        text.push('\n');
    }
    text
}
