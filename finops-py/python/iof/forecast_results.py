"""Answers about what costs will be. Their types are in ``forecast_results.pyi``."""

from __future__ import annotations

from . import _show
from .results import Result, _health

__all__ = ["Backtested", "CostForecast", "MonthEnd"]


def _percent(share):
    return f"{share * 100:.0f} %"


class CostForecast(Result):
    """What costs will be. The table is ``predictions``, of the groups where there are any."""

    _rows = "predictions"
    _kinds = {
        "date": "time",
        "day": "text",
        "predicted": "decimal",
        "lower_bound": "decimal",
        "upper_bound": "decimal",
        "basis": "text",
    }

    def records(self):
        """The rows of the table: the dimensions of a group and its predictions, or those of everything."""
        if not self["groups"]:
            return list(self["predictions"])
        left_out = ("total", "historical", "predictions", "analysis", "reason")
        return [
            {**{name: value for name, value in group.items() if name not in left_out}, **point}
            for group in self["groups"]
            for point in group["predictions"]
        ]

    def _blocks(self):
        analysis = self["analysis"]
        title = f"Forecast, {self['granularity']}, {_percent(self['level'])} intervals, {self['view']} cost"
        notes = [f"known up to {self['through']}, model {analysis['model']}, confidence {analysis['confidence']}"]
        if analysis["trend"] is not None:
            notes.append(f"{analysis['trend']}, {analysis['monthly_growth_rate'] * 100:+.2f} % a month")
        notes.extend(f"a group is left out: {group['reason']}" for group in self["groups"] if group["reason"])
        notes.extend(_health(self["data_health"]))
        rows = self.records()
        shown = _show.columns(rows, ["day", "predicted", "lower_bound", "upper_bound"]) if rows else []
        return [_show.Block(title, rows, shown, notes, line=None if self["groups"] else "predicted")]


class MonthEnd(Result):
    """What the month that runs will have cost. The table is one row."""

    _kinds = {
        "month": "text",
        "month_to_date": "decimal",
        "projected": "decimal",
        "lower_bound": "decimal",
        "upper_bound": "decimal",
    }

    def records(self):
        """The row of the table."""
        return [{name: self[name] for name in self._kinds}]

    def _blocks(self):
        title = f"Projected end of {self['month']}, {_percent(self['level'])} interval, {self['view']} cost"
        notes = [f"known up to {self['through']}, {self['remaining_days']} days to come, model {self['model']}"]
        if self["unknown_days"]:
            notes.append(f"{self['unknown_days']} days before are unknown and estimated")
        notes.extend(_health(self["data_health"]))
        return [_show.Block(title, self.records(), list(self._kinds), notes)]


class Backtested(Result):
    """How well forecasts would have done. The table is ``origins``."""

    _rows = "origins"
    _kinds = {"through": "text", "predicted": "decimal", "actual": "decimal", "smape": "decimal", "mase": "decimal"}

    def _blocks(self):
        title = f"Backtest, {self['granularity']}, {self['horizon']} ahead, {self['view']} cost"
        mase = "unknown" if self["mase"] is None else f"{self['mase']:.3f}"
        notes = [f"sMAPE {self['smape']:.2f} %, MASE {mase}"]
        notes.extend(f"{_percent(one['level'])} intervals held {_percent(one['coverage'])}" for one in self["coverage"])
        if self["origins_skipped"]:
            notes.append(f"{self['origins_skipped']} more left out: too little history, or nothing to compare with")
        notes.extend(_health(self["data_health"]))
        return [_show.Block(title, self["origins"], ["through", "predicted", "actual", "smape"], notes)]
