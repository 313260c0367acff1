//! Cost queries: one state of the store, read once.

use super::{Finops, Observer, Progress};
use crate::Result;
use crate::edge::store::Snapshot;
use crate::insight::breakdown::BreakdownQuery;
use crate::insight::health::Held;
use crate::insight::query::{AnswerTo, CostQuery, CostRequest, NameOf};
use crate::insight::question::Question;
use crate::insight::sums::Sums;
use crate::insight::{Breakdown, BreakdownRequest, CostSummary, CostSummaryRequest, DailyCosts, DailyRequest};
use crate::insight::{
    HistoricalCosts, HistoricalRequest, ItemColumns, MonthlyCosts, MonthlyRequest, ServiceCosts, ServicesRequest,
};
use crate::model::catalog::Kind;
use crate::model::dimension::{BuiltIn, Dimension};
use crate::model::history::AsOf;
use crate::model::progress::watch;

impl Finops {
    /// What a period cost, by any dimensions, largest first.
    ///
    /// ```
    /// use finops_core::{CostSummaryRequest, Finops};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = CostSummaryRequest::default();
    /// request.period = Some("2024-01".parse()?);
    /// request.group_by.0 = vec!["tenant".parse()?, "tag:team".parse()?];
    /// let summary = finops.get_cost_summary(&request)?;
    /// assert!(summary.breakdown.is_empty());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_argument` for a request that cannot be answered; `mixed_currencies` when charges are in several
    /// currencies and rates are missing; `overflow` when a sum does not fit; `storage`.
    pub fn get_cost_summary(&self, request: &CostSummaryRequest) -> Result<CostSummary> {
        self.ask(request, &())
    }

    /// What each day cost, with the total, the average and the trend.
    ///
    /// ```
    /// use finops_core::{DailyRequest, Finops};
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let mut request = DailyRequest::default();
    /// request.period = Some("2024-02".parse()?);
    /// let daily = finops.costs_daily(&request)?;
    /// assert_eq!(daily.days.len(), 29);
    /// assert_eq!(daily.days[0].total, None, "no bill covers the day");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_daily(&self, request: &DailyRequest) -> Result<DailyCosts> {
        self.ask(request, &())
    }

    /// What a window cost by any dimensions and by date, largest first, with further costs and distinct counts.
    ///
    /// ```
    /// use finops_core::insight::{BreakdownRequest, Granularity};
    /// use finops_core::model::charge::CostView;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let mut request = BreakdownRequest::default();
    /// request.window = Some("7d".parse()?);
    /// request.group_by.0 = vec!["service".parse()?];
    /// request.granularity = Some(Granularity::Daily);
    /// request.views = vec![CostView::List];
    /// request.distinct = Some("resource_id".parse()?);
    /// assert_eq!(finops.costs_breakdown(&request)?.totals, [(CostView::List, None)]);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_breakdown(&self, request: &BreakdownRequest) -> Result<Breakdown> {
        self.ask(request, &())
    }

    /// What each hour, day, week or month cost, by any dimensions.
    ///
    /// ```
    /// use finops_core::insight::{Granularity, HistoricalRequest};
    ///
    /// let finops = finops_core::Finops::builder().now("2024-02-01T00:00:00Z".parse()?).open(":memory:")?;
    /// let mut request = HistoricalRequest::default();
    /// request.granularity = Some(Granularity::Monthly);
    /// assert_eq!(finops.costs_historical(&request)?.series.len(), 2, "the end of January and the first of February");
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_historical(&self, request: &HistoricalRequest) -> Result<HistoricalCosts> {
        self.ask(request, &())
    }

    /// What each service cost, and what of it the bill calls storage and network.
    ///
    /// ```
    /// use finops_core::insight::ServicesRequest;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let mut request = ServicesRequest::default();
    /// request.period = Some("lastmonth".parse()?);
    /// assert!(finops.costs_services(&request)?.items.is_empty());
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_services(&self, request: &ServicesRequest) -> Result<ServiceCosts> {
        self.ask(request, &())
    }

    /// What each of the last months cost, or each of a year, with the average, the highest and the lowest.
    ///
    /// ```
    /// use finops_core::insight::MonthlyRequest;
    ///
    /// let finops = finops_core::Finops::open(":memory:")?;
    /// let monthly = finops.costs_monthly(&MonthlyRequest::default())?;
    /// assert_eq!((monthly.months.len(), monthly.summary.highest_month), (12, None));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::get_cost_summary`].
    pub fn costs_monthly(&self, request: &MonthlyRequest) -> Result<MonthlyCosts> {
        self.ask(request, &())
    }

    /// Answers any cost request, with somebody looking on who may stop it.
    ///
    /// ```
    /// use finops_core::{DailyRequest, ErrorCode, Finops, Progress};
    /// use std::ops::ControlFlow;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let daily = finops.ask(&DailyRequest::default(), &|_: &Progress| ControlFlow::Continue(()))?;
    /// assert_eq!(daily.days.len(), 30);
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `cancelled` when the observer asked for it; else as [`Finops::get_cost_summary`].
    pub fn ask<'q, R: CostRequest>(&self, request: &'q R, observer: &dyn Observer) -> Result<AnswerTo<'q, R>> {
        self.permit(R::OPERATION)?;
        self.answer_query(request.query(self.clock.now())?, request.as_of(), observer)
    }

    /// A breakdown without its items, and those by column, for libraries that take columns: nothing is made for each
    /// item.
    ///
    /// ```
    /// use finops_core::Finops;
    /// use finops_core::insight::BreakdownRequest;
    ///
    /// let finops = Finops::open(":memory:")?;
    /// let (breakdown, columns) = finops.costs_breakdown_columns(&BreakdownRequest::default(), &())?;
    /// assert_eq!((breakdown.count, columns.rows), (0, 0));
    /// # Ok::<(), finops_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Finops::ask`].
    pub fn costs_breakdown_columns(
        &self,
        request: &BreakdownRequest,
        observer: &dyn Observer,
    ) -> Result<(Breakdown, ItemColumns)> {
        self.permit(BreakdownRequest::OPERATION)?;
        let query = request.query(self.clock.now())?;
        self.finished(query, request.as_of(), observer, BreakdownQuery::columns)
    }

    /// Answers a query of a state of the store.
    pub(super) fn answer_query<Q: CostQuery>(
        &self,
        query: Q,
        as_of: Option<AsOf>,
        observer: &dyn Observer,
    ) -> Result<Q::Answer> {
        self.finished(query, as_of, observer, CostQuery::finish)
    }

    /// What a query is finished to.
    pub(super) fn finished<Q: CostQuery, T>(
        &self,
        query: Q,
        as_of: Option<AsOf>,
        observer: &dyn Observer,
        finish: impl FnOnce(Q, Vec<Sums>, Held<'_>, NameOf<'_>) -> Result<T>,
    ) -> Result<T> {
        watch(observer, &Progress::default())?;
        let mut questions = query.questions();
        self.complete(&mut questions)?;
        let snapshot = self.state(as_of)?;
        let ask = |question: &Question| self.sums(&snapshot, question, observer);
        let sums = questions.iter().map(ask).collect::<Result<Vec<_>>>()?;
        let estimated =
            questions.first().map(|first| self.estimated(&snapshot, first, observer)).transpose()?.flatten();
        let (reach, imports) = (snapshot.reach(), &snapshot.imports);
        let held = Held {
            snapshot: snapshot.id,
            reach,
            imports,
            estimated: estimated.as_ref(),
            is_narrowed: self.is_narrowed(),
        };
        finish(query, sums, held, &|dimension, value| self.name_of(dimension, value))
    }

    /// The sums that a question asks for, of charges or of what centres bear.
    fn sums(&self, snapshot: &Snapshot, question: &Question, observer: &dyn Observer) -> Result<Sums> {
        if question.allocated {
            return self.allocated_sums(snapshot, question, observer);
        }
        self.store.aggregate(snapshot, question, observer)
    }

    /// The sums of what may still be restated. Of a part of what centres bear it cannot be told.
    fn estimated(&self, snapshot: &Snapshot, question: &Question, observer: &dyn Observer) -> Result<Option<Sums>> {
        let mut looked_at = Vec::new();
        question.filter.dimensions(&mut looked_at);
        if question.allocated && !looked_at.is_empty() {
            return Ok(None);
        }
        self.store.aggregate(snapshot, &question.estimated(), observer).map(Some)
    }

    /// Gives questions what the engine knows: how many groups there may be, what the handle is narrowed to, and the
    /// virtual dimensions that they name.
    pub(super) fn complete(&self, questions: &mut [Question]) -> Result<()> {
        for question in questions.iter_mut() {
            question.max_groups = self.max_groups;
            self.narrow(&mut question.filter);
        }
        self.define(questions)
    }

    /// What a value of a dimension is called: by the cost centre or the resource group with that id, or else by the
    /// catalogue.
    pub(super) fn name_of(&self, dimension: &Dimension, value: &str) -> Result<Option<String>> {
        let own = match dimension {
            Dimension::BuiltIn(BuiltIn::CostCenter) => self.name_of_center(value)?,
            Dimension::BuiltIn(BuiltIn::ResourceGroup) => self.name_of_group(value)?,
            _ => None,
        };
        if own.is_some() {
            return Ok(own);
        }
        let Some(kind) = kind_of(dimension) else { return Ok(None) };
        Ok(self.store.entry(kind, value)?.map(|entry| entry.name))
    }

    fn name_of_center(&self, value: &str) -> Result<Option<String>> {
        let Ok(id) = value.parse() else { return Ok(None) };
        Ok(self.cost_centers()?.get(id).map(|center| center.name.clone()))
    }

    fn name_of_group(&self, value: &str) -> Result<Option<String>> {
        let Ok(id) = value.parse() else { return Ok(None) };
        Ok(self.resource_groups()?.get(id).map(|group| group.name.clone()))
    }
}

/// The kind of entry that names the values of a dimension.
fn kind_of(dimension: &Dimension) -> Option<Kind> {
    match dimension {
        Dimension::BuiltIn(BuiltIn::Tenant) => Some(Kind::Tenant),
        Dimension::BuiltIn(BuiltIn::Workspace) => Some(Kind::Workspace),
        Dimension::BuiltIn(BuiltIn::Organization) => Some(Kind::Organization),
        Dimension::BuiltIn(BuiltIn::User) => Some(Kind::User),
        Dimension::BuiltIn(BuiltIn::Component) => Some(Kind::Component),
        Dimension::BuiltIn(BuiltIn::Team) => Some(Kind::Team),
        Dimension::BuiltIn(BuiltIn::CostCenter) => Some(Kind::CostCenter),
        Dimension::BuiltIn(BuiltIn::ResourceGroup) => Some(Kind::ResourceGroup),
        _ => None,
    }
}
