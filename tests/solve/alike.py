"""Small random companies with sites that are alike in every number, for tests of folded programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.instance import Instance
from tests.math.builder import equity_of, instance, trading, tree

NODES = 6


def alike_company(
    seed: int,
    *,
    sites: int = 2,
    offers: int = 2,
    shares: bool = False,
    room: float | None = None,
    opening: float | None = None,
    worth: float = 1.0,
) -> Instance:
    """``sites`` equal sites, each with one lot of machines, one that can be ordered, and ``offers`` offers of four
    dates; one purse for all.

    A hall of 20 MW costs 20 over two nodes and earns 7 to 11 a node afterwards; the purse holds one to three of them
    for each site. ``room`` in MW of each site (by default 30 to 65, so that one to three halls fit); ``shares`` lets 30
    be raised, ``worth`` is what a share is worth over what it sells for at the value of the lots alone, about.
    """
    random = np.random.default_rng(seed)
    on = tree([3.0] * NODES)
    allowed = float(random.choice([30.0, 45.0, 50.0, 65.0])) if room is None else room
    kinds = [
        {
            "rent": float(random.uniform(7, 11)),
            "once": -float(random.uniform(0, 3)),
            "halls": (int(random.integers(1, 3)), int(random.integers(2, 4))),
        }
        for _ in range(offers)
    ]
    margin, ordered = random.uniform(0, 4, NODES), random.uniform(0, 4, NODES)
    fleet = float(random.uniform(0.5, 1.5))
    options: list[dict[str, Any]] = []
    lots: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for site in range(sites):
        first = len(options)
        for k, kind in enumerate(kinds):
            for node in range(4):
                cash = np.zeros(NODES)
                cash[node], cash[node + 1] = -12.0, -8.0
                cash[node + 2 :] = kind["rent"]
                value = float(kind["rent"] * (9 - node) * 0.9**node - 18)
                halls = (min(kind["halls"]), max(kind["halls"]))
                offer = {"offer": site * offers + k, "node": node, "halls": halls, "once": {node: kind["once"]}}
                options.append({**offer, "cash": cash, "value": value})
        lots.append({"eh": fleet, "margin": margin, "site": site})
        lots.append({"order_node": 1, "most": 2.0, "margin": ordered * (np.arange(NODES) >= 1), "site": site})
        for n in range(NODES):
            own = {o: 20.0 for o in range(first, len(options)) if options[o]["node"] <= n}
            present = {2 * site: 10, **({2 * site + 1: 10} if n >= 1 else {})}
            rows.append({"node": n, "allowed": allowed, "lots": present, "options": own})
    count = 2 * sites
    resale = np.linspace(4, 1, NODES) * np.ones((count, 1))
    resale[1::2, 0] = 0.0
    trade = trading(
        on,
        count,
        order_cost_usd_m_per_eh=np.tile([0.0, 5.0], sites),
        order_value_usd_m_per_eh=np.tile([0.0, -5.0], sites),
        sell_usd_m_per_eh=resale,
        can_plug=np.zeros((count, NODES), dtype=bool),
        tier_depth_eh=np.full((1, 1, NODES), 100.0),
    )
    parts: dict[str, Any] = {"shares_m": 30.0 * sites / worth, "share_price_usd": 1.0}
    if shares:
        parts["equity"] = equity_of(range(4), 30.0, [0.97**n for n in range(4)], 0.05)
    return instance(
        on,
        lots=lots,
        options=options,
        rows=rows,
        trade=trade,
        opening=sites * (float(random.uniform(20, 60)) if opening is None else opening),
        growth=1.01,
        minimum=5.0,
        constant=20.0,
        **parts,
    )
