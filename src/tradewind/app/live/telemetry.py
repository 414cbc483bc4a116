"""Account telemetry: balances, fee tier, volume and rights, every few minutes; each field fails alone (SPEC P4)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tradewind.model.errors import VenueError
from tradewind.venues.ports import AccountDesk


class AccountTelemetry:
    """The latest answer of each question, when it came, and what went wrong with those that did not."""

    def __init__(self, desk: AccountDesk | None, now_ns: Callable[[], int]) -> None:
        self.found: dict[str, Any] = {}
        self.at_ns: dict[str, int] = {}
        self.errors: dict[str, str] = {}
        self._desk = desk
        self._now_ns = now_ns

    async def run(self, every_s: float) -> None:
        """Ask for as long as the session lives."""
        while True:
            await self.ask()
            await asyncio.sleep(every_s)

    async def ask(self) -> None:
        """Ask everything once; a question that fails leaves its last answer, and says so."""
        desk = self._desk
        if desk is None:
            return
        questions: dict[str, Callable[[], Awaitable[Any]]] = {
            "balances": desk.balances,
            "positions": desk.positions,
            "fee_rates": desk.fee_rates,
            "volume_30d": desk.volume_30d,
            "permissions": desk.permissions,
        }
        for name, question in questions.items():
            try:
                answer = await question()
            except (VenueError, TimeoutError) as error:
                self.errors[name] = f"{type(error).__name__}: {error}"
                continue
            self.found[name] = msgspec.to_builtins(answer, str_keys=True)
            self.at_ns[name] = self._now_ns()
            self.errors.pop(name, None)

    def values(self) -> dict[str, Any]:
        """Return everything known, as plain values."""
        return {"found": self.found, "at_ns": self.at_ns, "errors": self.errors}
