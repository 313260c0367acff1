//! The columns of a section that a question needs, loaded.

use super::Shared;
use super::axis::{Axis, From};
use super::parts::{Part, constant_key};
use super::test::{Marks, Mask, Test};
use crate::Result;
use crate::insight::blocks::{Amounts, BlockIndex, Codes, Coding, Data, Mantissas, Measure, SectionIndex, What};
use std::ops::Range;
use std::sync::Arc;

/// A column that has fewer bytes than this for each stretch of rows that is needed is read whole: to read once more
/// takes about as long as to read so many bytes more.
const SHORT_BYTES: usize = 8 << 10;

/// A column of codes: loaded, or the same everywhere.
#[derive(Debug)]
enum Held {
    One(Codes),
    Loaded(Arc<Data>),
}

impl Held {
    fn codes(&self) -> &Codes {
        match self {
            Self::One(codes) => codes,
            Self::Loaded(data) => match data.as_ref() {
                Data::Codes(codes) => codes,
                Data::Amounts(_) => &Codes::One(0),
            },
        }
    }
}

/// The sums of a measure.
#[derive(Debug)]
pub(super) struct Column {
    amounts: Option<Arc<Data>>,
    unknown: Held,
}

impl Column {
    pub(super) fn amounts(&self) -> (&Mantissas, u8) {
        match self.amounts.as_deref() {
            Some(Data::Amounts(Amounts { values, decimals, .. })) => (values, *decimals),
            _ => (&Mantissas::Zero, 0),
        }
    }

    /// The largest magnitude of its mantissas.
    pub(super) fn largest(&self) -> u128 {
        match self.amounts.as_deref() {
            Some(Data::Amounts(amounts)) => {
                amounts.max_abs / u128::from(Amounts::factor(amounts.decimals).unsigned_abs())
            }
            _ => 0,
        }
    }

    pub(super) fn unknown(&self) -> &Codes {
        self.unknown.codes()
    }
}

/// A section with the columns that a question needs.
#[derive(Debug)]
pub(super) struct View {
    dimensions: Vec<(u16, Held)>,
    charges: Held,
    /// In the order of the question's views.
    pub(super) costs: Vec<Column>,
    /// What was consumed, where the question asks for what was metered.
    pub(super) quantity: Option<Column>,
    /// The key that all rows have, if it is the same for all.
    pub(super) key: Option<u128>,
    /// How many bytes were read from disk for it.
    pub(super) bytes_read: u64,
}

impl View {
    /// Loads what a question needs of a section: of all its rows, or of some, which are then its rows from 0 on.
    pub(super) fn load(of: &Of<'_>, few: Option<Few<'_>>, parts: &[Part<'_>]) -> Result<Self> {
        let shared = of.shared;
        let mut loader = Loader { of, few, bytes_read: 0 };
        let dimensions = shared.prepared.columns.iter().map(|column| Ok((*column, loader.dimension(*column)?)));
        let dimensions = dimensions.collect::<Result<Vec<_>>>()?;
        let charges = loader.codes(What::Charges)?;
        let costs = shared.prepared.measures.iter().map(|measure| loader.column(*measure)).collect::<Result<_>>()?;
        let quantity = shared.prepared.metered.as_ref().map(|_| loader.column(Measure::Quantity)).transpose()?;
        let bytes_read = loader.bytes_read;
        let mut view = Self { dimensions, charges, costs, quantity, key: None, bytes_read };
        view.key = constant_key(parts, shared.plan, &view);
        Ok(view)
    }

    /// The codes of a column.
    pub(super) fn codes(&self, column: u16) -> &Codes {
        let found = self.dimensions.iter().find(|(known, _)| *known == column);
        found.map_or(&Codes::One(0), |(_, held)| held.codes())
    }

    /// How many charges each row stands for.
    pub(super) fn charges(&self) -> &Codes {
        self.charges.codes()
    }

    /// Which rows have a marked code.
    pub(super) fn marked(&self, column: u16, marks: &Marks, rows: Range<usize>) -> Mask {
        fn each<T: Copy + Into<u32>>(codes: &[T], marks: &Marks, rows: Range<usize>) -> Mask {
            let codes = codes.get(rows).unwrap_or_default();
            Mask::of(codes.iter().map(|code| marks.hold((*code).into())).collect())
        }
        match self.codes(column) {
            Codes::One(code) if marks.hold(*code) => Mask::All,
            Codes::One(_) => Mask::None,
            Codes::U8(codes) => each(codes, marks, rows),
            Codes::U16(codes) => each(codes, marks, rows),
            Codes::U32(codes) => each(codes, marks, rows),
            codes @ Codes::Bits(_) => Mask::of(rows.map(|row| marks.hold(codes.get(row))).collect()),
        }
    }
}

/// A section, and the question that it is read for.
pub(super) struct Of<'a> {
    pub(super) shared: &'a Shared<'a>,
    /// The places of the segment, the block and the section.
    pub(super) place: (usize, usize, usize),
    pub(super) index: &'a BlockIndex,
    pub(super) section: &'a SectionIndex,
}

impl Of<'_> {
    /// A column with all its rows, and how many bytes were read from disk for it.
    pub(super) fn column(&self, chunk: usize) -> Result<(Arc<Data>, u64)> {
        let (segment, block, section) = self.place;
        self.shared.source.column(segment, block, section, chunk)
    }

    /// Whether the columns that are needed are worth reading whole, since they are in memory or were asked for before.
    pub(super) fn is_known(&self) -> bool {
        let (segment, block, section) = self.place;
        let prepared = self.shared.prepared;
        let dimensions = prepared.columns.iter().map(|column| What::Dimension(*column));
        let costs = prepared.measures.iter().map(|measure| What::Amount(*measure));
        let chunks = dimensions.chain(costs).filter_map(|what| self.section.find(what));
        // Every one of them is asked for, so that the next time all are known.
        chunks.filter(|chunk| !self.shared.source.is_known(segment, block, section, *chunk)).count() == 0
    }
}

/// Columns of a section that were read whole although few rows are needed, with the places of their chunks.
#[derive(Default)]
pub(super) struct Whole(Vec<(usize, Arc<Data>)>);

impl Whole {
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

/// Some of the rows of a section.
pub(super) struct Few<'f> {
    pub(super) rows: Range<usize>,
    /// In how many stretches rows are needed of the section.
    pub(super) stretches: usize,
    pub(super) whole: &'f mut Whole,
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

struct Loader<'a> {
    of: &'a Of<'a>,
    few: Option<Few<'a>>,
    bytes_read: u64,
}

impl Loader<'_> {
    fn dimension(&mut self, column: u16) -> Result<Held> {
        match self.of.index.constant(column) {
            Some(code) => Ok(Held::One(Codes::One(code))),
            None => self.codes(What::Dimension(column)),
        }
    }

    fn codes(&mut self, what: What) -> Result<Held> {
        let section = self.of.section;
        let Some(chunk) = section.find(what) else { return Ok(Held::One(Codes::One(0))) };
        if let Some(Coding::One(code)) = section.chunks.get(chunk).map(|chunk| chunk.coding) {
            return Ok(Held::One(Codes::One(code)));
        }
        self.load(chunk).map(Held::Loaded)
    }

    fn column(&mut self, measure: Measure) -> Result<Column> {
        let unknown = self.codes(What::Unknown(measure))?;
        let section = self.of.section;
        let chunk = section.find(What::Amount(measure));
        let is_zero = |chunk: &usize| section.chunks.get(*chunk).is_none_or(|chunk| chunk.coding == Coding::Zero);
        let amounts = chunk.filter(|chunk| !is_zero(chunk)).map(|chunk| self.load(chunk)).transpose()?;
        Ok(Column { amounts, unknown })
    }

    fn load(&mut self, chunk: usize) -> Result<Arc<Data>> {
        let (data, bytes) = match &mut self.few {
            None => self.of.column(chunk)?,
            Some(few) => few.read(self.of, chunk).map(|(data, bytes)| (Arc::new(data), bytes))?,
        };
        self.bytes_read += bytes;
        Ok(data)
    }
}

impl Axis {
    /// The number of each row.
    pub(super) fn numbers(&self, view: &View, rows: Range<usize>, out: &mut [u32]) {
        match &self.from {
            From::Column(column) => view.codes(*column).read(rows.start, out),
            From::Mapped(column, codes) => {
                view.codes(*column).read(rows.start, out);
                for number in out {
                    *number = usize::try_from(*number).ok().and_then(|code| codes.get(code)).copied().unwrap_or(0);
                }
            }
            From::Rules { rules, default } => {
                out.fill(*default);
                // The last rule first, so that the first one that holds has the last word.
                for (test, number) in rules.iter().rev() {
                    give(test, *number, view, rows.clone(), out);
                }
            }
        }
    }
}

fn give(test: &Test, number: u32, view: &View, rows: Range<usize>, out: &mut [u32]) {
    match test.mask(view, rows, None) {
        Mask::None => {}
        Mask::All => out.fill(number),
        Mask::Some(mask) => {
            for (out, holds) in out.iter_mut().zip(mask) {
                if holds {
                    *out = number;
                }
            }
        }
    }
}
