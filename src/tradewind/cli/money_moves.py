"""What `account convert` and `account move-funds` do: with a key that was named for the call, after a yes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tradewind.app.flags import flag_values
from tradewind.cli.layers import resolved
from tradewind.cli.main import DONE, FAILED
from tradewind.cli.options import RunOptions
from tradewind.cli.output import print_json
from tradewind.cli.reaching import access_of, asked, confirm, positive
from tradewind.cli.venue_options import Reach
from tradewind.model.errors import ConfigError, OutcomeUnknown, ProtocolError
from tradewind.model.money import plain

if TYPE_CHECKING:
    from tradewind.app.venue_access import Access
    from tradewind.venues.coinbase.desk import CoinbaseDesk
    from tradewind.venues.coinbase.wire.accounts import Portfolio
    from tradewind.venues.coinbase.wire.converting import ConvertTrade

FLAG = "moving_money"


def convert_money(reach: Reach, amount: str, source: str, target: str, *, yes: bool, json: bool) -> int:
    """Ask for a quote, show it, and commit it after a yes; print what became of it."""
    access, given = _moving_access(reach), positive(amount, "the amount")
    source, target = source.upper(), target.upper()
    ends, quote = asked(access, lambda desk: _quote(desk, source, target, given))
    fee = quote.total_fee.amount.value if quote.total_fee and quote.total_fee.amount else None
    total = quote.total.value if quote.total else None
    confirm(
        f"Convert {plain(given)} {source} into {target}: fee {fee if fee is not None else 'none named'}, "
        f"you get {total if total is not None else 'an amount that is not named'}?",
        yes=yes,
    )
    done = asked(access, lambda desk: _commit(desk, quote.id, ends))
    return _told({"id": done.id, "status": done.status, "from": source, "to": target, "amount": given}, json=json)


def move_money(reach: Reach, amount: str, currency: str, ends: tuple[str, str], *, yes: bool, json: bool) -> int:
    """Move money between two portfolios of the key's owner after a yes; print what became of it."""
    access, given, currency = _moving_access(reach), positive(amount, "the amount"), currency.upper()
    found = asked(access, _portfolios)
    source, target = (find_portfolio(found, each) for each in ends)
    if source.uuid == target.uuid:
        raise ConfigError(f"{source.name} is both ends: nothing to move")
    confirm(f"Move {plain(given)} {currency} from {source.name} to {target.name}?", yes=yes)
    try:
        asked(access, lambda desk: _move(desk, given, currency, source.uuid, target.uuid))
    except (OutcomeUnknown, ProtocolError) as error:
        return _told({"status": "unknown", "why": str(error), "do": "look at both portfolios first"}, json=json)
    moved = {"status": "moved", "amount": given, "currency": currency, "from": source.name, "to": target.name}
    return _told(moved, json=json)


def find_portfolio(found: "Sequence[Portfolio]", named: str) -> "Portfolio":
    """Return the portfolio of that id or name.

    Raises  ConfigError naming those there are when none or several have it.
    """
    fitting = [each for each in found if named in (each.uuid, each.name) and not each.deleted]
    if len(fitting) != 1:
        names = ", ".join(f"{each.name} ({each.uuid})" for each in found) or "none"
        raise ConfigError(f"{named!r} names {len(fitting)} of your portfolios: you have {names}")
    return fitting[0]


def _moving_access(reach: Reach) -> "Access":
    """Return the way there with the key of this call; no key that lies about is taken.

    Raises  ConfigError without one, or where moving money is not switched on.
    """
    if not flag_values(resolved(None, RunOptions())[1].config.flags)[FLAG]:
        raise ConfigError(f"moving money is off: tradewind flags set {FLAG} on")
    if reach.key is None and not (reach.endpoint is not None and reach.account):
        raise ConfigError("moving money takes a key named for this call: --key FILE (or --endpoint and --account)")
    return access_of(reach, needs_key=True)


async def _quote(
    desk: "CoinbaseDesk", source: str, target: str, amount: Decimal
) -> "tuple[tuple[str, str], ConvertTrade]":
    from tradewind.venues.coinbase import requests
    from tradewind.venues.coinbase.wire.converting import Convert

    accounts = {each.currency: each.uuid for each in await desk.account.accounts()}
    missing = [each for each in (source, target) if each not in accounts]
    if missing:
        raise ConfigError(
            f"you have no account in {', '.join(missing)}: there is {', '.join(sorted(accounts)) or 'none'}"
        )
    ends = accounts[source], accounts[target]
    answer = await desk.client.call(requests.convert_quote(*ends, amount), Convert)
    return ends, answer.trade


async def _commit(desk: "CoinbaseDesk", trade_id: str, ends: tuple[str, str]) -> "ConvertTrade":
    """Return the conversion after its commit; where the answer is lost it is asked for, not committed again."""
    from tradewind.venues.coinbase import requests
    from tradewind.venues.coinbase.wire.converting import Convert

    try:
        return (await desk.client.call(requests.commit_convert(trade_id, *ends), Convert)).trade
    except (OutcomeUnknown, ProtocolError):
        return (await desk.client.call(requests.get_convert(trade_id, *ends), Convert)).trade


async def _portfolios(desk: "CoinbaseDesk") -> "Sequence[Portfolio]":
    from tradewind.venues.coinbase import requests
    from tradewind.venues.coinbase.wire.accounts import ListPortfolios

    return (await desk.client.call(requests.list_portfolios(), ListPortfolios)).portfolios


async def _move(desk: "CoinbaseDesk", amount: Decimal, currency: str, source: str, target: str) -> None:
    from tradewind.venues.coinbase import requests
    from tradewind.venues.coinbase.wire.accounts import MoveFunds

    await desk.client.call(requests.move_funds(amount, currency, source, target), MoveFunds)


def _told(found: dict[str, object], *, json: bool) -> int:
    if json:
        print_json(found)
    else:
        print(", ".join(f"{name} {plain(each) if isinstance(each, Decimal) else each}" for name, each in found.items()))
    return FAILED if found["status"] == "unknown" else DONE
