"""Training from Python: the shortest useful program, what is shown, and what is wrong with arguments"""

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

import minicrt
from minicrt.errors import ConfigurationError, InputError, MinicrtError
from minicrt.models import CRT
from minicrt.training import Progress, Trained, TrainingConfig, load_run, resume, train
from tests.training import tiny

WORDS = "the cat sat on the mat and the dog lay on the rug".split()


def program():
    """The first example of help(minicrt)"""
    return textwrap.dedent(re.search(r"\n\n((?:    .*\n|\n)+)", minicrt.__doc__)[1])


def test_the_shortest_useful_program(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(" ".join(np.random.default_rng(0).choice(WORDS, 7500)), encoding="utf-8")
    assert len([line for line in program().splitlines() if line]) == 5
    exec(program().replace('"python-docs"', '"text.txt"').replace("minutes=2", "steps=2"), {})
    shown = capsys.readouterr()
    assert re.fullmatch(r"<Trained runs.first: CRT of [\d,]+ parameters on .*text.txt, weights of step 2; valid "
                        r"perplexity \d+\.\d\d, test \d+\.\d\d>\n", shown.out)
    assert "step 2, epoch " in shown.err
    assert load_run("runs/first").summary["steps"] == 2


def test_progress_is_shown_unless_told_not_to(tmp_path, capsys):
    settings = {"steps": 2, "batch": 4, "evaluation_batch": 3}
    run = train(tmp_path / "shown", tiny.model(), tiny.corpus(), **settings)
    assert ": train perplexity" in capsys.readouterr().err
    silent = train(tmp_path / "silent", tiny.model(), tiny.corpus(), progress=False, **settings)
    resume(tmp_path / "silent", progress=False)
    assert capsys.readouterr() == ("", "")
    assert np.array_equal(run.parameters.flat, silent.parameters.flat)


def test_without_a_configuration_it_is_that_of_the_command_line(tmp_path):
    from minicrt.settings import settings

    run = train(tmp_path / "run", tiny.model(), tiny.corpus(), steps=3, seed=4, progress=False, batch=4)
    assert run.training == settings("tiny", {"steps": 3, "seed": 4, "batch": 4}).training
    assert run.training.epochs == 0 and run.training.learning_rate == 3e-3


def test_a_run_says_what_it_is(tmp_path):
    run = train(tmp_path / "run", tiny.model(), tiny.corpus(), tiny.config(steps=4), False)
    text = repr(run)
    assert text == repr(load_run(tmp_path / "run"))
    assert text.startswith(f"<Trained {tmp_path / 'run'}: CRT of {run.parameters.size:,} parameters on ")
    assert f"; valid perplexity {run.summary['valid_perplexity']:.2f}, test " in text
    unfinished = Trained(run.folder, run.model, run.parameters, run.vocabulary, run.configuration, 3)
    assert "weights of step 3; not finished>" in repr(unfinished)


class OwnModel(CRT):
    pass


def call(**changes):
    arguments = {"folder": "run", "model": tiny.model(), "corpus": tiny.corpus(), "config": tiny.config(),
                 "progress": False, **changes}
    return lambda: train(**arguments)


WRONG = {
    "folder": (call(folder=None), "folder is None, expected the path"),
    "folder that is a number": (call(folder=3), "folder is an int, expected the path"),
    "model that is a class": (call(model=CRT), "model is an ABCMeta, expected a model; make one"),
    "model that is a mapping": (call(model={"vocabulary": 11}), "model is a dict, expected a model"),
    "model and corpus swapped": (call(model=tiny.corpus(), corpus=tiny.model()), "model is a Corpus"),
    "model of one's own": (call(model=OwnModel(tiny.model().config)), "an OwnModel, which no configuration"),
    "corpus that is a name": (call(corpus="ptb"), "corpus is a str, expected a corpus; load one"),
    "corpus that is an array": (call(corpus=np.arange(90)), "corpus is a ndarray"),
    "config that is a mapping": (call(config={"steps": 3}), "config is a dict, expected a TrainingConfig"),
    "config and settings": (call(steps=3, seed=2), "got a config and steps and seed as well"),
    "misspelt setting": (call(config=None, minute=3), "unknown key .minute. .* .minutes."),
    "setting of the model": (call(config=None, width=3), "unknown key 'width' in training"),
    "two budgets": (call(config=None, steps=3, minutes=2), "exactly one of epochs, steps and minutes"),
    "no budget": (call(config=None, steps=0), "exactly one of epochs, steps and minutes"),
    "progress that is None": (call(progress=None), "progress is None, expected True, False or a Progress"),
    "progress that is a class": (call(progress=Progress), "expected True, False or a Progress"),
    "progress of resume": (lambda: resume("run", progress="yes"), "progress is 'yes', expected True"),
    "folder of resume": (lambda: resume(None), "folder is None, expected the path of a run folder"),
    "path of load_run": (lambda: load_run(7), "path is an int, expected the path"),
    "a run for load_run": (lambda: load_run(Trained), "path is a type, expected the path"),
}


@pytest.mark.parametrize("label", WRONG)
def test_arguments_that_make_no_sense_are_refused_and_nothing_is_written(label, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    use, message = WRONG[label]
    with pytest.raises(MinicrtError, match=message) as caught:
        use()
    assert isinstance(caught.value, InputError | ConfigurationError) and "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_configuration_by_keywords_is_the_one_with_the_preset_under_it():
    assert isinstance(minicrt.training.run.training_config({"minutes": 1}), TrainingConfig)
    assert minicrt.training.run.training_config({"minutes": 1}).epochs == 0
