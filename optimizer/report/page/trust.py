"""Why to trust it: the proof, the hours, the audit, the inputs and which of them are assumed, versions and hashes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.report.page.chart import Listing, Section, Sentences, sheet
from optimizer.report.page.plan import PagePlan
from optimizer.report.page.words import Said, begin, count, listing, raw, said, usd


def section(plan: PagePlan) -> Section:
    """The whole part."""
    items = (
        Sentences("Three checks", tuple(_checks(plan))),
        _assumed(plan),
        _sources(plan),
        _prices(plan),
        _warnings(plan),
        _versions(plan),
    )
    return Section("trust", "Why to trust it", (_answer(plan),), tuple(item for item in items if item is not None))


def _answer(plan: PagePlan) -> Said:
    audit, certificate = plan.summary.get("audit"), plan.summary["certificate"]
    passed = [
        words
        for words, holds in (
            ("the plan is proven best within its gap", plan.summary["status"] == "optimal"),
            ("every hour is gone through again", bool(certificate["passed"])),
            ("an independent audit recomputed every table", bool(audit and audit["passed"])),
        )
        if holds
    ]
    lead = "All three checks hold" if len(passed) == 3 else f"{count(len(passed), 'check')} of three hold".capitalize()
    return said(f"{lead}: {'; '.join(passed)}." if passed else f"{lead}.")


def _checks(plan: PagePlan) -> Iterator[Said]:
    summary, certificate, audit = plan.summary, plan.summary["certificate"], plan.summary.get("audit")
    proof = f"; relative gap {float(summary['gap']):.4%}"
    stopped = "" if summary["status"] == "optimal" else f" The search ended before that ({raw(summary['status'], 40)})."
    yield said(
        "Best plan: worth ", usd(summary["value_usd_m"]), "; no plan can be worth more than ",
        usd(summary["bound_usd_m"]), f"{proof}.{stopped}",
    )  # fmt: skip
    yield said(
        "Hours: operations are worth ", usd(certificate["model_operating_value_usd_m"]), " in the model, ",
        usd(certificate["redispatched_operating_value_usd_m"]),
        " with every interval of the price files gone through again; worst gap of a "
        f"site and year {_small(certificate['worst_gap'])}, allowed {_small(certificate['tolerance'])}: "
        f"{'passed' if certificate['passed'] else 'NOT passed'}.",
    )  # fmt: skip
    if audit is None:
        yield said("Audit: not run on this folder.")
    else:
        yield said(
            "Audit: a second program, written apart from the first, recomputed the worth as ",
            usd(audit["value_usd_m"]),
            f" from the inputs and the decisions; {int(audit['cells_compared']):,} cells compared and "
            f"{int(audit['checks']):,} checks made: "
            f"{'passed' if audit['passed'] else 'NOT passed'}.",
        )  # fmt: skip
        for finding in audit.get("findings") or ():
            yield said(f"Finding: {raw(json.dumps(finding) if not isinstance(finding, str) else finding, 300)}")
    yield said("What stands under 'What would change it' and the comparison plans are recomputed, not audited.")


def _small(part: object) -> str:
    """A gap as people read it: ``0``, ``0.0001``."""
    return f"{float(str(part)):.1g}" if float(str(part)) < 1e-4 else f"{float(str(part)):.4f}".rstrip("0")


def _assumed(plan: PagePlan) -> Listing:
    paths = [str(path) for path in plan.summary["inputs"].get("assumed_paths") or ()]
    rows = [(raw(path, 140), _value(plan.case, path)) for path in paths]
    number = int(plan.summary["inputs"]["assumed"])
    title = f"{number:,} inputs are assumed" if number else "No input is marked as assumed"
    parts: dict[str, int] = {}
    for path in paths:
        parts[path.split(".")[0]] = parts.get(path.split(".")[0], 0) + 1
    most = listing(f"{number} of {raw(part, 40)}" for part, number in sorted(parts.items(), key=lambda each: -each[1]))
    note = said(
        f"{begin(most)}. " if parts else "",
        "Inputs marked as assumed in the case.",
    )
    return Listing(title, sheet(("Input", "Value"), rows, "Assumed inputs"), note, folded=True)


def _sources(plan: PagePlan) -> Listing | None:
    """Inputs whose source the case names; None of a folder that does not hold them."""
    named = {path: str(about["source"]) for path, about in plan.written.sources.items() if about.get("source")}
    if not named:
        return None
    rows = [(raw(path, 140), _value(plan.case, path), raw(source, 300)) for path, source in named.items()]
    title = f"{len(named):,} inputs have a source"
    return Listing(title, sheet(("Input", "Value", "Source"), rows, "Sources of inputs"), folded=True)


def _value(case: Mapping[str, Any], path: str) -> str:
    """The value of a path of the case, cut to what reads in a table."""
    at: Any = case
    for key in path.split("."):
        if not isinstance(at, Mapping) or key not in at:
            return ""
        at = at[key]
    return raw(at if isinstance(at, str) else json.dumps(at, ensure_ascii=False), 160)


def _prices(plan: PagePlan) -> Listing:
    rows = [
        (
            raw(market, 60),
            f"{int(each['intervals']):,}",
            f"{float(each['mean_usd_per_mwh']):.2f}",
            " to ".join(each["shape_months"]),
            f"{len(each['repairs'])}",
            str(each["sha256"]),
        )
        for market, each in plan.summary["inputs"]["power_prices"].items()
    ]
    titles = ("Market", "Intervals", "Mean, $/MWh", "Months", "Repairs", "SHA-256 of the file")
    return Listing(f"{count(len(rows), 'power market').capitalize()}", sheet(titles, rows, "Price files"), folded=True)


def _warnings(plan: PagePlan) -> Listing | None:
    found = [(raw(words, 600),) for words in plan.summary["inputs"].get("warnings") or ()]
    if not found:
        return None
    return Listing(
        f"{count(len(found), 'warning').capitalize()} of the case", sheet(("Warning",), found, "Warnings"), folded=True
    )


def _versions(plan: PagePlan) -> Listing:
    inputs = plan.summary["inputs"]
    rows = [
        ("case (SHA-256)", raw(inputs["case_sha256"], 80)),
        *((f"file read: {raw(file, 80)}", "") for file in inputs["files"]),
    ]
    rows += [(raw(program, 40), raw(version, 40)) for program, version in plan.summary["versions"].items()]
    return Listing("Versions and hashes", sheet(("What", "Version or hash"), rows, "Versions and hashes"), folded=True)
