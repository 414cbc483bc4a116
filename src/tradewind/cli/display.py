"""The live screen of a session: account, bots, positions, decisions, fills and refusals, from the read model alone."""

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tradewind.app.paper import Glance
from tradewind.app.readings import Reading
from tradewind.app.times import moment_text
from tradewind.cli.output import amount, reading_text, share
from tradewind.engine.config import EngineConfig
from tradewind.engine.readmodel import ReadModel
from tradewind.engine.views import words
from tradewind.model.decisions import Decided, Refused
from tradewind.model.money import ZERO

BLOCKS = "▁▂▃▄▅▆▇█"
GOOD, BAD, QUIET = "green", "red", "dim"
WIDE = 130
ACCOUNT_ROWS = 5
FRAME_ROWS = 3
LIST_ROWS_MIN = 8
CURVE_POINTS = 2_000
FLAGS = {"halted": "trading is halted", "reduce_only": "locked after an exit"}


class Screen:
    """What is shown. `take` is told every moment, `draw` gives the picture of the latest one."""

    def __init__(
        self,
        title: str,
        config: EngineConfig,
        model: ReadModel,
        readings: Callable[[], Sequence[Reading]] = tuple,
    ) -> None:
        self.title = title
        self.config = config
        self.model = model
        self.readings = readings  # asked for a picture only, in the thread of the session
        self.curve: list[Decimal] = []
        self.glance: Glance | None = None

    def take(self, glance: Glance) -> None:
        """Remember the account of this moment."""
        self.glance = glance
        self.curve.append(glance.equity)
        if len(self.curve) > CURVE_POINTS:
            del self.curve[::2]

    def draw(self, width: int, height: int) -> RenderableType:
        """Return the picture for a screen of that many columns and rows."""
        if self.glance is None:
            return Text("waiting for the first bar")
        lists = max(LIST_ROWS_MIN, height - ACCOUNT_ROWS - len(self.config.bots) - FRAME_ROWS)
        middle = max(0, height - ACCOUNT_ROWS - lists)
        layout = Layout()
        layout.split_column(
            Layout(self._account(self.glance, width), size=ACCOUNT_ROWS),
            Layout(name="middle", size=middle),
            Layout(name="lists", size=lists),
        )
        rows = lists - FRAME_ROWS
        refused = Layout(_panel("Refused", self._refusals(middle - FRAME_ROWS)), ratio=8)
        tables = [Layout(_panel("Bots", self._bots(self.glance)), ratio=9)]
        below = [Layout(_panel("Decisions", self._decisions(rows)), ratio=10)]
        if width >= WIDE:
            tables.append(refused)
            below.append(Layout(_panel("Fills", self._fills(rows)), ratio=9))
            below.append(Layout(_panel("Positions", self._positions(self.glance, rows)), ratio=10))
        else:
            below.append(Layout(_panel("Refused", self._refusals(rows)), ratio=12))
        layout["middle"].split_row(*tables)
        layout["lists"].split_row(*below)
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
            f"refused {self.model.refused}  {glance.done * 100 // max(1, glance.total)} %"
        )

    # -- parts --------------------------------------------------------------------------------------------------------

    def _account(self, glance: Glance, width: int) -> Panel:
        gain = self._gain(glance)
        figures = Table.grid(padding=(0, 3))
        invested = ZERO if glance.equity == ZERO else (glance.equity - glance.cash) / glance.equity
        shown = [
            Text.assemble("equity ", (f"{amount(glance.equity)} {self.config.currency}", "bold")),
            Text.assemble("return ", (_signed(gain), _colour(gain))),
            Text(f"drawdown {share(glance.drawdown)}"),
            Text(f"invested {share(invested, 1)}"),
            Text(f"fees {amount(glance.fees)}"),
            Text(f"crossed inside {len(self.model.crossings)}"),
        ]
        figures.add_row(*(shown if width >= WIDE else shown[:3]))
        bar = ProgressBar(total=glance.total, completed=glance.done, width=None)
        parts: list[RenderableType] = [figures, Text(sparkline(self.curve, width - 4), style=_colour(gain))]
        modes = [*(f"{name}: {why}" for name, why in self.model.modes.items())]
        parts.append(Text(" | ".join(modes), style=f"bold {BAD}") if modes else bar)
        return Panel(
            Group(*parts),
            title=f"[bold]{self.title}[/bold]  {moment_text(glance.ts_ns)} UTC  {glance.elapsed_s:.0f} s",
            title_align="left",
            border_style="cyan",
        )

    def _gain(self, glance: Glance) -> Decimal:
        return glance.equity / self.config.cash - 1 if self.config.cash else ZERO

    def _bots(self, glance: Glance) -> Table:
        names = ("bot", "strategy", "holds", "open", "closed", "trades", "won", "reading")
        made = _columns(names, left=(0, 1, 7), wide=7)
        rows = {row.key: row for row in self.model.pnl("bot")}
        said = nearest(self.readings())
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
                self._mode(bot.id, said.get(bot.id)),
            )
        return made

    def _mode(self, bot: str, said: Reading | None) -> Text:
        if bot in self.model.failed:
            return Text("failed", style=BAD)
        if bot in self.model.paused:
            return Text("paused", style=QUIET)
        if said is None:
            return Text("")
        about = [self.model.instruments[said.instrument].base] if said.instrument else []
        words = [value for value in said.values.values() if isinstance(value, str)]
        numbers = {name: value for name, value in said.values.items() if not isinstance(value, str)}
        return Text(" ".join([*about, *words, reading_text(numbers, 2)]), style=QUIET)

    def _positions(self, glance: Glance, rows: int) -> Table:
        made = _columns(("holds", "bot", "value", "entry", "mark", "profit"), left=(0, 1), wide=1)
        for each in self.model.positions(glance.marks)[:rows]:
            mark = each.average_price if each.mark is None else each.mark
            made.add_row(
                self.model.instruments[each.instrument].base,
                Text(f"{each.bot} (dust)" if each.dust else each.bot, style=QUIET),
                amount(each.quantity * mark, 0),
                f"{each.average_price:.6g}",
                f"{mark.normalize():f}",
                _money(each.unrealised or ZERO),
            )
        return made

    def _decisions(self, rows: int) -> Table:
        made = _columns(("time", "bot", "order", "why"), left=(0, 1, 2, 3), wide=3)
        for each in _latest(self.model.decisions, rows, approved=True):
            if each.order is not None:
                side = each.order.side.name.lower()
                order = self._order(side, each.order.instrument)
                made.add_row(_time(each.ts_ns), each.bot, order, words(each.intent))
        return made

    def _fills(self, rows: int) -> Table:
        made = _columns(("time", "bot", "fill", "price", "realised"), left=(0, 1, 2), wide=1)
        for each in list(self.model.fills)[: -rows - 1 : -1]:
            made.add_row(
                _time(each.ts_ns),
                each.bot,
                self._order(each.side, each.instrument),
                f"{each.price.normalize():f}",
                _money(each.realised) if each.realised else Text("-"),
            )
        return made

    def _refusals(self, rows: int) -> Table:
        made = _columns(("time", "bot", "order", "why"), left=(0, 1, 2, 3), wide=3)
        for each in _latest(self.model.decisions, rows, approved=False):
            if isinstance(each.outcome, Refused) and each.order is not None:
                order = self._order(each.order.side.name.lower(), each.order.instrument)
                made.add_row(_time(each.ts_ns), each.bot, order, self._why(each.outcome))
        return made

    def _why(self, outcome: Refused) -> str:
        first = outcome.findings[0]
        if first.check in FLAGS:
            mode = next((why for name, why in self.model.modes.items() if name.startswith(first.check)), "")
            return mode or FLAGS[first.check]
        return f"{first.check} {_short(first.number)} > {_short(first.limit)}"

    def _order(self, side: str, instrument: str) -> Text:
        return Text(f"{side} {self.model.instruments[instrument].base}", style=GOOD if side == "buy" else BAD)


def nearest(readings: Iterable[Reading]) -> dict[str, Reading]:
    """Return of each bot the reading that is nearest to a signal, by its `distance`; the first where none has one."""
    found: dict[str, Reading] = {}
    for each in readings:
        if each.bot not in found or _distance(each) < _distance(found[each.bot]):
            found[each.bot] = each
    return found


def _distance(reading: Reading) -> float:
    distance = reading.values.get("distance")
    return distance if isinstance(distance, float) else math.inf


def sparkline(values: Sequence[Decimal], width: int) -> str:
    """Return the values as one row of at most `width` blocks, evenly chosen from the first to the latest."""
    if not values or width < 2:
        return ""
    points = min(width, len(values))
    shown = [values[round(point * (len(values) - 1) / max(1, points - 1))] for point in range(points)]
    low, high = min(shown), max(shown)
    if low == high:
        return BLOCKS[0] * len(shown)
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[round((value - low) / (high - low) * steps)] for value in shown)


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


def _columns(names: Sequence[str], left: Sequence[int], wide: int) -> Table:
    """Return a table whose column `wide` takes the room there is, and gives way on a narrow screen."""
    made = Table(box=None, pad_edge=False, header_style=QUIET, expand=True, padding=(0, 1, 0, 0))
    for number, name in enumerate(names):
        made.add_column(
            name,
            justify="left" if number in left else "right",
            no_wrap=True,
            overflow="ellipsis",
            ratio=1 if number == wide else None,
        )
    return made


def _time(ts_ns: int) -> Text:
    return Text(moment_text(ts_ns)[8:], style=QUIET)


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
