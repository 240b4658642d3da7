"""Why one plan is worth more than another: its inputs, or its decisions (docs/figures_report.md, section 28).

The decisions of one are taken under the inputs of the other and nothing else is decided; what that is worth splits the
difference. It is done from both ends, since the two answers are not the same.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer.case.load import LoadedCase, load_case
from optimizer.errors import CaseError, InfeasibleError, SolverError, WattforkError
from optimizer.plan.table import Table, table
from optimizer.plan.written import WrittenPlan

FOLLOWS = {"sell_btc", "keep_btc", "fund", "upstream"}
"""Decisions that only follow the books: under other inputs other coins are mined, and other cash is there."""

CHOSEN = ("sign", "contract", "build")
"""Decisions in whole numbers; where all of a plan's cannot be taken under other inputs, these are, the rest anew."""


@dataclass(frozen=True)
class Priced:
    """What decisions are worth under other inputs: USD m, or None and why they cannot be taken there. ``anew``:
    signatures, contracts and builds are the other's, machines and money are decided anew, and ``problem`` says why."""

    value_usd_m: float | None
    problem: str = ""
    anew: bool = False


def why_table(a: WrittenPlan, b: WrittenPlan, evaluate: Callable[[LoadedCase], float]) -> Table:
    """The difference in value by cause, from both ends. ``evaluate``: the value of a case all of whose decisions are
    given, in USD m; it raises as `api.solve` does."""
    same = a.case_sha256 == b.case_sha256
    here = Priced(a.value_usd_m) if same else price_under(a, b, evaluate)
    there = Priced(b.value_usd_m) if same else price_under(b, a, evaluate)
    rows = [
        *_split("A", "B", a.value_usd_m, b.value_usd_m, here, ("inputs", "decisions")),
        *_split("B", "A", a.value_usd_m, b.value_usd_m, there, ("decisions", "inputs")),
    ]
    return table(("between", "between_usd_m", "cause", "usd_m", "note"), rows)


def _split(
    decided: str, inputs: str, first: float, last: float, middle: Priced, causes: tuple[str, str]
) -> list[tuple[str, float | None, str, float | None, str]]:
    words = f"{decided}'s signatures, contracts and builds" if middle.anew else f"{decided}'s decisions"
    words += f" under {inputs}'s inputs"
    value = middle.value_usd_m
    if value is None:
        return [(words, None, cause, None, middle.problem) for cause in causes]
    note = f"machines and money decided anew: {middle.problem}" if middle.anew else ""
    return [(words, value, causes[0], value - first, note), (words, value, causes[1], last - value, note)]


def price_under(decided: WrittenPlan, inputs: WrittenPlan, evaluate: Callable[[LoadedCase], float]) -> Priced:
    """The decisions of one plan under the inputs of another: all of them, or those in whole numbers."""
    rows = [row for row in decided.rows("decisions") if row["decision"] not in FOLLOWS]
    try:
        return Priced(_value_of(rows, inputs, "nothing", evaluate))
    except (CaseError, InfeasibleError, SolverError) as error:
        problem = _told(error)
    try:
        chosen = [row for row in rows if row["decision"] in CHOSEN]
        return Priced(_value_of([*chosen, *_not_taken(chosen, inputs)], inputs, None, evaluate), problem, True)
    except (CaseError, InfeasibleError, SolverError) as error:
        return Priced(None, _told(error))


def _value_of(
    rows: Sequence[Mapping[str, str]],
    inputs: WrittenPlan,
    otherwise: str | None,
    evaluate: Callable[[LoadedCase], float],
) -> float:
    columns = ("date", "decision", "item", "site", "amount", "rule")
    with tempfile.TemporaryDirectory(prefix="wattfork-compare-") as name:
        given = Path(name) / "decisions.csv"
        with given.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([row.get(column, "") for column in columns] for row in rows)
        return evaluate(load_case(inputs.case_file, given_csv=given, given_otherwise=otherwise))


def _not_taken(chosen: Sequence[Mapping[str, str]], inputs: WrittenPlan) -> Iterator[dict[str, str]]:
    """Rows that forbid whatever else the other case offers to sign, contract or build."""
    case = load_case(inputs.case_file).case
    taken = {(row["decision"], row["item"], row["site"] if row["decision"] != "sign" else "") for row in chosen}
    there = [("sign", offer, "") for offer in case.offers]
    there += [("contract", name, site) for site, each in case.sites.items() for name in each.contract_offers]
    there += [("build", name, site) for site, each in case.sites.items() for name in each.builds]
    for kind, name, site in there:
        if (kind, name, site) not in taken:
            yield {"decision": kind, "item": name, "site": site, "rule": "forbid"}


def _told(error: WattforkError) -> str:
    """The first line of an error, and how many more there are; of a file of decisions only what is wrong with it."""
    lines = [f"{p.path}: {p.message}" for p in error.problems] if isinstance(error, CaseError) else list(error.lines())
    return lines[0].strip() + (f" (and {len(lines) - 1} more)" if len(lines) > 1 else "")
