"""What the folder of an explanation holds."""

from __future__ import annotations

from optimizer.plan.table_folder import Kind

NAMES = ("limits", "worth", "moves", "offers", "cohorts")
EXPLANATION = Kind("an explanation", {f"{name}.csv" for name in NAMES}, "worth.csv")
