//! The plan of a breakdown: which way its question took through the engine, instead of what it comes to.

use super::breakdown::{BreakdownQuery, BreakdownRequest};
use super::health::Held;
use super::plan::Path;
use super::query::{CostQuery, CostRequest, NameOf, only};
use super::question::Question;
use super::sums::Sums;
use crate::Result;
use crate::model::history::AsOf;
use crate::model::time::Stamp;
use serde::{Deserialize, Serialize};

/// The breakdown whose plan is asked for. Its page and its currency change nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct PlanRequest(pub BreakdownRequest);

impl PlanRequest {
    /// The fields of its JSON form.
    pub const FIELDS: &'static [&'static str] = BreakdownRequest::FIELDS;
}

/// How a question was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// How many groups the answer has, before currencies are brought together.
    pub groups: u64,
    /// How many charges they are made of.
    pub rows: u64,
    /// What was read.
    #[serde(flatten)]
    pub path: Path,
    /// The state of the store that was read.
    pub snapshot: u64,
}

/// A plan in the making.
#[derive(Debug)]
pub struct PlanQuery<'q>(BreakdownQuery<'q>);

impl CostRequest for PlanRequest {
    const OPERATION: &str = "costs.explain_plan";

    type Query<'q> = PlanQuery<'q>;

    fn as_of(&self) -> Option<AsOf> {
        self.0.as_of
    }

    fn query(&self, now: Stamp) -> Result<PlanQuery<'_>> {
        self.0.view.refuse_allocated(true, "is not read from the store in one way: ask for one of the four costs")?;
        self.0.query(now).map(PlanQuery)
    }
}

impl CostQuery for PlanQuery<'_> {
    type Answer = Plan;

    fn questions(&self) -> Vec<Question> {
        self.0.questions()
    }

    fn finish(self, sums: Vec<Sums>, held: Held<'_>, _: NameOf<'_>) -> Result<Plan> {
        let sums = only(sums);
        let rows = sums.heads.iter().map(|head| head.charges).sum::<u64>() + sums.rest.charges;
        let groups = u64::try_from(sums.len() + sums.rest.groups).unwrap_or(u64::MAX);
        Ok(Plan { groups, rows, path: sums.path, snapshot: held.snapshot })
    }
}
