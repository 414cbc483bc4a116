"""docs/shadow.md holds to the code: what a candidate may say, how much it may take, the figures of its report."""

import re

from tests.unit.docs.pages import codes, read, rows, section
from tradewind.app import shadow
from tradewind.app.candidate import SAME
from tradewind.app.settings import Config, ShadowSection
from tradewind.research.shadow import comparing
from tradewind.research.shadow.comparing import Side, compare
from tradewind.research.shadow.page import side_rows

PAGE = read("docs/shadow.md")


def test_the_sections_that_a_candidate_may_change_are_named() -> None:
    (row,) = [row for row in rows(section(PAGE, "The candidate's file")) if "`exits`" in row[0]]
    assert set(codes(row[0])) == set(Config.__struct_fields__) - SAME - {"bots"}


def test_the_figures_of_the_report_are_those_that_are_shown() -> None:
    named = [code for row in rows(section(PAGE, "The report")) for code in codes(row[0])]
    shown = {row[0] for row in side_rows(compare([], [], 0))}
    assert set(named) - {"agreement"} <= shown
    assert {"fees", "funding"} <= set(Side.__struct_fields__)
    assert shown - set(named) == {"fees", "funding"}


def test_the_numbers_told_are_the_codes() -> None:
    text = " ".join(PAGE.split())
    assert f"slices of {1e3 * shadow.SLICE_S:g} ms" in text
    assert "at most `share_max` of it, a fifth" in text
    assert ShadowSection().share_max * 5 == 1
    assert f"a batch of {shadow.BATCH} takes longer than half a second" in text
    assert shadow.EVENT_MAX_S == 0.5
    assert re.search(r"five days, 2,000 times\) and is left out below ten days", text)
    assert (comparing.BLOCK_DAYS, comparing.REPLICATES, comparing.DAYS_MIN) == (5, 2_000, 10)
