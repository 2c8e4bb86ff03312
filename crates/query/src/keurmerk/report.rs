//! The Keurmerkrapportage of a provider, and the block of the mirror report: both from one standing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use spiegel_model::{
    CriterionStanding, CriterionSpec, IssueKind, IssueSpec, KeurmerkBlock, KeurmerkCriterion, KeurmerkNorm, KeurmerkReport, MethodSection, NormStanding, NormVerdict, Outcome,
    ReportProvider, Requirement, Table, TitledTable, ValueFormat, date_long,
};

use super::facts::{Facts, ProviderFacts};
use super::register::Entry;
use super::standing::{is_complete, standing};
use super::themes::{theme_counts, told};
use super::website::{Mark, website_figure};
use super::{KeurmerkDefinitions, date_short, fill};
use crate::{Pipeline, Register};

/// What reports of a Keurmerk year are made from.
#[derive(Debug, Clone, Copy)]
pub struct KeurmerkYear<'a> {
    /// Indicators and words of the pipeline.
    pub pipeline: &'a Pipeline,
    /// Criteria, dates and words.
    pub definitions: &'a KeurmerkDefinitions,
    /// What is known.
    pub facts: &'a Facts,
    /// Names.
    pub register: &'a Register,
    /// Marks for websites over the data year.
    pub marks: &'a BTreeMap<String, Mark>,
    /// Clients before a mark is told.
    pub minimum: u64,
}

/// The report of a provider at one issue. None when it neither applied nor evaluated itself by then.
/// `entry` is its row of the register on that day.
#[must_use]
pub fn keurmerk_report(of: &KeurmerkYear<'_>, provider: &str, issue: IssueSpec, entry: Option<&Entry>) -> Option<KeurmerkReport> {
    let definitions = of.definitions;
    let (words, edition) = (&definitions.spec.words, &definitions.edition);
    let facts = of.facts.providers.get(provider)?;
    let applied = facts.applied().is_some_and(|day| day <= issue.date);
    if !applied && facts.answers.is_empty() {
        return None;
    }
    let norms = standing(edition, &facts.answers, &facts.states, counted(definitions, issue));
    let name = of.register.name_of(provider);
    let year = definitions.number.to_string();
    let date = date_long(issue.date);
    let title = fill(&words.title, &[("year", &year)]);
    let kind_words = words.kinds.get(issue.kind as usize).cloned().unwrap_or_default();
    let mut sentences = vec![fill(&words.as_of, &[("date", &date)])];
    if let Some(entry) = entry {
        let status = words.statuses.get(entry.status.place()).map(String::as_str).unwrap_or_default();
        sentences.push(fill(&words.status, &[("status", status), ("since", &date_long(entry.since))]));
    }
    sentences.extend(Some(&definitions.year.note).filter(|note| !note.is_empty()).cloned());
    let mark = of.marks.get(provider);
    let format = of.pipeline.indicators.iter().find(|one| one.spec.id == definitions.spec.website.indicator).map(|one| one.spec.format.clone());
    let figure = format.and_then(|format: ValueFormat| website_figure(&definitions.spec.website, &format, definitions.year.data_year, of.minimum, mark));
    let website = MethodSection {
        title: definitions.spec.website.head.clone(),
        paragraphs: vec![match &figure {
            Some(_) => definitions.spec.website.intro.clone(),
            None => fill(
                &definitions.spec.website.too_few,
                &[("year", &definitions.year.data_year.to_string()), ("needed", &of.minimum.to_string())],
            ),
        }],
        bullets: Vec::new(),
    };
    Some(KeurmerkReport {
        pipeline: of.pipeline.spec.id.clone(),
        year: definitions.number,
        year_label: year,
        issued: issue.date.format("%Y-%m-%d").to_string(),
        kind: issue.kind,
        kicker: format!("{} · {} · {kind_words}", words.kicker, date_short(issue.date)),
        publisher: of.pipeline.spec.publisher.clone(),
        description: format!("{title} van {name}, {kind_words}, {date}"),
        footer: format!("{title} ({kind_words}) · {name} · {}", of.pipeline.spec.words.confidential),
        title: format!("{title} – {name}"),
        kind_words,
        provider: ReportProvider { id: provider.to_owned(), name: name.to_owned() },
        lead: lead(of, issue.kind, &norms),
        sentences,
        summary_title: words.summary_title.clone(),
        summary: summary(of, issue.kind, &words.summary_heads, &norms),
        criterion_heads: words.criterion_heads.clone(),
        norms: edition.requirements.iter().zip(&norms).map(|(spec, norm)| section(of, issue.kind, spec, norm)).collect(),
        website,
        website_figure: figure,
        next: next(of, issue, &norms),
        history: history(of, facts, counted(definitions, issue)),
        about: MethodSection { title: words.about_title.clone(), paragraphs: words.about.clone(), bullets: Vec::new() },
    })
}

/// The last day whose states count: of a final report the day before the deadline, because later ones do not qualify.
fn counted(definitions: &KeurmerkDefinitions, issue: IssueSpec) -> NaiveDate {
    let before = definitions.year.deadline.pred_opt().unwrap_or(definitions.year.deadline);
    issue.date.min(before)
}

/// What the mirror report says of the Keurmerk: the standing of the last issue up to `on`. None without an assessment by then.
#[must_use]
pub fn keurmerk_block(of: &KeurmerkYear<'_>, provider: &str, on: NaiveDate) -> Option<KeurmerkBlock> {
    let definitions = of.definitions;
    let words = &definitions.spec.words;
    let facts = of.facts.providers.get(provider)?;
    let issue = definitions.year.issues.iter().rfind(|issue| issue.date <= on).copied()?;
    let norms = standing(&definitions.edition, &facts.answers, &facts.states, counted(definitions, issue));
    if facts.states.iter().all(|state| state.date > counted(definitions, issue)) {
        return None;
    }
    let colleagues: Vec<Vec<String>> = theme_counts(&definitions.spec, &of.facts.providers, Some(provider))
        .into_iter()
        .filter(|count| facts.learns.contains(&count.theme.id))
        .map(|count| vec![count.theme.title, told(&definitions.spec, count.learn), told(&definitions.spec, count.share)])
        .collect();
    let any = !colleagues.is_empty();
    let minimum = definitions.spec.themes_told.minimum.to_string();
    Some(KeurmerkBlock {
        title: fill(&words.block_title, &[("keurmerk", &definitions.year.title)]),
        sentence: fill(&words.block_sentence, &[("date", &date_long(issue.date))]),
        table: summary(of, issue.kind, &words.block_heads, &norms),
        colleagues: any.then(|| TitledTable {
            title: words.colleagues_title.clone(),
            table: Table { heads: words.colleagues_heads.to_vec(), rows: colleagues },
        }),
        colleagues_note: if any { fill(&words.colleagues_note, &[("minimum", &minimum)]) } else { String::new() },
    })
}

/// What it comes to.
fn lead(of: &KeurmerkYear<'_>, kind: IssueKind, norms: &[NormStanding]) -> String {
    let words = &of.definitions.spec.words;
    let missing: Vec<String> = norms.iter().filter(|norm| norm.verdict == NormVerdict::DoesNotMeet).map(|norm| format!("norm {}", norm.code)).collect();
    if !missing.is_empty() {
        return fill(&words.lead_missing[kind as usize], &[("norms", &listed(&missing))]);
    }
    let has = |verdict| norms.iter().any(|norm| norm.verdict == verdict);
    if has(NormVerdict::NotYetAssessed) {
        words.lead_pending.clone()
    } else if has(NormVerdict::MeetsWithLeniency) {
        words.lead_lenient.clone()
    } else {
        words.lead_meets.clone()
    }
}

/// One row per norm.
fn summary(of: &KeurmerkYear<'_>, kind: IssueKind, heads: &[String], norms: &[NormStanding]) -> Table {
    let words = &of.definitions.spec.words;
    let rows = of.definitions.edition.requirements.iter().zip(norms).map(|(spec, norm)| {
        let (shown, asked) = norm.shown();
        let verdict = match (norm.verdict, asked) {
            (NormVerdict::Meets, 0) => words.outcomes[3].clone(),
            (NormVerdict::DoesNotMeet, _) if kind == IssueKind::Provisional => words.verdict_not_yet.clone(),
            (verdict, _) => words.verdicts[verdict as usize].clone(),
        };
        let shown_of = fill(&words.shown_of, &[("shown", &shown.to_string()), ("of", &asked.to_string())]);
        vec![format!("{} {}", spec.code, spec.title), verdict, shown_of]
    });
    Table { heads: heads.to_vec(), rows: rows.collect() }
}

fn section(of: &KeurmerkYear<'_>, kind: IssueKind, spec: &Requirement, norm: &NormStanding) -> KeurmerkNorm {
    let words = &of.definitions.spec.words;
    let slots = [("document", spec.document.as_str()), ("section", spec.section.as_str()), ("page", spec.page.as_str())];
    let source = fill(if spec.page.is_empty() { &words.source } else { &words.source_page }, &slots);
    let themed = [spec.theme.as_str(), &source, &spec.condition];
    let mut texts = BTreeMap::new();
    let mut todo: Vec<&CriterionSpec> = spec.criteria.iter().collect();
    while let Some(criterion) = todo.pop() {
        texts.insert(criterion.id.as_str(), criterion);
        todo.extend(&criterion.parts);
    }
    let criteria = norm.criteria.iter().filter_map(|one| Some((one, *texts.get(one.id.as_str())?)));
    KeurmerkNorm {
        title: format!("Norm {} · {}", spec.code, spec.title),
        source: themed.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" · "),
        text: spec.text.clone(),
        promise: format!("{} “{}”", words.promise, spec.promise),
        verdict: norm.verdict,
        sentence: match norm.verdict {
            NormVerdict::DoesNotMeet if kind == IssueKind::Provisional => words.not_yet.clone(),
            NormVerdict::Meets if norm.shown().1 == 0 => format!("{}.", spiegel_model::capitalised(&words.outcomes[3])),
            verdict => words.verdict_sentences[verdict as usize].clone(),
        },
        lead: format!("{} {}", words.shown_lead, spec.lead),
        criteria: criteria.clone().map(|(one, text)| criterion(of, one, text)).collect(),
        remarks: criteria
            .filter(|(one, _)| !one.remark.is_empty())
            .map(|(one, _)| format!("{} {}", fill(&words.remark, &[("criterion", &one.id)]), one.remark))
            .collect(),
    }
}

fn criterion(of: &KeurmerkYear<'_>, one: &CriterionStanding, spec: &CriterionSpec) -> KeurmerkCriterion {
    let words = &of.definitions.spec.words;
    let short = |id: &String| of.pipeline.indicators.iter().find(|indicator| indicator.spec.id == *id).map(|indicator| indicator.spec.short.clone());
    let mut figures: Vec<String> = spec.indicators.iter().filter_map(short).collect();
    if spec.population {
        figures.push(words.population.clone());
    }
    KeurmerkCriterion {
        depth: one.depth,
        text: format!("{} {}", one.id, spec.text),
        outcome: one.outcome,
        outcome_words: if one.is_question { words.outcomes[one.outcome as usize].clone() } else { String::new() },
        figure: if figures.is_empty() { String::new() } else { fill(&words.figure, &[("indicators", &listed(&figures))]) },
    }
}

/// What the provider does now.
fn next(of: &KeurmerkYear<'_>, issue: IssueSpec, norms: &[NormStanding]) -> MethodSection {
    let (words, year) = (&of.definitions.spec.words, &of.definitions.year);
    let with = |outcome: Outcome| -> Vec<String> {
        let questions = norms.iter().flat_map(|norm| &norm.criteria).filter(|one| one.is_question && one.outcome == outcome);
        questions.map(|one| one.id.clone()).collect()
    };
    let (deadline, following) = (date_long(year.deadline), format!("Keurmerk {}", of.definitions.number + 1));
    let slots = [("deadline", deadline.as_str()), ("next", following.as_str())];
    let mut steps = Vec::new();
    let missing = with(Outcome::NotMet);
    if is_complete(norms) {
        steps.push(words.next_nothing.clone());
    } else if issue.kind == IssueKind::Final {
        steps.push(fill(&words.next_withdrawn, &slots));
    } else if !missing.is_empty() {
        steps.push(fill(&fill(&words.next_missing, &[("criteria", &listed(&missing))]), &slots));
    }
    let lenient = with(Outcome::Lenient);
    if !lenient.is_empty() {
        steps.push(fill(&words.next_lenient, &[("criteria", &listed(&lenient)), ("next", &(of.definitions.number + 1).to_string())]));
    }
    steps.push(words.next_mirror.clone());
    MethodSection { title: words.next_title.clone(), paragraphs: Vec::new(), bullets: steps }
}

/// What happened when, up to and including `on`.
fn history(of: &KeurmerkYear<'_>, facts: &ProviderFacts, on: NaiveDate) -> TitledTable {
    let words = &of.definitions.spec.words;
    let mut rows: Vec<(NaiveDate, u8, String)> = Vec::new();
    if let Some(day) = facts.answered.filter(|day| *day <= on) {
        rows.push((day, 0, fill(&words.history_delivered, &[("answers", &facts.answers.len().to_string())])));
    }
    let mut rounds: BTreeMap<(NaiveDate, u8), [usize; 3]> = BTreeMap::new();
    for state in facts.states.iter().filter(|state| state.date <= on) {
        let counts = rounds.entry((state.date, state.round)).or_default();
        match state.outcome {
            Outcome::Met => counts[0] += 1,
            Outcome::Lenient => counts[1] += 1,
            Outcome::NotMet | Outcome::NotApplicable | Outcome::NotAssessed => counts[2] += 1,
        }
    }
    for ((day, round), counts) in rounds {
        let [met, lenient, not_met] = counts.map(|count| count.to_string());
        rows.push((day, round, fill(&words.history_assessed, &[("met", &met), ("lenient", &lenient), ("not_met", &not_met)])));
    }
    rows.sort();
    let cells = rows.into_iter().map(|(day, round, what)| vec![date_short(day), if round == 0 { String::new() } else { round.to_string() }, what]);
    TitledTable { title: words.history_title.clone(), table: Table { heads: words.history_heads.to_vec(), rows: cells.collect() } }
}

/// `a`, `a en b`, `a, b en c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} en {last}", first.join(", ")),
    }
}
