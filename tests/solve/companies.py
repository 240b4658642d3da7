"""Small random companies with dates to choose from, for tests of the search: halls that are paid before they earn, cash
that is short, machines that can be ordered and sold."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.instance import Instance
from tests.math.builder import equity_of, instance, trading, tree

NODES = 6


def company(
    seed: int,
    *,
    twins: bool = False,
    shares: bool = False,
    opening: float | None = None,
    depth: float = 100.0,
    fleet: float = 1.0,
    least: int = 1,
) -> Instance:
    """Three offers with four dates each (with ``twins`` the third is the first again), two lots and two orders.

    A hall costs about 20 over its first two nodes and earns 7 to 11 a node afterwards; ``opening`` is the cash at the
    start (by default 30 to 70, one to three halls); ``shares`` lets 48 be raised; ``depth`` is what
    the market for used machines takes in a node, ``fleet`` how many
    machines there are, as a share, ``least`` how many halls an offer takes at least.
    """
    random = np.random.default_rng(seed)
    on = tree([3.0] * NODES)
    offers = [
        {
            "rent": float(random.uniform(7, 11)),
            "once": -float(random.uniform(0, 3)),
            "halls": int(random.integers(1, 4)),
        }
        for _ in range(3)
    ]
    if twins:
        offers[2] = offers[0]
    options = []
    for k, offer in enumerate(offers):
        for node in range(4):
            cash = np.zeros(NODES)
            cash[node], cash[node + 1] = -12.0, -8.0
            cash[node + 2 :] = offer["rent"]
            value = float(offer["rent"] * (9 - node) * 0.9**node - 18)
            halls = (least, max(least, int(offer["halls"])))
            options.append(
                {"offer": k, "node": node, "halls": halls, "cash": cash, "value": value, "once": {node: offer["once"]}}
            )
    lots: list[dict[str, Any]] = [
        {"eh": fleet * float(random.uniform(0.5, 1.5)), "margin": random.uniform(0, 4, NODES)} for _ in range(2)
    ]
    for node in (0, 2):
        margin = random.uniform(0, 4, NODES)
        lots.append({"order_node": node, "most": 2.0, "margin": margin * (np.arange(NODES) >= node)})
    resale = np.linspace(4, 1, NODES) * np.ones((4, 1))
    resale[3, :2] = 0.0
    can_plug = np.zeros((4, NODES), dtype=bool)
    trade = trading(
        on,
        4,
        order_cost_usd_m_per_eh=np.array([0, 0, 5.0, 4.5]),
        order_value_usd_m_per_eh=-np.array([0, 0, 5.0, 4.5]),
        sell_usd_m_per_eh=resale,
        can_plug=can_plug,
        tier_depth_eh=np.full((1, 1, NODES), depth),
    )
    rows = [
        {
            "node": n,
            "allowed": 60,
            "lots": {c: 10 for c in range(4) if lots[c].get("order_node", 0) <= n},
            "options": {o: 20.0 for o, x in enumerate(options) if x["node"] <= n},
        }
        for n in range(NODES)
    ]
    parts: dict[str, Any] = {"shares_m": 100.0, "share_price_usd": 1.0}
    if shares:
        parts["equity"] = equity_of(range(4), 48.0, [0.97**n for n in range(4)], 0.05)
    return instance(
        on,
        lots=lots,
        options=options,
        rows=rows,
        trade=trade,
        opening=float(random.uniform(30, 70)) if opening is None else opening,
        growth=1.01,
        minimum=5.0,
        constant=40.0,
        **parts,
    )
