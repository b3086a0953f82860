"""Cells of ``surface_*.txt`` where this package does not follow MindSpore 2.10: the reason, and the right values if there are some."""

from __future__ import annotations

from typing import Any

_LENIENT = "MindSpore refuses what has one clear meaning"
_STRICT = "MindSpore lets pass what can only be a mistake"
_NAMES = "the object bears MindSpore's name or text only"
_COUNT = "MindSpore counts unnamed parameters per process; here, as in r1.2, the name is 'Parameter'"
_SCOPE = "not supported, and said so"
_SHARES = "tensors own their values here; MindSpore shares memory"
_MUTABLE = "as in Graph mode: a mutable container has gradients, nested as it is"
_FROZEN = "as in Graph mode: a frozen parameter that is listed has its true gradient"
_CAST = "a cast to an integer has gradient 0"
_COMPLEX = "complex numbers have no gradients; forward they promote as numpy's"

_WHY: dict[str, tuple[str, ...]] = {
    _LENIENT: (
        "surface_cells:CellList args", "surface_cells:CellList pop", "surface_cells:Seq insert", "surface_cells:Seq pop",
        "surface_dtypes:callf", "surface_dtypes:callf2", "surface_dtypes:dt sub",
        "surface_structure:fn primitive", "surface_structure:fn partial", "surface_structure:fn callable obj",
        "surface_structure:out empty tuple", "surface_tensors:ctor big endian", "surface_tensors:ctor dtype np",
        "surface_tensors:ctor dtype npdtype", "surface_tensors:ctor init str", "surface_tensors:ctor init zeros",
        "surface_tensors:ctor shape int", "surface_tensors:ctor internal", "surface_tensors:e x.element_size()",
    ),
    _STRICT: (
        "surface_cells:P typo", "surface_structure:w tensor", "surface_structure:w list of tensor",
        "surface_tensors:ctor npstr", "surface_dtypes:prom bool", "surface_tensors:e Tensor([True])-Tensor([True])",
        "surface_tensors:e i**-1",
    ),
    "another type of error, which says more": (
        "surface_structure:w list None", "surface_structure:fn class", "surface_structure:sens missing all",
        "surface_dtypes:nptype str", "surface_tensors:ctor hugeint", "surface_tensors:s x.shape=(2,1)",
        "surface_tensors:ctor bytes", "surface_tensors:e x.to('float16')",
    ),
    _NAMES: (
        "surface_cells:name_cells", "surface_cells:data", "surface_cells:P attrs", "surface_dtypes:ms.bool_",
        "surface_dtypes:ctx save_graphs", "surface_tensors:e x.dtype", "surface_tensors:s r=mstype.pytype_to_dtype(float)",
        "surface_tensors:s r=str(mstype.float32), repr(mstype.float32), mstype.float32.__class__.__name__",
        "surface_cells:flags",
    ),
    _COUNT: ("surface_cells:P default print", "cellparams:default name"),
    _SCOPE: (
        "surface_cells:to_float", "surface_cells:to_float bad", "surface_cells:parameters_broadcast_dict",
        "surface_dtypes:aliases", "surface_dtypes:pytype", "surface_dtypes:dt tensor_type",
        "surface_tensors:e x.virtual_flag", "surface_tensors:e x.const_arg",
        "surface_tensors:s x.set_dtype(mstype.float16); r=x",
    ),
    _SHARES: (
        "surface_cells:set_data alias",
        "surface_tensors:s import copy; a=copy.copy(x); b=copy.deepcopy(x); b[0]=9.; r=(a,b,x)",
    ),
    "a slice of a CellList renames the parameters of the cells in MindSpore": ("surface_cells:CellList slice names",),
    _COMPLEX: tuple(
        f"surface_dtypes:prom {kind}"
        for kind in "uint8 int8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 complex64".split()
    ),
    "the CPU has no kernel for it; here it works": (
        "surface_tensors:e x.fill_(3.0)", "surface_tensors:e x.zero_()", "surface_tensors:e x.clone()",
    ),
}  # fmt: skip

_RIGHT: dict[str, tuple[str, Any]] = {
    "structure:mutable tuple": (_MUTABLE, [[12], [[4], [3]]]),
    "surface_structure:in mutable tuple": (_MUTABLE, [[3, 5], [1, 2]]),
    "surface_structure:in mutable tuple all": (_MUTABLE, [[[3, 50], [1, 20]], [3, 10]]),
    "surface_structure:in mutable list all": (_MUTABLE, [[[3, 50], [1, 20]], [3, 10]]),
    "surface_structure:in mutable nested": (_MUTABLE, [[[3, 50], [[1, 20], [0, 0]]], [3, 10]]),
    "surface_structure:in mutable dict all": (_MUTABLE, None),
    "surface_structure:w frozen": (_FROZEN, [[3, 10], [1, 1]]),
    "surface_structure:w frozen single": (_FROZEN, [3, 10]),
    "surface_structure:out int tensor": (_CAST, [[2, 2], [0, 0]]),
    "surface_structure:sens with int t": (_CAST, [[2, 20], [0, 0]]),
    "surface_structure:in same twice": ("inputs are told apart by position, not by identity", [[1, 4], [2, 8]]),
}

SURFACE: dict[str, tuple[str, Any]] = {name: (why, None) for why, names in _WHY.items() for name in names} | _RIGHT
