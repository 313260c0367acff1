"""Anomalies of daily costs: ours beside the detectors that cost tools and Python have.

    pip install numpy pandas scikit-learn adtk pyod rrcf salesforce-merlion
    cargo build --release -p finops-benches --bin anomalies-timed
    python benches/peers/anomalies.py SET.jsonl [SET.jsonl ..] [--only NAME] [--series N]

A line of a set is a series of days that somebody labelled: `id`, `start`, `values`, `truth` (what the days would have
been without events) and `events` (each a `kind`, the days `start` to `end`, and its `impact` on them). What looks odd
and is no event must not be named: the fee of the first of a month, the last day, which is not over.

Every detector says of each day whether it is unusual, and may know that day and those before it, nothing later. What a
library fits, it fits on the first 60 days, or again on all past days each month where the library is meant for that.
The score is by event. A spike, drop, credit or contextual event counts as found when one of its days is named; a shift
or an onset when one of its first 7 days is, a ramp within 18. A run of named days is one false alarm when none of them
lies in an event or shortly after: a day after short events, two weeks after those that stay. `money` is the share of
the impacts that was found, each in days of its series; `late` the mean days until the first that was named; `impact
error` the median of what the sum of actual less expected differs from the impact, for those who say what they expect.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target" / "release" / "anomalies-timed"
# How many days after its start an event that stays may be found, and how long days after that are no false alarm.
STAYS = {"shift_up": 6, "shift_down": 6, "onset": 6, "ramp": 17}
AFTER = 14

Values = np.ndarray
Flags = np.ndarray


def rolling(values: Values, window: int, unusual: Callable[[Values, float], bool]) -> Flags:
    """Whether each day is unusual beside those of the window before it."""
    flags = np.zeros(len(values), bool)
    for day in range(window, len(values)):
        flags[day] = unusual(values[day - window : day], values[day])
    return flags


def z_score(limit: float, window: int) -> Callable[[Values], Flags]:
    def unusual(past: Values, value: float) -> bool:
        spread = past.std()
        return abs(value - past.mean()) > limit * spread if spread > 0 else value != past.mean()

    return lambda values: rolling(values, window, unusual)


def change(limit: float, window: int) -> Callable[[Values], Flags]:
    def unusual(past: Values, value: float) -> bool:
        mean = past.mean()
        return abs(value - mean) > limit * abs(mean)

    return lambda values: rolling(values, window, unusual)


def beyond_mad(limit: float, past: Values, value: float) -> bool:
    middle = np.median(past)
    mad = np.median(np.abs(past - middle))
    return 0.6745 * abs(value - middle) > limit * mad if mad > 0 else value != middle


def mad(limit: float, window: int) -> Callable[[Values], Flags]:
    return lambda values: rolling(values, window, lambda past, value: beyond_mad(limit, past, value))


def weekday_mad(limit: float, weeks: int) -> Callable[[Values], Flags]:
    def flags(values: Values) -> Flags:
        return rolling(values, 7 * weeks, lambda past, value: beyond_mad(limit, past[::7], value))

    return flags


def adtk_persist(values: Values) -> Flags:
    """PersistAD: a jump from the median of the days before, by the interquartile range of such jumps."""
    import pandas as pd
    from adtk.detector import PersistAD

    series = pd.Series(values, index=pd.date_range("2024-01-01", periods=len(values)))
    detector = PersistAD(c=3.0, window=7)
    detector.fit(series.iloc[:60])
    return np.nan_to_num(detector.detect(series).to_numpy(float)).astype(bool)


def adtk_seasonal(values: Values) -> Flags:
    """SeasonalAD: residuals of a weekly pattern that is fitted on the first days."""
    import pandas as pd
    from adtk.detector import SeasonalAD

    series = pd.Series(values, index=pd.date_range("2024-01-01", periods=len(values)))
    detector = SeasonalAD(freq=7, c=3.0)
    detector.fit(series.iloc[:56])
    return np.nan_to_num(detector.detect(series).to_numpy(float)).astype(bool)


def pyod(name: str) -> Callable[[Values], Flags]:
    """A detector of PyOD over each day with the 7 before it, fitted again each month on all days so far."""

    def flags(values: Values) -> Flags:
        from importlib import import_module

        make = getattr(import_module(f"pyod.models.{name.lower()}"), name)
        rows = np.lib.stride_tricks.sliding_window_view(values, 8)
        found = np.zeros(len(values), bool)
        for start in range(60, len(values), 30):
            extra = {"random_state": 0} if name == "IForest" else {}
            detector = make(contamination=0.01, **extra).fit(rows[: start - 7])
            end = min(start + 30, len(values))
            found[start:end] = detector.predict(rows[start - 7 : end - 7]).astype(bool)
        return found

    return flags


def merlion(name: str) -> Callable[[Values], Flags]:
    """A detector of Merlion with its default threshold, trained on the first 60 days."""

    def flags(values: Values) -> Flags:
        import logging
        from importlib import import_module

        import pandas as pd
        from merlion.utils import TimeSeries

        logging.disable(logging.WARNING)
        module, kind = name.split(".")
        found = import_module(f"merlion.models.anomaly.{module}")
        model = getattr(found, kind)(getattr(found, kind + "Config")())
        frame = pd.DataFrame({"cost": values}, index=pd.date_range("2024-01-01", periods=len(values)))
        model.train(TimeSeries.from_pd(frame.iloc[:60]))
        flags = np.zeros(len(values), bool)
        labels = model.get_anomaly_label(TimeSeries.from_pd(frame.iloc[60:]), TimeSeries.from_pd(frame.iloc[:60]))
        flags[60:] = labels.to_pd().reindex(frame.index[60:]).fillna(0).to_numpy()[:, 0] != 0
        return flags

    return flags


def forest_scores(values: Values, shingle: int) -> Values:
    """How much each day, together with those before it, disturbs a robust random cut forest of the days before."""
    import rrcf

    trees, kept = 20, 128
    scores = np.zeros(len(values))
    scale = np.std(values[:60]) or 1.0
    forest = [rrcf.RCTree(random_state=tree) for tree in range(trees)]
    for day in range(shingle - 1, len(values)):
        point = values[day - shingle + 1 : day + 1] / scale
        for tree in forest:
            if len(tree.leaves) >= kept:
                tree.forget_point(day - kept)
            tree.insert_point(point, index=day)
            scores[day] += tree.codisp(day) / trees
    return np.where(np.arange(len(values)) >= 60, scores, 0.0)


DETECTORS: dict[str, Callable[[Values], Flags]] = {
    "z-score 2, 30 days": z_score(2, 30),
    "z-score 3, 30 days": z_score(3, 30),
    "z-score 4, 60 days": z_score(4, 60),
    "change of 50 %, 7 days": change(0.5, 7),
    "MAD 3.5, 7 days": mad(3.5, 7),
    "MAD 3.5, 30 days": mad(3.5, 30),
    "MAD 3.5 by weekday": weekday_mad(3.5, 8),
    "MAD 5 by weekday": weekday_mad(5, 8),
    "ADTK PersistAD": adtk_persist,
    "ADTK SeasonalAD": adtk_seasonal,
    "PyOD IForest": pyod("IForest"),
    "PyOD ECOD": pyod("ECOD"),
    "Merlion WindStats": merlion("windstats.WindStats"),
    "Merlion SpectralResidual": merlion("spectral_residual.SpectralResidual"),
}


def windows(event: dict[str, Any]) -> tuple[int, int]:
    """The last day on which an event is found, and the last on which naming a day is no false alarm."""
    if event["kind"] in STAYS:
        last = event["start"] + STAYS[event["kind"]]
        return last, last + AFTER
    return event["end"], event["end"] + 1


def runs(days: list[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for day in days:
        if found and day == found[-1][-1] + 1:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def score(lines: list[dict[str, Any]], answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found, late, errors, false, days = [], [], [], 0, 0
    money = [0.0, 0.0]
    kinds: dict[str, list[bool]] = {}
    for line in lines:
        answer = answers[line["id"]]
        named, values = sorted(answer["flags"]), line["values"]
        days += len(values)
        forgiven: set[int] = set()
        size = max(float(np.mean(np.abs(line["truth"]))), 1e-9)
        for event in line["events"]:
            last, open_until = windows(event)
            forgiven.update(range(event["start"], open_until + 1))
            hits = [day for day in named if event["start"] <= day <= last]
            found.append(bool(hits))
            kinds.setdefault(event["kind"], []).append(bool(hits))
            weight = abs(event["impact"]) / size
            money[1] += weight
            if not hits:
                continue
            money[0] += weight
            late.append(hits[0] - event["start"])
            expected = answer.get("expected")
            if expected and event["kind"] in ("spike", "drop", "credit"):
                covered = range(event["start"], event["end"] + 1)
                impact = sum(values[day] - expected[day] for day in covered if expected[day] is not None)
                errors.append(abs(impact - event["impact"]) / max(abs(event["impact"]), 1e-9))
        false += sum(not forgiven.intersection(run) for run in runs(named))
    hits = sum(found)
    precision, recall = hits / max(hits + false, 1), hits / len(found)
    return {
        "f1": 2 * precision * recall / max(precision + recall, 1e-9),
        "precision": precision,
        "recall": recall,
        "false": 1000 * false / days,
        "money": money[0] / money[1],
        "late": float(np.mean(late)) if late else float("nan"),
        "error": float(np.median(errors)) if errors else float("nan"),
        "kinds": {kind: f"{sum(hit)}/{len(hit)}" for kind, hit in sorted(kinds.items())},
    }


def ours(path: Path, lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        subprocess.run([PROGRAM, path, out], check=True, stdout=subprocess.DEVNULL)
        answers = json.loads(out.read_text())
    return {line["id"]: answers[line["id"]] for line in lines}


def peer(detector: Callable[[Values], Flags], lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    named = {}
    for line in lines:
        values = np.array(line["values"], float)
        named[line["id"]] = {"flags": [int(day) for day in np.flatnonzero(detector(values))]}
    return named


def show(name: str, scored: dict[str, Any], seconds: float) -> None:
    figures = f"{scored['f1']:.3f} | {scored['precision']:.3f} | {scored['recall']:.3f} | {scored['false']:.2f}"
    rest = f"{scored['money']:.3f} | {scored['late']:.2f} | {scored['error']:.3f} | {seconds:.1f}"
    print(f"| {name} | {figures} | {rest} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--only", help="the detectors whose name contains this")
    parser.add_argument("--series", type=int, help="only so many series of each set")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    missing: dict[str, str] = {}
    for path in arguments.sets:
        lines = [json.loads(line) for line in path.read_text().splitlines()][: arguments.series]
        print(f"\n{path}: {len(lines)} series\n")
        print("| detector | F1 | precision | recall | false alarms per 1,000 days | money | late | impact error | s |")
        print("|---|---|---|---|---|---|---|---|---|")
        started = time.process_time()
        scored = score(lines, ours(path, lines))
        show("ours", scored, time.process_time() - started)
        kinds = scored["kinds"]
        for name, detector in DETECTORS.items():
            if arguments.only and arguments.only not in name:
                continue
            started = time.process_time()
            try:
                scored = score(lines, peer(detector, lines))
            except Exception as error:  # a library that is not there, or does not run here
                missing[name] = f"{type(error).__name__}: {error}"[:200]
                continue
            show(name, scored, time.process_time() - started)
        if not arguments.only or arguments.only in "robust random cut forest":
            try:
                best_forest(lines, 1)
                best_forest(lines, 7)
            except ImportError as error:
                missing["robust random cut forest"] = str(error)
        print(f"\nours by kind: {kinds}")
    for name, reason in missing.items():
        print(f"left out: {name}: {reason}", file=sys.stderr)
    return 0


def best_forest(lines: list[dict[str, Any]], shingle: int) -> None:
    """The forest with the threshold that suits the labels best, which nobody knows beforehand."""
    started = time.process_time()
    scores = {line["id"]: forest_scores(np.array(line["values"], float), shingle) for line in lines}
    tried = []
    for limit in (10, 12, 15, 18, 22, 26, 30, 36, 44):
        named = {one: {"flags": [int(day) for day in np.flatnonzero(scores[one] > limit)]} for one in scores}
        tried.append(score(lines, named))
    best = max(tried, key=lambda scored: float(scored["f1"]))
    show(f"robust random cut forest, days together: {shingle}, best threshold", best, time.process_time() - started)


if __name__ == "__main__":
    sys.exit(main())
