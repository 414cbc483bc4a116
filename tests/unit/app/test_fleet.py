"""The file of a fleet: what it leaves out is usual, what it has wrong is named, and its hash says what it was."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tradewind.app.fleet import load_fleet, read_fleet
from tradewind.app.home import Home
from tradewind.model.errors import ConfigError, DataError

BOTS = '[[bots]]\nstrategy = "momentum"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    return path


def candles(folder: Path, name: str, bars: int = 48, start: str = "2024-01-01") -> None:
    place = folder / "venue" / name
    place.mkdir(parents=True)
    times = np.datetime64(start, "s") + np.arange(bars) * np.timedelta64(1, "h")
    rows = [f"{time}Z,100.00,101.00,99.00,100.50,10" for time in times]
    (place / "1h.csv").write_text("\n".join(["ts,open,high,low,close,volume", *rows]) + "\n", encoding="utf-8")


def test_what_is_left_out_is_the_whole_stack(tmp_path: Path) -> None:
    config = read_fleet(written(tmp_path, BOTS)).config
    assert config.regime.enabled
    assert config.allocation.method == "blend"
    assert config.execution.entries == "rest"
    assert config.protections.drawdown_max == Decimal("0.10")
    assert config.exits.stop_loss is not None


def test_the_file_says_otherwise_where_it_does(tmp_path: Path) -> None:
    text = "[protections]\ndrawdown_max = 0.2\n[exits]\nstop_loss = 'off'\n[fleet]\ndraws = 500\n" + BOTS
    plan = read_fleet(written(tmp_path, text))
    assert plan.config.protections.drawdown_max == Decimal("0.2")
    assert plan.config.protections.drawdown_flatten
    assert plan.config.exits.stop_loss is None
    assert plan.fleet.draws == 500


def test_without_regimes_the_usual_budgets_do_not_follow_them(tmp_path: Path) -> None:
    off = "[regime]\nenabled = false\n" + BOTS
    assert read_fleet(written(tmp_path, off)).config.allocation.method == "off"
    told = read_fleet(written(tmp_path, '[allocation]\nmethod = "blend"\n' + off)).config.allocation
    assert told.method == "blend"  # what the file asks for is refused where it is wired, not changed


def test_the_hash_covers_the_fleet_the_stack_and_the_window(tmp_path: Path) -> None:
    texts = (BOTS, "[walk_forward]\n" + BOTS, "[fleet]\nseed = 8\n" + BOTS, "[fees]\ntaker = 0.001\n" + BOTS)
    hashes = {read_fleet(written(tmp_path, text)).digest for text in texts}
    path = written(tmp_path, BOTS)
    hashes |= {read_fleet(path, "2024-01-01").digest, read_fleet(path, "2024-01-01", "2024-02-01").digest}
    assert len(hashes) == 6
    assert read_fleet(path).digest == read_fleet(path).digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no bots"),
        ("fleet = 3\n" + BOTS, "fleet must be a table, was 3"),
        ("[fleet]\ndraws = 1\n" + BOTS, "fleet.draws must be"),
        ("[fleet]\nsead = 1\n" + BOTS, r"unknown key fleet.sead: did you mean fleet.seed\?"),
        ("[fleet]\nbudget = 0\n" + BOTS, "fleet: budget must be a share above 0"),
        ("[walk_forward]\ntrain = 'long'\n" + BOTS, "walk_forward.train must be a duration"),
        ("[walk_forward]\nembargo = 2\n" + BOTS, "walk_forward: embargo must be a share"),
        ("[regimes]\nenabled = true\n" + BOTS, "unknown key regimes"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_fleet(written(tmp_path, text))


@pytest.mark.parametrize("name", ["fleet.toml", "fleet-perps.toml"])
def test_the_examples_can_be_read(name: str) -> None:
    assert len(read_fleet(REPOSITORY / "examples" / name).config.bots) == 3


def test_instruments_without_bars_are_left_out_and_named(tmp_path: Path) -> None:
    for name in ("BTC-USD", "ETH-USD"):
        candles(tmp_path, name)
    candles(tmp_path, "NEW-USD", start="2025-01-01")
    text = '[fleet]\ninstruments = ["BTC-USD", "ETH-USD", "NEW-USD", "GONE-USD"]\n' + BOTS
    plan = read_fleet(written(tmp_path, text), "2024-01-01", "2024-02-01")
    found = load_fleet(plan, tmp_path, Home(tmp_path / "home"))
    assert [each.instrument.id for each in found.market] == ["BTC-USD", "ETH-USD"]
    assert [name for name, _ in found.left_out] == ["GONE-USD", "NEW-USD"]


def test_of_many_instruments_those_with_most_bars_take_part(tmp_path: Path) -> None:
    for name, bars in (("A-USD", 30), ("B-USD", 48), ("C-USD", 40)):
        candles(tmp_path, name, bars)
    plan = read_fleet(written(tmp_path, "[fleet]\ninstruments_max = 2\n" + BOTS))
    found = load_fleet(plan, tmp_path, Home(tmp_path / "home"))
    assert [each.instrument.id for each in found.market] == ["B-USD", "C-USD"]
    assert found.left_out == (("A-USD", "fewer bars"),)


def test_no_bars_at_all_is_an_error(tmp_path: Path) -> None:
    candles(tmp_path, "BTC-USD")
    plan = read_fleet(written(tmp_path, BOTS), "2030-01-01")
    told = r"no instrument .* from 2030-01-01 .* BTC-USD, for one, has them from 2024-01-01 00:00 to 2024-01-02 23:00"
    with pytest.raises(DataError, match=told + ": choose --from and --to"):
        load_fleet(plan, tmp_path, Home(tmp_path / "home"))


def test_instruments_that_are_all_missing_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    candles(tmp_path, "BTC-USD")
    plan = read_fleet(written(tmp_path, '[fleet]\ninstruments = ["GONE-USD"]\n' + BOTS))
    with pytest.raises(DataError, match="there are none of GONE-USD: use some of BTC-USD"):
        load_fleet(plan, tmp_path, Home(tmp_path / "home"))


def test_walk_forward_learns_from_bars_before_the_window(tmp_path: Path) -> None:
    candles(tmp_path, "BTC-USD", bars=24 * 30)
    text = '[walk_forward]\ntrain = "5d"\ntest = "2d"\n' + BOTS
    plan = read_fleet(written(tmp_path, text), "2024-01-20", "2024-01-25")
    found = load_fleet(plan, tmp_path, Home(tmp_path / "home"))
    (window,), (training,) = found.market, found.training
    assert len(window.bars) == 24 * 5
    begun = np.datetime64(int(training.bars.open_ns[0]), "ns")
    assert np.datetime64("2024-01-14") < begun < np.datetime64("2024-01-15")  # five days and the embargo
    assert training.bars.open_ns[-1] == window.bars.open_ns[-1]
    whole = load_fleet(read_fleet(written(tmp_path, text)), tmp_path, Home(tmp_path / "home"))
    assert whole.training == whole.market
    assert load_fleet(read_fleet(written(tmp_path, BOTS)), tmp_path, Home(tmp_path / "home")).training == ()


def test_the_instruments_of_the_data_table_are_those_that_are_traded(tmp_path: Path) -> None:
    for name in ("BTC-USD", "ETH-USD"):
        candles(tmp_path, name)
    plan = read_fleet(written(tmp_path, '[data]\ninstruments = ["ETH-USD"]\n' + BOTS))
    found = load_fleet(plan, tmp_path, Home(tmp_path / "home"))
    assert [each.instrument.id for each in found.market] == ["ETH-USD"]


def test_of_several_currencies_those_of_the_account_take_part(tmp_path: Path) -> None:
    for name in ("BTC-USD", "BTC-EUR", "ETH-BTC"):
        candles(tmp_path, name)
    found = load_fleet(read_fleet(written(tmp_path, BOTS)), tmp_path, Home(tmp_path / "home"))
    assert [each.instrument.id for each in found.market] == ["BTC-USD"]
    assert found.left_out == (
        ("BTC-EUR", "quoted in EUR, the account is in USD"), ("ETH-BTC", "quoted in BTC, the account is in USD"),
    )  # fmt: skip
    euro = read_fleet(written(tmp_path, '[account]\ncurrency = "EUR"\n' + BOTS))
    assert [each.instrument.id for each in load_fleet(euro, tmp_path, Home(tmp_path / "home")).market] == ["BTC-EUR"]


def test_terms_of_an_instrument_that_is_not_there_are_named(tmp_path: Path) -> None:
    candles(tmp_path, "BTC-USD")
    plan = read_fleet(written(tmp_path, "[instruments.BTC-USDD]\nmin_notional = 10\n" + BOTS))
    assert load_fleet(plan, tmp_path, Home(tmp_path / "home")).left_out == (("BTC-USDD", "no candles"),)


def test_a_fleet_runs_on_bars_only(tmp_path: Path) -> None:
    plan = read_fleet(written(tmp_path, '[data]\nkind = "trades"\n' + BOTS))
    with pytest.raises(ConfigError, match=r"data\.kind is trades, and fleets run on bars: leave it out"):
        load_fleet(plan, tmp_path, Home(tmp_path / "home"))


def test_one_of_several_venues_can_be_chosen(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        candles(tmp_path / folder, "BTC-USD")
        (tmp_path / folder / "venue").rename(tmp_path / f"venue-{folder}")
    with pytest.raises(ConfigError, match="--venue"):
        load_fleet(read_fleet(written(tmp_path, BOTS)), tmp_path, Home(tmp_path / "home"))
    plan = read_fleet(written(tmp_path, BOTS), venue="venue-two")
    assert len(load_fleet(plan, tmp_path, Home(tmp_path / "home")).market) == 1


def test_bots_for_instruments_that_are_not_there_are_refused(tmp_path: Path) -> None:
    candles(tmp_path, "BTC-USD")
    plan = read_fleet(written(tmp_path, BOTS + 'instruments = ["XYZ-USD"]\n'))
    with pytest.raises(ConfigError, match=r"name XYZ-USD, and none has bars here.* or use BTC-USD"):
        load_fleet(plan, tmp_path, Home(tmp_path / "home"))
