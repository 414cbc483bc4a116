"""Every command a page shows is one that the program takes, and the README's output is what its commands print."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.unit.docs.pages import all_pages, blocks, codes, prose, read, rows, section
from tradewind.app.config import resolve
from tradewind.app.flags import FLAGS
from tradewind.app.home import Home
from tradewind.app.strategies import TEMPLATE, make_strategy
from tradewind.cli.main import DONE, FAILED, INTERRUPTED, WRONG_INPUT
from tradewind.cli.tree import COMMANDS, GROUPS, command_tree

SHOWN = sorted(
    {
        line.removeprefix("$ ")
        for page in all_pages()
        for block in blocks(page.read_text(encoding="utf-8"), "console")
        for line in block.splitlines()
        if line.startswith("$ tradewind ")
    }
)
MENTIONED = sorted(
    {
        code
        for page in all_pages()
        for code in codes(prose(page.read_text(encoding="utf-8")))
        if re.match(r"tradewind [a-z]+", code)
    }
)


PLAYED = (
    "tradewind strategies new my_trend",
    "tradewind paper --strategy my_trend.py --speed max --headless",
    "tradewind replay latest",
)


@pytest.mark.parametrize("line", SHOWN)
def test_commands_shown_are_taken(line: str) -> None:
    words = shlex.split(line)[1:]
    command_tree(words).parse_args(words, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("code", MENTIONED)
def test_commands_mentioned_are_there(code: str) -> None:
    words = shlex.split(code)[1:]
    chain, _, _ = command_tree(words).parse_commands(words)
    assert chain, f"there is no command {words[0]!r}"


def test_there_are_commands_to_check() -> None:
    assert len(SHOWN) > 8
    assert len(MENTIONED) > 5


def test_the_readme_names_benchmarks_that_are_there() -> None:
    named = re.findall(r"\bbench\.(\w+)`", read("README.md"))
    assert len(named) > 5
    assert all((REPOSITORY / "bench" / f"{name}.py").is_file() for name in named)


def test_the_readme_shows_the_tested_strategy() -> None:
    written = TEMPLATE.format(name="MyTrend").strip()
    assert blocks(read("README.md"), "python") == [written + "\n"]
    assert blocks(read("docs/first-strategy.md"), "python")[0].strip() == written


@pytest.mark.e2e
def test_the_readme_prints_what_its_commands_print(tmp_path: Path) -> None:
    """A strategy is written, traded on the generated market and replayed; every line the README shows is printed."""
    environment = {**os.environ, "TRADEWIND_HOME": str(tmp_path / "home"), "COLUMNS": "120", "NO_COLOR": "1"}
    for line in PLAYED:
        assert line in SHOWN
        command = [sys.executable, "-m", "tradewind", *shlex.split(line)[1:]]
        done = subprocess.run(
            command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        printed = {plain(each) for each in done.stdout.splitlines()}
        assert not [wanted for wanted in output_of(line) if wanted not in printed]


def output_of(command: str) -> list[str]:
    """The output that the README shows under the command, blanks made single, without what it leaves out."""
    lines: list[str] = []
    for block in blocks(read("README.md"), "console"):
        shown = False
        for line in block.splitlines():
            if line.startswith("$ "):
                shown = line == f"$ {command}"
            elif shown and line != "...":
                lines.append(plain(line))
    assert lines, command
    return lines


def plain(line: str) -> str:
    """The line with single blanks, and without the digits of a digest: those change with every field of a record."""
    return re.sub(r"\b[0-9a-f]{32}\b", "...", " ".join(line.split()))


def test_the_page_of_commands_lists_every_command() -> None:
    listed = [code for row in rows(read("docs/commands.md")) for code in codes(row[0]) if code.startswith("tradewind ")]
    tree = [*COMMANDS, *(f"{group} {name}" for group, (_, commands) in GROUPS.items() for name in commands)]
    assert listed == [f"tradewind {name}" for name in tree]


def test_the_page_lists_exit_codes_and_flags() -> None:
    page = read("docs/commands.md")
    numbers = {int(row[0]) for row in rows(page) if row[0].isdigit()}
    assert numbers == {DONE, FAILED, WRONG_INPUT, INTERRUPTED}
    flags = {codes(row[0])[0]: row[1] == "on" for row in rows(section(page, "Flags"))}
    assert flags == {flag.name: flag.default for flag in FLAGS}


def test_the_example_configuration_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(blocks(read("docs/commands.md"), "toml")[0], encoding="utf-8")
    config = resolve(Home(tmp_path / "home"), {}, file=file).config
    assert [make_strategy(bot.strategy, bot.parameters) for bot in config.bots]
    assert (config.account.cash, config.limits.slippage_bps_max) == (50_000, None)
