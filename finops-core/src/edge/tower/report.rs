//! What is known of one request while it is served. It becomes an event when it is dropped: whoever holds it last knew
//! how the request ended.

use super::{Settings, UsageTenant};
use crate::model::id::{Event, Id};
use crate::model::money::Quantity;
use crate::model::time::Stamp;
use crate::model::usage::UsageEvent;
use crate::{Error, Result};
use http::request::Parts;
use http::{Method, StatusCode};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The longest route that is kept, in bytes.
const ROUTE_BYTES_MAX: usize = 256;

#[derive(Debug)]
pub(super) struct Report {
    settings: Arc<Settings>,
    tenant: Option<String>,
    method: Method,
    route: String,
    started: Stamp,
    status: Option<StatusCode>,
    bytes_in: Arc<AtomicU64>,
    bytes_out: u64,
    ended: bool,
}

impl Report {
    pub(super) fn begin(settings: &Arc<Settings>, request: &Parts) -> Self {
        let named = settings.route.as_ref().and_then(|route| route(request));
        let mut route = named.unwrap_or_else(|| request.uri.path().to_owned());
        let mut end = ROUTE_BYTES_MAX;
        while !route.is_char_boundary(end.min(route.len())) {
            end -= 1;
        }
        route.truncate(end);
        Self {
            settings: Arc::clone(settings),
            tenant: (settings.tenant)(request),
            method: request.method.clone(),
            route,
            started: settings.clock.now(),
            status: None,
            bytes_in: Arc::default(),
            bytes_out: 0,
            ended: false,
        }
    }

    /// Where the bytes of the request are counted.
    pub(super) fn bytes_in(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_in)
    }

    /// The service has answered. Some answers have no body on the wire, whatever the service gave.
    pub(super) fn answered(&mut self, response: &http::response::Parts) {
        self.status = Some(response.status);
        if let Some(UsageTenant(tenant)) = response.extensions.get() {
            self.tenant = Some(tenant.clone());
        }
        let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status);
        self.ended = bodiless || self.method == Method::HEAD;
    }

    pub(super) fn sent(&mut self, bytes: u64) {
        self.bytes_out = self.bytes_out.saturating_add(bytes);
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    fn event(&self, tenant: &str) -> Result<UsageEvent> {
        let settings = &self.settings;
        let now = settings.clock.now();
        let mut random = [0; 10];
        settings.entropy.fill(&mut random)?;
        let id = Id::<Event>::new(now, random).to_string();
        // The clock of the system may have been set back meanwhile.
        let micros = now.micros().saturating_sub(self.started.micros()).max(0);
        let mut properties = BTreeMap::from([
            ("method".to_owned(), self.method.to_string()),
            ("route".to_owned(), self.route.clone()),
            ("bytes_in".to_owned(), self.bytes_in.load(Ordering::Relaxed).to_string()),
            ("bytes_out".to_owned(), self.bytes_out.to_string()),
            ("duration_ms".to_owned(), format!("{}.{:03}", micros / 1_000, micros % 1_000)),
        ]);
        if let Some(status) = self.status {
            properties.insert("status".to_owned(), status.as_str().to_owned());
        }
        if !self.ended {
            properties.insert("aborted".to_owned(), "true".to_owned());
        }
        let mut event = UsageEvent::new(id, now, settings.resource.clone(), Quantity::from_units(1), tenant);
        event.source.clone_from(&settings.source);
        event.properties = properties;
        Ok(event)
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let Some(tenant) = self.tenant.take() else { return };
        match self.event(&tenant) {
            Ok(event) => self.settings.sink.record(event),
            Err(error) => self.settings.sink.lost(lost(error)),
        }
    }
}

fn lost(error: Error) -> Error {
    Error::new(error.code(), format!("a request is not metered: {error}")).with_source(error)
}
