"""When fits are made, from which bars, and that a backtest is held to them."""

from decimal import Decimal

import msgspec
import numpy as np
import pytest

from tradewind.app.tail_fits import Closes, TailFits
from tradewind.engine.config import TailPlan
from tradewind.model.commands import Fitted
from tradewind.model.errors import ConfigError
from tradewind.risk.tail import TailLimits

HOUR_NS = 3_600_000_000_000


def plan(hours: int = 1) -> TailPlan:
    return TailPlan(limits=TailLimits(var_share_max=Decimal("0.05")), every_ns=hours * HOUR_NS)


def closes(name: str = "A", size: int = 130, seed: int = 1, span_ns: int = HOUR_NS) -> Closes:
    path = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, size)))
    return Closes(name, span_ns, np.arange(1, size + 1) * span_ns, path)


def test_a_fit_is_made_from_the_hundredth_return_on_after_its_bars() -> None:
    fits = TailFits(plan(), [closes()])
    assert list(fits.upto(101 * HOUR_NS)) == []
    first = next(fits.upto(101 * HOUR_NS + 1))
    assert (first.as_of_ns, first.ts_ns) == (101 * HOUR_NS, 101 * HOUR_NS + 1)
    assert first.valid_until_ns == 103 * HOUR_NS
    assert set(first.parameters) == {"A", "multiplier"}


def test_each_is_handed_out_once_and_no_sooner_than_asked_for() -> None:
    fits = TailFits(plan(6), [closes(), closes("B", seed=2)])
    made = [fit for until in range(95, 131, 5) for fit in fits.upto(until * HOUR_NS)]
    assert [fit.as_of_ns // HOUR_NS for fit in made] == [103, 109, 115, 121, 127]
    assert all("A|B" in fit.parameters for fit in made)


def test_a_fit_does_not_know_what_comes_after_it() -> None:
    calm, wild = closes(), closes()
    wild.close[121:] *= 3
    before, after = ([fit.parameters for fit in TailFits(plan(), [each]).upto(10**18)] for each in (calm, wild))
    assert before[:21] == after[:21]
    assert before[21] != after[21]


def test_returns_across_missing_bars_are_not_used() -> None:
    whole = closes()
    holes = Closes("A", HOUR_NS, np.delete(whole.close_ns, 50), np.delete(whole.close, 50))
    first = next(iter(TailFits(plan(), [holes]).upto(10**18)))
    assert first.as_of_ns == 103 * HOUR_NS


def test_bars_of_different_lengths_are_refused() -> None:
    with pytest.raises(ConfigError, match="one length"):
        TailFits(plan(), [closes(), closes("B", span_ns=2 * HOUR_NS)])


def test_nothing_to_fit_gives_nothing() -> None:
    assert list(TailFits(plan(), []).upto(10**18)) == []


def test_a_large_move_between_two_fits_asks_for_one() -> None:
    calm = closes(size=200)
    calm.close[150:] *= 1.4
    rows = {hours: [fit.as_of_ns // HOUR_NS for fit in made] for hours, made in both(calm).items()}
    assert rows == {"calm": [121, 161], "moves": [121, 151, 191]}


def both(series: Closes) -> dict[str, list[Fitted]]:
    """The fits of each 40 hours, and those with large moves between."""
    plain = plan(40)
    moved = msgspec.structs.replace(plain, move_max=0.3)
    quiet = Closes(series.instrument, series.span_ns, series.close_ns, series.close.copy())
    return {name: list(TailFits(each, [quiet]).upto(10**18)) for name, each in (("calm", plain), ("moves", moved))}


def test_longer_bars_are_made_of_those_of_the_run() -> None:
    day = msgspec.structs.replace(plan(), span_ns=24 * HOUR_NS)
    series = closes(size=24 * 120)
    at_midnight = Closes("A", 24 * HOUR_NS, series.close_ns[23::24], series.close[23::24])
    assert list(TailFits(day, [series]).upto(10**18)) == list(TailFits(plan(), [at_midnight]).upto(10**18))
    with pytest.raises(ConfigError, match=r"var\.interval is 60 minutes"):
        TailFits(msgspec.structs.replace(plan(), span_ns=HOUR_NS), [closes(span_ns=2 * HOUR_NS)])
