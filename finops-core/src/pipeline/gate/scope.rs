//! Who a spend is for: the ids and tags by which budgets are told apart, borrowed in a call and kept in one text.

use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::filter::Filter;
use crate::model::money::{Currency, Money};
use crate::{Error, Result};
use smallvec::SmallVec;
use std::hash::{BuildHasher, Hasher};

/// The longest text of all ids and tags together, in bytes.
const LONGEST: usize = 64 * 1024;

/// A spend: for whom, how much, in which currency. It borrows all texts; asking about it allocates nothing.
#[derive(Debug, Clone, Copy)]
pub struct Spend<'a> {
    /// The dimensions that are known, in their order, each once, with a value that is not empty.
    pub ids: &'a [(BuiltIn, &'a str)],
    /// The tags, in the order of their keys, each once.
    pub tags: &'a [(&'a str, &'a str)],
    /// What it costs or may cost: zero or more.
    pub amount: Money,
    /// The currency of the amount.
    pub currency: Currency,
}

impl Spend<'_> {
    /// The hash of everything but the amount.
    pub(super) fn hash(&self, hasher: &impl BuildHasher) -> u64 {
        let mut state = hasher.build_hasher();
        // A number before each text says how long it is, so that no two scopes run together to the same bytes.
        let mut number = |number: usize, text: &str| {
            state.write_usize(number << 32 | text.len());
            state.write(text.as_bytes());
        };
        number(self.ids.len(), self.currency.code());
        for (dimension, value) in self.ids {
            number(usize::from(dimension.place()), value);
        }
        for (key, value) in self.tags {
            number(0, key);
            number(1, value);
        }
        state.finish()
    }
}

/// The ids and tags of spends and their currency, kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Each dimension with the place in the text where its value ends; the tags come behind them, key and value.
    ids: SmallVec<[(BuiltIn, u32); 6]>,
    tags: Box<[(u32, u32)]>,
    currency: Currency,
    text: SmallVec<[u8; 64]>,
}

impl Scope {
    /// The scope of a spend.
    ///
    /// # Errors
    /// `invalid_argument` on `scope` where ids or tags are not in order, come twice, are empty, or are longer than
    /// 64 KiB together.
    pub fn new(spend: &Spend<'_>) -> Result<Self> {
        if !spend.ids.is_sorted_by(|one, two| one.0 < two.0) || !spend.tags.is_sorted_by(|one, two| one.0 < two.0) {
            return Err(wrong("ids and tags must be in order, each at most once"));
        }
        if spend.ids.iter().any(|(_, value)| value.is_empty()) || spend.tags.iter().any(|(key, _)| key.is_empty()) {
            return Err(wrong("an id or the key of a tag is empty: leave it out"));
        }
        let mut text = SmallVec::new();
        let mut end = |value: &str| {
            text.extend_from_slice(value.as_bytes());
            u32::try_from(text.len()).unwrap_or(u32::MAX)
        };
        let ids = spend.ids.iter().map(|(dimension, value)| (*dimension, end(value))).collect();
        let tags = spend.tags.iter().map(|(key, value)| (end(key), end(value))).collect();
        if text.len() > LONGEST {
            return Err(wrong("ids and tags are longer than 64 KiB together"));
        }
        Ok(Self { ids, tags, currency: spend.currency, text })
    }

    /// The currency of its spends.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The dimensions that are known, in their order.
    pub fn ids(&self) -> impl Iterator<Item = (BuiltIn, &str)> {
        let mut start = 0;
        self.ids.iter().map(move |(dimension, end)| (*dimension, self.text(std::mem::replace(&mut start, *end), *end)))
    }

    /// The tags, in the order of their keys.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = self.ids.last().map_or(0, |(_, end)| *end);
        self.tags.iter().map(move |(middle, end)| {
            let start = std::mem::replace(&mut start, *end);
            (self.text(start, *middle), self.text(*middle, *end))
        })
    }

    fn bytes(&self, start: u32, end: u32) -> &[u8] {
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        self.text.get(place(start)..place(end)).unwrap_or_default()
    }

    fn text(&self, start: u32, end: u32) -> &str {
        // Cut where it was put together, so that it is text.
        std::str::from_utf8(self.bytes(start, end)).unwrap_or_default()
    }

    /// Whether the spend is one of this scope.
    pub(super) fn is_of(&self, spend: &Spend<'_>) -> bool {
        let mut start = 0;
        let mut is_next =
            |end: u32, value: &str| self.bytes(std::mem::replace(&mut start, end), end) == value.as_bytes();
        self.currency == spend.currency
            && self.ids.len() == spend.ids.len()
            && self.tags.len() == spend.tags.len()
            && self.ids.iter().zip(spend.ids).all(|(own, id)| own.0 == id.0 && is_next(own.1, id.1))
            && self.tags.iter().zip(spend.tags).all(|(own, tag)| is_next(own.0, tag.0) && is_next(own.1, tag.1))
    }

    /// The value of a dimension; what the scope does not name may be `constant`.
    fn value<'a>(&'a self, dimension: &Dimension, constants: &'a [(BuiltIn, String)]) -> Option<&'a str> {
        match dimension {
            Dimension::BuiltIn(BuiltIn::Currency) => Some(self.currency.code()),
            Dimension::BuiltIn(wanted) => {
                let own = self.ids().find(|(dimension, _)| dimension == wanted).map(|(_, value)| value);
                own.or_else(|| constants.iter().find(|(is, _)| is == wanted).map(|(_, value)| value.as_str()))
            }
            Dimension::Tag(key) => self.tags().find(|(is, _)| is == key).map(|(_, value)| value),
            // Virtual ones are given by rules that look at columns which a spend does not have. They are refused
            // before.
            _ => None,
        }
    }

    /// Whether the charge that a spend of this scope becomes passes the filter.
    pub(super) fn passes(&self, filter: &Filter, constants: &[(BuiltIn, String)]) -> bool {
        filter.holds(&|dimension| self.value(dimension, constants))
    }
}

fn wrong(message: &str) -> Error {
    Error::invalid("scope", message)
}
