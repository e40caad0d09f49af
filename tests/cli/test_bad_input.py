"""Bad input: one line on stderr and exit code 2 (1 where training cannot go on), and nothing is left behind."""

from pathlib import Path

import pytest

from tests.cli.running import SMALL, copy_of_run, refused, write_text


@pytest.mark.parametrize("arguments, words", [
    (["--corpus", "pbt"], "did you mean ptb?"),
    (["--corpus", "no-such-file.txt"], "no file no-such-file.txt"),
    (["--corpus", "."], "has no train and no valid and no test text"),
    (["--preset", "smal"], "did you mean 'small'?"),
    (["--set", "widht=96"], "did you mean 'width'?"),
    (["--set", "vocabulary=5"], "unknown key 'vocabulary'"),
    (["--set", "model=s4d", "--set", "heads=2"], "'heads' in --set: it is of the models crt, transformer,"),
    (["--set", "output=adaptive", "--set", "cutoffs=9,5"], "expected whole numbers that rise from above 0\n"),
    (["--set", "width"], "expected key=value"),
    (["--set", "width=8", "--set", "width=16"], "twice"),
    (["--set", "width=97"], "width 97 is not divisible by 4 heads"),
    (["--set", "width=wide"], "expected a whole number"),
    (["--set", "width=true"], "expected a whole number"),
    (["--set", "random_start=maybe"], "expected true or false"),
    (["--set", "restart_rate=1"], "restart_rate is 1.0, expected 0 <= restart_rate < 1"),
    (["--set", "width=0"], "width is 0"),
    (["--set", "heads=0"], "heads is 0"),
    (["--set", "dropout=nan"], "dropout is nan"),
    (["--set", "memory=lstm"], "expected one of 'gru', 'ncgru', 'mingru', 'lru', 's4d', 'mamba', 'none'"),
    (["--set", "memory=[1, 2]"], "expected one of 'gru', 'ncgru', 'mingru', 'lru', 's4d', 'mamba', 'none'"),
    (["--set", "learning_rate=inf"], "learning_rate is inf"),
    (["--set", "model=rnn"], "model is 'rnn', expected one of 'crt', "),
    (["--set", "segment_length=100000"], "100000"),
    (["--set", "width=100000000"], "not enough memory"),
    (["--seed", "1", "--set", "seed=2"], "both given"),
    (["--seed", "-1"], "'-1' is not a whole number of 0 or more"),
    (["--epochs", "0"], "exactly one of epochs, steps and minutes"),
    (["--epochs", "1", "--minutes", "1"], "not allowed with"),
    (["--minutes", "nan"], "minutes is nan"),
    (["--minutes", "soon"], "invalid float value"),
    (["--level", "byte"], "invalid choice: 'byte'"),
    (["--data-dir", "no-such-folder"], "the data folder no-such-folder does not exist"),
    (["--resume", "no-such-run"], "no run in"),
    (["--resume", "no-such-run", "--seed", "1"], "--resume goes on with the settings of the run, got --seed"),
    (["--frobnicate"], "unrecognized arguments: --frobnicate"),
])
def test_train_refuses(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "--data-dir" in arguments:
        arguments = [*arguments, "--corpus", "ptb"]
    assert words in refused(capsys, "train", *arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments, words", [
    (["fly"], "invalid choice: 'fly'"),
    (["data"], "ACTION"),
    (["data", "get", "pbt"], "unknown corpus 'pbt'"),
    (["eval"], "RUN"),
    (["eval", "."], "no run in"),
    (["generate", "no-such-run"], "no run in"),
    (["info", "no-such-run"], "no run in"),
    (["info", "--preset", "huge"], "unknown preset 'huge'; there are: tiny, small, ptb, wikitext103"),
])
def test_other_commands_refuse(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert words in refused(capsys, *arguments)


@pytest.mark.parametrize("content, words", [
    (b"", "is empty"),
    (b" \n \n", "is empty"),
    (b"\x7fELF\x02\x01\x00\x00words", "is a binary file"),
    (b"caf\xe9 " * 100, "is not UTF-8 text"),
    (b"one two three four", "too few"),
    (b"one two three four five six", "too few"),
])
def test_train_refuses_the_text(content, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_bytes(content)
    assert words in refused(capsys, "train", "--corpus", "text.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_an_output_folder_with_another_run_is_left_alone(trained, capsys):
    text, run, _ = trained
    before = {file: file.read_bytes() for file in run.iterdir()}
    assert "holds another run" in refused(capsys, "train", "--corpus", text, "--out", run, "--epochs", "1", *SMALL)
    assert before == {file: file.read_bytes() for file in run.iterdir()}


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, 0.5, -1])
@pytest.mark.parametrize("name", ["eval", "generate", "info"])
def test_a_truncated_checkpoint_is_refused(trained, capsys, tmp_path, kept, name):
    _, run, _ = trained
    data = (run / "checkpoint.safetensors").read_bytes()
    cut = copy_of_run(run, tmp_path)
    (cut / "checkpoint.safetensors").write_bytes(data[:int(kept * len(data)) if kept == 0.5 else kept])
    assert "checkpoint.safetensors" in refused(capsys, name, cut)


def test_resuming_from_a_truncated_checkpoint_is_refused(trained, capsys, tmp_path):
    _, run, _ = trained
    cut = copy_of_run(run, tmp_path)
    (cut / "summary.json").unlink()
    data = (cut / "checkpoint.safetensors").read_bytes()
    (cut / "checkpoint.safetensors").write_bytes(data[:-100])
    assert "damaged" in refused(capsys, "train", "--resume", cut)


@pytest.mark.parametrize("start", [["eval"], ["train", "--resume"]])
def test_a_checkpoint_of_another_configuration_is_refused(trained, capsys, tmp_path, start):
    _, run, _ = trained
    other = copy_of_run(run, tmp_path)
    (other / "summary.json").unlink()
    text = (other / "config.toml").read_text(encoding="utf-8")
    (other / "config.toml").write_text(text.replace("inner = 8", "inner = 12"), encoding="utf-8")
    assert "another configuration" in refused(capsys, *start, other)


def test_another_text_under_the_same_name_is_refused(trained, capsys, tmp_path):
    _, run, _ = trained
    other = copy_of_run(run, tmp_path)
    text = write_text(tmp_path / "other.txt", seed=1)
    text.write_text(text.read_text(encoding="utf-8").replace("red", "pink"), encoding="utf-8")
    configuration = (other / "config.toml").read_text(encoding="utf-8")
    (other / "config.toml").write_text(configuration.replace(str(trained[0]), str(text)), encoding="utf-8")
    (other / "summary.json").unlink()
    assert "corpus" in refused(capsys, "train", "--resume", other)


def test_training_that_diverges_is_exit_code_1(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = write_text(tmp_path / "colours.txt")
    error = refused(capsys, "train", "--corpus", text, "--epochs", "5", "--out", "run", *SMALL, "--set",
                    "optimizer=sgd", "--set", "learning_rate=1e30", "--set", "clip=0", code=1)
    assert "step" in error and "not finite" in error or "nan" in error or "inf" in error
