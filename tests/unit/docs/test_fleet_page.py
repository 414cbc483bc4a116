"""docs/fleet.md names every arm, every setting with its default, and every figure of the interface."""

import hashlib

import msgspec
import pytest

from tests.conftest import REPOSITORY
from tests.unit.docs.pages import codes, read, rows, section
from tradewind.app.fleet import FleetSection, WalkForwardSection
from tradewind.app.settings import Section
from tradewind.research.fleet.arms import arms_of
from tradewind.research.fleet.scoring import ArmScore

PAGE = read("docs/fleet.md")
UNSET = {"maintenance_margin": "off"}


def test_every_arm_is_explained() -> None:
    assert tuple(codes(row[0])[0] for row in rows(section(PAGE, "The arms"))) == arms_of(WalkForwardSection())


@pytest.mark.parametrize(
    ("heading", "section_of", "unset"),
    [("The file", FleetSection, "all"), ("Walk-forward", WalkForwardSection, "as test")],
)
def test_every_setting_is_listed_with_its_default(heading: str, section_of: type[Section], unset: str) -> None:
    told = {codes(row[0])[0]: row[1].replace("`", "") for row in rows(section(PAGE, heading)) if codes(row[0])}
    assert told == {
        field.name: UNSET.get(field.name, unset) if field.default in ((), None) else str(field.default)
        for field in msgspec.structs.fields(section_of)
    }


def test_every_figure_told_is_there() -> None:
    named = codes(section(PAGE, "The figures").split("for each arm ", 1)[1].split(", and some more", 1)[0])
    assert len(named) == 11
    assert set(named) <= set(ArmScore.__struct_fields__)


def test_the_fleet_that_was_reported_on_is_the_one_that_was_frozen() -> None:
    """Its window was run once: another fleet is another file, and has to say that the window was looked at."""
    frozen = hashlib.sha256((REPOSITORY / "examples" / "fleet-perps.toml").read_bytes()).hexdigest()
    assert frozen == "aaf784b27ca0a016010db437a9ac1e45fd71c76afec56d3b9aaf05a5cb8a367f"
