"""Pre-trade review: one order against the account and its limits, pure (SPEC K1).

Every check is a function of the facts -> (number, limit) and passes when number <= limit. The checks run in the order
of SPEC K1; all that fail are reported, with their numbers. Missing data and an error inside a check refuse. An order
that can only reduce the position is not held to the limits on new risk.
"""

from collections.abc import Callable
from decimal import Decimal

from msgspec import UNSET

from tradewind.model.decisions import Approved, Finding, Refused, ReviewRequest, TailShape
from tradewind.model.instrument import Instrument, MarginMode
from tradewind.model.margin import share_needed
from tradewind.model.money import ONE, ZERO, add, multiply, plain, portion, subtract
from tradewind.model.orders import OrderKind, Side
from tradewind.risk.limits import Limits
from tradewind.risk.tail import TailLimits, worst_correlation, worst_var, worth_at_ends

Number = Decimal | int
NO_TAIL = TailLimits()
NS_PER_SECOND = 1_000_000_000
BUY, SELL, LIMIT = Side.BUY, Side.SELL, OrderKind.LIMIT


class MissingData(Exception):
    """A check needs a number that is not there."""


class Facts:
    """What several checks need about one order, worked out once; None where the data for it are missing."""

    __slots__ = ("equity", "gross", "limits", "notional", "reducing", "request", "size", "tail_limits", "worst")

    def __init__(self, request: ReviewRequest, limits: Limits, tail_limits: TailLimits = NO_TAIL) -> None:
        self.request = request
        self.limits = limits
        self.tail_limits = tail_limits
        self.equity = request.equity
        self.size = size = request.order.quantity
        self.reducing = reduces(request)
        self.notional: Decimal | None = None
        self.worst: Decimal | None = None
        self.gross: Decimal | None = None
        price, mark = request.price, request.mark
        if size is None or price is None:
            return
        unit_value = request.instrument.unit_value
        self.notional = multiply(unit_value, size * price)
        if mark is not None:
            self.worst = multiply(unit_value, _worst_units(request, size) * (price if price > mark else mark))
            if request.exposure is not None:
                self.gross = add(request.exposure, self.worst)


Check = Callable[[Facts], tuple[Number, Number]]


def reduces(request: ReviewRequest) -> bool:
    """Return whether the order can only make the account's and the bot's position smaller, whatever else fills."""
    size = request.order.quantity
    if size is None or size <= 0:
        return False
    if request.order.side is SELL:
        return size <= request.position - request.open_sells and size <= request.bot_position
    return size <= -request.position - request.open_buys and size <= -request.bot_position


def margin_needed(request: ReviewRequest, size: int, price: int) -> Decimal:
    """Return the fee of the order and the initial margin of what it adds to the position's size.

    Turning from long to short adds the difference of the two sizes, which may be negative: the margin of what is closed
    is set free by the same fill, as at the venue.
    """
    held = request.position
    after = held + size if request.order.side is BUY else held - size
    value = multiply(request.instrument.unit_value, price)
    fee = multiply(multiply(value, size), request.taker_rate)
    return add(fee, multiply(value, _initial_change(request.instrument, abs(held), abs(after))))


def _initial_change(instrument: Instrument, before: int, after: int) -> Decimal:
    """Return the change of (initial margin x size), in units, of a position that changes its size."""
    rate = instrument.initial_rate(after)
    if instrument.margin_tiers is UNSET:
        return multiply(rate, after - before)
    return subtract(multiply(rate, after), multiply(instrument.initial_rate(before), before))


def may_be_short(request: ReviewRequest, size: int) -> bool:
    """Return whether this order and the open ones could lead to a short position."""
    down = request.position - request.open_sells
    return (down if request.order.side is BUY else down - size) < 0


def carried(request: ReviewRequest, equity: Decimal, units: int, worst: Decimal) -> Decimal:
    """Return what would stand behind the worst position: what does now, and of an isolated one what it puts up more.

    Raises  MissingData when it is not known.
    """
    if request.backing is UNSET:
        return equity
    behind = _known(request.backing)
    instrument, held = request.instrument, abs(request.position)
    if instrument.margin_mode is not MarginMode.ISOLATED or units <= held:
        return behind
    return add(behind, multiply(portion(worst, units - held, units), instrument.initial_rate(units)))


def _worst_units(request: ReviewRequest, size: int) -> int:
    """Return the largest position that this order and the open ones could lead to, each side filled alone.

    What is held now, with nothing open that would add to it, is not held against an order that takes it away.
    """
    up = request.position + request.open_buys
    down = request.position - request.open_sells
    if request.order.side is BUY:
        side, other = abs(up + size), abs(down) if request.open_sells else 0
    else:
        side, other = abs(down - size), abs(up) if request.open_buys else 0
    return side if side > other else other


def _known(value: Decimal | None) -> Decimal:
    if value is None:
        raise MissingData
    return value


def _tail(facts: Facts) -> tuple[TailShape, tuple[float, float]]:
    """Return what the fit says, and the worth of the instrument's holding at either end; missing without a fit."""
    request, size, price, mark = facts.request, facts.size, facts.request.price, facts.request.mark
    if request.tail is None or size is None or price is None or mark is None:
        raise MissingData
    return request.tail, worth_at_ends(request, size, max(price, mark))


def halted(facts: Facts) -> tuple[Number, Number]:
    """Halted: 1 while latched and the order adds risk."""
    return (0 if facts.request.halted is None or facts.reducing else 1), 0


def reduce_only(facts: Facts) -> tuple[Number, Number]:
    """Reduce-only mode, or a lock on the bot: 1 while set and the order adds risk."""
    request = facts.request
    free = (request.reduce_only is None and request.locked is None) or facts.reducing
    return (0 if free else 1), 0


def regime_block(facts: Facts) -> tuple[Number, Number]:
    """The instrument's regime takes no new risk: 1 while that is so and the order adds some."""
    return (0 if facts.request.regime is None or facts.reducing else 1), 0


def entry_gate(facts: Facts) -> tuple[Number, Number]:
    """The account's tier or the bot's edge allows no new position: 1 while that is so and the order adds risk."""
    return (0 if facts.request.entry is None or facts.reducing else 1), 0


def data_age(facts: Facts) -> tuple[Number, Number]:
    """Age in nanoseconds of the price the decision rests on; a reduction waits for no fresh one (FAULTS, rule 3)."""
    age = facts.request.data_age_ns
    if facts.reducing:
        return 0, 0
    if age is None:
        raise MissingData
    return age, facts.limits.data_age_ns_max  # type: ignore[return-value]  # the check is on only when it is set


def instrument_rules(facts: Facts) -> tuple[Number, Number]:
    """Number of broken rules: increments, minimum quantity and notional, positive prices."""
    request, size = facts.request, facts.size
    order, instrument = request.order, request.instrument
    notional = _known(facts.notional)
    if size is None:
        raise MissingData
    broken = int(size <= 0 or size % instrument.lot != 0)
    broken += size < instrument.min_quantity
    broken += notional < instrument.min_notional
    broken += notional <= ZERO
    tick = instrument.tick
    broken += order.price is not None and (order.price <= 0 or order.price % tick != 0)
    broken += order.stop is not None and (order.stop <= 0 or order.stop % tick != 0)
    return broken, 0


def funds(facts: Facts) -> tuple[Number, Number]:
    """What the order needs (spot buy: notional and fee; spot sell: base; perpetual: margin and fee) v what is free."""
    request = facts.request
    if request.instrument.is_spot:
        if request.order.side is SELL:
            if facts.size is None:
                raise MissingData
            return facts.size, request.free_base
        return multiply(_known(facts.notional), add(ONE, request.taker_rate)), request.free_cash
    if facts.reducing or facts.size is None or request.price is None:
        return ZERO, ZERO
    return margin_needed(request, facts.size, request.price), request.free_cash


def impact(facts: Facts) -> tuple[Number, Number]:
    """What the order takes from the book as it is costs against the mid; one that only rests takes nothing."""
    if facts.reducing or facts.request.order.post_only:
        return ZERO, ZERO
    return _known(facts.request.impact_bps), _known(facts.limits.impact_bps_max)


def order_notional(facts: Facts) -> tuple[Number, Number]:
    """Notional of this order alone."""
    return ZERO if facts.reducing else _known(facts.notional), _known(facts.limits.order_notional_max)


def leverage(facts: Facts) -> tuple[Number, Number]:
    """Worst-case gross notional against equity x the leverage limit."""
    if facts.reducing:
        return ZERO, ZERO
    return _known(facts.gross), multiply(_known(facts.equity), _known(facts.limits.leverage_max))


def liquidation_buffer(facts: Facts) -> tuple[Number, Number]:
    """Maintenance margin of the worst case and the buffer on its notional, against what carries it; spot needs none."""
    request, size = facts.request, facts.size
    if request.instrument.maintenance_margin is None or facts.reducing:
        return ZERO, ZERO
    return _buffered(request, size or 0, _known(facts.worst), _known(facts.equity), facts.limits)


def _buffered(
    request: ReviewRequest, size: int, worst: Decimal, equity: Decimal, limits: Limits
) -> tuple[Decimal, Decimal]:
    units = _worst_units(request, size)
    maintenance = _known(request.instrument.maintenance_rate(units))
    needed = add(maintenance, _known(limits.liquidation_buffer_min))
    return multiply(worst, needed), carried(request, equity, units, worst)


def concentration(facts: Facts) -> tuple[Number, Number]:
    """Herfindahl index of worst-case notionals, as sum of squares against the limit x the square of their sum."""
    if facts.reducing:
        return ZERO, ZERO
    worst, gross = _known(facts.worst), _known(facts.gross)
    squares = add(_known(facts.request.squares), multiply(worst, worst))
    return squares, multiply(multiply(gross, gross), _known(facts.limits.concentration_max))


def projected_liquidation(facts: Facts) -> tuple[Number, Number]:
    """What equity must carry for the mark to stand the required share away from liquidation, in the worst case.

    At a share d away, equity - d x notional meets maintenance x (1 -+ d) x notional; spot is never liquidated.
    """
    request = facts.request
    if request.instrument.maintenance_margin is None or facts.reducing:
        return ZERO, ZERO
    return _distant(request, facts.size or 0, _known(facts.worst), _known(facts.equity), facts.limits)


def _distant(
    request: ReviewRequest, size: int, worst: Decimal, equity: Decimal, limits: Limits
) -> tuple[Decimal, Decimal]:
    units = _worst_units(request, size)
    share = share_needed(
        is_long=not may_be_short(request, size),
        maintenance_margin=_known(request.instrument.maintenance_rate(units)),
        distance=_known(limits.liquidation_distance_min),
    )
    return multiply(worst, share), carried(request, equity, units, worst)


def instrument_notional(facts: Facts) -> tuple[Number, Number]:
    """Worst-case notional held in this instrument; without a cap of its own or of all nothing is too much."""
    cap = facts.limits.notional_cap(facts.request.instrument.id)
    if cap is None or facts.reducing:
        return ZERO, ZERO
    return _known(facts.worst), cap


def instrument_share(facts: Facts) -> tuple[Number, Number]:
    """Worst-case notional held in this instrument against its share of equity."""
    if facts.reducing:
        return ZERO, ZERO
    return _known(facts.worst), multiply(_known(facts.equity), _known(facts.limits.instrument_share_max))


def total_exposure(facts: Facts) -> tuple[Number, Number]:
    """Worst-case gross notional of everything against its share of equity."""
    if facts.reducing:
        return ZERO, ZERO
    return _known(facts.gross), multiply(_known(facts.equity), _known(facts.limits.exposure_share_max))


def slippage_guard(facts: Facts) -> tuple[Number, Number]:
    """How far a limit order lies beyond the independent reference price on the paying side, in bps."""
    request = facts.request
    order = request.order
    if order.kind is not LIMIT or order.price is None or facts.reducing:
        return 0, 1
    if request.reference is None:
        raise MissingData
    beyond = (order.price - request.reference) * order.side * 10_000
    return max(beyond, 0), multiply(_known(facts.limits.slippage_bps_max), request.reference)


def var(facts: Facts) -> tuple[Number, Number]:
    """The account's daily VaR with this order and the open ones filled, against its share of equity."""
    if facts.reducing:
        return ZERO, ZERO
    limit = multiply(_known(facts.equity), _known(facts.tail_limits.var_share_max))
    return worst_var(*_tail(facts)), limit


def correlation(facts: Facts) -> tuple[Number, Number]:
    """How far what is held here moves together with everything else that is held."""
    if facts.reducing:
        return ZERO, ZERO
    return worst_correlation(*_tail(facts)), _known(facts.tail_limits.correlation_max)


def rate_here(facts: Facts) -> tuple[Number, Number]:
    """Orders on this instrument within the last minute, this one included; reductions are never held back."""
    orders = 0 if facts.reducing else facts.request.instrument_orders + 1
    return orders, facts.limits.instrument_orders_per_minute_max or 0


def rate_minute(facts: Facts) -> tuple[Number, Number]:
    """Orders of the last minute, this one included; reductions are never held back."""
    return 0 if facts.reducing else facts.request.orders_minute + 1, facts.limits.orders_per_minute_max or 0


def rate_hour(facts: Facts) -> tuple[Number, Number]:
    """Orders of the last hour, this one included; reductions are never held back."""
    return 0 if facts.reducing else facts.request.orders_hour + 1, facts.limits.orders_per_hour_max or 0


def rate_day(facts: Facts) -> tuple[Number, Number]:
    """Orders of the last day, this one included; reductions are never held back."""
    return 0 if facts.reducing else facts.request.orders_day + 1, facts.limits.orders_per_day_max or 0


def order_spacing(facts: Facts) -> tuple[Number, Number]:
    """Seconds that are still missing until the next order may go."""
    waited = facts.request.since_last_order_ns
    if waited is None or facts.reducing:
        return ZERO, ZERO
    needed = _known(facts.limits.seconds_between_orders_min)
    return max(ZERO, subtract(needed, multiply(Decimal(waited), Decimal("1e-9")))), ZERO


CHECKS: tuple[tuple[str, Check, str | None], ...] = (
    ("halted", halted, None),
    ("reduce_only", reduce_only, None),
    ("data_age", data_age, "data_age_ns_max"),
    ("instrument_rules", instrument_rules, None),
    ("funds", funds, None),
    ("impact", impact, "impact_bps_max"),
    ("order_notional", order_notional, "order_notional_max"),
    ("leverage", leverage, "leverage_max"),
    ("liquidation_buffer", liquidation_buffer, "liquidation_buffer_min"),
    ("instrument_notional", instrument_notional, "instrument_notional_max"),
    ("instrument_share", instrument_share, "instrument_share_max"),
    ("total_exposure", total_exposure, "exposure_share_max"),
    ("concentration", concentration, "concentration_max"),
    ("projected_liquidation", projected_liquidation, "liquidation_distance_min"),
    ("slippage_guard", slippage_guard, "slippage_bps_max"),
    ("instrument_orders_per_minute", rate_here, "instrument_orders_per_minute_max"),
    ("orders_per_minute", rate_minute, "orders_per_minute_max"),
    ("orders_per_hour", rate_hour, "orders_per_hour_max"),
    ("orders_per_day", rate_day, "orders_per_day_max"),
    ("order_spacing", order_spacing, "seconds_between_orders_min"),
)


# On only where regimes are told at all.
REGIME_BLOCK = "regime_block"

# On only where tiers or edges are held to.
ENTRY_GATE = "entry_gate"

# Checks that are seldom on; with one of them on, what a reduction of a perpetual needs is told as money.
RARE = frozenset(
    {
        "orders_per_minute",
        "orders_per_hour",
        "orders_per_day",
        "order_spacing",
        "impact",
        "concentration",
        "projected_liquidation",
    }
)

# How many orders there have been, which is asked last.
ORDER_COUNTS = frozenset(
    {"instrument_orders_per_minute", "orders_per_minute", "orders_per_hour", "orders_per_day", "order_spacing"}
)

# On only where they are asked for, since they need fits from outside; they come before the number of orders.
TAIL_CHECKS: tuple[tuple[str, Check, str], ...] = (
    ("var", var, "var_share_max"),
    ("correlation", correlation, "correlation_max"),
)


class Reviewer:
    """The checks that a set of limits switches on, in order; those that are off are named in `off`."""

    __slots__ = (
        "_age_max_ns",
        "_capped",
        "_checks",
        "_factor",
        "_gross_max",
        "_more",
        "_nothing",
        "_rare",
        "_rate",
        "_share_max",
        "_spacing_ns",
        "_tail",
        "limits",
        "off",
        "on",
        "tail",
    )

    def __init__(
        self, limits: Limits, *, regimes: bool = False, tail: TailLimits = NO_TAIL, entries: bool = False
    ) -> None:
        self.limits, self.tail = limits, tail
        checks = [(name, check) for name, check, limit in CHECKS if _is_on(limits, limit)]
        if regimes:
            checks.insert(2, (REGIME_BLOCK, regime_block))  # among the modes, before the numbers
        if entries:
            checks.insert(3 if regimes else 2, (ENTRY_GATE, entry_gate))
        fitted = [(name, check) for name, check, limit in TAIL_CHECKS if getattr(tail, limit) is not None]
        place = next((i for i, (name, _) in enumerate(checks) if name in ORDER_COUNTS), len(checks))
        checks[place:place] = fitted
        self._tail = bool(fitted)
        self._checks = tuple(checks)
        self.on = tuple(name for name, _ in self._checks)
        off = [name for name, _, _ in CHECKS if name not in self.on]
        off += [name for name, _, _ in TAIL_CHECKS if name not in self.on]
        self.off = (*off, *(() if regimes else (REGIME_BLOCK,)), *(() if entries else (ENTRY_GATE,)))
        # Leverage and exposure limit the same sum, and an instrument's share at or above that says nothing more.
        gross = [limit for limit in (limits.leverage_max, limits.exposure_share_max) if limit is not None]
        gross_max = min(gross, default=None)
        self._gross_max = ONE if gross_max == ONE else gross_max  # by far the most usual one is told by identity
        share = limits.instrument_share_max
        self._share_max = (
            None if self._gross_max is not None and share is not None and share >= self._gross_max else share
        )
        self._rare = not RARE.isdisjoint(self.on)
        self._nothing: Number = ZERO if self._rare or entries else 0
        spacing = limits.seconds_between_orders_min
        self._spacing_ns = None if spacing is None else multiply(spacing, NS_PER_SECOND)
        self._age_max_ns = limits.data_age_ns_max
        self._more = self._tail or any(
            limit is not None
            for limit in (limits.order_notional_max, self._share_max, limits.instrument_orders_per_minute_max)
        )
        self._capped = limits.instrument_notional_max is not None or bool(limits.instrument_notional_caps)
        self._more = self._more or self._capped or self._rare
        self._rate, self._factor = ZERO, ONE

    def review(self, request: ReviewRequest) -> Approved | Refused:
        """Return Approved with the main numbers, or Refused with every finding. Never raises."""
        try:
            return self._approve(request) or self.explain(request)
        except Exception:  # noqa: BLE001 - told apart, check by check, in `explain`; an error never approves (K9)
            return self.explain(request)

    def explain(self, request: ReviewRequest) -> Approved | Refused:
        """Return the same answer by running each check on its own: the definition of what `review` decides."""
        numbers: list[Number | None] = []
        findings: list[Finding] = []
        facts: Facts | None = None
        for name, check in self._checks:
            try:
                if facts is None:
                    facts = Facts(request, self.limits, self.tail)
                number, limit = check(facts)
                numbers.append(number)
                if number > limit:
                    findings.append(Finding(name, _reason(name, request) or _text(number), _text(limit)))
            except MissingData:
                numbers.append(None)
                findings.append(Finding(name, "missing", "needed"))
            except Exception as error:  # noqa: BLE001 - an error in a check is a refusal (K9)
                numbers.append(None)
                findings.append(Finding(name, f"error: {type(error).__name__}: {error}", "no error"))
        if findings:
            return Refused(tuple(findings), tuple(numbers))
        assert facts is not None
        worst = (None, None) if facts.reducing else (facts.worst, facts.gross)
        return Approved(*funds(facts), request.equity, *worst)

    def _approve(self, request: ReviewRequest) -> Approved | None:
        """Return Approved if every check passes, None if one does not or a number is missing: all checks in one pass.

        Every order takes this way, so it is written out instead of calling the checks; a property test holds the two
        against each other.
        """
        order, instrument = request.order, request.instrument
        size, price, mark = order.quantity, request.price, request.mark
        equity, exposure = request.equity, request.exposure
        if size is None or price is None or mark is None or equity is None or exposure is None:
            return None
        if (
            (size <= 0 or size % instrument.lot or size < instrument.min_quantity or price <= 0)
            or (order.price is not None and order.price % instrument.tick)
            or (order.stop is not None and (order.stop <= 0 or order.stop % instrument.tick))
        ):
            return None
        sells, held, is_spot = order.side is SELL, request.position, instrument.is_spot
        # `reduces`, and further down the easy case of `_worst_units`, written out like the checks.
        reducing = (
            size <= held - request.open_sells and size <= request.bot_position
            if sells
            else size <= -held - request.open_buys and size <= -request.bot_position
        )
        needed: Number
        free: Number
        if reducing and sells and is_spot and not instrument.min_notional:
            free = request.free_base  # no amount of money is compared with anything
            return Approved(size, free, equity) if size <= free else None
        age_ns, age_max_ns = request.data_age_ns, self._age_max_ns
        if not reducing and age_max_ns is not None and (age_ns is None or age_ns > age_max_ns):
            return None
        notional = multiply(instrument.unit_value, size * price)
        if notional < instrument.min_notional:
            return None
        if is_spot:
            if sells:
                needed, free = size, request.free_base
            else:
                rate = request.taker_rate
                factor = self._factor if rate is self._rate else self._with_fee(rate)
                needed, free = multiply(notional, factor), request.free_cash
            if needed > free:
                return None
        elif not reducing:
            needed, free = margin_needed(request, size, price), request.free_cash
            if needed > free:
                return None
        else:
            needed = free = self._nothing
        if reducing:
            return Approved(needed, free, equity)
        if (
            request.halted is not None
            or request.reduce_only is not None
            or request.locked is not None
            or request.regime is not None
            or request.entry is not None
        ):
            return None
        top = price if price > mark else mark
        units = size if not (held or request.open_buys or request.open_sells) else _worst_units(request, size)
        worst = notional if units == size and top == price else multiply(instrument.unit_value, units * top)
        gross = add(exposure, worst) if exposure else worst
        gross_max = self._gross_max
        if gross_max is not None and gross > (equity if gross_max is ONE else multiply(equity, gross_max)):
            return None
        more = self._more or order.kind is LIMIT or instrument.maintenance_margin is not None
        if more and not self._keeps_more(request, equity, notional, worst, gross):
            return None
        return Approved(needed, free, equity, worst, gross)

    def _keeps_more(
        self, request: ReviewRequest, equity: Decimal, notional: Decimal, worst: Decimal, gross: Decimal
    ) -> bool:
        """Return whether an order that adds risk keeps the limits that are seldom set or hold for some orders only."""
        order, instrument, limits = request.order, request.instrument, self.limits
        if self._tail and not self._keeps_tail(request, equity):
            return False
        if self._rare and not self._keeps_rare(request, equity, worst, gross):
            return False
        orders_max = limits.instrument_orders_per_minute_max
        if orders_max is not None and request.instrument_orders >= orders_max:
            return False
        if self._capped and (cap := limits.notional_cap(instrument.id)) is not None and worst > cap:
            return False
        if (limits.order_notional_max is not None and notional > limits.order_notional_max) or (
            self._share_max is not None and worst > multiply(equity, self._share_max)
        ):
            return False
        if limits.liquidation_buffer_min is not None and instrument.maintenance_margin is not None:
            needed, behind = _buffered(request, order.quantity or 0, worst, equity, limits)
            if needed > behind:
                return False
        if limits.slippage_bps_max is None or order.kind is not LIMIT or order.price is None:
            return True
        reference = request.reference
        if reference is None:
            return False
        return (order.price - reference) * order.side * 10_000 <= limits.slippage_bps_max * reference

    def _keeps_rare(self, request: ReviewRequest, equity: Decimal, worst: Decimal, gross: Decimal) -> bool:
        """Return whether an order that adds risk keeps the limits that are off by default; what is missing does not."""
        limits, order, instrument = self.limits, request.order, request.instrument
        minute, hour, day = limits.orders_per_minute_max, limits.orders_per_hour_max, limits.orders_per_day_max
        if (
            (minute is not None and request.orders_minute >= minute)
            or (hour is not None and request.orders_hour >= hour)
            or (day is not None and request.orders_day >= day)
        ):
            return False
        waited_ns, spacing_ns = request.since_last_order_ns, self._spacing_ns
        if spacing_ns is not None and waited_ns is not None and waited_ns < spacing_ns:
            return False
        bps, bps_max = request.impact_bps, limits.impact_bps_max
        if bps_max is not None and not order.post_only and (bps is None or bps > bps_max):
            return False
        most, squares = limits.concentration_max, request.squares
        if most is not None and (
            squares is None or add(squares, multiply(worst, worst)) > multiply(multiply(gross, gross), most)
        ):
            return False
        if limits.liquidation_distance_min is None or instrument.maintenance_margin is None:
            return True
        needed, behind = _distant(request, order.quantity or 0, worst, equity, limits)
        return needed <= behind

    def _keeps_tail(self, request: ReviewRequest, equity: Decimal) -> bool:
        """Return whether an order that adds risk keeps the limits on VaR and correlation; missing does not."""
        tail, limits, size, price, mark = request.tail, self.tail, request.order.quantity, request.price, request.mark
        if tail is None or size is None or price is None or mark is None:
            return False
        ends = worth_at_ends(request, size, max(price, mark))
        most, alike = limits.var_share_max, limits.correlation_max
        return (most is None or worst_var(tail, ends) <= multiply(equity, most)) and (
            alike is None or worst_correlation(tail, ends) <= alike
        )

    def _with_fee(self, rate: Decimal) -> Decimal:
        """Return 1 + rate, and keep it while the rate is the same."""
        self._rate, self._factor = rate, add(ONE, rate)
        return self._factor


def _reason(name: str, request: ReviewRequest) -> str | None:
    """Return the words behind a mode or a lock, which say more than the number 1."""
    if name == "halted":
        return request.halted
    if name == REGIME_BLOCK:
        return request.regime
    if name == ENTRY_GATE:
        return request.entry
    if name == "instrument_orders_per_minute" and request.instrument_wait_ns is not None:
        return f"{request.instrument_orders + 1}, the next in {request.instrument_wait_ns / 1e9:.1f} s"
    return (request.reduce_only or request.locked) if name == "reduce_only" else None


def _is_on(limits: Limits, limit: str | None) -> bool:
    if limit == "instrument_notional_max" and limits.instrument_notional_caps:
        return True
    return limit is None or getattr(limits, limit) is not None


def _text(number: Number) -> str:
    return plain(number) if isinstance(number, Decimal) else str(number)
