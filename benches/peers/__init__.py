"""What GridWorks is measured against, in the same run.

Lives here: other matching engines from PyPI (`engines`), gRPC servers that only echo (`echo` in
Python, `cpp/echo_server.cpp`) and the one C++ client that drives every server
(`cpp/load_client.cpp`).

Does not live here: the project's own servers and clients. Who may import it: benches, tests.
"""
