import sys

import pytest

from minicrt.errors import CheckpointError
from minicrt.training import RunFolder

TABLES = {"model": {"width": 4, "memory": "gru"}, "training": {"learning_rate": 1e-3, "steps": 3}}


@pytest.fixture
def run(tmp_path):
    run = RunFolder(tmp_path / "runs" / "one", TABLES)
    run.create()
    return run


def test_create_and_open(run):
    assert RunFolder.open(run.path).configuration == TABLES
    assert [entry.name for entry in run.path.parent.iterdir()] == ["one"]
    assert run.read_metrics() == [] and run.read_summary() is None


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "empty").mkdir()
    RunFolder(tmp_path / "empty", TABLES).create()
    assert RunFolder.open(tmp_path / "empty").configuration == TABLES


def test_another_run_is_refused(run):
    with pytest.raises(CheckpointError, match="another run"):
        RunFolder(run.path, {"model": {}}).create()
    assert RunFolder.open(run.path).configuration == TABLES


@pytest.mark.parametrize("make", [lambda path: path.write_text("x", encoding="utf-8"),
                                  lambda path: (path / "photos").mkdir(parents=True)])
def test_what_is_not_an_empty_folder_is_refused(tmp_path, make):
    make(tmp_path / "taken")
    with pytest.raises(CheckpointError, match="not an empty folder"):
        RunFolder(tmp_path / "taken", TABLES).create()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot make the run folder"):
        RunFolder(tmp_path / "file" / "run", TABLES).create()


@pytest.mark.parametrize("damage", [b"[model", b"\xff\xfe", None])
def test_open_without_a_readable_config(tmp_path, damage):
    if damage is not None:
        (tmp_path / "config.toml").write_bytes(damage)
    with pytest.raises(CheckpointError, match="no run in") as caught:
        RunFolder.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_metrics_are_cut_back_to_a_step(run):
    for step in (10, 20, 30):
        run.append_metrics({"step": step, "valid_loss": 1 / 3})
    with run.metrics.open("a", encoding="utf-8") as file:
        file.write('{"step": 40, "valid_l')                 # killed while writing
    assert [record["step"] for record in run.read_metrics()] == [10, 20, 30]
    run.truncate_metrics(20)
    assert run.read_metrics() == [{"step": 10, "valid_loss": 1 / 3}, {"step": 20, "valid_loss": 1 / 3}]
    run.append_metrics({"step": 30})
    assert [record["step"] for record in run.read_metrics()] == [10, 20, 30]


def test_damaged_metrics_and_summary(run):
    run.metrics.write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl is damaged"):
        run.read_metrics()
    run.summary.write_text("{", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"summary\.json is damaged"):
        run.read_summary()


def test_summary(run):
    run.write_summary({"valid_perplexity": 12.5})
    assert run.read_summary() == {"valid_perplexity": 12.5}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no lock on Windows")
def test_one_process_at_a_time(run):
    with run.in_use():
        with pytest.raises(CheckpointError, match="in use"), RunFolder.open(run.path).in_use():
            pass
    with run.in_use():
        pass
