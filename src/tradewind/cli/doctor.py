"""`tradewind doctor`: whether a session may start."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tradewind.cli.options import Instruments, Json, Profile, Set
from tradewind.cli.venue_options import Account, Endpoint, Key, Reach


def doctor(
    config: Annotated[Path | None, Parameter(help="The configuration file of the session.")] = None,
    /,
    *,
    profile: Profile = None,
    instrument: Instruments = None,
    settings: Set = None,
    endpoint: Endpoint = None,
    account: Account = "",
    key: Key = None,
    json: Json = False,
) -> int:
    """Look at everything that a live session needs: Python, packages, disk,
    journal, catalog, settings, clock, key and its rights, fees, account,
    products. Ends with READY, REVIEW or NOT READY (then the exit code is 1).

    A key that may transfer money is refused.

    Example: tradewind doctor session.toml --key key.json

    Example: tradewind doctor --endpoint keys.json --instrument BTC-USD
    """
    from tradewind.cli.doctoring import Asked, examine_and_show

    asked = Asked(config, profile, instrument, settings)
    return examine_and_show(Reach(endpoint, account, key), asked, json=json)
