"""Secrets that shall not be seen: values of keys that name one, and passwords inside addresses (SPEC O2)."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "********"
SECRET_KEY = re.compile(r"(^|_)(secret|password|passphrase|token|api_key|private_key)(_|$)")
ADDRESS = re.compile(r"(?P<front>[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)", re.IGNORECASE)


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same nested values with every secret replaced by a mask of one length."""
    return {key: MASK if _is_secret(key, value) else _masked(value) for key, value in values.items()}


def _is_secret(key: str, value: object) -> bool:
    return bool(value) and isinstance(value, str) and SECRET_KEY.search(key.lower()) is not None


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_masked(each) for each in value]
    return ADDRESS.sub(rf"\g<front>{MASK}", value) if isinstance(value, str) else value
