//! The queue before a commit: whoever comes while another commits waits, and the next commit takes all that wait.
//!
//! There is no thread for it. The first that finds nobody committing does it, for itself and for those who wait.

use crate::{Error, ErrorCode, Result};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Requests that wait, and answers that were not taken yet.
#[derive(Debug)]
pub(super) struct Queue<R, A> {
    waiting: Mutex<Waiting<R, A>>,
    turn: Condvar,
    /// How much one commit takes, by the weights of requests; at least one request.
    most: usize,
}

#[derive(Debug)]
struct Waiting<R, A> {
    next: u64,
    requests: VecDeque<(u64, usize, R)>,
    answers: HashMap<u64, Result<A>>,
    committing: bool,
}

impl<R, A> Queue<R, A> {
    pub(super) fn new(most: usize) -> Self {
        let waiting = Waiting { next: 0, requests: VecDeque::new(), answers: HashMap::new(), committing: false };
        Self { waiting: Mutex::new(waiting), turn: Condvar::new(), most }
    }

    /// Has a request answered by `commit`, which gets it together with others and answers each in order. When it gives
    /// an error, so do all.
    pub(super) fn submit(&self, request: R, weight: usize, commit: impl Fn(&[R]) -> Result<Vec<A>>) -> Result<A> {
        let mut waiting = self.lock();
        let own = waiting.next;
        waiting.next += 1;
        waiting.requests.push_back((own, weight, request));
        loop {
            if let Some(answer) = waiting.answers.remove(&own) {
                return answer;
            }
            if waiting.committing {
                waiting = self.turn.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (numbers, requests) = waiting.take(self.most);
            waiting.committing = true;
            drop(waiting);
            let mut turn = Turn { queue: self, numbers, answers: None };
            turn.answers = Some(commit(&requests));
            drop(turn);
            waiting = self.lock();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<R, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R, A> Waiting<R, A> {
    fn take(&mut self, most: usize) -> (Vec<u64>, Vec<R>) {
        let (mut numbers, mut requests, mut total) = (Vec::new(), Vec::new(), 0_usize);
        while let Some((_, weight, _)) = self.requests.front() {
            total = total.saturating_add(*weight);
            if !numbers.is_empty() && total > most {
                break;
            }
            if let Some((number, _, request)) = self.requests.pop_front() {
                numbers.push(number);
                requests.push(request);
            }
        }
        (numbers, requests)
    }
}

/// A turn at committing. It ends however the commit ends, so that nobody waits for ever.
struct Turn<'q, R, A> {
    queue: &'q Queue<R, A>,
    numbers: Vec<u64>,
    /// None when the commit panicked.
    answers: Option<Result<Vec<A>>>,
}

impl<R, A> Drop for Turn<'_, R, A> {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        let panicked = || Error::new(ErrorCode::Storage, "the thread that was to write this failed: report it again");
        match self.answers.take().unwrap_or_else(|| Err(panicked())) {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for number in &self.numbers {
                    waiting.answers.insert(*number, answers.next().ok_or_else(panicked));
                }
            }
            Err(error) => {
                // Each who waits gets the same words; the first also what is underneath.
                let (code, message) = (error.code(), error.message().to_owned());
                let field = error.field().map(str::to_owned);
                let mut first = Some(error);
                for number in &self.numbers {
                    let again = || {
                        let again = Error::new(code, message.clone());
                        field.iter().cloned().fold(again, Error::with_field)
                    };
                    waiting.answers.insert(*number, Err(first.take().unwrap_or_else(again)));
                }
            }
        }
        waiting.committing = false;
        drop(waiting);
        self.queue.turn.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn who_waits_shares_a_commit() {
        let queue = Queue::new(100);
        let commits = AtomicUsize::new(0);
        let commit = |requests: &[usize]| {
            // The first takes so long that all the others wait.
            while commits.load(Ordering::Relaxed) == 0 && queue.lock().requests.len() < 16 - requests.len() {
                std::thread::yield_now();
            }
            commits.fetch_add(1, Ordering::Relaxed);
            Ok(requests.iter().map(|request| request * 2).collect())
        };
        std::thread::scope(|scope| {
            for request in 0..16 {
                let (queue, commit) = (&queue, &commit);
                scope.spawn(move || assert_eq!(queue.submit(request, 1, commit).unwrap(), request * 2));
            }
        });
        assert_eq!(commits.into_inner(), 2, "one for the first, and one for all the others");
    }

    #[test]
    fn an_error_goes_to_all_and_a_panic_holds_up_nobody() {
        let queue: Queue<u8, ()> = Queue::new(100);
        let error = queue.submit(1, 1, |_| Err(Error::invalid("x", "no"))).unwrap_err();
        assert_eq!(error.field(), Some("x"));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            drop(queue.submit(1, 1, |_| panic!("on purpose")));
        }));
        assert!(panicked.is_err());
        queue.submit(1, 1, |requests| Ok(vec![(); requests.len()])).unwrap();
    }

    #[test]
    fn a_commit_takes_only_so_much() {
        let queue: Queue<u8, ()> = Queue::new(3);
        queue.lock().requests.extend([(7, 2, 1), (8, 2, 2), (9, 9, 3)]);
        assert_eq!(queue.lock().take(3).0, [7]);
        assert_eq!(queue.lock().take(3).0, [8]);
        assert_eq!(queue.lock().take(3).0, [9]);
    }
}
