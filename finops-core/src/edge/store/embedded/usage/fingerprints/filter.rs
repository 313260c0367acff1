//! Filters: whether a block may have an event, from 20 bits for each that it has.
//!
//! An event has one place in a filter and eight bits there, all taken from its own bits, which are as good as random.
//! Places follow the order of events, so that building a filter and asking it for many events in their order goes
//! through it once, from front to back. Of events that are not there about three in ten thousand pass; each costs as
//! much as asking a thousand filters.

use super::block::{SLICE_BITS, slice_of};

/// Bits for each entry.
const ENTRY_BITS: u64 = 20;
/// What one place takes.
const PLACE_BYTES: usize = 32;
/// The same in bits.
const PLACE_BITS: u64 = 8 * PLACE_BYTES as u64;
/// The bits of a place, in words.
pub(super) type Place = [u32; PLACE_BYTES / 4];

/// An event that filters are asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) hash: u128,
    /// Which of those that were asked for together.
    pub(super) number: usize,
    first: u64,
    bits: Place,
}

impl Asked {
    pub(super) fn new(hash: u128, number: usize) -> Self {
        Self { hash, number, first: first(hash), bits: bits(hash) }
    }
}

/// Whether what a filter has at the place of an event may be of that event; `false` is certain.
pub(super) fn may_have(place: &Place, event: &Asked) -> bool {
    place.iter().zip(event.bits).fold(0, |missing, (word, bit)| missing | (!word & bit)) == 0
}

/// Where events lie in a filter: in filters of one shape each has the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    places: usize,
    /// The slice of all its events, where they are all of one.
    slice: Option<u64>,
}

impl Shape {
    /// For about that many events. Blocks of about as many events have filters of one shape.
    pub(super) fn new(entries: u64, slice: Option<u64>) -> Self {
        let places = (entries * ENTRY_BITS).div_ceil(PLACE_BITS).max(1);
        let step = (places.next_power_of_two() / 32).max(1);
        Self { places: usize::try_from(places.next_multiple_of(step)).unwrap_or(usize::MAX), slice }
    }

    pub(super) const fn places(self) -> usize {
        self.places
    }

    /// How many bytes a filter takes.
    pub(super) const fn bytes(self) -> u64 {
        (self.places * PLACE_BYTES) as u64
    }

    /// Those of events in order that a filter is to be asked for.
    pub(super) fn of(self, events: &[Asked]) -> &[Asked] {
        let Some(slice) = self.slice else { return events };
        let from = events.partition_point(|event| slice_of(event.hash) < slice);
        let until = events.partition_point(|event| slice_of(event.hash) <= slice);
        events.get(from..until).unwrap_or_default()
    }

    /// The place of an event.
    pub(super) fn place(self, event: &Asked) -> usize {
        self.at(event.first)
    }

    /// Where an event with those first bits lies among the events from the first to the last that there can be.
    fn at(self, first: u64) -> usize {
        let shared_bits = if self.slice.is_some() { SLICE_BITS } else { 0 };
        let within = (first << shared_bits) >> 32;
        usize::try_from((within * self.places as u64) >> 32).unwrap_or(0)
    }
}

/// The filter of a block.
#[derive(Debug)]
pub(super) struct Filter {
    shape: Shape,
    places: Vec<Place>,
}

impl Filter {
    /// One that knows no event yet.
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, places: vec![Place::default(); shape.places] }
    }

    /// The one that was kept as those bytes; none where they cannot be one.
    pub(super) fn from_bytes(bytes: &[u8], slice: Option<u64>) -> Option<Self> {
        let (places, rest) = bytes.as_chunks::<PLACE_BYTES>();
        let words = |place: &[u8; PLACE_BYTES]| {
            let mut words = Place::default();
            words.iter_mut().zip(place.as_chunks().0).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
            words
        };
        let places: Vec<Place> = places.iter().map(words).collect();
        let shape = Shape { places: places.len(), slice };
        (rest.is_empty() && !places.is_empty()).then_some(Self { shape, places })
    }

    /// What is kept of it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.places.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    pub(super) const fn shape(&self) -> Shape {
        self.shape
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Has it know an event.
    pub(super) fn insert(&mut self, hash: u128) {
        if let Some(words) = self.places.get_mut(self.shape.at(first(hash))) {
            words.iter_mut().zip(bits(hash)).for_each(|(word, bit)| *word |= bit);
        }
    }
}

/// The first bits of an event.
fn first(hash: u128) -> u64 {
    let [first @ .., _, _, _, _, _, _, _, _] = hash.to_be_bytes();
    u64::from_be_bytes(first)
}

/// The bit of each word, from bits that name neither the place nor the page of an event.
fn bits(hash: u128) -> Place {
    let [_, _, _, _, _, _, _, _, bytes @ ..] = hash.to_be_bytes();
    bytes.map(|byte| 1 << (byte & 31))
}
