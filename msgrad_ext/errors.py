"""The errors of the package, and the place in the user's code that each one names.

Everything raised on purpose is a `MsgradError`. A message has the form *For 'Op', what must hold, but got what*; the
line of the user's cell follows on a line of its own. IPython shows these errors as a few lines, without our frames.
"""

from __future__ import annotations

import linecache
import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType, TracebackType

_PACKAGE = str(Path(__file__).parent)
# Frames of these run the user's code; they are not it.
_FRONT_ENDS = (f"{os.sep}IPython{os.sep}", f"{os.sep}ipykernel{os.sep}")


@dataclass(frozen=True)
class Location:
    """A place in the user's code: file, line (from 1), function, and the instruction that tells the columns."""

    filename: str
    line: int
    function: str
    code: CodeType | None = field(default=None, compare=False, repr=False)
    instruction: int = field(default=0, compare=False, repr=False)
    span: tuple[int, int] | None = field(default=None, compare=False, repr=False)

    @property
    def columns(self) -> tuple[int, int] | None:
        """First and last column (from 0, in characters) of what is at fault, or None when it is not on one line."""
        if self.span is not None or self.code is None:
            return self.span
        for index, (line, end_line, column, end_column) in enumerate(self.code.co_positions()):
            if index == self.instruction // 2 and column is not None and end_column is not None:
                return self._characters(column, end_column) if line == end_line == self.line else None
        return None

    def _characters(self, start: int, end: int) -> tuple[int, int]:
        """Columns that count UTF-8 bytes, as Python's code objects do, as columns that count characters."""
        source = linecache.getline(self.filename, self.line).encode()
        return len(source[:start].decode(errors="replace")), len(source[:end].decode(errors="replace"))

    @cached_property
    def text(self) -> str:
        """The source line, stripped; empty when the source is not at hand."""
        return linecache.getline(self.filename, self.line).strip()

    @property
    def in_cell(self) -> bool:
        """True when the place is a notebook cell (or other source that has no file)."""
        return "ipykernel_" in self.filename or self.filename.startswith("<")

    @property
    def label(self) -> str:
        """``Cell In[4]`` when IPython knows the cell's number, otherwise ``Cell`` or the file's name."""
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        known = shell.compile.format_code_name(self.filename) if shell is not None else None
        if known:
            return " ".join(known)
        return "Cell" if self.in_cell else f"File {os.path.basename(self.filename)}"

    def __str__(self) -> str:
        return self._told

    @cached_property
    def _told(self) -> str:
        place = "of the cell" if self.in_cell else f"of {os.path.basename(self.filename)}"
        where = "" if self.function == "<module>" else f"in {self.function}, "
        text = self.text
        return f"{where}line {self.line} {place}" + (f": {text}" if text else "")


def user_location() -> Location | None:
    """The innermost frame of the user's code: where it stands now. None when there is none, as in a magic itself."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return None
    code = frame.f_code
    found = _places.get((id(code), frame.f_lasti))
    if found is None or found.code is not code:
        if any(part in code.co_filename for part in _FRONT_ENDS):
            return None
        if len(_places) >= _MOST_PLACES:
            _places.clear()
        found = Location(code.co_filename, frame.f_lineno, code.co_name, code, frame.f_lasti)
        _places[id(code), frame.f_lasti] = found
    return found


# A loop passes the same places again and again. Code of two cells may be equal: it is told apart by identity.
_places: dict[tuple[int, int], Location] = {}
_MOST_PLACES = 4096


def _cell_location(traceback: TracebackType | None) -> Location | None:
    """The innermost line of a cell that a traceback passes through."""
    found = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = Location(code.co_filename, traceback.tb_lineno, code.co_name, code, traceback.tb_lasti)
        # The line that IPython makes of a cell magic is not what the user wrote.
        found = place if place.in_cell and not place.text.startswith("get_ipython()") else found
        traceback = traceback.tb_next
    return found


def without_our_frames(error: BaseException) -> BaseException:
    """``error`` with the frames of this package left out of its traceback.

    What was raised by this package's own code keeps them, since they are needed to find the fault; an interrupt, which
    falls anywhere, does not.
    """
    frames, entry = [], error.__traceback__
    while entry is not None:
        frames.append(entry)
        entry = entry.tb_next
    ours = [one.tb_frame.f_code.co_filename.startswith(_PACKAGE) for one in frames]
    kept = [one for one, own in zip(frames, ours) if not own]
    if not kept or (ours[-1] and not isinstance(error, KeyboardInterrupt)):
        return error
    for one, following in zip(kept, [*kept[1:], None]):
        one.tb_next = following
    return error.with_traceback(kept[0])


class MsgradError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        What must hold, and what was found instead.
    location : Location, optional
        The user's line at fault.
    """

    def __init__(self, message: str, location: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.location = location

    def at(self, location: Location | None) -> MsgradError:
        """This error, with ``location`` added if it has none yet."""
        if self.location is None:
            self.location = location
        return self

    def __str__(self) -> str:
        if self.location is None:
            return self.message
        place = str(self.location)
        return f"{self.message}\n{place[0].upper()}{place[1:]}"

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback: the user's line, a caret, the message."""
        place = self.location or _cell_location(self.__traceback__)
        if place is None or not place.text:
            return [f"{type(self).__name__}: {self.message}"]
        source = linecache.getline(place.filename, place.line).rstrip("\n")
        code = source.lstrip()
        shift = len(source) - len(code)
        start, end = place.columns or (shift, len(source))
        start = max(start, shift)
        mark = " " * (start - shift) + "^" * max(end - start, 1)
        return [
            f"{place.label}, line {place.line}",
            f"    {code}",
            f"    {mark}",
            f"{type(self).__name__}: {self.message}",
        ]


class ShapeError(MsgradError, ValueError):
    """Shapes do not meet an op's contract."""


class DtypeError(MsgradError, TypeError):
    """A dtype that the op does not take."""


class ArgumentError(MsgradError, TypeError):
    """An argument of the wrong kind, or missing, or one too many."""


class ArgumentValueError(MsgradError, ValueError):
    """An argument of the right kind with a value that is out of range."""


class CountError(ArgumentValueError, RuntimeError):
    """Members that are too few, too many or repeated; MindSpore raises one or the other."""


class AxisError(MsgradError, ValueError, IndexError):
    """An axis or an index that the tensor does not have."""


class IndexKindError(MsgradError, ValueError, TypeError):
    """A tensor that can not be an index: not one integer."""


class NameTakenError(MsgradError, KeyError, ValueError):
    """A name under which a cell can not hold what it was given: taken, empty, or with a dot in it."""

    # KeyError would print the message as a quoted key.
    __str__ = MsgradError.__str__


class SensError(MsgradError, TypeError, RuntimeError):
    """Weights of the output whose structure is not the output's; MindSpore's modes raise one or the other."""


class SensShapeError(ShapeError, RuntimeError):
    """Weights of the output whose shape is not the output's; MindSpore's modes raise one or the other."""


class PositionError(AxisError, RuntimeError):
    """A position of an input, or an entry of a tensor of indices, that there is not; MindSpore raises one or the other."""


class BatchError(MsgradError, ValueError, RuntimeError):
    """Axes to map over that do not fit the arguments."""


class AssignmentError(MsgradError, RuntimeError):
    """An element of a tensor can not be assigned to."""


class UnknownNameError(MsgradError, AttributeError, ValueError):
    """A name, attribute or option that does not exist; the message offers the choices."""


class MissingGradientError(UnknownNameError, RuntimeError):
    """A gradient that was not asked for."""


class TracedValueError(MsgradError, TypeError):
    """A traced tensor was used where only a number will do, which would cut the gradient."""


class NotSupportedError(MsgradError, NotImplementedError, TypeError):
    """Right in itself, but not supported here; the message names the nearest thing that works."""


class GradCellError(MsgradError):
    """A cell that cannot be run: a syntax error or an option that does not fit."""


class GradCellOptionError(GradCellError, ValueError):
    """An option of ``%%gradcell`` that does not exist, or a value that it does not take."""


class FacadeImportError(GradCellError, ImportError):
    """A cell imports a module or name of MindSpore that this package does not offer."""


class GradientError(MsgradError, AssertionError):
    """A gradient is wrong; raised by ``report.raise_if_wrong()``."""


class EngineError(MsgradError, RuntimeError):
    """A fault of this package: an invariant of its own does not hold."""


class VoiceError(EngineError):
    """A voice of an op returned something that can not be its result: a wrong number, shape or dtype.

    Attributes
    ----------
    op : str
        The op's name.
    operand : str or None
        The operand that a cotangent was returned for; None for the result itself.
    side : str
        ``"forward"`` for the ``numpy`` voice, ``"numeric"`` for a rule.
    """

    side = "numeric"

    def __init__(self, message: str, op: str, operand: str | None = None, location: Location | None = None) -> None:
        super().__init__(message, location)
        self.op = op
        self.operand = operand


class ForwardVoiceError(VoiceError):
    """A ``numpy`` voice gave what can not be its result, or wrote into what it was handed."""

    side = "forward"


class BackwardError(VoiceError, ArgumentError):
    """A backward function of the user's returned a wrong number of gradients, or what is no gradient at all."""


class BackwardShapeError(VoiceError, ShapeError):
    """A backward function of the user's returned a gradient of a wrong shape."""


def choices(name: str, known: list[str]) -> str:
    """``Did you mean 'a'?`` for a near miss, otherwise the list of what there is."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Choose from: {', '.join(sorted(known))}."
