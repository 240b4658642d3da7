"""Prices of whole plans: what a plan decides is held, whatever there is to decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import api
from optimizer.instance.whole_plan import columns_of, whole_plan
from optimizer.solve.highs import SolveOptions
from optimizer.solve.price import price_choices

QUICKSTART = Path("cases/quickstart/case.yaml").resolve()


def test_an_offer_with_one_date_is_held(tmp_path: Path) -> None:
    """Proves: with the window shut to one date, the plan that signs is priced with its halls and the plan that does not
    without: 51.18 apart as two solves say. Were what has one date decided anew, both would be worth the same."""
    text = (
        f"extends: {QUICKSTART}\ncase: one date\noffers: {{cloud_tenant: {{sign: {{from: 2027-04, to: 2027-04}}}}}}\n"
    )
    (tmp_path / "case.yaml").write_text(text)
    loaded = api.load(tmp_path)
    result = api.solve(loaded, twins=False)
    prepared, start = result.prepared, result.prepared.market.start_month
    signed = whole_plan(prepared.choices, result.solution.decisions, start)
    assert [decision.kind for decision in signed] == ["sign"]
    plans = [columns_of(plan, prepared.choices, prepared.instance, start) for plan in (signed, ())]
    named = [plan for plan in plans if plan is not None]
    priced = price_choices(prepared.instance, named, SolveOptions())
    assert priced[0] == pytest.approx(result.solution.value_usd_m, abs=1e-6)
    forbid = tmp_path / "forbid.csv"
    forbid.write_text("date,decision,item,site,amount,rule\n,sign,cloud_tenant,,,forbid\n")
    without = api.solve(api.load(tmp_path, given_csv=forbid), twins=False).solution.value_usd_m
    assert priced[1] == pytest.approx(without, abs=1e-6)
    assert result.solution.value_usd_m - without == pytest.approx(51.18, abs=0.01)


def test_a_build_is_held(tmp_path: Path) -> None:
    """Proves: the plan without the build is priced without it: what it loses is what the solve without it loses. Were
    builds decided anew, it would lose nothing."""
    text = f"""extends: {QUICKSTART}
case: a build
finance: {{opening: {{cash_usd_m: 400}}}}
machines:
  s21_xp:
    efficiency_j_per_th: 13.5
    life: 5 years
    price_usd_per_th: 8
    buy:
      window: {{from: 2025-07, to: 2025-10}}
      delivery: 1 month
      sites: [west_one]
      max_ph_s_per_step: 2000
sites:
  west_one:
    builds:
      shell:
        window: {{from: 2025-07, to: 2025-07}}
        lead: 1 month
        mining_shell_mw: 20
        cost_usd_m: 1
        max: 1
"""
    (tmp_path / "case.yaml").write_text(text)
    result = api.solve(api.load(tmp_path), twins=False)
    prepared, start = result.prepared, result.prepared.market.start_month
    whole = whole_plan(prepared.choices, result.solution.decisions, start)
    assert "build" in {decision.kind for decision in whole}
    without = tuple(decision for decision in whole if decision.kind != "build")
    plans = [columns_of(plan, prepared.choices, prepared.instance, start) for plan in (whole, without)]
    priced = price_choices(prepared.instance, [plan for plan in plans if plan is not None], SolveOptions())
    assert priced[0] == pytest.approx(result.solution.value_usd_m, abs=1e-6)
    forbid = tmp_path / "forbid.csv"
    rows = "".join(f"{d.date},sign,{d.name},{d.site},{d.amount},\n" for d in without)
    forbid.write_text(f"date,decision,item,site,amount,rule\n,build,shell,west_one,,forbid\n{rows}")
    lost = (
        result.solution.value_usd_m - api.solve(api.load(tmp_path, given_csv=forbid), twins=False).solution.value_usd_m
    )
    assert lost > 0.5
    assert priced[0] is not None
    assert priced[1] is not None
    assert priced[0] - priced[1] == pytest.approx(lost, abs=1e-5)
