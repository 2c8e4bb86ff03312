//! The `spiegel` command: arguments, progress and exit codes around the other crates.
//! It holds no logic of its own: it never checks a row, computes a figure or draws a page.

mod arguments;
mod batch;
mod exit;
mod help;
mod places;
mod prompt;
mod releases;
mod steps;
mod talk;
mod verbs;

use std::panic;
use std::process::ExitCode;

use arguments::{Arguments, NewVerb, PipelineVerb, PreviewVerb, Verb};
use clap::Parser;
use exit::Outcome;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            // Help and version are answers, not mistakes.
            let code = if message.use_stderr() { exit::WRONG_USAGE } else { 0 };
            let _ = message.print();
            return ExitCode::from(code);
        }
    };
    // A panic is a bug; its text may hold a value, so only its place is told.
    panic::set_hook(Box::new(|details| {
        let place = details.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        talk::line(&format!("bug in spiegel{place}; please report it with the command you ran"));
    }));
    match panic::catch_unwind(|| run(arguments)) {
        Ok(Ok(outcome)) => ExitCode::from(outcome.code()),
        Ok(Err(error)) => {
            talk::line(&format!("error: {error:#}"));
            ExitCode::from(exit::code_of(&error))
        }
        Err(_) => ExitCode::from(exit::BUG),
    }
}

fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    match arguments.verb.located() {
        Verb::Year(year) => steps::year(&year),
        Verb::Ingest(ingest) => steps::ingest_verb(&ingest),
        Verb::Benchmark(benchmark) => steps::benchmark_verb(&benchmark),
        Verb::Keurmerk(keurmerk) => steps::keurmerk_verb(&keurmerk),
        Verb::Report(report) => steps::report_verb(&report),
        Verb::Release(release) => steps::release(&release),
        Verb::Verify(verify) => steps::verify(&verify),
        Verb::Withdraw(withdraw) => steps::withdraw(&withdraw),
        Verb::Sample(sample) => verbs::sample(&sample),
        Verb::Status(status) => verbs::status(&status),
        Verb::Trace(trace) => verbs::trace(&trace),
        Verb::Completions { shell } => verbs::completions(shell),
        Verb::Man { out } => verbs::manual(&out),
        Verb::Query(query) => verbs::query(&query),
        Verb::Check(check) => verbs::check(&check),
        Verb::Explain(explain) => verbs::explain(&explain),
        Verb::Template(template) => verbs::template(&template),
        Verb::Key(key) => verbs::key(&key),
        Verb::Pipeline { verb: PipelineVerb::Check { directory, indicator } } => verbs::check_pipeline(&directory, indicator.as_deref()),
        Verb::New { verb: NewVerb::Indicator(new) } => verbs::new_indicator(&new),
        Verb::Preview { verb: PreviewVerb::Indicator(preview) } => verbs::preview_indicator(&preview),
        Verb::Preview { verb: PreviewVerb::Template(preview) } => verbs::preview_template(&preview),
    }
}
