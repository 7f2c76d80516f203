"""Memory of tables of which a copy costs next to nothing: the kernel copies a page when it is hit.

Each large table lies in a memory file of its own (memfd). A copy is a private mapping of the same
file: it shows what the table holds, and the first write to a page of 4 KiB gives the copy a page
of its own. So a copy of a state of gigabytes takes microseconds, and then as much as it touches.

A page that the copy has not written still shows what is written to the table: a copy is good until
the next batch is applied.
"""

from __future__ import annotations

import mmap
import os
import weakref
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
LEAST = 64 * 1024  # bytes: what is smaller is copied faster than mapped


class CopyOnWrite:
    """Gives memory (`engine.store.Memory`) and knows how to copy it cheaply."""

    def __init__(self) -> None:
        self._files: dict[int, int] = {}  # address of an area: its file

    def __call__(self, size: int) -> Array:
        """So many zeroed bytes. Raises MemoryError."""
        if size < LEAST:
            return np.zeros(size, np.uint8)
        try:
            file = os.memfd_create("gridworks table", os.MFD_CLOEXEC)
            os.ftruncate(file, size)
            area = mmap.mmap(file, size)
        except OSError as error:
            raise MemoryError(f"{size} bytes for a table: {error}") from error
        array: Array = np.frombuffer(area, np.uint8)
        address = int(array.ctypes.data)
        self._files[address] = file
        weakref.finalize(area, self._forget, address)
        return array

    def _forget(self, address: int) -> None:
        os.close(self._files.pop(address))

    def copied(self, array: Array) -> Array:
        """The same content in memory that may be written, until the original is written."""
        file = self._files.get(int(array.ctypes.data))
        if file is None or not array.size:
            return array.copy()
        area = mmap.mmap(file, array.nbytes, mmap.MAP_PRIVATE)
        return np.frombuffer(area, array.dtype).reshape(array.shape)
