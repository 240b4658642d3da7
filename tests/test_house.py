"""The house rules that no other tool holds: the right `models`, the audit's imports, and what no file may say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

import optimizer
from tests.conftest import LONGEST_FIRST

ROOT = Path(__file__).resolve().parents[1]


def import_optimizer(search_path: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """Import the package in a new process that looks for modules in ``search_path`` first."""
    environment = os.environ | {"PYTHONPATH": str(search_path)}
    script = f"import sys; sys.path.insert(1, {str(ROOT)!r}); {before}\nimport optimizer"
    return subprocess.run(
        [sys.executable, "-P", "-c", script],
        env=environment,
        cwd=search_path,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("shape", ["models/__init__.py", "models.py"])
def test_foreign_models_is_refused_by_name(tmp_path: Path, shape: str) -> None:
    foreign = tmp_path / shape
    foreign.parent.mkdir(exist_ok=True)
    foreign.touch()
    done = import_optimizer(tmp_path)
    assert done.returncode != 0
    assert "ImportError: wattfork needs its own package 'models'" in done.stderr
    assert str(foreign) in done.stderr


def test_foreign_models_already_loaded_is_refused(tmp_path: Path) -> None:
    done = import_optimizer(tmp_path, before="import types; sys.modules['models'] = types.ModuleType('models')")
    assert done.returncode != 0
    assert "but a module without a file comes first" in done.stderr


def test_own_models_is_accepted_without_loading_it(tmp_path: Path) -> None:
    # Before and after it was imported, and through a link to the folder.
    assert import_optimizer(tmp_path).returncode == 0
    assert import_optimizer(tmp_path, before="import models").returncode == 0
    (tmp_path / "linked").symlink_to(ROOT)
    assert import_optimizer(tmp_path / "linked").returncode == 0
    script = "import sys, optimizer; sys.exit('models' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_version_stands_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", optimizer.__version__)
    assert optimizer.__version__ in (ROOT / "CHANGELOG.md").read_text("utf-8")


AUDIT = "optimizer.plan.audit"
AUDIT_MAY_IMPORT = ("optimizer.case", "optimizer.market.prices", "optimizer.errors", "numpy", "pandas", "scipy", AUDIT)


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def test_audit_imports_only_what_it_may() -> None:
    graph = grimp.build_graph("optimizer", "models", include_external_packages=True, cache_dir=None)
    trespasses = [
        f"{module} imports {imported}"
        for module in sorted({AUDIT} | graph.find_descendants(AUDIT))
        for imported in sorted(graph.find_modules_directly_imported_by(module))
        if not within(imported, AUDIT_MAY_IMPORT) and imported not in sys.stdlib_module_names
    ]
    assert trespasses == []
    # Nor may what it imports lead it back to the code that it audits.
    reached = sorted(graph.find_upstream_modules(AUDIT, as_package=True))
    makers = ("models", "pyomo", "highspy", "optimizer.operations", "optimizer.instance", "optimizer.solve")
    assert [module for module in reached if within(module, makers)] == []
    assert [module for module in reached if within(module, ("optimizer.plan",)) and not within(module, (AUDIT,))] == []


def test_packages_run_nothing_when_imported() -> None:
    # Importing optimizer.plan.audit imports optimizer.plan first: its __init__ must hold a docstring and no more.
    for name in ("case", "market", "operations", "instance", "solve", "plan", "cli"):
        text = (ROOT / "optimizer" / name / "__init__.py").read_text("utf-8")
        assert not re.search(r"^\s*(import|from)\s", text, re.MULTILINE), name


def test_every_folder_of_modules_is_a_package() -> None:
    # A folder without __init__.py would work in a checkout and be missing from the wheel.
    folders = {path.parent for package in ("optimizer", "models") for path in (ROOT / package).rglob("*.py")}
    lacking = [
        folder for folder in folders if "templates" not in folder.parts and not (folder / "__init__.py").exists()
    ]
    assert lacking == []


@pytest.mark.parametrize(
    ("ci", "code", "summary"), [("true", 1, "1 failed, 1 passed, 1 xfailed, 2 errors"), ("", 0, "3 skipped")]
)
def test_skipped_tests_fail_in_ci_only(tmp_path: Path, ci: str, code: int, summary: str) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "test_sample.py").write_text(
        "import pytest\n"
        "def test_runs(): pass\n"
        "def test_skips(): pytest.skip('no reason')\n"
        "@pytest.mark.skip\ndef test_marked(): pass\n"
        "@pytest.mark.skipif(True, reason='x')\ndef test_marked_if(): pass\n"
        "@pytest.mark.xfail\ndef test_fails(): assert False\n",
        "utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(
        command, env=os.environ | {"CI": ci}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout
    assert summary in done.stdout
    # A whole module that skips itself counts too.
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_module')\n", "utf-8")
    again = subprocess.run(
        command, env=os.environ | {"CI": ci}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ("1 error" in again.stdout) == bool(ci), again.stdout


# A path of somebody's machine, or the address of a package registry. Lock files often catch both.
LEAKS = re.compile(
    r"(?<![\w.~-])/(?:home|root|Users|work)/\w"
    r"|\b(?:index|extra-index)-url\b"
    r"|\bpypi\.org/simple"
    r"|\bpythonhosted\."
    r"|\bfile:///"
)
TEXT_SUFFIXES = {".py", ".toml", ".lock", ".md", ".yaml", ".yml", ".json", ".csv", ".html", ".css", ".js", ".txt", ""}
LARGEST_BYTES = 2_000_000


def text_files() -> Iterator[Path]:
    """Files at the top, and all below the project's own folders. What was made or installed lies elsewhere."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT_SUFFIXES)
    for folder in (".ci", "optimizer", "models", "cases", "tests", "benchmarks", "docs"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in TEXT_SUFFIXES and path.stat().st_size <= LARGEST_BYTES:
                yield path


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in text_files():
        if path == Path(__file__).resolve() or path.name == ".git":
            continue
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
            if match := LEAKS.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match.group()}")
    assert found == []


def test_leaks_are_recognised() -> None:
    for line in ("open('/home/ann/case.yaml')", "--index-url https://x", "# from /root/y", "file:///opt/z"):
        assert LEAKS.search(line), line
    for line in ("https://example.org/home/page", "sites/work/one", "2 MW/work/day", "./root/x"):
        assert not LEAKS.search(line), line


def test_lock_pins_and_says_nothing_else() -> None:
    pin = re.compile(r"[a-z0-9][a-z0-9._-]*==[^\s;]+( ; [a-z_]+ .+)?")
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    assert [line for line in lines if not pin.fullmatch(line)] == []


def test_the_longest_files_are_there() -> None:
    """Proves: each file that is to come first is one, named once. Broken: a name that puts nothing first."""
    assert [file for file in LONGEST_FIRST if not (ROOT / "tests" / file).is_file()] == []
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)
