//! Functions of JavaScript that are told of events, or asked, and whether a webhook is what it says.
//!
//! Whoever asks works on Node's thread pool. It hands a text to the event loop and waits until JavaScript answers by
//! its ticket, so that a function may take its time and give a promise.

use crate::json;
use finops_core::edge::notify::EventSink;
use finops_core::model::event::RecordedEvent;
use finops_core::model::time::{Clock, Stamp, SystemClock};
use finops_core::{Answer, Error, ErrorCode};
use napi::Status;
use napi::bindgen_prelude::FnArgs;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue};
use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a run that waits looks whether there still is an event loop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The last ticket, and who waits for which.
type Waiting = (u32, HashMap<u32, Sender<Result<String, String>>>);
type Arguments = FnArgs<(u32, String)>;
/// It keeps no process alive, and its function catches what is thrown.
pub(crate) type Tell = ThreadsafeFunction<Arguments, UnknownReturnValue, Arguments, Status, false, true>;

/// What was handed to the event loop and is not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    state: Mutex<Waiting>,
}

impl Tickets {
    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what JavaScript answered, or why it did not.
    pub(crate) fn answer(&self, ticket: u32, answer: Result<String, String>) {
        if let Some(sender) = self.state().1.remove(&ticket) {
            // Nobody waits any more where the run was given up.
            let _ = sender.send(answer);
        }
    }

    /// Hands a text to the event loop and waits for the answer to it.
    pub(crate) fn ask(&self, tell: &Tell, text: String) -> Result<String, String> {
        let (sender, answered) = channel();
        let ticket = {
            let mut state = self.state();
            state.0 = state.0.wrapping_add(1);
            let ticket = state.0;
            state.1.insert(ticket, sender);
            ticket
        };
        let gone = || {
            self.state().1.remove(&ticket);
            "the event loop ends".to_owned()
        };
        if tell.call((ticket, text).into(), ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
            return Err(gone());
        }
        loop {
            match answered.recv_timeout(LOOK_EVERY) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) if !tell.aborted() => {}
                Err(_) => return Err(gone()),
            }
        }
    }
}

/// A function that is told of events.
pub(crate) struct Function {
    pub(crate) tell: Tell,
    pub(crate) tickets: Arc<Tickets>,
}

impl Function {
    fn wait(&self, event: &RecordedEvent) -> Result<(), String> {
        let text = json::text(&Answer::from(event.clone()), true).map_err(|error| error.to_string())?;
        self.tickets.ask(&self.tell, text).map(drop)
    }
}

impl EventSink for Function {
    fn on_event(&self, event: &RecordedEvent) -> Result<(), Error> {
        self.wait(event).map_err(|error| Error::new(ErrorCode::Cancelled, error))
    }
}

/// Lets through what was signed with one of the secrets. Headers are names and values by turns.
pub(crate) fn verify(secrets: &[String], headers: &[String], body: &[u8], now: Option<&str>) -> Result<(), Error> {
    let now =
        now.map_or_else(|| Ok(SystemClock.now()), |now| Stamp::parse(now).map_err(|error| error.with_field("now")))?;
    let (pairs, _) = headers.as_chunks::<2>();
    let headers = pairs.iter().map(|[name, value]| (name.as_str(), value.as_str()));
    finops_core::verify_webhook(secrets, headers, body, now)
}
