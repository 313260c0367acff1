//! CSV, plain or gzipped: comma, semicolon or tab, told by the header.

use super::files::unreadable;
use super::{BATCH_ROWS, RowSource};
use crate::model::charge::TextBuilder;
use crate::pipeline::intake::{MAX_COLUMNS, RawCells, RawTable};
use crate::{Error, Result};
use csv_core::ReadRecordResult;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How long one record may be: a bill's line has a few kilobytes; a line of gigabytes is no bill.
const MAX_RECORD_BYTES: usize = 16 << 20;
/// How much text a batch has at most, but for its last record: rows may be long, and several batches wait in memory.
const BATCH_BYTES: usize = 32 << 20;
/// How many cells a batch has at most: an empty one takes room as well.
const BATCH_CELLS: usize = 4 << 20;
const READ_BYTES: usize = 1 << 18;

/// A CSV file being read.
pub(super) struct CsvSource {
    records: Records,
    header: Vec<String>,
    builders: Vec<TextBuilder>,
    bytes_read: Arc<AtomicU64>,
}

impl CsvSource {
    pub(super) fn plain(file: File, path: &Path) -> Result<Self> {
        let (file, bytes_read) = Counted::new(file);
        Self::new(Box::new(file), path, bytes_read)
    }

    pub(super) fn gzip(file: File, path: &Path) -> Result<Self> {
        let (file, bytes_read) = Counted::new(file);
        Self::new(Box::new(MultiGzDecoder::new(BufReader::with_capacity(READ_BYTES, file))), path, bytes_read)
    }

    fn new(reader: Box<dyn Read + Send>, path: &Path, bytes_read: Arc<AtomicU64>) -> Result<Self> {
        let mut input = BufReader::with_capacity(READ_BYTES, reader);
        let start = input.fill_buf().map_err(|error| unreadable(path, error))?;
        let delimiter = sniff(start);
        if start.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        let mut records = Records::new(input, delimiter, path);
        if !records.advance()? {
            return Err(Error::invalid("path", format!("'{}' has no header", path.display())));
        }
        let header = records.fields().map(|fields| fields.map(|field| field.trim().to_owned()).collect::<Vec<_>>());
        let not_text = || Error::invalid("path", format!("'{}' is neither Parquet nor CSV in UTF-8", path.display()));
        let header = header.ok_or_else(not_text)?;
        let builders = std::iter::repeat_with(TextBuilder::default).take(header.len()).collect();
        Ok(Self { records, header, builders, bytes_read })
    }
}

impl RowSource for CsvSource {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn next_batch(&mut self) -> Result<Option<RawTable>> {
        let mut malformed = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        let most_rows = BATCH_ROWS.min(BATCH_CELLS / self.header.len().max(1)).max(1);
        while rows < most_rows && bytes < BATCH_BYTES && self.records.advance()? {
            bytes += self.records.bytes();
            if !self.records.push_into(&mut self.builders) {
                malformed.push(rows);
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = self.builders.iter_mut().map(|builder| RawCells::Text(builder.take())).collect();
        Ok(Some(RawTable { rows, columns, malformed }))
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }
}

/// The records of a file, one at a time in a buffer that is used again.
struct Records {
    input: BufReader<Box<dyn Read + Send>>,
    parser: csv_core::Reader,
    path: PathBuf,
    text: Vec<u8>,
    ends: Vec<usize>,
    fields: usize,
    count: u64,
    /// Whether the line end was given that closes the last line.
    ended: bool,
}

impl Records {
    fn new(input: BufReader<Box<dyn Read + Send>>, delimiter: u8, path: &Path) -> Self {
        Self {
            input,
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            path: path.to_owned(),
            text: vec![0; 4096],
            ends: vec![0; 128],
            fields: 0,
            count: 0,
            ended: false,
        }
    }

    /// Moves to the next record; false at the end.
    fn advance(&mut self) -> Result<bool> {
        let (mut written, mut ended) = (0, 0);
        loop {
            let input = self.input.fill_buf().map_err(|error| unreadable(&self.path, error))?;
            let at_end = input.is_empty();
            // The last line may lack its end. A line end within quotes is text, though: then a quote is open.
            let input = if at_end && !self.ended { b"\n" } else { input };
            let text = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(ended..).unwrap_or_default();
            let (result, read, wrote, ends) = self.parser.read_record(input, text, ends);
            if at_end {
                self.ended |= read > 0;
            } else {
                self.input.consume(read);
            }
            written += wrote;
            ended += ends;
            match result {
                ReadRecordResult::InputEmpty if at_end && written > 0 => return Err(self.open_quote()),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.grow_text()?,
                ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                ReadRecordResult::Record => {
                    self.fields = ended;
                    self.count += 1;
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    fn grow_text(&mut self) -> Result<()> {
        if self.text.len() >= MAX_RECORD_BYTES {
            return Err(self.too_long(&format!("is longer than {} MiB", MAX_RECORD_BYTES >> 20)));
        }
        self.text.resize(self.text.len() * 2, 0);
        Ok(())
    }

    fn grow_ends(&mut self) -> Result<()> {
        if self.ends.len() >= MAX_COLUMNS {
            return Err(self.too_long(&format!("has more than {MAX_COLUMNS} cells")));
        }
        self.ends.resize(self.ends.len() * 2, 0);
        Ok(())
    }

    fn open_quote(&self) -> Error {
        let (path, record) = (self.path.display(), self.count);
        let message =
            format!("record {record} of '{path}' opens a quote that is never closed: the file may be cut off");
        Error::invalid("path", message)
    }

    fn too_long(&self, what: &str) -> Error {
        let (path, record) = (self.path.display(), self.count);
        Error::invalid("path", format!("record {record} of '{path}' {what}: a quote may not be closed"))
    }

    /// How much text the record has.
    fn bytes(&self) -> usize {
        self.ends.get(..self.fields).and_then(<[usize]>::last).copied().unwrap_or(0)
    }

    /// The cells of the record; none when it is not UTF-8.
    fn fields(&self) -> Option<impl Iterator<Item = &str>> {
        let ends = self.ends.get(..self.fields)?;
        // Checked once for the whole record; a cell that ends within a character fails in the slice below.
        let text = std::str::from_utf8(self.text.get(..ends.last().copied().unwrap_or(0))?).ok()?;
        let starts = || std::iter::once(0).chain(ends.iter().copied());
        starts()
            .all(|start| text.is_char_boundary(start))
            .then(|| starts().zip(ends).map(|(start, &end)| text.get(start..end).unwrap_or_default()))
    }

    /// Adds the cells to the columns; false, with empty cells, when they do not fit.
    fn push_into(&self, builders: &mut [TextBuilder]) -> bool {
        let fields = self.fields().filter(|_| self.fields == builders.len());
        let Some(fields) = fields else {
            for builder in builders {
                builder.push(None);
            }
            return false;
        };
        for (builder, field) in builders.iter_mut().zip(fields) {
            builder.push(Some(field).filter(|field| !field.is_empty()));
        }
        true
    }
}

/// The delimiter that the first line has most of.
fn sniff(start: &[u8]) -> u8 {
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.split(|&byte| byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        (Self { inner, count: Arc::clone(&count) }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}
