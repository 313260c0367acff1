"""Forecasts of `auto` beside those of statsforecast, in one run.

    pip install statsforecast numpy
    cargo build --release -p finops-benches --bin forecast-timed
    python benches/peers/forecasts.py SET.jsonl ... [--program target/release/forecast-timed] [--only-ours]

A line of a set is `{"id", "m", "h", "train", "test"}`. Scores are those of the M4 competition (Makridakis et al. 2020):
sMAPE, the mean of `200 |y - f| / (|y| + |f|)`; MASE, the mean error in units of what repeating the last season errs in
the history; OWA, the mean of both relative to those of Naive2; and of the intervals the share of values inside and, at
95 %, the mean scaled interval score. A series whose history repeats itself exactly counts for sMAPE only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
PEERS = ("Theta", "DynamicOptimizedTheta", "AutoETS", "AutoCES", "MSTL")


@dataclass(frozen=True)
class Task:
    id: str
    season: int
    history: Values
    future: Values


@dataclass(frozen=True)
class Forecasts:
    """By series and step; bounds by level."""

    mean: Values
    lower: dict[float, Values]
    upper: dict[float, Values]
    cpu: float


def tasks(path: Path) -> list[Task]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    values = [(np.array(line["train"], float), np.array(line["test"], float)) for line in lines]
    return [Task(line["id"], line["m"], *both) for line, both in zip(lines, values, strict=True)]


def is_seasonal(values: Values, season: int) -> bool:
    """The test of the M4 competition: the autocorrelation at the season against its 90 % limit."""
    if season <= 1 or len(values) < 3 * season:
        return False
    centred = values - values.mean()
    variance = centred @ centred
    if variance == 0:
        return False
    lags = np.array([centred[lag:] @ centred[:-lag] for lag in range(1, season + 1)]) / variance
    limit = 1.645 * np.sqrt((1 + 2 * (lags[:-1] ** 2).sum()) / len(values))
    return bool(abs(lags[-1]) > limit)


def naive2(task: Task) -> Values:
    """The last value without its season, and the classical season put back."""
    values, season, steps = task.history, task.season, len(task.future)
    if not is_seasonal(values, season):
        return np.full(steps, values[-1])
    weights = np.ones(season) / season
    if season % 2 == 0:
        weights = np.convolve(weights, [0.5, 0.5])
    half = len(weights) // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.full(len(values), np.nan)
        ratios[half : len(values) - half] = values[half : len(values) - half] / np.convolve(values, weights, "valid")
    indices = np.array([np.nanmean(ratios[place::season]) for place in range(season)])
    indices /= indices.mean()
    last = values[-1] / indices[(len(values) - 1) % season]
    return last * indices[(len(values) + np.arange(steps)) % season]


def ours(path: Path, program: Path) -> Forecasts:
    run = subprocess.run([program, path], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]

    def bounds(side: str) -> dict[float, Values]:
        return {level: np.array([line[side][str(level)] for line in lines]) for level in (0.8, 0.95)}

    cpu = json.loads(run.stderr.splitlines()[-1])["per_thousand"]
    return Forecasts(np.array([line["mean"] for line in lines]), bounds("lower"), bounds("upper"), cpu)


def peer(name: str, all_tasks: list[Task]) -> Forecasts:
    from statsforecast import models

    def forecast(task: Task) -> dict[str, Any]:
        model = getattr(models, name)(season_length=task.season)
        return model.forecast(y=task.history, h=len(task.future), level=[80, 95])

    forecast(all_tasks[0])  # compiles
    before = time.process_time()
    answers = [forecast(task) for task in all_tasks]
    cpu = (time.process_time() - before) / len(all_tasks) * 1000

    def bounds(side: str) -> dict[float, Values]:
        keys = {level: f"{side}-{round(level * 100)}" for level in (0.8, 0.95)}
        return {level: np.array([answer[key] for answer in answers]) for level, key in keys.items()}

    return Forecasts(np.array([answer["mean"] for answer in answers]), bounds("lo"), bounds("hi"), cpu)


class Scorer:
    """Scores forecasts of one set."""

    def __init__(self, all_tasks: list[Task]) -> None:
        self.future = np.array([task.future for task in all_tasks])
        pairs = [(task.history[task.season :], task.history[: -task.season]) for task in all_tasks]
        self.scale = np.array([np.abs(later - earlier).mean() if len(later) else 0.0 for later, earlier in pairs])
        self.base = self.errors(np.array([naive2(task) for task in all_tasks]))

    def errors(self, mean: Values) -> tuple[float, float]:
        size = np.abs(self.future) + np.abs(mean)
        smape = np.where(size == 0, 0, 200 * np.abs(self.future - mean) / np.where(size == 0, 1, size)).mean()
        scaled = self.scale > 0
        mase = (np.abs(self.future - mean)[scaled] / self.scale[scaled, None]).mean()
        return float(smape), float(mase)

    def owa(self, mean: Values) -> float:
        return sum(error / base for error, base in zip(self.errors(mean), self.base, strict=True)) / 2

    def interval(self, forecasts: Forecasts, level: float) -> tuple[float, float]:
        """The share inside, and the scaled interval score."""
        scaled = self.scale > 0
        actual, scale = self.future[scaled], self.scale[scaled, None]
        lower, upper = forecasts.lower[level][scaled], forecasts.upper[level][scaled]
        outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
        score = (upper - lower + 2 / (1 - level) * outside) / scale
        return float(((actual >= lower) & (actual <= upper)).mean()), float(score.mean())


def show(name: str, scorer: Scorer, forecasts: Forecasts) -> None:
    (smape, mase), owa = scorer.errors(forecasts.mean), scorer.owa(forecasts.mean)
    (cover_95, msis), (cover_80, _) = scorer.interval(forecasts, 0.95), scorer.interval(forecasts, 0.8)
    print(
        f"  {name:24} sMAPE {smape:6.2f}  MASE {mase:.3f}  OWA {owa:.4f}  95 % {cover_95:.1%}  80 % {cover_80:.1%}"
        f"  MSIS {msis:6.2f}  CPU-s per 1,000 {forecasts.cpu:7.2f}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--program", type=Path, default=Path("target/release/forecast-timed"))
    parser.add_argument("--only-ours", action="store_true")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    worse = 0
    for path in options.sets:
        all_tasks = tasks(path)
        scorer = Scorer(all_tasks)
        print(f"{path.stem}: {len(all_tasks)} series")
        auto = ours(path, options.program)
        show("auto", scorer, auto)
        if options.only_ours:
            continue
        peers = {name: peer(name, all_tasks) for name in PEERS}
        for name, forecasts in peers.items():
            show(name, scorer, forecasts)
        means = [forecasts.mean for forecasts in peers.values()]
        together = scorer.owa(np.mean(means, axis=0))
        best = min(scorer.owa(mean) for mean in means)
        print(f"  mean of the five: OWA {together:.4f}; best single: {best:.4f}")
        worse += scorer.owa(auto.mean) >= min(together, best)
    return min(worse, 1)


if __name__ == "__main__":
    sys.exit(main())
