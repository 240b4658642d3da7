"""One site, one year of hours, a take-or-pay block with a spread: the product against PyPSA and plain hourly Pyomo.

    python -m benchmarks.site_year [--repeats 3] [--side product --side pyomo --side pypsa]

The question is the same for all: how many MW of three kinds of machines to rent for a year at a site of 100 MW that
has 60 MW at a fixed price, buys more at spot plus 3 $ and sells what it does not use at spot less 2 $. The product
works out every hour beforehand and gives its solver a handful of rows; the other two hand 8,760 hours to HiGHS. Their
objectives must agree to a millionth, or this ends with an error.

Prints a Markdown table: seconds to build and solve (medians; imports and reading apart), and of whole commands in
processes of their own. The product's building includes going through every hour again to certify the value; its whole
command also writes every table and audits them. PyPSA comes with the extra
``bench`` and is never installed by `make setup` or `make test`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PRICES = ROOT / "tests" / "data" / "ercot_da_lz_houston_2025.csv.gz"
COLUMN = "LZ_HOUSTON"

SITE_MW = 100.0
UPTIME = 0.97
OVERHEAD = 1.03
BLOCK_MW, BLOCK_USD_PER_MWH = 60.0, 30.0
ADDER_USD_PER_MWH, RESALE_FEE_USD_PER_MWH = 3.0, 2.0
BTC_USD, HASHRATE_EH_S = 100_000.0, 1_000.0
HASHPRICE_USD_PER_PH_DAY = 144 * 3.125 * BTC_USD / (HASHRATE_EH_S * 1000)
OPENING_CASH_USD_M = 1000.0
# Kind: (J/TH, rent of a year in $/TH, most that can be rented in MW).
KINDS = {"new": (15.0, 5.0, 45.0), "middle": (20.0, 2.5, 35.0), "old": (30.0, 0.8, 60.0)}
SIDES = ("product", "pyomo", "pypsa")
AGREE = 1e-6


def mw_per_ph(kind: str) -> float:
    """Meter MW of a PH/s."""
    return KINDS[kind][0] * OVERHEAD / 1000


def value_usd_per_mwh(kind: str) -> float:
    """What a MWh at the meter earns."""
    return HASHPRICE_USD_PER_PH_DAY / 24 / mw_per_ph(kind)


def rent_usd_per_mw(kind: str) -> float:
    """What a MW of machines costs for the year."""
    return KINDS[kind][1] * 1000 / mw_per_ph(kind)


def case() -> dict[str, Any]:
    """The question as a case file says it."""
    return {
        "case": "One site, one year",
        "horizon": {"start": "2025-01", "steps": ["1 year"]},
        "discount": {"hosting": 0.0, "mining": 0.0, "corporate": 0.0},
        "market": {
            "power": {"spot": {"file": str(PRICES), "column": COLUMN, "time_zone": "America/Chicago"}},
            "network": {"btc_usd": BTC_USD, "hashrate_eh_s": HASHRATE_EH_S},
        },
        "machines": {
            kind: {
                "efficiency_j_per_th": efficiency,
                "life": "1 year",
                "price_usd_per_th": rent,
                "buy": {
                    "window": {"from": "2025-01", "to": "2025-01"},
                    "delivery": "0 months",
                    "sites": ["site"],
                    "max_ph_s_per_step": most_mw / mw_per_ph(kind),
                },
            }
            for kind, (efficiency, rent, most_mw) in KINDS.items()
        },
        "sites": {
            "site": {
                "power": {
                    "market": "spot",
                    "adder_usd_per_mwh": ADDER_USD_PER_MWH,
                    "resale_fee_usd_per_mwh": RESALE_FEE_USD_PER_MWH,
                },
                "energised_mw": SITE_MW,
                "mining_shell_mw": SITE_MW,
                "mining_overhead": OVERHEAD,
                "uptime": UPTIME,
                "contracts": {
                    "block": {
                        "kind": "fixed_block",
                        "mw": BLOCK_MW,
                        "price_usd_per_mwh": BLOCK_USD_PER_MWH,
                        "until": "2025-12",
                    }
                },
            }
        },
        "finance": {
            "opening": {
                "cash_usd_m": OPENING_CASH_USD_M,
                "shares_m": 100,
                "share_price_usd": 10,
                "sga_usd_m_per_quarter": 0,
            }
        },
    }


# ---------------------------------------------------------------- one side, in a process of its own


def product(folder: Path) -> dict[str, Any]:
    """The whole command `wattfork solve`: reading, twins apart everything that it does, audit and files included."""
    from optimizer.cli.main import main as command

    target = folder / "plan"
    code = command(["solve", str(folder / "case.yaml"), "-o", str(target), "-q", "--no-twins", "--gap", "1e-9"])
    if code:
        raise SystemExit(code)
    summary = json.loads((target / "summary.json").read_text(encoding="utf-8"))
    return {"objective_usd": (summary["value_usd_m"] - OPENING_CASH_USD_M) * 1e6}


def parts(folder: Path) -> dict[str, Any]:
    """Build and solve alone, as on the other sides: prices to coefficients, the model, HiGHS. Imports and reading are
    left out, and what the others do not do (going through every hour again, audit, files)."""
    from models.build import build
    from optimizer import api
    from optimizer.instance.build import prepare_from
    from optimizer.market.market import build_market
    from optimizer.operations.operations import build_operations
    from optimizer.solve.highs import SolveOptions, solve_form
    from optimizer.solve.reading import compile_model

    loaded = api.load(folder / "case.yaml")
    market = build_market(loaded.case, loaded.folder)
    began = time.perf_counter()
    prepared = prepare_from(loaded.case, market, build_operations(loaded.case, market))
    form = compile_model(build(prepared.instance))
    built = time.perf_counter()
    raw = solve_form(form, SolveOptions(relative_gap=1e-9))
    solved = time.perf_counter()
    assert raw.objective is not None
    return {
        "objective_usd": (raw.objective - OPENING_CASH_USD_M) * 1e6,
        "build": built - began,
        "solve": solved - built,
        "rows": form.row_count,
        "columns": form.column_count,
    }


def spot_prices() -> Any:
    """The year's prices as an array, read the way one does without the product."""
    import pandas

    return pandas.read_csv(PRICES)[COLUMN].to_numpy()


def pyomo(_folder: Path) -> dict[str, Any]:
    """Every hour a row for each kind and one for the balance, solved by HiGHS through Pyomo's own interface."""
    import pyomo.environ as pyo

    spot = spot_prices()
    began = time.perf_counter()
    model = pyo.ConcreteModel()
    model.hours = pyo.RangeSet(0, len(spot) - 1)
    model.kinds = pyo.Set(initialize=list(KINDS))
    model.mw = pyo.Var(model.kinds, bounds=lambda _, kind: (0, KINDS[kind][2]))
    model.drawn = pyo.Var(model.kinds, model.hours, domain=pyo.NonNegativeReals)
    model.bought = pyo.Var(model.hours, domain=pyo.NonNegativeReals)
    model.resold = pyo.Var(model.hours, bounds=(0, BLOCK_MW))
    model.site = pyo.Constraint(expr=sum(model.mw[kind] for kind in KINDS) <= SITE_MW)
    model.running = pyo.Constraint(
        model.kinds, model.hours, rule=lambda m, kind, hour: m.drawn[kind, hour] <= UPTIME * m.mw[kind]
    )
    model.balance = pyo.Constraint(
        model.hours,
        rule=lambda m, hour: sum(m.drawn[kind, hour] for kind in KINDS) + m.resold[hour] == BLOCK_MW + m.bought[hour],
    )
    earned = sum(value_usd_per_mwh(kind) * model.drawn[kind, hour] for kind in KINDS for hour in model.hours)
    bought = sum((float(spot[hour]) + ADDER_USD_PER_MWH) * model.bought[hour] for hour in model.hours)
    resold = sum((float(spot[hour]) - RESALE_FEE_USD_PER_MWH) * model.resold[hour] for hour in model.hours)
    rent = sum(rent_usd_per_mw(kind) * model.mw[kind] for kind in KINDS)
    paid = BLOCK_MW * BLOCK_USD_PER_MWH * len(spot)
    model.margin = pyo.Objective(expr=earned - bought + resold - rent - paid, sense=pyo.maximize)
    built = time.perf_counter()
    pyo.SolverFactory("appsi_highs").solve(model)
    return {
        "objective_usd": pyo.value(model.margin),
        "build": built - began,
        "solve": time.perf_counter() - built,
        "rows": 1 + len(spot) * (len(KINDS) + 1),
        "columns": len(KINDS) + len(spot) * (len(KINDS) + 2),
    }


def pypsa(_folder: Path) -> dict[str, Any]:
    """One bus: machines are loads whose size is chosen, the block must run, purchases and resale meet the rest."""
    import pandas
    import pypsa as library

    spot = pandas.Series(spot_prices())
    began = time.perf_counter()
    network = library.Network()
    network.set_snapshots(pandas.RangeIndex(len(spot)))
    network.add("Bus", "site")
    network.add("Generator", "block", bus="site", p_nom=BLOCK_MW, p_min_pu=1.0, marginal_cost=BLOCK_USD_PER_MWH)
    network.add("Generator", "bought", bus="site", p_nom=2 * SITE_MW, marginal_cost=spot + ADDER_USD_PER_MWH)
    worth = RESALE_FEE_USD_PER_MWH - spot
    network.add("Generator", "resold", bus="site", sign=-1, p_nom=BLOCK_MW, marginal_cost=worth)
    for kind in KINDS:
        network.add(
            "Generator",
            kind,
            bus="site",
            sign=-1,
            p_nom_extendable=True,
            p_nom_max=KINDS[kind][2],
            p_max_pu=UPTIME,
            capital_cost=rent_usd_per_mw(kind),
            marginal_cost=-value_usd_per_mwh(kind),
        )

    def within_the_site(network: Any, _snapshots: Any) -> None:
        chosen = network.model["Generator-p_nom"]
        network.model.add_constraints(chosen.sum() <= SITE_MW, name="site")

    network.optimize.create_model()
    within_the_site(network, None)
    built = time.perf_counter()
    network.optimize.solve_model(solver_name="highs", solver_options={"output_flag": False})
    solved = time.perf_counter()
    return {
        "objective_usd": -float(network.objective),
        "build": built - began,
        "solve": solved - built,
        "rows": int(network.model.ncons),
        "columns": int(network.model.nvars),
    }


RUNNERS = {"product": product, "parts": parts, "pyomo": pyomo, "pypsa": pypsa}


# ---------------------------------------------------------------- all sides


def run_side(side: str, repeats: int) -> list[dict[str, Any]]:
    """Some runs of one side, each a whole command; the first is not counted (files and bytecode get warm)."""
    runs = []
    for _ in range(repeats + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "case.yaml").write_text(yaml.safe_dump(case(), sort_keys=False), encoding="utf-8")
            call = [sys.executable, "-m", "benchmarks.site_year", "--run", side, str(folder)]
            began = time.perf_counter()
            done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=ROOT)
            whole = time.perf_counter() - began
            if done.returncode:
                raise SystemExit(f"{side}: exit {done.returncode}\n{done.stdout}{done.stderr}")
            found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
        runs.append({**found, "whole": whole})
    return runs[1:]


def main() -> None:
    """Measure, compare and print; or with --run do one side and leave what it found in a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", choices=SIDES, action="append")
    parser.add_argument("--run", nargs=2, metavar=("SIDE", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        side, folder = chosen.run[0], Path(chosen.run[1])
        (folder / "found.json").write_text(json.dumps(RUNNERS[side](folder)), encoding="utf-8")
        return
    sides = [side for side in SIDES if side in (chosen.side or SIDES)]
    if "pypsa" in sides and importlib.util.find_spec("pypsa") is None:
        print("PyPSA is not installed (extra `bench`): left out", file=sys.stderr)
        sides.remove("pypsa")
    middle: dict[str, dict[str, float]] = {}
    for side in sides:
        runs = run_side(side, chosen.repeats)
        middle[side] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        if side == "product":
            alone = run_side("parts", chosen.repeats)
            middle[side] |= {k: statistics.median(run[k] for run in alone) for k in alone[0] if k != "objective_usd"}
    heads = ["form", "rows x columns", "build", "solve", "both", "times the product", "whole command"]
    print("| " + " | ".join([*heads, "times the product", "objective, $"]) + " |")
    print("|" + "---|" * (len(heads) + 2))
    base = middle.get("product")
    for side, figures in middle.items():
        both = figures["build"] + figures["solve"]
        times = ["", ""]
        if base:
            times = [f"{both / (base['build'] + base['solve']):.0f}", f"{figures['whole'] / base['whole']:.1f}"]
        size = f"{figures['rows']:,.0f} x {figures['columns']:,.0f}"
        seconds = [f"{figures['build']:.3f}", f"{figures['solve']:.3f}", f"{both:.3f}"]
        cells = [side, size, *seconds, times[0], f"{figures['whole']:.2f}", times[1]]
        print("| " + " | ".join([*cells, f"{figures['objective_usd']:,.2f}"]) + " |", flush=True)
    objectives = [figures["objective_usd"] for figures in middle.values()]
    apart = (max(objectives) - min(objectives)) / max(1.0, abs(objectives[0]))
    if apart > AGREE:
        raise SystemExit(f"the objectives differ by {apart:.1e}")


if __name__ == "__main__":
    main()
