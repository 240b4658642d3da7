"""What would flip the decision, from ``explain/``; where that is not there, that it is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import Said, begin, figure, name, raw, said, usd


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

    @property
    def said(self) -> str:
        """``hashprice 20% lower``."""
        return f"{self.words} {self.change}"

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
                        raw(row.get("note") or "", 160),
                    )
                )
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
    if key in ("hashrate_growth", "rate"):
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
    more = f"{len(found)} moves of one input were tested. {' '.join(lines)}"
    return said(begin(" or ".join((worse + broken)[:2]))), said(more, offers)


def _kept(found: Sequence[Moved], offers: Said) -> tuple[Said, Said]:
    """Where every move leaves the plan better than the status quo: which comes nearest, and what it leaves."""
    left = [
        (each.worth - each.status_quo, each) for each in found if each.worth is not None and each.status_quo is not None
    ]
    more = said(f"{len(found)} moves of one input were tested; after each the plan as it is can be paid for.")
    if left:
        least, nearest = min(left, key=lambda each: each[0])
        more = said(
            more,
            f" {begin(nearest.said)} comes nearest: the plan is still worth ",
            usd(least),
            " more than the status quo.",
        )
    return said("Nothing that was tested"), said(more, offers)


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
