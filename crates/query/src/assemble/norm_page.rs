//! What norms and guidelines say beside the own figures, and which data there are for the norm that asks for reflection.

use spiegel_model::{
    BulletPlot, CoverageRow, CoverageSpec, CoverageSubject, Kind, Label, Labelled, NormCoverage, NormPage, NormRow, OwnMark, Place, QualityNorm, QualityNormSet, Range,
};

use super::indicator_page::Page;
use super::voice::Voice;
use super::{code_text, page_of};
use crate::place::own_interval;
use crate::texts::Words;
use crate::{Results, Summary};

/// How an own figure lies beside a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Figure and whole interval above.
    Above,
    /// Figure and whole interval below.
    Below,
    /// Figure above, interval on both sides.
    JustAbove,
    /// Figure below, interval on both sides.
    JustBelow,
    /// Exactly on it.
    On,
}

impl State {
    fn of(value: f64, interval: Option<Range>, reference: f64) -> Self {
        let crosses = interval.is_some_and(|range| range.lower <= reference && reference <= range.upper);
        if value > reference {
            if crosses { Self::JustAbove } else { Self::Above }
        } else if value < reference {
            if crosses { Self::JustBelow } else { Self::Below }
        } else {
            Self::On
        }
    }
}

pub(super) fn page(results: &Results, provider: &str, pages: &[Page], has_population: bool) -> Option<NormPage> {
    let words = results.words(provider);
    let voice = words.voice();
    let sets: Vec<&QualityNormSet> = results.year.norms.iter().filter_map(|name| results.pipeline.quality_norms.get(name)).collect();
    let norms = sets.iter().flat_map(|set| set.norms.iter().map(move |norm| (set, norm))).filter(|(_, norm)| voice == Voice::You || is_of_all(norm));
    let rows: Vec<NormRow> = norms.filter_map(|(set, norm)| row(results, set, norm, pages)).collect();
    if rows.is_empty() {
        return None;
    }
    let publisher = &results.pipeline.spec.publisher;
    // What norm 2a asks is reflection on the own data, which a group's are not.
    let coverage = sets.iter().find_map(|set| set.coverage.as_ref()).filter(|_| voice == Voice::You);
    Some(NormPage {
        title: words.norms_title(),
        sentences: vec![words.norms_beside(), words.norms_guideline(), words.norms_judged(publisher)],
        heads: vec![words.head_norm(), words.head_source(), words.head_norm_own(), words.heading_reading()],
        rows,
        coverage: coverage.map(|coverage| covered(coverage, pages, has_population, words)),
        keurmerk: results.keurmerk.get(provider).cloned(),
    })
}

/// Whether a norm says something of providers together: one that asks the own figure of a year, to publish it, does not.
fn is_of_all(norm: &QualityNorm) -> bool {
    norm.reference.is_some() || norm.data_year.is_none()
}

fn row(results: &Results, set: &QualityNormSet, norm: &QualityNorm, pages: &[Page]) -> Option<NormRow> {
    let page = page_of(pages, &norm.indicator)?;
    let position = &page.position;
    let format = &page.spec.format;
    let words = results.words(&position.provider_id);
    let own = match (position.value, position.label) {
        (Some(value), _) => {
            let interval = position.interval.map_or_else(String::new, |range| words.norm_interval(words.range(format, range.lower, range.upper, position.n)));
            words.norm_own(words.value(format, value, position.n), interval, words.counted(&page.spec.unit, position.n))
        }
        (None, Label::None(code)) => code_text(code, results.year.minimum.shown, words),
        (None, _) => words.not_available(),
    };
    Some(NormRow {
        id: format!("{}/{}", set.norm_year, norm.id),
        text: norm.text.clone(),
        source: norm.source.clone(),
        own,
        reading: reading(results, set, norm, page).join(" "),
        bullet: bullet(norm, page, words),
    })
}

fn reading(results: &Results, set: &QualityNormSet, norm: &QualityNorm, page: &Page) -> Vec<String> {
    let year = &results.year;
    let mut sentences = Vec::new();
    let words = results.words(&page.position.provider_id);
    let voice = words.voice();
    let Some(value) = page.position.value else {
        sentences.push(words.norm_no_own(&year.label));
        sentences.extend([&norm.note].into_iter().filter(|note| !note.is_empty()).cloned());
        return sentences;
    };
    if let Some(reference) = norm.reference {
        let own = match page.spec.kind {
            Kind::Mean => words.norm_own_mean(),
            Kind::Proportion => words.norm_own_share(),
        };
        let name = norm.name.as_str();
        let state = State::of(value, page.position.interval, reference);
        let with_interval = page.position.interval.is_some();
        sentences.push(match state {
            State::Above if with_interval => words.norm_wholly_above(own, name),
            State::Below if with_interval => words.norm_wholly_below(own, name),
            State::Above => words.norm_above(own, name),
            State::Below => words.norm_below(own, name),
            State::JustAbove => words.norm_just_above(own, name),
            State::JustBelow => words.norm_just_below(own, name),
            State::On => words.norm_on(own, name),
        });
        if voice == Voice::You && matches!(state, State::Above | State::JustAbove) && !norm.above.is_empty() {
            sentences.push(norm.above.clone());
        }
    } else if norm.data_year.is_none_or(|wanted| wanted == year.year) {
        sentences.push(words.norm_has_figure(&year.label));
    }
    // Norm year and data year are two things (decision 34); a norm of long ago says so in its note.
    if let Some(wanted) = norm.data_year.filter(|wanted| norm.reference.is_none() && *wanted != year.year) {
        sentences.push(words.norm_other_year(&year.label, &set.title, wanted));
        sentences.push(
            earlier(results, page, wanted, words)
                .map_or_else(|| words.norm_earlier_none(wanted), |(value, interval)| words.norm_earlier(wanted, value, interval)),
        );
    } else if norm.data_year == Some(year.year) && norm.reference.is_none() {
        sentences.push(words.norm_same_year(&set.title));
    }
    sentences.extend([&norm.note].into_iter().filter(|note| !note.is_empty()).cloned());
    sentences
}

/// The own figure of an earlier year of the trend, and its interval in words. None when it may not be shown.
fn earlier(results: &Results, page: &Page, year: i32, words: Words<'_>) -> Option<(String, String)> {
    let indicator = results.indicators.iter().find(|one| one.indicator.spec.id == page.spec.id)?;
    let provider = &page.position.provider_id;
    let summary = indicator.years.get(&year)?.summaries.get(provider).filter(|summary| summary.n() >= results.year.minimum.shown)?;
    let (value, n) = (summary.value()?, Summary::n(summary));
    let format = &page.spec.format;
    let interval = words.interval_after(format, own_interval(&page.spec, summary, year, provider), n);
    Some((words.value(format, value, n), interval))
}

fn bullet(norm: &QualityNorm, page: &Page, words: Words<'_>) -> Option<BulletPlot> {
    let (reference, value) = (norm.reference?, page.position.value?);
    let format = &page.spec.format;
    let n = page.position.n;
    let interval = page.position.interval;
    let where_it_lies = match State::of(value, interval, reference) {
        State::Above | State::JustAbove => words.side_above(),
        State::Below | State::JustBelow => words.side_below(),
        State::On => words.side_on(),
    };
    let range = words.interval_after(format, interval, n);
    Some(BulletPlot {
        title: page.spec.short.clone(),
        format: format.clone(),
        reference: Labelled { value: reference, label: norm.label.clone() },
        own: OwnMark { value, interval, label: words.own_mark(words.value(format, value, n)), n },
        alt: words.alt_bullet(&page.spec.short, &norm.label, words.value_with_unit(format, value, n), range, where_it_lies),
    })
}

fn covered(coverage: &CoverageSpec, pages: &[Page], has_population: bool, words: Words<'_>) -> NormCoverage {
    let rows: Vec<CoverageRow> = coverage.subjects.iter().map(|subject| subject_row(subject, pages, has_population, words)).collect();
    let all = rows.iter().all(|row| row.present != words.no());
    NormCoverage {
        title: coverage.title.clone(),
        sentence: if all { coverage.complete.clone() } else { coverage.incomplete.clone() },
        heads: vec![words.head_subject(), words.head_present(), words.head_page()],
        rows,
    }
}

fn subject_row(subject: &CoverageSubject, pages: &[Page], has_population: bool, words: Words<'_>) -> CoverageRow {
    let shown: Vec<&Page> = subject.indicators.iter().filter_map(|id| page_of(pages, id)).collect();
    let with_value = shown.iter().filter(|page| page.position.value.is_some()).count() + usize::from(subject.population && has_population);
    let wanted = shown.len() + usize::from(subject.population);
    let present = if wanted > 0 && with_value == wanted {
        words.yes()
    } else if with_value > 0 {
        words.partly()
    } else {
        words.no()
    };
    let mut places: Vec<Place> = shown.iter().map(|page| Place::Indicator(page.spec.id.clone())).collect();
    if subject.population && has_population {
        places.push(Place::Population);
    }
    CoverageRow { subject: subject.title.clone(), present, places }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_lies_above_below_or_on_both_sides() {
        let range = |lower, upper| Some(Range { lower, upper });
        assert_eq!(State::of(611.0, range(584.0, 638.0), 540.0), State::Above);
        assert_eq!(State::of(550.0, range(520.0, 580.0), 540.0), State::JustAbove);
        assert_eq!(State::of(530.0, range(500.0, 560.0), 540.0), State::JustBelow);
        assert_eq!(State::of(400.0, range(380.0, 420.0), 540.0), State::Below);
        assert_eq!(State::of(540.0, range(500.0, 580.0), 540.0), State::On);
        assert_eq!(State::of(541.0, None, 540.0), State::Above);
    }
}
