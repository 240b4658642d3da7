"""Each rule of site operations: what it holds back, and the value that the model would claim without it."""

from __future__ import annotations

from tests.math.builder import about, best, best_without, block_of, instance, operations_of, proves, tree


@proves("operations_supply")
def test_loads_share_a_contract() -> None:
    """Proves: a block of 60 MW gains 0.1 a MW for the first lot and 0.04 for the second, 50 MW each: 5 + 0.4 = 5.4.
    Broken: 7.0, the same MWh used twice."""
    entries = [{"lot": 0, "mw": 50, "gain": 0.1}, {"lot": 1, "mw": 50, "gain": 0.04}]
    small = instance(lots=[{}, {}], operations=block_of(tree(), 60, entries))
    assert best(small) == about(5.4)
    assert best_without(small, "operations_supply") == about(7)


@proves("operations_load")
def test_a_contract_needs_machines() -> None:
    """Proves: 20 MW of machines use 20 of 60 MW: 2. Broken: 6, a block that earns without machines."""
    small = instance(lots=[{}], operations=block_of(tree(), 60, [{"lot": 0, "mw": 20, "gain": 0.1}]))
    assert best(small) == about(2)
    assert best_without(small, "operations_load") == about(6)


def test_a_hall_that_displaces_machines_loses_their_contract() -> None:
    """Proves: a hall worth 5 in the place of machines that earn 2 and gain 4 of a block is not signed: 6. Broken: 7 if
    the block's gain stayed, 5 if it was never counted."""
    small = instance(
        lots=[{"margin": 2}],
        options=[{"value": 5}],
        rows=[{"allowed": 100, "lots": {0: 100}, "options": {0: 100}}],
        operations=block_of(tree(), 60, [{"lot": 0, "mw": 40, "gain": 0.1}], 1),
    )
    assert best(small) == about(6)


@proves("operations_halls")
def test_only_halls_that_stand_use_a_contract() -> None:
    """Proves: a hall of 10 MW saves 0.2 a MW by a contract of 60 MW: 2. Broken: 12, savings on halls that are not
    there."""
    operations = operations_of(
        tree(),
        0,
        1,
        uses=[{"gain": 0.2}],
        rows=[
            {"family": "halls", "uses": {0: 1}, "halls": {0: -10}},
            {"family": "supply", "uses": {0: 1}, "upper": 60},
        ],
    )
    small = instance(options=[{"value": 0}], operations=operations)
    assert best(small) == about(2)
    assert best_without(small, "operations_halls") == about(12)


@proves("operations_award")
def test_no_more_is_awarded_than_the_program_takes() -> None:
    """Proves: 50 MW of machines, 30 MW awarded at 0.1: 3. Broken: 5."""
    rows = [
        {"family": "load", "uses": {0: 1}, "lots": {0: -50}},
        {"family": "award", "uses": {0: 1}, "upper": 30},
    ]
    small = instance(lots=[{}], operations=operations_of(tree(), 1, uses=[{"gain": 0.1}], rows=rows))
    assert best(small) == about(3)
    assert best_without(small, "operations_award") == about(5)


@proves("operations_enrolled")
def test_what_is_enrolled_stands_still_in_events() -> None:
    """Proves: 0.1 a MW enrolled, of which events take 0.04 from machines of 50 MW: 3. Broken: 4, paid for machines
    that run on (40 MW enrolled, none of them still)."""
    rows = [
        {"family": "load", "uses": {0: 1}, "lots": {0: -50}},
        {"family": "enrolled", "uses": {0: -1}, "levers": {0: 1}},
    ]
    levers = [{"most": 40, "cash": 0.1}]
    small = instance(lots=[{}], operations=operations_of(tree(), 1, uses=[{"gain": -0.04}], levers=levers, rows=rows))
    assert best(small) == about(2.4)
    assert best_without(small, "operations_enrolled") == about(4)


@proves("operations_peak", "operations_billed")
def test_a_peak_is_paid_or_machines_stand_still() -> None:
    """Proves: 50 MW of machines earn 5 and 30 MW of them, which stand still, lose 0.06 each; a MW of peak costs 0.08:
    20 MW run, 5 - 1.8 - 1.6 = 1.6. Broken: 5, when the peak or its bill is free."""
    rows = [
        {"family": "load", "uses": {0: 1}, "lots": {0: -30}},
        {"family": "peak", "uses": {0: -1}, "levers": {0: -1}, "lots": {0: 50}},
        {"family": "billed", "levers": {0: 1, 1: -1}},
    ]
    levers = [{}, {"cash": -0.08}]
    operations = operations_of(tree(), 1, uses=[{"gain": -0.06}], levers=levers, rows=rows)
    small = instance(lots=[{"margin": 5}], operations=operations)
    assert best(small) == about(1.6)
    assert best_without(small, "operations_peak") == about(5)
    assert best_without(small, "operations_billed") == about(5)


@proves("operations_take")
def test_a_minimum_is_taken_or_paid_for() -> None:
    """Proves: 100 MWh have to be taken; machines take 60, and 30 more at a loss of 0.02 each; a MWh short costs 0.05:
    -0.6 - 0.5 = -1.1. Broken: 0, an obligation that costs nothing."""
    rows = [
        {"family": "load", "uses": {0: 1}, "lots": {0: -30}},
        {"family": "take", "uses": {0: -1}, "levers": {0: -1}, "lots": {0: -60}, "upper": -100},
    ]
    levers = [{"cash": -0.05}]
    small = instance(lots=[{}], operations=operations_of(tree(), 1, uses=[{"gain": -0.02}], levers=levers, rows=rows))
    assert best(small) == about(-1.1)
    assert best_without(small, "operations_take") == about(0)


@proves("operations_hedge")
def test_a_contract_is_a_hedge() -> None:
    """Proves: an offer of 100 MW that gains 0.1 a MW is signed for the 40 MW of load there are: 4. Broken: 10, a trade
    in power."""
    levers = [{"most": 100, "cash": 0.1, "offer": 0}]
    rows = [{"family": "hedge", "levers": {0: 1}, "lots": {0: -40}}]
    small = instance(lots=[{}], operations=operations_of(tree(), 1, levers=levers, rows=rows))
    assert best(small) == about(4)
    assert best_without(small, "operations_hedge") == about(10)


@proves("contract_size", "contract_least", "contract_once")
def test_an_offer_is_signed_once_and_not_in_crumbs() -> None:
    """Proves: two steps to sign one offer of 50 MW, at least 30: the second gains 0.1 a MW, the first loses 0.01 and
    has to be at least 30 if it is signed: 5 (the second alone). Broken: 9 where both are signed (the first gains 0.08
    there); with a least of 30 and only 20 MW of load nothing is signed: 0, broken 2."""
    twice = [
        {"most": 50, "cash": 0.08, "offer": 0},
        {"most": 50, "cash": 0.1, "offer": 0},
    ]
    small = instance(lots=[{}], operations=operations_of(tree(), 1, levers=twice))
    assert best(small) == about(5)
    assert best_without(small, "contract_once") == about(9)
    assert best_without(small, "contract_size") == about(9)
    crumbs = [{"most": 50, "cash": 0.1, "offer": 0, "signed_least": 30}]
    rows = [{"family": "hedge", "levers": {0: 1}, "lots": {0: -20}}]
    few = instance(lots=[{}], operations=operations_of(tree(), 1, levers=crumbs, rows=rows))
    assert best(few) == about(0)
    assert best_without(few, "contract_least") == about(2)


def test_credit_support_needs_cash_and_is_worth_nothing() -> None:
    """Proves: 0.5 a MW posted for a contract that gains 0.1: with 10 in hand 20 MW, value 12 (10 in cash and 2).
    Broken: 15, when nothing has to be posted; 2 when what is posted counted as lost."""
    on = tree([12, 12])
    levers = [{"most": 50, "cash": 0.1, "offer": 0, "posted": {0: -0.6, 1: 0.6}}]
    small = instance(on, lots=[{}], opening=10, minimum=0, constant=10, operations=operations_of(on, 1, levers=levers))
    assert best(small) == about(12)
