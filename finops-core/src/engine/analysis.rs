//! Where costs go and where they come from: trends, drivers, unit economics, and what is behind a figure.

use super::{Finops, Observer, Progress};
use crate::Result;
use crate::edge::store::Scan;
use crate::insight::explain::Explaining;
use crate::insight::health::Held;
use crate::insight::{DiffRequest, ExplainRequest, Explanation, Plan, PlanRequest, StateDiff, TopDrivers};
use crate::insight::{TopDriversRequest, Trends, TrendsRequest, UnitCosts, UnitRequest};
use crate::model::charge::ChargeColumn;
use crate::model::history::AsOf;
use crate::model::progress::watch;
use std::collections::BTreeMap;

impl Finops {
    /// How costs went by hour, day, week or month, each compared with the one before.
    ///
    /// ```
    /// use finops_core::{Finops, insight::{Granularity, TrendsRequest}};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = TrendsRequest::default();
    /// request.period = Some("2024".parse()?);
    /// request.granularity = Some(Granularity::Monthly);
    /// let trends = finops.costs_trends(&request)?;
    /// assert_eq!(trends.series[0].points.len(), 12);
    /// assert_eq!(trends.series[0].points[1].change_pct, None, "no bill covers the months");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_trends(&self, request: &TrendsRequest) -> Result<Trends> {
        self.ask(request, &())
    }

    /// What costs most, and how that changed against an earlier span.
    ///
    /// ```
    /// use finops_core::{Finops, insight::TopDriversRequest};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = TopDriversRequest::default();
    /// request.period = Some("2024-03".parse()?);
    /// let drivers = finops.costs_top_drivers(&request)?;
    /// assert_eq!(drivers.compare_start.to_string(), "2024-02-01T00:00:00Z");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_top_drivers(&self, request: &TopDriversRequest) -> Result<TopDrivers> {
        self.ask(request, &())
    }

    /// What something that the platform meters costs: a request, a transaction, a gigabyte.
    ///
    /// ```
    /// use finops_core::{Finops, insight::UnitRequest};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = UnitRequest::default();
    /// request.per = "api_calls".into();
    /// request.scale = Some(1000);
    /// assert_eq!(finops.costs_unit(&request)?.total.cost_per_unit, None, "nothing was metered");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_unit(&self, request: &UnitRequest) -> Result<UnitCosts> {
        self.ask(request, &())
    }

    /// What a figure came from: the bills behind it, and the charges that weigh most. It reads every charge of the
    /// window, and keeps those that it shows.
    ///
    /// ```
    /// use finops_core::{Finops, insight::ExplainRequest};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = ExplainRequest::default();
    /// request.period = Some("2024-01".parse()?);
    /// let explanation = finops.costs_explain(&request)?;
    /// assert_eq!((explanation.charges, explanation.sources.len()), (0, 0));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_explain(&self, request: &ExplainRequest) -> Result<Explanation> {
        self.costs_explain_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::costs_explain`].
    pub fn costs_explain_observed(&self, request: &ExplainRequest, observer: &dyn Observer) -> Result<Explanation> {
        self.permit("costs.explain")?;
        let mut explaining = Explaining::new(request, self.clock.now())?;
        self.complete(std::slice::from_mut(explaining.question_mut()))?;
        let snapshot = self.state(request.as_of)?;
        let columns = ChargeColumn::ALL.to_vec();
        let scan = Scan { columns, custom: true, charged: explaining.interval(), estimated_only: false };
        let mut progress = Progress::default();
        watch(observer, &progress)?;
        self.store.scan(&snapshot, &scan, &mut |table| {
            progress.rows += u64::try_from(table.rows()).unwrap_or(u64::MAX);
            watch(observer, &progress)?;
            explaining.add(table)
        })?;
        let estimated = self.store.aggregate(&snapshot, &explaining.question().estimated(), observer)?;
        let (reach, imports) = (snapshot.reach(), &snapshot.imports);
        let held = Held {
            snapshot: snapshot.id,
            reach,
            imports,
            estimated: Some(&estimated),
            is_narrowed: self.is_narrowed(),
        };
        // The imports of a bill hold more than what a narrowed handle may see of it.
        let origins = if self.is_narrowed() { BTreeMap::new() } else { self.store.origins(&snapshot)? };
        let mut explanation = explaining.finish(held, origins)?;
        if request.as_of.is_none() && self.sees_lines() {
            explanation.usage = self.usage_sources(&explanation)?;
        }
        Ok(explanation)
    }

    /// Which way a question takes through the engine, and what is read on it. The question is answered for that.
    ///
    /// ```
    /// use finops_core::{Finops, insight::PlanRequest};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let plan = finops.costs_explain_plan(&PlanRequest::default())?;
    /// assert_eq!((plan.groups, plan.rows), (0, 0));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_explain_plan(&self, request: &PlanRequest) -> Result<Plan> {
        self.ask(request, &())
    }

    /// What a restatement changed: how the answers of two states to one question differ.
    ///
    /// ```
    /// use finops_core::{Finops, insight::DiffRequest};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = DiffRequest::default();
    /// (request.snapshot_a, request.snapshot_b) = (Some(0), Some(0));
    /// assert_eq!(finops.costs_diff(&request)?.count, 0);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `not_found` for a state that a vacuum removed; else as [`Finops::get_cost_summary`].
    pub fn costs_diff(&self, request: &DiffRequest) -> Result<StateDiff> {
        self.costs_diff_observed(request, &())
    }

    /// The same with somebody looking on who may stop it.
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::costs_diff`].
    pub fn costs_diff_observed(&self, request: &DiffRequest, observer: &dyn Observer) -> Result<StateDiff> {
        self.permit("costs.diff")?;
        watch(observer, &Progress::default())?;
        let query = request.query(self.clock.now())?;
        let (mut question, (number_a, number_b)) = (query.question(), query.states());
        self.complete(std::slice::from_mut(&mut question))?;
        let sums = |number: u64, field: &str| {
            let state = self.state(Some(AsOf::Snapshot(number))).map_err(|error| error.with_field(field))?;
            self.store.aggregate(&state, &question, observer)
        };
        let (sums_a, sums_b) = (sums(number_a, "snapshot_a")?, sums(number_b, "snapshot_b")?);
        query.finish(sums_a, sums_b, &|dimension, value| self.name_of(dimension, value))
    }
}
