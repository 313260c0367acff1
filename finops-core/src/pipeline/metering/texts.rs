//! Texts by number, each kept once.

use crate::model::charge::Dictionary;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Texts, numbered in the order in which they came. They are never forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    dictionary: Dictionary,
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        let is = |code: &u32| self.dictionary.get(*code) == Some(text);
        self.codes.find(self.hasher.hash_one(text), is).copied()
    }

    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(code) = self.find(text) {
            return code;
        }
        let Self { dictionary, codes, hasher } = self;
        let code = dictionary.push(text);
        let hash = |code: &u32| hasher.hash_one(dictionary.get(*code).unwrap_or_default());
        codes.insert_unique(hasher.hash_one(text), code, hash);
        code
    }

    pub(super) fn get(&self, code: u32) -> Option<&str> {
        self.dictionary.get(code)
    }

    pub(super) fn len(&self) -> usize {
        self.dictionary.len()
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let (text, _) = self.dictionary.packed();
        text.len() + self.len() * size_of::<usize>() + self.codes.allocation_size()
    }
}
