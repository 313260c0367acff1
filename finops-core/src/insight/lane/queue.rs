//! How the threads of a query share out its work: each begins with a run of its own, and goes through it from front to
//! back; who has none left takes the later half of the longest that is left. So nobody waits long for a thread that
//! the system let begin late, or gave little time.

use super::work::{Work, rows_of};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// How many rows are taken at once, or somewhat more: few enough that all threads end at about the same time. In unit
/// tests there are fewer, and they are about threads as well.
pub(super) const UNIT_ROWS: u64 = if cfg!(test) { 64 } else { 1 << 16 };

/// What nobody has taken yet.
#[derive(Debug)]
pub(super) struct Queue {
    /// Stretches of work that stay together.
    units: Vec<Range<usize>>,
    /// For each thread the units of its run that are left.
    left: Mutex<Vec<Range<usize>>>,
}

impl Queue {
    /// The work in a run of about as many rows for each of so many threads, or fewer where there is little to share.
    /// With `by_bucket`, what is of one bucket stays together.
    pub(super) fn new(works: &[Work], threads: usize, by_bucket: bool) -> Self {
        let (mut units, mut starts) = (Vec::new(), Vec::new());
        let (mut start, mut rows, mut all) = (0, 0, 0);
        for (place, work) in works.iter().enumerate() {
            (rows, all) = (rows + rows_of(work), all + rows_of(work));
            let next = works.get(place + 1);
            let may_end = !by_bucket || next.is_none_or(|next| next.bucket != work.bucket);
            if next.is_none() || (rows >= UNIT_ROWS && may_end) {
                units.push(start..place + 1);
                starts.push(all - rows);
                (start, rows) = (place + 1, 0);
            }
        }
        let threads = u64::try_from(threads.min(units.len())).unwrap_or(1).max(1);
        let first = |thread: u64| match thread {
            thread if thread < threads => starts.partition_point(|start| *start < all / threads * thread),
            _ => units.len(),
        };
        let left = Mutex::new((0..threads).map(|thread| first(thread)..first(thread + 1)).collect());
        Self { units, left }
    }

    /// How many threads there is work for, but at least one.
    pub(super) fn threads(&self) -> usize {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The next work for a thread; none when all is taken.
    pub(super) fn next(&self, thread: usize) -> Option<Range<usize>> {
        // Ranges are whole at any time: a panic elsewhere has not spoiled them.
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.get(thread)?.is_empty() {
            let longest = left.iter_mut().max_by_key(ExactSizeIterator::len)?;
            let middle = longest.start + longest.len() / 2;
            let later = middle..std::mem::replace(&mut longest.end, middle);
            *left.get_mut(thread)? = later;
        }
        let unit = left.get_mut(thread)?.next()?;
        self.units.get(unit).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stretches of so many rows, each of a bucket.
    fn works(stretches: &[(usize, u32)]) -> Vec<Work> {
        let work = |(rows, bucket): &(usize, u32)| Work {
            segment: 0,
            block: 0,
            section: Some(0),
            days: 0..1,
            rows: 0..*rows,
            bucket: *bucket,
            slot: 0,
        };
        stretches.iter().map(work).collect()
    }

    /// What a thread takes until nothing is left.
    fn rest(queue: &Queue, thread: usize) -> Vec<Range<usize>> {
        std::iter::from_fn(|| queue.next(thread)).collect()
    }

    const UNIT: usize = 64;

    #[test]
    fn whoever_is_done_takes_from_the_others() {
        let works = works(&[(UNIT, 0); 8]);
        let queue = Queue::new(&works, 2, false);
        assert_eq!((queue.next(0), queue.next(1)), (Some(0..1), Some(4..5)), "each begins with its own");
        assert_eq!(rest(&queue, 1), [5..6, 6..7, 7..8, 2..3, 3..4, 1..2], "its own, then the later half");
        assert_eq!(rest(&queue, 0), []);
        for late in [0, 1] {
            let queue = Queue::new(&works, 2, false);
            let mut taken = rest(&queue, 1 - late);
            assert_eq!(queue.next(late), None, "who comes too late has nothing to do");
            taken.sort_unstable_by_key(|unit| unit.start);
            assert_eq!(taken, (0..8).map(|place| place..place + 1).collect::<Vec<_>>(), "each once");
        }
    }

    #[test]
    fn a_bucket_stays_together_and_small_stretches_are_taken_at_once() {
        let small = works(&[(UNIT / 4, 0), (UNIT / 4, 0), (UNIT / 2, 1), (UNIT, 1), (UNIT, 2), (1, 3)]);
        assert_eq!(rest(&Queue::new(&small, 2, true), 0), [0..4, 5..6, 4..5]);
        assert_eq!(rest(&Queue::new(&small, 2, false), 0), [0..3, 3..4, 5..6, 4..5]);
        assert_eq!(rest(&Queue::new(&small, 1, true), 0), [0..4, 4..5, 5..6], "alone in order");
        let totals = works(&[(0, 0); 3]);
        for (works, threads, wanted) in [(&small[..], 9, 3), (&small[..], 2, 2), (&totals[..], 3, 1), (&[], 3, 1)] {
            assert_eq!(Queue::new(works, threads, true).threads(), wanted, "{works:?}");
        }
        let places: Vec<usize> = rest(&Queue::new(&totals, 3, false), 0).into_iter().flatten().collect();
        assert_eq!(places, [0, 1, 2], "days of which the totals are enough");
        assert_eq!(rest(&Queue::new(&[], 3, true), 0), []);
    }

    #[test]
    fn threads_that_take_at_once_take_everything_once() {
        let works = works(&[(UNIT, 0); 1000]);
        let queue = Queue::new(&works, 4, false);
        let mut taken: Vec<usize> = std::thread::scope(|scope| {
            let queue = &queue;
            let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || rest(queue, thread))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).flatten().collect()
        });
        taken.sort_unstable();
        assert_eq!(taken, (0..1000).collect::<Vec<_>>());
    }
}
