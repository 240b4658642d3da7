"""The page of a plan put together: its facts, its parts, and what can be chosen on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optimizer.report.page import bad, changes, earns, megawatts, paid, sweeps, todo, trust, worth
from optimizer.report.page.chart import Chart, Section
from optimizer.report.page.facts import facts
from optimizer.report.page.html import AMOUNTS, Page, charts, page_text
from optimizer.report.page.plan import PagePlan
from optimizer.report.page.words import name, when


def page_of(plan: PagePlan, sweep_folders: Sequence[Path] = ()) -> str:
    """The whole page. CallError without the extra ``report``."""
    maps = [sweeps.sweep_map(folder, plan.case, at + 1) for at, folder in enumerate(sweep_folders)]
    sections = _sections(plan, maps)
    first, *_, last = [*plan.periods, *plan.periods]
    page = Page(
        kind="Plan",
        title=plan.title,
        sub=f"{when(first)} to {when(last)}. {AMOUNTS}",
        facts=facts(plan),
        sections=sections,
        made="the plan's folder alone",
        shares_m=plan.shares_m,
        sites=_sites(sections),
        scenarios=[(str(at), name(each)) for at, each in enumerate(plan.scenarios)] if len(plan.scenarios) > 1 else [],
    )
    return page_text(page)


def _sections(plan: PagePlan, maps: Sequence[Chart]) -> list[Section]:
    return [
        todo.section(plan),
        worth.section(plan),
        megawatts.section(plan),
        paid.section(plan),
        earns.section(plan),
        changes.section(plan, maps),
        bad.section(plan),
        trust.section(plan),
    ]


def _sites(sections: Sequence[Section]) -> list[tuple[str, str]]:
    """Keys and words of the sites that can be chosen; none where there is one."""
    found = {view.site: view.label for chart in charts(sections) for view in chart.views if view.site}
    return list(found.items()) if len(found) > 1 else []
