//! What operations answer, whichever was called.

use super::telling::{Listener, tell};
use super::{
    AllocationClosed, AuditExported, BudgetMade, Closed, Deleted, EventPage, Exported, FeedbackKept, GrantBalances,
    LoadedModelPrices, MonitorStanding, Now, Page, Redelivering, Released, SegmentFiles, Settlement, SpendAnswer,
    SpendCheck, SpendSettled, UsageChanged, UsageReceipt, WebhookRun, WebhookWithSecret,
};
use crate::Result;
use crate::edge::store::usage::{UsageStatus, UsageTidied};
use crate::insight::allocation::AllocationReport;
use crate::insight::anomaly::Detection;
use crate::insight::forecast::{Backtest, SeriesForecast};
use crate::insight::statement::TenantStatement;
use crate::insight::{AllocationCoverage, AllocationRun, AllocationWhatIf};
use crate::insight::{
    Backtested, Breakdown, CostAnomalies, CostForecast, CostSummary, DailyCosts, Explanation, HistoricalCosts,
    MonthEnd, MonthlyCosts, Plan, ServiceCosts, StateDiff, TopDrivers, Trends, UnitCosts, Usage,
};
use crate::model::allocation::Rule;
use crate::model::audit::{AuditEntry, AuditVerdict};
use crate::model::budget::Budget;
use crate::model::catalog::Entry;
use crate::model::center::CostCenter;
use crate::model::event::RecordedEvent;
use crate::model::group::ResourceGroup;
use crate::model::history::{Compacted, StateMark, Vacuumed};
use crate::model::price::{Grant, Price};
use crate::model::receipt::ImportReceipt;
use crate::model::usage::Meter;
use crate::model::virtual_dimension::VirtualDimension;
use crate::model::webhook::{Delivery, Webhook};
use crate::pipeline::budget::BudgetStatus;
use crate::pipeline::llm::rate::RatedRequest;
use serde::Serialize;

macro_rules! answers {
    ($( $(#[$doc:meta])* $name:ident($type:ty) ),+ $(,)?) => {
        /// The answer of an operation that was called by name. It serializes as what it holds.
        #[derive(Debug, Clone, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum Answer {
            $( $(#[$doc])* $name(Box<$type>) ),+
        }

        $( impl From<$type> for Answer {
            fn from(answer: $type) -> Self {
                Self::$name(Box::new(answer))
            }
        } )+
    };
}

answers! {
    /// Of `budgets.create` and `set_budget_alert`.
    BudgetMade(BudgetMade),
    /// Of `budgets.get`, `budgets.update`, `budgets.pause` and `budgets.resume`.
    Budget(Budget),
    /// Of `budgets.list`.
    Budgets(Page<Budget>),
    /// Of `get_budget_status`.
    BudgetStatus(BudgetStatus),
    /// Of `budgets.check`.
    SpendCheck(SpendCheck),
    /// Of `budgets.reserve`.
    Spend(SpendAnswer),
    /// Of `budgets.settle`.
    SpendSettled(SpendSettled),
    /// Of `budgets.release`.
    Released(Released),
    /// Of `import_charges`.
    Import(ImportReceipt),
    /// Of `export_report` and `usage.export`.
    Export(Exported),
    /// Of `get_cost_summary`.
    Summary(CostSummary),
    /// Of `costs.daily`.
    Daily(DailyCosts),
    /// Of `costs.trends`.
    Trends(Trends),
    /// Of `costs.top_drivers`.
    TopDrivers(TopDrivers),
    /// Of `costs.unit`.
    Unit(UnitCosts),
    /// Of `costs.explain`.
    Explanation(Explanation),
    /// Of `costs.diff`.
    Diff(StateDiff),
    /// Of `costs.explain_plan`.
    Plan(Plan),
    /// Of `costs.breakdown`.
    Breakdown(Breakdown),
    /// Of `costs.historical`.
    Historical(HistoricalCosts),
    /// Of `costs.services`.
    Services(ServiceCosts),
    /// Of `costs.forecast`.
    Forecast(CostForecast),
    /// Of `costs.projected_month_end`.
    MonthEnd(MonthEnd),
    /// Of `forecast.backtest`.
    Backtested(Backtested),
    /// Of a plain series that is forecast.
    SeriesForecast(SeriesForecast),
    /// Of a plain series that is looked at for anomalies.
    SeriesDetection(Detection),
    /// Of a plain series on which a model is tried.
    SeriesBacktest(Backtest),
    /// Of `costs.monthly`.
    Monthly(MonthlyCosts),
    /// Of `costs.anomalies`.
    Anomalies(CostAnomalies),
    /// Of `costs.anomaly_feedback`.
    FeedbackKept(FeedbackKept),
    /// Of `anomaly_monitors.create`, `anomaly_monitors.get` and `anomaly_monitors.update`.
    AnomalyMonitor(MonitorStanding),
    /// Of `anomaly_monitors.list`.
    AnomalyMonitors(Page<MonitorStanding>),
    /// Of `virtual_dimensions.set` and `virtual_dimensions.get`.
    Virtual(VirtualDimension),
    /// Of `virtual_dimensions.list`.
    Virtuals(Page<VirtualDimension>),
    /// Of `catalog.upsert` and `catalog.get`.
    Entry(Entry),
    /// Of `catalog.list`.
    Entries(Page<Entry>),
    /// Of `create_cost_center`, `get_cost_center` and `update_cost_center`.
    CostCenter(CostCenter),
    /// Of `list_cost_centers`.
    CostCenters(Page<CostCenter>),
    /// Of `resource_groups.create`, `get`, `update`, `add_resource` and `remove_resource`.
    ResourceGroup(ResourceGroup),
    /// Of `resource_groups.list` and `resource_groups.find_by_resource`.
    ResourceGroups(Page<ResourceGroup>),
    /// Of `allocation.rules.create`, `allocation.rules.get` and `allocation.rules.update`.
    AllocationRule(Rule),
    /// Of `allocation.rules.list`.
    AllocationRules(Page<Rule>),
    /// Of `allocation.run`.
    AllocationRun(AllocationRun),
    /// Of `allocation.what_if`.
    AllocationWhatIf(AllocationWhatIf),
    /// Of `allocation.coverage`.
    AllocationCoverage(AllocationCoverage),
    /// Of `allocation.close`.
    AllocationClosed(AllocationClosed),
    /// Of `allocation.report`.
    AllocationReport(AllocationReport),
    /// Of `prices.create` and `prices.update`.
    Price(Price),
    /// Of `prices.list`.
    Prices(Page<Price>),
    /// Of `grants.create`.
    Grant(Grant),
    /// Of `grants.list`.
    Grants(Page<Grant>),
    /// Of `grants.balance`.
    Balances(GrantBalances),
    /// Of `record_usage`.
    UsageReceipt(UsageReceipt),
    /// Of `get_usage`.
    Usage(Usage),
    /// Of `void_usage` and `correct_usage`.
    UsageChanged(UsageChanged),
    /// Of `usage.status`.
    UsageStatus(UsageStatus),
    /// Of `usage.compact` and `usage.drop`.
    UsageTidied(UsageTidied),
    /// Of `meters.create`, `meters.get` and `meters.update`.
    Meter(Meter),
    /// Of `meters.list`.
    Meters(Page<Meter>),
    /// Of `billing.settle`.
    Settlement(Settlement),
    /// Of `billing.preview`.
    Statement(TenantStatement),
    /// Of `billing.close`.
    Closed(Closed),
    /// Of `llm.load_prices`.
    ModelPrices(LoadedModelPrices),
    /// Of `llm.rate`.
    RatedRequest(RatedRequest),
    /// Of whatever deletes.
    Deleted(Deleted),
    /// Of `audit.list`.
    Audit(Page<AuditEntry>),
    /// Of `audit.verify`.
    AuditVerdict(AuditVerdict),
    /// Of `audit.export`.
    AuditExported(AuditExported),
    /// Of `snapshots`.
    Snapshots(Page<StateMark>),
    /// Of `vacuum`.
    Vacuumed(Vacuumed),
    /// Of `compact`.
    Compacted(Compacted),
    /// Of `segments`.
    Segments(SegmentFiles),
    /// Of `webhooks.get` and `webhooks.update`.
    Webhook(Webhook),
    /// Of `webhooks.create` and `webhooks.rotate`.
    WebhookWithSecret(WebhookWithSecret),
    /// Of `webhooks.list`.
    Webhooks(Page<Webhook>),
    /// Of `webhooks.test`.
    Delivery(Delivery),
    /// Of `webhooks.deliveries`.
    Deliveries(Page<Delivery>),
    /// Of `webhooks.redeliver`.
    Redelivering(Redelivering),
    /// Of `webhooks.deliver`.
    WebhookRun(WebhookRun),
    /// Of `events.list`.
    Events(EventPage),
    /// What a sink is told of.
    Event(RecordedEvent),
    /// Of `tick`.
    Now(Now),
}

impl Answer {
    /// Tells the answer piece by piece.
    ///
    /// # Errors
    /// What the listener gives.
    pub fn tell(&self, listener: &mut dyn Listener) -> Result<()> {
        tell(self, listener)
    }
}
