//! Random bytes in stock: asking the system for those of one reservation takes longer than the reservation.

use crate::Result;
use crate::model::id::Entropy;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// How many random bytes an id has.
const DRAWN: usize = 10;
/// For how many ids a lane has bytes.
const STOCK: usize = 64;
/// So that threads seldom wait for each other.
const LANES: usize = 8;

/// Random bytes for ids that live no longer than the process: a copy of the process would draw the same.
#[derive(Default)]
pub(super) struct Pool {
    lanes: [Mutex<Lane>; LANES],
}

/// Bytes that nobody has drawn yet.
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
    /// Bytes that were never drawn before; any number may choose the lane.
    pub(super) fn draw(&self, entropy: &dyn Entropy, lane: usize) -> Result<[u8; DRAWN]> {
        let Some(lane) = self.lanes.get(lane % LANES) else { return fresh(entropy) };
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

    #[test]
    fn nothing_is_drawn_twice() {
        let pool = Pool::default();
        let drawn: HashSet<_> = (0..10_000).map(|lane| pool.draw(&SystemEntropy, lane / 7).unwrap()).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}
