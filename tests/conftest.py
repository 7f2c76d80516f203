"""What every test stands on: bounds checks, reproducible random input, independent vectors."""

import os

# Before any project import: domain/jit reads it once. An unchecked index in compiled code
# does not fail, it reads somebody else's memory.
os.environ.setdefault("GRIDWORKS_BOUNDSCHECK", "1")
# Tests run a kernel for moments: what LLVM would optimise further takes longer than it saves.
os.environ.setdefault("NUMBA_OPT", "1")

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import soaking

pytest_plugins = [
    "tests.control_stores",  # fixtures: stores of the control plane
    "tests.server.running",  # fixture: a server
    "tests.workers",  # who takes what
]

ROOT = Path(__file__).resolve().parent.parent

# The first example pays for compilation, so no deadline. `make test` draws the same examples
# each time; `make soak` draws new ones and prints how to get a failure back.
_SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "gridworks", deadline=None, derandomize=True, database=None, suppress_health_check=_SLOW
)
settings.register_profile(
    "soak", deadline=None, max_examples=2_000, print_blob=True, suppress_health_check=_SLOW
)
settings.load_profile("gridworks")


def pytest_report_header() -> str | None:
    """Where the seeds of this run come from."""
    if settings.get_current_profile_name() != "soak":
        return None
    return f"soak: SOAK_MINUTES={soaking.MINUTES} SOAK_SEED={soaking.FIRST_SEED}"


def pytest_collection_finish() -> None:
    """What is there now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def vectors_folder() -> Path:
    """Where independent data and test vectors are: GRIDWORKS_VECTORS or ../shared/vectors."""
    named = os.environ.get("GRIDWORKS_VECTORS")
    return Path(named) if named else ROOT.parent / "shared" / "vectors"


def find_vectors(name: str) -> Path:
    """The file or folder `name` of the independent vectors; skips the test when it is absent.

    Vectors are the opinion of outsiders and have licences of their own, so they are not part
    of this repository.
    """
    path = vectors_folder() / name
    if not path.exists():
        pytest.skip(f"no independent vectors at {path} (set GRIDWORKS_VECTORS to their folder)")
    return path


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Path]:
    """`vectors("matching/edge_cases.json")` is that path, or the test is skipped."""
    return find_vectors
