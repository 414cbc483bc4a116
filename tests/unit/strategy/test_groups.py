"""Built-in strategies on several instruments: they do what they are for, and neither future nor order has a say."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from tests.unit.strategy.group_runs import GroupRun, cointegrated, heads, instrument, path, run_group, strangers, up_to
from tests.unit.strategy.series import HOUR_NS, Candles
from tradewind.model.commands import Fitted
from tradewind.model.errors import ConfigError
from tradewind.model.intents import FLAT, TargetWeight
from tradewind.model.market_events import Bar, FundingRate
from tradewind.strategy.base import GroupView, NoMemory, Strategy, View
from tradewind.strategy.builtin.carry import Carry, CarryMemory
from tradewind.strategy.builtin.cross_momentum import CrossMomentum
from tradewind.strategy.builtin.pairs import PairMemory, Pairs
from tradewind.strategy.builtin.triangular import Triangular

ROWS = 900
COINS = ("A-PERP", "B-PERP", "C-PERP", "D-PERP", "E-PERP", "F-PERP")
PAIRS = Pairs(window_bars=200, refit_bars=50)
RANKS = CrossMomentum(length=60, skip=5, rebalance_bars=24)


def funding(rates: Mapping[int, str]) -> list[FundingRate]:
    """A rate every eight hours, the one in force by the last row named."""
    made, rate = [], "0"
    for row in range(8, ROWS, 8):
        rate = next((rates[each] for each in sorted(rates, reverse=True) if each <= row), rate)
        made.append(FundingRate("BTC-PERP", row * HOUR_NS + 1, Decimal(rate)))
    return made


def basis(rng: np.random.Generator) -> dict[str, Candles]:
    walk = np.log(100) + np.cumsum(0.003 * rng.standard_normal(ROWS))
    return {"BTC-PERP": path(walk, rng), "BTC-USD": path(walk, rng)}


RATES = funding({0: "0.00002", 200: "0.0005", 500: "-0.0003"})


def seeded() -> np.random.Generator:
    return np.random.default_rng(5)


def case(name: str, rows: int = ROWS, **options: object) -> GroupRun:
    strategies: dict[str, tuple[Strategy, dict[str, Candles], dict[str, object]]] = {
        "pairs": (PAIRS, cointegrated(seeded(), ROWS), {}),
        "pairs by ols": (msgspec.structs.replace(PAIRS, hedge="ols"), cointegrated(seeded(), ROWS), {}),
        "cross_momentum": (RANKS, strangers(seeded(), ROWS, COINS), {}),
        "cross_momentum short": (msgspec.structs.replace(RANKS, short=True), strangers(seeded(), ROWS, COINS), {}),
        "carry": (Carry(), basis(seeded()), {"funding": [each for each in RATES if each.ts_ns <= rows * HOUR_NS]}),
    }
    strategy, bars, own = strategies[name]
    if options.pop("reverse", False):
        bars = dict(reversed(bars.items()))
    return run_group(strategy, heads(bars, rows), **own, **options)  # type: ignore[arg-type]


CASES = ("pairs", "pairs by ols", "cross_momentum", "cross_momentum short", "carry")


@pytest.mark.parametrize("name", CASES)
def test_streamed_indicators_lead_to_the_same_decisions(name: str) -> None:
    served, streamed = case(name), case(name, served=False)
    assert served.failed == []
    assert served.digest == streamed.digest
    assert len(served.decided) > 3


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_registration_leaves_no_trace(name: str) -> None:
    assert case(name, 500).digest == case(name, 500, reverse=True).digest


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rows", [450, 700])
def test_decisions_do_not_change_when_the_future_is_cut_off(name: str, rows: int) -> None:
    known = case(name, rows).decided
    assert known
    assert known == up_to(case(name).decided, rows)


@pytest.mark.parametrize("name", CASES)
def test_missing_bars_stop_nobody(name: str) -> None:
    rng = np.random.default_rng(9)
    missing = {each: frozenset(np.flatnonzero(rng.random(ROWS) < 0.05).tolist()) for each in (*COINS, "BTC-PERP")}
    result = case(name, missing=missing)
    assert result.failed == []
    assert result.decided


# -- pairs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pairs", "pairs by ols"])
def test_pairs_hold_one_side_against_the_other_and_both_ways_round(name: str) -> None:
    held = case(name).held
    first, second = (np.sign(held[each]) for each in ("A-PERP", "B-PERP"))
    both = (first != 0) & (second != 0)
    assert (first[both] == -second[both]).all()
    assert {-1, 1} <= set(first[both].tolist())
    assert np.mean(first == 0) > 0.2  # not always in
    assert np.mean((first != 0) != (second != 0)) < 0.01  # hardly ever with one leg


def test_pairs_earn_on_a_gap_that_closes() -> None:
    result = case("pairs")
    equity = result.state.equity()
    assert equity is not None
    assert equity > result.state.config.cash


def test_strangers_are_not_paired() -> None:
    bars = strangers(np.random.default_rng(2), ROWS, ("A-PERP", "B-PERP"))
    result = run_group(msgspec.structs.replace(PAIRS, p_max=1e-3), bars)
    assert result.decided == []
    assert isinstance(result.state.fitted["cointegration:A-PERP/B-PERP"], Fitted)


def test_spot_is_never_half_of_a_short_pair() -> None:
    rng = np.random.default_rng(5)
    perpetual = cointegrated(rng, ROWS)
    result = run_group(PAIRS, {"A-USD": perpetual["A-PERP"], "B-PERP": perpetual["B-PERP"]})
    first, second = (np.array(result.held[name]) for name in ("A-USD", "B-PERP"))
    assert (first >= 0).all()
    assert (second <= 0).all()
    assert first.any()


def test_a_fit_is_known_after_its_last_bar_and_holds_until_the_one_after_the_next() -> None:
    rng = np.random.default_rng(5)
    bars = cointegrated(rng, ROWS)
    strategy = msgspec.structs.replace(PAIRS, refit_bars=150)
    result = run_group(strategy, bars)
    last = result.state.fitted["cointegration:A-PERP/B-PERP"]
    assert last.valid_until_ns == last.as_of_ns + 300 * HOUR_NS
    assert last.ts_ns == last.as_of_ns + 1


def test_a_pair_is_given_up_when_its_fit_expires() -> None:
    first, second = (View(instrument(name), NoMemory()) for name in ("A-PERP", "B-PERP"))
    group = GroupView(PairMemory(side=1, weights=(1.0, -0.9)), lambda _: None)
    group.views = {"A-PERP": first, "B-PERP": second}
    group.fresh = ("A-PERP", "B-PERP")
    first.position, second.position = 5, -5
    assert PAIRS.on_group(group) == {"A-PERP": FLAT, "B-PERP": FLAT}
    first.position = second.position = 0
    assert PAIRS.on_group(group) is None


def test_a_pair_of_which_one_leg_keeps_missing_is_given_up() -> None:
    fit = {"p_value": 0.01, "slope": 1.0, "intercept": 0.0, "deviation": 0.01, "coefficient": 0.9}
    first, second = (View(instrument(name), NoMemory()) for name in ("A-PERP", "B-PERP"))
    group = GroupView(PairMemory(), lambda _: fit)
    group.views = {"A-PERP": first, "B-PERP": second}
    group.fresh = ("A-PERP", "B-PERP")
    for view, price in ((first, 103_000_000), (second, 100_000_000)):
        view.bar = Bar(view.instrument.id, 1, 1, price, price, price, price)
    pairs = msgspec.structs.replace(PAIRS, hedge="ols")
    wanted = []
    for _ in range(5):
        wanted.append(pairs.on_group(group))
        second.position = 7  # the other leg is never filled
    assert [set(each or ()) for each in wanted] == [{"A-PERP", "B-PERP"}] * 3 + [{"B-PERP"}] * 2
    assert wanted[4] == {"B-PERP": FLAT}


def test_beyond_the_stop_it_waits_for_the_mean() -> None:
    memory = PairMemory()
    fit = {"slope": 1.0}
    sides = []
    for z in (1.9, 2.1, 3.9, 4.1, 2.5, 0.4, -2.2, -0.6, 0.7, 2.1):
        memory.z = z
        PAIRS._choose(memory, fit, (True, True))
        sides.append(memory.side)
    assert sides == [0, -1, -1, 0, 0, 0, 1, 1, 0, -1]


def test_legs_are_sized_by_the_slope() -> None:
    for slope, weights in ((0.5, (-1.0, 0.5)), (2.0, (-0.5, 1.0))):
        memory = PairMemory(z=2.5)
        PAIRS._choose(memory, {"slope": slope}, (True, True))
        assert memory.weights == weights


@pytest.mark.parametrize(
    ("change", "trusted"),
    [({}, True), ({"p_value": 0.05}, False), ({"slope": -0.1}, False), ({"deviation": 0.0}, False)]
    + [
        ({"coefficient": each}, ok)
        for each, ok in ((0.0, True), (0.99, True), (0.9999, False), (1.0, False), (-0.2, False))
    ],
)
def test_only_a_fit_that_returns_soon_is_trusted(change: dict[str, float], trusted: bool) -> None:
    fit = {"p_value": 0.01, "slope": 0.9, "deviation": 0.01, "coefficient": 0.9} | change
    assert PAIRS._trusted(fit) is trusted


# -- cross-sectional momentum -----------------------------------------------------------------------------------------


def test_ranks_are_those_of_the_past_returns() -> None:
    rng = np.random.default_rng(5)
    bars = strangers(rng, ROWS, COINS)
    result = case("cross_momentum")
    closes = {name: each.close.astype(float) for name, each in bars.items()}
    held = {name: np.array(each) for name, each in result.held.items()}
    first = 60  # the row at which the return over 60 bars is first known
    for row in range(first, ROWS - 2, 24):
        past = {name: close[row - 5] / close[row - 60] for name, close in closes.items()}
        best = sorted(past, key=lambda name: past[name], reverse=True)[:2]
        assert {name for name in COINS if held[name][row + 2] > 0} == set(best)


def test_with_short_both_sides_are_half_of_the_budget() -> None:
    result = case("cross_momentum short")
    last = {record.order.instrument: record.intent for record in result.decided if record.order is not None}
    weights = [getattr(intent, "weight", 0.0) for intent in last.values()]
    assert min(weights) < 0 < max(weights)
    memory = result.state.groups["bot"].view.memory
    held: dict[str, float] = memory.weights  # type: ignore[attr-defined]
    assert sum(each for each in held.values() if each > 0) == pytest.approx(3.0)  # of six parts
    assert sum(each for each in held.values() if each < 0) == pytest.approx(-3.0)
    assert len(held) == 4


@pytest.mark.parametrize(
    ("strategy", "names", "told"),
    [
        (RANKS, COINS[:2], "cross_momentum ranks 3 instruments at least, has 2"),
        (PAIRS, COINS[:3], "pairs needs two instruments, has 3"),
        (PAIRS, ("A-USD", "B-USD"), "both are spot"),
        (Carry(), ("A-USD", "B-USD"), "carry needs one spot instrument and one perpetual, has 2 and 0"),
        (Triangular(), ("A-USD", "B-USD", "C-USD"), "triangular needs three instruments such as"),
    ],
)
def test_instruments_that_do_not_suit_are_refused_before_anything_runs(
    strategy: Strategy, names: tuple[str, ...], told: str
) -> None:
    with pytest.raises(ConfigError, match=f"bot 'bot': .*{told}"):
        run_group(strategy, strangers(seeded(), 20, names))


# -- carry ------------------------------------------------------------------------------------------------------------


def test_carry_is_held_while_funding_pays_and_left_when_it_turns() -> None:
    held = case("carry").held
    spot, perpetual = np.array(held["BTC-USD"]), np.sign(held["BTC-PERP"])
    assert not spot[:200].any()
    inside = slice(260, 500)
    assert (spot[inside] > 0).all()
    assert not spot[600:].any()
    assert set(perpetual.tolist()) == {0, -1}


def test_expected_funding_is_the_mean_rate_times_the_payments() -> None:
    carry = Carry(horizon_hours=168, funding_hours=8)
    assert carry.expected_bps([0.0001, 0.0003]) == pytest.approx(21 * 2.0)
    assert carry.expected_bps([]) == 0.0


def test_carry_of_which_one_leg_keeps_missing_is_given_up_until_funding_has_stopped_paying() -> None:
    carry, memory = Carry(rates=1), CarryMemory([])
    spot, perpetual = (View(instrument(name), NoMemory()) for name in ("BTC-USD", "BTC-PERP"))
    group = GroupView(memory, lambda _: None)
    group.views = {"BTC-PERP": perpetual, "BTC-USD": spot}
    group.fresh = ("BTC-PERP", "BTC-USD")
    for view in (spot, perpetual):
        view.bar = Bar(view.instrument.id, 1, 1, 100, 100, 100, 100)
    entered = []
    for hour, rate in enumerate(("0.001",) * 12 + ("0", "0.001")):
        perpetual.funding = FundingRate("BTC-PERP", hour, Decimal(rate))
        wishes = carry.on_group(group) or {}
        spot.position = 7 if wishes.get("BTC-USD") == TargetWeight(1.0, reason="funding pays for the hedge") else 0
        entered.append(bool(spot.position))  # the perpetual is never to be had
    assert entered == [True] * 3 + [False] * 10 + [True]


def test_carry_leaves_before_its_margin_is_in_danger() -> None:
    rng = np.random.default_rng(5)
    walk = np.log(100) + np.concatenate([np.zeros(400), np.linspace(0, 0.5, ROWS - 400)])
    bars = {"BTC-PERP": path(walk, rng), "BTC-USD": path(walk, rng)}
    result = run_group(Carry(), bars, funding=funding({0: "0.0005"}))
    reasons = [getattr(record.intent, "reason", "") for record in result.decided]
    assert "the short's margin is in danger" in reasons
    memory = result.state.groups["bot"].view.memory
    assert isinstance(memory, CarryMemory)
