//! What charges of usage came from, looked up for those that an explanation shows.

use super::Finops;
use super::settling::{MeterMonth, RatedMonth};
use crate::Result;
use crate::edge::store::LineKey;
use crate::insight::Explanation;
use crate::insight::explain_usage::{PriceSource, UsageSource, line_of};
use crate::insight::statement::label;
use crate::model::money::Quantity;
use crate::model::price::PriceBook;
use crate::model::time::{Interval, Stamp};
use crate::pipeline::metering::{PageSpan, QUARTER};
use std::collections::BTreeSet;

/// How many lines are looked into for one explanation.
const MAX_LINES: usize = 20;

impl Finops {
    /// The lines behind the charges of usage that an explanation shows.
    pub(super) fn usage_sources(&self, explanation: &Explanation) -> Result<Vec<UsageSource>> {
        let shown = explanation.largest.iter().filter_map(line_of);
        let key = |(tenant_id, meter, start): (&str, &str, Stamp)| {
            let period_start = MeterMonth::of(0, start).period()?.start();
            Ok(LineKey { period_start, tenant_id: tenant_id.to_owned(), meter: meter.to_owned() })
        };
        let keys = shown.map(key).collect::<Result<BTreeSet<_>>>()?;
        let keys: Vec<LineKey> = keys.into_iter().take(MAX_LINES).collect();
        let book = self.price_book()?;
        let mut sources = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(line) = self.rated(std::slice::from_ref(&key))?.pop() {
                sources.push(self.source(&key, &line, &book)?);
            }
        }
        Ok(sources)
    }

    fn source(&self, key: &LineKey, line: &RatedMonth, book: &PriceBook) -> Result<UsageSource> {
        let rated = &line.line.rated;
        let (first, last) = self.first_and_last(key)?;
        let price = |reading: &crate::pipeline::rating::Reading| {
            let of =
                |terms: &crate::model::price::Terms| (terms.id, terms.revision) == (reading.price, reading.revision);
            let price = book.prices().iter().find(|price| reading.price.is_some() && of(price.terms()))?;
            Some(PriceSource {
                id: reading.price.map(|id| id.to_string()),
                revision: reading.revision,
                model: price.model().name(),
                rounding: price.terms().rounding,
                metered: reading.metered,
                units: reading.units,
            })
        };
        Ok(UsageSource::new(
            (key.tenant_id.clone(), key.meter.clone(), label(key.period_start)),
            (line.events, first, last),
            (line.line.booked.quantity()?, line.meter.unit.clone()),
            (rated.amount, rated.currency, rated.unpriced),
            rated.readings.iter().filter_map(price).collect(),
            path(line)?,
        ))
    }

    /// When the first and the last event of a line happened, as far as events are kept.
    fn first_and_last(&self, key: &LineKey) -> Result<(Option<Stamp>, Option<Stamp>)> {
        let usage = self.store.usage()?;
        let meters = usage.meters()?;
        let Some((number, meter)) = meters.get(&key.meter) else { return Ok((None, None)) };
        let month = MeterMonth::of(number, key.period_start);
        let period = month.period()?;
        let mut quarters: Vec<Stamp> = Vec::new();
        usage.counted(&month.pages(meter.aggregation)?, &mut |rollups| {
            let mut series: Vec<u32> = rollups.series().of_tenant(&key.tenant_id).collect();
            series.sort_unstable();
            for (day, page) in rollups.days(number, PageSpan::Day, days(period)) {
                let cells = series.iter().flat_map(|series| page.cells(*series, day, period));
                quarters.extend(cells.map(|(start, _)| start));
            }
            Ok(())
        })?;
        let found = |quarter: Option<&Stamp>, later: bool| -> Result<Option<Stamp>> {
            let Some(start) = quarter else { return Ok(None) };
            let span = Interval::new(*start, Stamp::from_micros(start.micros() + QUARTER)?)?;
            let mut found: Option<Stamp> = None;
            usage.scan_usage(span, &mut |_, event| {
                if event.tenant_id == key.tenant_id && meter.reads(event) {
                    let is_better = |known: Stamp| if later { event.time > known } else { event.time < known };
                    found = if found.is_none_or(is_better) { Some(event.time) } else { found };
                }
                Ok(())
            })?;
            Ok(found)
        };
        Ok((found(quarters.iter().min(), false)?, found(quarters.iter().max(), true)?))
    }
}

/// How a line came to its amount, beginning with what grants gave of it.
fn path(line: &RatedMonth) -> Result<String> {
    let (granted, path) = (Quantity::try_sum(line.line.granted.values().copied())?, line.line.rated.path());
    Ok(if granted.is_zero() { path } else { format!("{granted} granted; {path}") })
}

fn days(period: Interval) -> std::ops::Range<i32> {
    use crate::pipeline::metering::day_of;
    day_of(period.start())..day_of(period.end())
}
