"""The search for flips, on functions whose flips are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from optimizer.sweep.flips import Answer, Flips, find_flips, scan_values


class Asked:
    """Answers by a rule, and remembers what it was asked together."""

    def __init__(self, rule: Callable[[float], bool | None], most: int | None = None) -> None:
        self.rule, self.most = rule, most
        self.waves: list[list[float]] = []

    def __call__(self, values: Sequence[float]) -> list[Answer[str]]:
        self.waves.append(list(values))
        answers = [Answer(value, self.rule(value), f"at {value:g}") for value in values]
        left = len(answers) if self.most is None else self.most - sum(len(wave) for wave in self.waves[:-1])
        return answers[: max(0, left)]


def ends(found: Flips[str]) -> list[tuple[float, float]]:
    return [(flip.before.value, flip.after.value) for flip in found.flips]


@pytest.mark.parametrize("rises", [True, False])
def test_a_flip_is_halved_until_it_is_narrow(rises: bool) -> None:
    """Proves: of a step at 0.3 in 0..1, found at a scan of 3 and narrowed to a 32nd, 0.28125 and 0.3125 are left after
    four halvings of 0..0.5. Broken: another interval, or one that does not hold 0.3."""
    asked = Asked(lambda x: (x >= 0.3) is rises)
    found = find_flips(asked, [0.0, 0.5, 1.0], 1 / 32)
    assert ends(found) == [(0.28125, 0.3125)]
    assert (found.flips[0].before.has, found.flips[0].after.has) == (not rises, rises)
    assert asked.waves == [[0.0, 0.5, 1.0], [0.25], [0.375], [0.3125], [0.28125]]
    assert [answer.value for answer in found.answers] == [0.0, 0.25, 0.28125, 0.3125, 0.375, 0.5, 1.0]
    assert found.scanned == 3


def test_all_flips_are_halved_together() -> None:
    """Proves: between 0.2 and 0.6 it has it, else not: both ends in two waves of two. Broken: four waves of one."""
    asked = Asked(lambda x: 0.2 <= x < 0.6)
    found = find_flips(asked, [0.0, 0.5, 1.0], 0.125)
    assert ends(found) == [(0.125, 0.25), (0.5, 0.625)]
    assert asked.waves[1:] == [[0.25, 0.75], [0.125, 0.625]]


def test_what_lies_between_two_values_of_the_scan_hides() -> None:
    """Proves: a window of 0.1 between values 0.5 apart is not seen. Broken: found by something that was not asked."""
    assert find_flips(Asked(lambda x: 0.6 < x < 0.7), [0.0, 0.5, 1.0], 0.01).flips == ()


def test_whole_numbers_end_next_to_each_other() -> None:
    """Proves: from 5 on of 1..20, scanned at 1, 7, 14, 20: between 4 and 5. Broken: 4.5, or an interval of 2."""
    scan = scan_values(1, 20, 4, whole=True)
    assert scan == [1, 7, 14, 20]
    asked = Asked(lambda x: x >= 5)
    assert ends(find_flips(asked, scan, 0.001, whole=True)) == [(4, 5)]
    assert all(value == int(value) for wave in asked.waves for value in wave)


def test_values_without_a_plan_are_passed_over_and_said() -> None:
    """Proves: at 0.5 there is no plan: the flip from 0.25 to 0.75 is not narrowed across it. A middle without a plan
    stops it too. Broken: 0.5 taken for a no, or for a yes."""
    found = find_flips(Asked(lambda x: None if x == 0.5 else x > 0.6), [0.0, 0.25, 0.5, 0.75, 1.0], 0.01)
    assert ends(found) == [(0.25, 0.75)]
    assert [answer.value for answer in found.flips[0].blocked] == [0.5]
    later = find_flips(Asked(lambda x: None if 0.3 < x < 0.4 else x >= 0.4), [0.0, 0.5, 1.0], 0.01)
    assert ends(later) == [(0.25, 0.5)]
    assert [answer.value for answer in later.flips[0].blocked] == [0.375]


def test_an_end_without_a_plan_is_no_flip() -> None:
    """Proves: where the first values have no plan and all others have it, nothing flips. Broken: a flip at 0.25."""
    assert find_flips(Asked(lambda x: None if x < 0.25 else True), [0.0, 0.25, 0.5], 0.01).flips == ()


def test_an_interrupted_search_keeps_what_it_has() -> None:
    """Proves: kept from the second halving on, the flip is as wide as it was after the first: 0.25..0.5. Broken: no
    flip, or an error."""
    found = find_flips(Asked(lambda x: x >= 0.3, most=4), [0.0, 0.5, 1.0], 1 / 32)
    assert found.interrupted
    assert ends(found) == [(0.25, 0.5)]


def test_an_interrupted_scan_is_said() -> None:
    """Proves: two of three values answered: interrupted, nothing more is asked. Broken: it goes on."""
    asked = Asked(lambda x: x >= 0.3, most=2)
    found = find_flips(asked, [0.0, 0.5, 1.0], 1 / 32)
    assert found.interrupted
    assert len(asked.waves) == 1


def test_halving_ends_at_the_digits_that_there_are() -> None:
    """Proves: a tolerance beyond twelve digits ends. Broken: it never does."""
    found = find_flips(Asked(lambda x: x >= 1 / 3), [0.0, 1.0], 1e-300)
    assert found.flips[0].width <= 1e-11
    assert len(found.answers) < 60


@pytest.mark.parametrize(
    ("extra", "values"), [(None, [0.0, 0.1, 0.2, 0.3]), (0.25, [0, 0.1, 0.2, 0.25, 0.3]), (0.9, [0, 0.1, 0.2, 0.3])]
)
def test_the_scan_is_even_and_has_the_case_in_it(extra: float | None, values: list[float]) -> None:
    """Proves: both ends as written, twelve digits between (0.2, not 0.20000000000000001), the case's own value if it is
    inside. Broken: 0.9 among them."""
    assert scan_values(0.0, 0.3, 4, extra=extra) == values
