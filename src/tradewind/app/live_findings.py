"""What the doctor finds in the home folder about the account: who trades it, whether it is halted, what was left."""

from collections.abc import Sequence

from tradewind.app.findings import Finding, not_ready, ready, review
from tradewind.app.home import Home
from tradewind.app.live.halting import accounts_at
from tradewind.app.live.latch import Latch
from tradewind.app.live.lease import AccountIdentity, holder
from tradewind.app.live.sessions import named, of_others
from tradewind.app.live.standing import Standing
from tradewind.model.errors import StateError
from tradewind.model.venue import VenueOrder

CHECK = "session"


def session_finding(home: Home, identity: AccountIdentity, orders: Sequence[VenueOrder]) -> Finding:
    """Return whether a session of this account could begin here, and with what; `orders` are open there."""
    root = home.root / "live"
    folder = root / identity.name
    if not folder.is_dir():
        if elsewhere := of_others(orders, ()):
            return _traded_elsewhere(elsewhere)
        others = [each.name for each in accounts_at(root, identity.endpoint)]
        if others:
            seen = f"new here; this home has traded {', '.join(others)} there"
            return review(CHECK, seen, "is this the account that you mean? its state would be a new one")
        return ready(CHECK, "a new account for this home")
    if (process := holder(folder)) is not None:
        return not_ready(CHECK, f"process {process} trades this account now", "stop that session first")
    try:
        standing = Standing(folder)
        run, left, own = standing.current, standing.leftovers(), standing.sessions
    except StateError as error:
        return not_ready(CHECK, str(error), "restore the file from a backup")
    if elsewhere := of_others(orders, own):
        return _traded_elsewhere(elsewhere)
    tripped = Latch(folder).read()
    if tripped is not None:
        return review(CHECK, f"halted by {tripped.by}: {tripped.reason}", "tradewind resume, when that is seen to")
    if left is not None and left.orders:
        seen = f"{len(left.orders)} orders of run {left.run} were not confirmed as canceled"
        return review(CHECK, seen, "the next session sees to them first; `tradewind halt --venue` cancels them now")
    return ready(CHECK, f"the last run is {run}" if run else "no run yet")


def _traded_elsewhere(orders: Sequence[VenueOrder]) -> Finding:
    seen = f"a session of another home folder has orders there: {named(orders)}"
    return not_ready(CHECK, seen, "stop it there; if it is dead, `tradewind halt --venue` clears the account")
