//! Different values, counted exactly.

use hashbrown::HashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How often each value was seen, by its fingerprint, so that an event can be taken away again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unique {
    // Two halves of 64 bits: a table of 128-bit keys would be a quarter padding.
    seen: HashMap<[u64; 2], u32>,
    events: u64,
}

impl Unique {
    pub(super) fn add(&mut self, hash: u128, times: u32) {
        self.put(halves(hash), times);
    }

    fn put(&mut self, key: [u64; 2], times: u32) {
        let seen = self.seen.entry(key).or_default();
        *seen = seen.saturating_add(times);
        self.events = self.events.saturating_add(times.into());
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (key, times) in &other.seen {
            self.put(*key, *times);
        }
    }

    pub(super) fn subtract(&mut self, hash: u128) -> bool {
        let key = halves(hash);
        match self.seen.get_mut(&key) {
            // What is saturated no longer tells how often.
            None | Some(&mut u32::MAX) => return false,
            Some(times) if *times > 1 => *times -= 1,
            Some(_) => drop(self.seen.remove(&key)),
        }
        self.events = self.events.saturating_sub(1);
        true
    }

    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.seen.len()).unwrap_or(u64::MAX)
    }

    pub(super) const fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.seen.allocation_size()
    }
}

fn halves(hash: u128) -> [u64; 2] {
    let [low, high] = [hash & u128::from(u64::MAX), hash >> 64];
    [low, high].map(|half| u64::try_from(half).unwrap_or_default())
}

/// In the order of the fingerprints, so that the same values are the same bytes.
impl Serialize for Unique {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sorted: Vec<(&[u64; 2], &u32)> = self.seen.iter().collect();
        sorted.sort_unstable();
        serializer.collect_seq(sorted)
    }
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut unique = Self::default();
        for (key, times) in Vec::<([u64; 2], u32)>::deserialize(deserializer)? {
            unique.put(key, times);
        }
        Ok(unique)
    }
}
