"""The public names: where each one lives, so that the package can give it out without importing anything before.

`PUBLIC` maps a name to ``"module"`` or ``"module:attribute"`` inside this package. No public function may be called as
a submodule is: importing the submodule would put it in the function's place.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_DTYPES = (
    "bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 "
    "half single double int_ uint float_"
).split()

# What MindSpore's root offers, with its meaning.
FACADE: dict[str, str] = {
    "Parameter": "tensor:Parameter",
    "ParameterTuple": "tensor:ParameterTuple",
    "Tensor": "tensor:Tensor",
    "GRAPH_MODE": "context:GRAPH_MODE",
    "PYNATIVE_MODE": "context:PYNATIVE_MODE",
    "common": "common",
    "context": "context",
    "dtype": "dtype",
    "get_context": "context:get_context",
    "get_grad": "gradients.functional:get_grad",
    "grad": "gradients.functional:grad",
    "mutable": "tracing.marking:mutable",
    "from_numpy": "tensor:from_numpy",
    "tensor": "tensor",
    "is_tensor": "tensor:is_tensor",
    "get_seed": "initializer:get_seed",
    "set_device": "context:set_device",
    "set_auto_parallel_context": "context:set_auto_parallel_context",
    "reset_auto_parallel_context": "context:reset_auto_parallel_context",
    "set_recursion_limit": "context:set_recursion_limit",
    "dtype_to_nptype": "dtype:dtype_to_nptype",
    "dtype_to_pytype": "dtype:dtype_to_pytype",
    "pytype_to_dtype": "dtype:pytype_to_dtype",
    "constexpr": "decorators:constexpr",
    "jacfwd": "gradients.jacobian:jacfwd",
    "jacrev": "gradients.jacobian:jacrev",
    "jit": "decorators:jit",
    "jit_class": "decorators:jit_class",
    "jvp": "gradients.jacobian:jvp",
    "lazy_inline": "decorators:lazy_inline",
    "load_param_into_net": "loading:load_param_into_net",
    "ms_function": "decorators:ms_function",
    "nn": "nn",
    "ops": "ops",
    "set_context": "context:set_context",
    "set_seed": "initializer:set_seed",
    "value_and_grad": "gradients.functional:value_and_grad",
    "vjp": "gradients.functional:vjp",
    "vmap": "gradients.batching:vmap",
    **{name: f"dtype:{name}" for name in _DTYPES},
}

# What this package adds.
OWN: dict[str, str] = {
    "GradReport": "report:GradReport",
    "check": "pipeline:check",
    "check_backward": "handwritten.check:check_backward",
    "compile": "gradients.compiled:compile_gradient",
    "compile_hessian": "gradients.second_order:compile_hessian",
    "compile_hvp": "gradients.second_order:compile_hvp",
    "set_native": "native.setting:set_native",
    "derive": "formulas.derivation:derive",
    "exporters": "export:exporters",
    "hessian": "gradients.curvature:hessian",
    "hvp": "gradients.curvature:hvp",
    "registered_ops": "primitives:registered_ops",
    "testing": "testing",
    "sweep": "sweeps:sweep",
}

PUBLIC: dict[str, str] = {**FACADE, **OWN}


def load(name: str) -> Any:
    """The object that the public ``name`` stands for."""
    module, _, attribute = PUBLIC[name].partition(":")
    # The ops enter themselves into the registry; a tensor's operators find them there.
    import_module(".primitives", __package__)
    import_module(".tracing.hooks", __package__)
    found = import_module(f".{module}", __package__)
    return getattr(found, attribute) if attribute else found


__all__ = ["FACADE", "OWN", "PUBLIC", "load"]
