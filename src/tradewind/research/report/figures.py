"""The figures of a run as text: the headline, all of them in groups, and returns by month."""

from collections import Counter

import msgspec

from tradewind.engine.readmodel import ReadModel
from tradewind.model.money import add
from tradewind.numeric.evaluation import monthly_returns
from tradewind.research.curve import DAY_NS, DailyEquity
from tradewind.research.metrics import Metrics
from tradewind.research.report.formats import (
    DASH,
    amount,
    day,
    number,
    percent,
    signed,
    signed_percent,
    tone,
    words,
)

FLAGS = {
    "NO_TRADES": "No round trip was closed: figures over trades are not defined.",
    "NO_LOSING_TRADE": "No trade lost: the profit factor is not defined.",
    "WIPED_OUT": "The account was wiped out; ratios end there.",
    "DERIVED_INCREMENTS": (
        "Price and size increments were derived from the data, not stated by the venue: fills may be finer or coarser "
        "than it would allow."
    ),
}
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Figure(msgspec.Struct, frozen=True):
    """A name, its value as text, and the tone it is shown in."""

    name: str
    value: str
    tone: str = ""
    hint: str = ""


def headline(metrics: Metrics) -> list[Figure]:
    """Return the few figures a trader looks at first."""
    m = metrics
    held = [row.total_return for row in m.buy_and_hold]
    return [
        Figure("Net profit", signed(m.net_profit), tone(m.net_profit), f"{m.currency}, of {amount(m.opening_equity)}"),
        Figure("Total return", signed_percent(m.total_return), tone(m.total_return), f"{number(m.days, 0)} days"),
        Figure(
            "Buy and hold",
            signed_percent(sum(held) / len(held)),
            "",
            "without costs" if len(held) == 1 else "equal parts, without costs",
        ),
        Figure("CAGR", signed_percent(m.cagr), tone(m.cagr), f"volatility {percent(m.volatility, 1)}"),
        Figure("Sharpe", number(m.sharpe), tone(m.sharpe), f"Sortino {number(m.sortino)}"),
        Figure("Max drawdown", percent(m.max_drawdown), "loss" if m.max_drawdown else "", f"Calmar {number(m.calmar)}"),
        Figure("Profit factor", number(m.profit_factor), "", f"expectancy {signed(m.expectancy)}"),
        Figure("Win rate", percent(m.win_rate, 1), "", f"{m.winners} of {m.trades} trades"),
        Figure("Trades", f"{m.trades:,}", "", f"{m.open_trades} open at the end"),
        Figure("Fees", amount(m.fees), "", f"profit before them {signed(add(m.net_profit, m.fees))}"),
    ]


def figures(metrics: Metrics) -> list[tuple[str, list[Figure]]]:
    """Return all figures in groups."""
    m = metrics
    return [
        ("Return", [
            Figure("Opening equity", f"{amount(m.opening_equity)} {m.currency}"),
            Figure("Final equity", f"{amount(m.equity)} {m.currency}"),
            Figure("Net deposits", amount(m.transfers)),
            Figure("Net profit", signed(m.net_profit), tone(m.net_profit)),
            Figure("of it unrealised", signed(m.unrealised), tone(m.unrealised)),
            Figure("Total return", signed_percent(m.total_return), tone(m.total_return)),
            Figure("CAGR", signed_percent(m.cagr), tone(m.cagr)),
            Figure("Best day", f"{signed_percent(m.best_day)} ({day(m.best_day_ns)})"),
            Figure("Worst day", f"{signed_percent(m.worst_day)} ({day(m.worst_day_ns)})"),
        ]),
        ("Risk", [
            Figure("Volatility", percent(m.volatility)),
            Figure("Sharpe ratio", number(m.sharpe)),
            Figure("Sharpe, Lo's correction", number(m.sharpe_autocorrelated)),
            Figure("Sortino ratio", number(m.sortino)),
            Figure("Calmar ratio", number(m.calmar)),
            Figure("Max drawdown", percent(m.max_drawdown)),
            Figure("its peak", day(m.max_drawdown_peak_ns)),
            Figure("its trough", day(m.max_drawdown_trough_ns)),
            Figure("its recovery", day(m.max_drawdown_recovery_ns) if m.max_drawdown_recovery_ns else "not yet"
                   if m.max_drawdown else DASH),
            Figure("Longest under water", f"{number(m.time_under_water_days, 1)} days"),
            Figure("Time under water", percent(m.time_under_water_share, 1)),
        ]),
        ("Trades", [
            Figure("Closed round trips", f"{m.trades:,}"),
            Figure("Open at the end", f"{m.open_trades:,}"),
            Figure("Win rate", percent(m.win_rate, 1)),
            Figure("Profit factor", number(m.profit_factor)),
            Figure("Expectancy", signed(m.expectancy), tone(m.expectancy)),
            Figure("SQN", number(m.sqn)),
            Figure("Average win", signed(m.average_win)),
            Figure("Average loss", signed(m.average_loss)),
            Figure("Best trade", signed(m.best_trade)),
            Figure("Worst trade", signed(m.worst_trade)),
            Figure("Average time held", f"{number(m.average_days_held)} days"),
        ]),
        ("Activity and costs", [
            Figure("Orders, fills", f"{m.orders:,}, {m.fills:,}"),
            Figure("Refused, rejected", f"{m.refusals:,}, {m.rejections:,}"),
            Figure("Time in the market", percent(m.exposure, 1)),
            Figure("Turnover a year", f"{number(m.turnover_per_year, 1)} x equity"),
            Figure("Volume", f"{amount(m.volume)} {m.currency}"),
            Figure("Fees", f"{amount(m.fees)} ({number(m.fees_bps, 1)} bps)"),
            Figure("Slippage", f"{amount(m.slippage)} ({number(m.slippage_bps, 2)} bps)"),
            Figure("Funding received", signed(m.funding), tone(m.funding)),
            Figure("Maker: volume, fills",
                   f"{percent(m.maker_ratio_notional, 1)}, {percent(m.maker_ratio_count, 1)}"),
        ]),
    ]  # fmt: skip


def warnings(metrics: Metrics, model: ReadModel) -> list[str]:
    """Return what a reader must know before the figures; a run without a trade says why."""
    out = [FLAGS.get(flag, flag) for flag in metrics.flags]
    if metrics.trades == 0 and metrics.open_trades == 0:
        quiet = Counter[str]()
        for run in model.quiet:
            quiet[run.reason] += run.last - run.first + 1
        for reason, events in quiet.most_common(1):
            share = percent(events / quiet.total(), 1)
            out.append(f"Nothing was bought or sold; most often noted ({share} of the events): {words(reason)}.")
        for check, count in model.refusals.most_common(1):
            out.append(f"Risk refused {metrics.refusals:,} wishes, {count:,} of them by the check: {words(check)}.")
    return out


class MonthRow(msgspec.Struct, frozen=True):
    """A year of monthly returns: (text, tone, strength 0-1) per month, and the year's own."""

    year: int
    months: tuple[tuple[str, str, float], ...]
    year_return: tuple[str, str, float]


def month_rows(by_day: DailyEquity) -> list[MonthRow]:
    """Return compounded returns by UTC month, with the strength of their shade relative to the largest."""
    stamps = [_calendar(int(each)) for each in by_day.day[1 : len(by_day.returns) + 1]]
    monthly = monthly_returns(stamps, by_day.returns)
    yearly = monthly_returns([(year, 0) for year, _ in stamps], by_day.returns)
    largest = max((abs(value) for value in monthly.values()), default=0.0) or 1.0

    def cell(value: float | None) -> tuple[str, str, float]:
        if value is None:
            return "", "", 0.0
        return signed_percent(value, 1), tone(value), round(min(1.0, abs(value) / largest), 3)

    return [
        MonthRow(
            year, tuple(cell(monthly.get((year, month))) for month in range(1, 13)), cell(yearly[year, 0])
        )
        for year in sorted({year for year, _ in monthly})
    ]  # fmt: skip


def _calendar(day_number: int) -> tuple[int, int]:
    text = day(day_number * DAY_NS)
    return int(text[:4]), int(text[5:7])
