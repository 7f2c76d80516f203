"""Builds the C++ client and echo server where the machine has what they need, once per source."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent / "cpp"
PROTOS = HERE.parents[2] / "protos"
NEEDED = "apt-get install cmake g++ pkg-config libgrpc++-dev protobuf-compiler-grpc"


class Missing(Exception):
    """Cannot be built here; the text says what to install."""


def programs() -> tuple[Path, Path]:
    """(load_client, echo_server), built if they are not. Raises Missing."""
    folder = _folder()
    client, echo = folder / "load_client", folder / "echo_server"
    if not (client.exists() and echo.exists()):
        _require()
        _build(folder)
    return client, echo


def _folder() -> Path:
    """Where this source's programs are kept."""
    digest = hashlib.sha256()
    sources = [*HERE.iterdir(), *PROTOS.rglob("*.proto")]
    for path in sorted(p for p in sources if p.is_file()):
        digest.update(path.read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    return cache / "gridworks" / "peers" / digest.hexdigest()[:16]


def _require() -> None:
    absent = [name for name in ("cmake", "c++", "pkg-config", "protoc") if not shutil.which(name)]
    if not absent:
        asked = subprocess.run(["pkg-config", "--exists", "grpc++"], check=False)
        absent = ["grpc++"] if asked.returncode else []
    if absent:
        raise Missing(f"no {', '.join(absent)} here: {NEEDED}")


def _googleapis() -> Path:
    """The folder with google/api/*.proto: the package googleapis-common-protos brings them."""
    found = find_spec("google.api")
    places = list(found.submodule_search_locations or ()) if found else []
    if not places:
        raise Missing("googleapis-common-protos is not installed")
    return Path(places[0]).parents[1]


def _build(folder: Path) -> None:
    """Build aside and move the two programs there whole. Raises Missing."""
    work = folder.with_name(f"{folder.name}.{os.getpid()}")
    work.mkdir(parents=True, exist_ok=True)
    log = work / "build.log"
    steps = (
        ["cmake", f"-DPROTOS={PROTOS}", f"-DGOOGLEAPIS={_googleapis()}", str(HERE)],
        ["cmake", "--build", ".", "--parallel", "2"],
    )
    with log.open("w", encoding="utf-8") as out:
        for step in steps:
            if subprocess.run(step, cwd=work, stdout=out, stderr=out, check=False).returncode:
                raise Missing(f"the C++ programs do not build here; see {log}")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("load_client", "echo_server"):
        (work / name).replace(folder / name)
    shutil.rmtree(work, ignore_errors=True)
