"""The case cipher_2025q2: its balance sheet, its instruments and its overlays, without solving it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from optimizer import api
from optimizer.case.case import Case
from optimizer.case.opening_balance import opening_balance

FOLDER = Path(__file__).resolve().parents[2] / "cases" / "cipher_2025q2"
OVERLAYS = ("seed_article", "bear", "bull", "dual_track", "sell_300mw", "middle_east", "september_convertible")
# On the day of the issue of September 2025.
SHARE_PRICE_OF_THE_ISSUE_USD = 11.66


@pytest.fixture(scope="module")
def case() -> Case:
    return api.load(FOLDER).case


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlays_are_short_and_load(overlay: str) -> None:
    """Proves: each overlay says what it changes in less than 40 lines, and loads. Broken: 40 lines, an error."""
    path = FOLDER / f"{overlay}.yaml"
    assert len(path.read_text(encoding="utf-8").splitlines()) < 40
    assert api.load(path).case.case != api.load(FOLDER).case.case


def test_opening_balance_is_the_filed_one(case: Case) -> None:
    """Proves: equity 748.9 and assets that agree with the sheet of the 10-Q as far as it was found: property, machines
    and land are 609.6 + 60 of deposits - 1.8 (coins at the case's price: 113.9 in place of 112.1) = 667.8. Broken:
    674.3 if the notes' issue costs (172.5 - 166) were left out, 668.2 if their interest of 0.4 counted twice."""
    books = opening_balance(case)
    assert books is not None
    assert books.machines == pytest.approx(77.3 + 9.8 + 165.9)
    assert books.property + books.machines + books.land == pytest.approx(667.8, abs=0.05)
    assert books.bitcoin == pytest.approx(113.9, abs=0.01)
    assert books.accrued_interest == pytest.approx(172.5 * 0.0175 * (2 - 14 / 31) / 12)
    assert books.debt + books.accrued_interest + books.other_liabilities == pytest.approx(166 + 82, abs=0.05)
    assert books.equity == 748.9


def test_september_convertible_is_scaled_to_the_share_price(case: Case) -> None:
    """Proves: the issue keeps its shares, 81.1 m under the notes, and its part of the market value, so that at 4.78 $
    it raises 533 in place of 1,300 $m. Broken: 198 m shares if 1,300 $m could be sold at 6.57 $."""
    notes, opening = case.finance.facilities["convertible_2031"], case.finance.opening
    price = opening.share_price_usd
    assert SHARE_PRICE_OF_THE_ISSUE_USD * (1 + notes.premium) == pytest.approx(16.03, abs=0.01)
    assert SHARE_PRICE_OF_THE_ISSUE_USD * (1 + notes.capped_call.cap_premium) == pytest.approx(23.32)
    assert notes.market_cap_share == pytest.approx(1300 / (opening.shares_m * SHARE_PRICE_OF_THE_ISSUE_USD), abs=5e-4)
    most = notes.market_cap_share * opening.shares_m * price
    assert most == pytest.approx(533.5, abs=0.1)
    assert most / (price * (1 + notes.premium)) == pytest.approx(1300 / 16.03, rel=2e-3)
    assert notes.capped_call.cost * 1300 == pytest.approx(82.7, abs=0.1)
    as_sold = api.load(FOLDER / "september_convertible.yaml").case.finance.facilities
    assert price * (1 + as_sold["convertible_2031"].premium) == pytest.approx(16.03, abs=1e-3)
    assert price * (1 + as_sold["convertible_2031"].capped_call.cap_premium) == pytest.approx(23.32, abs=1e-3)
    assert as_sold["convertible_2031"].market_cap_share is None
    assert "atm" not in as_sold


def test_backstop_costs_more_than_it_saves_on_the_notes(case: Case) -> None:
    """Proves: 24.2 m warrants are 115.6 $m at 4.78 $, and the backstop takes 0.875 % off 1,400 $m, 12.25 a year: 61
    over five years, before any discount. Broken: another price of the backstop."""
    notes = case.finance.facilities["secured_notes"]
    backstop = notes.backstop
    assert backstop.warrants_m * (case.finance.opening.share_price_usd - backstop.strike_usd) == pytest.approx(
        115.4, abs=0.1
    )
    assert (notes.rate - backstop.rate) * backstop.limit_usd_m == pytest.approx(12.25)
    assert set(backstop.for_offers) < set(notes.for_offers)


def test_what_cipher_did_names_what_is_there(case: Case) -> None:
    """Proves: history uses the facilities of the case: no plain notes on Barber Lake I, they had the backstop.
    Broken: a name that nothing has."""
    with (FOLDER / "what_cipher_did.csv").open(encoding="utf-8") as file:
        draws = {row["item"] for row in csv.DictReader(file) if row["decision"] == "draw"}
    assert draws == {"secured_notes / fluidstack_1", "secured_notes > river_bend_bond / fluidstack_1"}
    given = api.load(FOLDER, given_csv=FOLDER / "what_cipher_did.csv").case.given
    assert {given.draw[name] for name in draws} == {"forbidden"}


def test_article_fits_its_own_figures() -> None:
    """Proves: hash rate follows from the article's price and hashprice: 450 / 0.988 x 62,000 / 49,000 = 576 EH/s.
    Broken: 837, the true one, at which its hashprice would be 33.7."""
    article = api.load(FOLDER / "seed_article.yaml").case
    network = article.market.network
    assert network.hashrate_eh_s == pytest.approx(450 / (1 - network.fee_share) * 62_000 / 49_000, abs=0.5)
    assert article.finance.opening.btc == 4583
    assert sum(debt.principal_usd_m for debt in article.finance.debts.values()) == 950 + 194


def test_bear_path_falls_thirty_percent_in_two_quarters() -> None:
    """Proves: bitcoin falls from 107,153 to 75,007 in six months while the network grows by 35 % a year.
    Broken: 0.7 reached in another month, or 1.35 to the half (1.162) missed."""
    bear = api.load(FOLDER / "bear.yaml").case
    with (FOLDER / str(bear.market.network.path)).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [rows[0]["month"], rows[-1]["month"]] == ["2025-07", "2026-01"]
    assert float(rows[-1]["btc_usd"]) / float(rows[0]["btc_usd"]) == pytest.approx(0.7, abs=1e-4)
    assert float(rows[-1]["hashrate_eh_s"]) / float(rows[0]["hashrate_eh_s"]) == pytest.approx(1.35**0.5, abs=1e-3)


def test_two_tracks_leave_half_of_the_megawatts_to_mining() -> None:
    """Proves: with at most one of the large offers, halls take less than half of 977 MW: 456 with Black Pearl, 435 with
    Barber Lake, and 11.1 EH/s stay. Broken: 528 and more if two of them could be signed."""
    case = api.load(FOLDER / "dual_track.yaml").case
    gross = {name: offer.halls.max * offer.hall_mw_it * offer.gross_per_it for name, offer in case.offers.items()}
    large = [name for name, offer in case.offers.items() if offer.group == "large"]
    own = 207 + 300 + 300 + 100 + 70
    others = sum(mw for name, mw in gross.items() if name not in large)
    # The retrofit stands in the mine of Black Pearl, which the hyperscaler would take as a whole.
    assert gross["hyperscaler_15y"] + others - gross["retrofit_small"] == pytest.approx(455.6, abs=0.1)
    assert gross["fluidstack_1"] + others == pytest.approx(434.6, abs=0.1)
    assert max(455.6, 434.6) < own / 2 < gross["hyperscaler_15y"] + gross["gpu_cloud"] + 56 + 100
    assert sorted(large) == ["fluidstack_1", "gpu_cloud", "hyperscaler_15y"]
    kept = [key for key, rule in case.given.unplug.items() if rule == "forbidden"]
    lots = {
        f"{name}.{lot}": one.ph_s
        for name, site in case.sites.items()
        for lot, one in [*site.fleet.items(), *site.arriving.items()]
    }
    assert sum(lots[key] for key in kept) > 10_000
