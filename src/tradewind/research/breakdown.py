"""The profit of a run by instrument, bot, strategy and exit reason, in the account's currency.

Every (bot, instrument) has a book in the ledger; its parts are added up under a name. Amounts in another quote currency
are converted at the last mark of the instrument named for it.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

import msgspec

from tradewind.engine.readmodel import ReadModel
from tradewind.engine.views import RoundTrip
from tradewind.model.money import ONE, ZERO, add, multiply, subtract
from tradewind.numeric.equity_path import trade_statistics
from tradewind.portfolio.ledger import BotBook, Line
from tradewind.research.backtest import BacktestResult
from tradewind.strategy.base import Strategy
from tradewind.strategy.registry import BUILTIN


class GroupRow(msgspec.Struct, frozen=True):
    """What one instrument, bot, strategy or exit reason brought. `net` = realised + unrealised - fees + funding.

    `closed` is the net result of the closed round trips alone; the rest of `net` is in open positions.
    """

    name: str
    trades: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: Decimal | None
    closed: Decimal
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    funding: Decimal
    net: Decimal
    fills: int
    volume: Decimal


class ExitRow(msgspec.Struct, frozen=True):
    """The closed round trips that left for one reason."""

    name: str
    trades: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: Decimal | None
    net: Decimal
    days_held: float | None


class OpenRow(msgspec.Struct, frozen=True):
    """A position at the end: marked and counted apart, not closed."""

    bot: str
    strategy: str
    instrument: str
    direction: str
    since_ns: int
    quantity: Decimal
    average_price: Decimal
    mark: Decimal | None
    unrealised: Decimal | None


class Breakdown(msgspec.Struct, frozen=True):
    """The tables of a report."""

    by_instrument: tuple[GroupRow, ...]
    by_strategy: tuple[GroupRow, ...]
    by_bot: tuple[GroupRow, ...]
    by_exit_reason: tuple[ExitRow, ...]
    open_positions: tuple[OpenRow, ...]


Cell = tuple[str, Line, BotBook]
DAY_NS = 86_400_000_000_000


def read_model(result: BacktestResult) -> ReadModel:
    """Return the run's records folded into rows."""
    config = result.config
    names = {bot.id: strategy_name(bot.strategy) for bot in config.bots}
    model = ReadModel(config.instruments, strategies=names, checks=result.checks_on, held=config.held)
    model.take(result.audit)
    return model


def strategy_name(strategy: Strategy) -> str:
    """Return the name a strategy is registered under, else its class's."""
    kind = type(strategy)
    return next((name for name, known in BUILTIN.items() if known is kind), kind.__name__)


def break_down(result: BacktestResult, model: ReadModel) -> Breakdown:
    """Return the run's profit by instrument, strategy, bot and exit reason, and what is still open."""
    rates = quote_rates(result)
    cells: list[Cell] = [
        (bot, line, book) for line in result.state.ledger.lines.values() for bot, book in sorted(line.books.items())
    ]
    marks = {name: market.mark for name, market in result.state.markets.items() if market.mark is not None}
    volume: dict[tuple[str, str], Decimal] = {}
    for fill in model.fills:
        key = (fill.bot, fill.instrument)
        volume[key] = add(volume.get(key, ZERO), fill.notional)
    trips = list(model.trips)

    def table(name_of: Callable[[str, str], str]) -> tuple[GroupRow, ...]:
        groups: dict[str, list[Cell]] = {}
        for cell in cells:
            groups.setdefault(name_of(cell[0], cell[1].instrument.id), []).append(cell)
        closed: dict[str, list[RoundTrip]] = {}
        for trip in trips:
            closed.setdefault(name_of(trip.bot, trip.instrument), []).append(trip)
        return tuple(
            _group(name, members, closed.get(name, []), rates, marks, volume)
            for name, members in sorted(groups.items())
        )

    strategies = {bot.id: strategy_name(bot.strategy) for bot in result.config.bots}
    return Breakdown(
        table(lambda _, instrument: instrument),
        table(lambda bot, _: strategies.get(bot, bot)),
        table(lambda bot, _: bot),
        tuple(_exits(trips, rates)),
        tuple(
            OpenRow(
                each.bot, each.strategy, each.instrument, each.direction, each.since_ns, each.quantity,
                each.average_price, each.mark, each.unrealised,
            )
            for each in model.positions(marks)
        ),
    )  # fmt: skip


def quote_rates(result: BacktestResult) -> dict[str, Decimal]:
    """Return, per instrument, what one unit of its quote currency is worth in the account's at the end (no rate: 1)."""
    config = result.config
    rates = {}
    for instrument in config.instruments:
        through = config.conversions.get(instrument.quote)
        market = result.state.markets.get(through) if through is not None else None
        known = instrument.quote != config.currency and market is not None and market.mark is not None
        rates[instrument.id] = market.instrument.price_decimal(market.mark) if known else ONE  # type: ignore[union-attr,arg-type]
    return rates


def _group(
    name: str,
    cells: Iterable[Cell],
    trips: Sequence[RoundTrip],
    rates: dict[str, Decimal],
    marks: dict[str, int],
    volume: dict[tuple[str, str], Decimal],
) -> GroupRow:
    realised = unrealised = fees = funding = traded = ZERO
    fills = 0
    for bot, line, book in cells:
        instrument = line.instrument.id
        rate = rates[instrument]
        mark = marks.get(instrument)
        if mark is not None and book.position.quantity:
            open_profit = book.position.unrealised(multiply(line.unit_value, mark))
            unrealised = add(unrealised, multiply(open_profit, rate))
        realised = add(realised, multiply(book.position.realised, rate))
        fees = add(fees, multiply(book.fees, rate))
        funding = add(funding, multiply(book.funding, rate))
        traded = add(traded, multiply(volume.get((bot, instrument), ZERO), rate))
        fills += book.fills
    gained = [multiply(trip.gained, rates[trip.instrument]) for trip in trips]
    statistics = trade_statistics(gained)
    net = subtract(add(add(realised, unrealised), funding), fees)
    return GroupRow(
        name, len(trips), statistics.win_rate, statistics.profit_factor, statistics.expectancy, total(gained),
        realised, unrealised, fees, funding, net, fills, traded,
    )  # fmt: skip


def _exits(trips: Iterable[RoundTrip], rates: dict[str, Decimal]) -> Iterable[ExitRow]:
    groups: dict[str, list[RoundTrip]] = {}
    for trip in trips:
        groups.setdefault(trip.reason, []).append(trip)
    for name, members in sorted(groups.items()):
        gained = [multiply(trip.gained, rates[trip.instrument]) for trip in members]
        statistics = trade_statistics(gained)
        held = [trip.exit_ns - trip.entry_ns for trip in members if trip.entry_ns]
        yield ExitRow(
            name,
            len(members),
            statistics.win_rate,
            statistics.profit_factor,
            statistics.expectancy,
            total(gained),
            sum(held) / len(held) / DAY_NS if held else None,
        )


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of the amounts."""
    out = ZERO
    for amount in amounts:
        out = add(out, amount)
    return out
