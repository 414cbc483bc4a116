"""Every link of every page leads somewhere: to a page and heading, or to a file of the repository."""

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.unit.docs.pages import DOCS, all_pages, anchors, links


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in links(text):
        place, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / place).resolve() if place else page
        assert target.is_relative_to(REPOSITORY), link
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{link}: no such heading"


def test_there_are_links_to_check() -> None:
    assert sum(len(links(page.read_text(encoding="utf-8"))) for page in all_pages()) > 100


def test_every_page_is_in_the_navigation() -> None:
    navigation = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    assert [page for page in pages if f": {page}\n" not in navigation] == []


def test_every_page_for_readers_is_reached_from_the_first() -> None:
    index = links((DOCS / "index.md").read_text(encoding="utf-8"))
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    told = {"index.md", *index}
    assert [page for page in pages if page not in told and page.split("/")[0] not in {"adr", "strategies"}] == []
