"""Properties that a student writes: what holds for the right function and for no other"""

import numpy as np
import pytest

from minicrt import teach
from minicrt.gradcheck import check
from minicrt.teach import planted
from minicrt.teach.properties import PropertyExercise
from minicrt.teach.registry import registered

PROPERTIES = [one for one in registered().values() if isinstance(one, PropertyExercise)]
by_name = pytest.mark.parametrize("exercise", PROPERTIES, ids=lambda one: one.name)


@by_name
def test_a_solution_is_right(exercise):
    for seed in range(10):
        grade = teach.grade(exercise.name, exercise.solution, seed)
        assert grade and "Right:" in repr(grade), grade


@by_name
def test_a_stub_is_not_attempted(exercise):
    scope = {}
    exec(teach.stub(exercise.name), scope)
    for answer in (scope[exercise.name], None, ..., lambda *_: None, lambda *_: ..., not_written):
        grade = teach.grade(exercise.name, answer)
        assert not grade and grade.verdict == "not attempted" and f"teach.hint('{exercise.name}', 1)" in repr(grade)


def not_written(*arguments):
    raise NotImplementedError


@by_name
def test_an_exercise_is_fit_to_be_graded(exercise):
    right, *others = exercise.subjects
    assert exercise.name == exercise.solution.__name__ and len(exercise.hints) >= 2
    assert right.holds and len([one for one in others if not one.holds]) >= 2
    assert all(one.asks.endswith(("?", ".")) or one.holds for one in exercise.subjects)
    assert len({one.called for one in exercise.subjects}) == len(exercise.subjects)
    assert exercise.questions.keys() <= {"blind", "strict", "rounding", "writes", "same", "unused", "shape"}
    for name, n in [(exercise.name, n) for n in range(1, len(exercise.hints) + 1)]:
        assert teach.hint(name, n).startswith(f"Hint {n}")
    assert repr(teach.solution(exercise.name)) == teach.source(exercise.name)


@by_name
def test_every_input_shows_what_a_subject_is(exercise):
    for seed in range(20):
        arguments = exercise.draw(np.random.default_rng(seed))
        given = [arguments[name] for name in exercise.parameters[1:]]
        with np.errstate(all="ignore"):
            for subject in exercise.subjects:
                assert exercise.solution(subject.function, *given) is subject.holds, (seed, subject.called)


@by_name
@pytest.mark.parametrize("answer, verdict, words", [
    (lambda *_: True, "wrong", "It holds for every one, and never calls"),
    (lambda *_: np.False_, "wrong", "It refuses every one"),
    (lambda *_: np.array([True, False]), "wrong shape", "it returns truth values of shape (2,)"),
    (lambda *_: 1.0, "wrong shape", "it returns a float, expected one True or False"),
    (lambda *_: 1 / 0, "wrong shape", "it raises ZeroDivisionError on line 1"),
    (lambda read: True, "wrong shape", "it takes the arguments (read)")])
def test_what_says_nothing_is_told(exercise, answer, verdict, words):
    grade = teach.grade(exercise.name, answer)
    assert not grade and grade.verdict == verdict and words in repr(grade), grade


def test_an_assertion_is_a_false():
    def property_with_assert(read, x, state, t):
        other = x.copy()
        other[:, t:] = 3
        np.testing.assert_allclose(read(x, state)[0][:, :t], read(other, state)[0][:, :t])
        return True

    assert teach.grade("is_causal", property_with_assert)


def test_one_input_that_shows_a_mistake_is_enough_but_what_is_right_must_hold_for_all():
    """As a search for a counterexample has it."""
    solution = registered()["is_causal"].solution
    assert teach.grade("is_causal", lambda read, x, state, t: t == 2 or solution(read, x, state, t))
    grade = teach.grade("is_causal", lambda read, x, state, t: t != 2 and solution(read, x, state, t))
    assert not grade and "It refuses the right model, on " in repr(grade) and "of 10 draws" in repr(grade)


def test_the_planted_gradient_is_that_of_the_reader():
    rng = np.random.default_rng(0)
    x, state = rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 3))
    for t in (1, 4):
        check(lambda x: planted.read(x, state)[0], lambda d_y, x, t=t: planted.gradient(x, state, d_y, t, False), [x],
              rng=rng).raise_if_wrong()


def test_planted_norms_and_softmaxes_pass_ordinary_examples():
    rng = np.random.default_rng(0)
    for candidate in planted.LAYER_NORMS.values():
        x = rng.standard_normal((4, 7))
        np.testing.assert_allclose(candidate(x), planted.layer_norm(x), rtol=1e-9, atol=1e-9)
    for candidate in planted.MASKED.values():
        y, visible = rng.standard_normal((5, 5)), np.tri(5, dtype=bool)
        np.testing.assert_allclose(candidate(y, visible), planted.masked_softmax(y, visible), rtol=1e-9)


@pytest.mark.parametrize("candidate, x", [("A", np.array([[0.0, 1], [1, 1]])), ("B", 1e8 + np.arange(3.0)[None]),
                                          ("C", np.zeros((1, 1)))])
def test_a_planted_norm_is_wrong_somewhere(candidate, x):
    assert not np.allclose(planted.LAYER_NORMS[candidate](x), planted.layer_norm(x), atol=1e-3)
