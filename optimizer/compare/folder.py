"""What the folder of a comparison holds."""

from __future__ import annotations

from optimizer.plan.table_folder import Kind

NAMES = ("inputs", "decisions", "megawatts", "value", "measures", "why")
PAGE = "compare.html"
COMPARISON = Kind("a comparison", {*(f"{name}.csv" for name in NAMES), PAGE}, "measures.csv")
