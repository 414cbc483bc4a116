"""What `tradewind live` does: choose the account, ask, run the session under its control socket, say how it ended."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from tradewind.app.config import Resolved
from tradewind.app.config_watch import ConfigWatch
from tradewind.app.home import Home
from tradewind.app.live.asking import instruments_of, without_exits
from tradewind.app.live.building import Built, build, build_paper, settings_of
from tradewind.app.live.coinbase import open_market, open_side
from tradewind.app.live.control import ControlServer
from tradewind.app.live.handlers import handlers
from tradewind.app.live.status import status
from tradewind.app.live.stopping import Ended
from tradewind.app.live.venue_side import VenueSide
from tradewind.app.venue_access import Access, find_access, with_key
from tradewind.cli.halt_signal import HaltSignal
from tradewind.cli.layers import guarded, resolved
from tradewind.cli.main import DONE, FAILED, INTERRUPTED
from tradewind.cli.operations import rounded
from tradewind.cli.options import RunOptions
from tradewind.cli.output import console, print_json
from tradewind.model.errors import ConfigError
from tradewind.model.money import plain

CANARY = "canary"
CANARY_FILE = "canary.json"
LINE_EVERY_S = 10.0


def run_live(file: Path | None, options: RunOptions, *, yes: bool, json: bool) -> int:
    """Run the session that file and options describe, and return the exit code."""
    halts = HaltSignal()
    profile = "dev"
    home, settled = resolved(file, options, profile=profile)
    if not settled.config.live.endpoint:
        profile = CANARY  # money is at stake: the small profile unless told
        home, settled = resolved(file, options, profile=profile)
    guardian = guarded(home, settled, file, options, profile=profile)
    access = chosen_access(home, settled)
    try:
        return _told_or_stopped(_session(home, settled, access, halts, guardian, yes=yes, json=json), json=json)
    finally:
        halts.latch_accounts(home, access)


def chosen_access(home: Home, settled: Resolved) -> Access:
    """Return where to go and with which key.

    Raises  ConfigError for the real venue without the switch for it.
    """
    live = settled.config.live
    access = with_key(
        find_access(
            home,
            os.environ,
            endpoint=Path(live.endpoint) if live.endpoint else None,
            account=live.account,
            key_file=Path(live.keys) if live.keys else None,
        )
    )
    if access.is_real and not live.real_money and not live.dry_run:
        raise ConfigError(
            "nothing trades real money by default: say --real-money, --dry-run, or --endpoint FILE for a local exchange"
        )
    return access


def run_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what the coroutine returns, on the quickest event loop there is."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _told_or_stopped(work: Coroutine[Any, Any, tuple[Built, Ended]], *, json: bool) -> int:
    """Run a session and say how it ended; stopped at once, its journal is left open for the next start."""
    try:
        built, ended = run_loop(work)
    except asyncio.CancelledError:
        print("stopped at once: the next start goes on from here", file=sys.stderr)
        return INTERRUPTED
    return told(built, ended, json=json)


async def _session(
    home: Home,
    settled: Resolved,
    access: Access,
    halts: HaltSignal,
    guardian: ConfigWatch,
    *,
    yes: bool,
    json: bool,
) -> tuple[Built, Ended]:
    side = await open_side(access)
    try:
        confirm(home, settled, access, side, yes=yes)
        built, ended = await _served(await build(settled, home, side), halts, guardian, json=json)
        if settled.config.profile == CANARY and ended.is_clean and not settled.config.live.dry_run:
            (built.lease.folder / CANARY_FILE).write_text("a canary session ended in order here\n", encoding="utf-8")
        return built, ended
    finally:
        await side.close()


def run_live_paper(home: Home, settled: Resolved, guardian: ConfigWatch, *, json: bool) -> int:
    """Run a paper session on the venue's live data, and return the exit code."""
    live = settled.config.live
    access = find_access(
        home, os.environ, endpoint=Path(live.endpoint) if live.endpoint else None, account=live.account
    )
    return _told_or_stopped(_paper(home, settled, access, HaltSignal(), guardian, json=json), json=json)


async def _paper(
    home: Home, settled: Resolved, access: Access, halts: HaltSignal, guardian: ConfigWatch, *, json: bool
) -> tuple[Built, Ended]:
    side = open_market(access)
    try:
        built = await build_paper(settled, home, side)
        return await _served(built, halts, guardian, json=json)
    finally:
        await side.close()


async def _served(built: Built, halts: HaltSignal, guardian: ConfigWatch, *, json: bool) -> tuple[Built, Ended]:
    """Run a session under its control socket, and keep what came of it."""
    ended: Ended | None = None
    built.session.config_watch = guardian
    server = ControlServer(built.lease.folder, handlers(built.session))
    try:
        if built.recovered is not None:
            guardian.adopt(settings_of(built.record, guardian.running))
        await server.start()
        ended = await _watched(built, halts, json=json)
    finally:
        await server.stop()
        halts.latch(built.session.latch)
        built.record = built.close(ended)
    return built, ended


async def _watched(built: Built, halts: HaltSignal, *, json: bool) -> Ended:
    """Run the session while signals are heard and a line is printed now and then."""
    session, loop = built.session, asyncio.get_running_loop()
    work = asyncio.ensure_future(session.run())

    def stop() -> None:
        if session.stop.is_set():
            work.cancel()
        session.stop.set()

    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGTERM, session.stop.set)
    loop.add_signal_handler(signal.SIGUSR1, session.halt, "signal", "SIGUSR1")
    halts.latch(session.latch)
    lines = asyncio.ensure_future(_lines(built)) if not json else None
    try:
        return await work
    finally:
        if lines is not None:
            lines.cancel()
            with suppress(asyncio.CancelledError):
                await lines
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            loop.remove_signal_handler(number)
        halts.listen()


async def _lines(built: Built) -> None:
    """Print the session's line now and then."""
    screen = console()
    while True:
        screen.print(line(status(built.session)), markup=False, soft_wrap=True)
        await asyncio.sleep(LINE_EVERY_S)


def line(told: dict[str, Any]) -> str:
    """Return a status as one line."""
    modes = ["DRY RUN: nothing is sent"] if told["dry_run"] else []
    modes += [f"HALTED {told['halted']}"] if told["halted"] else []
    modes += [f"reduce-only {rule}" for rule in told["reduce_only"]]
    modes += [f"in doubt {name}" for name in told["in_doubt"]]
    requests = told["requests"]
    parts = [
        told["phase"],
        f"equity {rounded(told['equity'])}",
        f"positions {len(told['positions'])}",
        f"open orders {told['orders_open']}",
        f"orders {requests.get('attempted', 0)}",
        f"successful {requests.get('successful', 0)}",
        f"failed {requests.get('failed', 0)}",
        f"unknown {len(requests.get('unknown', ()))}",
        f"lag {told['process']['loop_lag_s'] * 1e3:.1f} ms",
    ]
    return "  ".join([*parts, "; ".join(modes)])


def confirm(home: Home, settled: Resolved, access: Access, side: VenueSide, *, yes: bool) -> None:
    """Return when a person, or a machine that may, has agreed to account, limits and keys; a dry run needs nobody.

    Raises  ConfigError when nobody did, and when the canary has not been there first.
    """
    config = settled.config
    if config.live.dry_run:
        return
    folder = home.root / "live" / side.identity.name
    if access.is_real and config.profile != CANARY and not (folder / CANARY_FILE).exists():
        raise ConfigError(
            "the canary comes first: run a session with --profile canary on this account, and stop it in order"
        )
    if yes:
        return
    if not access.is_real and not sys.stdin.isatty():
        raise ConfigError("nobody is there to confirm: say --yes for a session on a local exchange")
    shown = {
        "account": f"{side.identity.venue} {side.identity.account} at {access.address.rest}",
        "key": access.source,
        "money": "REAL" if access.is_real else "none: a local exchange",
        "profile": config.profile,
        "instruments": ", ".join(instruments_of(config, verb="trade")),
        "bots": ", ".join(bot.id or bot.strategy for bot in config.bots),
        "bots without exits": ", ".join(without_exits(config)) or "none",
        "share of the account per instrument": config.limits.instrument_share_max,
        "share in all": config.limits.exposure_share_max,
        "largest order": config.limits.order_notional_max,
        "leverage": config.limits.leverage_max,
        "loss a day": config.live.daily_loss_max,
        "drawdown": config.protections.drawdown_max,
        "trade whatever their edge": ", ".join(f"{bot} ({why})" for bot, why in config.edge.override.items()) or "none",
        "open orders at the end": config.live.on_stop,
    }
    screen = console()
    for name, value in shown.items():
        screen.print(f"{name:>36}  {'off' if value is None else value}", markup=False)
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to confirm: say --yes together with --real-money")
    word = side.identity.account[:8] if access.is_real else "yes"
    if input(f"type {word!r} to trade: ").strip() != word:
        raise ConfigError("not confirmed: nothing was started")


def told(built: Built, ended: Ended, *, json: bool) -> int:
    """Say how it ended, and return the exit code."""
    state = built.session.engine.state
    equity = state.equity()
    result = {
        "run": built.record.id,
        "dry_run": built.session.plan.dry_run,
        "ended": ended.reason,
        "clean": ended.is_clean,
        "leftovers": list(ended.leftovers),
        "in_doubt": list(ended.in_doubt),
        "kept": list(ended.kept),
        "unprotected": list(ended.unprotected),
        "recovered": built.recovered is not None,
        "equity": None if equity is None else plain(equity),
        "cash": {name: plain(purse.cash) for name, purse in state.ledger.purses.items()},
        "funding": {name: plain(purse.funding) for name, purse in state.ledger.purses.items()},
        "transfers": {name: plain(purse.transfers) for name, purse in state.ledger.purses.items()},
        "positions": {
            name: plain(market.instrument.quantity_decimal(market.held)) for name, market in state.markets.items()
        },
        "orders": state.orders_made,
        "fills": state.fills,
        "requests": status(built.session)["requests"],
    }
    if json:
        print_json(result)
    else:
        screen = console()
        screen.print(f"run {built.record.id} ended since it was {ended.reason}", markup=False, soft_wrap=True)
        if built.session.plan.dry_run:
            screen.print("a dry run: nothing was sent", markup=False)
        for name in (*ended.leftovers, *ended.in_doubt):
            screen.print(f"order {name} may still be at the venue: the next start sees to it", markup=False)
        for name in ended.kept:
            screen.print(f"order {name} stays at the venue: the next start takes it over", markup=False)
        for text in ended.unprotected:
            screen.print(text, markup=False, soft_wrap=True)
    return DONE if ended.is_clean else FAILED
