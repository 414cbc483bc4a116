"""What a venue can do, on a screen and for machines: our own table, and the map of a venue of ccxt."""

import json
from collections.abc import Mapping

import pytest

from tests.unit.venues.ccxt.fakes import made_map
from tradewind.cli.venue_tables import show_ccxt_names, show_venue, show_venues
from tradewind.model.errors import ConfigError
from tradewind.venues.ccxt import client
from tradewind.venues.ccxt.capabilities import CapabilityMap


def maps(venue: str) -> Mapping[str, CapabilityMap]:
    if venue == "empty":
        return {}
    if venue != "fake":
        raise ConfigError(f"ccxt knows no venue {venue!r}")
    return {kind: made_map(kind) for kind in ("spot", "perpetual")}


@pytest.fixture(autouse=True)
def some_ccxt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "describe", maps)
    monkeypatch.setattr(client, "venue_names", lambda: ("fake", "kraken"))


def test_our_own_venues_come_from_our_own_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_venue("coinbase", through_ccxt=False, json=False)
    shown = capsys.readouterr().out
    assert "stop-market: a stop-limit 5 % beyond the stop" in shown
    rows = [line.split() for line in shown.splitlines() if line.startswith("stop-market")]
    assert rows == [["stop-market", "emulated", "emulated", "missing", "missing"]] * 2
    show_venue("simulated", through_ccxt=False, json=True)
    assert json.loads(capsys.readouterr().out)["venue"] == "simulated"
    with pytest.raises(ConfigError, match="knows no venue 'coinbase'"):
        show_venue("coinbase", through_ccxt=True, json=False)


def test_a_venue_of_ccxt_has_a_column_per_kind_of_market(capsys: pytest.CaptureFixture[str]) -> None:
    show_venue("fake", through_ccxt=False, json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == "fake through ccxt"
    assert lines[1].split()[:2] == ["spot", "perpetual"]
    reduce_only = next(line for line in lines if "order: reduce-only" in line)
    assert reduce_only.split()[2:4] == ["missing", "native"]
    assert "candles: 1m, 1h" in lines
    show_venue("fake", through_ccxt=False, json=True)
    told = json.loads(capsys.readouterr().out)
    assert set(told["markets"]) == {"spot", "perpetual"}
    assert {"area": "order", "what": "limit", "support": "native", "how": ""} in told["markets"]["spot"]["abilities"]


def test_a_venue_without_markets_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    show_venue("empty", through_ccxt=False, json=False)
    assert "neither spot markets nor contracts" in capsys.readouterr().out


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    show_venues(json=True)
    assert [each["venue"] for each in json.loads(capsys.readouterr().out)["venues"]] == [
        "coinbase",
        "simulated",
        "ccxt",
    ]
    show_ccxt_names(json=True)
    assert json.loads(capsys.readouterr().out) == {"venues": ["fake", "kraken"]}
    show_ccxt_names(json=False)
    assert capsys.readouterr().out.splitlines() == ["fake, kraken", "2 venues"]
