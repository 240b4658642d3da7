"""The part of a sweep's page that says what each plan loses where another is better."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.report.page.chart import Chart, Listing, Section, sheet
from optimizer.report.page.found import RegretFound, SweepFound
from optimizer.report.page.places import place_words
from optimizer.report.page.plan import num
from optimizer.report.page.swept_charts import plan_name, regret_chart
from optimizer.report.page.words import Said, count, money_cell, named, raw, said, usd


def regret_section(found: SweepFound, regret: RegretFound) -> Section:
    """Why a plan is the one that loses least, all plans at all points, and what each loses."""
    cells = [
        (
            plan_name(int(num(row["plan"])), todays=row["todays_plan"] == "yes"),
            raw(named(row["words"]), 400),
            "" if row["best_points"] is None else str(int(num(row["best_points"]))),
            money_cell(row["worst_regret_usd_m"]),
            "" if row["worst_point"] is None else _point_said(found, int(num(row["worst_point"]))),
            money_cell(row["mean_regret_usd_m"]),
            str(int(num(row["impossible_points"]))),
        )
        for row in regret.table.dicts()
    ]
    titles = ("Plan", "Signs and builds", "Best at (points)", "Loses at worst", "At", "Loses on average",
              "Impossible at (points)")  # fmt: skip
    note = said("On average: over the points at which the plan is possible.")
    table = Listing("What each plan loses", sheet(titles, cells, "Regret of each plan"), note)
    answers = [
        said(
            "Each plan keeps what it signs and builds, with its dates, at every point; machines, money and hours are "
            "decided anew. What it is then worth less than the best plan there is its regret."
        ),
        *_todays_said(found, regret),
        *_least_said(found, regret),
    ]
    items: tuple[Chart | Listing, ...] = (regret_chart(regret), table) if regret.rows and regret.points else (table,)
    return Section("regret", "Which plan loses least", tuple(answers), items)


def _point_said(found: SweepFound, number: int) -> str:
    words = place_words(found, number)
    return f"Point {number}: {words}" if words else f"Point {number}"


def _todays_said(found: SweepFound, regret: RegretFound) -> Iterator[Said]:
    """What the plan of the case as it stands loses elsewhere."""
    today = next((row for row in regret.table.dicts() if row["todays_plan"] == "yes"), None)
    if today is None or today["worst_regret_usd_m"] is None:
        return
    missing = int(num(today["impossible_points"]))
    more = f". It is impossible at {missing} of {len(regret.points)} points" if missing else ""
    who = f"Plan {int(num(today['plan']))} is the one for today's values."
    if int(num(today["best_points"])) + missing == len(regret.points):
        yield said(f"{who} It is the best one {'wherever it is possible' if missing else 'at every point'}{more}.")
        return
    yield said(
        f"{who} It loses most at {place_words(found, int(num(today['worst_point'])))}: ",
        usd(today["worst_regret_usd_m"]), ", and ", usd(today["mean_regret_usd_m"]), f" on average{more}.",
    )  # fmt: skip


def _least_said(found: SweepFound, regret: RegretFound) -> Iterator[Said]:
    """Why the plan that is named is not always the one with the smallest worst loss."""
    plans = {int(num(row["plan"])): row for row in regret.table.dicts()}
    best = plans.get(regret.least_worst or 0)
    if best is None or best["worst_regret_usd_m"] is None:
        return
    points = len(regret.points)
    missing = int(num(best["impossible_points"]))
    where = place_words(found, int(num(best["worst_point"])))
    everywhere = (
        f"is impossible at {count(missing, 'point')}, no plan at fewer" if missing else "is possible at every point"
    )
    yield said(
        f"Plan {regret.least_worst} {everywhere}, and loses most at {where}: ", usd(best["worst_regret_usd_m"]), "."
    )
    less = plans.get(regret.less or 0)
    if less is not None:
        yield said(
            f"Plan {regret.less} loses no more than ", usd(less["worst_regret_usd_m"]), " where it is possible, but is "
            f"impossible at {int(num(less['impossible_points']))} of {points} points.",
        )  # fmt: skip
