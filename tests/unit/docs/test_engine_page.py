"""docs/engine.md lists the events, effects, statuses, alarms and reasons that the engine knows, and no others."""

import re
from typing import get_args

from tests.unit.docs.pages import SOURCE, blocks, codes, read, rows, section
from tradewind.cli.silence import MEANING
from tradewind.engine.core import HANDLERS
from tradewind.model.effects import Effect
from tradewind.model.intents import Intent
from tradewind.model.market_events import Bar
from tradewind.orders.lifecycle import table
from tradewind.portfolio.sizing import SPOT_NO_SHORT

PAGE = read("docs/engine.md")
ENGINE = "".join(path.read_text(encoding="utf-8") for path in sorted((SOURCE / "engine").glob("*.py")))


def test_the_lifecycle_is_the_table() -> None:
    page = [line.rstrip() for line in blocks(PAGE, "lifecycle")[0].splitlines()]
    assert page == [line.rstrip() for line in table().splitlines()]


def test_every_event_the_engine_takes_is_listed() -> None:
    listed = [name for row in rows(section(PAGE, "Events")) for name in codes(row[1])]
    assert sorted(listed) == sorted(kind.__name__ for kind in (Bar, *HANDLERS))


def test_every_effect_is_listed() -> None:
    listed = [codes(row[0])[0] for row in rows(section(PAGE, "Effects"))]
    assert listed == [kind.__name__ for kind in get_args(Effect)]


def test_every_alarm_is_listed() -> None:
    told = next(row[1] for row in rows(section(PAGE, "Effects")) if codes(row[0]) == ["Alarm"])
    assert set(codes(told)) == set(re.findall(r'\b[Aa]larm\([^"]*"(\w+)"', ENGINE))


def test_every_intent_is_listed() -> None:
    listed = [codes(row[0])[0].partition("(")[0] for row in rows(section(PAGE, "What a strategy can want"))]
    assert listed == [kind.__name__ for kind in get_args(Intent)]


def test_every_reason_for_doing_nothing_is_listed() -> None:
    listed = {codes(row[0])[0] for row in rows(section(PAGE, "Why, and why not"))}
    used = set(re.findall(r'(?:\bquiet\([^"\n]*|quiet_reason = |note = (?:note or )?)"(\w+)"', ENGINE))
    assert listed == used | {SPOT_NO_SHORT}
    assert listed == set(MEANING)
