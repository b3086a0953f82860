"""The least code that shows a fault again, found by shrinking and run before it is shown.

An op's fault is shrunk by the test of single ops (`locate.equation_faults`); one of the whole network by the check itself,
first to fewer equations. What is left is checked as a user would check it, and shown only if the same is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from ...errors import VoiceError
from ...gradients.grad_operation import Application, Request, observed
from ...ir import Graph, Var
from ...numeric.interpreter import interpret
from ...reversing.reverse import expand
from ...tensor import Tensor
from ...tracing.trace import replay
from ..case import Case
from ..culprit.locate import equation_faults, piece
from ..effort.work import scalars
from ..failed import failed_result
from ..result import CheckResult, Fault, Reproducer
from .calls import MISFITS
from .network_cut import network_specimens
from .own_cells import cell_reproduction
from .shrink import Tries, shrunk
from .specimen import Specimen, alone, shortened
from .written import UnwritableError, program_text

Check = Callable[[Application], CheckResult]
Valued = tuple[Graph, Mapping[Var, np.ndarray]]

OP_TRIES = 160
NETWORK_TRIES = 60
WORTH, DEAREST = 500, 20  # scalar operations that are worth one more try, and the most tries that a check is worth
SECOND = "second order"  # how the detail of such a fault begins
MANY, FEW = 256, 8  # numbers of a large specimen, and the lengths that are tried first
LARGEST = 64  # numbers of an input that are still written out


def reproduction(case: Case, fault: Fault, check: Check) -> Reproducer:
    """The least code that shows ``fault`` again, or why there is none.

    Parameters
    ----------
    case : Case
        The application in which the fault was found.
    fault : Fault
        What was found.
    check : callable
        The check of another application, without reproducers.
    """
    if fault.op in case.customs:
        return cell_reproduction(case, fault)
    if fault.detail.startswith(SECOND):
        return _of_second_order(case, fault, check)
    for specimen in suspects(programs(case), fault):
        return op_reproduction(specimen, fault, check)
    return _of_network(case, fault, check)


def suspects(found: Iterable[Valued], fault: Fault) -> Iterator[Specimen]:
    """The equations that show ``fault`` by themselves, with the values they had."""
    for graph, values in found:
        for eqn in graph.eqns:
            if type(eqn.op).__name__ == fault.op and eqn.location == fault.location and not eqn.op.nested:
                yield from islice((one for one in _beginnings(alone(eqn, values)) if shows(one, fault)), 1)


def _beginnings(specimen: Specimen) -> Iterator[Specimen]:
    """The first elements of a large specimen, which mostly tell as much as all of it; then all of it."""
    small = specimen
    for length in specimen.lengths if specimen.total > MANY else []:
        if length > FEW:
            small = shortened(small, length, 0, FEW) or small
    if small is not specimen:
        yield small
    yield specimen


def programs(case: Case) -> Iterator[Valued]:
    """What ran forward and what the plan is made of, with all values; then what nested gradients differentiate."""
    yield case.forward, case.values
    yield valued(case.application.plan.graph, [*case.application.program.values, *(case.application.sens or ())])
    pending = [case.program]
    while pending:
        for eqn in pending.pop().eqns:
            if eqn.op.nested and getattr(eqn.op, "graph", None) is not None:
                call: Any = eqn.op
                pending.append(call.graph)
                yield valued(expand(call.graph), call.call.values[: len(call.graph.inputs)])


def valued(graph: Graph, arrays: Sequence[Any]) -> Valued:
    """``graph`` with the value of every variable at ``arrays``."""
    with np.errstate(all="ignore"):
        return graph, interpret(graph, [np.asarray(array) for array in arrays])


def shows(specimen: Specimen, fault: Fault) -> bool:
    """True when the one equation of ``specimen`` has the same fault by itself."""
    (eqn,) = specimen.graph.eqns
    values = dict(zip(specimen.graph.inputs, specimen.arrays))
    try:
        found = list(equation_faults(piece(eqn, values), np.random.default_rng(0)))
    except MISFITS:
        return False
    return any(same(one, fault) for one in found)


def same(one: Fault, other: Fault) -> bool:
    """True for two faults of one op, operand and side, and of one kind: a wrong number, or a wrong form."""
    if (one.op, one.side) != (other.op, other.side) or (one.index is None) != (other.index is None):
        return False
    # A rule of a wrong form may be refused before an operand is looked at.
    unknown = one.index is None and None in (one.operand, other.operand)
    return (one.operand == other.operand or unknown) and _of_shape(one) == _of_shape(other)


def _of_shape(fault: Fault) -> bool:
    return " gives shape " in fault.detail


def op_reproduction(specimen: Specimen, fault: Fault, check: Check) -> Reproducer:
    """The least specimen that shows the fault by itself and in the check of it alone, as code."""
    kept = [specimen]

    def asked(candidate: Specimen) -> bool:
        if not shows(candidate, fault):
            return False
        kept.append(candidate)
        return True

    shrunk(specimen, asked, Tries(OP_TRIES))
    # The least that the test of single ops accepts may be told otherwise by the whole check: then one that is larger.
    return _told(next((one for one in reversed(kept) if _confirmed(one, fault, check)), None))


def _confirmed(specimen: Specimen, fault: Fault, check: Check) -> bool:
    return any(same(found, fault) for found in _faults(check, partial(_replayed, specimen.graph), specimen))


def _faults(check: Check, function: Callable[..., Any], specimen: Specimen) -> list[Fault]:
    """The faults that the check of ``function`` at the specimen's values finds."""
    try:
        result = check(applied_to(function, specimen))
    except VoiceError as error:
        named = {"x": Tensor(np.zeros(1))}
        result = failed_result("net", error, 0, named, {})
    except MISFITS:
        return []
    return list(dict.fromkeys(one.fault for one in result.gradients if one.fault is not None))


def _replayed(graph: Graph, *operands: Any) -> Any:
    results = replay(graph, operands)
    return results[0] if len(results) == 1 else tuple(results)


def applied_to(function: Callable[..., Any], specimen: Specimen) -> Application:
    """The gradients of ``function`` by all float inputs, as `msgrad_ext.check` takes them."""
    request = Request(function, [Tensor(array) for array in specimen.arrays], {}, store=False)
    inputs = request.program.graph.inputs[: len(request.program.arguments)]
    for var, given in zip(inputs, specimen.graph.inputs):
        if var.dtype.kind == "f":
            request.ask(var, given.name, "input")
    with observed() as found:
        request.run(None)
    return found[0]


def _of_second_order(case: Case, fault: Fault, check: Check) -> Reproducer:
    """The rule's op alone, differentiated twice."""

    def asked(candidate: Specimen) -> bool:
        function = _gradients_of(partial(_replayed, candidate.graph))
        found = _faults(check, function, candidate)
        return any(same(one, fault) and one.detail.startswith(SECOND) for one in found)

    for graph, values in programs(case):
        for eqn in graph.eqns:
            if type(eqn.op).__name__ == fault.op and eqn.location == fault.location:
                specimen = alone(eqn, values)
                if asked(specimen):
                    return _told(shrunk(specimen, asked, Tries(NETWORK_TRIES)), order=2)
    return Reproducer("", 0, "no reproducer: the op alone, differentiated twice, does not show it")


def _gradients_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that gives the gradients of ``function`` by all its float operands."""

    def gradients(*operands: Any) -> tuple[Any, ...]:
        request = Request(function, operands, {}, store=False)
        for place, var in enumerate(request.program.graph.inputs[: len(request.program.arguments)]):
            if var.dtype.kind == "f":
                request.by_input(place)
        return tuple(request.run(None))

    return gradients


def _of_network(case: Case, fault: Fault, check: Check) -> Reproducer:
    """A fault that no op shows by itself: the network's equations are cut away first."""
    graph = case.application.program.graph
    if any(eqn.op.nested for eqn in graph.eqns):
        return Reproducer("", 0, "no reproducer: the network has a nested gradient or a bprop, which is no single call")
    specimen = Specimen(graph, tuple(np.asarray(value) for value in case.application.program.values))
    tries = Tries(NETWORK_TRIES)

    def asked(candidate: Specimen) -> bool:
        # The whole check of a large program takes as long as many checks of small ones.
        tries.left -= min(scalars(candidate.graph) // WORTH, DEAREST)
        return _confirmed(candidate, fault, check)

    shown = next(filter(asked, _beginnings(specimen)), None)
    if shown is None:
        return Reproducer(
            "", 0, "no reproducer: checked once more, with all outputs weighted by 1, the fault did not show"
        )
    specimen = shown
    for smaller in network_specimens(specimen):
        if tries.left <= 0:
            break
        tries.left -= 1
        if asked(smaller):
            specimen = smaller
            break
    return _told(shrunk(specimen, asked, tries))


def _told(specimen: Specimen | None, order: int = 1) -> Reproducer:
    if specimen is None:
        why = "no reproducer: the op shows the fault with the values of the network, but not in a network of its own"
        return Reproducer("", 0, why)
    if specimen.elements > LARGEST:
        why = f"no reproducer: the fault shows at no smaller shape than one of {specimen.elements} elements"
        return Reproducer("", specimen.elements, why)
    try:
        code = program_text(specimen, order)
    except UnwritableError as error:
        return Reproducer("", specimen.elements, f"no reproducer: {error}")
    size = f"{specimen.elements} element{'s' * (specimen.elements != 1)}"
    small = "" if specimen.elements <= 2 else "; at each smaller shape that was tried the fault is gone or another"
    return Reproducer(code, specimen.elements, f"run before it was shown: the same fault with {size}{small}")
