"""The page and its files: complete, offline, escaped, thinned without losing an extreme, and all or nothing."""

import csv
import html
import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from tests.unit.research.made_runs import (
    START_NS,
    Never,
    Once,
    Restless,
    bot,
    config_of,
    funding,
    make_bars,
    perpetual,
    run,
    series_of,
    spot,
)  # fmt: skip
from tradewind.model.errors import ConfigError
from tradewind.model.intents import Exits
from tradewind.research.breakdown import read_model
from tradewind.research.curve import equity_curve
from tradewind.research.metrics import compute_metrics
from tradewind.research.ranges import fill_range
from tradewind.research.report import charts, figures, formats, panels, write_report
from tradewind.research.report.run_header import config_hash, heading
from tradewind.research.report.thinning import positions, thin
from tradewind.risk.limits import Limits
from tradewind.simulation.settings import SimulationSettings

FILES = {"report.html", "picture.svg", "metrics.json", "fills.csv", "trades.csv", "orders.csv", "equity.csv"}
VOID = {"meta", "link", "br", "path", "img"}


class Outline(HTMLParser):
    """Checks that tags nest, and collects ids, texts and addresses."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.ids, self.addresses, self.words = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.stack.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in {"src", "href", "xlink:href", "action", "data"}:
                self.addresses.append(value)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def busy_run():
    series = [make_bars(spot(), 24 * 50, seed=1), make_bars(perpetual(), 24 * 50, seed=2)]
    bots = [
        bot(Restless(seed=1), "AAA-USD", id="a", budget=Decimal("0.3"), exits=Exits(stop_loss=0.02, time_ns=10**14)),
        bot(Restless(seed=3, short=True), "BBB-PERP", id="c", budget=Decimal("0.5")),
    ]
    limits = Limits(leverage_max=None, instrument_share_max=Decimal("0.2"), exposure_share_max=None)
    settings = SimulationSettings(half_spread_bps=Decimal(1))
    return run(series, bots, settings, extra=[funding("BBB-PERP", 100)], limits=limits), series


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_report_is_one_offline_page_with_files_beside_it(tmp_path):
    result, series = busy_run()
    ranges = fill_range(result.config, result.settings, series, expected=result)
    path = write_report(result, series, tmp_path / "out", ranges=ranges, title="A <b>title</b> & more")
    assert path == tmp_path / "out" / "report.html"
    assert {each.name for each in path.parent.iterdir()} == FILES
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    text = path.read_text()
    page = Outline(text)
    assert page.stack == []
    assert page.addresses == ["data:,"]
    assert not re.search(r"https?://|url\(|@import", text)
    assert "A <b>title" not in text
    assert "A &lt;b&gt;title&lt;/b&gt; &amp; more" in text
    assert len(page.ids) == len(set(page.ids))
    assert {
        "equity",
        "drawdown",
        "months",
        "sharpe",
        "exposure",
        "costs",
        "price-AAA-USD",
        "price-BBB-PERP",
        "range",
    } <= set(page.ids)
    assert {"instruments", "strategies", "bots", "exits", "open", "refusals", "quiet", "data", "config"} <= set(
        page.ids
    )
    for shown in (result.digest, config_hash(result), "instrument share", "stop loss", "half spread"):
        assert shown.lower() in text.lower()


def test_the_same_run_gives_the_same_bytes(tmp_path):
    result, series = busy_run()
    first = write_report(result, series, tmp_path / "a")
    again = write_report(result, series[::-1], tmp_path / "b")
    for name in FILES:
        assert (first.parent / name).read_bytes() == (again.parent / name).read_bytes(), name


def test_the_files_agree_with_the_run(tmp_path):
    result, series = busy_run()
    folder = write_report(result, series, tmp_path / "out").parent
    values = json.loads((folder / "metrics.json").read_text())
    assert values["digest"] == result.digest
    assert Decimal(values["metrics"]["equity"]) == result.equity
    assert values["range"] is None
    equity = rows_of(folder / "equity.csv")
    assert len(equity) == len(equity_curve(result, series))
    assert Decimal(equity[-1]["equity"]) == result.equity
    assert equity[0]["time"] == "2024-01-01T01:00:00Z"
    fills = rows_of(folder / "fills.csv")
    assert len({row["fill_id"] for row in fills}) == result.fills
    assert sum(Decimal(row["fee"]) for row in fills) == Decimal(values["metrics"]["fees"])
    trades = rows_of(folder / "trades.csv")
    assert len(trades) == values["metrics"]["trades"]
    closed = sum(Decimal(row["gained"]) for row in trades)
    assert closed == sum(Decimal(row["closed"]) for row in values["metrics"]["by_bot"])
    orders = rows_of(folder / "orders.csv")
    refused = [row for row in orders if row["status"] == "refused"]
    assert len(orders) - len(refused) == result.orders
    assert len(refused) == values["metrics"]["refusals"] > 0
    assert "instrument_share" in refused[0]["reason"]
    assert [row["time"] for row in orders] == sorted(row["time"] for row in orders)


@pytest.mark.parametrize("count", [1, 2, 30])
@pytest.mark.parametrize("strategy", [Never(), Once(quantity="1")])
def test_small_and_idle_runs_have_a_report(tmp_path, count, strategy):
    series = [msgspec.structs.replace(make_bars(spot(), count), volume=None)]
    text = write_report(run(series, [bot(strategy, "AAA-USD")]), series, tmp_path / "out").read_text()
    assert Outline(text).stack == []
    if isinstance(strategy, Never):
        assert "Nothing was bought or sold" in text
        assert "warming up" in text or "no signal" in text


def test_derived_increments_are_warned_of_on_top(tmp_path):
    series = [make_bars(msgspec.structs.replace(spot(), derived=True), 30)]
    text = write_report(run(series, [bot(Never(), "AAA-USD")]), series, tmp_path / "out").read_text()
    assert "derived from the data" in text.split("<main>")[0]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    series = [make_bars(spot(), 5)]
    result = run(series, [bot(Never(), "AAA-USD")])
    target = tmp_path / "out"
    target.mkdir()
    write_report(result, series, target)  # empty: taken
    (target / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError) as refused:
        write_report(result, series, target)
    assert str(refused.value) == f"{target} already exists: choose another folder, or ask to overwrite it"
    assert (target / "mine.txt").exists()
    write_report(result, series, target, overwrite=True)
    assert {each.name for each in target.iterdir()} == FILES
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_a_report_that_fails_leaves_nothing(tmp_path, monkeypatch):
    series = [make_bars(spot(), 5)]
    result = run(series, [bot(Never(), "AAA-USD")])

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("tradewind.research.report.files.orders_csv", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(result, series, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_names_are_escaped_everywhere(tmp_path):
    name = "<script>alert(1)</script>"
    instrument = msgspec.structs.replace(spot(), id=name)
    series = [make_bars(instrument, 40)]
    text = write_report(run(series, [bot(Restless(), name, id=name)]), series, tmp_path / "out").read_text()
    assert name not in text
    assert html.escape(name) in text


@pytest.mark.slow
def test_a_long_run_stays_small(tmp_path):
    series = [make_bars(spot(), 300_000, volatility=0.001), make_bars(perpetual(), 300_000, seed=2, volatility=0.001)]
    bots = [
        bot(Restless(every=50), "AAA-USD", id="a", budget=Decimal("0.3")),
        bot(Restless(every=50), "BBB-PERP", id="b"),
    ]
    path = write_report(run(series, bots), series, tmp_path / "out")
    assert path.stat().st_size < 2_000_000


@pytest.mark.parametrize("seed", range(5))
def test_thinning_keeps_every_columns_extremes(seed):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.random(20_000))
    y = np.cumsum(rng.standard_normal(20_000))
    rows = thin(x, y, columns=100)
    assert len(rows) <= 2 * 100 + 2
    assert (rows[0], rows[-1]) == (0, len(y) - 1)
    assert (np.diff(rows) > 0).all()
    column, kept = np.minimum((x * 100).astype(int), 99), np.isin(np.arange(len(y)), rows)
    for at in range(100):
        here = column == at
        assert y[here].min() == y[here & kept].min()
        assert y[here].max() == y[here & kept].max()


def test_few_points_are_all_kept_and_bad_ones_refused():
    assert thin(np.array([0.0, 1.0]), np.array([2.0, 1.0])).tolist() == [0, 1]
    with pytest.raises(ValueError, match="finite"):
        thin(np.array([0.0]), np.array([np.nan]))
    assert positions(np.array([5, 5]), 5, 5).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("low", "high", "unit", "texts"),
    [
        (0, 100, "money", ["0", "25", "50", "75", "100"]),
        (-0.031, 0, "percent", ["−3 %", "−2 %", "−1 %", "0 %"]),
        (-2.4, 3.1, "number", ["−2", "0", "2"]),
        (1_000_000, 3_000_000, "money", ["1.0 M", "1.5 M", "2.0 M", "2.5 M", "3.0 M"]),
        (0.00012, 0.00052, "money", ["0.0001", "0.0002", "0.0003", "0.0004", "0.0005"]),
    ],
)
def test_ticks_are_round_and_inside(low, high, unit, texts):
    scale, ticks = charts.scale_of(low, high, unit, zero=low <= 0)
    assert [tick.text for tick in ticks] == texts
    assert all(0 <= tick.at <= 100 for tick in ticks)
    assert scale.low <= low < high <= scale.high


def test_wide_ranges_are_drawn_on_a_logarithmic_scale():
    scale, ticks = charts.scale_of(10, 5_000, "money", log=True)
    assert scale.log
    assert [tick.text for tick in ticks] == ["10", "30", "100", "300", "1,000", "3,000"]
    assert scale.height(np.array([scale.low, scale.high])).tolist() == pytest.approx([1000, 0])


@pytest.mark.parametrize(
    ("days", "first"), [(3, "02 Jan"), (10, "02 Jan"), (200, "Jan 2024"), (900, "Jan 2024"), (4000, "2024")]
)
def test_time_ticks_are_round_dates(days, first):
    ticks = charts.time_ticks(START_NS, START_NS + days * 86_400 * 10**9)
    assert 2 <= len(ticks) <= 7
    assert all(0 <= tick.at <= 100 for tick in ticks)
    assert first in [tick.text for tick in ticks] or ticks[0].text.endswith(first.split()[-1])


def test_trades_are_marked_where_they_were():
    result, series = busy_run()
    curve, model = equity_curve(result, series), read_model(result)
    prices = {chart.title: chart for chart in panels.price_charts(model, series, curve)}
    trips = [trip for trip in model.trips if trip.instrument == "AAA-USD"]
    exits = [marker for marker in prices["AAA-USD"].markers if marker.sign == "●"]
    assert len(exits) == len(trips)
    assert {marker.style for marker in exits} == {"gain", "loss"}
    assert sum(marker.style == "gain" for marker in exits) == sum(trip.gained > 0 for trip in trips)
    assert any("draw" in marker.text for marker in prices["AAA-USD"].markers)  # what the strategy said
    assert any(marker.sign == "▼" for marker in prices["BBB-PERP"].markers)
    start, end = curve.opening_ns, int(curve.ts_ns[-1])
    assert exits[0].x == pytest.approx(100 * (trips[0].exit_ns - start) / (end - start), abs=0.01)


def test_many_trades_are_thinned_by_result():
    series = [make_bars(spot(), 4000, seed=3)]
    result = run(series, [bot(Restless(every=2), "AAA-USD", budget=Decimal("0.5"))])
    curve, model = equity_curve(result, series), read_model(result)
    (chart,) = panels.price_charts(model, series, curve)
    assert len(model.trips) > 300
    assert f"the 300 trades of {len(model.trips)}" in chart.note
    assert sum(marker.sign == "●" for marker in chart.markers) == 300


def test_holding_that_moves_far_more_gets_its_own_chart():
    series = [make_bars(spot(), 400, volatility=0.05)]
    quiet = run(series, [bot(Once(quantity="0.01"), "AAA-USD")])
    assert [chart.id for chart in panels.equity_charts(equity_curve(quiet, series), series, "USD")] == [
        "equity",
        "hold",
    ]
    full = run(series, [bot(Once(quantity="500"), "AAA-USD")])
    assert [chart.id for chart in panels.equity_charts(equity_curve(full, series), series, "USD")] == ["equity"]


def test_equal_parts_are_bought_at_each_first_open():
    one, two = series_of([110, 120], opens=[100, 110]), series_of([40, 60], opens=[50, 40], instrument=spot("CCC-USD"))
    _, worth = panels.buy_and_hold([one, two], 1000.0)
    assert worth.tolist() == pytest.approx([1000, 550 + 400, 600 + 600])


def test_the_heading_says_what_ran_on_what():
    few = [make_bars(spot(), 5), make_bars(perpetual(), 5)]
    assert heading(run(few, [bot(Never(), "AAA-USD")]), few) == "Never on AAA-USD, BBB-PERP, 1 h"
    many = [make_bars(spot(f"A{number}-USD"), 5) for number in range(5)]
    assert heading(run(many, [bot(Never(), "A0-USD")]), many) == "Never on 5 instruments, 1 h"


def test_what_fees_took_is_told_beside_them():
    result, series = busy_run()
    metrics = compute_metrics(result, series)
    (fees,) = [each for each in figures.headline(metrics) if each.name == "Fees"]
    assert metrics.fees > 0
    assert fees.hint == f"profit before them {formats.signed(metrics.net_profit + metrics.fees)}"


def test_the_config_hash_knows_what_decides():
    series = [make_bars(spot(), 5)]
    same, other = (run(series, [bot(Restless(seed=seed), "AAA-USD")]) for seed in (1, 2))
    assert config_hash(same) == config_hash(run(series, [bot(Restless(seed=1), "AAA-USD")]))
    dear = run(series, [bot(Restless(seed=1), "AAA-USD")], SimulationSettings(slippage_bps=Decimal(1)))
    never = run(series, [bot(Never(), "AAA-USD")])
    assert len({config_hash(each) for each in (same, other, dear, never)}) == 4
    assert config_of(series, []).session == "made"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234,567.89", formats.amount(Decimal("1234567.891"))),
        ("0.50", formats.amount(Decimal("0.50473"))),
        ("0.000123", formats.amount(Decimal("0.0001234"))),
        ("0.00", formats.amount(Decimal("0E-18"))),
        ("−12.50", formats.signed(Decimal("-12.5"))),
        ("+12.50", formats.signed(Decimal("12.5"))),
        ("–", formats.amount(None)),
        (("181,445.70", "175,220.39"), formats.apart("181445.704315105", "175220.38598277227744")),
        (("1.0001", "1.0000"), formats.apart("1.00012", "1.00001")),
        (("7", "7"), formats.apart("7", "7.0")),
        (("−1.50", "0.00"), formats.apart("-1.5001", "0.0000")),
        (("60", "5"), formats.apart("60", "5")),
        (("halted", "by hand"), formats.apart("halted", "by hand")),
        (("NaN", "1.2345"), formats.apart("NaN", "1.2345")),
        ("1,234.5", formats.exact(Decimal("1234.500"))),
        ("−0.5", formats.exact(Decimal("-0.5"))),
        ("333.33333", formats.exact(Decimal(1000) / 3)),
        ("−3.10 %", formats.percent(-0.031)),
        ("–", formats.percent(float("nan"))),
        ("+3.1 %", formats.signed_percent(0.031, 1)),
        ("–", formats.number(None)),
        ("2024-01-01 00:00", formats.minute(START_NS)),
        ("2024-01-01T00:00:00.5Z", formats.iso(START_NS + 5 * 10**8)),
        ("stop loss", formats.words("stop_loss")),
        ("1 h", formats.span(3600 * 10**9)),
        ("250 ms", formats.span(250 * 10**6)),
        ("", formats.tone(Decimal(0))),
    ],
)
def test_numbers_read_well(text, value):
    assert value == text
