"""A path of the network from a CSV file: bitcoin price, hash rate and fee share by month. Reading only."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from optimizer.case.base import parse_date
from optimizer.errors import CaseError, Problem

COLUMNS = ("month", "btc_usd", "hashrate_eh_s")


@dataclass(frozen=True)
class NetworkFile:
    """Months without a gap from ``first_month`` (12 * year + month - 1); ``fee_share`` is None if the file has none."""

    first_month: int
    btc_usd: tuple[float, ...]
    hashrate_eh_s: tuple[float, ...]
    fee_share: tuple[float, ...] | None


def read_network_file(name: str, folder: Path) -> NetworkFile:
    """Read ``name`` relative to ``folder``. A CaseError names every line that is wrong."""
    try:
        text = (folder / name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CaseError.single(f"cannot be read: {reason}", file=name, path="market.network.path") from None
    rows = list(csv.reader(text.splitlines()))
    header = [cell.strip() for cell in rows[0]] if rows else []
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise CaseError.single(
            f"has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)} and may have fee_share",
            file=name,
            line=1,
            path="market.network.path",
        )
    problems: list[Problem] = []
    months: list[int] = []
    figures: dict[str, list[float]] = {"btc_usd": [], "hashrate_eh_s": [], "fee_share": []}
    wanted = [column for column in figures if column in header]
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            cells = dict(zip(header, row, strict=True))
            date = parse_date(cells["month"])
            month = 12 * date.year + date.month - 1
            if months and month != months[-1] + 1:
                raise ValueError(f"month {cells['month']} does not follow the month of the row before")
            months.append(month)
            for column in wanted:
                figures[column].append(_figure(column, cells[column]))
        except ValueError as error:
            message = "has another number of cells than the header" if "zip()" in str(error) else str(error)
            problems.append(Problem(name, line, None, "market.network.path", message))
    if not months and not problems:
        problems.append(Problem(name, 1, None, "market.network.path", "has no rows"))
    if problems:
        raise CaseError(problems[:20])
    return NetworkFile(
        first_month=months[0],
        btc_usd=tuple(figures["btc_usd"]),
        hashrate_eh_s=tuple(figures["hashrate_eh_s"]),
        fee_share=tuple(figures["fee_share"]) if "fee_share" in wanted else None,
    )


def _figure(column: str, text: str) -> float:
    try:
        figure = float(text)
    except ValueError:
        raise ValueError(f"{column} needs a number (got {text!r})") from None
    if not math.isfinite(figure) or figure < 0 or (figure == 0 and column != "fee_share"):
        raise ValueError(f"{column} must be above 0 (got {text!r})")
    if column == "fee_share" and figure >= 1:
        raise ValueError(f"fee_share is a share below 1, 0.02 for 2 % (got {text!r})")
    return figure
