//! The quarters of an hour of all series of a page, side by side.
//!
//! Each series has a list, which grows by a piece of one size at a time and never moves. Vectors of their own would move
//! whenever they grow, and leave holes all over the heap, in which everything that comes later lies scattered: two
//! million events in, reading the next ones took twice as long.

use super::packed::Packed;
use super::page::QUARTERS;
use std::ops::Range;

/// How many quarters a piece has.
const PIECE: usize = 4;
/// How many pieces a list has at most.
const PIECES: usize = QUARTERS as usize / PIECE;
/// Stands for no piece.
const NONE: u32 = u32::MAX;

/// The lists of all series.
#[derive(Debug, Clone)]
pub(super) struct Quarters {
    pieces: Vec<Piece>,
    /// The first piece that no list has; each names the next.
    free: u32,
}

/// Some quarters of a list in order, and the piece before.
#[derive(Debug, Clone, Copy)]
struct Piece {
    quarters: [Packed; PIECE],
    before: u32,
}

/// The list of a series, in the order of the day: all pieces but the last are full.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    last: u32,
    len: u8,
}

impl List {
    pub(super) const EMPTY: Self = Self { last: NONE, len: 0 };

    pub(super) const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// How many quarters its last piece has.
    fn in_last(self) -> usize {
        let rest = usize::from(self.len) % PIECE;
        if rest == 0 && self.len > 0 { PIECE } else { rest }
    }
}

impl Quarters {
    pub(super) const fn new() -> Self {
        Self { pieces: Vec::new(), free: NONE }
    }

    /// About how much memory they take.
    pub(super) const fn bytes(&self) -> usize {
        self.pieces.capacity() * size_of::<Piece>()
    }

    /// The last quarter of a list.
    pub(super) fn last(&self, list: List) -> Option<Packed> {
        self.piece(list.last)?.quarters.get(list.in_last().checked_sub(1)?).copied()
    }

    /// All of a list, in order.
    pub(super) fn iter(&self, list: List) -> impl Iterator<Item = Packed> {
        let places = self.places(list).into_iter();
        places.filter_map(|place| self.piece(place)).flat_map(|piece| piece.quarters).take(list.len.into())
    }

    /// Adds those of a list that lie in a range, in order.
    pub(super) fn within(&self, list: List, range: &Range<u8>, into: &mut Vec<Packed>) {
        let start = into.len();
        // From the end, as the last hours are what is mostly asked for.
        let (mut place, mut count) = (list.last, list.in_last());
        while let Some(piece) = self.piece(place) {
            let quarters = piece.quarters.iter().take(count).rev();
            into.extend(quarters.filter(|packed| range.contains(&packed.quarter)));
            if piece.quarters.first().is_none_or(|first| first.quarter < range.start) {
                break;
            }
            (place, count) = (piece.before, PIECE);
        }
        into.get_mut(start..).into_iter().for_each(<[Packed]>::reverse);
    }

    /// A quarter of a list.
    pub(super) fn get_mut(&mut self, list: List, quarter: u8) -> Option<&mut Packed> {
        let (mut place, mut count) = (list.last, list.in_last());
        while self.piece(place)?.quarters.first()?.quarter > quarter {
            (place, count) = (self.piece(place)?.before, PIECE);
        }
        let piece = self.pieces.get_mut(index(place))?;
        piece.quarters.iter_mut().take(count).find(|packed| packed.quarter == quarter)
    }

    /// Adds a quarter that a list does not have yet.
    pub(super) fn insert(&mut self, list: &mut List, packed: Packed) {
        let is_next = self.last(*list).is_none_or(|last| last.quarter < packed.quarter);
        self.push(list, packed);
        if !is_next {
            let mut all: Vec<Packed> = self.iter(*list).collect();
            all.sort_unstable_by_key(|packed| packed.quarter);
            let places = self.places(*list).into_iter().filter(|place| *place != NONE);
            for (place, quarters) in places.zip(all.chunks(PIECE)) {
                let piece = self.pieces.get_mut(index(place)).into_iter();
                piece.for_each(|piece| piece.quarters.iter_mut().zip(quarters).for_each(|(to, from)| *to = *from));
            }
        }
    }

    fn push(&mut self, list: &mut List, packed: Packed) {
        let rest = usize::from(list.len) % PIECE;
        if rest == 0 {
            list.last = self.take(Piece { quarters: [packed; PIECE], before: list.last });
        } else if let Some(piece) = self.pieces.get_mut(index(list.last)) {
            piece.quarters.iter_mut().skip(rest).for_each(|place| *place = packed);
        }
        list.len += 1;
    }

    /// A place for a piece.
    fn take(&mut self, piece: Piece) -> u32 {
        if let Some(free) = self.pieces.get_mut(index(self.free)) {
            return std::mem::replace(&mut self.free, std::mem::replace(free, piece).before);
        }
        if self.pieces.len() == self.pieces.capacity() {
            self.pieces.reserve_exact(4 + self.pieces.len() / 4);
        }
        self.pieces.push(piece);
        u32::try_from(self.pieces.len() - 1).unwrap_or(NONE)
    }

    /// Empties a list.
    pub(super) fn clear(&mut self, list: &mut List) {
        for place in self.places(*list).into_iter().filter(|place| *place != NONE) {
            if let Some(piece) = self.pieces.get_mut(index(place)) {
                piece.before = std::mem::replace(&mut self.free, place);
            }
        }
        *list = List::EMPTY;
    }

    fn piece(&self, place: u32) -> Option<&Piece> {
        self.pieces.get(index(place))
    }

    /// The places of the pieces of a list in order; before them as many as it could have more.
    fn places(&self, list: List) -> [u32; PIECES] {
        let mut places = [NONE; PIECES];
        let mut next = list.last;
        for place in places.iter_mut().rev().take(usize::from(list.len).div_ceil(PIECE)) {
            *place = next;
            next = self.piece(next).map_or(NONE, |piece| piece.before);
        }
        places
    }
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::cell::Cell;
    use super::*;
    use crate::model::usage::Aggregation;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn packed(quarter: u8) -> Packed {
        Packed::new(quarter, Cell::new(Aggregation::Count), &mut Vec::new())
    }

    proptest! {
        #[test]
        fn lists_keep_what_they_were_given_in_order(
            steps in prop::collection::vec((0_usize..3, 0_u8..QUARTERS, 0_u8..40), 0..200),
        ) {
            let mut quarters = Quarters::new();
            let mut lists = [List::EMPTY; 3];
            let mut wanted: [BTreeSet<u8>; 3] = Default::default();
            for (which, quarter, other) in steps {
                if other == 0 {
                    quarters.clear(&mut lists[which]);
                    wanted[which].clear();
                } else if wanted[which].insert(quarter) {
                    prop_assert!(quarters.get_mut(lists[which], quarter).is_none());
                    quarters.insert(&mut lists[which], packed(quarter));
                }
                for (list, wanted) in lists.iter().zip(&wanted) {
                    prop_assert!(quarters.iter(*list).map(|packed| packed.quarter).eq(wanted.iter().copied()));
                    prop_assert_eq!(list.is_empty(), wanted.is_empty());
                    prop_assert_eq!(quarters.last(*list).map(|packed| packed.quarter), wanted.last().copied());
                    let range = other.min(quarter)..other.max(quarter);
                    let mut within = vec![packed(7)];
                    quarters.within(*list, &range, &mut within);
                    prop_assert!(within.iter().skip(1).map(|packed| packed.quarter).eq(wanted.range(range).copied()));
                    for one in wanted {
                        prop_assert_eq!(quarters.get_mut(*list, *one).map(|packed| packed.quarter), Some(*one));
                    }
                }
            }
            let needed: usize = wanted.iter().map(|wanted| wanted.len().div_ceil(PIECE)).sum();
            prop_assert!(quarters.pieces.len() >= needed, "what one list gave back others take first");
        }
    }
}
