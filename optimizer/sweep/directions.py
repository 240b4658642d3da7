"""What is varied, as text: ``PATH=LOW:HIGH:N``, clauses joined by `` & ``, and the directions that it gives.

Not here: which places of a case a path names (`optimizer.sweep.vary`), and how values are written
(`optimizer.case.sweeps`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from optimizer.case.sweeps import NamedSweep, Values, read_values, values_of
from optimizer.errors import CallError

HINT = (
    "write PATH=LOW:HIGH:N, PATH=a,b,c, or factors as in PATH=x0.8:x1.2:5; "
    "PATH=LOW:HIGH for samples and tornados; clauses joined by & move together"
)
CASE_COLUMN = "case"


@dataclass(frozen=True)
class Vary:
    """One direction of a sweep: the values that ``path`` (a pattern) takes in turn.

    ``relative``: the values are factors, by which what the case says is multiplied. ``between``: they are the lowest
    and the highest, as samples want them. ``linked``: clauses that move with this one, each with as many values.
    """

    path: str
    values: tuple[float, ...]
    relative: bool = False
    between: bool = False
    linked: tuple[Vary, ...] = ()

    @property
    def clauses(self) -> tuple[Vary, ...]:
        """All that moves, this one first."""
        return (self, *self.linked)

    @property
    def column(self) -> str:
        """The name of its column in the table; the values there are those of the first clause."""
        return " & ".join(f"{clause.path} (factor)" if clause.relative else clause.path for clause in self.clauses)


@dataclass(frozen=True)
class Overlays:
    """The direction of other case files: the case itself (``own``, the name of its file), then each of ``files``."""

    own: str
    files: tuple[str, ...]

    @property
    def path(self) -> str:
        """What it is called, as a path is."""
        return CASE_COLUMN

    @property
    def column(self) -> str:
        """The name of its column in the table."""
        return CASE_COLUMN

    @property
    def values(self) -> tuple[str, ...]:
        """The case itself first."""
        return (self.own, *self.files)

    @property
    def relative(self) -> bool:
        """Files are no factors."""
        return False


Direction = Vary | Overlays


def parse_vary(text: str) -> Vary:
    """Read a direction: ``PATH=VALUES``, or several such clauses joined by ``&``. CallError if it is none.

    A clause that is a path alone takes the values of the next one.
    """
    clauses: list[Vary] = []
    following: Values | None = None
    for clause in reversed(text.split("&")):
        path, equals, written = (part.strip() for part in clause.partition("="))
        if not path or (equals and not written) or (not equals and following is None):
            raise CallError(f"cannot read what to vary: {text!r}", (HINT,))
        if equals:
            try:
                following = read_values(written, text)
            except ValueError as error:
                raise CallError(f"cannot read what to vary: {error}", (HINT,)) from None
        assert following is not None
        clauses.append(_clause(path, following))
    return linked(tuple(reversed(clauses)))


def linked(clauses: tuple[Vary, ...]) -> Vary:
    """One direction of several clauses. CallError if they have not as many values each."""
    first, *others = clauses
    for other in others:
        if (len(other.values), other.between) != (len(first.values), first.between):
            counts = " and ".join(_count(clause) for clause in clauses)
            names = " and ".join(clause.path for clause in clauses)
            raise CallError(f"{names} move together, but have {counts}")
    return replace(first, linked=tuple(others))


def directions_of(sweep: NamedSweep) -> tuple[Vary, ...]:
    """The directions of a named sweep: groups stand where their first path stands."""
    alone = {path: _clause(path, values_of(varied)) for path, varied in sweep.vary.items()}
    group_of = {path: group for group in sweep.link for path in group}
    found: list[Vary] = []
    done: set[str] = set()
    for path in alone:
        if path not in done:
            group = [each for each in alone if each in group_of.get(path, (path,))]
            found.append(linked(tuple(alone[each] for each in group)))
            done.update(group)
    return tuple(found)


def _clause(path: str, values: Values) -> Vary:
    return Vary(path, values.numbers, values.relative, values.between)


def _count(clause: Vary) -> str:
    if clause.between:
        return "LOW:HIGH"
    return "1 value" if len(clause.values) == 1 else f"{len(clause.values)} values"
