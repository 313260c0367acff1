//! Usage, through the engine: reported as JSON, asked for, taken back and corrected.

use super::Finops;
use crate::edge::store::usage::UsageStore;
use crate::insight::{Usage, UsageQuery, UsageRequest};
use crate::model::money::Quantity;
use crate::model::time::{Interval, Stamp};
use crate::model::usage::{Aggregation, EventKey, Outcome, Rejected, UsageEvent, read_event, split_events};
use crate::pipeline::metering::{PageKey, PageSpan, day_of};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// What became of events that were reported.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct UsageReceipt {
    /// How many are durable and counted now.
    pub accepted: u64,
    /// How many had been counted before, with the same content.
    pub duplicates: u64,
    /// Those that do not count, each with its place in the list, its id, a code and a message.
    pub rejected: Vec<Rejected>,
}

/// The event that is meant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UsageKey {
    /// Its id.
    pub id: String,
    /// Who used it.
    pub tenant_id: String,
    /// Who reported it; by default nobody in particular.
    #[serde(default)]
    pub source: String,
}

impl UsageKey {
    pub(super) const FIELDS: &'static [&'static str] = &["id", "tenant_id", "source"];

    /// The event of a tenant that was reported without a source.
    pub fn new(id: impl Into<String>, tenant_id: impl Into<String>) -> Self {
        Self { id: id.into(), tenant_id: tenant_id.into(), source: String::new() }
    }

    fn key(&self) -> EventKey<'_> {
        EventKey { tenant_id: &self.tenant_id, source: &self.source, id: &self.id }
    }
}

/// What an event should have said. Fields that are left out stay as they are; null takes one away.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UsageCorrection {
    /// The id of the event.
    pub id: String,
    /// Who used it.
    pub tenant_id: String,
    /// Who reported it.
    #[serde(default)]
    pub source: String,
    /// When it happened.
    #[serde(default)]
    pub time: Option<Stamp>,
    /// What was used.
    #[serde(default)]
    pub resource: Option<String>,
    /// How much of it.
    #[serde(default)]
    pub quantity: Option<Quantity>,
    /// The tenant's workspace.
    #[serde(default, deserialize_with = "given")]
    pub workspace_id: Option<Option<String>>,
    /// The rail.
    #[serde(default, deserialize_with = "given")]
    pub rail: Option<Option<String>>,
    /// The user.
    #[serde(default, deserialize_with = "given")]
    pub user_id: Option<Option<String>>,
    /// All of its properties, as text.
    #[serde(default)]
    pub properties: Option<BTreeMap<String, String>>,
}

impl UsageCorrection {
    pub(super) const FIELDS: &'static [&'static str] =
        &["id", "tenant_id", "source", "time", "resource", "quantity", "workspace_id", "rail", "user_id", "properties"];

    fn of(self, mut event: UsageEvent) -> UsageEvent {
        event.time = self.time.unwrap_or(event.time);
        event.resource = self.resource.unwrap_or(event.resource);
        event.quantity = self.quantity.or(event.quantity);
        event.workspace_id = self.workspace_id.unwrap_or(event.workspace_id);
        event.rail = self.rail.unwrap_or(event.rail);
        event.user_id = self.user_id.unwrap_or(event.user_id);
        event.properties = self.properties.unwrap_or(event.properties);
        event
    }
}

/// Tells null from what is left out.
#[allow(clippy::option_option, reason = "left out, taken away and given are three things")]
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// Whether a change changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UsageChanged {
    /// False when it was so already.
    pub changed: bool,
}

impl Finops {
    /// Counts the events of a JSON text, one or a list, in our form or as `CloudEvents` 1.0: durably, and each once,
    /// however often it comes. One that is wrong is rejected by itself, and the others count.
    ///
    /// ```
    /// use finops_core::Finops;
    ///
    /// let finops = Finops::builder().now("2024-01-15T12:00:00Z".parse()?).open(":memory:")?;
    /// let event = r#"{"id": "req-1", "resource": "api_calls", "quantity": 3, "tenant_id": "ten_001"}"#;
    /// assert_eq!(finops.record_usage(event)?.accepted, 1);
    /// assert_eq!(finops.record_usage(event)?.duplicates, 1);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a text that is no JSON and for more than 100,000 events; `conflict` on a handle for
    /// reading; `storage`. Then none was counted, and all can be reported again.
    pub fn record_usage(&self, json: &str) -> Result<UsageReceipt> {
        self.permit("record_usage")?;
        let (mut events, mut places) = (Vec::new(), Vec::new());
        let mut receipt = UsageReceipt::default();
        for (index, read) in read_usage(json, self.clock.now())?.into_iter().enumerate() {
            match read {
                Ok(event) => {
                    places.push((index, event.id.clone()));
                    events.push(event);
                }
                Err(rejected) => receipt.rejected.push(rejected),
            }
        }
        let outcomes = self.record_events(events)?;
        for ((index, id), outcome) in places.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Accepted => receipt.accepted += 1,
                Outcome::Duplicate => receipt.duplicates += 1,
                Outcome::Rejected(rejection) => {
                    receipt.rejected.push(Rejected { index, id: Some(id), rejection });
                }
            }
        }
        receipt.rejected.sort_by_key(|rejected| rejected.index);
        Ok(receipt)
    }

    /// How much was used, by tenant or by any other group, also over time.
    ///
    /// ```
    /// use finops_core::{Finops, insight::UsageRequest};
    ///
    /// let finops = Finops::builder().now("2024-01-15T12:00:00Z".parse()?).open(":memory:")?;
    /// finops.record_usage(r#"{"id": "1", "resource": "api_calls", "quantity": 3, "tenant_id": "ten_001"}"#)?;
    /// let mut request = UsageRequest::default();
    /// request.period = Some("2024-01".parse()?);
    /// let usage = finops.get_usage(&request)?;
    /// assert_eq!(usage.items[0].values[0], ("api_calls".to_owned(), Some("3".parse()?)));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered; `overflow`; `storage`.
    pub fn get_usage(&self, request: &UsageRequest) -> Result<Usage> {
        self.permit("get_usage")?;
        let own = self.is_narrowed().then(|| {
            let mut own = request.clone();
            self.narrow(&mut own.filter);
            own
        });
        let mut usage = self.usage_asked(own.as_ref().unwrap_or(request))?;
        if self.is_narrowed() {
            usage.leave_out_unused();
        }
        let series = usage.series.iter_mut().flatten().map(|series| &mut series.dimensions);
        for values in usage.items.iter_mut().map(|item| &mut item.dimensions).chain(series) {
            for value in values {
                if let Some(text) = &value.value {
                    value.name = self.name_of(&value.dimension, text)?.map(Into::into);
                }
            }
        }
        Ok(usage)
    }

    /// What a request that is narrowed already asks for, without names.
    pub(super) fn usage_asked(&self, request: &UsageRequest) -> Result<Usage> {
        let (store, now) = (self.store.usage()?, self.clock.now());
        let pages = pages(store, UsageQuery::new(request, now)?.interval, request.resource.as_deref())?;
        let mut answer = None;
        // Names are looked up afterwards: nothing else may be locked while pages are.
        store.counted(&pages, &mut |rollups| {
            answer = Some(UsageQuery::new(request, now)?.answer(rollups, &|_, _| Ok(None))?);
            Ok(())
        })?;
        answer.ok_or_else(|| Error::new(crate::ErrorCode::Storage, "usage could not be read"))
    }

    /// Takes an event out of everything that counted it, and out of what it cost.
    ///
    /// ```
    /// use finops_core::{Finops, engine::UsageKey};
    ///
    /// let finops = Finops::builder().now("2024-01-15T12:00:00Z".parse()?).open(":memory:")?;
    /// finops.record_usage(r#"{"id": "1", "resource": "api_calls", "quantity": 3, "tenant_id": "ten_001"}"#)?;
    /// assert!(finops.void_usage(&UsageKey::new("1", "ten_001"))?.changed);
    /// assert!(!finops.void_usage(&UsageKey::new("1", "ten_001"))?.changed, "it was out already");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found` when there is no such event, or what it was counted in can no longer be changed; `conflict` on a
    /// handle for reading; `storage`.
    pub fn void_usage(&self, key: &UsageKey) -> Result<UsageChanged> {
        self.permit("void_usage")?;
        let changed = self.void_event(key.key())?;
        Ok(UsageChanged { changed })
    }

    /// Has an event say something else; everything that counted it follows, and what it cost.
    ///
    /// # Errors
    /// `invalid_argument` for what meters cannot count; else as [`Finops::void_usage`], also for one that was voided.
    pub fn correct_usage(&self, correction: UsageCorrection) -> Result<UsageChanged> {
        self.permit("correct_usage")?;
        let UsageCorrection { id, tenant_id, source, .. } = &correction;
        let key = EventKey { tenant_id, source, id };
        self.refuse_foreign(key)?;
        let before = self.store.usage()?.usage_event(key)?;
        let changed = self.correct_event(correction.of(before))?;
        Ok(UsageChanged { changed })
    }
}

/// How many events a thread reads at least: below, starting it costs more than it saves.
const READ_EACH: usize = 2_048;
/// More threads would wait for the one that writes.
const READERS: usize = 4;

/// Reads events, many of them on several threads.
fn read_usage(json: &str, now: Stamp) -> Result<Vec<std::result::Result<UsageEvent, Rejected>>> {
    let texts = split_events(json)?;
    let readers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(READERS);
    let each = texts.len().div_ceil(readers).max(READ_EACH);
    let read = |first: usize, texts: &[&str]| -> Vec<_> {
        (first..).zip(texts).map(|(index, text)| read_event(index, text, now)).collect()
    };
    let mut parts = texts.chunks(each);
    let own = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let others: Vec<_> =
            (1..).zip(parts).map(|(part, texts)| scope.spawn(move || read(part * each, texts))).collect();
        let mut events = read(0, own);
        for other in others {
            let panicked = |_| Error::new(crate::ErrorCode::Storage, "a thread that read events came to an end");
            events.extend(other.join().map_err(panicked)?);
        }
        Ok(events)
    })
}

/// The pages that usage of an interval is read from.
pub(super) fn pages(store: &dyn UsageStore, interval: Interval, only: Option<&str>) -> Result<Vec<Range<PageKey>>> {
    let meters = store.meters()?;
    let wanted = meters.iter().filter(|(_, meter)| only.is_none_or(|only| only == meter.slug));
    let mut pages = Vec::new();
    let (first, end) = (day_of(interval.start()), day_of(interval.end()).saturating_add(1));
    for (meter, definition) in wanted {
        let key = |span, day| PageKey { meter, span, day };
        let levels = definition.aggregation == Aggregation::TimeWeighted;
        // A level is carried in from the days of the month before the window, and from all months before that.
        let start = if levels { PageKey::of(meter, PageSpan::Month, interval.start()).day } else { first };
        pages.push(key(PageSpan::Day, start)..key(PageSpan::Day, end));
        if levels {
            pages.push(key(PageSpan::Month, i32::MIN)..key(PageSpan::Month, end));
        }
    }
    Ok(pages)
}

/// Which events to drop.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsageDrop {
    /// Those of batches that ended before.
    pub(super) before: Stamp,
}

impl UsageDrop {
    pub(super) const FIELDS: &'static [&'static str] = &["before"];
}
