"""The study on tapes made by hand: who trades, who does not, what is charged, and what the report says of it."""

from decimal import Decimal

import msgspec
import pytest

from tradewind.exchange.core.fees import SPOT_FEES
from tradewind.execution.fill_rates import FillRates, noted
from tradewind.execution.planner import PlannerSettings
from tradewind.model.errors import DataError
from tradewind.model.instrument import define_instrument
from tradewind.model.market_events import BookSnapshot, LevelUpdate, TradePrint
from tradewind.model.orders import Side
from tradewind.research.execution.page import study_page
from tradewind.research.execution.study import Measured, result_of, study_of, try_tape
from tradewind.research.execution.tapes import books_at, served_tapes, tape_of

S = 1_000_000_000
BTC = define_instrument("BTC-USD", base_increment="0.00001")
SETTINGS = PlannerSettings(low_ns=20 * S)
NOTIONALS = (Decimal(500), Decimal(9_000))
BID, ASK = 10_000_000, 10_001_000


def events_of(seconds, prints=()):
    """A still book whose asks are refreshed every second, with trades at some seconds."""
    events = [BookSnapshot("BTC-USD", 0, ((BID, 10_000),), ((ASK, 10**9), (ASK + 100, 10**9)))]
    for second in range(1, seconds):
        events.append(LevelUpdate("BTC-USD", second * S, Side.SELL, ASK + 100, 10**9 + second))
        events += [TradePrint("BTC-USD", second * S, *trade) for at, *trade in prints if at == second]
    return events


def tried_on(events, starts=3):
    return try_tape(tape_of("made", "recorded", BTC, events), starts, SPOT_FEES, SETTINGS, NOTIONALS)


def test_a_still_market_without_trades_is_taken_at_the_deadline():
    tried = tried_on(events_of(60))
    assert len(tried.trials) == 3 * 2 * 2
    for trial in tried.trials:
        assert (trial.ours.maker, trial.ours.fills_maker) == (0, 0)
        assert trial.ours.filled_share == pytest.approx(1)
        assert trial.ours.slippage_bps == pytest.approx(trial.market.slippage_bps) == pytest.approx(0.5, abs=0.01)
        assert trial.market.taker == pytest.approx(1, abs=1e-3)
    result = result_of("made", [tried], SPOT_FEES)
    assert result.maker_ratio == 0
    assert all(abs(tier.reduction) < 1e-3 for tier in result.tiers)
    assert not any(verdict.met for verdict in result.verdicts)


def test_trades_that_reach_the_touch_fill_as_maker():
    both = [(at, side, price, 10**9) for at in range(1, 60) for side, price in ((Side.SELL, BID), (Side.BUY, ASK))]
    tried = tried_on(events_of(60, both))
    result = result_of("made", [tried], SPOT_FEES)
    assert result.maker_ratio == pytest.approx(1)
    assert result.fill_rate == pytest.approx(1)
    assert all(verdict.met for verdict in result.verdicts)
    lowest = result.tiers[0]
    # One tick inside the touch is earned, half a spread is paid by the market order.
    assert lowest.ours_bps == pytest.approx(60 - 0.49, abs=0.02)
    assert lowest.market_bps == pytest.approx(120 + 0.5, abs=0.02)
    assert lowest.low <= lowest.reduction <= lowest.high
    assert {"1", "5"} <= result.markouts.keys()


def test_what_cannot_be_taken_at_the_end_is_charged_as_a_taker():
    gone = [LevelUpdate("BTC-USD", 4 * S, side, price, 0) for side, price in ((1, BID), (-1, ASK), (-1, ASK + 100))]
    events = [event for event in events_of(60) if event.ts_ns < 4 * S]
    events += [msgspec.structs.replace(event, side=Side(event.side)) for event in gone]
    events += [LevelUpdate("BTC-USD", second * S, Side.BUY, 1_000, 1) for second in range(5, 60)]
    trial = tried_on(events, starts=1).trials[0]
    assert trial.ours.filled_share == 0
    assert trial.ours.charged_share == 1
    assert trial.ours.taker == pytest.approx(1)


def test_a_tape_begins_anywhere_with_the_book_of_that_time():
    events = [*events_of(10), LevelUpdate("BTC-USD", 11 * S, Side.BUY, BID - 100, 7)]
    tape = tape_of("made", "recorded", BTC, events)
    (first, early), (later, late) = books_at(tape, [5 * S, 12 * S])
    assert early.bids == ((BID, 10_000),)
    assert late.bids == ((BID, 10_000), (BID - 100, 7))
    assert tape.events[first].ts_ns == 5 * S
    assert later == len(tape.events)
    assert tape.touch(1) == tape.touches[0]
    assert tape.mid_after(11 * S) == (BID + ASK) / 2
    assert tape.mid_after(12 * S) is None


def test_levels_out_of_reach_are_left_out():
    far = LevelUpdate("BTC-USD", S, Side.BUY, BID // 2, 5)
    assert far not in tape_of("made", "recorded", BTC, [*events_of(5), far]).events
    with pytest.raises(DataError, match="no book in it has a bid below an ask"):
        tape_of("made", "recorded", BTC, [BookSnapshot("BTC-USD", 0, (), ((ASK, 1),))])


def test_the_generated_market_is_executed_and_shown():
    tape = next(served_tapes(3, 12, 1))
    settings = msgspec.structs.replace(SETTINGS, low_ns=120 * S)
    tried = try_tape(tape, 4, SPOT_FEES, settings, NOTIONALS)
    study = study_of([tried], SPOT_FEES, NOTIONALS)
    result = study.groups["generated"]
    assert result.parents == 16
    assert result.maker_ratio > 0.5
    assert study == study_of([try_tape(tape, 4, SPOT_FEES, settings, NOTIONALS)], SPOT_FEES, NOTIONALS)
    page = study_page(study)
    assert "maker ratio by notional" in page
    assert "BTC-USD, seed 3" in page
    assert "http" not in page


def test_a_study_needs_starts():
    with pytest.raises(ValueError, match="at least one start"):
        tried_on(events_of(5), starts=0)


def test_what_has_filled_moves_the_offset_of_later_parents_and_of_no_earlier_ones():
    """Without trades nothing fills as maker: once enough parents are over, the next stand a tick nearer."""
    settings = msgspec.structs.replace(SETTINGS, low=msgspec.structs.replace(SETTINGS.low, offset_ticks=0))
    tape = tape_of("made", "recorded", BTC, events_of(120))
    tried = try_tape(tape, 12, SPOT_FEES, settings, NOTIONALS)
    offsets = [(trial.start_ns, trial.over_ns, trial.measured[0]) for trial in tried.trials]
    first_nearer = next(start for start, _, offset in offsets if offset == 1)
    over_by_then = [over for _, over, _ in offsets if over <= first_nearer]
    rates = FillRates()
    for _ in over_by_then:
        rates = noted(rates, 0, 1, 0)
    assert rates.offset(0) == 1
    assert all(offset == 0 for start, _, offset in offsets if start < first_nearer)
    assert min(start for start, _, _ in offsets) + 20 * S <= first_nearer


def test_a_parent_is_not_known_before_it_is_over():
    known = Measured()
    trial = tried_on(events_of(60), starts=1).trials[0]
    known.note(trial)
    assert known.rates_at(trial.over_ns - 1) == FillRates()
    assert known.rates_at(trial.over_ns) == noted(FillRates(), *trial.measured)
