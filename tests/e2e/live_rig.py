"""A local exchange and our bot as processes of their own, and what must hold between them (FAULTS I01, I04, I39)."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY
from tradewind.app.live.control import ask
from tradewind.model.errors import ConfigError, StateError

START_WITHIN_S = 30.0
STRATEGIES = "tests/live_strategies.py"


class ExchangeProcess:
    """`tradewind exchange` in a folder, and its administration."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.keys = folder / "keys.json"
        self.log = (folder / "exchange.log").open("w")
        command = [sys.executable, "-m", "tradewind", "exchange", "--port", "0", "--keys-out", str(self.keys), *more]
        environment = {**os.environ, "TRADEWIND_HOME": str(folder / "exchange-home")}
        self.process = subprocess.Popen(command, cwd=REPOSITORY, stdout=self.log, stderr=self.log, env=environment)
        until(self._is_up, START_WITHIN_S, "the exchange does not start")

    def _is_up(self) -> bool:
        assert self.process.poll() is None, "the exchange died at its start"
        if not self.keys.exists():
            return False
        self.admin = str(json.loads(self.keys.read_text())["admin"])
        return bool(self.get("/health"))

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.admin + path, timeout=10) as answer:
            return json.loads(answer.read())

    def send(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.admin + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def truth(self, account: str = "alpha") -> dict[str, Any]:
        """What the account really is, told by no adapter."""
        return dict(self.get(f"/truth/{account}"))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


class BotProcess:
    """`tradewind live` on that exchange; `home` outlives it."""

    def __init__(
        self,
        folder: Path,
        exchange: ExchangeProcess,
        config: Path,
        number: int = 0,
        *,
        account: str = "",
        key: Path | None = None,
    ) -> None:
        self.home = folder / "home"
        self.out = folder / f"bot-{number}.out"
        self.started_s = time.monotonic()
        command = [
            sys.executable, "-m", "tradewind", "live", str(config), "--endpoint", str(exchange.keys), "--yes", "--json",
            *(("--account", account) if account else ()),
            *(("--key", str(key)) if key is not None else ()),
        ]  # fmt: skip
        with self.out.open("w") as out, (folder / f"bot-{number}.err").open("w") as err:
            self.process = subprocess.Popen(
                command, cwd=REPOSITORY, stdout=out, stderr=err, env={**os.environ, "TRADEWIND_HOME": str(self.home)}
            )

    @property
    def folder(self) -> Path:
        return next((self.home / "live").iterdir())

    def status(self) -> dict[str, Any]:
        """What the session says of itself; {} while it does not answer."""
        try:
            return dict(ask(self.folder, {"do": "status"}, 10.0))
        except (ConfigError, StateError, StopIteration, FileNotFoundError):
            return {}

    def ready_within(self, seconds: float) -> float:
        """Wait until it trades, and return how long that took from its start."""

        def ready() -> bool:
            assert self.process.poll() is None, f"the bot died: {self.out.with_suffix('.err').read_text()[-2000:]}"
            return bool(self.status().get("ready"))

        until(ready, seconds, "the bot does not get ready")
        return time.monotonic() - self.started_s

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, within_s: float = 60.0) -> tuple[int, dict[str, Any]]:
        """Stop in order, and return exit code and result."""
        self.process.terminate()
        code = self.process.wait(within_s)
        lines = self.out.read_text().strip().splitlines()
        error = self.out.with_suffix(".err").read_text()[-3000:]
        assert lines, f"the bot said nothing at its end: {error}"
        return code, dict(json.loads(lines[-1]))


def until(condition: Any, seconds: float, complaint: str) -> None:
    """Return when the condition holds; fail after `seconds`."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        try:
            if condition():
                return
        except urllib.error.URLError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{complaint} within {seconds:g} s")


def bots_config(path: Path, *, bots: int = 12, seconds: int = 2, beside: Sequence[str] = ()) -> Path:
    """Write a configuration of so many busy bots, and return its path; `beside` are instruments for bots to come."""
    instruments = ("BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD")
    sizes = {"BTC-USD": "0.004", "ETH-USD": "0.05", "SOL-USD": "1", "XRP-USD": "200"}
    rows = [
        "[data]",
        f"instruments = {json.dumps([*instruments, *beside])}",
        'interval = "1m"',
        "[limits]",
        "instrument_share_max = 1",
        "exposure_share_max = 5",
        "leverage_max = 5",
        "[guards]",
        "errors_per_minute_max = 100000",
        "[live]",
        'on_stop = "cancel-all"',
        'orders_every = "15s"',
        'accounts_every = "20s"',
        "gaps_per_five_minutes = 100000",
        'request_timeout = "5s"',
    ]
    for number in range(bots):
        name = instruments[number % len(instruments)]
        kind = ("Flipper", "Quoter", "Flipper")[number // len(instruments) % 3]
        parameters = f'seconds = {seconds + number % 3}, quantity = "{sizes[name]}"'
        if kind == "Flipper" and number // len(instruments) == 2:
            parameters += ", stop_loss = 0.002, take_profit = 0.002"
        rows += [
            "[[bots]]",
            f'id = "bot-{number:02d}"',
            f'strategy = "{STRATEGIES}:{kind}"',
            f'instruments = ["{name}"]',
            f"parameters = {{{parameters}}}",
        ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def differences(truth: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """Return everything in which the exchange's account and our books are not equal, to the last unit."""
    found: list[str] = []
    balances = {name: Decimal(each["total"]) for name, each in truth["balances"].items()}
    for currency, cash in result["cash"].items():
        if Decimal(cash) != balances.get(currency, Decimal(0)):
            found.append(f"{currency}: the exchange has {balances.get(currency)}, our books {cash}")
    for name, quantity in result["positions"].items():
        base = name.split("-")[0]
        if Decimal(quantity) != balances.get(base, Decimal(0)):
            found.append(f"{base}: the exchange has {balances.get(base)}, our books {quantity}")
    names = Counter(order["client_order_id"] for order in truth["orders"])
    found += [f"{count} orders under the name {name}" for name, count in names.items() if count > 1]
    fills = sum(int(order["number_of_fills"]) for order in truth["orders"])
    if fills != result["fills_all_runs"]:
        found.append(f"the exchange has {fills} fills, our books {result['fills_all_runs']}")
    live = [order["client_order_id"] for order in truth["orders"] if order["status"] in {"OPEN", "PENDING", "QUEUED"}]
    found += [f"order {name} is still live" for name in live]
    return found
