//! How many lines there may be.

use super::MAX_LINES;
use crate::{Error, Result};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many lines a run takes from its room at a time, so that threads seldom meet there.
const PORTION: usize = 4096;

/// How many more lines there may be, in all runs that share it: those of the stretches of an allocation, in whatever
/// threads they are.
///
/// A run holds some more than it needs until it ends. So a run that is refused while others are under way may find room
/// after them; one by one, runs use it up to the last line.
#[derive(Debug)]
pub struct Room(AtomicUsize);

impl Room {
    /// Room for that many lines.
    pub const fn new(lines: usize) -> Self {
        Self(AtomicUsize::new(lines))
    }

    /// The room of a run.
    pub(super) const fn part(&self) -> RoomPart<'_> {
        RoomPart { whole: self, left: Cell::new(0) }
    }

    /// Takes so many lines or some more; none when there are not as many.
    fn draw(&self, lines: usize) -> Option<usize> {
        let drawn = |all: usize| lines.max(PORTION).min(all);
        let rest = |all: usize| (lines <= all).then(|| all - drawn(all));
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest).ok().map(drawn)
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new(MAX_LINES)
    }
}

/// What a run has of the room; what it does not use it gives back.
#[derive(Debug)]
pub(super) struct RoomPart<'r> {
    whole: &'r Room,
    left: Cell<usize>,
}

impl RoomPart<'_> {
    pub(super) fn take(&self, lines: usize) -> Result<()> {
        let mut left = self.left.get();
        if left < lines {
            left += self.whole.draw(lines - left).ok_or_else(too_many)?;
        }
        self.left.set(left - lines);
        Ok(())
    }
}

impl Drop for RoomPart<'_> {
    fn drop(&mut self) {
        self.whole.0.fetch_add(self.left.get(), Ordering::Relaxed);
    }
}

fn too_many() -> Error {
    let message = format!(
        "makes more than {MAX_LINES} lines: group by fewer dimensions, filter by fewer, ask about less time, or name \
         the targets of rules"
    );
    Error::invalid("group_by", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_one_after_another_use_it_up_to_the_last_line() {
        let room = Room::new(2 * PORTION + 3);
        let first = room.part();
        (0..=PORTION).for_each(|_| first.take(1).unwrap());
        first.take(PORTION).unwrap();
        drop(first);
        let second = room.part();
        second.take(2).unwrap();
        assert_eq!(second.take(1).unwrap_err().field(), Some("group_by"));
    }

    #[test]
    fn what_a_run_holds_without_need_comes_back_with_its_end() {
        let room = Room::new(PORTION + 1);
        let (first, second) = (room.part(), room.part());
        first.take(1).unwrap();
        second.take(1).unwrap();
        assert!(second.take(1).is_err(), "the other holds a portion");
        drop(first);
        second.take(PORTION - 1).unwrap();
        assert!(second.take(1).is_err());
    }
}
