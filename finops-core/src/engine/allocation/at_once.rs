//! Runs of several stretches at once.

use crate::Result;
use crate::pipeline::allocation::Room;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What becomes of each item, in their order, by so many threads of which the caller's is one, within room for so many
/// lines over all.
///
/// # Errors
/// That of the first item in their order that fails, as if one after another had been worked on.
pub(super) fn run_all<I: Send, T: Send>(
    threads: usize,
    items: &mut [I],
    max_lines: usize,
    work: impl Fn(&mut I, &Room) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let room = Room::new(max_lines);
    at_once(threads, items, |item| work(item, &room)).map_or_else(
        // Which of them failed first is chance, and so is whose lines took the room: only one by one is it told.
        || {
            let room = Room::new(max_lines);
            items.iter_mut().map(|item| work(item, &room)).collect()
        },
        Ok,
    )
}

/// The same; none when something failed. Then no further item is begun.
fn at_once<I: Send, T: Send>(
    threads: usize,
    items: &mut [I],
    work: impl Fn(&mut I) -> Result<T> + Sync,
) -> Option<Vec<T>> {
    let threads = threads.min(items.len());
    let mut made: Vec<Option<T>> = std::iter::repeat_with(|| None).take(items.len()).collect();
    let waiting = Mutex::new(items.iter_mut().zip(&mut made));
    let failed = AtomicBool::new(false);
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take_part = || {
        while let Some((item, place)) = next().filter(|_| !failed.load(Ordering::Relaxed)) {
            *place = work(item).ok();
            failed.fetch_or(place.is_none(), Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(take_part);
        }
        take_part();
    });
    made.into_iter().collect()
}
