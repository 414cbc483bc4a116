"""A journal cut anywhere gives the engine up to there, what was on its way, and what was still due (I24, I28)."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.live_strategies import Flipper
from tradewind.app.live.building import model_for
from tradewind.app.live.recovering import recover
from tradewind.app.replaying import recorded_engine
from tradewind.engine.config import BotSpec, EngineConfig
from tradewind.engine.core import process
from tradewind.engine.digest import state_digest
from tradewind.engine.state import EngineState
from tradewind.model.answers import OrderFilled
from tradewind.model.effects import SetTimer
from tradewind.model.entries import Entry, Intended, sent
from tradewind.model.errors import StateError
from tradewind.model.instrument import define_instrument
from tradewind.model.intents import Exits
from tradewind.model.market_events import MarketEvent, QuoteTick
from tradewind.model.orders import Liquidity, Side
from tradewind.risk.limits import RESEARCH_LIMITS
from tradewind.storage.journal.layout import SessionHeader
from tradewind.storage.journal.writer import Journal

S = 1_000_000_000
T0 = 1_795_000_000 * S
CONFIG = EngineConfig(
    session="abc",
    instruments=(define_instrument("BTC-USD"),),
    bots=(
        BotSpec(
            id="flip",
            strategy=Flipper(quantity=Decimal("0.1")),
            instruments=("BTC-USD",),
            exits=Exits(time_ns=3_600 * S),
        ),
    ),
    limits=RESEARCH_LIMITS,
)


def quote(second: int) -> QuoteTick:
    return QuoteTick("BTC-USD", T0 + second * S, 1_000_000, 10**8, 1_000_100, 10**8)


def fill(order_id: str, quantity: int, second: int) -> OrderFilled:
    name = f"f{second}"
    return OrderFilled(
        order_id, name, T0 + second * S, "BTC-USD", Side.BUY, quantity, 1_000_100, Liquidity.TAKER, Decimal(1)
    )


def played() -> tuple[list[Entry], EngineState, list[SetTimer]]:
    """A short session as a journal holds it: an entry, its fill, and the timer of its time stop."""
    state, entries, timers = EngineState(CONFIG), list[Entry](), list[SetTimer]()
    events: list[MarketEvent | OrderFilled] = [quote(1), quote(2), fill("abc-1", 10_000_000, 3), quote(4)]
    for event in events:
        entries.append(event)
        effects = process(state, event)
        timers += [each for each in effects if isinstance(each, SetTimer)]
        if leaving := sent(effects):
            entries.append(Intended(state.sequence, leaving))
        state.audit.clear()
    return entries, state, timers


def written(path: Path, entries: list[Entry]) -> Path:
    header = SessionHeader(session="s", mode="live", created_at_ns=1, code_version="0", engine=recorded_engine(CONFIG))
    with Journal.create(path, header) as journal:
        for entry in entries:
            journal.append(entry)
            journal.wait(journal.commit())
    return path


def test_the_engine_is_as_it_was_with_its_timers(tmp_path: Path) -> None:
    entries, state, timers = played()
    recovered = recover(written(tmp_path / "j", entries), model_for)
    assert state_digest(recovered.state) == state_digest(state)
    assert recovered.timers == timers
    assert recovered.timers
    assert recovered.unsent == ()
    assert recovered.closed is None
    assert recovered.state.now_ns == T0 + 4 * S
    assert len(recovered.model.fills) == 1
    again = recover(tmp_path / "j", model_for)
    assert state_digest(again.state) == state_digest(recovered.state)


def test_an_intent_that_did_not_reach_the_disk_was_never_sent(tmp_path: Path) -> None:
    entries, _, _ = played()
    place = next(number for number, entry in enumerate(entries) if isinstance(entry, Intended))
    recovered = recover(written(tmp_path / "j", entries[:place]), model_for)
    intended = entries[place]
    assert isinstance(intended, Intended)
    assert recovered.unsent == intended.effects


def test_an_engine_that_does_otherwise_stops_the_start(tmp_path: Path) -> None:
    entries, _, _ = played()
    place = next(number for number, entry in enumerate(entries) if isinstance(entry, Intended))
    with pytest.raises(StateError, match="sends what the session did not"):
        recover(written(tmp_path / "a", entries[:place] + entries[place + 1 :]), model_for)
    other = Intended(entries[place].sequence, ())  # type: ignore[union-attr]
    with pytest.raises(StateError, match="sends something else"):
        recover(written(tmp_path / "b", [*entries[:place], other]), model_for)
