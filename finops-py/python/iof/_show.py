"""Answers for the eye: aligned text for a terminal, HTML for a notebook. Nothing is loaded from elsewhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from decimal import Decimal
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

MAX_ROWS = 50
MAX_WIDTH = 48
MAX_PLACES = 6
UNKNOWN = "-"
# Counted in whole units as a rule, so shown without decimals that are not there.
COUNTED = frozenset(
    ["api_calls", "ledger_transactions", "search_queries", "storage_gb", "compute_vcpu_seconds", "bandwidth_gb"]
)
# Numbers that name a place rather than count something.
ORDINAL = frozenset(["row", "first_row", "snapshot"])

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Block:
    """A table with a line above and lines below it."""

    title: str
    rows: Sequence[Row] = ()
    columns: Sequence[str] = ()
    notes: Sequence[str] = ()
    bar: str | None = None
    line: str | None = None
    zone: tzinfo = field(default=timezone.utc)


def zone(name: str) -> tzinfo:
    """A time zone by its name; UTC where the system does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return timezone.utc


def columns(rows: Iterable[Row], keep: Iterable[str] = ()) -> list[str]:
    """The columns in which something stands, in their order, and those to keep anyhow."""
    found: dict[str, bool] = {}
    for row in rows:
        for name, value in row.items():
            found[name] = found.get(name, False) or value is not None
    kept = set(keep)
    return [name for name, filled in found.items() if filled or name in kept]


def plain(text: str) -> str:
    """Text on one line, cut, and without characters that steer a terminal or reverse the line."""
    cut = text if len(text) <= MAX_WIDTH else text[: MAX_WIDTH - 3] + "..."
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)


def places(values: Iterable[Any], least: int) -> int:
    """How many decimals a column shows: as many as it has, within bounds."""
    exponents = (value.as_tuple().exponent for value in values if isinstance(value, Decimal))
    decimals = (-exponent for exponent in exponents if isinstance(exponent, int))
    return min(MAX_PLACES, max(least, max(decimals, default=0)))


def number(value: Decimal, decimals: int) -> str:
    """A decimal with that many decimals, rounded for the eye; what would vanish is shown in full."""
    shown = format(value, f",.{decimals}f")
    return format(value, "f") if value and not shown.strip("-0.,") else shown


def day(value: datetime, where: tzinfo) -> str:
    """A date where it is midnight there, else the instant."""
    local = value.astimezone(where)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date().isoformat() if midnight else local.isoformat()


def _formatter(name: str, values: Sequence[Any], where: tzinfo) -> Callable[[Any], str]:
    decimals = places(values, 0 if name in COUNTED else 2)

    def show(value: Any) -> str:
        if value is None:
            return UNKNOWN
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Decimal):
            return format(value, ".1%") if name == "share" else number(value, decimals)
        if isinstance(value, int):
            return str(value) if name in ORDINAL else format(value, ",")
        if isinstance(value, datetime):
            return day(value, where)
        if isinstance(value, Mapping):
            return plain(", ".join(f"{key}={inner}" for key, inner in value.items()) or UNKNOWN)
        return plain(str(value))

    return show


def _cells(block: Block, limit: int) -> tuple[list[list[str]], list[bool]]:
    """The rows as text, and for each column whether it holds numbers."""
    cells: list[list[str]] = []
    numeric: list[bool] = []
    rows = block.rows[:limit]
    for name in block.columns:
        values = [row.get(name) for row in rows]
        show = _formatter(name, values, block.zone)
        cells.append([show(value) for value in values])
        known = [value for value in values if value is not None]
        numeric.append(bool(known) and all(isinstance(value, (int, Decimal)) for value in known))
    return [list(row) for row in zip(*cells)], numeric


def _more(block: Block) -> list[str]:
    hidden = len(block.rows) - MAX_ROWS
    return [f"... and {hidden:,} more"] if hidden > 0 else []


def _width(text: str) -> int:
    wide = (unicodedata.east_asian_width(char) in "WF" for char in text)
    return sum(2 if is_wide else 0 if unicodedata.combining(char) else 1 for char, is_wide in zip(text, wide))


def text(blocks: Iterable[Block]) -> str:
    """Blocks as aligned text."""
    return "\n\n".join("\n".join(_text_lines(block)) for block in blocks)


def _text_lines(block: Block) -> list[str]:
    lines = [plain_line(block.title)]
    if block.rows:
        cells, numeric = _cells(block, MAX_ROWS)
        heads = [plain(name) for name in block.columns]
        widths = [max(map(_width, column)) for column in zip(heads, *cells)]
        for row in [heads, ["-" * width for width in widths], *cells]:
            padded = (_pad(cell, width, right) for cell, width, right in zip(row, widths, numeric))
            lines.append("  ".join(padded).rstrip())
    return [*lines, *_more(block), *map(plain_line, block.notes)]


def plain_line(line: str) -> str:
    """A line of our own words that may quote others'."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)


def _pad(cell: str, width: int, right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def html(blocks: Iterable[Block]) -> str:
    """Blocks as HTML tables."""
    return "<div>" + "".join(_html_block(block) for block in blocks) + "</div>"


def _html_block(block: Block) -> str:
    parts = [f"<p><strong>{escape(plain_line(block.title))}</strong></p>"]
    if block.line:
        parts.append(_sparkline([row.get(block.line) for row in block.rows]))
    if block.rows:
        cells, numeric = _cells(block, MAX_ROWS)
        bars = _bars(block)
        heads = [_cell("th", plain(name), right) for name, right in zip(block.columns, numeric)]
        body = []
        for place, row in enumerate(cells):
            shown = [_cell("td", cell, right) for cell, right in zip(row, numeric)]
            body.append("<tr>" + "".join(shown) + (f"<td>{bars[place]}</td>" if bars else "") + "</tr>")
        head = "<tr>" + "".join(heads) + ("<th></th>" if bars else "") + "</tr>"
        parts.append(f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>")
    notes = [*_more(block), *map(plain_line, block.notes)]
    parts.extend(f"<p>{escape(note)}</p>" for note in notes)
    return "".join(parts)


def _cell(tag: str, content: str, right: bool) -> str:
    return f'<{tag} style="text-align:{"right" if right else "left"}">{escape(content)}</{tag}>'


def _bars(block: Block) -> list[str]:
    """For each row a bar as long as its amount is large; what lowers the total is drawn hollow."""
    if block.bar is None:
        return []
    amounts = [float(row.get(block.bar) or 0) for row in block.rows[:MAX_ROWS]]
    largest = max(map(abs, amounts), default=0.0)
    return [_bar(amount, largest) for amount in amounts]


def _bar(amount: float, largest: float) -> str:
    length = 120 * abs(amount) / largest if largest else 0.0
    fill = "currentColor" if amount >= 0 else "none"
    return (
        '<svg width="122" height="10" aria-hidden="true">'
        f'<rect x="1" y="1" width="{length:.1f}" height="8" fill="{fill}" stroke="currentColor" opacity="0.6"/></svg>'
    )


def _sparkline(amounts: Sequence[Any]) -> str:
    """A line through the days; it has gaps where nothing is known."""
    known = [float(amount) for amount in amounts if amount is not None]
    if not known:
        return ""
    low, high = min(0.0, *known), max(0.0, *known)
    step = 400 / max(1, len(amounts) - 1)
    runs: list[list[str]] = [[]]
    for place, amount in enumerate(amounts):
        if amount is None:
            runs.append([])
            continue
        height = (float(amount) - low) / (high - low) if high > low else 0.0
        runs[-1].append(f"{2 + place * step:.1f},{58 - 54 * height:.1f}")
    lines = "".join(_run(run) for run in runs if run)
    return f'<svg width="404" height="60" role="img" aria-label="cost per day">{lines}</svg>'


def _run(points: list[str]) -> str:
    # A day between two unknown ones would be a line without length.
    if len(points) == 1:
        across, down = points[0].split(",")
        return f'<circle cx="{across}" cy="{down}" r="1.5" fill="currentColor"/>'
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
