//! Method, terms and colophon.

use spiegel_model::{Kind, MethodPage, MethodSection, Table, count, decimal, percentage};

use super::ReportContext;
use super::sentences::listed;
use crate::Results;

pub(super) fn page(results: &Results, context: &ReportContext) -> MethodPage {
    let words = &results.pipeline.spec.words;
    let minimum = &results.year.minimum;
    let section = |title: &str, paragraphs: Vec<String>| MethodSection {
        title: title.to_owned(),
        paragraphs,
        bullets: Vec::new(),
    };
    let skewed = results.indicators.iter().any(|one| one.indicator.spec.skewed);
    let mut intervals = "Bij elk cijfer staat een 95%-interval. Van honderd zulke intervallen bevatten er ongeveer 95 het werkelijke niveau. Voor aandelen is de methode van Wilson gebruikt, voor gemiddelden Student.".to_owned();
    if skewed {
        intervals.push_str(" Minuten en dagen zijn scheef verdeeld; daar is het interval met hertrekken bepaald (bootstrap-t).");
    }
    let mut sections = vec![
        section("Waar komen de cijfers vandaan?", words.source.clone()),
        section(
            "Twee landelijke cijfers",
            vec![format!(
                "Het landelijk gemiddelde telt elke cliënt even zwaar; de trechter en uw plek gaan daarvan uit. Het landelijk midden is het middelste cijfer van alle {}; de verdelingen gaan daarvan uit. Waar niet is gecorrigeerd, wordt een aandeel van een {} met meer dan een twintigste van alle gegevens vergeleken met dat van de anderen.",
                words.providers, words.provider
            )],
        ),
        section("Hoe zeker is een cijfer?", vec![intervals]),
        section(
            "Wanneer noemen we een cijfer hoger of lager?",
            vec![
                format!(
                    "Ook zonder bijzondere oorzaak verschillen {p} van elkaar. De grenzen in de trechter tellen die gewone verschillen mee (tussen-variatie volgens Paule en Mandel, met begrensde uitschieters). Buiten de 95%-grenzen ligt bij gewone verschillen 1 op de 20 {p}, buiten de 99,8%-grenzen 1 op de 500.",
                    p = words.providers
                ),
                "De grenzen geven aan waar aandacht zinvol kan zijn. Het zijn geen grenzen tussen voldoende en tekort.".to_owned(),
            ],
        ),
        section(
            "Kleine aantallen",
            vec![format!(
                "Een cijfer staat er vanaf {} waarnemingen, een plek vanaf {}. Een vergelijkgroep telt ten minste {} andere {}, en geen daarvan heeft meer dan {} van de cliënten.",
                minimum.shown,
                minimum.labelled,
                minimum.group_providers,
                words.providers,
                percentage(minimum.group_largest_share, 0)
            )],
        ),
        section(
            "Anderen zijn niet te herkennen",
            vec![format!(
                "Cijfers van anderen staan er alleen als gemiddelde van ten minste drie {} met een vergelijkbare waarde, afgerond. De getekende punten zijn dus niemands cijfer.",
                words.providers
            )],
        ),
        section(
            "Trend",
            vec!["Een stijging of daling noemen we alleen over ten minste drie jaren, als uw ontwikkeling anders is dan de landelijke en het verschil groot genoeg is om over te praten. Door toeval gebeurt dat bij ongeveer 1 op de 100 cijfers. Voor kenmerken van cliënten is een trend niet gecorrigeerd.".to_owned()],
        ),
        section("Wat zeggen deze cijfers niet?", words.limits.clone()),
    ];
    if let Some(adjustment) = adjustment(results) {
        // The longest last, so that two columns can be about equal.
        sections.push(adjustment);
    }
    MethodPage {
        title: "Methode".to_owned(),
        sections,
        table_title: "De cijfers achter de grenzen".to_owned(),
        table: table(results),
        colophon_title: "Colofon".to_owned(),
        colophon: vec![
            format!("{} · definitieset {} · rapport versie {}", results.pipeline.spec.publisher, results.year.definitions, context.version),
            format!("programma {}", context.program),
            format!("definities {} · gegevens {} · referentie {}", short(&results.pipeline.fingerprint), short(&context.data), short(&context.reference)),
        ],
    }
}

/// How places are adjusted, and how well the models do. None when no indicator has adjusters.
fn adjustment(results: &Results) -> Option<MethodSection> {
    let (mut models, mut without) = (Vec::new(), Vec::new());
    for indicator in &results.indicators {
        let spec = &indicator.indicator.spec;
        let Some(model) = indicator.years.get(&results.year.year).and_then(|year| year.national.case_mix.as_ref()) else { continue };
        if !model.places() {
            without.push(spec.short.clone());
            continue;
        }
        let strength = match spec.kind {
            Kind::Mean => format!("verklaart {} van de verschillen tussen cliënten", percentage(model.diagnostics.discrimination, 0)),
            Kind::Proportion => format!("onderscheid (AUC) {}", decimal(model.diagnostics.discrimination, 2)),
        };
        let caution = if model.diagnostics.passes() { "" } else { "; met voorbehoud" };
        models.push(format!("{}: {}; {strength}{caution}.", spec.short, listed(&model.adjusters)));
    }
    if !without.is_empty() {
        models.push(format!("Niet gecorrigeerd, omdat het model bij andere {} niets voorspelde of niet te schatten was: {}.", results.pipeline.spec.words.providers, listed(&without)));
    }
    (!models.is_empty()).then(|| MethodSection {
        title: "Correctie voor kenmerken van cliënten".to_owned(),
        paragraphs: vec![
            "Waar dat kan, houdt uw plek rekening met kenmerken van uw cliënten van voor de start. Het model schat wat landelijk bij zulke cliënten te verwachten is. Het verschil daarmee bepaalt uw plek.".to_owned(),
            format!("Uw eigen cijfer staat er altijd zonder correctie. Een gecorrigeerd cijfer vergelijkt u met het land, niet met een andere {}.", results.pipeline.spec.words.provider),
        ],
        bullets: models,
    })
}

/// Enough of a checksum to tell two apart.
fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

fn table(results: &Results) -> Table {
    let providers = spiegel_model::capitalised(&results.pipeline.spec.words.providers);
    let rows = results
        .indicators
        .iter()
        .filter_map(|indicator| {
            let spec = &indicator.indicator.spec;
            let national = &indicator.years.get(&results.year.year)?.national;
            let none = || "n.b.".to_owned();
            // What the limits rest on: the variation that is left after adjustment, on the scale of log-odds for shares.
            let adjusted = national.case_mix.as_ref().filter(|model| model.places()).and_then(|model| model.between);
            let variation = match (adjusted, national.between, spec.kind) {
                (Some(between), _, Kind::Proportion) => format!("τ {} (log-odds)", decimal(between.sqrt(), 2)),
                (None, Some(between), Kind::Proportion) => format!("ρ {}", decimal(between, 3)),
                (Some(between), _, Kind::Mean) | (None, Some(between), Kind::Mean) => format!("τ {}", decimal(between.sqrt(), 2)),
                (None, None, _) => none(),
            };
            let told_apart = national.rankability.map_or_else(none, |value| {
                let word = if value < 0.5 {
                    "weinig"
                } else if value < 0.75 {
                    "redelijk"
                } else {
                    "veel"
                };
                format!("{word} ({})", decimal(value, 2))
            });
            Some(vec![
                spec.short.clone(),
                spec.version.clone(),
                count(national.providers as u64),
                count(national.units),
                national.mean.map_or_else(none, |mean| spec.format.value(mean, u64::MAX)),
                variation,
                told_apart,
            ])
        })
        .collect();
    Table {
        heads: vec![
            "Onderwerp".to_owned(),
            "Definitie".to_owned(),
            providers,
            "Waarnemingen".to_owned(),
            "Gemiddelde".to_owned(),
            "Tussen-variatie".to_owned(),
            "Onderscheid".to_owned(),
        ],
        rows,
    }
}
