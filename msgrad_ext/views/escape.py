"""The only way from foreign text to output: names, messages and code are data, whatever they contain.

`plain` makes invisible and reordering characters visible; `escape` does that and makes the text safe inside HTML,
SVG and quoted attributes. Escaping twice would show, so each piece is escaped once, where it is put out.
"""

from __future__ import annotations

import html
import re

# Control characters (but tab and newline), soft hyphen, zero-width and bidi controls, line separators, surrogates,
# byte-order mark and non-characters: some reorder or hide text, others are not allowed in XML at all.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff]"
)


def plain(text: object) -> str:
    """``text`` with characters that cannot be seen, or that reorder others, written as ``\\x1b`` or ``\\u202e``."""

    def name(match: re.Match[str]) -> str:
        code = ord(match.group())
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"

    return _UNSEEN.sub(name, str(text))


def escape(text: object) -> str:
    """``text`` for HTML and SVG, in an element or in a quoted attribute."""
    return html.escape(plain(text), quote=True)
