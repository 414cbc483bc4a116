"""The last look at a request: as its body is about to go, after every wait for turn, token and connection.

Between the decision to send and the first byte lie the budget, the repeats after a 429 and the pool of connections. Who
must be able to stop a request until it has really left is asked here, and no wait is left behind this point.
"""

from types import SimpleNamespace

import aiohttp

from tradewind.venues.ports import Look


class Leaving:
    """One attempt of one request; `held_by` is why it was held back, "" when it was not."""

    def __init__(self, look: Look | None) -> None:
        self._look = look
        self.held_by = ""

    def pass_or_raise(self) -> None:
        """Return when the body may go; else raise what makes the connection drop what it holds of the request."""
        if self._look is not None and (reason := self._look()):
            self.held_by = reason
            raise aiohttp.ClientConnectionError(reason)


def watched() -> aiohttp.TraceConfig:
    """Return what makes a client session look before each body, which is written together with its headers."""
    config = aiohttp.TraceConfig()
    config.on_request_chunk_sent.append(_last_look)
    return config


async def _last_look(
    session: aiohttp.ClientSession, context: SimpleNamespace, chunk: aiohttp.TraceRequestChunkSentParams
) -> None:
    leaving = context.trace_request_ctx
    if isinstance(leaving, Leaving):
        leaving.pass_or_raise()
