"""Why the exchange refuses, in the venue's words.

An order that fails has a reason of the order family, and a preview reason where the venue gives one of those. Where
the venue has no reason of the order family it says UNKNOWN_FAILURE_REASON beside the preview's, as recorded answers do.
"""

from enum import Enum

import msgspec

UNKNOWN = "UNKNOWN_FAILURE_REASON"
UNKNOWN_PREVIEW = "UNKNOWN_PREVIEW_FAILURE_REASON"
UNKNOWN_EDIT = "UNKNOWN_EDIT_ORDER_FAILURE_REASON"
UNKNOWN_CANCEL = "UNKNOWN_CANCEL_FAILURE_REASON"


class Failure(msgspec.Struct, frozen=True):
    """A refusal: `reason` of the order (or edit) family, `preview_reason` of the preview family, and a sentence."""

    reason: str
    preview_reason: str
    message: str


class Refused(Enum):
    """Every refusal of a new order: (reason, preview reason, message)."""

    PRODUCT = ("INVALID_PRODUCT_ID", "PREVIEW_INVALID_PRODUCT_ID", "no such product")
    CONFIGURATION = (
        "UNSUPPORTED_ORDER_CONFIGURATION",
        "PREVIEW_INVALID_ORDER_CONFIG",
        "this kind of order cannot have these fields",
    )
    CLIENT_ID = ("INVALID_REQUEST", UNKNOWN_PREVIEW, "client_order_id is missing")
    NUMBER = (UNKNOWN, "PREVIEW_NON_NUMERIC_ORDER_SIZE", "a size or price is not a number")
    SIZE_PRECISION = ("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION", "size is off the base increment")
    QUOTE_PRECISION = (
        "INVALID_SIZE_PRECISION",
        "PREVIEW_INVALID_QUOTE_SIZE_PRECISION",
        "size is off the quote increment",
    )
    PRICE_PRECISION = ("INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION", "price is off the increment")
    STOP_PRECISION = (
        "INVALID_PRICE_PRECISION",
        "PREVIEW_INVALID_STOP_PRICE_PRECISION",
        "stop price is off the increment",
    )
    LIMIT_PRICE = ("INVALID_LIMIT_PRICE", "PREVIEW_INVALID_LIMIT_PRICE", "limit price must be positive")
    PRICE_LARGE = ("INVALID_LIMIT_PRICE", "PREVIEW_INVALID_PRICE_TOO_LARGE", "price is out of all proportion")
    STOP_PRICE = (UNKNOWN, "PREVIEW_INVALID_STOP_PRICE", "stop price must be positive")
    BASE_SMALL = (UNKNOWN, "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL", "size is below the product's minimum")
    BASE_LARGE = (UNKNOWN, "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE", "size is above the product's maximum")
    QUOTE_SMALL = (UNKNOWN, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL", "value is below the product's minimum")
    QUOTE_LARGE = (UNKNOWN, "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE", "value is above the product's maximum")
    FUNDS = ("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND", "insufficient balance in source account")
    MARGIN = ("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUNDS_FOR_FUTURES", "insufficient margin")
    POST_ONLY = (
        "INVALID_LIMIT_PRICE_POST_ONLY",
        "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY",
        "a post-only order would have matched at once",
    )
    NO_LIQUIDITY = ("INVALID_NO_LIQUIDITY", "PREVIEW_INVALID_NO_LIQUIDITY", "nothing to trade with in the book")
    NOT_ALLOWED = (
        "ORDER_ENTRY_DISABLED",
        "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE",
        "the product's mode does not take this order",
    )
    UNTRADABLE = ("UNTRADABLE_PRODUCT", "PREVIEW_UNTRADABLE_PRODUCT", "the product is view only")
    DISABLED = ("TRADING_DISABLED", "PREVIEW_TRADING_DISABLED", "trading in the product is disabled")
    NO_TRADES = (
        "MISSING_MARKET_TRADE_DATA",
        "PREVIEW_MISSING_MARKET_TRADE_DATA",
        "a stop needs a last trade and there is none",
    )
    STOP_ABOVE_LAST = (UNKNOWN, "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE", "stop price is above the last trade")
    STOP_BELOW_LAST = (UNKNOWN, "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE", "stop price is below the last trade")
    BRACKET_PRICES = ("INVALID_BRACKET_PRICES", "PREVIEW_INVALID_BRACKET_PRICES", "limit and stop do not embrace")
    BRACKET_LIMIT = (
        "INVALID_BRACKET_LIMIT_PRICE",
        "PREVIEW_INVALID_BRACKET_LIMIT_PRICE",
        "bracket limit price is on the wrong side of the market",
    )
    BRACKET_STOP = (
        "INVALID_BRACKET_STOP_TRIGGER_PRICE",
        "PREVIEW_INVALID_BRACKET_STOP_TRIGGER_PRICE",
        "bracket stop trigger price is on the wrong side of the market",
    )
    BRACKET_QUOTE = (
        "QUOTE_SIZE_NOT_ALLOWED_FOR_BRACKET",
        "PREVIEW_QUOTE_SIZE_NOT_ALLOWED_FOR_BRACKET",
        "a bracket is sized in base",
    )
    NO_END = ("GTD_ORDERS_MUST_HAVE_END_TIME", "PREVIEW_GTD_ORDERS_MUST_HAVE_END_TIME", "end time is missing")
    END_PAST = ("END_TIME_IS_IN_THE_PAST", "PREVIEW_END_TIME_IS_IN_THE_PAST", "end time is not in the future")
    NO_START = ("START_TIME_MUST_BE_SPECIFIED", "PREVIEW_START_TIME_MUST_BE_SPECIFIED", "start time is missing")
    DURATION = (
        "DURATION_TOO_SMALL",
        "PREVIEW_DURATION_TOO_SMALL",
        "a TWAP ends after it starts, in at most 10,000 whole buckets",
    )
    BUCKET = (
        "BUCKET_SIZE_SMALLER_THAN_BASE_MIN",
        "PREVIEW_BUCKET_SIZE_SMALLER_THAN_BASE_MIN",
        "a TWAP's bucket is below the product's minimum",
    )
    POST_ONLY_FOK = (
        "POST_ONLY_NOT_ALLOWED_WITH_FOK",
        "PREVIEW_POST_ONLY_NOT_ALLOWED_WITH_FOK",
        "post-only cannot be fill-or-kill",
    )
    REDUCE_SPOT = (
        "REDUCE_ONLY_NOT_ALLOWED_ON_SPOT_PRODUCTS",
        "PREVIEW_REDUCE_ONLY_NOT_ALLOWED_ON_SPOT_PRODUCTS",
        "reduce-only belongs to futures",
    )
    REDUCE_INCREASES = (
        "REDUCE_ONLY_INCREASED_POSITION_SIZE",
        "PREVIEW_REDUCE_ONLY_INCREASED_POSITION_SIZE",
        "there is no such position to reduce",
    )
    LEVERAGE = ("INVALID_LEVERAGE", "PREVIEW_INVALID_LEVERAGE", "leverage is beyond the product's")
    MARGIN_TYPE = ("INVALID_MARGIN_TYPE", "PREVIEW_INVALID_MARGIN_TYPE", "positions are cross margined")
    ZERO_POSITION = ("CANNOT_CLOSE_ZERO_POSITION", UNKNOWN_PREVIEW, "there is no position to close")

    @property
    def failure(self) -> Failure:
        return Failure(*self.value)
