//! What next year is likely to show of a value that stands out (statistics 10): an outlying value is mostly followed by one less so.

use spiegel_model::Label;

use super::sentences::Subject;
use super::voice::Voice;

impl Subject<'_> {
    /// Only after "let op": a value within the limits needs no forecast, and a signal is less likely to be chance. A group is no
    /// provider, so that what providers are like says nothing about it.
    pub(super) fn forecast(&self) -> Vec<String> {
        let (Label::Attention(_), Voice::You) = (self.position.label, self.words.voice()) else { return Vec::new() };
        let Some(forecast) = self.position.forecast else { return Vec::new() };
        let (format, n, words) = (&self.spec.format, self.position.n, self.words);
        let range = words.range_in_words(format, forecast.interval.lower, forecast.interval.upper, n);
        vec![words.forecast_less(), words.forecast(words.value(format, forecast.value, n), range)]
    }
}
