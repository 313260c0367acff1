"""The FinOps engine in your process: bills in, exact costs out.

>>> import iof
>>> with iof.open(":memory:") as engine:
...     summary = engine.finops.get_cost_summary(period="2024-01")
>>> summary["total_cost"] is None  # nothing was imported: unknown is not zero
True

Money and quantities are :class:`decimal.Decimal`, exact to 18 decimals; instants are aware
:class:`datetime.datetime` in UTC. Arguments take ``Decimal``, ``int``, ``str`` and ``float`` (which counts as the
shortest decimal that prints it, so ``0.1`` is one tenth); naive datetimes are refused.
"""

from . import (
    allocation_types,
    analysis_types,
    anomaly_types,
    audit_types,
    budget_types,
    forecast_types,
    group_types,
    metering_types,
    types,
    webhook_types,
)
from ._iof import Recorder, Relation, __version__
from .allocation import Allocation, AllocationRules
from .allocation_results import (
    AllocationClosed,
    AllocationCoverage,
    AllocationReport,
    AllocationRulePage,
    AllocationRun,
    AllocationWhatIf,
    CostCenterPage,
)
from .analysis_results import Explanation, Segments, StateDiff, TopDrivers, Trends, UnitCosts
from .anomalies import AnomalyMonitors
from .anomaly_results import AnomalyMonitorPage, CostAnomalies
from .audit import Audit
from .billing import Billing, ModelPrices, Prices
from .budget_results import BudgetPage, BudgetStatus
from .budgets import Budgets
from .columns import Columns
from .catalog import Catalog
from .client import Finops, Iof, open
from .costs import Costs
from .errors import (
    BudgetExhausted,
    CancelledError,
    ConflictError,
    FinopsError,
    ForbiddenError,
    InvalidArgumentError,
    MixedCurrenciesError,
    MoneyOverflowError,
    NotFoundError,
    StorageError,
    UnauthorizedError,
)
from .forecast_results import Backtested, CostForecast, MonthEnd
from .forecasts import Forecast
from .grants import Grants
from .groups import ResourceGroups
from .metering import Meters
from .metering_results import (
    Closed,
    GrantBalance,
    GrantPage,
    MeterPage,
    PricePage,
    Settlement,
    Statement,
    Usage,
    UsageReceipt,
)
from .receiving import event_schema, verify_webhook
from .results import (
    AuditPage,
    Breakdown,
    CatalogPage,
    Compacted,
    CostSummary,
    DailyCosts,
    DeliveryPage,
    EventPage,
    HistoricalCosts,
    ImportReceipt,
    MonthlyCosts,
    Page,
    ResourceGroupPage,
    Result,
    ServiceCosts,
    SnapshotPage,
    Vacuumed,
    VirtualDimensionPage,
    WebhookPage,
)
from .series import backtest, detect_anomalies, forecast
from .spend import Spend
from .usage import KeptUsage
from .virtuals import VirtualDimensions
from .webhooks import Events, Webhooks

__all__ = [
    "Allocation",
    "AllocationClosed",
    "AllocationCoverage",
    "AllocationReport",
    "AllocationRulePage",
    "AllocationRules",
    "AllocationRun",
    "AllocationWhatIf",
    "AnomalyMonitorPage",
    "AnomalyMonitors",
    "Audit",
    "AuditPage",
    "Backtested",
    "Billing",
    "Breakdown",
    "BudgetExhausted",
    "BudgetPage",
    "BudgetStatus",
    "Budgets",
    "CancelledError",
    "Catalog",
    "CatalogPage",
    "Closed",
    "Columns",
    "Compacted",
    "ConflictError",
    "CostAnomalies",
    "CostCenterPage",
    "CostForecast",
    "CostSummary",
    "Costs",
    "DailyCosts",
    "DeliveryPage",
    "EventPage",
    "Events",
    "Explanation",
    "Finops",
    "FinopsError",
    "ForbiddenError",
    "Forecast",
    "GrantBalance",
    "GrantPage",
    "Grants",
    "HistoricalCosts",
    "ImportReceipt",
    "InvalidArgumentError",
    "Iof",
    "KeptUsage",
    "MeterPage",
    "Meters",
    "MixedCurrenciesError",
    "ModelPrices",
    "MoneyOverflowError",
    "MonthEnd",
    "MonthlyCosts",
    "NotFoundError",
    "Page",
    "PricePage",
    "Prices",
    "Recorder",
    "Relation",
    "ResourceGroupPage",
    "ResourceGroups",
    "Result",
    "Segments",
    "ServiceCosts",
    "Settlement",
    "SnapshotPage",
    "Spend",
    "StateDiff",
    "Statement",
    "StorageError",
    "TopDrivers",
    "Trends",
    "UnauthorizedError",
    "UnitCosts",
    "Usage",
    "UsageReceipt",
    "Vacuumed",
    "VirtualDimensionPage",
    "VirtualDimensions",
    "WebhookPage",
    "Webhooks",
    "__version__",
    "allocation_types",
    "analysis_types",
    "anomaly_types",
    "audit_types",
    "backtest",
    "budget_types",
    "detect_anomalies",
    "event_schema",
    "forecast",
    "forecast_types",
    "group_types",
    "metering_types",
    "open",
    "types",
    "verify_webhook",
    "webhook_types",
]
