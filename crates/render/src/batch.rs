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
    Item: Borrow<Report> + Send,
    Done: Fn(usize, Result<Pdf, Error>) + Sync,
{
    on_threads(reports.into_iter().enumerate(), threads, |(index, report)| {
        let report: &Report = report.borrow();
        on_done(index, caught(|| report_name(report), || render(report, template)));
    });
}

/// Runs work on plain threads as it comes from the queue, each thread with all that Typst needs to compile alone.
pub fn on_threads<Queue, Item>(queue: Queue, threads: usize, work: impl Fn(Item) + Sync)
where
    Queue: IntoIterator<Item = Item>,
    Queue::IntoIter: Send,
    Item: Send,
{
    let queue = Mutex::new(queue.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                // Typst spreads its pages over the current rayon pool; one thread each keeps the workers apart.
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK_BYTES).build().ok();
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(item) = next else { break };
                    match &pool {
                        Some(pool) => pool.install(|| work(item)),
                        None => work(item),
                    }
                }
            });
        }
    });
}

/// A panic as an error of its document.
pub(crate) fn caught(name: impl Fn() -> String, render: impl FnOnce() -> Result<Pdf, Error>) -> Result<Pdf, Error> {
    // The template is only read, so a panic leaves it as it was.
    catch_unwind(AssertUnwindSafe(render)).unwrap_or_else(|panic| Err(Error::Panic { report: name(), message: panic_message(panic.as_ref()) }))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
