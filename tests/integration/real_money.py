"""`tradewind` as it is, but for one thing: what it takes for the real venue is an exchange on this machine.

Called as  python -m tests.integration.real_money ENDPOINT_FILE WORDS...
"""

import json
import sys
from pathlib import Path

from tradewind.app import venue_access
from tradewind.cli.main import run
from tradewind.venues.coinbase.addresses import Address


class Disguised(Address, frozen=True):
    """An address on this machine that passes for one where real money is."""

    @property
    def is_local(self) -> bool:
        return False


def main() -> int:
    """Run a command with the disguised exchange as the production address, and return its exit code."""
    place = json.loads(Path(sys.argv[1]).read_text())
    vars(venue_access)["PRODUCTION"] = Disguised(place["rest"], place["ws"])
    return run(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
