"""Writes docs/mathematics.md from the docstrings of the constraint families: ``python docs/build_mathematics.py``.

With ``--check`` nothing is written: exit code 1 if the page is stale. What a rule says is said in its docstring and
nowhere else; only the introduction and the table of letters stand here.
"""

# ruff: noqa: E501 (a row of a Markdown table is one line)

from __future__ import annotations

import ast
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).with_name("mathematics.md")
ROOT = PAGE.parents[1]

INTRODUCTION = r"""# The model

Made by `docs/build_mathematics.py` from the docstrings in `models/`; do not edit by hand. How the coefficients come
about is in [figures.md](figures.md) and [figures_capital.md](figures_capital.md), what each guard keeps out in [guards.md](guards.md).

The model is a mixed-integer linear program on the nodes of a tree ([models/tree.py](../models/tree.py)); a plan
without scenarios is a tree with one path, and a node is one period of the tables. No hour is a row or a column: what
the hours are worth is in the coefficients, exactly. Nor is what a loan owes: what a USD m of each way to draw money pays at
every node is known beforehand, and is a coefficient too.

`n` is a node, `parent(n)` the one before it, `m ⪯ n` means that `m` is `n` or lies on the way to it, `ℓ` is a leaf
(a last node). Money is in USD m, hash rate in EH/s, power in meter MW.

| letter | what it is | array in [models/instance.py](../models/instance.py) |
|---|---|---|
| `c`, `p` | a lot of machines; a place, that is a lot at a site | `lots`, `places` |
| `o`, `G` | a hosting option: an offer, a site and a node of signature; options of which at most one is signed | `hosting`, `exclusive` |
| `r` | an instant at which a limit on megawatts changes | `limits` |
| $\sigma$, `v`, `q` | a use: one way for a MW of load to stand through a part of a month; a lever: MW elected, enrolled, signed, a peak, a shortfall; a way to sign a contract offer | `operations` |
| `u`, `e` | a build, an issue of shares: each at a node | `builds`, `equity` |
| `d`, `k`, `j` | a tranche: a facility at a node, or for a signature; a line; a ring-fence (arrays in [models/capital.py](../models/capital.py)) | `tranches`, `lines`, `fences` |
| $\mu_{p,n}$, $v_{p,n}$ | margin per EH/s at a place in a node, as cash and as value | `places.margin_usd_m_per_eh`, `places.value_usd_m_per_eh` |
| $\gamma_{\sigma,n}$, $\gamma^v_\sigma$ | what a MW earns more in a use than by buying all of its power at the market, as cash and as value | `operations.use_cash`, `operations.use_value` |
| $\lambda_{v,n}$, $\lambda^v_v$ | what a unit of a lever brings, as cash and as value | `operations.lever_cash`, `operations.lever_value` |
| $f_{o,n}$, $s_{o,n}$ | cash of a node per hall and per signature | `hosting.cash_usd_m_per_hall`, `hosting.cash_usd_m_per_signature` |
| $v_o$, $u_o$ | value of an option per hall and per signature, to the end of its contract | `hosting.value_usd_m_per_hall`, `hosting.value_usd_m_per_signature` |
| $k_o$, $K_o$ | capex per hall: that after the horizon, all of it | `hosting.capex_after_horizon_usd_m_per_hall`, `hosting.capex_usd_m_per_hall` |
| $w_{r,p}$, $g_{r,o}$, $b_{r,u}$, $M_r$ | meter MW per EH/s, per hall (reserved), per build; those allowed | `limits` |
| $Q_c$, $A$, $\ell_p$, $F_o$, $e$ | MW of a contract and of a reserve; MW of load per EH/s and per hall; MWh taken | `operations.row_*` |
| $F_n$, $y_n$, $\underline{C}_n$ | cash that no decision changes; interest on cash; minimum cash | `cash` |
| $b_{u,n}$, $l_{d,n}$ | cash of a node per build, and per USD m drawn | `builds.cash_usd_m`, `tranches.cash` |
| $v_d$ | what a USD m drawn is worth at the market's rate, less what its options and warrants cost today's holders | `tranches.value`, `tranches.charge` |
| $a_{r,d}$, $b_{r,c}$, $h_{r,o}$, $g_{r,l}$ | what limits draws: per draw, per commitment, per hall signed, per EH/s ordered | `tranches.row_*` |
| $B_{k,n}$, $C_k$ | what is owed on a line during a node; what is committed | `lines` |
| $A^{12}_{j,n}$, $S^{12}_{j,n}$, $\ell_j$ | cash available for debt service of twelve months per hall, the service of these months, and how many times it has to be covered for cash to leave the project | `fences` |
| $E^{12}_n$ | EBITDA of the twelve months to the end of a node, those before the start included | `covenants` |
| $\overline{x}$, $\underline{x}$ | most and least of something | `bounds` and the arrays above |

After the solve the whole numbers are fixed, the rest is solved again, and every state is recomputed forward from the
decisions by plain arithmetic ([models/forward.py](../models/forward.py), [models/forward_money.py](../models/forward_money.py)); the tables show these states, not the
solver's.
"""


def page() -> str:
    """The whole page."""
    sys.path.insert(0, str(ROOT))
    from models.build import FAMILIES

    parts = [INTRODUCTION, _contents(FAMILIES)]
    parts += [_family(module) for module in FAMILIES]
    return "\n".join(parts)


def _contents(families: tuple[ModuleType, ...]) -> str:
    links = ", ".join(f"[{_title(module)}](#{_title(module).replace(' ', '-')})" for module in families)
    return f"Families, in the order in which they are added: {links}.\n"


def _title(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", " ")


def _family(module: ModuleType) -> str:
    tree = ast.parse(inspect.getsource(module))
    file = Path(inspect.getsourcefile(module) or "").resolve().relative_to(ROOT).as_posix()
    lines = [f"## {_title(module)}\n", f"[{file}](../{file})\n", _text(ast.get_docstring(tree))]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    told = {node.name: ast.get_docstring(node) or "" for node in functions}
    lines.append(_text(told.pop("add")))
    for name, text in told.items():
        if "$$" in text:
            lines += [f"### {_title(module)}: {name.replace('_', ' ')}\n", _text(text)]
    plain = {name: text for name, text in told.items() if "$$" not in text}
    if plain:
        lines.append("Parts that several rules use:\n")
        lines += [f"* `{name}`: {' '.join(text.split())}" for name, text in plain.items()]
        lines.append("")
    return "\n".join(lines)


def _text(docstring: str | None) -> str:
    """A docstring as Markdown: formulas on lines of their own."""
    assert docstring
    text = docstring.replace("``", "`")
    return re.sub(r"\$\$\s*(.+?)\s*\$\$", lambda found: f"```math\n{found[1]}\n```", text, flags=re.DOTALL) + "\n"


def main() -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        stale = not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text
        if stale:
            print(f"{PAGE.name} is stale: run python docs/{Path(__file__).name}", file=sys.stderr)
        return int(stale)
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
