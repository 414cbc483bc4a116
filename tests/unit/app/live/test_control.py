"""The control socket: asked, answered, refused; and no session at all."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from tradewind.app.live.control import ControlServer, ask, socket_path
from tradewind.model.errors import ConfigError, StateError


async def told(what: Any) -> dict[str, Any]:
    return {"heard": what.get("word"), "number": 3}


async def refused(what: Any) -> None:
    raise StateError("not now: the journal is being read")


async def talk(folder: Path, *questions: dict[str, Any]) -> list[Any]:
    server = ControlServer(folder, {"tell": told, "refuse": refused})
    await server.start()
    answers = []
    for question in questions:
        try:
            answers.append(await asyncio.to_thread(ask, folder, question))
        except StateError as error:
            answers.append(str(error))
    await server.stop()
    assert not server.path.exists()
    return answers


def test_questions_are_answered_and_refusals_told(tmp_path: Path) -> None:
    answers = asyncio.run(talk(tmp_path, {"do": "tell", "word": "hi"}, {"do": "refuse"}, {"do": "dance"}, {}))
    assert answers[0] == {"heard": "hi", "number": 3}
    assert answers[1] == "not now: the journal is being read"
    assert answers[2] == answers[3] == "ask one of refuse, tell"


def test_without_a_session_there_is_nobody_to_ask(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no session listens"):
        ask(tmp_path, {"do": "status"})


def test_only_the_owner_may_open_the_socket_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    socket_path(tmp_path).write_text("left by a dead session")

    async def run() -> int:
        server = ControlServer(tmp_path, {"tell": told})
        await server.start()
        mode = server.path.stat().st_mode & 0o777
        await server.stop()
        return mode

    assert asyncio.run(run()) == 0o600


def test_a_long_folder_name_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    assert socket_path(folder).parent != folder
    assert asyncio.run(talk(folder, {"do": "tell"})) == [{"heard": None, "number": 3}]


def test_rubbish_does_not_end_the_server(tmp_path: Path) -> None:
    async def run() -> Any:
        server = ControlServer(tmp_path, {"tell": told})
        await server.start()

        def rubbish() -> bytes:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.connect(str(server.path))
                connection.sendall(b"\xff\x00nonsense\n")
                return connection.recv(1000)

        first = await asyncio.to_thread(rubbish)
        answer = await asyncio.to_thread(ask, tmp_path, {"do": "tell"})
        await server.stop()
        return first, answer

    first, answer = asyncio.run(run())
    assert b"ask one of" in first
    assert answer["number"] == 3
