"""Sentences as HTML, for the report and the served pages alike."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_COMMAND = re.compile("`([^`]+)`")
_COUNT = re.compile(r"\bn = [\d,]+")


def with_code(text: str) -> Markup:
    """A sentence whose commands stand within backquotes; a line does not end within "n = 5".

    >>> with_code("a < b: `paribus run` tells")
    Markup('a &lt; b: <code>paribus run</code> tells')
    """
    coded = _COMMAND.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(_COUNT.sub(r'<span class="whole">\g<0></span>', coded))
