"""The venue's closed lists. A word that is not on a list is kept as it came; see `Word.known`."""

from tradewind.venues.coinbase.wire.values import Word


class OrderSide(Word):
    BUY = "BUY"
    SELL = "SELL"
    UNKNOWN = "UNKNOWN_ORDER_SIDE"


class BookSide(Word):
    BID = "bid"
    OFFER = "offer"


class OrderStatus(Word):
    PENDING = "PENDING"
    QUEUED = "QUEUED"
    OPEN = "OPEN"
    CANCEL_QUEUED = "CANCEL_QUEUED"
    EDIT_QUEUED = "EDIT_QUEUED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN_ORDER_STATUS"


class OrderType(Word):
    """REST writes capitals, the user channel words (`Limit`, `Stop Limit`)."""

    UNKNOWN = "UNKNOWN_ORDER_TYPE"
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    BRACKET = "BRACKET"
    TWAP = "TWAP"
    SCALED = "SCALED"
    ROLL_OPEN = "ROLL_OPEN"
    ROLL_CLOSE = "ROLL_CLOSE"
    LIQUIDATION = "LIQUIDATION"
    MARKET_SPELLED = "Market"
    LIMIT_SPELLED = "Limit"
    STOP_SPELLED = "Stop"
    STOP_LIMIT_SPELLED = "Stop Limit"
    BRACKET_SPELLED = "Bracket"
    TWAP_SPELLED = "Twap"


class TimeInForce(Word):
    UNKNOWN = "UNKNOWN_TIME_IN_FORCE"
    GTD = "GOOD_UNTIL_DATE_TIME"
    GTD_SHORT = "GOOD_UNTIL_DATE"
    GTC = "GOOD_UNTIL_CANCELLED"
    IOC = "IMMEDIATE_OR_CANCEL"
    FOK = "FILL_OR_KILL"


class TriggerStatus(Word):
    UNKNOWN = "UNKNOWN_TRIGGER_STATUS"
    NONE = "INVALID_ORDER_TYPE"
    PENDING = "STOP_PENDING"
    TRIGGERED = "STOP_TRIGGERED"


class StopDirection(Word):
    UNKNOWN = "UNKNOWN_STOP_DIRECTION"
    UP = "STOP_DIRECTION_STOP_UP"
    DOWN = "STOP_DIRECTION_STOP_DOWN"


class ProductType(Word):
    UNKNOWN = "UNKNOWN_PRODUCT_TYPE"
    SPOT = "SPOT"
    FUTURE = "FUTURE"
    EQUITY = "EQUITY"
    OPTION_GROUP = "OPTION_GROUP"
    FUTURE_GROUP = "FUTURE_GROUP"


class ProductVenue(Word):
    UNKNOWN = "UNKNOWN_VENUE_TYPE"
    CBE = "CBE"
    FCM = "FCM"
    INTX = "INTX"


class ContractExpiry(Word):
    UNKNOWN = "UNKNOWN_CONTRACT_EXPIRY_TYPE"
    UNKNOWN_SHORT = "UNKNOWN_CONTRACT_EXPIRY"
    EXPIRING = "EXPIRING"
    PERPETUAL = "PERPETUAL"


class RiskManagedBy(Word):
    UNKNOWN = "UNKNOWN_RISK_MANAGEMENT_TYPE"
    FCM = "MANAGED_BY_FCM"
    VENUE = "MANAGED_BY_VENUE"


class LiquidityIndicator(Word):
    UNKNOWN = "UNKNOWN_LIQUIDITY_INDICATOR"
    MAKER = "MAKER"
    TAKER = "TAKER"


class TradeType(Word):
    FILL = "FILL"
    REVERSAL = "REVERSAL"
    CORRECTION = "CORRECTION"
    SYNTHETIC = "SYNTHETIC"


class PositionSide(Word):
    """Three spellings: of the CFM answers, of the INTX answers, of the user channel."""

    UNKNOWN = "UNKNOWN"
    UNSPECIFIED = "FUTURES_POSITION_SIDE_UNSPECIFIED"
    LONG = "LONG"
    SHORT = "SHORT"
    LONG_SPELLED = "Long"
    SHORT_SPELLED = "Short"
    LONG_FUTURES = "FUTURES_POSITION_SIDE_LONG"
    SHORT_FUTURES = "FUTURES_POSITION_SIDE_SHORT"
    LONG_POSITION = "POSITION_SIDE_LONG"
    SHORT_POSITION = "POSITION_SIDE_SHORT"
    LONG_PERPETUAL = "PERPETUAL_POSITION_SIDE_LONG"
    SHORT_PERPETUAL = "PERPETUAL_POSITION_SIDE_SHORT"


class MarginType(Word):
    UNKNOWN = "UNKNOWN_MARGIN_TYPE"
    UNSPECIFIED = "MARGIN_TYPE_UNSPECIFIED"
    CROSS = "CROSS"
    ISOLATED = "ISOLATED"
    CROSS_LONG = "MARGIN_TYPE_CROSS"
    ISOLATED_LONG = "MARGIN_TYPE_ISOLATED"
    CROSS_SPELLED = "Cross"
    ISOLATED_SPELLED = "Isolated"


class AccountType(Word):
    UNSPECIFIED = "ACCOUNT_TYPE_UNSPECIFIED"
    CRYPTO = "ACCOUNT_TYPE_CRYPTO"
    FIAT = "ACCOUNT_TYPE_FIAT"
    VAULT = "ACCOUNT_TYPE_VAULT"
    PERP_FUTURES = "ACCOUNT_TYPE_PERP_FUTURES"
    CRYPTO_SHORT = "CRYPTO"
    FIAT_SHORT = "FIAT"


class PortfolioType(Word):
    UNDEFINED = "UNDEFINED"
    DEFAULT = "DEFAULT"
    CONSUMER = "CONSUMER"
    INTX = "INTX"


class EventType(Word):
    SNAPSHOT = "snapshot"
    UPDATE = "update"
