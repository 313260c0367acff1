//! The layer for tower under a real server: what is counted is what went over the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what broke by failing"
)]

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use finops_core::edge::tower::{UsageLayer, UsageSink, UsageTenant};
use finops_core::model::id::{Entropy, SeededEntropy};
use finops_core::model::time::{FixedClock, Stamp, SystemClock};
use finops_core::model::usage::UsageEvent;
use finops_core::{Error, ErrorCode};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Is told when a request came that is never answered.
static SLOW: Notify = Notify::const_new();

#[derive(Default)]
struct Kept {
    events: Mutex<Vec<UsageEvent>>,
    lost: Mutex<Vec<Error>>,
}

impl UsageSink for Kept {
    fn record(&self, event: UsageEvent) {
        self.events.lock().unwrap().push(event);
    }

    fn lost(&self, error: Error) {
        self.lost.lock().unwrap().push(error);
    }
}

impl Kept {
    /// The events, when there are so many: they come when the server lets go of the response.
    async fn wait(&self, count: usize) -> Vec<UsageEvent> {
        for _ in 0..12_000 {
            let events = self.events.lock().unwrap().clone();
            if events.len() >= count {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{count} events are awaited: {:?}", self.events.lock().unwrap())
    }

    /// Until a request could not be metered, of which it is told at the same time.
    async fn wait_for_loss(&self) {
        for _ in 0..12_000 {
            if !self.lost.lock().unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("a loss is awaited: {:?}", self.events.lock().unwrap())
    }
}

/// Pieces of a body that come one by one; then its end, an error, or nothing any more.
struct Pieces {
    left: usize,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    End,
    Fail,
    Hang,
}

impl axum::body::HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        if self.left > 0 {
            self.left -= 1;
            return Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from(vec![b'x'; 1_000])))));
        }
        match self.then {
            Then::End => Poll::Ready(None),
            Then::Fail => Poll::Ready(Some(Err(std::io::Error::other("in the middle")))),
            Then::Hang => Poll::Pending,
        }
    }
}

fn pieces(then: Then) -> Response {
    Body::new(Pieces { left: 10, then }).into_response()
}

fn tenant(request: &axum::http::request::Parts) -> Option<String> {
    request.headers.get("x-tenant").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn layer(sink: &Arc<Kept>) -> UsageLayer {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SeededEntropy::new(7)));
    UsageLayer::new(Arc::clone(sink) as Arc<dyn UsageSink>, clock, entropy, tenant)
        .route(|request| request.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()))
}

fn application(layer: UsageLayer) -> Router {
    Router::new()
        .route("/items/{item}", post(|body: Bytes| async move { (StatusCode::CREATED, body.len().to_string()) }))
        .route("/stream", get(|| async { pieces(Then::End) }))
        .route("/cut", get(|| async { pieces(Then::Fail) }))
        .route("/hang", get(|| async { pieces(Then::Hang) }))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
        .route(
            "/slow",
            get(|_: Request| async {
                SLOW.notify_one();
                std::future::pending::<()>().await;
            }),
        )
        .route(
            "/known",
            get(|| async {
                let mut response = "known".into_response();
                response.extensions_mut().insert(UsageTenant("ten_late".to_owned()));
                response
            }),
        )
        .layer(layer)
}

/// Serves while the work goes on; the work is given the address.
fn serving<F: Future<Output = ()>>(layer: UsageLayer, work: impl FnOnce(std::net::SocketAddr) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, application(layer)).await });
        work(address).await;
        server.abort();
    });
}

async fn connect(address: std::net::SocketAddr, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let text = format!("{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Asks, and gives all that came back until the server closed.
async fn ask(address: std::net::SocketAddr, head: &str, body: &str) -> String {
    let mut answer = Vec::new();
    connect(address, head, body).await.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// The properties but the one that no test can know.
fn counted(event: &UsageEvent) -> BTreeMap<&str, &str> {
    let mut properties: BTreeMap<&str, &str> =
        event.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let took = properties.remove("duration_ms").unwrap();
    assert!(took.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3), "{took}");
    properties
}

#[test]
fn each_request_is_metered_once() {
    let kept = Arc::new(Kept::default());
    serving(layer(&kept), async |address| {
        let answer = ask(address, "POST /items/42?secret=1 HTTP/1.1\r\nx-tenant: ten_001", "12345").await;
        assert!(answer.starts_with("HTTP/1.1 201") && answer.ends_with("\r\n\r\n5"), "{answer}");
        let events = kept.wait(1).await;
        let wanted =
            [("bytes_in", "5"), ("bytes_out", "1"), ("method", "POST"), ("route", "/items/{item}"), ("status", "201")];
        assert_eq!(counted(&events[0]), BTreeMap::from(wanted));
        assert_eq!((events[0].resource.as_str(), events[0].source.as_str()), ("api_calls", "tower"));
        assert_eq!((events[0].tenant_id.as_str(), events[0].quantity), ("ten_001", Some("1".parse().unwrap())));

        ask(address, "GET /stream HTTP/1.1\r\nx-tenant: t", "").await;
        let events = kept.wait(2).await;
        assert_eq!(counted(&events[1])["bytes_out"], "10000");
        assert!(!events[1].properties.contains_key("aborted"));

        ask(address, "HEAD /stream HTTP/1.1\r\nx-tenant: t", "").await;
        ask(address, "GET /empty HTTP/1.1\r\nx-tenant: t", "").await;
        ask(address, "GET /none HTTP/1.1\r\nx-tenant: t", "").await;
        ask(address, "GET /empty HTTP/1.1", "").await;
        ask(address, "GET /known HTTP/1.1", "").await;
        let events = kept.wait(6).await;
        let seen: Vec<(&str, &str, &str)> = events[2..]
            .iter()
            .map(|event| (event.properties["status"].as_str(), event.properties["route"].as_str(), &*event.tenant_id))
            .collect();
        let wanted =
            [("200", "/stream", "t"), ("204", "/empty", "t"), ("404", "/none", "t"), ("200", "/known", "ten_late")];
        assert_eq!(seen, wanted, "one had no tenant");
        assert!(events[2..].iter().all(|event| !event.properties.contains_key("aborted")));
        assert_eq!(events.iter().map(|event| &event.id).collect::<BTreeSet<_>>().len(), 6);
        assert!(events[0].id.starts_with("evt_"));
    });
}

#[test]
fn what_does_not_come_to_its_end_is_metered_as_far_as_it_came() {
    let kept = Arc::new(Kept::default());
    serving(layer(&kept), async |address| {
        ask(address, "GET /cut HTTP/1.1\r\nx-tenant: t", "").await;
        let events = kept.wait(1).await;
        let cut = counted(&events[0]);
        assert_eq!((cut["aborted"], cut["bytes_out"], cut["status"]), ("true", "10000", "200"));

        // The caller leaves in the middle of a response, and before there is one.
        let mut stream = connect(address, "GET /hang HTTP/1.1\r\nx-tenant: t", "").await;
        stream.read_exact(&mut [0; 2_000]).await.unwrap();
        drop(stream);
        assert_eq!(counted(&kept.wait(2).await[1])["aborted"], "true");
        let stream = connect(address, "GET /slow HTTP/1.1\r\nx-tenant: t", "").await;
        SLOW.notified().await;
        drop(stream);
        let events = kept.wait(3).await;
        let slow = counted(&events[2]);
        assert_eq!((slow["aborted"], slow.get("status")), ("true", None));
    });
}

#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), Error> {
        Err(Error::new(ErrorCode::Storage, "the generator failed"))
    }
}

#[test]
fn metering_never_breaks_a_request() {
    let kept = Arc::new(Kept::default());
    let clock = Arc::new(FixedClock::new(Stamp::parse("2026-01-01T00:00:00Z").unwrap()));
    let layer = UsageLayer::new(Arc::clone(&kept) as Arc<dyn UsageSink>, clock, Arc::new(NoEntropy), tenant);
    serving(layer, async |address| {
        assert!(ask(address, "GET /known HTTP/1.1\r\nx-tenant: t", "").await.ends_with("known"));
        kept.wait_for_loss().await;
    });
    assert!(kept.events.lock().unwrap().is_empty());
    assert!(kept.lost.lock().unwrap()[0].to_string().contains("a request is not metered: the generator failed"));
}

#[test]
fn a_route_is_bounded_and_settings_are_the_callers() {
    let kept = Arc::new(Kept::default());
    let clock = Arc::new(FixedClock::new(Stamp::parse("2026-01-01T00:00:00Z").unwrap()));
    let entropy = Arc::new(SeededEntropy::new(1));
    let plain = UsageLayer::new(Arc::clone(&kept) as Arc<dyn UsageSink>, clock, entropy, tenant);
    let layer =
        plain.clone().resource("calls").source("edge-1").route(|request| request.uri.query().map(|_| "é".repeat(200)));
    serving(layer, async |address| {
        ask(address, &format!("GET /{} HTTP/1.1\r\nx-tenant: t", "y".repeat(3_000)), "").await;
        ask(address, "GET /known?x HTTP/1.1\r\nx-tenant: t", "").await;
        let events = kept.wait(2).await;
        assert_eq!(events[0].properties["route"].len(), 256);
        assert_eq!(events[1].properties["route"], "é".repeat(128));
        assert_eq!((events[0].resource.as_str(), events[0].source.as_str()), ("calls", "edge-1"));
        assert_eq!(events[0].properties["duration_ms"], "0.000", "the clock stands still");
        assert_eq!(events[0].time.to_string(), "2026-01-01T00:00:00Z");
    });
}

#[test]
fn many_requests_at_once_all_count() {
    let kept = Arc::new(Kept::default());
    serving(layer(&kept), async |address| {
        let asking: Vec<_> = (0..100)
            .map(|number| {
                let head = format!("POST /items/{number} HTTP/1.1\r\nx-tenant: ten_{}", number % 8);
                tokio::spawn(async move { ask(address, &head, "1").await })
            })
            .collect();
        for answer in asking {
            assert!(answer.await.unwrap().starts_with("HTTP/1.1 201"));
        }
        let events = kept.wait(100).await;
        assert_eq!(events.iter().map(|event| &event.id).collect::<BTreeSet<_>>().len(), 100);
        assert_eq!(events.iter().map(|event| &event.tenant_id).collect::<BTreeSet<_>>().len(), 8);
    });
}
