//! Talk goes to stderr, data to stdout. A bar on a terminal, plain lines elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// One line of talk.
pub(crate) fn line(text: &str) {
    // Nobody to talk to is no reason to stop.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Data, as it is.
pub(crate) fn data(text: &str) -> io::Result<()> {
    bytes(text.as_bytes())
}

/// Data that may be no text.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    match io::stdout().write_all(bytes) {
        // A reader that has seen enough (`| head`) is not a mistake.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Progress of one step.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    step: &'static str,
}

impl Progress {
    /// A step of `total` pieces of work.
    pub(crate) fn start(step: &'static str, total: usize) -> Self {
        let bar = (io::stderr().is_terminal() && total > 1).then(|| {
            let template = "{prefix:10} {wide_bar} {pos}/{len} {eta}";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total as u64).with_style(style).with_prefix(step)
        });
        Self { bar, step }
    }

    /// One piece is done.
    pub(crate) fn advance(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// A line beside the bar.
    pub(crate) fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| line(text)),
            None => line(text),
        }
    }

    /// The step is over.
    pub(crate) fn end(self, summary: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        line(&format!("{:10} {summary}", self.step));
    }
}

/// How long each part of a step takes; for talk, never for an output.
pub(crate) struct Laps {
    laps: Vec<(&'static str, Duration)>,
    running: Option<(&'static str, Instant)>,
}

impl Laps {
    /// Below this a step is too short to say where its time went.
    const LEAST: Duration = Duration::from_secs(2);

    /// Nothing runs yet.
    pub(crate) fn new() -> Self {
        Self { laps: Vec::new(), running: None }
    }

    /// A part begins, and the one before it ends.
    pub(crate) fn begin(&mut self, part: &'static str) {
        let now = Instant::now();
        if let Some((before, since)) = self.running.replace((part, now)) {
            self.laps.push((before, now - since));
        }
    }

    /// The last part ends: says what each took, in the order in which they ran. Nothing of a short step.
    pub(crate) fn end(mut self) -> Option<String> {
        self.begin("");
        let total: Duration = self.laps.iter().map(|(_, time)| *time).sum();
        let parts = self.laps.iter().filter(|(_, time)| time.as_millis() >= 50).map(|(part, time)| format!("{part} {:.1}", time.as_secs_f64()));
        (total >= Self::LEAST).then(|| format!("in {:.1} s: {}", total.as_secs_f64(), parts.collect::<Vec<_>>().join(", ")))
    }
}
