"""Whatever process of several is killed, at a random moment: does anything hang, is anything lost, does it go on?

--parts: `rank`, one of two ranks that share a training by mpiexec; `client`, one of two SuperNodes, and `server`, the
SuperLink, of a Flower deployment on loopback (benchmarks/flower_processes.py). A process is killed (SIGKILL) --moments
times in each part; when and which one is drawn from --seed: while it starts, or later, until a run of that kind would
be nearly over. Then

    rank     all have to end, the checkpoint, if there is one, has to be whole, and the run, resumed on two ranks, has
             to end with the bits of a run that was not killed
    client   the rounds have to go on with the other client to the end, and without this one; it is started again for
             the next moment
    server   the run's checkpoint has to be whole, the ServerApp has to end; after a new start of the SuperLink `flwr
             run` has to go on with the run, to its end

`silent` is how many seconds the others waited for it: until all ranks had ended, until the server said that the client
is left out (0 where the last round had its answer), or until the ServerApp had ended. Linux, for which processes there
are is read from /proc.
"""

import contextlib
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.kept_rows import KeptRows
from minicrt.errors import MinicrtError

PARTS = ("rank", "client", "server")


def subject_of(part: str, folder: Path) -> Any:
    """What has processes of this part, with `moment` and `close`"""
    if part == "rank":
        from benchmarks.killed_ranks import Ranks

        return Ranks(folder)
    from benchmarks.killed_clients import Federated

    return Federated(folder, part)


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


def main() -> None:
    parser = report.parser(sys.modules[__name__])
    parser.add_argument("--parts", type=report.one_of(PARTS), default=list(PARTS), help="(default: rank,client,server)")
    parser.add_argument("--moments", type=report.positive, default=20, help="of each part (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that it ends what it has started
    rows = KeptRows(arguments.json, "target")
    for part in arguments.parts:
        commands = [f"python -m benchmarks.kills --parts {part} --moments {arguments.moments} --seed {arguments.seed} "
                    f"#{moment}" for moment in range(arguments.moments)]
        if all(map(rows.has, commands)):
            continue
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(subject_of(part, Path(folder))) as subject:
            for moment, command in enumerate(commands):
                if rows.has(command):
                    continue
                start, rng = time.monotonic(), np.random.default_rng([arguments.seed, PARTS.index(part), moment])
                row = subject.moment(rng)
                rows.add({"part": part, "moment": moment, "seed": arguments.seed, **row, "command": command,
                          "seconds": time.monotonic() - start})
                print(" ".join(f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value}"
                               for key, value in row.items()), flush=True)


if __name__ == "__main__":
    try:
        report.run(main)
    except (TimeoutError, MinicrtError) as error:
        sys.exit(f"benchmarks: {error}")
