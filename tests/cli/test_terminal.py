"""What a terminal of 80 columns, or of any, is shown."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minicrt.cli import COMMANDS, build_parser, main
from minicrt.cli.terminal import fitted, paragraphs
from minicrt.gradcheck.all_checks import Row

WORD = st.text("ab-_/.", min_size=1, max_size=30)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_a_terminal(monkeypatch, columns=80):
    """Standard output and error are a terminal; returns what is written to either."""
    stream = Terminal()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@given(words=st.lists(WORD, max_size=30), width=st.integers(40, 120), indent=st.integers(0, 10))
def test_lines_are_broken_at_blanks_alone(words, width, indent):
    line = " " * indent + " ".join(words)
    lines = fitted(line, width).split("\n")
    assert all(len(part) <= width for part in lines)
    assert " ".join(lines).split() == words
    if len(line) <= width:
        assert lines == [line]


def test_what_follows_a_first_column_stays_in_its_column():
    assert fitted("corpus    one two three four\n  a b", 24) == "corpus    one two three\n          four\n  a b"
    assert fitted("error: one two three four five", 20) == "error: one two three\n  four five"
    assert fitted("minicrt train          and an explanation", 24) == "minicrt train\n  and an explanation"


@pytest.mark.parametrize("text", ["\r 50%|" + 90 * "#" + "|", "\x1b[A" + 30 * "word ", 100 * "x", 100 * "x" + "\n"])
def test_what_cannot_or_must_not_be_broken_is_not(text):
    assert fitted(text, 80) == text


def test_without_a_terminal_lines_are_as_long_as_they_are(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["eval", "no " * 40]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_paragraphs_are_set_anew_and_examples_are_not():
    assert paragraphs("one two\nthree four\nfive\n\n  six seven\n  eight\nnine", 14) == (
        "one two three\nfour five\n\n  six seven\n  eight\nnine")


def test_messages_and_output_fit(monkeypatch, tmp_path):
    terminal = on_a_terminal(monkeypatch)
    assert main(["eval", str(tmp_path / "no run of this name here")]) == 2
    assert main(["flops", "--preset", "tiny", "--segment-lengths", "5"]) == main(["info", "--preset", "tiny"]) == 0
    assert main(["info", "--model", "widht=64"]) == 2
    lines = terminal.getvalue().splitlines()
    assert len(lines) > 40 and max(len(line) for line in lines if " " in line.strip()) <= 80


@pytest.mark.parametrize("columns", [70, 80, 200])
def test_help_is_as_wide_as_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    parsers = [build_parser()]
    parsers += parsers[0]._subparsers._group_actions[0].choices.values()
    assert len(parsers) > len(COMMANDS)
    for parser in parsers:
        lines = parser.format_help().splitlines()
        assert max(map(len, lines)) <= min(columns, 100)
        assert max(map(len, lines)) > min(columns, 100) - 25


def test_the_table_of_gradcheck_fits(monkeypatch):
    rows = [Row("linear", "weight", 2e-16, 1e-10, "ok"), Row("linear", "bias", 2e-16, 1e-10, "WRONG"),
            Row("Transformer-XL, same length, clamped, biases a layer",
                "blocks.0.norm_feed_forward.gain (worst of 33)", 3e-14, 1e-9, "UNDECIDED")]
    monkeypatch.setattr("minicrt.gradcheck.all_checks.run_gradchecks", lambda seed, progress: rows)
    terminal = on_a_terminal(monkeypatch)
    assert main(["gradcheck"]) == 1
    lines = table_of(terminal)
    assert max(map(len, lines)) <= 80 and lines[2] == "linear" and lines[5] == rows[2].name
    assert [line.split()[-1] for line in (lines[3], lines[4], lines[6])] == ["ok", "WRONG", "UNDECIDED"]
    assert len({line.index(error) for line, error in zip((lines[3], lines[4], lines[6]),
                                                         ("2.0e-16", "2.0e-16", "3.0e-14"))}) == 1
    terminal = on_a_terminal(monkeypatch, 140)
    main(["gradcheck"])
    lines = table_of(terminal)
    assert lines[1].startswith("linear  ") and lines[1].split()[1] == "weight" and max(map(len, lines)) > 100


def table_of(terminal):
    """What follows the bar."""
    lines = terminal.getvalue().splitlines()
    return lines[next(k for k, line in enumerate(lines) if line.startswith("check ") or line == "check"):]
