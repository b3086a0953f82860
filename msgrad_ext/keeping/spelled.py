"""What a piece of compiled Python spells: the names that it reads, and the texts in it. Nothing is run.

Comes in: code objects. Goes out: `Spelled`, or a `Doubt` where the code could reach anything, or change what it reaches.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType

# Builtins that give the same at the same, and change nothing.
BUILTINS = frozenset(
    "abs all any bool callable chr dict divmod enumerate filter float frozenset getattr hasattr int isinstance issubclass "
    "iter len list map max min next object ord pow range reversed round set slice sorted str sum super tuple type zip "
    "NotImplemented Ellipsis property staticmethod".split()
)
# These read attributes by names that are not spelled.
REFLECTIVE = frozenset(("getattr", "hasattr"))
# What of numpy gives the same at the same.
NUMPY = frozenset(
    "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool_ complex64 complex128 pi e inf nan "
    "newaxis sqrt exp log sin cos tan tanh array asarray zeros ones full eye arange linspace prod sum mean cumsum shape "
    "ndim size dtype T max min abs reshape transpose stack concatenate finfo iinfo maximum minimum power square matmul dot "
    "expand_dims squeeze split where add multiply subtract divide std var take diag broadcast_to tile repeat clip flip "
    "argmax argmin round all any copy sign float_power less greater equal pad log2 log10 log1p expm1 ceil floor unique "
    "einsum outer inner trace swapaxes flatten ravel sort roll tril triu cumprod isnan isinf isfinite".split()
)
# Methods and functions of this package that change what is not the network's, or look at values.
EFFECTS = frozenset(
    "set_seed set_context set_device set_data assign_value set_train set_grad asnumpy numpy item tolist copy_ fill_ zero_ "
    "add_ sub_ mul_ div_ register_hook register_forward_hook register_forward_pre_hook register_backward_hook "
    "register_backward_pre_hook insert_child_to_cell insert_param_to_cell register_buffer add_flags get_bytes itemset "
    "set_dtype set_param_ps init_parameters_data load_param_into_net load_checkpoint save_checkpoint".split()
)
# What gives an object's text.
TEXTS = {"__str__", "__repr__", "__format__"}
# What Python puts into each class, and what is run only when an object is made or printed.
CLASS_WORDS = frozenset(
    "__module__ __doc__ __init__ __qualname__ __annotations__ __dict__ __weakref__ __repr__ __str__ __firstlineno__ "
    "__slotnames__ __static_attributes__ __annotate__ __annotate_func__ __annotations_cache__ __classcell__ "
    "__parameters__ __orig_bases__ __abstractmethods__ __dataclass_fields__ __dataclass_params__ __match_args__ "
    "__replace__ __post_init__ __slots__ __getnewargs__ __new__".split()
)
# What a dataclass writes by itself: it reads all fields, and a frozen one refuses to be written.
COMPARISONS = frozenset("__eq__ __lt__ __le__ __gt__ __ge__ __hash__ __setattr__ __delattr__".split())
# What would read or write attributes in ways of its own.
OWN_WAYS = ("__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__get__", "__set__", "__set_name__")
PRIVATE = frozenset(
    {"_value", "_array", "_leave", "_wrap", "_trace", "_var", "_params", "_cells", "_hooks", "_msgrad_kept", "_since"}
)
_LEADS = ("STORE_ATTR", "STORE_GLOBAL", "STORE_NAME", "DELETE_", "IMPORT_", "LOAD_NAME", "LOAD_BUILD_CLASS")
_FURTHER = ("LOAD_LOCALS", "LOAD_FROM")


class Doubt(Exception):
    """Something that is not known well enough."""


@dataclass(frozen=True)
class Spelled:
    """The names and texts of one code object, with those of the code in it.

    Attributes
    ----------
    read : frozenset of str
        Global names.
    named : frozenset of str
        Global names that are classes handed to ``super`` or ``isinstance``: they are compared, not called.
    attributes : frozenset of str
        Names of attributes.
    texts : frozenset of str
        Texts that could be names.
    written : bool
        True if the code may ask objects for their text.
    doubts : tuple of str
        Why the code can not be followed, if it can not.
    """

    read: frozenset[str]
    named: frozenset[str]
    attributes: frozenset[str]
    texts: frozenset[str]
    doubts: tuple[str, ...]
    written: bool


@lru_cache(maxsize=2048)
def spelled(code: CodeType) -> Spelled:
    """What ``code`` spells."""
    read: set[str] = set()
    named: set[str] = set()
    attributes: set[str] = set()
    texts = {one for one in _texts(code.co_consts) if one.isidentifier()}
    doubts: list[str] = []
    written = False
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("CACHE", "PUSH_NULL", "EXTENDED_ARG")]
    for place, step in enumerate(steps):
        name, value = step.opname, str(step.argval)
        if name == "LOAD_GLOBAL":
            (named if _compared(steps, place) else read).add(value)
            written = written or value == "str"
        elif name.startswith(("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR")):
            attributes.add(value)
            written = written or value == "format"
        elif name.startswith(("FORMAT_", "CONVERT_VALUE")) or (name == "BINARY_OP" and step.argrepr.startswith("%")):
            written = True
        elif (name == "STORE_DEREF" and value in code.co_freevars) or name == "DELETE_DEREF":
            doubts.append("a store into a surrounding function")
        elif name.startswith(_LEADS + _FURTHER) and name not in ("DELETE_FAST", "DELETE_SUBSCR"):
            # A store into a container is seen as a change of what the container holds.
            doubts.append(name)
    for one in attributes:
        if one in EFFECTS or one in PRIVATE or one.startswith("__"):
            doubts.append(one)
    for inner in (one for one in code.co_consts if isinstance(one, CodeType)):
        part = spelled(inner)
        read, named, attributes = read | part.read, named | part.named, attributes | part.attributes
        texts |= part.texts
        written = written or part.written
        doubts += part.doubts
    return Spelled(
        frozenset(read), frozenset(named - read), frozenset(attributes), frozenset(texts), tuple(doubts), written
    )


def _texts(constants: Sequence[object]) -> Iterator[str]:
    for one in constants:
        if isinstance(one, str):
            yield one
        elif isinstance(one, (tuple, frozenset)):
            yield from _texts(tuple(one))


def _compared(steps: Sequence[dis.Instruction], place: int) -> bool:
    """Whether the global that is loaded at ``place`` is the first argument of ``super``, or the last of ``isinstance``."""
    if place and _loads(steps[place - 1], "super"):
        return True
    following = steps[place + 1].opname if place + 1 < len(steps) else ""
    return place > 1 and _loads(steps[place - 2], "isinstance") and following in ("PRECALL", "CALL")


def _loads(step: dis.Instruction, name: str) -> bool:
    return step.opname == "LOAD_GLOBAL" and step.argval == name


__all__ = [
    "BUILTINS",
    "CLASS_WORDS",
    "COMPARISONS",
    "EFFECTS",
    "NUMPY",
    "OWN_WAYS",
    "PRIVATE",
    "REFLECTIVE",
    "TEXTS",
    "Doubt",
    "Spelled",
    "spelled",
]
