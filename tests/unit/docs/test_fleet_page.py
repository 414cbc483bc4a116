"""docs/fleet.md names every arm, every setting with its default, and every figure of the interface."""

import msgspec

from tests.unit.docs.pages import codes, read, rows, section
from tradewind.app.fleet import FleetSection
from tradewind.research.fleet.arms import ARMS
from tradewind.research.fleet.scoring import ArmScore

PAGE = read("docs/fleet.md")


def test_every_arm_is_explained() -> None:
    assert tuple(codes(row[0])[0] for row in rows(section(PAGE, "The arms"))) == ARMS


def test_every_setting_is_listed_with_its_default() -> None:
    told = {codes(row[0])[0]: row[1].strip("`") for row in rows(section(PAGE, "The file")) if codes(row[0])}
    assert told == {
        field.name: "all" if field.default == () else str(field.default)
        for field in msgspec.structs.fields(FleetSection)
    }


def test_every_figure_told_is_there() -> None:
    named = codes(section(PAGE, "The figures").split("for each arm ", 1)[1].split(", and some more", 1)[0])
    assert len(named) == 11
    assert set(named) <= set(ArmScore.__struct_fields__)
