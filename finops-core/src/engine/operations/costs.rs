//! Operations that ask what things cost.

use super::viewer;
use crate::engine::Answer;
use crate::engine::calling::{Operation, answer};
use crate::engine::params::parse;
use crate::insight::{
    BreakdownRequest, CostSummaryRequest, DailyRequest, DiffRequest, ExplainRequest, ForecastBacktest, ForecastRequest,
    HistoricalRequest, MonthEndRequest, MonthlyRequest, PlanRequest, ServicesRequest, TopDriversRequest, TrendsRequest,
    UnitRequest,
};
use crate::model::access::Reach;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "get_cost_summary",
        access: viewer(Reach::Charges),
        fields: CostSummaryRequest::FIELDS,
        call: answer::<CostSummaryRequest>,
    },
    Operation {
        name: "costs.daily",
        access: viewer(Reach::Charges),
        fields: DailyRequest::FIELDS,
        call: answer::<DailyRequest>,
    },
    Operation {
        name: "costs.trends",
        access: viewer(Reach::Charges),
        fields: TrendsRequest::FIELDS,
        call: answer::<TrendsRequest>,
    },
    Operation {
        name: "costs.top_drivers",
        access: viewer(Reach::Charges),
        fields: TopDriversRequest::FIELDS,
        call: answer::<TopDriversRequest>,
    },
    Operation {
        name: "costs.unit",
        access: viewer(Reach::Charges),
        fields: UnitRequest::FIELDS,
        call: answer::<UnitRequest>,
    },
    Operation {
        name: "costs.explain",
        access: viewer(Reach::Charges),
        fields: ExplainRequest::FIELDS,
        call: |finops, params, observer| finops.costs_explain_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.diff",
        access: viewer(Reach::Charges),
        fields: DiffRequest::FIELDS,
        call: |finops, params, observer| finops.costs_diff_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.explain_plan",
        access: viewer(Reach::Platform),
        fields: PlanRequest::FIELDS,
        call: answer::<PlanRequest>,
    },
    Operation {
        name: "costs.breakdown",
        access: viewer(Reach::Charges),
        fields: BreakdownRequest::FIELDS,
        call: answer::<BreakdownRequest>,
    },
    Operation {
        name: "costs.historical",
        access: viewer(Reach::Charges),
        fields: HistoricalRequest::FIELDS,
        call: answer::<HistoricalRequest>,
    },
    Operation {
        name: "costs.forecast",
        access: viewer(Reach::Charges),
        fields: ForecastRequest::FIELDS,
        call: |finops, params, observer| finops.costs_forecast_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.projected_month_end",
        access: viewer(Reach::Charges),
        fields: MonthEndRequest::FIELDS,
        call: |finops, params, observer| {
            finops.costs_projected_month_end_observed(&parse(params)?, observer).map(Answer::from)
        },
    },
    Operation {
        name: "forecast.backtest",
        access: viewer(Reach::Charges),
        fields: ForecastBacktest::FIELDS,
        call: |finops, params, observer| finops.forecast_backtest_observed(&parse(params)?, observer).map(Answer::from),
    },
    Operation {
        name: "costs.services",
        access: viewer(Reach::Charges),
        fields: ServicesRequest::FIELDS,
        call: answer::<ServicesRequest>,
    },
    Operation {
        name: "costs.monthly",
        access: viewer(Reach::Charges),
        fields: MonthlyRequest::FIELDS,
        call: answer::<MonthlyRequest>,
    },
];
