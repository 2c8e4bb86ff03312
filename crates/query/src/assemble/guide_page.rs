//! Page 2: how the figures are read, with invented examples; the comparable groups; what stands in the place of a value.

use spiegel_model::{
    Cell, DeliveryKind, DotPlot, FunnelLine, FunnelPlot, GuideGroups, GuideSpine, Labelled, MethodSection, MissingCode, OwnMark, Range, ReadingGuide, SpineRow, Table,
    TitledTable, ValueFormat, capitalised, count,
};

use super::voice::Voice;
use super::{code_meaning, code_text};
use crate::Results;

/// The invented example: minutes per trajectory of a provider and of a country that do not exist.
const OWN: f64 = 610.0;
const OWN_INTERVAL: Range = Range { lower: 570.0, upper: 650.0 };
const GROUP: f64 = 540.0;
const MIDDLE: f64 = 510.0;
const MIDDLE_HALF: Range = Range { lower: 460.0, upper: 560.0 };
const GRID: f64 = 10.0;
/// Units of the invented provider.
const UNITS: u64 = 180;
/// Half widths of the invented funnel: variation between providers, and what chance adds at one unit.
const BETWEEN: f64 = 32.0;
const WITHIN: f64 = 310.0;
/// Of the standard normal: the limits that are drawn.
const INNER: f64 = 1.959_963_984_540_054;
const OUTER: f64 = 3.090_232_306_167_813;
const LARGEST: f64 = 400.0;

/// A dot for each twentieth of the invented providers, in tens of minutes.
const DOTS: [u32; 50] = [
    38, 41, 42, 43, 44, 44, 45, 45, 46, 46, 46, 47, 47, 47, 48, 48, 48, 49, 49, 49, 50, 50, 50, 51, 51, 51, 51, 52, 52, 52, 53, 53, 53, 54, 54, 54, 55, 55, 56, 56, 56, 57, 57,
    58, 59, 60, 61, 63, 65, 68,
];
/// Size and tens of minutes of invented marks in the funnel.
const MARKS: [(u32, u32); 22] = [
    (20, 44), (20, 58), (30, 47), (30, 53), (40, 61), (40, 49), (50, 42), (60, 52), (70, 55), (80, 48), (90, 51), (110, 57), (120, 46), (140, 52), (160, 50), (190, 55),
    (210, 48), (240, 52), (270, 54), (310, 49), (350, 52), (380, 50),
];

pub(super) fn page(results: &Results, provider: &str) -> ReadingGuide {
    let words = &results.pipeline.spec.words;
    let groups = groups(results, provider);
    let voice = Voice::of(provider);
    ReadingGuide {
        title: "Leeswijzer".to_owned(),
        example: format!(
            "De {} figuren hieronder zijn voorbeelden met verzonnen cijfers. Zij gaan niet over {} of over andere {}.",
            voice.say("drie", "twee"),
            voice.say("u", "deze groep"),
            words.providers
        ),
        format: ValueFormat::Number { decimals: 0, unit: "minuten".to_owned() },
        spine: spine(voice),
        dot_plot: dot_plot(voice),
        funnel: (voice == Voice::You).then(funnel),
        texts: texts(results, groups.is_some(), voice),
        groups,
        codes: codes(results, voice),
    }
}

fn own_mark(label: &str) -> OwnMark {
    OwnMark { value: OWN, interval: Some(OWN_INTERVAL), label: label.to_owned(), n: UNITS }
}

fn spine(voice: Voice) -> GuideSpine {
    GuideSpine {
        row: SpineRow {
            outer_lower: -1.0,
            outer_upper: 1.0,
            inner_lower: -0.4,
            inner_upper: 0.4,
            own: Some(0.72),
            interval: Some(Range { lower: 0.5, upper: 0.94 }),
            group: (voice == Voice::You).then_some(0.16),
            adjusted: None,
        },
        own: voice.say("uw cijfer", "de groep").to_owned(),
        interval: "95%-interval".to_owned(),
        group: "vergelijkgroep".to_owned(),
        middle: "landelijk midden".to_owned(),
        inner: "middelste helft".to_owned(),
        outer: "middelste 80 of 90%".to_owned(),
        lower: "lager".to_owned(),
        higher: "hoger".to_owned(),
        alt: format!(
            "Voorbeeld van een rij op pagina 1: links lager, rechts hoger, met het landelijk midden als streep en {} als stip.",
            voice.say("uw cijfer", "de groep")
        ),
    }
}

fn dot_plot(voice: Voice) -> DotPlot {
    DotPlot {
        dots: DOTS.iter().map(|tens| f64::from(*tens) * 10.0).collect(),
        grid: GRID,
        middle_half: MIDDLE_HALF,
        middle_half_label: "middelste helft".to_owned(),
        middle: Labelled { value: MIDDLE, label: "landelijk midden 510".to_owned() },
        guideline: None,
        group: (voice == Voice::You).then(|| Labelled { value: GROUP, label: "vergelijkgroep 540".to_owned() }),
        own: Some(own_mark(voice.say("U: 610", "Groep: 610"))),
        caption: String::new(),
        alt: format!(
            "Voorbeeld van een verdeling in 50 bolletjes: de meeste liggen tussen 460 en 560, {} van 610 staat met zijn interval onder de as.",
            voice.say("uw cijfer", "het groepscijfer")
        ),
    }
}

fn funnel() -> FunnelPlot {
    let width = |n: f64| (BETWEEN.powi(2) + WITHIN.powi(2) / n).sqrt();
    let lines = (1..=40)
        .map(|step| {
            let n = f64::from(step) * 10.0;
            let (inner, outer) = (INNER * width(n), OUTER * width(n));
            FunnelLine { n, lower: Some(MIDDLE - inner), upper: Some(MIDDLE + inner), outer_lower: Some(MIDDLE - outer), outer_upper: Some(MIDDLE + outer) }
        })
        .collect();
    FunnelPlot {
        target: Labelled { value: MIDDLE, label: "landelijk gemiddelde 510".to_owned() },
        lines,
        inner_label: "95%-grens".to_owned(),
        outer_label: "99,8%-grens".to_owned(),
        cells: MARKS.iter().map(|(n, tens)| Cell { n: f64::from(*n), value: f64::from(*tens) * 10.0, providers: 3 }).collect(),
        n_maximum: LARGEST,
        n_capped: false,
        n_label: "aantal trajecten".to_owned(),
        own: Some(OwnMark { label: "U 610".to_owned(), ..own_mark("") }),
        caption: String::new(),
        alt: "Voorbeeld van een trechterplot: de grenzen liggen bij kleine aantallen ver uit elkaar en bij grote aantallen dichter bijeen. U ligt boven de 95%-grens.".to_owned(),
    }
}

fn texts(results: &Results, has_groups: bool, voice: Voice) -> Vec<MethodSection> {
    let words = &results.pipeline.spec.words;
    let section = |title: &str, paragraphs: Vec<String>| MethodSection { title: title.to_owned(), paragraphs, bullets: Vec::new() };
    let diamond = if has_groups { " De ruit is het midden van uw vergelijkgroep." } else { "" };
    let mut texts = vec![
        section(
            "Een rij op pagina 1",
            vec![format!(
                "De stip is {}, de lijn erdoor het 95%-interval. Van honderd zulke intervallen bevatten er ongeveer 95 het werkelijke niveau. Hoe minder {}, hoe langer de lijn.{diamond} Rechts is méér, niet beter.",
                voice.say("uw cijfer", "het cijfer van de groep"),
                results.pipeline.spec.report.clients
            )],
        ),
        section(
            "De verdeling",
            vec![format!(
                "Elk bolletje is een even groot deel van de {p}. Hoe hoger de stapel, hoe meer {p} daar zitten. Onder de as staat waar {} zit. Een bolletje is het gemiddelde van drie {p}, dus niemands eigen cijfer.{}",
                voice.say("u", "de groep"),
                voice.say("", " Een tweede verdeling, binnen de groep, staat er alleen bij genoeg deelnemers."),
                p = words.providers
            )],
        ),
    ];
    if voice == Voice::You {
        texts.push(section(
            "De trechter",
            vec![format!(
                "Bij kleine aantallen schommelt een cijfer vanzelf meer. Daarom is de trechter links breed. De grenzen zijn zones van toenemende aandacht, geen grens tussen goed en fout. Bij gewone verschillen ligt 1 op de 20 {} buiten de 95%-grenzen. Rechts blijft de trechter open: ook grote {} verschillen gewoon van elkaar.",
                words.providers, words.providers
            )],
        ));
    }
    texts
}

fn groups(results: &Results, provider: &str) -> Option<GuideGroups> {
    let words = &results.pipeline.spec.words;
    let groups = &results.providers.get(provider)?.groups;
    if groups.is_empty() {
        return None;
    }
    let drawn = if groups.len() == 1 { "In de figuren staat het midden van de groep als ruit." } else { "In de figuren staat het midden van de eerste groep als ruit." };
    let mut sentences = vec![format!("Een vergelijkgroep bestaat uit andere {} die op u lijken. {drawn}", words.providers)];
    sentences.push(format!("Geen van deze {} is herkenbaar. {}", words.providers, words.other_group).trim_end().to_owned());
    let rows = groups
        .iter()
        .enumerate()
        .map(|(index, group)| {
            let used = if index == 0 { "de ruit in de figuren" } else { "ter informatie" };
            vec![group.words.clone(), count(group.others.len() as u64), used.to_owned()]
        })
        .collect();
    let title = if groups.len() == 1 { "Uw vergelijkgroep" } else { "Uw vergelijkgroepen" };
    let heads = vec![format!("{} met", capitalised(&words.providers)), "Aantal".to_owned(), "Waarvoor".to_owned()];
    Some(GuideGroups { title: title.to_owned(), sentences, table: Table { heads, rows } })
}

/// Codes in the order of the report specification, 3.9; what is held only where deliveries are looked at one by one.
fn codes(results: &Results, voice: Voice) -> TitledTable {
    let per_provider = results.pipeline.spec.delivery.kind == DeliveryKind::PerProvider;
    let mut codes = vec![MissingCode::TooSmall, MissingCode::TooFewToCompare, MissingCode::NotComparable, MissingCode::NotDelivered];
    if per_provider && voice == Voice::You {
        codes.extend([MissingCode::NotApplicable, MissingCode::Held]);
    }
    codes.push(MissingCode::DefinitionChanged);
    let rows = codes
        .into_iter()
        .map(|code| vec![code_text(code, results.year.minimum.shown, voice), capitalised(&code_meaning(code, results, voice))])
        .chain([vec!["n.b.".to_owned(), "Niet beschikbaar: dit getal is er niet.".to_owned()]])
        .collect();
    TitledTable { title: "Wat er kan staan op de plaats van een cijfer".to_owned(), table: Table { heads: vec!["Er staat".to_owned(), "Dat betekent".to_owned()], rows } }
}
