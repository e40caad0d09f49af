"""What `import minicrt` offers: names that are imported when they are used"""

import importlib
import subprocess
import sys

import pytest

import minicrt

LATE = """
import sys
import minicrt
before = set(sys.modules)
assert not {name.partition(".")[0] for name in before} & {"numpy", "scipy", "numba", "matplotlib", "tqdm", "tomllib"}
assert set(minicrt.__all__) <= set(dir(minicrt))
assert set(sys.modules) == before
corpus = minicrt.load_corpus
assert "numpy" in sys.modules and "minicrt.models" not in sys.modules
from minicrt import *
assert CRT is minicrt.CRT and train is minicrt.training.train
"""


def test_importing_imports_nothing_that_takes_time():
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", minicrt.__all__)
def test_every_name_is_there_and_says_what_it_is(name):
    value = getattr(minicrt, name)
    assert name in dir(minicrt) and len(value.__doc__) > 200


def test_the_names_are_those_of_the_packages():
    from minicrt.conformance import check_port
    from minicrt.data import load_corpus
    from minicrt.inference import generate
    from minicrt.models import CRT, CRTConfig, create_model
    from minicrt.training import evaluate, load_run, train

    for value in (CRT, CRTConfig, check_port, create_model, evaluate, generate, load_corpus, load_run, train):
        assert getattr(minicrt, value.__name__) is value
    assert minicrt.gradcheck is importlib.import_module("minicrt.gradcheck")      # the package; the function is in it
    assert callable(minicrt.gradcheck.check) and minicrt.gradcheck.check_model.__doc__


@pytest.mark.parametrize("name", [name for name in dir(minicrt) if name not in minicrt.__all__ and name[0] != "_"])
def test_packages_are_attributes(name):
    assert getattr(minicrt, name) is importlib.import_module(f"minicrt.{name}")


@pytest.mark.parametrize("name, expected", [("creat_model", "did you mean 'create_model'"), ("Training", "'training'"),
                                            ("load_model", "did you mean"), ("xyz", "there are: CRT, CRTConfig, ")])
def test_a_wrong_name_says_what_was_meant(name, expected):
    with pytest.raises(AttributeError, match=expected):
        getattr(minicrt, name)
    with pytest.raises(ImportError):
        exec(f"from minicrt import {name}")


def test_what_tools_ask_for_is_answered_no():
    assert not hasattr(minicrt, "__wrapped__") and not hasattr(minicrt, "_pytestfixturefunction")
