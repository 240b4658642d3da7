"""Points solved wave by wave, each with what was found before, and with a store for what is finished.

A sweep, its refinement and a search for break-evens are campaigns: they ask for points, and what one request finds the
next begins with (docs/figures_sweep.md, sections 21 and 22).
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from optimizer.case.load import LoadedCase
from optimizer.case.sweeps import SWEEPS
from optimizer.errors import CallError, CaseError
from optimizer.instance.whole_plan import WholePlan
from optimizer.market.market import build_market
from optimizer.market.prices import PriceSeries
from optimizer.plan.summary import versions
from optimizer.pool import Done, Pool, usable_cpus
from optimizer.sweep.point import (
    AUDIT_FAILED,
    FAILED,
    NO_PLAN,
    Job,
    Outcome,
    PointOptions,
    Shared,
    case_at,
    files_of,
    load_solver,
    read_series,
    solve_point,
)
from optimizer.sweep.price import PricedPoint, PriceJob, TwinValues, price_point, twins_point
from optimizer.sweep.store import Store, key_of, outcome_of
from optimizer.sweep.vary import Point
from optimizer.sweep.waves import candidates, ordered, waves

# A process may take this many times the limit of a search before it is given up: a point may need several searches.
_PATIENCE = 20
_LEAST_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Swept:
    """A point and how it ended; ``seconds`` of work."""

    point: Point
    outcome: Outcome
    seconds: float
    kept: bool = False
    """Whether it was in the store."""


@dataclass(frozen=True)
class _Task:
    """A kind of work on points. ``read``: an answer from plain data; ``failed``: the answer that stands for one that
    did not come; ``lasts``: whether an answer is worth keeping (what may be the fault of the machine or of the program
    is tried again)."""

    what: str
    work: Callable[[Shared, Any], Any]
    read: Callable[[Mapping[str, Any]], Any]
    failed: Callable[[str], Any]
    lasts: Callable[[Any], bool]


_SOLVE = _Task(
    "solve",
    solve_point,
    outcome_of,
    lambda failure: Outcome(FAILED, failure),
    lambda outcome: outcome.status not in (FAILED, NO_PLAN, AUDIT_FAILED),
)
_PRICE = _Task(
    "price",
    price_point,
    lambda data: PricedPoint(tuple(data["values"]), data["problem"]),
    lambda failure: PricedPoint((), failure),
    lambda priced: not priced.problem,
)
_TWINS = _Task(
    "twins",
    twins_point,
    lambda data: TwinValues(**data),
    lambda failure: TwinValues(problem=failure),
    lambda twins: not twins.problem,
)

_Finished = tuple[int, Any, float, bool]
"""Index of a job, its answer, seconds of work, and whether it was in the store."""

Executor = Callable[..., Generator["Done[Any] | None", None, None]]
"""As `Pool.run_jobs`: (work, shared, jobs, limit_seconds=, warm_up=)."""


def local_executor(workers: int | None = None) -> Executor:
    """Processes of this machine: as many as there are CPUs, or so many. They end when the executor is not used any
    more; `Pool` itself can be closed before."""
    return Pool(usable_cpus() if workers is None else workers).run_jobs


class Campaign:
    """A case and its overlays, asked at points.

    Raises CaseError and CallError for what is wrong with the case, an overlay or their price files, before anything is
    solved. What goes wrong at a point is that point's outcome.
    """

    def __init__(
        self,
        loaded: LoadedCase,
        options: PointOptions,
        *,
        overlays: Mapping[str, LoadedCase] | None = None,
        executor: Executor | None = None,
        store: Store | None = None,
    ) -> None:
        self._executor, self._store = executor or local_executor(), store
        cases: dict[str | None, LoadedCase] = {None: loaded}
        cases.update(overlays or {})
        series: dict[str, PriceSeries] = {}
        for each in cases.values():
            # Judges the price files once: what is wrong with them would be wrong at every point.
            build_market(each.case, each.folder, read_series(each.case, each.folder, series))
        folders = {name: each.folder.resolve() for name, each in cases.items()}
        self._shared = Shared({name: each.data for name, each in cases.items()}, folders, series, options)
        self._known: list[Swept] = []
        self._versions = versions()
        self._contents: dict[Path, str] = {}
        self._case_keys: dict[tuple[str | None, tuple[tuple[str, float], ...]], str | None] = {}

    @property
    def options(self) -> PointOptions:
        """How each point is solved."""
        return self._shared.options

    @property
    def known(self) -> tuple[Swept, ...]:
        """All points that are finished, in the order in which they were asked for and then solved."""
        return tuple(self._known)

    def solve(
        self, points: Sequence[Point], *, gap: float | None = None, as_given: bool = False
    ) -> Generator[Swept | None, None, None]:
        """Solve points; yields each as it is finished, and None now and then.

        ``gap``: relative gap to reach, in place of that of the options. ``as_given``: in the order in which they are
        given, as all designs but grids want it.
        """
        for wave in waves(points if as_given else ordered(points)):
            yield from self._wave(wave, self._shared.options.relative_gap if gap is None else gap)

    def _wave(self, wave: Sequence[Point], gap: float) -> Generator[Swept | None, None, None]:
        before = [(s.point, s.outcome.plan, s.outcome.trail) for s in self._known if s.outcome.plan is not None]
        jobs = []
        for point in wave:
            near = candidates(point, before)
            jobs.append(Job(point, tuple(near), gap, tuple(near.values())))
        found: dict[int, Swept] = {}
        try:
            for finished in self._ask(_SOLVE, jobs):
                if finished is None:
                    yield None
                    continue
                index, outcome, seconds, kept = finished
                found[index] = Swept(jobs[index].point, outcome, seconds, kept)
                yield found[index]
        finally:
            # Also those of a wave that was interrupted; in their order, not in that in which they came.
            self._known += [found[i] for i in sorted(found)]

    def price(
        self, asked: Sequence[tuple[Point, Sequence[WholePlan]]]
    ) -> Generator[tuple[Point, PricedPoint] | None, None, None]:
        """What plans are worth at points, each with all else decided anew; as `solve` yields its points."""
        jobs = [PriceJob(point, tuple(plans)) for point, plans in asked]
        for finished in self._ask(_PRICE, jobs):
            yield None if finished is None else (jobs[finished[0]].point, finished[1])

    def twins(self, points: Sequence[Point]) -> Generator[tuple[Point, TwinValues] | None, None, None]:
        """The values of the twins at points, proved to the gap of the options; as `solve` yields its points."""
        jobs = [Job(point, (), self._shared.options.relative_gap) for point in points]
        for finished in self._ask(_TWINS, jobs):
            yield None if finished is None else (jobs[finished[0]].point, finished[1])

    def _ask(self, task: _Task, jobs: Sequence[Any]) -> Generator[_Finished | None, None, None]:
        """Answers to jobs by their index, from the store where it has them, else worked out and kept."""
        keys = [self._key(task.what, job) for job in jobs] if self._store is not None else [None] * len(jobs)
        open_jobs = []
        for i, key in enumerate(keys):
            kept = self._store.get(key, task.read) if self._store is not None and key is not None else None
            if kept is None:
                open_jobs.append(i)
            else:
                yield i, *kept, True
        if not open_jobs:
            return
        running = self._executor(
            task.work,
            self._shared,
            [jobs[i] for i in open_jobs],
            warm_up=load_solver,
            limit_seconds=max(_LEAST_PATIENCE_SECONDS, _PATIENCE * self._shared.options.time_limit_seconds),
        )
        with contextlib.closing(running):
            for done in running:
                if done is None:
                    yield None
                    continue
                i = open_jobs[done.index]
                answer = task.failed(done.failure) if done.answer is None else done.answer
                key = keys[i]
                if self._store is not None and key is not None and task.lasts(answer):
                    self._store.put(key, asdict(answer), done.seconds)
                yield i, answer, done.seconds, False

    def _key(self, what: str, job: Any) -> str | None:
        """What an answer is kept under; None where the case does not take the values."""
        case = self._case_key(job.point)
        if case is None:
            return None
        gap = getattr(job, "relative_gap", self._shared.options.relative_gap)
        plans = job.candidates if isinstance(job, Job) else job.plans
        return key_of(
            {
                "what": what,
                "case": case,
                "options": asdict(replace(self._shared.options, relative_gap=gap)),
                "candidates": [[list(decision) for decision in plan] for plan in plans],
                "trails": job.trails if isinstance(job, Job) else (),
                "versions": self._versions,
            }
        )

    def _case_key(self, point: Point) -> str | None:
        """The hash of the case at a point and of all that it reads: worked out once, as a point is asked a lot."""
        place = (point.overlay, tuple(sorted(point.overrides.items())))
        if place not in self._case_keys:
            try:
                loaded = case_at(self._shared, point)
            except CaseError:
                self._case_keys[place] = None
            else:
                self._case_keys[place] = key_of(
                    {
                        # No plan depends on the sweeps that a case names.
                        "case": loaded.case.model_dump(mode="json", by_alias=True, exclude={SWEEPS}),
                        "files": {name: self._content(path) for name, path in files_of(loaded).items()},
                    }
                )
        return self._case_keys[place]

    def _content(self, file: Path) -> str:
        if file not in self._contents:
            try:
                self._contents[file] = hashlib.sha256(file.read_bytes()).hexdigest()
            except OSError as error:
                raise CallError(f"cannot read {file}: {error.strerror}") from None
        return self._contents[file]
