"""How many orders a second the local exchange's matching core takes in process: books, holds, fees, history all on.

    python -m bench.exchange_core [--commands 300000] [--rounds 5] [--profile] [--json]

Eight accounts place and cancel limit orders at one product in a market that wanders: half of the commands quote up to
sixty ticks away, a quarter cross the spread, a quarter cancel one of the last two hundred orders. Commands are made
before the clock starts. `orders_per_s` counts new orders only, the cancels' time included. Every order is checked
against its account's funds and held; every trade moves four balances, two holds and the fees, and is kept on the tape
and in both accounts. They come in as integers (`Exchange.desk`); `api_orders_per_s` is the same stream through
`Exchange.place` with decimals, ids and client ids, as the server sends it, events drained after each command.

`orders_per_cpu_s` is per second of this process's own time, for a machine that is shared.

The reference in the same process matches the same commands by price and time with bare lists: no accounts, no
money, no tape, no ids.
"""

import argparse
import cProfile
import gc
import io
import pstats
import statistics
import time
from bisect import insort
from collections import deque
from decimal import Decimal
from hashlib import blake2b
from random import Random

from bench.figures import Report, in_turn, median_ratio, show
from tradewind.exchange.core.exchange import Exchange
from tradewind.exchange.core.orders import NewOrder, Order
from tradewind.exchange.core.products import Product
from tradewind.model.orders import Side

GOAL_PER_S = 200_000
ACCOUNTS = 8
RECENT = 200
START_NS = 1_700_000_000_000_000_000
PRODUCT = Product(id="BTC-USD")
Command = tuple[int, int, int, int]  # account, side (0: cancel), price or which of the recent orders, quantity


def make_commands(number: int, seed: int = 1) -> list[Command]:
    """Return the stream of commands."""
    chance = Random(seed)
    middle = 500_000
    commands: list[Command] = []
    for _ in range(number):
        middle += chance.choice((-5, 0, 0, 5))
        kind, sign = chance.random(), chance.choice((1, -1))
        account, quantity = chance.randrange(ACCOUNTS), chance.randrange(1, 50) * 100_000
        if kind < 0.5:
            commands.append((account, sign, middle - sign * chance.randrange(1, 60) * 10, quantity))
        elif kind < 0.75:
            commands.append((account, sign, middle + sign * chance.randrange(40) * 10, quantity))
        else:
            commands.append((account, 0, chance.randrange(RECENT), 0))
    return commands


def open_exchange() -> tuple[Exchange, list[str]]:
    """Return an exchange with eight rich accounts."""
    exchange = Exchange([PRODUCT], seed=1)
    money = {"USD": Decimal(10**12), "BTC": Decimal(10**7)}
    accounts = [exchange.open_account(str(index), money) for index in range(ACCOUNTS)]
    exchange.advance(START_NS)
    return exchange, accounts


def run_core(commands: list[Command]) -> tuple[int, int, str]:
    """Return (orders, trades, all balances) after the stream of integers."""
    exchange, accounts = open_exchange()
    desks = [exchange.desk(account, PRODUCT.id) for account in accounts]
    recent: deque[Order] = deque(maxlen=RECENT)
    now_ns, orders = START_NS, 0
    for account, sign, price, quantity in commands:
        now_ns += 1000
        if sign == 0:
            if len(recent) == RECENT:
                desks[account].cancel(recent[price], now_ns)
            continue
        order = desks[account].limit(sign, price, quantity, now_ns)
        orders += 1
        if order is not None:
            recent.append(order)
    return orders, exchange.state.markets[PRODUCT.id].trade_numbers, _balances(exchange, accounts)


def run_api(commands: list[Command]) -> tuple[int, int, str]:
    """Return the same after the stream of decimals."""
    exchange, accounts = open_exchange()
    recent: deque[tuple[str, str]] = deque(maxlen=RECENT)
    now_ns, orders = START_NS, 0
    for account, sign, price, quantity in commands:
        now_ns += 1000
        if sign == 0:
            if len(recent) == RECENT:
                owner, order_id = recent[price]
                exchange.cancel(owner, [order_id], now_ns)
                exchange.drain()
            continue
        orders += 1
        request = NewOrder(
            client_order_id=str(orders),
            product_id=PRODUCT.id,
            side=Side(sign),
            base_size=Decimal(quantity).scaleb(-8),
            limit_price=Decimal(price).scaleb(-2),
        )
        order = exchange.place(accounts[account], request, now_ns).order
        if order is not None:
            recent.append((accounts[account], order.order_id))
        exchange.drain()
    return orders, exchange.state.markets[PRODUCT.id].trade_numbers, _balances(exchange, accounts)


def _balances(exchange: Exchange, accounts: list[str]) -> str:
    held = [exchange.balance(account, currency) for account in accounts for currency in ("USD", "BTC")]
    return " ".join(f"{balance.total}/{balance.hold}" for balance in held)


def run_reference(commands: list[Command]) -> int:
    """Return the trades of a bare price-time matcher: [quantity, side, price, account] in queues by price."""
    sides: dict[int, tuple[list[int], dict[int, deque[list[int]]]]] = {1: ([], {}), -1: ([], {})}
    recent: deque[list[int]] = deque(maxlen=RECENT)
    trades = 0
    for account, sign, price, quantity in commands:
        if sign == 0:
            if len(recent) == RECENT:
                recent[price][0] = 0
            continue
        keys, levels = sides[-sign]
        left = quantity
        blocked = False
        while left and keys and keys[-1] >= -sign * price and not blocked:
            queue = levels[keys[-1]]
            while queue and left:
                maker = queue[0]
                if maker[0] and maker[3] == account:
                    blocked = True
                    break
                traded = min(left, maker[0])
                left -= traded
                maker[0] -= traded
                trades += traded > 0
                if not maker[0]:
                    queue.popleft()
            if not queue:
                del levels[keys.pop()]
        order = [0 if blocked else left, sign, price, account]
        recent.append(order)
        if order[0]:
            keys, levels = sides[sign]
            if sign * price not in levels:
                insort(keys, sign * price)
                levels[sign * price] = deque()
            levels[sign * price].append(order)
    return trades


def profile(commands: list[Command], rows: int = 25) -> str:
    """Return the profiler's table of the core, by own time."""
    profiler = cProfile.Profile()
    profiler.runcall(run_core, commands)
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).strip_dirs().sort_stats("tottime").print_stats(rows)
    return out.getvalue()


def own_seconds(commands: list[Command], rounds: int) -> float:
    """Return the median processor seconds of the core alone."""
    taken = []
    for _ in range(rounds):
        gc.collect()
        started = time.process_time()
        run_core(commands)
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def measure(commands: int, rounds: int) -> Report:
    """Return the figures."""
    stream = make_commands(commands)
    some = stream[: max(1, commands // 10)]
    orders, trades, balances = run_core(stream)
    if run_reference(stream) != trades or run_api(some) != run_core(some):
        raise AssertionError("the core, its door for decimals and the bare matcher disagree on the same commands")
    core, reference, api = in_turn(
        rounds, lambda: run_core(stream), lambda: run_reference(stream), lambda: run_api(some)
    )
    ledger = blake2b(balances.encode(), digest_size=8).hexdigest()
    report = Report(benchmark="exchange_core", facts={"orders": orders, "trades": trades, "ledger": ledger})
    report.add("orders_per_s", orders / statistics.median(core), "orders/s", goal=GOAL_PER_S, higher=True)
    report.add("orders_per_cpu_s", orders / own_seconds(stream, rounds), "orders/s", goal=GOAL_PER_S, higher=True)
    report.add("orders_per_s_best", orders / min(core), "orders/s", higher=True)
    report.add("commands_per_s", len(stream) / statistics.median(core), "commands/s", higher=True)
    report.add("reference_orders_per_s", orders / statistics.median(reference), "orders/s", higher=True)
    report.add("ratio", median_ratio(reference, core), "of reference", higher=True)
    some_orders = sum(1 for command in some if command[1])
    report.add("api_orders_per_s", some_orders / statistics.median(api), "orders/s", higher=True)
    report.add("trades_per_order", trades / orders)
    return report


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = measure(options.commands, options.rounds)
    if options.profile and not options.json:
        report.notes.append(profile(make_commands(options.commands)))
    show(report, as_json=options.json)


if __name__ == "__main__":
    main()
