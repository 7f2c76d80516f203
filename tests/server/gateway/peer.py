"""A client that writes frames by hand, with hyperframe and hpack, and reads what comes back."""

import socket
import struct
import time

from hpack import Decoder, Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PLENTY = 30  # seconds


class Peer:
    """One connection. Frames are kept until they are asked for."""

    def __init__(
        self, port: int = 0, key: str = "", settings=None, begin: bool = True, over=None
    ) -> None:
        self.socket = over or socket.create_connection(("127.0.0.1", port), timeout=PLENTY)
        self.key, self.encoder, self.decoder = key, Encoder(), Decoder()
        self._rest, self.closed = b"", False
        self.frames: list[Frame] = []
        if begin:
            self.send(PREFACE, SettingsFrame(settings=settings or {}))

    def send(self, *parts) -> None:
        """Bytes or frames."""
        data = b"".join(p if isinstance(p, bytes) else p.serialize() for p in parts)
        try:
            self.socket.sendall(data)
        except OSError:
            self.closed = True

    def headers(self, stream: int, path: str, *more, flags=("END_HEADERS",), method="POST"):
        """A HEADERS frame of a call."""
        fields = [
            (":method", method), (":scheme", "http"), (":path", path), (":authority", "x"),
            ("te", "trailers"), *more,
        ]  # fmt: skip
        if not any(name == "content-type" for name, _ in more):
            fields.append(("content-type", "application/grpc"))
        if self.key:
            fields.append(("authorization", f"Bearer {self.key}"))
        return HeadersFrame(stream, self.encoder.encode(fields), flags=flags)

    def receive(self) -> bool:
        """Read once; False at the end."""
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
            return False
        self._rest += data
        while len(self._rest) >= 9:
            frame, size = Frame.parse_frame_header(memoryview(self._rest[:9]))
            if len(self._rest) < 9 + size:
                break
            frame.parse_body(memoryview(self._rest[9 : 9 + size]))
            self._rest = self._rest[9 + size :]
            if isinstance(frame, HeadersFrame):
                frame.fields = dict(self.decoder.decode(frame.data))
            self.frames.append(frame)
        return True

    def wait(self, found, seconds: float = PLENTY):
        """The first frame for which `found` is true; None when the connection ends before."""
        end = time.monotonic() + seconds
        while True:
            for frame in self.frames:
                if found(frame):
                    return frame
            assert time.monotonic() < end, f"not within {seconds} s: {self.frames}"
            if self.closed or not self.receive():
                return next((f for f in self.frames if found(f)), None)

    def goodbye(self) -> int | None:
        """Read to the end; the code of the last GOAWAY, None without one."""
        while self.receive():
            pass
        codes = [f.error_code for f in self.frames if isinstance(f, GoAwayFrame)]
        return codes[-1] if codes else None

    def status(self, stream: int) -> dict[str, str]:
        """The trailers of a call, or {"reset": code}."""
        frame = self.wait(
            lambda f: f.stream_id == stream
            and (isinstance(f, RstStreamFrame) or (isinstance(f, HeadersFrame)
                 and "END_STREAM" in f.flags))
        )  # fmt: skip
        assert frame is not None, f"closed: {self.frames}"
        return {"reset": frame.error_code} if isinstance(frame, RstStreamFrame) else frame.fields

    def data(self, stream: int) -> bytes:
        """What came on a stream so far."""
        return b"".join(
            f.data for f in self.frames if isinstance(f, DataFrame) and f.stream_id == stream
        )

    def close(self) -> None:
        self.socket.close()


def message(data: bytes, flag: int = 0) -> bytes:
    """A gRPC message with its prefix."""
    return struct.pack(">BI", flag, len(data)) + data
