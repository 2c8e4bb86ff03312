//! The Keurmerk of every provider and year: a self-evaluation, themes, activities, and what the publisher says of them. Drawn from
//! streams of its own, so that no other table of a country changes by it. Criteria, themes and words here are those of the sample;
//! nothing in them is read from a real self-evaluation.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::country::Error;
use crate::draws::{Draws, Purpose};
use crate::provider::Provider;

/// Questions of the edition that all years of a generated country use (`norms/2025.toml`).
const CRITERIA: [&str; 37] = [
    "1.1", "1.2", "1.3", "1.4", "1.5.1", "1.5.2", "1.5.3", "1.6", "1.7", "1.8", "1.9", "2a.1.1", "2a.1.2", "2a.1.3", "2a.1.4", "2a.1.5", "2a.1.6", "2a.1.7", "2a.2", "2a.3",
    "2a.4", "2b.1", "2b.2", "2b.3", "2b.4", "2b.5", "2b.6.1", "2b.6.2", "2b.6.3", "2b.6.4", "2b.6.5", "2b.6.6", "2b.6.7", "2b.6.8", "3.1", "3.2", "3.3",
];
/// The question about activities of the publisher.
const ACTIVITY_CRITERION: &str = "3.3";
/// Themes with the weight of wanting to learn about each, and two questions on it.
const THEMES: [(&str, f64, [&str; 2]); 8] = [
    ("samenwerken_huisarts", 0.22, ["Hoe houden anderen verwijzers op de hoogte van wat kortdurend kan?", "Wie belt u bij een verwijzing die niet past?"]),
    ("ehealth", 0.20, ["Welke modules werken naast korte trajecten?", "Hoe begint u met eHealth bij cliënten die dat spannend vinden?"]),
    ("wachtlijstbeleid", 0.17, ["Wat doet u met aanmeldingen tijdens de wachttijd?", "Hoe verdeelt u intakes over het jaar?"]),
    ("tijdig_afsluiten", 0.15, ["Wanneer bespreekt u het einde van een traject?", "Hoe gaat u om met doelen die onderweg verschuiven?"]),
    ("groepsbehandeling", 0.09, ["Vanaf hoeveel deelnemers begint u een groep?", "Hoe combineert u een groep met losse gesprekken?"]),
    ("samen_beslissen", 0.07, ["Hoe legt u keuzes vast in het plan?", "Welke keuzehulp gebruikt u?"]),
    ("meten_en_verbeteren", 0.06, ["Hoe krijgt u meer nametingen?", "Wie bespreekt de cijfers in uw team?"]),
    ("sociaal_domein", 0.04, ["Met wie in de wijk heeft u vaste afspraken?", "Hoe verwijst u warm door naar de gemeente?"]),
];
const ACTIVITIES: [&str; 5] = ["voorbereidingsbijeenkomst", "bijeenkomst", "spiegelgesprek", "werkgroep", "praktijkvoorbeeld"];
/// What a provider writes; sentences of the sample.
const EXPLANATIONS: [&str; 6] = [
    "Wij bespreken dit bij de intake en leggen het vast in het behandelplan.",
    "Dit staat in onze werkwijze en komt ieder kwartaal terug in het teamoverleg.",
    "Op onze website staat hoe dit gaat, en cliënten krijgen het op papier mee.",
    "Wij doen dit sinds vorig jaar, samen met twee praktijken in de buurt.",
    "Hiervoor gebruiken wij een vaste vragenlijst en bespreken die halverwege.",
    "Dat vraagt bij ons nog aandacht en het plan daarvoor is gemaakt.",
];
const REMARKS: [&str; 3] = [
    "De toelichting beschrijft het doel, nog niet hoe u dit doet.",
    "Op de website was dit niet te vinden.",
    "Er ontbreekt een voorbeeld.",
];
const LENIENCY: &str = "Deelname ontbreekt. Dat is dit jaar geen belemmering, maar volgend jaar wordt deelname wel gevraagd.";

/// Shares of providers, chosen so that every status and every kind of verdict occurs in a country of some dozens.
const EVALUATES: f64 = 0.97;
const WITHOUT_ACTIVITY: f64 = 0.12;
const MISSES_SOMETHING: f64 = 0.28;
const MENDS: f64 = 0.78;
const WITHDRAWN_LATER: f64 = 0.03;

/// Everything of the Keurmerk of a country as files, by path below its folder.
pub(crate) fn files(providers: &[Provider], first_year: i32, years: u32, seed: u64) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for year in (first_year..).take(years as usize) {
        let mut assessments = "agb;criterium;oordeel;ronde;datum;opmerking\n".to_owned();
        let mut decisions = "agb;besluit;datum;reden\n".to_owned();
        // A broken submission of records says nothing about a self-evaluation; such providers have none.
        for provider in providers.iter().filter(|provider| provider.defect.is_none()) {
            of_provider(provider, year, seed, &mut files, &mut assessments, &mut decisions);
        }
        files.insert(format!("kibg/{year}/beoordelingen.csv"), assessments);
        files.insert(format!("kibg/{year}/besluiten.csv"), decisions);
    }
    files
}

/// Writes them below `folder`.
pub(crate) fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), Error> {
    for (name, text) in files {
        let path = folder.join(name);
        let failed = |source| Error::Write { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, text).map_err(failed)?;
    }
    Ok(())
}

fn of_provider(provider: &Provider, year: i32, seed: u64, files: &mut BTreeMap<String, String>, assessments: &mut String, decisions: &mut String) {
    let mut draws = Draws::new(seed, provider.index, Purpose::Keurmerk(year));
    let agb = &provider.agb;
    decisions.push_str(&format!("{agb};aangemeld;{}-{:02}-{:02};\n", year - 1, draws.between(6, 10), draws.between(1, 28)));
    if !draws.chance(EVALUATES) {
        return;
    }
    let activities = if draws.chance(WITHOUT_ACTIVITY) { 0 } else { 1 + draws.below(2) };
    let answered = draws.between(8, 28);
    let first_round = draws.between(10, 19);
    let missing: Vec<usize> = if draws.chance(MISSES_SOMETHING) {
        let count = 1 + draws.below(3);
        (0..count).map(|_| draws.below(CRITERIA.len() as u32 - 1) as usize).collect()
    } else {
        Vec::new()
    };
    let mends = draws.chance(MENDS);

    let mut answers = "criterium;antwoord;toelichting;ingevuld_op\n".to_owned();
    for criterion in CRITERIA {
        let explains = draws.chance(0.25);
        let text = EXPLANATIONS[draws.below(EXPLANATIONS.len() as u32) as usize];
        let text = if explains || draws.chance(0.6) { text } else { "" };
        answers.push_str(&format!("{criterion};{};{text};{year}-01-{answered:02}\n", if explains { "licht_toe" } else { "voldoet" }));
    }
    let mut themes = "thema;rol;vraag\n".to_owned();
    let mut wanted = Vec::new();
    for _ in 0..1 + draws.below(3) {
        let theme = draws.pick(&THEMES.each_ref().map(|(id, weight, questions)| ((*id, *questions), *weight)));
        let question = draws.below(2) as usize;
        if let Some((id, questions)) = theme.filter(|(id, _)| !wanted.contains(id)) {
            wanted.push(id);
            themes.push_str(&format!("{id};wil_leren;{}\n", questions[question]));
        }
    }
    let shared = THEMES[draws.below(THEMES.len() as u32) as usize].0;
    if !wanted.contains(&shared) {
        themes.push_str(&format!("{shared};kan_delen;\n"));
    }
    let mut attended = "activiteit;datum\n".to_owned();
    let first = draws.below(ACTIVITIES.len() as u32) as usize;
    for place in 0..activities as usize {
        let activity = ACTIVITIES[(first + place) % ACTIVITIES.len()];
        attended.push_str(&format!("{activity};{}-{:02}-{:02}\n", year - 1, draws.between(1, 12), draws.between(1, 28)));
    }
    let folder = format!("ZELFEVALUATIE_{agb}_{year}_01");
    files.insert(format!("{folder}/zelfevaluatie.csv"), answers);
    files.insert(format!("{folder}/leerthemas.csv"), themes);
    if activities > 0 {
        files.insert(format!("{folder}/activiteiten.csv"), attended);
    }

    let second_round = draws.between(3, 24);
    for (place, criterion) in CRITERIA.iter().enumerate() {
        let lacks_activity = *criterion == ACTIVITY_CRITERION && activities == 0;
        let is_missing = missing.contains(&place);
        let remark = REMARKS[draws.below(REMARKS.len() as u32) as usize];
        let (outcome, remark) = match (lacks_activity, is_missing) {
            (true, _) => ("coulance", LENIENCY),
            (false, true) => ("voldoet_niet", remark),
            (false, false) => ("voldoet", ""),
        };
        assessments.push_str(&format!("{agb};{criterion};{outcome};1;{year}-02-{first_round:02};{remark}\n"));
        if is_missing && !lacks_activity && mends {
            assessments.push_str(&format!("{agb};{criterion};voldoet;2;{year}-03-{second_round:02};\n"));
        }
    }
    if draws.chance(WITHDRAWN_LATER) {
        let reason = if draws.chance(0.5) { "eigen_verzoek" } else { "financieel" };
        decisions.push_str(&format!("{agb};ingetrokken;{year}-{:02}-01;{reason}\n", draws.between(5, 11)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::providers;

    #[test]
    fn the_same_seed_gives_the_same_files_and_no_theme_twice() {
        let all = providers(24, 1, false);
        let files = files(&all, 2024, 2, 1);
        assert_eq!(files, super::files(&all, 2024, 2, 1));
        assert_ne!(files, super::files(&all, 2024, 2, 2));
        for (name, text) in files.iter().filter(|(name, _)| name.ends_with("leerthemas.csv")) {
            let mut rows: Vec<&str> = text.lines().skip(1).map(|line| line.split(';').next().unwrap_or_default()).collect();
            let count = rows.len();
            rows.sort_unstable();
            rows.dedup();
            assert_eq!(rows.len(), count, "{name}");
        }
        let assessments = &files["kibg/2025/beoordelingen.csv"];
        for outcome in [";voldoet;1;", ";voldoet_niet;1;", ";coulance;1;", ";voldoet;2;"] {
            assert!(assessments.contains(outcome), "{outcome}");
        }
    }
}
