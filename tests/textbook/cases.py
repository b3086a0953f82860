"""All cases."""

from __future__ import annotations

from .elementwise import ELEMENTWISE
from .forms import FORMS
from .inverses import INVERSES
from .losses import LOSSES
from .norms import NORMS
from .traces import TRACES

CASES = [*TRACES, *FORMS, *NORMS, *INVERSES, *ELEMENTWISE, *LOSSES]
