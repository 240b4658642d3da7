"""Names of columns and rows are looked up among those of their own form."""

from __future__ import annotations

from optimizer.solve.names import KEPT, families_of, index_of, is_of, place_of


def test_places_and_families() -> None:
    """Proves: names are found where they stand, by name and by family, also where equal names come as other objects.
    Broken: other places."""
    names = ("draw[0]", "issue[3]", "draw[12]", "drawn[1]", "objective")
    assert place_of(names) == {"draw[0]": 0, "issue[3]": 1, "draw[12]": 2, "drawn[1]": 3, "objective": 4}
    assert families_of(names) == {"draw": (0, 2), "issue": (1,), "drawn": (3,), "objective": (4,)}
    assert is_of(names, "draw", "issue", "nothing").tolist() == [True, True, True, False, False]
    assert place_of(tuple("".join(list(name)) for name in names)) is place_of(names)
    assert index_of("unplug[3,7]") == (3, 7)
    assert index_of("year_gains[12]") == (12,)


def test_what_is_kept_is_that_of_these_names() -> None:
    """Proves: of 40 lists, more than are kept, each has its own places, twice over. Broken: places of another list."""
    lists = [tuple(f"x[{i + shift}]" for i in range(5)) for shift in range(40)]
    assert len(lists) > KEPT
    for _ in range(2):
        for shift, names in enumerate(lists):
            assert place_of(names)[f"x[{shift}]"] == 0
            assert is_of(names[:shift], "x").sum() == min(5, shift)
