//! The threads of a query. One is the caller's own. Several are others, which end with the query, while the caller's
//! only waits and lets somebody look on: if it worked as well, a thread that the system puts on the same processor
//! would begin milliseconds later.

use super::{Done, Shared, worker};
use crate::{Error, ErrorCode, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long the caller's thread waits for others before somebody may look on again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Goes through all the work; gives what each thread that had some came to. Where one fails the others are stopped.
pub(super) fn run(shared: &Shared<'_>, look: &dyn Fn(u64) -> Result<()>) -> Vec<Result<Done>> {
    if shared.queue.threads() == 1 {
        return worker::run(shared, 0, look).transpose().into_iter().collect();
    }
    std::thread::scope(|scope| {
        let (give, take) = channel();
        let others = (0..shared.queue.threads()).map(|thread| {
            let give = give.clone();
            scope.spawn(move || {
                let done = stopping(shared.stop, worker::run(shared, thread, &|_| Ok(())));
                if let Some(done) = done.transpose() {
                    // Nobody is there to take it only where the caller has panicked.
                    let _ = give.send(done);
                }
            })
        });
        let others: Vec<_> = others.collect();
        drop(give);
        let mut results = wait(&take, shared.stop, &|| look(shared.rows.load(Ordering::Relaxed)));
        let panicked = |_| Err(Error::new(ErrorCode::Storage, "a thread of the query panicked: please report it"));
        results.extend(others.into_iter().filter_map(|other| other.join().err()).map(panicked));
        results
    })
}

/// What others give until all of them have ended, looked on at meanwhile.
fn wait<T>(others: &Receiver<Result<T>>, stop: &AtomicBool, look: &dyn Fn() -> Result<()>) -> Vec<Result<T>> {
    let mut results = Vec::new();
    loop {
        match others.recv_timeout(LOOK_EVERY) {
            Ok(result) => results.push(result),
            Err(RecvTimeoutError::Disconnected) => return results,
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {}
            Err(RecvTimeoutError::Timeout) => results.extend(stopping(stop, look()).err().map(Err)),
        }
    }
}

/// Lets all threads stop where something failed.
fn stopping<T>(stop: &AtomicBool, result: Result<T>) -> Result<T> {
    stop.fetch_or(result.is_err(), Ordering::Relaxed);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn whoever_only_waits_is_looked_on_at_and_stops_the_others() {
        let stop = AtomicBool::new(false);
        let cancelled = || Error::new(ErrorCode::Cancelled, "enough");
        let looks = Cell::new(0);
        let results = std::thread::scope(|scope| {
            let (give, take) = channel();
            scope.spawn(|| {
                let give = give;
                // A hundred times as long as it has to.
                for _ in 0..1000 {
                    if stop.load(Ordering::Relaxed) {
                        return give.send(Err(cancelled())).unwrap();
                    }
                    std::thread::sleep(LOOK_EVERY);
                }
                give.send(Ok("nobody looked on")).unwrap();
            });
            let look = || {
                looks.set(looks.get() + 1);
                if looks.get() < 3 { Ok(()) } else { Err(cancelled()) }
            };
            wait(&take, &stop, &look)
        });
        let codes: Vec<_> = results.into_iter().map(|result| result.unwrap_err().code()).collect();
        assert_eq!((codes, looks.get()), (vec![ErrorCode::Cancelled; 2], 3), "that of who looked on, and the other's");
    }

    #[test]
    fn what_all_give_is_gathered() {
        let (give, take) = channel();
        for number in 0..3 {
            give.send(Ok(number)).unwrap();
        }
        drop(give);
        let gathered = wait(&take, &AtomicBool::new(false), &|| panic!("nobody waits"));
        assert_eq!(gathered.into_iter().collect::<Result<Vec<_>>>().unwrap(), [0, 1, 2]);
    }
}
