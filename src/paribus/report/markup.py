"""Sentences as HTML, for the report and the served pages alike."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_COMMAND = re.compile("`([^`]+)`")


def with_code(text: str) -> Markup:
    """A sentence whose commands stand within backquotes.

    >>> with_code("a < b: `paribus run` tells")
    Markup('a &lt; b: <code>paribus run</code> tells')
    """
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))
