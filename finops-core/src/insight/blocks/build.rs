//! From charges to blocks: which days go together, and at which levels they are worth keeping.

use super::drill::drill;
use super::index::{BlockIndex, Chunk, Coding, Data, DayTotals, Level, Measure, SectionIndex, What};
use super::pending::{Pending, UNKNOWN};
use super::rows::{MEASURES, Rows};
use super::{Amounts, Codes, Mantissas};
use crate::Result;
use crate::model::charge::ChargeColumn;

/// How many charges a block has at least, unless there are no more: days of fewer go together.
const BLOCK_ROWS: usize = 131_072;
/// How many it has at most: a larger day is cut.
const MOST_ROWS: usize = 262_144;
/// Of how many values a dimension of the cube may have at most.
const CUBE_VALUES: usize = 1024;

/// A block that is not written yet. The chunks of its index, section after section, stand for its columns.
#[derive(Debug)]
pub struct Block {
    /// What it holds; where the chunks lie is not known yet.
    pub index: BlockIndex,
    /// The columns, in the order of the chunks.
    pub columns: Vec<Data>,
    /// The records of the sections that have a drill, in their order.
    pub records: Vec<Vec<u8>>,
}

/// Makes blocks of charges in any order.
pub(super) fn build(pending: &Pending, mut visit: impl FnMut(Block) -> Result<()>) -> Result<()> {
    let mut order: Vec<usize> = (0..pending.rows()).collect();
    let start_of = |row: &usize| pending.starts.get(*row).copied().unwrap_or_default();
    let day_of = |row: &usize| start_of(row).0;
    // By time as well: where a question cuts a day, each part of it is a stretch of rows. Stable, so that what lies
    // together in the bill stays together.
    if !order.is_sorted_by_key(start_of) {
        order.sort_by_key(start_of);
    }
    let mut together: Vec<&[usize]> = Vec::new();
    for day in order.chunk_by(|one, other| day_of(one) == day_of(other)) {
        for part in day.chunks(MOST_ROWS) {
            together.push(part);
            if part.len() == MOST_ROWS || together.iter().map(|day| day.len()).sum::<usize>() >= BLOCK_ROWS {
                visit(block(pending, &std::mem::take(&mut together)))?;
            }
        }
    }
    if together.is_empty() { Ok(()) } else { visit(block(pending, &together)) }
}

fn block(pending: &Pending, days: &[&[usize]]) -> Block {
    let order: Vec<usize> = days.concat();
    let (constants, rows) = gather(pending, days, &order);
    let instants: Vec<(i32, i64)> = order.iter().filter_map(|row| pending.starts.get(*row)).copied().collect();
    let totals = totals(&rows, &instants);
    let mut writer = Writer::default();
    writer.section(Level::Charges, &rows, None);
    summaries(&rows, &mut writer);
    let index = BlockIndex { days: totals, constants, sections: writer.sections };
    Block { index, columns: writer.columns, records: writer.records }
}

/// The dimensions that do not vary, and the rows with those that do.
fn gather(pending: &Pending, days: &[&[usize]], order: &[usize]) -> (Vec<(u16, u32)>, Rows) {
    let mut rows = Rows { charges: vec![1; order.len()], ..Rows::default() };
    let mut end = 0;
    for day in days {
        end += day.len();
        rows.day_ends.push(end);
    }
    let mut constants = Vec::new();
    for (column, codes) in &pending.dimensions {
        let codes: Vec<u32> = order.iter().filter_map(|row| codes.get(*row)).copied().collect();
        let Some(first) = codes.first().copied() else { continue };
        if codes.iter().all(|code| *code == first) {
            constants.push((number_of(*column), first));
        } else {
            rows.dimensions.push((number_of(*column), codes));
        }
    }
    for ((_, amounts), (sums, unknown)) in pending.measures.iter().zip(rows.sums.iter_mut().zip(&mut rows.unknown)) {
        for row in order {
            let amount = amounts.get(*row).copied().unwrap_or(UNKNOWN);
            sums.push(if amount == UNKNOWN { 0 } else { amount });
            unknown.push(u32::from(amount == UNKNOWN));
        }
    }
    (constants, rows)
}

fn number_of(column: ChargeColumn) -> u16 {
    u16::try_from(column.index()).unwrap_or(u16::MAX)
}

fn totals(rows: &Rows, instants: &[(i32, i64)]) -> Vec<DayTotals> {
    let total = |day: usize| {
        let range = rows.of_day(day);
        let instants = instants.get(range.clone()).unwrap_or_default();
        let number = instants.first().map_or(0, |(day, _)| *day);
        let mut end = range.start;
        let times = instants.chunk_by(|one, other| one == other).filter_map(|together| {
            end += together.len();
            Some((together.first()?.1, u32::try_from(end).ok()?))
        });
        let times = times.collect();
        let mut measures = [(None, 0); MEASURES];
        for ((measure, sums), unknown) in measures.iter_mut().zip(&rows.sums).zip(&rows.unknown) {
            let sums = sums.get(range.clone()).unwrap_or_default();
            let unknown = unknown.get(range.clone()).unwrap_or_default();
            let sum = sums.iter().try_fold(0_i128, |sum, amount| sum.checked_add(*amount));
            *measure = (sum, unknown.iter().map(|count| u64::from(*count)).sum());
        }
        let charges = u64::try_from(range.len()).unwrap_or(u64::MAX);
        DayTotals { day: number, charges, measures, times }
    };
    (0..rows.day_ends.len()).map(total).collect()
}

/// Adds the sections that are worth it: each has at most half the rows of the one that it is made from.
fn summaries(charges: &Rows, writer: &mut Writer) {
    let values = |place: &usize| charges.dimensions.get(*place).map_or(0, |(_, codes)| distinct(codes));
    let mut all: Vec<(usize, usize)> = (0..charges.dimensions.len()).map(|place| (place, values(&place))).collect();
    let is_few = |place: usize, values: usize| {
        let large = [ChargeColumn::ResourceId, ChargeColumn::Tags].map(number_of);
        let column = charges.dimensions.get(place).map(|(column, _)| *column);
        values <= CUBE_VALUES && column.is_some_and(|column| !large.contains(&column))
    };
    // A drill into one value of the dimension that the rows are sorted by reads only its rows.
    all.sort_by_key(|(place, values)| (!is_few(*place, *values), std::cmp::Reverse(*values)));
    let few = all.iter().filter(|(place, values)| is_few(*place, *values)).count();
    let order: Vec<usize> = all.iter().map(|(place, _)| *place).collect();
    let days = charges.summed(&order, charges.len() / 2);
    let all_told = days.as_ref().map(|days| writer.section(Level::Days, days, Some(0)));
    let base = days.as_ref().map_or(Ordered::of(charges, order), Ordered::sorted);
    cube(&base, few, all_told, writer);
    if base.rows.day_ends.len() > 1
        && let Some(whole) = base.rows.over_days(&base.order, base.rows.len() / 2)
    {
        let all_told = writer.section(Level::Days, &whole, Some(0));
        cube(&Ordered::sorted(&whole), few, Some(all_told), writer);
    }
}

/// Rows, and their dimensions in the order in which those are worth sorting by.
struct Ordered<'r> {
    rows: &'r Rows,
    order: Vec<usize>,
}

impl<'r> Ordered<'r> {
    const fn of(rows: &'r Rows, order: Vec<usize>) -> Self {
        Self { rows, order }
    }

    /// Sums keep their dimensions in the order in which they are sorted.
    fn sorted(rows: &'r Rows) -> Self {
        Self { rows, order: (0..rows.dimensions.len()).collect() }
    }
}

/// Adds the cube over the first `few` dimensions, and its margins: the sums over all but one. The cube, or where it is
/// not worth it the section `days`, gets a drill, and so does the margin of the dimension that it is sorted by.
fn cube(base: &Ordered<'_>, few: usize, days: Option<usize>, writer: &mut Writer) {
    let places = base.order.get(..few).unwrap_or_default();
    let cube = if few < base.order.len() { base.rows.summed(places, base.rows.len() / 2) } else { None };
    if let Some(section) = cube.as_ref().map(|cube| writer.section(Level::Cube, cube, Some(0))).or(days) {
        writer.drill(section);
    }
    let base = cube.as_ref().map_or(Ordered::of(base.rows, base.order.clone()), Ordered::sorted);
    let currency = base.order.iter().copied().find(|place| {
        base.rows.dimensions.get(*place).is_some_and(|(column, _)| *column == number_of(ChargeColumn::BillingCurrency))
    });
    for place in base.order.iter().copied().filter(|place| Some(*place) != currency) {
        let keep: Vec<usize> = std::iter::once(place).chain(currency).collect();
        if let Some(margin) = base.rows.summed(&keep, base.rows.len() / 2) {
            let section = writer.section(Level::Cube, &margin, Some(0));
            if base.order.first() == Some(&place) {
                writer.drill(section);
            }
        }
    }
}

fn distinct(codes: &[u32]) -> usize {
    let most = codes.iter().copied().max().and_then(|most| usize::try_from(most).ok()).unwrap_or(0);
    let mut seen = vec![false; most + 1];
    for code in codes {
        if let Some(seen) = usize::try_from(*code).ok().and_then(|code| seen.get_mut(code)) {
            *seen = true;
        }
    }
    seen.into_iter().filter(|seen| *seen).count()
}

/// Gathers sections with their columns.
#[derive(Default)]
struct Writer {
    sections: Vec<SectionIndex>,
    columns: Vec<Data>,
    records: Vec<Vec<u8>>,
}

impl Writer {
    /// Adds a section whose days are sorted by the dimension at that place; gives its own.
    fn section(&mut self, level: Level, rows: &Rows, lead: Option<usize>) -> usize {
        let mut chunks = Vec::new();
        let mut push = |what: What, data: Data| {
            // What is not there is zero everywhere: most bills leave half of the columns empty or full.
            let is_zero = match &data {
                Data::Codes(codes) => *codes == Codes::One(0),
                Data::Amounts(amounts) => amounts.values == Mantissas::Zero,
            };
            if !is_zero {
                chunks.push(chunk(what, &data));
                self.columns.push(data);
            }
        };
        for (column, codes) in &rows.dimensions {
            push(What::Dimension(*column), Data::Codes(Codes::pack(codes)));
        }
        push(What::Charges, Data::Codes(Codes::pack(&rows.charges)));
        for ((measure, sums), unknown) in Measure::ALL.into_iter().zip(&rows.sums).zip(&rows.unknown) {
            push(What::Amount(measure), Data::Amounts(Amounts::pack(sums)));
            push(What::Unknown(measure), Data::Codes(Codes::pack(unknown)));
        }
        let end = |end: &usize| u32::try_from(*end).unwrap_or(u32::MAX);
        let lead = lead.and_then(|lead| rows.dimensions.get(lead)).map(|(column, _)| *column);
        let day_ends = rows.day_ends.iter().map(end).collect();
        let (over_days, drill) = (rows.over_days, None);
        self.sections.push(SectionIndex { level, over_days, day_ends, lead, chunks, drill });
        self.sections.len() - 1
    }

    /// Adds the drill of a section, if that is worth it; of one before it no more.
    fn drill(&mut self, section: usize) {
        let Some((before, [of, ..])) = self.sections.split_at_mut_checked(section) else { return };
        let first: usize = before.iter().map(|section| section.chunks.len()).sum();
        let columns = self.columns.get(first..first + of.chunks.len()).unwrap_or_default();
        if let Some((drill, records)) = drill(of, columns) {
            of.drill = Some(drill);
            self.records.push(records);
        }
    }
}

/// The entry of a column that is not written yet.
fn chunk(what: What, data: &Data) -> Chunk {
    let (coding, max_abs) = match data {
        Data::Codes(Codes::One(code)) => (Coding::One(*code), 0),
        Data::Codes(Codes::Bits(_)) => (Coding::Bits, 0),
        Data::Codes(Codes::U8(_)) => (Coding::U8, 0),
        Data::Codes(Codes::U16(_)) => (Coding::U16, 0),
        Data::Codes(Codes::U32(_)) => (Coding::U32, 0),
        Data::Amounts(amounts) => {
            let coding = match amounts.values {
                Mantissas::Zero => Coding::Zero,
                Mantissas::I64(_) => Coding::I64(amounts.decimals),
                Mantissas::I128(_) => Coding::I128(amounts.decimals),
            };
            (coding, amounts.max_abs)
        }
    };
    Chunk { what, coding, max_abs, offset: 0, bytes: 0, page: 0 }
}
