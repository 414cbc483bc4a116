"""Names of functions in scenarios, bound to public functions: arguments in, results out, nothing computed here."""

import inspect
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from tradewind.execution import impact, router, schedules, tca
from tradewind.model import margin as margins
from tradewind.model.money import money
from tradewind.model.orders import Liquidity, Side
from tradewind.numeric import (
    covariance,
    cross_asset,
    equity_path,
    evaluation,
    risk_measures,
    significance,
    sizing,
    var_backtests,
)
from tradewind.numeric.bars import BarArrays, FloatArray
from tradewind.numeric.indicators import functions as indicators
from tradewind.portfolio import break_even
from tradewind.simulation import queue
from tradewind.strategy import formulas

Columns = dict[str, list[float]]


def call(name: str, arguments: dict[str, Any]) -> Any:
    """Return what the function of that name answers; raises LookupError for an unknown one, TypeError for arguments."""
    if name not in BINDINGS:
        raise LookupError(f"unknown function {name}")
    function = BINDINGS[name]
    bound = inspect.signature(function).bind(**arguments)
    return function(*bound.args, **bound.kwargs)


def _bars(columns: Columns) -> BarArrays:
    return _bar_arrays(**{name: np.asarray(column, dtype=np.float64) for name, column in columns.items()})


def _bar_arrays(
    open: FloatArray,  # the columns, named as in the file
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray | None = None,
) -> BarArrays:
    return BarArrays(open=open, high=high, low=low, close=close, volume=volume)


def _side(word: str) -> Side:
    return {"buy": Side.BUY, "sell": Side.SELL}[word]


def _is_long(word: str) -> bool:
    return {"long": True, "short": False}[word]


def _amounts(texts: Sequence[str]) -> list[Decimal]:
    return [money(text) for text in texts]


def _on_bars(function: Callable[..., Any]) -> Callable[..., Any]:
    def with_length(bars: Columns, length: int) -> Any:
        return function(_bars(bars), length)

    return with_length


def _macd(bars: Columns, fast: int, slow: int, signal: int) -> Any:
    return indicators.macd(_bars(bars), fast, slow, signal)


def _bollinger(bars: Columns, length: int, deviations: float) -> Any:
    return indicators.bollinger(_bars(bars), length, deviations)


def _realised_volatility(bars: Columns, length: int, bars_per_year: float) -> Any:
    return indicators.realised_volatility(_bars(bars), length, bars_per_year)


def _break_even(side: str, entry_price: str, entry_fee: str, exit_fee: str) -> Decimal:
    return break_even.break_even_price(
        is_long=_is_long(side), entry_price=money(entry_price), entry_fee=money(entry_fee), exit_fee=money(exit_fee)
    )


def _execution(quantity: str, price: str, liquidity: str = "taker") -> tca.Execution:
    return tca.Execution(money(quantity), money(price), Liquidity(liquidity))


def _cost_summary(side: str, arrival_price: str, fills: list[dict[str, str]], maker_fee: str, taker_fee: str) -> Any:
    executions = [_execution(**fill) for fill in fills]
    return tca.cost_summary(_side(side), money(arrival_price), executions, money(maker_fee), money(taker_fee))


def _shortfall(
    side: str, decision_price: str, quantity: str, fills: list[dict[str, str]], end_price: str, fees: str
) -> Any:
    executions = [_execution(**fill) for fill in fills]
    return tca.implementation_shortfall(
        _side(side), money(decision_price), money(quantity), executions, money(end_price), money(fees)
    )


def _markout(side: str, price: str, later: dict[str, str]) -> Any:
    return tca.markout_bps(_side(side), money(price), {seconds: money(mid) for seconds, mid in later.items()})


def _route(notional: str, market_below: str, twap_above: str) -> Any:
    return router.route(money(notional), money(market_below), money(twap_above))


def _twap(quantity: str, slices: int, duration_s: float, increment: str) -> Any:
    return schedules.twap_schedule(money(quantity), slices, duration_s, money(increment))


def _vwap(quantity: str, profile: list[str], increment: str) -> Any:
    return schedules.vwap_schedule(money(quantity), _amounts(profile), money(increment))


def _pov(rate: str, quantity: str, volumes: list[str], increment: str) -> Any:
    return schedules.pov_children(money(rate), money(quantity), _amounts(volumes), money(increment))


def _queue_ahead(
    model: str, ahead: str, old_size: str, new_size: str, traded: str, n: float | None = None
) -> queue.QueueEstimate:
    if n is None and model == "power":
        raise TypeError("the power model needs n")
    sizes = (money(ahead), money(old_size), money(new_size), money(traded))
    return queue.queue_ahead(model, 1.0 if n is None else n, *sizes)


def _liquidation_price(side: str, quantity: str, entry_price: str, margin: str, maintenance_margin: str) -> Any:
    return margins.liquidation_price(
        is_long=_is_long(side),
        quantity=money(quantity),
        entry_price=money(entry_price),
        margin=money(margin),
        maintenance_margin=money(maintenance_margin),
    )


def _margin_rates(initial_margin: str) -> Any:
    return margins.international_margin_rates(money(initial_margin))


def _margin_position(quantity: str, entry_price: str, mark: str, maintenance_margin: str) -> margins.MarginPosition:
    return margins.MarginPosition(money(quantity), money(entry_price), money(mark), money(maintenance_margin))


def _margin_check(wallet: str, positions: list[dict[str, str]]) -> Any:
    return margins.margin_check(money(wallet), [_margin_position(**position) for position in positions])


def _drawdown_breaker(equity: list[str], limit: str) -> Any:
    return sizing.drawdown_breaker(_amounts(equity), money(limit))


def _kelly_binary(win_probability: float, payoff_ratio: float, fraction: float) -> float:
    return sizing.kelly_binary(win_probability, payoff_ratio, fraction)


def _max_drawdown(equity: list[str]) -> Any:
    return equity_path.max_drawdown(_amounts(equity))


def _time_under_water(equity: list[str]) -> Any:
    return equity_path.time_under_water(_amounts(equity))


def _trade_statistics(pnls: list[str]) -> Any:
    return equity_path.trade_statistics(_amounts(pnls))


def _triangular(legs: list[dict[str, str]], fee: str, buffer_bps: str) -> Any:
    pairs = [_leg(**leg) for leg in legs]
    return formulas.triangular_return(pairs, money(fee), money(buffer_bps))


def _leg(side: str, price: str) -> tuple[Side, Decimal]:
    return _side(side), money(price)


BINDINGS: dict[str, Callable[..., Any]] = {
    "indicators.atr": _on_bars(indicators.atr),
    "indicators.natr": _on_bars(indicators.natr),
    "indicators.adx": _on_bars(indicators.adx),
    "indicators.choppiness": _on_bars(indicators.choppiness),
    "indicators.rsi": _on_bars(indicators.rsi),
    "indicators.ema": _on_bars(indicators.ema),
    "indicators.efficiency_ratio": _on_bars(indicators.efficiency_ratio),
    "indicators.directional": _on_bars(indicators.directional),
    "indicators.macd": _macd,
    "indicators.bollinger": _bollinger,
    "indicators.realised_volatility": _realised_volatility,
    "regime.turbulence": cross_asset.turbulence,
    "regime.absorption_ratio": cross_asset.absorption_ratio,
    "portfolio.break_even_price": _break_even,
    "execution.cost_summary": _cost_summary,
    "execution.implementation_shortfall": _shortfall,
    "execution.markout_bps": _markout,
    "execution.route": _route,
    "execution.twap_schedule": _twap,
    "execution.vwap_schedule": _vwap,
    "execution.pov_children": _pov,
    "execution.almgren_chriss_holdings": schedules.almgren_chriss_holdings,
    "execution.square_root_impact_bps": impact.square_root_impact_bps,
    "execution.queue_ahead": _queue_ahead,
    "perpetual.liquidation_price": _liquidation_price,
    "perpetual.margin_rates": _margin_rates,
    "perpetual.margin_check": _margin_check,
    "risk.kelly_binary": _kelly_binary,
    "risk.kelly_continuous": sizing.kelly_continuous,
    "risk.volatility_target": sizing.volatility_target,
    "risk.concentration": sizing.concentration,
    "risk.drawdown_breaker": _drawdown_breaker,
    "risk.var_historical": risk_measures.var_historical,
    "risk.es_historical": risk_measures.es_historical,
    "risk.es_parametric": risk_measures.es_parametric,
    "risk.kupiec": var_backtests.kupiec,
    "risk.christoffersen_independence": var_backtests.christoffersen_independence,
    "risk.cornish_fisher_z": risk_measures.cornish_fisher_z,
    "risk.traffic_light": var_backtests.traffic_light,
    "risk.ewma_variance": risk_measures.ewma_variance,
    "risk.ledoit_wolf": covariance.ledoit_wolf,
    "evaluation.max_drawdown": _max_drawdown,
    "evaluation.time_under_water": _time_under_water,
    "evaluation.calmar": evaluation.calmar,
    "evaluation.sharpe": evaluation.sharpe,
    "evaluation.sortino": evaluation.sortino,
    "evaluation.trade_statistics": _trade_statistics,
    "evaluation.sqn": equity_path.sqn,
    "evaluation.probabilistic_sharpe": significance.probabilistic_sharpe,
    "evaluation.deflated_sharpe": significance.deflated_sharpe,
    "evaluation.brier_binary": evaluation.brier_binary,
    "evaluation.turnover": evaluation.turnover,
    "strategy.triangular_return": _triangular,
    "strategy.half_life": formulas.half_life,
    "strategy.avellaneda_stoikov": formulas.avellaneda_stoikov,
}
