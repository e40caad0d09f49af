"""Flower as it is deployed: a SuperLink and SuperNodes as processes of this machine, on loopback, and `flwr run`

Needs Flower; nothing leaves the machine: no telemetry, no look for updates, nothing is installed when an app starts.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

STARTING, ENDING = 120.0, 30.0                               # seconds
SCRIPTS = Path(sys.executable).parent                        # where flwr and flower-superlink are installed
QUIET = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "RAY_USAGE_STATS_ENABLED": "0",
         "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1", "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.5"}


class Deployment:
    """Within it a SuperLink runs, and so many SuperNodes; with `simulation` the SuperLink simulates them, on Ray. What
    they say is in *.log of `folder`, which becomes Flower's home. On leaving all are ended."""

    def __init__(self, folder: Path, nodes: int = 2, simulation: bool = False, **variables: str) -> None:
        self.folder, self.nodes, self.simulation = folder, nodes, simulation
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {**os.environ, **QUIET, "FLWR_HOME": str(folder),
                            "PATH": os.pathsep.join((str(SCRIPTS), os.environ.get("PATH", ""))), **variables}
        self.port, self.control, *self.own = free_ports(2 + nodes)

    def __enter__(self) -> "Deployment":
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config.toml").write_text(
            f'[superlink]\ndefault = "here"\n\n[superlink.here]\naddress = "127.0.0.1:{self.port}"\ninsecure = true\n',
            encoding="utf-8")
        try:
            self.start_server()
            for number in range(0 if self.simulation else self.nodes):
                self.start_client(number)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.end()

    def start_server(self) -> None:
        """The SuperLink, until it answers"""
        self.start("superlink", "flower-superlink", "--insecure", "--port", str(self.port), "--control-api-address",
                   f"127.0.0.1:{self.control}", "--disable-runtime-dependency-installation", "--database",
                   str(self.folder / "state.db"),            # by which it knows the SuperNodes when it starts again
                   *(["--simulation"] if self.simulation else []))
        begun = time.monotonic()
        while time.monotonic() < begun + STARTING:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=1).close()
                return
            if self.processes["superlink"].poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the SuperLink did not start: {self.said('superlink')[-2000:]}")

    def start_client(self, number: int) -> None:
        self.start(f"node{number}", "flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{self.port}", "--port",
                   str(self.own[number]), "--node-config", f"partition-id={number} num-partitions={self.nodes}")

    def start(self, name: str, *command: str) -> None:
        """In a group of its own, which what it starts belongs to"""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log,
                                                    stdin=subprocess.DEVNULL, start_new_session=True)

    def run(self, app: Path, *options: str, timeout: float = 600.0) -> subprocess.CompletedProcess[str]:
        """`flwr run APP`, to its end"""
        return subprocess.run(["flwr", "run", str(app), "here", "--stream", *options], env=self.environment,
                              capture_output=True, text=True, encoding="utf-8", timeout=timeout, check=False)

    def begin(self, app: Path, name: str = "run") -> subprocess.Popen[bytes]:
        """`flwr run APP`, which goes on meanwhile"""
        self.start(name, "flwr", "run", str(app), "here", "--stream")
        return self.processes[name]

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def kill(self, name: str) -> None:
        """By SIGKILL, the process and what it has started"""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> dict[str, bool]:
        """Ask all to end, clients first; whether each did so in time"""
        asked = {}
        for name in sorted(self.processes, key=lambda name: name == "superlink"):
            process = self.processes[name]
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(ENDING)
                asked[name] = True
            except subprocess.TimeoutExpired:
                asked[name] = False
            with contextlib.suppress(ProcessLookupError):    # what it has started
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()
        return asked


def free_ports(number: int) -> list[int]:
    """Ports of loopback that nobody listens on now"""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def missing(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether Flower's commands are not installed"""
    return not (SCRIPTS / "flower-superlink").exists()
