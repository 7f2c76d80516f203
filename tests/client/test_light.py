"""The client works with the light install alone."""

import subprocess
import sys

BLOCKED = "numpy numba pandas django psycopg cryptography structlog pydantic prometheus_client"
CODE = f"""
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {BLOCKED.split()}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
import gridworks as gw

try:
    gw.Client("127.0.0.1:1", "gw_test_key", insecure=True, timeout=0.2).trading.get_order("x")
except gw.CallError as error:
    print(type(error).__name__, error.request_id == "")

import asyncio

async def both():
    async with gw.AsyncClient("127.0.0.1:1", "gw_test_key", insecure=True, timeout=0.2) as client:
        try:
            await client.risk.deposit("alice", "5")
        except gw.CallError as error:
            print(type(error).__name__, len(error.request_id))

asyncio.run(both())
print(sorted(m for m in {BLOCKED.split()} if m in sys.modules))
"""


def test_the_client_needs_neither_numpy_nor_the_server():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE], capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    assert done.stdout.split("\n") == ["Unavailable True", "Unavailable 36", "[]", ""]
