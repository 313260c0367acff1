//! Whose costs an anomaly is in, and the id that follows from it.

use crate::Result;
use crate::model::charge::CostView;
use crate::model::filter::Filter;
use crate::model::id::{self, Id};
use crate::model::time::Zone;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// What ids are made of: another form of them gets another one.
const FORM: &str = "finops anomaly 1\n";

/// Which charges, and which of their costs. It does not matter how they were asked for: a filter on a service is the
/// same scope as the group of that service.
///
/// ```
/// use finops_core::model::anomaly::AnomalyScope;
/// use finops_core::model::charge::CostView;
/// use finops_core::model::filter::Filter;
///
/// let filter = |text: &str| serde_json::from_str::<Filter>(text).unwrap();
/// let one = AnomalyScope::new(&filter(r#"{"service": "Queue", "tenant": "ten_1"}"#), CostView::Effective);
/// let nested = Filter::All(vec![filter(r#"{"tenant": ["ten_1"]}"#), filter(r#"{"service": "Queue"}"#)]);
/// let day = "2024-03-05".parse().unwrap();
/// assert_eq!(one.anomaly(day)?, AnomalyScope::new(&nested, CostView::Effective).anomaly(day)?);
/// assert_ne!(one.anomaly(day)?, AnomalyScope::new(&nested, CostView::Billed).anomaly(day)?);
/// # Ok::<(), finops_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnomalyScope([u8; 10]);

impl AnomalyScope {
    /// The charges that a filter lets through, in one of their costs.
    pub fn new(filter: &Filter, view: CostView) -> Self {
        let mut conditions = BTreeSet::new();
        gather(filter, &mut conditions);
        let mut hasher = blake3::Hasher::new();
        hasher.update(FORM.as_bytes()).update(view.as_str().as_bytes());
        for condition in &conditions {
            // A condition is JSON, which has no line break outside of what it escapes.
            hasher.update(b"\n").update(condition.as_bytes());
        }
        let mut digest = [0; 10];
        hasher.finalize_xof().fill(&mut digest);
        Self(digest)
    }

    /// The id of the anomaly that begins there on that day. It is the same whenever, by whichever settings and in
    /// whichever language it is found, and stays so while the anomaly grows.
    ///
    /// # Errors
    /// `invalid_argument` for a day beyond all calendars.
    pub fn anomaly(&self, first_day: NaiveDate) -> Result<Id<id::Anomaly>> {
        Ok(Id::new(Zone::UTC.day_start(first_day)?, self.0))
    }
}

/// The conditions that must all hold, each in one way of writing it.
fn gather(filter: &Filter, conditions: &mut BTreeSet<String>) {
    match filter {
        Filter::All(all) => all.iter().for_each(|filter| gather(filter, conditions)),
        Filter::In(dimension, values) => {
            let values: BTreeSet<&Option<String>> = values.iter().collect();
            let values = values.into_iter().cloned().collect();
            conditions.insert(Filter::In(dimension.clone(), values).to_json().to_string());
        }
        other => drop(conditions.insert(other.to_json().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(filter: &str, day: &str) -> Id<id::Anomaly> {
        let filter = serde_json::from_str(filter).unwrap();
        AnomalyScope::new(&filter, CostView::Effective).anomaly(day.parse().unwrap()).unwrap()
    }

    #[test]
    fn an_id_never_changes() {
        assert_eq!(id("{}", "2024-03-05").to_string(), "ano_01hr5yhx00grkw1vj599fesw19");
        assert_eq!(id("{\"service\": \"Queue\"}", "2024-03-05").to_string(), "ano_01hr5yhx00e9p9zyhbzx2b2vkf");
    }

    #[test]
    fn the_day_is_told_by_it_and_so_is_what_has_the_same_scope() {
        let one = id("{\"tenant\": [\"b\", null, \"a\"]}", "2024-03-05");
        assert_eq!(one.time().unwrap().to_string(), "2024-03-05T00:00:00Z");
        let later = id("{\"tenant\": [\"a\", \"b\", null, \"a\"]}", "2024-04-05");
        assert!(one.has_same_random(later) && one < later);
        assert!(!one.has_same_random(id("{\"tenant\": [\"a\", \"b\"]}", "2024-04-05")));
        assert!(!one.has_same_random(id("{\"not\": {\"tenant\": [\"b\", null, \"a\"]}}", "2024-03-05")));
    }
}
