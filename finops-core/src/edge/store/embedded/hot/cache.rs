//! Hot files that are open, and the columns of them that are in memory.

use super::codec::bytes_of;
use super::file::{Bytes, HotSegment, Opened};
use super::vocabulary::Vocabulary;
use crate::insight::blocks::{BlockIndex, Data, Records};
use crate::insight::lane::{BlockSource, TagValues};
use crate::model::charge::{ChargeColumn, Dictionary};
use crate::{Error, ErrorCode, Result};
use hashbrown::DefaultHashBuilder;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use rusqlite::Connection;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much of the columns stays in memory, unless the store was opened with another limit, in bytes.
pub(in super::super) const CACHE_BYTES: u64 = 1 << 30;
/// About how large a column is, to size the table of what is there.
const USUAL_BYTES: u64 = 64 << 10;
/// About how much an entry, or a column in it, takes beside its numbers.
const OWN_BYTES: usize = 128;
/// How many files a query keeps open.
const MAX_FILES: usize = 32;
/// Of how many tags the values are kept.
const MAX_TAGS: usize = 64;

/// Where something belongs: the number of the open file, the block, the section, and what of that.
type Place = (u64, usize, usize, Of);

/// What of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Of {
    /// A column, by the place of its chunk.
    Column(usize),
    /// The records of a code in its drill.
    Records(u32),
    /// All of it.
    Section,
}

/// What is in memory.
#[derive(Debug, Clone)]
enum Known {
    Column(Arc<Data>),
    Records(Arc<Records>),
    /// Nothing, but some rows of the section were asked for.
    Asked,
}

#[derive(Debug, Clone)]
struct Size;

impl Weighter<Place, Known> for Size {
    fn weight(&self, _: &Place, known: &Known) -> u64 {
        let bytes = match known {
            Known::Column(data) => bytes_of(data).len(),
            Known::Records(records) => {
                let columns = records.columns.iter().map(|(_, data)| bytes_of(data).len() + OWN_BYTES);
                columns.sum::<usize>() + size_of_val(records.day_ends.as_slice()) + OWN_BYTES
            }
            Known::Asked => 0,
        };
        u64::try_from(bytes + OWN_BYTES).unwrap_or(u64::MAX)
    }
}

/// The values of a tag, and how many texts they were read from.
type KnownTags = BTreeMap<String, (usize, Arc<TagValues>)>;

/// What is open, and what is in memory.
pub(in super::super) struct HotStore {
    open: Mutex<BTreeMap<String, (u64, Arc<HotSegment>)>>,
    opened: AtomicU64,
    known: Cache<Place, Known, Size, DefaultHashBuilder>,
    tags: Mutex<KnownTags>,
    pub(in super::super) vocabulary: Vocabulary,
}

impl HotStore {
    /// Nothing is open yet; at most so many bytes of columns stay in memory.
    pub(in super::super) fn new(cache_bytes: u64) -> Self {
        let items = usize::try_from(cache_bytes / USUAL_BYTES).unwrap_or(usize::MAX).clamp(64, 1 << 20);
        Self {
            open: Mutex::default(),
            opened: AtomicU64::new(0),
            known: Cache::with(items, cache_bytes, Size, DefaultHashBuilder::default(), DefaultLifecycle::default()),
            tags: Mutex::default(),
            vocabulary: Vocabulary::default(),
        }
    }

    /// The hot file of a segment, opened once; none when there is no sound one, or it has codes without texts.
    ///
    /// # Errors
    /// `storage` when the system cannot open it now.
    pub(in super::super) fn segment(
        &self,
        name: &str,
        digest: &[u8],
        state: &Mutex<Connection>,
        open: impl FnOnce() -> Option<Bytes>,
    ) -> Result<Option<(u64, Arc<HotSegment>)>> {
        if let Some((number, segment)) = lock(&self.open).get(name) {
            return Ok(Some((*number, Arc::clone(segment))));
        }
        let opened = open().map(|bytes| HotSegment::open(bytes, digest)).transpose();
        let Some(segment) = opened.map_err(|error| unreadable(name, error))?.flatten().map(Arc::new) else {
            return Ok(None);
        };
        if !self.vocabulary.holds(&segment.words, state) {
            return Ok(None);
        }
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        lock(&self.open).insert(name.to_owned(), (number, Arc::clone(&segment)));
        Ok(Some((number, segment)))
    }

    /// Forgets what is open of segments that are not of these names.
    pub(in super::super) fn retain(&self, names: &BTreeSet<&str>) {
        lock(&self.open).retain(|name, _| names.contains(name.as_str()));
    }

    /// Forgets what is open of a segment.
    pub(in super::super) fn forget(&self, name: &str) {
        lock(&self.open).remove(name);
    }

    /// Forgets what is open of a segment if it still has that number; says whether it had.
    pub(in super::super) fn forget_opened(&self, name: &str, number: u64) -> bool {
        let mut open = lock(&self.open);
        let same = open.get(name).is_some_and(|(opened, _)| *opened == number);
        if same {
            open.remove(name);
        }
        same
    }
}

impl fmt::Debug for HotStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HotStore").field("open", &lock(&self.open).len()).finish_non_exhaustive()
    }
}

fn unreadable(name: &str, error: std::io::Error) -> Error {
    let message = format!("the hot columns of '{name}' cannot be opened: {error}");
    Error::new(ErrorCode::Storage, message).with_source(error)
}

/// A panic elsewhere cannot have left a set or a map half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The columns of the segments that a question is about.
#[derive(Debug)]
pub(in super::super) struct Columns<'h> {
    pub(in super::super) hot: &'h HotStore,
    pub(in super::super) state: &'h Mutex<Connection>,
    /// The name, the number and the file of each.
    pub(in super::super) segments: Vec<(String, u64, Arc<HotSegment>)>,
    /// The names and numbers of those of which a column was found damaged.
    pub(in super::super) damaged: Mutex<BTreeSet<(String, u64)>>,
    /// The files that are open, by the place of their segment.
    files: Mutex<BTreeMap<usize, Arc<Opened>>>,
}

impl<'h> Columns<'h> {
    /// The columns of segments, with their names and numbers.
    pub(in super::super) fn new(
        hot: &'h HotStore,
        state: &'h Mutex<Connection>,
        segments: Vec<(String, u64, Arc<HotSegment>)>,
    ) -> Self {
        Self { hot, state, segments, damaged: Mutex::default(), files: Mutex::default() }
    }

    /// The file of a segment, opened once for this query unless too many are.
    fn opened(&self, segment: usize, file: &HotSegment) -> std::io::Result<Option<Arc<Opened>>> {
        if let Some(opened) = lock(&self.files).get(&segment) {
            return Ok(Some(Arc::clone(opened)));
        }
        let Some(opened) = file.opened()?.map(Arc::new) else { return Ok(None) };
        let mut files = lock(&self.files);
        if files.len() >= MAX_FILES {
            files.pop_first();
        }
        files.insert(segment, Arc::clone(&opened));
        Ok(Some(opened))
    }

    /// The number of a segment's file.
    fn number(&self, segment: usize) -> u64 {
        self.segments.get(segment).map_or(u64::MAX, |(_, number, _)| *number)
    }

    /// Reads from the file of a segment; where that gives nothing it is damaged.
    fn read<T>(&self, segment: usize, read: impl FnOnce(&HotSegment, &Opened) -> Option<T>) -> Result<T> {
        let missing = || Error::new(ErrorCode::Storage, "a column of no segment was asked for: please report it");
        let (name, number, file) = self.segments.get(segment).ok_or_else(missing)?;
        let opened = self.opened(segment, file).map_err(|error| unreadable(name, error))?;
        opened.and_then(|opened| read(file, &opened)).ok_or_else(|| {
            lock(&self.damaged).insert((name.clone(), *number));
            Error::new(ErrorCode::Storage, format!("the hot columns of '{name}' are damaged"))
        })
    }

    /// The segments of which a column was found damaged, with their numbers.
    pub(in super::super) fn damaged(&self) -> BTreeSet<(String, u64)> {
        lock(&self.damaged).clone()
    }

    /// What the segments hold.
    pub(in super::super) fn blocks(&self) -> Vec<Arc<Vec<BlockIndex>>> {
        self.segments.iter().map(|(_, _, segment)| segment.blocks.clone().unwrap_or_default()).collect()
    }
}

impl BlockSource for Columns<'_> {
    fn count(&self, column: ChargeColumn) -> usize {
        let number = u16::try_from(column.index()).unwrap_or(u16::MAX);
        let words = self.segments.iter().flat_map(|(_, _, segment)| &segment.words);
        let count = words.filter(|(known, _)| *known == number).map(|(_, count)| *count).max();
        count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
    }

    fn words(&self, column: ChargeColumn) -> Result<Arc<Dictionary>> {
        self.hot.vocabulary.words(column, self.count(column), self.state)
    }

    fn texts(&self, column: ChargeColumn, codes: &[u32]) -> Result<Dictionary> {
        self.hot.vocabulary.texts(column, codes, self.state)
    }

    fn tag_values(&self, key: &str) -> Result<Arc<TagValues>> {
        let words = self.words(ChargeColumn::Tags)?;
        if let Some((length, values)) = lock(&self.hot.tags).get(key)
            && *length == words.len()
        {
            return Ok(Arc::clone(values));
        }
        let values = Arc::new(TagValues::read(&words, key));
        let mut tags = lock(&self.hot.tags);
        if tags.len() >= MAX_TAGS {
            tags.pop_first();
        }
        tags.insert(key.to_owned(), (words.len(), Arc::clone(&values)));
        Ok(values)
    }

    fn column(&self, segment: usize, block: usize, section: usize, chunk: usize) -> Result<(Arc<Data>, u64)> {
        let place = (self.number(segment), block, section, Of::Column(chunk));
        if let Some(Known::Column(data)) = self.hot.known.get(&place) {
            return Ok((data, 0));
        }
        let (data, bytes) = self.read(segment, |file, from| file.column(from, block, section, chunk))?;
        let data = Arc::new(data);
        self.hot.known.insert(place, Known::Column(Arc::clone(&data)));
        Ok((data, bytes))
    }

    fn rows(
        &self,
        segment: usize,
        block: usize,
        section: usize,
        chunk: usize,
        rows: Range<usize>,
    ) -> Result<(Data, u64)> {
        self.read(segment, |file, from| file.rows(from, (block, section, chunk), &rows))
    }

    fn records(
        &self,
        segment: usize,
        block: usize,
        section: usize,
        (code, records): (u32, Range<usize>),
        chunks: &[usize],
    ) -> Result<(Arc<Records>, u64)> {
        let place = (self.number(segment), block, section, Of::Records(code));
        let mut wanted = Cow::Borrowed(chunks);
        if let Some(Known::Records(known)) = self.hot.known.get(&place) {
            if chunks.iter().all(|chunk| known.column(*chunk).is_some()) {
                return Ok((known, 0));
            }
            // Those of earlier questions too: the next may be one of them again.
            let others = known.columns.iter().map(|(chunk, _)| *chunk).filter(|chunk| !chunks.contains(chunk));
            wanted.to_mut().extend(others);
        }
        let (found, bytes) =
            self.read(segment, |file, from| file.records(from, (block, section), &records, &wanted))?;
        let found = Arc::new(found);
        self.hot.known.insert(place, Known::Records(Arc::clone(&found)));
        Ok((found, bytes))
    }

    fn is_known(&self, segment: usize, block: usize, section: usize, chunks: &[usize]) -> bool {
        let number = self.number(segment);
        let has = |of: Of| self.hot.known.get(&(number, block, section, of)).is_some();
        let known = has(Of::Section) || chunks.iter().all(|chunk| has(Of::Column(*chunk)));
        if !known {
            self.hot.known.insert((number, block, section, Of::Section), Known::Asked);
        }
        known
    }
}
