"""The store: what was kept comes back exactly, what is damaged is taken for absent, nothing is left half written."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import CallError
from optimizer.instance.whole_plan import Trail
from optimizer.sweep.point import Outcome
from optimizer.sweep.store import FORM, Store, canonical, key_of, outcome_of
from tests.sweep.fakes import figures, sign

KEY, OTHER = key_of({"a": 1}), key_of({"a": 2})
ROW = {"date": "2027-04-01", "decision": "sign", "item": "lease", "site": "west", "amount": 0.1 + 0.2, "note": None}
FULL = Outcome(
    "optimal",
    "hours not certified",
    replace(figures(1 / 3), decision_lines=("sign lease",), decisions=(ROW,)),
    (*sign(2), *sign(1, kind="contract")),
    Trail((("drawn[3]", 1), ("steps[0]", 2)), (("date", 0, 4), None, None), ((0, 11),), (("model", "eJw="),)),
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sweep.points")


def test_what_was_kept_comes_back_exactly(store: Store) -> None:
    """Proves: floats to the last bit, nothing where nothing was, plans that are equal to the plans. Broken: 0.3 for
    0.30000000000000004, a list for a tuple."""
    store.put(KEY, asdict(FULL), 1.5)
    assert store.get(KEY, outcome_of) == (FULL, 1.5)
    plain = Outcome("infeasible", "no plan: \u00e9")
    store.put(KEY, asdict(plain), 0.5)
    assert Store(store.folder).get(KEY, outcome_of) == (plain, 0.5)
    assert store.get(OTHER, outcome_of) is None


def test_the_key_is_of_the_content_alone() -> None:
    """Proves: the order of names does not matter, anything else does. Broken: two keys for one case."""
    assert key_of({"a": 1, "b": [1.0, None]}) == key_of({"b": [1.0, None], "a": 1})
    assert len({key_of({"a": value}) for value in (1, 1.0000000000000002, "1", None, [1])}) == 5
    assert canonical({"b": math.inf, "a": "\u00e9"}) == '{"a":"\u00e9","b":Infinity}'


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace(f'"form": {FORM}', '"form": 0'),
        lambda text: text.replace(KEY, OTHER),
        lambda text: "[1, 2]",
        lambda text: text.replace('"value_usd_m"', '"value"'),
        lambda text: text.replace('"status"', '"state"'),
        lambda text: text.replace('"seconds": 1.5', '"seconds": "soon"'),
        lambda text: "\udcff" + text,
    ],
)
def test_what_is_damaged_is_not_there(store: Store, damage: Any) -> None:
    """Proves: any damage means solved again. Broken: an exception, or figures of another form."""
    store.put(KEY, asdict(FULL), 1.5)
    (file,) = store.folder.iterdir()
    file.write_bytes(damage(file.read_text("utf-8")).encode("utf-8", "surrogateescape"))
    assert store.get(KEY, outcome_of) is None


def test_fresh_reads_only_what_it_wrote(store: Store) -> None:
    """Proves: --fresh solves anew and replaces. Broken: the old outcome."""
    store.put(KEY, asdict(FULL), 1.5)
    fresh = Store(store.folder, fresh=True)
    assert fresh.get(KEY, outcome_of) is None
    new = Outcome("infeasible")
    fresh.put(KEY, asdict(new), 2.0)
    assert fresh.get(KEY, outcome_of) == (new, 2.0) == store.get(KEY, outcome_of)


def test_a_file_is_written_whole_or_not_at_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: an end before the renaming leaves what was there. Broken: half a file under the key, or a stray one."""
    store.put(KEY, asdict(FULL), 1.5)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        store.put(KEY, asdict(Outcome("infeasible")), 9.0)
    assert [file.name for file in store.folder.iterdir()] == [f"{KEY}.json"]
    assert store.get(KEY, outcome_of) == (FULL, 1.5)


def test_old_halves_are_removed_and_young_ones_left(store: Store) -> None:
    """Proves: the rest of a killed run goes, the file that another run is writing stays. Broken: none, or both."""
    store.put(KEY, asdict(FULL), 1.5)
    old, young = store.folder / ".a.new", store.folder / ".b.new"
    for file in (old, young):
        file.write_text("{", "utf-8")
    past = time.time() - 7200
    os.utime(old, (past, past))
    store.prepare()
    assert sorted(file.name for file in store.folder.iterdir()) == [".b.new", f"{KEY}.json"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """Proves: one error that names the folder, before anything is solved. Broken: a traceback."""
    (tmp_path / "sweep.points").write_text("mine", "utf-8")
    store = Store(tmp_path / "sweep.points")
    with pytest.raises(CallError, match=r"cannot write to .*sweep\.points"):
        store.prepare()
    with pytest.raises(CallError, match=r"cannot write to .*sweep\.points"):
        store.put(KEY, asdict(FULL), 1.5)
    assert store.get(KEY, outcome_of) is None
    assert (tmp_path / "sweep.points").read_text("utf-8") == "mine"


def test_files_are_plain_json(store: Store) -> None:
    """Proves: anybody can look into one. Broken: no JSON."""
    store.put(KEY, asdict(FULL), 1.5)
    (file,) = store.folder.iterdir()
    assert json.loads(file.read_text("utf-8"))["answer"]["figures"]["value_usd_m"] == 1 / 3
