"""Instance -> arrays: the model is built and compiled at once."""

from __future__ import annotations

from pyomo.common.gc_manager import PauseGC

from models.build import build
from models.instance import Instance
from optimizer.solve.bridge import StandardForm, compile_model


def form_of(instance: Instance) -> StandardForm:
    """The linear program with integers of an instance. Raises as `models.build.build` and `compile_model` do."""
    # Between the two a search for rubbish would go through the whole model, all of which is needed.
    with PauseGC():
        return compile_model(build(instance))
