"""Arguments of people become columns of floats, or an error that names the first bad one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.options.kernels.rights import rights as words_to_rights

Floats = NDArray[np.float64]

_SHORTEST = np.dtype("U4")  # of a text that the kernel reads
PIECE = 8192  # options whose terms are copied into rows at a time: they stay in the second cache
_LEAST = 5e-324  # the smallest number above 0

# name -> (least, most, what is allowed in words); NaN and infinity never are
_POSITIVE = (_LEAST, 1e300, "a number above 0, at most 1e300")
_FRACTION = (-1.0, 10.0, "a fraction a year from -1 to 10")
_ANY = (-1e300, 1e300, "a finite number, at most 1e300 in size")
BOUNDS = {
    "spot": _POSITIVE,
    "strike": _POSITIVE,
    "forward": _POSITIVE,
    "discount": _POSITIVE,
    "time": (0.0, 1000.0, "years to expiry from 0 to 1000; what has expired has no price"),
    "rate": _FRACTION,
    "dividend_yield": _FRACTION,
    "volatility": (0.0, 100.0, "a fraction a year from 0 to 100"),
    "normal_volatility": (0.0, 1e300, "units of the price a year, 0 or more"),
    "price": _ANY,
    "cash": _ANY,
    "any_forward": _ANY,
    "any_strike": _ANY,
}


def _place(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _checked(name: str, value: object) -> Floats:
    shown = name.removeprefix("any_").removeprefix("normal_")
    least, most, allowed = BOUNDS[name]
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidField(shown, value, allowed) from error
    if numbers.size and not (numbers.min() >= least and numbers.max() <= most):  # NaN fails both
        index = tuple(int(i) for i in np.argwhere(~((numbers >= least) & (numbers <= most)))[0])
        raise InvalidField(_place(shown, index), float(numbers[index]), allowed)
    return numbers


def _letters(text: np.dtype[np.str_]) -> int:
    return text.itemsize // 4


def rights(kind: object) -> Floats:
    """1.0 for each "call" (or "c"), -1.0 for each "put" (or "p"), in any case."""
    names = np.asarray(kind, np.str_)
    if names.dtype.itemsize < _SHORTEST.itemsize or not names.dtype.isnative:
        names = names.astype(max(_SHORTEST, names.dtype.newbyteorder("="), key=_letters))
    found: Floats = np.empty(names.shape)
    words = np.ascontiguousarray(names).reshape(-1)
    letters = words.view(np.uint32).reshape(len(words), _letters(words.dtype))
    bad = words_to_rights(letters, found.reshape(-1))
    if bad >= 0:
        index = tuple(int(i) for i in np.unravel_index(bad, names.shape))
        raise InvalidField(_place("kind", index), str(words[bad]), "call or put")
    return found


def flat(kind: object, **values: object) -> tuple[list[Floats], tuple[int, ...]]:
    """(one series an argument and one for the kinds, the shape of all of them together).

    Raises InvalidField for a value that is not allowed, and if the shapes do not fit together.
    """
    arrays = [*(_checked(name, value) for name, value in values.items()), rights(kind)]
    try:
        together = np.broadcast_arrays(*arrays)
    except ValueError as error:
        shapes = ", ".join(str(a.shape) for a in arrays)
        raise InvalidField("shapes", shapes, "arguments that broadcast together") from error
    shape = together[0].shape
    return [a if len(shape) == 1 else a.ravel() for a in together], shape


def columns(kind: object, **values: object) -> tuple[Floats, tuple[int, ...]]:
    """The same with one contiguous row an argument."""
    series, shape = flat(kind, **values)
    return np.array(series), shape
