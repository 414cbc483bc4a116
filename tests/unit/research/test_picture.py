"""The picture of a run is a plain SVG that stands alone, is small, and shows the instruments that were traded most."""

import xml.etree.ElementTree as ElementTree

from tests.unit.research.test_report import busy_run
from tradewind.research.breakdown import read_model
from tradewind.research.curve import equity_curve
from tradewind.research.metrics import compute_metrics
from tradewind.research.report.charts import Chart, Marker
from tradewind.research.report.picture import MARKERS_MAX, picture, signs

SVG = "{http://www.w3.org/2000/svg}"


def drawn() -> str:
    result, series = busy_run()
    curve, model = equity_curve(result, series), read_model(result)
    return picture(result, series, curve, model, compute_metrics(result, series, curve=curve, model=model))


def test_it_is_one_small_file_that_needs_nothing_else() -> None:
    text = drawn()
    assert len(text) < 60_000
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    root = ElementTree.fromstring(text)
    names = [each.text for each in root.iter(f"{SVG}text") if each.attrib.get("class") == "name"]
    assert names[:2] == ["BBB-PERP", "AAA-USD"] or names[:2] == ["AAA-USD", "BBB-PERP"]
    assert len(names) == 3
    assert [each.attrib["class"] for each in root.iter(f"{SVG}path") if each.attrib.get("class", "").startswith("sign")]
    bottom = max(float(each.attrib["y"]) for each in root.iter(f"{SVG}text"))
    assert bottom < float(root.attrib["height"])


def test_the_same_run_gives_the_same_bytes() -> None:
    assert drawn() == drawn()


def test_of_very_many_trades_whole_ones_are_left_out() -> None:
    markers = tuple(Marker(1.0, 2.0, "▲●"[i % 2], ("entry", "gain")[i % 2], "") for i in range(3 * MARKERS_MAX))
    made = signs(Chart("c", "", "", False, (), (), (), None, (), {}, markers))
    assert MARKERS_MAX // 2 <= len(made) <= MARKERS_MAX
    assert {each.style for each in made[::2]} == {"entry"}
    assert {each.style for each in made[1::2]} == {"gain"}
