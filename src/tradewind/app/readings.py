"""What strategies say of themselves at this moment: read off the state when somebody asks, never on an event's way."""

import msgspec

from tradewind.engine.explaining import reading_of
from tradewind.engine.state import EngineState


class Reading(msgspec.Struct, frozen=True):
    """What a bot says of one instrument, or (`instrument` empty) of all of its instruments together."""

    bot: str
    instrument: str
    values: dict[str, float | str]


def readings(state: EngineState) -> list[Reading]:
    """Return the readings of the bots that have something to say, by bot and instrument."""
    told = []
    for name, bot in sorted(state.bots.items()):
        together = name in state.groups
        for seat in bot.seats[:1] if together else bot.seats:
            values = reading_of(state, seat)
            if values:
                told.append(Reading(name, "" if together else seat.market.id, values))
    return told
