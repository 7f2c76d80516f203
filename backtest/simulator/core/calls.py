"""Calls of compiled functions by their address, so that a caller is compiled without its callee.

An `entry` that is called from another is otherwise compiled into it: the engine into every
simulation of it, a user's strategy into the simulator. A call by address costs a nanosecond or
two more than a direct one, and nothing of the callee is inlined.

    place = address(run, 2)               # Python: an entry of two whole numbers that returns one
    call2(place, s, first)                # kernel
"""

from __future__ import annotations

from typing import Any

from domain.jit import DISABLED, intrinsic, ir, types

_functions: list[Any] = [None]  # uncompiled, an address is a place in this list


def address(function: Any, arguments: int) -> int:
    """The address of an `entry` of so many int64 arguments that returns an int64.

    The entry must live as long as the address is used. An exception in it is printed, not raised.
    """
    if DISABLED:
        if function not in _functions:
            _functions.append(function)
        return _functions.index(function)
    kind = (types.int64,) * arguments
    function.compile(kind)
    made = function.overloads[kind]
    if made.signature.return_type != types.int64:
        raise TypeError(f"{function.__name__} returns {made.signature.return_type}, not int64")
    place = made.library.get_pointer_to_function(made.fndesc.llvm_cfunc_wrapper_name)
    return int(place)


def _caller(arguments: int) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        kind = ir.FunctionType(word, [word] * arguments)
        function = builder.inttoptr(args[0], kind.as_pointer())
        return builder.call(function, args[1:])

    whole = types.int64
    if arguments == 1:

        def call(typingctx: Any, place: Any, a: Any) -> Any:
            return whole(whole, whole), code
    else:

        def call(typingctx: Any, place: Any, a: Any, b: Any) -> Any:  # type: ignore[misc]
            return whole(whole, whole, whole), code

    return intrinsic(call)


def _plain(place: Any, *arguments: Any) -> Any:
    return _functions[int(place)](*arguments)


call1: Any = _plain if DISABLED else _caller(1)
call2: Any = _plain if DISABLED else _caller(2)
