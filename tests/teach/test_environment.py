"""`python -m minicrt.teach`"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import minicrt
from minicrt.teach import environment
from minicrt.teach.__main__ import main


def test_a_complete_environment_is_ok(capsys, monkeypatch):
    monkeypatch.setattr(environment, "NOTEBOOKS", ())        # tests run without Jupyter as well
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "OK: jupyter lab tutorials" in out and "numpy" in out and "Penn Treebank" in out


@pytest.mark.parametrize("versions, words", [
    ({"numpy": ""}, 'numpy: pip install "minicrt[notebooks]"'),
    ({"scipy": "1.9.3"}, 'scipy: pip install "scipy>=1.13"'),
    ({"matplotlib": "4.0"}, "OK"), ({"numba": ""}, "everything runs on NumPy, more slowly")])
def test_what_is_missing_or_old_is_said_with_what_to_do(capsys, monkeypatch, versions, words):
    known = environment.installed_version
    monkeypatch.setattr(environment, "NOTEBOOKS", ())
    monkeypatch.setattr(environment, "installed_version", lambda package: versions.get(package, known(package)))
    assert main([]) == (0 if "OK" in words or "NumPy" in words else 1)
    assert words in capsys.readouterr().out


def test_it_takes_no_arguments(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["04"])
    assert stopped.value.code == 2 and "unrecognized arguments: 04" in capsys.readouterr().err


def test_without_numpy_it_says_what_to_do_and_no_traceback():
    folder = Path(minicrt.__file__).parent.parent            # -S: without what is installed
    done = subprocess.run([sys.executable, "-S", "-m", "minicrt.teach"], capture_output=True, text=True,
                          encoding="utf-8", env={**os.environ, "PYTHONPATH": str(folder), "PYTHONUTF8": "1"})
    assert done.returncode == 1 and not done.stderr
    assert "numpy, scipy, matplotlib, jupyterlab, ipykernel, hypothesis: pip install" in done.stdout


def test_notebooks_and_the_corpus_are_looked_for(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "NOTEBOOKS", ("no_such_package_of_notebooks",))
    monkeypatch.setattr("minicrt.data.locations.data_directories", lambda data_dir=None: [tmp_path])
    assert main([]) == 1
    out = capsys.readouterr().out
    assert 'pip install ".[notebooks]" in a clone' in out and "minicrt data get ptb" in out


def test_the_search_for_counterexamples_is_asked_for(capsys, monkeypatch):
    monkeypatch.setattr(environment, "find_spec", lambda package: None if package == "hypothesis" else package)
    assert main([]) == 1 and 'hypothesis: pip install "minicrt[notebooks]"' in capsys.readouterr().out


def test_an_installation_without_source_is_told(capsys, monkeypatch):
    monkeypatch.setattr("minicrt.teach.reading.inspect.getsource", without_source)
    assert main([]) == 1 and "with its .py files" in capsys.readouterr().out


def without_source(function):
    raise OSError("could not get source code")
