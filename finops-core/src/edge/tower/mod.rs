//! A layer for HTTP services built of tower's parts (axum, hyper, tonic) that meters each request.
//!
//! An event is made when the response is over: after its last byte, or when either side gave up. Where it goes is the
//! affair of the [`UsageSink`]; nothing here waits, and nothing that goes wrong reaches the request.

mod body;
mod report;

pub use body::{CountedBody, MeteredBody};

use crate::Error;
use crate::model::id::Entropy;
use crate::model::time::Clock;
use crate::model::usage::UsageEvent;
use http::request::Parts;
use http::{Request, Response};
use pin_project_lite::pin_project;
use report::Report;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tower_layer::Layer;
use tower_service::Service;

/// Where events go. It is called on the thread that serves the request, and must not wait.
pub trait UsageSink: Send + Sync {
    /// Takes an event.
    fn record(&self, event: UsageEvent);

    /// Is told that a request could not be made an event.
    fn lost(&self, error: Error) {
        drop(error);
    }
}

/// Whose request it was, put into the extensions of a response by those who find out later than the layer asks. It
/// counts before what the layer was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageTenant(pub String);

type Ask = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;

#[derive(Clone)]
struct Settings {
    sink: Arc<dyn UsageSink>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    tenant: Ask,
    route: Option<Ask>,
    resource: String,
    source: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("resource", &self.resource)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Meters each request: an event of `api_calls` with the quantity 1 and the properties `route`, `method`, `status`,
/// `bytes_in`, `bytes_out`, `duration_ms`, and `aborted` when the response did not come to its end.
///
/// A request without a tenant is not metered.
///
/// ```
/// use finops_core::edge::tower::{UsageLayer, UsageSink};
/// use finops_core::model::id::SeededEntropy;
/// use finops_core::model::time::{FixedClock, Stamp};
/// use finops_core::model::usage::UsageEvent;
/// use std::sync::{Arc, Mutex};
///
/// #[derive(Default)]
/// struct Kept(Mutex<Vec<UsageEvent>>);
///
/// impl UsageSink for Kept {
///     fn record(&self, event: UsageEvent) {
///         self.0.lock().unwrap().push(event);
///     }
/// }
///
/// let clock = Arc::new(FixedClock::new(Stamp::parse("2026-01-01T00:00:00Z")?));
/// let tenant = |request: &http::request::Parts| {
///     request.headers.get("x-tenant").and_then(|value| value.to_str().ok()).map(str::to_owned)
/// };
/// let layer = UsageLayer::new(Arc::new(Kept::default()), clock, Arc::new(SeededEntropy::new(1)), tenant);
/// # let _ = layer;
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct UsageLayer(Arc<Settings>);

impl UsageLayer {
    /// A layer that gives its events to a sink. The tenant is asked before the service, so that whoever identifies the
    /// caller stands outside of the layer, or says [`UsageTenant`] in the response.
    pub fn new(
        sink: Arc<dyn UsageSink>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        tenant: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Settings {
            sink,
            clock,
            entropy,
            tenant: Arc::new(tenant),
            route: None,
            resource: "api_calls".to_owned(),
            source: "tower".to_owned(),
        }))
    }

    /// How to find the template of a route; without one it is the path, of at most 256 bytes. In axum:
    /// `|request| request.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned())`.
    #[must_use]
    pub fn route(self, route: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.route = Some(Arc::new(route)))
    }

    /// What the events are of; by default `api_calls`.
    #[must_use]
    pub fn resource(self, resource: impl Into<String>) -> Self {
        self.with(|settings| settings.resource = resource.into())
    }

    /// Who reports, which is part of the identity of an event; by default `tower`.
    #[must_use]
    pub fn source(self, source: impl Into<String>) -> Self {
        self.with(|settings| settings.source = source.into())
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl<S> Layer<S> for UsageLayer {
    type Service = UsageService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        UsageService { inner, settings: Arc::clone(&self.0) }
    }
}

/// A service whose requests are metered.
#[derive(Debug, Clone)]
pub struct UsageService<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S, B, R> Service<Request<B>> for UsageService<S>
where
    S: Service<Request<CountedBody<B>>, Response = Response<R>>,
    R: http_body::Body,
{
    type Response = Response<MeteredBody<R>>;
    type Error = S::Error;
    type Future = UsageFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let report = Report::begin(&self.settings, &parts);
        let body = CountedBody::new(body, report.bytes_in());
        UsageFuture { inner: self.inner.call(Request::from_parts(parts, body)), report: Some(report) }
    }
}

pin_project! {
    /// The response to come. When it is dropped before, the request counts as aborted.
    #[derive(Debug)]
    pub struct UsageFuture<F> {
        #[pin]
        inner: F,
        report: Option<Report>,
    }
}

impl<F, R, E> Future for UsageFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: http_body::Body,
{
    type Output = Result<Response<MeteredBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answered = ready!(this.inner.poll(context));
        let report = this.report.take();
        // A service that fails drops the report, which is then of a request without a status.
        let (parts, body) = answered?.into_parts();
        let body = MeteredBody::new(body, report, &parts);
        Poll::Ready(Ok(Response::from_parts(parts, body)))
    }
}
