//! Whose turn it is to write charges: one import, compaction or booking at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long somebody waits for what nobody asked for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// What somebody asked for: an import or a compaction. Others are refused meanwhile.
    Asked,
    /// What comes about by itself and is soon over, such as the booking of usage. Who asks waits for it.
    Aside,
}

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turn {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    writing: Option<Writing>,
    /// How many wait who asked: nothing else begins before them, or they would wait as long as usage is booked.
    asking: usize,
}

impl Turn {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the turn for who asked, when what nobody asked for is over; whether it could be had.
    pub(super) fn ask(&self) -> bool {
        let mut state = self.state();
        state.asking += 1;
        let is_aside = |state: &mut State| state.writing == Some(Writing::Aside);
        let waited = self.over.wait_timeout_while(state, PATIENCE, is_aside);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.asking -= 1;
        let taken = take(&mut state, Writing::Asked);
        drop(state);
        self.over.notify_all();
        taken
    }

    /// Takes the turn for what nobody asked for, after others of its kind and whoever waits for them; whether it could
    /// be had. While an import or a compaction goes on it cannot, at once.
    pub(super) fn book(&self) -> bool {
        let is_soon_over = |state: &mut State| match state.writing {
            Some(Writing::Asked) => false,
            Some(Writing::Aside) => true,
            None => state.asking > 0,
        };
        let waited = self.over.wait_timeout_while(self.state(), PATIENCE, is_soon_over);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        take(&mut state, Writing::Aside)
    }

    /// The same where it is not worth waiting at all.
    pub(super) fn seize(&self) -> bool {
        let mut state = self.state();
        state.asking == 0 && take(&mut state, Writing::Aside)
    }

    /// Gives the turn back.
    pub(super) fn end(&self) {
        self.state().writing = None;
        self.over.notify_all();
    }
}

fn take(state: &mut State, writing: Writing) -> bool {
    let is_free = state.writing.is_none();
    if is_free {
        state.writing = Some(writing);
    }
    is_free
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn who_asks_waits_for_bookings_and_for_nothing_else() {
        let turn = Turn::default();
        assert!(turn.ask());
        assert!(!turn.ask() && !turn.book() && !turn.seize(), "refused at once");
        turn.end();
        assert!(turn.book());
        assert!(!turn.seize());
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| turn.ask());
            while turn.state().asking == 0 {
                std::thread::yield_now();
            }
            turn.end();
            assert!(asking.join().unwrap());
        });
        turn.end();
    }

    #[test]
    fn bookings_without_end_keep_nobody_from_asking() {
        let (turn, over) = (Turn::default(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Acquire) {
                        if turn.book() {
                            turn.end();
                        }
                    }
                });
            }
            for _ in 0..200 {
                assert!(turn.ask());
                turn.end();
            }
            over.store(true, Ordering::Release);
        });
    }
}
