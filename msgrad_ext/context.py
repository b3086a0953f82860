"""MindSpore's ``context``: where and how a network runs.

This package always runs on the CPU and traces each call, so the settings change nothing; they are checked, kept and
given back, so that a tutorial's first lines work as they stand.
"""

from __future__ import annotations

from .errors import ArgumentError, ArgumentValueError, choices

GRAPH_MODE = 0
PYNATIVE_MODE = 1

_ALLOWED: dict[str, tuple[object, ...]] = {
    "mode": (GRAPH_MODE, PYNATIVE_MODE),
    "device_target": ("CPU", "GPU", "Ascend"),
}
_DEFAULTS: dict[str, object] = {"mode": PYNATIVE_MODE, "device_target": "CPU"}
_settings = dict(_DEFAULTS)


def set_context(**settings: object) -> None:
    """Set ``mode`` (``GRAPH_MODE`` or ``PYNATIVE_MODE``) and ``device_target``.

    Raises
    ------
    ArgumentError
        For a setting that does not exist here.
    ArgumentValueError
        For a value that the setting does not take.
    """
    for name, value in settings.items():
        if name not in _ALLOWED:
            raise ArgumentError(f"For 'set_context', there is no setting '{name}'. {choices(name, list(_ALLOWED))}")
        if value not in _ALLOWED[name]:
            allowed = ", ".join(map(repr, _ALLOWED[name]))
            raise ArgumentValueError(f"For 'set_context', {name} must be one of {allowed}, but got {value!r}.")
    _settings.update(settings)


def get_context(attr_key: str) -> object:
    """The value of one setting."""
    if attr_key not in _settings:
        raise ArgumentValueError(
            f"For 'get_context', there is no setting '{attr_key}'. {choices(attr_key, list(_settings))}"
        )
    return _settings[attr_key]


__all__ = ["GRAPH_MODE", "PYNATIVE_MODE", "get_context", "set_context"]
