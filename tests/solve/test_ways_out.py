"""Ways out of an impossible case: amounts that can be checked by hand, and each one enough when it is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from optimizer.cli.main import main
from optimizer.errors import InfeasibleError
from optimizer.solve.ways_out import WayOut, way_lines

QUICKSTART = Path("cases/quickstart/case.yaml").resolve()
HEAD = f"extends: {QUICKSTART}\ncase: impossible\nhorizon: {{steps: [6 quarters]}}\n"
BRIDGE = (
    HEAD
    + """finance:
  opening: {cash_usd_m: 30}
  debts:
    bridge: {principal_usd_m: 95, rate: 0.10, matures: 2026-09-30}
  limits: {min_cash_usd_m: 20}
given:
  sign: {cloud_tenant: forbidden}
"""
)


def _ways(folder: Path, text: str) -> dict[str, WayOut]:
    (folder / "case.yaml").write_text(text)
    return {way.kind: way for way in api.ways_out(api.load(folder))}


def _solve(folder: Path, **overrides: Any) -> float:
    loaded = api.load(folder, overrides={path.replace("__", "."): value for path, value in overrides.items()})
    return api.solve(loaded, twins=False).solution.value_usd_m


def test_money_is_what_is_short_and_enough(tmp_path: Path) -> None:
    """Proves: 22.62 short in 2026Q3 and nothing else to do: 22.62 more at the start is enough, 0.01 less is not.

    Were the shortfalls of both quarters added up, it would be 32.54.
    """
    ways = _ways(tmp_path, BRIDGE)
    assert sorted(ways) == ["limits", "money"]
    amount = ways["money"].cost_usd_m
    assert amount == pytest.approx(22.62, abs=0.01)
    assert ways["limits"].cost_usd_m == pytest.approx(22.62, abs=0.01)
    assert ways["limits"].details[0] == "minimum cash at the end of 2026Q3: by 22.62 USD m"
    assert amount is not None
    _solve(tmp_path, finance__opening__cash_usd_m=30 + amount + 1e-4)
    with pytest.raises(InfeasibleError):
        _solve(tmp_path, finance__opening__cash_usd_m=30 + amount - 0.01)
    _solve(tmp_path, finance__limits__min_cash_usd_m=20 - amount - 1e-4)


def test_a_given_decision_left_out_comes_first(tmp_path: Path) -> None:
    """Proves: what can be left out costs nothing and is named by its path; with it the case has a plan."""
    text = BRIDGE.replace("{cloud_tenant: forbidden}", "{cloud_tenant: {halls: 3, date: 2025-10}}").replace("95", "35")
    ways = _ways(tmp_path, text)
    assert next(iter(ways)) == "given"
    assert ways["given"].cost_usd_m == 0.0
    assert ways["given"].words.startswith("leave given.sign.cloud_tenant out")
    (tmp_path / "case.yaml").write_text(text.partition("given:")[0])
    _solve(tmp_path)


def test_megawatts_have_no_price_and_come_last(tmp_path: Path) -> None:
    """Proves: 8 halls of 16.8 MW = 134.4 in a shell of 100: 34.4 are short, whatever money gives; of the site alone
    (120 MW) it would be 14.4."""
    text = HEAD + "given: {sign: {cloud_tenant: {halls: 8, date: 2025-10}}}\n"
    text += "offers: {cloud_tenant: {halls: {max: 9}}}\n"
    text += "finance: {opening: {cash_usd_m: 2000}}\nsites: {west_one: {energised_mw: {2022-11: 120, 2027-01: 120}}}\n"
    ways = _ways(tmp_path, text)
    assert list(ways) == ["given", "megawatts"]
    assert ways["megawatts"].cost_usd_m is None
    assert ways["megawatts"].words == "have up to 34.4 MW more where they are short"


def test_the_command_says_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: the user is told, after the conflict, and still gets exit code 3 and no folder."""
    (tmp_path / "case.yaml").write_text(BRIDGE)
    assert main(["solve", str(tmp_path), "-o", str(tmp_path / "out"), "-q"]) == 3
    said = capsys.readouterr().err
    assert "ways out, each enough alone:" in said
    assert "put $22.62M more cash in at the start" in said
    assert not (tmp_path / "out").exists()


def test_why_cash_that_helps_is_not_what_is_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: where cash earns 6% a year, 18.24 are short in 2026Q3 and 16.94 at the start are enough; the command says
    both and why they differ, and 16.94 is enough when it is put in. Broken: two amounts without a word, or 16.9, with
    which there is still no plan. Without interest both are 22.62, and there is nothing to say."""
    text = BRIDGE.replace("  debts:", "  cash_yield: 0.06\n  debts:")
    (tmp_path / "case.yaml").write_text(text)
    assert main(["solve", str(tmp_path), "-o", str(tmp_path / "out"), "-q"]) == 3
    said = capsys.readouterr().err
    assert "would have to give by 18.24 USD m" in said
    assert "1. put $16.94M more cash in at the start\n     less than what is short above: it earns interest" in said
    _solve(tmp_path, finance__opening__cash_usd_m=30 + 16.94)
    with pytest.raises(InfeasibleError):
        _solve(tmp_path, finance__opening__cash_usd_m=30 + 16.9)
    assert _ways(tmp_path, BRIDGE)["money"].details == ()


def test_none_is_said_as_none() -> None:
    """Proves: without a way there are no lines, not an empty heading."""
    assert way_lines(()) == []
