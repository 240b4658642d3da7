"""wattfork: from a case file to a decision on power, machines, hosting and debt.

The promised import is `optimizer.api`; everything else may change between versions. Importing this package loads
nothing heavy. It only makes sure that the other top-level package of the project, `models`, is the one that belongs
here, because many projects have a folder of that name.
"""

__version__ = "0.1.0"


def _refuse_foreign_models() -> None:
    """Raise ImportError if ``import models`` would find another package than the one beside this one.

    Found by asking the import system where it would look, without importing. Holds for a checkout, an editable
    install and a wheel alike: in all three, the two packages lie in the same folder.
    """
    import os.path
    import sys
    from importlib.util import find_spec

    own = os.path.realpath(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models"))
    loaded = sys.modules.get("models")
    if loaded is not None and getattr(loaded, "__spec__", None) is None:
        # A module made by hand: find_spec would only complain about it.
        found = getattr(loaded, "__file__", None)
        folders = []
    else:
        spec = find_spec("models")
        if spec is None:
            raise ImportError(f"wattfork is installed incompletely: its package 'models' is missing (expected {own})")
        found = spec.origin
        folders = list(spec.submodule_search_locations or ())
    if any(os.path.realpath(folder) == own for folder in folders):
        return
    foreign = found or (folders[0] if folders else "a module without a file")
    raise ImportError(
        f"wattfork needs its own package 'models' ({own}), but {foreign} comes first on the import path; "
        "rename that one, take its folder off the path (PYTHONPATH, working directory), or use a separate environment"
    )


_refuse_foreign_models()
