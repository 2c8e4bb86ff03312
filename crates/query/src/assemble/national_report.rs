//! The nation as a whole: distributions, years, completeness, and how much stands out by chance. No provider in it.

use spiegel_model::{
    DotPlot, Kind, Labelled, MethodPage, MethodSection, NationalIndicator, NationalReport, OverviewIndicator, Table, TrendPlot, TrendYear, count, date_short,
    decimal, percentage,
};

use super::overview::{FAR_OUTSIDE, OUTSIDE, expected};
use super::voice::Voice;
use super::{ReportContext, method_page};
use crate::results::IndicatorResult;
use crate::{Distribution, National, Results};

/// Word for a figure that may not be shown.
const ABSENT: &str = "n.b.";
/// Title of the document.
const TITLE: &str = "Landelijk beeld";

/// The nation in the report year.
#[must_use]
pub fn national_report(results: &Results, context: &ReportContext) -> NationalReport {
    let (spec, year) = (&results.pipeline.spec, &results.year);
    let shown: Vec<&IndicatorResult> = results.indicators.iter().filter(|one| one.indicator.spec.shown_with.is_none()).collect();
    let counts: Vec<OverviewIndicator> = results.indicators.iter().map(expected).collect();
    NationalReport {
        pipeline: spec.id.clone(),
        year_label: year.label.clone(),
        issued: year.issued.format("%Y-%m-%d").to_string(),
        title: format!("{TITLE} {}", year.label),
        kicker: format!("{} · verslagjaar {} · opgesteld {}", spec.kicker, year.label, date_short(year.issued)),
        footer: format!("{TITLE} {} · {}", year.label, spec.publisher),
        description: format!("{TITLE} van {} over {}", spec.publisher, year.label),
        publisher: spec.publisher.clone(),
        opening: opening(results),
        table_title: "Alle onderwerpen".to_owned(),
        table: table(results),
        table_note: format!(
            "Gemiddelde: elke cliënt telt even zwaar. Midden: de helft van de {p} zit eronder. P25 en P75: daartussen zit de middelste helft van de {p}. {ABSENT}: te weinig {p} voor dit cijfer.",
            p = spec.words.providers
        ),
        indicators: shown.into_iter().map(|indicator| page(results, indicator)).collect(),
        chance: chance(results, &counts),
        chance_table: chance_table(&counts),
        quality: quality_table(results).is_some().then(|| MethodSection {
            title: "Hoe volledig zijn de aanleveringen?".to_owned(),
            paragraphs: vec![format!(
                "Het gemiddelde van de {} met genoeg waarnemingen; elk telt één keer. Wat minder gevuld is, maakt vergelijken onzekerder.",
                spec.words.providers
            )],
            bullets: Vec::new(),
        }),
        quality_table: quality_table(results),
        method: method(results, context),
    }
}

fn opening(results: &Results) -> Vec<MethodSection> {
    let words = &results.pipeline.spec.words;
    let own = results.providers.values().filter(|one| one.standing == crate::Standing::OwnReport).count() as u64;
    let all = results.providers.len() as u64;
    let section = |title: &str, paragraphs: Vec<String>| MethodSection { title: title.to_owned(), paragraphs, bullets: Vec::new() };
    vec![
        section(
            "Wat is dit?",
            vec![format!(
                "Dit is het beeld over {} van alle {} {} die hebben aangeleverd. Daarvan kregen er {} een eigen rapportage; voor de andere zijn de aantallen daarvoor te klein.",
                results.year.label,
                count(all),
                words.providers,
                count(own)
            )],
        ),
        section(
            "Wat is het niet?",
            vec![format!(
                "Het is geen rangorde en geen oordeel. Geen enkele {} is herkenbaar: elk getekend punt is het gemiddelde van ten minste drie {}. Verschillen tussen {} kunnen ook komen door andere cliënten, andere registratie of toeval.",
                words.provider, words.providers, words.providers
            )],
        ),
    ]
}

fn table(results: &Results) -> Table {
    let heads = ["Onderwerp", "Aanbieders", "Waarnemingen", "Gemiddelde", "P25", "Midden", "P75"].map(str::to_owned).into();
    let rows = results
        .indicators
        .iter()
        .filter_map(|indicator| {
            let national = &indicator.years.get(&results.year.year)?.national;
            Some(cells(&indicator.indicator.spec.short, indicator, national))
        })
        .collect();
    Table { heads, rows }
}

fn page(results: &Results, indicator: &IndicatorResult) -> NationalIndicator {
    let spec = &indicator.indicator.spec;
    let years = years(results, indicator);
    let distribution = indicator.years.get(&results.year.year).and_then(|year| year.national.distribution.as_ref());
    NationalIndicator {
        id: spec.id.clone(),
        title: spec.title.clone(),
        norm_line: spec.norm.clone(),
        format: spec.format.clone(),
        sentences: sentences(results, indicator),
        dot_plot: distribution.map(|distribution| dot_plot(results, indicator, distribution)),
        trend: trend(results, indicator, &years),
        table: yearly_table(results, indicator),
    }
}

fn written(indicator: &IndicatorResult, value: f64) -> String {
    indicator.indicator.spec.format.value(value, u64::MAX)
}

fn sentences(results: &Results, indicator: &IndicatorResult) -> Vec<String> {
    let spec = &indicator.indicator.spec;
    let providers = &results.pipeline.spec.words.providers;
    let Some(national) = indicator.years.get(&results.year.year).map(|year| &year.national) else { return Vec::new() };
    let (Some(distribution), Some(mean)) = (&national.distribution, national.mean) else {
        return vec![format!("Te weinig {providers} hebben genoeg gegevens voor een landelijk beeld.")];
    };
    let unit = |value: f64| match spec.kind {
        Kind::Proportion => percentage(value, 1),
        Kind::Mean => spec.format.value_with_unit(value, u64::MAX),
    };
    let mut sentences = vec![
        format!("Het landelijk gemiddelde is {}, over {}.", unit(mean), spec.unit.counted(national.units)),
        format!(
            "Het landelijk midden is {}; de middelste helft van de {} {providers} zit tussen {} en {}.",
            unit(distribution.middle),
            count(distribution.providers as u64),
            written(indicator, distribution.inner.lower),
            written(indicator, distribution.inner.upper)
        ),
    ];
    if let Some(rankability) = national.rankability {
        sentences.push(format!("Van de verschillen tussen {providers} is naar schatting {} meer dan toeval.", percentage(rankability, 0)));
    }
    sentences
}

/// The nation over the years, without anybody's own value.
fn years(results: &Results, indicator: &IndicatorResult) -> Vec<TrendYear> {
    indicator
        .years
        .iter()
        .skip_while(|(_, result)| result.national.delivered == 0)
        .map(|(year, result)| TrendYear {
            label: results.year.label_of(*year),
            own: None,
            few: false,
            code: String::new(),
            middle_half: result.national.distribution.as_ref().map(|one| one.inner),
            middle: result.national.distribution.as_ref().map(|one| one.middle),
            providers: result.national.providers as u64,
            broken: indicator.indicator.spec.breaks.iter().any(|one| one.first_year == *year),
        })
        .collect()
}

fn guideline(indicator: &IndicatorResult) -> Option<Labelled> {
    indicator.indicator.spec.guideline.as_ref().map(|one| Labelled { value: one.value, label: one.label.clone() })
}

fn dot_plot(results: &Results, indicator: &IndicatorResult, distribution: &Distribution) -> DotPlot {
    let spec = &indicator.indicator.spec;
    let providers = &results.pipeline.spec.words.providers;
    let what = match 100_usize.checked_div(distribution.dots.len()) {
        Some(each) => format!("De verdeling over {}. Elk grijs bolletje is {each}% van de {} {providers}.", results.year.label, distribution.providers),
        None => format!("De verdeling van {} {providers}: alleen de middelste helft. Ze horen bij minder dan 50 organisaties.", distribution.providers),
    };
    let alt = format!(
        "Verdeling van {} {providers}, {}: landelijk midden {}, middelste helft van {} tot {}.",
        distribution.providers,
        spec.short,
        written(indicator, distribution.middle),
        written(indicator, distribution.inner.lower),
        written(indicator, distribution.inner.upper)
    );
    DotPlot {
        dots: distribution.dots.clone(),
        grid: spec.grid,
        middle_half: distribution.inner,
        middle_half_label: "middelste helft".to_owned(),
        middle: Labelled { value: distribution.middle, label: format!("landelijk midden {}", written(indicator, distribution.middle)) },
        guideline: guideline(indicator),
        group: None,
        own: None,
        caption: what,
        alt,
    }
}

fn trend(results: &Results, indicator: &IndicatorResult, years: &[TrendYear]) -> Option<TrendPlot> {
    let told: Vec<String> = years.iter().filter_map(|year| Some(format!("{} {}", year.label, written(indicator, year.middle?)))).collect();
    (told.len() > 1).then(|| TrendPlot {
        years: years.to_vec(),
        guideline: guideline(indicator),
        middle_label: "landelijk midden".to_owned(),
        own_label: String::new(),
        caption: format!("Het landelijk midden per jaar. Grijs: de middelste helft van de {}.", results.pipeline.spec.words.providers),
        alt: format!("Het landelijk midden over de jaren, {}: {}.", indicator.indicator.spec.short, told.join(", ")),
    })
}

fn yearly_table(results: &Results, indicator: &IndicatorResult) -> Table {
    let heads = ["Jaar", "Aanbieders", "n", "Gemiddelde", "P25", "Midden", "P75"].map(str::to_owned).into();
    let delivered = indicator.years.iter().filter(|(_, result)| result.national.delivered > 0);
    let rows = delivered.map(|(year, result)| cells(&results.year.label_of(*year), indicator, &result.national)).collect();
    Table { heads, rows }
}

/// A row of figures after its first cell: providers, units, mean, and the middle half with its middle.
fn cells(first: &str, indicator: &IndicatorResult, national: &National) -> Vec<String> {
    let value = |value: Option<f64>| value.map_or_else(|| ABSENT.to_owned(), |value| written(indicator, value));
    let distribution = national.distribution.as_ref();
    vec![
        first.to_owned(),
        count(national.providers as u64),
        count(national.units),
        value(national.mean.filter(|_| distribution.is_some())),
        value(distribution.map(|one| one.inner.lower)),
        value(distribution.map(|one| one.middle)),
        value(distribution.map(|one| one.inner.upper)),
    ]
}

/// Definitions, figures of the method and the colophon; how it is computed stands in every mirror report.
fn method(results: &Results, context: &ReportContext) -> MethodPage {
    MethodPage { sections: Vec::new(), ..method_page::page(results, context, Voice::You) }
}

/// What chance alone gives, and what was found.
fn chance(results: &Results, counts: &[OverviewIndicator]) -> MethodSection {
    let providers = &results.pipeline.spec.words.providers;
    let sum = |value: fn(&OverviewIndicator) -> u64| counts.iter().map(value).sum::<u64>();
    let compared = sum(|one| one.compared);
    let outside = |part: f64| decimal(part * compared as f64, 0);
    MethodSection {
        title: "Hoeveel valt op, en hoeveel door toeval?".to_owned(),
        paragraphs: vec![
            format!(
                "Er zijn {} cijfers vergeleken met wat bij hun aantal te verwachten is. Buiten de 95%-grenzen lagen er {}; bij gewone verschillen tussen {providers} zijn dat er ongeveer {}.",
                count(compared),
                count(sum(|one| one.outside)),
                outside(OUTSIDE)
            ),
            format!(
                "Buiten de 99,8%-grenzen lagen er {}; te verwachten zijn er ongeveer {}. Wat opvalt, is dus vaak gewoon verschil. Het is een vraag om te bespreken.",
                count(sum(|one| one.far_outside)),
                outside(FAR_OUTSIDE)
            ),
        ],
        bullets: Vec::new(),
    }
}

fn chance_table(counts: &[OverviewIndicator]) -> Table {
    Table {
        heads: ["Onderwerp", "Vergeleken", "Buiten 95%", "Verwacht", "Buiten 99,8%", "Verwacht"].map(str::to_owned).into(),
        rows: counts
            .iter()
            .map(|one| {
                vec![
                    one.indicator.clone(),
                    count(one.compared),
                    count(one.outside),
                    decimal(one.expected_outside, 1),
                    count(one.far_outside),
                    decimal(one.expected_far_outside, 1),
                ]
            })
            .collect(),
    }
}

fn quality_table(results: &Results) -> Option<Table> {
    let spec = results.pipeline.spec.quality.as_ref()?;
    let rows: Vec<Vec<String>> = spec
        .fields
        .iter()
        .map(|field| vec![field.label.clone(), results.quality.national(&field.id).map_or_else(|| ABSENT.to_owned(), |share| percentage(share, 0))])
        .collect();
    Some(Table { heads: vec!["Gegeven".to_owned(), "Gevuld".to_owned()], rows })
}
