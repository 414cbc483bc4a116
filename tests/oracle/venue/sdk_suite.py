"""The official SDK against the local exchange, unchanged but for its base address.

Runs in `.venv-oracle-sdk` (`make oracle-venue`).
"""

import json
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from running import Check, account, admin, exchange, run, until

ON_TICK = Decimal("0.01")
PRODUCT = "BTC-USD"


def checks(told: dict[str, Any]) -> list[Check]:
    from coinbase.rest import RESTClient
    from coinbase.websocket import WebsocketResponse, WSClient
    from requests.exceptions import HTTPError

    host = told["rest"].removeprefix("https://")

    def client(name: str, **options: Any) -> RESTClient:
        entry = account(told, name)
        return RESTClient(api_key=entry["api_key"], api_secret=entry["api_secret"], base_url=host, **options)

    alpha, anybody = client("alpha"), RESTClient(api_key=None, api_secret=None, base_url=host)
    heard: list[dict[str, Any]] = []
    typed: list[WebsocketResponse] = []

    def hear(text: str) -> None:
        heard.append(json.loads(text))
        if "channel" in heard[-1]:
            typed.append(WebsocketResponse(json.loads(text)))

    entry = account(told, "alpha")
    socket = WSClient(api_key=entry["api_key"], api_secret=entry["api_secret"], base_url=told["ws"], on_message=hear)

    def events(channel: str) -> list[dict[str, Any]]:
        return [event for message in list(heard) if message.get("channel") == channel for event in message["events"]]

    def user_states(order_id: str) -> list[dict[str, Any]]:
        return [each for event in events("user") for each in event["orders"] if each["order_id"] == order_id]

    def new_id() -> str:
        return str(uuid.uuid4())

    def best() -> tuple[Decimal, Decimal]:
        book = alpha.get_best_bid_ask([PRODUCT]).pricebooks[0]
        return Decimal(book.bids[0]["price"]), Decimal(book.asks[0]["price"])

    def price(share: str) -> str:
        return str((best()[0] * Decimal(share)).quantize(ON_TICK))

    def later(**ahead: float) -> str:
        return (datetime.now(UTC) + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def taken(answer: Any) -> Any:
        """The order as the venue tells of it, after a successful request."""
        assert answer["success"], answer.to_dict()
        return alpha.get_order(answer["success_response"]["order_id"]).order

    def open_stream() -> None:
        socket.open()
        socket.heartbeats()
        socket.subscribe([PRODUCT], ["ticker", "level2", "market_trades", "candles", "status", "ticker_batch"])
        socket.user([])
        socket.futures_balance_summary()
        until(lambda: len(events("subscriptions")) >= 9, "nine acknowledgements")
        last = events("subscriptions")[-1]["subscriptions"]
        assert last["level2"] == [PRODUCT]
        assert last["heartbeats"] == ["heartbeats"]
        assert len(last["user"]) == 1

    def server_time() -> None:
        told_s = int(alpha.get_unix_time()["epochSeconds"] or alpha.get_unix_time().epoch_seconds)
        assert abs(told_s - time.time()) < 5

    def products() -> None:
        spot = alpha.get_products(product_type="SPOT").products
        futures = alpha.get_products(product_type="FUTURE").products
        assert {PRODUCT, "ETH-USD"} <= {each.product_id for each in spot}
        assert all(each.product_type == "SPOT" for each in spot)
        assert {each.future_product_details["contract_expiry_type"] for each in futures} == {"PERPETUAL", "EXPIRING"}
        assert alpha.get_product(PRODUCT).base_increment == "0.00000001"
        assert anybody.get_public_product(PRODUCT).quote_currency_id == "USD"
        assert len(anybody.get_public_products(limit=3).products) == 3
        only = alpha.get_products(product_ids=["ETH-USD", "SOL-USD"]).products
        assert sorted(each.product_id for each in only) == ["ETH-USD", "SOL-USD"]

    def accounts_by_pages() -> None:
        everything = alpha.get_accounts(limit=250).accounts
        found, cursor = [], None
        while True:
            page = alpha.get_accounts(limit=4, cursor=cursor)
            found += [each.uuid for each in page.accounts]
            if not page.has_next:
                break
            cursor = page.cursor
        assert found == [each.uuid for each in everything]
        dollars = next(each for each in everything if each.currency == "USD")
        assert alpha.get_account(dollars.uuid).account.available_balance["value"] == "1000000"

    def market_order_by_quote() -> None:
        order = taken(alpha.market_order_buy(new_id(), PRODUCT, quote_size="250"))
        assert order.status == "FILLED"
        assert Decimal(order.total_value_after_fees) <= 250
        fills = alpha.get_fills(order_ids=[order.order_id]).fills
        assert sum(Decimal(fill.size) for fill in fills) == Decimal(order.filled_value), (
            "told in quote, as the venue does"
        )
        assert sum(Decimal(fill.commission) for fill in fills) == Decimal(order.total_fees)

    def market_order_by_base() -> None:
        for order in (
            taken(alpha.market_order_buy(new_id(), PRODUCT, base_size="0.002")),
            taken(alpha.market_order_sell(new_id(), PRODUCT, base_size="0.001")),
        ):
            assert order.status == "FILLED"
            fills = alpha.get_fills(order_ids=[order.order_id]).fills
            assert sum(Decimal(fill.size) for fill in fills) == Decimal(order.filled_size)
            assert {fill.liquidity_indicator for fill in fills} == {"TAKER"}

    def limit_orders_of_every_time_in_force() -> None:
        resting = taken(alpha.limit_order_gtc_buy(new_id(), PRODUCT, "0.01", price("0.9"), post_only=True))
        dated = taken(alpha.limit_order_gtd_buy(new_id(), PRODUCT, "0.01", price("0.9"), later(hours=1)))
        assert (resting.status, dated.status) == ("OPEN", "OPEN")
        assert (resting.time_in_force, dated.time_in_force) == ("GOOD_UNTIL_CANCELLED", "GOOD_UNTIL_DATE_TIME")
        at_once = taken(alpha.limit_order_ioc_buy(new_id(), PRODUCT, "0.001", price("1.05")))
        assert at_once.status == "FILLED"
        missed = taken(alpha.limit_order_ioc_buy(new_id(), PRODUCT, "0.001", price("0.9")))
        assert missed.status == "CANCELLED"
        whole = taken(alpha.limit_order_fok_buy(new_id(), PRODUCT, "0.001", price("1.05")))
        assert whole.status == "FILLED"
        alpha.cancel_orders([resting.order_id, dated.order_id])

    def stop_limit_orders() -> None:
        down = "STOP_DIRECTION_STOP_DOWN"
        stop = taken(alpha.stop_limit_order_gtc_sell(new_id(), PRODUCT, "0.01", price("0.79"), price("0.8"), down))
        dated = taken(
            alpha.stop_limit_order_gtd_sell(
                new_id(), PRODUCT, "0.01", price("0.79"), price("0.8"), later(hours=2), down
            )
        )
        assert {stop.order_type, dated.order_type} == {"STOP_LIMIT"}
        assert stop.trigger_status == "STOP_PENDING"
        assert [each["success"] for each in alpha.cancel_orders([stop.order_id, dated.order_id])["results"]] == [
            True
        ] * 2

    def bracket_orders() -> None:
        exits = taken(alpha.trigger_bracket_order_gtc_sell(new_id(), PRODUCT, "0.01", price("1.2"), price("0.8")))
        dated = taken(
            alpha.trigger_bracket_order_gtd_sell(new_id(), PRODUCT, "0.01", price("1.2"), price("0.8"), later(hours=2))
        )
        assert {exits.order_type, dated.order_type} == {"BRACKET"}
        alpha.cancel_orders([exits.order_id, dated.order_id])

    def twap_order() -> None:
        terms = {
            "base_size": "0.01",
            "limit_price": price("1.05"),
            "start_time": later(minutes=10),
            "end_time": later(minutes=70),
            "number_buckets": "6",
        }
        order = taken(alpha.create_order(new_id(), PRODUCT, "BUY", {"twap_limit_gtd": terms}))
        assert order.order_type == "TWAP"
        alpha.cancel_orders([order.order_id])

    def preview_edit_and_cancel() -> None:
        preview = alpha.preview_limit_order_gtc_buy(PRODUCT, "0.01", price("0.9"))
        assert preview.errs == []
        poor = alpha.preview_limit_order_gtc_buy(PRODUCT, "3000", price("0.9"))
        assert poor.errs == ["PREVIEW_INSUFFICIENT_FUND"]
        order = taken(alpha.limit_order_gtc_buy(new_id(), PRODUCT, "0.01", price("0.9")))
        assert alpha.preview_edit_order(order.order_id, size="0.02", price=price("0.91")).errors == []
        assert alpha.edit_order(order.order_id, size="0.02", price=price("0.91")).success
        edited = alpha.get_order(order.order_id).order
        assert edited.order_configuration.limit_limit_gtc.base_size == "0.02"
        assert len(edited.edit_history) == 1
        [result] = alpha.cancel_orders([order.order_id])["results"]
        assert result["success"], result
        until(
            lambda: [s for s in user_states(order.order_id) if s["status"] == "CANCELLED"], "the cancel on the stream"
        )

    def batch_cancel_has_a_result_each() -> None:
        orders = [taken(alpha.limit_order_gtc_buy(new_id(), PRODUCT, "0.01", price("0.9"))) for _ in range(3)]
        stranger = new_id()
        results = alpha.cancel_orders([*(order.order_id for order in orders), stranger])["results"]
        assert [each["success"] for each in results] == [True, True, True, False]
        again = alpha.cancel_orders([orders[0].order_id])["results"][0]
        assert not again["success"]

    def a_repeated_client_id_names_the_same_order() -> None:
        client_id, at = new_id(), price("0.9")
        first = alpha.limit_order_gtc_buy(client_id, PRODUCT, "0.01", at)["success_response"]["order_id"]
        second = alpha.limit_order_gtc_buy(client_id, PRODUCT, "0.01", at)["success_response"]["order_id"]
        assert first == second
        alpha.cancel_orders([first])

    def refused_orders_say_why_inside_200() -> None:
        answer = alpha.limit_order_gtc_buy(new_id(), PRODUCT, "0.01", "100.001")
        assert not answer["success"]
        assert answer["error_response"]["preview_failure_reason"] == "PREVIEW_INVALID_PRICE_PRECISION"
        crossing = alpha.limit_order_gtc_buy(new_id(), PRODUCT, "0.01", price("1.1"), post_only=True)
        assert crossing["error_response"]["error"] == "INVALID_LIMIT_PRICE_POST_ONLY"

    def orders_and_fills_by_pages() -> None:
        for asked, key in ((alpha.list_orders, "orders"), (alpha.get_fills, "fills")):
            everything = [each.to_dict() for each in asked(limit=250)[key]]
            found, cursor = [], None
            while True:
                page = asked(limit=3, cursor=cursor)
                found += [each.to_dict() for each in page[key]]
                cursor = page.cursor
                if not cursor:
                    break
            assert found == everything
            assert len(found) > 4
        assert {order.status for order in alpha.list_orders(order_status=["CANCELLED"]).orders} == {"CANCELLED"}
        assert {order.order_type for order in alpha.list_orders(order_types="STOP_LIMIT").orders} == {"STOP_LIMIT"}

    def candles_book_and_trades() -> None:
        now_s = int(time.time())
        hours = alpha.get_candles(PRODUCT, str(now_s - 300 * 3600), str(now_s), "ONE_HOUR").candles
        starts = [int(candle.start) for candle in hours]
        assert len(hours) >= 299
        assert starts == sorted(starts, reverse=True)
        assert all(Decimal(each.low) <= Decimal(each.open) <= Decimal(each.high) for each in hours)
        minutes = anybody.get_public_candles(PRODUCT, str(now_s - 3600), str(now_s), "ONE_MINUTE").candles
        assert len(minutes) >= 59
        book = alpha.get_product_book(PRODUCT, limit=5).pricebook
        bids, asks = ([Decimal(level["price"]) for level in side] for side in (book.bids, book.asks))
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        trades = alpha.get_market_trades(PRODUCT, limit=10).trades
        assert len(trades) == 10
        assert anybody.get_public_market_trades(PRODUCT, limit=2).best_bid

    def transaction_summary_and_permissions() -> None:
        summary = alpha.get_transaction_summary()
        assert summary.total_volume > 0
        assert summary.fee_tier["taker_fee_rate"] == "0.012"
        assert alpha.get_api_key_permissions().can_trade
        assert not alpha.get_api_key_permissions().can_transfer

    def streams_tell_fills_and_acks() -> None:
        answer = alpha.market_order_buy(new_id(), PRODUCT, quote_size="100")
        order_id = answer["success_response"]["order_id"]
        until(lambda: [s for s in user_states(order_id) if s["status"] == "FILLED"], "the fill on the stream")
        filled = user_states(order_id)[-1]
        assert filled["cumulative_quantity"] == alpha.get_order(order_id).order.filled_size
        assert "trade_id" not in filled
        kinds = {
            "ticker",
            "l2_data",
            "market_trades",
            "candles",
            "status",
            "heartbeats",
            "user",
            "futures_balance_summary",
        }
        until(lambda: {message.get("channel") for message in heard} >= kinds, "a frame of every channel", 20)
        numbers = [message["sequence_num"] for message in heard if "channel" in message]
        assert numbers == list(range(len(numbers)))
        assert all(response.channel for response in typed)

    def futures_positions() -> None:
        answer = alpha.market_order_buy(new_id(), "BIP-20DEC30-CDE", base_size="3")
        assert answer["success"], answer.to_dict()
        [position] = alpha.list_futures_positions().positions
        assert (position.number_of_contracts, position.side) == ("3", "LONG")
        assert alpha.get_futures_position("BIP-20DEC30-CDE").position.number_of_contracts == "3"
        assert Decimal(alpha.get_futures_balance_summary().balance_summary.initial_margin["value"]) > 0
        assert alpha.close_position(new_id(), "BIP-20DEC30-CDE")["success"]
        assert alpha.list_futures_positions().positions == []
        assert alpha.market_order_sell(new_id(), "BTC-PERP-INTX", base_size="0.01")["success"]
        portfolio = alpha.get_api_key_permissions().portfolio_uuid
        assert alpha.list_perps_positions(portfolio).positions[0].net_size == "-0.01"
        assert alpha.get_perps_position(portfolio, "BTC-PERP-INTX").position.position_side == "POSITION_SIDE_SHORT"
        assert alpha.get_perps_portfolio_summary(portfolio).portfolios
        assert alpha.get_perps_portfolio_balances(portfolio).portfolio_balances
        assert alpha.close_position(new_id(), "BTC-PERP-INTX", size="0.01")["success"]

    def futures_settings() -> None:
        mover = client("mover")
        assert mover.schedule_futures_sweep("10").success
        assert len(mover.list_futures_sweeps().sweeps) == 1
        assert mover.cancel_pending_futures_sweep().success
        setting = alpha.get_intraday_margin_setting().setting
        alpha.set_intraday_margin_setting("INTRADAY_MARGIN_SETTING_INTRADAY")
        assert alpha.get_intraday_margin_setting().setting != setting
        assert alpha.get_current_margin_window("MARGIN_PROFILE_TYPE_RETAIL_REGULAR").margin_window

    def portfolios_and_moves() -> None:
        mover = client("mover")
        home = mover.get_api_key_permissions().portfolio_uuid
        made = mover.create_portfolio("savings").portfolio.uuid
        assert {each.uuid for each in mover.get_portfolios().portfolios} == {home, made}
        mover.move_portfolio_funds("250", "USD", home, made)
        breakdown = mover.get_portfolio_breakdown(made).breakdown
        assert breakdown.portfolio_balances["total_balance"]["value"] == "250"
        mover.move_portfolio_funds("250", "USD", made, home)
        assert mover.edit_portfolio(made, "rainy days").portfolio.name == "rainy days"
        mover.delete_portfolio(made)
        assert {each.uuid for each in mover.get_portfolios().portfolios} == {home}

    def conversions() -> None:
        mover = client("mover")
        quote = mover.create_convert_quote("USD", "USDC", "100").trade
        done = mover.commit_convert_trade(quote.id, "USD", "USDC").trade
        assert done.status == "TRADE_STATUS_COMPLETED"
        assert mover.get_convert_trade(quote.id, "USD", "USDC").trade.status == "TRADE_STATUS_COMPLETED"

    def keys_may_do_what_they_may() -> None:
        refused = (
            (lambda: client("viewer").market_order_buy(new_id(), PRODUCT, quote_size="10"), 403),
            (lambda: alpha.move_portfolio_funds("1", "USD", new_id(), new_id()), 403),
            (
                lambda: RESTClient(
                    api_key=entry["api_key"], api_secret=other["api_secret"], base_url=host
                ).get_accounts(),
                401,
            ),
            (lambda: alpha.get_product("NONE-SUCH"), 404),
        )
        other = account(told, "beta")
        for call, status in refused:
            try:
                call()
                found = 200
            except HTTPError as error:
                found = error.response.status_code
            assert found == status

    def an_ed25519_key_signs_too() -> None:
        assert client("gamma").get_accounts().accounts

    def rate_limit_headers() -> None:
        found = client("alpha", rate_limit_headers=True).get_accounts()
        assert int(found.rate_limit_remaining) < int(found.rate_limit_limit)

    def the_exchange_agrees() -> None:
        truth = admin(told, "/truth/alpha")
        shown = {each.currency: each for each in alpha.get_accounts(limit=250).accounts}
        for currency, balance in truth["balances"].items():
            assert shown[currency].available_balance["value"] == balance["available"]
            assert shown[currency].hold["value"] == balance["hold"]
        assert truth["repeated_client_ids"] == []

    def close_stream() -> None:
        socket.unsubscribe([PRODUCT], ["level2"])
        until(lambda: "level2" not in events("subscriptions")[-1]["subscriptions"], "the unsubscription")
        socket.close()

    return [
        open_stream,
        server_time,
        products,
        accounts_by_pages,
        market_order_by_quote,
        market_order_by_base,
        limit_orders_of_every_time_in_force,
        stop_limit_orders,
        bracket_orders,
        twap_order,
        preview_edit_and_cancel,
        batch_cancel_has_a_result_each,
        a_repeated_client_id_names_the_same_order,
        refused_orders_say_why_inside_200,
        orders_and_fills_by_pages,
        candles_book_and_trades,
        transaction_summary_and_permissions,
        streams_tell_fills_and_acks,
        futures_positions,
        futures_settings,
        portfolios_and_moves,
        conversions,
        keys_may_do_what_they_may,
        an_ed25519_key_signs_too,
        rate_limit_headers,
        the_exchange_agrees,
        close_stream,
    ]


def main() -> int:
    with exchange("--speed", "20") as told:
        return run(checks(told))


if __name__ == "__main__":
    sys.exit(main())
