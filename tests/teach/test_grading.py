"""The four ways in which an answer is answered, whatever a student hands in"""

import numpy as np
import pytest

from minicrt import teach
from minicrt.errors import InputError, MinicrtError
from minicrt.gradcheck import check
from minicrt.teach.exercise import Answer, Exercise
from minicrt.teach.registry import registered
from minicrt.teach.running import is_stub

EXERCISES = [one for one in registered().values() if isinstance(one, Exercise)]
ANSWERS = [one for one in registered().values() if isinstance(one, Answer)]
by_name = {"ids": lambda one: one.name}


@pytest.mark.parametrize("exercise", EXERCISES, **by_name)
def test_a_solution_is_right(exercise):
    for seed in range(10):
        grade = teach.grade(exercise.name, exercise.solution, seed)
        assert grade and grade.verdict == "right" and "Right:" in repr(grade), grade


@pytest.mark.parametrize("exercise", EXERCISES, **by_name)
def test_a_stub_is_not_attempted(exercise):
    scope = {}
    exec(teach.stub(exercise.name), scope)
    for answer in (scope[exercise.name], None, ..., lambda *_: None, lambda *_: ..., not_written):
        grade = teach.grade(exercise.name, answer)
        assert not grade and grade.verdict == "not attempted" and f"teach.hint('{exercise.name}', 1)" in repr(grade)


def not_written(*arguments):
    raise NotImplementedError


@pytest.mark.parametrize("exercise", EXERCISES, **by_name)
def test_an_exercise_is_fit_to_be_graded(exercise):
    """Its sizes are unequal and 2 or more, its outputs are arrays of some size, its stub is short."""
    assert exercise.name == exercise.solution.__name__ and len(exercise.hints) >= 2
    assert 1 <= len(teach.source(exercise.name).splitlines()) - len(teach.stub(exercise.name).splitlines()) + 1 <= 25
    for seed in range(5):
        arguments = exercise.draw(np.random.default_rng(seed))
        assert set(exercise.parameters) <= arguments.keys()
        returned = exercise.solution(*(arguments[name] for name in exercise.parameters))
        assert len(returned if isinstance(returned, tuple) else [returned]) == len(exercise.outputs)


@pytest.mark.parametrize("exercise", EXERCISES, **by_name)
def test_a_question_is_about_something_that_is_there(exercise):
    from minicrt.teach.diagnosing.kinds import KEYS
    from minicrt.teach.diagnosing.search import fragments, solution_of

    source = solution_of(exercise.name, exercise).source
    known = dict(fragments(exercise))
    for key in exercise.questions:
        assert key in KEYS or key in exercise.outputs or known[key].strip("()") in source, key
    for mistake in exercise.mistakes:
        assert all(old in teach.source(exercise.name) for old in mistake.changes) and mistake.asks.endswith(("?", "."))


@pytest.mark.parametrize("exercise", EXERCISES, **by_name)
def test_hints_end_and_the_solution_is_shown(exercise):
    hints = [teach.hint(exercise.name, n) for n in range(1, len(exercise.hints) + 2)]
    assert len(set(hints)) == len(hints) and "solution" in hints[-1]
    assert repr(teach.solution(exercise.name)) == teach.source(exercise.name)


def test_the_contents_of_a_chapter():
    assert repr(teach.contents("04")) == repr(teach.contents("through_time")) and "gru_backward" in teach.contents("04")
    assert "softmax" not in teach.contents("04") and len(teach.contents().splitlines()) == len(registered())


def test_the_next_hint_is_another_one():
    assert [teach.hint("04.g1")[:6] for _ in range(3)] == ["Hint 1", "Hint 2", "04.g1 "]


def right(d_y, x, W, b):
    return d_y @ W.T, x.T @ d_y, d_y.sum(0)


def of(change):
    return lambda d_y, x, W, b: change(*right(d_y, x, W, b))


@pytest.mark.parametrize("answer, words", [
    (of(lambda d_x, d_W, d_b: (d_x, d_W)), "it returns 2 values, expected 3: d_x, d_W, d_b"),
    (of(lambda d_x, d_W, d_b: d_x), "it returns 1 value, expected 3"),
    (of(lambda d_x, d_W, d_b: (d_x, d_W.T, d_b)), "d_W has shape (5, 6), expected (6, 5), the same the other way"),
    (of(lambda d_x, d_W, d_b: (d_x, d_W, d_b.sum())), "summed over an axis too many"),
    (of(lambda d_x, d_W, d_b: (d_x, d_W, None)), "d_b is None; the other outputs are there"),
    (of(lambda d_x, d_W, d_b: (d_x, "W", d_b)), "d_W is a str, expected an array"),
    (of(lambda d_x, d_W, d_b: (d_x, [[1], [1, 2]], d_b)), "d_W is a list, expected an array"),
    (of(lambda d_x, d_W, d_b: d_W @ d_x), "it raises ValueError"),
    (of(lambda d_x, d_W, d_b: 1 / 0), "it raises ZeroDivisionError on line 1"),
    (lambda d_y, x: d_y, "it takes the arguments (d_y, x), expected 4: (d_y, x, W, b)"),
    (of(lambda d_x, d_W, d_b: {"d_x": d_x}), "it returns 1 value")])
def test_what_cannot_be_compared_is_said(answer, words):
    grade = teach.grade("linear_backward", answer)
    assert grade.verdict == "wrong shape" and words in repr(grade), grade


def test_what_is_not_finite_is_told():
    grade = teach.grade("linear_backward", of(lambda d_x, d_W, d_b: (
        d_x, d_W / (np.arange(len(d_W)) > 0)[:, None], d_b)))
    assert grade.names == "finite" and "in all of rows 0 and nowhere else" in repr(grade), grade
    assert "division by 0" in repr(grade)


def test_a_mapping_by_the_outputs_names_will_do():
    assert teach.grade("linear_backward", of(lambda d_x, d_W, d_b: {"d_b": d_b, "d_W": d_W, "d_x": d_x}))


def test_what_writes_to_its_arguments_is_told():
    def writes(d_y, x, W, b):
        W *= 2
        return right(d_y, x, W / 2, b)

    assert "it writes to its argument W" in repr(teach.grade("linear_backward", writes))


def test_an_exception_is_told_by_the_students_own_line():
    def raises(d_y, x, W, b):
        d_x = d_y @ W.T
        d_W = np.concatenate([x, d_y @ d_x])
        return d_x, d_W, b

    grade = teach.grade("linear_backward", raises)
    assert "it raises ValueError on line 3 of it, `d_W = np.concatenate([x, d_y @ d_x])`: matmul" in repr(grade)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_wrong(bad):
    assert teach.grade("linear_backward", of(lambda d_x, d_W, d_b: (d_x * bad, d_W, d_b))).verdict == "wrong"


def test_single_precision_is_told():
    narrow = of(lambda d_x, d_W, d_b: (d_x.astype(np.float32), d_W, d_b))
    assert "accuracy of float32" in repr(teach.grade("linear_backward", narrow))
    half = of(lambda d_x, d_W, d_b: (d_x.astype(np.float16), d_W, d_b))
    assert "accuracy of float16" in repr(teach.grade("linear_backward", half))


def test_what_an_earlier_call_has_left_is_told():
    kept = {}

    def goes_on(d_y, x, W, b):
        kept[x.shape] = kept.get(x.shape, 0) + x.T @ d_y     # a global array in a notebook's cell
        return d_y @ W.T, kept[x.shape], d_y.sum(0)

    first = teach.grade("linear_backward", goes_on)
    assert not (first and teach.grade("linear_backward", goes_on))
    assert "what an earlier call has left" in repr(teach.grade("linear_backward", goes_on))


def test_a_factor_is_named_after_a_size_only_where_it_goes_with_it():
    """In the first draw N is 4."""
    assert "4 is the length of axis 0" in repr(teach.grade("linear_backward", of(
        lambda d_x, d_W, d_b: (d_x * len(d_x), d_W, d_b))))
    assert "d_x: it is 4 times the right one everywhere.\n" in repr(teach.grade("linear_backward", of(
        lambda d_x, d_W, d_b: (4 * d_x, d_W, d_b))))


def prints(d_y, x, W, b):
    print("here I am")
    return d_y @ W.T, x.T @ d_y, np.sin(b)


def waits(d_y, x, W, b):
    k = len(d_y)
    while k > 3:
        k -= 1
    return d_y @ W.T, x.T @ d_y, d_y[:k].sum(0)


def test_what_a_function_does_besides_is_not_done_thousands_of_times(capsys):
    assert not teach.grade("linear_backward", prints)
    assert capsys.readouterr().out.count("here I am") == 1
    assert not teach.grade("linear_backward", waits)         # it ends


def test_two_mistakes_in_two_outputs_are_both_told():
    grade = teach.grade("linear_backward", of(lambda d_x, d_W, d_b: (-d_x, d_W, d_b / 2)))
    assert "d_x: its sign is the other way round." in repr(grade) and "d_b: it is 0.5 times" in repr(grade)


def test_a_function_that_is_no_stub_is_none():
    assert not is_stub(right) and not is_stub(len) and not is_stub(3)


@pytest.mark.parametrize("call, words", [
    (lambda: teach.grade("gru_backwards", right), "did you mean 'gru_backward'?"),
    (lambda: teach.grade(3, right), "the name is an int"),
    (lambda: teach.grade("04.h1", right), "there is no exercise '04.h1'"),
    (lambda: teach.grade("linear_backward", right(np.ones((2, 3)), np.ones((2, 4)), np.ones((4, 3)), 0)),
     "got a tuple, expected the function itself"),
    (lambda: teach.grade("linear_backward", right, -1), "seed is -1"),
    (lambda: teach.hint("softmaxx"), "did you mean 'softmax'?"), (lambda: teach.hint("softmax", 0), "n is 0"),
    (lambda: teach.solution("nothing"), "there is no exercise"),
    (lambda: teach.source("04.h1"), "there is no exercise"),
    (lambda: teach.answer("04.h", 1), "did you mean '04.h1'?"), (lambda: teach.answer("softmax", 1), "no prediction"),
    (lambda: teach.answer("04.h1", "half", 1), "got 'half', expected a number"),
    (lambda: teach.contents("99"), "there are no exercises of '99'")])
def test_what_makes_no_sense_is_refused_in_a_line(call, words):
    with pytest.raises(MinicrtError) as caught:
        call()
    assert isinstance(caught.value, InputError) and words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("asked", ANSWERS, **by_name)
def test_a_prediction(asked):
    values = list(asked.values.values())
    assert teach.answer(asked.name, *values) and teach.answer(asked.name, np.round(values, 4))
    assert teach.answer(asked.name).verdict == teach.answer(asked.name, ...).verdict == "not attempted"
    assert teach.answer(asked.name, *values, 1.0).verdict == "wrong shape"
    doubled = teach.answer(asked.name, *(2 * value + 1e-3 for value in values))
    assert not doubled and "not right" in repr(doubled)
    for wrong, words in asked.mistakes.items():
        numbers = wrong if isinstance(wrong, tuple) else [wrong] * len(values)
        assert words in repr(teach.answer(asked.name, *numbers))
    assert all(f"{value:.6g}" in teach.solution(asked.name) for value in values)


def test_a_prediction_that_is_exchanged_or_turned_is_told():
    assert "h_1 has the other sign" in repr(teach.answer("04.h1", -0.5, 0.25)) or "update gate" in repr(
        teach.answer("04.h1", -0.5, 0.25))
    assert "What you have for h_1 is h_2" in repr(teach.answer("04.h1", -0.25, 0.5))
    assert "twice" in repr(teach.answer("04.direct", 2))
    known_nowhere = repr(teach.answer("08.segment", 11, 3))
    assert "first token and second token are not right.\nteach.hint('08.segment') gives a nudge." in known_nowhere
    assert "row 2 stop in segment 1" not in repr(teach.answer("08.segment", 7, 8))    # 8 is of another mistake


def test_the_solutions_are_right_themselves():
    """By the complex step, of the forward passes of the course."""
    from minicrt.teach.solutions import gradients as g

    rng = np.random.default_rng(0)
    y, classes, tau = rng.standard_normal((4, 3)), np.array([0, 2, 1, 1]), np.array([1.3])
    check(g.cross_entropy, g.cross_entropy_backward, [y, classes], rng=rng).raise_if_wrong()
    check(lambda y, tau: g.softmax(y / tau), lambda d_p, y, tau: (
        (d := g.tempered_backward(d_p, y, tau[0]))[0], np.array([d[1]])), [y, tau], rng=rng).raise_if_wrong()
    check(lambda x, gain: gain * x / np.sqrt((x * x).mean(-1, keepdims=True) + 0.1),
          lambda d_y, x, gain: g.rms_norm_backward(d_y, x, gain, 0.1), [y, y[0]], rng=rng).raise_if_wrong()
    check(lambda x, W, b: x @ W + b, g.linear_backward, [y, y[:3, :2], y[0, :2]], rng=rng).raise_if_wrong()


def test_the_grus_solutions_are_the_packages():
    from minicrt import ops
    from minicrt.teach.exercises import through_time as exercises
    from minicrt.teach.solutions import through_time as solutions

    given = exercises.backward_inputs(np.random.default_rng(3))
    h, cache = ops.gru(*(given[name] for name in ("x", "h0", "w", "u", "b", "b_hn")))
    step = solutions.gru_step(given["x"][:, 0], *(given[name] for name in ("h0", "w", "u", "b", "b_hn")))
    assert np.allclose(step, h[:, 0], 1e-12, 1e-12)
    found = solutions.gru_backward(*(given[name] for name in ("d_h", "x", "h", "w", "u", "r", "z", "n", "c")))
    for ours, theirs in zip(ops.gru_backward(given["d_h"], cache), found, strict=True):
        assert np.allclose(ours, theirs, 1e-12, 1e-12)
    last = {name: given[name][:, -1] for name in "rznc"} | {"g": given["d_h"][:, -1], "h": given["h"][:, -2]}
    alone = np.zeros_like(h)
    alone[:, -1] = last["g"]
    before = solutions.gru_step_backward(u=given["u"], **last)
    _, cache_of_one = ops.gru(given["x"][:, -1:], last["h"], *(given[name] for name in ("w", "u", "b", "b_hn")))
    assert np.allclose(before, ops.gru_backward(alone[:, -1:], cache_of_one)[1], 1e-12, 1e-12)
