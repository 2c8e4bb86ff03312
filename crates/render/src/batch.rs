//! Many reports on plain threads. Each thread compiles whole reports alone, so that no report waits for another.

use std::any::Any;
use std::borrow::Borrow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use spiegel_model::Report;

use crate::data::report_name;
use crate::error::Error;
use crate::pdf::{Pdf, render};
use crate::template::Template;

/// Deeply nested layout needs more than the default stack of a thread.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Renders reports as they come from the queue and hands each result over at once, so that neither all reports nor
/// all PDFs are in memory. `on_done` gets the place of the report in the queue and runs on the thread that made it; the order is
/// the order of completion. An error or a panic belongs to its report and stops no other.
pub fn render_all<Queue, Item, Done>(reports: Queue, template: &Template, threads: usize, on_done: Done)
where
    Queue: IntoIterator<Item = Item>,
    Queue::IntoIter: Send,
    Item: Borrow<Report>,
    Done: Fn(usize, Result<Pdf, Error>) + Sync,
{
    let queue = Mutex::new(reports.into_iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                // Typst spreads its pages over the current rayon pool; one thread each keeps the workers apart.
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK_BYTES).build().ok();
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, report)) = next else { break };
                    let report: &Report = report.borrow();
                    let result = match &pool {
                        Some(pool) => pool.install(|| render_caught(report, template)),
                        None => render_caught(report, template),
                    };
                    on_done(index, result);
                }
            });
        }
    });
}

fn render_caught(report: &Report, template: &Template) -> Result<Pdf, Error> {
    // The template is only read, so a panic leaves it as it was.
    catch_unwind(AssertUnwindSafe(|| render(report, template)))
        .unwrap_or_else(|panic| Err(Error::Panic { report: report_name(report), message: panic_message(panic.as_ref()) }))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
