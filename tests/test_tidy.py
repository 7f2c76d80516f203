"""The repository checks its own shape: who imports whom, sizes, names, docstrings.

Each rule is a plain function of (path, source), path relative to the repository, that returns
its complaints. The last part of the file plants a violation of every rule and sees it fail.
"""

import ast
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Package -> what it may import of the project. A longer name wins: "gridworks.api" allows the
# stubs without allowing the face. engine does not see journal: it must run without files.
_CORE = ("domain", "risk", "indicators", "journal", "engine")
_CLIENT = ("gridworks.api", "gridworks.client")
ARROWS: dict[str, tuple[str, ...]] = {
    "domain": (),
    "risk": ("domain",),
    "indicators": ("domain",),
    "journal": ("domain",),
    "engine": ("domain", "risk", "indicators"),
    "pages": ("domain",),
    "backtest": (*_CORE, "pages"),
    "server": (*_CORE, *_CLIENT),
    "gridworks": (*_CORE, "backtest", "server", "benches", "pages"),
    "protos": (),
    "gridworks.cli": (*_CORE, "backtest", "server", "benches", "pages", "gridworks", "portal"),
    "portal": _CLIENT,
    "sdks": _CLIENT,
    "sidecars": _CLIENT,
    "sidecars.ai": (*_CLIENT, "indicators", "risk.portfolio"),
    "benches": ("*",),
    "docs": ("*",),
    "examples": ("*",),
    "tests": ("*",),
}
COMPILER = "domain.jit"  # what it calls in numba has no types
TOPS = tuple(name for name in ARROWS if "." not in name)
SHIPPED = (
    "domain", "risk", "engine", "journal", "backtest", "indicators", "server", "portal",
    "gridworks", "benches", "pages",
)  # fmt: skip

# Packages whose only input is what they are called with, and what they therefore never import.
# domain may name a date; the others get nanoseconds in a command.
WORLD = set(
    "grpc time threading random logging os io pathlib shutil tempfile socket sqlite3 subprocess "
    "multiprocessing concurrent asyncio secrets uuid".split()
)
PURE = {
    "domain": WORLD,
    "risk": WORLD | {"datetime"},
    "engine": WORLD | {"datetime"},
    "indicators": WORLD | {"datetime"},
}
JIT = "domain/jit/"  # the compiler's door: numba, its cache folder, environment variables

FORBIDDEN = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"}
MAX_FUNCTION = 60  # lines of body
MAX_FILE = 400  # lines
MAX_TEST_FILE = 600
MAX_PARAMETERS = 8
MAX_COLUMNS = 100
MAX_FOLDER = 12  # files, __init__.py not counted

Function = ast.FunctionDef | ast.AsyncFunctionDef
Complaints = list[str]


# ------------------------------------------------------------------------------ reading a file


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Every node of a file, parsed and walked once for all rules."""
    return tuple(ast.walk(ast.parse(source)))


@cache
def imports(source: str) -> tuple[tuple[str, int], ...]:
    """(dotted name, line) of every import, inside functions too.

    `from a import b` counts as a.b, which may be a module or a name in one.
    """
    found = []
    for node in nodes(source):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
    return tuple(found)


def functions(source: str) -> Iterator[Function]:
    return (node for node in nodes(source) if isinstance(node, Function))


def top(name: str) -> str:
    return name.partition(".")[0]


def first(path: str) -> str:
    return path.partition("/")[0]


def module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def within(name: str, package: str) -> bool:
    return package == "*" or name == package or name.startswith(package + ".")


def generated(path: str) -> bool:
    return path.startswith(("gridworks/api/", "portal/migrations/"))


def is_kernel_module(source: str) -> bool:
    """Whether a function is decorated with kernel, entry, jit.kernel or jit.entry."""
    marks = ("kernel", "entry", "jit.kernel", "jit.entry")
    return any(
        ast.unparse(decorator).partition("(")[0] in marks
        for function in functions(source)
        for decorator in function.decorator_list
    )


# ------------------------------------------------------------------------------ rules for a file


def check_arrows(path: str, source: str) -> Complaints:
    """Imports follow the arrows of ARCHITECTURE.md."""
    here = module_name(path)
    package = max((p for p in ARROWS if within(here, p)), key=len, default="")
    if not package:
        return [f"{path}: {top(here)} has no line in ARROWS"]
    allowed = (*ARROWS[package], package)
    return [
        f"{path}:{line}: {package} may not import {name}"
        for name, line in imports(source)
        if top(name) in TOPS and not any(within(name, ok) for ok in allowed)
    ]


def check_purity(path: str, source: str) -> Complaints:
    """Time, chance, threads and files do not reach the deterministic packages."""
    banned = PURE.get(first(path))
    if banned is None or path.startswith(JIT):
        return []
    found = [
        f"{path}:{line}: a deterministic package imports {name}"
        for name, line in imports(source)
        if top(name) in banned or within(name, "numpy.random")
    ]
    for node in nodes(source):
        match node:
            case ast.Call(func=ast.Name(id="open" | "print" | "input" as name)):
                found.append(f"{path}:{node.lineno}: a deterministic package calls {name}()")
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random"):
                found.append(f"{path}:{node.lineno}: a deterministic package draws numbers")
    return found


def check_numba(path: str, source: str) -> Complaints:
    """Only domain/jit knows the compiler."""
    return [
        f"{path}:{line}: import kernel or entry from domain.jit, not {name}"
        for name, line in imports(source)
        if top(name) in ("numba", "llvmlite") and not path.startswith(JIT)
    ]


def check_django(path: str, source: str) -> Complaints:
    """Django is the portal's; the command line starts it, and the server reads the tables."""
    may = path.startswith(("portal/", "tests/", "gridworks/cli/control/"))
    return [
        f"{path}:{line}: only the portal knows {name}"
        for name, line in imports(source)
        if top(name) == "django" and not may
    ]


def check_kernels(path: str, source: str) -> Complaints:
    """A module holds kernels or classes, not both."""
    if not is_kernel_module(source):
        return []
    return [
        f"{path}:{node.lineno}: class {node.name} in a module of kernels"
        for node in nodes(source)
        if isinstance(node, ast.ClassDef)
    ]


def check_file_size(path: str, source: str) -> Complaints:
    """A file is read in one go, and no line needs a wide screen."""
    if generated(path):
        return []
    lines = source.splitlines()
    limit = MAX_TEST_FILE if path.startswith("tests/") else MAX_FILE
    found = [
        f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
        for number, line in enumerate(lines, 1)
        if len(line) > MAX_COLUMNS
    ]
    if len(lines) > limit:
        found.append(f"{path}: {len(lines)} lines, at most {limit}")
    return found


def body_lines(function: Function) -> int:
    """Lines of a function without its signature and docstring."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameter_count(function: Function) -> int:
    """Parameters that a caller passes: self and cls do not count, *args and **kwargs do."""
    spec = function.args
    named = [p.arg for p in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    stars = (spec.vararg is not None) + (spec.kwarg is not None)
    return len(named) + stars - (named[:1] in (["self"], ["cls"]))


def check_function_size(path: str, source: str) -> Complaints:
    """A function fits on a screen and its call on a line."""
    if generated(path):
        return []
    found = []
    for function in functions(source):
        where = f"{path}:{function.lineno}: {function.name}"
        if (lines := body_lines(function)) > MAX_FUNCTION:
            found.append(f"{where} has {lines} lines, at most {MAX_FUNCTION}")
        if (count := parameter_count(function)) > MAX_PARAMETERS:
            found.append(f"{where} has {count} parameters, at most {MAX_PARAMETERS}")
    return found


def check_name(path: str, source: str) -> Complaints:
    """A module is named after what it knows."""
    parts = path.removesuffix(".py").split("/")
    words = {word for part in parts for word in part.split("_")}
    return [f"{path}: {word!r} says nothing" for word in sorted(words & FORBIDDEN)]


def check_docstring(path: str, source: str) -> Complaints:
    """A package says what lives there, what does not and who may import it."""
    if not path.endswith("/__init__.py") or generated(path):
        return []
    module = nodes(source)[0]
    found = isinstance(module, ast.Module) and ast.get_docstring(module)
    return [] if found else [f"{path}: a package without a docstring"]


FILE_RULES = (
    check_arrows,
    check_purity,
    check_numba,
    check_django,
    check_kernels,
    check_file_size,
    check_function_size,
    check_name,
    check_docstring,
)


# ------------------------------------------------------------------------------ rules for the tree


def check_folders(files: dict[str, str]) -> Complaints:
    """A folder is a page of names. Exempt: indicators, tests (they mirror), generated code."""
    modules = [path for path in files if not path.endswith("__init__.py")]
    counted = Counter(path.rpartition("/")[0] for path in modules if not generated(path))
    return [
        f"{folder}: {count} files, at most {MAX_FOLDER}"
        for folder, count in sorted(counted.items())
        if count > MAX_FOLDER and first(folder) not in ("indicators", "tests")
    ]


def check_packages(files: dict[str, str]) -> Complaints:
    """Each folder of shipped code is a package, so that it has a place for its docstring."""
    folders = {path.rpartition("/")[0] for path in files if first(path) in SHIPPED}
    return [f"{f}: no __init__.py" for f in sorted(folders) if f"{f}/__init__.py" not in files]


def dependencies(files: dict[str, str]) -> dict[str, set[str]]:
    """Module -> the project modules that it imports."""
    modules = {module_name(path): source for path, source in files.items()}

    def target(name: str) -> str:
        return name if name in modules else name.rpartition(".")[0]

    return {
        module: {target(name) for name, _ in imports(source)} & modules.keys() - {module}
        for module, source in modules.items()
    }


def check_cycles(files: dict[str, str]) -> Complaints:
    """Modules can be understood in some order: peel off leaves until nothing is left."""
    graph = dependencies(files)
    while leaves := {module for module, needs in graph.items() if not needs & graph.keys()}:
        graph = {module: needs for module, needs in graph.items() if module not in leaves}
    # What remains is in a cycle or leads to one; peel from the other side to keep only cycles.
    while roots := graph.keys() - set().union(*graph.values()):
        graph = {module: needs for module, needs in graph.items() if module not in roots}
    return [f"import cycle among {', '.join(sorted(graph))}"] if graph else []


def check_mypy_list(files: dict[str, str], exempt: list[str]) -> Complaints:
    """pyproject.toml hides from mypy only modules of kernels (those that mypy accepts need not)."""
    modules = {module_name(path): source for path, source in files.items()}
    return [
        f"pyproject.toml: {name} is no module of kernels, let mypy see it"
        for name in exempt
        if name in modules and not within(name, COMPILER) and not is_kernel_module(modules[name])
    ]


# ------------------------------------------------------------------------------ the repository


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    """Path -> source of every Python file in a package of the project."""
    found = {}
    for name in (p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")):
        for path in (ROOT / name).rglob("*.py"):
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize("rule", FILE_RULES, ids=lambda rule: rule.__name__)
def test_every_file(rule, files):
    found = [text for path, source in files.items() for text in rule(path, source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", [check_folders, check_packages, check_cycles])
def test_the_tree(rule, files):
    found = rule(files)
    assert not found, "\n".join(found)


def test_mypy_sees_all_but_kernels(files):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    exempt = next(o for o in project["tool"]["mypy"]["overrides"] if o.get("ignore_errors"))
    found = check_mypy_list(files, exempt["module"])
    assert not found, "\n".join(found)


# ------------------------------------------------------------------------------ planted violations

KERNEL = "from domain.jit import kernel\n@kernel\ndef add(a, b):\n    return a + b\n"
PLANTED = [
    (check_arrows, "domain/a.py", "import engine.exchange"),
    (check_arrows, "risk/a.py", "def f():\n    from indicators.ema import ema"),
    (check_arrows, "journal/a.py", "from risk import checks"),
    (check_arrows, "engine/a.py", "from journal.log import Log"),
    (check_arrows, "backtest/a.py", "import gridworks"),
    (check_arrows, "pages/a.py", "import backtest.record"),
    (check_arrows, "server/a.py", "import gridworks.cli.main"),
    (check_arrows, "server/a.py", "from portal import models"),
    (check_arrows, "portal/a.py", "from engine import exchange"),
    (check_arrows, "portal/a.py", "import server.auth"),
    (check_arrows, "gridworks/a.py", "import portal"),
    (check_arrows, "sidecars/ai/a.py", "import risk.checks"),
    (check_arrows, "sidecars/banking/a.py", "import risk.portfolio"),
    (check_arrows, "gridworks/a.py", "import tests.reference"),
    (check_arrows, "newcomer/a.py", ""),
    (check_purity, "engine/a.py", "import time"),
    (check_purity, "risk/a.py", "from datetime import date"),
    (check_purity, "indicators/a.py", "from os import path"),
    (check_purity, "domain/a.py", "import os.path"),
    (check_purity, "engine/a.py", "from numpy.random import default_rng"),
    (check_purity, "engine/a.py", "import numpy as np\nx = np.random.rand()"),
    (check_purity, "risk/a.py", "with open('f') as f: pass"),
    (check_numba, "engine/a.py", "from numba import njit"),
    (check_numba, "tests/a.py", "import numba"),
    (check_django, "server/a.py", "def f():\n    from django.db import models"),
    (check_django, "gridworks/a.py", "import django"),
    (check_kernels, "engine/a.py", KERNEL + "class Book: pass"),
    (check_kernels, "engine/a.py", "@jit.entry\ndef f(): pass\nclass Book: pass"),
    (check_kernels, "engine/a.py", "@kernel(inline=True)\ndef f(): pass\nclass Book: pass"),
    (check_file_size, "engine/a.py", "x = 1\n" * 401),
    (check_file_size, "tests/a.py", "x = 1\n" * 601),
    (check_file_size, "tests/a.py", "# " + "x" * 99),
    (check_function_size, "risk/a.py", "def f():\n" + "    x = 1\n" * 61),
    (check_function_size, "risk/a.py", "def f(a, b, c, d, e, f, g, *, h, i): pass"),
    (check_function_size, "risk/a.py", "async def f(a, b, c, d, e, f, g, *h, **i): pass"),
    (check_name, "engine/book_utils.py", ""),
    (check_name, "server/common/a.py", ""),
    (check_docstring, "engine/__init__.py", "x = 1"),
]
FINE = [
    (check_arrows, "sidecars/ai/a.py", "import risk.portfolio, gridworks.client.stream"),
    (check_arrows, "gridworks/cli/a.py", "import portal.store, gridworks.extras"),
    (check_arrows, "engine/a.py", "import numpy\nfrom domain import layout\nimport engine.loop"),
    (check_arrows, "tests/a.py", "import engine, journal, gridworks"),
    (check_purity, "journal/a.py", "import os"),
    (check_purity, JIT + "cache.py", "import os, tempfile"),
    (check_purity, "domain/a.py", "from datetime import date"),
    (check_numba, JIT + "compiler.py", "import numba"),
    (check_django, "portal/a.py", "import django"),
    (check_kernels, "engine/a.py", KERNEL),
    (check_kernels, "engine/a.py", "from domain.jit import entry\nclass Plan: pass\nentry(f)"),
    (check_file_size, "engine/a.py", "x = 1\n" * 400),
    (check_function_size, "risk/a.py", "def f():\n    'Why.'\n" + "    x = 1\n" * 60),
    (check_function_size, "risk/a.py", "def f(self, a, b, c, d, e, f, g, h): pass"),
    (check_name, "engine/book.py", ""),
    (check_docstring, "engine/__init__.py", "'What lives here.'"),
]


def named(case: tuple) -> str:
    return f"{case[0].__name__}-{case[1]}"


@pytest.mark.parametrize("case", PLANTED, ids=named)
def test_a_planted_violation_is_found(case):
    rule, path, source = case
    assert len(rule(path, source)) == 1


@pytest.mark.parametrize("case", FINE, ids=named)
def test_what_is_allowed_passes(case):
    rule, path, source = case
    assert rule(path, source) == []


def test_a_crowded_folder_is_found():
    crowd = {f"engine/m{i}.py": "" for i in range(13)}
    assert check_folders(crowd) == ["engine: 13 files, at most 12"]
    assert check_folders({path.replace("engine", "indicators"): "" for path in crowd}) == []


def test_a_folder_that_is_no_package_is_found():
    assert check_packages({"backtest/readers/a.py": ""}) == ["backtest/readers: no __init__.py"]


def test_a_cycle_is_found_and_only_its_members_are_named():
    ring = {"risk/a.py": "import risk.b", "risk/b.py": "from risk import c"}
    tail = {"risk/c.py": "def f():\n    from risk.a import x", "risk/d.py": "import risk.a"}
    assert check_cycles(ring | tail) == ["import cycle among risk.a, risk.b, risk.c"]
    assert check_cycles(ring | {"risk/c.py": "import domain.codes", "domain/codes.py": ""}) == []


def test_only_kernels_hide_from_mypy():
    tree = {"engine/loop.py": KERNEL, "engine/book.py": "class Book: pass"}
    assert check_mypy_list(tree, ["engine.loop"]) == []
    assert len(check_mypy_list(tree, ["engine.loop", "engine.book"])) == 1
