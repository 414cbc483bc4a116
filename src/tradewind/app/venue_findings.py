"""What the doctor finds at the venue: clock, key, rights, fees, account and products."""

from collections.abc import Awaitable, Callable, Sequence

from tradewind.app.findings import Finding, Verdict, not_ready, ready, review
from tradewind.app.venue_access import Access
from tradewind.model.errors import AuthError, VenueError, VenueRejected
from tradewind.model.money import ZERO
from tradewind.venues.coinbase.desk import CoinbaseDesk
from tradewind.venues.ports import KeyRights, ProductState

SECOND_NS = 1_000_000_000
SKEW_S_REVIEW, SKEW_S_MAX = 1.0, 5.0
SILENCE = "no answer: "


async def venue_findings(
    desk: CoinbaseDesk, access: Access, instruments: Sequence[str], skew_s_max: float = SKEW_S_MAX
) -> list[Finding]:
    """Return what the venue says; the first thing that fails for everybody ends the questions."""
    clock = await _asked("clock", lambda: clock_finding(desk, skew_s_max))
    findings = [clock]
    if clock.verdict is Verdict.NOT_READY and clock.seen.startswith(SILENCE):
        return findings
    if access.key is None:
        findings.append(not_ready("key", "none", "name a key file with --key, or set COINBASE_API_KEY and its secret"))
    else:
        findings.append(ready("key", f"{access.key.name} ({access.key.kind.value}) from {access.source}"))
        rights = await _asked("rights", lambda: rights_finding(desk))
        findings.append(rights)
        if rights.verdict is not Verdict.NOT_READY:
            findings.append(await _asked("fees", lambda: fees_finding(desk)))
            findings.append(await _asked("account", lambda: account_finding(desk)))
    findings.append(await _asked("products", lambda: products_finding(desk, instruments)))
    return findings


async def clock_finding(desk: CoinbaseDesk, skew_s_max: float) -> Finding:
    return judged_skew(await desk.client.measure_skew() / SECOND_NS, skew_s_max)


def judged_skew(skew_s: float, skew_s_max: float = SKEW_S_MAX) -> Finding:
    """Return how a clock stands that is so many seconds behind the venue's."""
    seen = f"this clock is {abs(skew_s):.3f} s {'behind' if skew_s > 0 else 'ahead of'} the venue's"
    if abs(skew_s) > skew_s_max:
        return not_ready("clock", seen, "set the clock (chrony or ntpd): order and data times would be wrong")
    if abs(skew_s) > SKEW_S_REVIEW:
        return review("clock", seen, "let the clock be kept (chrony or ntpd); tokens are corrected for it")
    return ready("clock", seen)


async def rights_finding(desk: CoinbaseDesk) -> Finding:
    return judged_rights(await desk.account.permissions())


def judged_rights(rights: KeyRights) -> Finding:
    """Return whether a key may do what a session needs, and no more."""
    has = [name for name in ("view", "trade", "transfer") if getattr(rights, name)]
    seen = f"may {', '.join(has) or 'nothing'}; portfolio {rights.portfolio_id or 'unknown'}"
    if rights.transfer:
        return not_ready("rights", seen, "make a key without the right to transfer: no bot needs to send money")
    if not rights.view or not rights.trade:
        return not_ready("rights", seen, "make a key with the rights to view and to trade")
    return ready("rights", seen)


async def fees_finding(desk: CoinbaseDesk) -> Finding:
    tier = await desk.account.fee_rates()
    return ready("fees", f"maker {tier.maker:.4%}, taker {tier.taker:.4%}")


async def account_finding(desk: CoinbaseDesk) -> Finding:
    balances = await desk.account.balances()
    live = await desk.orders.open_orders()
    seen = f"{len(balances)} currencies, {len(live)} open orders"
    if not any(each.total > ZERO for each in balances):
        return review("account", seen, "the key's portfolio is empty: is it the one that you mean?")
    if live:
        return review("account", seen, "these orders are foreign to a new session: see live.foreign_orders")
    return ready("account", seen)


async def products_finding(desk: CoinbaseDesk, instruments: Sequence[str]) -> Finding:
    if not instruments:
        return review("products", "none named", "name them: --instrument BTC-USD, or data.instruments")
    states = await desk.market.product_states(list(instruments))
    return judged_products(list(states.values()), desk.client.venue_now_ns())


def judged_products(states: Sequence[ProductState], now_ns: int) -> Finding:
    """Return whether every product takes orders, and none ends within a day."""
    closed = [f"{each.instrument} is {each.mode.value}" for each in states if not each.takes_orders]
    ending = [each.instrument for each in states if each.takes_orders and not each.takes_new_risk(now_ns)]
    if len(closed) == len(states):
        return not_ready("products", "; ".join(closed), "nothing can be traded now: wait, or choose others")
    if closed or ending:
        seen = "; ".join([*closed, *(f"{name} expires within a day" for name in ending)])
        return review("products", seen, "the session takes no new risk there")
    return ready("products", f"{len(states)} take orders")


async def _asked(check: str, question: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await question()
    except AuthError as error:
        return not_ready(check, str(error), "the venue does not take this key: check name, secret and rights")
    except VenueRejected as error:
        return not_ready(check, str(error), "put that right: the venue would say the same again")
    except VenueError as error:
        return not_ready(check, f"{SILENCE}{error}", "check the connection and the venue's status page")
