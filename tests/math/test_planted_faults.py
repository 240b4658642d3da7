"""The audit finds what it was made to find: a fault planted in the code that makes plans fails every fresh plan.

Each fault is one that such models have had. The quickstart case is solved anew with it, and must not be published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optimizer.instance.build as instance_build
import optimizer.instance.hosting as instance_hosting
from optimizer import api
from optimizer.case.case import Case
from optimizer.errors import AuditError
from optimizer.market.market import Market
from optimizer.operations.hosting import HallFlows, hall_flows
from optimizer.operations.operations import Operations, build_operations
from tests.math.builder import EXACT

QUICKSTART = Path(__file__).resolve().parents[2] / "cases" / "quickstart"


def with_market(change: Callable[[Market], Market]) -> Callable[[pytest.MonkeyPatch], None]:
    """Operations that see another market than the case says."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        def operations(case: Case, market: Market) -> Operations:
            return build_operations(case, change(market))

        monkeypatch.setattr(api, "build_operations", operations)

    return plant


def with_mining(change: Callable[[Any], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        def operations(case: Case, market: Market) -> Operations:
            made = build_operations(case, market)
            return replace(made, mining=change(made.mining))

        monkeypatch.setattr(api, "build_operations", operations)

    return plant


def with_hall(change: Callable[[HallFlows, Any], HallFlows]) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        def flows(offer: Any, *rest: Any) -> HallFlows:
            return change(hall_flows(offer, *rest), offer)

        monkeypatch.setattr(instance_hosting, "hall_flows", flows)

    return plant


def overheads_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed_flows = instance_build.fixed_flows

    def flows(*arguments: Any) -> Any:
        made = fixed_flows(*arguments)
        return replace(made, sga=np.zeros_like(made.sga))

    monkeypatch.setattr(instance_build, "fixed_flows", flows)


def month_late(flow: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], flow[:-1]])


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "pool fee dropped": with_market(lambda m: replace(m, network=replace(m.network, pool_fee=0.0))),
    "halving forgotten": with_market(lambda m: replace(m, network=replace(m.network, halvings=()))),
    "difficulty a month late": with_market(
        lambda m: replace(
            m,
            network=replace(
                m.network,
                hashrate_eh_s=np.concatenate([m.network.hashrate_eh_s[:1], m.network.hashrate_eh_s[:-1]]),
            ),
        )
    ),
    "power a cent cheaper": with_market(
        lambda m: replace(m, power={k: replace(p, factor=p.factor * 0.9997) for k, p in m.power.items()})
    ),
    "power cost a thousandth short": with_mining(lambda x: replace(x, power_cost_usd_m=x.power_cost_usd_m * 0.999)),
    "escalator a year early": with_hall(lambda f, offer: replace(f, rent=f.rent * (1 + offer.escalator))),
    "rent a month late": with_hall(lambda f, _: replace(f, rent=month_late(f.rent))),
    "contingency dropped": with_hall(lambda f, offer: replace(f, capex=f.capex / (1 + offer.contingency))),
    "prepayment never credited": with_hall(lambda f, _: replace(f, credit=np.zeros_like(f.credit))),
    "residual forgotten": with_hall(lambda f, _: replace(f, residual=0.0)),
    "overheads forgotten": overheads_forgotten,
}


def write(folder: Path) -> None:
    api.solve(api.load(QUICKSTART), EXACT, twins=False).write(folder)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_planted_fault_fails_the_audit(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: a plan made with this fault is refused, kept aside, and nothing stands where it was to be written.
    Broken: a plan is published."""
    FAULTS[fault](monkeypatch)
    with pytest.raises(AuditError) as caught:
        write(tmp_path / "plan")
    assert caught.value.details
    assert not (tmp_path / "plan").exists()
    assert (tmp_path / "plan.failed-audit" / "decisions.csv").exists()


def test_without_a_fault_the_audit_passes(tmp_path: Path) -> None:
    """Proves: it is the fault that the tests above find. Broken: AuditError."""
    write(tmp_path / "plan")
    assert (tmp_path / "plan" / "summary.json").exists()
