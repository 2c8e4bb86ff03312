//! The Keurmerkrapportage as a PDF, and the figure of the website as an SVG of its own.

use serde_json::Value;
use spiegel_model::{KeurmerkReport, WebsiteFigure, decimal};

use crate::document::Document;
use crate::error::Error;
use crate::feedback::make_printable;
use crate::palette::Palette;
use crate::pdf::Pdf;
use crate::template::Template;

/// The words of the Keurmerk are Dutch.
const LANGUAGE: &str = "nl";
/// Width and height of the figure, in its own units.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 96.0;
/// Where the scale begins and ends, and how high it lies.
const LEFT: f64 = 20.0;
const RIGHT: f64 = WIDTH - 20.0;
const AXIS: f64 = 56.0;
/// Half the size of the mark.
const MARK: f64 = 8.0;

/// Makes the PDF of one Keurmerkrapportage. The same report and template give the same bytes.
///
/// # Errors
/// When the template has no `keurmerk.typ`, or that does not compile without warnings.
pub fn render_keurmerk(report: &KeurmerkReport, template: &Template) -> Result<Pdf, Error> {
    let name = format!("{} (keurmerk {})", report.provider.id, report.year_label);
    let mut data = serde_json::to_value(report).map_err(|source| Error::Data { report: name.clone(), source })?;
    // What the publisher writes may hold letters that the fonts do not have.
    make_printable(&mut data, template);
    data["website_svg"] = report.website_figure.as_ref().map_or(Value::Null, |figure| Value::String(website_svg(figure, template)));
    let kind = serde_json::to_value(report.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
    let ident = format!("spiegel/{}/keurmerk/{}/{}/{kind}", report.pipeline, report.provider.id, report.year);
    Document { main: "keurmerk.typ", name, language: LANGUAGE, issued: &report.issued, ident, data }.render(template)
}

/// The figure for a website: accessible (title and description, named by `aria-labelledby`), in two dark tones on white whose shapes
/// tell them apart, with every number as text. Coordinates have one decimal.
#[must_use]
pub fn website_svg(figure: &WebsiteFigure, template: &Template) -> String {
    drawn(figure, template.palette())
}

/// The figure in these colours.
fn drawn(figure: &WebsiteFigure, colours: &Palette) -> String {
    let colour = |name: &str| colours.get(name).cloned().unwrap_or_default();
    // Each has a contrast of more than 3 to 1 with the page.
    let (ink, own, muted) = (colour("ink"), colour("own"), colour("muted"));
    let span = figure.highest - figure.lowest;
    let at = |value: f64| LEFT + (value.clamp(figure.lowest, figure.highest) - figure.lowest) / span * (RIGHT - LEFT);
    let number = |value: f64| format!("{value:.1}");
    let font = "font-family=\"Source Sans 3, Helvetica, Arial, sans-serif\"";
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-labelledby=\"titel beschrijving\" lang=\"nl\">\n<title id=\"titel\">{}</title>\n<desc id=\"beschrijving\">{}</desc>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n",
        escaped(&figure.title),
        escaped(&figure.description),
    );
    svg.push_str(&format!("<text x=\"{LEFT}\" y=\"18\" {font} font-size=\"14\" font-weight=\"600\" fill=\"{ink}\">{}</text>\n", escaped(&figure.title)));
    svg.push_str(&format!("<line x1=\"{LEFT}\" y1=\"{AXIS}\" x2=\"{RIGHT}\" y2=\"{AXIS}\" stroke=\"{muted}\" stroke-width=\"1.5\"/>\n"));
    svg.push_str(&format!(
        "<line x1=\"{}\" y1=\"{AXIS}\" x2=\"{}\" y2=\"{AXIS}\" stroke=\"{ink}\" stroke-width=\"4\"/>\n",
        number(at(figure.lower)),
        number(at(figure.upper))
    ));
    for end in [figure.lower, figure.upper] {
        let x = number(at(end));
        svg.push_str(&format!("<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" stroke=\"{ink}\" stroke-width=\"2.5\"/>\n", AXIS - 5.0, AXIS + 5.0));
    }
    let x = at(figure.value);
    svg.push_str(&format!(
        "<polygon points=\"{},{} {},{} {},{} {},{}\" fill=\"{own}\" stroke=\"#ffffff\" stroke-width=\"1.5\"/>\n",
        number(x), AXIS - MARK, number(x + MARK), AXIS, number(x), AXIS + MARK, number(x - MARK), AXIS
    ));
    svg.push_str(&format!(
        "<text x=\"{}\" y=\"{}\" {font} font-size=\"16\" font-weight=\"700\" text-anchor=\"middle\" fill=\"{own}\">{}</text>\n",
        number(x),
        AXIS - 14.0,
        escaped(&figure.value_words)
    ));
    for (value, anchor, at) in [(figure.lowest, "start", LEFT), (figure.highest, "end", RIGHT)] {
        svg.push_str(&format!("<text x=\"{at}\" y=\"74\" {font} font-size=\"12\" text-anchor=\"{anchor}\" fill=\"{ink}\">{}</text>\n", decimal(value, 0)));
    }
    svg.push_str(&format!("<text x=\"{LEFT}\" y=\"91\" {font} font-size=\"12\" fill=\"{ink}\">{}</text>\n</svg>\n", escaped(&figure.caption)));
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, lower: f64, upper: f64) -> WebsiteFigure {
        WebsiteFigure {
            lowest: 0.0,
            highest: 10.0,
            value,
            value_words: decimal(value, 1),
            lower,
            upper,
            sentence: "Zin".to_owned(),
            title: "Cijfer & meer".to_owned(),
            description: "Een <ruit> bij 8,4.".to_owned(),
            caption: "CQi, 86 cliënten.".to_owned(),
        }
    }

    #[test]
    fn the_figure_names_itself_and_draws_its_interval_to_scale() {
        let svg = drawn(&figure(8.4, 8.0, 8.8), &Palette::new());
        assert!(svg.contains("<title id=\"titel\">Cijfer &amp; meer</title>"));
        assert!(svg.contains("<desc id=\"beschrijving\">Een &lt;ruit&gt; bij 8,4.</desc>"));
        assert!(svg.contains(">8,4</text>"));
        // 20 + 0.80 * 440 and 20 + 0.88 * 440.
        assert!(svg.contains("<line x1=\"372.0\" y1=\"56\" x2=\"407.2\""), "{svg}");
        let top = drawn(&figure(9.9, 9.7, 10.0), &Palette::new());
        assert!(top.contains("x2=\"460.0\""), "{top}");
    }
}
