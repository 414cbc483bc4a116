"""The page of all settings names every key there is, with its default, and no other."""

import re
from decimal import Decimal

import msgspec
import pytest

from tests.conftest import REPOSITORY
from tradewind.app.flags import FLAGS
from tradewind.app.profiles import PROFILES
from tradewind.app.settings import Config

PAGE = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
SECTIONS = {
    field.encode_name: type(field.default)
    for field in msgspec.structs.fields(Config)
    if isinstance(field.default, msgspec.Struct)
}
TABLES = {"bots": "[[bots]]", "instruments": "[instruments.NAME]"}


def documented(heading: str) -> dict[str, str]:
    """Key -> default, as the table under the heading says."""
    part = PAGE.split(f"## `{heading}`", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| *(.*?) *\|", part, re.MULTILINE))


@pytest.mark.parametrize("section", sorted(SECTIONS))
def test_every_key_is_documented_with_its_default(section: str) -> None:
    keys = documented(f"[{section}]")
    fields = {field.encode_name: field.default for field in msgspec.structs.fields(SECTIONS[section])}
    assert set(keys) == set(fields)
    for key, default in fields.items():
        said = keys[key].strip("`")
        if default is msgspec.NODEFAULT:
            assert said == "none"  # a table
        elif default is None:
            assert said == "off"
        elif isinstance(default, bool):
            assert said == str(default).lower()
        elif isinstance(default, int | Decimal):
            assert Decimal(said) == default
        else:
            assert said == (default or "")


@pytest.mark.parametrize("name", sorted(TABLES))
def test_tables_of_bots_and_instruments_are_documented(name: str) -> None:
    kinds = msgspec.inspect.type_info(Config).fields  # type: ignore[union-attr]
    kind = next(field.type for field in kinds if field.name == name)
    struct = kind.item_type if name == "bots" else kind.value_type  # type: ignore[union-attr]
    assert set(documented(TABLES[name])) == {field.encode_name for field in struct.fields}  # type: ignore[union-attr]


def test_profiles_and_flags_are_documented() -> None:
    assert all(f"| `{name}` |" in PAGE for name in PROFILES)
    page = (REPOSITORY / "docs" / "flags.md").read_text(encoding="utf-8")
    for flag in FLAGS:
        assert f"| `{flag.name}` | {flag.scope} | {flag.on} |" in page
