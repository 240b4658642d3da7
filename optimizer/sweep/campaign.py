"""Points solved wave by wave, each with what was found before, and with a store for what is finished.

A sweep, its refinement and a search for break-evens are campaigns: they ask for points, and what one request finds the
next begins with (docs/figures_sweep.md, sections 21 and 22).
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from optimizer.case.load import LoadedCase, load_case
from optimizer.errors import CallError, CaseError
from optimizer.market.market import build_market
from optimizer.market.prices import PriceSeries
from optimizer.plan.summary import versions
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
from optimizer.sweep.pool import Done, run_jobs, usable_cpus
from optimizer.sweep.store import Store, key_of
from optimizer.sweep.vary import Point
from optimizer.sweep.waves import candidates, ordered, waves

# A process may take this many times the limit of a search before it is given up: a point may need several searches.
_PATIENCE = 20
_LEAST_PATIENCE_SECONDS = 300.0

NOT_KEPT = {FAILED, NO_PLAN, AUDIT_FAILED}
"""What may be the fault of the machine or of the program is tried again."""


@dataclass(frozen=True)
class Swept:
    """A point and how it ended; ``seconds`` of work."""

    point: Point
    outcome: Outcome
    seconds: float


Executor = Callable[..., Generator[Done[Outcome] | None, None, None]]
"""As `run_jobs`: (work, shared, jobs, limit_seconds=, warm_up=)."""


def local_executor(workers: int | None = None) -> Executor:
    """Processes of this machine: as many as there are CPUs, or so many."""
    count = usable_cpus() if workers is None else workers

    def run(work: Any, shared: Any, jobs: Sequence[Any], **limits: Any) -> Generator[Done[Outcome] | None, None, None]:
        return run_jobs(work, shared, jobs, workers=max(1, min(count, len(jobs))), **limits)

    return run


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
        self._contents: dict[Path, str] = {}

    @property
    def known(self) -> tuple[Swept, ...]:
        """All points that are finished, in the order in which they were asked for and then solved."""
        return tuple(self._known)

    def solve(self, points: Sequence[Point], *, gap: float | None = None) -> Generator[Swept | None, None, None]:
        """Solve points; yields each as it is finished, and None now and then.

        ``gap``: relative gap to reach, in place of that of the options.
        """
        for wave in waves(ordered(points)):
            yield from self._wave(wave, self._shared.options.relative_gap if gap is None else gap)

    def _wave(self, wave: Sequence[Point], gap: float) -> Generator[Swept | None, None, None]:
        before = [(s.point, s.outcome.plan) for s in self._known if s.outcome.plan is not None]
        jobs = [Job(point, candidates(point, before), gap) for point in wave]
        keys = [self._key(job) for job in jobs] if self._store is not None else [None] * len(jobs)
        found: dict[int, Swept] = {}
        for i, key in enumerate(keys):
            kept = self._store.get(key) if self._store is not None and key is not None else None
            if kept is not None:
                found[i] = Swept(jobs[i].point, *kept)
                yield found[i]
        open_jobs = [i for i in range(len(jobs)) if i not in found]
        try:
            for i, done in self._run(jobs, open_jobs):
                if done is None:
                    yield None
                    continue
                outcome = done.answer or Outcome(FAILED, done.failure)
                key = keys[i]
                if self._store is not None and key is not None and outcome.status not in NOT_KEPT:
                    self._store.put(key, outcome, done.seconds)
                found[i] = Swept(jobs[i].point, outcome, done.seconds)
                yield found[i]
        finally:
            # Also those of a wave that was interrupted; in their order, not in that in which they came.
            self._known += [found[i] for i in sorted(found)]

    def _run(self, jobs: Sequence[Job], open_jobs: Sequence[int]) -> Iterator[tuple[int, Done[Outcome] | None]]:
        if not open_jobs:
            return
        running = self._executor(
            solve_point,
            self._shared,
            [jobs[i] for i in open_jobs],
            warm_up=load_solver,
            limit_seconds=max(_LEAST_PATIENCE_SECONDS, _PATIENCE * self._shared.options.time_limit_seconds),
        )
        with contextlib.closing(running):
            for done in running:
                yield (open_jobs[done.index], done) if done is not None else (-1, None)

    def _key(self, job: Job) -> str | None:
        """What the result of a job is kept under; None where the case does not take the values."""
        try:
            loaded = case_at(self._shared, job.point)
        except CaseError:
            return None
        options = asdict(replace(self._shared.options, relative_gap=job.relative_gap))
        return key_of(
            {
                "case": loaded.case.model_dump(mode="json", by_alias=True),
                "files": {name: self._content(path) for name, path in files_of(loaded).items()},
                "options": options,
                "candidates": [[list(decision) for decision in plan] for plan in job.candidates],
                "versions": versions(),
            }
        )

    def _content(self, file: Path) -> str:
        if file not in self._contents:
            try:
                self._contents[file] = hashlib.sha256(file.read_bytes()).hexdigest()
            except OSError as error:
                raise CallError(f"cannot read {file}: {error.strerror}") from None
        return self._contents[file]


def load_overlays(loaded: LoadedCase, names: Sequence[str], **options: Any) -> dict[str, LoadedCase]:
    """Overlays by the name that they were given. CallError for one that does not extend the case.

    ``options`` as `load_case` takes them.
    """
    base, found = loaded.path.resolve(), {}
    for name in names:
        place = Path(name)
        if not place.exists() and not place.is_absolute():
            place = loaded.path.parent / name
        overlay = load_case(place, **options)
        if base not in [file.resolve() for file in overlay.files]:
            raise CallError(f"{name} does not extend {loaded.path}", ("an overlay begins with extends: and that file",))
        found[name] = overlay
    return found
