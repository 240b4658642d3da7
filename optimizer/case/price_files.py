"""Every file of prices or shares that a case names, by where it names it. Opens none of them."""

from __future__ import annotations

from optimizer.case.case import Case
from optimizer.case.contracts import Shaped
from optimizer.case.flexibility import Ancillary
from optimizer.case.price_file import PriceFile

PriceFiles = dict[str, tuple[PriceFile, ...]]
"""By dotted path of the case: what is read there (of an ancillary program one entry a product)."""


def price_files(case: Case) -> PriceFiles:
    """Power markets first, then the profiles of contracts and the prices of reserves, in the order of the case."""
    found: PriceFiles = {market_path(name): (market,) for name, market in case.market.power.items()}
    for site_name, site in case.sites.items():
        named: dict[str, object] = {
            **{f"contracts.{name}": contract for name, contract in site.contracts.items()},
            **{f"contract_offers.{name}.terms": offer.terms for name, offer in site.contract_offers.items()},
        }
        for place, contract in named.items():
            if isinstance(contract, Shaped) and contract.profile is not None:
                found[f"sites.{site_name}.{place}.profile"] = (contract.profile,)
        for name, program in site.flexibility.items():
            if isinstance(program, Ancillary):
                found[reserve_path(site_name, name)] = tuple(
                    program.prices.model_copy(update={"column": column, "gaps": "zero"}) for column in program.columns
                )
    return found


def market_path(name: str) -> str:
    """Where a power market stands."""
    return f"market.power.{name}"


def profile_path(site: str, contract: str) -> str:
    """Where the profile of a contract stands."""
    return f"sites.{site}.contracts.{contract}.profile"


def offered_profile_path(site: str, offer: str) -> str:
    """Where the profile of a contract on offer stands."""
    return f"sites.{site}.contract_offers.{offer}.terms.profile"


def reserve_path(site: str, program: str) -> str:
    """Where the prices of a reserve stand."""
    return f"sites.{site}.flexibility.{program}.prices"
