//! The filters that are in memory, those of one size side by side.
//!
//! An event has the same place in filters of one size. What up to [`LANES`] of them have there lies together, so that
//! all are asked with one look at memory; to ask one filter after the other takes several times as long.

use super::filter::{Asked, Filter, Place, Shape, may_have};
use hashbrown::{HashMap, HashSet};

/// How many filters lie side by side.
pub(super) const LANES: usize = 8;

/// The filters of blocks, by the numbers of those.
#[derive(Debug, Default)]
pub(super) struct Filters {
    groups: Vec<Group>,
    /// How many bytes the filter of each block takes.
    bytes: HashMap<u64, u64>,
}

/// Filters of one shape.
#[derive(Debug)]
struct Group {
    shape: Shape,
    blocks: Vec<u64>,
    /// For each place what the filters have there, in the order of blocks.
    places: Vec<Place>,
}

impl Filters {
    /// How many bytes they take.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.values().sum()
    }

    /// How many bytes that of a block takes; none where it is not here.
    pub(super) fn bytes_of(&self, block: u64) -> Option<u64> {
        self.bytes.get(&block).copied()
    }

    /// Takes filters of blocks.
    pub(super) fn add(&mut self, mut filters: Vec<(u64, Filter)>) {
        self.bytes.extend(filters.iter().map(|(block, filter)| (*block, filter.shape().bytes())));
        while let Some(shape) = filters.last().map(|(_, filter)| filter.shape()) {
            let has_room = |group: &&mut Group| group.shape == shape && group.blocks.len() < LANES;
            let Some(group) = self.groups.iter_mut().find(has_room) else {
                self.groups.push(Group { shape, blocks: Vec::new(), places: Vec::new() });
                continue;
            };
            let mut room = LANES - group.blocks.len();
            let fits = |(_, filter): &mut (u64, Filter)| {
                let fits = room > 0 && filter.shape() == shape;
                room -= usize::from(fits);
                fits
            };
            let same: Vec<_> = filters.extract_if(.., fits).collect();
            group.widen(&same);
        }
    }

    /// Keeps only those of these blocks.
    pub(super) fn retain(&mut self, blocks: &HashSet<u64>) {
        self.bytes.retain(|block, _| blocks.contains(block));
        self.groups.iter_mut().for_each(|group| group.retain(blocks));
        self.groups.retain(|group| !group.blocks.is_empty());
    }

    /// Gives each of these events, which are in order, with each block that may have it.
    pub(super) fn ask<'e>(&self, events: &'e [Asked], into: &mut Vec<(u64, &'e Asked)>) {
        self.groups.iter().for_each(|group| group.ask(events, into));
    }
}

impl Group {
    fn widen(&mut self, filters: &[(u64, Filter)]) {
        let before = self.places.chunks_exact(self.blocks.len().max(1)).map(Some).chain(std::iter::repeat(None));
        let mut places = Vec::with_capacity(self.places.len() + filters.len() * self.shape.places());
        for (place, before) in (0..self.shape.places()).zip(before) {
            places.extend_from_slice(before.unwrap_or_default());
            places.extend(filters.iter().filter_map(|(_, filter)| filter.places().get(place)));
        }
        self.places = places;
        self.blocks.extend(filters.iter().map(|(block, _)| block));
    }

    fn retain(&mut self, blocks: &HashSet<u64>) {
        let stays: Vec<bool> = self.blocks.iter().map(|block| blocks.contains(block)).collect();
        if stays.contains(&false) {
            let mut lanes = stays.iter().cycle();
            self.places.retain(|_| lanes.next().copied().unwrap_or(false));
            self.places.shrink_to_fit();
            self.blocks.retain(|block| blocks.contains(block));
        }
    }

    fn ask<'e>(&self, events: &'e [Asked], into: &mut Vec<(u64, &'e Asked)>) {
        let lanes = self.blocks.len();
        for event in self.shape.of(events) {
            let first = self.shape.place(event) * lanes;
            let there = self.places.get(first..first + lanes).unwrap_or_default();
            let may = self.blocks.iter().zip(there).filter(|(_, place)| may_have(place, event));
            into.extend(may.map(|(block, _)| (*block, event)));
        }
    }
}
