//! Method, terms and colophon.

use spiegel_model::{Kind, MethodPage, MethodSection, Table, count, decimal, percentage};

use super::ReportContext;
use super::sentences::listed;
use super::voice::Voice;
use crate::{Drift, FEWEST_CHANGES, Results};

pub(super) fn page(results: &Results, context: &ReportContext, voice: Voice) -> MethodPage {
    let words = &results.pipeline.spec.words;
    let minimum = &results.year.minimum;
    let section = |title: &str, paragraphs: Vec<String>| MethodSection {
        title: title.to_owned(),
        paragraphs,
        bullets: Vec::new(),
    };
    let group_words = results.pipeline.spec.group_report.as_ref().filter(|_| voice == Voice::Group);
    let limits = group_words.map_or(&words.limits, |words| &words.limits).clone();
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
                "Het landelijk gemiddelde telt elke cliënt even zwaar; {basis} daarvan uit. Het landelijk midden is het middelste cijfer van alle {}; de verdelingen gaan daarvan uit. Een {} met meer dan een twintigste van alle gegevens wordt vergeleken met de anderen. De grenzen zijn dan iets ruimer.",
                words.providers,
                words.provider,
                basis = voice.say("de trechter en uw plek gaan", "de plek van de groep gaat")
            )],
        ),
        section("Hoe zeker is een cijfer?", vec![intervals]),
        section(
            "Wanneer noemen we een cijfer hoger of lager?",
            vec![
                format!(
                    "Ook zonder bijzondere oorzaak verschillen {p} van elkaar. De grenzen {where_drawn}tellen die gewone verschillen mee (tussen-variatie volgens Paule en Mandel, met begrensde uitschieters). Buiten de 95%-grenzen ligt bij gewone verschillen 1 op de 20 {p}, buiten de 99,8%-grenzen 1 op de 500.",
                    p = words.providers,
                    where_drawn = voice.say("in de trechter ", "")
                ),
                "De grenzen geven aan waar aandacht zinvol kan zijn. Het zijn geen grenzen tussen voldoende en tekort.".to_owned(),
            ],
        ),
        section(
            "Kleine aantallen",
            vec![match voice {
                Voice::You => format!(
                    "Een cijfer staat er vanaf {} waarnemingen, een plek vanaf {}. Een vergelijkgroep telt ten minste {} andere {}, en geen daarvan heeft meer dan {} van de cliënten.",
                    minimum.shown,
                    minimum.labelled,
                    minimum.group_providers,
                    words.providers,
                    percentage(minimum.group_largest_share, 0)
                ),
                Voice::Group => format!("Een cijfer staat er vanaf {} waarnemingen, een plek vanaf {}.", minimum.shown, minimum.labelled),
            }],
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
            vec![format!(
                "Een stijging of daling noemen we alleen over ten minste drie jaren, als {} ontwikkeling anders is dan de landelijke en het verschil groot genoeg is om over te praten. Door toeval gebeurt dat bij ongeveer 1 op de 100 cijfers. Voor kenmerken van cliënten is een trend niet gecorrigeerd.",
                voice.say("uw", "de")
            )],
        ),
        section("Wat zeggen deze cijfers niet?", limits),
    ];
    sections.extend(about_the_group(results));
    if let Some(adjustment) = adjustment(results, voice) {
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

/// Who is in the group, and why nobody in it can be worked out. None in the report of one provider.
fn about_the_group(results: &Results) -> Option<MethodSection> {
    let gathered = results.gathered.as_ref()?;
    let words = results.pipeline.spec.group_report.as_ref()?;
    let (minimum, providers) = (&results.year.minimum, &results.pipeline.spec.words.providers);
    let provider = &results.pipeline.spec.words.provider;
    Some(MethodSection {
        title: "Over deze groep".to_owned(),
        paragraphs: vec![
            format!(
                "De cijfers gaan over {} {} samen, alsof zij één {provider} zijn. Zo'n groep telt ten minste {} {providers} van verschillende eigenaren.",
                gathered.members, words.members, minimum.group_providers
            ),
            format!(
                "Ook als twee eigenaren hun eigen cijfers van die van de groep aftrekken, blijven er ten minste {} over. Daarvan heeft er geen meer dan {} van de gegevens.",
                minimum.group_providers.saturating_sub(2),
                percentage(minimum.group_largest_share, 0)
            ),
            format!(
                "Dat geldt in totaal, per onderwerp en per jaar. Een nieuwe versie komt er alleen als van ten minste {} {providers} de gegevens anders zijn.",
                spiegel_model::ordinal_word(FEWEST_CHANGES)
            ),
            format!(
                "De grenzen zijn die van één {provider} met evenveel gegevens. Het gemiddelde van veel {providers} ligt gewoonlijk dichter bij het landelijke. Binnen de spreiding zegt over een groep dus minder dan over één {provider}."
            ),
        ],
        bullets: Vec::new(),
    })
}

/// How places are adjusted, and how well the models do. None when no indicator has adjusters.
fn adjustment(results: &Results, voice: Voice) -> Option<MethodSection> {
    let (mut models, mut without, mut has_drifted) = (Vec::new(), Vec::new(), false);
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
        let drifted = model.drift.as_ref().map(Drift::drifted).unwrap_or_default();
        let otherwise = if drifted.is_empty() { String::new() } else { format!("; weegt anders dan vorig jaar: {}", listed(&drifted)) };
        has_drifted |= !drifted.is_empty();
        models.push(format!("{}: {}; {strength}{caution}{otherwise}.", spec.short, listed(&model.adjusters)));
    }
    if !without.is_empty() {
        models.push(format!("Niet gecorrigeerd, omdat het model bij andere {} niets voorspelde of niet te schatten was: {}.", results.pipeline.spec.words.providers, listed(&without)));
    }
    let place = voice.say("uw plek", "de plek");
    (!models.is_empty()).then(|| MethodSection {
        title: "Correctie voor kenmerken van cliënten".to_owned(),
        paragraphs: vec![
            format!(
                "Waar dat kan, houdt {place} rekening met kenmerken van {}cliënten van voor de start. Het model schat wat landelijk bij zulke cliënten te verwachten is. Het verschil daarmee bepaalt {place}.",
                voice.say("uw ", "")
            ),
            format!(
                "{} staat er altijd zonder correctie. Een gecorrigeerd cijfer vergelijkt {} met het land, niet met een andere {}.",
                voice.say("Uw eigen cijfer", "Het cijfer van de groep"),
                voice.say("u", "de groep"),
                results.pipeline.spec.words.provider
            ),
        ]
        .into_iter()
        .chain(has_drifted.then(|| "Waar een model anders weegt dan vorig jaar, kan een gecorrigeerd cijfer ook daardoor veranderd zijn.".to_owned()))
        .collect(),
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
