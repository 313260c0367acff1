//! The suite by subject, and what its parts share.

mod definitions;
mod http;
mod receiver;
mod retries;
mod sinks;

use finops_core::Finops;
use finops_core::edge::notify::{Post, Transport};
use finops_core::edge::store::{EmbeddedStore, Store};
use finops_core::model::event::{EventKind, OutboxEvent};
use finops_core::model::id::{Id, SeededEntropy};
use finops_core::model::time::{Clock, FixedClock, Stamp};
use finops_core::model::webhook::Sent;
use finops_tests::support::answer;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// When the tests begin.
const START: &str = "2024-01-15T00:00:00Z";

fn stamp(text: &str) -> Stamp {
    text.parse().unwrap()
}

/// What answers a post: the number of those before it, and the post.
type Answering = dyn Fn(usize, &Post) -> Sent + Send + Sync;

/// Keeps what is sent, and answers as it is told.
#[derive(Clone)]
struct Kept {
    posts: Arc<Mutex<Vec<Post>>>,
    answering: Arc<Answering>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    fn answering(answering: impl Fn(usize, &Post) -> Sent + Send + Sync + 'static) -> Self {
        Self { posts: Arc::default(), answering: Arc::new(answering) }
    }

    fn taken(&self) -> Vec<Post> {
        std::mem::take(&mut self.posts.lock().unwrap())
    }
}

impl Transport for Kept {
    fn post(&self, post: &Post) -> Sent {
        let before = {
            let mut posts = self.posts.lock().unwrap();
            posts.push(post.clone());
            posts.len() - 1
        };
        (self.answering)(before, post)
    }
}

fn header<'p>(post: &'p Post, name: &str) -> &'p str {
    &post.headers.iter().find(|(known, _)| *known == name).unwrap().1
}

/// An engine in memory whose clock stands, its store, and what it sends. The clock is moved without the engine, which
/// would send what is then due.
struct World {
    finops: Finops,
    clock: Arc<FixedClock>,
    store: Arc<EmbeddedStore>,
    sent: Kept,
}

impl World {
    fn new(answering: impl Fn(usize, &Post) -> Sent + Send + Sync + 'static) -> Self {
        let (sent, store) = (Kept::answering(answering), Arc::new(EmbeddedStore::in_memory().unwrap()));
        let clock = Arc::new(FixedClock::new(stamp(START)));
        let builder = Finops::builder().clock(Arc::<FixedClock>::clone(&clock));
        let builder = builder.entropy(Arc::new(SeededEntropy::new(7)));
        let builder = builder.store(Arc::<EmbeddedStore>::clone(&store)).transport(Arc::new(sent.clone()));
        Self { finops: builder.open("").unwrap(), clock, store, sent }
    }

    fn webhook(&self, events: &[&str]) -> String {
        let made = answer(&self.finops, "webhooks.create", json!({"url": "https://a.example/t0ken", "events": events}));
        made["id"].as_str().unwrap().to_owned()
    }

    /// Writes an event, as whatever causes one does.
    fn happens(&self, number: u8, kind: EventKind) -> String {
        let at = self.clock.now();
        let event = OutboxEvent::new(Id::new(at, [number; 10]), kind, at, &json!({"number": number})).unwrap();
        self.store.outbox().unwrap().record_events(std::slice::from_ref(&event), None).unwrap();
        event.id.to_string()
    }

    fn run(&self) -> Value {
        answer(&self.finops, "webhooks.deliver", json!({}))
    }

    fn tick(&self, now: &str) {
        self.clock.advance_to(stamp(now)).unwrap();
    }

    fn deliveries(&self) -> Vec<Value> {
        answer(&self.finops, "webhooks.deliveries", json!({"limit": 1000}))["items"].as_array().unwrap().clone()
    }
}
