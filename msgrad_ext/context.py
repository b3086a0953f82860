"""MindSpore's ``context``: where and how a network runs.

This package always runs on the CPU and traces each call, so the settings change nothing; they are checked, kept and
given back, so that a tutorial's first lines work as they stand.
"""

from __future__ import annotations

from .errors import ArgumentError, ArgumentValueError, choices
from .now import Epoch

GRAPH_MODE = 0
PYNATIVE_MODE = 1

_ALLOWED: dict[str, tuple[object, ...]] = {
    "mode": (GRAPH_MODE, PYNATIVE_MODE),
    "device_target": ("CPU", "GPU", "Ascend"),
}
_DEFAULTS: dict[str, object] = {"mode": PYNATIVE_MODE, "device_target": "CPU"}
# MindSpore's further settings, with the values they have at first; they are kept and change nothing.
_OTHERS: dict[str, object] = {
    "save_graphs": 0, "save_graphs_path": ".", "device_id": 0, "max_call_depth": 1000, "enable_graph_kernel": False,
    "graph_kernel_flags": "", "pynative_synchronize": False, "jit_config": {}, "jit_level": "", "deterministic": "OFF",
    "max_device_memory": "1024GB", "mempool_block_size": "1GB", "memory_optimize_level": "O0", "reserve_class_name": True,
    "print_file_path": "", "env_config_path": "", "precompile_only": False, "enable_compile_cache": False,
    "compile_cache_path": "", "runtime_num_threads": 30, "inter_op_parallel_num": 0, "check_bprop": False,
    "grad_for_scalar": False, "debug_level": 0, "profiling_mode": False, "enable_sparse": False, "variable_memory_max_size": "31GB",
    "auto_tune_mode": "NO_TUNE", "enable_reduce_precision": True, "enable_dump": False, "save_dump_path": ".",
}  # fmt: skip
_settings = {**_DEFAULTS, **_OTHERS}


def set_context(**settings: object) -> None:
    """Set ``mode`` (``GRAPH_MODE`` or ``PYNATIVE_MODE``) and ``device_target``.

    Raises
    ------
    ArgumentError
        For a value of the wrong type.
    ArgumentValueError
        For a setting that does not exist, or a value that it does not take.
    """
    for name, value in settings.items():
        if name in _OTHERS:
            continue
        if name not in _ALLOWED:
            raise ArgumentValueError(
                f"For 'set_context', there is no setting '{name}'. {choices(name, [*_ALLOWED, *_OTHERS])}"
            )
        if type(value) is not type(_DEFAULTS[name]):
            raise ArgumentError(
                f"For 'set_context', {name} must be {type(_DEFAULTS[name]).__name__}, but got {type(value).__name__}."
            )
        if value not in _ALLOWED[name]:
            allowed = ", ".join(map(repr, _ALLOWED[name]))
            raise ArgumentValueError(f"For 'set_context', {name} must be one of {allowed}, but got {value!r}.")
    _settings.update(settings)
    Epoch.advance()


def get_context(attr_key: str) -> object:
    """The value of one setting."""
    if attr_key not in _settings:
        raise ArgumentValueError(
            f"For 'get_context', there is no setting '{attr_key}'. {choices(attr_key, list(_settings))}"
        )
    return _settings[attr_key]


def set_device(device_target: str, device_id: int | None = None) -> None:
    """Set where networks run; here always on the CPU."""
    set_context(device_target=device_target)


def set_auto_parallel_context(**settings: object) -> None:
    """Accepted for compatibility: nothing runs in parallel here."""


def reset_auto_parallel_context() -> None:
    """Accepted for compatibility."""


def set_recursion_limit(recursion_limit: int = 1000) -> None:
    """Accepted for compatibility."""


__all__ = [
    "GRAPH_MODE",
    "PYNATIVE_MODE",
    "get_context",
    "reset_auto_parallel_context",
    "set_auto_parallel_context",
    "set_context",
    "set_device",
    "set_recursion_limit",
]
