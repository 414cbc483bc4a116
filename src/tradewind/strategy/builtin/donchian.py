"""Donchian trend following: enter on a new extreme, leave on the opposite shorter one or at an ATR stop (METHODS 4)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.errors import ConfigError
from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, atr, donchian
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short

LONG = TargetWeight(1.0, reason="close above the entry channel")
SHORT = TargetWeight(-1.0, reason="close below the entry channel")
FLAT = TargetWeight(0.0, reason="close beyond the exit channel")
STOPPED = TargetWeight(0.0, reason="close beyond the ATR stop")


class DonchianMemory(msgspec.Struct):
    """The price at which the latest entry is given up; None before the first."""

    stop: float | None = None


class Donchian(Strategy, frozen=True, kw_only=True):
    """Buys a close above the highest high of the bars before; the stop is fixed when the entry is decided."""

    entry_bars: Annotated[
        int, Meta(ge=1, le=BARS_MAX, description="bars before the current whose extreme to break")
    ] = 20
    exit_bars: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of the opposite channel that ends a trade")] = (
        10
    )
    atr_bars: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of Wilder's average true range")] = 14
    stop_atr: Annotated[float, Meta(gt=0, le=100, description="average true ranges from entry close to stop")] = 2.0
    short: Short = False

    def __post_init__(self) -> None:
        if self.exit_bars > self.entry_bars:
            raise ConfigError(
                f"strategy 'donchian': exit_bars must not be more than entry_bars, were {self.exit_bars} and "
                f"{self.entry_bars}: lower exit_bars or raise entry_bars"
            )

    def indicators(self) -> Sequence[IndicatorSpec]:
        return donchian(self.entry_bars), donchian(self.exit_bars), atr(self.atr_bars)

    def memory(self) -> DonchianMemory:
        return DonchianMemory()

    def on_bar(self, view: View) -> TargetWeight | None:
        memory = view.memory
        assert isinstance(memory, DonchianMemory)
        top, bottom, exit_top, exit_bottom, average = view.values
        position, close = view.position, view.close
        if close > top and position <= 0:
            memory.stop = close - self.stop_atr * average
            return LONG
        if self.short and close < bottom and position >= 0:
            memory.stop = close + self.stop_atr * average
            return SHORT
        if position == 0:
            return None
        if close < exit_bottom if position > 0 else close > exit_top:
            return FLAT
        if memory.stop is not None and (close <= memory.stop if position > 0 else close >= memory.stop):
            return STOPPED
        return None
