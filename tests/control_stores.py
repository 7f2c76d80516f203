"""Control-plane stores for tests: SQLite files and databases of a real PostgreSQL server.

The server is the one named by GRIDWORKS_TEST_POSTGRESQL (a URL of a database whose user may create
others), else one that is started from the binaries on this machine, else the tests that need it
are skipped.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin")
KINDS = ("sqlite", "postgresql")
TABLES = [
    f"control_{name}"
    for name in "act operator key partner plan usage month_usage usage_journal epoch".split()
]


def binaries() -> Path | None:
    """The folder with PostgreSQL's initdb and postgres."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    for place in PLACES:
        places += sorted(Path("/").glob(place[1:]), reverse=True)
    return next((p for p in places if (p / "initdb").exists() and (p / "postgres").exists()), None)


class Server:
    """A PostgreSQL server of our own, on a socket in a temporary folder."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gw-pg-"))
        self._user: str | None = None
        if os.geteuid() == 0:  # it refuses to run as root
            self._user = "postgres" if _exists("postgres") else "nobody"
            shutil.chown(self.folder, self._user)
        self._programs = programs
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "gw", "-A", "trust", "-N")
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def _run(self, name: str, *options: str) -> None:
        command = [str(self._programs / name), *options]
        subprocess.run(
            command, check=True, capture_output=True, user=self._user, cwd=self.folder, timeout=60
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k",
            str(self.folder), "-c", "listen_addresses=", "-c", "fsync=off", "-c",
            "max_connections=40",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self._user, cwd=self.folder
            )
        self._wait()

    def _wait(self) -> None:
        import psycopg

        ends = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, breaking connections."""
        if self.process is not None:
            self.process.send_signal(3)  # SIGQUIT: immediate shutdown
            self.process.wait(timeout=30)
            self.process = None

    def url(self, database: str) -> str:
        return f"postgresql://gw@/{database}?host={self.folder}"


def _exists(user: str) -> bool:
    import pwd

    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A server of our own, which a test may stop and start again."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL here: install it (initdb and postgres in PATH)")
    server = Server(programs)
    yield server
    server.stop()
    shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Gives the URL of a database with the tables of this version, emptied at each call."""
    named = os.environ.get("GRIDWORKS_TEST_POSTGRESQL")
    if named:
        base, _, query = named.partition("?")
        stem, tail = base.rpartition("/")[0], f"?{query}" if query else ""
        admin = named

        def url(name: str) -> str:
            return f"{stem}/{name}{tail}"
    else:
        server = request.getfixturevalue("postgresql_server")
        admin, url = server.url("postgres"), server.url
    import psycopg

    from portal.store import migrate

    name = f"gw_{uuid4().hex[:12]}"
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    migrate(url(name))
    _forget_connections()
    with psycopg.connect(url(name), autocommit=True) as db:
        db.execute("CREATE TABLE first_plans AS TABLE control_plan")

    def empty() -> str:
        # Without triggers: those of the audit log refuse to empty it.
        with psycopg.connect(url(name)) as db:
            db.execute("SET session_replication_role = replica")
            db.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")
            db.execute("INSERT INTO control_plan SELECT * FROM first_plans")
            db.execute("INSERT INTO control_epoch VALUES (1, 1)")
            db.execute("SELECT setval(pg_get_serial_sequence('control_plan', 'id'), 100)")
        return url(name)

    yield empty
    _forget_connections()
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes a file with the tables of this version and returns its URL."""
    from portal.store import migrate

    folder = tmp_path_factory.mktemp("control")
    first = folder / "first.db"
    migrate(f"sqlite:///{first}")
    _forget_connections()

    def make() -> str:
        copy = folder / f"{uuid4().hex}.db"
        shutil.copy(first, copy)
        return f"sqlite:///{copy}"

    return make


@pytest.fixture(params=KINDS)
def control_url(request: pytest.FixtureRequest) -> str:
    """A store of each kind, migrated and empty but for the plans."""
    return str(request.getfixturevalue(request.param)())


@pytest.fixture
def sqlite_url(sqlite: Callable[[], str]) -> str:
    """A SQLite store, migrated and empty but for the plans."""
    return sqlite()


@pytest.fixture
def control(control_url: str) -> Iterator[str]:
    """The same with Django on it: the acts and models of portal work on this store."""
    from portal.store import open_store

    open_store(control_url)
    yield control_url
    _forget_connections()


def _forget_connections() -> None:
    from django.db import connections

    connections.close_all()
