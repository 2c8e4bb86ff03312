//! Which sentences are said, by rule (report specification, section 4, with decisions 18 and 19); their words are those of the
//! language. At most 25 words each.

use spiegel_model::{Direction, IndicatorSpec, Kind, Label, MissingCode, Position, Range, Side, TrendState, ValueFormat, WithinKind};

use super::voice::Voice;
use crate::Distribution;
use crate::texts::Words;

/// Below this denominator a share is written as counts only.
const UNITS_FOR_PERCENTAGE: u64 = 20;
/// From this denominator a percentage has a decimal (report specification, section 6).
const UNITS_FOR_DECIMAL: u64 = 200;

/// More adjusters than this are counted and not named.
const NAMED_ADJUSTERS: usize = 4;

/// What the sentences speak about.
pub(super) struct Subject<'a> {
    pub(super) spec: &'a IndicatorSpec,
    pub(super) position: &'a Position,
    /// The words of the language, for the provider or for a group.
    pub(super) words: Words<'a>,
    pub(super) provider_word: &'a str,
    pub(super) providers_word: &'a str,
    pub(super) shown: u64,
    /// Units of the indicator that says how much was covered, in plural.
    pub(super) covered_units: &'a str,
    /// Whether the target is that of the others, because the provider is a large part of the nation.
    pub(super) is_left_out: bool,
    /// Titles of what the place is adjusted for; empty without a case-mix model.
    pub(super) adjusters: &'a [String],
}

impl Subject<'_> {
    /// The own value: what is, and how it stands against what is expected.
    pub(super) fn headline(&self) -> Vec<String> {
        let (n, words, providers) = (self.position.n, self.words, self.providers_word);
        let units = &self.spec.unit.plural;
        let Some(value) = self.position.value else {
            return match self.position.label {
                Label::None(MissingCode::TooSmall) => vec![words.headline_too_small(self.shown, units), words.headline_untraceable()],
                _ => vec![words.headline_not_there()],
            };
        };
        let own = self.own_sentence(value);
        let counted = words.counted(&self.spec.unit, n);
        let who = if self.position.adjusted.is_some() {
            words.who_with_such_clients(self.provider_word, &counted, units)
        } else {
            words.who_of_this_size(self.provider_word, &counted, units)
        };
        match self.position.label {
            Label::None(MissingCode::TooFewToCompare) => vec![own, words.headline_too_few(counted)],
            Label::None(_) if self.position.coverage.is_some() => vec![own, words.headline_uncovered()],
            Label::None(_) => vec![own, words.headline_few_others(providers)],
            Label::Within(WithinKind::Equivalent) => {
                let margin = words.difference(&self.spec.format, self.spec.margin, n);
                vec![own, words.headline_equivalent(self.target(), margin)]
            }
            Label::Within(WithinKind::Indistinguishable) => vec![own, words.headline_indistinguishable(self.target())],
            Label::Within(WithinKind::DiffersAsMany) if self.position.z.is_some_and(|z| z < 0.0) => {
                vec![own, words.headline_below_as_many(self.target(), providers)]
            }
            Label::Within(WithinKind::DiffersAsMany) => vec![own, words.headline_above_as_many(self.target(), providers)],
            Label::Attention(side) => vec![
                own,
                words.headline_attention(self.verb(side), who, self.expected(false)),
                match side {
                    Side::Higher => words.chance_above(providers),
                    Side::Lower => words.chance_below(providers),
                },
            ],
            Label::Signal(side) => vec![
                own,
                words.headline_signal(self.verb(side), who, self.expected(true)),
                match side {
                    Side::Higher => words.chance_far_above(providers),
                    Side::Lower => words.chance_far_below(providers),
                },
            ],
        }
    }

    /// The sentences after the headline: what is missing, years, guideline, nation and group.
    pub(super) fn further(&self, distribution: Option<&Distribution>, group: Option<(f64, usize)>) -> Vec<String> {
        let mut sentences = self.coverage();
        sentences.extend(self.trend());
        sentences.extend(self.guideline());
        sentences.extend(self.nation(distribution, group));
        sentences
    }

    fn own_sentence(&self, value: f64) -> String {
        let (n, words) = (self.position.n, self.words);
        let units = if n == 1 { &self.spec.unit.singular } else { &self.spec.unit.plural };
        let more = self.more_decimals();
        let share = if n >= UNITS_FOR_PERCENTAGE { words.share_in_brackets(self.bound(value, more)) } else { String::new() };
        let sentence = match (words.voice(), &self.spec.group) {
            (Voice::Group, Some(words)) => &words.sentence,
            _ => &self.spec.sentence,
        };
        sentence
            .replace("{value}", &self.with_unit(value, more))
            .replace("{events}", &words.count(self.position.events.unwrap_or(0)))
            .replace("{n}", &words.count(n))
            .replace("{units}", units)
            .replace("{share}", &share)
    }

    /// What the own value is measured against, with its figure.
    fn target(&self) -> String {
        let words = self.words;
        let what = if self.position.adjusted.is_some() { words.target_adjusted() } else { words.target_mean() };
        match self.position.target.map(|target| self.national_value(target)) {
            Some(value) if self.is_left_out => words.target_value_of_others(what, value),
            Some(value) => words.target_value(what, value),
            None => what,
        }
    }

    /// A national figure rests on many units and keeps its decimals.
    fn national_value(&self, value: f64) -> String {
        match self.spec.kind {
            Kind::Proportion => self.words.percentage(value, 1),
            Kind::Mean => self.words.value(&self.spec.format, value, u64::MAX),
        }
    }

    /// What is expected at this number of units: the limits that the sentence speaks of, 99.8 % for a signal.
    fn expected(&self, signal: bool) -> String {
        let (lower, upper) = if signal {
            (self.position.signal_lower, self.position.signal_upper)
        } else {
            (self.position.expected_lower, self.position.expected_upper)
        };
        let (more, words) = (self.more_decimals(), self.words);
        match (lower, upper) {
            (Some(lower), Some(upper)) => words.expected_between(self.bound(lower, more), self.bound(upper, more), self.bound_with_unit(upper, more)),
            (None, Some(upper)) => words.expected_up_to(self.bound(upper, more), self.bound_with_unit(upper, more)),
            (Some(lower), None) => words.expected_from(self.bound(lower, more), self.bound_with_unit(lower, more)),
            (None, None) => String::new(),
        }
    }

    /// One when the value lies beyond a limit that would be printed as equal to it, or beyond the value.
    fn more_decimals(&self) -> usize {
        let (Label::Attention(_) | Label::Signal(_)) = self.position.label else { return 0 };
        let Some(value) = self.position.value else { return 0 };
        let position = self.position;
        let limits = [position.expected_lower, position.expected_upper, position.signal_lower, position.signal_upper];
        let same = |limit: &f64| self.bound(*limit, 0) == self.bound(value, 0);
        usize::from(limits.iter().flatten().any(same))
    }

    /// The own value with its unit, with `more` extra decimals.
    fn with_unit(&self, value: f64, more: usize) -> String {
        match &self.spec.format {
            ValueFormat::Number { decimals, unit } if more > 0 => {
                let space = if unit.is_empty() { "" } else { " " };
                format!("{}{space}{unit}", self.words.decimal(value, decimals + more))
            }
            format => self.words.value_with_unit(format, value, self.position.n),
        }
    }

    /// A limit as the own value is written, with `more` extra decimals.
    fn bound(&self, value: f64, more: usize) -> String {
        match &self.spec.format {
            ValueFormat::Number { decimals, .. } => self.words.decimal(value, decimals + more),
            ValueFormat::Percentage if more > 0 => self.words.percentage(value, more + usize::from(self.position.n >= UNITS_FOR_DECIMAL)),
            ValueFormat::Percentage => self.words.value(&self.spec.format, value, self.position.n),
        }
    }

    fn verb(&self, side: Side) -> &str {
        match side {
            Side::Higher => &self.spec.verbs.more,
            Side::Lower => &self.spec.verbs.less,
        }
    }

    /// A bound with the unit of the indicator behind it.
    fn bound_with_unit(&self, value: f64, more: usize) -> String {
        match &self.spec.format {
            ValueFormat::Number { unit, .. } if !unit.is_empty() => format!("{} {unit}", self.bound(value, more)),
            _ => self.bound(value, more),
        }
    }

    /// How much was there, when that asks for a caution, and what the rest could have made of it.
    fn coverage(&self) -> Vec<String> {
        let (Some(declared), Some(covered)) = (&self.spec.coverage, self.position.coverage.filter(|covered| covered.caution)) else { return Vec::new() };
        let words = self.words;
        let share = words.percentage(covered.units as f64 / covered.of as f64, usize::from(covered.of >= UNITS_FOR_DECIMAL));
        let mut sentences = vec![words.coverage(&declared.title, share, self.covered_units)];
        if let Some(bounds) = covered.bounds.filter(|_| self.position.value.is_some()) {
            sentences.push(words.coverage_bounds(self.covered_units, words.percentage(bounds.lower, 0), words.percentage(bounds.upper, 0)));
        }
        sentences
    }

    /// The value after adjustment beside the raw one, and how the clients differ.
    fn adjustment(&self) -> Vec<String> {
        let (Some(adjusted), Some(value)) = (&self.position.adjusted, self.position.value) else { return Vec::new() };
        let (format, n, words) = (&self.spec.format, self.position.n, self.words);
        let what = if self.adjusters.len() <= NAMED_ADJUSTERS {
            words.listed(self.adjusters)
        } else {
            words.adjusters_counted(words.numeral(self.adjusters.len()))
        };
        let interval = words.interval_after(format, adjusted.interval, n);
        let mut sentences = vec![words.adjusted(what, words.value(format, adjusted.value, n), interval, words.value(format, value, n))];
        let told = self.spec.adjusters.iter().find_map(|adjuster| adjuster.shift.as_ref());
        if let (Some(shift_words), Some(shift)) = (told, adjusted.shift) {
            let size = words.decimal(shift.abs(), shift_words.decimals);
            let nothing = words.decimal(0.0, shift_words.decimals);
            if size != nothing {
                let said = if shift > 0.0 { &shift_words.more } else { &shift_words.less };
                sentences.push(words.shift(said.replace("{difference}", &size)));
            }
        }
        sentences
    }

    /// Several years together, for few units in one.
    fn pooled(&self) -> Option<String> {
        let (pooled, words) = (self.position.pooled.as_ref()?, self.words);
        Some(words.pooled(
            pooled.first_year,
            self.position.year,
            words.counted(&self.spec.unit, pooled.n),
            words.value_with_unit(&self.spec.format, pooled.value, pooled.n),
            words.interval_after(&self.spec.format, pooled.interval, pooled.n),
        ))
    }

    /// Kaplan-Meier beside the share.
    fn incidence(&self) -> Option<String> {
        let incidence = self.position.incidence.filter(|_| self.position.value.is_some())?;
        let (format, words) = (&self.spec.format, self.words);
        let interval = incidence
            .interval
            .map_or_else(String::new, |interval| words.incidence_interval(words.range_in_words(format, interval.lower, interval.upper, incidence.n)));
        Some(words.incidence(&self.spec.unit.plural, words.value(format, incidence.value, incidence.n), interval))
    }

    fn trend(&self) -> Option<String> {
        let (n, words) = (self.position.n, self.words);
        match &self.position.trend {
            TrendState::TooShort => None,
            TrendState::Level => Some(words.trend_level()),
            TrendState::Changed { side, from, from_n, to, years } => {
                let (from, to) = (words.value(&self.spec.format, *from, *from_n), words.value(&self.spec.format, *to, n));
                Some(match side {
                    Side::Higher => words.trend_risen(years, from, to),
                    Side::Lower => words.trend_fallen(years, from, to),
                })
            }
            TrendState::Redefined { year_label, because } => Some(words.trend_redefined(year_label, because)),
            TrendState::Broken { year_label } => Some(words.trend_broken(year_label)),
        }
    }

    fn guideline(&self) -> Option<String> {
        let guideline = self.spec.guideline.as_ref()?;
        let value = self.position.value?;
        let (n, words) = (self.position.n, self.words);
        let where_it_lies = match self.position.interval {
            Some(Range { lower, .. }) if lower > guideline.value => words.guideline_wholly_above(),
            Some(Range { upper, .. }) if upper < guideline.value => words.guideline_wholly_below(),
            Some(_) => words.guideline_inside(),
            None if value > guideline.value => words.guideline_above(),
            None => words.guideline_below(),
        };
        let units = if self.spec.kind == Kind::Proportion { 1 } else { n };
        let stated = words.value_with_unit(&self.spec.format, guideline.value, units);
        Some(words.guideline(&guideline.name, stated, where_it_lies, &guideline.note))
    }

    fn nation(&self, distribution: Option<&Distribution>, group: Option<(f64, usize)>) -> Option<String> {
        let inner = distribution?.inner;
        let (format, words) = (&self.spec.format, self.words);
        let (lower, upper) = match self.spec.kind {
            Kind::Proportion => (words.percentage(inner.lower, 1), words.percentage(inner.upper, 1)),
            Kind::Mean => (words.value(format, inner.lower, u64::MAX), words.value_with_unit(format, inner.upper, u64::MAX)),
        };
        Some(match group {
            None => words.nation(self.providers_word, lower, upper),
            Some((middle, others)) => words.nation_and_group(self.providers_word, lower, upper, others, self.national_value(middle)),
        })
    }

    /// How sure this is, in paragraphs.
    pub(super) fn certainty(&self) -> Vec<String> {
        let (n, words) = (self.position.n, self.words);
        let format = &self.spec.format;
        let mut paragraphs: Vec<String> = Vec::new();
        let Some(value) = self.position.value else { return self.pooled().into_iter().collect() };
        let counted = words.counted(&self.spec.unit, n);
        let mut first = match self.position.label {
            Label::None(MissingCode::TooFewToCompare) => words.certain_too_few(counted),
            Label::None(_) => words.certain_not_comparable(),
            _ if self.position.interval.is_none() => words.certain_no_interval(),
            _ if self.position.coverage.is_some_and(|covered| covered.caution) => words.certain_with_caution(counted),
            _ => words.certain(counted),
        };
        if let Some(interval) = self.position.interval {
            first.push_str(&words.certain_interval(
                words.range_in_words(format, interval.lower, interval.upper, n),
                words.range_with_unit(format, interval.lower, interval.upper, n),
            ));
        }
        paragraphs.push(first);
        paragraphs.extend(self.adjustment());
        paragraphs.extend(self.pooled());
        paragraphs.extend(self.incidence());
        paragraphs.extend(self.limits());
        if let Some(median) = self.position.median {
            paragraphs.push(words.certain_median(&self.spec.unit.plural, words.value_with_unit(format, median, n), words.value(format, value, n)));
        }
        match self.spec.rounded_to {
            0 | 1 => {}
            5 => paragraphs.push(words.certain_rounded_to_five()),
            base => paragraphs.push(words.certain_rounded(base)),
        }
        if let Some(correlation) = self.spec.pre_post_correlation {
            paragraphs.push(words.certain_correlation(words.decimal(correlation, 1)));
        }
        paragraphs
    }

    /// From where a value at this number of units is told to be higher or lower.
    fn limits(&self) -> Option<String> {
        let (position, words) = (self.position, self.words);
        let more = self.more_decimals();
        let bound = |limit: f64| self.bound(limit, more);
        let with_unit = |limit: f64| self.bound_with_unit(limit, more);
        let limits = match (position.expected_lower, position.expected_upper) {
            _ if matches!(position.label, Label::None(_)) => return None,
            (Some(lower), Some(upper)) => words.limits_both(bound(lower), bound(upper), with_unit(upper)),
            (Some(lower), None) => words.limits_lower(bound(lower), with_unit(lower)),
            (None, Some(upper)) => words.limits_upper(bound(upper), with_unit(upper)),
            (None, None) => return None,
        };
        let counted = words.counted(&self.spec.unit, position.n);
        Some(if position.adjusted.is_some() {
            words.limits_with_such_clients(self.providers_word, limits, counted)
        } else {
            words.limits(self.providers_word, limits, counted)
        })
    }

    /// What belongs to a wanted direction, or a line that more is not better.
    pub(super) fn direction(&self) -> Option<String> {
        let side = self.position.label.side()?;
        Some(match (self.spec.direction, side) {
            (Direction::None, _) => self.words.direction_none(),
            (Direction::Higher, Side::Lower) | (Direction::Lower, Side::Higher) => self.words.direction_to_discuss(),
            (Direction::Higher, Side::Higher) | (Direction::Lower, Side::Lower) => self.words.direction_to_share(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use spiegel_model::{Adjusted, Covered, Incidence, Pooled};

    use super::*;
    use crate::texts::built_in;
    use crate::{GROUP, Pipeline};

    const LABELS: [Label; 13] = [
        Label::None(MissingCode::TooSmall),
        Label::None(MissingCode::TooFewToCompare),
        Label::None(MissingCode::NotComparable),
        Label::None(MissingCode::NotDelivered),
        Label::None(MissingCode::NotApplicable),
        Label::None(MissingCode::DefinitionChanged),
        Label::Within(WithinKind::Equivalent),
        Label::Within(WithinKind::Indistinguishable),
        Label::Within(WithinKind::DiffersAsMany),
        Label::Attention(Side::Higher),
        Label::Attention(Side::Lower),
        Label::Signal(Side::Higher),
        Label::Signal(Side::Lower),
    ];

    fn trends() -> [TrendState; 6] {
        let changed = |side| TrendState::Changed { side, from: 0.4, from_n: 120, to: 0.6, years: 3 };
        [
            TrendState::TooShort,
            TrendState::Level,
            changed(Side::Higher),
            changed(Side::Lower),
            TrendState::Broken { year_label: "2024".into() },
            TrendState::Redefined { year_label: "2022".into(), because: "toen het stelsel veranderde".into() },
        ]
    }

    fn position(label: Label, trend: TrendState, rich: bool) -> Position {
        let value = match label {
            Label::None(MissingCode::TooFewToCompare | MissingCode::NotComparable) | Label::Within(_) | Label::Attention(_) | Label::Signal(_) => Some(0.55),
            Label::None(_) => None,
        };
        let range = Range { lower: 0.5, upper: 0.6 };
        Position {
            indicator: String::new(),
            year: 2025,
            provider_id: GROUP.to_owned(),
            n: 240,
            events: Some(132),
            value,
            interval: rich.then_some(range),
            median: rich.then_some(0.5),
            target: Some(0.5),
            expected_lower: rich.then_some(0.4),
            expected_upper: Some(0.6),
            signal_lower: None,
            signal_upper: rich.then_some(0.7),
            z: None,
            detectable_difference: rich.then_some(0.1),
            label,
            trend,
            adjusted: rich.then_some(Adjusted { value: 0.52, interval: Some(range), expected: 0.5, shift: Some(1.2) }),
            parts: Vec::new(),
            pooled: rich.then_some(Pooled { first_year: 2023, n: 700, value: 0.5, interval: Some(range) }),
            coverage: rich.then_some(Covered { units: 120, of: 240, caution: true, bounds: Some(range) }),
            incidence: rich.then_some(Incidence { n: 300, value: 0.12, interval: Some(range) }),
            shrunken: None,
        }
    }

    /// Sentences of a text: an end is followed by a space.
    fn longest(text: &str) -> usize {
        text.split(". ").map(|sentence| sentence.split_whitespace().count()).max().unwrap_or(0)
    }

    /// Everything that can be said of these indicators to this reader: all labels, trends, and with or without what may be missing.
    fn said(pipeline: &str, voice: Voice) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines").join(pipeline);
        let pipeline = Pipeline::load(&folder).unwrap();
        let words = pipeline.texts.to(voice);
        let distribution = Distribution { providers: 40, middle: 0.5, inner: Range { lower: 0.4, upper: 0.6 }, outer: None, dots: Vec::new() };
        let mut all = Vec::new();
        for indicator in &pipeline.indicators {
            let spec = &indicator.spec;
            let titles: Vec<String> = spec.adjusters.iter().map(|adjuster| adjuster.title.clone()).collect();
            let group = (voice == Voice::You).then_some((0.5, 14));
            for (label, trend, rich) in LABELS.into_iter().flat_map(|label| trends().into_iter().flat_map(move |trend| [(label, trend.clone(), true), (label, trend, false)])) {
                let mut position = position(label, trend, rich);
                position.adjusted = position.adjusted.filter(|_| !titles.is_empty());
                let subject = Subject {
                    spec,
                    position: &position,
                    words,
                    provider_word: &pipeline.spec.words.provider,
                    providers_word: &pipeline.spec.words.providers,
                    shown: 10,
                    covered_units: &spec.unit.plural,
                    is_left_out: true,
                    adjusters: &titles,
                };
                all.extend([subject.headline(), subject.further(Some(&distribution), group), subject.certainty(), subject.direction().into_iter().collect()].concat());
            }
        }
        all
    }

    #[test]
    fn every_sentence_is_short_and_filled_in_both_languages() {
        for (pipeline, voice) in [("kibg", Voice::You), ("kibg", Voice::Group), ("nhs-talking-therapies", Voice::You)] {
            let said = said(pipeline, voice);
            assert!(said.len() > 4_000, "{}", said.len());
            for text in said {
                // What a number of the page is compared with stands in brackets, and is read with it.
                assert!(longest(&text) <= 25, "{pipeline}: {text}");
                assert!(!text.contains(['{', '}']) && !text.contains("  ") && !text.contains("()") && !text.contains(" ."), "{pipeline}: {text}");
            }
        }
    }

    #[test]
    fn what_is_said_of_a_group_is_never_said_to_the_reader() {
        let dutch = built_in("nl");
        for text in said("kibg", Voice::Group) {
            assert!(!dutch.addresses_the_reader(&text), "{text}");
        }
        assert!(dutch.addresses_the_reader("Dat is uw cijfer.") && dutch.addresses_the_reader("U ligt hoger.") && !dutch.addresses_the_reader("een uur"));
        assert!(built_in("en").addresses_the_reader("That is your figure."));
        let pipeline = Pipeline::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/kibg"))).unwrap();
        for spec in pipeline.indicators.iter().map(|indicator| &indicator.spec) {
            let words = spec.group.as_ref().unwrap();
            assert!([&words.stands_out_more, &words.stands_out_less].iter().all(|text| text.split_whitespace().count() <= 7), "{}", spec.id);
        }
    }
}
