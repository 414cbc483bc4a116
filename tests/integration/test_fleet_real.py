"""A fleet through the crash of 2022 on recorded hours: every limit kept, every breaker in time, and said so."""

import json
from pathlib import Path

import pytest

from tradewind.cli.main import DONE, main

FLEET = """
[fleet]
instruments = ["BTC-USDT", "ETH-USDT", "SOL-USDT"]
draws = 200
[regime]
tier = "rules"
[walk_forward]
train = "60d"
test = "30d"
[[bots]]
strategy = "momentum"
parameters = { length = 72 }
[[bots]]
strategy = "donchian"
parameters = { entry_bars = 48, exit_bars = 24 }
"""


@pytest.mark.slow
def test_no_limit_is_broken_and_no_breaker_late_in_a_crash(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET, encoding="utf-8")
    data = shared / "data" / "candles" / "binance"
    out = tmp_path / "out"
    window = ["--from", "2021-11-01", "--to", "2022-08-01"]
    assert main(["fleet", "run", str(path), "--data", str(data), *window, "--json", "--out", str(out)]) == DONE
    first, verdicts, arms = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["window"] == {"from": "2021-11-01", "to": "2022-08-01"}
    assert set(verdicts["limit_breaches"].values()) == {0}
    assert arms.keys() == verdicts["limit_breaches"].keys()
    audits = json.loads((out / "fleet.json").read_text(encoding="utf-8"))["audits"]
    watched = {arm: audit for arm, audit in audits.items() if "drawdown_max" in audit["checked"]}
    assert {"full", "regime_off", "maker_off", "allocation_off", "selection_off"} == watched.keys()
    assert any(arms[arm]["tripped_ns"] for arm in watched)
    for audit in watched.values():
        assert audit["orders"] > 0
        assert audit["drawdown"] <= 0.10 + audit["gap"] + 1e-9
        assert audit["gap"] < 0.03
    assert arms["naive"]["max_drawdown"] > 0.2
