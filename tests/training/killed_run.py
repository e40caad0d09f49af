"""A run, begun or resumed, that kills itself (kill -9) before its file operation number N: `killed_run FOLDER N …`

Every N is a process of its own, split off from this one, which has imported what they need and does nothing else. How
each ended is printed: 0, or minus the number of the signal.
"""

import os
import signal
import sys
from pathlib import Path

from minicrt.training import RunFolder, resume, train
from tests.training import tiny

WATCHED = {"open", "os.mkdir", "os.link", "os.rename", "os.remove", "os.rmdir"}


def main(folder: Path, at: int) -> None:
    operations = 0

    def watch(event: str, arguments: tuple) -> None:
        nonlocal operations
        if event in WATCHED and str(arguments[0]).startswith(str(folder.parent)):
            operations += 1
            if operations == at:
                os.kill(os.getpid(), signal.SIGKILL)

    corpus = tiny.corpus()
    sys.addaudithook(watch)
    if RunFolder.is_at(folder):
        resume(folder, corpus=corpus)
    else:
        train(folder, tiny.model(), corpus, tiny.config(steps=12, evaluations=3, checkpoint_seconds=0.0))


if __name__ == "__main__":
    for at in sys.argv[2:]:
        child = os.fork()
        if child == 0:
            main(Path(sys.argv[1]), int(at))
            sys.exit()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
