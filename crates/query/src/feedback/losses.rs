//! What findings cost: the rows of an indicator's unit table that it cannot use, each counted once however much is wrong with it.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use spiegel_model::{Consequence, Finding, IndicatorSpec, Receipt, RuleSet, SubmissionSchema, TableSchema};

/// Places of one rule that are named.
const PLACES_NAMED: usize = 5;
/// A row whose parent is in quarantine (E404): its parent costs what it costs, where parents are counted.
const FOLLOWS: &str = "E404";
/// For a finding that is about no column of the schema.
const NO_COLUMN: u16 = u16::MAX;

/// One finding, as far as it matters here.
#[derive(Clone, Copy)]
struct Loss {
    code: u16,
    table: u16,
    column: u16,
    quarantined: bool,
    /// Has no parent, or one in quarantine: it costs only those who count rows of its own table.
    follows: bool,
    row: u64,
    /// Hash of the provider's own key; 0 without one.
    key: u64,
}

/// All findings of one rule.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) code: String,
    /// The strongest, where a rule does more than one thing.
    pub(super) consequence: Consequence,
    pub(super) count: u64,
    /// The first ones.
    pub(super) first: Vec<Finding>,
}

/// The findings of a submission, gathered one by one in a few bytes each.
pub struct Losses<'a> {
    /// In the words of the sender, as findings are.
    tables: &'a [TableSchema],
    rules: &'a RuleSet,
    receipt: &'a Receipt,
    groups: Vec<Group>,
    places: HashMap<String, u16>,
    /// Columns behind headers that were met: most findings of a table name a few.
    columns: HashMap<(usize, String), u16>,
    losses: Vec<Loss>,
}

/// What an indicator loses.
pub(super) struct IndicatorLoss {
    /// Rows of its unit table that it cannot use.
    pub(super) lost: u64,
    /// Of these by code; a row with two faults counts for both.
    pub(super) by_code: BTreeMap<String, u64>,
}

impl<'a> Losses<'a> {
    /// Nothing found yet.
    #[must_use]
    pub fn new(schema: &'a SubmissionSchema, rules: &'a RuleSet, receipt: &'a Receipt) -> Self {
        Self { tables: schema.tables_in(receipt.mapping.as_deref()), rules, receipt, groups: Vec::new(), places: HashMap::new(), columns: HashMap::new(), losses: Vec::new() }
    }

    /// Adds a finding.
    pub fn take(&mut self, finding: &Finding) {
        let code = match self.places.get(&finding.code) {
            Some(code) => *code,
            None => {
                let code = self.groups.len() as u16;
                self.places.insert(finding.code.clone(), code);
                self.groups.push(Group { code: finding.code.clone(), consequence: finding.consequence, count: 0, first: Vec::new() });
                code
            }
        };
        let Some(group) = self.groups.get_mut(usize::from(code)) else { return };
        group.count += 1;
        group.consequence = group.consequence.min(finding.consequence);
        if group.first.len() < PLACES_NAMED {
            group.first.push(finding.clone());
        }
        let quarantined = finding.consequence == Consequence::Quarantine;
        if !quarantined && finding.consequence != Consequence::Empty {
            return;
        }
        let Some((table, schema)) = self.table_of(finding) else { return };
        let is_orphan = schema.parent.as_ref().is_some_and(|parent| parent.code == finding.code);
        let column = *self.columns.entry((table, finding.header.clone())).or_insert_with(|| {
            let column = schema.columns.iter().position(|column| is_header_of(&finding.header, &column.header, &column.synonyms));
            column.map_or(NO_COLUMN, |column| column as u16)
        });
        self.losses.push(Loss {
            code,
            table: table as u16,
            column,
            quarantined,
            follows: is_orphan || finding.code == FOLLOWS,
            row: finding.row.unwrap_or(0),
            key: if finding.key.is_empty() { 0 } else { hash(&finding.key) },
        });
    }

    /// What was found, by rule, in the order in which it was first met.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What the findings cost an indicator. None when it says nothing of what it needs.
    pub(super) fn of(&self, indicator: &IndicatorSpec) -> Option<IndicatorLoss> {
        let needs: Vec<(&str, &str)> = indicator.needs.iter().filter_map(|need| need.split_once('.')).collect();
        let (unit, _) = *needs.first()?;
        let costs = |loss: &&Loss| {
            let Some(schema) = self.tables.get(usize::from(loss.table)) else { return false };
            if loss.follows && schema.table != unit {
                return false;
            }
            let column = schema.columns.get(usize::from(loss.column)).map(|column| column.name.as_str());
            let needed = needs.iter().any(|(table, name)| *table == schema.table && (loss.quarantined || column == Some(*name)));
            let affected = || {
                let rule = self.groups.get(usize::from(loss.code)).and_then(|group| self.rules.rule(&group.code));
                rule.is_some_and(|rule| rule.affects.contains(&indicator.id))
            };
            needed || loss.quarantined && schema.table == unit || affected()
        };
        let lost: Vec<&Loss> = self.losses.iter().filter(costs).collect();
        let is_unit = |loss: &&&Loss| self.tables.get(usize::from(loss.table)).is_some_and(|table| table.table == unit);
        let by_code = (0..self.groups.len()).filter_map(|code| {
            let own: Vec<&Loss> = lost.iter().copied().filter(|loss| usize::from(loss.code) == code).collect();
            let count = units(own.iter().filter(is_unit), own.iter().filter(|loss| !is_unit(loss)));
            self.groups.get(code).filter(|_| count > 0).map(|group| (group.code.clone(), count))
        });
        Some(IndicatorLoss { lost: units(lost.iter().filter(is_unit), lost.iter().filter(|loss| !is_unit(loss))), by_code: by_code.collect() })
    }

    /// Rows of a table that are not used because of one of these codes, each once.
    pub(super) fn quarantined_rows(&self, table: &str, is_meant: impl Fn(&str) -> bool) -> u64 {
        let meant = |loss: &&Loss| {
            let group = self.groups.get(usize::from(loss.code));
            loss.quarantined && self.tables.get(usize::from(loss.table)).is_some_and(|one| one.table == table) && group.is_some_and(|group| is_meant(&group.code))
        };
        let mut rows: Vec<u64> = self.losses.iter().filter(meant).map(|loss| loss.row).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.len() as u64
    }

    /// Values that are not used in rows that are, by `table.column`.
    pub(super) fn emptied_values(&self) -> BTreeMap<String, u64> {
        let mut emptied = BTreeMap::new();
        for loss in self.losses.iter().filter(|loss| !loss.quarantined) {
            let Some(table) = self.tables.get(usize::from(loss.table)) else { continue };
            let Some(column) = table.columns.get(usize::from(loss.column)) else { continue };
            *emptied.entry(format!("{}.{}", table.table, column.name)).or_default() += 1;
        }
        emptied
    }

    /// The table of a finding's file or sheet.
    fn table_of(&self, finding: &Finding) -> Option<(usize, &'a TableSchema)> {
        let source = finding.source();
        let count = self.receipt.tables.iter().find(|count| count.file == source && !count.file.is_empty())?;
        self.tables.iter().enumerate().find(|(_, table)| table.table == count.table)
    }
}

/// Rows of the unit table, and the units behind rows of other tables that are not already among them.
fn units<'l>(own: impl Iterator<Item = &'l &'l Loss>, others: impl Iterator<Item = &'l &'l Loss>) -> u64 {
    let (mut rows, mut known) = (Vec::new(), Vec::new());
    for loss in own {
        rows.push(loss.row);
        known.push(loss.key);
    }
    rows.sort_unstable();
    rows.dedup();
    known.sort_unstable();
    let mut keys: Vec<u64> = others.map(|loss| loss.key).filter(|key| *key != 0 && known.binary_search(key).is_err()).collect();
    keys.sort_unstable();
    keys.dedup();
    (rows.len() + keys.len()) as u64
}

/// The same in every run: this hasher has no seed.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish().max(1)
}

/// Headers are compared by their letters and digits, as the reader does.
fn is_header_of(header: &str, name: &str, synonyms: &[String]) -> bool {
    let plain = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let header = plain(header);
    !header.is_empty() && std::iter::once(name).chain(synonyms.iter().map(String::as_str)).any(|other| plain(other) == header)
}
