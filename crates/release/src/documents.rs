//! Metadata and words around the data of a release, for researchers and their programs. The words stand beside the policy, in `codebook.toml`,
//! `RESEARCHERS.md`, `LICENSE.txt` and `examples/`; here they get the figures of the release.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;
use serde_json::{Value, json};
use spiegel_model::{CodebookRow, IndexedRelease, Manifest, ManifestColumn, ManifestTable, PrivacyReport, TOTAL, WITHHELD};

use crate::hierarchy::Dimension;
use crate::tables::TableId;
use crate::{Error, Policy, withdrawn_words};

/// The context of Croissant 1.1 (MLCommons), as its specification prints it.
const CROISSANT_CONTEXT: &str = include_str!("croissant-context.json");
/// Examples, as they stand beside the policy.
const EXAMPLES: [&str; 6] = ["duckdb.sql", "polars_example.py", "r.R", "spark.py", "datafusion.sql", "ballista.sql"];
/// First line of `CHANGELOG.md`.
const CHANGES: &str = "# Changes\n";

/// What the documents of a release are made from.
#[derive(Debug, Clone, Copy)]
pub struct DocumentContext<'a> {
    /// The policy, with its folder.
    pub policy: &'a Policy,
    /// The manifest as it is written.
    pub manifest: &'a Manifest,
    /// SHA-256 of its bytes.
    pub manifest_sha256: &'a str,
    /// All rows of the codebook, sorted.
    pub codebook: &'a [CodebookRow],
    /// The privacy report.
    pub privacy: &'a PrivacyReport,
    /// Text of `CHANGELOG.md` of the release before, for its lines.
    pub changelog: Option<&'a str>,
    /// Releases that were withdrawn before this one.
    pub withdrawn: &'a [IndexedRelease],
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Path in the release, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodebookFile {
    column: Vec<ColumnLabel>,
    code: Vec<CodeLabel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnLabel {
    table: String,
    column: String,
    label_nl: String,
    label_en: String,
    definition: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeLabel {
    columns: Vec<String>,
    code: String,
    label_nl: String,
    label_en: String,
    level: Option<u8>,
    #[serde(default)]
    definition: String,
    #[serde(default)]
    valid_from: String,
    #[serde(default)]
    valid_to: String,
}

/// All rows of the codebook, sorted: `codebook.toml` beside the policy, for the codes that the policy releases.
///
/// # Errors
/// [`Error::Policy`] when the file is wrong, or a column or a code of the policy has no label.
pub fn codebook(policy: &Policy) -> Result<Vec<CodebookRow>, Error> {
    let file = policy.folder.join("codebook.toml");
    let name = file.display().to_string();
    let text = fs::read_to_string(&file).map_err(|error| Error::policy(&name, error.to_string()))?;
    let labels: CodebookFile = toml::from_str(&text).map_err(|error| Error::policy(&name, spiegel_model::toml_message(&error)))?;
    let mut mistakes = Vec::new();
    let mut rows = Vec::new();
    for table in TableId::ALL {
        for column in table.columns() {
            let Some(label) = labels.column.iter().find(|label| label.table == table.name() && label.column == column.name) else {
                mistakes.push(format!("no [[column]] for {}.{}", table.name(), column.name));
                continue;
            };
            let row = |code: &str, label_nl: &str, label_en: &str, definition: &str| CodebookRow {
                table: label.table.clone(),
                column: label.column.clone(),
                code: code.to_owned(),
                label_nl: label_nl.to_owned(),
                label_en: label_en.to_owned(),
                definition: definition.to_owned(),
                role: column.role.clone(),
                hierarchy_level: String::new(),
                valid_from: String::new(),
                valid_to: String::new(),
            };
            rows.push(row("", &label.label_nl, &label.label_en, &label.definition));
            if !column.codelist {
                continue;
            }
            let place = format!("{}.{}", table.name(), column.name);
            let listed: Vec<&CodeLabel> = labels.code.iter().filter(|label| label.columns.contains(&place)).collect();
            let needed = needed(policy, table, &column.name);
            for code in needed.iter().filter(|code| !listed.iter().any(|label| label.code == **code)) {
                mistakes.push(format!("no [[code]] `{code}` for {place}"));
            }
            // Where the policy does not say which codes there are, all of the file may occur.
            for label in listed.iter().filter(|label| needed.is_empty() || needed.contains(&label.code)) {
                rows.push(CodebookRow {
                    hierarchy_level: label.level.map_or_else(String::new, |level| level.to_string()),
                    valid_from: label.valid_from.clone(),
                    valid_to: label.valid_to.clone(),
                    ..row(&label.code, &label.label_nl, &label.label_en, &label.definition)
                });
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(Error::Policy { file: name, mistakes });
    }
    rows.sort();
    Ok(rows)
}

/// Codes that a release under this policy may show in a column; none when the policy does not say.
fn needed(policy: &Policy, table: TableId, column: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let dimension = Dimension::ALL.into_iter().find(|dimension| dimension.column() == column);
    match (table, dimension) {
        (TableId::Trajectories | TableId::Measures, Some(dimension)) => {
            codes.extend(policy.hierarchies.codes(dimension, dimension.level(policy.node)));
            codes.insert(WITHHELD.to_owned());
            if table == TableId::Measures {
                codes.insert(TOTAL.to_owned());
            }
        }
        (TableId::Trajectories, None) => codes.extend(crate::sensitive_codes(column).into_iter().map(str::to_owned)),
        (TableId::Measures, None) if column == "dimension_set" => codes.extend(policy.spec.dimension_sets.iter().map(|set| set.id.clone())),
        (TableId::Measures, None) if column == "measure" => codes.extend(policy.spec.measures.iter().cloned()),
        (TableId::ProviderDistribution, None) if column == "measure" => {
            codes.extend(policy.spec.distributions.iter().map(|distribution| distribution.measure.clone()));
        }
        _ => {}
    }
    codes
}

/// The documents of a release: everything but data, manifest, privacy report and checksums.
///
/// # Errors
/// [`Error::Policy`] when a text beside the policy is not there or names a figure that does not exist; [`Error::Bug`] when one cannot be serialised.
pub fn documents(context: &DocumentContext<'_>) -> Result<Vec<Document>, Error> {
    let mut documents = vec![
        Document { path: "datapackage.json".to_owned(), bytes: pretty(&data_package(context))? },
        Document { path: "croissant.json".to_owned(), bytes: pretty(&croissant(context)?)? },
        Document { path: "dcat.jsonld".to_owned(), bytes: pretty(&dcat(context))? },
        Document { path: "CITATION.cff".to_owned(), bytes: citation(context).into_bytes() },
        Document { path: "CHANGELOG.md".to_owned(), bytes: changelog(context).into_bytes() },
        Document { path: "README.md".to_owned(), bytes: filled(context, "RESEARCHERS.md")?.into_bytes() },
        Document { path: "LICENSE".to_owned(), bytes: filled(context, "LICENSE.txt")?.into_bytes() },
        Document { path: "codebook.csv".to_owned(), bytes: codebook_csv(context.codebook).into_bytes() },
    ];
    for example in EXAMPLES {
        let path = format!("examples/{example}");
        documents.push(Document { bytes: beside(context.policy, &path)?.into_bytes(), path });
    }
    Ok(documents)
}

fn pretty(value: &Value) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(Error::bug)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn beside(policy: &Policy, path: &str) -> Result<String, Error> {
    let file = policy.folder.join(path);
    fs::read_to_string(&file).map_err(|error| Error::policy(&file.display().to_string(), error.to_string()))
}

/// The citation with version and year.
fn cited(context: &DocumentContext<'_>) -> String {
    context.manifest.citation.clone()
}

/// A text beside the policy with its `{figures}`.
fn filled(context: &DocumentContext<'_>, path: &str) -> Result<String, Error> {
    let (manifest, publication) = (context.manifest, &context.policy.spec.publication);
    let tables: Vec<String> = manifest
        .tables
        .iter()
        .map(|table| {
            let folder = table.files.first().and_then(|file| file.path.rsplit_once('/')).map_or("", |(folder, _)| folder);
            let said = format!("{} / {}", table.description_en, table.description_nl).replace('*', "`*`");
            format!("| `{}` | {said} | `{folder}/` |", table.name)
        })
        .collect();
    let years: Vec<String> = years(manifest).iter().map(ToString::to_string).collect();
    let figures = [
        ("title_nl", publication.title_nl.clone()),
        ("title_en", publication.title_en.clone()),
        ("description_nl", publication.description_nl.clone()),
        ("description_en", publication.description_en.clone()),
        ("publisher", publication.publisher.clone()),
        ("contact", publication.contact.clone()),
        ("licence", publication.licence.clone()),
        ("licence_url", publication.licence_url.clone()),
        ("version", manifest.release.clone()),
        ("released_on", manifest.released_on.to_string()),
        ("years", years.join(", ")),
        ("tables", tables.join("\n")),
        ("k_clients", manifest.policy.k_clients.to_string()),
        ("min_provider_groups", manifest.policy.min_provider_groups.to_string()),
        ("round_base", manifest.policy.round_base.to_string()),
        ("citation", cited(context)),
        ("manifest_sha256", context.manifest_sha256.to_owned()),
    ];
    let mut text = beside(context.policy, path)?;
    for (name, value) in &figures {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    match text.split_once('{').and_then(|(_, rest)| rest.split_once('}')) {
        Some((name, _)) => {
            let names: Vec<&str> = figures.iter().map(|(name, _)| *name).collect();
            let file = context.policy.folder.join(path).display().to_string();
            Err(Error::policy(&file, format!("there is no figure `{{{name}}}`; there are {}", names.join(", "))))
        }
        None => Ok(text),
    }
}

/// Years of the data, ascending.
fn years(manifest: &Manifest) -> BTreeSet<i32> {
    manifest.tables.iter().flat_map(|table| table.files.iter().filter_map(|file| file.year)).collect()
}

/// Tables with their files, and a name for each file: `trajectories-2024`.
fn resources(manifest: &Manifest) -> impl Iterator<Item = (&ManifestTable, &spiegel_model::ManifestFile, String)> {
    manifest.tables.iter().flat_map(|table| {
        table.files.iter().map(move |file| {
            let name = file.path.rsplit('/').next().unwrap_or_default();
            (table, file, name.trim_end_matches(".parquet").replace('_', "-"))
        })
    })
}

/// By table and column: what the column is, and its codes.
type Labels<'a> = BTreeMap<(&'a str, &'a str), (Option<&'a CodebookRow>, Vec<&'a CodebookRow>)>;

/// Labels of columns and their codes.
fn labels<'a>(context: &DocumentContext<'a>) -> Labels<'a> {
    let mut labels = Labels::new();
    for row in context.codebook {
        let entry = labels.entry((&row.table, &row.column)).or_default();
        if row.code.is_empty() { entry.0 = Some(row) } else { entry.1.push(row) }
    }
    labels
}

/// `datapackage.json`: Frictionless Data Package, version 2. Sizes stand in the manifest: the reference reader cannot check those of Parquet.
fn data_package(context: &DocumentContext<'_>) -> Value {
    let (manifest, publication) = (context.manifest, &context.policy.spec.publication);
    let labels = labels(context);
    let field = |table: &ManifestTable, column: &ManifestColumn| {
        let kind = match column.kind.as_str() {
            "utf8" => "string",
            "float64" => "number",
            _ => "integer",
        };
        let mut constraints = json!({ "required": !column.nullable });
        let mut field = json!({ "name": column.name, "type": kind });
        if let Some((label, codes)) = labels.get(&(table.name.as_str(), column.name.as_str())) {
            if let Some(label) = label {
                field["title"] = json!(label.label_en);
                field["description"] = json!(label.definition);
            }
            if column.codelist {
                constraints["enum"] = codes.iter().map(|row| json!(row.code)).collect();
            }
        }
        if table.name == TableId::Codebook.name() {
            constraints = json!({});
        }
        field["constraints"] = constraints;
        field
    };
    let resources: Vec<Value> = resources(manifest)
        .map(|(table, file, name)| {
            json!({
                "name": name,
                "type": "table",
                "path": file.path,
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "hash": format!("sha256:{}", file.sha256),
                "description": table.description_en,
                "schema": {
                    "fieldsMatch": "exact",
                    "fields": table.columns.iter().map(|column| field(table, column)).collect::<Vec<_>>(),
                    // An empty text is a value: the codebook has them.
                    "missingValues": [],
                },
            })
        })
        .collect();
    json!({
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": publication.name,
        "title": publication.title_en,
        "description": publication.description_en,
        "version": manifest.release,
        "created": format!("{}T00:00:00Z", manifest.released_on),
        "licenses": [{ "name": publication.licence, "path": publication.licence_url }],
        "contributors": [{ "title": publication.publisher, "email": publication.contact, "roles": ["publisher"] }],
        "resources": resources,
    })
}

/// `croissant.json`: Croissant 1.1 with its terms of responsible use.
fn croissant(context: &DocumentContext<'_>) -> Result<Value, Error> {
    let (manifest, publication) = (context.manifest, &context.policy.spec.publication);
    let labels = labels(context);
    let files: Vec<Value> = resources(manifest)
        .map(|(table, file, name)| {
            json!({
                "@type": "cr:FileObject",
                "@id": format!("{name}-file"),
                "name": format!("{name}-file"),
                "description": table.description_en,
                "contentUrl": file.path,
                "contentSize": format!("{} B", file.bytes),
                "encodingFormat": "application/x-parquet",
                "sha256": file.sha256,
            })
        })
        .collect();
    let records: Vec<Value> = resources(manifest)
        .map(|(table, _, name)| {
            let fields: Vec<Value> = table
                .columns
                .iter()
                .map(|column| {
                    let label = labels.get(&(table.name.as_str(), column.name.as_str())).and_then(|(label, _)| *label);
                    json!({
                        "@type": "cr:Field",
                        "@id": format!("{name}/{}", column.name),
                        "name": format!("{name}/{}", column.name),
                        "description": label.map_or("", |label| label.definition.as_str()),
                        "dataType": match column.kind.as_str() { "utf8" => "sc:Text", "float64" => "sc:Float", _ => "sc:Integer" },
                        "source": { "fileObject": { "@id": format!("{name}-file") }, "extract": { "column": column.name } },
                    })
                })
                .collect();
            json!({ "@type": "cr:RecordSet", "@id": name, "name": name, "description": table.description_en, "field": fields })
        })
        .collect();
    let context_terms: Value = serde_json::from_str(CROISSANT_CONTEXT).map_err(Error::bug)?;
    Ok(json!({
        "@context": context_terms,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": publication.name,
        "alternateName": publication.title_nl,
        "description": publication.description_en,
        "version": manifest.release,
        "datePublished": manifest.released_on.to_string(),
        "license": publication.licence_url,
        "inLanguage": ["nl", "en"],
        "creator": { "@type": "sc:Organization", "name": publication.publisher, "email": publication.contact },
        "publisher": { "@type": "sc:Organization", "name": publication.publisher },
        "citeAs": cited(context),
        "url": publication.licence_url,
        "rai:personalSensitiveInformation":
            "Health outcomes of people in mental-health care, made coarse and withheld in part; the privacy report measures what risk is left.",
        "rai:dataLimitations": "No cause, no single provider and no single person can be concluded on; see README.md.",
        "rai:dataReleaseMaintenancePlan":
            "Published files never change. A year that is added is a minor version, a year that is replaced or another rule a major one; CHANGELOG.md says what changed.",
        "distribution": files,
        "recordSet": records,
    }))
}

/// `dcat.jsonld`: DCAT-AP-NL 3 with the terms of HealthDCAT-AP. The number of different people is not told: a client of two providers counts twice.
fn dcat(context: &DocumentContext<'_>) -> Value {
    let (manifest, publication) = (context.manifest, &context.policy.spec.publication);
    let rows: u64 = manifest.tables.iter().filter(|table| table.name == TableId::Trajectories.name()).flat_map(|table| &table.files).map(|file| file.rows).sum();
    let years = years(manifest);
    let distributions: Vec<Value> = resources(manifest)
        .map(|(_, file, name)| {
            json!({
                "@type": "dcat:Distribution",
                "dct:title": name,
                "dcat:accessURL": { "@id": file.path },
                "dcat:byteSize": { "@type": "xsd:nonNegativeInteger", "@value": file.bytes.to_string() },
                "dcat:mediaType": { "@id": "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet" },
                "dct:license": { "@id": publication.licence_url },
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": { "@id": "spdx:checksumAlgorithm_sha256" },
                    "spdx:checksumValue": file.sha256,
                },
            })
        })
        .collect();
    json!({
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "healthdcatap": "http://healthdataportal.eu/ns/health#",
            "spdx": "http://spdx.org/rdf/terms#",
            "vcard": "http://www.w3.org/2006/vcard/ns#",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
            "dpv": "https://w3id.org/dpv#",
        },
        "@type": "dcat:Dataset",
        "@id": format!("urn:{}:{}", publication.name, manifest.release),
        "dct:title": [{ "@language": "nl", "@value": publication.title_nl }, { "@language": "en", "@value": publication.title_en }],
        "dct:description": [{ "@language": "nl", "@value": publication.description_nl }, { "@language": "en", "@value": publication.description_en }],
        "dct:identifier": format!("{}-{}", publication.name, manifest.release),
        "dcat:version": manifest.release,
        "dct:issued": { "@type": "xsd:date", "@value": manifest.released_on.to_string() },
        "dct:accessRights": { "@id": "http://publications.europa.eu/resource/authority/access-right/PUBLIC" },
        "dct:language": { "@id": "http://publications.europa.eu/resource/authority/language/NLD" },
        "dct:spatial": { "@id": "http://publications.europa.eu/resource/authority/country/NLD" },
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": { "@type": "xsd:gYear", "@value": years.first().map(ToString::to_string) },
            "dcat:endDate": { "@type": "xsd:gYear", "@value": years.last().map(ToString::to_string) },
        },
        "dct:license": { "@id": publication.licence_url },
        "dct:publisher": { "@type": "foaf:Organization", "foaf:name": publication.publisher },
        "dcat:contactPoint": { "@type": "vcard:Organization", "vcard:fn": publication.publisher, "vcard:hasEmail": { "@id": format!("mailto:{}", publication.contact) } },
        "dcat:theme": { "@id": "http://publications.europa.eu/resource/authority/data-theme/HEAL" },
        "dcat:keyword": ["geestelijke gezondheidszorg", "Basis GGZ", "ROM", "mental health", "outcomes"],
        "healthdcatap:numberOfRecords": rows,
        "healthdcatap:minTypicalAge": 18,
        "healthdcatap:populationCoverage": "Adults whose treatment at a provider with the Basis GGZ quality mark was closed in these years, treated in the Netherlands.",
        "healthdcatap:hasCodingSystem": "DSM-5 main groups, coarse; see the codebook.",
        "dpv:hasPurpose": "Research into, and improvement of, mental-health care.",
        "dcat:distribution": distributions,
    })
}

/// `CITATION.cff`, version 1.2.0 of its format. There is no DOI until the release is deposited.
fn citation(context: &DocumentContext<'_>) -> String {
    let (manifest, publication) = (context.manifest, &context.policy.spec.publication);
    // A JSON text is a YAML text.
    let text = |value: &str| json!(value).to_string();
    format!(
        "cff-version: 1.2.0\nmessage: {}\ntype: dataset\ntitle: {}\nversion: {}\ndate-released: {}\nlicense: {}\nauthors:\n  - name: {}\nidentifiers:\n  - type: other\n    value: {}\n    description: SHA-256 of manifest.json\n",
        text(&format!("Please cite as: {}", cited(context))),
        text(&publication.title_nl),
        text(&manifest.release),
        manifest.released_on,
        publication.licence,
        text(&publication.publisher),
        text(&format!("sha256:{}", context.manifest_sha256)),
    )
}

/// `CHANGELOG.md`: this release above those before it.
fn changelog(context: &DocumentContext<'_>) -> String {
    let manifest = context.manifest;
    let years: Vec<String> = years(manifest).iter().map(ToString::to_string).collect();
    let mut lines = vec![format!("Years {}; rules {}, rung {}.", years.join(", "), &manifest.policy.sha256.get(..12).unwrap_or_default(), manifest.policy.rung)];
    if let Some(before) = &manifest.supersedes {
        let parts = |version: &str| -> Vec<String> { version.split('.').map(str::to_owned).collect() };
        let (old, new) = (parts(before), parts(&manifest.release));
        lines.push(if old.first() != new.first() {
            format!("Takes the place of {before}: other rules or columns, or a year that was replaced. Do not compare rows of the two.")
        } else if old.get(1) != new.get(1) {
            format!("Adds to {before}; what was there has the same bytes.")
        } else {
            format!("Data as in {before}; only what is said about them changed.")
        });
    }
    for line in context.withdrawn {
        let words = withdrawn_words(line, Some(&manifest.release));
        // Told once: in the first release after it.
        let beginning = format!("release {} was withdrawn", line.version);
        if !context.changelog.is_some_and(|text| text.contains(&beginning)) {
            lines.push(words);
        }
    }
    let earlier = context.changelog.and_then(|text| text.strip_prefix(CHANGES)).unwrap_or_default();
    format!("{CHANGES}\n## {}, {}\n\n- {}\n{earlier}", manifest.release, manifest.released_on, lines.join("\n- "))
}

/// The codebook as comma-separated values.
fn codebook_csv(rows: &[CodebookRow]) -> String {
    let mut text = String::from("table,column,code,label_nl,label_en,definition,role,hierarchy_level,valid_from,valid_to\n");
    for row in rows {
        let cells = [
            &row.table, &row.column, &row.code, &row.label_nl, &row.label_en, &row.definition, &row.role, &row.hierarchy_level, &row.valid_from, &row.valid_to,
        ];
        let quoted: Vec<String> = cells
            .iter()
            .map(|cell| if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { (*cell).clone() })
            .collect();
        text.push_str(&quoted.join(","));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn policy() -> Policy {
        Policy::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/kibg/release")).unwrap()
    }

    #[test]
    fn every_code_that_the_policy_can_release_has_labels_in_both_languages() {
        let policy = policy();
        let rows = codebook(&policy).unwrap();
        assert!(rows.iter().all(|row| !row.label_nl.is_empty() && !row.label_en.is_empty()));
        assert!(rows.iter().any(|row| row.table == "trajectories" && row.column == "region" && row.code == "noord"));
        assert!(!rows.iter().any(|row| row.code == "Groningen"), "a level that is not pinned stays out");
        // The other rungs of the ladder have labels as well.
        for rung in &policy.spec.ladder {
            let other = Policy { node: rung.node, ..policy.clone() };
            codebook(&other).unwrap();
        }
    }

    #[test]
    fn a_code_without_a_label_is_named() {
        let mut policy = policy();
        policy.spec.measures.push("trajectories_twice".to_owned());
        let message = codebook(&policy).unwrap_err().to_string();
        assert!(message.contains("no [[code]] `trajectories_twice` for measures.measure"), "{message}");
    }

    #[test]
    fn cells_of_the_codebook_are_quoted() {
        let row = codebook(&policy()).unwrap().into_iter().find(|row| row.definition.contains(',')).unwrap();
        let text = codebook_csv(std::slice::from_ref(&row));
        assert!(text.lines().nth(1).unwrap().contains(&format!("\"{}\"", row.definition)));
    }
}
