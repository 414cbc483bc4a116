"""The commands on the strategies' pages run as they stand, and draw what they say."""

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.integration.test_cli import Run, home, run
from tradewind.strategy import registry

__all__ = ["home", "run"]

PAGES = REPOSITORY / "docs" / "strategies"
WITHOUT_DATA = frozenset({"triangular"})
WITHOUT_TRADES = frozenset({"buy_and_hold"})


def commands(name: str) -> list[list[str]]:
    """The commands of a page, each as its words."""
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", page, re.DOTALL)
    return [shlex.split(line.removeprefix("$ tradewind ")) for line in "".join(blocks).splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(registry.strategy_names()) - WITHOUT_DATA))
def test_a_strategy_is_drawn_on_real_data(
    name: str, run: Run, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("candles", "funding", "l2"):
        (tmp_path / folder).symlink_to(shared / "data" / folder)
    monkeypatch.chdir(tmp_path)
    for words in commands(name):
        code, _, err = run(*words)
        assert code == 0, err
    picture = (tmp_path / f"{name}-page" / "picture.svg").read_text(encoding="utf-8")
    assert ('class="sign gain"' in picture or 'class="sign loss"' in picture) is (name not in WITHOUT_TRADES)
    page = (tmp_path / f"{name}-page" / "report.html").read_text(encoding="utf-8")
    assert 'id="price-' in page
    assert ('class="entry"' in page) is (name not in WITHOUT_TRADES)


@pytest.mark.parametrize("name", sorted(WITHOUT_DATA))
def test_a_page_without_a_plot_says_so(name: str) -> None:
    assert commands(name) == []
    assert "**On real data.** There is no plot" in (PAGES / f"{name}.md").read_text(encoding="utf-8")
