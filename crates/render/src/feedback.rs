//! The feedback on one submission as a PDF: the same template folder, another main file.

use serde_json::Value;
use spiegel_model::Feedback;

use crate::document::Document;
use crate::error::Error;
use crate::pdf::Pdf;
use crate::template::Template;

/// Stands for a sign that no font of the template has: PDF/UA allows no empty box.
const NO_GLYPH: char = '?';

/// Makes the PDF of feedback. Names and values in it come from outside: they reach the template as data, never as markup,
/// and what cannot be printed is replaced.
///
/// # Errors
/// When the template has no `feedback.typ`, or that does not compile without warnings.
pub fn render_feedback(feedback: &Feedback, template: &Template) -> Result<Pdf, Error> {
    let name = format!("{} ({})", feedback.provider.id, feedback.submission);
    let mut data = serde_json::to_value(feedback).map_err(|source| Error::Data { report: name.clone(), source })?;
    make_printable(&mut data, template);
    let ident = format!("spiegel/{}/{}/{}/{}", feedback.pipeline, feedback.provider.id, feedback.year_label, feedback.sequence);
    Document { main: "feedback.typ", name, language: &feedback.language, issued: &feedback.issued, ident, data }.render(template)
}

pub(crate) fn make_printable(value: &mut Value, template: &Template) {
    match value {
        Value::String(text) if !text.is_ascii() || text.bytes().any(|byte| byte.is_ascii_control()) => {
            *text = text.chars().map(|letter| printable(letter, template)).collect();
        }
        Value::Array(values) => values.iter_mut().for_each(|value| make_printable(value, template)),
        Value::Object(fields) => fields.values_mut().for_each(|value| make_printable(value, template)),
        _ => {}
    }
}

fn printable(letter: char, template: &Template) -> char {
    if letter.is_whitespace() || letter.is_control() {
        return if letter == '\u{a0}' || letter == '\u{202f}' { letter } else { ' ' };
    }
    if template.fonts.iter().all(|font| font.info().coverage.contains(u32::from(letter))) { letter } else { NO_GLYPH }
}
