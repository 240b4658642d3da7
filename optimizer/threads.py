"""How many threads the libraries under numpy use: one, in the command and in the processes of sweeps.

The matrices here are small. Libraries for linear algebra start a thread a core all the same, which wait by spinning
and cost a third of a sweep's time; and a sum may depend on how many there are. They look at the environment once, when
numpy is imported, so it has to be set before that. What the user has set stays. Whoever imports the package into a
program of their own is left alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def use_one_thread() -> dict[str, str]:
    """From now on in this process and those that it starts, unless set; returns what was added to the environment."""
    added = {} if any(name in os.environ for name in VARIABLES) else dict.fromkeys(VARIABLES, "1")
    os.environ.update(added)
    return added


@contextmanager
def started_with_one_thread() -> Iterator[None]:
    """Processes that are started within it begin so; this one goes on as it was."""
    added = use_one_thread()
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
