"""What an indicator is: a value with a name and parameters that makes a stream, or reads whole columns.

The stream is the specification. `batch` gives the same bits over columns in one of three ways: plain numpy where that
rounds identically, a compiled kernel over many rows, or the stream itself over few, so that a small backtest never
waits for a compiler.
"""

import sys
from abc import abstractmethod
from typing import Any, ClassVar, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradewind.numeric.bars import BarArrays, BarLike, FloatArray

TINY = 1e-12
"""A denominator below this times its scale counts as zero."""

KERNEL_ROWS = 200_000
"""From here on loading the compiler costs less than streaming the rows through Python."""

KERNEL_ROWS_LOADED = 20_000
"""The same, where the process has loaded the compiler already."""

Output = float | tuple[float, ...] | None


class Stream(Protocol):
    """The running state of one indicator; None while it warms up."""

    def update(self, bar: BarLike) -> Output: ...


class IndicatorSpec(msgspec.Struct, frozen=True):
    """An indicator and its parameters: compare it, hash it, send it, and build streams from it."""

    outputs: ClassVar[int] = 1
    """How many numbers one update gives."""

    state: ClassVar[type[Any]]
    """The class of its streams, built from the parameters and the scale named next."""

    scale: ClassVar[str | None] = "price_scale"
    """Which scale the stream divides by; None where the unit cancels out."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.warmup_bars is IndicatorSpec.warmup_bars:
            raise TypeError(f"{cls.__name__} does not say how long it warms up: define warmup_bars")

    @property
    def name(self) -> str:
        """Return the name of the constructor that makes this value."""
        letters = (f"_{letter.lower()}" if letter.isupper() else letter for letter in type(self).__name__)
        return "".join(letters).lstrip("_")

    @property
    def parameters(self) -> tuple[Any, ...]:
        """Return the parameters in the constructor's order."""
        return tuple(getattr(self, field) for field in self.__struct_fields__)

    @property
    @abstractmethod
    def warmup_bars(self) -> int:
        """Return how many bars it takes to the first value."""

    def stream(self, price_scale: int = 1, volume_scale: int = 1) -> Stream:
        """Return a fresh state that reads bars whose prices are divided by `price_scale`."""
        divisors = {"price_scale": (price_scale,), "volume_scale": (volume_scale,), None: ()}
        stream: Stream = self.state(*self.parameters, *divisors[self.scale])
        return stream

    def batch(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        """Return one array per output, equal to the stream's values to the last bit.

        Shape   (T,) -> (T,) per output, float64.
        Timing  Output `t` uses bars up to and including `t`.
        NaN     The first `warmup_bars - 1` rows, and where the method has no value (a flat window).
        """
        direct = self.direct(bars)
        if direct is not None:
            return direct
        rows = len(bars)
        enough = KERNEL_ROWS_LOADED if "numba" in sys.modules else KERNEL_ROWS
        if rows >= enough and bars.exact_over(self.warmup_bars):
            return self.compiled(bars)
        return replay(self, bars)

    def direct(self, bars: BarArrays) -> tuple[FloatArray, ...] | None:
        """Return the outputs from plain numpy, or None where numpy would round differently."""
        return None if len(bars) else tuple(undefined(0) for _ in range(self.outputs))

    def compiled(self, bars: BarArrays) -> tuple[FloatArray, ...]:
        """Return the outputs from compiled kernels."""
        return replay(self, bars)


def replay(spec: IndicatorSpec, bars: BarArrays) -> tuple[FloatArray, ...]:
    """Return the outputs of a fresh stream over every row."""
    outputs, stream = spec.outputs, spec.stream(bars.price_scale, bars.volume_scale)
    nothing = (np.nan,) * outputs
    if outputs == 1:
        values = [np.nan if value is None else value for value in map(stream.update, bars.rows())]
        return (np.array(values, dtype=np.float64),)
    table = [nothing if value is None else value for value in map(stream.update, bars.rows())]
    columns = np.array(table, dtype=np.float64).reshape(len(bars), outputs)
    return tuple(np.ascontiguousarray(columns[:, output]) for output in range(outputs))


def flat_rows(spec: IndicatorSpec, bars: BarArrays) -> NDArray[np.bool_]:
    """Return, per row, whether the indicator met a zero denominator there and gave its edge value (flag FLAT).

    Shape   (T,) -> (T,), bool.
    Timing  Output `t` uses bars up to and including `t`.
    """
    stream = spec.stream(bars.price_scale, bars.volume_scale)
    flags = []
    for row in bars.rows():
        stream.update(row)
        flags.append(bool(getattr(stream, "flat", False)))
    return np.array(flags, dtype=bool)


def undefined(rows: int) -> FloatArray:
    """Return a column of NaN."""
    return np.full(rows, np.nan)


def at_least(name: str, value: int, smallest: int) -> int:
    """Return `value` if it is a whole number of at least `smallest`, otherwise raise ValueError."""
    if type(value) is not int or value < smallest:
        raise ValueError(f"{name} must be a whole number of at least {smallest}, was {value!r}")
    return value
