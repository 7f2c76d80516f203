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
import gc
import hashlib
import operator
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir as ir  # for domain.bits
from llvmlite.binding import Linkage, set_option
from numba import types as types
from numba.core import cgutils as cgutils
from numba.core import config
from numba.core.compiler import Compiler
from numba.core.cpu import CPUContext
from numba.core.imputils import impl_ret_borrowed, lower_builtin
from numba.core.targetconfig import TargetConfig
from numba.extending import intrinsic as intrinsic
from numba.np.arrayobj import populate_array as populate_array

DISABLED = bool(config.DISABLE_JIT)
BOUNDSCHECK = os.environ.get("GRIDWORKS_BOUNDSCHECK", "0") == "1"
ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("domain", "risk", "engine", "indicators", "backtest", "server")
# How much code LLVM inlines of a function that asks for it; only kernels do. Its default is 325.
# A build that checks bounds is there to be compiled, not to be fast.
set_option("gridworks", f"-inlinehint-threshold={40 if BOUNDSCHECK else 1500}")
_SHARED = Linkage.linkonce_odr.value
_COLD: set[str] = set()  # kernels that are hardly ever called, by their full names
_IMPORT = re.compile(
    rf"^[ \t]*(?:from|import)[ \t]+((?:{'|'.join(PACKAGES)})[\w.]*)"
    r"(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n]*))?",
    re.M,
)


def cache_root() -> Path:
    """The writable folder that holds compiled code."""
    named = os.environ.get("GRIDWORKS_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    wanted = Path(named) if named else home / "gridworks"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir()) / "gridworks"
    return wanted if os.access(wanted, os.W_OK) else Path(tempfile.gettempdir()) / "gridworks"


@functools.cache
def _imports(path: Path) -> tuple[Path, ...]:
    found = []
    for name, taken in _IMPORT.findall(path.read_text(encoding="utf-8")):
        base = ROOT.joinpath(*name.split("."))
        parts = [base, *(base / part for part in re.findall(r"\w+", taken))]
        for part in parts:  # `from risk import checks` takes a module, not a name in one
            found += [p for p in (part.with_suffix(".py"), part / "__init__.py") if p.exists()]
    return tuple(found)


@functools.cache
def source_key(path: Path) -> str:
    """A hash of a module's source and of the project sources it reaches by imports."""
    seen, todo = {path}, [path]
    while todo:
        for found in _imports(todo.pop()):
            if found not in seen:
                seen.add(found)
                todo.append(found)
    digest = hashlib.sha256(f"{numba.__version__} {sys.version} {BOUNDSCHECK}".encode())
    for source in sorted(seen):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _same(self: TargetConfig, other: object) -> bool:
    """As numba's `==` of two sets of options, which looks at dozens that neither has set."""
    if type(self) is not type(other):
        return NotImplemented
    names = self._values.keys() | other._values.keys()
    return all(getattr(self, name) == getattr(other, name) for name in names)


# numba asks for both with every call that it types. Its own hash is the same for all options, too.
TargetConfig.__eq__, TargetConfig.__hash__ = _same, lambda self: id(type(self))


@contextmanager
def _no_collections() -> Iterator[None]:
    """A compilation makes millions of objects that live to its end: no use to look for garbage."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


class _KernelCompiler(Compiler):  # type: ignore[misc]
    """Compiles a kernel to linkable code only: machine code is made once, in its entry.

    By default numba optimises every function together with all that it calls and emits machine
    code for it, so a function deep in the call tree is optimised and emitted once for each of
    its callers. That made two thirds of the compile time of the engine.
    """

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *rest: Any) -> None:
        args, return_type, flags, local_types = rest
        if flags.forceinline:  # see `kernel`
            flags = flags.copy()
            flags.noalias = True
        library = targetctx.codegen().create_library("kernel")
        library._optimize_final_module = lambda: None
        library._finalize_final_module = functools.partial(_finalize_unemitted, library)
        targetctx = _KernelTarget.of(targetctx)
        super().__init__(typingctx, targetctx, library, args, return_type, flags, local_types)


class _KernelTarget(CPUContext):  # type: ignore[misc]
    """numba's target with what kernels need otherwise; other code in the process keeps its own.

    Kernels never count an index from the end, so indices are compiled as unsigned: numba would
    test each for its sign, and both ends of a slice twice. Small as they are, inlining is wanted.
    """

    @classmethod
    def of(cls, targetctx: Any) -> Any:
        target = targetctx.subtarget()
        target.__class__ = cls
        return target

    def get_executable(self, *_: Any) -> Any:
        return object()  # only a key: callers link the library

    def get_function(self, fn: Any, signature: Any, *rest: Any, **options: Any) -> Any:
        name = fn.typing_key if isinstance(fn, types.Function) else fn
        if name in (operator.getitem, operator.setitem):
            array, index, *value = signature.args
            cut = index == types.slice2_type and name is operator.getitem
            if isinstance(array, types.Array) and cut and array.ndim == 1:
                fn = _part
            elif isinstance(array, types.Array):
                fn = name
                signature = signature.replace(args=(array, _unsigned(index), *value))
        return super().get_function(fn, signature, *rest, **options)

    def declare_function(self, module: Any, description: Any) -> Any:
        function = super().declare_function(module, description)
        rare = f"{description.modname}.{description.qualname}" in _COLD
        for attribute in ("noinline", "cold") if rare else ("inlinehint",):
            function.attributes.add(attribute)
        return function


@lower_builtin(_part := "part of an array", types.Array, types.SliceType)  # type: ignore[misc]
def _lower_part(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """``array[start:stop]`` where 0 <= start; `stop` may lie in front of it or behind the end."""
    result = signature.return_type
    whole = context.make_array(signature.args[0])(context, builder, args[0])
    ends = context.make_helper(builder, signature.args[1], args[1])
    (size,), (step,) = (cgutils.unpack_tuple(builder, v, 1) for v in (whole.shape, whole.strides))
    step = whole.itemsize if signature.args[0].layout == "C" else step
    stop = builder.select(builder.icmp_signed("<", ends.stop, size), ends.stop, size)
    count, none = builder.sub(stop, ends.start), size.type(0)
    if BOUNDSCHECK:
        with builder.if_then(builder.icmp_signed("<", ends.start, none), likely=False):
            context.call_conv.return_user_exc(builder, IndexError, ("negative start of a slice",))
    count = builder.select(builder.icmp_signed("<", count, none), none, count)
    part, place = context.make_array(result)(context, builder), builder.mul(ends.start, step)
    place = cgutils.pointer_add(builder, whole.data, place, part.data.type)
    populate_array(part, place, [count], [step], whole.itemsize, whole.meminfo, whole.parent)
    return impl_ret_borrowed(context, builder, result, part._getvalue())


def _unsigned(index: Any) -> Any:
    """The type of an index without its sign; to LLVM they are the same."""
    if isinstance(index, types.BaseTuple):
        return types.Tuple.from_types([_unsigned(part) for part in index])
    if isinstance(index, types.Integer):
        return types.Integer.from_bitwidth(index.bitwidth, signed=False)
    return index


class _EntryCompiler(Compiler):  # type: ignore[misc]
    """Compiles an entry together with all the kernels it reaches, which nobody else calls."""

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *rest: Any) -> None:
        library = targetctx.codegen().create_library("entry")
        library.enable_object_caching()
        optimize = library._optimize_final_module
        library._optimize_final_module = functools.partial(_optimize_alone, library, optimize)
        super().__init__(typingctx, targetctx, library, *rest)


def _optimize_alone(library: Any, optimize: Callable[[], None]) -> None:
    """Make an entry's kernels its own, so that LLVM inlines those with one caller for certain."""
    for function in library._final_module.functions:
        if not function.is_declaration and function.linkage == _SHARED:
            function.linkage = "internal"
    optimize()


def _finalize_unemitted(library: Any) -> None:
    """Finish a library whose code is only ever linked into others."""
    library._finalize_dynamic_globals()
    library._verify_declare_only_symbols()
    library._finalized = True


def kernel(function: Callable[..., Any] | None = None, inline: bool = False) -> Any:
    """Compile a function that only other kernels call (its code is cached with its callers).

    `inline`: it is copied into them, so constants given to it shape its code. Its arrays must not
    overlap where it writes: the compiler relies on that. Decorator: `@kernel(inline=True)`.
    """
    if function is None:
        return functools.partial(kernel, inline=inline)
    make = numba.njit(
        boundscheck=BOUNDSCHECK, error_model="numpy", no_cpython_wrapper=True,
        no_cfunc_wrapper=True, forceinline=inline, pipeline_class=_KernelCompiler,
    )  # fmt: skip
    return _for_kernels_only(make(function))


def cold(function: Callable[..., Any]) -> Any:
    """A kernel that is hardly ever called: LLVM keeps it, and the way to it, out of the way."""
    _COLD.add(f"{function.__module__}.{function.__qualname__}")
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
            pipeline_class=_EntryCompiler,
        )(function)  # fmt: skip
    finally:
        config.CACHE_DIR = before
    made.compile = _no_collections()(made.compile)
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
