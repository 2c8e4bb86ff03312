//! Lines into statements: a statement ends in a `;` that stands in no text, name or comment.

/// Lines of a statement that has not ended yet.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    open: String,
}

impl Statements {
    /// True when a statement was begun.
    pub(crate) fn is_open(&self) -> bool {
        !self.open.trim().is_empty()
    }

    /// Adds a line; the statements that it ended.
    pub(crate) fn add(&mut self, line: &str) -> Vec<String> {
        self.open.push_str(line);
        self.open.push('\n');
        let mut ended = Vec::new();
        while let Some(end) = end_of_statement(&self.open) {
            let rest = self.open.split_off(end + 1);
            let statement = std::mem::replace(&mut self.open, rest);
            let statement = statement.trim().trim_end_matches(';').trim();
            if !statement.is_empty() {
                ended.push(statement.to_owned());
            }
        }
        if !says_something(&self.open) {
            self.open.clear();
        }
        ended
    }

    /// What was begun and not ended, as a statement.
    pub(crate) fn rest(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.open);
        says_something(&rest).then(|| rest.trim().to_owned())
    }
}

/// False for blanks and whole comments.
fn says_something(text: &str) -> bool {
    text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
}

/// Where the first statement ends.
fn end_of_statement(text: &str) -> Option<usize> {
    let mut quote: Option<char> = None;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        match (quote, letter) {
            // Two quotes are one quote inside: it closes and opens again.
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '-') if next == Some('-') => {
                while letters.next_if(|(_, letter)| *letter != '\n').is_some() {}
            }
            (None, '/') if next == Some('*') => {
                let mut before = ' ';
                for (_, letter) in letters.by_ref() {
                    if before == '*' && letter == '/' {
                        break;
                    }
                    before = letter;
                }
            }
            (None, ';') => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_in_a_semicolon_outside_texts_and_comments() {
        let mut statements = Statements::default();
        assert!(statements.add("SELECT ';' AS a -- not here;").is_empty());
        assert!(statements.is_open());
        assert_eq!(statements.add(", 1 /* nor ; here */; SELECT 'it''s'; SELECT"), ["SELECT ';' AS a -- not here;\n, 1 /* nor ; here */", "SELECT 'it''s'"]);
        assert_eq!(statements.rest().as_deref(), Some("SELECT"));
        assert_eq!(statements.rest(), None);
        assert!(statements.add("-- only words").is_empty() && !statements.is_open());
        assert!(statements.add(";;").is_empty());
    }
}
