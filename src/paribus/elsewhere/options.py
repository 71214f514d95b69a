"""What a user can say of the values of a table, in a word each."""

from __future__ import annotations

from enum import Enum


class Unit(Enum):
    """What the values of a metric are: percentages, shares from 0 to 1, or plain numbers."""

    PERCENT = "percent"
    SHARE = "share"
    NUMBER = "number"


class Missing(Enum):
    """What is the matter with runs that have no value here, an empty cell or no row at all.

    They failed, and are worse than any other; they have a value that went unreported; or they are
    absent, as they were never made.
    """

    FAILED = "failed"
    UNREPORTED = "unreported"
    ABSENT = "absent"
