"""The commands that talk to a venue, against a local exchange that runs beside the tests."""

import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local_exchange import local_exchange
from tradewind.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The endpoint file of an exchange that serves until the module's tests are done."""
    with local_exchange(tmp_path_factory.mktemp("exchange"), "--seed", "3") as keys:
        yield keys


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own for each test, and no key in the environment."""
    for name in [name for name in os.environ if name.startswith(("TRADEWIND_", "COINBASE_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("TRADEWIND_HOME", str(folder))
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return command


def last(text: str) -> Any:
    return json.loads(text.splitlines()[-1])


def key_of(exchange: Path, name: str, folder: Path) -> Path:
    """A key file of one account, as a person keeps it."""
    accounts = json.loads(exchange.read_text(encoding="utf-8"))["accounts"]
    found = next(each for each in accounts if each["name"] == name)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"name": found["api_key"], "privateKey": found["api_secret"]}), encoding="utf-8")
    path.chmod(0o600)
    return path


# -- looking ---------------------------------------------------------------------------------------------------------


def test_markets_are_listed_without_a_key(exchange: Path, run: Run) -> None:
    code, out, _ = run("markets", "--endpoint", exchange, "--quote", "USD", "--kind", "spot", "--limit", 3, "--json")
    found = last(out)
    assert code == 0
    assert len(found["markets"]) == 3
    assert all(each["product"].endswith("-USD") and each["mode"] == "online" for each in found["markets"])
    code, out, _ = run("markets", "--endpoint", exchange, "--kind", "future")
    assert code == 0
    assert "PERP" in out
    _, out, _ = run("markets", "--endpoint", exchange, "--search", "eth-usd", "--limit", 0, "--json")
    assert [each["product"] for each in last(out)["markets"]] == ["ETH-USD"]


def test_an_account_is_shown_whole(exchange: Path, run: Run) -> None:
    code, out, _ = run("account", "snapshot", "--endpoint", exchange, "--account", "beta", "--json")
    found = last(out)
    assert code == 0
    assert {each["currency"]: each["available"] for each in found["balances"]}["BTC"] == "10"
    assert found["rights"]["trade"] is True
    assert found["fees"]["maker"] == "0.006"
    code, out, _ = run("account", "snapshot", "--endpoint", exchange, "--account", "beta")
    assert "Balances" in out
    assert "the key may view, trade" in out


def test_venues_say_what_they_can_do(run: Run) -> None:
    code, out, _ = run("venues", "list", "--json")
    assert code == 0
    assert [each["venue"] for each in last(out)["venues"]] == ["coinbase", "simulated", "ccxt"]
    _, out, _ = run("venues", "list")
    assert "stop-market: a stop-limit 5 % beyond the stop" in out


# -- one order by hand -----------------------------------------------------------------------------------------------


def test_an_order_lives_from_preview_to_cancel(exchange: Path, run: Run) -> None:
    where = ("--endpoint", exchange, "--account", "alpha")
    code, out, _ = run("order", "preview", "BTC-USD", "buy", "0.01", "--price", "20000", *where, "--json")
    assert code == 0
    assert (last(out)["refused"], last(out)["base_size"]) == ([], "0.01")
    placed = run("order", "place", "BTC-USD", "buy", "0.01", "--price", "20000", "--name", "by-hand", "--yes", *where)
    assert placed[0] == 0
    assert placed[1].startswith("name by-hand, status placed, id ")
    code, out, _ = run("order", "edit", "by-hand", "--price", "21000", "--yes", *where, "--json")
    assert last(out)["status"] == "placed"
    (live,) = last(run("account", "snapshot", *where, "--json")[1])["orders"]
    assert (live["client_id"], live["price"], live["quantity"], live["status"]) == ("by-hand", "21000", "0.01", "open")
    code, out, _ = run("order", "cancel", "by-hand", "never-was", "--yes", *where, "--json")
    assert code == 1
    told = last(out)["cancels"]
    assert told["by-hand"] == "taken"
    assert told["never-was"].startswith("refused")
    assert run("order", "cancel", "--all", "--yes", *where)[:2] == (0, "no open orders\n")


def test_a_name_used_twice_is_the_same_order_or_none(exchange: Path, run: Run) -> None:
    where = ("--yes", "--endpoint", exchange, "--account", "beta", "--name", "twice", "--json")
    first = last(run("order", "place", "ETH-USD", "buy", "0.1", "--price", "100", *where)[1])
    again = last(run("order", "place", "ETH-USD", "buy", "0.1", "--price", "100", *where)[1])
    assert (first["status"], again) == ("placed", first)
    code, out, _ = run("order", "place", "ETH-USD", "sell", "0.2", "--price", "9000", *where)
    assert (code, last(out)["reason"]) == (1, "CLIENT_ID_REUSED")
    code, out, _ = run("order", "place", "ETH-USD", "buy", "0.2", "--price", "100", *where)
    assert (code, last(out)["reason"]) == (1, "CLIENT_ID_REUSED")  # only the size is another
    assert run("order", "cancel", "--all", "--instrument", "ETH-USD", *where[:5])[0] == 0


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("0.001", "--stop", "30000"), "stop_limit"),
        (("0.001", "--stop", "30000", "--price", "29000"), "stop_limit"),
        (("0.001", "--stop", "20000", "--take-profit", "90000"), "bracket"),
        (("0.001", "--price", "90000", "--post-only"), "limit"),
        (("0.001", "--price", "90000", "--tif", "gtd", "--until", "2099-01-01"), "limit"),
    ],
)
def test_kinds_of_orders_rest_there(exchange: Path, run: Run, words: tuple[str, ...], kind: str) -> None:
    where = ("--endpoint", exchange, "--account", "alpha")
    code, out, _ = run("order", "place", "BTC-USD", "sell", *words, "--yes", *where, "--json")
    assert code == 0, out
    (live,) = last(run("account", "snapshot", *where, "--json")[1])["orders"]
    assert (live["kind"], live["side"]) == (kind, -1)
    assert run("order", "cancel", live["client_id"], "--yes", *where)[0] == 0


def test_a_market_order_by_quote_amount_fills(exchange: Path, run: Run) -> None:
    where = ("--endpoint", exchange, "--account", "gamma")
    assert run("order", "place", "BTC-USD", "buy", "--quote", "500", "--yes", *where)[0] == 0
    found = last(run("account", "snapshot", *where, "--json")[1])
    assert [each for each in found["balances"] if each["currency"] == "BTC"]
    assert found["orders"] == []


REFUSED = [
    (("buy", "0.01", "--price", "0.01"), 1, "BELOW_MINIMUM_NOTIONAL"),
    (("sell", "500", "--price", "90000"), 1, "INSUFFICIENT_FUND"),
    (("buy", "0.000000001", "--price", "20000"), 2, "needs more than"),
    (("buy", "0.01", "--price", "20000.001"), 2, "needs more than 2 decimals"),
    (("buy", "abc"), 2, "must be a number"),
    (("buy", "-1"), 2, "must be above 0"),
    (("buy", "NaN"), 2, "must be a number"),
    (("buy",), 2, "say how much"),
    (("buy", "1", "--quote", "5"), 2, "say how much"),
    (("buy", "1", "--price", "20000", "--tif", "gtd"), 2, "--until"),
    (("sell", "1", "--take-profit", "90000"), 2, "--stop"),
    (("buy", "1", "--post-only"), 1, "UNSUPPORTED_ORDER"),
    (("buy", "1", "--price", "20000", "--until", "2099-01-01"), 2, "needs --tif gtd"),
    (("buy", "1", "--price", "20000", "--reduce-only"), 2, "is for futures"),
    (("buy", "1", "--price", "20000", "--name", "two\nlines"), 2, "one line"),
    (("sell", "1", "--stop", "20000", "--take-profit", "90000", "--tif", "ioc"), 2, "a bracket stays"),
    (("buy", "9" * 400, "--price", "20000"), 2, "below 1e31"),
    (("buy", "1", "--price", "1e400"), 2, "--price must be below 1e31"),
    (("buy", "1_000"), 2, "such as 1000 or 0.001"),
    (("buy", "\u0663"), 2, "such as 1000 or 0.001"),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED, ids=[said for _, _, said in REFUSED])
def test_bad_orders_are_told_and_nothing_rests(
    exchange: Path, run: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    where = ("--endpoint", exchange, "--account", "beta")
    found = run("order", "place", "BTC-USD", *words, "--yes", *where)
    assert found[0] == code
    assert said in found[1] + found[2]
    assert last(run("account", "snapshot", *where, "--json")[1])["orders"] == []


def test_without_a_yes_nothing_is_sent(exchange: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    where = ("--endpoint", exchange, "--account", "beta")
    code, _, err = run("order", "place", "BTC-USD", "buy", "1", "--price", "20000", *where)
    assert (code, "--yes" in err) == (2, True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin.readline", lambda: "n\n", raising=False)
    code, _, err = run("order", "place", "BTC-USD", "buy", "1", "--price", "20000", *where)
    assert (code, "nothing was sent" in err) == (2, True)
    assert last(run("account", "snapshot", *where, "--json")[1])["orders"] == []


@pytest.mark.parametrize("words", [("order", "edit", "x"), ("order", "cancel"), ("account", "convert", "0", "A", "B")])
def test_commands_say_what_they_need(exchange: Path, run: Run, words: tuple[str, ...]) -> None:
    code, _, err = run(*words, "--endpoint", exchange, "--account", "mover", "--yes")
    assert code == 2
    assert err.startswith("error: ")


def test_without_a_key_private_commands_say_where_one_may_be(run: Run, tmp_path: Path) -> None:
    code, _, err = run("account", "snapshot")
    assert (code, "--key" in err, "COINBASE_API_KEY" in err) == (2, True, True)
    code, _, err = run("account", "snapshot", "--account", "alpha")
    assert "--endpoint" in err
    code, _, err = run("account", "snapshot", "--key", tmp_path / "none.json")
    assert "No such file" in err


def test_a_key_that_may_not_trade_places_nothing(exchange: Path, run: Run, tmp_path: Path) -> None:
    key = key_of(exchange, "viewer", tmp_path)
    words = ("order", "place", "BTC-USD", "buy", "0.01", "--price", "20000", "--yes", "--json")
    code, out, _ = run(*words, "--endpoint", exchange, "--key", key)
    assert (code, last(out)["reason"]) == (1, "FORBIDDEN")


# -- moving one's own money ------------------------------------------------------------------------------------------


def test_money_moves_only_when_switched_on_and_with_a_key_named_for_the_call(
    exchange: Path, run: Run, tmp_path: Path
) -> None:
    words = ("account", "convert", "100", "USD", "USDC", "--endpoint", exchange, "--yes")
    code, _, err = run(*words, "--key", key_of(exchange, "mover", tmp_path))
    assert (code, "flags set moving_money on" in err) == (2, True)
    run("flags", "set", "moving_money", "on")
    code, _, err = run(*words)
    assert (code, "named for this call" in err) == (2, True)
    before = balances(run, exchange)
    code, out, _ = run(*words, "--key", key_of(exchange, "mover", tmp_path), "--json")
    assert code == 0
    assert last(out)["from"] == "USD"
    after = balances(run, exchange)
    assert (before["USD"] - after["USD"], after["USDC"] - before["USDC"]) == (100, 100)


def balances(run: Run, exchange: Path) -> dict[str, float]:
    found = last(run("account", "snapshot", "--endpoint", exchange, "--account", "mover", "--json")[1])
    return {each["currency"]: float(each["available"]) for each in found["balances"]}


def test_funds_move_between_portfolios_of_ones_own_alone(exchange: Path, run: Run) -> None:
    run("flags", "set", "moving_money", "on")
    where = ("--endpoint", exchange, "--account", "mover", "--yes")
    code, _, err = run("account", "move-funds", "5", "USD", "--from", "mover", "--to", "alpha", *where)
    assert code == 2
    assert "names 0 of your portfolios" in err
    code, _, err = run("account", "move-funds", "5", "USD", "--from", "mover", "--to", "mover", *where)
    assert (code, "both ends" in err) == (2, True)


# -- candles ---------------------------------------------------------------------------------------------------------


def test_candles_are_fetched_once_and_gone_on_with(exchange: Path, run: Run) -> None:
    words = ("data", "fetch", "coinbase/BTC-USD/1h", "--endpoint", exchange, "--json")
    start = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 10 * 86_400))
    earlier = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 20 * 86_400))
    code, _, err = run(*words)
    assert (code, "--from" in err) == (2, True)
    first = last(run(*words, "--from", start)[1])
    assert first["bars"] >= 10 * 24
    assert last(run(*words)[1])["bars"] <= 1
    before = last(run(*words, "--from", earlier)[1])
    assert before["bars"] >= 10 * 24
    (series,) = last(run("data", "list", "--json")[1])["series"]
    assert (series["absent"], series["increments"]["derived"]) == (0, False)
    assert run("data", "verify")[0] == 0


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ("coinbase/BTC-USD/3m", "1m, 5m"),
        ("coinbase/NOPE-USD/1h", "no product NOPE-USD"),
        ("kraken/BTC-USD/1h", "no series of kraken"),
        ("BTC-USD", "coinbase/"),
        ("coinbase/BTC-USD/soon", "interval"),
    ],
)
def test_what_cannot_be_fetched_is_told(exchange: Path, run: Run, series: str, said: str) -> None:
    code, _, err = run("data", "fetch", series, "--endpoint", exchange, "--from", "2026-01-01")
    assert code == 2
    assert said in err


# -- the doctor ------------------------------------------------------------------------------------------------------


def doctor(run: Run, *words: object) -> tuple[int, str, dict[str, Any]]:
    code, out, _ = run("doctor", "--instrument", "BTC-USD", *words, "--json")
    found = last(out)
    return code, found["verdict"], {each["check"]: each for each in found["findings"]}


def test_a_good_set_up_is_ready(exchange: Path, run: Run) -> None:
    code, verdict, found = doctor(run, "--endpoint", exchange, "--account", "beta")
    assert (code, verdict) == (0, "READY")
    assert list(found) == [
        *("python", "packages", "disk", "journal", "catalog", "settings"),
        *("clock", "key", "rights", "fees", "account", "products", "session"),
    ]


@pytest.mark.parametrize(("name", "seen"), [("mover", "transfer"), ("viewer", "may view")])
def test_a_key_with_too_much_or_too_little_is_not_ready(exchange: Path, run: Run, name: str, seen: str) -> None:
    code, verdict, found = doctor(run, "--endpoint", exchange, "--account", name)
    assert (code, verdict) == (1, "NOT READY")
    assert found["rights"]["verdict"] == "NOT READY"
    assert seen in found["rights"]["seen"]


def test_a_broken_key_an_unknown_product_and_loose_settings(exchange: Path, run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{}", encoding="utf-8")
    broken.chmod(0o600)
    code, verdict, found = doctor(run, "--endpoint", exchange, "--key", broken)
    assert (code, verdict, "lacks" in found["key"]["seen"]) == (1, "NOT READY", True)
    code, verdict, found = doctor(run, "--endpoint", exchange, "--account", "beta", "--instrument", "NOPE-USD")
    assert (verdict, found["products"]["verdict"]) == ("NOT READY", "NOT READY")
    where = ("--endpoint", exchange, "--account", "beta", "--profile", "paper")
    code, verdict, found = doctor(run, *where, "--set", "limits.exposure_share_max=off")
    assert (code, verdict) == (0, "REVIEW")
    assert "exposure_share_max" in found["settings"]["seen"]
    code, verdict, found = doctor(run, *where, "--set", "limits.nonsense=1")
    assert (code, found["settings"]["verdict"]) == (1, "NOT READY")


def test_a_key_that_the_venue_does_not_know_is_not_ready(exchange: Path, run: Run, tmp_path: Path) -> None:
    key = key_of(exchange, "beta", tmp_path)
    stranger = {**json.loads(key.read_text(encoding="utf-8")), "name": "organizations/x/apiKeys/y"}
    key.write_text(json.dumps(stranger), encoding="utf-8")
    code, verdict, found = doctor(run, "--endpoint", exchange, "--key", key)
    assert (code, verdict, found["rights"]["verdict"]) == (1, "NOT READY", "NOT READY")
    assert "401" in found["rights"]["seen"]


@pytest.mark.parametrize(("skew_s", "verdict"), [(2.5, "REVIEW"), (-3_600, "NOT READY")])
def test_a_skewed_clock_is_seen(exchange: Path, run: Run, skew_s: float, verdict: str) -> None:
    faults(exchange, {"kind": "clock_skew", "ms": int(skew_s * 1000)})
    try:
        _, told, found = doctor(run, "--endpoint", exchange, "--account", "beta")
    finally:
        faults(exchange)
    assert (told, found["clock"]["verdict"]) == (verdict, verdict)


def test_a_venue_that_is_not_there_is_not_ready(run: Run, tmp_path: Path, exchange: Path) -> None:
    away = {**json.loads(exchange.read_text(encoding="utf-8")), "rest": "http://127.0.0.1:1"}
    path = tmp_path / "away.json"
    path.write_text(json.dumps(away), encoding="utf-8")
    code, verdict, found = doctor(run, "--endpoint", path)
    assert (code, verdict, list(found)[-1]) == (1, "NOT READY", "clock")
    assert "no connection" in found["clock"]["seen"]


def faults(exchange: Path, *wanted: dict[str, Any]) -> None:
    """Switch faults on at the exchange's port for such things; without any: all off."""
    admin = json.loads(exchange.read_text(encoding="utf-8"))["admin"]
    body = json.dumps({"faults": list(wanted)}).encode() if wanted else None
    asked = urllib.request.Request(f"{admin}/faults", body, method="POST" if wanted else "DELETE")
    with urllib.request.urlopen(asked, timeout=5) as answer:
        assert answer.status == 200


def test_an_order_whose_answer_is_lost_is_found_by_its_name(exchange: Path, run: Run) -> None:
    where = ("--endpoint", exchange, "--account", "beta")
    faults(exchange, {"kind": "error_after", "probability": 1.0, "status": 502, "methods": ["POST"]})
    try:
        words = ("order", "place", "BTC-USD", "buy", "0.01", "--price", "20000", "--name", "lost", "--yes", "--json")
        code, out, _ = run(*words, *where)
    finally:
        faults(exchange)
    found = last(out)
    assert (code, found["status"], found["order"]) == (0, "found", "open")
    (live,) = last(run("account", "snapshot", *where, "--json")[1])["orders"]
    assert (live["client_id"], live["venue_id"]) == ("lost", found["id"])
    assert run("order", "cancel", "lost", "--yes", *where)[0] == 0
