"""The real catalogue on the real cases: wrong ports are named, in one mistake and in two, and right ones are not"""

import numpy as np
import pytest

from minicrt.conformance import case_names, check_port, golden
from minicrt.conformance.checking import Experience, compare, diagnose
from minicrt.conformance.checking.catalogue import catalogue_of
from minicrt.conformance.golden import models
from minicrt.conformance.mistakes.models import model_mistakes_of
from minicrt.errors import ConformanceError

OPERATIONS = ["linear-square", "embedding-repeated", "layer_norm", "gelu", "modrelu", "attention-memory",
              "relative_attention", "linear_cross_entropy", "mean_squared_error", "gru", "gru-before", "mingru",
              "scaled_cayley", "patch_embedding-tubes", "weighted_cross_entropy", "binary_cross_entropy",
              "rms_norm-small", "causal_convolution", "selective_scan", "s4d", "adaptive_softmax", "delta_rule",
              "sparse_write", "pooled_queue"]


def wrong_port(case, *mistakes, names=None):
    trace = catalogue_of(case).trace(mistakes)
    return {name: np.asarray(value) for name, value in trace.items() if name in case and (not names or name in names)}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_mistake_of_an_operation_is_named_from_the_outputs_and_gradients_alone(name):
    case = golden.case(name)
    public = [tensor.name for tensor in case.tensors if tensor.role in ("output", "gradient")]
    seen = 0
    for known in catalogue_of(case).known():
        comparison = compare(case, wrong_port(case, known.name, names=public))
        if not comparison.ok:                                # not every case shows every mistake
            seen += 1
            assert f'"{known.name}"' in diagnose(comparison).sentences[0]
    assert seen > 0


@pytest.mark.parametrize("name, pair", [
    ("gru", ("z keeps the new", "update gate's sign")), ("gru", ("b_hn missing", "gate order z, r, n")),
    ("layer_norm", ("variance over D − 1", "gain missing")), ("attention-memory", ("no 1/√K", "row sum missing")),
    ("attention-memory", ("not causal", "softmax over queries"))])
def test_two_mistakes_at_once(name, pair):
    case = golden.case(name)
    diagnosis = diagnose(compare(case, wrong_port(case, *pair)))
    assert all(f'"{mistake}"' in diagnosis.sentences[0] for mistake in pair)


@pytest.mark.parametrize("name", ["crt-gru", "transformer-xl", "rmt", "lstm-model", "crvit"])
def test_a_mistake_of_a_model_is_named(name):
    case, experience = golden.case(name), Experience()
    variants = [variant for variant in model_mistakes_of(case.configuration) if variant.where == "forward"]
    for variant in variants[::len(variants) // 3]:
        with np.errstate(all="ignore"):
            computed = models.run(case.configuration, case.given(), variant)
        comparison = compare(case, {name: value for name, value in computed.items() if name in case})
        if not comparison.ok:
            assert f'"{variant.name}"' in diagnose(comparison, experience=experience).sentences[0]


@pytest.mark.parametrize("name, mistakes", [
    ("crvit", ("class token: sum over the frames", "writer: without what is classified", "memory token: detached")),
    ("vit-modules", ("time attention: missing", "joints: row, column"))])
def test_a_mistake_about_clips_is_named(name, mistakes):
    case, experience = golden.case(name), Experience()
    for mistake in mistakes:
        variant = next(variant for variant in model_mistakes_of(case.configuration) if variant.name == mistake)
        computed = models.run(case.configuration, case.given(), variant)
        comparison = compare(case, {name: value for name, value in computed.items() if name in case})
        assert not comparison.ok and f'"{mistake}"' in diagnose(comparison, experience=experience).sentences[0]


def test_a_models_pass_that_is_watched_to_the_end_has_all_tensors():
    case = golden.case("lstm-model")
    variant = next(v for v in model_mistakes_of(case.configuration) if v.where == "backward")
    watched = catalogue_of(case).trace((variant.name,))
    free = models.run(case.configuration, case.given(), variant)
    assert watched.keys() == free.keys()
    assert all(np.array_equal(watched[name], free[name]) for name in free)
    first = next(iter(free))
    assert list(catalogue_of(case).trace((variant.name,), lambda name, value: False)) == [first]


def test_names_of_cases():
    assert case_names("gru-before")[0] == "gru-before"
    assert "gru-T1" in case_names("gru") and not {"gru-before", "gru-model"} & set(case_names("gru"))
    assert all(name.startswith("layer_norm") for name in case_names("layer_norm"))
    assert case_names("crt") == [name for name in case_names() if name.startswith("crt-")]
    with pytest.raises(ConformanceError, match="no golden case is named 'grue'"):
        case_names("grue")


@pytest.mark.parametrize("name", case_names("layer_norm"))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_five_lines_in_somebodys_suite(name, dtype):
    def port(x, gain, bias):
        centred = x - x.mean(-1, keepdims=True)
        return gain * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) + bias

    check_port(port, name, dtype=dtype).raise_if_wrong()
