"""A written plan -> its explanation: the tables of docs/figures_report.md, section 27."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.explain.answers import Answers
from optimizer.explain.cohorts import cohorts_table
from optimizer.explain.folder import EXPLANATION
from optimizer.explain.limits import limits_table
from optimizer.explain.moves import moves_table
from optimizer.explain.offers import offers_table
from optimizer.explain.start import read_start
from optimizer.explain.worth import worth_table, worths
from optimizer.plan.table import Table
from optimizer.plan.table_folder import write_folder
from optimizer.plan.written import WrittenPlan, read_written
from optimizer.solve.highs import SolveOptions


@dataclass(frozen=True)
class Explanation:
    """A written plan and what explains it: the tables ``limits``, ``worth``, ``moves``, ``offers``, ``cohorts``.

    Nothing of it is audited.
    """

    written: WrittenPlan
    tables: Mapping[str, Table]

    def data(self) -> dict[str, Any]:
        """All of it as plain data; ``bridge`` as the plan's own table has it, empty where it has none."""
        written = self.written
        return {
            "folder": str(written.folder),
            "case": written.title,
            "value_usd_m": written.value_usd_m,
            **{name: list(each.dicts()) for name, each in self.tables.items()},
            "bridge": [
                {key: cell if key in ("cause", "component") else float(cell) for key, cell in row.items()}
                for row in (written.rows("bridge") if written.has("bridge") else [])
            ],
        }

    def write(self, folder: str | Path | None = None) -> Path:
        """Write the tables into a folder of their own, by default ``explain`` in the plan's; where they lie then.

        CallError if something else is in the way.
        """
        target = Path(folder) if folder is not None else self.written.folder / "explain"
        write_folder(target, EXPLANATION, self.tables)
        return target


def explain_plan(
    folder: Path, options: SolveOptions, *, anew: int = 0, on_done: Callable[[str], None] | None = None
) -> Explanation:
    """Explain the plan in a folder, reading nothing else. ``anew``: for so many of the levers of most worth all is
    decided anew; ``on_done`` is told each question as it is answered.

    Raises CallError if the folder holds no plan, or one that does not come to the value that it states.
    """
    written = read_written(folder)
    start = read_start(written, options)
    with contextlib.closing(Answers(start, on_done)) as answers:
        tables = {
            "limits": limits_table(written.rows("limits")),
            "worth": worth_table(worths(answers, anew)),
            "moves": moves_table(answers),
            "offers": offers_table(answers),
            "cohorts": cohorts_table(start),
        }
    return Explanation(written, tables)
