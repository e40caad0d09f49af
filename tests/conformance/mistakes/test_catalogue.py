"""The catalogue's second implementations: right without a mistake, and consistently wrong with one or two"""

import inspect
import itertools

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance import golden
from minicrt.conformance.checking import compare
from minicrt.conformance.checking.catalogue import OperationCatalogue
from minicrt.conformance.mistakes.operations import FAULTY, Faulty, faulty_operation
from minicrt.errors import ConformanceError
from minicrt.gradcheck import check_operation
from minicrt.gradcheck.cases import Case, all_cases
from minicrt.gradcheck.configurations import CONFIGURATIONS, small_model

# Too small, or with states too small, for the gradient checker's cases; the golden case that shows it.
SMALL = {"variance in one pass": "layer_norm-far", "log(p + 1e-12)": "linear_cross_entropy-all-scored",
         "state clipped": "gru"}
CASES = [*all_cases(np.random.default_rng(21)), *all_cases(np.random.default_rng(22))]
IDS = [f"{case.name}-{k}" for k, case in enumerate(CASES)]
FORMS = {f"{faulty.operation}{list(faulty.preset.values()) or ''}": faulty for faulty in FAULTY}


def cases_of(faulty: Faulty) -> list[Case]:
    return [case for case in CASES if case.operation == faulty.operation and faulty.covers(case.inputs)]


def upstream(case: Case) -> np.ndarray:
    y, _ = getattr(ops, case.operation)(**fresh(case))
    return np.asarray(np.random.default_rng(23).standard_normal(np.shape(y)))


def fresh(case: Case) -> dict:
    return {name: np.random.default_rng(24) if name == "rng" else value for name, value in case.inputs.items()}


def traced(faulty: Faulty, case: Case, *defects: str) -> dict[str, np.ndarray]:
    with np.errstate(all="ignore"):
        return faulty.trace(fresh(case), upstream(case), frozenset(defects))


def far(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, relative to the largest value; infinite where one of them is not finite."""
    difference, size = np.abs(a - b).max(initial=0), np.abs(b).max(initial=0)
    return np.inf if not np.isfinite(difference) else difference / size if size else difference


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_without_a_mistake_it_is_the_operation(case):
    faulty = faulty_operation(case.operation, case.inputs)
    d_y = upstream(case)
    y, cache = getattr(ops, case.operation)(**fresh(case))
    gradients = getattr(ops, case.operation + "_backward")(d_y, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    trace = faulty.trace(fresh(case), d_y)
    right = {faulty.output: y} | {f"d_{name}": g for name, g in zip(faulty.gradients, gradients) if g is not None}
    assert list(trace)[-len(right) + 1:] == list(right)[1:]
    for name, value in right.items():
        scale = case.scale.get(name.removeprefix("d_"), 0.0)
        assert far(trace[name], value) < 1e-12 or np.abs(trace[name] - value).max() < 1e-15 * scale, name
    assert all(np.isfinite(value).all() for value in trace.values())


@pytest.mark.parametrize("form", FORMS)
def test_every_mistake_in_the_forward_pass_changes_the_output(form):
    faulty = FORMS[form]
    right = [traced(faulty, case)[faulty.output] for case in cases_of(faulty)]
    for defect in faulty.forward_mistakes.keys() - SMALL.keys():
        wrong = [traced(faulty, case, defect)[faulty.output] for case in cases_of(faulty)]
        assert max(far(a, b) for a, b in zip(wrong, right)) > 1e-9, defect


@pytest.mark.parametrize("defect", SMALL)
def test_a_mistake_of_small_effect_changes_its_case(defect):
    case = golden.case(SMALL[defect])
    found = OperationCatalogue(case).trace((defect,))
    assert not compare(case, found).ok


@pytest.mark.parametrize("form", FORMS)
def test_a_mistake_in_the_forward_pass_has_the_gradient_of_that_wrong_forward(form):
    """Along two random directions of each tensor, which a wrong entry cannot hide from."""
    faulty = FORMS[form]
    for defect in faulty.forward_mistakes:
        for case in cases_of(faulty):
            forward, backward = faulty.operation_with(frozenset({defect}))
            with np.errstate(all="ignore"):
                report = check_operation(forward, backward, case.inputs, rng=np.random.default_rng(25), directions=2,
                                         scale=case.scale, tolerance=1e-9)
            assert report.passes(), f"{defect}: {report}"


def same(trace: dict[str, np.ndarray], other: dict[str, np.ndarray], name: str) -> bool:
    return trace[name].shape == other[name].shape and far(trace[name], other[name]) <= 1e-9


@pytest.mark.parametrize("most", [60, pytest.param(None, marks=pytest.mark.exhaustive)], ids=["some", "all"])
@pytest.mark.parametrize("form", FORMS)
def test_any_two_mistakes_go_together(form, most):
    """The pair goes wrong where the earlier of the two does, unless one undoes the other at its own place, or the two
    cannot be made at once and one alone is; and many pairs compute what neither does alone."""
    faulty = FORMS[form]
    case = cases_of(faulty)[0]
    right = traced(faulty, case)
    alone = {mistake: traced(faulty, case, mistake) for mistake in faulty.mistakes}

    def first_wrong(trace):
        return next((place for place, name in enumerate(right) if not same(trace, right, name)), len(right))

    pairs = list(itertools.combinations(faulty.mistakes, 2))
    pairs = [pairs[k] for k in np.random.default_rng(28).permutation(len(pairs))[:most]]
    of_both = 0
    for pair in pairs:
        both, singles = traced(faulty, case, *pair), [alone[mistake] for mistake in pair]
        assert list(both) == list(right), pair
        earlier, later = sorted(map(first_wrong, singles))
        of_one = any(all(same(both, single, name) for name in right) for single in singles)
        of_both += not of_one
        assert of_one or earlier == later or first_wrong(both) == earlier, pair
    assert of_both >= len(pairs) / 4


@pytest.mark.parametrize("form", FORMS)
def test_two_mistakes_in_the_forward_pass_have_the_gradient_of_both(form):
    """Of some pairs in one direction: what cannot be made at once is made as one of the two, in both passes."""
    faulty = FORMS[form]
    case, pairs = cases_of(faulty)[0], list(itertools.combinations(faulty.forward_mistakes, 2))
    for k in np.random.default_rng(26).permutation(len(pairs))[:25]:
        forward, backward = faulty.operation_with(frozenset(pairs[k]))
        with np.errstate(all="ignore"):
            report = check_operation(forward, backward, fresh(case), rng=np.random.default_rng(27), directions=1,
                                     scale=case.scale, tolerance=1e-8)
        assert report.passes(), f"{pairs[k]}: {report}"


@pytest.mark.parametrize("form", FORMS)
def test_a_mistake_in_the_backward_pass_leaves_the_forward_pass_as_it_is(form):
    faulty = FORMS[form]
    for case in cases_of(faulty):
        right = traced(faulty, case)
        forward = list(right)[:list(right).index(faulty.output) + 1]
        for defect in faulty.backward_mistakes:
            wrong = traced(faulty, case, defect)
            assert all(np.array_equal(wrong[name], right[name]) for name in forward), defect


def test_unknown_names_are_said_to_be_so():
    faulty = faulty_operation("tanh", {})
    with pytest.raises(ConformanceError, match="'hard tan' is none of the 6 known .* one like 'hard tanh'"):
        faulty.trace({"x": np.ones(2)}, np.ones(2), frozenset({"hard tan"}))
    with pytest.raises(ConformanceError, match="'tan'.*expected one of .*tanh"):
        faulty_operation("tan", {})


@pytest.mark.parametrize("name", ["CRT", "CRT, reset before", "CRT, NC-GRU", "CRT, LRU",
                                  "CRT, element and word dropout", "Transformer-XL, post-norm, dropout", "RMT", "LSTM",
                                  "minGRU"])
def test_a_model_runs_on_the_second_implementations(name):
    """Three segments, forwards and backwards: the form in which a mistake takes an operation's place in a model."""
    model = small_model(CONFIGURATIONS[name])
    parameters = model.initialize(np.random.default_rng(31), np.float64)
    parameters.flat += 0.2 * np.random.default_rng(32).standard_normal(parameters.size)
    segments = np.random.default_rng(33).integers(0, model.config.vocabulary, (3, 2, 2, 4))
    (losses, gradients), (again, same) = (passes(type(model)(model.config, engine), parameters, segments)
                                          for engine in (ops, SecondImplementations()))
    np.testing.assert_allclose(again, losses, rtol=1e-12)
    assert far(same, gradients) < 1e-11 and np.any(gradients)


class SecondImplementations:
    """An engine whose operations are the catalogue's, without a mistake."""

    def __getattr__(self, name):
        operation = name.removesuffix("_backward")
        forms = [faulty for faulty in FAULTY if faulty.operation == operation]
        if not forms:
            return getattr(ops, name)

        def forward(*arguments, **options):
            inputs = inspect.signature(getattr(ops, operation)).bind(*arguments, **options).arguments
            pair = faulty_operation(operation, inputs).operation_with(frozenset())
            y, cache = pair[0](*arguments, **options)
            return y, (pair[1], cache)

        if operation == name:
            return forward
        return lambda d_y, cache, *arguments, **options: cache[0](d_y, cache[1], *arguments, **options)


def passes(model, parameters, segments):
    losses, caches, state, rng = [], [], {}, np.random.default_rng(34)
    for tokens, targets in segments:
        loss, state, cache = model.forward(parameters, tokens, targets, state, rng)
        losses.append(loss)
        caches.append(cache)
    d_state, gradients = {}, parameters.zeros_like()
    for k, cache in reversed(list(enumerate(caches))):
        d_state = model.backward(0.5 + k, d_state, cache, gradients)
    return np.array(losses), gradients.flat
