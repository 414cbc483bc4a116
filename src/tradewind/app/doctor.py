"""Whether a session may start: each thing it needs is looked at, and the worst finding is the verdict (SPEC O7)."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tradewind.app.config import Resolved
from tradewind.app.findings import Finding, Report, Verdict, not_ready, ready, review
from tradewind.app.fit_findings import fit_finding, fits_of
from tradewind.app.home import Home
from tradewind.app.live.asking import without_exits
from tradewind.app.live.coinbase import account_identity
from tradewind.app.live.plan import live_plan
from tradewind.app.live_findings import session_finding
from tradewind.app.settings import Config
from tradewind.app.times import duration_ns
from tradewind.app.venue_access import Access
from tradewind.app.venue_findings import SECOND_NS, SKEW_S_MAX, venue_findings
from tradewind.app.wiring import refuse_impossible_limits
from tradewind.model.errors import ConfigError, TradewindError, VenueError
from tradewind.model.money import ONE
from tradewind.storage.catalog import Catalog
from tradewind.venues.coinbase.desk import CoinbaseDesk

PYTHON_MIN = (3, 11)
PACKAGES = ("aiohttp", "cryptography", "msgspec", "numba", "numpy", "polars", "pyjwt")
DISK_GIB_MIN, DISK_GIB_REVIEW = 1, 5
LOOSE = {"instrument_share_max": ONE, "exposure_share_max": Decimal(3), "leverage_max": Decimal(3)}  # above: said


async def examine(
    home: Home, resolved: Resolved | TradewindError, access: Access | TradewindError, instruments: Sequence[str]
) -> Report:
    """Return the report on this machine, the settings, and the venue with its key; nothing is changed anywhere.

    What could not even be read is handed over as the error that said so.
    """
    findings = [
        python_finding(sys.version_info[:2]),
        packages_finding(installed()),
        disk_finding(home),
        writable_finding(home),
        catalog_finding(home),
        settings_finding(resolved),
    ]
    if isinstance(resolved, Resolved) and resolved.config.bots:
        findings.append(exits_finding(resolved.config))
    if isinstance(access, TradewindError):
        findings.append(not_ready("key", str(access), "put the key file right"))
        return Report(tuple(findings))
    desk = access.desk()
    try:
        findings += await venue_findings(desk, access, instruments, skew_s_max(resolved))
        fine = all(each.verdict is not Verdict.NOT_READY for each in findings)
        if fine and isinstance(resolved, Resolved) and (jobs := fits_of(resolved.config, instruments)):
            findings.append(await fit_finding(desk.market, jobs, desk.client.venue_now_ns()))
        if access.key is not None and all(each.verdict is not Verdict.NOT_READY for each in findings):
            findings.append(await account_here(home, desk, access))
    finally:
        await desk.close()
    return Report(tuple(findings))


# -- this machine ----------------------------------------------------------------------------------------------------


def python_finding(found: tuple[int, ...]) -> Finding:
    shown, wanted = (".".join(map(str, each)) for each in (found, PYTHON_MIN))
    if found < PYTHON_MIN:
        return not_ready("python", shown, f"use Python {wanted} or later")
    return ready("python", shown)


def packages_finding(found: dict[str, str]) -> Finding:
    missing = [name for name, number in found.items() if not number]
    if missing:
        return not_ready("packages", f"{', '.join(missing)} missing", "install tradewind[live]")
    return ready("packages", ", ".join(f"{name} {number}" for name, number in found.items()))


def exits_finding(config: Config) -> Finding:
    """Return which bots open positions that only their strategies close (SPEC S8)."""
    bare = without_exits(config)
    if not bare:
        return ready("exits", "every entry of every bot gets a stop, a target, a trailing stop or a time")
    seen = f"{', '.join(bare)}: no exit is configured, so only the strategy closes what it opens"
    return review("exits", seen, 'set [exits] stop_loss = "0.05", or exits of the bot')


def installed() -> dict[str, str]:
    """Return the version of each package that a live session uses, "" for one that is not installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def disk_finding(home: Home) -> Finding:
    free_gib = shutil.disk_usage(_existing(home.root)).free / (1 << 30)
    seen = f"{free_gib:.1f} GiB free at {home.root}"
    if free_gib < DISK_GIB_MIN:
        return not_ready("disk", seen, f"make room: a journal needs at least {DISK_GIB_MIN} GiB")
    if free_gib < DISK_GIB_REVIEW:
        return review("disk", seen, f"make room: less than {DISK_GIB_REVIEW} GiB can fill up in a busy week")
    return ready("disk", seen)


def writable_finding(home: Home) -> Finding:
    """Return whether a record written where journals go is really on the disk."""
    folder = _existing(home.runs)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"tradewind")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return not_ready("journal", f"{folder}: {error.strerror}", "let the home folder be writable")
    return ready("journal", f"{folder} can be written")


def catalog_finding(home: Home) -> Finding:
    try:
        series = len(Catalog(home.catalog).list())
    except TradewindError as error:
        return not_ready("catalog", str(error), "tradewind data verify names what is damaged")
    return ready("catalog", f"{series} series")


async def account_here(home: Home, desk: CoinbaseDesk, access: Access) -> Finding:
    """Return how this home stands to the account of the key; asked last, when all else is well."""
    try:
        identity = await account_identity(desk, access)
        orders = await desk.orders.open_orders()
    except VenueError as error:
        return not_ready("session", str(error), "check the connection and the venue's status page")
    return session_finding(home, identity, orders)


def settings_finding(resolved: Resolved | TradewindError) -> Finding:
    """Return whether the settings are sound, and whether anything bounds what can be lost."""
    if isinstance(resolved, TradewindError):
        return not_ready("settings", str(resolved), "tradewind config check FILE")
    config = resolved.config
    try:
        live_plan(config)
        refuse_impossible_limits(config)
        fits_of(config, config.data.instruments)
    except ConfigError as error:
        return not_ready("settings", str(error), "no session starts with this: put it right")
    seen = f"profile {config.profile}, {len(config.bots)} bots"
    limits = config.limits
    unbounded = [
        name
        for name in ("instrument_share_max", "exposure_share_max", "leverage_max")
        if getattr(limits, name, None) is None
    ]
    if unbounded:
        return review("settings", f"{seen}; no limit: {', '.join(unbounded)}", "set limits, or take the profile canary")
    loose = [f"{name} {getattr(limits, name)}" for name, most in LOOSE.items() if getattr(limits, name) > most]
    if loose:
        return review("settings", f"{seen}; loose: {', '.join(loose)}", "is that meant? see docs/risk.md")
    if config.protections.drawdown_max is None:
        return review("settings", f"{seen}; no drawdown lock", "set protections.drawdown_max")
    return ready("settings", seen)


def skew_s_max(resolved: Resolved | TradewindError) -> float:
    """Return how far off a clock may be: what the session's own settings say."""
    if isinstance(resolved, TradewindError):
        return SKEW_S_MAX
    return duration_ns(resolved.config.live.skew_max) / SECOND_NS


def _existing(path: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    while not path.exists():
        path = path.parent
    return path


def run_examination(
    home: Home, resolved: Resolved | TradewindError, access: Access | TradewindError, instruments: Sequence[str]
) -> Report:
    """Return the report, from a program that has no loop of its own."""
    return asyncio.run(examine(home, resolved, access, instruments))
