"""What would flip the decision, from ``explain/``; where that is not there, that it is not known."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import Said, begin, figure, name, named, raw, said, usd

CANNOT = "cannot be paid"
SHIFTED = ("hashrate_growth", "rate")
"""Ends of paths that are moved by points; others by a factor (docs/figures_report.md, section 27)."""
NOTHING_FLIPS = ("Nothing that was tested",)
WIDER = 3.0
"""Where nothing flips within what was tested, a threshold is looked for within so many times that range."""
_SIDE = re.compile(r"(?:^|; )(low|high): ")
_BY_HOW_MUCH = re.compile(r":? (?:falls short of|goes beyond|is broken)\b.*$")


@dataclass(frozen=True)
class Moved:
    """An input that came out otherwise, from ``explain/moves.csv``: what the plan as it is, and the status quo, are
    worth then (USD m; ``worth`` is None where the plan cannot be paid for).
    """

    words: str
    change: str
    worth: float | None
    status_quo: float | None
    note: str
    path: str = ""
    end: str = "low"

    @property
    def said(self) -> str:
        """``hashprice 20% lower``."""
        return f"{self.words} {self.change}"

    @property
    def limit(self) -> str:
        """What breaks where the plan cannot be paid for, in a few words: ``minimum cash 2029Q2``."""
        short = _BY_HOW_MUCH.sub("", self.note).replace(" at the end of ", " ")
        return raw(named(short), 60)

    @property
    def ahead(self) -> float | None:
        """USD m by which the plan is worth more than the status quo then; None where either is not known."""
        return None if self.worth is None or self.status_quo is None else self.worth - self.status_quo

    @property
    def loses(self) -> bool:
        """Whether the status quo is worth more then."""
        return self.worth is not None and self.status_quo is not None and self.worth < self.status_quo


def moved_inputs(rows: Sequence[Row]) -> list[Moved]:
    """Both ends of each move, in the order of the table, but for ends that are what the plan has."""
    found = []
    for row in rows:
        words = raw(str(row["input"]).split(" (")[0].split(", ")[0], 60)
        for end in ("low", "high"):
            change = moved_by(str(row["path"]), str(row[end] or ""))
            if change:
                worth, kept = row[f"{end}_value_usd_m"], row[f"status_quo_{end}_usd_m"]
                found.append(
                    Moved(
                        words,
                        change,
                        None if worth is None else num(worth),
                        None if kept is None else num(kept),
                        _note_of(str(row.get("note") or ""), end),
                        str(row["path"]),
                        end,
                    )
                )
    return found


def _note_of(note: str, end: str) -> str:
    """What a note says of one end: ``low: WHY; high: WHY``."""
    _, *parts = _SIDE.split(note)
    return raw(dict(zip(parts[::2], parts[1::2], strict=True)).get(end, ""), 160)


def crossing(ends: Sequence[Moved], today: float | None) -> str:
    """Between which tested points the status quo overtakes the plan, and where on a straight line; empty if nowhere.

    ``today``: USD m by which the plan is ahead as it stands.
    """
    if today is None:
        return ""
    found = []
    for each in ends:
        ahead = each.ahead
        if ahead is None or (ahead < 0) == (today < 0):
            continue
        part = today / (today - ahead)
        found.append(f"about {_part_of(each, part)} (estimate: a straight line from today to {each.change})")
    return "; ".join(found)


def _part_of(move: Moved, part: float) -> str:
    """``6.4% lower`` where 10% lower was tested and the line crosses at 0.64 of it."""
    size, _, rest = move.change.partition("%" if "%" in move.change else " ")
    amount = float(size) * part
    return f"{amount:.1f}%{rest}" if "%" in move.change else f"{amount:.1f} {rest}"


def threshold_call(plan: PagePlan, row: Row, wider: float) -> str:
    """The command that finds the threshold of a tested input, within ``wider`` times the range that was tested.

    Empty where the input is no number that can be moved.
    """
    path = str(row["path"])
    try:
        low, high = (float(str(row[end])) for end in ("low", "high"))
    except ValueError:
        return ""
    head, _, key = path.rpartition(".")
    own_value = 0.0 if key in SHIFTED else 1.0
    low, high = (own_value + wider * (end - own_value) for end in (low, high))
    if key == "lead":
        return ""
    if key in SHIFTED:
        own = leaf(plan.case, path)
        if key == "hashrate_growth" and isinstance(own, int | float):
            return _call([path], f"{own + low:.6g}:{own + high:.6g}")
        if isinstance(own, dict):  # a level by date: its entries are moved
            path += ".*"
        rates = [float(rate) for rate in _each(plan.case, path) if isinstance(rate, int | float) and rate > 0]
        if not rates:
            return ""
        return _call([path], f"x{max(0.0, 1 + low / max(rates)):.4g}:x{1 + high / max(rates):.4g}")
    paths = [path]
    if head == "offers.*":
        signed = dict.fromkeys(str(each["item"]) for each in plan.rows("decisions") if each["decision"] == "sign")
        paths = [f"offers.{offer}.{key}" for offer in signed]
    return _call(paths, f"x{low:g}:x{high:g}")


def _call(paths: Sequence[str], between: str) -> str:
    of = shlex.quote(raw(" & ".join(paths), 400))
    return f"wattfork breakeven CASE --of {of} --for value=status_quo --between {between}"


def leaf(data: object, path: str) -> object:
    """What a path of the case leads to; None where it leads nowhere."""
    return next(iter(_each(data, path)), None)


def _each(data: object, path: str) -> list[object]:
    found = [data]
    for key in path.split("."):
        inner = [each for each in found if isinstance(each, dict)]
        found = [value for each in inner for name, value in each.items() if key in ("*", name)]
    return found


def moved_by(path: str, text: str) -> str:
    """How far an input is moved, in words; empty where it is not. Which kind of step a path takes: section 27."""
    try:
        step = float(text)
    except ValueError:
        return raw(text, 30)
    key = path.rsplit(".", 1)[-1]
    if key == "lead":
        return f"{step:g} months later" if step else ""
    if key in SHIFTED:
        return f"{abs(step) * 100:g} points {'higher' if step > 0 else 'lower'}" if step else ""
    return f"{abs(step - 1) * 100:.3g}% {'higher' if step > 1 else 'lower'}" if step != 1 else ""


def flips(plan: PagePlan) -> tuple[Said, Said]:
    """The answer in a few words, and a line that says more."""
    found = moved_inputs(plan.optional("explain/moves"))
    if not found:
        return _untested(plan)
    nearest = nearest_offer([row for row in plan.optional("explain/offers") if not num(row.get("signed"))])
    offers = said(" ", nearest) if nearest else ()
    worse, broken = [each.said for each in found if each.loses], [each.said for each in found if each.worth is None]
    if not worse and not broken:
        return _kept(found, offers)
    lines = []
    if worse:
        lines.append(f"The status quo is worth more than the plan with {' or with '.join(worse)}.")
    if broken:
        lines.append(f"The plan as it is cannot be paid for with {' or with '.join(broken)}.")
    more = f"{_tested(found)} {' '.join(lines)}"
    return said(begin(" or ".join((worse + broken)[:2]))), said(more, offers)


def _tested(found: Sequence[Moved]) -> str:
    """What a test of moves is: points, and no threshold."""
    return f"{len(found)} moves of one input were tested, each at a fixed distance and not to where it flips."


def _kept(found: Sequence[Moved], offers: Said) -> tuple[Said, Said]:
    """Where every move leaves the plan better than the status quo: which comes nearest, and what it leaves."""
    left = [
        (each.worth - each.status_quo, each) for each in found if each.worth is not None and each.status_quo is not None
    ]
    more = said(f"{_tested(found)} After each the plan as it is can be paid for.")
    if left:
        least, nearest = min(left, key=lambda each: each[0])
        more = said(
            more,
            f" {begin(nearest.said)} comes nearest: the plan is still worth ",
            usd(least),
            " more than the status quo.",
        )
    return NOTHING_FLIPS, said(more, offers)


def nearest_offer(refused: Sequence[Row]) -> Said:
    """The offer that is not signed and whose rent is nearest to what it would need; nothing where none is known."""
    found = [
        (num(row["rate_needed_usd_per_kw_month"]) - num(row["rate_usd_per_kw_month"]), row)
        for row in refused
        if isinstance(row.get("rate_needed_usd_per_kw_month"), float)
    ]
    if not found:
        return ()
    _, row = min(found, key=lambda each: each[0])
    rate, needed = (figure(num(row[key]), 2) for key in ("rate_usd_per_kw_month", "rate_needed_usd_per_kw_month"))
    return said(
        f"The nearest offer not signed is {name(row['offer'])} at {name(row['site'])}: it pays ${rate} per kW and "
        f"month and would be signed at ${needed} at the latest."
    )


def _untested(plan: PagePlan) -> tuple[Said, Said]:
    others = [
        (num(twin["plan_is_worth_more_usd_m"]), words)
        for twin, words in ((plan.twin("status_quo"), "the status quo"), (plan.twin("all_mining"), "mining alone"))
        if twin is not None
    ]
    ask = "'wattfork explain' on this plan's folder tests it."
    if not others:
        return said("Not tested yet"), said(ask)
    least, words = min(others)
    if least < 0.05:
        return said("Nothing to flip"), said(
            f"The plan does no better than {words}. Which input would change that is not known: {ask}"
        )
    return (
        said("Not tested yet; it has ", usd(least), f" to lose before {words} is better"),
        said(f"Which input would take that much is not known: {ask}"),
    )
