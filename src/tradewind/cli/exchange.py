"""`tradewind exchange`: a Coinbase of one's own on this machine."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def exchange(
    *,
    port: Annotated[int, Parameter(help="REST, and the streams unless --ws-port says otherwise; 0 is any free one.")],
    keys_out: Annotated[Path, Parameter(help="Where to write addresses, accounts and keys (JSON).")],
    ws_port: Annotated[int | None, Parameter(help="A port of their own for the streams.")] = None,
    admin_port: Annotated[int, Parameter(help="Faults, counters and the truth; 0 is any free one.")] = 0,
    tls: Annotated[bool, Parameter(negative="", help="Speak TLS, with a certificate made at start.")] = False,
    market: Annotated[
        str, Parameter(help="generate, or replay:PATH of recorded books, trades or candles.")
    ] = "generate",
    faults: Annotated[str, Parameter(help="A fault file, or seed:N for calm and faulty half-minutes.")] = "",
    speed: Annotated[float, Parameter(help="How many times faster than the clock the market moves.")] = 1.0,
    limits: Annotated[str, Parameter(help="Rate limits: local (high), venue (Coinbase's own) or off.")] = "local",
    seed: Annotated[int, Parameter(help="The seed of the market and of all ids.")] = 1,
) -> int:
    """Run a local exchange that speaks Coinbase Advanced Trade, REST and
    WebSocket, until SIGTERM or Ctrl-C.

    The official SDK and ccxt work against it, pointed at its address.

    Example: tradewind exchange --port 8443 --keys-out keys.json --tls

    Example: tradewind exchange --port 8080 --keys-out keys.json --faults seed:7 --speed 60
    """
    from tradewind.cli.exchanging import run

    return run(
        port=port,
        keys_out=keys_out,
        ws_port=ws_port,
        admin_port=admin_port,
        tls=tls,
        market=market,
        faults=faults,
        speed=speed,
        limits=limits,
        seed=seed,
    )
