//! Functions of JavaScript that are told of events, or asked, and whether a webhook is what it says.
//!
//! Whoever asks works on Node's thread pool. It hands a text to the event loop and waits until JavaScript answers by
//! its ticket, so that a function may take its time and give a promise.

use crate::json;
use crate::watch::is_cancelled;
use finops_core::edge::notify::EventSink;
use finops_core::model::event::RecordedEvent;
use finops_core::model::time::{Clock, Stamp, SystemClock};
use finops_core::{Answer, Error, ErrorCode};
use napi::Status;
use napi::bindgen_prelude::FnArgs;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode, UnknownReturnValue};
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a run that waits looks whether there still is an event loop, and whether it is to wait on.
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

    /// Hands a text to the event loop and waits for the answer to it, until `impatient` says why no longer: it is
    /// asked every [`LOOK_EVERY`], with how long it was.
    fn ask<W>(
        &self,
        tell: &Tell,
        text: String,
        impatient: impl Fn(Duration) -> Option<W>,
    ) -> Result<String, Unanswered<W>> {
        let (sender, answered) = channel();
        let ticket = {
            let mut state = self.state();
            state.0 = state.0.wrapping_add(1);
            let ticket = state.0;
            state.1.insert(ticket, sender);
            ticket
        };
        let forget = |why| {
            self.state().1.remove(&ticket);
            Err(why)
        };
        let gone = || forget(Unanswered::Failed("the event loop ends".to_owned()));
        if tell.call((ticket, text).into(), ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
            return gone();
        }
        let mut waited = Duration::ZERO;
        loop {
            match answered.recv_timeout(LOOK_EVERY) {
                Ok(answer) => return answer.map_err(Unanswered::Failed),
                Err(RecvTimeoutError::Timeout) if !tell.aborted() => {}
                Err(_) => return gone(),
            }
            waited = waited.saturating_add(LOOK_EVERY);
            if let Some(why) = impatient(waited) {
                return forget(Unanswered::GivenUp(why));
            }
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
enum Unanswered<W> {
    /// What was thrown, or what else went wrong.
    Failed(String),
    /// Whoever asked waited no longer.
    GivenUp(W),
}

/// Why a model or a detector is not waited for any longer.
#[derive(Debug)]
enum Impatience {
    /// It takes too long.
    Late,
    /// The call that asked it is to stop.
    Stopped,
}

/// A model or a detector that JavaScript brings: a function that is given a ticket and JSON text, and answers by that
/// ticket.
pub(crate) struct Brought {
    pub(crate) tell: Tell,
    pub(crate) tickets: Arc<Tickets>,
    pub(crate) name: String,
    /// How long an answer may take.
    pub(crate) within: Duration,
}

impl fmt::Debug for Brought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brought").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Brought {
    /// That it failed, and why.
    pub(crate) fn failed(&self, field: &str, why: &str) -> Error {
        Error::invalid(field, format!("'{}' failed: {why}", self.name))
    }

    /// Its answer. One that does not come stops the call: the next series would wait as long for theirs. That error
    /// names the field, and one of a call that is to stop names none.
    pub(crate) fn ask(&self, field: &str, text: String) -> Result<String, Error> {
        let impatient = |waited| {
            if is_cancelled() { Some(Impatience::Stopped) } else { (waited >= self.within).then_some(Impatience::Late) }
        };
        self.tickets.ask(&self.tell, text, impatient).map_err(|unanswered| match unanswered {
            Unanswered::Failed(why) => self.failed(field, &why),
            Unanswered::GivenUp(Impatience::Stopped) => {
                Error::new(ErrorCode::Cancelled, format!("the call was stopped while it waited for '{}'", self.name))
            }
            Unanswered::GivenUp(Impatience::Late) => {
                let message = format!(
                    "'{}' gave no answer within {} s: let it answer sooner, without waiting for calls of the \
                     engine that asks it, or open with a larger model_timeout_seconds",
                    self.name,
                    self.within.as_secs()
                );
                Error::new(ErrorCode::Cancelled, message).with_field(field)
            }
        })
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
        // A function may take its time: events wait for it.
        match self.tickets.ask(&self.tell, text, |_| None::<Infallible>) {
            Ok(_) => Ok(()),
            Err(Unanswered::Failed(why)) => Err(why),
            Err(Unanswered::GivenUp(never)) => match never {},
        }
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
