"""Numbers, lists, names and commands as text: each has one form wherever it is printed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MINUS = "−"

_MOST_DECIMALS_OF_LOSSES = 7

STORE = Path("runs")
"""The folder of a store where no other is named."""


def percent(share: float, form: str = ".0f") -> str:
    """Return a share as a percentage; `form` is the number's format.

    >>> percent(0.95), percent(0.98741, ".2f"), percent(0.9995, "g")
    ('95%', '98.74%', '99.95%')
    """
    return f"{share * 100:{form}}%"


def with_unit(number: str, unit: str) -> str:
    """Return a number with its unit, if it has one.

    >>> with_unit("7.1", "s"), with_unit("5", "% of the time of a step"), with_unit("3", "")
    ('7.1 s', '5% of the time of a step', '3')
    """
    return f"{number}{'' if unit.startswith('%') else ' '}{unit}" if unit else number


def points(share: float, form: str = ".2f") -> str:
    """Return a difference of shares in percentage points.

    >>> points(0.0272), points(0.01, "g")
    ('2.72 points', '1 point')
    """
    number = f"{share * 100:{form}}"
    return f"{number} {'point' if number == '1' else 'points'}"


def plural(number: float, one: str, many: str = "") -> str:
    """Return the word for a number of things, by default with an "s" for more than one.

    >>> plural(1, "run"), plural(0, "run"), plural(2, "is", "are")
    ('run', 'runs', 'are')
    """
    return one if number == 1 else many or f"{one}s"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number of things with their word.

    >>> count(1, "run"), count(12_000, "test image")
    ('1 run', '12,000 test images')
    """
    return f"{number:,} {plural(number, one, many)}"


def extent(low: int, high: int) -> str:
    """Return both ends of a range of counts, or the one number that it is.

    >>> extent(5, 5), extent(25, 1_500)
    ('5', '25 to 1,500')
    """
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def signed(number: int) -> str:
    """Return a difference of counts with its sign.

    >>> signed(1_200), signed(-3), signed(0)
    ('+1,200', '−3', '0')
    """
    return f"{number:+,}".replace("-", MINUS) if number else "0"


def rounded(number: int) -> str:
    """Return a large count in three digits.

    >>> rounded(850), rounded(42_200), rounded(4_587_968)
    ('850', '42.2 k', '4.59 M')
    """
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        # What would round up to "1e+03 k" is a million.
        if number >= 0.9995 * size and number >= 1000:
            return f"{number / size:#.3g}".rstrip(".") + f" {unit}"
    return str(number)


@dataclass(frozen=True)
class Spread:
    """A mean over runs and its SD."""

    mean: str
    sd: str = ""
    """Empty where there are fewer than two runs."""

    def __str__(self) -> str:
        return f"{self.mean} ± {self.sd}" if self.sd else self.mean


def spread(values: NDArray[np.float64], form: str, scale: float = 1.0) -> Spread:
    """Return mean and SD of values, or the one value there is; a dash if there is none.

    >>> import numpy as np
    >>> print(spread(np.array([0.98, 0.99]), ".2f", 100))
    98.50 ± 0.71
    >>> print(spread(np.array([0.98]), ".2f", 100))
    98.00
    """
    if len(values) == 0:
        return Spread("–")
    mean = f"{values.mean() * scale:{form}}"
    if len(values) == 1:
        return Spread(mean)
    # ddof=1: the seeds are a sample of those that could have been drawn.
    return Spread(mean, f"{values.std(ddof=1) * scale:{form}}")


def loss_spread(values: NDArray[np.float64]) -> Spread:
    """Return mean and SD of losses, with two figures of the mean or more.

    >>> import numpy as np
    >>> print(loss_spread(np.array([0.0614, 0.0624])))
    0.0619 ± 0.0007
    >>> print(loss_spread(np.array([1.4e-5, 1.8e-5])))
    0.000016 ± 0.000003
    """
    import numpy as np

    # Of a run that nearly diverged nobody reads the decimals.
    if not np.all(values < 100):
        return spread(values, ".4g")
    mean = float(np.abs(values.mean())) if len(values) else 0.0
    decimals = 4
    while 0 < mean * 10**decimals < 9.5 and decimals < _MOST_DECIMALS_OF_LOSSES:
        decimals += 1
    return spread(values, f".{decimals}f")


def duration(seconds: float) -> str:
    """Return a measured time.

    >>> duration(7.34), duration(139), duration(5000)
    ('7.3 s', '139 s', '83 min')
    >>> duration(0.03)
    '< 0.1 s'
    """
    if seconds < 0.05:
        return "< 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def time_left(seconds: float) -> str:
    """Return a time left, which changes as it is read; static/shared.js has the same.

    >>> time_left(75), time_left(7_320)
    ('1:15', '2 h 02 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes}:{rest:02}"


def size_text(size: int) -> str:
    """Return a number of bytes for people.

    >>> size_text(4_300_000_000), size_text(1_000_000_000), size_text(12_000_000)
    ('4.3 GB', '1 GB', '12 MB')
    """
    if size < 1000:
        return f"{size} bytes"
    if size < 999.5e6:
        return f"{size / 1e6:.3g} MB"
    return f"{size / 1e9:.3g} GB" if size < 999.5e9 else f"{size / 1e9:.0f} GB"


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters.

    >>> shortened("residual-bn-adam", 10)
    'residual-…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def short_name(name: str, most: int) -> str:
    """Return a name of at most so many characters: both its ends, as names of variants that begin
    alike differ in what they end with.

    >>> short_name("cnn-augment-shift1-patience-3", 20), short_name("cnn", 20)
    ('cnn-augme…patience-3', 'cnn')
    """
    if len(name) <= most:
        return name
    head = (most - 1) // 2
    return f"{name[:head]}…{name[len(name) - (most - 1 - head) :]}"


def listed(parts: Sequence[str], most: int = 5) -> str:
    """Return a list in words, of which at most `most` parts are named.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d"], most=2)
    ('a, b and c', 'a, b and 2 more')
    """
    if not parts:
        return ""
    named = list(parts[:most])
    if len(parts) > most:
        named.append(f"{len(parts) - most:,} more")
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def series(numbers: Sequence[int]) -> str:
    """Return numbers as they are listed in a sentence.

    >>> series([5, 10, 20]), series([5])
    ('5, 10 and 20', '5')
    """
    return listed(list(map(str, numbers)), most=len(numbers))


def shown(text: object, most: int = 400) -> str:
    """Return a text for a message of one line: what cannot be shown escaped, the middle of a long
    one left out.

    >>> shown("caf\\udce9 a\\nb")
    'caf\\\\xe9 a\\\\nb'
    """
    whole = str(text)
    if len(whole) > most:
        whole = f"{whole[: most // 2]}...{whole[-3 * most // 8 :]}"
    return "".join(map(_printable, whole))


def _printable(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # How Python holds a byte of a name that is not UTF-8.
        return f"\\x{ord(character) - 0xDC00:02x}"
    # A combining mark or a space of another width is printable to a reader, though not to Python.
    if character.isprintable() or category(character) in ("Zs", "Mn", "Mc", "Me"):
        return character
    return repr(character)[1:-1]


def is_import_path(text: str) -> bool:
    """Return whether a text has the form of an import path.

    >>> is_import_path("my_package.data:load"), is_import_path("C:/data"), is_import_path("mnist")
    (True, False, False)
    """
    return re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text) is not None


def no_formula(text: str) -> str:
    """Return a text as spreadsheets show it: one that begins like a formula they would work out.

    >>> no_formula("=1+1"), no_formula("Is it better?"), no_formula("-0.5")
    ("'=1+1", 'Is it better?', '-0.5')
    """
    if not text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def command(*words: str, store: Path = STORE) -> str:
    """Return a command of Paribus as it can be typed, with the option for its store if it needs
    one.

    >>> command("run", "my study.toml", store=Path("other"))
    "paribus run 'my study.toml' --store other"
    """
    where = () if store == STORE else ("--store", str(store))
    return shlex.join(["paribus", *words, *where])
