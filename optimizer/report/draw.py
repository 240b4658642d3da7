"""Vega-Lite specifications and what becomes of them: SVG and PNG, without a browser and without any request.

Altair and vl-convert are an extra (`pip install wattfork[report]`) and are imported only here and only when used.
"""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from optimizer.errors import CallError
from optimizer.report.axis_words import clean

Spec = dict[str, Any]
"""A Vega-Lite specification as plain data."""

FONT = "DejaVu Sans, Verdana, Arial, sans-serif"
INK, SOFT, GRID = "#1d2733", "#5a6672", "#e3e8ed"
PNG_SCALE = 2.0

_EXTRA = "pictures need Altair and vl-convert, which are not installed"
_HOW = "pip install 'wattfork[report]'"


class Canvas:
    """Charts of one picture and their rows. CallError that names the extra where Altair is not installed.

    Rows are kept apart from the charts and put in at the end: Altair copies and checks whatever it is given many times.
    """

    def __init__(self) -> None:
        try:
            import altair
        except ImportError:
            raise CallError(_EXTRA, (_HOW,)) from None
        self.alt: Any = altair
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def chart(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        """A chart over rows. Numbers to nine digits, far finer than any screen: the same bytes on every machine."""
        name = f"rows_{len(self._rows)}"
        self._rows[name] = [{key: _short(value) for key, value in row.items()} for row in rows]
        return self.alt.Chart(self.alt.NamedData(name))

    def spec(self, chart: Any, description: str) -> Spec:
        """The specification of a chart with the look that all have, and its description for those who do not see it."""
        return finished({**chart.to_dict(), "datasets": self._rows}, description)


def _short(value: Any) -> Any:
    return float(f"{value:.9g}") if isinstance(value, float) else value


def finished(spec: Spec, description: str) -> Spec:
    """A specification with the look that all have, and its description for those who do not see it."""
    spec["description"] = clean(description, 2000)
    spec["background"] = "#ffffff"
    spec["padding"] = 14
    spec["config"] = {
        "font": FONT,
        "axis": {
            "labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 12, "gridColor": GRID,
            "domainColor": SOFT, "tickColor": SOFT, "titleFontWeight": "normal",
        },
        "title": {
            "anchor": "start", "color": INK, "fontSize": 15, "fontWeight": "bold", "offset": 12,
            "subtitleColor": SOFT, "subtitleFontSize": 12, "subtitlePadding": 6, "lineHeight": 19,
            "subtitleLineHeight": 16, "frame": "group",
        },
        "view": {"stroke": None},
        "concat": {"spacing": 10},
    }  # fmt: skip
    return spec


def to_svg(spec: Mapping[str, Any]) -> str:
    """A specification as SVG with a title for screen readers. CallError without the extra."""
    drawn: str = _converter().vegalite_to_svg(json.dumps(spec), allowed_base_urls=[])
    said = html.escape(str(spec.get("description", "")))
    # The first tag is the picture's own; what follows it are its marks.
    drawn = re.sub(r"^<svg ", f'<svg role="img" aria-label="{said}" ', drawn, count=1)
    drawn = _renumbered(drawn)
    ET.fromstring(drawn)  # a picture that no reader could open is a mistake of ours
    return drawn + ("" if drawn.endswith("\n") else "\n")


def _renumbered(svg: str) -> str:
    """The converter counts its gradients and clips on from picture to picture: counted anew, for the same bytes."""
    for at, name in enumerate(dict.fromkeys(re.findall(r'id="((?:gradient_|clip)\d+)"', svg))):
        kind = name.rstrip("0123456789")
        svg = svg.replace(f'id="{name}"', f'id="own_{kind}{at}"').replace(f"url(#{name})", f"url(#own_{kind}{at})")
    return svg


def to_png(spec: Mapping[str, Any]) -> bytes:
    """A specification as PNG, twice the size for sharp screens. CallError without the extra."""
    drawn: bytes = _converter().vegalite_to_png(json.dumps(spec), scale=PNG_SCALE, allowed_base_urls=[])
    return drawn


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError:
        raise CallError(_EXTRA, (_HOW,)) from None
    return vl_convert


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters, broken between words, longer words cut."""
    lines: list[str] = []
    for word in clean(text, 2000).split(" "):
        short = clean(word, width)
        if lines and len(lines[-1]) + 1 + len(short) <= width:
            lines[-1] += f" {short}"
        else:
            lines.append(short)
    return lines


def listed(parts: Iterable[str]) -> str:
    """``a, b and c``."""
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last
