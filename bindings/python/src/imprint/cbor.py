"""CBOR by cbor2, and bytes that may be CBOR."""
from __future__ import annotations

import io
from typing import Any

import cbor2

Data = Any


def encode(value: Data) -> bytes:
    """`value` as CBOR."""
    return cbor2.dumps(value)


def decode(data: bytes) -> Data:
    """The one CBOR item that `data` is; ValueError if it is not exactly one."""
    with io.BytesIO(data) as f:
        try:
            value = cbor2.CBORDecoder(f).decode()
        except (cbor2.CBORDecodeError, ValueError, TypeError, LookupError, OverflowError, RecursionError, MemoryError) as e:
            raise ValueError(f"no CBOR: {e}") from e
        left = len(data) - f.tell()
    if left:
        raise ValueError(f"no CBOR: {left} bytes follow the item")
    return value


def readable(data: bytes) -> Data:
    """Bytes for people: an array, map or tagged item if they are one in CBOR, else the bytes."""
    if data and 4 <= data[0] >> 5 <= 6:
        try:
            return decode(data)
        except ValueError:
            pass
    return data
