"""A TCP proxy that loses connections when it is told to."""

import contextlib
import socket
import threading


class Proxy:
    """Listens on a free port and passes bytes on to `port`; `swallow` loses the way back."""

    def __init__(self, port):
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock, self._open = threading.Lock(), []
        self.swallow = threading.Event()  # the server hears, the client does not
        self.swallowed = threading.Event()
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def target(self):
        return f"127.0.0.1:{self.port}"

    def move(self, port):
        """Connections from now on go to another server."""
        self._server_port = port

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._server_port), 5)
                except OSError:
                    near.close()
                    continue
                for each in (near, far):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    each.settimeout(None)
                with self._lock:
                    self._open.append((near, far))
                    self.connections += 1
                for pair in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source, sink, back):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if back and self.swallow.is_set():
                    self.swallowed.set()
                    continue
                sink.sendall(data)
        self._drop(source, sink)

    @staticmethod
    def _drop(*sockets):
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut(self):
        """Lose every connection now."""
        with self._lock:
            pairs, self._open = self._open, []
        for pair in pairs:
            self._drop(*pair)

    def close(self):
        self._drop(self._listener)
        self.cut()
