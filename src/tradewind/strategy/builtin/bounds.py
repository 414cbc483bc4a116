"""What the parameters of several strategies have in common: bounds, the short switch, and checks across parameters."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from tradewind.model.errors import ConfigError

BARS_MAX = 10_000
"""The longest window a strategy may ask for: more than a year of hourly bars, and still warm within a backtest."""

Short = Annotated[
    bool, Meta(description="take the mirrored short side too; on a spot instrument a short target becomes flat")
]


def require_less(strategy: str, smaller: str, low: float, larger: str, high: float) -> None:
    """Raise ConfigError unless the parameter `smaller` is below the parameter `larger`."""
    if not low < high:
        raise ConfigError(
            f"strategy {strategy!r}: {smaller} must be less than {larger}, were {low} and {high}: "
            f"lower {smaller} or raise {larger}"
        )


def require_positive(strategy: str, name: str, value: Decimal) -> None:
    """Raise ConfigError unless the parameter `name` is a finite amount above 0."""
    if not (value.is_finite() and value > 0):
        raise ConfigError(f"strategy {strategy!r}: {name} must be more than 0, was {value}")
