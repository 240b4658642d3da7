"""What the folder of alternatives holds: a plan folder each, ``alternatives.csv``, and a page."""

from __future__ import annotations

from optimizer.plan.table_folder import Kind
from optimizer.sweep.alternatives import BEST, NAMES, TABLE_FILE

PAGE = "alternatives.html"
ALTERNATIVES = Kind("alternatives", {BEST, *NAMES, TABLE_FILE, PAGE}, TABLE_FILE)
