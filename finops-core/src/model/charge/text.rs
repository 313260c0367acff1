//! Columns of text, dictionary coded: each distinct value once, a code per row.
//!
//! A bill repeats itself: ten million rows name sixty services. Whatever is done to text (parsing, trimming,
//! matching a filter) is done once per distinct value.

use hashbrown::HashTable;
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The distinct values of a column, in the order in which they were met.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    text: String,
    ends: Vec<usize>,
}

impl Dictionary {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The value of a code; none for [`TextColumn::NULL`] and codes that were never given.
    pub fn get(&self, code: u32) -> Option<&str> {
        let code = usize::try_from(code).ok()?;
        let end = *self.ends.get(code)?;
        let start = code.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    /// The values in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..).map_while(|code| self.get(code))
    }

    /// The codes of a value: one, unless it was added more than once.
    pub(crate) fn codes_of(&self, value: &str) -> impl Iterator<Item = u32> {
        let (bytes, wanted) = (self.text.as_bytes(), value.as_bytes());
        let mut start = 0;
        let is_wanted = move |end: &usize| {
            let of = std::mem::replace(&mut start, *end)..*end;
            // Most differ in length, or at the end: ids begin alike.
            of.len() == wanted.len() && bytes.get(of).is_some_and(|of| of.last() == wanted.last() && of == wanted)
        };
        let places = (0..).zip(self.ends.iter().map(is_wanted));
        places.filter(|(_, is_wanted)| *is_wanted).map(|(code, _)| code)
    }

    /// The values end to end, and how long each is.
    pub fn packed(&self) -> (&str, impl Iterator<Item = usize>) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        (&self.text, self.ends.iter().zip(starts).map(|(end, start)| end - start))
    }

    /// Adds values that stand end to end, by their lengths; none when those do not fit, and then nothing is added.
    #[cfg(feature = "embedded")]
    pub(crate) fn extend(&mut self, packed: &str, lengths: impl Iterator<Item = usize>) -> Option<()> {
        let (start, values) = (self.text.len(), self.ends.len());
        let mut end: usize = 0;
        for length in lengths {
            let Some(next) = end.checked_add(length).filter(|end| packed.is_char_boundary(*end)) else {
                self.ends.truncate(values);
                return None;
            };
            end = next;
            self.ends.push(start + end);
        }
        if end != packed.len() {
            self.ends.truncate(values);
            return None;
        }
        self.text.push_str(packed);
        Some(())
    }

    /// Adds a value without looking whether it is there, and gives its code.
    ///
    /// # Panics
    /// With more than `u32::MAX - 1` values, which no batch reaches.
    pub fn push(&mut self, value: &str) -> u32 {
        let code = u32::try_from(self.ends.len()).unwrap_or(TextColumn::NULL);
        assert!(code < TextColumn::NULL, "a batch has fewer rows than a dictionary has codes");
        self.text.push_str(value);
        self.ends.push(self.text.len());
        code
    }
}

/// A column of optional text.
#[derive(Debug, Clone, Default)]
pub struct TextColumn {
    /// The distinct values; some may be used by no row.
    pub dictionary: Arc<Dictionary>,
    /// A code for each row, [`TextColumn::NULL`] where there is no value.
    pub codes: Vec<u32>,
}

impl TextColumn {
    /// The code of a row without a value.
    pub const NULL: u32 = u32::MAX;

    /// A column that holds one value, or none, in each of its rows.
    pub fn constant(value: Option<&str>, rows: usize) -> Self {
        let mut dictionary = Dictionary::default();
        let code = value.map_or(Self::NULL, |value| dictionary.push(value));
        Self { dictionary: Arc::new(dictionary), codes: vec![code; rows] }
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.codes.get(row).and_then(|&code| self.dictionary.get(code))
    }

    /// The distinct values that some row has; the dictionary may have others.
    pub fn used(&self) -> impl Iterator<Item = &str> {
        let mut used = vec![false; self.dictionary.len()];
        for &code in &self.codes {
            if let Some(used) = usize::try_from(code).ok().and_then(|code| used.get_mut(code)) {
                *used = true;
            }
        }
        self.dictionary.iter().zip(used).filter(|(_, used)| *used).map(|(value, _)| value)
    }

    /// The given rows, in that order. The dictionary is shared, unless most of it would go unused.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        let codes = rows.iter().filter_map(|&row| self.codes.get(row).copied());
        if rows.len() >= self.dictionary.len() / 4 {
            return Self { dictionary: Arc::clone(&self.dictionary), codes: codes.collect() };
        }
        let mut dictionary = Dictionary::default();
        let mut kept: BTreeMap<u32, u32> = BTreeMap::new();
        let codes = codes.map(|code| match self.dictionary.get(code) {
            Some(value) => *kept.entry(code).or_insert_with(|| dictionary.push(value)),
            None => Self::NULL,
        });
        let codes = codes.collect();
        Self { dictionary: Arc::new(dictionary), codes }
    }

    /// Whether no row has a value.
    pub fn is_all_null(&self) -> bool {
        self.codes.iter().all(|&code| code == Self::NULL)
    }
}

/// Gathers text row by row into a [`TextColumn`].
#[derive(Debug, Default)]
pub(crate) struct TextBuilder {
    dictionary: Dictionary,
    codes: Vec<u32>,
    known: HashTable<u32>,
    // Seeded at random, so that a hostile bill cannot choose values that collide.
    hasher: hashbrown::DefaultHashBuilder,
}

impl TextBuilder {
    /// Adds a row.
    pub(crate) fn push(&mut self, value: Option<&str>) {
        let code = value.map_or(TextColumn::NULL, |value| self.intern(value));
        self.codes.push(code);
    }

    /// The code of a value, a new one where it was not met before.
    pub(crate) fn intern(&mut self, value: &str) -> u32 {
        let Self { dictionary, known, hasher, .. } = self;
        let hash = hasher.hash_one(value);
        if let Some(&code) = known.find(hash, |&code| dictionary.get(code) == Some(value)) {
            return code;
        }
        let code = dictionary.push(value);
        known.insert_unique(hash, code, |&code| hasher.hash_one(dictionary.get(code).unwrap_or_default()));
        code
    }

    /// The column so far; the builder starts over, with the memory of its hash table kept.
    pub(crate) fn take(&mut self) -> TextColumn {
        self.known.clear();
        let dictionary = Arc::new(std::mem::take(&mut self.dictionary));
        TextColumn { dictionary, codes: std::mem::take(&mut self.codes) }
    }
}
