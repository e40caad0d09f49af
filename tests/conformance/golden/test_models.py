"""The golden cases of whole models: names and order, the plain model's numbers, and every place's gradient"""

import numpy as np
import pytest

from minicrt import kernels, ops
from minicrt.conformance.golden.model_pass import Pass, segment_of
from minicrt.conformance.golden.models import MODEL_CASES, SIZES, model_cases, run
from minicrt.conformance.golden.recording import Recording
from minicrt.conformance.golden.tensors import BACKWARD, FORWARD
from minicrt.conformance.golden.videos import BATCH, SKELETON
from minicrt.conformance.golden.videos import SIZES as VIDEO_SIZES
from minicrt.models.parameters import Parameters
from tests.conformance.golden.case_models import model_of
from tests.models.windows import Window, gradient
from tests.ports.cases import disagreement

STEP = 1e-30
# Gradients are cut at the boundaries of these: J as a function of a place in an earlier segment has another gradient.
CUT = [name for name, settings in MODEL_CASES.items() if settings.get("model") == "transformer_xl"
       and settings.get("cache_length") != 0 or settings.get("memory_gradient") == "writer"]


@pytest.fixture(scope="module")
def cases():
    return {name: make() for name, make in model_cases().items()}


def plain(case):
    """The model without any recording, its parameters, and the case as a window of segments"""
    model, given = model_of(case.configuration, ops), case.given()
    parameters = Parameters(model.specs(), np.float64)
    for name in parameters:
        parameters[name] = given[f"parameters/{name}"]

    def entries(prefix):
        return {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}

    segments = range(len(case.configuration["segments"]))
    read, said = zip(*(segment_of(given, n) for n in segments))
    window = Window(list(read), list(said), list(given["d_loss"]), entries("state/"), entries("d_state/"))
    return parameters, window


@pytest.mark.parametrize("name", MODEL_CASES)
def test_every_tensor_has_one_name_and_a_meaning_and_forward_comes_before_backward(cases, name):
    case = cases[name]
    names = [tensor.name for tensor in case.tensors]
    assert len(names) == len(set(names))
    assert all(tensor.meaning for tensor in case.tensors if tensor.role != "parameter")
    phases = [(tensor.role in FORWARD) + 2 * (tensor.role in BACKWARD) for tensor in case.tensors]
    assert phases == sorted(phases) and set(phases) == {0, 1, 2}
    backward = [tensor for tensor in case.computed() if tensor.role in BACKWARD]
    assert all(tensor.name.startswith("d_") for tensor in backward)
    segments = [int(tensor.name[len("d_segment")]) for tensor in backward if tensor.name.startswith("d_segment")]
    assert segments == sorted(segments, reverse=True)
    for tensor in backward:                                  # a gradient is named like what it is the gradient of
        if tensor.name.startswith("d_segment"):
            assert case[tensor.name.removeprefix("d_")].value.shape == tensor.value.shape, tensor.name


@pytest.mark.parametrize("name", MODEL_CASES)
def test_given_values_are_exact_in_single_precision_and_everything_is_finite(cases, name):
    for tensor in cases[name].tensors:
        assert np.isfinite(tensor.value).all(), tensor.name
        if tensor.given and tensor.value.dtype == np.float64:
            assert np.array_equal(tensor.value.astype(np.float32), tensor.value), tensor.name


def test_no_case_has_two_sizes_that_could_be_taken_for_each_other():
    sizes = [SIZES[key] for key in ("vocabulary", "width", "inner", "segment_length")]
    sizes += [SIZES["heads"], SIZES["width"] // SIZES["heads"], SIZES["segment_length"] + 1, 2]
    assert len(sizes) == len(set(sizes))


def test_no_case_of_video_has_two_sizes_that_could_be_taken_for_each_other():
    size, tokens = VIDEO_SIZES, (VIDEO_SIZES["frame_size"] // VIDEO_SIZES["patch_size"]) ** 2
    sizes = [size[key] for key in ("classes", "frames", "width", "heads", "inner")]
    sizes += [size["width"] // size["heads"], tokens, BATCH, *SKELETON.values()]
    assert len(sizes) == len(set(sizes))


def test_tokens_repeat_and_some_targets_are_not_scored(cases):
    for name, case in cases.items():
        given, segments = case.given(), range(len(case.configuration["segments"]))
        if "classes" in case.configuration:                  # of one of two clips the label is not scored
            assert (given["segment1/labels"] == -1).sum() == 1, name
            continue
        if "task" in case.configuration:                     # every fourth reading, and number, is missing
            missing = [given[f"segment{n}/missing"].mean() for n in segments]
            assert 0.1 < min(missing) and max(missing) < 0.4, name
            continue
        assert any((given[f"segment{n}/targets"] == -1).any() for n in segments), name
        if name != "crt-T1":
            assert all(len(np.unique(given[f"segment{n}/tokens"][0])) < given[f"segment{n}/tokens"].shape[1]
                       for n in segments), name


def test_the_names_are_these(cases):
    def first_segment(name):
        return [tensor.name.removeprefix("segment0/") for tensor in cases[name].computed()
                if tensor.name.startswith("segment0/")]

    def block(i):
        return [f"blocks.{i}.{place}" for place in (
            "norm_attention", "attention.qkv", "attention.heads", "attention.out", "attention.residual",
            "norm_feed_forward", "feed_forward.inner", "feed_forward.out", "feed_forward.residual")]

    assert first_segment("crt-ncgru") == [
        "embedding", "positions.h", "x", "memory.norm", "joined", *block(0), *block(1), "norm_final",
        "memory.0.U_candidate", "memory.0.h", "readout.memory.read", "readout.memory.norm", "z", "logits",
        "state/positions", "state/memory", "loss"]
    assert first_segment("rmt") == ["embedding", "joined", "x", *block(0), *block(1), "norm_final", "z", "logits",
                                    "state/memory", "loss"]
    assert first_segment("transformer-xl-post-norm")[:9] == ["embedding", "distances", *(
        f"blocks.0.{place}" for place in ("attention.joined", "attention.q", "attention.kv", "attention.r",
                                          "attention.heads", "attention.out", "attention.residual"))]
    assert first_segment("lstm-model") == ["embedding", "layer.0.s", "layer.1.s", "z", "logits", "state/layer.0",
                                           "state/layer.1", "loss"]
    assert [tensor.name for tensor in cases["lru-model"].computed() if "segment2/layer.1" in tensor.name][:6] == [
        f"segment2/layer.1.{place}" for place in ("norm_recurrence", "h", "c", "gelu", "out", "glu")]
    assert "segment1/recalled.memory.0.h" in cases["crt-writer"]
    assert [name for name in first_segment("crvit-modules") if not name.startswith("blocks.")] == [
        "patches", "embedding", "steps.positions.h", "steps.positions.out", "steps.x", "x", "joined", "norm_final",
        "pooled", "memory.inputs", "memory.0.h", "readout.memory.read", "z", "y", "joints.hidden", "joints.output",
        "features", "features.output", "state/positions", "state/memory", "loss"]
    of_block = [name.removeprefix("blocks.1.") for name in first_segment("crvit") if name.startswith("blocks.1.")]
    assert of_block == [
        "time.norm_attention", "time.attention.qkv", "time.attention.heads", "time.attention.out",
        "time.attention.residual", "norm_attention", "attention.qkv", "attention.heads", "attention.out",
        "attention.residual", "norm_feed_forward", "feed_forward.inner", "feed_forward.out", "feed_forward.residual"]
    assert "segment0/recalled.memory.0.h" not in cases["crt-writer"]


@pytest.mark.parametrize("engine", [ops, kernels], ids=["numpy", "numba"])
@pytest.mark.parametrize("name", MODEL_CASES)
def test_recorded_is_what_the_plain_model_computes(cases, name, engine):
    case = cases[name]
    parameters, window = plain(case)
    total, state, gradients, d_state = gradient(model_of(case.configuration, engine), parameters, window)
    last = len(case.configuration["segments"]) - 1
    losses = np.array([case[f"segment{n}/loss"].value for n in range(last + 1)])
    recorded = window.weights @ losses + sum((d * case[f"segment{last}/state/{entry}"].value).sum()
                                             for entry, d in window.d_state.items())
    assert disagreement(recorded, total) < 1e-9
    for entry, value in state.items():
        assert disagreement(case[f"segment{last}/state/{entry}"].value, value) < 1e-9, entry
    for key in parameters:
        assert disagreement(case[f"d_parameters/{key}"].value, gradients[key]) < 1e-9, key
    for entry, value in window.state.items():
        assert disagreement(case[f"d_initial_state/{entry}"].value, d_state[entry]) < 1e-9 and value.any() == (
            name != "crt-zero-memory")


def test_a_recording_on_any_engine_has_the_same_tensors(cases):
    for name in ("crt-ncgru", "transformer-xl", "rmt", "lru-model"):
        case = cases[name]
        recorded = Pass(case.configuration, case.given(), kernels).run()
        assert list(recorded) == [tensor.name for tensor in case.computed()]
        assert all(disagreement(recorded[tensor.name], tensor.value) < 1e-9 for tensor in case.computed())


def test_a_case_is_the_same_whenever_it_is_made(cases):
    again = model_cases()["crt-gru"]()
    assert all(np.array_equal(a.value, b.value) and a.name == b.name
               for a, b in zip(again.tensors, cases["crt-gru"].tensors, strict=True))
    tensors = run(again.configuration, again.given())
    assert all(np.array_equal(tensors[tensor.name], tensor.value) for tensor in again.computed())


class Nudged(Recording):
    """Adds i · step · direction to the output at one place."""

    target, direction = "", np.zeros(0)

    def _run(self, operation, *arguments, **options):
        before = len(self.tensors)
        result = super()._run(operation, *arguments, **options)
        if self.target not in list(self.tensors)[before:] or self.target.endswith("/logits"):
            return result
        moved = 1j * STEP * self.direction
        return (result[0] + moved, result[1]) if isinstance(result, tuple) else result + moved


def slope(case, place, direction):
    """The derivative of J along `direction` at that place, by the complex step"""
    going = Pass(case.configuration, case.given())
    record = Nudged(ops, going.parameters)
    record.target, record.direction = place, direction
    state, _ = going.forward(record, going.make(record))
    total = sum(w * record.tensors[f"segment{n}/loss"] for n, w in enumerate(going.weights()))
    return (total + sum((d * state[entry]).sum() for entry, d in going.final_gradient(state).items())).imag / STEP


@pytest.mark.parametrize("name", MODEL_CASES)
def test_the_gradient_at_every_place(cases, name):
    """Of an early segment, from which the state carries it on, or of the last one where gradients are cut."""
    case, rng = cases[name], np.random.default_rng(5)
    n = len(case.configuration["segments"]) - 1 if name in CUT else 1
    for tensor in case.computed():
        if not tensor.name.startswith(f"d_segment{n}/") or "/state/" in tensor.name or tensor.name.endswith("/z"):
            continue                                         # z and states are no operation's output
        direction = rng.standard_normal(tensor.value.shape)
        found = slope(case, tensor.name.removeprefix("d_"), direction)
        natural = np.abs(direction * tensor.value).sum()
        assert natural > 0 and abs(found - (direction * tensor.value).sum()) < 1e-11 * natural, tensor.name
