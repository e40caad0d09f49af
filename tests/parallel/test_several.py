"""What is said where mpiexec has started several processes and they cannot, or are not to, share the work"""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from minicrt.cli import several
from minicrt.errors import ConfigurationError
from minicrt.parallel import ranks
from minicrt.parallel.launch import VARIABLES, Launch, check_alone, launch
from minicrt.parallel.ranks import ALONE, Ranks
from minicrt.parallel.shares import moved, share
from minicrt.training import RunFolder, train, train_sensors
from minicrt.training.shared_trainer import SharedTrainer
from tests.cli.running import environment, refused
from tests.training import tiny


@pytest.fixture(autouse=True)
def no_launcher(monkeypatch):
    for names in VARIABLES:
        for name in names:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(ranks, "_started", [])
    monkeypatch.setattr(several, "A_MOMENT", 0.0)


def as_one_of(monkeypatch, size, rank=0, names=VARIABLES[0]):
    monkeypatch.setenv(names[0], str(size))
    monkeypatch.setenv(names[1], str(rank))


@pytest.mark.parametrize("names", VARIABLES)
def test_who_started_this_process_is_told_by_the_environment(monkeypatch, names):
    assert launch() == Launch()
    as_one_of(monkeypatch, 4, 3, names)
    assert launch() == Launch(3, 4, names[0])
    monkeypatch.delenv(names[1])
    assert launch() == Launch()


@pytest.mark.parametrize(("size", "rank"), [("0", "0"), ("2", "2"), ("two", "0"), ("2", "-1"), ("9" * 5000, "0")])
def test_an_environment_that_contradicts_itself(monkeypatch, size, rank):
    as_one_of(monkeypatch, size, rank)
    with pytest.raises(ConfigurationError, match="OMPI_COMM_WORLD_SIZE .* expected a rank and a larger number"):
        launch()


def test_mpiexec_without_mpi4py(monkeypatch, capsys, tmp_path):
    """One of the processes says what is missing; none makes a folder."""
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    monkeypatch.chdir(tmp_path)
    as_one_of(monkeypatch, 2)
    assert "need mpi4py" in (line := refused(capsys, "train")) and "pip install 'minicrt[mpi]'" in line
    as_one_of(monkeypatch, 2, rank=1)
    from minicrt.cli import main
    assert main(["train"]) == 2
    assert capsys.readouterr() == ("", "") and not list(tmp_path.iterdir())
    with pytest.raises(ConfigurationError, match="need mpi4py"):
        train(tmp_path / "run", tiny.model(), tiny.corpus(), tiny.config(), progress=False)
    assert not list(tmp_path.iterdir())


def test_an_mpi4py_of_another_mpi(monkeypatch):
    """Each process would think that it is alone, and all would write one folder."""
    world = SimpleNamespace(Get_size=lambda: 1)
    found = SimpleNamespace(rc=SimpleNamespace(), MPI=SimpleNamespace(COMM_WORLD=world))
    monkeypatch.setitem(sys.modules, "mpi4py", found)
    as_one_of(monkeypatch, 2)
    with pytest.raises(ConfigurationError, match="has started 2 processes .* mpi4py finds 1: it runs on another MPI"):
        ranks.started()


@pytest.mark.parametrize("arguments", [["eval", "run"], ["compare", "grid.toml"], ["info"], ["gradcheck"]])
def test_other_commands_are_for_one_process(monkeypatch, capsys, arguments):
    as_one_of(monkeypatch, 2)
    assert f"minicrt {arguments[0]} is done by one process, and mpiexec has started 2" in refused(capsys, *arguments)


def test_readings_and_videos_are_for_one_process(monkeypatch, tmp_path):
    from minicrt.data.sensors import Question, dosing_machine, sensor_data
    from minicrt.models import create_sensor_model

    data = sensor_data(dosing_machine(np.random.default_rng(0)), Question("forecast", "pressure", 16))
    as_one_of(monkeypatch, 2)
    with pytest.raises(ConfigurationError, match="a training on sensor readings is done by one process"):
        train_sensors(tmp_path / "run", create_sensor_model(6, 1, width=8, heads=2, layers=1, segment_length=4), data,
                      steps=1)
    with pytest.raises(ConfigurationError, match="a training on videos is done by one process"):
        check_alone("a training on videos")
    assert not (tmp_path / "run").exists()


def test_more_ranks_than_rows(tmp_path):
    several_of = SimpleNamespace(size=5, rank=0, first=True)
    with pytest.raises(ConfigurationError, match="5 ranks are to share the 4 rows of a batch, .* set batch to 5"):
        SharedTrainer(RunFolder(tmp_path / "run", {}), tiny.model(), tiny.corpus(), tiny.config(), None, several_of)


@pytest.mark.parametrize(("rows", "size"), [(8, 3), (3, 3), (2, 5), (1, 2), (17, 4)])
def test_every_row_has_one_rank_and_the_first_rank_some(rows, size):
    shares = [share(rows, 1, SimpleNamespace(rank=rank, size=size)) for rank in range(size)]
    parts = [part for own in shares for part in own.parts]
    assert [parts[0][0], *(stop for _, stop in parts)] == [0, *(start for start, _ in parts[1:]), rows]
    assert shares[0].rows and sum(own.rows for own in shares) == rows
    assert [own.first for own in shares] == [sum(len(before.parts) for before in shares[:n]) for n in range(size)]
    assert {own.pieces for own in shares} == {len(parts)} and max(own.rows for own in shares) <= -(-rows // size) + 1


def test_one_process_needs_no_mpi(tmp_path):
    """Neither importing the package nor training imports mpi4py, and a state stays as it is."""
    state = {"memory": np.zeros((2, 3))}
    assert moved(state, 0, 2, ALONE) is state and Ranks().size == 1 and ranks.started() is ALONE
    code = ("import sys; sys.modules['mpi4py'] = None; import minicrt, minicrt.training; "
            "from minicrt.parallel.ranks import started; assert started().size == 1")
    subprocess.run([sys.executable, "-c", code], check=True, env=environment(), cwd=tmp_path)
