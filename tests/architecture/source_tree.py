"""The source as the architecture tests read it: which modules there are, and which floors must stay pure."""

import configparser
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src"
CONTRACTS = REPOSITORY / ".importlinter"


def modules_under(root: Path) -> dict[str, Path]:
    """Dotted module name -> file, for every module below the folder `root`."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(root.rglob("*.py"))
    }


def contract_lines(contract: str, field: str) -> list[str]:
    """The lines of one field of one import contract."""
    parser = configparser.ConfigParser()
    parser.read(CONTRACTS, encoding="utf-8")
    return parser[f"importlinter:contract:{contract}"][field].split("\n")[1:]


def floors() -> list[list[str]]:
    """The packages of each floor, the highest first."""
    return [[name.strip(" ()") for name in line.split("|")] for line in contract_lines("floors", "layers")]


def pure_packages() -> list[str]:
    """Every package at or below `engine`, whether it exists yet or not."""
    names = floors()
    lowest_impure = names.index(["engine"])
    return [name for floor in names[lowest_impure:] for name in floor]


def pure_modules() -> dict[str, Path]:
    """Every module at or below `engine`."""
    pure = set(pure_packages())
    return {name: path for name, path in modules_under(SOURCE).items() if "." in name and name.split(".")[1] in pure}
