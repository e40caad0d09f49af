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


def test_what_one_works_with_says_what_it_is_in_one_line():
    import numpy as np

    from minicrt.data import TokenStream, Vocabulary
    from minicrt.training import Evaluation
    from tests.training import tiny

    corpus = tiny.corpus()
    texts = {
        repr(corpus): "<Corpus tiny: 490 words to train on, 105 to validate, 105 to test; vocabulary 11>",
        repr(TokenStream(np.zeros(6651, int), 10, 35)):
            "<TokenStream of 6,650 predictions in 10 rows of 665: 19 segments of 35>",
        repr(corpus.vocabulary): "<Vocabulary of size 11, tokenizer 'blanks': 'w0', 'w1', 'w2', 'w3', 'w4', …>",
        repr(Vocabulary(["\n"], "characters")): "<Vocabulary of size 1, tokenizer 'characters': '\\n'>",
        repr(Evaluation(np.log(50.0) * 9, 9, frozenset({"positions", "memory"}))):
            "<Evaluation: perplexity 50.00, 3.9120 nats a token over 9 tokens; carried: memory, positions>",
    }
    for text, expected in texts.items():
        assert text == expected
