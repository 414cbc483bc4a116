"""The way in: the version at once, everything else through the command tree; errors become one line and an exit code.

Exit codes: 0 done; 1 something was checked and failed; 2 wrong input, and the message says what to do.
"""

import os
import sys
from collections.abc import Sequence

from tradewind import __version__

DONE, FAILED, WRONG_INPUT = 0, 1, 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    if tokens in (["--version"], ["-V"]):
        print(f"tradewind {__version__}")
        return DONE
    return run(tokens)


def run(tokens: Sequence[str]) -> int:
    """Return the exit code of a command; what is raised on purpose is told in one line on stderr."""
    from cyclopts import CycloptsError

    from tradewind.cli.tree import command_tree
    from tradewind.model.errors import TradewindError

    try:
        code = command_tree(tokens)(tokens, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        return told(str(error).strip().replace("\n", " "), "see tradewind --help")
    except TradewindError as error:
        return told(str(error))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone, as with `| head`: what is still to be flushed goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code if isinstance(code, int) else DONE


def told(message: str, remedy: str = "") -> int:
    """Say on stderr what is wrong, and return the exit code for it."""
    print(f"error: {message}{'; ' if remedy else ''}{remedy}", file=sys.stderr)
    return WRONG_INPUT
