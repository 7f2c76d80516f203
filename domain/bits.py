"""Bit scans, a hash, lanes of eight, fused sums, fetching ahead: what Python has not.

Uncompiled they are plain Python with the same results.

Lanes are eight neighbouring int64 of a row, a cache line: a table whose hot numbers stand side by
side is viewed as rows of int64, and `add_lanes` and `outside` are three or four instructions to a
processor with wide registers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from domain.jit import (
    DISABLED,
    cgutils,
    fixed,
    intrinsic,
    ir,
    kernel,
    populate_array,
    python_view,
    types,
)

LANES = 8


@intrinsic
def _trailing_zeros(typingctx: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


@intrinsic
def _leading_zeros(typingctx: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), codegen


if DISABLED:

    def lowest_bit(bits: Any) -> int:
        """Index of the lowest set bit of a non-zero uint64."""
        value = int(bits)
        return (value & -value).bit_length() - 1

    def highest_bit(bits: Any) -> int:
        """Index of the highest set bit of a non-zero uint64."""
        return int(bits).bit_length() - 1

    def mix(a: Any, b: Any) -> int:
        """A 31-bit hash of two int64 (multiply-fold in 64 bits)."""
        word = (1 << 64) - 1
        x = ((int(a) & word) * 0x9E3779B97F4A7C15 + (int(b) & word)) & word
        x = ((x ^ (x >> 32)) * 0xD6E8FEB86659FD93) & word
        return (x ^ (x >> 32)) & 0x7FFFFFFF
else:

    @kernel
    def lowest_bit(bits: Any) -> Any:
        """Index of the lowest set bit of a non-zero uint64."""
        return _trailing_zeros(np.uint64(bits))

    @kernel
    def highest_bit(bits: Any) -> Any:
        """Index of the highest set bit of a non-zero uint64."""
        return np.int64(63) - _leading_zeros(np.uint64(bits))

    @kernel
    def mix(a: Any, b: Any) -> Any:
        """A 31-bit hash of two int64 (multiply-fold in 64 bits)."""
        x = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b)
        x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
        return np.int64((x ^ (x >> np.uint64(32))) & np.uint64(0x7FFFFFFF))


def _python_add(rows: Any, row: Any, column: Any, change: Any) -> None:
    rows[row, column : column + LANES] += np.array(change, np.int64)


def _python_outside(rows: Any, row: Any, column: Any, change: Any, bounds: Any) -> int:
    after = rows[row, column : column + LANES] + np.array(change, np.int64)
    most = bounds[row, 2 * column : 2 * column + LANES]
    least = bounds[row, 2 * column + LANES : 2 * column + 2 * LANES]
    return int(((after > most) | (after < least)).any())


def _python_exceeds(
    rows: Any, row: Any, column: Any, change: Any, bounds: Any, at: Any, first: Any
) -> int:
    after = rows[row, column : column + LANES] + np.array(change, np.int64)
    return int((after > bounds[at, first : first + LANES]).any())


def _line(context: Any, builder: Any, kind: Any, rows: Any, row: Any, column: Any) -> Any:
    """A pointer to eight int64 of a row, from `column` on."""
    array = context.make_array(kind)(context, builder, rows)
    width = builder.extract_value(array.shape, 1)
    place = builder.gep(array.data, [builder.add(builder.mul(row, width), column)])
    return builder.bitcast(place, ir.VectorType(ir.IntType(64), LANES).as_pointer())


def _vector(context: Any, builder: Any, kind: Any, numbers: Any) -> Any:
    """A vector of the numbers of a tuple."""
    whole = ir.Constant(ir.VectorType(ir.IntType(64), LANES), ir.Undefined)
    for lane in range(LANES):
        number = builder.extract_value(numbers, lane)
        number = context.cast(builder, number, kind[lane], types.int64)
        whole = builder.insert_element(whole, number, ir.Constant(ir.IntType(32), lane))
    return whole


@intrinsic
def _add(typingctx: Any, rows: Any, row: Any, column: Any, change: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _line(context, builder, rows, *args[:3])
        before = builder.load(place, align=8)
        after = builder.add(before, _vector(context, builder, change, args[3]))
        builder.store(after, place, align=8)
        return context.get_dummy_value()

    return types.none(rows, types.int64, types.int64, change), codegen


@intrinsic
def _exceeds(
    typingctx: Any, rows: Any, row: Any, column: Any, change: Any, bounds: Any, at: Any, first: Any
) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        before = builder.load(_line(context, builder, rows, *args[:3]), align=8)
        after = builder.add(before, _vector(context, builder, change, args[3]))
        most = builder.load(_line(context, builder, bounds, *args[4:]), align=8)
        bad = builder.icmp_signed(">", after, most)
        return builder.zext(builder.bitcast(bad, ir.IntType(LANES)), ir.IntType(64))

    number = types.int64
    return number(rows, number, number, change, bounds, number, number), codegen


@intrinsic
def _outside(typingctx: Any, rows: Any, row: Any, column: Any, change: Any, bounds: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        number, first = args[1], builder.mul(args[2], ir.Constant(ir.IntType(64), 2))
        behind = builder.add(first, ir.Constant(ir.IntType(64), LANES))
        before = builder.load(_line(context, builder, rows, *args[:3]), align=8)
        after = builder.add(before, _vector(context, builder, change, args[3]))
        most = builder.load(_line(context, builder, bounds, args[4], number, first), align=8)
        least = builder.load(_line(context, builder, bounds, args[4], number, behind), align=8)
        bad = builder.or_(
            builder.icmp_signed(">", after, most), builder.icmp_signed("<", after, least)
        )
        return builder.zext(builder.bitcast(bad, ir.IntType(LANES)), ir.IntType(64))

    return types.int64(rows, types.int64, types.int64, change, bounds), codegen


# add_lanes(rows, row, column, change): add eight numbers to eight of a row, from `column` on.
add_lanes: Any = _python_add if DISABLED else _add
# exceeds(rows, row, column, change, bounds, at, first): not 0 if one of the eight would be more
# than its bound; the bounds are eight of row `at`, from `first` on.
exceeds: Any = _python_exceeds if DISABLED else _exceeds
# outside(rows, row, column, change, bounds): not 0 if one of the eight would leave its bounds;
# the bounds of a row are eight upper ones from 2 x column on, then eight lower ones.
outside: Any = _python_outside if DISABLED else _outside


def _python_product(a: Any, b: Any, c: Any) -> tuple[Any, bool]:
    part = int(a) * int(b)
    whole = part * int(c)
    if max(abs(part), abs(whole)) < 2**63:
        return np.int64(whole), True
    return np.int64(0), False


@intrinsic
def _product(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = builder.smul_with_overflow(args[0], args[1])
        second = builder.smul_with_overflow(builder.extract_value(first, 0), args[2])
        wraps = builder.or_(builder.extract_value(first, 1), builder.extract_value(second, 1))
        pair = (builder.extract_value(second, 0), builder.not_(wraps))
        return context.make_tuple(builder, signature.return_type, pair)

    number = types.int64
    return types.Tuple((number, types.boolean))(number, number, number), codegen


# product(a, b, c): (a x b x c, whether it and a x b stayed inside int64).
product: Any = _python_product if DISABLED else _product


@intrinsic
def _prefetch(typingctx: Any, address: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], cgutils.voidptr_t)
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, flag, flag, flag])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(fetch, [place, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.none(types.int64), codegen


def prefetch(slot: int, width: int) -> Any:
    """A kernel that asks for the cache lines of a row of table number `slot`, of `width` bytes.

    A hint: it changes nothing, and a row that does not exist does no harm.
    """
    here = 16 * slot
    if DISABLED:
        return lambda s, row: None

    def ask(s: Any, row: Any) -> Any:
        for line in range(0, width, 64):
            _prefetch(fixed(s + here) + row * width + line)

    return kernel(ask)


def strided(step: int) -> Any:
    """A kernel that views `count` float64 from an address on, `step` values apart."""
    if DISABLED:
        return lambda address, count: python_view(
            int(address), (int(count - 1) * step + 1,), np.dtype(np.float64)
        )[::step]
    kind = types.Array(types.float64, 1, "A")

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], ir.DoubleType().as_pointer())
        made, far = context.make_array(kind)(context, builder), context.get_constant
        size, apart = far(types.intp, 8), far(types.intp, 8 * step)
        populate_array(made, place, [args[1]], [apart], size, meminfo=None)
        return made._getvalue()

    @intrinsic
    def view(typingctx: Any, address: Any, count: Any) -> Any:
        return kind(types.int64, types.int64), codegen

    return view


@intrinsic
def _fused(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c rounded once: half the latency, and the same bits however it is compiled."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    real = types.float64
    return real(real, real, real), codegen


def _python_fma(a: Any, b: Any, c: Any) -> Any:
    if a * b + c - (a * b + c) != 0.0:
        return a * b + c
    return np.float64(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c)))


fma: Any = _python_fma if DISABLED else _fused
