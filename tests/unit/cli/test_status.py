"""`tradewind status` on what a session tells: what strategies say of themselves, where the session tells it."""

from typing import Any

import pytest

from tradewind.cli import operations

TOLD: dict[str, Any] = {
    "run": "r", "venue": "coinbase", "account": "a", "real_money": False, "dry_run": False, "phase": "trading",
    "halted": None, "reduce_only": {}, "in_doubt": {}, "equity": "100", "cash": {"USD": "100"}, "orders_open": 0,
    "requests": {}, "uptime_s": 1.0, "process": {}, "positions": [], "markets": {}, "alarms": [],
}  # fmt: skip
SAID = {"bot": "voter", "instrument": "BTC-USD", "values": {"temperature": "WARM", "score": 0.26926, "distance": 0.0}}


def shown(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(operations, "session_folder", lambda *_: None)
    monkeypatch.setattr(operations, "ask", lambda *_: told)
    assert operations.show_status(None, json=False) == 0
    return capsys.readouterr().out


def test_what_a_strategy_says_of_itself_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shown({**TOLD, "readings": [SAID]}, monkeypatch, capsys)
    assert "temperature WARM, score 0.269, distance 0" in out
    assert "voter" in out


def test_breakers_guards_and_regimes_are_shown_and_what_is_off_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {
        **TOLD,
        "safeguards": [
            {"name": "daily_loss", "setting": "at most 2 % a day", "now": "0.4 % lost", "holds": ""},
            {"name": "cooldown", "setting": "off", "now": "", "holds": ""},
        ],
        "guards": [{"guard": "stale_marks", "breached": True, "action": "reduce_only", "number": "130", "limit": "120",
                    "held_until_ns": 0}],
        "checks": {"on": ["funds"], "off": ["impact", "var"]},
        "regimes": [{"instrument": "BTC-USD", "regime": "CRISIS", "confidence": 0.9, "source": "model", "ts_ns": 1,
                     "blocked": "CRISIS"}],
        "refusals": {"var": 3},
    }  # fmt: skip
    out = shown(told, monkeypatch, capsys)
    assert "at most 2 % a day" in out
    assert "off: cooldown" in out
    assert "checks that are off: impact, var" in out
    assert "refused by risk: var 3" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["stale_marks", "BREACHED", "130", "120", "reduce_only"] in rows
    assert ["BTC-USD", "CRISIS", "0.9", "model", "CRISIS"] in rows


@pytest.mark.parametrize("told", [TOLD, {**TOLD, "readings": []}], ids=["an older session", "nothing said"])
def test_where_nothing_is_said_nothing_is_shown(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "readings" not in shown(told, monkeypatch, capsys)


def test_fits_and_executions_are_told_in_times_and_not_in_nanoseconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moment_ns = 1_714_564_800_000_000_000
    fits = [{"kind": "tail", "state": "valid", "known_ns": moment_ns, "valid_until_ns": 0, "trouble": ""}]
    out = shown({**TOLD, "fits": fits}, monkeypatch, capsys)
    assert "2024-05-01 12:00" in out
    assert str(moment_ns) not in out
    monkeypatch.setattr(
        operations, "ask", lambda *_: [{"order_id": "a-1", "ts_ns": moment_ns, "fee": "1067.5662430529892"}]
    )
    operations.show_rows("fills", {}, None, json=False)
    out = capsys.readouterr().out
    assert "2024-05-01 12:00:00" in out
    assert out.split()[-1] == "1067.57"
    assert str(moment_ns) not in out


def test_orders_fit_on_a_screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "id": "8e98127c5770-3-c5-tp", "venue_id": "20656705-47fa-4572-93a0-df7642e944da", "instrument": "BTC-USD",
        "side": "sell", "kind": "stop_market", "quantity": "16.1190407", "filled": "0", "price": None,
        "stop": "3231.62", "fees": "0", "status": "open", "reason": "", "in_doubt": "", "role": "protection",
        "bots": ["mean"], "sent_ns": 1_714_564_800_000_000_000, "emulated": "resting at the venue",
    }  # fmt: skip
    monkeypatch.setattr(operations, "session_folder", lambda *_: None)
    monkeypatch.setattr(operations, "ask", lambda *_: [row])
    operations.show_rows("orders", {}, None, json=False)
    title, head, line = capsys.readouterr().out.splitlines()
    assert title == "orders"
    assert head.split() == [
        "id", "instrument", "side", "kind", "quantity", "filled", "stop", "status", "role", "bots", "sent",
    ]  # fmt: skip
    assert line.startswith("8e98127c5770-3-c5-tp  BTC-USD")
    assert line.endswith("2024-05-01 12:00:00")
    operations.show_rows("orders", {}, None, json=True)
    assert '"venue_id":"20656705' in capsys.readouterr().out
