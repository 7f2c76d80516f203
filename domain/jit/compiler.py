"""How numba compiles kernels here: no machine code but in entries, one link for each of them.

numba optimises every function together with all that it calls and emits machine code for it, so
a function deep in the call tree is linked, optimised and emitted once for each of its callers. A
kernel is compiled to code that can be linked, and no further; an entry links each kernel that it
reaches once. The engine compiles in a fifth of the time so.
"""

from __future__ import annotations

import gc
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite.binding import Linkage, ffi, set_option
from numba import types
from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.cpu import CPUContext
from numba.core.imputils import impl_ret_borrowed, lower_builtin
from numba.core.targetconfig import TargetConfig
from numba.np.arrayobj import populate_array

from domain.jit.cache import BOUNDSCHECK

# How much code LLVM inlines of a function that asks for it; only kernels do. Its default is 325.
# A build that checks bounds is there to be compiled, not to be fast.
set_option("gridworks", f"-inlinehint-threshold={40 if BOUNDSCHECK else 1500}")
COLD: set[str] = set()  # kernels that are hardly ever called, by their full names


def _same(self: TargetConfig, other: object) -> bool:
    """As numba's `==` of two sets of options, which looks at dozens that neither has set."""
    if type(self) is not type(other):
        return NotImplemented
    names = self._values.keys() | other._values.keys()
    return all(getattr(self, name) == getattr(other, name) for name in names)


# numba asks for both with every call that it types. Its own hash is the same for all options, too.
TargetConfig.__eq__, TargetConfig.__hash__ = _same, lambda self: id(type(self))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Compile without what Python and numba do meanwhile, at half the price of the rest.

    A compilation makes millions of objects that live to its end: no use to look for garbage, and
    what is left of them is old at its end, not young. Each call of LLVM tells every compilation
    under way when it took and released a lock, so that they know how long they waited for it.
    """
    before, told = gc.isenabled(), ffi.lib._lock._cblist
    gc.disable()
    ffi.lib._lock._cblist = []
    try:
        yield
    finally:
        ffi.lib._lock._cblist = told
        if before:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


class _KernelLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of one kernel, in LLVM's modules, without that of the kernels it calls."""

    def __init__(self, codegen: Any) -> None:
        super().__init__(codegen, "kernel")
        self.modules: list[Any] = []

    def add_llvm_module(self, module: Any) -> None:
        self._optimize_functions(module)
        self.modules.append(module)

    def finalize(self) -> None:
        self._finalized = True

    def _get_module_for_linking(self) -> Any:
        return _linked([self])  # for code that is no entry: what a user compiled


class _EntryLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of an entry and of all the kernels it reaches, which nobody else calls."""

    def finalize(self) -> None:
        if self._linking_libraries:
            self._final_module.link_in(_linked(self._linking_libraries))
            self._linking_libraries = []
        super().finalize()

    def _optimize_final_module(self) -> None:
        """Make kernels the entry's own: LLVM inlines what has one caller for certain."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage == _SHARED:
                function.linkage = "internal"
        super()._optimize_final_module()


_SHARED, _FREE = Linkage.weak_odr.value, (Linkage.external.value, Linkage.linkonce_odr.value)


def _linked(libraries: list[Any]) -> Any:
    """One module of these libraries and of all that their kernels reach, each of them once."""
    parts = [module.clone() for library in _reached(libraries) for module in _modules(library)]
    for module in parts:
        for function in module.functions:
            # a linker drops what is free to go, if nobody in its other half has called it yet
            if not function.is_declaration and function.linkage in _FREE:
                function.linkage = "weak_odr"
    while len(parts) > 1:  # in pairs, because a link looks at all that its first half has
        for first, second in zip(parts[::2], parts[1::2], strict=False):
            first.link_in(second)
        parts = parts[::2]
    return parts[0]


def _modules(library: Any) -> list[Any]:
    if isinstance(library, _KernelLibrary):
        return library.modules
    return [library._get_module_for_linking()]


def _reached(libraries: list[Any]) -> list[Any]:
    found = dict.fromkeys(libraries)
    todo = list(found)
    while todo:
        library = todo.pop()
        if isinstance(library, _KernelLibrary):  # numba's own have linked all that they call
            new = [other for other in library._linking_libraries if other not in found]
            found.update(dict.fromkeys(new))
            todo += new
    return list(found)


class KernelCompiler(Compiler):  # type: ignore[misc]
    """Compiles a kernel to linkable code only: machine code is made once, in its entry."""

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *rest: Any) -> None:
        args, return_type, flags, local_types = rest
        if flags.forceinline:  # see `kernel`
            flags = flags.copy()
            flags.noalias = True
        library = _KernelLibrary(targetctx.codegen())
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
        rare = f"{description.modname}.{description.qualname}" in COLD
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


class EntryCompiler(Compiler):  # type: ignore[misc]
    """Compiles an entry together with all the kernels it reaches."""

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *rest: Any) -> None:
        library = _EntryLibrary(targetctx.codegen(), "entry")
        library.enable_object_caching()
        super().__init__(typingctx, targetctx, library, *rest)
