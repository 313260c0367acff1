//! Filters: whether a block may have an event, from 20 bits for each that it has.
//!
//! An event has one place in a filter and eight bits there, all taken from its own bits, which are as good as random.
//! Places follow the order of events, so that building a filter and asking it for many events in their order goes
//! through it once, from front to back. Of events that are not there about three in ten thousand pass; each costs as
//! much as asking a thousand filters.

/// Bits for each entry.
const ENTRY_BITS: u64 = 20;
/// What one place takes.
const PLACE_BYTES: usize = 32;
/// The same in bits.
const PLACE_BITS: u64 = 8 * PLACE_BYTES as u64;
/// The bits of a place, in words.
type Place = [u32; PLACE_BYTES / 4];

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

/// The filter of a block.
#[derive(Debug)]
pub(super) struct Filter {
    places: Vec<Place>,
    /// How many of the first bits of all its events are the same.
    shared_bits: u32,
}

impl Filter {
    /// How many bytes the filter of so many entries takes.
    pub(super) const fn bytes_for(entries: u64) -> u64 {
        (entries * ENTRY_BITS).div_ceil(PLACE_BITS) * PLACE_BYTES as u64
    }

    /// One that knows no event yet, for about that many, whose first `shared_bits` bits are the same.
    pub(super) fn new(entries: u64, shared_bits: u32) -> Self {
        let places = usize::try_from((entries * ENTRY_BITS).div_ceil(PLACE_BITS)).unwrap_or(usize::MAX).max(1);
        Self { places: vec![Place::default(); places], shared_bits }
    }

    /// The one that was kept as those bytes; none where they cannot be one.
    pub(super) fn from_bytes(bytes: &[u8], shared_bits: u32) -> Option<Self> {
        let (places, rest) = bytes.as_chunks::<PLACE_BYTES>();
        let words = |place: &[u8; PLACE_BYTES]| {
            let mut words = Place::default();
            words.iter_mut().zip(place.as_chunks().0).for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
            words
        };
        let places: Vec<Place> = places.iter().map(words).collect();
        (rest.is_empty() && !places.is_empty()).then_some(Self { places, shared_bits })
    }

    /// What is kept of it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.places.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// How many bytes it takes.
    pub(super) const fn bytes(&self) -> u64 {
        (self.places.len() * PLACE_BYTES) as u64
    }

    /// Has it know an event.
    pub(super) fn insert(&mut self, hash: u128) {
        let place = self.place(first(hash));
        if let Some(words) = self.places.get_mut(place) {
            words.iter_mut().zip(bits(hash)).for_each(|(word, bit)| *word |= bit);
        }
    }

    /// Whether it may have been told of an event; `false` is certain.
    pub(super) fn may_have(&self, event: &Asked) -> bool {
        let Some(words) = self.places.get(self.place(event.first)) else { return true };
        words.iter().zip(event.bits).fold(0, |missing, (word, bit)| missing | (!word & bit)) == 0
    }

    /// Where an event with those first bits lies among the events from the first to the last that there can be.
    fn place(&self, first: u64) -> usize {
        let within = (first << self.shared_bits) >> 32;
        usize::try_from((within * self.places.len() as u64) >> 32).unwrap_or(0)
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
