"""A server on loopback for the tests of downloads. Nothing here reaches any other machine."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

CONTENT = np.random.default_rng(0).bytes(300_000)


class Server:
    """Serves CONTENT at /file and notes what it was asked. `breaks_at` ends the next answer after that many bytes."""

    def __init__(self):
        self.ranges = []                        # the Range header of every request, None without
        self.knows_ranges = True
        self.wrong_range = False
        self.breaks_at = None
        self.chunked = False
        self.content = CONTENT
        self.pause = None                       # called in the middle of the next answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.answer(self)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(self, request):
        request.close_connection = True
        if request.path != "/file":
            request.send_error(404)
            return
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        start = 0
        if asked and self.knows_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.content):
                request.send_error(416)
                return
            start = 0 if self.wrong_range else start
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        else:
            request.send_response(200)
        body = self.content[start:]
        sent, self.breaks_at = body[:self.breaks_at], None
        if self.chunked:
            request.send_header("Transfer-Encoding", "chunked")
            request.end_headers()
            request.wfile.write(b"%x\r\n" % len(body) + sent)
            if len(sent) == len(body):
                request.wfile.write(b"\r\n0\r\n\r\n")
        else:
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(sent[:len(sent) // 2])
            if self.pause:
                self.pause()
            request.wfile.write(sent[len(sent) // 2:])

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
