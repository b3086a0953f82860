"""The C text of a whole program: its kernels, and a function from numpy arrays to fresh numpy arrays.

The text depends on the program alone, and names in it are counted by us, so that equal programs have equal text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import products
from .arena import Arena, arena
from .blas import Blas
from .forms import SUMS, prelude
from .kernels import Kernel, kernel
from .nests import Group, Grouping, Nest
from .placing import piece_text
from .program import Access, Call, NoNative, Place, Product, Program, Routine, Value

# A program with more elements to compute than this lets other threads run meanwhile.
LONG = 200_000
STACK = 8192
_INLINED = 10_000
_LONG_BODY = 200
_PLAIN = '__attribute__((optimize("O1")))'


@dataclass(frozen=True)
class Module:
    """C text, and the objects its function is bound to: constants first, then voices."""

    text: str
    bound: tuple[Any, ...]
    uses_blas: bool


def write(program: Program, blas: Blas | None) -> Module:
    """The module of ``program``."""
    return ProgramWriter(program, blas).write()


class ProgramWriter:
    """Writes one program."""

    def __init__(self, program: Program, blas: Blas | None) -> None:
        self.program, self.blas = program, blas
        self.groups = Grouping(program).run()
        self.functions: dict[str, str] = {}
        self.uses: dict[str, int] = {}
        self.letters: set[str] = set()
        self.voices: list[Callable[..., Any]] = []
        self.home = {step.out: index for index, group in enumerate(self.groups) for step in _steps(group)}
        self.objects = {
            value
            for group in self.groups
            if isinstance(group, Call)
            for value in (group.out, *(one.value for one in group.operands))
            if value is not None and value.role == "made"
        } | set(program.outputs)
        self.readers = self._readers()
        self.kernels: dict[int, Kernel] = {
            index: kernel(group, self.escaping(index))
            for index, group in enumerate(self.groups)
            if isinstance(group, Nest)
        }
        self.arena: Arena = arena(self.groups, self.kernels, self.objects)
        self.names: dict[Value, str] = {}
        self.slots: dict[Value, int] = {}

    def escaping(self, index: int) -> set[Value]:
        """The values of a group that are needed after it."""
        return {step.out for step in _steps(self.groups[index]) if self.readers.get(step.out, set()) - {index}}

    def _readers(self) -> dict[Value, set[int]]:
        """The places of the groups that read a value; what leaves the program is read after the last."""
        found: dict[Value, set[int]] = {}
        for place, group in enumerate(self.groups):
            for one in (one for step in _steps(group) for one in step.operands if one.value is not None):
                found.setdefault(one.value, set()).add(place)
        for value in (*self.program.outputs, *(test.access.value for test in self.program.tests)):
            if value is not None:
                found.setdefault(value, set()).add(len(self.groups))
        return found

    def name(self, value: Value) -> str:
        """The pointer to a value's elements."""
        return self.names.setdefault(value, f"x{len(self.names)}")

    def at(self, access: Access) -> str:
        """The pointer to an access's first element."""
        assert access.value is not None
        return f"({self.name(access.value)} + {access.offset})" if access.offset else self.name(access.value)

    def object(self, value: Value) -> str:
        """The array object of a value that has one."""
        return f"o[{self.slots.setdefault(value, len(self.slots))}]"

    def function(self, text: str, prefix: str) -> str:
        """The name of the function with this text."""
        self.uses[text] = self.uses.get(text, 0) + 1
        return self.functions.setdefault(text, f"{prefix}{len(self.functions)}")

    def body(self) -> list[str]:
        """What is done, group by group, and what it rests on as soon as that is known."""
        lines = [*self.tests(-1)]
        for index, group in enumerate(self.groups):
            if isinstance(group, Nest):
                made = self.kernels[index]
                arguments = [
                    f"{self.name(value)} + {offset}" if offset else self.name(value)
                    for value, offset, _ in made.arguments
                ]
                lines.append(f"{self.function(made.text, 'k')}({', '.join(arguments)});")
            elif isinstance(group, Product):
                lines += self.product(group)
            elif isinstance(group, Place):
                lines += self.place(group)
            elif isinstance(group, Routine):
                lines += self.routine(group)
            else:
                lines += self.call(group)
            lines += self.tests(index)
        return lines

    def tests(self, index: int) -> list[str]:
        """The tests on what group ``index`` made."""
        lines = []
        for test in self.program.tests:
            value = test.access.value
            if (-1 if value is None else self.home.get(value, -1)) == index:
                text = test.access.number if value is None else f"{self.at(test.access)}[0]"
                lines.append(f"if (({text} != 0) != {int(test.truth)}) goto other_branch;")
        return lines

    def product(self, product: Product) -> list[str]:
        """The lines of a matrix product."""
        a, b = map(self.at, product.operands)
        c = self.name(product.out)
        if products.small(product):
            name = self.function(products.small_text(product), "m")
            return products.stacked(product, lambda i, j, k: f"{name}({a}{i}, {b}{j}, {c}{k});")
        if self.blas is None:
            raise NoNative("numpy's BLAS is not to be seen")
        self.letters.add("s" if product.out.ctype == "float" else "d")
        return products.stacked(product, lambda i, j, k: products.blas(product, f"{a}{i}", f"{b}{j}", f"{c}{k}"))

    def place(self, place: Place) -> list[str]:
        """The lines that put operands in place, one after the other."""
        out = self.name(place.out)
        lines = [] if place.whole else [f"memset({out}, 0, {place.out.size} * sizeof *{out});"]
        for number, (operand, target) in enumerate(zip(place.operands, place.targets)):
            given = "NULL" if operand.value is None else self.at(operand)
            lines.append(f"{self.function(piece_text(place, number), 'p')}({out} + {target.offset}, {given});")
        return lines

    def routine(self, routine: Routine) -> list[str]:
        """The lines that call a function of its own."""
        given = [self.name(routine.out), *map(self.at, routine.operands), *(["&wrong"] if routine.checked else [])]
        line = f"{self.function(routine.text, 'f')}({', '.join(given)});"
        return [line, *(["if (wrong) goto misplaced;"] if routine.checked else [])]

    def call(self, call: Call) -> list[str]:
        """The lines that call a voice."""
        place = 1 + 1 + len(self.program.constants) + len(self.voices)
        self.voices.append(call.voice)
        given = ", ".join(f"(PyObject *){self.object(one.value)}" for one in call.operands if one.value is not None)
        name, out, made = self.name(call.out), call.out, self.object(call.out)
        dims = ", ".join(map(str, out.shape)) or "0"
        fresh = int(out in self.program.outputs)
        return [
            "{",
            f"PyObject *given[] = {{{given}}}; npy_intp dims[] = {{{dims}}};",
            f"{made} = (PyArrayObject *)taken(PyObject_Vectorcall(PyTuple_GET_ITEM(self, {place}), given, "
            f"{len(call.operands)}, NULL), {_NUMBERS[out.dtype.name]}, {len(out.shape)}, dims, {fresh});",
            f"if (!{made}) goto fail;",
            f"{name} = ({out.ctype} *)PyArray_DATA({made});",
            "}",
        ]

    def write(self) -> Module:
        """The whole text."""
        body = self.body()
        used = {*self.names, *self.slots, *self.program.inputs, *self.program.outputs}
        made_by_call = {group.out for group in self.groups if isinstance(group, Call)}
        enter: list[str] = []
        for index, value in enumerate(self.program.inputs):
            enter += self.input(value, f"args[{index}]", True)
        for index, (value, _) in enumerate(self.program.constants):
            if value in used:
                enter += self.input(value, f"PyTuple_GET_ITEM(self, {2 + index})", False)
        declared = [f"{value.ctype} *{self.name(value)} = NULL;" for value in made_by_call]
        for value in dict.fromkeys((*self.program.outputs, *self.objects)):
            if value in used:
                if value not in made_by_call:
                    enter += self.output(value)
        enter += [
            f"{value.ctype} *{self.name(value)} = ({value.ctype} *)AT({offset}, {value.size * value.dtype.itemsize});"
            for value, offset in self.arena.places.items()
            if value in used
        ]
        text = self.text(declared, enter, body)
        constants = tuple(array for _, array in self.program.constants)
        return Module(text, (*constants, *self.voices), bool(self.letters))

    def input(self, value: Value, source: str, checked: bool) -> list[str]:
        """The lines that take an array; one that does not fit is answered by the numpy plan."""
        name, made = self.name(value), self.object(value)
        dims = ", ".join(map(str, value.shape)) or "0"
        kind, size = value.dtype.kind, value.dtype.itemsize
        lines = [
            f"static const npy_intp d_{name}[] = {{{dims}}};",
            f"if (!fits({source}, '{kind}', {size}, {len(value.shape)}, d_{name})) goto unfit;",
        ]
        return [
            *(lines if checked else []),
            f"if (!({made} = in_order({source}))) goto fail;",
            f"const {value.ctype} *{name} = (const {value.ctype} *)PyArray_DATA({made});",
        ]

    def output(self, value: Value) -> list[str]:
        """The lines that make a fresh array."""
        name, made = self.name(value), self.object(value)
        dims = ", ".join(map(str, value.shape)) or "0"
        return [
            f"static const npy_intp d_{name}[] = {{{dims}}};",
            f"if (!({made} = fresh({len(value.shape)}, d_{name}, {_NUMBERS[value.dtype.name]}))) goto fail;",
            f"{value.ctype} *{name} = ({value.ctype} *)PyArray_DATA({made});",
        ]

    def written(self, enter: list[str], body: list[str]) -> tuple[list[str], list[str]]:
        """The functions that were named, and what stands before the one that calls them."""
        # Compilers take long where the same function is put into another many times, or much into one.
        apart = sum(map(len, self.functions)) > _INLINED or len(enter) + len(body) > _LONG_BODY
        functions = [
            f"static {'__attribute__((noinline)) ' if apart or self.uses[text] > 2 else ''}void {name}{text}"
            for text, name in self.functions.items()
        ]
        # A long list of calls gains nothing from the compiler's best efforts, which would take seconds.
        return functions, [_PLAIN] if apart else []

    def text(self, declared: list[str], enter: list[str], body: list[str]) -> str:
        """The parts put together."""
        functions, apart = self.written(enter, body)
        size, alone = self.arena.size, not any(isinstance(group, Call) for group in self.groups)
        work = sum(step.out.size for group in self.groups for step in _steps(group))
        free = alone and (work > LONG or (bool(self.letters) and work > LONG // 10))
        results = [f"PyTuple_SET_ITEM(result, {i}, (PyObject *){self.object(value)}); {self.object(value)} = NULL;"
                   for i, value in enumerate(self.program.outputs)]  # fmt: skip
        return "\n".join([
            prelude(), SUMS, MEMORY, _HEAD, products.declarations(self.letters, self.blas is not None and self.blas.wide),
            *functions,
            *apart, "static PyObject *run(PyObject *self, PyObject *const *args, Py_ssize_t count) {",
            f"PyArrayObject *o[{len(self.slots) or 1}] = {{NULL}};",
            "PyObject *result = NULL;", *(["char *w = NULL;"] if size > STACK else []), *declared,
            f"if (count != {len(self.program.inputs)}) goto unfit;",
            *room(size, "PyErr_NoMemory(); goto fail;"),
            "{", *enter, "PyThreadState *state = NULL; (void)state; int wrong = 0; (void)wrong;",
            *(["state = PyEval_SaveThread();"] if free else []), *body,
            *(["PyEval_RestoreThread(state); state = NULL;"] if free else []),
            f"result = PyTuple_New({len(self.program.outputs)}); if (!result) goto fail;", *results, "goto fail;",
            "other_branch: __attribute__((unused));", "if (state) PyEval_RestoreThread(state);",
            "PyErr_SetNone(PyTuple_GET_ITEM(self, 1)); goto fail;",
            "misplaced: __attribute__((unused));", "if (state) PyEval_RestoreThread(state);", "}",
            "unfit: __attribute__((unused));",
            "result = PyObject_Vectorcall(PyTuple_GET_ITEM(self, 0), args, (size_t)count, NULL);",
            "fail: __attribute__((unused));", *(["if (w) give_back(w);"] if size > STACK else []),
            f"for (int i = 0; i < {len(self.slots)}; i++) Py_XDECREF(o[i]);", "return result;", "}",
            _tail(self.letters),
        ])  # fmt: skip


def room(size: int, failing: str) -> list[str]:
    """The lines that take so much memory, or do what ``failing`` says."""
    if not size:
        return []
    if size <= STACK:
        return [f"char w[{size}] __attribute__((aligned(64)));"]
    return [f"w = borrow({size}); if (!w) {{ {failing} }}"]


def _steps(group: Group) -> list[Any]:
    return list(group.steps) if isinstance(group, Nest) else [group]


_NUMBERS = {"float32": "NPY_FLOAT32", "float64": "NPY_FLOAT64", "bool": "NPY_BOOL", "int32": "NPY_INT32",
            "int64": "NPY_INT64"}  # fmt: skip

MEMORY = """\
#ifdef __SANITIZE_ADDRESS__
#define AT(offset, size) malloc(size)
#else
#define AT(offset, size) (w + offset)
#endif
#ifdef __FMA__
#define FMA(f, a, b, c) f(a, b, c)
#else
#define FMA(f, a, b, c) ((a) * (b) + (c))
#endif
static void *spare;
__attribute__((unused)) static char *borrow(size_t size) {
    void *w = __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQ_REL);
    return w ? w : aligned_alloc(64, (size + 63) / 64 * 64);
}
__attribute__((unused)) static void give_back(void *w) { free(__atomic_exchange_n(&spare, w, __ATOMIC_ACQ_REL)); }
"""

_HEAD = """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>
__attribute__((unused, noinline)) static int fits(PyObject *o, char kind, int size, int nd, const npy_intp *dims) {
    if (!PyArray_CheckExact(o)) {
        if (nd || !PyArray_IsScalar(o, Number)) return 0;
        PyArray_Descr *d = PyArray_DescrFromScalar(o);
        int same = d && d->kind == kind && PyDataType_ELSIZE(d) == size;
        Py_XDECREF(d);
        return same;
    }
    PyArrayObject *a = (PyArrayObject *)o;
    PyArray_Descr *d = PyArray_DESCR(a);
    if (d->kind != kind || PyDataType_ELSIZE(d) != size || !PyArray_ISNOTSWAPPED(a) || PyArray_NDIM(a) != nd) return 0;
    for (int i = 0; i < nd; i++) if (PyArray_DIMS(a)[i] != dims[i]) return 0;
    return 1;
}
__attribute__((unused, noinline)) static PyArrayObject *in_order(PyObject *o) {
    if (!PyArray_CheckExact(o)) return (PyArrayObject *)PyArray_FromScalar(o, NULL);
    PyArrayObject *a = (PyArrayObject *)o;
    if (PyArray_IS_C_CONTIGUOUS(a) && PyArray_ISALIGNED(a)) { Py_INCREF(a); return a; }
    return (PyArrayObject *)PyArray_FromArray(a, NULL, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED);
}
__attribute__((unused, noinline)) static PyArrayObject *fresh(int nd, const npy_intp *dims, int type) {
    return (PyArrayObject *)PyArray_EMPTY(nd, (npy_intp *)dims, type, 0);
}
__attribute__((unused, noinline)) static PyObject *taken(PyObject *o, int type, int nd, const npy_intp *dims, int fresh) {
    if (!o) return NULL;
    int own = PyArray_CheckExact(o) && Py_REFCNT(o) == 1 && PyArray_CHKFLAGS((PyArrayObject *)o, NPY_ARRAY_OWNDATA);
    int flags = NPY_ARRAY_CARRAY | (fresh && !own ? NPY_ARRAY_ENSURECOPY : 0);
    PyArrayObject *a = (PyArrayObject *)PyArray_FromAny(o, PyArray_DescrFromType(type), nd, nd,
        fresh ? flags : NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED | NPY_ARRAY_NOTSWAPPED, NULL);
    Py_DECREF(o);
    for (int i = 0; a && i < nd; i++) if (PyArray_DIMS(a)[i] != dims[i]) {
        Py_DECREF(a); PyErr_SetString(PyExc_ValueError, "a voice gave another shape than the contract says"); return NULL;
    }
    return (PyObject *)a;
}
"""


def _tail(letters: set[str]) -> str:
    lines = [
        f'{{ PyObject *one = PyDict_GetItemString(places, "{name}"); if (!one) return NULL; '
        f"BLAS_{name} = PyLong_AsVoidPtr(one); }}"
        for name in products.names(letters)
    ]
    return "\n".join([
        'static PyMethodDef run_def = {"run", (PyCFunction)(void (*)(void))run, METH_FASTCALL, NULL};',
        "static PyObject *bind(PyObject *module, PyObject *args) {",
        "PyObject *bound, *places;",
        'if (!PyArg_ParseTuple(args, "O!O!", &PyTuple_Type, &bound, &PyDict_Type, &places)) return NULL;',
        *lines,
        "return PyCFunction_New(&run_def, bound);", "}",
        'static PyMethodDef methods[] = {{"bind", bind, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};',
        'static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "msgrad_native", NULL, -1, methods, '
        "NULL, NULL, NULL, NULL};",
        "PyMODINIT_FUNC PyInit_msgrad_native(void) { import_array(); return PyModule_Create(&definition); }",
    ]) + "\n"  # fmt: skip
