"""metrics.jsonl: what was written is what is read, and nothing else passes for it"""

import os
import sys

import pytest

from minicrt.errors import CheckpointError
from minicrt.training.metrics import append_metrics, read_metrics, truncate_metrics


def record(step, loss=1 / 3):
    return {"step": step, "epoch": step / 7, "tokens": 20 * step, "train_loss": loss, "train_perplexity": None,
            "valid_loss": loss, "valid_perplexity": 12.5, "best": True, "seconds": 0.25}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.jsonl"


def refused(path, *known):
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl") as caught:
        read_metrics(path, *known)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_torn_line_and_those_after_a_step_are_forgotten(path):
    digests = {step: append_metrics(path, record(step)) for step in (10, 20, 30)}
    with path.open("a", encoding="utf-8") as file:
        file.write('{"step": 40, "valid_l')                  # killed while writing
    assert read_metrics(path) == [record(10), record(20), record(30)]
    truncate_metrics(path, 20, digests[20])
    assert read_metrics(path) == [record(10), record(20)]
    assert append_metrics(path, record(30)) == digests[30]
    assert read_metrics(path, 30, digests[30]) == [record(10), record(20), record(30)]


def test_no_file_is_no_evaluation(path):
    truncate_metrics(path, 5, "0" * 64)
    assert read_metrics(path) == [] and not path.exists()


def test_every_digit_counts(path):
    for step in (10, 20):
        digest = append_metrics(path, record(step))
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1:])
        refused(path, 20, digest)


@pytest.mark.parametrize("change", [lambda lines: lines[1:], lambda lines: lines[:-1], lambda lines: lines[::2],
                                    lambda lines: lines[::-1], lambda lines: [], lambda lines: [*lines, lines[-1]]])
def test_every_line_counts(path, change):
    for step in (10, 20, 30):
        digest = append_metrics(path, record(step))
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    assert "damaged" in refused(path, 30, digest)


@pytest.mark.parametrize("line", [
    b"nonsense", b"{}", b"5", b"null", b'{"valid_perplexity": 1}', b'{"step": 5}', b"[" * 100_000, b"\xff", b"",
    b'{"step": ' + b"9" * 5000 + b"}", b'{"step": true}', b'{"step": "3"}'])
def test_nonsense_is_named_by_its_line(path, line):
    append_metrics(path, record(1))
    with path.open("ab") as file:
        file.write(line + b"\n")
    assert "line 2" in refused(path)
    with pytest.raises(CheckpointError, match="line 2"):
        truncate_metrics(path, 5)


def test_lines_of_an_earlier_version_are_read(path):
    path.write_text('{"step": 4, "epoch": 0.5, "tokens": 80, "train_loss": 900.0, "train_perplexity": Infinity, '
                    '"valid_loss": 2.0, "valid_perplexity": 7.4, "best": true, "seconds": 1.0}\n', encoding="utf-8")
    assert read_metrics(path, 4) == [{"step": 4, "epoch": 0.5, "tokens": 80, "train_loss": 900.0,
                                      "train_perplexity": None, "valid_loss": 2.0, "valid_perplexity": 7.4,
                                      "best": True, "seconds": 1.0}]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes on Windows")
def test_a_pipe_is_refused(path):
    os.mkfifo(path)
    assert "it is a pipe" in refused(path)
