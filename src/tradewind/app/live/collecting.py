"""How the interpreter looks for garbage while a session trades: seldom, and only among what is new.

What was there when the session began stays for as long as it lives. Looked through again and again, those hundred
thousand objects make a pause of a tenth of a second, and it comes when it likes: between a decision and its order.
Almost all that a session makes goes by itself, without being looked for.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (20_000, 20, 20)


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Leave what is there now out of every look for garbage, and look seldom, while the block runs."""
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
