"""The pages about strategies name every parameter with its true default, and no page is missing."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.conftest import REPOSITORY
from tradewind.strategy import registry

PAGES = REPOSITORY / "docs" / "strategies"
WITHOUT_DATA = {"triangular"}
HEADINGS = ("**Idea.**", "**Rule.**", "**How it exits.**", "**When it should lose.**", "**On real data.**")


@pytest.mark.parametrize("name", registry.strategy_names())
def test_a_page_says_what_the_code_does(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}: ")
    assert all(heading in page for heading in HEADINGS)
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([\w.-]+)`? \|", page, re.MULTILINE))
    parameters = registry.describe(name).parameters
    assert list(rows) == [each.name for each in parameters]
    for each in parameters:
        assert rows[each.name] == (
            f"{each.default:g}" if isinstance(each.default, float) else str(each.default).lower()
        )


def test_the_index_names_every_strategy() -> None:
    index = (PAGES / "index.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[(\w+)\]\(\1\.md\)", index, re.MULTILINE)) == list(registry.strategy_names())


@pytest.mark.parametrize("name", sorted(set(registry.strategy_names()) - WITHOUT_DATA))
def test_a_page_shows_its_strategy_on_real_data(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"^!\[.+\]\((.+)\)$", page, re.MULTILINE)
    assert told == f"pictures/{name}.svg"
    root = ElementTree.parse(PAGES / told).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["aria-label"].startswith(f"{name}, 20")
