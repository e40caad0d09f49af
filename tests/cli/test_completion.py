"""The completion scripts, as a shell uses them."""

import shutil
import subprocess
import sys

import pytest

from minicrt.cli import main
from tests.cli.running import refused


def script(capsys, shell):
    assert main(["--print-completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_script_for_every_shell(capsys, shell):
    pytest.importorskip("shtab")
    text = script(capsys, shell)
    assert "minicrt" in text and "segment-length" in text


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(("words", "expected"), [
    (["gener"], {"generate"}), (["train", "--co"], {"--corpus"}), (["train", "--preset", "t"], {"tiny"}),
    (["train", "--engine", "num"], {"numba", "numpy"}), (["golden", "che"], {"check"}),
    (["train", "--corpus", "nov"], {"novel.txt"}), (["eval", "ru"], {"runs"}),
    (["train", "--resume", ""], {"runs"}), (["golden", "check", "runs", "--names", "nov"], {"novel.txt"})])
def test_what_bash_completes(tmp_path, capsys, words, expected):
    pytest.importorskip("shtab")
    (tmp_path / "novel.txt").touch()
    (tmp_path / "runs").mkdir()
    (tmp_path / "script").write_text(script(capsys, "bash"), encoding="utf-8")
    typed = " ".join(f"'{word}'" for word in words)
    code = (f"source ./script; rm script; COMP_WORDS=(minicrt {typed}); COMP_CWORD={len(words)}; "
            f"$(complete -p minicrt | sed 's/.*-F //; s/ .*//') minicrt '{words[-1]}' ''; "
            'printf "%s\\n" "${COMPREPLY[@]}"')
    result = subprocess.run(["bash", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(result.stdout.replace("/", "").split()) == expected, result.stderr


def test_a_shell_that_is_not_known(capsys):
    pytest.importorskip("shtab")
    assert "'nu', expected one of bash, zsh" in refused(capsys, "--print-completion", "nu")


def test_without_shtab(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert "pip install 'minicrt[completion]'" in refused(capsys, "--print-completion", "bash")
