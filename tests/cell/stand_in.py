"""A stand-in for what runs a cell, used where gradients are not what a test is about.

It runs the cell, makes a last call, and displays the names that the cell bound.
"""


def gradcell(shell, code, namespace, options):
    """Run the cell, make a last call of a network, and show the names that the cell bound."""
    __tracebackhide__ = True
    from msgrad_ext.notebook import cell

    with cell.Rollback(namespace):
        result = cell.last_call(code, namespace)
        value = result.call() if result.call else result.value
    if options.out:
        namespace[options.out] = options
    shown = [] if options.quiet else [Shown(f"names: {', '.join(result.names)}")]
    return shown, value


class Shown:
    """Something that displays itself as its text."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def install():
    """Put the stand-in in place of what runs a cell; returns a function that takes it back."""
    from msgrad_ext.notebook import run

    real = run.gradcell
    run.gradcell = gradcell

    def restore():
        run.gradcell = real

    return restore
