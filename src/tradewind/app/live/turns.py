"""How long a thread of a session keeps the interpreter while another one waits for it.

An order leaves when the journal's thread has written its intent, and that thread asks for the interpreter several times
a group: to encode it, and again after compressing, writing and syncing. With the usual five milliseconds it would wait
for each turn as long as a busy stream keeps the loop going, and the order with it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

TURN_S = 0.0002


@contextmanager
def quick_turns() -> Iterator[None]:
    """Let threads take quick turns while the block runs."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(usual_s)
