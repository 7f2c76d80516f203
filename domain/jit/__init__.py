"""The one place that imports numba: `entry`, `kernel`, `table` and a few intrinsics.

numba's disk cache hashes only the file that defines a function, so a change in a helper or a
constant elsewhere would silently run stale machine code. Each function is therefore cached in a
folder named by a hash of its own module and of every project module that it imports, directly or
not. Environment:

- ``NUMBA_DISABLE_JIT=1``: kernels run as plain Python (coverage, debugger).
- ``GRIDWORKS_BOUNDSCHECK=1``: kernels check every index (tests always do; 7-10 % slower).
- ``GRIDWORKS_CACHE``: where compiled code is kept (default ``~/.cache/gridworks``).
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir as ir  # for domain.bits
from numba import types as types
from numba.core import cgutils as cgutils
from numba.core import config
from numba.extending import intrinsic as intrinsic
from numba.np.arrayobj import populate_array as populate_array

from domain.jit import compiler
from domain.jit.cache import BOUNDSCHECK as BOUNDSCHECK
from domain.jit.cache import cache_root as cache_root
from domain.jit.cache import source_key as source_key

DISABLED = bool(config.DISABLE_JIT)


def kernel(function: Callable[..., Any] | None = None, inline: bool = False) -> Any:
    """Compile a function that only other kernels call (its code is cached with its callers).

    `inline`: it is copied into them, so constants given to it shape its code. Its arrays must not
    overlap where it writes: the compiler relies on that. Decorator: `@kernel(inline=True)`.
    """
    if function is None:
        return functools.partial(kernel, inline=inline)
    make = numba.njit(
        boundscheck=BOUNDSCHECK, error_model="numpy", no_cpython_wrapper=True,
        no_cfunc_wrapper=True, forceinline=inline, pipeline_class=compiler.KernelCompiler,
    )  # fmt: skip
    return _for_kernels_only(make(function))


def cold(function: Callable[..., Any]) -> Any:
    """A kernel that is hardly ever called: LLVM keeps it, and the way to it, out of the way."""
    compiler.COLD.add(f"{function.__module__}.{function.__qualname__}")
    return kernel(function)


def _for_kernels_only(dispatcher: Any) -> Any:
    """Compile one version a kernel, for int64, instead of one for each literal and narrow int.

    numba would specialise on every constant that is passed (0, 1, True, ...) and on uint8,
    int32 and so on; that doubles the compile time of the whole engine for nothing.
    """
    if DISABLED:
        return dispatcher
    resolve = dispatcher.get_call_template

    def wide(args: Any, kws: Any) -> Any:
        return resolve([_wide(a) for a in args], {k: _wide(a) for k, a in kws.items()})

    def keep(result: Any) -> None:  # there is no machine code to enter for calls from Python
        dispatcher.overloads[tuple(result.signature.args)] = result

    def refuse(*_: Any, **__: Any) -> None:
        name = f"{dispatcher.__module__}.{dispatcher.__name__}"
        raise TypeError(
            f"{name} is a kernel: only kernels call it. From Python call an `entry` that does; "
            "with NUMBA_DISABLE_JIT=1 every kernel is a plain function"
        )

    dispatcher.get_call_template = wide
    dispatcher.add_overload = keep
    dispatcher._compile_for_args = refuse  # where a call from Python goes that finds no code
    return dispatcher


def _wide(kind: Any) -> Any:
    kind = types.unliteral(kind)
    narrow = isinstance(kind, types.Integer) and kind.bitwidth < 64
    return types.int64 if narrow else kind


def entry(function: Callable[..., Any]) -> Any:
    """Compile a kernel that Python calls: cached on disk, releases the GIL, compiled lazily."""
    if DISABLED:
        return function
    key = source_key(Path(function.__code__.co_filename).resolve())
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_root() / key)
    try:
        made = numba.njit(
            cache=True, nogil=True, boundscheck=BOUNDSCHECK, error_model="numpy",
            pipeline_class=compiler.EntryCompiler,
        )(function)  # fmt: skip
    finally:
        config.CACHE_DIR = before
    made.compile = compiler.undisturbed()(made.compile)
    return made


def plain(function: Callable[..., Any]) -> Any:
    """Compile a function of a user with numba's own rules; nothing of it is kept on disk."""
    return function if DISABLED else numba.njit(nogil=True, error_model="numpy")(function)


@intrinsic  # type: ignore[misc]
def _pointer(typingctx: Any, address: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen


@intrinsic  # type: ignore[misc]
def fixed(typingctx: Any, address: Any) -> Any:
    """The int64 at an address that no kernel writes to: LLVM may keep it in a register."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], ir.IntType(64).as_pointer())
        value = builder.load(place)
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return value

    return types.int64(types.int64), codegen


@functools.lru_cache(maxsize=65536)
def python_view(address: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """An array over memory, as uncompiled kernels see it."""
    size = int(np.prod(shape)) * dtype.itemsize
    buffer = (ctypes.c_char * size).from_address(address)
    return np.frombuffer(buffer, dtype=dtype).reshape(shape)


def _python_table(slot: int, width: int, kind: np.dtype[Any]) -> Any:
    def view(s: Any) -> Any:
        pair = (ctypes.c_int64 * 2).from_address(int(s) + 16 * slot)
        shape = (pair[1], width) if width else (pair[1],)
        return python_view(pair[0], shape, kind)

    return view


def table(slot: int, dtype: Any, width: int = 0) -> Any:
    """A kernel that returns table number `slot` of a store as an array view.

    A store is the address of an int64 array of (address, count) pairs, one pair a table
    (`engine.store`). Passing that one integer instead of a dozen arrays keeps calls cheap (an
    array argument is seven words and a reference count); a view is two loads, and they are done
    once: Python moves tables only between two runs of a kernel.
    `width` > 0 gives a two-dimensional view of `count` rows of that many columns.
    """
    here, count, kind = 16 * slot, 16 * slot + 8, np.dtype(dtype)
    if DISABLED:
        return _python_table(slot, width, kind)
    if width:

        def view(s: Any) -> Any:
            return numba.carray(_pointer(fixed(s + here)), (fixed(s + count), width), kind)
    else:

        def view(s: Any) -> Any:
            return numba.carray(_pointer(fixed(s + here)), (fixed(s + count),), kind)

    return kernel(view)


def grid(dtype: Any, width: int) -> Any:
    """A kernel that views `count` rows of `width` values that lie at an address."""
    kind = np.dtype(dtype)
    if DISABLED:
        return lambda address, count: python_view(int(address), (int(count), width), kind)

    return kernel(lambda address, count: numba.carray(_pointer(address), (count, width), kind))


def scratch(count: int) -> Any:
    """A kernel that gives `count` float64 slots on the stack of its caller, not cleared."""
    if DISABLED:
        return lambda: np.zeros(count)
    kind = types.Array(types.float64, 1, "C")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        double = context.get_data_type(types.float64)
        place = cgutils.alloca_once(builder, double, size=count)
        made = context.make_array(kind)(context, builder)
        size, step = (context.get_constant(types.intp, n) for n in (count, 8))
        populate_array(made, place, [size], [step], step, meminfo=None)
        return made._getvalue()

    @intrinsic  # type: ignore[misc]
    def slots(typingctx: Any) -> Any:
        return kind(), codegen

    return slots
