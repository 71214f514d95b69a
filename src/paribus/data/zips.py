"""How long the directory of a zip archive is, before it is read.

zipfile makes an object of each entry: an archive of 50 MB can have a million, which take a minute.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

# PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16: records at the end of an archive.
_END, _LOCATOR, _END_64 = b"PK\x05\x06", b"PK\x06\x07", b"PK\x06\x06"
_LONGEST_COMMENT = 65_535
_END_LENGTH, _LOCATOR_LENGTH = 22, 20


def directory_size(stream: BinaryIO) -> int:
    """Return the length of an archive's central directory in bytes, as it says; 0 if it is none."""
    length = stream.seek(0, os.SEEK_END)
    tail_start = max(0, length - _LONGEST_COMMENT - _END_LENGTH)
    stream.seek(tail_start)
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_LENGTH:
        return 0
    size: int = struct.unpack_from("<L", tail, at + 12)[0]
    locator = tail[max(0, at - _LOCATOR_LENGTH) : at]
    if not locator.startswith(_LOCATOR):
        return size
    # An archive of more than 4 GB says it in another record; the larger of both counts.
    offset: int = struct.unpack_from("<Q", locator, 8)[0]
    if offset >= length:
        return size
    stream.seek(offset)
    record = stream.read(48)
    if record.startswith(_END_64) and len(record) == 48:
        size = max(size if size != 2**32 - 1 else 0, struct.unpack_from("<Q", record, 40)[0])
    return size
