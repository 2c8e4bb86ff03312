//! The prompt of `query`: statements that end in `;`, and commands that begin with a backslash, typed or from a pipe.

mod editor;
mod statements;

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use spiegel_query::{Engine, RowsFormat, Tables};

use crate::exit::Usage;
use crate::talk;
use editor::{Editor, Line};
use statements::Statements;

const HELP: &str = "\
  SELECT …;       run a statement; it may take several lines and ends in ;
  \\d              list the tables         \\d TABLE       list the columns of one
  \\f FORMAT       table, csv, json or parquet
  \\o FILE         write the next results to FILE, each in the place of the one before; \\o alone: here again
  \\timing         say how long each statement takes, or stop saying so
  \\q              stop";
/// Words that are completed beside the names of tables and columns.
const KEYWORDS: [&str; 36] = [
    "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT", "WITH", "AS", "AND", "OR", "NOT", "IN", "IS NULL", "IS NOT NULL", "BETWEEN",
    "LIKE", "CASE", "WHEN", "THEN", "ELSE", "END", "JOIN", "LEFT JOIN", "ON", "USING", "UNION ALL", "DISTINCT", "COUNT(*)", "SUM(", "AVG(", "MIN(", "MAX(",
    "ROUND(", "DESC", "EXPLAIN",
];

/// Where results go.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// As what.
    pub(crate) format: RowsFormat,
    /// In the place of stdout.
    pub(crate) output: Option<PathBuf>,
}

impl Target {
    /// Runs one statement and writes its rows.
    pub(crate) fn run(&self, engine: &Engine, sql: &str) -> anyhow::Result<()> {
        if self.format == RowsFormat::Parquet && self.output.is_none() && io::stdout().is_terminal() {
            return Err(Usage("Parquet is nothing to look at: give a file with --output FILE, or \\o FILE at the prompt".to_owned()).into());
        }
        let rows = engine.select(sql, self.format)?;
        match &self.output {
            Some(file) => fs::write(file, rows).with_context(|| file.display().to_string())?,
            None => talk::bytes(&rows)?,
        }
        Ok(())
    }
}

/// A conversation with an engine.
pub(crate) struct Session<'a> {
    engine: &'a Engine,
    tables: Tables,
    target: Target,
    timing: bool,
    statements: Statements,
}

impl<'a> Session<'a> {
    pub(crate) fn new(engine: &'a Engine, target: Target) -> anyhow::Result<Self> {
        Ok(Self { engine, tables: engine.schema()?, target, timing: false, statements: Statements::default() })
    }

    /// What a pipe holds, until the first mistake. False when there was nothing in it.
    pub(crate) fn read_pipe(&mut self) -> anyhow::Result<bool> {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("stdin")?;
        for line in text.lines() {
            if self.line(line)?.is_break() {
                return Ok(true);
            }
        }
        if let Some(rest) = self.statements.rest() {
            self.run(&rest)?;
        }
        Ok(!text.trim().is_empty())
    }

    /// Talks until the end. `history`: file that keeps what was typed; None keeps nothing.
    pub(crate) fn talk(&mut self, history: Option<PathBuf>) -> anyhow::Result<()> {
        let mut words: Vec<String> = KEYWORDS.iter().map(|word| (*word).to_owned()).collect();
        for (table, columns) in &self.tables {
            words.push(table.clone());
            words.extend(columns.iter().map(|(column, _)| column.clone()));
        }
        let mut editor = Editor::new(words, history)?;
        talk::line("\\? lists the commands; Tab completes; a statement ends in ;");
        loop {
            let prompt = if self.statements.is_open() { "    -> " } else { "spiegel> " };
            let line = match editor.line(prompt)? {
                Line::Typed(line) => line,
                Line::Cancelled => {
                    self.statements = Statements::default();
                    continue;
                }
                Line::End => return Ok(()),
            };
            match self.line(&line) {
                Ok(ControlFlow::Break(())) => return Ok(()),
                Ok(ControlFlow::Continue(())) => {}
                // A mistake is no reason to stop.
                Err(error) => talk::line(&format!("{error:#}")),
            }
        }
    }

    fn line(&mut self, line: &str) -> anyhow::Result<ControlFlow<()>> {
        // No line of SQL begins with one.
        if line.trim_start().starts_with('\\') {
            return self.command(line.trim());
        }
        for statement in self.statements.add(line) {
            self.run(&statement)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn run(&self, sql: &str) -> anyhow::Result<()> {
        let start = Instant::now();
        self.target.run(self.engine, sql)?;
        if self.timing {
            talk::line(&format!("{:.3} s", start.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> anyhow::Result<ControlFlow<()>> {
        let (command, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim().trim_end_matches(';');
        match (command, argument) {
            ("\\q", _) => return Ok(ControlFlow::Break(())),
            ("\\?" | "\\h", _) => talk::line(HELP),
            ("\\timing", _) => {
                self.timing = !self.timing;
                talk::line(if self.timing { "timing is on" } else { "timing is off" });
            }
            ("\\o", "") => self.target.output = None,
            ("\\o", file) => self.target.output = Some(PathBuf::from(file)),
            ("\\f", name) => {
                self.target.format = match name {
                    "table" => RowsFormat::Table,
                    "csv" => RowsFormat::Csv,
                    "json" => RowsFormat::Json,
                    "parquet" => RowsFormat::Parquet,
                    _ => return Err(Usage(format!("there is no format `{name}`; there are table, csv, json and parquet")).into()),
                };
            }
            ("\\d", "") => talk::data(&self.tables.iter().map(|(table, columns)| format!("{table} ({} columns)\n", columns.len())).collect::<String>())?,
            ("\\d", name) => {
                let Some((_, columns)) = self.tables.iter().find(|(table, _)| table == name) else {
                    let names: Vec<&str> = self.tables.iter().map(|(table, _)| table.as_str()).collect();
                    return Err(Usage(format!("there is no table `{name}`; there are {}", names.join(", "))).into());
                };
                talk::data(&columns.iter().map(|(column, kind)| format!("{column:<24}{kind}\n")).collect::<String>())?;
            }
            _ => return Err(Usage(format!("there is no command `{command}`; \\? lists them")).into()),
        }
        Ok(ControlFlow::Continue(()))
    }
}
