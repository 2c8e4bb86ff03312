//! Sentences by rule (report specification, section 4, with the words of decisions 18 and 19). At most 25 words each.

use spiegel_model::{
    Direction, IndicatorSpec, Kind, Label, MissingCode, Position, Range, Side, TrendState, ValueFormat, WithinKind, count, percentage,
};

use super::voice::Voice;
use crate::Distribution;

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
    pub(super) fn voice(&self) -> Voice {
        Voice::of(&self.position.provider_id)
    }

    /// The own value: what is, and how it stands against what is expected.
    pub(super) fn headline(&self) -> Vec<String> {
        let (n, voice) = (self.position.n, self.voice());
        let units = &self.spec.unit.plural;
        let Some(value) = self.position.value else {
            return match self.position.label {
                Label::None(MissingCode::TooSmall) => vec![
                    format!("{} heeft minder dan {} {units}.", voice.say("U", "De groep"), self.shown),
                    "We tonen dit cijfer niet, zodat het niet naar cliënten te herleiden is.".to_owned(),
                ],
                _ => vec![format!("Van {} is dit cijfer niet beschikbaar.", voice.say("u", "de groep"))],
            };
        };
        let own = self.own_sentence(value);
        let counted = self.spec.unit.counted(n);
        let clients = if self.position.adjusted.is_some() { voice.say(" en cliënten als de uwe", " en zulke cliënten") } else { "" };
        let who = match voice {
            Voice::You => format!("een {} met {counted}{clients}", self.provider_word),
            Voice::Group => format!("een {} met evenveel {units}{clients}", self.provider_word),
        };
        match self.position.label {
            Label::None(MissingCode::TooFewToCompare) => vec![
                own,
                format!(
                    "Met {counted} kunnen we dit niet zinvol vergelijken. {}, zonder conclusie.",
                    voice.say("U ziet uw cijfer", "Hier staat het cijfer van de groep")
                ),
            ],
            Label::None(_) if self.position.coverage.is_some() => {
                vec![own, "We vergelijken dit cijfer niet, omdat er te veel ontbreekt.".to_owned()]
            }
            Label::None(_) => vec![own, format!("We vergelijken dit cijfer niet: te weinig {} hebben genoeg gegevens.", self.providers_word)],
            Label::Within(WithinKind::Equivalent) => {
                // All its digits: a margin that was rounded would not be the one that was used.
                let whole = (self.spec.margin * 100.0 - (self.spec.margin * 100.0).round()).abs() < 1e-9;
                let margin = self.spec.format.difference(self.spec.margin, if whole { n } else { u64::MAX });
                vec![own, format!("Dat is aantoonbaar vergelijkbaar met {}: het verschil is kleiner dan {margin}.", self.target())]
            },
            Label::Within(WithinKind::Indistinguishable) => vec![own, format!("Dat is niet te onderscheiden van {}.", self.target())],
            Label::Within(WithinKind::DiffersAsMany) => {
                let side = if self.position.z.is_some_and(|z| z < 0.0) { "onder" } else { "boven" };
                vec![own, format!("Dat ligt {side} {}, maar binnen wat tussen {} gewoon is.", self.target(), self.providers_word)]
            }
            Label::Attention(side) => vec![
                own,
                format!("Dat is {} dan we verwachten van {who}{}.", self.verb(side), self.expected(false)),
                format!(
                    "Ook bij gewone verschillen tussen {} ligt 1 op de 40 {}.",
                    self.providers_word,
                    beyond(side)
                ),
            ],
            Label::Signal(side) => vec![
                own,
                format!("Dat is duidelijk {} dan we verwachten van {who}{}.", self.verb(side), self.expected(true)),
                format!(
                    "Bij gewone verschillen tussen {} ligt 1 op de 1.000 {}.",
                    self.providers_word,
                    beyond(side)
                ),
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
        let n = self.position.n;
        let units = if n == 1 { &self.spec.unit.singular } else { &self.spec.unit.plural };
        let more = self.more_decimals();
        let share = if n >= UNITS_FOR_PERCENTAGE {
            format!(" ({})", self.bound(value, more))
        } else {
            String::new()
        };
        let sentence = match (self.voice(), &self.spec.group) {
            (Voice::Group, Some(words)) => &words.sentence,
            _ => &self.spec.sentence,
        };
        sentence
            .replace("{value}", &self.with_unit(value, more))
            .replace("{events}", &count(self.position.events.unwrap_or(0)))
            .replace("{n}", &count(n))
            .replace("{units}", units)
            .replace("{share}", &share)
    }

    /// What the own value is measured against, with its figure.
    fn target(&self) -> String {
        let what = if self.position.adjusted.is_some() {
            self.voice().say("wat landelijk bij cliënten als de uwe te verwachten is", "wat landelijk bij zulke cliënten te verwachten is")
        } else {
            "het landelijk gemiddelde"
        };
        let others = if self.is_left_out { self.voice().say(", zonder uw eigen gegevens", ", zonder de groep") } else { "" };
        let figure = self.position.target.map_or_else(String::new, |target| format!(" ({}{others})", self.national_value(target)));
        format!("{what}{figure}")
    }

    /// A national figure rests on many units and keeps its decimals.
    fn national_value(&self, value: f64) -> String {
        match self.spec.kind {
            Kind::Proportion => percentage(value, 1),
            Kind::Mean => self.spec.format.value(value, u64::MAX),
        }
    }

    /// What is expected at this number of units: the limits that the sentence speaks of, 99.8 % for a signal.
    fn expected(&self, signal: bool) -> String {
        let (lower, upper) = if signal {
            (self.position.signal_lower, self.position.signal_upper)
        } else {
            (self.position.expected_lower, self.position.expected_upper)
        };
        let more = self.more_decimals();
        match (lower, upper) {
            (Some(lower), Some(upper)) => format!(" ({} tot {})", self.bound(lower, more), self.bound(upper, more)),
            (None, Some(upper)) => format!(" (tot {})", self.bound(upper, more)),
            (Some(lower), None) => format!(" (vanaf {})", self.bound(lower, more)),
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
                format!("{}{space}{unit}", spiegel_model::decimal(value, decimals + more))
            }
            format => format.value_with_unit(value, self.position.n),
        }
    }

    /// A limit as the own value is written, with `more` extra decimals.
    fn bound(&self, value: f64, more: usize) -> String {
        match &self.spec.format {
            ValueFormat::Number { decimals, .. } => spiegel_model::decimal(value, decimals + more),
            ValueFormat::Percentage if more > 0 => percentage(value, more + usize::from(self.position.n >= UNITS_FOR_DECIMAL)),
            ValueFormat::Percentage => self.spec.format.value(value, self.position.n),
        }
    }

    fn verb(&self, side: Side) -> &str {
        match side {
            Side::Higher => &self.spec.verbs.more,
            Side::Lower => &self.spec.verbs.less,
        }
    }

    /// How much was there, when that asks for a caution, and what the rest could have made of it.
    fn coverage(&self) -> Vec<String> {
        let (Some(declared), Some(covered)) = (&self.spec.coverage, self.position.coverage.filter(|covered| covered.caution)) else { return Vec::new() };
        let share = percentage(covered.units as f64 / covered.of as f64, usize::from(covered.of >= UNITS_FOR_DECIMAL));
        let mut sentences =
            vec![format!(
                "{} is er bij {share} van {} {}; wie ontbreekt, kan anders zijn dan wie meedoet.",
                declared.title,
                self.voice().say("uw", "de"),
                self.covered_units
            )];
        if let Some(bounds) = covered.bounds.filter(|_| self.position.value.is_some()) {
            sentences.push(format!(
                "Wat er bij de andere {} ook uit was gekomen: het aandeel ligt tussen {} en {}.",
                self.covered_units,
                percentage(bounds.lower, 0),
                percentage(bounds.upper, 0)
            ));
        }
        sentences
    }

    /// The value after adjustment beside the raw one, and how the clients differ.
    fn adjustment(&self) -> Vec<String> {
        let (Some(adjusted), Some(value)) = (&self.position.adjusted, self.position.value) else { return Vec::new() };
        let (format, n, voice) = (&self.spec.format, self.position.n, self.voice());
        let what = if self.adjusters.len() <= NAMED_ADJUSTERS {
            listed(self.adjusters)
        } else {
            format!("{} kenmerken van {}cliënten (zie Methode)", spiegel_model::ordinal_word(self.adjusters.len()), voice.say("uw ", ""))
        };
        let interval = adjusted.interval.map_or_else(String::new, |range| format!(" (95%-interval {})", format.range_in_words(range.lower, range.upper, n)));
        let mut sentences = vec![format!(
            "Gecorrigeerd voor {what} is {} {}{interval}; zonder correctie {}.",
            voice.say("uw cijfer", "het groepscijfer"),
            format.value(adjusted.value, n),
            format.value(value, n)
        )];
        let told = self.spec.adjusters.iter().find_map(|adjuster| adjuster.shift.as_ref());
        if let (Some(words), Some(shift)) = (told, adjusted.shift) {
            let size = spiegel_model::decimal(shift.abs(), words.decimals);
            let nothing = spiegel_model::decimal(0.0, words.decimals);
            if size != nothing {
                let words = if shift > 0.0 { &words.more } else { &words.less };
                sentences.push(format!("{} {}.", voice.say("Uw cliënten", "De cliënten van de groep"), words.replace("{difference}", &size)));
            }
        }
        sentences
    }

    /// Several years together, for few units in one.
    fn pooled(&self) -> Option<String> {
        let pooled = self.position.pooled.as_ref()?;
        let format = &self.spec.format;
        let interval = pooled
            .interval
            .map_or_else(String::new, |interval| format!(" (95%-interval {})", format.range_in_words(interval.lower, interval.upper, pooled.n)));
        Some(format!(
            "Over {} tot en met {} samen: {}, {}{interval}.",
            pooled.first_year,
            self.position.year,
            self.spec.unit.counted(pooled.n),
            format.value_with_unit(pooled.value, pooled.n)
        ))
    }

    /// Kaplan-Meier beside the share.
    fn incidence(&self) -> Option<String> {
        let incidence = self.position.incidence.filter(|_| self.position.value.is_some())?;
        let interval = incidence.interval.map_or_else(String::new, |interval| {
            format!(", 95%-interval {}", self.spec.format.range_in_words(interval.lower, interval.upper, incidence.n))
        });
        Some(format!(
            "Tellen ook {} mee die nog geen vol jaar zijn gevolgd, dan is het {} (Kaplan-Meier{interval}).",
            self.spec.unit.plural,
            self.spec.format.value(incidence.value, incidence.n)
        ))
    }

    fn trend(&self) -> Option<String> {
        let (n, voice) = (self.position.n, self.voice());
        match &self.position.trend {
            TrendState::TooShort => None,
            TrendState::Level => Some(format!("{} veranderde over de jaren niet duidelijk anders dan het landelijke.", voice.say("Uw cijfer", "Het groepscijfer"))),
            TrendState::Changed { side, from, from_n, to, years } => Some(format!(
                "{} is in {years} jaar {} van {} naar {}, anders dan het landelijke cijfer.",
                voice.say("Uw cijfer", "Het groepscijfer"),
                match side {
                    Side::Higher => "gestegen",
                    Side::Lower => "gedaald",
                },
                self.spec.format.value(*from, *from_n),
                self.spec.format.value(*to, n),
            )),
            TrendState::Redefined { year_label, because } => {
                Some(format!("Vergelijken met jaren voor {year_label} kan niet, omdat {because}."))
            }
            TrendState::Broken { year_label } => Some(format!(
                "Vergelijken over alle jaren kan niet: over {year_label} {}.",
                voice.say("zijn er geen gegevens van u", "staat er geen cijfer van de groep")
            )),
        }
    }

    fn guideline(&self) -> Option<String> {
        let guideline = self.spec.guideline.as_ref()?;
        let value = self.position.value?;
        let n = self.position.n;
        let own = self.voice().say("uw cijfer", "het groepscijfer");
        let where_it_lies = match self.position.interval {
            Some(Range { lower, .. }) if lower > guideline.value => format!("{own} en het hele interval liggen daarboven"),
            Some(Range { upper, .. }) if upper < guideline.value => format!("{own} en het hele interval liggen daaronder"),
            Some(_) => format!("het ligt binnen {} 95%-interval", self.voice().say("uw", "het")),
            None if value > guideline.value => format!("{own} ligt daarboven"),
            None => format!("{own} ligt daaronder"),
        };
        let stated = self.spec.format.value_with_unit(guideline.value, if self.spec.kind == Kind::Proportion { 1 } else { n });
        Some(format!("{} is {stated}: {where_it_lies}. {}", guideline.name, guideline.note))
    }

    fn nation(&self, distribution: Option<&Distribution>, group: Option<(f64, usize)>) -> Option<String> {
        let inner = distribution?.inner;
        let format = &self.spec.format;
        let range = match self.spec.kind {
            Kind::Proportion => format!("{} en {}", percentage(inner.lower, 1), percentage(inner.upper, 1)),
            Kind::Mean => format!("{} en {}", format.value(inner.lower, u64::MAX), format.value_with_unit(inner.upper, u64::MAX)),
        };
        let group = group.map_or_else(String::new, |(middle, others)| {
            format!("; het midden van uw vergelijkgroep (u en {others} andere {}) is {}", self.providers_word, self.national_value(middle))
        });
        Some(format!("De middelste helft van de {} zit tussen {range}{group}.", self.providers_word))
    }

    /// How sure this is, in paragraphs.
    pub(super) fn certainty(&self) -> Vec<String> {
        let n = self.position.n;
        let format = &self.spec.format;
        let mut paragraphs: Vec<String> = Vec::new();
        let Some(value) = self.position.value else { return self.pooled().into_iter().collect() };
        let mut first = match self.position.label {
            Label::None(MissingCode::TooFewToCompare) => format!("Te weinig om te vergelijken: {}.", self.spec.unit.counted(n)),
            Label::None(_) => "Niet vergelijkbaar.".to_owned(),
            _ if self.position.interval.is_none() => "Vergelijkbaar met voorbehoud: de spreiding is niet aangeleverd.".to_owned(),
            _ if self.position.coverage.is_some_and(|covered| covered.caution) => format!("Vergelijkbaar met voorbehoud: {}.", self.spec.unit.counted(n)),
            _ => format!("Vergelijkbaar: {}.", self.spec.unit.counted(n)),
        };
        if let Some(interval) = self.position.interval {
            first.push_str(&format!(
                " Het 95%-interval loopt van {}.",
                format.range_in_words(interval.lower, interval.upper, n)
            ));
        }
        paragraphs.push(first);
        paragraphs.extend(self.adjustment());
        paragraphs.extend(self.pooled());
        paragraphs.extend(self.incidence());
        paragraphs.extend(self.limits());
        paragraphs.extend(self.forecast());
        if let Some(median) = self.position.median {
            paragraphs.push(format!(
                "De helft van {} {} zat op {} of minder. Het gemiddelde ligt op {}.",
                self.voice().say("uw", "de"),
                self.spec.unit.plural,
                format.value_with_unit(median, n),
                format.value(value, n)
            ));
        }
        if self.spec.rounded_to > 1 {
            paragraphs.push(format!("De aantallen zijn door de uitgever afgerond op {}-tallen.", written(self.spec.rounded_to)));
        }
        if let Some(correlation) = self.spec.pre_post_correlation {
            paragraphs.push(format!(
                "De spreiding van de verandering is niet bekend. Voor het interval is een samenhang van {} tussen start en einde aangenomen.",
                spiegel_model::decimal(correlation, 1)
            ));
        }
        paragraphs
    }

    /// From where a value at this number of units is told to be higher or lower; after "let op" that stands in the headline.
    fn limits(&self) -> Option<String> {
        let position = self.position;
        let more = self.more_decimals();
        let bound = |limit: f64| self.bound(limit, more);
        let limits = match (position.expected_lower, position.expected_upper) {
            _ if matches!(position.label, Label::None(_) | Label::Attention(_)) => return None,
            (Some(lower), Some(upper)) => format!("liggen de 95%-grenzen op {} en {}", bound(lower), bound(upper)),
            (Some(lower), None) => format!("ligt de 95%-grens op {}", bound(lower)),
            (None, Some(upper)) => format!("ligt de 95%-grens op {}; naar beneden is er geen", bound(upper)),
            (None, None) => return None,
        };
        let clients = if position.adjusted.is_some() { self.voice().say(" en cliënten als de uwe", " en zulke cliënten") } else { "" };
        Some(format!("Omdat {} gewoonlijk van elkaar verschillen, {limits} bij {}{clients}.", self.providers_word, self.spec.unit.counted(position.n)))
    }

    /// What belongs to a wanted direction, or a line that more is not better.
    pub(super) fn direction(&self) -> Option<String> {
        let side = self.position.label.side()?;
        match (self.spec.direction, side) {
            (Direction::None, _) => {
                Some(format!("Meer of minder is hier niet vanzelf beter. Het gaat erom of het past bij {} cliënten.", self.voice().say("uw", "de")))
            }
            (Direction::Higher, Side::Lower) | (Direction::Lower, Side::Higher) => {
                Some("Dit kan een aanknopingspunt zijn voor een gesprek.".to_owned())
            }
            (Direction::Higher, Side::Higher) | (Direction::Lower, Side::Lower) => {
                Some(
                    self.voice()
                        .say("Hier kunnen andere aanbieders iets van u leren. Wilt u uw werkwijze delen?", "Hier kunnen andere aanbieders iets van de groep leren.")
                        .to_owned(),
                )
            }
        }
    }
}

/// `a, b en c`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} en {last}", first.join(", ")),
    }
}

fn beyond(side: Side) -> &'static str {
    match side {
        Side::Higher => "boven deze grens",
        Side::Lower => "onder deze grens",
    }
}

fn written(base: u64) -> String {
    if base == 5 { "vijf".to_owned() } else { base.to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use spiegel_model::{Adjusted, Covered, Forecast, Incidence, Pooled};

    use super::*;
    use crate::contradictions::addresses_the_reader;
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
            forecast: rich.then_some(Forecast { value: 0.52, interval: range }),
        }
    }

    /// Sentences of a text: an end is followed by a space.
    fn longest(text: &str) -> usize {
        text.split(". ").map(|sentence| sentence.split_whitespace().count()).max().unwrap_or(0)
    }

    #[test]
    fn a_forecast_follows_let_op_and_nothing_else() {
        let pipeline = Pipeline::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/kibg"))).unwrap();
        for indicator in &pipeline.indicators {
            for label in LABELS {
                let position = Position { provider_id: "94000001".to_owned(), ..position(label, TrendState::TooShort, true) };
                let subject = Subject {
                    spec: &indicator.spec,
                    position: &position,
                    provider_word: "aanbieder",
                    providers_word: "aanbieders",
                    shown: 10,
                    covered_units: "trajecten",
                    is_left_out: false,
                    adjusters: &[],
                };
                let told = subject.certainty().iter().any(|text| text.contains("volgend jaar"));
                assert_eq!(told, matches!(label, Label::Attention(_)), "{}: {label:?}", indicator.spec.id);
                assert!(subject.forecast().iter().all(|text| longest(text) <= 25), "{:?}", subject.forecast());
            }
        }
    }

    #[test]
    fn what_is_said_of_a_group_is_never_said_to_the_reader() {
        let pipeline = Pipeline::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipelines/kibg"))).unwrap();
        let distribution = Distribution { providers: 40, middle: 0.5, inner: Range { lower: 0.4, upper: 0.6 }, outer: None, dots: Vec::new() };
        let mut rendered = 0;
        for indicator in &pipeline.indicators {
            let spec = &indicator.spec;
            let titles: Vec<String> = spec.adjusters.iter().map(|adjuster| adjuster.title.clone()).collect();
            for label in LABELS {
                for trend in trends() {
                    for rich in [true, false] {
                        let mut position = position(label, trend.clone(), rich);
                        position.adjusted = position.adjusted.filter(|_| !titles.is_empty());
                        let subject = Subject {
                            spec,
                            position: &position,
                            provider_word: "aanbieder",
                            providers_word: "aanbieders",
                            shown: 10,
                            covered_units: "trajecten",
                            is_left_out: true,
                            adjusters: &titles,
                        };
                        let said = [subject.headline(), subject.further(Some(&distribution), None), subject.certainty(), subject.direction().into_iter().collect()].concat();
                        for text in said {
                            rendered += 1;
                            assert!(!addresses_the_reader(&text), "{}: {text}", spec.id);
                            assert!(longest(&text) <= 25, "{}: {text}", spec.id);
                            assert!(!text.contains(['{', '}']) && !text.contains("  ") && !text.contains("()"), "{}: {text}", spec.id);
                        }
                    }
                }
            }
            let words = spec.group.as_ref().unwrap();
            assert!([&words.stands_out_more, &words.stands_out_less].iter().all(|text| text.split_whitespace().count() <= 7), "{}", spec.id);
        }
        assert!(rendered > 10_000, "{rendered}");
        assert!(addresses_the_reader("Dat is uw cijfer.") && addresses_the_reader("U ligt hoger.") && !addresses_the_reader("een uur"));
    }
}
