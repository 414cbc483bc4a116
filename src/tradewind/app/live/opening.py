"""Before anything trades: who we are there, what the key may do, whose clock is right, what is traded, what is held.

Each step that fails says what to do and leaves nothing running. What was found becomes the engine's configuration, or
is compared with that of the session that goes on.
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from tradewind.app.live.standing import Handover, held_at_start
from tradewind.app.live.venue_side import VenueSide
from tradewind.app.settings import Config
from tradewind.app.wiring import engine_config, guard_plan
from tradewind.engine.config import EngineConfig
from tradewind.model.errors import AuthError, ConfigError, VenueError, VenueRejected
from tradewind.model.fees import FeeSchedule, flat_fees
from tradewind.model.instrument import Instrument
from tradewind.model.money import ZERO
from tradewind.model.venue import VenueBalance, VenueOrder, VenuePosition
from tradewind.venues.ports import KeyRights, MarketDesk, ProductMode, ProductState

SESSION_DIGITS = 12
TRIES = 3
RETRY_S = 1.0
Answer = TypeVar("Answer")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the venue said before the start."""

    skew_ns: int
    rights: KeyRights | None
    instruments: tuple[Instrument, ...]
    states: Mapping[str, ProductState]
    balances: tuple[VenueBalance, ...] = ()
    positions: tuple[VenuePosition, ...] = ()
    orders: tuple[VenueOrder, ...] = ()
    fees: FeeSchedule | None = None
    volume_30d: Decimal = ZERO


async def look_round(side: VenueSide, names: Sequence[str], *, private: bool, skew_max_ns: int) -> Found:
    """Return what the venue says of clock, key, instruments and account.

    Raises  ConfigError, AuthError or VenueError naming what is wrong and what to do.
    """
    market, account = side.market, side.account
    skew_ns = await _with_patience(lambda: measure_skew(market))
    side.use_time(skew_ns)
    if abs(skew_ns) > skew_max_ns:
        raise ConfigError(
            f"this machine's clock is {skew_ns / 1e9:+.1f} s from the venue's, at most {skew_max_ns / 1e9:g} s are "
            "allowed: let the clock be synchronised, or raise live.skew_max"
        )
    rights = await _with_patience(account.permissions) if private else None
    if rights is not None:
        refuse_rights(rights)
    instruments = tuple(await _with_patience(lambda: market.instruments(names)))
    missing = sorted(set(names) - {each.id for each in instruments})
    if missing:
        raise ConfigError(f"the venue has no {', '.join(missing)}: see `tradewind markets`")
    states = await _with_patience(lambda: market.product_states(names))
    if not private:
        return Found(skew_ns=skew_ns, rights=None, instruments=instruments, states=states)
    rates = await _with_patience(account.fee_rates)
    return Found(
        skew_ns=skew_ns,
        rights=rights,
        instruments=instruments,
        states=states,
        balances=tuple(await _with_patience(account.balances)),
        positions=tuple(await _with_patience(account.positions)),
        orders=tuple(await _with_patience(side.orders.open_orders)),
        fees=flat_fees(rates.maker, rates.taker),
        volume_30d=await _with_patience(account.volume_30d),
    )


async def measure_skew(desk: MarketDesk) -> int:
    """Return how far the venue's clock is ahead of ours, in nanoseconds, half the round trip taken off."""
    sent_ns = time.time_ns()
    server_ns = await desk.server_time_ns()
    return server_ns - (sent_ns + time.time_ns()) // 2


def refuse_rights(rights: KeyRights) -> None:
    """Raise AuthError for a key that can do too little, or too much (SPEC N5, I45)."""
    if rights.transfer:
        raise AuthError("the key may transfer money: make one that may view and trade, and nothing else")
    if not rights.view or not rights.trade:
        lacking = " and ".join(word for word, has in (("view", rights.view), ("trade", rights.trade)) if not has)
        raise AuthError(f"the key may not {lacking}: make one that may view and trade")


def unusable(states: Mapping[str, ProductState]) -> dict[str, str]:
    """Return the instruments that take no new risk as the venue stands, and why."""
    return {name: trouble for name, state in states.items() if (trouble := trouble_of(state))}


def trouble_of(state: ProductState) -> str:
    """Return why nothing new is opened on an instrument, "" when nothing speaks against it."""
    if not state.session_open:
        return "its session is closed"
    return "" if state.mode is ProductMode.ONLINE else f"the venue has it in {state.mode.value}"


def first_config(
    config: Config, found: Found, handover: Handover | None, created_ns: int, account: str
) -> EngineConfig:
    """Return the engine's configuration of a session that begins: the account as the venue shows it.

    Raises  ConfigError when there is nothing to trade with.
    """
    quotes = sorted({each.quote for each in found.instruments})
    if len(quotes) != 1:
        raise ConfigError(f"the instruments are quoted in {', '.join(quotes)}: run those of one currency together")
    cash = sum((each.total for each in found.balances if each.currency == quotes[0]), ZERO)
    if cash <= ZERO and not found.positions:
        raise ConfigError(f"the account has no {quotes[0]}: deposit some, or choose instruments of another currency")
    section = msgspec.structs.replace(config.account, cash=max(cash, Decimal(1)), currency=quotes[0])
    engine = engine_config(msgspec.structs.replace(config, account=section), found.instruments)
    bots = frozenset(bot.id for bot in engine.bots)
    held = held_at_start(handover, holdings(found), bots)
    return msgspec.structs.replace(
        engine,
        session=new_session(account, created_ns),
        cash=cash,
        volume_30d=found.volume_30d,
        fees=found.fees or engine.fees,
        guards=guard_plan(config.guards, woken=True),
        # What is not handed over is adopted by reconciliation, with its evidence.
        held=tuple(each for each in held if each.bot in bots),
    )


def holdings(found: Found) -> dict[str, tuple[int, Decimal]]:
    """Return each instrument's position in units and its price, as the venue shows them."""
    totals = {each.currency: each.total for each in found.balances}
    contracts = {each.instrument: each for each in found.positions}
    held: dict[str, tuple[int, Decimal]] = {}
    counted: set[str] = set()
    for instrument in found.instruments:
        state = found.states.get(instrument.id)
        price = ZERO if state is None or state.price is None else state.price
        if not instrument.is_spot:
            position = contracts.get(instrument.id)
            quantity = ZERO if position is None else position.quantity
            price = price if position is None else position.average_price or price
        else:
            quantity = ZERO if instrument.base in counted else totals.get(instrument.base, ZERO)
            counted.add(instrument.base)
        held[instrument.id] = (instrument.order_quantity(quantity), price)
    return held


def new_session(account: str, created_ns: int) -> str:
    """Return the name that client order ids begin with: of no other session, account, process or time (I16)."""
    told = f"{account}\n{created_ns}\n{os.getpid()}\n{time.monotonic_ns()}".encode()
    return hashlib.blake2b(told, digest_size=SESSION_DIGITS // 2).hexdigest()


def refuse_other(config: EngineConfig, instruments: Iterable[Instrument]) -> None:
    """Raise ConfigError when an instrument's increments are no longer those of the session that is to go on."""
    now = {each.id: each for each in instruments}
    for old in config.instruments:
        new = now.get(old.id)
        if new is not None and (new.price_scale, new.quantity_scale) != (old.price_scale, old.quantity_scale):
            raise ConfigError(
                f"{old.id} has other increments than when the session began: end it with `tradewind halt --venue`, "
                "then start a new one"
            )


async def _with_patience(question: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return the answer; a venue that does not answer is asked a few times before the start is given up."""
    for attempt in range(TRIES):
        try:
            return await question()
        except (AuthError, VenueRejected):
            raise  # asking again changes nothing
        except VenueError:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(RETRY_S * (attempt + 1))
    raise AssertionError("the last attempt returns or raises")
