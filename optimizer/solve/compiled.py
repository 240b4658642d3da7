"""Instance -> arrays: the model is built and compiled at once, and what another instance leaves as it is, is kept.

A model is made family by family (`models.build`), each with the variables of those before it. A family whose inputs are
those of the last model, like those of all before it, would make the same columns and rows: so these stay, and only the
families from the first one on that reads anything else are made anew. In a sweep of prices the machines, the sites and
their loads stay, which are nine rows in ten.
"""

from __future__ import annotations

from pyomo.common.gc_manager import PauseGC

from models.build import FAMILIES, empty
from models.instance import Instance
from models.linear import forget
from optimizer.solve.bridge import StandardForm
from optimizer.solve.inputs import Inputs, Reading, same_inputs
from optimizer.solve.reading import ModelReader

MOST_CHANGES = 200
"""How often a model is changed before one is made from nothing: Pyomo keeps a trace of all that was ever in it."""


def form_of(instance: Instance) -> StandardForm:
    """The linear program with integers of an instance. Raises as `models.build.build` and `compile_model` do."""
    return Compiler().form_of(instance)


class Compiler:
    """Keeps the last model, and gives for every instance what `compile_model` would. For one thread."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.model = empty()
        self._reader = ModelReader(self.model)
        self._inputs: list[Inputs] = []
        """Of each family that the model has."""
        self._changes = 0
        self._stayed = len(FAMILIES)
        """How many families all instances since `rest` had in common with those before them."""

    def form_of(self, instance: Instance) -> StandardForm:
        """The linear program with integers of an instance, without Pyomo's variables."""
        # A search for rubbish would go through the whole model, all of which is needed.
        with PauseGC():
            self._keep(instance)
            try:
                self._complete(instance)
            except BaseException:
                self._begin()
                raise
            return self._reader.form()

    def rest(self) -> None:
        """Let go of families that the last instances did not have in common: the next one is likely to have others."""
        if 0 < self._stayed < len(self._inputs):
            self._drop(self._stayed)
        self._stayed = len(FAMILIES)

    def _keep(self, instance: Instance) -> None:
        """Drop the families from the first one on that reads something else."""
        same = 0
        while same < len(self._inputs) and same_inputs(instance, self._inputs[same]):
            same += 1
        if same == 0 or self._changes >= MOST_CHANGES:
            self._begin()
            same = 0
        elif same < len(self._inputs):
            self._drop(same)
        self._stayed = min(self._stayed, same)

    def _drop(self, first: int) -> None:
        """The families from this one on."""
        self._changes += 1
        self._reader.keep(first)
        del self._inputs[first:]

    def _complete(self, instance: Instance) -> None:
        reading = Reading(instance)
        for family in FAMILIES[len(self._inputs) :]:
            family.add(self.model, reading.view)
            self._reader.read()
            self._inputs.append(reading.taken())
        forget(self.model)
