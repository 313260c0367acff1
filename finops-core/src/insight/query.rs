//! What every cost query goes through: it asks questions of one state of the store, and is finished from the sums.

use super::health::Held;
use super::question::Question;
use super::sums::Sums;
use crate::Result;
use crate::model::dimension::Dimension;
use crate::model::history::AsOf;
use crate::model::time::Stamp;

/// Looks up what a value of a dimension is called.
pub type NameOf<'n> = &'n dyn Fn(&Dimension, &str) -> Result<Option<String>>;

/// A cost query: made for a request, given the answers to its questions, finished.
pub trait CostQuery: Sized {
    /// What it comes to.
    type Answer;

    /// What it asks; usually one question.
    fn questions(&self) -> Vec<Question>;

    /// The answer, from the sums for each question, in their order, and the state of the store that they are of.
    ///
    /// # Errors
    /// `mixed_currencies`, `overflow`, and whatever `name` gives.
    fn finish(self, sums: Vec<Sums>, held: Held<'_>, name: NameOf<'_>) -> Result<Self::Answer>;
}

/// A request that a cost query answers.
pub trait CostRequest {
    /// The name of its operation, such as `costs.daily`: what a handle may or may not.
    const OPERATION: &str;

    /// The query for it.
    type Query<'q>: CostQuery
    where
        Self: 'q;

    /// Which state of the store it is about; none for the present one.
    fn as_of(&self) -> Option<AsOf> {
        None
    }

    /// The query, seen from `now`.
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered.
    fn query(&self, now: Stamp) -> Result<Self::Query<'_>>;
}

/// What a request is answered with.
pub type AnswerTo<'q, R> = <<R as CostRequest>::Query<'q> as CostQuery>::Answer;

/// The sums for the only question.
pub(super) fn only(sums: Vec<Sums>) -> Sums {
    sums.into_iter().next().unwrap_or_default()
}
