"""Whatever a server answers, a download ends in the right file or in one line. All on loopback."""

import hashlib
import socket
import threading

import pytest

from minicrt.data import get
from minicrt.data.source import Source
from minicrt.errors import DataError

BODY = b"x" * 1000
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENOUGH = 5                                      # requests that a download may make, redirects included


class Answers:
    """A server that answers each request with the same bytes and counts them."""

    def __init__(self, answer):
        self.requests = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.answer = answer.replace(b"PORT", str(self.socket.getsockname()[1]).encode())
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:                     # closed
                return
            self.requests += 1
            with connection:
                connection.settimeout(5)
                while b"\r\n\r\n" not in connection.recv(65536):
                    pass
                connection.sendall(self.answer)

    @property
    def source(self):
        address = f"http://127.0.0.1:{self.socket.getsockname()[1]}/file"
        return Source("ptb/file.txt", address, hashlib.sha256(BODY).hexdigest(), len(BODY))


def downloaded(answer, folder):
    """The file that the server's answer makes, or the line that it ends in; the server is asked a few times at most."""
    server = Answers(answer)
    try:
        return get("ptb", folder, {"ptb": [server.source]})[0].read_bytes()
    except DataError as error:
        return str(error)
    finally:
        server.socket.close()
        assert server.requests <= ENOUGH


@pytest.fixture(params=["from the start", "after an interruption"])
def folder(request, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    if request.param == "after an interruption":
        (tmp_path / "ptb").mkdir()
        (tmp_path / "ptb/file.txt.part").write_bytes(BODY[:100])
    return tmp_path


@pytest.mark.parametrize("header", ["abc", "1000, 1000", "-5", "", "9" * 5000, "1000\r\nContent-Length: 1000"])
def test_a_length_that_is_none_does_not_matter(folder, header):
    assert downloaded(OK + f"Content-Length: {header}\r\n\r\n".encode() + BODY, folder) == BODY


@pytest.mark.parametrize(("answer", "line"), [
    (CHUNKED + b"-5\r\n" + BODY, "broke off"),
    (CHUNKED + b"zz\r\n" + BODY, "broke off"),
    (CHUNKED + b"f" * 30 + b"\r\n" + BODY, "broke off"),
    (b"HTTP/1.1 206 Part\r\nContent-Length: 1000\r\n\r\n" + BODY, "answered with a part of the file when asked"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://[bad/\r\n\r\n", "cannot reach"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:abc/\r\n\r\n", "cannot reach"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "cannot reach"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://a..b/\r\n\r\n", "cannot reach"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/\r\n\r\n", "cannot reach"),
    (b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", "answered 302"),
    (b"HTTP/1.1 302 Found\r\nLocation: /file\r\n\r\n", "answered 302"),
    (b"HTTP/1.1 302 Found\r\n\r\n", "answered 302"),
    (b"HTTP/1.1 500 \x1b[31m oh\x07\r\n\r\n", r"answered 500 \x1b[31m oh\x07;"),
    (b"HTTP/1.1 204 Nothing\r\n\r\n", "gave a file with SHA-256 e3b0c4429"),
    (b"HTTP/1.1 abc OK\r\n\r\n", "cannot reach"),
    (OK + b"A: b\r\n" * 200 + b"\r\n", "cannot reach"),
    (OK + b"A: " + b"b" * 70_000 + b"\r\n\r\n", "cannot reach"),
    (b"not HTTP at all\r\n\r\n", "cannot reach"),
    (b"", "cannot reach"),
])
def test_what_is_no_answer_ends_in_one_line(folder, answer, line):
    said = downloaded(answer, folder)
    assert line in said and said.isprintable()
    assert not (folder / "ptb/file.txt").exists()
