"""Results in; text, HTML, SVG and widgets out. Nothing is computed here but what display needs.

`sections.build` makes a neutral tree of parts from a report; `text`, `html` and `widgets` read that tree.
`widgets` is not imported here, since it needs ipywidgets.
"""

from .bundle import latex_outputs, mimebundle
from .page import page

__all__ = ["latex_outputs", "mimebundle", "page"]
