"""The scoring bot: RSI, averages and MACD vote, and act only on a vote that has held for a while (SPEC S3)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tradewind.model.intents import TargetWeight
from tradewind.numeric.indicators import IndicatorSpec, atr, efficiency_ratio, ema, macd, rsi
from tradewind.strategy.base import Strategy, View
from tradewind.strategy.builtin.bounds import BARS_MAX, Short, require_less
from tradewind.strategy.builtin.scoring import average_score, combined, macd_score, rsi_score

LONG = TargetWeight(1.0, reason="score confirmed above its threshold")
SHORT = TargetWeight(-1.0, reason="score confirmed below its threshold")
FLAT = TargetWeight(0.0, reason="score confirmed on the other side")
MINUTE_NS = 60_000_000_000
WEIGHT = Meta(ge=0, le=1)


class ScoreMemory(msgspec.Struct):
    """The latest vote, since when it has called for the same action, and the last entry's time and price."""

    score: float = 0.0
    action: int = 0
    since_ns: int = 0
    entered_ns: int | None = None
    entered_at: float | None = None
    temperature: str = "FROZEN"


class ScoreBot(Strategy, frozen=True, kw_only=True):
    """Buys on a confirmed high score and leaves on a confirmed low one; cooldown and price step hold back entries."""

    rsi_bars: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of Wilder's RSI")] = 14
    fast: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of the fast average, also of the MACD")] = 12
    slow: Annotated[int, Meta(ge=2, le=BARS_MAX, description="bars of the slow average, also of the MACD")] = 26
    signal: Annotated[int, Meta(ge=1, le=BARS_MAX, description="bars of the MACD's signal")] = 9
    weight_rsi: Annotated[float, WEIGHT, Meta(description="say of the RSI")] = 0.3
    weight_average: Annotated[float, WEIGHT, Meta(description="say of the two averages")] = 0.4
    weight_macd: Annotated[float, WEIGHT, Meta(description="say of the MACD")] = 0.3
    threshold: Annotated[float, Meta(gt=0, le=1, description="score that calls for an action, on either side")] = 0.3
    confirm_minutes: Annotated[
        float, Meta(ge=0, le=1e6, description="minutes for which the same action must have been called for")
    ] = 60.0
    cooldown_minutes: Annotated[float, Meta(ge=0, le=1e6, description="minutes between two entries")] = 240.0
    price_step: Annotated[
        float, Meta(ge=0, lt=1, description="share by which the price must differ from that of the last entry")
    ] = 0.0
    short: Short = False

    def __post_init__(self) -> None:
        require_less("score", "fast", self.fast, "slow", self.slow)

    def indicators(self) -> Sequence[IndicatorSpec]:
        return (
            rsi(self.rsi_bars),
            ema(self.fast),
            ema(self.slow),
            macd(self.fast, self.slow, self.signal),
            atr(self.rsi_bars),
            efficiency_ratio(self.slow),
        )

    def memory(self) -> ScoreMemory:
        return ScoreMemory()

    def reading(self, view: View) -> dict[str, float | str]:
        """Return the vote, its distance to the threshold and the bot's temperature."""
        memory = view.memory
        assert isinstance(memory, ScoreMemory)
        return {
            "temperature": memory.temperature,
            "score": memory.score,
            "distance": max(0.0, self.threshold - abs(memory.score)),
        }

    def on_bar(self, view: View) -> TargetWeight | None:
        memory = view.memory
        assert isinstance(memory, ScoreMemory)
        close, position = view.close, view.position
        assert view.bar is not None
        now_ns = view.bar.ts_ns
        memory.score = score = self._vote(view.values)
        action = 1 if score >= self.threshold else -1 if score <= -self.threshold else 0
        if action != memory.action:
            memory.action, memory.since_ns = action, now_ns
        held_back = self._held_back(memory, now_ns, close)
        memory.temperature = self._temperature(score, held_back and not position)
        if not action or now_ns - memory.since_ns < self.confirm_minutes * MINUTE_NS or position * action > 0:
            return None
        if action < 0 and not self.short:
            return FLAT if position else None
        if held_back:
            return FLAT if position else None  # out at once, the other way only later
        memory.entered_ns, memory.entered_at = now_ns, close
        return LONG if action > 0 else SHORT

    def _vote(self, values: Sequence[float]) -> float:
        strength, fast, slow, line, _, histogram, width, efficiency = values
        scores = (
            rsi_score(strength, efficiency),
            average_score(fast, slow, width, efficiency),
            macd_score(line, histogram, width),
        )
        return combined(scores, (self.weight_rsi, self.weight_average, self.weight_macd))

    def _held_back(self, memory: ScoreMemory, now_ns: int, close: float) -> bool:
        """Return whether the last entry is too recent, or was at too similar a price."""
        if memory.entered_ns is None or memory.entered_at is None:
            return False
        recent = now_ns - memory.entered_ns < self.cooldown_minutes * MINUTE_NS
        return recent or abs(close / memory.entered_at - 1.0) < self.price_step

    def _temperature(self, score: float, held_back: bool) -> str:
        """Return how near an action is: HOT called for, WARM within half, COOL far, FROZEN not allowed."""
        if held_back:
            return "FROZEN"
        reached = abs(score) / self.threshold
        return "HOT" if reached >= 1 else "WARM" if reached >= 0.5 else "COOL"
