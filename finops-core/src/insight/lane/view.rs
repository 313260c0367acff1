//! The columns of a section that a question needs, loaded.

use super::Shared;
use super::axis::{Axis, From};
use super::test::{Mask, Test};
use crate::Result;
use crate::insight::blocks::{Amounts, BlockIndex, Codes, Coding, Data, Mantissas, Measure, SectionIndex, What};
use std::ops::Range;
use std::sync::Arc;

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
    /// How many bytes were read from disk for it.
    pub(super) bytes_read: u64,
}

impl View {
    /// Loads what a question needs of a section.
    pub(super) fn load(shared: &Shared<'_>, place: (usize, usize, usize)) -> Result<Option<Self>> {
        let (segment, block, section) = place;
        let Some(index) = shared.segments.get(segment).and_then(|blocks| blocks.get(block)) else { return Ok(None) };
        let Some(of) = index.sections.get(section) else { return Ok(None) };
        let mut loader = Loader { shared, place, index, section: of, bytes_read: 0 };
        let dimensions = shared.prepared.columns.iter().map(|column| Ok((*column, loader.dimension(*column)?)));
        let dimensions = dimensions.collect::<Result<Vec<_>>>()?;
        let charges = loader.codes(What::Charges)?;
        let costs = shared.prepared.measures.iter().map(|measure| loader.column(*measure)).collect::<Result<_>>()?;
        let quantity = shared.prepared.metered.as_ref().map(|_| loader.column(Measure::Quantity)).transpose()?;
        let bytes_read = loader.bytes_read;
        Ok(Some(Self { dimensions, charges, costs, quantity, bytes_read }))
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
    pub(super) fn marked(&self, column: u16, marked: &[bool], rows: Range<usize>) -> Mask {
        fn each<T: Copy + Into<u32>>(codes: &[T], marked: &[bool], rows: Range<usize>) -> Mask {
            let codes = codes.get(rows).unwrap_or_default();
            Mask::of(codes.iter().map(|code| super::test::is_marked(marked, (*code).into())).collect())
        }
        match self.codes(column) {
            Codes::One(code) if super::test::is_marked(marked, *code) => Mask::All,
            Codes::One(_) => Mask::None,
            Codes::U8(codes) => each(codes, marked, rows),
            Codes::U16(codes) => each(codes, marked, rows),
            Codes::U32(codes) => each(codes, marked, rows),
            codes @ Codes::Bits(_) => {
                Mask::of(rows.map(|row| super::test::is_marked(marked, codes.get(row))).collect())
            }
        }
    }
}

struct Loader<'a, 's> {
    shared: &'a Shared<'s>,
    place: (usize, usize, usize),
    index: &'a BlockIndex,
    section: &'a SectionIndex,
    bytes_read: u64,
}

impl Loader<'_, '_> {
    fn dimension(&mut self, column: u16) -> Result<Held> {
        match self.index.constant(column) {
            Some(code) => Ok(Held::One(Codes::One(code))),
            None => self.codes(What::Dimension(column)),
        }
    }

    fn codes(&mut self, what: What) -> Result<Held> {
        let Some(chunk) = self.section.find(what) else { return Ok(Held::One(Codes::One(0))) };
        if let Some(Coding::One(code)) = self.section.chunks.get(chunk).map(|chunk| chunk.coding) {
            return Ok(Held::One(Codes::One(code)));
        }
        self.load(chunk).map(Held::Loaded)
    }

    fn column(&mut self, measure: Measure) -> Result<Column> {
        let unknown = self.codes(What::Unknown(measure))?;
        let chunk = self.section.find(What::Amount(measure));
        let is_zero = |chunk: &usize| self.section.chunks.get(*chunk).is_none_or(|chunk| chunk.coding == Coding::Zero);
        let amounts = chunk.filter(|chunk| !is_zero(chunk)).map(|chunk| self.load(chunk)).transpose()?;
        Ok(Column { amounts, unknown })
    }

    fn load(&mut self, chunk: usize) -> Result<Arc<Data>> {
        let (segment, block, section) = self.place;
        let (data, bytes) = self.shared.source.column(segment, block, section, chunk)?;
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
    match test.mask(view, rows) {
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
