"""One server for all tests of the gateway that need a whole one."""

import pytest

from tests.server.running import running


@pytest.fixture(scope="session")
def server(tmp_path_factory, sqlite):
    with running(
        tmp_path_factory.mktemp("gateway"), sqlite(), policy="memory", message_bytes=64 * 1024
    ) as found:
        yield found
