"""`tradewind execution`: how an order would be worked and at what cost, and what that is worth on recorded books."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from tradewind.cli.options import Data, Interval, Json, Venue


def plan(
    *,
    instrument: Annotated[str, Parameter(help="The instrument to trade.")],
    side: Annotated[Literal["buy", "sell"], Parameter(help="What to do.")],
    notional: Annotated[str, Parameter(help="How much, in quote currency.")],
    urgency: Annotated[Literal["low", "normal", "high"], Parameter(help="low waits, high crosses.")] = "normal",
    policy: Annotated[
        Literal["maker_first", "bands"], Parameter(help="maker_first posts unless urgent; bands goes by notional.")
    ] = "maker_first",
    bid: Annotated[str | None, Parameter(help="Best bid, with --ask in place of the last bar's close.")] = None,
    ask: Annotated[str | None, Parameter(help="Best ask.")] = None,
    volume_30d: Annotated[str, Parameter(help="Traded volume of 30 days, for the fee tier.")] = "0",
    multipliers: Annotated[str, Parameter(help="Slippage multipliers on the impact: BTC-USD:1.5,ETH-USD:2.")] = "",
    data: Data = None,
    venue: Venue = None,
    interval: Interval = None,
    json: Json = False,
) -> int:
    """Show how an order would be worked, and what that is expected to cost.

    Volatility and volume are those of the last thirty days of bars in --data
    or the catalog. Without any, they are those of the generated market, and
    the output says so. Nothing is sent.

    Example: tradewind execution plan --instrument BTC-USD --side buy --notional 2500

    Example: tradewind execution plan --instrument ETH-USD --side sell --notional 20000 --urgency low --json
    """
    from tradewind.cli.executing import plan_and_show

    return plan_and_show(
        instrument, side, notional, urgency, policy, (bid, ask), volume_30d, multipliers, (data, venue, interval),
        json=json,
    )  # fmt: skip


def costs(
    run: Annotated[str, Parameter(help="A run's id, its beginning or end, or `latest`.")] = "latest",
    /,
    *,
    json: Json = False,
) -> int:
    """Tell what the orders of a run cost, by strategy and by day.

    Slippage against the price of the decision, fees, the shortfall with what
    did not fill, maker ratio and markouts, against the same orders sent to
    market. With --json also order by order.

    Example: tradewind execution costs latest
    """
    from tradewind.cli.costing import show_costs

    return show_costs(run, json=json)


def study(
    *,
    data: Annotated[
        Path | None, Parameter(help="A folder with recorded books: l2/VENUE/SYMBOL, trades beside.")
    ] = None,
    starts: Annotated[int, Parameter(help="How many starts on each tape.")] = 16,
    seeds: Annotated[str, Parameter(help="Seeds of the generated markets: 900-901, or 3,5.")] = "900-901",
    out: Annotated[Path | None, Parameter(help="Folder for a page (HTML) and the figures (JSON).")] = None,
    json: Json = False,
) -> int:
    """Measure planned execution against sending everything to market.

    Parent orders of low urgency by policy maker_first on every recorded book
    below --data and on generated markets, in book simulation with the
    risk-averse queue, against the same parents as market orders. A goal that
    is missed is reported as missed; the exit code is 0 all the same.

    Example: tradewind execution study --starts 4

    Example: tradewind execution study --data recorded --out execution-study --json
    """
    from tradewind.cli.executing import study_and_show

    return study_and_show(data, starts, seeds, out, json=json)
