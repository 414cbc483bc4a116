"""A paper session that warms up on recorded candles from before it: warm at its first bar, refused on holes."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.unit.storage.candles import HOUR_MS, START_MS, START_NS, write_csv
from tradewind.app.config import Resolved, resolve
from tradewind.app.home import Home
from tradewind.app.market_data import load_market
from tradewind.app.paper_history import with_history
from tradewind.app.replaying import replay_run
from tradewind.cli.sessions import Kept, Session
from tradewind.model.commands import Fitted
from tradewind.model.decisions import Decided, InRegime
from tradewind.model.errors import ConfigError
from tradewind.model.regime import RegimeSource

DAY_NS = 24 * HOUR_MS * 1_000_000
FROM_NS = START_NS + 31 * DAY_NS  # 2024-02-01
NAMES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
SECTIONS: dict[str, Any] = {
    "regime": {"enabled": True, "block": False},
    "var": {"share_max": "1", "every": "24h", "move_max": "off"},
    "paper": {"speed": "max", "warmup": True},
}


def candles(folder: Path, hours: int, *, without: range = range(0)) -> None:
    """Write hourly candles from 2024-01-01 on, a walk of its own for each instrument."""
    for number, name in enumerate(NAMES):
        closes = 100 * np.exp(np.cumsum(np.random.default_rng(number).normal(0, 0.01, hours + 1)))
        rows = []
        for hour in set(range(hours)) - set(without):
            opened, closed = round(closes[hour], 2), round(closes[hour + 1], 2)
            high, low = max(opened, closed) + 0.1, min(opened, closed) - 0.1
            rows.append([START_MS + hour * HOUR_MS, opened, round(high, 2), round(low, 2), closed, 1_000])
        folder.mkdir(exist_ok=True)
        write_csv(folder / f"{name}_1h.csv", sorted(rows))


def settled(home: Home, folder: Path, **data: str) -> Resolved:
    bots = [{"id": "trend", "strategy": "donchian", "instruments": ["BTC-USDT"], "parameters": {"entry_bars": 10}}]
    told = {"path": str(folder), "from": "2024-02-01", "interval": "1h", "instruments": list(NAMES), **data}
    return resolve(home, {}, profile="paper", overrides={**SECTIONS, "bots": bots, "data": told})


def run(home: Home, resolved: Resolved) -> Kept:
    market = load_market(resolved.config, home)
    history = with_history(resolved.config, home, market)
    return Session("paper", resolved, home, market, history=history).run(lambda glance: None)


def test_a_session_begins_warm_and_is_replayed(tmp_path: Path) -> None:
    home, folder = Home(tmp_path / "home"), tmp_path / "data"
    candles(folder, 33 * 24)
    kept = run(home, settled(home, folder))
    told = list(kept.result.audit)
    decided = [each for each in told if isinstance(each, Decided)]
    assert decided
    assert all(each.ts_ns > FROM_NS for each in decided)
    regimes = [each for each in told if isinstance(each, InRegime) and each.ts_ns <= FROM_NS]
    assert any(each.source is RegimeSource.MODEL for each in regimes)  # 520 bars had closed before the first decision
    fits = [each for each in told if isinstance(each, Fitted) and each.ts_ns <= FROM_NS + 1]
    assert len(fits) == 1  # the one in force: those before it nobody needs
    assert set(NAMES) <= fits[0].parameters.keys()
    assert int(kept.series[0].open_ns[0]) == FROM_NS  # what is reported on begins where it traded
    outcome = replay_run(home.runs / kept.record.id)
    assert (outcome.equal, outcome.complete) == (True, True), outcome.message


def test_a_bot_that_only_the_candidate_has_warms_up_with_the_others(tmp_path: Path) -> None:
    home, folder, candidate = Home(tmp_path / "home"), tmp_path / "data", tmp_path / "candidate.toml"
    candles(folder, 33 * 24)
    candidate.write_text(
        '[[bots]]\nid = "more"\nstrategy = "donchian"\ninstruments = ["ETH-USDT"]\nbudget = 0.1\n'
        "parameters = { entry_bars = 2, exit_bars = 2 }\n"
    )
    resolved = settled(home, folder)
    config = msgspec.structs.replace(
        resolved.config, shadow=msgspec.structs.replace(resolved.config.shadow, candidate=str(candidate))
    )
    resolved = msgspec.structs.replace(resolved, config=config)
    market = load_market(config, home)
    session = Session("paper", resolved, home, market, history=with_history(config, home, market))
    session.run(lambda glance: None)
    shadow = session.shadow
    assert shadow is not None
    decided = [each.ts_ns for each in shadow.model.decisions if each.bot == "more"]
    assert decided
    assert min(decided) > FROM_NS


@pytest.mark.parametrize(
    ("missing", "data", "why"),
    [
        (range(300), {}, "the candles of BTC-USDT begin at 2024-01-13 12:00 UTC, and its warm-up needs those from"),
        (range(31 * 24 - 2, 31 * 24), {}, "have a hole at data.from, after 2024-01-31 22:00 UTC"),
        (range(0), {"from": ""}, "needs recorded candles and data.from"),
    ],
)
def test_too_few_candles_or_a_hole_at_the_join_are_refused(
    tmp_path: Path, missing: range, data: dict[str, str], why: str
) -> None:
    home, folder = Home(tmp_path / "home"), tmp_path / "data"
    candles(folder, 32 * 24, without=missing)
    with pytest.raises(ConfigError, match=why):
        run(home, settled(home, folder, **data))
    assert not home.runs.exists()
