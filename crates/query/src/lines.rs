//! Where something stands in a definition file: lines count from 1.

use spiegel_model::DefinitionError;
use toml::de::{DeTable, DeValue};

/// What stands in a new definition until somebody writes the words; in lower case.
const UNFINISHED: [&str; 2] = ["vul in", "…"];

/// Lines with text that still has to be written.
pub(crate) fn unfinished(file: &str, text: &str) -> Vec<DefinitionError> {
    let is_unfinished = |line: &str| UNFINISHED.iter().any(|mark| line.to_lowercase().contains(mark));
    text.lines()
        .enumerate()
        .filter(|(_, line)| is_unfinished(line))
        .map(|(number, line)| DefinitionError::at(file, Some(number + 1), format!("unfinished text: {}", line.trim())))
        .collect()
}

/// The line of a byte.
pub(crate) fn line_at(text: &str, place: usize) -> usize {
    1 + text.bytes().take(place).filter(|byte| *byte == b'\n').count()
}

/// The text with the line of this byte left empty. None for a header of a table, whose keys would fall to the table before it.
pub(crate) fn without_line(text: &str, place: usize) -> Option<String> {
    let start = text.get(..place)?.rfind('\n').map_or(0, |before| before + 1);
    let line = text.get(start..)?.lines().next()?;
    (!line.trim_start().starts_with('[')).then(|| format!("{}{}", &text[..start], &text[start + line.len()..]))
}

/// The line of a key in TOML: `next_review`, `coverage.indicator`, `adjuster.0.column`. Where the last parts are not there, that of
/// what they would belong to; None when nothing of it is there.
pub(crate) fn line_of_key(text: &str, path: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut steps = path.split('.');
    let first = steps.next()?;
    let (key, mut value) = document.get_ref().iter().find(|(key, _)| key.get_ref() == first)?;
    let mut place = key.span().start;
    for step in steps {
        match value.get_ref() {
            DeValue::Table(table) => {
                let Some((key, next)) = table.iter().find(|(key, _)| key.get_ref() == step) else { break };
                (place, value) = (key.span().start, next);
            }
            DeValue::Array(array) => {
                let Some(next) = step.parse().ok().and_then(|at: usize| array.get(at)) else { break };
                (place, value) = (next.span().start, next);
            }
            _ => break,
        }
    }
    Some(line_at(text, place))
}

/// SQL of the same length with blanks in the place of comments and of quoted texts.
pub(crate) fn code_only(sql: &str) -> String {
    let mut code = String::with_capacity(sql.len());
    let (mut in_comment, mut in_text) = (false, false);
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        in_comment = in_comment && letter != '\n' || !in_text && letter == '-' && letters.peek() == Some(&'-');
        let quote = !in_comment && letter == '\'';
        if (in_comment || in_text || quote) && letter != '\n' {
            code.extend(std::iter::repeat_n(' ', letter.len_utf8()));
        } else {
            code.push(letter);
        }
        in_text ^= quote;
    }
    code
}

/// The words of SQL with their lines, in lower case: names, keywords and numbers, and whether a parenthesis follows.
pub(crate) fn words(sql: &str) -> Vec<(usize, String, bool)> {
    let mut words = Vec::new();
    for (number, line) in code_only(sql).lines().enumerate() {
        let mut rest = line;
        while let Some(start) = rest.find(|letter: char| letter.is_alphanumeric() || letter == '_') {
            let from = rest.split_at(start).1;
            let end = from.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            words.push((number + 1, word.to_lowercase(), after.trim_start().starts_with('(')));
            rest = after;
        }
    }
    words
}

/// Whether SQL asks for all columns of something: `*` or `t.*`, and not a product or `COUNT(*)`.
pub(crate) fn asks_for_all_columns(sql: &str) -> bool {
    let code = code_only(sql).to_lowercase();
    code.match_indices('*').any(|(place, _)| {
        let before = code[..place].trim_end();
        before.ends_with(['.', ',']) || before.ends_with("select") || before.ends_with("distinct")
    })
}

/// The line of SQL that a message of the query engine is about: the line that it names, or where the name stands that it does not know.
pub(crate) fn line_of_fault(sql: &str, message: &str) -> Option<usize> {
    if let Some((_, rest)) = message.split_once("Line: ") {
        return rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok();
    }
    let after = |mark: &str| message.split_once(mark).map(|(_, rest)| rest);
    let named = after("No field named ")
        .or_else(|| after("table '"))
        .or_else(|| after("Invalid function '"))
        .or_else(|| after("unqualified field name "))?;
    // The name ends with a space, an apostrophe or a full stop at the end of the sentence; before it stand its table and schema.
    let whole = named.split(|letter: char| letter.is_whitespace() || letter == '\'').next()?.trim_end_matches('.');
    let name = whole.rsplit('.').next()?.trim_matches('"').to_lowercase();
    words(sql).into_iter().find(|(_, word, _)| *word == name).map(|(line, _, _)| line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_tables_and_in_lists_of_tables() {
        let text = "version = \"1\"\n\n[coverage]\nindicator = \"a\"\n\n[[adjuster]]\ncolumn = \"x\"\n\n[[adjuster]]\ncolumn = \"y\"\n";
        assert_eq!(line_of_key(text, "coverage.indicator"), Some(4));
        assert_eq!(line_of_key(text, "adjuster.1.column"), Some(10));
        assert_eq!(line_of_key(text, "adjuster.0.title"), Some(6));
        assert_eq!(line_of_key(text, "parts"), None);
    }

    #[test]
    fn names_in_comments_and_texts_are_no_code() {
        let sql = "-- mean of x\nSELECT 'it''s avg(x)' AS a, -- avg(y)\n    Avg (b)\nFROM c";
        assert_eq!(code_only(sql).len(), sql.len());
        let called: Vec<_> = words(sql).into_iter().filter(|(_, _, called)| *called).collect();
        assert_eq!(called, [(3, "avg".to_owned(), true)]);
        assert!(!asks_for_all_columns("SELECT COUNT(*), a * b -- SELECT *\nFROM c") && asks_for_all_columns("SELECT\n    *\nFROM c") && asks_for_all_columns("SELECT a, c.* FROM c"));
        assert_eq!(line_of_fault(sql, "Schema error: No field named c.b. Did you mean 'c.a'?"), Some(3));
        assert_eq!(line_of_fault(sql, "table 'datafusion.public.c' not found"), Some(4));
        assert_eq!(line_of_fault(sql, "Expected: x, found: y at Line: 2, Column: 9"), Some(2));
    }

    #[test]
    fn an_unknown_key_is_blanked_and_lines_keep_their_numbers() {
        let text = "a = 1\nb = 2\nc = 3\n";
        assert_eq!(without_line(text, 6).unwrap(), "a = 1\n\nc = 3\n");
        assert_eq!(without_line("[x]\na = 1\n", 1), None);
    }
}
