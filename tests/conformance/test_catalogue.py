"""The catalogue's second implementations: right without a mistake, and consistently wrong with one or two"""

import inspect
import itertools

import numpy as np
import pytest

from minicrt import ops
from minicrt.conformance.variants import FAMILIES, Family, family_of
from minicrt.errors import ConformanceError
from minicrt.gradcheck import check_operation
from minicrt.gradcheck.cases import Case, all_cases
from minicrt.gradcheck.configurations import CONFIGURATIONS, small_model

CASES = [*all_cases(np.random.default_rng(21)), *all_cases(np.random.default_rng(22))]
IDS = [f"{case.name}-{k}" for k, case in enumerate(CASES)]
FORMS = {f"{family.operation}{list(family.preset.values()) or ''}": family for family in FAMILIES}


def cases_of(family: Family) -> list[Case]:
    return [case for case in CASES if case.operation == family.operation and family.covers(case.inputs)]


def upstream(case: Case) -> np.ndarray:
    y, _ = getattr(ops, case.operation)(**fresh(case))
    return np.asarray(np.random.default_rng(23).standard_normal(np.shape(y)))


def fresh(case: Case) -> dict:
    return {name: np.random.default_rng(24) if name == "rng" else value for name, value in case.inputs.items()}


def traced(family: Family, case: Case, *defects: str) -> dict[str, np.ndarray]:
    with np.errstate(all="ignore"):
        return family.trace(fresh(case), upstream(case), frozenset(defects))


def far(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, relative to the largest value; infinite where one of them is not finite."""
    difference, size = np.abs(a - b).max(initial=0), np.abs(b).max(initial=0)
    return np.inf if not np.isfinite(difference) else difference / size if size else difference


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_without_a_mistake_it_is_the_operation(case):
    family = family_of(case.operation, case.inputs)
    d_y = upstream(case)
    y, cache = getattr(ops, case.operation)(**fresh(case))
    gradients = getattr(ops, case.operation + "_backward")(d_y, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    trace = family.trace(fresh(case), d_y)
    right = {family.output: y} | {f"d_{name}": g for name, g in zip(family.gradients, gradients) if g is not None}
    assert list(trace)[-len(right) + 1:] == list(right)[1:]
    for name, value in right.items():
        scale = case.scale.get(name.removeprefix("d_"), 0.0)
        assert far(trace[name], value) < 1e-12 or np.abs(trace[name] - value).max() < 1e-15 * scale, name
    assert all(np.isfinite(value).all() for value in trace.values())


@pytest.mark.parametrize("form", FORMS)
def test_every_mistake_in_the_forward_pass_changes_the_output(form):
    family = FORMS[form]
    right = [traced(family, case)[family.output] for case in cases_of(family)]
    for defect in family.forward_mistakes:
        wrong = [traced(family, case, defect)[family.output] for case in cases_of(family)]
        assert max(far(a, b) for a, b in zip(wrong, right)) > 1e-9, defect


@pytest.mark.parametrize("form", FORMS)
def test_a_mistake_in_the_forward_pass_has_the_gradient_of_that_wrong_forward(form):
    family = FORMS[form]
    for defect in family.forward_mistakes:
        for case in cases_of(family):
            forward, backward = family.operation_with(frozenset({defect}))
            with np.errstate(all="ignore"):
                report = check_operation(forward, backward, case.inputs, rng=np.random.default_rng(25),
                                         scale=case.scale, tolerance=1e-9)
            assert report.passes(), f"{defect}: {report}"


@pytest.mark.parametrize("form", FORMS)
def test_any_two_mistakes_go_together(form):
    family = FORMS[form]
    case = cases_of(family)[0]
    names = list(traced(family, case))
    for pair in itertools.combinations(family.mistakes, 2):
        assert list(traced(family, case, *pair)) == names, pair


@pytest.mark.parametrize("form", FORMS)
def test_two_mistakes_in_the_forward_pass_have_the_gradient_of_both(form):
    """Of some pairs in one direction: what cannot be made at once is made as one of the two, in both passes."""
    family = FORMS[form]
    case, pairs = cases_of(family)[0], list(itertools.combinations(family.forward_mistakes, 2))
    for k in np.random.default_rng(26).permutation(len(pairs))[:25]:
        forward, backward = family.operation_with(frozenset(pairs[k]))
        with np.errstate(all="ignore"):
            report = check_operation(forward, backward, fresh(case), rng=np.random.default_rng(27), directions=1,
                                     scale=case.scale, tolerance=1e-8)
        assert report.passes(), f"{pairs[k]}: {report}"


@pytest.mark.parametrize("form", FORMS)
def test_a_mistake_in_the_backward_pass_leaves_the_forward_pass_as_it_is(form):
    family = FORMS[form]
    for case in cases_of(family):
        right = traced(family, case)
        forward = list(right)[:list(right).index(family.output) + 1]
        for defect in family.backward_mistakes:
            wrong = traced(family, case, defect)
            assert all(np.array_equal(wrong[name], right[name]) for name in forward), defect


def test_unknown_names_are_said_to_be_so():
    family = family_of("tanh", {})
    with pytest.raises(ConformanceError, match="'hard tan' is none of the 5 known .* one like 'hard tanh'"):
        family.trace({"x": np.ones(2)}, np.ones(2), frozenset({"hard tan"}))
    with pytest.raises(ConformanceError, match="'tan'.*expected one of .*tanh"):
        family_of("tan", {})


@pytest.mark.parametrize("name", ["CRT", "CRT, readout recurrent, reset before", "CRT, NC-GRU", "CRT, LRU",
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
        forms = [family for family in FAMILIES if family.operation == operation]
        if not forms:
            return getattr(ops, name)

        def forward(*arguments, **options):
            inputs = inspect.signature(getattr(ops, operation)).bind(*arguments, **options).arguments
            pair = family_of(operation, inputs).operation_with(frozenset())
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
