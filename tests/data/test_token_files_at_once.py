"""Several processes, as the ranks of a training are, ask for the tokens of one large text at the same time"""

import os
import subprocess
import sys

import numpy as np
import pytest

from minicrt.data import load_corpus, token_cache
from tests.cli.running import environment
from tests.data.corpus_files import names, write

PROCESSES = 3
CODE = """
import sys, time
from minicrt.data import draft, load_corpus, token_cache
token_cache.LARGE = 1
usual = draft.Draft.add
def slowly(*arguments):
    print("numbers", flush=True)
    time.sleep(0.3)
    usual(*arguments)
draft.Draft.add = slowly
sys.stdin.readline()
corpus = load_corpus(sys.argv[1])
print(corpus.train.size, int(corpus.train.sum()), corpus.vocabulary.size, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks: each builds one")
def test_one_builds_and_the_others_take_what_it_has_built(tmp_path, monkeypatch):
    """They begin at a word; the one that builds lingers, so that the others find it at work."""
    monkeypatch.setenv("MINICRT_TOKENS", str(tmp_path / "tokens"))
    path = write(tmp_path / "own.txt", " ".join(f"w{number * number % 97}" for number in range(3000)))
    os.utime(path, (1e9, 1e9))
    started = [subprocess.Popen([sys.executable, "-c", CODE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment(), cwd=tmp_path)
               for _ in range(PROCESSES)]
    for process in started:
        process.stdin.write("now\n")
        process.stdin.flush()
    said = [process.communicate(timeout=300) for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES, said
    lines = [out.split("\n")[:-1] for out, _ in said]
    assert sum("numbers" in of for of in lines) == 1 and len({of[-1] for of in lines}) == 1
    monkeypatch.setattr(token_cache, "LARGE", 1 << 40)
    corpus = load_corpus(path)
    assert lines[0][-1] == f"{corpus.train.size} {int(np.sum(corpus.train))} {corpus.vocabulary.size}"
    assert len(names(tmp_path / "tokens")) == 1
