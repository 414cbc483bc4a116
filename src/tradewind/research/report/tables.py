"""The tables of the page: where profit came from, the trades, and why something was not done."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from tradewind.engine.check_words import MODES
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.views import RoundTrip
from tradewind.model.decisions import Refused
from tradewind.research.breakdown import GroupRow
from tradewind.research.metrics import Metrics
from tradewind.research.ranges import FillRange
from tradewind.research.report.figures import Figure
from tradewind.research.report.formats import (
    DASH,
    amount,
    apart,
    exact,
    minute,
    number,
    percent,
    signed,
    signed_percent,
    tone,
    words,
)

MEANINGS = {
    "warming_up": "indicators were not defined yet",
    "no_signal": "the strategy wanted nothing",
    "at_target": "the position was already what the strategy wants",
    "plan_works": "a plan was leading to what the strategy wants",
    "refused": "risk refused, and nothing had changed since",
    "data_gap": "after a gap in the data indicators start again",
    "paused": "the bot was paused",
    "closing": "a time stop or an operator was closing the position",
    "no_mark": "no price was known",
    "strategy_failed": "the strategy raised an error and was stopped",
    "waiting": "orders of the bot were still under way",
}


Row = tuple[Figure | str, ...]


class Table(msgspec.Struct, frozen=True):
    """Columns and rows as text; the first column is left-aligned, the others are numbers unless in `plain`."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    empty: str = "none"
    folded: bool = False
    words: tuple[int, ...] = (0,)


PROFIT_COLUMNS = (
    "Trades", "Win rate", "Profit factor", "Expectancy", "Realised", "Unrealised", "Fees", "Funding", "Net", "Fills",
    "Volume",
)  # fmt: skip


def profit_tables(metrics: Metrics) -> list[Table]:
    """Return profit by instrument, strategy, bot and exit reason, and the positions still open."""
    held = {row.instrument: signed_percent(row.total_return) for row in metrics.buy_and_hold}
    instruments = tuple((*_profit(row), held.get(row.name, DASH)) for row in metrics.by_instrument)
    return [
        _profit_table("instruments", "By instrument", ("Instrument", *PROFIT_COLUMNS, "Buy and hold"), instruments),
        _profit_table(
            "strategies", "By strategy", ("Strategy", *PROFIT_COLUMNS), tuple(map(_profit, metrics.by_strategy))
        ),
        _profit_table("bots", "By bot", ("Bot", *PROFIT_COLUMNS), tuple(map(_profit, metrics.by_bot))),
        exit_table(metrics),
        open_table(metrics),
    ]


def _profit_table(name: str, title: str, heads: tuple[str, ...], rows: tuple[Row, ...]) -> Table:
    return Table(name, title, heads, rows, folded=len(rows) > 30, empty="no position was taken")


def _profit(row: GroupRow) -> Row:
    return (
        row.name, f"{row.trades:,}", percent(row.win_rate, 1), number(row.profit_factor), signed(row.expectancy),
        signed(row.realised), signed(row.unrealised), amount(row.fees), signed(row.funding), result(row.net),
        f"{row.fills:,}", amount(row.volume),
    )  # fmt: skip


def exit_table(metrics: Metrics) -> Table:
    """Return the closed trades by how they were left."""
    rows = tuple(
        (
            words(row.name), f"{row.trades:,}", percent(row.win_rate, 1), number(row.profit_factor),
            signed(row.expectancy), result(row.net), number(row.days_held),
        )
        for row in metrics.by_exit_reason
    )  # fmt: skip
    heads = ("Exit", "Trades", "Win rate", "Profit factor", "Expectancy", "Net", "Days held")
    return Table("exits", "By exit reason", heads, rows, empty="no round trip was closed")


def open_table(metrics: Metrics) -> Table:
    """Return the positions at the end."""
    rows = tuple(
        (
            row.instrument, row.bot, row.direction, exact(row.quantity), exact(row.average_price), exact(row.mark),
            result(row.unrealised), since(row.since_ns),
        )
        for row in metrics.open_positions
    )  # fmt: skip
    heads = ("Instrument", "Bot", "Direction", "Quantity", "Average price", "Mark", "Unrealised", "Since")
    note = "Valued at the last mark; not counted as trades."
    return Table("open", "Open at the end", heads, rows, note, "no position was open", words=(0, 1, 2, 7))


def trade_table(trips: Sequence[RoundTrip], most: int = 10) -> Table:
    """Return the best and the worst trades."""
    ranked = sorted(trips, key=lambda trip: trip.gained)
    chosen = ranked if len(ranked) <= 2 * most else [*ranked[:most], *ranked[-most:]]
    rows = tuple(
        (
            trip.instrument, trip.bot, trip.direction, since(trip.entry_ns), minute(trip.exit_ns), exact(trip.quantity),
            exact(trip.entry_price), exact(trip.exit_price), amount(trip.fees), result(trip.gained), words(trip.reason),
        )
        for trip in reversed(chosen)
    )  # fmt: skip
    heads = ("Instrument", "Bot", "Direction", "Entry", "Exit", "Quantity", "In at", "Out at", "Fees", "Net", "Left by")
    title = "Trades" if len(chosen) == len(trips) else f"The {most} best and {most} worst trades"
    note = "" if len(chosen) == len(trips) else "All of them are in trades.csv."
    return Table("trades", title, heads, rows, note, "no round trip was closed", words=(0, 1, 2, 3, 4, 10))


def refusal_table(model: ReadModel) -> Table:
    """Return what risk refused, by check, with the first number that it was about."""
    examples: dict[str, str] = {}
    bots: dict[str, set[str]] = {}
    for each in model.decisions:
        for finding in each.outcome.findings if isinstance(each.outcome, Refused) else ():
            numbers = apart(finding.number, finding.limit)
            examples.setdefault(finding.check, numbers[0] if finding.check in MODES else " against ".join(numbers))
            bots.setdefault(finding.check, set()).add(each.bot)
    rows = tuple(
        (words(check), f"{count:,}", _some(bots[check]), examples[check])
        for check, count in model.refusals.most_common()
    )
    heads = ("Check", "Times", "Bots", "First time: value against limit")
    note = "A wish that is repeated and refused for the same reason is noted once."
    return Table("refusals", "Refused by risk", heads, rows, note, "nothing was refused", words=(0, 2, 3))


def ended_table(model: ReadModel) -> Table:
    """Return the orders that the venue rejected or that were canceled, by reason."""
    ended = Counter((row.status, row.reason) for row in model.orders.values() if row.status in ("rejected", "canceled"))
    rows = tuple((words(reason) or DASH, status, f"{count:,}") for (status, reason), count in ended.most_common())
    heads = ("Reason", "Status", "Orders")
    return Table("ended", "Rejected and canceled orders", heads, rows, empty="there were none", words=(0, 1))


def quiet_table(model: ReadModel) -> Table:
    """Return why nothing was ordered: events by reason."""
    events: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    bots: dict[str, set[str]] = {}
    for each in model.quiet:
        events[each.reason] += each.last - each.first + 1
        runs[each.reason] += 1
        bots.setdefault(each.reason, set()).add(each.bot)
    whole = sum(events.values())
    rows = tuple(
        (
            words(reason), MEANINGS.get(reason, ""), f"{count:,}", percent(count / whole, 1), f"{runs[reason]:,}",
            str(len(bots[reason])),
        )
        for reason, count in events.most_common()
    )  # fmt: skip
    heads = ("Reason", "Meaning", "Events", "Share", "Runs", "Bots")
    note = "Events of the run at which a bot ordered nothing in an instrument, by the reason noted."
    return Table("quiet", "Why quiet", heads, rows, note, "no quiet run was noted", words=(0, 1))


def range_table(ranges: FillRange) -> Table:
    """Return the headline under the three fill models."""
    rows = tuple(
        (
            each.fills_model, result(each.net_profit), signed_percent(each.total_return), signed_percent(each.cagr),
            number(each.sharpe), percent(each.max_drawdown), number(each.profit_factor), percent(each.win_rate, 1),
            f"{each.trades:,}", amount(each.fees),
        )
        for each in ranges.rows
    )  # fmt: skip
    heads = (
        "Fills",
        "Net profit",
        "Total return",
        "CAGR",
        "Sharpe",
        "Max drawdown",
        "Profit factor",
        "Win rate",
        "Trades",
        "Fees",
    )
    note = (
        "Optimistic: limits fill when touched, no spread or slippage. Pessimistic: twice the half spread, at least "
        "5 bps of slippage, at most a tenth of a bar's volume."
    )
    return Table("range", "How much hangs on the fills", heads, rows, note)


def result(value: Decimal | None) -> Figure:
    """Return an amount coloured by its sign."""
    return Figure("", signed(value), tone(value))


def since(ts_ns: int) -> str:
    """Return when a position began; one that was adopted has no time."""
    return minute(ts_ns) if ts_ns else "before the start"


def _some(names: set[str], most: int = 4) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:most]) + (f" and {len(ordered) - most} more" if len(ordered) > most else "")
