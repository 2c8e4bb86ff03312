//! Lines that are typed on a terminal, with history and completion: rustyline, and the words of the tables.

use std::fs;
use std::io;
use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Behavior, CompletionType, Config, Context, Helper};

use crate::talk;

/// Lines of history that are kept.
const HISTORY_MAXIMUM: usize = 500;

/// What came of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Typed(String),
    /// Ctrl-C.
    Cancelled,
    /// Ctrl-D on an empty line.
    End,
}

pub(crate) struct Editor {
    terminal: rustyline::Editor<Words, FileHistory>,
    file: Option<PathBuf>,
}

impl Editor {
    /// `words` are what Tab completes; `file` keeps the history, when there is one.
    ///
    /// # Errors
    /// When there is no terminal.
    pub(crate) fn new(words: Vec<String>, file: Option<PathBuf>) -> io::Result<Self> {
        // The terminal itself, so that stdout stays free for data.
        let config = Config::builder().behavior(Behavior::PreferTerm).completion_type(CompletionType::List).auto_add_history(true);
        let config = config.max_history_size(HISTORY_MAXIMUM).and_then(|config| config.history_ignore_dups(true)).map_err(io::Error::other)?;
        let mut terminal = rustyline::Editor::with_config(config.build()).map_err(io::Error::other)?;
        terminal.set_helper(Some(Words::new(words)));
        if let Some(file) = file.as_ref().filter(|file| file.exists()) {
            // A history that cannot be read is told when it cannot be written either.
            let _ = terminal.load_history(file);
        }
        Ok(Self { terminal, file })
    }

    /// One line, without its end.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn line(&mut self, prompt: &str) -> io::Result<Line> {
        match self.terminal.readline(prompt) {
            Ok(line) => {
                self.keep();
                Ok(Line::Typed(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Line::Cancelled),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn keep(&mut self) {
        let Some(file) = &self.file else { return };
        let folder = file.parent().map_or(Ok(()), fs::create_dir_all).map_err(ReadlineError::Io);
        if let Err(error) = folder.and_then(|()| self.terminal.save_history(file)) {
            talk::line(&format!("the history is not kept: {}: {error}", file.display()));
            self.file = None;
        }
    }
}

/// Words that are completed, in order.
struct Words(Vec<String>);

impl Words {
    fn new(mut words: Vec<String>) -> Self {
        words.sort();
        words.dedup();
        Self(words)
    }
}

impl Completer for Words {
    type Candidate = String;

    /// The words that begin as the one before the cursor does, in capitals or not.
    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..cursor).unwrap_or(line);
        let start = before.rfind(|letter: char| !(letter.is_alphanumeric() || letter == '_')).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let begun = &before[start..];
        let begins = |word: &&String| word.get(..begun.len()).is_some_and(|head| head.eq_ignore_ascii_case(begun));
        let found = if begun.is_empty() { Vec::new() } else { self.0.iter().filter(begins).cloned().collect() };
        Ok((start, found))
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}

#[cfg(test)]
mod tests {
    use rustyline::history::MemHistory;

    use super::*;

    #[test]
    fn the_word_before_the_cursor_is_completed() {
        let words = Words::new(["region", "minutes_mean", "SELECT", "minutes_band", "SELECT"].map(str::to_owned).to_vec());
        let history = MemHistory::new();
        let complete = |line: &str, cursor| words.complete(line, cursor, &Context::new(&history)).unwrap();
        assert_eq!(complete("sel", 3), (0, vec!["SELECT".to_owned()]));
        assert_eq!(complete("SELECT mi FROM x", 9), (7, vec!["minutes_band".to_owned(), "minutes_mean".to_owned()]));
        assert_eq!(complete("é(reg", 6), (3, vec!["region".to_owned()]));
        assert!(complete("SELECT ", 7).1.is_empty(), "nothing was begun");
        assert!(complete("zz", 2).1.is_empty());
    }
}
