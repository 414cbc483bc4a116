"""The page on live trading says the pace and the causes of doubt that the code has."""

from tests.unit.docs.pages import DOCS
from tradewind.engine.holdings import DRIFT
from tradewind.engine.order_questions import SECOND_NS, Pace
from tradewind.engine.order_standing import CANCEL, GONE, ID_REUSED, NEVER_ARRIVED
from tradewind.engine.order_telling import CAUSE
from tradewind.engine.reconciling import FOREIGN

PAGE = (DOCS / "live.md").read_text(encoding="utf-8")
NUMBERS = {3: "three", 5: "five", 6: "six"}


def seconds(ns: int) -> str:
    return f"{ns / SECOND_NS:g} s"


def test_the_pace_is_the_codes() -> None:
    pace = Pace()
    first = ", ".join(seconds(each) for each in pace.steps_ns[:3])
    assert f"after {first}, then every {seconds(pace.steps_ns[-1])}" in PAGE
    assert f"looks that began {seconds(pace.visible_ns)} or more" in PAGE
    assert f"{NUMBERS[pace.absences]} such looks, at least {seconds(pace.apart_ns)} apart" in PAGE
    least_ns = pace.visible_ns + (pace.absences - 1) * pace.apart_ns
    assert f"{seconds(least_ns)} after it left at the earliest" in PAGE
    assert f"lost is {seconds(least_ns)} in doubt" in PAGE
    assert f"{NUMBERS[pace.vanished]} such looks and nothing owed" in PAGE
    assert f"{NUMBERS[pace.cancels]} quick ones, then one every {seconds(pace.slow_ns)}" in PAGE
    assert f"what {len(pace.steps_ns)} looks have not settled" in PAGE


def test_causes_and_reasons_are_the_codes() -> None:
    for cause in (f"`{CAUSE}`", f"`{CANCEL}:", f"`{DRIFT}:", f"`{FOREIGN}:", "`identity:", "`duplicate:", "`inexact:"):
        assert f"| {cause}" in PAGE or f", {cause}" in PAGE
    for reason in (NEVER_ARRIVED, GONE, ID_REUSED):
        assert f"`{reason}`" in PAGE
