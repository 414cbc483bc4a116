"""How much of what was posted has filled, by distance from the touch; offsets of new orders follow it."""

import msgspec

OFFSETS = (-1, 0, 1)
WEIGHT = 0.05


class FillRates(msgspec.Struct, frozen=True):
    """Filled shares by offset in ticks (-1, 0, 1: behind, at and inside the touch), the recent ones weighing more.

    An offset that was never used is expected at `expected`.
    """

    shares: tuple[float | None, float | None, float | None] = (None, None, None)
    expected: float = 0.85
    low: float = 0.6
    high: float = 0.98

    def share(self, offset: int) -> float:
        """Return the share of what is posted at an offset that is expected to fill as maker."""
        known = self.shares[OFFSETS.index(max(-1, min(1, offset)))]
        return self.expected if known is None else known

    def offset(self, usual: int) -> int:
        """Return the offset to post at: nearer where too little filled, further where nearly everything did."""
        offset = max(-1, min(1, usual))
        known = self.shares[OFFSETS.index(offset)]
        if known is not None and known < self.low and offset < 1:
            return offset + 1
        if known is not None and known > self.high and offset > -1:
            behind = self.shares[OFFSETS.index(offset - 1)]
            return offset - 1 if behind is None or behind >= self.low else offset
        return offset


def noted(rates: FillRates, offset: int, asked: int, filled_as_maker: int) -> FillRates:
    """Return the rates after an order that posted `asked` at an offset and had `filled_as_maker` of it filled.

    Raises  ValueError unless 0 <= filled <= asked and asked > 0.
    """
    if asked <= 0 or not 0 <= filled_as_maker <= asked:
        raise ValueError(f"{filled_as_maker} of {asked} cannot have filled")
    place = OFFSETS.index(max(-1, min(1, offset)))
    before = rates.shares[place]
    now = filled_as_maker / asked
    # The first measurements start from what was expected, so that one order does not decide.
    after = (rates.expected if before is None else before) * (1 - WEIGHT) + now * WEIGHT
    shares = [*rates.shares]
    shares[place] = after
    return msgspec.structs.replace(rates, shares=tuple(shares))
