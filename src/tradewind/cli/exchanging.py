"""How `tradewind exchange` checks its options, says where it is, and ends."""

import sys
from pathlib import Path

from tradewind.cli.main import DONE
from tradewind.model.errors import ConfigError

PORT_MAX = 65_535
SEED_MAX = 2**63 - 1


def run(
    *,
    port: int,
    keys_out: Path,
    ws_port: int | None,
    admin_port: int,
    tls: bool,
    market: str,
    faults: str,
    speed: float,
    limits: str,
    seed: int,
) -> int:
    """Run the exchange until it is told to end.

    Raises  ConfigError for options that cannot be followed.
    """
    try:
        from tradewind.app.exchange_wiring import ExchangeOptions, KeysFile, run_exchange
        from tradewind.exchange.server.serving import Ports
    except ImportError as error:
        raise ConfigError(
            f"{error.name} is missing: install tradewind[live]; in a checkout `make live` does"
        ) from error
    if not 0 < speed <= 100_000:
        raise ConfigError(f"--speed must be above 0 and at most 100000, was {speed}")
    if not 0 <= seed <= SEED_MAX:
        raise ConfigError(f"--seed must be from 0 to {SEED_MAX}, was {seed}")
    for option, number in (("--port", port), ("--ws-port", ws_port), ("--admin-port", admin_port)):
        if number is not None and not 0 <= number <= PORT_MAX:
            raise ConfigError(f"{option} must be from 0 (any free one) to {PORT_MAX}, was {number}")
    if keys_out.is_dir():
        raise ConfigError(f"--keys-out {keys_out} is a folder: name the file to write")
    if not keys_out.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {keys_out.absolute().parent} for --keys-out")

    def opened(file: KeysFile) -> None:
        print(f"REST    {file.rest}")
        print(f"streams {file.ws}")
        print(f"admin   {file.admin}")
        print(f"keys    {keys_out}" + (f", trust {file.ca}" if file.ca else ""))
        sys.stdout.flush()

    options = ExchangeOptions(
        ports=Ports(port, ws_port, admin_port),
        keys_out=keys_out,
        tls=tls,
        market=market,
        faults=faults,
        speed=speed,
        limits=limits,
        seed=seed,
    )
    run_exchange(options, opened)
    return DONE
