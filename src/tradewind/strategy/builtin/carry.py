"""Carry: hold a coin and sell its perpetual while the funding that shorts are paid beats the cost of the round trip."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.instrument import Instrument
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.strategy.base import GroupView, Strategy, View, Wish
from tradewind.strategy.formulas import BPS

PATIENCE_ROUNDS = 3
"""How many rounds a leg may be missing before the other is closed too: half of it is a bet on the market."""


class CarryMemory(msgspec.Struct):
    """Recent funding rates with the time of the last, and the perpetual's price at the entry (None while out).

    `given_up` while a pair that could not be had is not tried again: until funding has stopped paying once.
    """

    rates: list[float] = []
    rate_ns: int = -1
    entry: float | None = None
    lame: int = 0
    given_up: bool = False


class Carry(Strategy, frozen=True, kw_only=True):
    """Long spot and short its perpetual while expected funding over the horizon exceeds the cost of four legs."""

    horizon_hours: Annotated[float, Meta(gt=0, le=100_000, description="hours in which funding must pay")] = 168.0
    funding_hours: Annotated[float, Meta(gt=0, le=1_000, description="hours from one funding to the next")] = 8.0
    rates: Annotated[int, Meta(ge=1, le=1_000, description="latest funding rates whose mean is expected")] = 9
    leg_bps: Annotated[float, Meta(ge=0, le=1_000, description="fee and spread of a leg in basis points")] = 10.0
    buffer_bps: Annotated[float, Meta(ge=0, le=10_000, description="what must be left after the cost")] = 10.0
    rise_max: Annotated[
        float, Meta(gt=0, le=10, description="share the perpetual may rise before its margin is in danger")
    ] = 0.3

    def unsuited(self, instruments: Sequence[Instrument]) -> str | None:
        spots = sum(each.is_spot for each in instruments)
        if len(instruments) == 2 and spots == 1:
            return None
        return f"carry needs one spot instrument and one perpetual, has {spots} and {len(instruments) - spots}"

    def group_memory(self) -> CarryMemory:
        return CarryMemory([])

    def group_reading(self, group: GroupView) -> dict[str, float | str]:
        memory = group.memory
        assert isinstance(memory, CarryMemory)
        return {"expected_bps": self.expected_bps(memory.rates), "hurdle_bps": 4 * self.leg_bps + self.buffer_bps}

    def expected_bps(self, rates: list[float]) -> float:
        """Return the funding expected over the horizon: as many payments as fall into it, of the mean recent rate."""
        return sum(rates) / len(rates) * self.horizon_hours / self.funding_hours * BPS if rates else 0.0

    def on_group(self, group: GroupView) -> Mapping[str, Wish] | None:
        memory = group.memory
        assert isinstance(memory, CarryMemory)
        spot, perpetual = _legs(group)
        if spot is None or perpetual is None:
            return None
        self._hear(memory, perpetual)
        if len(memory.rates) < self.rates:
            return None
        if memory.entry is None:
            if self.expected_bps(memory.rates) <= 4 * self.leg_bps + self.buffer_bps:
                memory.given_up = False
                return _out(spot, perpetual, "funding no longer pays")
            if memory.given_up:
                return _out(spot, perpetual, "one leg kept missing")
            memory.entry, memory.lame = perpetual.close, 0
        reason = self._over(memory, spot, perpetual)
        if reason is not None:
            memory.entry, memory.given_up = None, memory.lame > PATIENCE_ROUNDS
            return _out(spot, perpetual, reason)
        return {
            spot.instrument.id: TargetWeight(1.0, reason="funding pays for the hedge"),
            perpetual.instrument.id: TargetWeight(-1.0, reason="funding pays for the hedge"),
        }

    def _hear(self, memory: CarryMemory, perpetual: View) -> None:
        funding = perpetual.funding
        if funding is not None and funding.ts_ns > memory.rate_ns:
            memory.rate_ns = funding.ts_ns
            memory.rates = [*memory.rates, float(funding.rate)][-self.rates :]

    def _over(self, memory: CarryMemory, spot: View, perpetual: View) -> str | None:
        """Return why the pair must go: rates have turned, the margin is in danger, or one leg is missing."""
        assert memory.entry is not None
        memory.lame = 0 if spot.position and perpetual.position else memory.lame + 1
        if sum(memory.rates) < 0:
            return "funding has turned"
        if perpetual.close >= memory.entry * (1.0 + self.rise_max):
            return "the short's margin is in danger"
        return "one leg keeps missing" if memory.lame > PATIENCE_ROUNDS else None


def _legs(group: GroupView) -> tuple[View | None, View | None]:
    """Return the spot instrument and the perpetual, None unless there is one of each with a bar in this round."""
    views = [group.views[name] for name in group.fresh if name in group.views]
    spots = [view for view in views if view.instrument.is_spot]
    others = [view for view in views if not view.instrument.is_spot]
    return (spots[0], others[0]) if len(spots) == len(others) == 1 else (None, None)


def _out(spot: View, perpetual: View, reason: str) -> dict[str, Wish] | None:
    held = [view.instrument.id for view in (spot, perpetual) if view.position]
    return {name: TargetWeight(FLAT.weight, reason=reason) for name in held} or None
