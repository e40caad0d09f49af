"""The catalogue of wrong ports of whole models: each shows somewhere, where it should, and with the gradient it has"""


import numpy as np
import pytest

from minicrt.conformance.mistakes.models import combine, model_mistakes_of
from minicrt.conformance.mistakes.models.layers import AtZero, OneForAll
from minicrt.conformance.mistakes.models.wiring import InReverse, OneNorm
from minicrt.conformance.mistakes.operations import FAULTY
from tests.conformance.mistakes.model_traces import differ, diverging, named, tensors


def test_names_are_unique_and_every_mistake_is_a_sentence(cases):
    for case in cases.values():
        variants = model_mistakes_of(case.configuration)
        assert len({variant.name for variant in variants}) == len(variants)
        for variant in variants:
            assert variant.sentence.endswith(".") and len(variant.sentence) > 5, variant.name


def test_there_are_many(cases):
    variants = {variant.name: variant for case in cases.values() for variant in model_mistakes_of(case.configuration)}
    assert sum(not variant.defects for variant in variants.values()) > 100
    of_operations = {defect.faulty.operation for variant in variants.values() for defect in variant.defects}
    used = {"embedding", "linear", "linear_activation", "layer_norm", "self_attention", "relative_attention", "gru",
            "ncgru", "scaled_cayley", "lstm", "mingru", "lru", "glu", "gelu", "linear_cross_entropy",
            "mean_squared_error", "patch_embedding", "weighted_cross_entropy", "binary_cross_entropy",
            "rms_norm", "causal_convolution", "selective_scan", "s4d",
            "delta_rule", "sparse_write", "pooled_queue", "adaptive_softmax"}
    assert of_operations == used
    assert used <= {faulty.operation for faulty in FAULTY}


@pytest.mark.parametrize("of_operations", [False, pytest.param(True, marks=pytest.mark.exhaustive)],
                         ids=["of the wiring", "of operations in their places"])
def test_every_variant_changes_a_tensor_of_some_case(cases, of_operations):
    seen, unseen = set(), set()
    for case in sorted(cases.values(), key=lambda case: len(case.tensors)):              # the quick ones first
        for variant in model_mistakes_of(case.configuration):
            if bool(variant.defects) == of_operations and variant.name not in seen:
                with np.errstate(all="ignore"):
                    changed = diverging(case, variant.computed(case.configuration, case.given()))
                (seen if changed else unseen).add(variant.name)
    assert len(seen) > 100 and unseen - seen == set()


@pytest.mark.parametrize("name", ["crt-gru", "crt-writer", "transformer-xl", "rmt-two-vectors", "lstm-model", "crvit",
                                  "crvit-per-segment", "vit-modules"])
def test_a_backward_mistake_leaves_the_forward_pass_alone_and_a_forward_mistake_does_not(cases, name):
    case = cases[name]
    for variant in model_mistakes_of(case.configuration):
        if not variant.defects:
            changed = diverging(case, variant.computed(case.configuration, case.given()))
            assert changed and changed[0].startswith("d_") == (variant.where == "backward"), variant.name


# The first tensor that goes wrong: whatever comes before it is right.
FIRST = [
    ("crt-gru", "memory: detached", "d_segment2/state/memory"),
    ("crt-gru", "memory: of another row", "segment1/joined"),
    ("crt-gru", "positions: of another row", "segment1/positions.h"),
    ("crt-gru", "norm: of the branch alone", "segment0/blocks.0.norm_attention"),
    ("crt-post-norm", "norm: of the branch alone", "segment0/blocks.0.attention.residual"),
    ("crt-slots", "norm: of the branch alone", "segment0/blocks.0.norm_attention"),
    ("crt-queue", "blocks: parallel branches", "segment0/blocks.0.norm_feed_forward"),
    ("crt-matrix", "norm: post with a final norm", "segment0/blocks.0.norm_attention"),
    ("rmt", "norm: of the branch alone", "segment0/blocks.0.norm_attention"),
    ("rmt-two-vectors", "blocks: residual of the normed rows", "segment0/blocks.0.attention.residual"),
    ("crt-gru", "readout: the 1 missing", "segment0/z"),
    ("sensors-crt-regression", "readings: filled with the last known", "segment0/embedding"),
    ("sensors-crt-regression", "readings: filled with the mean", "segment0/embedding"),
    ("crt-adaptive", "cutoffs: one less", "segment0/head_logits"),
    ("crt-adaptive", "cutoffs: one more", "segment0/head_logits"),
    ("crt-adaptive", "output: cluster rows in front", "segment0/head_logits"),
    ("crt-adaptive", "output: clusters reshaped the other way", "segment0/tail_logits"),
    ("crt-adaptive", "output: projections transposed", "segment0/tail_logits"),
    ("crt-adaptive", "adaptive_softmax: clusters in reverse", "segment0/loss"),
    ("crt-gru", "positions: detached", "d_segment2/state/positions"),
    ("crt-gru", "memory: not carried", "segment1/joined"),
    ("crt-gru", "state: not carried", "segment1/positions.h"),
    ("crt-gru", "memory: the first one kept", "segment2/joined"),
    ("crt-gru", "state: of another pass", "segment0/positions.h"),
    ("crt-gru", "state: of another row", "segment1/positions.h"),
    ("crt-gru", "state: of a validation in between", "segment1/positions.h"),
    ("crt-gru", "memory token: with a position", "segment0/positions.h"),
    ("crt-ncgru", "memory norm: on what is carried", "segment0/state/memory"),
    ("crt-gru", "norm: post with a final norm", "segment0/blocks.0.norm_attention"),
    ("transformer-sinusoidal", "positions: from 1", "segment0/x"),
    ("transformer-xl", "cache: zeros at first", "segment0/distances"),
    ("rmt", "write tokens: the start", "segment1/joined"),
    ("crt-gru", "memory token: not in the first segment", "segment0/blocks.0.norm_attention"),
    ("crt-gru", "memory_position: last", "segment0/joined"),
    ("crt-gru", "writer: reads the memory row too", "segment0/memory.0.h"),
    ("crt-gru", "writer: reads before the final norm", "segment0/memory.0.h"),
    ("crt-gru", "writer: starts from zeros", "segment0/memory.0.h"),
    ("crt-gru", "writer: inputs detached", "d_segment3/norm_final"),
    ("crt-gru", "memory: of the first token", "segment0/state/memory"),
    ("crt-gru", "memory token: detached", "d_segment2/state/memory"),
    ("crt-gru", "position_carry: false", "segment1/positions.h"),
    ("crt-gru", "norm_final: missing", "segment0/norm_final"),
    ("crt-gru", "attention: no residual connection", "segment0/blocks.0.attention.residual"),
    ("crt-gru", "embedding: not scaled", "segment0/embedding"),
    ("crt-per-segment", "writer: mean by the full length", "segment3/memory.0.h"),
    ("crt-three-memories", "writer: the last one for all", "segment0/memory.0.h"),
    ("crt-gru", "positions: of unscaled embeddings", "segment0/positions.h"),
    ("crt-gru", "blocks: residual of the normed rows", "segment0/blocks.0.attention.residual"),
    ("crt-gru", "output: no bias", "segment0/logits"),
    ("crt-gru", "positions: added twice", "segment0/x"),
    ("crt-gru", "positions: not added", "segment0/x"),
    ("crt-gru", "tied table: gradient of the output alone", "d_parameters/embedding"),
    ("crt-gru", "gradients: overwritten", "d_parameters/embedding"),
    ("crt-gru", "gradients: of the last loss alone", "d_segment2/z"),
    ("crt-gru", "d_loss: taken for 1", "d_segment3/z"),
    ("crt-gru", "reset_after: false", "segment0/positions.h"),
    ("crt-gru", "memory's gru[True]: z keeps the new", "segment0/memory.0.h"),
    ("crt-gru", "m_0: no gradient", "d_parameters/memory.start"),
    ("crt-gru", "m_0: zeros", "segment0/joined"),
    ("crt-gru", "readout: transformer", "segment0/z"),
    ("crt-gru", "readout: without y_t", "segment0/z"),
    ("crt-gru", "readout: without h_t", "segment0/z"),
    ("crt-gru", "readout: without m W_r", "segment0/readout.memory.read"),
    ("crt-gru", "readout: one state too early", "segment0/z"),
    ("crt-gru", "readout: W_r reads h_t", "segment0/readout.memory.read"),
    ("crt-gru", "readout: W_r reads m_N", "segment0/readout.memory.read"),
    ("crt-gru", "readout: memory detached", "d_segment2/state/memory"),
    ("crt-gru", "W_r's linear: weight read as (out, in)", "segment0/readout.memory.read"),
    ("crt-gru", "W_r's linear: weight not transposed", "d_segment2/state/memory"),
    ("crt-per-segment", "readout: W_r reads m_N", "segment0/readout.memory.read"),
    ("crt-readout-transformer", "readout: y_t + h_t", "segment0/z"),
    ("crt-normed-memory", "readout: W_r reads m_N", "segment0/readout.memory.read"),
    ("crt-normed-memory", "memory norm: h_t without", "segment0/readout.memory.norm"),
    ("crt-normed-memory", "memory norm: W_r with", "segment0/readout.memory.read"),
    ("crt-normed-memory", "memory norm: token without", "segment0/joined"),
    ("crt-three-memories", "readout: memories added", "segment0/z"),
    ("crt-three-memories", "readout: memories interleaved", "segment0/readout.memory.read"),
    ("crt-three-memories", "memory_vectors: 1", "segment0/joined"),
    ("rmt-two-vectors", "memory_vectors: 1", "segment0/joined"),
    ("crt-writer", "writer's gradient: start leaks", "d_segment2/recalled.memory.0.h"),
    ("crt-writer", "writer's gradient: inputs leak", "d_segment2/norm_final"),
    ("crt-writer", "memory_gradient: unroll", "d_segment2/memory.0.h"),
    ("transformer-xl", "cache: not detached", "d_segment2/state/cache"),
    ("transformer-xl", "cache_length: one more", "segment1/state/cache"),
    ("transformer-xl", "state: one segment old", "segment1/distances"),
    ("transformer-xl", "u, v: exchanged", "segment0/blocks.0.attention.heads"),
    ("crt-gru", "output: table scaled", "segment0/logits"),
    ("crt-gru", "blocks: in reverse", "segment0/blocks.0.norm_attention"),
    ("crt-gru", "blocks: parallel branches", "segment0/blocks.0.norm_feed_forward"),
    ("crt-gru", "attention: no bias in qkv", "segment0/blocks.0.attention.qkv"),
    ("crt-gru", "writer: reads x", "segment0/memory.0.h"),
    ("crt-gru", "memory: last output", "segment0/state/memory"),
    ("crt-gru", "positions: one step early", "segment0/x"),
    ("crt-gru", "readout: mean of the last outputs", "segment1/readout.memory.read"),
    ("crt-per-segment", "writer: reads the last output", "segment0/memory.0.h"),
    ("crt-slots", "reading: of m_N", "segment0/memory.read.value"),
    ("crt-slots", "slots: softmax over the slots", "segment0/memory.heads"),
    ("crt-slots", "slots: written from zeros", "segment0/memory.slot.h"),
    ("crt-slots", "rows: detached", "d_segment2/state/memory"),
    ("crt-slots-sparse", "memory_top_k: 0", "segment0/state/memory"),
    ("crt-slots-sparse", "sparse_write: the least changed", "segment0/memory.slot.written"),
    ("crt-matrix", "reading: y_t + r_t", "segment0/z"),
    ("crt-matrix", "matrix: write without bias", "segment0/memory.write"),
    ("crt-matrix", "delta_rule: old value not taken off", "segment0/memory.rule"),
    ("crt-queue", "queue: mean of the outputs", "segment0/memory.queue"),
    ("crt-queue", "pooled_queue: all rows take u", "segment0/memory.queue"),
    ("transformer-xl", "queries: not normed", "segment0/blocks.0.attention.q"),
    ("transformer-xl-same-length", "same_length: one key more", "segment1/blocks.0.attention.heads"),
    ("lstm-model", "state: layer.0 not carried", "segment1/layer.0.s"),
    ("rmt-two-vectors", "rows: one too early", "segment0/z"),
    ("lru-model", "LRU: 2 Re", "segment0/layer.0.c"),
    ("rmt", "memory: of the read rows", "segment0/state/memory"),
    ("rmt", "positions: write rows right behind", "segment3/x"),
    ("rmt-two-vectors", "mask: read rows causal", "segment0/blocks.0.attention.heads"),
    ("sensors-crt-regression", "readings: missing ones not told", "segment0/embedding"),
    ("sensors-crt-regression", "readings: missing ones read", "segment0/embedding"),
    ("sensors-crt-regression", "mean_squared_error: mean over all targets", "segment0/loss"),
    ("sensors-crt-regression", "mean_squared_error: factor 2 missing", "d_segment3/y"),
    ("sensors-gru-classification", "linear_cross_entropy: mean over all rows", "segment0/loss"),
    ("sensors-gru-classification", "state: layer.0 not carried", "segment1/layer.0.h"),
    ("vit", "pixels: from 0 to 1", "segment0/patches"),
    ("vit", "space table: not added", "segment0/embedding"),
    ("vit", "positions: none", "segment0/x"),
    ("vit", "time attention: missing", "segment0/blocks.0.time.attention.residual"),
    ("vit", "class token: sum over the frames", "segment0/blocks.0.attention.residual"),
    ("vit", "classes: of one weight", "segment0/loss"),
    ("vit-joint-mean", "smoothing: 0.0", "segment0/loss"),
    ("vit-tubes", "patch_embedding: weight read as (out, in)", "segment0/patches"),
    ("vit-modules", "joints: row, column", "segment0/loss"),
    ("vit-modules", "joint_layer: one more", "segment0/joints.hidden"),
    ("crvit", "memory token: detached", "d_segment1/state/memory"),
    ("crvit", "memory: detached", "d_segment1/state/memory"),
    ("crvit", "state: not carried", "segment1/steps.positions.h"),
    ("crvit", "memory: not carried", "segment1/joined"),
    ("crvit", "writer: without what is classified", "segment0/memory.0.h"),
    ("crvit", "writer: starts from zeros", "segment0/memory.0.h"),
    ("crvit", "readout: W_r reads m_N", "segment0/readout.memory.read"),
    ("crvit", "memory's gru[True]: z keeps the new", "segment0/memory.0.h"),
]


@pytest.mark.parametrize("name, variant, first", FIRST)
def test_what_comes_before_a_mistake_is_right(cases, name, variant, first):
    assert diverging(cases[name], tensors(cases[name], variant))[0] == first


def test_a_leak_of_both_constants_is_the_whole_gradient(cases):
    case = cases["crt-writer"]
    both, unrolled = (tensors(case, *names) for names in (
        ("writer's gradient: start leaks", "writer's gradient: inputs leak"), ("memory_gradient: unroll",)))
    leaking = [name for name in both if name.startswith("d_parameters/")]
    assert leaking and not any(differ(both[name], unrolled[name]) for name in leaking)


def derivative(going, direction):
    """Of J along a direction of the parameters, by the complex step"""
    going.parameters = going.parameters.with_flat(going.parameters.flat + 1e-30j * direction)
    record = going.new_record()
    state, _ = going.forward(record, going.make(record))
    total = sum(w * record.tensors[f"segment{n}/loss"] for n, w in enumerate(going.weights()))
    total += sum((d * state[entry]).sum() for entry, d in going.final_gradient(state).items())
    return total.imag / 1e-30


@pytest.mark.parametrize("name", ["crt-gru", "crt-normed-memory", "crt-adaptive", "transformer-sinusoidal", "lru-model",
                                  "crvit", *(
    pytest.param(name, marks=pytest.mark.exhaustive) for name in (
        "crt-per-segment", "crt-three-memories", "crt-ncgru", "crt-readout-transformer", "rmt-two-vectors",
        "mingru-model", "crvit-modules", "vit-joint-mean"))])
def test_the_gradient_of_a_wrong_forward_pass_is_that_of_it(cases, name):
    """A mistake in the forward pass is one mistake, not two."""
    case, rng, checked = cases[name], np.random.default_rng(7), 0
    for variant in model_mistakes_of(case.configuration):
        bases = {base for made in variant.passes for base in made.__mro__}
        others_parameters = {AtZero, InReverse, OneForAll, OneNorm} & bases
        constant = variant.name in ("state: of another pass",        # to the segments: what the other pass left
                                    "state: of a validation in between")
        if variant.where == "backward" or variant.defects or others_parameters or constant:
            continue
        assert_gradient_is_its_own(case, variant, rng)
        checked += 1
    assert checked >= 5


def assert_gradient_is_its_own(case, variant, rng):
    going = variant.pass_of(case.configuration, case.given())
    going.run()
    direction, found = rng.standard_normal(going.parameters.size), going.gradients.flat.copy()
    assert abs(derivative(going, direction) - found @ direction) < 1e-10 * np.linalg.norm(found), variant.name


@pytest.mark.parametrize("pair", [("memory norm: token without", "memory norm: W_r with"),
                                  ("readout: without h_t", "memory norm: token without"),
                                  ("readout: one state too early", "memory norm: W_r with"),
                                  ("memory token: not in the first segment", "memory norm: token without"),
                                  ("memory token: with a position", "memory norm: token without")])
def test_two_mistakes_around_the_memory_have_the_gradient_of_both(cases, pair):
    case = cases["crt-normed-memory"]
    both = combine(*(named(case, name) for name in pair))
    assert_gradient_is_its_own(case, both, np.random.default_rng(8))
