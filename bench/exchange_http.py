"""How many orders a second the local exchange takes over loopback.

    python -m bench.exchange_http [--orders 30000] [--connections 16] [--rounds 3] [--json]

`tradewind exchange` runs as a process of its own with its generated market, plain HTTP; this process is its one client,
with sixteen connections that each wait for an answer before they ask again. Every order carries a token of its own
(ES256, signed ahead, so that signing is not what is measured), which the exchange verifies; two accounts buy from and
sell to each other at one price, so that holds, fills and fees are part of it. The reference is the same number of
public requests for the time, in turn. CPU of both sides tells which of them is the limit.
"""

import argparse
import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import jwt
import uvloop
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench.figures import Report, show

PATH = "/api/v3/brokerage/orders"
GOAL_PER_S, START_LIMIT_S = 3_000, 3.0
SIZE = "0.001"
TOKEN_LIFE_S = 120
ANSWERS_LIMIT_S = 60.0
_ids = count(1)


class Lane(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is complete."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self.requests = iter(requests)
        self.done = done
        self.buffer = b""
        self.answers: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.next()

    def next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            self.done.set_result(None)
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().index(b"content-length: ") + 16
        length = int(self.buffer[at : self.buffer.index(b"\r\n", at)])
        if len(self.buffer) < head + 4 + length:
            return
        self.answers.append(self.buffer)
        self.buffer = b""
        self.next()


class Exchange:
    """The exchange as a process, and how to ask it."""

    def __init__(self, folder: Path) -> None:
        keys = folder / "keys.json"
        started = time.perf_counter()
        command = [sys.executable, "-m", "tradewind.cli", "exchange", "--port", "0", "--keys-out", str(keys)]
        self.process = subprocess.Popen([*command, "--limits", "off"], stdout=subprocess.DEVNULL)
        while not keys.exists():
            if self.process.poll() is not None:
                raise SystemExit("the exchange did not start")
            time.sleep(0.01)
        self.start_s = time.perf_counter() - started
        told: dict[str, Any] = json.loads(keys.read_text(encoding="utf-8"))
        self.host = told["rest"].removeprefix("http://")
        self.accounts = [
            (entry, load_pem_private_key(entry["api_secret"].encode(), None)) for entry in told["accounts"]
        ]

    def cpu_s(self) -> float:
        """Seconds of processor that the exchange has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def order(self, lane: int, price: str) -> bytes:
        """A signed order: lanes of one parity buy for the first account, the others sell for the second."""
        entry, key = self.accounts[lane % 2]
        now_s = int(time.time())
        claims = {
            "sub": entry["api_key"],
            "iss": "cdp",
            "nbf": now_s,
            "exp": now_s + TOKEN_LIFE_S,
            "uri": f"POST {self.host}{PATH}",
        }
        headers = {"kid": entry["api_key"], "nonce": secrets.token_hex(16)}
        token = jwt.encode(claims, key, algorithm="ES256", headers=headers)
        body = json.dumps(
            {
                "client_order_id": f"bench-{next(_ids)}",
                "product_id": "ETH-USD",
                "side": ("BUY", "SELL")[lane % 2],
                "order_configuration": {
                    "limit_limit_gtc": {"base_size": SIZE, "limit_price": price, "post_only": False}
                },
            }
        ).encode()
        head = f"POST {PATH} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {token}\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def bare(self) -> bytes:
        """A request for the time."""
        return f"GET /api/v3/brokerage/time HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()

    def ask(self, lanes: list[list[bytes]]) -> tuple[float, list[bytes]]:
        """Seconds for all requests, one connection a list, and the answers."""
        return uvloop.run(self._ask(lanes))

    async def _ask(self, lanes: list[list[bytes]]) -> tuple[float, list[bytes]]:
        loop = asyncio.get_running_loop()
        host, _, port = self.host.partition(":")
        made, ends = [], []
        started = time.perf_counter()
        for requests in lanes:
            end: asyncio.Future[None] = loop.create_future()
            _, lane = await loop.create_connection(lambda: Lane(requests, end), host, int(port))  # noqa: B023
            made.append(lane)
            ends.append(end)
        await asyncio.wait_for(asyncio.gather(*ends), ANSWERS_LIMIT_S)
        return time.perf_counter() - started, [answer for lane in made for answer in lane.answers]

    def price(self) -> str:
        """A price at which orders rest beside the market: the middle of the book, on the tick."""
        path = "/api/v3/brokerage/market/product_book?product_id=ETH-USD&limit=1"
        request = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()
        _, [answer] = self.ask([[request]])
        book = json.loads(answer.partition(b"\r\n\r\n")[2])
        return str(round(float(book["mid_market"]), 2))


def measure(orders: int, connections: int, rounds: int) -> Report:
    report = Report(benchmark="exchange_http")
    each = orders // rounds // connections
    with tempfile.TemporaryDirectory() as folder:
        exchange = Exchange(Path(folder))
        rates, bare_rates, server, client, costs = [], [], [], [], []
        taken = 0
        try:
            exchange.ask([[exchange.bare()] * 100 for _ in range(connections)])
            for _ in range(rounds):
                price = exchange.price()
                lanes = [[exchange.order(lane, price) for _ in range(each)] for lane in range(connections)]
                cpu, own = exchange.cpu_s(), time.process_time()
                seconds, answers = exchange.ask(lanes)
                rates.append(len(answers) / seconds)
                used = exchange.cpu_s() - cpu
                server.append(used / seconds)
                costs.append(used / len(answers) * 1e6)
                client.append((time.process_time() - own) / seconds)
                taken += sum(b'"success":true' in answer for answer in answers)
                seconds, answers = exchange.ask([[exchange.bare()] * each for _ in range(connections)])
                bare_rates.append(len(answers) / seconds)
        finally:
            exchange.process.terminate()
            exchange.process.wait(10)
    report.add("orders_per_s", statistics.median(rates), "1/s", goal=GOAL_PER_S, higher=True)
    report.add("bare_per_s", statistics.median(bare_rates), "1/s")
    report.add("ratio", statistics.median(a / b for a, b in zip(rates, bare_rates, strict=True)), "of bare requests")
    report.add("order_us", statistics.median(costs), "us of the exchange")
    report.add("server_cpu", statistics.median(server), "of a core")
    report.add("client_cpu", statistics.median(client), "of a core")
    report.add("start_s", exchange.start_s, "s", goal=START_LIMIT_S)
    report.facts["refused"] = each * connections * rounds - taken
    limit = "the exchange" if statistics.median(server) > statistics.median(client) else "the client"
    report.notes.append(f"{limit} is the limit: it uses more of its core than the other side")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=30_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    show(measure(arguments.orders, arguments.connections, arguments.rounds), as_json=arguments.json)


if __name__ == "__main__":
    main()
