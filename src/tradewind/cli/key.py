"""`tradewind key`: keep a venue's key where others cannot read it."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

KeyFile = Annotated[Path, Parameter(help="A key file as the venue hands it out.")]


def seal(file: KeyFile, out: Annotated[Path, Parameter(help="The sealed file to write.")], /) -> int:
    """Write a copy of a key file that is encrypted under a passphrase.

    The passphrase is asked for twice, or taken from COINBASE_KEY_PASSPHRASE.
    A sealed file is used like any other: --key FILE. Delete the plain one.

    Example: tradewind key seal key.json key.sealed
    """
    from tradewind.cli.key_keeping import seal_file
    from tradewind.cli.reaching import need_live_extra

    need_live_extra()
    return seal_file(file, out)


def keep(file: KeyFile, name: Annotated[str, Parameter(help="What to call it.")], /) -> int:
    """Put a key into the keyring of this machine; use it with --key keyring:NAME.

    It needs the package `keyring` and a keyring that is open.

    Example: tradewind key keep key.json coinbase
    """
    from tradewind.cli.key_keeping import keep_file
    from tradewind.cli.reaching import need_live_extra

    need_live_extra()
    return keep_file(file, name)
