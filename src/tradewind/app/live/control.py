"""The session's control socket: a JSON object a line in each direction, on a Unix socket that only the owner may open.

    {"do": "status"}                        -> {"ok": true, "result": {...}}
    {"do": "halt", "reason": "..."}         -> {"ok": true, "result": {...}}

Nothing listens on the network (SPEC O6, K7).
"""

import asyncio
import contextlib
import hashlib
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tradewind.model.errors import ConfigError, StateError, TradewindError

SOCKET_FILE = "control.sock"
PATH_MAX = 100  # a Unix socket's address holds about a hundred bytes
LINE_MAX = 1 << 20
REPLY_MAX = 1 << 26
Values = Mapping[str, Any]
Handler = Callable[[Values], Awaitable[Any]]


def socket_path(folder: Path) -> Path:
    """Return where the folder's socket is: in it, or under a short name of its own where that would be too long."""
    path = folder / SOCKET_FILE
    if len(os.fsencode(path.resolve())) <= PATH_MAX:
        return path
    name = hashlib.blake2b(os.fsencode(folder.resolve()), digest_size=8).hexdigest()
    return Path(tempfile.gettempdir()) / f"tradewind-{os.getuid()}" / f"{name}.sock"


class ControlServer:
    """Serves the handlers by name while it is open."""

    def __init__(self, folder: Path, handlers: Mapping[str, Handler]) -> None:
        self.path = socket_path(folder)
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Listen; a socket that a dead session left is replaced (the lease says that it is dead)."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=LINE_MAX)
        self.path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening and hang up."""
        if self._server is None:
            return
        self._server.close()
        await asyncio.sleep(0)  # a connection that was just accepted gets its turn
        served = dict(self._open)
        for writer in served.values():
            writer.close()
        if served:
            await asyncio.wait(served)
        await self._server.wait_closed()
        self._server = None
        self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            while line := await reader.readline():
                writer.write(ENCODER.encode(await self._answer(line)) + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone, or said too much at once
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            del self._open[task]

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = msgspec.json.decode(line, type=dict[str, Any])
            handler = self._handlers[asked["do"]]
        except (msgspec.DecodeError, KeyError, TypeError):
            return {"ok": False, "error": f"ask one of {', '.join(sorted(self._handlers))}"}
        try:
            return {"ok": True, "result": await handler(asked)}
        except TradewindError as error:
            return {"ok": False, "error": str(error)}


def ask(folder: Path, what: Values, timeout_s: float = 30.0) -> Any:
    """Return what the session whose folder it is answers.

    Raises  ConfigError when no session listens, StateError when it refuses or does not answer.
    """
    path = socket_path(folder)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            connection.connect(os.fspath(path))
        except OSError:
            raise ConfigError(f"no session listens at {path}: `tradewind live` starts one") from None
        try:
            connection.sendall(msgspec.json.encode(what) + b"\n")
            reply = msgspec.json.decode(_line(connection), type=dict[str, Any])
        except (OSError, msgspec.DecodeError) as error:
            raise StateError(
                f"the session at {path} does not answer ({error}): `tradewind halt --venue` works without it"
            ) from None
    if not reply.get("ok"):
        raise StateError(str(reply.get("error", "the session refused")))
    return reply.get("result")


def _line(connection: socket.socket) -> bytes:
    parts = bytearray()
    while not parts.endswith(b"\n"):
        part = connection.recv(65_536)
        if not part or len(parts) > REPLY_MAX:
            raise OSError("the connection broke off")
        parts += part
    return bytes(parts)


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"no JSON for {type(value).__name__}")


ENCODER = msgspec.json.Encoder(enc_hook=_plain, decimal_format="string")
