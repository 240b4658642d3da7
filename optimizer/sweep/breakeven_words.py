"""A break-even on the terminal, within 100 columns: where the answer turns, and what the plans do on both sides.

Text in, nothing decided.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from optimizer.sweep.breakeven import BreakEven, Found, gap_usd_m, is_tied
from optimizer.sweep.flips import Answer, Interval
from optimizer.sweep.words import short_plan

WIDTH, INDENT = 100, 10
MOST_FLIPS = 20


def breakeven_lines(result: BreakEven) -> list[str]:
    """The whole summary, line by line."""
    lines = [result.case_name, ""]
    span = f"{_number(result.low, result)} to {_number(result.high, result)}"
    lines += _labelled("Asked", [f"{_subject(result)}, by {result.path} from {span}"])
    lines += _labelled("Answer", list(_answers(result)))
    lines += _labelled("Today", list(_today(result)))
    lines += _labelled("Scan", list(_scan(result)))
    return lines


def _subject(result: BreakEven) -> str:
    return f"where {result.question.words(True)}"


def _answers(result: BreakEven) -> Iterator[str]:
    flips = result.found.flips
    answered = [answer for answer in result.found.answers if answer.has is not None]
    if not answered:
        yield "no value has a plan"
    elif not flips:
        has = answered[0].has is True
        yield f"nothing flips: {result.question.words(has)} at all {len(answered)} values that have a plan"
    for flip in flips[:MOST_FLIPS]:
        yield from _flip_lines(result, flip, alone=len(flips) == 1)
    if len(flips) > MOST_FLIPS:
        yield f"and {len(flips) - MOST_FLIPS} more"
    if result.found.interrupted:
        yield "interrupted: what was not asked for may hold more, and flips are as wide as they were"


def _flip_lines(result: BreakEven, flip: Interval[Found], *, alone: bool) -> Iterator[str]:
    before, after = _number(flip.before.value, result), _number(flip.after.value, result)
    say = result.question.words
    if alone and flip.after.has:
        yield f"{say(True)} from {after} on; at {before} and below it is not so"
    elif alone:
        yield f"{say(True)} up to {before}; at {after} and above it is no longer so"
    elif flip.after.has:
        yield f"between {before} and {after}: from there on {say(True)}"
    else:
        yield f"between {before} and {after}: from there on {say(False)}"
    width = max(len(before), len(after))
    for end, text in ((flip.before, before), (flip.after, after)):
        figures = end.found.figures
        if figures is not None:
            proven = f"proven to {_usd_m(gap_usd_m(figures), 3)}"
            yield f"  at {text:>{width}}  {_usd_m(figures.value_usd_m, 1)} ({proven})  {short_plan(figures)}"
    if is_tied(flip):
        yield "  tied: the two differ in value by less than is unproven; a smaller --gap says more"
    for each in flip.blocked:
        yield f"  no plan at {_number(each.value, result)}: {_why(each)}; the flip is not narrowed across it"


def _today(result: BreakEven) -> Iterator[str]:
    """What holds at the case's own value, if it is one and was solved."""
    if result.own is None:
        return
    for answer in result.found.answers:
        if answer.value == result.own and answer.has is not None:
            yield f"{_number(result.own, result)}: {result.question.words(answer.has)}"


def _scan(result: BreakEven) -> Iterator[str]:
    answers = result.found.answers
    without = [answer for answer in answers if answer.has is None]
    yield f"{len(answers)} points solved, flips narrowed to {result.tolerance:.7g}"
    if without:
        named = ", ".join(_number(answer.value, result) for answer in without[:8])
        more = f" and {len(without) - 8} more" if len(without) > 8 else ""
        yield f"no plan at {named}{more}: {_why(without[0])}"
    if result.monotone:
        yield (
            f"at most one flip among the {result.found.scanned} values of the scan; two that lie between the same "
            "neighbours would hide"
        )
    else:
        yield (
            f"not monotone: {len(result.found.flips)} flips among the {result.found.scanned} values of the scan; "
            "more may hide between neighbours"
        )


def _why(answer: Answer[Found]) -> str:
    outcome = answer.found.swept.outcome
    return f"{outcome.status}: {outcome.problem}" if outcome.problem else outcome.status


def _number(value: float, result: BreakEven) -> str:
    return f"{'x' if result.factors else ''}{value:,.7g}"


def _usd_m(amount: float, decimals: int) -> str:
    return f"{'-' if round(amount, decimals) < 0 else ''}${abs(amount):,.{decimals}f}M"


def _labelled(label: str, texts: list[str]) -> Iterator[str]:
    for index, text in enumerate(texts):
        head = f"{label if index == 0 else '':<{INDENT}}"
        inner = " " * (INDENT + (len(text) - len(text.lstrip()) + 2 if text.startswith(" ") else 0))
        yield from textwrap.wrap(
            head + text, WIDTH, subsequent_indent=inner, drop_whitespace=True, replace_whitespace=False
        )
