"""Requests as values: method, path, query and body of every endpoint, without a connection.

Numbers arrive as decimals or as the venue's own texts, and leave as plain texts (never with an exponent). What is None
or empty is left out. A builder is named after what the endpoint does; `endpoints` lists them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from tradewind.model.money import plain

PREFIX = "/api/v3/brokerage"
GET, POST, PUT, DELETE = "GET", "POST", "PUT", "DELETE"
ACCOUNTS_PAGE = 250
ORDERS_PAGE = 1_000
FILLS_PAGE = 1_000

Body = Mapping[str, Any]
Query = tuple[tuple[str, str], ...]
Number = Decimal | str


class Request(msgspec.Struct, frozen=True):
    """One call. `writes` says that it may change something, so that it must not be repeated when no answer came;
    unless it is `repeatable`: doing it twice is the same as doing it once, as with a cancel.
    """

    method: str
    path: str
    query: Query = ()
    body: Body | None = None
    signed: bool = True
    writes: bool = False
    repeatable: bool = False
    encoded: bytes | None = None  # the body's bytes, where they were made beforehand

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent again when nobody knows what became of it."""
        return self.repeatable or not self.writes

    @property
    def target(self) -> str:
        """Return the path with its query, as it stands on the request line."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def payload(self) -> bytes | None:
        """Return the body as it is sent, None when there is none."""
        if self.encoded is not None:
            return self.encoded
        return None if self.body is None else msgspec.json.encode(self.body)

    def made_ready(self) -> "Request":
        """Return the same request with its body's bytes made."""
        return msgspec.structs.replace(self, encoded=self.payload)


# -- market data -----------------------------------------------------------------------------------------------------


def server_time() -> Request:
    return _public("/time")


def list_products(
    product_ids: Sequence[str] = (),
    *,
    product_type: str = "",
    contract_expiry_type: str = "",
    limit: int | None = None,
    offset: int | None = None,
    all_products: bool | None = None,
    signed: bool = True,
) -> Request:
    query = _query(
        product_ids=product_ids,
        product_type=product_type,
        contract_expiry_type=contract_expiry_type,
        limit=limit,
        offset=offset,
        get_all_products=all_products,
    )
    return _market("/products", query, signed=signed)


def get_product(product_id: str, *, signed: bool = True) -> Request:
    return _market(f"/products/{_part(product_id)}", signed=signed)


def product_book(product_id: str, *, limit: int | None = None, signed: bool = True) -> Request:
    return _market("/product_book", _query(product_id=product_id, limit=limit), signed=signed)


def product_candles(
    product_id: str, granularity: str, start_s: int, end_s: int, *, limit: int | None = None, signed: bool = True
) -> Request:
    query = _query(granularity=granularity, start=start_s, end=end_s, limit=limit)
    return _market(f"/products/{_part(product_id)}/candles", query, signed=signed)


def market_trades(
    product_id: str, limit: int, *, start_s: int | None = None, end_s: int | None = None, signed: bool = True
) -> Request:
    query = _query(start=start_s, limit=limit, end=end_s)
    return _market(f"/products/{_part(product_id)}/ticker", query, signed=signed)


def best_bid_ask(product_ids: Sequence[str] = ()) -> Request:
    return _read("/best_bid_ask", _query(product_ids=product_ids))


# -- accounts, fees, rights ------------------------------------------------------------------------------------------


def list_accounts(*, limit: int = ACCOUNTS_PAGE, cursor: str = "", retail_portfolio_id: str = "") -> Request:
    return _read("/accounts", _query(limit=limit, cursor=cursor, retail_portfolio_id=retail_portfolio_id))


def get_account(account_id: str) -> Request:
    return _read(f"/accounts/{_part(account_id)}")


def transaction_summary(*, product_type: str = "", contract_expiry_type: str = "", product_venue: str = "") -> Request:
    query = _query(product_type=product_type, contract_expiry_type=contract_expiry_type, product_venue=product_venue)
    return _read("/transaction_summary", query)


def key_permissions() -> Request:
    return _read("/key_permissions")


def list_payment_methods() -> Request:
    return _read("/payment_methods")


def get_payment_method(payment_method_id: str) -> Request:
    return _read(f"/payment_methods/{_part(payment_method_id)}")


# -- orders ----------------------------------------------------------------------------------------------------------


def create_order(
    client_order_id: str,
    product_id: str,
    side: str,
    configuration: Body,
    *,
    leverage: str = "",
    margin_type: str = "",
    preview_id: str = "",
    attached: Body | None = None,
) -> Request:
    body = _body(
        client_order_id=client_order_id,
        product_id=product_id,
        side=side,
        order_configuration=configuration,
        leverage=leverage,
        margin_type=margin_type,
        preview_id=preview_id,
        attached_order_configuration=attached,
    )
    return _write("/orders", body)


def preview_order(
    product_id: str,
    side: str,
    configuration: Body,
    *,
    leverage: str = "",
    margin_type: str = "",
    attached: Body | None = None,
) -> Request:
    body = _body(
        product_id=product_id,
        side=side,
        order_configuration=configuration,
        leverage=leverage,
        margin_type=margin_type,
        attached_order_configuration=attached,
    )
    return _ask("/orders/preview", body)


def edit_order(order_id: str, *, price: Number | None = None, size: Number | None = None) -> Request:
    return _write("/orders/edit", _body(order_id=order_id, size=_number(size), price=_number(price)))


def preview_edit(order_id: str, *, price: Number | None = None, size: Number | None = None) -> Request:
    return _ask("/orders/edit_preview", _body(order_id=order_id, size=_number(size), price=_number(price)))


def cancel_orders(order_ids: Sequence[str]) -> Request:
    body = {"order_ids": list(order_ids)}
    return Request(POST, f"{PREFIX}/orders/batch_cancel", body=body, writes=True, repeatable=True)


def close_position(client_order_id: str, product_id: str, *, size: Number | None = None) -> Request:
    return _write(
        "/orders/close_position",
        _body(client_order_id=client_order_id, product_id=product_id, size=_number(size)),
    )


def get_order(order_id: str) -> Request:
    return _read(f"/orders/historical/{_part(order_id)}")


def list_orders(
    *,
    order_ids: Sequence[str] = (),
    product_ids: Sequence[str] = (),
    order_status: Sequence[str] = (),
    product_type: str = "",
    order_side: str = "",
    start: str = "",
    end: str = "",
    retail_portfolio_id: str = "",
    sort_by: str = "",
    limit: int | None = None,
    cursor: str = "",
) -> Request:
    query = _query(
        order_ids=order_ids,
        product_ids=product_ids,
        order_status=order_status,
        product_type=product_type,
        order_side=order_side,
        start_date=start,
        end_date=end,
        retail_portfolio_id=retail_portfolio_id,
        sort_by=sort_by,
        limit=limit,
        cursor=cursor,
    )
    return _read("/orders/historical/batch", query)


def list_fills(
    *,
    order_ids: Sequence[str] = (),
    trade_ids: Sequence[str] = (),
    product_ids: Sequence[str] = (),
    start: str = "",
    end: str = "",
    retail_portfolio_id: str = "",
    sort_by: str = "",
    limit: int | None = None,
    cursor: str = "",
) -> Request:
    query = _query(
        order_ids=order_ids,
        trade_ids=trade_ids,
        product_ids=product_ids,
        start_sequence_timestamp=start,
        end_sequence_timestamp=end,
        retail_portfolio_id=retail_portfolio_id,
        sort_by=sort_by,
        limit=limit,
        cursor=cursor,
    )
    return _read("/orders/historical/fills", query)


# -- portfolios, conversion ------------------------------------------------------------------------------------------


def list_portfolios(portfolio_type: str = "") -> Request:
    return _read("/portfolios", _query(portfolio_type=portfolio_type))


def create_portfolio(name: str) -> Request:
    return _write("/portfolios", {"name": name})


def portfolio_breakdown(portfolio_id: str, currency: str = "") -> Request:
    return _read(f"/portfolios/{_part(portfolio_id)}", _query(currency=currency))


def edit_portfolio(portfolio_id: str, name: str) -> Request:
    return Request(PUT, f"{PREFIX}/portfolios/{_part(portfolio_id)}", body={"name": name}, writes=True)


def delete_portfolio(portfolio_id: str) -> Request:
    return Request(DELETE, f"{PREFIX}/portfolios/{_part(portfolio_id)}", writes=True)


def move_funds(amount: Number, currency: str, source: str, target: str) -> Request:
    """Return a move between two portfolios of one's own; there is no request that reaches anybody else."""
    funds = {"value": _number(amount), "currency": currency}
    body = {"funds": funds, "source_portfolio_uuid": source, "target_portfolio_uuid": target}
    return _write("/portfolios/move_funds", body)


def convert_quote(source_account: str, target_account: str, amount: Number) -> Request:
    body = {"from_account": source_account, "to_account": target_account, "amount": _number(amount)}
    return _write("/convert/quote", body)


def commit_convert(trade_id: str, source_account: str, target_account: str) -> Request:
    body = {"from_account": source_account, "to_account": target_account}
    return _write(f"/convert/trade/{_part(trade_id)}", body)


def get_convert(trade_id: str, source_account: str, target_account: str) -> Request:
    query = _query(from_account=source_account, to_account=target_account)
    return _read(f"/convert/trade/{_part(trade_id)}", query)


# -- futures (US derivatives) ----------------------------------------------------------------------------------------


def futures_balance_summary() -> Request:
    return _read("/cfm/balance_summary")


def list_futures_positions() -> Request:
    return _read("/cfm/positions")


def get_futures_position(product_id: str) -> Request:
    return _read(f"/cfm/positions/{_part(product_id)}")


def list_sweeps() -> Request:
    return _read("/cfm/sweeps")


def schedule_sweep(usd_amount: Number | None = None) -> Request:
    return _write("/cfm/sweeps/schedule", _body(usd_amount=_number(usd_amount)))


def cancel_sweep() -> Request:
    return Request(DELETE, f"{PREFIX}/cfm/sweeps", writes=True)


def intraday_margin_setting() -> Request:
    return _read("/cfm/intraday/margin_setting")


def set_intraday_margin_setting(setting: str) -> Request:
    return _write("/cfm/intraday/margin_setting", {"setting": setting})


def current_margin_window(margin_profile_type: str = "") -> Request:
    return _read("/cfm/intraday/current_margin_window", _query(margin_profile_type=margin_profile_type))


# -- perpetuals (INTX) -----------------------------------------------------------------------------------------------


def allocate_portfolio(portfolio_id: str, symbol: str, amount: Number, currency: str) -> Request:
    body = {"portfolio_uuid": portfolio_id, "symbol": symbol, "amount": _number(amount), "currency": currency}
    return _write("/intx/allocate", body)


def perpetuals_portfolio(portfolio_id: str) -> Request:
    return _read(f"/intx/portfolio/{_part(portfolio_id)}")


def list_perpetuals_positions(portfolio_id: str) -> Request:
    return _read(f"/intx/positions/{_part(portfolio_id)}")


def get_perpetuals_position(portfolio_id: str, symbol: str) -> Request:
    return _read(f"/intx/positions/{_part(portfolio_id)}/{_part(symbol)}")


def perpetuals_balances(portfolio_id: str) -> Request:
    return _read(f"/intx/balances/{_part(portfolio_id)}")


def set_multi_asset_collateral(portfolio_id: str, *, enabled: bool) -> Request:
    body = {"portfolio_uuid": portfolio_id, "multi_asset_collateral_enabled": enabled}
    return _write("/intx/multi_asset_collateral", body)


# -- small parts -----------------------------------------------------------------------------------------------------


def _read(path: str, query: Query = ()) -> Request:
    return Request(GET, PREFIX + path, query)


def _public(path: str, query: Query = ()) -> Request:
    return Request(GET, PREFIX + path, query, signed=False)


def _market(path: str, query: Query = (), *, signed: bool) -> Request:
    """Return a request for market data: the same answers stand under /market for those who have no key."""
    return _read(path, query) if signed else _public(f"/market{path}", query)


def _ask(path: str, body: Body) -> Request:
    """Return a request that is sent like a write and changes nothing."""
    return Request(POST, PREFIX + path, body=body)


def _write(path: str, body: Body) -> Request:
    return Request(POST, PREFIX + path, body=body, writes=True)


def _part(text: str) -> str:
    """Return a name as one part of a path, whatever it holds."""
    return quote(text, safe="")


def _number(value: Number | None) -> str | None:
    return plain(value) if isinstance(value, Decimal) else value


def _body(**fields: Any) -> Body:
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _query(**fields: object) -> Query:
    return tuple((name, text) for name, value in fields.items() for text in _texts(value))


def _texts(value: object) -> Iterable[str]:
    if value is None or value == "":
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int):
        return (str(value),)
    if isinstance(value, Iterable):
        return tuple(str(each) for each in value)
    raise TypeError(f"no query text for {type(value).__name__}")
