"""Draw the strategies on recorded prices: run the commands of each docs page, keep the picture that its report holds.

Usage: python scripts/strategy_pictures.py DATA [NAME ...]; DATA is a folder of collected data, as docs/data.md tells.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES = Path(__file__).parent.parent / "docs" / "strategies"
PICTURES = PAGES / "pictures"


def commands(page: Path) -> list[list[str]]:
    """Return the commands of a page, each as its words."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line.removeprefix("$ tradewind ")) for line in "".join(blocks).splitlines()]


def draw(page: Path, data: Path) -> bool:
    """Run a page's commands in a folder of their own and keep the picture; return whether there are any."""
    made = commands(page)
    with tempfile.TemporaryDirectory() as folder:
        for each in data.iterdir():
            Path(folder, each.name).symlink_to(each)
        for words in made:
            home = {**os.environ, "TRADEWIND_HOME": f"{folder}/home"}
            subprocess.run([sys.executable, "-m", "tradewind", *words], cwd=folder, env=home, check=True)
        if made:
            PICTURES.mkdir(exist_ok=True)
            shutil.copyfile(f"{folder}/{page.stem}-page/picture.svg", PICTURES / f"{page.stem}.svg")
    return bool(made)


def main(arguments: list[str]) -> int:
    """Draw the named strategies, or all."""
    if not arguments or not Path(arguments[0], "candles").is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    data, names = Path(arguments[0]).resolve(), arguments[1:]
    for page in sorted(PAGES.glob("*.md")):
        if page.stem != "index" and (not names or page.stem in names):
            print(f"{page.stem}: {'drawn' if draw(page, data) else 'no command, no picture'}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
