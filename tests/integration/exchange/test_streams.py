"""Streams over a real socket: numbers, acknowledgements, snapshots, and what orders look like on the user channel."""

from decimal import Decimal

from tests.integration.exchange.rig import PRODUCT, Rig, limit_order, until, with_exchange


def test_frames_are_numbered_across_channels_and_acks_add_up() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("ticker", PRODUCT)
            await stream.subscribe("level2", PRODUCT, "ETH-USD")
            await stream.subscribe("heartbeats")
            await until(lambda: len(stream.frames("subscriptions")) == 3, "three acknowledgements")
            await rig.alpha.buy("98", "3")
            await until(lambda: stream.frames("heartbeats"), "a heartbeat")
            assert [each["sequence_num"] for each in stream.heard] == list(range(len(stream.heard)))
            kinds = [each["channel"] for each in stream.heard[:5]]
            assert kinds == ["ticker", "subscriptions", "l2_data", "l2_data", "subscriptions"], "snapshots go first"
            assert stream.events("subscriptions")[-1] == {
                "subscriptions": {
                    "ticker": [PRODUCT],
                    "level2": [PRODUCT, "ETH-USD"],
                    "heartbeats": ["heartbeats"],
                }
            }
            assert stream.events("heartbeats")[0]["heartbeat_counter"] == 1
            assert " +0000 UTC m=+" in stream.events("heartbeats")[0]["current_time"]

    with_exchange(story)


def test_a_book_kept_from_the_stream_is_the_exchanges() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("level2", PRODUCT)
            await until(lambda: stream.events("l2_data"), "the snapshot")
            placed = [await rig.alpha.buy(price, "0.5") for price in ("98", "97.5", "98", "96")]
            await rig.alpha.ask("POST", "/orders/batch_cancel", {"order_ids": [placed[1]["order_id"]]})
            await rig.beta.ask("POST", "/orders", limit_order("SELL", "99", "20"))
            kept: dict[tuple[str, Decimal], Decimal] = {}

            def book() -> dict[tuple[str, Decimal], Decimal]:
                kept.clear()
                for event in stream.events("l2_data"):
                    for row in event["updates"]:
                        place = (row["side"], Decimal(row["price_level"]))
                        kept[place] = Decimal(row["new_quantity"])
                return {place: size for place, size in kept.items() if size}

            view = rig.venue.exchange.book(PRODUCT)
            wanted = {("bid", price): size for price, size in view.bids}
            wanted |= {("offer", price): size for price, size in view.asks}
            await until(lambda: book() == wanted, "the same book")

    with_exchange(story)


def test_the_user_channel_tells_totals_and_no_single_fills() -> None:
    async def story(rig: Rig) -> None:
        placed = await rig.alpha.buy("100", "4")
        async with rig.stream() as stream:
            await stream.subscribe("user", jwt=rig.alpha.token())
            await until(lambda: stream.events("user"), "the snapshot")
            assert stream.events("user")[0]["type"] == "snapshot"
            [known] = stream.events("user")[0]["orders"]
            assert (known["order_id"], known["status"], known["leaves_quantity"]) == (placed["order_id"], "OPEN", "4")
            for size in ("1", "1.5", "1.5"):
                await rig.beta.ask("POST", "/orders", limit_order("SELL", "100", size))
            await until(lambda: stream.orders(placed["order_id"])[-1]["status"] == "FILLED", "the last fill")
            told = stream.orders(placed["order_id"])
            totals = [Decimal(each["cumulative_quantity"]) for each in told]
            assert totals == sorted(totals)
            assert told[-1]["cumulative_quantity"] == "4"
            assert told[-1]["total_fees"] == "2.4"
            assert told[-1]["number_of_fills"] == "3"
            assert not {key for each in told for key in each if "trade" in key}

    with_exchange(story)


def test_many_open_orders_come_in_batches_of_fifty() -> None:
    async def story(rig: Rig) -> None:
        for _ in range(103):
            await rig.alpha.buy("90", "0.1")
        async with rig.stream() as stream:
            await stream.subscribe("user", jwt=rig.alpha.token())
            await until(lambda: stream.frames("subscriptions"), "the acknowledgement")
            assert [len(event["orders"]) for event in stream.events("user")] == [50, 50, 3]

    with_exchange(story)


def test_private_channels_need_a_fresh_token() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            token = rig.alpha.token()
            await stream.subscribe("user")
            await stream.subscribe("gossip", PRODUCT)
            await stream.subscribe("user", jwt=token)
            await until(lambda: stream.frames("subscriptions"), "the acknowledgement")
            await stream.subscribe("user", jwt=token)
            await until(lambda: len([each for each in stream.heard if "type" in each]) == 3, "three errors")
            errors = [each for each in stream.heard if "type" in each]
            assert errors == [{"type": "error", "message": "authentication failure"}] * 3
            await stream.socket.send_str("nonsense")
            await until(lambda: "parse" in str(stream.heard[-1]), "an error that keeps the connection")

    with_exchange(story)


def test_unsubscribing_ends_a_channel() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("market_trades", PRODUCT)
            await stream.subscribe("market_trades", PRODUCT, kind="unsubscribe")
            await until(lambda: len(stream.frames("subscriptions")) == 2, "both acknowledgements")
            assert stream.events("subscriptions")[-1] == {"subscriptions": {}}
            before = len(stream.frames("market_trades"))
            await rig.alpha.buy("101", "1")
            await stream.subscribe("heartbeats")
            await until(lambda: stream.frames("heartbeats"), "a heartbeat")
            assert len(stream.frames("market_trades")) == before

    with_exchange(story)


def test_trades_and_tickers_follow_a_trade() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("market_trades", PRODUCT)
            await stream.subscribe("ticker", PRODUCT)
            await until(lambda: len(stream.frames("subscriptions")) == 2, "both acknowledgements")
            await rig.alpha.buy("101", "1")
            await until(lambda: stream.events("market_trades")[-1]["type"] == "update", "the trade")
            [trade] = stream.events("market_trades")[-1]["trades"]
            assert (trade["price"], trade["size"], trade["side"]) == ("101", "1", "SELL"), "the maker's side"
            await until(lambda: stream.events("ticker")[-1]["type"] == "update", "the ticker")
            assert stream.events("ticker")[-1]["tickers"][0]["price"] == "101"

    with_exchange(story)


def test_a_position_shows_on_the_user_channel() -> None:
    async def story(rig: Rig) -> None:
        async with rig.stream() as stream:
            await stream.subscribe("user", jwt=rig.alpha.token())
            await stream.subscribe("futures_balance_summary", jwt=rig.alpha.token())
            await rig.alpha.buy("105", "3", product="BIP-20DEC30-CDE")
            await until(
                lambda: any(each["positions"]["expiring_futures_positions"] for each in stream.events("user")), "it"
            )
            [held] = stream.events("user")[-1]["positions"]["expiring_futures_positions"]
            assert (held["product_id"], held["side"], held["number_of_contracts"]) == ("BIP-20DEC30-CDE", "LONG", "3")
            await until(lambda: stream.events("futures_balance_summary")[-1]["type"] == "update", "the summary")
            assert Decimal(stream.events("futures_balance_summary")[-1]["fcm_balance_summary"]["initial_margin"]) > 0

    with_exchange(story)
