//! A plotters backend that records what is drawn as plain data, so that the page draws it with its own shapes and fonts.
//!
//! Coordinates are whole hundredths of a point from the top left. Dots of one kind become one mark, and so do lines of
//! one kind that follow one another: few large marks keep a report small and fast.

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle};
use serde::{Deserialize, Serialize};

use crate::palette::Token;
use crate::simplify::simplified;

/// Recorded units in one point.
pub const UNITS_PER_POINT: f64 = 100.0;

/// Share of the font size from the baseline to half the height of a capital (Source Sans 3: 0.66 em).
const HALF_CAPITAL: f64 = 0.33;

/// Points as recorded units.
#[must_use]
pub(crate) fn points(value: f64) -> i32 {
    (value * UNITS_PER_POINT).round() as i32
}

/// Millimetres as recorded units.
#[must_use]
pub(crate) fn millimetres(value: f64) -> i32 {
    points(value * 72.0 / 25.4)
}

/// A recorded drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// What to draw, back to front.
    pub marks: Vec<Mark>,
}

/// How a line is dashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dash {
    /// Not at all.
    Solid,
    /// Dashes, for norms and outer limits.
    Dashed,
    /// Dots, for a break in time.
    Dotted,
}

/// Which point of a text stands at its coordinate; vertically always the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Left end.
    Start,
    /// Centre.
    Middle,
    /// Right end.
    End,
}

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Regular.
    Regular,
    /// Semi-bold.
    Strong,
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Mark {
    /// Filled polygons.
    Area {
        /// Fill.
        colour: Token,
        /// One ring per polygon.
        rings: Vec<Vec<BackendCoord>>,
    },
    /// Lines of one kind.
    Line {
        /// Stroke.
        colour: Token,
        /// Stroke width.
        width: i32,
        /// Dashes.
        dash: Dash,
        /// True when each line returns to its first point.
        closed: bool,
        /// The lines.
        lines: Vec<Vec<BackendCoord>>,
    },
    /// Round dots of one kind.
    Dots {
        /// Fill.
        colour: Token,
        /// Diameter.
        diameter: i32,
        /// Where they stand.
        centres: Vec<BackendCoord>,
    },
    /// A line of text.
    Text {
        /// Anchor.
        x: i32,
        /// Baseline.
        y: i32,
        /// Which end stands at `x`.
        anchor: Anchor,
        /// Font size.
        size: i32,
        /// Weight.
        weight: Weight,
        /// Colour.
        colour: Token,
        /// The text.
        text: String,
    },
}

impl Figure {
    /// An empty figure.
    #[must_use]
    pub fn new(width: i32, height: i32) -> Self {
        Self { width, height, marks: Vec::new() }
    }

    /// Adds a polygon, to the last mark when that is of the same kind.
    pub fn add_area(&mut self, fill: Token, ring: Vec<BackendCoord>) {
        if let Some(Mark::Area { colour, rings }) = self.marks.last_mut()
            && *colour == fill
        {
            rings.push(ring);
            return;
        }
        self.marks.push(Mark::Area { colour: fill, rings: vec![ring] });
    }

    /// Adds a line, to the last mark when that is of the same kind.
    pub fn add_line(&mut self, stroke: Token, stroke_width: i32, style: Dash, close: bool, line: Vec<BackendCoord>) {
        if let Some(Mark::Line { colour, width, dash, closed, lines }) = self.marks.last_mut()
            && (*colour, *width, *dash, *closed) == (stroke, stroke_width, style, close)
        {
            lines.push(line);
            return;
        }
        self.marks.push(Mark::Line { colour: stroke, width: stroke_width, dash: style, closed: close, lines: vec![line] });
    }

    /// Adds a dot, to the last mark when that is of the same kind.
    pub fn add_dot(&mut self, fill: Token, size: i32, centre: BackendCoord) {
        if let Some(Mark::Dots { colour, diameter, centres }) = self.marks.last_mut()
            && (*colour, *diameter) == (fill, size)
        {
            centres.push(centre);
            return;
        }
        self.marks.push(Mark::Dots { colour: fill, diameter: size, centres: vec![centre] });
    }

    /// The recorded texts, for tests and for the search of texts in a figure.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.marks.iter().filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Why something could not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A colour that has no meaning here.
    #[error("colour #{0:02X}{1:02X}{2:02X} is not in the palette")]
    Colour(u8, u8, u8),
    /// Transparency, which makes a PDF large and is not archival.
    #[error("a mark is transparent; plots use solid colours only")]
    Transparent,
    /// Single pixels and bitmaps have no place in a page of shapes.
    #[error("the plot asked for {0}, which is not a shape")]
    NotAShape(&'static str),
}

/// Records into a figure.
#[derive(Debug)]
pub struct Recorder<'figure> {
    figure: &'figure mut Figure,
}

type Drawn = Result<(), DrawingErrorKind<RecordError>>;

impl<'figure> Recorder<'figure> {
    /// A recorder that adds to a figure.
    pub fn new(figure: &'figure mut Figure) -> Self {
        Self { figure }
    }

    /// A line with dashes, which plotters itself would cut into pieces.
    pub fn dashed(&mut self, line: Vec<BackendCoord>, colour: Token, width: i32, dash: Dash) {
        self.figure.add_line(colour, width, dash, false, simplified(&line));
    }
}

fn token(colour: BackendColor) -> Result<Token, DrawingErrorKind<RecordError>> {
    if colour.alpha < 1.0 {
        return Err(DrawingErrorKind::DrawingError(RecordError::Transparent));
    }
    let (red, green, blue) = colour.rgb;
    Token::of(colour.rgb).ok_or(DrawingErrorKind::DrawingError(RecordError::Colour(red, green, blue)))
}

impl DrawingBackend for Recorder<'_> {
    type ErrorType = RecordError;

    fn get_size(&self) -> (u32, u32) {
        (self.figure.width.unsigned_abs(), self.figure.height.unsigned_abs())
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Drawn {
        Err(DrawingErrorKind::DrawingError(RecordError::NotAShape("a pixel")))
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, corner: BackendCoord, opposite: BackendCoord, style: &S, fill: bool) -> Drawn {
        let colour = token(style.color())?;
        let ring = vec![corner, (opposite.0, corner.1), opposite, (corner.0, opposite.1)];
        if fill {
            self.figure.add_area(colour, ring);
        } else {
            self.figure.add_line(colour, style.stroke_width() as i32, Dash::Solid, true, ring);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let colour = token(style.color())?;
        let line: Vec<BackendCoord> = path.into_iter().collect();
        if line.len() > 1 {
            self.figure.add_line(colour, style.stroke_width() as i32, Dash::Solid, false, simplified(&line));
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let colour = token(style.color())?;
        let radius = radius as i32;
        if fill {
            self.figure.add_dot(colour, 2 * radius, centre);
        } else {
            let width = style.stroke_width() as i32;
            self.figure.add_dot(colour, 2 * radius + width, centre);
            self.figure.add_dot(Token::Paper, (2 * radius - width).max(0), centre);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let colour = token(style.color())?;
        let ring: Vec<BackendCoord> = corners.into_iter().collect();
        if ring.len() > 2 {
            self.figure.add_area(colour, ring);
        }
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let colour = token(style.color())?;
        let anchor = match style.anchor().h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        };
        let down = match style.anchor().v_pos {
            VPos::Top => 2.0 * HALF_CAPITAL,
            VPos::Center => HALF_CAPITAL,
            VPos::Bottom => 0.0,
        };
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Strong } else { Weight::Regular };
        let size = style.size().round() as i32;
        let baseline = y + (style.size() * down).round() as i32;
        self.figure.marks.push(Mark::Text { x, y: baseline, anchor, size, weight, colour, text: text.to_owned() });
        Ok(())
    }

    fn blit_bitmap(&mut self, _: BackendCoord, _: (u32, u32), _: &[u8]) -> Drawn {
        Err(DrawingErrorKind::DrawingError(RecordError::NotAShape("a bitmap")))
    }
}

#[cfg(test)]
mod tests {
    use plotters::prelude::*;

    use super::*;

    fn colour(token: Token) -> RGBColor {
        let (red, green, blue) = token.rgb();
        RGBColor(red, green, blue)
    }

    #[test]
    fn dots_of_one_kind_are_one_mark() {
        let mut figure = Figure::new(1000, 1000);
        {
            let area = Recorder::new(&mut figure).into_drawing_area();
            for step in 0..50 {
                area.draw(&Circle::new((step, 10), 35, colour(Token::Dot).filled())).unwrap();
            }
            area.draw(&Circle::new((5, 5), 45, colour(Token::Own).filled())).unwrap();
        }
        assert_eq!(figure.marks.len(), 2);
        assert!(matches!(&figure.marks[0], Mark::Dots { diameter: 70, centres, .. } if centres.len() == 50));
    }

    #[test]
    fn a_colour_outside_the_palette_and_alpha_are_refused() {
        let mut figure = Figure::new(100, 100);
        let area = Recorder::new(&mut figure).into_drawing_area();
        assert!(area.draw(&Circle::new((5, 5), 5, RED.filled())).is_err());
        assert!(area.draw(&Circle::new((5, 5), 5, colour(Token::Own).mix(0.5).filled())).is_err());
    }

    #[test]
    fn coordinates_beyond_the_figure_stay_in_it() {
        let mut figure = Figure::new(100, 100);
        {
            let area = Recorder::new(&mut figure).into_drawing_area();
            area.draw(&PathElement::new(vec![(0, 0), (50, 50)], ShapeStyle::from(colour(Token::Ink)).stroke_width(7))).unwrap();
            area.draw(&PathElement::new(vec![(9, 0), (50, 50)], ShapeStyle::from(colour(Token::Ink)).stroke_width(7))).unwrap();
        }
        assert_eq!(
            figure.marks,
            [Mark::Line {
                colour: Token::Ink,
                width: 7,
                dash: Dash::Solid,
                closed: false,
                lines: vec![vec![(0, 0), (50, 50)], vec![(9, 0), (50, 50)]],
            }]
        );
    }
}
