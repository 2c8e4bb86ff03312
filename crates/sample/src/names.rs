//! Invented names. They are whimsical on purpose: nobody's practice is called after a cubic frog.

/// Names with the characters that reports, queries and tables must survive; given to the first providers in turn.
const AWKWARD: [&str; 12] = [
    "Praktijk #1 & Zn.",
    "'t Geometrische Konijn",
    "*Sterk* _Wolkje_ in Denken",
    "Psychologenpraktijk \"De Omgekeerde Paraplu\"",
    "Praktijk Zes, Zeven & Acht; samen",
    "Het Denkbeeldige Genootschap voor Kortdurende Behandeling, Tweede Kansen, Derde Kopjes Thee en Aanverwante Vraagstukken tussen Maan en Waterkant",
    "Café Brein $ Cº [proefopstelling]",
    "@Huis <em>Zeepbel</em>",
    "Pràktijk Ÿzeren Vlîndér",
    "Zorg\\Slak {en} Zoon's",
    "=SOM(Rust)",
    "M",
];
const KINDS: [&str; 8] = [
    "Praktijk De",
    "Psychologenpraktijk De",
    "GZ-praktijk De",
    "Praktijk voor psychologie De",
    "Psychologisch Atelier De",
    "Therapiehuis De",
    "Behandelpraktijk De",
    "Praktijk aan De",
];
const INSTITUTION_KINDS: [&str; 4] = [
    "GGZ-groep De",
    "Centrum voor Kortdurende GGZ De",
    "Stichting Basiszorg De",
    "Behandelcentrum De",
];
const QUALITIES: [&str; 40] = [
    "Kubieke",
    "Zilveren",
    "Slaperige",
    "Omgekeerde",
    "Papieren",
    "Ondersteboven",
    "Gestreepte",
    "Onzichtbare",
    "Wollen",
    "Driehoekige",
    "Fluisterende",
    "Magnetische",
    "Geruite",
    "Zwevende",
    "Glazen",
    "Houten",
    "Bescheiden",
    "Zevende",
    "Verdwaalde",
    "Dansende",
    "Blauwgroene",
    "Gebreide",
    "Rekenende",
    "Ronde",
    "Langzame",
    "Gevouwen",
    "Nachtelijke",
    "Vriendelijke",
    "Parallelle",
    "Theoretische",
    "Gelakte",
    "Springende",
    "Koperen",
    "Oneindige",
    "Gestippelde",
    "Denkbeeldige",
    "Halve",
    "Wiskundige",
    "Zachte",
    "Fluwelen",
];
const THINGS: [&str; 50] = [
    "Kikker",
    "Wolkentrein",
    "Theepot",
    "Paraplu",
    "Ladder",
    "Schildpad",
    "Zeepbel",
    "Lantaarn",
    "Vlieger",
    "Egel",
    "Pannenkoek",
    "Sok",
    "Vuurtoren",
    "Zandloper",
    "Eekhoorn",
    "Waterval",
    "Kastanje",
    "Fietsbel",
    "Komeet",
    "Muts",
    "Schommel",
    "Walvis",
    "Knikker",
    "Windmolen",
    "Aardbei",
    "Tuba",
    "Kapstok",
    "Koekoeksklok",
    "Boekenlegger",
    "Zwaluw",
    "Stoeptegel",
    "Regenton",
    "Puzzel",
    "Flamingo",
    "Raket",
    "Krekel",
    "Trampoline",
    "Zeester",
    "Druppel",
    "Ganzenveer",
    "Hangmat",
    "Passer",
    "Radijs",
    "Sjaal",
    "Tijdcapsule",
    "Vingerhoed",
    "Wenteltrap",
    "Yoghurtlepel",
    "Zonnewijzer",
    "Mus",
];
const PLACES: [&str; 12] = [
    "",
    " te Nergenshuizen",
    " in Fictiedam",
    " aan de Verzonnen Vaart",
    " te Bedachtveen",
    " in Droomschoten",
    " te Schijnrade",
    " & Partners",
    " in Nooitgedorp",
    " te Luchtkasteel",
    " van Overmorgen",
    " - locatie Proefpolder",
];

/// The name of a provider, different for every index up to 1.9 million.
pub(crate) fn name(index: usize, institution: bool) -> String {
    if let Some(awkward) = AWKWARD.get(index) {
        return (*awkward).to_owned();
    }
    let kinds: &[&str] = if institution {
        &INSTITUTION_KINDS
    } else {
        &KINDS
    };
    // The steps are coprime with the number of combinations of quality and thing, so that each appears once per round of places.
    let pairs = QUALITIES.len() * THINGS.len();
    let pair = (index * 1_237) % pairs;
    let round = index / pairs;
    let place = PLACES[(round + index * 5) % PLACES.len()];
    let kind = kinds[(index / 3) % kinds.len()];
    format!(
        "{kind} {} {}{place}{}",
        QUALITIES[pair % QUALITIES.len()],
        THINGS[pair / QUALITIES.len()],
        numeral(round)
    )
}

/// Tells rounds apart: nothing, then " II" to " XIX" style counts in digits.
fn numeral(round: usize) -> String {
    if round == 0 {
        String::new()
    } else {
        format!(" {}", round + 1)
    }
}
