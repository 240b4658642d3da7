"""Writes docs/data_flow.svg, the picture of data_flow.md: ``python docs/build_data_flow.py``.

Plain SVG with its own background, in light and dark. Nothing is measured here: what stands in it is written below.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path

PICTURE = Path(__file__).with_name("data_flow.svg")
WIDTH, HEIGHT = 1000, 640
BOX, TALL = 164, 92
FILE = "file"
STYLE = """
  .page { fill: #ffffff } .box { fill: #eef3f8; stroke: #44617d; stroke-width: 1.5 }
  .file { fill: #fbf4e4; stroke: #8a6d1f; stroke-width: 1.5 }
  .wall { fill: none; stroke: #b3261e; stroke-width: 1.8; stroke-dasharray: 7 5 }
  .way { fill: none; stroke: #44617d; stroke-width: 2.2 } .head { fill: #44617d }
  text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 13px; fill: #1d2733 }
  .name { font-size: 16px; font-weight: 600 } .where { font-size: 12px; fill: #44617d }
  .keep { font-size: 12.5px; fill: #b3261e }
  @media (prefers-color-scheme: dark) {
    .page { fill: #10161d } .box { fill: #1c2733; stroke: #8fb0cf } .file { fill: #2b2617; stroke: #d2b25a }
    .wall { stroke: #ff8a80 } .way { stroke: #8fb0cf } .head { fill: #8fb0cf } text { fill: #e6edf3 }
    .where { fill: #a9c1d9 } .keep { fill: #ff8a80 }
  }
"""


def box(x: float, y: float, name: str, where: str, lines: tuple[str, ...], kind: str = "box") -> str:
    """A step or a folder: its name, where its code is, and what it does in two lines."""
    texts = [(24, "name", name), (42, "where", where), *((62 + 17 * i, "", line) for i, line in enumerate(lines))]
    said = "".join(
        f'<text class="{css}" x="{x + BOX / 2}" y="{y + dy}" text-anchor="middle">{html.escape(text)}</text>'
        for dy, css, text in texts
    )
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{BOX}" height="{TALL}" rx="8"/>{said}'


def way(*points: tuple[float, float]) -> str:
    """An arrow along points."""
    return f'<path class="way" marker-end="url(#tip)" d="M{" L".join(f"{x},{y}" for x, y in points)}"/>'


def wall(x: float, y: float, width: float, height: float, *lines: str) -> str:
    """A wall, and what it keeps out, written below it."""
    said = "".join(
        f'<text class="keep" x="{x + 2}" y="{y + height + 17 + 16 * i}">{html.escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return f'<rect class="wall" x="{x}" y="{y}" width="{width}" height="{height}" rx="12"/>{said}'


def picture() -> str:
    """The whole SVG."""
    xs = [28 + 195 * i for i in range(5)]
    first, second, third = 44, 226, 468
    half = TALL / 2
    parts = [
        box(xs[0], first, "Case file", "case.yaml, overlays, CSV", ("what you write, and", "prices beside it"), "file"),
        box(xs[1], first, "Case", "optimizer/case", ("frozen, checked; every", "mistake with its line")),
        box(xs[2], first, "Market", "optimizer/market", ("prices, hashprice,", "tree of periods")),
        box(xs[3], first, "Operations", "optimizer/operations", ("every hour becomes", "a coefficient")),
        box(xs[4], first, "Instance", "optimizer/instance", ("arrays on the nodes;", "decisions laid down")),
        box(xs[4], second, "Model", "models", ("variables and rules,", "one family a file")),
        box(xs[3], second, "Solution", "optimizer/solve", ("search, bound, exact", "states, twins")),
        box(xs[2], second, "Plan", "optimizer/plan", ("tidy tables and", "measures")),
        box(xs[1], second, "Staged folder", "tables, inputs/", ("not yet in its place,", "not yet believed"), FILE),
        box(xs[1], third, "Audit", "optimizer/plan/audit", ("every table again, by", "its own formulas")),
        box(xs[3], third, "Plan folder", "summary.json, *.csv", ("published whole,", "or not at all"), FILE),
    ]
    parts += [way((xs[i] + BOX, first + half), (xs[i + 1] - 9, first + half)) for i in range(4)]
    parts.append(way((xs[4] + half + 36, first + TALL), (xs[4] + half + 36, second - 9)))
    parts += [way((xs[i], second + half), (xs[i - 1] + BOX + 9, second + half)) for i in (4, 3, 2)]
    parts.append(way((xs[1] + half + 36, second + TALL), (xs[1] + half + 36, third - 9)))
    parts.append(way((xs[1] + BOX, third + half), (xs[3] - 9, third + half)))
    parts.append(
        f'<text x="{xs[2] + 8}" y="{third + half - 10}">every cell agrees</text>'
        f'<text x="{xs[2] + 8}" y="{third + half + 22}">else exit code 5, and the</text>'
        f'<text x="{xs[2] + 8}" y="{third + half + 39}">plan before it stays</text>'
        f'<text x="{xs[1] + half + 48}" y="{second + TALL + 66}">computes from case.json, the price files and</text>'
        f'<text x="{xs[1] + half + 48}" y="{second + TALL + 83}">decisions.csv alone, then compares all tables</text>'
    )
    parts += [
        wall(xs[4] - 11, second - 16, BOX + 22, TALL + 32, "knows no case, no file,", "no solver: Pyomo alone"),
        wall(xs[3] - 11, second - 16, BOX + 22, TALL + 32, "the only place that", "knows HiGHS"),
        wall(
            xs[1] - 11, third - 16, BOX + 22, TALL + 32,
            "uses no code of operations, instance, model, solver or tables:",
            "only the case and the reader of price files",
        ),
    ]  # fmt: skip
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Way of the data: case, market, operations, instance, model, solution, plan, audit, files">'
    )
    tip = (
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="2" refY="5" markerWidth="5" markerHeight="5" orient="auto">'
        '<path class="head" d="M0,0 L10,5 L0,10 z"/></marker></defs>'
    )
    ground = f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="10"/>'
    return "\n".join([head, f"<style>{STYLE}</style>", tip, ground, *parts, "</svg>\n"])


def main() -> int:
    """Write the picture."""
    PICTURE.write_text(picture(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
