//! Random bytes in stock: asking the system for those of one reservation takes longer than the reservation.

use crate::Result;
use crate::model::id::Entropy;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many random bytes an id has.
const DRAWN: usize = 10;
/// For how many ids a lane has bytes.
const STOCK: usize = 64;
/// So that threads seldom wait for each other.
const LANES: usize = 8;

thread_local! {
    /// The lane of this thread; threads get them in turn.
    static OWN: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % LANES
    };
}

/// Random bytes for ids that live no longer than the process: a copy of the process would draw the same.
#[derive(Default)]
pub(super) struct Pool {
    lanes: [Mutex<Lane>; LANES],
}

/// Bytes that nobody has drawn yet. No two lanes lie in one line of a processor's cache.
#[repr(align(128))]
struct Lane {
    bytes: [[u8; DRAWN]; STOCK],
    left: usize,
}

impl Default for Lane {
    fn default() -> Self {
        Self { bytes: [[0; DRAWN]; STOCK], left: 0 }
    }
}

impl Pool {
    /// Bytes that were never drawn before.
    pub(super) fn draw(&self, entropy: &dyn Entropy) -> Result<[u8; DRAWN]> {
        let Some(lane) = self.lanes.get(OWN.with(|own| *own)) else { return fresh(entropy) };
        let mut lane = lane.lock().unwrap_or_else(PoisonError::into_inner);
        if lane.left == 0 {
            entropy.fill(lane.bytes.as_flattened_mut())?;
            lane.left = STOCK;
        }
        lane.left -= 1;
        let left = lane.left;
        // What was drawn is not kept.
        lane.bytes.get_mut(left).map_or_else(|| fresh(entropy), |drawn| Ok(std::mem::take(drawn)))
    }
}

fn fresh(entropy: &dyn Entropy) -> Result<[u8; DRAWN]> {
    let mut drawn = [0; DRAWN];
    entropy.fill(&mut drawn)?;
    Ok(drawn)
}

/// Without its bytes, which would tell ids that are to come.
impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SystemEntropy;
    use std::collections::HashSet;
    use std::thread;

    #[test]
    fn nothing_is_drawn_twice() {
        let pool = Pool::default();
        let draw = || (0..1_000).map(|_| pool.draw(&SystemEntropy).unwrap()).collect::<Vec<_>>();
        let drawn = thread::scope(|scope| {
            let threads: Vec<_> = (0..10).map(|_| scope.spawn(draw)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<HashSet<_>>()
        });
        assert_eq!(drawn.len(), 10_000);
    }
}
