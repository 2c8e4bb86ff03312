//! What norms and guidelines say beside the own figures, and which data there are for the norm that asks for reflection.

use spiegel_model::{
    BulletPlot, CoverageRow, CoverageSpec, CoverageSubject, Kind, Label, Labelled, NormCoverage, NormPage, NormRow, OwnMark, Place, QualityNorm, QualityNormSet, Range,
};

use super::indicator_page::Page;
use super::voice::Voice;
use super::{code_text, page_of};
use crate::place::own_interval;
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
    let voice = Voice::of(provider);
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
        title: "Normen en richtsnoeren".to_owned(),
        sentences: vec![
            format!("Hier staat wat het Keurmerk vraagt naast {}.", voice.say("uw cijfer", "het cijfer van de groep")),
            "Een richtsnoer is geen maximum en geen eis.".to_owned(),
            format!("Of u aan een norm voldoet, beoordeelt {publisher} op uw zelfevaluatie, niet op dit cijfer."),
        ],
        heads: ["Wat het Keurmerk zegt", "Bron", voice.say("Uw cijfer (95%-interval)", "Groep (95%-interval)"), "Hoe te lezen"].map(str::to_owned).into(),
        rows,
        coverage: coverage.map(|coverage| covered(coverage, pages, has_population)),
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
    let own = match (position.value, position.label) {
        (Some(value), _) => {
            let interval = position.interval.map_or_else(String::new, |range| format!(" ({})", format.range(range.lower, range.upper, position.n)));
            format!("{}{interval}; {}", format.value(value, position.n), page.spec.unit.counted(position.n))
        }
        (None, Label::None(code)) => code_text(code, results.year.minimum.shown, Voice::of(&position.provider_id)),
        (None, _) => "n.b.".to_owned(),
    };
    Some(NormRow {
        id: format!("{}/{}", set.norm_year, norm.id),
        text: norm.text.clone(),
        source: norm.source.clone(),
        own,
        reading: reading(results, set, norm, page).join(" "),
        bullet: bullet(norm, page),
    })
}

/// What the own value is called: a mean of units, or a share of them.
fn value_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Mean => "gemiddelde",
        Kind::Proportion => "aandeel",
    }
}

fn reading(results: &Results, set: &QualityNormSet, norm: &QualityNorm, page: &Page) -> Vec<String> {
    let year = &results.year;
    let mut sentences = Vec::new();
    let voice = Voice::of(&page.position.provider_id);
    let Some(value) = page.position.value else {
        sentences.push(format!("Van {} is er over {} geen cijfer om ernaast te leggen.", voice.say("u", "de groep"), year.label));
        sentences.extend([&norm.note].into_iter().filter(|note| !note.is_empty()).cloned());
        return sentences;
    };
    if let Some(reference) = norm.reference {
        let own = match voice {
            Voice::You => format!("Uw {}", value_word(page.spec.kind)),
            Voice::Group => format!("Het {} van de groep", value_word(page.spec.kind)),
        };
        let name = norm.name.as_str();
        let state = State::of(value, page.position.interval, reference);
        let with_interval = page.position.interval.is_some();
        sentences.push(match state {
            State::Above if with_interval => format!("{own} en het hele interval liggen boven {name}."),
            State::Below if with_interval => format!("{own} en het hele interval liggen onder {name}."),
            State::Above => format!("{own} ligt boven {name}."),
            State::Below => format!("{own} ligt onder {name}."),
            State::JustAbove => format!("{own} ligt boven {name}, maar het interval loopt tot eronder; het verschil kan toeval zijn."),
            State::JustBelow => format!("{own} ligt onder {name}, maar het interval loopt tot erboven; het verschil kan toeval zijn."),
            State::On => format!("{own} is gelijk aan {name}."),
        });
        if voice == Voice::You && matches!(state, State::Above | State::JustAbove) && !norm.above.is_empty() {
            sentences.push(norm.above.clone());
        }
    } else if norm.data_year.is_none_or(|wanted| wanted == year.year) {
        sentences.push(format!("{} heeft een cijfer over {}.", voice.say("U", "De groep"), year.label));
    }
    // Norm year and data year are two things (decision 34); a norm of long ago says so in its note.
    if let Some(wanted) = norm.data_year.filter(|wanted| norm.reference.is_none() && *wanted != year.year) {
        sentences.push(format!("Dit cijfer gaat over {}; het {} vraagt het cijfer over {wanted}.", year.label, set.title));
        sentences.push(earlier(results, page, wanted).map_or_else(
            || format!("Over {wanted} is er van u geen cijfer."),
            |own| format!("Over {wanted} was uw cijfer {own}."),
        ));
    } else if norm.data_year == Some(year.year) && norm.reference.is_none() {
        sentences.push(format!("Dat is het jaar waarover het {} het vraagt.", set.title));
    }
    sentences.extend([&norm.note].into_iter().filter(|note| !note.is_empty()).cloned());
    sentences
}

/// The own figure of an earlier year of the trend, with its interval. None when it may not be shown.
fn earlier(results: &Results, page: &Page, year: i32) -> Option<String> {
    let indicator = results.indicators.iter().find(|one| one.indicator.spec.id == page.spec.id)?;
    let provider = &page.position.provider_id;
    let summary = indicator.years.get(&year)?.summaries.get(provider).filter(|summary| summary.n() >= results.year.minimum.shown)?;
    let (value, n) = (summary.value()?, Summary::n(summary));
    let format = &page.spec.format;
    let interval = own_interval(&page.spec, summary, year, provider)
        .map_or_else(String::new, |range| format!(" (95%-interval {})", format.range_in_words(range.lower, range.upper, n)));
    Some(format!("{}{interval}", format.value(value, n)))
}

fn bullet(norm: &QualityNorm, page: &Page) -> Option<BulletPlot> {
    let (reference, value) = (norm.reference?, page.position.value?);
    let format = &page.spec.format;
    let (n, voice) = (page.position.n, Voice::of(&page.position.provider_id));
    let interval = page.position.interval;
    let where_it_lies = match State::of(value, interval, reference) {
        State::Above | State::JustAbove => "erboven",
        State::Below | State::JustBelow => "eronder",
        State::On => "erop",
    };
    let range = interval.map_or_else(String::new, |range| format!(" (95%-interval {})", format.range_in_words(range.lower, range.upper, n)));
    Some(BulletPlot {
        title: page.spec.short.clone(),
        format: format.clone(),
        reference: Labelled { value: reference, label: norm.label.clone() },
        own: OwnMark { value, interval, label: format!("{}: {}", voice.say("U", "Groep"), format.value(value, n)), n },
        alt: format!("{} naast {}: {} {}{range}, {where_it_lies}.", page.spec.short, norm.label, voice.say("u", "de groep"), format.value_with_unit(value, n)),
    })
}

fn covered(coverage: &CoverageSpec, pages: &[Page], has_population: bool) -> NormCoverage {
    let rows: Vec<CoverageRow> = coverage.subjects.iter().map(|subject| subject_row(subject, pages, has_population)).collect();
    let all = rows.iter().all(|row| row.present != "nee");
    NormCoverage {
        title: coverage.title.clone(),
        sentence: if all { coverage.complete.clone() } else { coverage.incomplete.clone() },
        heads: ["Onderwerp van de norm", "Gegevens aanwezig", "Pagina"].map(str::to_owned).into(),
        rows,
    }
}

fn subject_row(subject: &CoverageSubject, pages: &[Page], has_population: bool) -> CoverageRow {
    let shown: Vec<&Page> = subject.indicators.iter().filter_map(|id| page_of(pages, id)).collect();
    let with_value = shown.iter().filter(|page| page.position.value.is_some()).count() + usize::from(subject.population && has_population);
    let wanted = shown.len() + usize::from(subject.population);
    let present = if wanted > 0 && with_value == wanted {
        "ja"
    } else if with_value > 0 {
        "deels"
    } else {
        "nee"
    };
    let mut places: Vec<Place> = shown.iter().map(|page| Place::Indicator(page.spec.id.clone())).collect();
    if subject.population && has_population {
        places.push(Place::Population);
    }
    CoverageRow { subject: subject.title.clone(), present: present.to_owned(), places }
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
