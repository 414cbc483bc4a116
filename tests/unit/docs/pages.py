"""Pages of the documentation as tests read them: text, fenced blocks, tables, links and headings."""

import re
from pathlib import Path

from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
SOURCE = REPOSITORY / "src" / "tradewind"
ROOT_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def all_pages() -> list[Path]:
    """Every page a reader can come to, sorted."""
    return sorted([*DOCS.rglob("*.md"), *(REPOSITORY / name for name in ROOT_PAGES)])


def read(name: str) -> str:
    """The text of a page, named from the repository."""
    return (REPOSITORY / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [body for found, body in FENCE.findall(text) if found == language]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return FENCE.sub("", text)


def links(text: str) -> list[str]:
    """The targets of all links outside fenced blocks."""
    return LINK.findall(prose(text))


def section(text: str, title: str) -> str:
    """What stands under a heading of the second level, up to the next one."""
    _, _, rest = text.partition(f"\n## {title}\n")
    assert rest, f"no section {title!r}"
    return rest.partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows, without heads and rules."""
    found = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        ruled = number + 1 < len(lines) and set(lines[number + 1]) <= set("|-: ") and "-" in lines[number + 1]
        if line.startswith("|") and not ruled and not set(line) <= set("|-: "):
            found.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    return found


def codes(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip()) for title in titles}
