//! `spiegel explain`: what the code of a finding means, and the handbook of all codes, from the same rules.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;
use spiegel_ingest::{load_rules, load_schema, reader_stages};
use spiegel_model::{ColumnSchema, Consequence, RowCheck, Rule, RuleSet, SubmissionSchema, TableSchema, capitalised, date_long, percentage};
use spiegel_query::Pipeline;

use crate::arguments::Explain;
use crate::exit::{Outcome, Usage};
use crate::talk;

/// Words for the slots of a message.
const SLOTS: [(&str, &str); 8] = [
    ("{value}", "‹uw waarde›"),
    ("{other_column}", "‹andere kolom›"),
    ("{other}", "‹waarmee zij is vergeleken›"),
    ("{expected}", "‹wat geldig is›"),
    ("{column}", "‹kolom›"),
    ("{count}", "‹aantal›"),
    ("{present}", "‹uw kolommen›"),
    ("{hint}", ""),
];

/// The settings as a page; a test keeps it in step with what reads them.
const SETTINGS: &str = include_str!("../../../../pipelines/settings.md");

pub(crate) fn explain(arguments: &Explain) -> anyhow::Result<Outcome> {
    if arguments.settings {
        talk::data(SETTINGS)?;
        return Ok(Outcome::Done);
    }
    let rules = load_rules(&arguments.pipeline)?;
    if arguments.code.is_none() && arguments.handbook.is_none() {
        let lines: Vec<String> = rules.rules.iter().map(|rule| format!("{}  {}\n", rule.code, rule.title)).collect();
        talk::data(&lines.concat())?;
        return Ok(Outcome::Done);
    }
    let (schema, pipeline) = (load_schema(&arguments.pipeline)?, Pipeline::load(&arguments.pipeline)?);
    let desk = Desk { schema: &schema, pipeline: &pipeline };
    if let Some(file) = &arguments.handbook {
        fs::write(file, desk.handbook(&rules)?).with_context(|| format!("{}", file.display()))?;
        talk::line(&format!("handbook   {} rules in {}", rules.rules.len(), file.display()));
        return Ok(Outcome::Done);
    }
    let code = arguments.code.as_deref().unwrap_or_default().to_uppercase();
    let Some(rule) = rules.rule(&code) else {
        // Deliveries of the Keurmerk have rules of their own, with codes that are used nowhere else.
        for part in ["keurmerk", "keurmerk/assessment"].map(|part| arguments.pipeline.join(part)).into_iter().filter(|part| part.is_dir()) {
            let (rules, schema) = (load_rules(&part)?, load_schema(&part)?);
            if let Some(rule) = rules.rule(&code) {
                talk::data(&Desk { schema: &schema, pipeline: &pipeline }.page(rule))?;
                return Ok(Outcome::Done);
            }
        }
        return Err(Usage(format!("no rule {code} in {}; `spiegel explain` lists all codes", arguments.pipeline.display())).into());
    };
    talk::data(&desk.page(rule))?;
    Ok(Outcome::Done)
}

struct Desk<'a> {
    schema: &'a SubmissionSchema,
    pipeline: &'a Pipeline,
}

impl Desk<'_> {
    /// The explanation of a rule, part by part; what does not apply is left out.
    fn parts(&self, rule: &Rule) -> Vec<(&'static str, String)> {
        let table = self.schema.table(&rule.table);
        let subjects: Vec<&str> = self.subjects(rule);
        let parts = [
            ("Melding", filled(&rule.message)),
            ("Herstel", filled(&rule.remedy)),
            ("Gevolg", consequence(rule.consequence).to_owned()),
            ("Waarom", rule.why.clone()),
            ("Voor wie", table.map_or_else(String::new, |table| format!("wie {}.csv levert", table.name))),
            ("Controle", logic(rule, table)),
            ("Grens", rule.threshold.map_or_else(String::new, threshold)),
            ("Raakt", subjects.join(", ")),
            ("Wacht op", held(self, rule)),
            ("Afwijking", replaced(rule)),
        ];
        parts.into_iter().filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Titles of the indicators that lose what the rule finds.
    fn subjects(&self, rule: &Rule) -> Vec<&str> {
        let column = match &rule.check {
            Some(check) => blamed(check),
            None => rule.column.as_str(),
        };
        let loses = |needs: &[String]| match rule.consequence {
            Consequence::Quarantine => needs.iter().any(|need| need.split_once('.').is_some_and(|(table, _)| table == rule.table)),
            Consequence::Empty => needs.iter().any(|need| need.split_once('.') == Some((rule.table.as_str(), column))),
            Consequence::Refuse | Consequence::Warn | Consequence::Inform => false,
        };
        let specs = self.pipeline.indicators.iter().map(|indicator| &indicator.spec);
        specs.filter(|spec| loses(&spec.needs) || rule.affects.contains(&spec.id)).map(|spec| spec.short.as_str()).collect()
    }

    fn page(&self, rule: &Rule) -> String {
        let mut text = format!("{} · {}\n\n", rule.code, rule.title);
        for (head, words) in self.parts(rule) {
            text.push_str(&format!("{head:10} {words}\n"));
        }
        for example in &rule.examples {
            text.push_str(&format!("Fout       {}\nGoed       {}\n", cells(&example.bad), cells(&example.good)));
        }
        text
    }

    /// Every rule under the stage that applies it.
    fn handbook(&self, rules: &RuleSet) -> anyhow::Result<String> {
        let spec = &self.pipeline.spec;
        let mut text = format!(
            "# Regels voor een aanlevering: {}\n\nDeze lijst is gemaakt met `spiegel explain --handbook` uit dezelfde regels waarmee een aanlevering wordt \
             gecontroleerd. Een code verandert nooit van betekenis. Het gevolg bepaalt wat er met uw gegevens gebeurt, niet de letter van de code.\n",
            spec.kicker
        );
        let mut known: Vec<String> = Vec::new();
        for (stage, codes) in reader_stages()? {
            let own: Vec<&Rule> = codes.iter().filter_map(|code| rules.rule(code)).collect();
            self.chapter(&mut text, &stage_title(stage), &own);
            known.extend(codes);
        }
        let own: Vec<&Rule> = rules.rules.iter().filter(|rule| !known.contains(&rule.code)).collect();
        self.chapter(&mut text, "Tussen kolommen, rijen en tabellen", &own);
        Ok(text)
    }

    fn chapter(&self, text: &mut String, title: &str, rules: &[&Rule]) {
        if rules.is_empty() {
            return;
        }
        text.push_str(&format!("\n## {title}\n"));
        for rule in rules {
            text.push_str(&format!("\n### {} · {}\n\n", rule.code, capitalised(&rule.title)));
            for (head, words) in self.parts(rule) {
                text.push_str(&format!("- **{head}:** {}\n", escaped(&words)));
            }
            for example in &rule.examples {
                text.push_str(&format!("- **Fout:** `{}`\n- **Goed:** `{}`\n", cells(&example.bad), cells(&example.good)));
            }
        }
    }
}

/// Heading of a stage of reading.
fn stage_title(stage: &str) -> String {
    match stage {
        "container" => "Inpakken en bestanden".to_owned(),
        "text" => "Tekens, kolomnamen en vorm van een tabel".to_owned(),
        "workbook" => "Werkmappen (Excel)".to_owned(),
        "values" => "Waarden en sleutels".to_owned(),
        "submission" => "De aanlevering als geheel".to_owned(),
        "privacy" => "Persoonsgegevens".to_owned(),
        other => capitalised(other),
    }
}

/// A message with words for its slots.
fn filled(template: &str) -> String {
    SLOTS.iter().fold(template.to_owned(), |text, (slot, words)| text.replace(slot, words))
}

/// Signs with a meaning in Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '*' | '_' | '<' | '>' | '|' | '[' | ']' | '`') {
            out.push('\\');
        }
        out.push(if letter == '\n' { ' ' } else { letter });
    }
    out
}

fn cells(row: &BTreeMap<String, String>) -> String {
    row.iter().map(|(head, cell)| format!("{head}={cell}")).collect::<Vec<_>>().join(", ")
}

/// The column that a check blames.
fn blamed(check: &RowCheck) -> &str {
    match check {
        RowCheck::YearsSince { other, .. } => other,
        RowCheck::NotBefore { column, .. }
        | RowCheck::Together { column, .. }
        | RowCheck::EitherOf { column, .. }
        | RowCheck::DaysSince { column, .. }
        | RowCheck::KnownScale { column, .. }
        | RowCheck::InScaleRange { column, .. }
        | RowCheck::OneScoring { column, .. }
        | RowCheck::Recurs { column, .. }
        | RowCheck::InReportingYear { column } => column,
    }
}

/// What is checked, in words, or as the SQL that is run.
fn logic(rule: &Rule, table: Option<&TableSchema>) -> String {
    let header = |name: &str| {
        let column: Option<&ColumnSchema> = table.and_then(|table| table.columns.iter().find(|column| column.name == name));
        column.map_or_else(|| name.to_owned(), |column| column.header.clone())
    };
    match (&rule.check, &rule.query) {
        (Some(RowCheck::NotBefore { column, other }), _) => format!("{} mag niet vóór {} liggen", header(column), header(other)),
        (Some(RowCheck::Together { column, other }), _) => format!("{} en {} zijn allebei gevuld of allebei leeg", header(column), header(other)),
        (Some(RowCheck::EitherOf { column, other }), _) => format!("{} of {} is gevuld", header(column), header(other)),
        (Some(RowCheck::InReportingYear { column }), _) => format!("{} ligt in het verslagjaar", header(column)),
        (Some(RowCheck::YearsSince { column, other, minimum, maximum }), _) => {
            format!("tussen {} en {} liggen {minimum} tot en met {maximum} jaar", header(other), header(column))
        }
        (Some(RowCheck::DaysSince { column, other, maximum }), _) => {
            format!("{} ligt hoogstens {maximum} dagen na {}", header(column), header(other))
        }
        (Some(RowCheck::KnownScale { column, other, version }), _) => {
            format!("{} en {} horen bij {}", header(column), header(version), header(other))
        }
        (Some(RowCheck::InScaleRange { column, other, scale }), _) => {
            format!("{} ligt in het bereik van {} van {}", header(column), header(scale), header(other))
        }
        (Some(RowCheck::OneScoring { column, other, scale }), _) => {
            format!("{} van één {} van {} is overal een gemiddelde of overal een som", header(column), header(scale), header(other))
        }
        (Some(RowCheck::Recurs { column, other, rows }), _) => {
            format!("{} is niet overal gelijk aan {}, en vanaf {rows} rijen komt een waarde twee keer voor", header(column), header(other))
        }
        (None, Some(query)) => format!("over alle rijen samen: {}", query.wrong.split_whitespace().collect::<Vec<_>>().join(" ")),
        (None, None) => String::new(),
    }
}

fn threshold(threshold: f64) -> String {
    if threshold == 0.0 {
        "één is genoeg om de regel te laten falen".to_owned()
    } else {
        format!("de regel faalt boven {} van wat is gecontroleerd", percentage(threshold, 1))
    }
}

fn held(desk: &Desk<'_>, rule: &Rule) -> String {
    let specs = desk.pipeline.indicators.iter().map(|indicator| &indicator.spec);
    let held: Vec<&str> = specs.filter(|spec| rule.holds.contains(&spec.id)).map(|spec| spec.short.as_str()).collect();
    if held.is_empty() { String::new() } else { format!("een analist, voordat dit wordt berekend: {}", held.join(", ")) }
}

/// Why and since when a pipeline replaced the reader's rule.
fn replaced(rule: &Rule) -> String {
    match (rule.note.as_str(), rule.since) {
        ("", _) => String::new(),
        (note, Some(since)) => format!("{note} Sinds {}.", date_long(since)),
        (note, None) => note.to_owned(),
    }
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
