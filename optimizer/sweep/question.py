"""What a break-even is asked for: ``fluidstack_1``, ``contract:block@west``, ``buy:s21``, ``value=500``, and what it
means on a plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.case.case import Case
from optimizer.case.suggest import did_you_mean
from optimizer.errors import CallError

FORMS = "write OFFER, OFFER@SITE, contract:NAME, build:NAME, buy:MACHINE, any, value=X or value=status_quo"
KINDS = ("contract", "build", "buy")
VALUE, STATUS_QUO = "value", "status_quo"

WORTH_MORE_USD_M = 1e-5
"""By more than this (relative to 1 + the value) a plan is worth more than another: ten dollars."""


@dataclass(frozen=True)
class Question:
    """A kind of decision (sign, contract, build, buy), of an item (None: any), at a site (None: any); or ``kind`` is
    value, to reach ``least_usd_m`` (None: more than the status quo)."""

    text: str
    kind: str
    item: str | None = None
    site: str | None = None
    least_usd_m: float | None = None

    @property
    def of_status_quo(self) -> bool:
        """Whether the value of the status quo has to be known at every point."""
        return self.kind == VALUE and self.least_usd_m is None

    def holds(self, decisions: Iterable[Mapping[str, Any]], value_usd_m: float, quo_usd_m: float | None) -> bool:
        """Whether a plan has it. ``decisions``: rows of decisions.csv; ``quo_usd_m``: value of the status quo there,
        None where it breaks what the case demands (any plan is more than that)."""
        if self.kind == VALUE:
            if self.least_usd_m is not None:
                return value_usd_m >= self.least_usd_m
            return quo_usd_m is None or value_usd_m - quo_usd_m > WORTH_MORE_USD_M * (1 + abs(value_usd_m))
        return any(
            row["decision"] == self.kind
            and self.item in (None, row["item"])
            and self.site in (None, row["site"])
            and float(row["amount"]) > 0
            for row in decisions
        )

    def words(self, has: bool) -> str:
        """``cloud_tenant is signed``, ``cloud_tenant is not signed``."""
        if self.kind == VALUE:
            least = "the status quo" if self.least_usd_m is None else f"${self.least_usd_m:,.1f}M"
            if self.least_usd_m is None:
                return f"the plan is worth {'more' if has else 'no more'} than {least}"
            return f"the plan is worth {'at least' if has else 'less than'} {least}"
        done = {"sign": "signed", "contract": "signed", "build": "built", "buy": "bought"}[self.kind]
        if self.item is None:
            return f"{'an' if has else 'no'} offer is {done}"
        where = f" at {self.site}" if self.site is not None else ""
        return f"{self.item} is {'' if has else 'not '}{done}{where}"


def parse_question(text: str, case: Case) -> Question:
    """Read what is asked for. CallError if it is none of the forms, or names what the case does not have."""
    text = text.strip()
    if text == "any":
        return Question(text, "sign")
    name, equals, amount = text.partition("=")
    if equals:
        return _value(text, name.strip(), amount.strip())
    kind, colon, item = text.partition(":")
    if not colon:
        kind, item = "sign", text
    elif kind not in KINDS:
        raise CallError(f"cannot read what to look for: {text!r}", (f"{did_you_mean(kind, KINDS)}; {FORMS}",))
    item, at, site = item.strip().partition("@")
    known = _known(case, kind)
    if not item or (at and not site):
        raise CallError(f"cannot read what to look for: {text!r}", (FORMS,))
    if item not in known:
        what = {"sign": "offer", "contract": "contract offer", "build": "build", "buy": "machine to buy"}[kind]
        raise CallError(f"the case has no {what} {item!r}", (_meant(item, kind, known, case),))
    if at and site not in known[item]:
        raise CallError(f"{item!r} cannot be at {site!r}", (did_you_mean(site, known[item]),))
    return Question(text, kind, item, site if at else None)


def _meant(item: str, kind: str, known: Mapping[str, list[str]], case: Case) -> str:
    """What the user may have meant, among names of this kind or of another."""
    for other in ("sign", *KINDS):
        if other != kind and item in _known(case, other):
            return f"did you mean {item if other == 'sign' else f'{other}:{item}'!r}?"
    return did_you_mean(item, list(known))


def _value(text: str, name: str, amount: str) -> Question:
    if name != VALUE:
        raise CallError(f"cannot read what to look for: {text!r}", (FORMS,))
    if amount == STATUS_QUO:
        return Question(text, VALUE)
    try:
        least = float(amount)
    except ValueError:
        least = math.nan
    if not math.isfinite(least):
        raise CallError(f"cannot read what to look for: {amount!r} is neither a number of USD m nor {STATUS_QUO}")
    return Question(text, VALUE, least_usd_m=least)


def _known(case: Case, kind: str) -> dict[str, list[str]]:
    """Names of a kind, each with its sites."""
    found: dict[str, list[str]] = {}
    if kind == "sign":
        return {name: list(offer.sites) for name, offer in case.offers.items()}
    if kind == "buy":
        return {name: list(m.buy.sites) for name, m in case.machines.items() if m.buy is not None}
    for site_name, site in case.sites.items():
        for name in site.contract_offers if kind == "contract" else site.builds:
            found.setdefault(name, []).append(site_name)
    return found
