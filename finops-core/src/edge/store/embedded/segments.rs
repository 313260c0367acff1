//! Where segment files lie: under a folder, or in memory.

use super::hot::{Bytes, PART, SUFFIX, name_of};
use super::manifest::SegmentEntry;
use super::{damaged, unusable};
use crate::{Error, ErrorCode, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufWriter, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const FOLDER: &str = "charges";
/// How much of a file is written at once. An import has two files for each billing account and period.
const WRITE_BYTES: usize = 256 << 10;

type Memory = Arc<Mutex<HashMap<String, Arc<[u8]>>>>;

/// The place of the segments.
#[derive(Debug)]
pub(super) enum Segments {
    Folder {
        folder: PathBuf,
        /// The files that this process has found, or has made, as the manifest describes them.
        sound: Mutex<BTreeSet<String>>,
    },
    Memory(Memory),
}

impl Segments {
    pub(super) fn in_memory() -> Self {
        Self::Memory(Memory::default())
    }

    pub(super) fn in_folder(store: &Path) -> Result<Self> {
        let folder = store.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|error| unusable(&folder, error))?;
        Ok(Self::Folder { folder, sound: Mutex::default() })
    }

    /// A new segment of that name, such as `2024-09/imp_...parquet`.
    pub(super) fn create(&self, name: &str) -> Result<SegmentFile> {
        match self {
            Self::Memory(_) => Ok(SegmentFile::Memory(Vec::new())),
            Self::Folder { folder, .. } => {
                let path = folder.join(name);
                let parent = path.parent().unwrap_or(folder);
                std::fs::create_dir_all(parent).map_err(|error| unusable(parent, error))?;
                let file = File::create_new(&path).map_err(|error| unusable(&path, error))?;
                Ok(SegmentFile::Disk(BufWriter::with_capacity(WRITE_BYTES, file), path))
            }
        }
    }

    /// Makes a written segment durable under its name.
    pub(super) fn finish(&self, name: &str, file: SegmentFile) -> Result<()> {
        match (self, file) {
            (Self::Folder { folder, sound }, SegmentFile::Disk(writer, path)) => {
                let file = writer.into_inner().map_err(|error| unusable(&path, error.into_error()))?;
                file.sync_all().map_err(|error| unusable(&path, error))?;
                path.parent().into_iter().chain([folder.as_path()]).try_for_each(sync_folder)?;
                lock(sound).insert(name.to_owned());
                Ok(())
            }
            (Self::Memory(memory), SegmentFile::Memory(bytes)) => {
                lock(memory).insert(name.to_owned(), bytes.into());
                Ok(())
            }
            _ => Err(damaged("a segment of another store")),
        }
    }

    /// Keeps a written hot file under its name. It is not made durable: it can be built again.
    pub(super) fn finish_hot(&self, name: &str, file: SegmentFile) -> Result<()> {
        match (self, file) {
            (Self::Folder { .. }, SegmentFile::Disk(writer, path)) => {
                writer.into_inner().map(drop).map_err(|error| unusable(&path, error.into_error()))
            }
            (Self::Memory(memory), SegmentFile::Memory(bytes)) => {
                lock(memory).insert(name.to_owned(), bytes.into());
                Ok(())
            }
            _ => Err(damaged("a file of another store")),
        }
    }

    /// Puts a file in the place of another.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
        match self {
            Self::Folder { folder, .. } => {
                let to = folder.join(to);
                std::fs::rename(folder.join(from), &to).map_err(|error| unusable(&to, error))
            }
            Self::Memory(memory) => {
                let mut memory = lock(memory);
                if let Some(bytes) = memory.remove(from) {
                    memory.insert(to.to_owned(), bytes);
                }
                Ok(())
            }
        }
    }

    /// Where the hot file of a segment is; none when there is none in memory.
    pub(super) fn hot(&self, segment: &str) -> Option<Bytes> {
        let name = name_of(segment);
        match self {
            Self::Folder { folder, .. } => Some(Bytes::Disk(folder.join(name))),
            Self::Memory(memory) => lock(memory).get(&name).map(|bytes| Bytes::Memory(Arc::clone(bytes))),
        }
    }

    /// Removes a segment that no state names, with its hot file. What cannot be removed now is removed at the next
    /// opening.
    pub(super) fn discard(&self, name: &str) {
        self.forget(name);
        self.remove(name);
        self.remove(&name_of(name));
    }

    /// Removes a file, if it is there and can be.
    pub(super) fn remove(&self, name: &str) {
        match self {
            Self::Folder { folder, .. } => drop(std::fs::remove_file(folder.join(name))),
            Self::Memory(memory) => drop(lock(memory).remove(name)),
        }
    }

    /// Compares a segment with the manifest once more when it is next opened.
    pub(super) fn forget(&self, name: &str) {
        if let Self::Folder { sound, .. } = self {
            lock(sound).remove(name);
        }
    }

    /// Opens a segment for reading. Its content is compared with the manifest when a process first reads it.
    pub(super) fn open(&self, entry: &SegmentEntry) -> Result<SegmentReader> {
        match self {
            Self::Folder { folder, sound } => {
                let path = folder.join(&entry.file);
                let file = File::open(&path).map_err(|error| unusable(&path, error))?;
                if !lock(sound).contains(&entry.file) {
                    check(&file, &path, entry)?;
                    lock(sound).insert(entry.file.clone());
                }
                Ok(SegmentReader::Disk(file))
            }
            Self::Memory(memory) => {
                let memory = lock(memory);
                let bytes = memory.get(&entry.file).ok_or_else(|| damaged("a segment that is not there"))?;
                Ok(SegmentReader::Memory(Arc::clone(bytes)))
            }
        }
    }

    /// Removes what an import, or the building of a hot file, left behind that did not finish.
    pub(super) fn remove_unnamed(&self, named: &BTreeSet<String>) -> Result<()> {
        let Self::Folder { folder, .. } = self else { return Ok(()) };
        for period in folders_in(folder)? {
            let Some(period_name) = period.file_name().and_then(|name| name.to_str()) else { continue };
            for entry in std::fs::read_dir(&period).map_err(|error| unusable(&period, error))? {
                let path = entry.map_err(|error| unusable(&period, error))?.path();
                let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
                let whole = name.strip_suffix(PART).unwrap_or(name);
                let segment = whole.strip_suffix(SUFFIX).unwrap_or(whole);
                let ours = segment.starts_with("imp_") && segment.ends_with(".parquet");
                let named = whole == name && named.contains(&format!("{period_name}/{segment}"));
                if ours && !named {
                    std::fs::remove_file(&path).map_err(|error| unusable(&path, error))?;
                }
            }
        }
        Ok(())
    }
}

/// A panic elsewhere cannot have left a set or a map half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A segment whose content is not what was written would give wrong costs: Parquet itself would not notice.
fn check(file: &File, path: &Path, entry: &SegmentEntry) -> Result<()> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(|error| unusable(path, error))?;
    if hasher.finalize().as_bytes() == entry.digest.as_slice() {
        return Ok(());
    }
    let message = format!(
        "the segment '{}' is not as it was written: restore it from a backup, or import its billing period again",
        entry.file
    );
    Err(Error::new(ErrorCode::Storage, message))
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| unusable(folder, error))?;
    let paths = entries.map(|entry| Ok(entry.map_err(|error| unusable(folder, error))?.path()));
    Ok(paths.collect::<Result<Vec<_>>>()?.into_iter().filter(|path| path.is_dir()).collect())
}

/// Makes the names in a folder durable. Windows has no such call and needs none.
fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| unusable(folder, error))
}

/// A segment being written.
#[derive(Debug)]
pub(super) enum SegmentFile {
    /// A file and where it lies.
    Disk(BufWriter<File>, PathBuf),
    Memory(Vec<u8>),
}

impl Write for SegmentFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Disk(file, _) => file.write(bytes),
            Self::Memory(buffer) => buffer.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Disk(file, _) => file.flush(),
            Self::Memory(_) => Ok(()),
        }
    }
}

/// A segment being read.
#[derive(Debug)]
pub(super) enum SegmentReader {
    Disk(File),
    Memory(Arc<[u8]>),
}

impl Length for SegmentReader {
    fn len(&self) -> u64 {
        match self {
            Self::Disk(file) => file.len(),
            Self::Memory(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        }
    }
}

impl ChunkReader for SegmentReader {
    type T = Box<dyn Read + Send>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        match self {
            Self::Disk(file) => Ok(Box::new(file.get_read(start)?)),
            Self::Memory(bytes) => {
                let mut cursor = Cursor::new(Arc::clone(bytes));
                cursor.set_position(start);
                Ok(Box::new(cursor))
            }
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<bytes::Bytes> {
        match self {
            Self::Disk(file) => file.get_bytes(start, length),
            Self::Memory(bytes) => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                let range = bytes.get(start..start.saturating_add(length));
                let range =
                    range.ok_or_else(|| parquet::errors::ParquetError::EOF("past the end of a segment".into()))?;
                Ok(bytes::Bytes::copy_from_slice(range))
            }
        }
    }
}
