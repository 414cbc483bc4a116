"""The page of the local exchange says what its code does: faults, channels, accounts, admin paths, rules of limits."""

import re

from tests.unit.docs.pages import codes, prose, read, rows, section
from tradewind.app.exchange_products import MEMBERS
from tradewind.exchange.server.admin import PATHS
from tradewind.exchange.server.fault_plans import MODES, FaultFile
from tradewind.exchange.server.faults import FaultKind
from tradewind.exchange.server.frames import PRIVATE_CHANNELS, PUBLIC_CHANNELS
from tradewind.exchange.server.limits import VENUE_LIMITS

PAGE = read("docs/exchange.md")


def first_codes(heading: str) -> set[str]:
    """The codes in the first column of a section's tables."""
    return {code for row in rows(section(PAGE, heading)) for code in codes(row[0])}


def test_every_kind_of_fault_is_told() -> None:
    assert first_codes("Faults") == {kind.value for kind in FaultKind}
    assert set(MODES) <= set(codes(prose(section(PAGE, "Faults"))))


def test_the_example_of_a_fault_file_can_be_read() -> None:
    import msgspec

    [example] = re.findall(r"```toml\n(.*?)```", section(PAGE, "Faults"), re.DOTALL)
    assert len(msgspec.toml.decode(example, type=FaultFile).faults) == 1


def test_every_channel_is_told() -> None:
    assert {*PUBLIC_CHANNELS, *PRIVATE_CHANNELS} <= set(codes(section(PAGE, "Streams")))


def test_every_account_is_told() -> None:
    assert {member.name for member in MEMBERS} <= first_codes("The keys file")


def test_every_admin_path_is_told() -> None:
    asked = {
        f"{method} {re.sub(r'{number}', 'N', re.sub(r'{product_id}', 'ID', re.sub(r'{account}', 'NAME', path)))}"
        for method, path in PATHS
    }
    assert first_codes("The admin port") == asked


def test_the_venues_limits_are_told() -> None:
    said = section(PAGE, "What it answers")
    assert (
        f"{VENUE_LIMITS.private_per_s} requests a second for an account, {VENUE_LIMITS.public_per_s} for an address"
        in said
    )
