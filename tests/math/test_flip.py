"""What flips the answer, as the terminal says it: by how much rent may fall."""

from __future__ import annotations

from pathlib import Path

from optimizer import api
from optimizer.report.terminal import flip_share

QUICKSTART = Path(__file__).parents[2] / "cases" / "quickstart"
RATE = "offers.cloud_tenant.rate_usd_per_kw_month"


def test_the_signature_falls_where_it_is_said_to_fall() -> None:
    """Proves: on quickstart the tenant is signed with rent a part in a thousand above the figure that is said (14.3 %
    lower), by the plan as it is; a quarter further down (17.9 %) it is not: a smaller plan bears some of the way.
    Broken: the figure that counts rent of one hall (42.9 %), or of the horizon only."""
    result = api.solve(api.load(QUICKSTART))
    assert result.waiting is not None
    share = flip_share(result.plan, result.waiting)
    assert share is not None
    assert 0.05 < share < 0.3
    for factor, signs in ((1 - share + 1e-3, True), (1 - 1.25 * share, False)):
        changed = api.load(QUICKSTART, overrides={RATE: 125 * factor})
        decided = api.solve(changed, twins=False).plan.tables["decisions"].column("decision")
        assert ("sign" in decided) is signs
