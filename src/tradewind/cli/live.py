"""`tradewind live`: a session on a venue, with real orders."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import Instruments, Interval, Json, Param, RunOptions, Set, Shadow, Strategy

Endpoint = Annotated[Path | None, Parameter(help="The file of a local exchange (tradewind exchange --keys-out FILE).")]
Account = Annotated[str | None, Parameter(help="One of the accounts in that file; without it the first.")]
Key = Annotated[Path | None, Parameter(help="A key file of the venue (view and trade, never transfer).")]


def live(
    config: Annotated[Path | None, Parameter(help="A configuration file (TOML).")] = None,
    /,
    *,
    venue: Annotated[Literal["coinbase"], Parameter(help="Where.")] = "coinbase",
    endpoint: Endpoint = None,
    account: Account = None,
    key: Key = None,
    strategy: Strategy = None,
    param: Param = None,
    instrument: Instruments = None,
    interval: Interval = None,
    profile: Annotated[str | None, Parameter(help="canary, spot, prod or dev.")] = None,
    minutes: Annotated[float | None, Parameter(help="Stop after so many minutes.")] = None,
    on_stop: Annotated[
        Literal["keep", "cancel", "cancel-all", "flatten"] | None,
        Parameter(help="At the end: cancel leaves the exits of positions at the venue, cancel-all does not."),
    ] = None,
    real_money: Annotated[bool, Parameter(negative="", help="This session may trade real money.")] = False,
    dry_run: Annotated[
        bool, Parameter(negative="", help="Decide and record, and send nothing; the real venue is only read.")
    ] = False,
    shadow: Shadow = None,
    yes: Annotated[
        bool, Parameter(negative="", help="Do not ask. For machines: a local exchange, or with --real-money.")
    ] = False,
    settings: Set = None,
    json: Json = False,
) -> int:
    """Trade on a venue: the engine of every backtest, with real orders.

    Without --endpoint that is the real venue: it takes --real-money and a
    confirmation of account, limits and keys, and the canary profile comes
    first. A session that was cut off goes on where it stood. Ctrl-C stops in
    order; a second one at once. SIGUSR1 is the kill switch.

    Exit code 1 says that orders could not be confirmed as canceled, or that
    a position is left without protection at the venue.

    Example: tradewind live my-bots.toml --endpoint exchange.json --yes

    Example: tradewind live my-bots.toml --key key.json --real-money
    """
    from tradewind.cli.living import run_live

    options = RunOptions(
        strategy=strategy,
        param=param,
        instrument=instrument,
        interval=interval,
        profile=profile,
        settings=[
            *(settings or ()),
            f"live.venue={venue}",
            *([f"live.endpoint={endpoint}"] if endpoint is not None else ()),
            *([f"shadow.candidate={shadow}"] if shadow is not None else ()),
            *([f"live.account={account}"] if account is not None else ()),
            *([f"live.keys={key}"] if key is not None else ()),
            *([f"paper.minutes={minutes}"] if minutes is not None else ()),
            *([f"live.on_stop={on_stop}"] if on_stop else ()),
            *(["live.real_money=true"] if real_money else ()),
            *(["live.dry_run=true"] if dry_run else ()),
        ],
    )
    return run_live(config, options, yes=yes, json=json)
