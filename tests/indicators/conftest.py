"""What the tests of indicators stand on: arithmetic that answers as compiled code does."""

from collections.abc import Iterator

import numpy as np
import pytest

from domain.jit import DISABLED


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    """Uncompiled kernels use numpy's scalars, which warn where machine code gives NaN."""
    with np.errstate(all="ignore" if DISABLED else "warn"):
        yield
