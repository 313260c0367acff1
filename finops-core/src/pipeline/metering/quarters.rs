//! The quarters of an hour of all series of a page, side by side.
//!
//! Each series has a list, which grows by a piece of one size at a time and never moves. Vectors of their own would
//! move whenever they grow, and leave holes all over the heap, in which everything that comes later lies scattered:
//! two million events in, reading the next ones took twice as long.

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
    /// One for each piece, apart from them: to go back along a list, little memory is looked at.
    links: Vec<Link>,
    /// The first piece that no list has; each names the next.
    free: u32,
}

/// Some quarters of a list in order.
type Piece = [Packed; PIECE];

/// Where the piece before lies, and the first quarter of this one.
#[derive(Debug, Clone, Copy)]
struct Link {
    before: u32,
    first: u8,
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
        Self { pieces: Vec::new(), links: Vec::new(), free: NONE }
    }

    /// About how much memory they take.
    pub(super) const fn bytes(&self) -> usize {
        self.pieces.capacity() * size_of::<Piece>() + self.links.capacity() * size_of::<Link>()
    }

    /// The last quarter of a list.
    pub(super) fn last(&self, list: List) -> Option<Packed> {
        self.piece(list.last)?.get(list.in_last().checked_sub(1)?).copied()
    }

    /// All of a list, in order.
    pub(super) fn iter(&self, list: List) -> impl Iterator<Item = Packed> {
        let places = self.places(list).into_iter();
        places.filter_map(|place| self.piece(place)).flatten().copied().take(list.len.into())
    }

    /// Adds those of a list that lie in a range, in order.
    pub(super) fn within(&self, list: List, range: &Range<u8>, into: &mut Vec<Packed>) {
        let start = into.len();
        // From the end, as the last hours are what is mostly asked for.
        let (mut place, mut count) = (list.last, list.in_last());
        while let Some(link) = self.link(place) {
            if link.first < range.end {
                let piece = self.piece(place).and_then(|piece| piece.get(..count)).unwrap_or_default();
                into.extend(piece.iter().rev().filter(|packed| range.contains(&packed.quarter)));
            }
            if link.first < range.start {
                break;
            }
            (place, count) = (link.before, PIECE);
        }
        into.get_mut(start..).into_iter().for_each(<[Packed]>::reverse);
    }

    /// A quarter of a list.
    pub(super) fn get_mut(&mut self, list: List, quarter: u8) -> Option<&mut Packed> {
        let (mut place, mut count) = (list.last, list.in_last());
        while self.link(place)?.first > quarter {
            (place, count) = (self.link(place)?.before, PIECE);
        }
        self.pieces.get_mut(index(place))?.iter_mut().take(count).find(|packed| packed.quarter == quarter)
    }

    /// Adds a quarter that a list does not have yet.
    pub(super) fn insert(&mut self, list: &mut List, packed: Packed) {
        let is_next = self.last(*list).is_none_or(|last| last.quarter < packed.quarter);
        self.push(list, packed);
        if !is_next {
            let mut all: Vec<Packed> = self.iter(*list).collect();
            all.sort_unstable_by_key(|packed| packed.quarter);
            let places = self.places(*list).into_iter().filter(|place| *place != NONE);
            for (place, sorted) in places.zip(all.chunks(PIECE)) {
                let (piece, link) = (self.pieces.get_mut(index(place)), self.links.get_mut(index(place)));
                piece.into_iter().flatten().zip(sorted).for_each(|(to, from)| *to = *from);
                link.into_iter().zip(sorted).for_each(|(link, first)| link.first = first.quarter);
            }
        }
    }

    fn push(&mut self, list: &mut List, packed: Packed) {
        let rest = usize::from(list.len) % PIECE;
        if rest == 0 {
            list.last = self.take([packed; PIECE], Link { before: list.last, first: packed.quarter });
        } else if let Some(piece) = self.pieces.get_mut(index(list.last)) {
            piece.iter_mut().skip(rest).for_each(|place| *place = packed);
        }
        list.len += 1;
    }

    /// A place for a piece.
    fn take(&mut self, piece: Piece, link: Link) -> u32 {
        let free = index(self.free);
        if let (Some(place), Some(free)) = (self.pieces.get_mut(free), self.links.get_mut(free)) {
            *place = piece;
            return std::mem::replace(&mut self.free, std::mem::replace(free, link).before);
        }
        if self.pieces.len() == self.pieces.capacity() {
            let more = 4 + self.pieces.len() / 4;
            self.pieces.reserve_exact(more);
            self.links.reserve_exact(more);
        }
        self.pieces.push(piece);
        self.links.push(link);
        u32::try_from(self.pieces.len() - 1).unwrap_or(NONE)
    }

    /// Empties a list.
    pub(super) fn clear(&mut self, list: &mut List) {
        for place in self.places(*list).into_iter().filter(|place| *place != NONE) {
            if let Some(link) = self.links.get_mut(index(place)) {
                link.before = std::mem::replace(&mut self.free, place);
            }
        }
        *list = List::EMPTY;
    }

    fn piece(&self, place: u32) -> Option<&Piece> {
        self.pieces.get(index(place))
    }

    fn link(&self, place: u32) -> Option<Link> {
        self.links.get(index(place)).copied()
    }

    /// The places of the pieces of a list in order; before them as many as it could have more.
    fn places(&self, list: List) -> [u32; PIECES] {
        let mut places = [NONE; PIECES];
        let mut next = list.last;
        for place in places.iter_mut().rev().take(usize::from(list.len).div_ceil(PIECE)) {
            *place = next;
            next = self.link(next).map_or(NONE, |link| link.before);
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
