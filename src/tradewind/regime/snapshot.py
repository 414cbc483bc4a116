"""Running states as plain values: what a snapshot keeps, and how a fresh state takes them back.

Floats are kept as they are, so a restored state goes on with the same bits.
"""

from collections import deque
from typing import Any

import numpy as np

from tradewind.model.errors import StateError

Value = Any


def frozen(state: object) -> Value:
    """Return a state as numbers, text, lists and mappings."""
    if state is None or isinstance(state, bool | int | float | str):
        return state
    if isinstance(state, np.ndarray):
        return {"shape": list(state.shape), "values": state.ravel().tolist()}
    if isinstance(state, list | tuple | deque):
        return [frozen(each) for each in state]
    return {name: frozen(getattr(state, name)) for name in _slots(state)}


def thaw(fresh: object, value: Value) -> None:
    """Give a freshly built state the values of one that was frozen.

    Raises  StateError when the values are of a state of another kind or size.
    """
    if not isinstance(value, dict) or set(value) != set(_slots(fresh)):
        raise StateError(f"a saved {type(fresh).__name__} does not fit this version: let the regime warm up again")
    for name in _slots(fresh):
        setattr(fresh, name, _thawed(getattr(fresh, name), value[name]))


def _thawed(template: object, value: Value) -> object:
    if isinstance(template, np.ndarray):
        if list(template.shape) != list(value["shape"]):
            raise StateError(
                f"a saved regime state is of shape {value['shape']}, not {list(template.shape)}: "
                "it belongs to other instruments, let the regime warm up again"
            )
        return np.array(value["values"], dtype=template.dtype).reshape(template.shape)
    if isinstance(template, deque):
        return deque(value, maxlen=template.maxlen)
    if isinstance(template, list | tuple):
        held = [each for each in template if _slots(each)]
        if held:
            return [_thawed(each, kept) for each, kept in zip(held, value, strict=True)]
        return type(template)(list(each) if isinstance(each, list) else each for each in value)  # never the saved rows
    if _slots(template):
        thaw(template, value)
        return template
    return value


def _slots(state: object) -> tuple[str, ...]:
    found = (name for kind in type(state).__mro__ for name in getattr(kind, "__slots__", ()))
    return tuple(sorted(set(found)))
