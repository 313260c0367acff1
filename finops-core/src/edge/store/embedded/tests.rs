//! The suite of stores once more, where so few rows are worth a thread that several share out the questions.

use super::{EmbeddedStore, Tuning};
use crate::edge::store::{Store, conformance};

#[test]
fn several_threads_conform_as_one_does() {
    for threads in [2, 5] {
        let tuning = Tuning { threads, ..Tuning::default() };
        conformance::run(&mut || Ok(Box::new(EmbeddedStore::in_memory()?.tuned(tuning)) as Box<dyn Store>)).unwrap();
    }
}
