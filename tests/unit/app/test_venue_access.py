"""Where a key is looked for, and in which order; and which stretches of candles are missing."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.app.fetching import PIECE_PAGES, missing_pieces, series_key
from tradewind.app.home import Home
from tradewind.app.venue_access import find_access, with_key
from tradewind.model.errors import ConfigError
from tradewind.storage.catalog import SeriesKey
from tradewind.venues.coinbase.addresses import PRODUCTION

SECRET = base64.b64encode(bytes(range(32))).decode()
ENVIRONMENT = {"COINBASE_API_KEY": "from the environment", "COINBASE_API_SECRET": SECRET}


def key_file(path: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"name": name, "privateKey": SECRET}), encoding="utf-8")
    path.chmod(0o600)
    return path


def endpoint_file(folder: Path, *names: str) -> Path:
    accounts = [{"name": name, "api_key": f"key of {name}", "api_secret": SECRET} for name in names]
    path = folder / "endpoint.json"
    content = {"rest": "http://127.0.0.1:1", "ws": "ws://127.0.0.1:2", "ca": None, "accounts": accounts}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def name_of(folder: Path, environment: dict[str, str], **named: object) -> str | None:
    found = find_access(Home(folder / "home"), environment, **named)  # type: ignore[arg-type]
    return None if found.key is None else found.key.name


def test_the_named_key_comes_first_then_the_endpoints_then_the_environment_then_the_home(tmp_path: Path) -> None:
    assert name_of(tmp_path, {}) is None
    key_file(tmp_path / "home" / "secrets" / "coinbase.json", "from the home")
    assert name_of(tmp_path, {}) == "from the home"
    assert name_of(tmp_path, ENVIRONMENT) == "from the environment"
    endpoint = endpoint_file(tmp_path, "alice", "bob")
    assert name_of(tmp_path, ENVIRONMENT, endpoint=endpoint) == "key of alice"
    assert name_of(tmp_path, ENVIRONMENT, endpoint=endpoint, account="bob") == "key of bob"
    named = key_file(tmp_path / "named.json", "named")
    assert name_of(tmp_path, ENVIRONMENT, endpoint=endpoint, key_file=named) == "named"


def test_a_local_exchange_never_gets_the_real_key(tmp_path: Path) -> None:
    assert name_of(tmp_path, ENVIRONMENT, endpoint=endpoint_file(tmp_path)) is None


def test_real_money_is_where_the_real_address_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert find_access(home, ENVIRONMENT).is_real
    assert find_access(home, ENVIRONMENT).address == PRODUCTION
    assert not find_access(home, {}, endpoint=endpoint_file(tmp_path, "a")).is_real


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--endpoint"):
        find_access(Home(tmp_path), {}, account="alice")
    with pytest.raises(ConfigError, match="COINBASE_API_KEY"):
        with_key(find_access(Home(tmp_path), {}))
    found = find_access(Home(tmp_path), ENVIRONMENT)
    assert with_key(found) is found
    assert SECRET not in repr(found)


spans = st.sampled_from([60, 300, 3_600, 86_400])
moments = st.integers(0, 20_000)


@given(spans, moments, moments, st.none() | st.tuples(moments, moments), st.sampled_from([1, 350, 1_000]))
def test_pieces_cover_what_is_missing_once_and_leave_no_hole_wherever_they_end(
    span: int, start: int, end: int, known: tuple[int, int] | None, page_bars: int
) -> None:
    there = None if known is None else (min(known) * span, max(known) * span)
    pieces = list(missing_pieces(start * span, end * span, there, span, page_bars))
    covered = set() if there is None else set(range(there[0], there[1] + span, span))
    asked = set(range(start * span, end * span, span)) if start < end else set()
    for piece in pieces:
        assert piece.start_ns < piece.end_ns
        assert piece.end_ns - piece.start_ns <= PIECE_PAGES * page_bars * span
        fresh = set(range(piece.start_ns, piece.end_ns, span))
        assert not fresh & covered
        if covered:
            assert piece.start_ns == max(covered) + span or piece.end_ns == min(covered)
        covered |= fresh
    assert asked <= covered


def test_a_series_is_named_with_its_venue_or_beside_it() -> None:
    asked = SeriesKey("coinbase", "BTC-USD", "bars", "1h")
    assert series_key("coinbase/BTC-USD/1h") == asked
    assert series_key("coinbase/BTC-USD/1h", "coinbase") == asked
    assert series_key("BTC-USD/1h", "coinbase") == asked
    for text, venue in (
        ("coinbase/BTC-USD", None),
        ("coinbase/BTC-USD/1h", "kraken"),
        ("BTC-USD", None),
        ("coinbase//1h", None),
        ("", None),
        ("coinbase/BTC-USD/hour", None),
    ):
        with pytest.raises(ConfigError):
            series_key(text, venue)
