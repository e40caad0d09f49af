"""Which engine a model runs on, with Numba and without"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import minicrt
from minicrt import engines, ops
from minicrt.errors import ConfigurationError
from minicrt.models import create_model
from minicrt.parallel import threads

SMALL = {"vocabulary": 7, "width": 4, "heads": 1, "layers": 1, "inner": 4}
BLOCKED = "import sys; sys.modules['numba'] = None\n"        # as if it were not installed
TRAIN = """
import numpy as np
from minicrt import engines
from minicrt.models import create_model
from minicrt.training import AdamW, train_step
model = create_model({"vocabulary": 7, "width": 4, "heads": 1, "layers": 1, "inner": 4})
parameters = model.initialize(np.random.default_rng(0))
tokens = np.random.default_rng(1).integers(0, 7, (2, 3, 5))
loss, _, _ = train_step(model, parameters, parameters.zeros_like(), AdamW(parameters), [tuple(tokens)], {})
print(engines.name_of(model.engine), 1.5 < loss < 2.5)
"""

ONE_KERNEL = """
import numpy as np
from minicrt import kernels
print(kernels.gelu(np.zeros((2, 3)))[0].sum())
"""


def python(code, **variables):
    environment = {**os.environ, "PYTHONPATH": str(Path(minicrt.__file__).parents[1]), **variables}
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True,
                          encoding="utf-8", check=False)


def test_by_name_and_by_the_environment(monkeypatch):
    assert engines.get("numpy") is ops and engines.name_of(ops) == "numpy"
    monkeypatch.setenv("MINICRT_ENGINE", "numpy")
    assert engines.get() is ops and create_model(SMALL).engine is ops


def test_by_choice(monkeypatch):
    monkeypatch.delenv("MINICRT_ENGINE", raising=False)
    engines.choose("numpy")
    try:
        assert engines.get() is ops
    finally:
        engines.choose(None)
    assert engines.get() is engines.get("auto")


def test_numba_where_it_is_installed():
    kernels = pytest.importorskip("numba") and engines.get("auto")
    assert engines.name_of(kernels) == "numba" and kernels is engines.get("numba")


@pytest.mark.parametrize("ask", [engines.get, engines.choose])
def test_another_name(ask):
    with pytest.raises(ConfigurationError, match="the engine is 'fast', expected auto, numba or numpy"):
        ask("fast")


def test_without_numba_a_model_trains_in_numpy():
    result = python(BLOCKED + TRAIN, MINICRT_ENGINE=None)
    assert result.stdout.split() == ["numpy", "True"], result.stderr


def test_without_numba_asking_for_it_gets_one_line():
    code = BLOCKED + "from minicrt.cli import main; sys.exit(main(['train', '--engine', 'numba']))"
    result = python(code)
    assert result.returncode == 2 and result.stderr.count("\n") == 1
    assert "needs Numba, which is not installed: pip install numba" in result.stderr


@pytest.mark.parametrize("value", ["0", "-1", "many", "2,2"])
def test_what_numba_would_end_with_a_traceback_on(monkeypatch, value):
    pytest.importorskip("numba")
    monkeypatch.setenv("NUMBA_NUM_THREADS", value)
    with threads.limit(1), pytest.raises(ConfigurationError, match=f"NUMBA_NUM_THREADS is '{value}', expected"):
        engines.get("numba")


def test_a_numba_that_cannot_be_imported(tmp_path):
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs another NumPy')", encoding="utf-8")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom minicrt.cli import main; sys.exit(main(['train']))"
    result = python(code, MINICRT_ENGINE=None)
    assert result.returncode == 2 and result.stderr.count("\n") == 1
    assert "cannot be imported: Numba needs another NumPy" in result.stderr and "the engine numpy" in result.stderr


def test_importing_the_package_is_light():
    code = """
import sys
import minicrt, minicrt.cli, minicrt.engines, minicrt.parallel.threads
print(*sorted({"numba", "matplotlib", "scipy", "threadpoolctl", "torch", "jax"} & sys.modules.keys()))
"""
    assert python(code).stdout == "\n"


def test_nowhere_to_keep_kernels():
    """A home that is not there, and nothing that can be written to: it compiles, and says so."""
    pytest.importorskip("numba")
    code = "from minicrt.kernels import compiling; print(compiling.cache_folder())\n" + ONE_KERNEL
    result = python(code, NUMBA_CACHE_DIR="/dev/null/nowhere")
    assert result.stdout.split() == ["None", "0.0"], result.stderr
    assert result.stderr.count("minicrt: compiling kernels; they cannot be kept") == 1


def test_kernels_are_kept(tmp_path):
    pytest.importorskip("numba")
    first, second = (python(ONE_KERNEL, NUMBA_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first.stdout == second.stdout == "0.0\n"
    assert first.stderr == "minicrt: compiling kernels for this machine, this once\n" and second.stderr == ""
    assert [path.name.split("-")[0] for path in tmp_path.iterdir()] == ["kernels"]


def test_all_kernels_of_a_training_step_are_kept():
    """Where the other tests find theirs: whatever is missing there is compiled at the first of the two steps."""
    pytest.importorskip("numba")
    first, second = (python(TRAIN, MINICRT_ENGINE="numba") for _ in range(2))
    assert first.stdout == second.stdout == "numba True\n"
    assert second.stderr == ""


def test_the_protocol_of_an_engine_names_every_operation():
    named = set(engines.Engine.__annotations__) - {"__name__"}
    assert named == set(ops.__all__)
    installed = [name for name in engines.NAMES if name == "numpy" or engines._numba_is_installed()]
    assert all(hasattr(engines.get(name), operation) for name in installed for operation in named)
