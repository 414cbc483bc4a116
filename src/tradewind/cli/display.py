"""The live screen of a session: account, bots, positions, decisions, fills and refusals, from the read model alone."""

from collections import deque
from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tradewind.app.paper import Glance
from tradewind.app.times import moment_text
from tradewind.cli.output import amount, share
from tradewind.engine.config import EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.views import words
from tradewind.model.decisions import Decided, Refused
from tradewind.model.money import ZERO

BLOCKS = "▁▂▃▄▅▆▇█"
GOOD, BAD, QUIET = "green", "red", "dim"


class Screen:
    """What is shown. `take` is told every moment, `draw` gives the picture of the latest one."""

    def __init__(self, title: str, config: EngineConfig, model: ReadModel) -> None:
        self.title = title
        self.config = config
        self.model = model
        self.curve: deque[Decimal] = deque(maxlen=600)
        self.glance: Glance | None = None

    def take(self, glance: Glance) -> None:
        """Remember the account of this moment."""
        self.glance = glance
        self.curve.append(glance.equity)

    def draw(self, width: int, height: int) -> RenderableType:
        """Return the picture for a screen of that many columns and rows."""
        if self.glance is None:
            return Text("waiting for the first bar")
        bots = len(self.config.bots) + 3
        lists = max(6, height - 7 - bots)
        layout = Layout()
        layout.split_column(
            Layout(self._account(self.glance, width), size=6),
            Layout(name="middle", size=bots + 1),
            Layout(name="lists", size=lists),
        )
        layout["middle"].split_row(
            Layout(_panel("Bots", self._bots(self.glance)), ratio=11),
            Layout(_panel("Positions", self._positions(self.glance, bots)), ratio=9),
        )
        layout["lists"].split_row(
            Layout(_panel("Decisions", self._decisions(lists - 3)), ratio=10),
            Layout(_panel("Fills", self._fills(lists - 3)), ratio=10),
            Layout(_panel("Refused", self._refusals(lists - 3)), ratio=12),
        )
        return layout

    def line(self) -> str:
        """Return the latest moment as one line of text."""
        glance = self.glance
        if glance is None:
            return "waiting for the first bar"
        held = sum(1 for _ in self.model.positions())
        return (
            f"{moment_text(glance.ts_ns)}  equity {amount(glance.equity)}  "
            f"({_signed(self._gain(glance))})  positions {held}  orders {len(self.model.orders)}  "
            f"refused {sum(self.model.refusals.values())}  {glance.done * 100 // max(1, glance.total)} %"
        )

    # -- parts --------------------------------------------------------------------------------------------------------

    def _account(self, glance: Glance, width: int) -> Panel:
        gain = self._gain(glance)
        figures = Table.grid(padding=(0, 3))
        invested = ZERO if glance.equity == ZERO else (glance.equity - glance.cash) / glance.equity
        figures.add_row(
            Text.assemble("equity ", (f"{amount(glance.equity)} {self.config.currency}", "bold")),
            Text.assemble("return ", (_signed(gain), _colour(gain))),
            Text(f"drawdown {share(glance.drawdown)}"),
            Text(f"invested {share(invested, 1)}"),
            Text(f"fees {amount(glance.fees)}"),
            Text(f"crossed inside {len(self.model.crossings)}"),
        )
        bar = ProgressBar(total=glance.total, completed=glance.done, width=None)
        parts: list[RenderableType] = [figures, Text(sparkline(self.curve, width - 4), style=_colour(gain))]
        modes = [*(f"{name}: {why}" for name, why in self.model.modes.items())]
        parts.append(Text(" | ".join(modes), style=f"bold {BAD}") if modes else bar)
        days = glance.elapsed_s
        return Panel(
            Group(*parts),
            title=f"[bold]{self.title}[/bold]  {moment_text(glance.ts_ns)} UTC  {days:.0f} s",
            title_align="left",
            border_style="cyan",
        )

    def _gain(self, glance: Glance) -> Decimal:
        return glance.equity / self.config.cash - 1 if self.config.cash else ZERO

    def _bots(self, glance: Glance) -> Table:
        made = _columns(("bot", "strategy", "holds", "open", "closed", "trades", "won", ""), left=(0, 1, 7))
        rows = {row.key: row for row in self.model.pnl("bot")}
        holding: dict[str, Decimal] = {}
        opened: dict[str, Decimal] = {}
        for each in self.model.positions(glance.marks):
            if each.mark is not None and each.unrealised is not None:
                holding[each.bot] = holding.get(each.bot, ZERO) + each.quantity * each.mark
                opened[each.bot] = opened.get(each.bot, ZERO) + each.unrealised
        for bot in self.config.bots:
            row = rows.get(bot.id)
            trips, wins = (row.trips, row.wins) if row else (0, 0)
            made.add_row(
                bot.id,
                Text(self.model.strategies[bot.id], style=QUIET),
                amount(holding[bot.id], 0) if bot.id in holding else "-",
                _money(opened.get(bot.id, ZERO)),
                _money(row.gained if row else ZERO),
                str(trips),
                share(wins / trips, 0) if trips else "-",
                self._mode(bot.id),
            )
        return made

    def _mode(self, bot: str) -> Text:
        if bot in self.model.failed:
            return Text("failed", style=BAD)
        return Text("paused", style=QUIET) if bot in self.model.paused else Text("")

    def _positions(self, glance: Glance, rows: int) -> Table:
        made = _columns(("instrument", "bot", "quantity", "entry", "mark", "profit"), left=(0, 1))
        for each in self.model.positions(glance.marks)[: rows - 2]:
            made.add_row(
                each.instrument,
                Text(each.bot, style=QUIET),
                f"{each.quantity.normalize():f}",
                f"{each.average_price:.6g}",
                "-" if each.mark is None else f"{each.mark.normalize():f}",
                _money(each.unrealised or ZERO),
            )
        return made

    def _decisions(self, rows: int) -> Table:
        made = _columns(("time", "bot", "order", "why"), left=(0, 1, 2, 3))
        for each in _latest(self.model.decisions, rows, approved=True):
            order = each.order
            if order is not None:
                quantity = self.model.instruments[order.instrument].quantity_decimal(int(order.quantity or 0))
                side = order.side.name.lower()
                made.add_row(
                    _time(each.ts_ns),
                    each.bot,
                    Text(f"{side} {quantity:.4g} {order.instrument}", style=GOOD if side == "buy" else BAD),
                    words(each.intent),
                )
        return made

    def _fills(self, rows: int) -> Table:
        made = _columns(("time", "bot", "fill", "price", "realised"), left=(0, 1, 2))
        for each in list(self.model.fills)[: -rows - 1 : -1]:
            made.add_row(
                _time(each.ts_ns),
                each.bot,
                Text(f"{each.side} {each.quantity:.4g} {each.instrument}", style=GOOD if each.side == "buy" else BAD),
                f"{each.price.normalize():f}",
                _money(each.realised) if each.realised else Text("-"),
            )
        return made

    def _refusals(self, rows: int) -> Table:
        made = _columns(("time", "bot", "check", "number", "limit"), left=(0, 1, 2))
        for each in _latest(self.model.decisions, rows, approved=False):
            if isinstance(each.outcome, Refused):
                first = each.outcome.findings[0]
                made.add_row(_time(each.ts_ns), each.bot, first.check, _short(first.number), _short(first.limit))
        return made


def sparkline(values: Sequence[Decimal] | deque[Decimal], width: int) -> str:
    """Return the values as one row of blocks, the latest at the right end."""
    shown = list(values)[-width:] if width > 0 else []
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    if low == high:
        return BLOCKS[0] * len(shown)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[int((value - low) / (high - low) * steps)] for value in shown)


def _latest(decisions: Iterable[Decided], rows: int, *, approved: bool) -> list[Decided]:
    found: list[Decided] = []
    for each in reversed(list(decisions)):
        if isinstance(each.outcome, Refused) != approved and each.intent != "protect":
            found.append(each)
            if len(found) >= rows:
                break
    return found


def _panel(title: str, inside: RenderableType) -> Panel:
    return Panel(inside, title=title, title_align="left", border_style="dim", padding=(0, 1))


def _columns(names: Sequence[str], left: Sequence[int]) -> Table:
    made = Table(box=None, pad_edge=False, header_style=QUIET, expand=True)
    for number, name in enumerate(names):
        made.add_column(name, justify="left" if number in left else "right", no_wrap=True, overflow="ellipsis")
    return made


def _time(ts_ns: int) -> Text:
    return Text(moment_text(ts_ns)[5:], style=QUIET)


def _money(value: Decimal) -> Text:
    return Text(f"{value:+,.0f}", style=_colour(value)) if value else Text("0", style=QUIET)


def _signed(value: Decimal) -> str:
    return f"{value * 100:+.2f} %"


def _colour(value: Decimal) -> str:
    return BAD if value < ZERO else GOOD


def _short(number: str) -> str:
    """Return a number of a check as people read it; the record keeps it exact."""
    try:
        value = Decimal(number)
    except ArithmeticError:
        return number
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
