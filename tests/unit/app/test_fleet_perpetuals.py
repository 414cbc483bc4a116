"""A fleet on perpetuals: where their funding is from, or that there is none, and whose margin holds."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.unit.app.test_fleet import BOTS, candles, written
from tradewind.app.fleet import FleetData, load_fleet, read_fleet
from tradewind.app.home import Home
from tradewind.model.errors import ConfigError, DataError

A, B = "A-USDT-PERP", "B-USDT-PERP"


def funding(place: Path, name: str, settlements: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    times = np.datetime64("2024-01-01T08", "s") + np.arange(settlements) * np.timedelta64(8, "h")
    (place / f"{name}.csv").write_text("\n".join(["ts,rate", *(f"{at}Z,0.0001" for at in times)]) + "\n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in (A, B):
        candles(tmp_path / "d" / "candles", name, bars=80)
    return tmp_path / "d"


def loaded(data: Path, text: str = BOTS, place: Path | None = None) -> FleetData:
    return load_fleet(read_fleet(written(data, text)), data / "candles", Home(data / "home"), place)


def told(found: FleetData) -> list[str]:
    return [each.carry.funding_told for each in found.market]


def test_funding_beside_the_candles_is_charged_and_what_is_missing_is_said(data: Path) -> None:
    funding(data / "funding" / "venue", A, 5)
    found = loaded(data)
    assert [len(each.carry.funding) for each in found.market] == [5, 0]
    assert told(found)[0].endswith("none is charged for 40% of the time")  # 32 of 80 hours
    assert told(found)[1] == f"none found for venue {B}: none is charged"
    assert [each.carry.unfunded for each in found.market] == [pytest.approx(0.4), 1.0]


def test_funding_that_begins_after_the_bars_is_none(data: Path) -> None:
    funding(data / "funding" / "venue", A, 5)
    plan = read_fleet(written(data, BOTS), "2024-01-02T18:00")
    found = load_fleet(plan, data / "candles", Home(data / "home"))
    assert told(found)[0].endswith("has none in the range of the bars: none is charged for 100% of the time")


@pytest.mark.parametrize("inside", ["", "venue"])
def test_funding_is_read_from_another_folder(data: Path, inside: str) -> None:
    funding(data / "funding" / "venue", A, 5)
    funding(data / "elsewhere" / inside, B, 9)
    found = loaded(data, place=data / "elsewhere")
    assert [len(each.carry.funding) for each in found.market] == [0, 9]
    with pytest.raises(DataError, match=r"^no folder .*nowhere of funding"):
        loaded(data, place=data / "nowhere")


def test_margin_is_the_fleets_or_the_instruments_own(data: Path) -> None:
    terms = "[fleet]\ninitial_margin = 0.2\nmaintenance_margin = 0.1\n"
    found = loaded(data, terms + f'[instruments."{B}"]\ninitial_margin = 0.5\n' + BOTS)
    assert [each.instrument.initial_margin for each in found.market] == [Decimal("0.2"), Decimal("0.5")]
    assert [each.instrument.maintenance_margin for each in found.market] == [Decimal("0.1"), None]


def test_margin_that_cannot_be_is_refused(data: Path) -> None:
    with pytest.raises(ConfigError, match=r"fleet: maintenance_margin 0.3 is above initial_margin 0.2"):
        loaded(data, "[fleet]\ninitial_margin = 0.2\nmaintenance_margin = 0.3\n" + BOTS)


def test_spot_keeps_its_terms(tmp_path: Path) -> None:
    candles(tmp_path / "candles", "BTC-USD")
    (each,) = loaded(tmp_path, "[fleet]\ninitial_margin = 0.2\nmaintenance_margin = 0.1\n" + BOTS).market
    assert each.instrument.maintenance_margin is None
    assert told(loaded(tmp_path)) == [""]
