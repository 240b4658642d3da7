"""Plan folders that are changed by hand, to see what becomes of them in a workbook."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl

HOSTILE = {
    "cloud_tenant": "=cmd|' /C calc'!A0",
    "west_one": '*?~<5">&<script>alert(1)</script>',
    "notes": "\u05d0\u05d1\u202egnp\x07\x1b@SUM(A1)",
    "s21_pro": "+1",
    "s19_xp": "n" * 40000,
    "Quickstart - one mine, one offer": '=HYPERLINK("http://example.org")',
}
"""By the name that they take the place of."""


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of a table, cells as text."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(folder: Path, name: str, column: str) -> list[float]:
    """A column, empty cells as 0."""
    return [float(row[column] or 0) for row in read(folder, name)]


def write(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def renamed(folder: Path, target: Path, names: Mapping[str, str]) -> Path:
    """A copy in which names are others, in tables, summary and case."""

    def new(text: str) -> str:
        for old, name in names.items():
            text = text.replace(old, name)
        return text

    shutil.copytree(folder, target)
    for file in [*target.glob("*.csv"), *target.glob("explain/*.csv")]:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(
                [rows[0], *([new(cell) for cell in row] for row in rows[1:])]
            )
    for file in (target / "summary.json", target / "inputs" / "case.json"):
        file.write_text(json.dumps(_every(json.loads(file.read_text("utf-8")), new)), "utf-8")
    return target


def _every(data: Any, new: Callable[[str], str]) -> Any:
    if isinstance(data, dict):
        return {new(key): _every(value, new) for key, value in data.items()}
    if isinstance(data, list):
        return [_every(value, new) for value in data]
    return new(data) if isinstance(data, str) else data


def add_bridge(folder: Path) -> None:
    """A bridge from a status quo that hosts nothing and is worth as much else; and what limits the plan."""
    causes = {"mining": "mining", "machines": "mining", "flexibility": "mining", "delivery": "mining"}
    causes |= {"contracts": "power_resale", "opening_cash": "treasury", "opening_btc": "treasury", "tax": "tax"}
    causes |= {"builds": "sites", "site_cost": "sites", "sga": "sites"}
    rows = []
    for row in read(folder, "value"):
        name, plan = row["component"], float(row["total_usd_m"])
        quo = 0.0 if name.startswith("hosting") else plan
        if name == "total":
            quo = sum(float(each["status_quo_usd_m"]) for each in rows)
        cause = (
            "total" if name == "total" else "hosting" if name.startswith("hosting") else causes.get(name, "financing")
        )
        amounts = {"status_quo_usd_m": quo, "plan_usd_m": plan, "difference_usd_m": plan - quo}
        rows.append({"cause": cause, "component": name, **{key: f"{value:.8f}" for key, value in amounts.items()}})
    write(folder, "bridge", rows)
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    for twin in summary["twins"]:
        if twin["name"] == "status_quo":
            twin["value_usd_m"] = float(rows[-1]["status_quo_usd_m"])
    (folder / "summary.json").write_text(json.dumps(summary), "utf-8")
    (folder / "explain").mkdir(exist_ok=True)
    limit = {"limit": "energised", "item": "west_one", "unit": "mw", "periods": "40", "least_headroom": "0.5"}
    write(folder / "explain", "limits", [limit])


def change_figures(book: Path, folder: Path, target: Path) -> Path:
    """A copy of a workbook with 10 more of mining margin in a row of 2026Q1, 3 more owed at the start, and 7 more of
    mining's part of the value. The values kept with formulas are gone."""
    changed = openpyxl.load_workbook(book)
    margin = [cell.value for cell in changed["Mining data"][2]].index("margin_usd_m") + 1
    row = next(at for at, each in enumerate(read(folder, "mining"), start=3) if each["period"] == "2026Q1")
    for sheet, cell, more in (("Mining data", (row, margin), 10), ("Debt data", (3, 4), 3), ("Value data", (5, 2), 7)):
        changed[sheet].cell(*cell).value += more
    changed.save(target)
    return target
