"""What a run earned, risked and cost, in the words traders use (METHODS 5).

Ratios are floats or None (undefined is None, never infinity, and a flag says why); money is exact. Returns are those of
whole UTC days, a year has 365 of them; drawdowns are taken at every bar close. Positions that are open at the end are
in equity at their marks, and counted apart from the closed trades.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np

from tradewind.engine.readmodel import ReadModel
from tradewind.engine.resolved import named_model
from tradewind.engine.views import FillRow, PlacementRow, RoundTrip
from tradewind.model.decisions import Refused
from tradewind.model.money import ZERO, add, multiply, plain, ratio, subtract
from tradewind.numeric import evaluation
from tradewind.numeric.equity_path import MaxDrawdown, max_drawdown, sqn, time_under_water, trade_statistics
from tradewind.research.backtest import BacktestResult
from tradewind.research.breakdown import ExitRow, GroupRow, OpenRow, break_down, quote_rates, read_model, total
from tradewind.research.curve import DAY_NS, EquityCurve, FloatArray, daily, equity_curve
from tradewind.research.series import BarSeries

YEAR_NS = 365 * DAY_NS
BPS = 10_000


class HoldRow(msgspec.Struct, frozen=True):
    """Buying an instrument at the first open and holding it to the last close, without costs."""

    instrument: str
    total_return: float
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    max_drawdown: float


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run. Shares and ratios are fractions (0.1 is 10 %); times are UTC nanoseconds.

    `profit_factor` is None without a losing trade, and `flags` says so; `exposure` is the share of bar closes with a
    position; `turnover` is one-way, in multiples of equity; `slippage_bps` compares fills with the mark at the decision
    (protective orders left out), positive is a cost; `sqn` takes a trade's result over what it entered with.
    """

    currency: str
    start_ns: int
    end_ns: int
    days: float
    bars: int
    opening_equity: Decimal
    equity: Decimal
    transfers: Decimal
    net_profit: Decimal
    total_return: float | None
    cagr: float | None
    volatility: float | None
    sharpe: float | None
    sharpe_autocorrelated: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float | None
    max_drawdown_peak_ns: int | None
    max_drawdown_trough_ns: int | None
    max_drawdown_recovery_ns: int | None
    time_under_water_days: float | None
    time_under_water_share: float
    best_day: float | None
    best_day_ns: int | None
    worst_day: float | None
    worst_day_ns: int | None
    trades: int
    winners: int
    losers: int
    win_rate: float | None
    profit_factor: float | None
    expectancy: Decimal | None
    sqn: float | None
    average_win: Decimal | None
    average_loss: Decimal | None
    best_trade: Decimal | None
    worst_trade: Decimal | None
    average_days_held: float | None
    open_trades: int
    unrealised: Decimal
    exposure: float
    turnover: float
    turnover_per_year: float | None
    orders: int
    fills: int
    refusals: int
    rejections: int
    volume: Decimal
    fees: Decimal
    fees_bps: float | None
    funding: Decimal
    slippage: Decimal
    slippage_bps: float | None
    maker_ratio_notional: float | None
    maker_ratio_count: float | None
    buy_and_hold: tuple[HoldRow, ...]
    by_instrument: tuple[GroupRow, ...]
    by_strategy: tuple[GroupRow, ...]
    by_bot: tuple[GroupRow, ...]
    by_exit_reason: tuple[ExitRow, ...]
    open_positions: tuple[OpenRow, ...]
    flags: tuple[str, ...]
    placements: tuple[PlacementRow, ...] = ()


def compute_metrics(
    result: BacktestResult,
    series: Sequence[BarSeries],
    *,
    curve: EquityCurve | None = None,
    model: ReadModel | None = None,
) -> Metrics:
    """Return the figures of a run over the bars it ran on; `curve` and `model` spare their making when at hand.

    Raises  DataError when the run kept no records or something it held has no bars.
    """
    curve = curve if curve is not None else equity_curve(result, series)
    model = model if model is not None else read_model(result)
    tables = break_down(result, model)
    figures: dict[str, object] = {
        **_returns(curve),
        **_falls(curve),
        **_trades(result, model),
        **_costs(result, model, curve),
        **msgspec.structs.asdict(tables),
    }
    transfers = total(purse.transfers for purse in result.state.ledger.purses.values())
    flags = [str(figures.pop("trade_flag"))] if figures["trade_flag"] else []
    figures.pop("trade_flag", None)
    if (curve.performance <= 0).any():
        flags.append("WIPED_OUT")
    if any(instrument.derived for instrument in result.config.instruments):
        flags.append("DERIVED_INCREMENTS")
    return Metrics(
        currency=result.config.currency,
        start_ns=curve.opening_ns,
        end_ns=int(curve.ts_ns[-1]),
        days=(int(curve.ts_ns[-1]) - curve.opening_ns) / DAY_NS,
        bars=sum(len(each) for each in series),
        opening_equity=curve.opening,
        equity=curve.last,
        transfers=transfers,
        net_profit=subtract(subtract(curve.last, curve.opening), transfers),
        buy_and_hold=tuple(map(hold, sorted(series, key=lambda each: each.instrument.id))),
        open_trades=len(tables.open_positions),
        unrealised=total(row.unrealised for row in tables.by_instrument),
        flags=tuple(flags),
        **figures,  # type: ignore[arg-type]  # each part names its fields
    )


def plain_values(value: object) -> object:
    """Return any value of a report as plain JSON-able ones: structs as objects, money as its one canonical text."""
    built = msgspec.to_builtins(value, builtin_types=(Decimal,), str_keys=True, enc_hook=named_model)
    return _texts(built)


def _texts(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(each) for each in value]
    return value


def hold(series: BarSeries) -> HoldRow:
    """Return what holding the instrument from the first open to the last close would have brought, costs apart."""
    closes = series.open_ns + series.span_ns
    opening = int(series.open[0])
    path = series.close / opening
    days = (closes - 1) // DAY_NS
    last_of_day = np.concatenate([np.flatnonzero(np.diff(days)), [len(days) - 1]])
    # A day without bars keeps its price: its return is 0.
    line = np.arange(int(days[0]), int(days[-1]) + 1)
    filled = path[last_of_day][np.searchsorted(days[last_of_day], line, "right") - 1]
    returns = evaluation.simple_returns(np.concatenate([[1.0], filled]))
    years = (int(closes[-1]) - int(series.open_ns[0])) / YEAR_NS
    return HoldRow(
        series.instrument.id,
        float(path[-1]) - 1,
        evaluation.cagr(1.0, float(path[-1]), years),
        evaluation.volatility(returns),
        evaluation.sharpe(returns).sharpe,
        deepest(np.concatenate([[1.0], path])).drawdown,
    )


def _returns(curve: EquityCurve) -> dict[str, object]:
    by_day = daily(curve)
    returns = by_day.returns
    start, end = float(curve.opening), float(curve.performance[-1])
    years = (int(curve.ts_ns[-1]) - curve.opening_ns) / YEAR_NS
    extremes = evaluation.best_and_worst(returns)
    positive = start > 0
    growth = evaluation.cagr(start, end, years) if positive else None
    fall = float(curve.drawdown.max()) if positive else None
    return {
        "total_return": end / start - 1 if positive else None,
        "cagr": growth,
        "volatility": evaluation.volatility(returns),
        "sharpe": evaluation.sharpe(returns).sharpe,
        "sharpe_autocorrelated": evaluation.sharpe_autocorrelated(returns),
        "sortino": evaluation.sortino(returns).sortino,
        "calmar": evaluation.calmar(growth, fall) if growth is not None and fall is not None else None,
        "best_day": extremes.best if extremes else None,
        "best_day_ns": int(by_day.day[1:][np.argmax(returns)]) * DAY_NS if extremes else None,
        "worst_day": extremes.worst if extremes else None,
        "worst_day_ns": int(by_day.day[1:][np.argmin(returns)]) * DAY_NS if extremes else None,
    }


def _falls(curve: EquityCurve) -> dict[str, object]:
    """Return the deepest and the longest fall at bar closes; index 0 is the opening."""
    times = [curve.opening_ns, *curve.ts_ns.tolist()]
    path = np.concatenate([[float(curve.opening)], curve.performance])
    fields = ("max_drawdown_peak_ns", "max_drawdown_trough_ns", "max_drawdown_recovery_ns")
    below = float((curve.drawdown > 0).mean())
    if path[0] <= 0:
        return {"max_drawdown": None, **dict.fromkeys(fields), "time_under_water_days": None,
                "time_under_water_share": below}  # fmt: skip
    fall = deepest(path)
    found = (fall.peak_index, fall.trough_index, fall.recovery_index)
    longest = time_under_water(path.tolist())
    end = times[-1] if longest.end_index is None else times[longest.end_index]
    return {
        "max_drawdown": fall.drawdown,
        **{
            name: None if at is None or not fall.drawdown else times[at] for name, at in zip(fields, found, strict=True)
        },
        "time_under_water_days": (end - times[longest.start_index]) / DAY_NS,
        "time_under_water_share": below,
    }


def deepest(path: FloatArray) -> MaxDrawdown:
    """Return `max_drawdown` of a long path, quickly: exact arithmetic only where floats cannot tell which is deeper."""
    highest = np.maximum.accumulate(path)
    depth = 1 - path / highest
    risen = np.concatenate([[True], path[1:] > highest[:-1]])
    peaks = np.maximum.accumulate(np.where(risen, np.arange(len(path)), 0))
    near = np.flatnonzero(depth >= depth.max() * (1 - 1e-9))
    rows = np.unique(np.concatenate([[0], peaks[near], near]))
    found = max_drawdown(path[rows].tolist())
    peak, trough = int(rows[found.peak_index]), int(rows[found.trough_index])
    back = np.flatnonzero(path[trough:] >= path[peak])
    return MaxDrawdown(found.drawdown, peak, trough, trough + int(back[0]) if len(back) else None)


def _trades(result: BacktestResult, model: ReadModel) -> dict[str, object]:
    rates = quote_rates(result)
    trips: list[RoundTrip] = list(model.trips)
    gained = [multiply(trip.gained, rates[trip.instrument]) for trip in trips]
    won, lost = [each for each in gained if each > 0], [each for each in gained if each <= 0]
    statistics = trade_statistics(gained)
    sizes = {each.id: each.contract_size for each in result.config.instruments}
    multiples = [
        float(trip.gained) / (float(trip.entry_price) * float(trip.quantity) * float(sizes[trip.instrument]))
        for trip in trips
    ]
    held = [trip.exit_ns - trip.entry_ns for trip in trips if trip.entry_ns]
    return {
        "trades": len(trips),
        "winners": len(won),
        "losers": len(lost),
        "win_rate": statistics.win_rate,
        "profit_factor": statistics.profit_factor,
        "expectancy": statistics.expectancy,
        "sqn": sqn(multiples).sqn,
        "average_win": ratio(total(won), Decimal(len(won))) if won else None,
        "average_loss": ratio(total(lost), Decimal(len(lost))) if lost else None,
        "best_trade": max(gained, default=None),
        "worst_trade": min(gained, default=None),
        "average_days_held": sum(held) / len(held) / DAY_NS if held else None,
        "trade_flag": statistics.flag,
    }


def _costs(result: BacktestResult, model: ReadModel, curve: EquityCurve) -> dict[str, object]:
    rates = quote_rates(result)
    fills: list[FillRow] = list(model.fills)
    notionals = [multiply(fill.notional, rates[fill.instrument]) for fill in fills]
    volume = total(notionals)
    fees = total(multiply(fill.fee, rates[fill.instrument]) for fill in fills)
    funding = total(multiply(paid.amount, rates[paid.instrument]) for paid in model.funding)
    made = total(amount for fill, amount in zip(fills, notionals, strict=True) if fill.liquidity == "maker")
    ids = {fill.fill_id for fill in fills}
    made_ids = {fill.fill_id for fill in fills if fill.liquidity == "maker"}
    slipped, reference = slippage(result, model)
    turned = _turnover(fills, notionals, curve)
    years = (int(curve.ts_ns[-1]) - curve.opening_ns) / YEAR_NS
    return {
        "exposure": float((curve.exposure != 0).mean()),
        "turnover": turned,
        "turnover_per_year": turned / years if years > 0 else None,
        "orders": result.orders,
        "fills": result.fills,
        "refusals": sum(isinstance(each.outcome, Refused) for each in model.decisions),
        "placements": tuple(model.placements()),
        "rejections": sum(row.status == "rejected" for row in model.orders.values()),
        "volume": volume,
        "fees": fees,
        "fees_bps": float(ratio(fees, volume)) * BPS if volume else None,
        "funding": funding,
        "slippage": slipped,
        "slippage_bps": float(ratio(slipped, reference)) * BPS if reference else None,
        "maker_ratio_notional": float(ratio(made, volume)) if volume else None,
        "maker_ratio_count": len(made_ids) / len(ids) if ids else None,
    }


def slippage(result: BacktestResult, model: ReadModel) -> tuple[Decimal, Decimal]:
    """Return (what fills cost against the marks they were decided at, the notional at those marks)."""
    cost = reference = ZERO
    for _, moved, at_mark in slippages(result, model):
        cost, reference = add(cost, moved), add(reference, at_mark)
    return cost, reference


def slippages(result: BacktestResult, model: ReadModel) -> list[tuple[int, Decimal, Decimal]]:
    """Return (time, cost against the decision's mark, notional at that mark) of every fill that has such a mark."""
    rates = quote_rates(result)
    known = {each.id: each for each in result.config.instruments}
    marks = {
        each.order.order_id: each.mark
        for each in model.decisions
        if each.order is not None and each.mark and each.intent != "protect"
    }
    rows = []
    for fill in model.fills:
        mark = marks.get(fill.order_id)
        if mark is None:
            continue
        instrument = known[fill.instrument]
        size = multiply(multiply(fill.quantity, instrument.contract_size), rates[fill.instrument])
        at_mark = multiply(size, instrument.price_decimal(mark))
        moved = subtract(multiply(size, fill.price), at_mark)
        rows.append((fill.ts_ns, moved if fill.side == "buy" else moved.copy_negate(), at_mark))
    return rows


def _turnover(fills: Sequence[FillRow], notionals: Sequence[Decimal], curve: EquityCurve) -> float:
    """Return half the sum of traded notional over equity at the time (METHODS 5: one-way)."""
    if not fills:
        return 0.0
    times = np.array([fill.ts_ns for fill in fills], dtype=np.int64)
    rows = np.searchsorted(curve.ts_ns, times, "right")
    equity: FloatArray = np.concatenate([[float(curve.opening)], curve.equity])[rows]
    traded = np.array([float(amount) for amount in notionals])
    alive = equity > 0
    return float((traded[alive] / equity[alive]).sum() / 2)
