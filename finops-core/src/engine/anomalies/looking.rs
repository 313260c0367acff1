//! Asking the charges and the usage for anomalies, and for what drove each of them.

use super::feedback::Said;
use crate::edge::store::Snapshot;
use crate::engine::{Finops, Observer};
use crate::insight::cost_anomalies::{
    AnomalySearch, AnomalyUsage, CostAnomaly, DRIVER_DIMENSIONS, Decomposed, Found, FoundAnomalies, usage,
};
use crate::insight::health::Held;
use crate::model::anomaly::Feedback;
use crate::model::dimension::Dimension;
use crate::model::filter::Filter;
use crate::model::progress::Remembering;
use crate::{ErrorCode, Result};

impl Finops {
    /// What a search finds in a state, and the filter that it went by with what the handle is narrowed to.
    pub(super) fn find_anomalies(
        &self,
        search: &AnomalySearch<'_>,
        snapshot: &Snapshot,
        observer: &dyn Observer,
    ) -> Result<(FoundAnomalies, Filter)> {
        let mut question = search.question();
        self.complete(std::slice::from_mut(&mut question))?;
        let observer = Remembering::new(observer);
        let sums = self.store.aggregate(snapshot, &question, &observer)?;
        let held = Held {
            snapshot: snapshot.id,
            reach: snapshot.reach(),
            imports: &snapshot.imports,
            estimated: None,
            is_narrowed: self.is_narrowed(),
        };
        let found = search.find(sums, held, &question.filter, &*self.anomalies.detector, &observer)?;
        Ok((found, question.filter))
    }

    /// Looks at what drove an anomaly, how usage went along, and what was said of it.
    pub(super) fn tell_anomaly(
        &self,
        (search, all, found): (&AnomalySearch<'_>, &FoundAnomalies, &Found),
        (snapshot, filter): (&Snapshot, &Filter),
        said: &Said,
        observer: &dyn Observer,
    ) -> Result<CostAnomaly> {
        let name = |dimension: &Dimension, value: &str| self.name_of(dimension, value);
        let mut told = CostAnomaly::new(found, search.dimensions(), &name)?;
        told.feedback = said.get(&found.id).cloned();
        let is_expected = |id| said.get(&id).is_some_and(|given| given.feedback == Feedback::Expected);
        told.recurs = found.recurs(&is_expected);
        let mut taken = Decomposed::new(search, all, found)?;
        let dimensions = DRIVER_DIMENSIONS.map(Dimension::BuiltIn);
        for dimension in dimensions.iter().filter(|dimension| !search.dimensions().contains(dimension)) {
            let mut question = taken.question(dimension)?;
            self.complete(std::slice::from_mut(&mut question))?;
            match self.store.aggregate(snapshot, &question, observer) {
                Ok(sums) => taken.take(dimension, sums)?,
                // A dimension of more values than an answer may be made of tells nothing that anybody could look at.
                Err(error) if error.code() == ErrorCode::InvalidArgument => {}
                Err(error) => return Err(error),
            }
        }
        told.usage = self.usage_meanwhile(&taken, filter)?;
        told.drivers = taken.finish();
        for driver in &mut told.drivers {
            if let Some(value) = &driver.value {
                driver.name = self.name_of(&driver.dimension, value)?;
            }
        }
        Ok(told)
    }

    /// How metered usage of the same scope went; none where there is none, and where usage knows nothing of it.
    fn usage_meanwhile(&self, taken: &Decomposed<'_>, filter: &Filter) -> Result<Option<AnomalyUsage>> {
        let Ok(store) = self.store.usage() else { return Ok(None) };
        if store.usage_mark()?.events == 0 {
            return Ok(None);
        }
        let Some(request) = usage::request(taken, &taken.scope(filter))? else { return Ok(None) };
        match self.usage_asked(&request) {
            Ok(asked) => usage::correlate(taken, &asked),
            // Days of a zone that do not begin on a quarter of an hour, and properties that no meter groups by.
            Err(error) if error.code() == ErrorCode::InvalidArgument => Ok(None),
            Err(error) => Err(error),
        }
    }
}
