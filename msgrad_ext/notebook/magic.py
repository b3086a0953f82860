"""``%%gradcell`` in IPython: its options, their completion, and how it is loaded and unloaded.

No logic lives here: the options are read, `run.gradcell` does the work, and what it returns is displayed.
"""

from __future__ import annotations

import argparse
import re
import shlex
import warnings
from collections.abc import Sequence
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class, no_var_expand, output_can_be_silenced
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display
from traitlets import Bool, Enum, Float, Int, TraitError, Unicode, Union

from ..errors import GradCellOptionError, choices
from ..names import load as public
from . import rich
from .cell import MAGIC, CellText, parse_cell, read_cell
from .options import CHECKS, READERS, CellOptions, Misfit, known_target


@magics_class
class GradCellMagics(Magics):
    """Defaults of ``%%gradcell``; change one by ``%config GradCellMagics.check = 'strict'``."""

    check = Enum(CHECKS, "auto", help="How gradients are checked when --check is not given.").tag(config=True)
    budget = Union(
        [Float(None, allow_none=True, min=0.0), Unicode()],
        default_value=None,
        help="What a check may take: seconds, or amounts such as '2s 500MB'; None: two seconds and 2 GB.",
    ).tag(config=True)
    annotate = Bool(False, help="Show the annotated source without -a.").tag(config=True)
    live = Bool(False, help="Show the live panel without --live.").tag(config=True)
    seed = Int(0, min=0, help="Seed of the check's samples.").tag(config=True)

    @no_var_expand
    @output_can_be_silenced
    @magic_arguments()
    @argument("-o", "--out", metavar="NAME", help="Bind the report to this variable.")
    @argument("--wrt", metavar="NAMES", help="Differentiate by these inputs and parameters: x,fc.weight.")
    @argument("--sens", metavar="NAME", help="The variable that weights the network's output. Default: ones.")
    @argument("--shapes", metavar="SHAPES", help='Formulas without data, at these shapes: "x: (m, k), y: (k, 3)".')
    @argument("--assume", metavar="FACTS", help='What the formulas may use: "A: symmetric; y: one-hot".')
    @argument("--order", metavar="N", help="Order of the derivative. Default: 1.")
    @argument("--check", metavar="HOW", help=f"How gradients are checked: {', '.join(CHECKS)}.")
    @argument("--budget", metavar="BUDGET", help='What the check may take: 2, "500MB", "1e8 ops", "2s 500MB".')
    @argument("--enclose", action="store_true", default=None, help="Prove how exact the gradients are (python-flint).")
    @argument("--sweep", metavar="N", help="Check each gradient at N further places, to the first failure.")
    @argument("-a", "--annotate", action="store_true", default=None, help="Show each line with gradient and cost.")
    @argument("--profile", action="store_true", default=None, help="The same with the time of each line.")
    @argument("--live", action="store_true", default=None, help="Show the live panel.")
    @argument("--no-live", dest="live", action="store_false", default=None, help="Do not show it.")
    @argument("--export", metavar="TARGETS", help="Export to these targets: torch,latex.")
    @argument("--seed", metavar="N", help="Seed of the check's samples.")
    @argument("-q", "--quiet", action="store_true", default=None, help="Run and check, but show nothing.")
    @cell_magic
    def gradcell(self, line: str, cell: str) -> Any:
        """Run a cell and check every gradient in it, numbers against formulas."""
        __tracebackhide__ = True
        from . import run

        shell: Any = self.shell
        text = read_cell(shell, line, cell)
        options = read_options(line, text, self.defaults())
        code = parse_cell(text, shell.transform_ast)
        shown, value = run.gradcell(shell, code, shell.user_ns, options)
        for one in shown:
            display(one)
        return value

    def defaults(self) -> dict[str, Any]:
        """The traits, by the option that each is the default of."""
        return {name: getattr(self, name) for name in ("check", "budget", "annotate", "live", "seed")}


# Reading the options ----------------------------------------------------------------------------------------------

_PARSER: argparse.ArgumentParser = GradCellMagics.gradcell.parser
_PARSER.allow_abbrev = False
_PARSER.exit_on_error = False
_OPTIONS = sorted(word for action in _PARSER._actions for word in action.option_strings if word.startswith("--"))


def read_options(line: str, text: CellText, defaults: dict[str, Any]) -> CellOptions:
    """The options of a magic's line.

    Parameters
    ----------
    line : str
        What follows ``%%gradcell``.
    text : CellText
        The cell, for the place of an error.
    defaults : dict
        Values of options that are not given.

    Raises
    ------
    GradCellOptionError
        For an option that does not exist, or a value that it does not take.
    """
    given = {name: value for name, value in vars(_words(line, text)).items() if value is not None}
    for name, value in given.items():
        if name not in READERS:
            continue
        try:
            given[name] = READERS[name](value)
            if name == "export":
                known_target(given[name], public("exporters")())
        except Misfit as misfit:
            where = text.locate_option(value, f"--{name}", misfit.start, misfit.length)
            subject = "" if name in ("shapes", "assume") else "the value "
            raise GradCellOptionError(f"For '{MAGIC} --{name}', {subject}{misfit}", where) from None
    return CellOptions(**{**defaults, **given})


def _words(line: str, text: CellText) -> argparse.Namespace:
    """The magic's line as argparse reads it, each value still a string."""
    try:
        found, unknown = _PARSER.parse_known_args(shlex.split(line))
    except ValueError as error:  # from shlex
        message = f"For '{MAGIC}', the line can not be read: {error}."
        raise GradCellOptionError(message, text.locate_option(line)) from None
    except argparse.ArgumentError as error:
        option = str(error.argument_name).rpartition("/")[2]
        word = option if option in line else str(error.argument_name).partition("/")[0]
        message = f"For '{MAGIC} {option}', {_reason(error)}."
        raise GradCellOptionError(message, text.locate_option(word)) from None
    except UsageError as error:
        raise GradCellOptionError(f"For '{MAGIC}', {error}.", text.locate_option(line)) from None
    for word in unknown:
        option = word.partition("=")[0]
        if option.startswith("-"):
            message = f"For '{MAGIC}', there is no option '{option}'. {choices(option, _OPTIONS)}"
        else:
            message = f"For '{MAGIC}', '{word}' belongs to no option; a value with blanks needs quotes around it."
        raise GradCellOptionError(message, text.locate_option(option))
    return found


def _reason(error: argparse.ArgumentError) -> str:
    """What argparse has to say, in our words."""
    unwanted = str(error.message).removeprefix("ignored explicit argument ")
    if unwanted != error.message:
        return f"no value belongs to it, but got {unwanted}"
    return "a value must follow it" if str(error.message).startswith("expected one") else str(error.message)


# Completing them --------------------------------------------------------------------------------------------------


def _values(option: str, names: Sequence[str]) -> Sequence[str]:
    """What may follow ``option``."""
    if option == "--check":
        return CHECKS
    if option == "--export":
        return sorted(public("exporters")())
    return names if option in ("--sens", "-o", "--out") else ()


class OptionMatcher:
    """Completes the options of ``%%gradcell`` and their values."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def __call__(self, context: CompletionContext) -> SimpleMatcherResult:
        """The completions at the cursor; none outside of the magic's line."""
        before = context.text_until_cursor
        if not re.match(rf"{MAGIC}\s", before):
            return SimpleMatcherResult(completions=[])
        word = re.split(r"[\s=,]", before)[-1]
        after = re.search(r"(-[\w-]+)(?:\s+|=)(?:[\w.]+,)*$", before.removesuffix(word))
        names = [name for name in self.shell.user_ns if not name.startswith("_")]
        offered = _OPTIONS if word.startswith("-") else _values(after.group(1), names) if after else ()
        if not word and not offered:
            offered = _OPTIONS
        found = [SimpleCompletion(one, type="param") for one in offered if one.startswith(word)]
        return SimpleMatcherResult(completions=found, matched_fragment=word, suppress=bool(found))


# Loading ----------------------------------------------------------------------------------------------------------


def load(shell: Any) -> None:
    """Register the magic and the completion in ``shell``."""
    unload(shell)
    try:
        magics = GradCellMagics(shell)
    except TraitError as error:
        # An instance that failed half-way is listed already.
        _remove_instances(shell)
        shell.config.pop("GradCellMagics", None)
        warnings.warn(f"Settings of GradCellMagics are not used: {error}", stacklevel=2)
        magics = GradCellMagics(shell)
    shell.register_magics(magics)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(_matcher(shell))
    rich.register(shell)


def unload(shell: Any) -> None:
    """Take back all that `load` has done; the user's settings of the traits stay with IPython."""
    shell.magics_manager.magics["cell"].pop("gradcell", None)
    shell.magics_manager.registry.pop(GradCellMagics.__name__, None)
    _remove_instances(shell)
    rich.unregister(shell)
    if shell.Completer is not None:
        matchers = shell.Completer.custom_matchers
        matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != _MATCHER]


_MATCHER = f"{__name__}.options"


def _matcher(shell: Any) -> Any:
    matcher = OptionMatcher(shell)

    @context_matcher(identifier=_MATCHER)
    def complete_options(context: CompletionContext) -> SimpleMatcherResult:
        return matcher(context)

    return complete_options


def _remove_instances(shell: Any) -> None:
    shell.configurables[:] = [one for one in shell.configurables if type(one).__name__ != GradCellMagics.__name__]


__all__ = ["GradCellMagics", "OptionMatcher", "load", "read_options", "unload"]
