"""Fits that strategies ask for, made for recorded bars: what a worker by a session would have said, and when (ADR 9).

A fit uses the closes up to and including a bar and enters right after it, so that it is known from the next bar on.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tradewind.app.tail_fits import Closes
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.sequencer import Recorded, RecordedBars
from tradewind.model.commands import Fitted
from tradewind.model.errors import ConfigError
from tradewind.numeric.cointegration import engle_granger
from tradewind.strategy.base import FitRequest


def fit_events(config: EngineConfig, sources: Sequence[Recorded]) -> list[Fitted]:
    """Return the fits that the bots' strategies ask for on the recorded bars, in the order of time; nothing for most.

    A request of several bots is fitted once; one for an instrument without bars not at all.
    """
    wanted = fit_requests(config.bots)
    if not wanted:
        return []
    closes = _closes(config, sources)
    events = [
        event
        for request in wanted
        if all(name in closes for name in request.instruments)
        for event in _fits(request, [closes[name] for name in request.instruments])
    ]
    return sorted(events, key=lambda event: (event.ts_ns, event.kind))


def fit_requests(bots: Iterable[BotSpec]) -> list[FitRequest]:
    """Return what the bots' strategies ask for, each request once."""
    wanted = {request for bot in bots for request in bot.strategy.fits(bot.instruments)}
    return sorted(wanted, key=lambda each: (each.kind, each.window_bars, each.every_bars))


def _closes(config: EngineConfig, sources: Sequence[Recorded]) -> dict[str, Closes]:
    divisors = {each.id: 10**each.price_scale for each in config.instruments}
    return {
        source.name: Closes(source.name, source.span_ns, source.ts_ns, source.columns[3] / divisors[source.name])
        for source in sources
        if isinstance(source, RecordedBars)
    }


def _fits(request: FitRequest, series: Sequence[Closes]) -> Iterator[Fitted]:
    """Yield a request's fits; each holds until the one after the next is due."""
    times, prices = together(series)
    if len(times) <= request.window_bars:
        return
    held_ns = fit_held_ns(request, max(each.span_ns for each in series))
    for end in range(request.window_bars, len(times), request.every_bars):
        window = slice(end - request.window_bars, end)
        known_ns = int(times[end - 1])
        parameters = parameters_of(request, [each[window] for each in prices])
        yield Fitted(known_ns + 1, request.kind, known_ns, parameters, known_ns + held_ns)


def parameters_of(request: FitRequest, prices: Sequence[NDArray[np.float64]]) -> dict[str, float]:
    """Return the parameters of a fit of the request's instruments, whose closes stand beside each other.

    Raises  ConfigError for a method that does not exist.
    """
    if request.method != "cointegration":
        raise ConfigError(f"there is no fit by the method {request.method!r}: choose cointegration")
    y, x = prices
    return engle_granger(np.log(y), np.log(x))._asdict()


def fit_held_ns(request: FitRequest, span_ns: int) -> int:
    """Return for how long a fit holds: until the one after the next is due."""
    return 2 * request.every_bars * span_ns


def together(series: Sequence[Closes]) -> tuple[NDArray[np.int64], list[NDArray[np.float64]]]:
    """Return the times at which every series has a close, and the closes there."""
    times = series[0].close_ns
    for each in series[1:]:
        times = np.intersect1d(times, each.close_ns)
    return times, [each.close[np.searchsorted(each.close_ns, times)] for each in series]
