//! Places the texts of a plot so that none lies on a line, a mark or another text.
//!
//! The most important text chooses first. Each text has a few candidate positions in order of preference; when none is
//! free it is left out, except the provider's own label, which then stands on a white ground over what is in its way.

use serde::{Deserialize, Serialize};
use typst::layout::{Abs, Em};
use typst::text::{Font, FontInstance, FontStretch, FontStyle, FontVariant, FontVariations, FontWeight};

use crate::backend::{Anchor, Figure, Mark, Weight, points};
use crate::palette::Token;

/// Part of the font size above the baseline that letters fill.
const ASCENT: f64 = 0.72;
/// Part of the font size under the baseline that letters fill.
const DESCENT: f64 = 0.20;
/// From the baseline up to the middle of a capital.
const CENTRE: f64 = 0.33;
/// White around a label that stands on other marks (report specification, 5.3).
const HALO_POINTS: f64 = 1.2;
/// Width of a character that the font does not have; only used to reserve room.
const UNKNOWN_ADVANCE: f64 = 0.6;

/// Widths of characters in the shipped fonts, in parts of the font size.
#[derive(Debug, Clone)]
pub struct TextMetrics {
    regular: Advances,
    strong: Advances,
}

/// Advance widths of the first code points and the font for the others.
#[derive(Debug, Clone)]
struct Advances {
    /// One entry per code point below the length.
    table: Vec<f64>,
    font: FontInstance,
}

impl Advances {
    /// Latin with its extensions, punctuation and arithmetic signs are looked up once.
    const TABLE_LENGTH: u32 = 0x250;

    fn new(font: Font) -> Self {
        // The shipped fonts are static, so variant and size do not change an advance.
        let variant = FontVariant::new(FontStyle::Normal, FontWeight::REGULAR, FontStretch::NORMAL);
        let font = font.instantiate(variant, Abs::pt(10.0), &FontVariations::default());
        let mut advances = Self { table: Vec::new(), font };
        advances.table = (0..Self::TABLE_LENGTH)
            .map(|code| char::from_u32(code).map_or(UNKNOWN_ADVANCE, |letter| advances.look_up(letter)))
            .collect();
        advances
    }

    fn look_up(&self, letter: char) -> f64 {
        let glyph = self.font.ttf().glyph_index(letter);
        glyph.and_then(|glyph| self.font.x_advance(glyph.0)).map_or(UNKNOWN_ADVANCE, Em::get)
    }

    fn of(&self, letter: char) -> f64 {
        self.table.get(letter as usize).copied().unwrap_or_else(|| self.look_up(letter))
    }
}

impl TextMetrics {
    /// Measures with the given fonts for regular and semi-bold text.
    #[must_use]
    pub fn new(regular: Font, strong: Font) -> Self {
        Self { regular: Advances::new(regular), strong: Advances::new(strong) }
    }

    /// Width of a line of text, in recorded units.
    #[must_use]
    pub fn width(&self, text: &str, size: i32, weight: Weight) -> i32 {
        let advances = match weight {
            Weight::Regular => &self.regular,
            Weight::Strong => &self.strong,
        };
        (text.chars().map(|letter| advances.of(letter)).sum::<f64>() * f64::from(size)).ceil() as i32
    }
}

/// A rectangle in recorded units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rect {
    /// Left side.
    pub left: i32,
    /// Top side.
    pub top: i32,
    /// Right side.
    pub right: i32,
    /// Bottom side.
    pub bottom: i32,
}

impl Rect {
    /// The square around a round mark.
    #[must_use]
    pub fn around((x, y): (i32, i32), radius: i32) -> Self {
        Self { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius }
    }

    /// The box of a straight line.
    #[must_use]
    pub fn of_line(from: (i32, i32), to: (i32, i32), width: i32) -> Self {
        let half = width / 2;
        Self {
            left: from.0.min(to.0) - half,
            top: from.1.min(to.1) - half,
            right: from.0.max(to.0) + half,
            bottom: from.1.max(to.1) + half,
        }
    }

    /// True when the two have a point in common; touching sides do not count.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// True when this lies wholly in the other.
    #[must_use]
    pub fn lies_in(&self, other: &Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }

    /// Larger by a margin on each side.
    #[must_use]
    pub fn grown(&self, margin: i32) -> Self {
        Self { left: self.left - margin, top: self.top - margin, right: self.right + margin, bottom: self.bottom + margin }
    }

    fn shared_area(&self, other: &Self) -> i64 {
        let width = i64::from((self.right.min(other.right) - self.left.max(other.left)).max(0));
        let height = i64::from((self.bottom.min(other.bottom) - self.top.max(other.top)).max(0));
        width * height
    }
}

/// The obstacles of a polyline: one box per piece, cut fine enough for steep pieces.
#[must_use]
pub(crate) fn line_obstacles(line: &[(i32, i32)], width: i32) -> Vec<Rect> {
    /// Longest box along a sloping line, so that its box does not cover the empty corners.
    const LONGEST: i32 = 400;
    let mut boxes = Vec::new();
    for pair in line.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let rise = (to.1 - from.1).abs();
        let run = (to.0 - from.0).abs();
        let pieces = if rise == 0 || run == 0 { 1 } else { 1 + rise.min(run) / LONGEST };
        let at = |piece: i32| (from.0 + (to.0 - from.0) * piece / pieces, from.1 + (to.1 - from.1) * piece / pieces);
        boxes.extend((0..pieces).map(|piece| Rect::of_line(at(piece), at(piece + 1), width)));
    }
    boxes
}

/// What chooses its position first, and what is left out first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// The provider's own value.
    Own,
    /// Norm or guideline.
    Norm,
    /// National middle.
    Middle,
    /// Comparable group.
    Group,
    /// Limits of the funnel.
    Limits,
    /// Bands.
    Band,
}

/// A possible position: an anchor and the height of the middle of the capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Where the anchor stands.
    pub x: i32,
    /// Middle of the capitals.
    pub centre: i32,
    /// Which end of the text stands at `x`.
    pub anchor: Anchor,
}

impl Candidate {
    /// A text that begins at `x`.
    #[must_use]
    pub fn start(x: i32, centre: i32) -> Self {
        Self { x, centre, anchor: Anchor::Start }
    }

    /// A text that ends at `x`.
    #[must_use]
    pub fn end(x: i32, centre: i32) -> Self {
        Self { x, centre, anchor: Anchor::End }
    }

    /// A text around `x`.
    #[must_use]
    pub fn middle(x: i32, centre: i32) -> Self {
        Self { x, centre, anchor: Anchor::Middle }
    }
}

/// A text that looks for a place.
#[derive(Debug, Clone)]
pub struct Label {
    /// Who goes first.
    pub priority: Priority,
    /// The text.
    pub text: String,
    /// Font size.
    pub size: i32,
    /// Weight.
    pub weight: Weight,
    /// Colour.
    pub colour: Token,
    /// Positions in order of preference.
    pub candidates: Vec<Candidate>,
}

/// A text that has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Who it is.
    pub priority: Priority,
    /// Box of the letters.
    pub area: Rect,
    /// True when it stands on other marks and needs a white ground.
    pub halo: bool,
    mark: Mark,
}

impl Placed {
    /// Adds the text, with its white ground if it has one.
    pub fn draw(self, figure: &mut Figure) {
        if self.halo {
            let Rect { left, top, right, bottom } = self.area.grown(points(HALO_POINTS));
            figure.add_area(Token::Paper, vec![(left, top), (right, top), (right, bottom), (left, bottom)]);
        }
        figure.marks.push(self.mark);
    }
}

/// Box of a text at a candidate position.
#[must_use]
pub fn text_area(label: &Label, candidate: Candidate, metrics: &TextMetrics) -> Rect {
    let width = metrics.width(&label.text, label.size, label.weight);
    let left = match candidate.anchor {
        Anchor::Start => candidate.x,
        Anchor::Middle => candidate.x - width / 2,
        Anchor::End => candidate.x - width,
    };
    let size = f64::from(label.size);
    let baseline = baseline(candidate.centre, label.size);
    Rect {
        left,
        top: baseline - (size * ASCENT).round() as i32,
        right: left + width,
        bottom: baseline + (size * DESCENT).round() as i32,
    }
}

/// Baseline of a text whose capitals are centred on a height.
#[must_use]
pub(crate) fn baseline(centre: i32, size: i32) -> i32 {
    centre + (f64::from(size) * CENTRE).round() as i32
}

/// Gives each text its first free candidate inside the frame. The order of the result is the order of priority.
#[must_use]
pub fn place(mut labels: Vec<Label>, obstacles: &[Rect], frame: Rect, metrics: &TextMetrics) -> Vec<Placed> {
    labels.sort_by_key(|label| label.priority);
    let mut placed: Vec<Placed> = Vec::with_capacity(labels.len());
    for label in labels {
        let inside: Vec<(Candidate, Rect)> = label
            .candidates
            .iter()
            .map(|candidate| (*candidate, text_area(&label, *candidate, metrics)))
            .filter(|(_, area)| area.lies_in(&frame))
            .collect();
        let clear_of_texts = |area: &Rect| placed.iter().all(|other| !area.overlaps(&other.area));
        let clear_of_marks = |area: &Rect| obstacles.iter().all(|obstacle| !area.overlaps(obstacle));
        let free = inside.iter().find(|(_, area)| clear_of_texts(area) && clear_of_marks(area));
        let choice = match free {
            Some((candidate, area)) => Some((*candidate, *area, false)),
            None if label.priority == Priority::Own => inside
                .iter()
                .filter(|(_, area)| clear_of_texts(area))
                .min_by_key(|(_, area)| obstacles.iter().map(|obstacle| area.shared_area(obstacle)).sum::<i64>())
                .map(|(candidate, area)| (*candidate, *area, true)),
            None => None,
        };
        if let Some((candidate, area, halo)) = choice {
            let Label { priority, text, size, weight, colour, .. } = label;
            let y = baseline(candidate.centre, size);
            let mark = Mark::Text { x: candidate.x, y, anchor: candidate.anchor, size, weight, colour, text };
            placed.push(Placed { priority, area, halo, mark });
        }
    }
    placed
}

#[cfg(test)]
pub(crate) mod tests {
    use typst::foundations::Bytes;

    use super::*;

    /// Metrics of the shipped fonts.
    pub(crate) fn metrics() -> TextMetrics {
        let font = |name: &str| {
            let path = format!("{}/../../report-templates/spiegel/fonts/{name}", env!("CARGO_MANIFEST_DIR"));
            Font::new(Bytes::new(std::fs::read(path).unwrap()), 0).unwrap()
        };
        TextMetrics::new(font("SourceSans3-Regular.ttf"), font("SourceSans3-SemiBold.ttf"))
    }

    fn label(priority: Priority, text: &str, candidates: Vec<Candidate>) -> Label {
        Label { priority, text: text.into(), size: 750, weight: Weight::Regular, colour: Token::Ink, candidates }
    }

    const FRAME: Rect = Rect { left: 0, top: 0, right: 20_000, bottom: 10_000 };

    /// The first draft's "middelste 50%" stood on the median line.
    #[test]
    fn the_band_label_leaves_the_median_line_alone() {
        let median = Rect::of_line((9_000, 0), (9_000, 10_000), 70);
        let band = label(
            Priority::Band,
            "middelste 50%",
            vec![Candidate::start(6_500, 1_500), Candidate::end(12_000, 1_500), Candidate::end(6_200, 1_500)],
        );
        let placed = place(vec![band], &[median], FRAME, &metrics());
        assert_eq!(placed.len(), 1);
        assert!(!placed[0].area.overlaps(&median));
    }

    #[test]
    fn the_more_important_text_chooses_first_and_the_other_is_left_out() {
        let here = vec![Candidate::start(1_000, 1_000)];
        let labels = vec![label(Priority::Band, "middelste 50%", here.clone()), label(Priority::Own, "U: 611 minuten", here)];
        let placed = place(labels, &[], FRAME, &metrics());
        assert_eq!(placed.len(), 1);
        assert_eq!(placed[0].priority, Priority::Own);
    }

    #[test]
    fn only_the_own_label_may_cover_marks_and_then_has_a_white_ground() {
        let dots = Rect { left: 0, top: 0, right: 20_000, bottom: 10_000 };
        let here = vec![Candidate::start(1_000, 1_000)];
        let labels = vec![label(Priority::Own, "U", here.clone()), label(Priority::Middle, "landelijk", here)];
        let placed = place(labels, &[dots], FRAME, &metrics());
        assert_eq!(placed.len(), 1);
        assert!(placed[0].halo);
    }

    #[test]
    fn widths_come_from_the_shipped_font() {
        // Source Sans 3 has digits of 497 units in 1000.
        assert_eq!(metrics().width("2025", 1000, Weight::Regular), 4 * 497);
    }

    #[test]
    fn a_sloping_line_is_avoided_along_the_line_and_not_in_its_whole_box() {
        let boxes = line_obstacles(&[(0, 0), (10_000, 10_000)], 70);
        let corner = Rect { left: 8_000, top: 500, right: 9_500, bottom: 1_500 };
        assert!(boxes.iter().all(|obstacle| !obstacle.overlaps(&corner)));
        assert!(boxes.iter().any(|obstacle| obstacle.overlaps(&Rect::around((5_000, 5_000), 50))));
    }
}
