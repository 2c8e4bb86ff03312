//! Work side by side on plain threads, with answers that do not depend on who gave them.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// As many threads as this machine runs at once.
pub(crate) fn available() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Answers in the order of the questions. A panic in one is a panic here.
pub(crate) fn each<Q: Sync, A: Send>(questions: &[Q], threads: usize, answer: impl Fn(&Q) -> A + Sync) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(question) = questions.get(at) else { return own };
            own.push((at, answer(question)));
        }
    };
    let mut answers: Vec<(usize, A)> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads.clamp(1, questions.len().max(1))).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
