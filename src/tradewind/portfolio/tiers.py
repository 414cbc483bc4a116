"""How a portfolio of a size is run: positions, minimum sizes, risk and strategies, by tier of equity (SPEC S6).

Between two tiers lies a band of 5 %: equity that wanders round a bound does not change the rules every hour.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec

from tradewind.model.errors import ConfigError
from tradewind.model.money import ONE, ZERO, add, multiply, plain, subtract

HYSTERESIS = Decimal("0.05")
DAY_NS = 86_400_000_000_000


class Tier(msgspec.Struct, frozen=True):
    """What holds from `equity_min` upwards. Risk is a share of equity; an empty `families` allows all."""

    name: str
    equity_min: Decimal
    positions_max: int
    size_min: Decimal
    risk_daily: Decimal
    risk_total: Decimal
    families: tuple[str, ...] = ()


TIERS = (
    Tier("micro", Decimal(500), 2, Decimal(50), Decimal("0.02"), Decimal("0.06"), ("trend", "mean_reversion")),
    Tier(
        "small",
        Decimal(2_500),
        5,
        Decimal(100),
        Decimal("0.02"),
        Decimal("0.10"),
        ("momentum", "trend", "mean_reversion"),
    ),
    Tier("medium", Decimal(10_000), 10, Decimal(250), Decimal("0.015"), Decimal("0.12")),
    Tier("large", Decimal(25_000), 20, Decimal(500), Decimal("0.01"), Decimal("0.15")),
)


class TierRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tiers in force, the instruments that nothing is opened in, and how sure a regime must be told."""

    table: tuple[Tier, ...] = TIERS
    excluded: tuple[str, ...] = ()
    confidence_min: float = 0.5

    def __post_init__(self) -> None:
        check_tiers(self.table)


class TierWatch:
    """The tier of an account as its equity moves, and what the day began with; a day is one of UTC."""

    __slots__ = ("day", "day_equity", "equity", "rules", "seen", "tier")

    def __init__(self, rules: TierRules) -> None:
        self.rules = rules
        self.tier: Tier | None = None
        self.seen = False
        self.equity: Decimal | None = None
        self.day = -1
        self.day_equity: Decimal | None = None

    def see(self, ts_ns: int, equity: Decimal | None) -> str:
        """Take the account's worth; return in words a change of tier, "" where there is none."""
        self.equity = equity
        if equity is None:
            return ""
        if ts_ns // DAY_NS != self.day:
            self.day, self.day_equity = ts_ns // DAY_NS, equity
        before, self.tier = self.tier, tier_of(equity, _name(self.tier), self.rules.table)
        fresh, self.seen = not self.seen, True
        if fresh or _name(before) == _name(self.tier):
            return ""
        return f"{_name(before) or 'no tier'} -> {_name(self.tier) or 'no tier'}: equity is {plain(equity)}"

    def refuses(self, candidate: "Candidate", held: Collection[str], risk: Decimal | None) -> str:
        """Return why a new position may not be opened, as a code and words; "" where it may.

        `held` are the instruments with a position, `risk` what all positions with this one would lose at their stops.
        """
        tier, equity = self.tier, self.equity
        if equity is None:
            return "no_tier: the account's worth is not known"
        code = _reason(candidate, tier, held, self.rules.excluded, self.rules.confidence_min)
        if code or tier is None:
            return f"{code}: {self._words(code, candidate, len(held))}"
        lost, most = subtract(self.day_equity or equity, equity), multiply(tier.risk_daily, self.day_equity or equity)
        if lost >= most:
            return f"daily_risk: {plain(lost)} lost since midnight UTC, {tier.name} risks {plain(most)} a day"
        most = multiply(tier.risk_total, equity)
        if risk is None or risk > most:
            told = "an unknown amount" if risk is None else plain(risk)
            return f"total_risk: {told} at the stops of all positions, {tier.name} risks {plain(most)}"
        return ""

    def values(self) -> list[object]:
        """Return what later answers depend on, for digests."""
        worth = [None if each is None else plain(each) for each in (self.day_equity, self.equity)]
        return [_name(self.tier), self.seen, self.day, *worth]

    def _words(self, code: str, candidate: "Candidate", held: int) -> str:
        tier = self.tier
        if tier is None:
            first = self.rules.table[0].equity_min
            return f"equity is {plain(self.equity or ZERO)}, the first tier begins at {plain(first)}"
        allowed = ", ".join(tier.families)
        return {
            "excluded": f"{candidate.instrument} is excluded",
            "already_held": f"another bot is in {candidate.instrument}",
            "family_not_allowed": f"{candidate.family or 'no family'} is not among {allowed} ({tier.name})",
            "low_confidence": f"{candidate.confidence:.2f} is below {self.rules.confidence_min:g}",
            "too_small": f"{plain(candidate.notional)} is below {plain(tier.size_min)} ({tier.name})",
            "no_room": f"{held} positions of {tier.positions_max} ({tier.name})",
        }[code]


def _name(tier: Tier | None) -> str | None:
    return None if tier is None else tier.name


class Candidate(NamedTuple):
    """A trade that could be made: its instrument, the family that wants it, how sure that is, and its notional."""

    instrument: str
    family: str
    confidence: float
    notional: Decimal


class Selection(NamedTuple):
    """The candidates to trade, surest first, and why each other one was left out."""

    chosen: tuple[Candidate, ...]
    left_out: tuple[tuple[Candidate, str], ...]


def check_tiers(tiers: Sequence[Tier]) -> None:
    """Refuse tiers that are none.

    Raises  ConfigError when there is none, or their bounds do not rise.
    """
    if not tiers:
        raise ConfigError("the table of tiers is empty: leave it out for the usual ones, or name at least one")
    bounds = [tier.equity_min for tier in tiers]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        raise ConfigError(f"tiers must begin at rising equities, were {', '.join(map(plain, bounds))}")


def tier_of(equity: Decimal, current: str | None = None, tiers: Sequence[Tier] = TIERS) -> Tier | None:
    """Return the tier of an equity; None below the first, where nothing new is begun.

    A change from the tier named `current` needs equity 5 % beyond the bound that it crosses.
    Raises  ConfigError for tiers that are none.
    """
    check_tiers(tiers)
    place = _place(equity, tiers)
    known = next((i for i, tier in enumerate(tiers) if tier.name == current), None)
    if known is not None and place != known:
        if place > known:
            place = max(known, _place(equity, tiers, add(ONE, HYSTERESIS)))
        else:
            place = min(known, _place(equity, tiers, subtract(ONE, HYSTERESIS)))
    return None if place < 0 else tiers[place]


def _place(equity: Decimal, tiers: Sequence[Tier], factor: Decimal = ONE) -> int:
    return sum(equity >= multiply(tier.equity_min, factor) for tier in tiers) - 1


def select(
    candidates: Sequence[Candidate],
    tier: Tier | None,
    *,
    held: Collection[str] = (),
    excluded: Collection[str] = (),
    confidence_min: float = 0.5,
) -> Selection:
    """Return which candidates a tier lets trade: surest first, one of each instrument, while there is room.

    Reasons: `no_tier`, `excluded`, `already_held`, `family_not_allowed`, `low_confidence`, `too_small`, `no_room`.
    """
    chosen: list[Candidate] = []
    left_out: list[tuple[Candidate, str]] = []
    taken = set(held)
    for each in sorted(candidates, key=_surest_first):
        reason = _reason(each, tier, taken, excluded, confidence_min)
        if reason:
            left_out.append((each, reason))
        else:
            chosen.append(each)
            taken.add(each.instrument)
    return Selection(tuple(chosen), tuple(left_out))


def _surest_first(candidate: Candidate) -> tuple[float, str, str]:
    # A confidence that is no number would leave the others in no order at all.
    sure = -math.inf if math.isnan(candidate.confidence) else candidate.confidence
    return -sure, candidate.instrument, candidate.family


def _reason(
    candidate: Candidate, tier: Tier | None, taken: Collection[str], excluded: Collection[str], confidence_min: float
) -> str:
    if tier is None:
        return "no_tier"
    found: Mapping[str, bool] = {
        "excluded": candidate.instrument in excluded,
        "already_held": candidate.instrument in taken,
        "family_not_allowed": bool(tier.families) and candidate.family not in tier.families,
        # A confidence that is no number is low: no comparison with it is true.
        "low_confidence": not candidate.confidence >= confidence_min,
        "too_small": candidate.notional < tier.size_min or candidate.notional <= ZERO,
        "no_room": len(taken) >= tier.positions_max,
    }
    return next((reason for reason, is_so in found.items() if is_so), "")
