//! `spiegel explain`: what the code of a finding means.

use spiegel_ingest::load_rules;
use spiegel_model::{Consequence, Rule};

use crate::arguments::Explain;
use crate::exit::{Outcome, Usage};
use crate::talk;

pub(crate) fn explain(arguments: &Explain) -> anyhow::Result<Outcome> {
    let rules = load_rules(&arguments.pipeline)?;
    let Some(code) = &arguments.code else {
        let lines: Vec<String> = rules.rules.iter().map(|rule| format!("{}  {}\n", rule.code, rule.title)).collect();
        talk::data(&lines.concat())?;
        return Ok(Outcome::Done);
    };
    let code = code.to_uppercase();
    let Some(rule) = rules.rule(&code) else {
        return Err(Usage(format!("no rule {code} in {}; `spiegel explain` lists all codes", arguments.pipeline.display())).into());
    };
    talk::data(&page(rule))?;
    Ok(Outcome::Done)
}

fn page(rule: &Rule) -> String {
    let mut text = format!("{} · {}\n\n", rule.code, rule.title);
    text.push_str(&format!("Melding    {}\nHerstel    {}\n", rule.message, rule.remedy));
    text.push_str(&format!("Gevolg     {}\n", consequence(rule.consequence)));
    if !rule.why.is_empty() {
        text.push_str(&format!("Waarom     {}\n", rule.why));
    }
    if !rule.affects.is_empty() {
        text.push_str(&format!("Raakt      {}\n", rule.affects.join(", ")));
    }
    for example in &rule.examples {
        let row = |cells: &std::collections::BTreeMap<String, String>| {
            cells.iter().map(|(head, cell)| format!("{head}={cell}")).collect::<Vec<_>>().join(", ")
        };
        text.push_str(&format!("Fout       {}\nGoed       {}\n", row(&example.bad), row(&example.good)));
    }
    text
}

fn consequence(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Refuse => "de aanlevering wordt niet aangenomen",
        Consequence::Quarantine => "de rij telt niet mee en komt in quarantaine",
        Consequence::Empty => "de waarde wordt leeg, de rij telt mee waar die waarde niet nodig is",
        Consequence::Warn => "de rij telt mee; u krijgt een waarschuwing",
        Consequence::Inform => "de gegevens worden gelijkgetrokken en tellen mee",
    }
}
