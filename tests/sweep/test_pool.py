"""The pool does every job once, loses only the job of a process that dies, and leaves no process behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time

import pytest

from optimizer.pool import Done, Pool, run_jobs, usable_cpus

PATIENCE_SECONDS = 60.0


def work(shared: str, job: str) -> tuple[str, int]:
    """Does what the job says."""
    if job == "raise":
        raise ValueError("not\nthis one")
    if job == "exit":
        os._exit(7)
    if job == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if job == "hang":
        time.sleep(PATIENCE_SECONDS)
    if job == "unpicklable":
        return lambda: None  # type: ignore[return-value]
    return shared + job, os.getpid()


def other_work(shared: int, job: int) -> tuple[int, int]:
    return shared * job, os.getpid()


def cannot_start() -> None:
    os._exit(3)


def run(jobs: list[str], workers: int, **options) -> list[Done[tuple[str, int]]]:
    before = time.monotonic()
    found = [done for done in run_jobs(work, "do ", jobs, workers=workers, **options) if done is not None]
    assert time.monotonic() - before < PATIENCE_SECONDS
    assert not multiprocessing.active_children()
    return sorted(found, key=lambda done: done.index)


def test_every_job_is_done_once() -> None:
    jobs = [f"job {number}" for number in range(20)]
    found = run(jobs, 2)
    assert [done.index for done in found] == list(range(20))
    assert [done.answer and done.answer[0] for done in found] == [f"do {job}" for job in jobs]
    assert all(done.failure == "" and done.seconds >= 0 for done in found)
    assert os.getpid() not in {done.answer[1] for done in found if done.answer}
    assert 1 <= usable_cpus() <= (os.cpu_count() or 1)


def test_deaths_cost_their_own_job_only() -> None:
    found = run(["a", "exit", "b", "kill", "raise", "unpicklable", "c"], 2)
    assert [done.answer and done.answer[0] for done in found] == ["do a", None, "do b", None, None, None, "do c"]
    said = [done.failure for done in found]
    assert said[1] == "the process that solved it ended by itself (exit code 7)"
    assert said[3] == "the process that solved it was killed (SIGKILL; too little memory?)"
    assert said[4] == "ValueError: not this one"
    assert said[5]


def test_a_job_that_hangs_is_given_up() -> None:
    found = run(["hang", "a"], 1, limit_seconds=1.0)
    assert found[0].failure == "gave no answer within 1 s"
    assert found[1].answer is not None


def test_processes_that_do_not_start_are_not_tried_for_ever() -> None:
    found = run(["a", "b"], 2, warm_up=cannot_start)
    assert [done.failure for done in found] == ["no process could be started to solve it"] * 2


def test_nothing_is_left_behind_when_it_is_not_read_to_the_end() -> None:
    def interrupted() -> None:
        with contextlib.closing(run_jobs(work, "", ["a", "hang", "hang"], workers=2)) as running:
            for done in running:
                if done is not None:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not multiprocessing.active_children()


def listed(pool: Pool, jobs: list[str], **options) -> list[Done[tuple[str, int]]]:
    found = [done for done in pool.run_jobs(work, "do ", jobs, **options) if done is not None]
    return sorted(found, key=lambda done: done.index)


def pids(found: list[Done[tuple[str, int]]]) -> set[int]:
    return {done.answer[1] for done in found if done.answer is not None}


def test_processes_stay_for_the_next_list() -> None:
    """Proves: the same process does the next list, also one of other work; close ends it. Broken: a new process for
    each list, which imports a solver anew, or one that is left behind."""
    with contextlib.closing(Pool(1)) as pool:
        first = listed(pool, [f"{n}" for n in range(6)])
        assert {child.pid for child in multiprocessing.active_children()} >= pids(first)
        second = listed(pool, [f"{n}" for n in range(6)])
        other = [done for done in pool.run_jobs(other_work, 7, [1, 2, 3]) if done is not None]
        third = listed(pool, ["a"])
        assert sorted(done.answer[0] for done in other if done.answer) == [7, 14, 21]
        everyone = pids(first) | pids(second) | {done.answer[1] for done in other if done.answer} | pids(third)
        assert len(everyone) == 1
        assert len(multiprocessing.active_children()) == 1
    assert not multiprocessing.active_children()


def test_deaths_between_lists_cost_nothing() -> None:
    """Proves: a process that died while it waited is replaced, and no job is lost. Broken: a job marked as killed, or
    no process any more after three such deaths."""
    with contextlib.closing(Pool(1)) as pool:
        for _ in range(4):
            (done,) = listed(pool, ["a"])
            assert done.answer is not None
            os.kill(done.answer[1], signal.SIGKILL)
            for child in multiprocessing.active_children():
                child.join(PATIENCE_SECONDS)


def test_deaths_at_work_leave_the_others_for_the_next_list() -> None:
    """Proves: a job that takes its process down costs that process alone. Broken: the next list fails."""
    with contextlib.closing(Pool(2)) as pool:
        assert [done.answer is None for done in listed(pool, ["a", "kill", "exit", "b"])] == [False, True, True, False]
        assert [done.failure for done in listed(pool, ["a", "b"])] == ["", ""]


def test_a_list_that_is_not_read_to_the_end_ends_what_it_had_begun() -> None:
    """Proves: only the process that hangs is ended. Broken: it answers the next list with the last one's job."""
    with contextlib.closing(Pool(2)) as pool:
        listed(pool, ["a", "b"])
        with contextlib.closing(pool.run_jobs(work, "do ", ["hang", "a"])) as running:
            assert next(done for done in running if done is not None).index == 1
        assert [done.answer and done.answer[0] for done in listed(pool, ["c", "d"])] == ["do c", "do d"]


def test_a_pool_that_nobody_closes_ends_with_itself() -> None:
    """Proves: no process outlives the pool. Broken: processes that wait for jobs until the program ends."""
    pool = Pool(1)
    listed(pool, ["a"])
    assert multiprocessing.active_children()
    del pool
    assert not multiprocessing.active_children()
