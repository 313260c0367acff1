//! What of a section is loaded, and from where: whole columns, parts of them, or records of its drill.

use super::Shared;
use super::view::{Column, Held};
use crate::insight::blocks::{BlockIndex, Codes, Coding, Data, Measure, Records, SectionIndex, What};
use crate::{Error, ErrorCode, Result};
use std::ops::Range;
use std::sync::Arc;

/// A column that has fewer bytes than this for each stretch of rows that is needed is read whole: to read once more
/// takes about as long as to read so many bytes more.
const SHORT_BYTES: usize = 8 << 10;

/// A section, and the question that it is read for.
pub(super) struct Of<'a> {
    pub(super) shared: &'a Shared<'a>,
    /// The places of the segment, the block and the section.
    pub(super) place: (usize, usize, usize),
    pub(super) index: &'a BlockIndex,
    pub(super) section: &'a SectionIndex,
    /// The columns that are needed, with the places of their chunks.
    columns: Vec<(What, usize)>,
}

impl<'a> Of<'a> {
    pub(super) fn new(
        shared: &'a Shared<'a>,
        place: (usize, usize, usize),
        index: &'a BlockIndex,
        section: &'a SectionIndex,
    ) -> Self {
        let prepared = shared.prepared;
        let quantity = prepared.metered.as_ref().map(|_| Measure::Quantity);
        let measures = prepared.measures.iter().copied().chain(quantity);
        let dimensions = prepared.columns.iter().map(|column| What::Dimension(*column));
        let all = dimensions.chain([What::Charges]);
        let all = all.chain(measures.flat_map(|measure| [What::Amount(measure), What::Unknown(measure)]));
        let columns = all.filter_map(|what| Some((what, section.find(what)?))).collect();
        Self { shared, place, index, section, columns }
    }

    /// The place of the chunk of a column that is needed; none where it is zero everywhere.
    pub(super) fn find(&self, what: What) -> Option<usize> {
        self.columns.iter().find(|(known, _)| *known == what).map(|(_, chunk)| *chunk)
    }

    /// How many bytes the columns have that are needed.
    pub(super) fn bytes(&self) -> u64 {
        let chunks = self.columns.iter().filter_map(|(_, chunk)| self.section.chunks.get(*chunk));
        chunks.map(|chunk| chunk.bytes).sum()
    }

    /// A column with all its rows, and how many bytes were read from disk for it.
    pub(super) fn column(&self, chunk: usize) -> Result<(Arc<Data>, u64)> {
        let (segment, block, section) = self.place;
        self.shared.source.column(segment, block, section, chunk)
    }

    /// Whether the columns that are needed are worth reading whole, since they are in memory, or the section was asked
    /// before.
    pub(super) fn is_known(&self) -> bool {
        let (segment, block, section) = self.place;
        // What is the same in all rows is never read.
        let is_read = |chunk: &usize| {
            let coding = self.section.chunks.get(*chunk).map(|chunk| chunk.coding);
            coding.is_some_and(|coding| !matches!(coding, Coding::One(_) | Coding::Zero))
        };
        let chunks: Vec<usize> = self.columns.iter().map(|(_, chunk)| *chunk).filter(is_read).collect();
        self.shared.source.is_known(segment, block, section, &chunks)
    }

    /// The records of a code as columns, and how many bytes were read from disk for them.
    pub(super) fn records(&self, code: u32, records: Range<usize>) -> Result<(Arc<Records>, u64)> {
        let (segment, block, section) = self.place;
        // All of them have the same code of the lead.
        let lead = self.section.lead.map(What::Dimension);
        let columns = self.columns.iter().filter(|(what, _)| Some(*what) != lead);
        let chunks: Vec<usize> = columns.map(|(_, chunk)| *chunk).collect();
        self.shared.source.records(segment, block, section, (code, records), &chunks)
    }
}

/// Columns of a section that are kept until all is gone through, with the places of their chunks.
#[derive(Default)]
pub(super) struct Kept(Vec<(usize, Arc<Data>)>);

impl Kept {
    pub(super) fn known(&self, chunk: usize) -> Option<&Arc<Data>> {
        self.0.iter().find(|(known, _)| *known == chunk).map(|(_, data)| data)
    }

    /// A column, read once, and how many bytes were read from disk for it now.
    pub(super) fn read(&mut self, of: &Of<'_>, chunk: usize) -> Result<(Arc<Data>, u64)> {
        if let Some(data) = self.known(chunk) {
            return Ok((Arc::clone(data), 0));
        }
        let (data, bytes) = of.column(chunk)?;
        self.0.push((chunk, Arc::clone(&data)));
        Ok((data, bytes))
    }
}

/// Where the rows of a view come from.
pub(super) enum Rows<'f> {
    /// All, from whole columns.
    All,
    /// Some, from parts of columns.
    Few(Few<'f>),
    /// Those of one code of the lead, from records of the drill.
    Drilled { code: u32, records: &'f Records },
}

/// Some of the rows of a section.
pub(super) struct Few<'f> {
    pub(super) rows: Range<usize>,
    /// In how many stretches rows are needed of the section.
    pub(super) stretches: usize,
    pub(super) whole: &'f mut Kept,
}

impl Few<'_> {
    /// The rows of a column, and how many bytes were read from disk for it.
    fn read(&mut self, of: &Of<'_>, chunk: usize) -> Result<(Data, u64)> {
        if self.whole.known(chunk).is_none() && self.is_long(of, chunk) {
            let (segment, block, section) = of.place;
            return of.shared.source.rows(segment, block, section, chunk, self.rows.clone());
        }
        let (data, bytes) = self.whole.read(of, chunk)?;
        Ok((data.part(self.rows.clone()), bytes))
    }

    fn is_long(&self, of: &Of<'_>, chunk: usize) -> bool {
        let bytes = of.section.chunks.get(chunk).and_then(|chunk| usize::try_from(chunk.bytes).ok());
        bytes.is_none_or(|bytes| bytes >= self.stretches.saturating_mul(SHORT_BYTES))
    }
}

/// Loads the columns of a view one by one.
pub(super) struct Loader<'a> {
    of: &'a Of<'a>,
    rows: Rows<'a>,
    pub(super) bytes_read: u64,
}

impl<'a> Loader<'a> {
    pub(super) const fn new(of: &'a Of<'a>, rows: Rows<'a>) -> Self {
        Self { of, rows, bytes_read: 0 }
    }

    pub(super) fn dimension(&mut self, column: u16) -> Result<Held> {
        if let Rows::Drilled { code, .. } = &self.rows
            && self.of.section.lead == Some(column)
        {
            return Ok(Held::One(Codes::One(*code)));
        }
        match self.of.index.constant(column) {
            Some(code) => Ok(Held::One(Codes::One(code))),
            None => self.codes(What::Dimension(column)),
        }
    }

    pub(super) fn codes(&mut self, what: What) -> Result<Held> {
        let section = self.of.section;
        let Some(chunk) = self.of.find(what) else { return Ok(Held::One(Codes::One(0))) };
        if let Some(Coding::One(code)) = section.chunks.get(chunk).map(|chunk| chunk.coding) {
            return Ok(Held::One(Codes::One(code)));
        }
        self.load(chunk).map(Held::Loaded)
    }

    pub(super) fn column(&mut self, measure: Measure) -> Result<Column> {
        let unknown = self.codes(What::Unknown(measure))?;
        let section = self.of.section;
        let chunk = self.of.find(What::Amount(measure));
        let is_zero = |chunk: &usize| section.chunks.get(*chunk).is_none_or(|chunk| chunk.coding == Coding::Zero);
        let amounts = chunk.filter(|chunk| !is_zero(chunk)).map(|chunk| self.load(chunk)).transpose()?;
        Ok(Column { amounts, unknown })
    }

    fn load(&mut self, chunk: usize) -> Result<Arc<Data>> {
        let (data, bytes) = match &mut self.rows {
            Rows::All => self.of.column(chunk)?,
            Rows::Few(few) => few.read(self.of, chunk).map(|(data, bytes)| (Arc::new(data), bytes))?,
            Rows::Drilled { records, .. } => {
                let missing = || Error::new(ErrorCode::Storage, "records lack a column: please report it");
                (records.column(chunk).map(Arc::clone).ok_or_else(missing)?, 0)
            }
        };
        self.bytes_read += bytes;
        Ok(data)
    }
}
