"""Products as instruments: increments, minimums, what they let people do, and what makes a future.

`is_perpetual` and the expiry come from the record (`contract_expiry_type`, `contract_expiry`), never from the name.
"""

from decimal import ROUND_CEILING, Decimal

import msgspec

from tradewind.model.errors import MalformedAnswer
from tradewind.model.instrument import Instrument, InstrumentKind, ceil_to, define_instrument
from tradewind.model.margin import international_margin_rates
from tradewind.model.money import EXACT, ONE, ZERO, ratio
from tradewind.venues.coinbase.wire.products import FutureProductDetails, Product
from tradewind.venues.coinbase.wire.values import ns_of
from tradewind.venues.coinbase.wire.words import ContractExpiry, ProductType, RiskManagedBy
from tradewind.venues.ports import ProductMode, ProductState

VENUE = "coinbase"
VOLUME_DECIMALS = 8
ONLINE = {"", "online"}
GONE = {"offline", "delisted", "disabled"}


def instrument_of(product: Product) -> Instrument:
    """Return the instrument of a product; a future of any kind is margined, and so a perpetual to the engine.

    Raises  MalformedAnswer when the venue names no increments: none are guessed.
    """
    tick = product.price_increment or product.quote_increment
    lot = product.base_increment
    if tick is None or lot is None or tick <= 0 or lot <= 0:
        raise MalformedAnswer(f"product {product.product_id} names no increments: price {tick}, size {lot}")
    future = _future(product)
    initial, maintenance, close_out = margin_terms(product)
    instrument = define_instrument(
        product.product_id,
        kind=InstrumentKind.SPOT if future is None else InstrumentKind.PERPETUAL,
        price_increment=tick,
        base_increment=lot,
        volume_decimals=max(VOLUME_DECIMALS, _decimals(lot)),
        venue=VENUE,
        base=product.base_currency_id or (future.contract_root_unit if future else "") or product.base_display_symbol,
        quote=product.quote_currency_id or product.quote_display_symbol or "USD",
        min_notional=product.quote_min_size or ZERO,
        contract_size=(future.contract_size if future else None) or ONE,
        initial_margin=initial,
        maintenance_margin=maintenance,
        close_out_margin=close_out,
    )
    return _with_minimum(instrument, product.base_min_size)


def state_of(product: Product) -> ProductState:
    """Return what may change about a product, and the limits that no increment tells."""
    future = _future(product)
    session = product.fcm_trading_session_details
    perpetual = future is not None and future.contract_expiry_type is ContractExpiry.PERPETUAL
    return ProductState(
        instrument=product.product_id,
        mode=mode_of(product),
        canonical=product.alias or product.product_id,
        price=product.price or None,
        min_quantity=product.base_min_size,
        max_quantity=product.base_max_size,
        min_notional=product.quote_min_size,
        max_notional=product.quote_max_size,
        is_future=future is not None,
        is_perpetual=perpetual,
        expiry_ns=None if future is None or perpetual else ns_of(future.contract_expiry) or None,
        session_open=session is None or session.is_session_open is not False,
        funding_rate=_funding_rate(future),
        funding_ns=_funding_ns(future),
        funding_interval_ns=_funding_interval_ns(future),
        initial_margin=margin_terms(product)[0],
        maintenance_margin=margin_terms(product)[1],
    )


def margin_terms(product: Product) -> tuple[Decimal, Decimal | None, Decimal | None]:
    """Return (initial, maintenance, close-out) margin as shares of notional; a spot product has only the first.

    The initial one is the overnight rate, the larger of the two windows: what is opened by day has to be carried by
    night. International perpetuals need two thirds of it to stay (METHODS 2). US contracts name no maintenance rate;
    it is never above the initial one, which stands for it.
    """
    future = _future(product)
    if future is None:
        return ONE, None, None
    initial = _initial_margin(future)
    if future.risk_managed_by is RiskManagedBy.VENUE:
        rates = international_margin_rates(initial)
        return initial, rates.maintenance_margin, rates.close_out_margin
    return initial, initial, None


def mode_of(product: Product) -> ProductMode:
    """Return the strictest of the product's flags; a status that is neither online nor known lets people look."""
    flags = (
        (product.is_disabled or product.trading_disabled or product.status in GONE, ProductMode.DISABLED),
        (product.view_only or product.status not in ONLINE, ProductMode.VIEW_ONLY),
        (product.cancel_only, ProductMode.CANCEL_ONLY),
        (product.auction_mode, ProductMode.AUCTION),
        (product.post_only, ProductMode.POST_ONLY),
        (product.limit_only, ProductMode.LIMIT_ONLY),
    )
    return next((mode for set_, mode in flags if set_), ProductMode.ONLINE)


def _future(product: Product) -> FutureProductDetails | None:
    if product.product_type is not ProductType.FUTURE:
        return None
    return product.future_product_details or FutureProductDetails()


def _funding_rate(future: FutureProductDetails | None) -> Decimal | None:
    if future is None or future.funding_rate is not None:
        return None if future is None else future.funding_rate
    return future.perpetual_details.funding_rate if future.perpetual_details else None


def _funding_ns(future: FutureProductDetails | None) -> int | None:
    if future is None:
        return None
    details = future.perpetual_details
    return ns_of(future.funding_time) or ns_of(details.funding_time if details else None) or None


def _funding_interval_ns(future: FutureProductDetails | None) -> int | None:
    """Return how far apart fundings are; the venue writes seconds, as in `3600s`."""
    text = "" if future is None else future.funding_interval
    seconds = text.removesuffix("s")
    return int(seconds) * 1_000_000_000 if text != seconds and seconds.isdigit() and int(seconds) else None


def _initial_margin(future: FutureProductDetails) -> Decimal:
    """Return the share of notional to put up: the overnight rate, else one over the leverage allowed, else all."""
    rate = future.overnight_margin_rate or future.intraday_margin_rate
    rates = [each for each in ((rate.long_margin_rate, rate.short_margin_rate) if rate else ()) if each]
    if rates:
        return min(ONE, max(rates))
    leverage = future.perpetual_details.max_leverage if future.perpetual_details else None
    return ratio(ONE, leverage) if leverage is not None and leverage > 1 else ONE


def _with_minimum(instrument: Instrument, smallest: Decimal | None) -> Instrument:
    """Return the instrument with its smallest quantity, rounded up to the lot."""
    if smallest is None or smallest <= 0:
        return instrument
    scaled = smallest.scaleb(instrument.quantity_scale, EXACT)
    units = ceil_to(int(scaled.to_integral_value(ROUND_CEILING)), instrument.lot)
    return msgspec.structs.replace(instrument, min_quantity=units)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
