//! Page 1: one row per indicator, what stands out, and how to read it.

use std::collections::BTreeSet;

use spiegel_model::{
    Label, MethodSection, MissingCode, Place, Position, Range, Side, SpineRow, Summary, SummaryRow, Topic, TrendState, Variant, capitalised, count,
    ordinal_word, percentage,
};

use super::indicator_page::{Page, is_share, place_text};
use super::sentences::listed;
use super::sheet::years;
use super::voice::Voice;
use super::{code_note, code_text, correction};
use crate::distribution::on_grid;
use crate::{Distribution, Results};

/// Topics named on page 1, at most.
const NAMED_TOPICS: usize = 3;
/// Trends named on page 1, at most.
const NAMED_TRENDS: usize = 2;
/// Two places closer than this, in standard deviations, are the same figure in another unit.
const TWIN_DISTANCE: f64 = 1e-6;
/// Places in a spine row are rounded to what can be drawn; more digits would only be a riddle about others.
const SPINE_STEP: f64 = 0.001;
/// Where a spine row is clipped.
const SPINE_LIMIT: f64 = 1.2;

pub(super) fn page(results: &Results, provider: &str, pages: &[Page], variant: Variant) -> Summary {
    let voice = Voice::of(provider);
    let full = variant != Variant::SinglePage;
    let rows: Vec<SummaryRow> = pages.iter().map(|page| row(results, page)).collect();
    let codes: BTreeSet<MissingCode> = pages
        .iter()
        .filter_map(|page| match page.position.label {
            Label::None(code) => Some(code),
            _ => None,
        })
        .collect();
    let topics: Vec<Topic> =
        if full { named(&standing_out(pages)).iter().filter_map(|page| topic(results, page)).collect() } else { Vec::new() };
    Summary {
        lead: "In één oogopslag.".to_owned(),
        sentences: if full {
            whose(results).into_iter().chain(opening(pages, also_standing_out(results, provider), voice)).collect()
        } else {
            nothing_shown(results)
        },
        heads: ["Onderwerp", "n", voice.say("U", "Groep"), "95%-interval", "lager", "midden", "hoger", voice.say("Uw plek", "Plek")].map(str::to_owned).into(),
        legend: if full { legend(results, pages, voice) } else { String::new() },
        rows,
        topics_title: "Om te bespreken".to_owned(),
        topics_none: if topics.is_empty() && full {
            "Kies zelf een onderwerp. Bij elk onderwerp staat een vraag voor in uw team.".to_owned()
        } else {
            String::new()
        },
        topics,
        blocks: if full { blocks(results, provider, pages) } else { reasons(results, pages) },
        notes: codes.into_iter().map(|code| code_note(code, results, voice)).collect(),
        confidentiality: match (voice, &results.pipeline.spec.group_report) {
            (Voice::Group, Some(words)) => words.confidentiality.clone(),
            _ => results.pipeline.spec.words.confidentiality.clone(),
        },
    }
}

fn row(results: &Results, page: &Page) -> SummaryRow {
    let Position { n, value, interval, label, .. } = page.position;
    let format = &page.spec.format;
    let shown = results.year.minimum.shown;
    let own = match (value, label) {
        (Some(value), _) => format.value(value, n),
        (None, Label::None(code)) => code_text(code, shown, Voice::of(&page.position.provider_id)),
        (None, _) => code_text(MissingCode::NotDelivered, shown, Voice::of(&page.position.provider_id)),
    };
    let place = place_text(&page.position, shown);
    let marks = match label {
        Label::None(_) | Label::Within(_) => 0,
        Label::Attention(Side::Higher) => 1,
        Label::Attention(Side::Lower) => -1,
        Label::Signal(Side::Higher) => 2,
        Label::Signal(Side::Lower) => -2,
    };
    let result = results
        .indicators
        .iter()
        .find(|indicator| indicator.indicator.spec.id == page.spec.id)
        .and_then(|indicator| indicator.years.get(&results.year.year));
    let distribution = result.and_then(|result| result.national.distribution.as_ref());
    SummaryRow {
        indicator: page.spec.id.clone(),
        topic: page.spec.short.clone(),
        n: if value.is_some() { count(n) } else { String::new() },
        own,
        own_is_value: value.is_some(),
        interval: interval
            .filter(|_| value.is_some())
            .map(|range| format.range(range.lower, range.upper, n))
            .unwrap_or_default(),
        spine: distribution.map(|distribution| {
            // The nation's values are as delivered; the place is the adjusted one's.
            let adjusted = page.position.adjusted.as_ref().filter(|_| has_place(label)).map(|adjusted| adjusted.value);
            spine(distribution, value, interval, page.group.map(|(value, _)| value), adjusted)
        }),
        place,
        marks,
    }
}

fn has_place(label: Label) -> bool {
    !matches!(label, Label::None(_))
}

/// Piecewise linear on each side of the national middle, so that both outer quantiles lie at the same distance.
fn spine(distribution: &Distribution, own: Option<f64>, interval: Option<Range>, group: Option<f64>, adjusted: Option<f64>) -> SpineRow {
    let outer = distribution.outer.map_or_else(
        || {
            // Without tails the middle half takes half of each side.
            let middle = distribution.middle;
            Range {
                lower: middle - 2.0 * (middle - distribution.inner.lower),
                upper: middle + 2.0 * (distribution.inner.upper - middle),
            }
        },
        |(_, range)| range,
    );
    let scale = |value: f64| {
        let distance = value - distribution.middle;
        let half = if distance < 0.0 { distribution.middle - outer.lower } else { outer.upper - distribution.middle };
        let place = if half > 0.0 { distance / half } else { 0.0 };
        on_grid(place.clamp(-SPINE_LIMIT, SPINE_LIMIT), SPINE_STEP)
    };
    let (inner_lower, inner_upper) = (scale(distribution.inner.lower), scale(distribution.inner.upper));
    let tails = distribution.outer.is_some();
    SpineRow {
        outer_lower: if tails { -1.0 } else { inner_lower },
        outer_upper: if tails { 1.0 } else { inner_upper },
        inner_lower,
        inner_upper,
        own: own.map(scale),
        interval: own.and(interval).map(|range| Range { lower: scale(range.lower), upper: scale(range.upper) }),
        group: group.map(scale),
        adjusted: own.and(adjusted).map(scale),
    }
}

/// Pages whose value stands out, by |z|; ties keep the order of the table.
fn standing_out(pages: &[Page]) -> Vec<&Page> {
    let mut pages: Vec<&Page> = pages.iter().filter(|page| page.position.label.side().is_some()).collect();
    let size = |page: &Page| page.position.z.map_or(0.0, f64::abs);
    pages.sort_by(|a, b| size(b).total_cmp(&size(a)));
    pages
}

/// Those that are named: two indicators that always share one place (a change and its effect size) count as one name.
fn named<'a>(out: &[&'a Page]) -> Vec<&'a Page> {
    let mut named: Vec<&Page> = Vec::new();
    for page in out {
        let twin = |other: &&Page| match (other.position.z, page.position.z) {
            (Some(a), Some(b)) => (a - b).abs() < TWIN_DISTANCE,
            _ => false,
        };
        if named.len() < NAMED_TOPICS && !named.iter().any(twin) {
            named.push(page);
        }
    }
    named
}

/// Indicators that are shown with another and have a place.
fn also_measured<'a>(results: &'a Results, provider: &str) -> Vec<(&'a str, &'a Position)> {
    results
        .indicators
        .iter()
        .filter(|one| one.indicator.spec.shown_with.is_some())
        .filter_map(|one| Some((one.indicator.spec.short.as_str(), one.position(provider)?)))
        .filter(|(_, position)| !matches!(position.label, Label::None(_)))
        .collect()
}

/// What stands out among them, in words.
fn also_standing_out(results: &Results, provider: &str) -> Option<String> {
    let shown = results.year.minimum.shown;
    let out: Vec<String> = also_measured(results, provider)
        .iter()
        .filter(|(_, position)| position.label.side().is_some())
        .map(|(short, position)| format!("{short} ({})", place_text(position, shown)))
        .collect();
    (!out.is_empty()).then(|| format!("Bij wat ook gemeten is, valt op: {}.", listed(&out)))
}

/// Whose figures these are, for a group (report specification 3.12); nothing for one provider.
fn whose(results: &Results) -> Vec<String> {
    let (Some(gathered), Some(words)) = (&results.gathered, &results.pipeline.spec.group_report) else { return Vec::new() };
    let mut sentences = vec![
        format!("Dit is een gezamenlijke rapportage van {} {}, samen {} {}.", gathered.members, words.members, count(gathered.units), words.units),
        format!("Van u ontvingen we {} gegevens van minder dan {} {}.", years(results), results.year.minimum.clients, results.pipeline.spec.report.clients),
        "Daarom tonen we geen cijfers van u alleen: die zouden te onzeker zijn, en soms tot cliënten te herleiden.".to_owned(),
    ];
    match gathered.left_out {
        0 => {}
        1 => sentences.push("Eén aanbieder telt niet mee, omdat de groep anders te veel over die ene zou zeggen.".to_owned()),
        many => sentences.push(format!(
            "{} {} tellen niet mee, omdat de groep anders te veel over elk van hen zou zeggen.",
            capitalised(&ordinal_word(many)),
            words.members
        )),
    }
    sentences
}

fn opening(pages: &[Page], also: Option<String>, voice: Voice) -> Vec<String> {
    let who = voice.say("ligt u", "ligt de groep");
    let clients = voice.say("uw aantal cliënten", "haar aantal cliënten");
    let compared = pages.iter().filter(|page| !matches!(page.position.label, Label::None(_))).count();
    let left_out = pages.len() - compared;
    let out = standing_out(pages);
    let within = compared - out.len();
    let mut sentences = Vec::new();
    if compared == 0 {
        sentences.push(format!(
            "{}, zonder plek: voor een vergelijking zijn er te weinig gegevens.",
            voice.say("U ziet uw eigen cijfers", "Hier staan de cijfers van de groep")
        ));
        return sentences;
    }
    if out.is_empty() {
        sentences.push(if compared == 1 {
            format!("Op het ene onderwerp dat we vergelijken {who} binnen de spreiding die past bij {clients}.")
        } else {
            format!("Op alle {compared} onderwerpen die we vergelijken {who} binnen de spreiding die past bij {clients}.")
        });
        sentences.push(also.unwrap_or_else(|| "Er valt niets op. Kijk bij de trends of u zelf iets wilt bespreken.".to_owned()));
    } else {
        sentences.push(format!(
            "Op {} van de {compared} onderwerpen {} {who} binnen de spreiding die past bij {clients}.",
            if within == 0 { "geen".to_owned() } else { within.to_string() },
            if left_out > 0 { "die we vergelijken" } else { "" }
        ).replace("  ", " "));
        let named: Vec<String> = named(&out)
            .iter()
            .map(|page| match page.position.label.side() {
                Some(Side::Lower) => stands_out(page, voice).1.clone(),
                _ => stands_out(page, voice).0.clone(),
            })
            .collect();
        sentences.push(match (out.len(), out.len() > named.len()) {
            (1, _) => format!("Eén onderwerp valt op: {}.", listed(&named)),
            (many, false) => format!("{} onderwerpen vallen op: {}.", capitalised(&ordinal_word(many)), listed(&named)),
            (many, true) => {
                format!("{} onderwerpen vallen op. Het meest: {}.", capitalised(&ordinal_word(many)), listed(&named))
            }
        });
        sentences.push(if out.len() == 1 {
            "Dit is geen oordeel. Het is een onderwerp om samen te bespreken.".to_owned()
        } else {
            "Dit is geen oordeel. Het zijn onderwerpen om samen te bespreken.".to_owned()
        });
        sentences.extend(also);
    }
    match left_out {
        0 => {}
        1 => sentences.push("Eén onderwerp vergelijken we niet; bij het onderwerp staat de reden.".to_owned()),
        many => sentences.push(format!(
            "{} onderwerpen vergelijken we niet; bij elk onderwerp staat de reden.",
            capitalised(&ordinal_word(many))
        )),
    }
    sentences
}

/// What is said of a value that stands out: when higher, when lower.
fn stands_out(page: &Page, voice: Voice) -> (&String, &String) {
    match (voice, &page.spec.group) {
        (Voice::Group, Some(words)) => (&words.stands_out_more, &words.stands_out_less),
        _ => (&page.spec.verbs.stands_out_more, &page.spec.verbs.stands_out_less),
    }
}

fn nothing_shown(results: &Results) -> Vec<String> {
    let minimum = results.year.minimum.shown;
    vec![
        format!("Van u zijn er over {} geen cijfers die we kunnen tonen.", results.year.label),
        format!("Een cijfer staat hier pas vanaf {minimum} waarnemingen, en alleen als het is aangeleverd."),
        "Per onderwerp ziet u de reden.".to_owned(),
    ]
}

/// For a provider without any value: each topic with its reason.
fn reasons(results: &Results, pages: &[Page]) -> Vec<MethodSection> {
    let shown = results.year.minimum.shown;
    let bullets = pages
        .iter()
        .map(|page| match page.position.label {
            Label::None(code) => format!("{}: {}.", page.spec.short, code_text(code, shown, Voice::of(&page.position.provider_id))),
            _ => page.spec.short.clone(),
        })
        .collect();
    vec![
        MethodSection { title: "Per onderwerp".to_owned(), paragraphs: Vec::new(), bullets },
        correction(results, Voice::You),
    ]
}

fn legend(results: &Results, pages: &[Page], voice: Voice) -> String {
    let words = &results.pipeline.spec.words;
    let mut parts = vec![format!("Zo leest u dit: de blauwe stip {}, de blauwe lijn is het 95%-interval", voice.say("bent u", "is de groep"))];
    if pages.iter().any(|page| has_place(page.position.label) && page.position.adjusted.is_some()) {
        parts.push(format!("de blauwe ring is {} na correctie voor kenmerken van cliënten; daarop berust de plek", voice.say("uw cijfer", "het groepscijfer")));
    }
    if pages.iter().any(|page| page.group.is_some()) {
        parts.push("de ruit is uw vergelijkgroep".to_owned());
    }
    parts.push("de streep is het landelijke midden".to_owned());
    let mut text = format!("{}. Donkergrijs: middelste helft van de {}.", parts.join(", "), words.providers);
    let shares: BTreeSet<u8> = results
        .indicators
        .iter()
        .filter_map(|indicator| indicator.years.get(&results.year.year))
        .filter_map(|result| result.national.distribution.as_ref().and_then(|one| one.outer))
        .map(|(share, _)| share)
        .collect();
    match shares.iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => text.push_str(&format!(" Lichtgrijs: middelste {one}%.")),
        _ => text.push_str(" Lichtgrijs: middelste 80 of 90%, naar gelang het aantal."),
    }
    text.push_str(" Rechts is méér, niet beter.");
    if standing_out(pages).iter().any(|page| matches!(page.position.label, Label::Signal(_))) {
        text.push_str(" Eén driehoek: buiten de 95%-grens. Twee: buiten de 99,8%-grens.");
    } else if !standing_out(pages).is_empty() {
        text.push_str(" Driehoek: buiten de 95%-grens.");
    }
    text
}

fn blocks(results: &Results, provider: &str, pages: &[Page]) -> Vec<MethodSection> {
    let reliable = MethodSection { title: "Hoe betrouwbaar is dit?".to_owned(), paragraphs: reliability(results, provider, pages), bullets: Vec::new() };
    let trends: Vec<String> = pages.iter().filter_map(changed).take(NAMED_TRENDS).collect();
    let changes = (!trends.is_empty()).then(|| MethodSection { title: "Veranderd in de loop van de jaren".to_owned(), paragraphs: Vec::new(), bullets: trends });
    std::iter::once(reliable).chain(changes).collect()
}

fn topic(results: &Results, page: &Page) -> Option<Topic> {
    let value = page.position.value?;
    let national = results
        .indicators
        .iter()
        .find(|indicator| indicator.indicator.spec.id == page.spec.id)?
        .years
        .get(&results.year.year)?
        .national
        .distribution
        .as_ref()?
        .middle;
    let national = if is_share(&page.spec) { percentage(national, 1) } else { page.spec.format.value(national, u64::MAX) };
    Some(Topic {
        text: format!("{}: {}, landelijk midden {national}.", page.spec.short, page.spec.format.value(value, page.position.n)),
        question: page.question.clone(),
        place: Place::Indicator(page.spec.id.clone()),
    })
}

fn reliability(results: &Results, provider: &str, pages: &[Page]) -> Vec<String> {
    let voice = Voice::of(provider);
    let mut paragraphs = Vec::new();
    let shown: Vec<&Page> = pages.iter().filter(|page| page.position.value.is_some()).collect();
    if let (Some(least), Some(most)) =
        (shown.iter().min_by_key(|page| page.position.n), shown.iter().max_by_key(|page| page.position.n))
    {
        let same_unit = shown.iter().all(|page| page.spec.unit == least.spec.unit);
        let unit = if same_unit { least.spec.unit.plural.as_str() } else { "waarnemingen" };
        let numbers = if least.position.n == most.position.n {
            count(least.position.n)
        } else {
            format!("{} tot {}", count(least.position.n), count(most.position.n))
        };
        paragraphs.push(format!(
            "{} berusten op {numbers} {unit}. Hoe kleiner het aantal, hoe breder het interval.",
            voice.say("Uw cijfers", "De cijfers van de groep")
        ));
    }
    if voice == Voice::Group {
        paragraphs.push(format!(
            "Geen {} heeft meer dan {} van de gegevens. Een onderwerp of jaar waarbij dat wel zo is, staat er niet.",
            results.pipeline.spec.words.provider,
            percentage(results.year.minimum.group_largest_share, 0)
        ));
    }
    if let Some(group) = results.providers.get(provider).and_then(|one| one.groups.first()) {
        paragraphs.push(format!(
            "Uw vergelijkgroep: {} andere {} met {}. Bij elk onderwerp staat hoeveel van hen een cijfer hebben.",
            group.others.len(),
            results.pipeline.spec.words.providers,
            group.words
        ));
    }
    let compared = pages.iter().filter(|page| !matches!(page.position.label, Label::None(_))).count();
    let also = also_measured(results, provider);
    let all_compared = compared + also.len();
    let all_out = standing_out(pages).len() + also.iter().filter(|(_, position)| position.label.side().is_some()).count();
    if compared > 1 {
        paragraphs.push(format!(
            "Van elke honderd cijfers die we vergelijken, vallen er gewoonlijk ongeveer vijf op. Bij {} {} van de {all_compared}{}.",
            voice.say("u", "de groep"),
            match all_out {
                0 => "valt er geen".to_owned(),
                1 => "valt er 1".to_owned(),
                many => format!("vallen er {many}"),
            },
            if also.is_empty() { " op" } else { " op, ook gemeten cijfers meegeteld" }
        ));
    }
    paragraphs
}

fn changed(page: &Page) -> Option<String> {
    let TrendState::Changed { side, from, from_n, to, years } = &page.position.trend else { return None };
    let format = &page.spec.format;
    let verb = match side {
        Side::Higher => "gestegen",
        Side::Lower => "gedaald",
    };
    Some(format!(
        "{}: in {years} jaar {verb} van {} naar {}.",
        page.spec.short,
        format.value(*from, *from_n),
        format.value(*to, page.position.n)
    ))
}
