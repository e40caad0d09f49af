import os
import re
import subprocess
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.cli import main
from minicrt.cli.text import WIDTH, pieces, readable
from minicrt.data import Vocabulary
from minicrt.inference.sampling import Sampling
from tests.cli.running import command, environment

WORDS = Vocabulary(["<eos>", "a", "well-known", "w" * 30, "W" * 120, ",", "<unk>"])
CHARACTERS = Vocabulary(["\n", "a", " ", "é"], "characters")


@given(ids=st.lists(st.integers(0, 6), max_size=60))
def test_words_stand_as_textwrap_puts_them(ids):
    lines = WORDS.join(ids).strip("\n").split("\n")
    assert readable(WORDS, ids) == "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in lines)


@given(ids=st.lists(st.integers(0, 3), max_size=150))
def test_characters_stand_as_they_are(ids):
    assert readable(CHARACTERS, ids) == CHARACTERS.join(ids).strip("\n")


@given(ids=st.lists(st.integers(1, 6), min_size=1, max_size=20))
def test_a_piece_comes_with_its_token(ids):
    taken = []
    for piece in pieces(WORDS, (taken.append(number) or number for number in ids)):
        assert piece.strip() == WORDS.tokens[taken[-1]]
    assert taken == ids


def test_generate_prints_as_it_goes(trained, capsys, monkeypatch):
    _, run, _ = trained
    seen, usual = [], Sampling.distribution

    def distribution(*arguments):
        seen.append(capsys.readouterr().out)
        return usual(*arguments)

    monkeypatch.setattr(Sampling, "distribution", distribution)
    assert main(["generate", str(run), "--prompt", "red", "--tokens", "12"]) == 0
    last = capsys.readouterr().out
    assert seen[0] == "red" and any(seen[1:])
    monkeypatch.undo()
    assert main(["generate", str(run), "--prompt", "red", "--tokens", "12"]) == 0
    assert capsys.readouterr().out == "".join(seen) + last


def test_ctrl_c_leaves_the_line_ended(trained, capsys, monkeypatch):
    _, run, _ = trained
    calls = []

    def interrupt(*_):
        calls.append(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(Sampling, "distribution", interrupt)
    assert main(["generate", str(run), "--prompt", "red"]) == 130
    assert calls and capsys.readouterr() == ("red\n", "minicrt: interrupted\n")


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_generate_ends_quietly_when_its_reader_has_seen_enough(trained):
    _, run, _ = trained
    process = subprocess.Popen(command("generate", run, "--tokens", "100000000"), env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert re.match(rb"\w+", process.stdout.read(3))
    process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (141, b"")
    process.stderr.close()
