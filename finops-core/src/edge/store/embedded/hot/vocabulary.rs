//! The texts that hot columns have codes for, one list for each column of a store, which only grows.
//!
//! The lists lie in the state file, and what an import adds to them is committed with the import: a code in a hot file
//! that a state names always has its text.

use super::super::{broken, damaged};
use crate::Result;
use crate::model::charge::{ChargeColumn, Dictionary};
use hashbrown::{DefaultHashBuilder, HashTable};
use rusqlite::{Connection, Transaction, params};
use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many texts a page has at most.
const PAGE_TEXTS: usize = 1024;
/// How long a text may be to have a code, in bytes: no provider lets tags grow so large.
const MAX_TEXT: usize = 32 << 10;
/// How many bytes of text may come new in a column with one import.
const MAX_NEW: usize = 256 << 20;

/// The lists as far as they were read.
#[derive(Debug, Default)]
pub(in super::super) struct Vocabulary {
    columns: Mutex<BTreeMap<ChargeColumn, Arc<Dictionary>>>,
    /// How many texts there are at least, read or not.
    counted: Mutex<BTreeMap<ChargeColumn, usize>>,
}

impl Vocabulary {
    /// The texts of a column, at least as many as `wanted`.
    ///
    /// # Errors
    /// `storage` when there are fewer, or they cannot be read.
    pub(in super::super) fn words(
        &self,
        column: ChargeColumn,
        wanted: usize,
        state: &Mutex<Connection>,
    ) -> Result<Arc<Dictionary>> {
        let mut known = lock(&self.columns).get(&column).cloned().unwrap_or_default();
        if known.len() < wanted {
            // Never with both locks: an import takes them the other way round.
            let more = read(&lock(state), column, &known)?;
            let mut columns = lock(&self.columns);
            let held = columns.entry(column).or_default();
            if let Some(more) = more.filter(|more| more.len() > held.len()) {
                *held = Arc::new(more);
            }
            known = Arc::clone(held);
        }
        if known.len() < wanted {
            return Err(damaged(format!("codes of {} without texts", column.name())));
        }
        Ok(known)
    }

    /// The texts of some codes, which ascend.
    ///
    /// # Errors
    /// `storage` when one has none, or they cannot be read.
    pub(in super::super) fn texts(
        &self,
        column: ChargeColumn,
        codes: &[u32],
        state: &Mutex<Connection>,
    ) -> Result<Dictionary> {
        let known = lock(&self.columns).get(&column).cloned().unwrap_or_default();
        let mut texts = Dictionary::default();
        let mut page = (0, Dictionary::default());
        for code in codes {
            let place = code.saturating_sub(1);
            if known.get(place).is_none() && page.1.get(code.wrapping_sub(page.0)).is_none() {
                page = page_of(&lock(state), column, *code)?;
            }
            let text = known.get(place).or_else(|| page.1.get(code.wrapping_sub(page.0)));
            texts.push(text.ok_or_else(|| damaged(format!("a code of {} without a text", column.name())))?);
        }
        Ok(texts)
    }

    /// Whether there are that many texts of each column. There are fewer when the state file is an older copy.
    pub(super) fn holds(&self, wanted: &[(u16, u32)], state: &Mutex<Connection>) -> bool {
        let holds = |counted: &BTreeMap<ChargeColumn, usize>| {
            wanted.iter().all(|(number, count)| {
                let column = ChargeColumn::ALL.get(usize::from(*number));
                let held = column.map(|column| counted.get(column).copied().unwrap_or(0));
                held.zip(usize::try_from(*count).ok()).is_some_and(|(held, count)| count <= held)
            })
        };
        if holds(&lock(&self.counted)) {
            return true;
        }
        let Some(counts) = counts(&lock(state)) else { return false };
        let held = holds(&counts);
        *lock(&self.counted) = counts;
        held
    }

    /// Every text of a column that is in the state file now.
    fn refreshed(&self, connection: &Connection, column: ChargeColumn) -> Result<Arc<Dictionary>> {
        let mut columns = lock(&self.columns);
        let known = columns.entry(column).or_default();
        if let Some(more) = read(connection, column, known)? {
            *known = Arc::new(more);
        }
        Ok(Arc::clone(known))
    }
}

/// A panic elsewhere cannot have left a map half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The list of a column with what came after `known`; none when that is nothing.
fn read(connection: &Connection, column: ChargeColumn, known: &Dictionary) -> Result<Option<Dictionary>> {
    let sql = "SELECT first, texts FROM vocabulary WHERE column_name = ?1 AND first > ?2 ORDER BY first";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let last = i64::try_from(known.len()).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![column.name(), last]).map_err(broken)?;
    let mut words: Option<Dictionary> = None;
    while let Some(row) = rows.next().map_err(broken)? {
        let words = words.get_or_insert_with(|| known.clone());
        let first: i64 = row.get(0).map_err(broken)?;
        if usize::try_from(first).ok() != Some(words.len() + 1) {
            return Err(damaged("a gap in the vocabulary"));
        }
        let texts = row.get_ref(1).map_err(broken)?;
        unpack(texts.as_blob().map_err(damaged)?, words).ok_or_else(|| damaged("a page of the vocabulary"))?;
    }
    Ok(words)
}

/// How many texts each column has; the last page of each tells.
fn counts(connection: &Connection) -> Option<BTreeMap<ChargeColumn, usize>> {
    let sql = "SELECT column_name, first, substr(texts, 1, 4)
               FROM (SELECT column_name AS name, max(first) AS last FROM vocabulary GROUP BY column_name)
               JOIN vocabulary ON column_name = name AND first = last";
    let mut statement = connection.prepare_cached(sql).ok()?;
    let mut rows = statement.query([]).ok()?;
    let mut counts = BTreeMap::new();
    while let Some(row) = rows.next().ok()? {
        let column = ChargeColumn::from_name(row.get_ref(0).ok()?.as_str().ok()?);
        let (first, texts): (i64, [u8; 4]) = (row.get(1).ok()?, row.get(2).ok()?);
        let last = usize::try_from(u32::from_le_bytes(texts)).ok()?;
        if let Some(column) = column {
            counts.insert(column, usize::try_from(first - 1).ok()?.checked_add(last)?);
        }
    }
    Some(counts)
}

/// The page that holds a code, and its first code.
fn page_of(connection: &Connection, column: ChargeColumn, code: u32) -> Result<(u32, Dictionary)> {
    let sql = "SELECT first, texts FROM vocabulary WHERE column_name = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let mut rows = statement.query(params![column.name(), code]).map_err(broken)?;
    let mut words = Dictionary::default();
    let Some(row) = rows.next().map_err(broken)? else { return Ok((0, words)) };
    let texts = row.get_ref(1).map_err(broken)?;
    unpack(texts.as_blob().map_err(damaged)?, &mut words).ok_or_else(|| damaged("a page of the vocabulary"))?;
    Ok((row.get(0).map_err(broken)?, words))
}

/// The count of the texts, the length of each, then the texts.
fn pack<'t>(texts: impl ExactSizeIterator<Item = &'t str> + Clone) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut page = number(texts.len()).to_vec();
    texts.clone().for_each(|text| page.extend(number(text.len())));
    texts.for_each(|text| page.extend(text.as_bytes()));
    page
}

fn unpack(page: &[u8], words: &mut Dictionary) -> Option<()> {
    let (count, rest) = page.split_first_chunk::<4>()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (lengths, texts) = rest.split_at_checked(count.checked_mul(4)?)?;
    let lengths = lengths.as_chunks::<4>().0.iter().map(|length| u32::from_le_bytes(*length));
    words.extend(std::str::from_utf8(texts).ok()?, lengths.map(|length| usize::try_from(length).unwrap_or(usize::MAX)))
}

/// Texts with their codes, and those that came new.
#[derive(Debug)]
struct Words {
    known: Arc<Dictionary>,
    new: Dictionary,
    /// Codes by text; empty until somebody asks for one, since most imports leave most columns alone.
    codes: HashTable<u32>,
    // Seeded at random, so that a hostile bill cannot choose texts that collide.
    hasher: DefaultHashBuilder,
}

impl Words {
    fn new(known: Arc<Dictionary>) -> Self {
        Self { known, new: Dictionary::default(), codes: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }

    fn text_of<'w>(known: &'w Dictionary, new: &'w Dictionary, code: u32) -> Option<&'w str> {
        let place = code.checked_sub(1)?;
        let held = u32::try_from(known.len()).ok()?;
        if place < held { known.get(place) } else { new.get(place - held) }
    }

    fn insert(&mut self, code: u32) {
        let Self { known, new, codes, hasher } = self;
        let hash = |code: &u32| hasher.hash_one(Self::text_of(known, new, *code).unwrap_or_default());
        codes.insert_unique(hash(&code), code, hash);
    }

    fn code_of(&mut self, text: &str, most: usize) -> Option<u32> {
        if self.codes.is_empty() {
            (1..=self.len()).for_each(|code| self.insert(code));
        }
        let Self { known, new, codes, hasher } = self;
        let is_text = |code: &u32| Self::text_of(known, new, *code) == Some(text);
        if let Some(code) = codes.find(hasher.hash_one(text), is_text) {
            return Some(*code);
        }
        if new.packed().0.len() + text.len() > most {
            return None;
        }
        new.push(text);
        let code = self.len();
        self.insert(code);
        Some(code)
    }

    fn len(&self) -> u32 {
        u32::try_from(self.known.len() + self.new.len()).unwrap_or(u32::MAX)
    }
}

/// What an import adds to the lists, before it is committed.
#[derive(Debug, Default)]
pub(in super::super) struct Draft {
    columns: BTreeMap<ChargeColumn, Words>,
}

impl Draft {
    /// A draft on top of what the state file holds now. Only one is written at a time.
    pub(in super::super) fn new(vocabulary: &Vocabulary, connection: &Connection) -> Result<Self> {
        let mut columns = BTreeMap::new();
        for column in crate::insight::blocks::dimension_columns() {
            columns.insert(column, Words::new(vocabulary.refreshed(connection, column)?));
        }
        Ok(Self { columns })
    }

    /// The code of a text, a new one where it was not met before; none where it is too long, or too many came new.
    pub(super) fn code_of(&mut self, column: ChargeColumn, text: &str) -> Option<u32> {
        let code = self.columns.get_mut(&column).filter(|_| text.len() <= MAX_TEXT)?.code_of(text, MAX_NEW)?;
        Some(code)
    }

    /// For each column how many texts have a code.
    pub(super) fn counts(&self) -> Vec<(u16, u32)> {
        let number = |column: &ChargeColumn| u16::try_from(column.index()).unwrap_or(u16::MAX);
        self.columns.iter().map(|(column, words)| (number(column), words.len())).collect()
    }

    /// Writes what is new into the state file.
    pub(in super::super) fn save(&self, transaction: &Transaction<'_>) -> Result<()> {
        let sql = "INSERT INTO vocabulary (column_name, first, texts) VALUES (?1, ?2, ?3)";
        for (column, words) in &self.columns {
            let texts: Vec<&str> = words.new.iter().collect();
            let mut first = words.known.len() + 1;
            for page in texts.chunks(PAGE_TEXTS) {
                let number = i64::try_from(first).unwrap_or(i64::MAX);
                transaction.execute(sql, params![column.name(), number, pack(page.iter().copied())]).map_err(broken)?;
                first += page.len();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorCode;

    const COLUMN: ChargeColumn = ChargeColumn::ResourceId;

    fn state() -> Mutex<Connection> {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE vocabulary (column_name TEXT NOT NULL, first INTEGER NOT NULL, texts BLOB NOT NULL,
                                              UNIQUE (column_name, first)) STRICT";
        connection.execute_batch(table).unwrap();
        Mutex::new(connection)
    }

    fn text(number: usize) -> String {
        format!("ё-{number}").repeat(number % 3)
    }

    /// Gives texts their codes and commits them, as an import does.
    fn import(vocabulary: &Vocabulary, state: &Mutex<Connection>, texts: std::ops::Range<usize>) -> Vec<u32> {
        let mut connection = state.lock().unwrap();
        let mut draft = Draft::new(vocabulary, &connection).unwrap();
        let codes = texts.map(|number| draft.code_of(COLUMN, &format!("{number}{}", text(number))).unwrap()).collect();
        let transaction = connection.transaction().unwrap();
        draft.save(&transaction).unwrap();
        transaction.commit().unwrap();
        codes
    }

    fn number() -> u16 {
        u16::try_from(COLUMN.index()).unwrap()
    }

    #[test]
    fn codes_stay_and_have_their_texts_over_pages_and_imports() {
        let (state, vocabulary) = (state(), Vocabulary::default());
        let all = 2 * PAGE_TEXTS + 10;
        let first: Vec<u32> = (1..=u32::try_from(all).unwrap()).collect();
        assert_eq!(import(&vocabulary, &state, 0..all), first);
        assert_eq!(import(&vocabulary, &state, 5..all), first[5..], "what is known keeps its code");
        let more = import(&vocabulary, &state, all - 1..all + 3);
        assert_eq!(more, (first[all - 1]..first[all - 1] + 4).collect::<Vec<_>>());
        let pages: i64 =
            state.lock().unwrap().query_row("SELECT count(*) FROM vocabulary", [], |row| row.get(0)).unwrap();
        assert_eq!(pages, 4);
        // One that has read nothing yet, and the one that wrote.
        for vocabulary in [Vocabulary::default(), vocabulary] {
            let codes = [1, 2, 1024, 1025, 2048, 2049, 2058, 2059, 2061];
            let texts = vocabulary.texts(COLUMN, &codes, &state).unwrap();
            let wanted = codes.map(|code| usize::try_from(code).unwrap() - 1).map(|n| format!("{n}{}", text(n)));
            assert!(texts.iter().eq(wanted.iter().map(String::as_str)));
            let error = vocabulary.texts(COLUMN, &[2061, 2062], &state).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Storage);
            assert!(vocabulary.holds(&[(number(), 2061), (0, 0)], &state));
            assert!(!vocabulary.holds(&[(number(), 2062)], &state) && !vocabulary.holds(&[(9999, 0)], &state));
            let words = vocabulary.words(COLUMN, 2061, &state).unwrap();
            assert_eq!((words.len(), words.get(2060)), (2061, Some(format!("2060{}", text(2060)).as_str())));
            assert_eq!(vocabulary.words(COLUMN, 2062, &state).unwrap_err().code(), ErrorCode::Storage);
        }
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        let (state, vocabulary) = (state(), Vocabulary::default());
        let mut draft = Draft::new(&vocabulary, &state.lock().unwrap()).unwrap();
        assert_eq!(draft.code_of(COLUMN, ""), Some(1));
        assert_eq!(draft.code_of(COLUMN, &"x".repeat(MAX_TEXT)), Some(2));
        assert_eq!(draft.code_of(COLUMN, &"x".repeat(MAX_TEXT + 1)), None);
        assert_eq!(draft.code_of(ChargeColumn::ChargeDescription, "x"), None, "no dimension");
        assert_eq!(draft.counts().iter().find(|(column, _)| *column == number()), Some(&(number(), 2)));
    }

    type Damage = fn(&mut Vec<u8>);

    #[test]
    fn gaps_and_damaged_pages_are_errors() {
        let whole = "SELECT texts FROM vocabulary WHERE first = 1025";
        let damages: [(&str, Damage); 5] = [
            ("cut", |page| page.truncate(100)),
            ("no count", |page| page.truncate(3)),
            ("longer", |page| page.push(b'x')),
            ("another length", |page| page[4] ^= 0x80),
            ("no text", |page| *page.last_mut().unwrap() = 0xff),
        ];
        for (what, damage) in damages {
            let (state, vocabulary) = (state(), Vocabulary::default());
            import(&vocabulary, &state, 0..1100);
            let connection = state.lock().unwrap();
            let mut page: Vec<u8> = connection.query_row(whole, [], |row| row.get(0)).unwrap();
            damage(&mut page);
            connection.execute("UPDATE vocabulary SET texts = ?1 WHERE first = 1025", params![page]).unwrap();
            drop(connection);
            assert_eq!(
                Vocabulary::default().words(COLUMN, 1, &state).unwrap_err().code(),
                ErrorCode::Storage,
                "{what}"
            );
            let texts = |code| Vocabulary::default().texts(COLUMN, &[code], &state);
            assert_eq!(texts(1030).unwrap_err().code(), ErrorCode::Storage, "{what}");
            assert!(texts(1024).is_ok(), "{what}: of a page that is sound");
            let draft = Draft::new(&Vocabulary::default(), &state.lock().unwrap());
            assert_eq!(draft.unwrap_err().code(), ErrorCode::Storage, "{what}");
        }
        let (state, vocabulary) = (state(), Vocabulary::default());
        import(&vocabulary, &state, 0..2100);
        state.lock().unwrap().execute("DELETE FROM vocabulary WHERE first = 1025", []).unwrap();
        let error = Vocabulary::default().words(COLUMN, 1, &state).unwrap_err();
        assert!(error.message().contains("gap"), "{error}");
        assert!(Vocabulary::default().texts(COLUMN, &[1030], &state).is_err());
    }
}
