"""An auditor that recomputes the account from its audit stream and holds the engine to it (FAULTS.md, part 1).

Always on in tests, on demand in production. It knows `model` only: what it counts comes from `engine.recount`, what it
reads of the engine is the narrow view of `engine.audited`. `check` raises StateError naming the first broken invariant.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tradewind.engine.audited import EngineView, LedgerView, Opening, OrderView, PositionView
from tradewind.engine.recount import PROTECT, Recount, Sent, Tally, broken
from tradewind.model import commands as c
from tradewind.model.corrections import InstrumentCleared, InstrumentDoubted
from tradewind.model.decisions import Approved, Decided
from tradewind.model.money import ONE, ZERO, add, multiply, subtract
from tradewind.model.orders import OrderRequest

OPERATOR = "operator"


class Auditor:
    """`feed` it every record of the audit stream, in order; `check` it against the engine whenever wanted."""

    def __init__(self, config: Opening) -> None:
        self.books = Recount(config.instruments, config.currency, config.cash, config.held)
        self.checks = 0
        self._config = config
        self._halted = False
        self._reduce_only: set[str] = set()
        self._doubts: dict[str, set[str]] = {}
        self._sends: list[tuple[Decided, int, dict[str, int]]] = []

    def feed(self, records: Iterable[object]) -> None:
        """Take records in; raises StateError when the stream itself breaks an invariant."""
        for record in records:
            kind = type(record)
            if kind is Decided:
                self._decided(record)  # type: ignore[arg-type]  # narrowed by kind
            elif kind in _MODES:
                self._mode(record)
            self.books.take(record)

    def check(self, engine: EngineView) -> None:
        """Raise StateError naming the first invariant that the engine's books break; return when all hold."""
        self.checks += 1
        self._check_positions(engine.ledger)
        self._check_cash(engine.ledger)
        live = engine.live_orders()
        self._check_orders(engine, live)
        self._check_holds(engine, live)
        equity = self._check_equity(engine)
        self._check_limits(engine, equity)
        self.books.touched.clear()

    # -- the stream --------------------------------------------------------------------------------------------------

    def _mode(self, record: object) -> None:
        if isinstance(record, c.Halt):
            self._halted = True
        elif isinstance(record, c.Resume):
            self._halted = False
            self._reduce_only.clear()
        elif isinstance(record, c.EnterReduceOnly):
            self._reduce_only.add(record.rule)
        elif isinstance(record, c.LeaveReduceOnly):
            if record.rule == OPERATOR:
                self._reduce_only.clear()
            self._reduce_only.discard(record.rule)
        elif isinstance(record, InstrumentDoubted):
            self._doubts.setdefault(record.instrument, set()).add(record.cause)
        elif isinstance(record, InstrumentCleared):
            self._doubts.setdefault(record.instrument, set()).discard(record.cause)

    def _decided(self, decided: Decided) -> None:
        request = decided.order
        if request is None or type(decided.outcome) is not Approved or decided.intent == PROTECT:
            return
        size = request.side * int(request.quantity or 0)
        held = self.books.lines[request.instrument].quantity
        buys, sells = self.books.open_units(request.instrument)
        reducing = held * size < 0 and abs(size) <= abs(held) - (sells if size < 0 else buys)
        for share in decided.shares:
            own = self.books.book(request.instrument, share.bot).quantity
            reducing = reducing and own * size < 0 and share.quantity <= abs(own)
        if not reducing:
            if self._halted or self._reduce_only:
                mode = "halted" if self._halted else "reduce-only"
                raise broken("I19", f"order {request.order_id} adds risk while the account is {mode}")
            if causes := self._doubts.get(request.instrument):
                why = ", ".join(sorted(causes))
                raise broken("I31", f"order {request.order_id} adds risk in {request.instrument}, in doubt by {why}")
            self._sends.append((decided, self._worst_here(request.instrument, size), self._worst_elsewhere(request)))

    def _worst_here(self, instrument: str, size: int) -> int:
        """With this order: its own side filled, or the open orders of the other side, whichever leads further."""
        held = self.books.lines[instrument].quantity
        buys, sells = self.books.open_units(instrument)
        if size > 0:
            return max(abs(held + buys + size), abs(held - sells) if sells else 0)
        return max(abs(held - sells + size), abs(held + buys) if buys else 0)

    def _worst_units(self, instrument: str) -> int:
        held = self.books.lines[instrument].quantity
        buys, sells = self.books.open_units(instrument)
        return max(abs(held + buys), abs(held - sells))

    def _worst_elsewhere(self, request: OrderRequest) -> dict[str, int]:
        others = {name: self._worst_units(name) for name in self.books.lines if name != request.instrument}
        return {name: units for name, units in others.items() if units}

    # -- against the engine ------------------------------------------------------------------------------------------

    def _check_positions(self, ledger: LedgerView) -> None:
        for name, tally in self.books.lines.items():
            line = ledger.lines[name]
            _same("I01", f"position in {name}", line.position.quantity, tally.quantity)
            _same_cost(f"account in {name}", line.position, tally)
            quantity, profit = 0, ZERO
            for bot, book in line.books.items():
                own = self.books.book(name, bot)
                _same("I01", f"position of {bot} in {name}", book.position.quantity, own.quantity)
                _same_cost(f"{bot} in {name}", book.position, own)
                _same("I06", f"fees of {bot} in {name}", book.fees, own.fees)
                _same("I07", f"funding of {bot} in {name}", book.funding, own.funding)
                _same("I04", f"fills of {bot} in {name}", book.fills, own.fills)
                _same("I01", f"crossed by {bot} in {name}", book.crossed, own.crossed)
                quantity += book.position.quantity
                profit = add(profit, subtract(own.realised, own.signed_cost))
            _same("I01", f"sum of the bots in {name}", quantity, tally.quantity)
            _same("I03", f"profit of the bots in {name}", profit, subtract(tally.realised, tally.signed_cost))

    def _check_cash(self, ledger: LedgerView) -> None:
        for currency, account in self.books.accounts.items():
            purse = ledger.purses[currency]
            for what in ("cash", "realised", "fees", "funding", "transfers", "held"):
                _exact(f"{what} in {currency}", getattr(purse, what))
            _same("I02", f"cash in {currency}", purse.cash, account.cash)
            _same("I02", f"transfers in {currency}", purse.transfers, account.transfers)
            _same("I03", f"realised in {currency}", purse.realised, account.realised)
            _same("I06", f"fees in {currency}", purse.fees, account.fees)
            _same("I07", f"funding in {currency}", purse.funding, account.funding)

    def _check_orders(self, engine: EngineView, live: Sequence[OrderView]) -> None:
        _same("I17", "orders that were sent", len(engine.orders), len(self.books.orders))
        for order_id, sent in self.books.touched.items():
            _check_order(engine.orders[order_id], sent)
        names = sorted(order.request.order_id for order in live)
        _same("I13", "live orders", names, sorted(self.books.open))
        for name, market in engine.markets.items():
            _same(
                "I18",
                f"open (buys, sells) in {name}",
                (market.open_buys, market.open_sells),
                self.books.open_units(name),
            )

    def _check_holds(self, engine: EngineView, live: Sequence[OrderView]) -> None:
        held = dict.fromkeys(self.books.accounts, ZERO)
        for order in live:
            currency = self.books.instruments[order.request.instrument].quote
            held[currency] = add(held[currency], order.held_cash)
        for currency, total in held.items():
            _same("I09", f"holds in {currency}", engine.ledger.purses[currency].held, total)

    def _check_equity(self, engine: EngineView) -> Decimal | None:
        """Equity two ways per currency, then all in the account's; None while something held has no price."""
        total: Decimal | None = ZERO
        for currency in self.books.accounts:
            worth = self._worth(engine, currency)
            if worth is None:
                _no_equity(engine, f"a position in {currency} has no mark")
                return None
            rate = self._rate(engine, currency)
            if rate is None and worth:
                _no_equity(engine, f"{currency} has no rate")
                return None
            total = add(total or ZERO, multiply(worth, rate or ZERO))
        equity = engine.equity()
        if equity is not None:
            _exact("equity", equity)
        _same("I03", "equity", equity, total)
        return total

    def _worth(self, engine: EngineView, currency: str) -> Decimal | None:
        """Return cash + marked positions, which equals opening + realised + unrealised - fees + funding."""
        account = self.books.accounts[currency]
        worth = account.cash
        explained = add(
            add(account.opening, account.transfers), add(subtract(account.realised, account.fees), account.funding)
        )
        for name, tally in self.books.lines.items():
            instrument = self.books.instruments[name]
            if instrument.quote != currency:
                continue
            if instrument.is_spot:
                explained = add(explained, self.books.opening_cost[name])
            if not tally.quantity:
                continue
            mark = engine.markets[name].mark
            if mark is None:
                return None
            value = multiply(instrument.unit_value, mark * tally.quantity)
            unrealised = subtract(value, tally.signed_cost)
            worth = add(worth, value if instrument.is_spot else unrealised)
            explained = add(explained, unrealised)
        _same("I03", f"equity in {currency}", worth, explained)
        return worth

    def _rate(self, engine: EngineView, currency: str) -> Decimal | None:
        if currency == self._config.currency:
            return ONE
        name = self._config.conversions.get(currency)
        mark = None if name is None else engine.markets[name].mark
        return None if name is None or mark is None else self.books.instruments[name].price_decimal(mark)

    def _check_limits(self, engine: EngineView, equity: Decimal | None) -> None:
        """Hold what was sent at this event to the limits for the worst case (I18); older sends lost their marks."""
        sends, self._sends = self._sends, []
        limits = self._config.limits
        shares = (limits.instrument_share_max, limits.exposure_share_max, limits.leverage_max)
        for decided, units, others in sends:
            if decided.sequence != engine.sequence or decided.order is None:
                continue
            if equity is None and any(each is not None for each in shares):
                raise broken("I18", f"order {decided.order.order_id} was sent while equity was not known")
            worst = self._notional(decided.order.instrument, units, max(decided.mark, decided.order.price or 0))
            gross = worst
            for name, other in others.items():
                gross = add(gross, self._notional(name, other, engine.markets[name].mark or 0))
            for what, number, cap in (
                ("notional", worst, limits.notional_cap(decided.order.instrument)),
                ("share", worst, _share(equity, limits.instrument_share_max)),
                ("exposure", gross, _share(equity, limits.exposure_share_max)),
                ("leverage", gross, _share(equity, limits.leverage_max)),
            ):
                if cap is not None and number > cap:
                    raise broken(
                        "I18", f"{what} after order {decided.order.order_id} may reach {number}, the limit is {cap}"
                    )

    def _notional(self, instrument: str, units: int, price: int) -> Decimal:
        return multiply(self.books.instruments[instrument].unit_value, units * price)


_MODES = frozenset({c.Halt, c.Resume, c.EnterReduceOnly, c.LeaveReduceOnly, InstrumentDoubted, InstrumentCleared})


def _check_order(order: OrderView, sent: Sent) -> None:
    name = sent.request.order_id
    _same("I17", f"request of order {name}", order.request, sent.request)
    _same("I05", f"filled of order {name}", order.filled, sent.filled)
    _same("I05", f"value of order {name}", order.value, sent.value)
    _same("I05", f"fees of order {name}", order.fees, sent.fees)
    _same("I13", f"order {name} is live", order.is_live, not sent.ended)
    if sent.ended and order.held_cash:
        raise broken("I09", f"order {name} is over and still holds {order.held_cash}")


def _same_cost(what: str, position: PositionView, tally: Tally) -> None:
    _exact(f"cost of {what}", position.cost)
    _same("I03", f"cost of {what}", position.cost, tally.cost)
    _same("I03", f"realised of {what}", position.realised, tally.realised)


def _same(invariant: str, what: str, said: object, counted: object) -> None:
    if said != counted:
        raise broken(invariant, f"{what}: the engine says {said}, its records say {counted}")


def _exact(what: str, amount: object) -> None:
    if type(amount) is not Decimal or not amount.is_finite():
        raise broken("I08", f"{what} is {amount!r}, which is no exact amount")


def _no_equity(engine: EngineView, why: str) -> None:
    equity = engine.equity()
    if equity is not None:
        raise broken("I03", f"equity is {equity} although {why}")


def _share(equity: Decimal | None, limit: Decimal | None) -> Decimal | None:
    return None if limit is None or equity is None else multiply(equity, limit)
