//! From what the caller names to files, and from a file to its reader.

use super::RowSource;
use super::csv::CsvSource;
use super::parquet::ParquetSource;
use crate::{Error, ErrorCode, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many files one import may have.
const MAX_FILES: usize = 10_000;
/// How a gzip file starts.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ENDINGS: [&str; 3] = [".csv", ".csv.gz", ".parquet"];

/// A file of a delivery.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Where it lies.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// When it was last written, where the file system tells.
    modified: Option<SystemTime>,
}

/// The files that a path, a folder or a glob names, in the order of their names.
///
/// # Errors
/// `invalid_argument` on field `path` when nothing is there, and for a glob that cannot be read.
pub fn expand(path: &str) -> Result<Vec<SourceFile>> {
    let paths = if Path::new(path).is_dir() {
        bills_in(Path::new(path))?
    } else if Path::new(path).exists() {
        vec![PathBuf::from(path)]
    } else {
        matches(path)?
    };
    if paths.is_empty() {
        return Err(wrong(format!("no file is at '{path}': give a CSV, CSV.gz or Parquet file, a folder or a glob")));
    }
    if paths.len() > MAX_FILES {
        return Err(wrong(format!("'{path}' names {} files: import at most {MAX_FILES} at once", paths.len())));
    }
    paths.into_iter().map(describe).collect()
}

fn bills_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| wrong(format!("the folder '{}' cannot be read: {error}", folder.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.to_string_lossy().to_lowercase();
        if path.is_file() && ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn matches(pattern: &str) -> Result<Vec<PathBuf>> {
    let found = glob::glob(pattern).map_err(|error| wrong(format!("'{pattern}' is no path and no glob: {error}")))?;
    let paths: std::result::Result<Vec<_>, _> = found.collect();
    let mut paths = paths.map_err(|error| wrong(error.to_string()))?;
    paths.retain(|path| path.is_file());
    Ok(paths)
}

fn describe(path: PathBuf) -> Result<SourceFile> {
    let metadata = path.metadata().map_err(|error| unreadable(&path, error))?;
    if !metadata.is_file() {
        return Err(wrong(format!("'{}' is no file", path.display())));
    }
    Ok(SourceFile { path, bytes: metadata.len(), modified: metadata.modified().ok() })
}

impl SourceFile {
    /// A reader for the format that the first bytes tell.
    pub(crate) fn open(&self) -> Result<Box<dyn RowSource>> {
        let mut file = File::open(&self.path).map_err(|error| unreadable(&self.path, error))?;
        let mut magic = [0; 4];
        let read = file.read(&mut magic).map_err(|error| unreadable(&self.path, error))?;
        file.rewind().map_err(|error| unreadable(&self.path, error))?;
        match magic.get(..read) {
            Some(b"PAR1") => Ok(Box::new(ParquetSource::open(file, &self.path)?)),
            Some(start) if start.starts_with(&GZIP) => Ok(Box::new(CsvSource::gzip(file, &self.path)?)),
            Some([]) => Err(wrong(format!("'{}' is empty", self.path.display()))),
            _ => Ok(Box::new(CsvSource::plain(file, &self.path)?)),
        }
    }

    /// Refuses a file that was written to since it was found: what was read may be half of the old, half of the new.
    pub(crate) fn refuse_when_changed(&self) -> Result<()> {
        let now = describe(self.path.clone())?;
        if (now.bytes, now.modified) == (self.bytes, self.modified) {
            return Ok(());
        }
        let message = format!("'{}' was written to while it was read: import it again", self.path.display());
        Err(Error::new(ErrorCode::Conflict, message).with_field("path"))
    }

    /// Hashes the content, unpacked, by which the same file is known again wherever it lies.
    pub(crate) fn hash_content(&self, hasher: &mut blake3::Hasher) -> Result<()> {
        let unreadable = |error| unreadable(&self.path, error);
        let file = File::open(&self.path).map_err(unreadable)?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let is_gzip = reader.fill_buf().map_err(unreadable)?.starts_with(&GZIP);
        let outcome =
            if is_gzip { hasher.update_reader(MultiGzDecoder::new(reader)) } else { hasher.update_reader(reader) };
        outcome.map(drop).map_err(unreadable)
    }
}

fn wrong(message: String) -> Error {
    Error::invalid("path", message)
}

pub(super) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let message = format!("'{}' cannot be read: {error}", path.display());
    let code = match error.kind() {
        // `InvalidInput` is what gzip gives for a wrong checksum.
        ErrorKind::NotFound | ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
            ErrorCode::InvalidArgument
        }
        _ => ErrorCode::Storage,
    };
    Error::new(code, message).with_field("path").with_source(error)
}
