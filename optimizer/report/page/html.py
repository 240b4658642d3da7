"""What every page is put together from: template, style, script and charts in one text that asks nobody for anything.

The policy of a page forbids every request; scripts and styles are allowed by their hash alone. Vega draws without
``eval``: its expressions are interpreted.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from optimizer import __version__
from optimizer.errors import CallError
from optimizer.report.page.chart import Chart, Listing, Section, Sentences
from optimizer.report.page.facts import Fact
from optimizer.report.page.words import markup, plain, raw

if TYPE_CHECKING:
    import jinja2

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
HOW = "pip install 'wattfork[report]'"
AMOUNTS = "Amounts in millions of US dollars ($M) unless said otherwise; megawatts (MW) at the meter."


@dataclass(frozen=True)
class Page:
    """A page before it is text. ``kind``: what it is of, in a word or two; ``sub``: the line beneath its title;
    ``made``: what it is made from, for its end.

    ``shares_m``: shares of today in millions, where amounts can be read a share and against the status quo: on the
    page of one plan only. ``sites`` and ``scenarios`` that can be chosen: keys and words.
    """

    kind: str
    title: str
    sub: str
    facts: Sequence[Fact]
    sections: Sequence[Section]
    made: str
    shares_m: float | None = None
    sites: Sequence[tuple[str, str]] = ()
    scenarios: Sequence[tuple[str, str]] = ()


def page_text(page: Page) -> str:
    """The whole page. CallError without the extra ``report``."""
    template = _environment(page.shares_m).get_template("page.html")
    bundle = _bundle()
    style, script = _asset("page.css"), _asset("page.js")
    return template.render(
        page=replace(page, sections=[each for each in page.sections if each.answer or each.items]),
        title=raw(page.title, 300),
        data=_json({chart.key: chart.data() for chart in charts(page.sections)}),
        shares=f"{page.shares_m or 0.0:.9g}",
        policy=_policy((bundle, script), style),
        bundle=bundle,
        style=style,
        script=script,
        version=__version__,
    )


def charts(sections: Sequence[Section]) -> list[Chart]:
    """All charts of a page, in order."""
    return [item for section in sections for item in section.items if isinstance(item, Chart)]


def _environment(shares_m: float | None) -> jinja2.Environment:
    try:
        import jinja2
    except ImportError:
        raise CallError("a page needs Jinja, which is not installed", (HOW,)) from None
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(said=lambda sentence: markup(sentence, shares_m), plain=plain)
    environment.tests.update(
        day=lambda cell: DAY.fullmatch(cell) is not None,
        chart=lambda item: isinstance(item, Chart),
        listing=lambda item: isinstance(item, Listing),
        sentences=lambda item: isinstance(item, Sentences),
    )
    return environment


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and what embeds them, as one script."""
    try:
        import vl_convert
    except ImportError:
        raise CallError("a page needs vl-convert, which is not installed", (HOW,)) from None
    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # Within a script element no text may look like its end.
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _asset(file: str) -> str:
    return resources.files("optimizer.report.page").joinpath(file).read_text(encoding="utf-8")


def _policy(scripts: Sequence[str], style: str) -> str:
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src 'none'; connect-src 'none'; "
        "font-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(data: Any) -> str:
    """JSON that no text of the case can break out of."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
