"""What sweeps, break-evens and alternatives found, as their pages need it: plain data that the commands fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer.plan.table import Table
from optimizer.report.axis_words import Axis
from optimizer.report.map_data import StrategyMap
from optimizer.report.sweep_charts import DirectionPoint, RegretRow, TornadoBar


@dataclass(frozen=True)
class Line:
    """A sweep along one direction. ``changes``: between which values the plan changes, and how; ``today``: the case's
    own value, None where it has none on this axis."""

    axis: Axis
    points: Sequence[DirectionPoint]
    changes: Sequence[tuple[float, str]]
    today: float | None


@dataclass(frozen=True)
class Tornado:
    """A tornado; ``base_usd_m``: the value of the case as it stands."""

    bars: Sequence[TornadoBar]
    base_usd_m: float


@dataclass(frozen=True)
class RegretFound:
    """Plans at every point: numbers of points, a row a plan, the plan whose worst is least; ``table``: plans.csv.

    ``less``: the plan that loses less at worst than that one, but is impossible somewhere; None where there is none.
    """

    points: Sequence[int]
    rows: Sequence[RegretRow]
    least_worst: int | None
    table: Table
    less: int | None = None


@dataclass(frozen=True)
class PlanRegion:
    """Points whose plans sign and build the same: its number, what it is called and signs, and how many points."""

    number: int
    words: str
    points: int


@dataclass(frozen=True)
class SweepFound:
    """A sweep. ``varied``: a line of words a direction; ``inputs``: columns of ``table`` (sweep.csv) that are varied;
    ``not_closed``: numbers of points that were not proved to the gap; ``design``: grid, tornado, sample or sensitivity;
    ``gap``: the relative gap that was asked for; ``unsolved``: points that were not solved when it was ended."""

    case_name: str
    varied: Sequence[str]
    inputs: Sequence[str]
    table: Table
    regions: Sequence[PlanRegion]
    not_closed: Sequence[int]
    problems: Sequence[str] = ()
    map: StrategyMap | None = None
    line: Line | None = None
    tornado: Tornado | None = None
    regret: RegretFound | None = None
    design: str = "grid"
    gap: float | None = None
    unsolved: int = 0

    @property
    def is_drawn(self) -> bool:
        """Whether the points are drawn from ranges, so that their shares say how likely something is."""
        return self.design in ("sample", "sensitivity")


@dataclass(frozen=True)
class BreakEvenPoint:
    """A value of the input: whether the plan has it (None: no plan), values in USD m, what is decided, or why not."""

    at: float
    has: bool | None
    value_usd_m: float | None
    bound_usd_m: float | None
    status_quo_usd_m: float | None
    decides: str
    problem: str


@dataclass(frozen=True)
class BreakEvenFound:
    """A break-even. ``has`` and ``has_not``: the question as words; ``table``: breakeven.csv; ``least_usd_m``: the
    value that was asked for, None where something else was; ``scanned``: values of the scan."""

    case_name: str
    axis: Axis
    has: str
    has_not: str
    low: float
    high: float
    own: float | None
    tolerance: float
    scanned: int
    points: Sequence[BreakEvenPoint]
    table: Table
    least_usd_m: float | None = None
    interrupted: bool = False


@dataclass(frozen=True)
class AlternativesFound:
    """Alternatives. ``table``: alternatives.csv; ``folders``: plan folders by name, the best plan first; ``within``:
    the share that may be given up; ``missing``: names for which there is no plan, and why."""

    case_name: str
    within: float
    floor_usd_m: float
    table: Table
    folders: Mapping[str, Path]
    missing: Mapping[str, str]
