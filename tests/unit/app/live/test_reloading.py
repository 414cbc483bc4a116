"""What a reload does where one of its bots cannot become what the file says."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.engine_rig import BTC, PERP
from tradewind.app.config import Resolved, resolve
from tradewind.app.config_watch import ConfigWatch
from tradewind.app.home import Home
from tradewind.app.live.reloading import reload_config
from tradewind.app.strategies import load_source
from tradewind.app.wiring import engine_config
from tradewind.engine.state import EngineState
from tradewind.model.errors import ConfigError

START = """
[data]
instruments = ["BTC-USD", "BTC-PERP"]
interval = "1m"
[[bots]]
id = "a"
strategy = "donchian"
parameters = { entry_bars = 20 }
[[bots]]
id = "b"
strategy = "macd"
"""


class Running:
    """As much of a running session as a reload asks for; the engine hears into `taken`."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "bots.toml"
        self.file.write_text(START, encoding="utf-8")
        self.taken: list[Any] = []
        running = self._read().config
        self.state = EngineState(engine_config(running, [BTC, PERP]), load_source)
        ready = asyncio.Event()
        ready.set()
        self.session: Any = SimpleNamespace(
            engine=SimpleNamespace(state=self.state, now_ns=lambda: 1, take=self.taken.append),
            config_watch=ConfigWatch([self.file], self._read, running),
            fitting=SimpleNamespace(states={}),
            plan=SimpleNamespace(span_ns=60_000_000_000),
            side=SimpleNamespace(spans_ns=frozenset),
            ready=ready,
            stop=asyncio.Event(),
            phase="trading",
        )

    def _read(self) -> Resolved:
        return resolve(Home(self.file.parent / "home"), {}, file=self.file, profile="paper")

    def reload(self, edit: Callable[[str], str]) -> dict[str, Any]:
        self.file.write_text(edit(START), encoding="utf-8")
        return asyncio.run(reload_config(self.session))


def test_nothing_has_changed_where_a_later_bot_cannot_become_what_the_file_says(tmp_path: Path) -> None:
    running = Running(tmp_path)
    with pytest.raises(ConfigError, match="books"):
        running.reload(lambda text: text.replace("= 20", "= 30").replace('"macd"', '"inventory_maker"'))
    assert running.taken == []


def test_a_bot_may_become_one_whose_fit_was_not_made_before(tmp_path: Path) -> None:
    running = Running(tmp_path)
    told = running.reload(lambda text: text.replace('"macd"', '"pairs"'))
    assert told["applied"] == ["bots.b.strategy"]
    assert [(event.bot, event.strategy) for event in running.taken] == [("b", "pairs")]
