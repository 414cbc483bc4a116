"""Which message a payload is, from its content, and which payloads are none of ours, by named rules.

The venue never writes a message's name into a REST answer: the fields tell. Payloads of other interfaces of the same
company (its older API, its international exchange, its old feed) are left out by a rule that has a name, and by
nothing else.
"""

from collections.abc import Mapping
from pathlib import PurePath
from types import GenericAlias
from typing import Any

from tradewind.venues.coinbase.wire import accounts, converting, futures, orders, products, stream

SKIP_RULES: Mapping[str, str] = {
    "v2": "the older API, whose answers carry `data`, `resource` or the currency tables",
    "INTX exchange": "the international exchange's own API (folder intx_exchange)",
    "legacy feed": "the old exchange's products and feed (folder exchange_legacy, frames l2update, match and so on)",
    "reference tables": "tables and notes, not payloads (csv, yaml and md files; fees, products, spec folders)",
    "deposits and withdrawals": "there is no route for them here",
    "requests": "what clients send, not what the venue answers (folder requests)",
}
LAYOUT = {
    "intx_exchange": "INTX exchange",
    "exchange_legacy": "legacy feed",
    "requests": "requests",
    "advanced_trade": "",
}
TABLE_FOLDERS = {"fees", "products", "spec"}  # their JSON is left out only if it is no message
TABLE_SUFFIXES = {".csv", ".md", ".yaml", ".yml"}
LEGACY_TYPES = {
    "l2update",
    "match",
    "last_match",
    "received",
    "open",
    "done",
    "change",
    "activate",
    "snapshot",
    "ticker",
}

BY_FIELDS: tuple[tuple[frozenset[str], Any], ...] = tuple(
    (frozenset(fields.split()), kind)
    for fields, kind in (
        ("accounts", accounts.ListAccounts),
        ("account", accounts.GetAccount),
        ("products", products.ListProducts),
        ("candles", products.ListCandles),
        ("trades", products.MarketTrades),
        ("pricebook", products.ProductBook),
        ("pricebooks", products.BestBidAsk),
        ("orders", orders.ListOrders),
        ("order", orders.GetOrder),
        ("fills", orders.ListFills),
        ("results", orders.CancelOrders),
        ("balance_summary", futures.BalanceSummary),
        ("sweeps", futures.Sweeps),
        ("setting", futures.IntradayMarginSetting),
        ("margin_window", futures.CurrentMarginWindow),
        ("fee_tier", accounts.TransactionSummary),
        ("breakdown", accounts.PortfolioBreakdown),
        ("portfolio_balances", futures.ListPerpetualBalances),
        ("source_portfolio_uuid", accounts.MoveFunds),
        ("cross_collateral_enabled", futures.CrossCollateral),
        ("allocated", futures.Allocated),
        ("trade", converting.Convert),
        ("can_view", accounts.KeyPermissions),
        ("can_trade", accounts.KeyPermissions),
        ("payment_methods", accounts.ListPaymentMethods),
        ("payment_method", accounts.OnePaymentMethod),
        ("portfolio", accounts.OnePortfolio),
        ("iso", products.ServerTime),
        ("errs", orders.PreviewOrder),
        # one item of a list, as examples show it
        ("uuid available_balance", accounts.Account),
        ("entry_id", orders.Fill),
        ("order_id cumulative_quantity", stream.UserOrder),
        ("order_id order_side", stream.UserOrder),
        ("order_id success", orders.CancelResult),
        ("order_id status product_id", orders.Order),
        ("trade_id price", products.Trade),
        ("start low high", products.Candle),
        ("number_of_contracts", futures.CfmPosition),
        ("net_size", futures.PerpetualPosition),
        ("product_id bids", products.PriceBook),
        ("product_id price", products.Product),
        ("product_id base_increment", products.Product),
        ("pricing_tier maker_fee_rate", accounts.FeeTierTerms),
        ("id allow_buy", accounts.PaymentMethod),
        ("id requested_amount", futures.Sweep),
        ("uuid name", accounts.Portfolio),
        ("error", accounts.ErrorAnswer),
        ("message", accounts.ErrorAnswer),
    )
)


def message_type(values: Any) -> Any:
    """Return the type that reads a payload, `list[...]` for a bare list of items, None when it is none we know."""
    if isinstance(values, list):
        item: Any = message_type(values[0]) if values and isinstance(values[0], dict) else None
        return None if item is None else GenericAlias(list, (item,))
    if not isinstance(values, dict):
        return None
    if "channel" in values or ("type" in values and not {"uuid", "id", "pricing_tier"} & values.keys()):
        return stream.frame_type(values)
    if not values:
        return accounts.Empty
    return _answer_type(values)


def _answer_type(values: dict[str, Any]) -> Any:
    keys = values.keys()
    if "success" in keys and ("order_id" not in keys or _is_about_a_new_order(values)):
        return _outcome_type(values)
    if "positions" in keys or "position" in keys:
        return _position_type(values)
    if "portfolios" in keys:
        return _portfolios_type(values)
    if "order_total" in keys or "slippage" in keys:
        return orders.EditPreview if "errors" in keys or "average_filled_price" in keys else orders.PreviewOrder
    for fields, kind in BY_FIELDS:
        if fields <= keys:
            return kind
    if "errors" in keys:
        return accounts.ErrorAnswer if _are_told(values["errors"]) else orders.EditPreview
    return None


def _are_told(errors: Any) -> bool:
    """Whether errors are the gateway's, which have a name and a message; those of an edit have reasons."""
    return isinstance(errors, list) and bool(errors) and isinstance(errors[0], dict) and "message" in errors[0]


def _is_about_a_new_order(values: dict[str, Any]) -> bool:
    """Whether an answer that names an order is about a new one; the result of a cancel has other words."""
    answers = values.keys() & {"success_response", "error_response"}
    return bool(answers) or values.get("failure_reason") == "UNKNOWN_FAILURE_REASON"


def _outcome_type(values: dict[str, Any]) -> Any:
    if "errors" in values:
        return orders.EditOrder
    return accounts.Succeeded if values.keys() == {"success"} else orders.CreateOrder


def _position_type(values: dict[str, Any]) -> Any:
    """CFM positions count contracts, INTX positions have a net size; an empty list is CFM's unless it has totals."""
    one = values.get("position")
    if "position" in values:
        return futures.OnePerpetualPosition if isinstance(one, dict) and "net_size" in one else futures.OneCfmPosition
    many = values.get("positions")
    first = many[0] if isinstance(many, list) and many else {}
    perpetual = "summary" in values or (isinstance(first, dict) and "net_size" in first)
    return futures.PerpetualPositions if perpetual else futures.CfmPositions


def _portfolios_type(values: dict[str, Any]) -> Any:
    many = values["portfolios"]
    first = many[0] if isinstance(many, list) and many else {}
    perpetual = "summary" in values or (isinstance(first, dict) and "uuid" not in first and "portfolio_uuid" in first)
    return futures.PerpetualSummary if perpetual else accounts.ListPortfolios


# -- what is left out ------------------------------------------------------------------------------------------------


def folder_rule(path: PurePath) -> str:
    """Return the rule that leaves a whole file out, by its suffix and the nearest folder of the layout; "" if none."""
    if path.suffix.lower() in TABLE_SUFFIXES:
        return "reference tables"
    if path.suffix.lower() == ".txt" and not is_error_text(path):
        return "reference tables"
    for part in reversed(path.parent.parts):
        if part in LAYOUT:
            return LAYOUT[part]
    return ""


def is_error_text(path: PurePath) -> bool:
    """Whether a text file holds an error's body: named so, or among the answers."""
    return "error" in path.stem.lower() or path.parent.name in {"rest", "ws"}


def content_rule(values: Any, path: PurePath) -> str:
    """Return the rule that leaves one payload out, "" if none does."""
    if isinstance(values, list) and values:
        return content_rule(values[0], path)
    if not isinstance(values, dict):
        return ""
    keys = values.keys()
    if keys & {"data", "resource", "resource_path", "rates"} or {"asset_id", "code"} <= keys:
        name = path.stem.lower()
        return "deposits and withdrawals" if "deposit" in name or "withdraw" in name else "v2"
    if keys & {"address_info", "deposit_uri"}:
        return "deposits and withdrawals"
    if values.get("type") in LEGACY_TYPES and "channel" not in keys:
        return "legacy feed"
    if path.parent.name in TABLE_FOLDERS and message_type(values) is None:
        return "reference tables"
    return ""


def type_name(kind: Any) -> str:
    """Return a message type's name for people."""
    arguments = getattr(kind, "__args__", ())
    return f"list of {type_name(arguments[0])}" if arguments else str(getattr(kind, "__name__", kind))
