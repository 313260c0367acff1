//! When reservations run out: the earliest first, and those that were resolved before forgotten in time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The end of a time, and of what: the slot of an entry, and which of its uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deadline {
    pub(super) at: i64,
    pub(super) slot: u32,
    pub(super) turn: u32,
}

/// Deadlines, the earliest on top. What is over before its time stays in until it comes up or is too much.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BinaryHeap<Reverse<Deadline>>);

impl Deadlines {
    /// Adds one. There are about `alive` that still count; more than twice as many in all are gone through, so that
    /// memory goes by what is held and not by what was.
    pub(super) fn push(&mut self, deadline: Deadline, alive: usize, counts: impl Fn(&Deadline) -> bool) {
        if self.0.len() > alive.saturating_mul(2).saturating_add(32) {
            self.0.retain(|Reverse(deadline)| counts(deadline));
        }
        self.0.push(Reverse(deadline));
    }

    /// The earliest that counts, if it is over at `now`.
    pub(super) fn pop_due(&mut self, now: i64, counts: impl Fn(&Deadline) -> bool) -> Option<Deadline> {
        self.skip(counts);
        let due = self.0.peek().is_some_and(|Reverse(deadline)| deadline.at <= now);
        due.then(|| self.0.pop()).flatten().map(|Reverse(deadline)| deadline)
    }

    /// Nothing is over before that; the end of time where nothing is.
    pub(super) fn first(&self) -> i64 {
        self.0.peek().map_or(i64::MAX, |Reverse(deadline)| deadline.at)
    }

    fn skip(&mut self, counts: impl Fn(&Deadline) -> bool) {
        while self.0.peek().is_some_and(|Reverse(deadline)| !counts(deadline)) {
            self.0.pop();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
