"""Whatever process of several is killed, at a random moment: does anything hang, is anything lost, does it go on?

--parts: `rank`, one of two ranks that share a training by mpiexec; `client`, one of two SuperNodes, and `server`, the
SuperLink, of a Flower deployment on loopback (benchmarks/flower_processes.py). A process is killed (SIGKILL) --moments
times in each part; when and which one is drawn from --seed: while it starts, or later, until a run of that kind would
be nearly over. Then

    rank     all have to end, the checkpoint, if there is one, has to be whole, and the run, resumed on two ranks, has
             to end with the bits of a run that was not killed
    client   the rounds have to go on with the other client to the end; it is started again for the next moment
    server   the run's checkpoint has to be whole, the ServerApp has to end; after a new start of the SuperLink `flwr
             run` has to go on with the run, to its end

`silent` is the longest time, in seconds, in which nothing happened after the kill: until all ranks had ended, until the
next round had, or until the ServerApp had ended. Linux, for which processes there are is read from /proc.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.flower_processes import Deployment
from benchmarks.kept_rows import KeptRows
from benchmarks.ranks import ALLOWED
from minicrt import create_model, load_corpus
from minicrt.errors import CheckpointError, MinicrtError
from minicrt.federated import FederatedConfig, write_app
from minicrt.training import RunFolder, TrainingConfig, load_run, read_checkpoint

PARTS = ("rank", "client", "server")
LONGEST = 600.0                                              # seconds after which a run counts as hanging
STARTING = 0.2                                               # of the moments are before there is a run folder
STEPS, ROUNDS, ANSWER = 120, 4, 120.0                       # ANSWER: seconds that a round waits for its clients
MODEL = {"width": 16, "layers": 1, "heads": 2, "inner": 16, "segment_length": 8, "dropout": 0.1}
ENVIRONMENT = {**os.environ, **ALLOWED, "MINICRT_ENGINE": "numpy", "OMP_NUM_THREADS": "1",
               "OMPI_MCA_btl_vader_single_copy_mechanism": "none", "OMPI_MCA_mpi_yield_when_idle": "1"}


def text_in(folder: Path) -> Path:
    words = np.random.default_rng(0).integers(0, 40, 6000)
    (folder / "text.txt").write_text(" ".join(f"w{word}" for word in words), encoding="utf-8")
    return folder / "text.txt"


def outcome(folder: Path) -> tuple[bytes, list[Any]]:
    """The weights and the perplexities of a finished run, as bytes and as numbers"""
    run = load_run(folder, "numpy")
    assert run.summary is not None, "the run is not finished"
    return run.parameters.flat.tobytes(), [[line["step"], line["valid_loss"]] for line in run.metrics] + [
        run.summary["test_perplexity"]]


def is_whole(folder: Path) -> bool:
    """Whether there is no run yet, or one whose files are read"""
    if not RunFolder.is_at(folder):
        return not folder.exists() or not any(folder.glob("checkpoint.safetensors"))
    try:
        run = RunFolder.open(folder)
        if run.checkpoint.exists():
            read_checkpoint(run.checkpoint)
    except CheckpointError:
        return False
    return True


def waited(until: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> float:
    """The seconds until it is so. Raises TimeoutError where it is not within LONGEST, or `process` has ended."""
    start = time.monotonic()
    while not until():
        if process is not None and process.poll() is not None and not until():
            raise TimeoutError(f"{process.args} ended with {process.returncode}")
        if time.monotonic() - start > LONGEST:
            raise TimeoutError(f"after {LONGEST:g} s there is no end")
        time.sleep(0.02)
    return time.monotonic() - start


def processes() -> dict[int, int]:
    """process → its parent, of all that run (and are no zombies)"""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def ranks_of(launcher: int) -> dict[int, int]:
    """rank → process, of mpiexec's"""
    found, all_of = {}, processes()
    for process in all_of:
        parent = all_of[process]
        while parent in all_of and parent != launcher:
            parent = all_of[parent]
        try:
            variables = Path(f"/proc/{process}/environ").read_bytes().split(b"\0") if parent == launcher else []
        except OSError:
            continue
        for name in (b"OMPI_COMM_WORLD_RANK=", b"PMI_RANK="):
            found |= {int(variable[len(name):]): process for variable in variables if variable.startswith(name)}
    return found


class Ranks:
    """Trainings on two ranks"""

    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        self.folder, self.number = folder, 0
        self.said = (folder / "said.log").open("ab")
        settings = [word for key, value in {**MODEL, "batch": 4, "bptt_segments": 1, "evaluation_batch": 4,
                                            "evaluations": 4, "checkpoint_seconds": 0.05, "steps": steps}.items()
                    for word in ("--set", f"{key}={value}")]
        self.train = ["train", "--quiet", "--corpus", str(text_in(folder)), *settings]
        start = time.monotonic()
        usual, process = folder / "usual", self.begin(*self.train, "--out", str(folder / "usual"))
        self.starting = waited(lambda: RunFolder.is_at(usual), process)
        assert process.wait(LONGEST) == 0
        self.lasting, self.usual = time.monotonic() - start - self.starting, outcome(usual)

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["mpiexec", "-n", "2", sys.executable, "-m", "minicrt", *words], env=ENVIRONMENT,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.said,
                                start_new_session=True)

    def moment(self, rng: np.random.Generator) -> dict[str, Any]:
        return self.killed(bool(rng.random() < STARTING), int(rng.integers(2)), float(rng.random()))

    def killed(self, early: bool, rank: int, part: float) -> dict[str, Any]:
        """What comes of it: `part` of the time before there is a run folder, or else after, `rank` is killed."""
        self.number += 1
        run = self.folder / f"run{self.number}"
        process = self.begin(*self.train, "--out", str(run))
        if not early:
            waited(lambda: RunFolder.is_at(run), process)
        at = 0.9 * part * (self.starting if early else self.lasting)
        time.sleep(at)
        while rank not in (there := ranks_of(process.pid)) and process.poll() is None:
            time.sleep(0.02)                                 # it has not begun yet
        if rank in there:
            os.kill(there[rank], signal.SIGKILL)
        silent = waited(lambda: process.poll() is not None and not ranks_of(process.pid))
        whole = is_whole(run)
        step = load_run(run).position if (run / "checkpoint.safetensors").exists() else None
        again = ["train", "--quiet", "--resume", str(run)] if RunFolder.is_at(run) else [*self.train, "--out", str(run)]
        assert self.begin(*again).wait(LONGEST) == 0
        return {"target": f"rank {rank}", "early": early, "at": at, "killed": rank in there, "silent": silent,
                "whole": whole, "step": step.step if step is not None else 0, "same_bits": outcome(run) == self.usual}


class Federated:
    """Runs of a deployment"""

    lasting = 0.0                                            # from the run folder on; `time` finds it out

    def __init__(self, folder: Path, rounds: int = ROUNDS) -> None:
        self.folder, self.rounds, self.number = folder, rounds, 0
        corpus = load_corpus(text_in(folder))
        self.model, self.corpus = create_model({**MODEL, "vocabulary": corpus.vocabulary.size}, "numpy"), corpus
        self.flower, self.starting = Deployment(folder / "flower"), 0.0
        self.flower.__enter__()

    def time(self) -> None:
        """How long a run takes that nobody kills"""
        start, run = time.monotonic(), self.begin()
        self.starting = waited(lambda: RunFolder.is_at(run))
        waited(lambda: (run / "summary.json").exists(), self.flower.processes["run"])
        self.lasting = time.monotonic() - start - self.starting
        self.flower.processes["run"].wait(LONGEST)

    def begin(self) -> Path:
        """A new run, begun: its folder"""
        self.number += 1
        write_app(self.folder / f"app{self.number}", self.model, self.corpus, FederatedConfig(
            clients=2, rounds=self.rounds, local_epochs=0.2, timeout=ANSWER), TrainingConfig(steps=1, batch=4))
        self.again()
        return self.folder / f"app{self.number}-run"

    def again(self) -> None:
        self.flower.begin(self.folder / f"app{self.number}", "run")

    def moment(self, rng: np.random.Generator, what: str) -> dict[str, Any]:
        early, number, part = bool(rng.random() < STARTING), int(rng.integers(2)), float(rng.random())
        return self.killed(early, f"client {number}" if what == "client" else what, part)

    def killed(self, early: bool, target: str, part: float) -> dict[str, Any]:
        """What comes of it: `part` of the time before there is a run folder, or else after, the target is killed."""
        run = self.begin()
        if not early:
            waited(lambda: RunFolder.is_at(run), self.flower.processes["run"])
        at = 0.9 * part * (self.starting if early else self.lasting)
        time.sleep(at)
        row = {"target": target, "early": early, "at": at, "killed": not (run / "summary.json").exists(),
               "step": lines_of(run)}
        return row | (self.without_a_server(run) if target == "server" else
                      self.without_a_client(run, int(target.split()[1])))

    def without_a_client(self, run: Path, number: int) -> dict[str, Any]:
        self.flower.kill(f"node{number}")
        silent = 0.0
        while not (run / "summary.json").exists():
            seen = lines_of(run)
            silent = max(silent, waited(lambda: lines_of(run) > seen or (run / "summary.json").exists(),  # noqa: B023
                                        self.flower.processes["run"]))
        self.flower.processes["run"].wait(LONGEST)
        self.flower.start_client(number)
        return {"silent": silent, "whole": is_whole(run), "ended": load_run(run, "numpy").summary is not None}

    def without_a_server(self, run: Path) -> dict[str, Any]:
        apps = below(self.flower.processes["superlink"].pid)
        self.flower.kill("superlink")
        silent = waited(lambda: not apps & processes().keys())
        self.flower.kill("run")
        whole = is_whole(run)
        self.flower.start_server()
        self.again()
        waited(lambda: (run / "summary.json").exists(), self.flower.processes["run"])
        self.flower.processes["run"].wait(LONGEST)
        return {"silent": silent, "whole": whole, "ended": load_run(run, "numpy").summary is not None}


def below(process: int) -> set[int]:
    """All that a process has started, and what these have"""
    found, all_of = set[int](), processes()
    for one in all_of:
        parent = all_of[one]
        while parent in all_of and parent != process:
            parent = all_of[parent]
        found |= {one} if parent == process else set()
    return found


def by_part(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """For each part, how many moments there were and what came of them"""
    lines = []
    for part in PARTS:
        of = [row for row in rows if row["part"] == part and row["killed"]]
        if of:
            well = [row.get("same_bits", row.get("ended")) for row in of]
            lines.append([part, len(of), sum(row["early"] for row in of), f"{max(row['silent'] for row in of):.1f}",
                          f"{statistics.median(row['silent'] for row in of):.1f}",
                          f"{sum(row['whole'] for row in of)} of {len(of)}", f"{sum(map(bool, well))} of {len(of)}"])
    return ["killed", "moments", "of these before there was a run", "silent at the longest, s", "median", "files whole",
            "ended as they should"], lines


def lines_of(run: Path) -> int:
    """Rounds that are evaluated"""
    return (run / "metrics.jsonl").read_bytes().count(b"\n") if (run / "metrics.jsonl").exists() else 0


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--parts", type=report.one_of(PARTS), default=list(PARTS), help="(default: rank,client,server)")
    parser.add_argument("--moments", type=report.positive, default=20, help="of each part (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")
    arguments = parser.parse_args()
    rows = KeptRows(arguments.json, "target")
    for part in arguments.parts:
        commands = [f"python -m benchmarks.kills --parts {part} --moments {arguments.moments} --seed {arguments.seed} "
                    f"#{moment}" for moment in range(arguments.moments)]
        if all(map(rows.has, commands)):
            continue
        with tempfile.TemporaryDirectory() as folder:
            subject: Any = Ranks(Path(folder)) if part == "rank" else Federated(Path(folder))
            try:
                if part != "rank":
                    subject.time()
                for moment, command in enumerate(commands):
                    if rows.has(command):
                        continue
                    start, rng = time.monotonic(), np.random.default_rng([arguments.seed, PARTS.index(part), moment])
                    row = subject.moment(rng) if part == "rank" else subject.moment(rng, part)
                    rows.add({"part": part, "moment": moment, "seed": arguments.seed, **row, "command": command,
                              "seconds": time.monotonic() - start})
                    print(" ".join(f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}"
                                   for key, value in row.items()), flush=True)
            finally:
                if part != "rank":
                    subject.flower.end()


if __name__ == "__main__":
    try:
        report.run(main)
    except (TimeoutError, MinicrtError) as error:
        sys.exit(f"benchmarks: {error}")
