//! A line editor on a terminal: cursor, history, completion.

use std::fs;
use std::io;
use std::path::PathBuf;

use console::{Key, Term, measure_text_width};

use crate::talk;

/// Lines of history that are kept.
const HISTORY_MAXIMUM: usize = 500;
/// End of input, Ctrl-D.
const END: char = '\u{4}';
/// Clear to the start, Ctrl-U; clear to the end, Ctrl-K.
const CLEAR_BEFORE: char = '\u{15}';
const CLEAR_AFTER: char = '\u{b}';

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
    terminal: Term,
    words: Vec<String>,
    history: Vec<String>,
    file: Option<PathBuf>,
}

impl Editor {
    /// `words` are what Tab completes; `file` keeps the history, when there is one.
    pub(crate) fn new(mut words: Vec<String>, file: Option<PathBuf>) -> Self {
        words.sort();
        words.dedup();
        let kept = file.as_ref().and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        Self { terminal: Term::stderr(), words, history: kept.lines().map(str::to_owned).collect(), file }
    }

    /// One line, without its end.
    pub(crate) fn line(&mut self, prompt: &str) -> io::Result<Line> {
        let mut text = Text::default();
        let mut place = self.history.len();
        let mut typed = String::new();
        let mut above = self.draw(prompt, &text, 0)?;
        loop {
            let key = match self.terminal.read_key_raw() {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Line::End),
                key => key?,
            };
            match key {
                Key::Enter => {
                    text.cursor = text.letters.len();
                    self.draw(prompt, &text, above)?;
                    self.terminal.write_line("")?;
                    let line = text.text();
                    self.remember(&line);
                    return Ok(Line::Typed(line));
                }
                Key::CtrlC => {
                    self.terminal.write_line("^C")?;
                    return Ok(Line::Cancelled);
                }
                Key::Char(END) if text.letters.is_empty() => {
                    self.terminal.write_line("")?;
                    return Ok(Line::End);
                }
                Key::ArrowUp | Key::ArrowDown => {
                    if place == self.history.len() {
                        typed = text.text();
                    }
                    place = if key == Key::ArrowUp { place.saturating_sub(1) } else { (place + 1).min(self.history.len()) };
                    text = Text::from(self.history.get(place).unwrap_or(&typed));
                }
                Key::Tab => {
                    let choices = text.complete(&self.words);
                    if choices.len() > 1 {
                        self.terminal.write_line("")?;
                        self.terminal.write_line(&choices.join("  "))?;
                        above = 0;
                    }
                }
                key => text.press(&key),
            }
            above = self.draw(prompt, &text, above)?;
        }
    }

    /// Draws the line over the one that was there, of which `above` rows lie above the cursor; how many do now.
    fn draw(&self, prompt: &str, text: &Text, above: usize) -> io::Result<usize> {
        let width = usize::from(self.terminal.size().1).max(1);
        self.terminal.move_cursor_up(above)?;
        self.terminal.write_str("\r")?;
        self.terminal.clear_to_end_of_screen()?;
        let line = text.text();
        self.terminal.write_str(prompt)?;
        self.terminal.write_str(&line)?;
        let before: String = text.letters.iter().take(text.cursor).collect();
        let (end, cursor) = (measure_text_width(prompt) + measure_text_width(&line), measure_text_width(prompt) + measure_text_width(&before));
        if end > 0 && end.is_multiple_of(width) {
            // A full row leaves the cursor in it.
            self.terminal.write_str("\n")?;
        }
        self.terminal.move_cursor_up(end / width - cursor / width)?;
        self.terminal.write_str("\r")?;
        self.terminal.move_cursor_right(cursor % width)?;
        Ok(cursor / width)
    }

    fn remember(&mut self, line: &str) {
        if line.trim().is_empty() || self.history.last().is_some_and(|last| last == line) {
            return;
        }
        self.history.push(line.to_owned());
        let surplus = self.history.len().saturating_sub(HISTORY_MAXIMUM);
        self.history.drain(..surplus);
        if let Some(file) = &self.file {
            let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, self.history.join("\n") + "\n"));
            if let Err(error) = written {
                talk::line(&format!("the history is not kept: {}: {error}", file.display()));
                self.file = None;
            }
        }
    }
}

/// What stands on the line, and where the cursor is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Text {
    letters: Vec<char>,
    cursor: usize,
}

impl Text {
    fn from(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        Self { cursor: letters.len(), letters }
    }

    fn text(&self) -> String {
        self.letters.iter().collect()
    }

    fn press(&mut self, key: &Key) {
        let end = self.letters.len();
        match key {
            Key::ArrowLeft => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight => self.cursor = (self.cursor + 1).min(end),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = end,
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.letters.remove(self.cursor);
            }
            Key::Del | Key::Char(END) if self.cursor < end => {
                self.letters.remove(self.cursor);
            }
            Key::Char(CLEAR_BEFORE) => {
                self.letters.drain(..self.cursor);
                self.cursor = 0;
            }
            Key::Char(CLEAR_AFTER) => self.letters.truncate(self.cursor),
            Key::Char(letter) if !letter.is_control() => {
                self.letters.insert(self.cursor, *letter);
                self.cursor += 1;
            }
            _ => {}
        }
    }

    /// Completes the word before the cursor as far as it goes; the words that it can still become.
    fn complete(&mut self, words: &[String]) -> Vec<String> {
        let start = self.letters[..self.cursor].iter().rposition(|letter| !(letter.is_alphanumeric() || *letter == '_')).map_or(0, |at| at + 1);
        let begun: String = self.letters[start..self.cursor].iter().collect();
        let begins = |word: &&String| word.get(..begun.len()).is_some_and(|head| head.eq_ignore_ascii_case(&begun));
        let found: Vec<String> = if begun.is_empty() { Vec::new() } else { words.iter().filter(begins).cloned().collect() };
        let Some(first) = found.first() else { return found };
        let shared = |length: usize| found.iter().all(|word| word.get(..length).is_some_and(|head| head.eq_ignore_ascii_case(&first[..length])));
        let length = (begun.len()..=first.len()).rev().filter(|length| first.is_char_boundary(*length)).find(|length| shared(*length)).unwrap_or(begun.len());
        // Names keep their case; where words differ in it, what was typed stays.
        let completed: String = if found.iter().all(|word| word.starts_with(&first[..length])) { first[..length].to_owned() } else { begun };
        let completed: Vec<char> = if found.len() == 1 { first.chars().collect() } else { completed.chars().collect() };
        self.letters.splice(start..self.cursor, completed.iter().copied());
        self.cursor = start + completed.len();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_word_is_completed_as_far_as_it_goes() {
        let known = words(&["SELECT", "minutes_band", "minutes_mean", "region"]);
        let mut text = Text::from("sel");
        assert_eq!(text.complete(&known), ["SELECT"]);
        assert_eq!(text.text(), "SELECT");
        let mut text = Text::from("SELECT mi FROM x");
        text.cursor = 9;
        assert_eq!(text.complete(&known).len(), 2);
        assert_eq!((text.text().as_str(), text.cursor), ("SELECT minutes_ FROM x", 15));
        assert!(Text::from("SELECT ").complete(&known).is_empty(), "nothing was begun");
        assert!(Text::from("zz").complete(&known).is_empty());
    }

    #[test]
    fn keys_move_and_change_the_line() {
        let mut text = Text::from("abc");
        for key in [Key::ArrowLeft, Key::Backspace, Key::Char('é'), Key::Home, Key::Del, Key::End, Key::ArrowRight, Key::Char('!')] {
            text.press(&key);
        }
        assert_eq!(text.text(), "éc!");
        text.press(&Key::ArrowLeft);
        text.press(&Key::Char(CLEAR_BEFORE));
        assert_eq!(text, Text { letters: vec!['!'], cursor: 0 });
        text.press(&Key::Backspace);
        text.press(&Key::Char('\u{7}'));
        assert_eq!(text.text(), "!");
    }
}
