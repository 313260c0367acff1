//! Filters, decided once for each value of a dimension: which of many hold for a cell is then a few words combined.

use super::cells::Cells;
use super::keys::index;
use crate::Result;
use crate::model::filter::Filter;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Many filters, each with a number, made ready for cells.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    /// How many words of 64 filters a row has.
    width: usize,
    /// A bit for each filter that there is.
    there: Vec<u64>,
    looked: Vec<Looked>,
    /// What of each filter depends on several dimensions at once.
    rest: Vec<Vec<Node>>,
}

/// A dimension that filters look at.
#[derive(Debug, Clone)]
struct Looked {
    place: usize,
    /// For each code its row. Codes that no filter mentions share the first.
    row_of: Vec<u32>,
    /// Row after row, a bit for each filter: whether what it says of this dimension holds.
    rows: Vec<u64>,
}

/// A filter by codes.
#[derive(Debug, Clone)]
enum Node {
    /// The code of the dimension at that place is one of those, which ascend.
    In(usize, Vec<u32>),
    Not(Box<Node>),
    Any(Vec<Node>),
    All(Vec<Node>),
}

impl Node {
    /// Whether it holds for a cell; a code that is not there is one that is mentioned nowhere.
    fn holds(&self, code: &impl Fn(usize) -> Option<u32>) -> bool {
        match self {
            Self::In(place, codes) => code(*place).is_some_and(|code| codes.binary_search(&code).is_ok()),
            Self::Not(inner) => !inner.holds(code),
            Self::Any(all) => all.iter().any(|node| node.holds(code)),
            Self::All(all) => all.iter().all(|node| node.holds(code)),
        }
    }

    fn places(&self, found: &mut Vec<usize>) {
        match self {
            Self::In(place, _) => found.push(*place),
            Self::Not(inner) => inner.places(found),
            Self::Any(all) | Self::All(all) => all.iter().for_each(|node| node.places(found)),
        }
    }

    fn codes(&self, found: &mut Vec<u32>) {
        match self {
            Self::In(_, codes) => found.extend(codes),
            Self::Not(inner) => inner.codes(found),
            Self::Any(all) | Self::All(all) => all.iter().for_each(|node| node.codes(found)),
        }
    }
}

/// Reads filters as codes; the labels of a dimension are gone through once.
struct Reader<'a> {
    cells: &'a Cells,
    codes: HashMap<usize, HashMap<Option<&'a str>, u32>>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, filter: &Filter) -> Result<Node> {
        Ok(match filter {
            Filter::Not(inner) => Node::Not(Box::new(self.node(inner)?)),
            Filter::Any(all) => Node::Any(all.iter().map(|filter| self.node(filter)).collect::<Result<_>>()?),
            Filter::All(all) => Node::All(all.iter().map(|filter| self.node(filter)).collect::<Result<_>>()?),
            Filter::In(dimension, values) => {
                let place = self.cells.place(dimension)?;
                let known = self.codes_of(place);
                let mut codes: Vec<u32> =
                    values.iter().filter_map(|value| known.get(&value.as_deref()).copied()).collect();
                codes.sort_unstable();
                codes.dedup();
                Node::In(place, codes)
            }
        })
    }

    fn codes_of(&mut self, place: usize) -> &HashMap<Option<&'a str>, u32> {
        let labels: &'a [Option<Arc<str>>] = self.cells.labels(place);
        self.codes.entry(place).or_insert_with(|| labels.iter().map(Option::as_deref).zip(0..).collect())
    }
}

/// What one filter says of one dimension: whether it holds for values that it does not mention, and for the others.
struct Restriction {
    otherwise: bool,
    codes: Vec<(u32, bool)>,
}

impl Restriction {
    /// Of nodes that look at that place only, all of which have to hold.
    fn new(nodes: &[Node]) -> Self {
        let mut mentioned = Vec::new();
        for node in nodes {
            node.codes(&mut mentioned);
        }
        mentioned.sort_unstable();
        mentioned.dedup();
        let holds = |code: Option<u32>| nodes.iter().all(|node| node.holds(&|_| code));
        Self { otherwise: holds(None), codes: mentioned.into_iter().map(|code| (code, holds(Some(code)))).collect() }
    }
}

impl Conditions {
    /// Those filters, numbered in their order; without one, nothing passes.
    ///
    /// # Errors
    /// `invalid_argument` when cells do not tell a dimension apart that a filter looks at.
    pub(super) fn new<'f>(cells: &Cells, filters: impl IntoIterator<Item = Option<&'f Filter>>) -> Result<Self> {
        let mut reader = Reader { cells, codes: HashMap::new() };
        let mut by_place: BTreeMap<usize, Vec<(usize, Restriction)>> = BTreeMap::new();
        let (mut rest, mut there) = (Vec::new(), Vec::new());
        for (number, filter) in filters.into_iter().enumerate() {
            let mut left = Vec::new();
            there.resize(number / 64 + 1, 0);
            put(&mut there, number, filter.is_some());
            if let Some(filter) = filter {
                let mut alone: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
                take_apart(reader.node(filter)?, &mut alone, &mut left);
                for (place, nodes) in alone {
                    by_place.entry(place).or_default().push((number, Restriction::new(&nodes)));
                }
            }
            rest.push(left);
        }
        let width = there.len();
        let looked = by_place.into_iter().map(|(place, all)| Looked::new(cells, place, width, &all)).collect();
        Ok(Self { width, there, looked, rest })
    }

    /// The first filter from that number on that holds for the codes of a cell.
    pub(super) fn next(&self, codes: &[u32], from: usize) -> Option<usize> {
        let mut mask = u64::MAX << (from % 64);
        for (word, there) in self.there.iter().enumerate().skip(from / 64) {
            let mut bits = there & mask;
            mask = u64::MAX;
            for looked in &self.looked {
                bits &= looked.word(codes, self.width, word);
                if bits == 0 {
                    break;
                }
            }
            while bits != 0 {
                let number = word * 64 + index(bits.trailing_zeros());
                if let Some(rest) = self.rest.get(number)
                    && rest.iter().all(|node| node.holds(&|place| codes.get(place).copied()))
                {
                    return Some(number);
                }
                bits &= bits - 1;
            }
        }
        None
    }
}

/// Conditions that all have to hold, by the one dimension that they look at; what looks at several is left.
fn take_apart(node: Node, alone: &mut BTreeMap<usize, Vec<Node>>, left: &mut Vec<Node>) {
    if let Node::All(all) = node {
        return all.into_iter().for_each(|node| take_apart(node, alone, left));
    }
    let mut places = Vec::new();
    node.places(&mut places);
    match places.split_first() {
        Some((place, others)) if others.iter().all(|other| other == place) => {
            alone.entry(*place).or_default().push(node);
        }
        _ => left.push(node),
    }
}

impl Looked {
    fn new(cells: &Cells, place: usize, width: usize, restrictions: &[(usize, Restriction)]) -> Self {
        let mut first = vec![u64::MAX; width];
        for (number, restriction) in restrictions {
            put(&mut first, *number, restriction.otherwise);
        }
        let mut row_of = vec![0; cells.labels(place).len()];
        let mut rows = first.clone();
        let mut next = 1;
        for (number, restriction) in restrictions {
            for (code, holds) in &restriction.codes {
                let Some(row) = row_of.get_mut(index(*code)) else { continue };
                if *row == 0 {
                    *row = next;
                    next += 1;
                    rows.extend_from_slice(&first);
                }
                let start = index(*row) * width;
                if let Some(row) = rows.get_mut(start..start + width) {
                    put(row, *number, *holds);
                }
            }
        }
        Self { place, row_of, rows }
    }

    fn word(&self, codes: &[u32], width: usize, word: usize) -> u64 {
        let row = codes.get(self.place).and_then(|code| self.row_of.get(index(*code))).copied().unwrap_or(0);
        self.rows.get(index(row) * width + word).copied().unwrap_or(0)
    }
}

fn put(row: &mut [u64], number: usize, holds: bool) {
    if let Some(word) = row.get_mut(number / 64) {
        let bit = 1 << (number % 64);
        if holds { *word |= bit } else { *word &= !bit }
    }
}
