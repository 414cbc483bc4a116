"""Which algorithm cuts an order, with what it needs; where a figure is missing it is a TWAP, and the reason says so."""

from decimal import Decimal

import msgspec

from tradewind.execution.algorithms.releases import (
    Adaptive,
    Release,
    almgren_chriss,
    iceberg,
    participation,
    twap,
    vwap,
)
from tradewind.execution.algorithms.values import Parent
from tradewind.execution.schedules import almgren_chriss_kappa
from tradewind.model.errors import ConfigError
from tradewind.model.money import ONE
from tradewind.model.plans import Algorithm, ExecutionPlan

DAY_NS = 86_400_000_000_000


class AlgorithmTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The algorithm that is wanted, and its terms.

    `participation` is a POV's share of what trades, `display` the share of the order that an iceberg shows,
    `risk_aversion` that of Almgren-Chriss, per unit of quote currency.
    """

    name: Algorithm = Algorithm.TWAP
    participation: Decimal = Decimal("0.1")
    display: Decimal = Decimal("0.1")
    risk_aversion: Decimal = Decimal("0.000001")

    def __post_init__(self) -> None:
        for name in ("participation", "display"):
            if not 0 < getattr(self, name) <= ONE:
                raise ConfigError(f"an algorithm's {name} must lie in (0, 1], was {getattr(self, name)}")
        if self.risk_aversion <= 0:
            raise ConfigError(f"an algorithm's risk aversion must be above 0, was {self.risk_aversion}")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to choose by: measured figures (None: unknown), the volume profile, whether there is a book.

    `notional_day` is the notional of a day's volume in quote currency, `impact` the multiplier on impact, `slice_ns`
    how long a slice has.
    """

    sigma_day: float | None
    notional_day: float | None
    impact: float
    profile: tuple[int, ...]
    book: bool
    slice_ns: int


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The algorithm with what it needs; `missing` is a word for what the one that was wanted did not have."""

    algorithm: Algorithm = Algorithm.TWAP
    profile: tuple[int, ...] = ()
    share: Decimal | None = None
    kappa_tau: float | None = None
    missing: str = ""


def choose(terms: AlgorithmTerms, known: Known) -> Choice:
    """Return the algorithm that is wanted, or a TWAP and why."""
    name = terms.name
    if name is Algorithm.VWAP:
        if not any(known.profile):
            return _twap_for(name, "PROFILE")
        return Choice(algorithm=name, profile=known.profile)
    if name is Algorithm.POV:
        if known.notional_day is None:
            return _twap_for(name, "VOLUME")
        return Choice(algorithm=name, share=terms.participation)
    if name is Algorithm.ICEBERG:
        return Choice(algorithm=name, share=terms.display)
    if name is Algorithm.ALMGREN_CHRISS:
        return _almgren_chriss(terms, known)
    if name is Algorithm.ADAPTIVE and not known.book:
        return _twap_for(name, "BOOK")
    return Choice(algorithm=name)


def release_of(plan: ExecutionPlan, parent: Parent) -> Release:
    """Return when how much of a plan is due."""
    name, share = plan.algorithm, plan.share
    if plan.profile:
        return vwap(parent, [Decimal(volume) for volume in plan.profile], plan.duration_ns)
    if share is not None:
        return participation(share) if name is Algorithm.POV else iceberg(parent, share)
    if plan.kappa_tau is not None:
        return almgren_chriss(parent, plan.slices, plan.duration_ns, plan.kappa_tau)
    path = twap(parent, plan.slices, plan.duration_ns)
    return Adaptive(path) if name is Algorithm.ADAPTIVE else path


def _almgren_chriss(terms: AlgorithmTerms, known: Known) -> Choice:
    """Return the path for a linear impact by which a whole day's volume within a day costs a day's volatility.

    Then `sigma^2 / eta` is the volatility times the notional of a day, over the multiplier on impact.
    """
    sigma, notional = known.sigma_day, known.notional_day
    if sigma is None or notional is None:
        return _twap_for(terms.name, "SIGMA" if sigma is None else "VOLUME")
    tau = known.slice_ns / DAY_NS
    kappa = almgren_chriss_kappa(float(terms.risk_aversion), sigma, sigma * known.impact / notional, tau)
    return Choice(algorithm=terms.name, kappa_tau=kappa * tau)


def _twap_for(name: Algorithm, missing: str) -> Choice:
    return Choice(missing=f"NO_{missing}_FOR_{name.name}")
