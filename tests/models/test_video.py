"""Models of video: their gradients, what carries what from clip to clip, the losses of a video, and refusals"""

import numpy as np
import pytest

from minicrt import accounting, ops
from minicrt.errors import ConfigurationError, InputError
from minicrt.gradcheck import check_model
from minicrt.gradcheck.video_models import VIDEO, WRITER, small_clip, small_video
from minicrt.inference import Stream
from minicrt.models.video import (
    CRViT,
    VideoTargets,
    ViT,
    create_video_model,
    patch_targets,
    run_video,
    video_mapping,
)
from minicrt.training import AdamW, train_step
from tests.models.windows import random_parameters

DROPPED = {"dropout": 0.3, "path_dropout": 0.4}
VARIANTS = {name: VIDEO[name] for name in ("vit", "vit, joint, mean", "crvit, per segment, mean",
                                           "crvit, modules, tubes")} | {"writer": WRITER, "dropped": DROPPED}


def prepared(changes=None, batch=3, clips=3, seed=0):
    model, rng = small_video(changes or {}), np.random.default_rng(seed)
    p = random_parameters(model, rng)
    return model, p, [small_clip(model, rng, batch)[0] for _ in range(clips)], rng.integers(0, 3, batch)


def gradients_of(model, p, clips, labels, **options):
    g = p.zeros_like()
    result = run_video(model, p, clips, labels, gradients=g, **options)
    return result, g


@pytest.mark.parametrize("name", VARIANTS)
def test_the_gradient_is_that_of_the_complex_step(name):
    model, rng = small_video(VARIANTS[name]), np.random.default_rng(5)
    segments = [small_clip(model, rng) for _ in range(2)]
    report = check_model(model, random_parameters(model, rng), segments, rng=rng, directions=1,
                         truncate=name == "writer", dropout_seed=3 if name == "dropped" else None)
    report.raise_if_wrong()


@pytest.mark.parametrize("when", ["last", "every", "mean"])
def test_the_gradient_of_a_video_is_that_of_its_loss(when):
    """Along one direction, by the complex step; with videos of unequal lengths"""
    model, p, clips, labels = prepared()
    lengths = np.array([3, 1, 2])
    result, g = gradients_of(model, p, clips, labels, lengths=lengths, when=when)
    v = np.random.default_rng(8).standard_normal(p.size)
    moved = p.with_flat(p.flat + 1e-30j * v)
    loss = run_video(model, moved, clips, labels, lengths=lengths, when=when).loss
    assert loss.real == pytest.approx(result.loss, rel=1e-12)
    assert loss.imag / 1e-30 == pytest.approx(g.flat @ v, rel=1e-10)


def test_the_losses_of_a_video_are_those_of_its_scores():
    model, p, clips, labels = prepared()
    state, scores = dict[str, np.ndarray](), []
    for clip in clips:
        found, state = model.logits(p, clip, state)
        scores.append(found)
    w = model.class_weights

    def loss(each, targets):
        return ops.weighted_cross_entropy(each, targets, w)[0]

    last, every, mean = (run_video(model, p, clips, labels, when=when) for when in ("last", "every", "mean"))
    np.testing.assert_allclose(last.scores, scores[-1], rtol=1e-12)
    np.testing.assert_allclose(every.scores, scores[-1], rtol=1e-12)
    assert last.loss == pytest.approx(loss(scores[-1], labels), rel=1e-12)
    assert every.loss == pytest.approx(loss(np.concatenate(scores), np.tile(labels, 3)), rel=1e-12)
    assert mean.loss == pytest.approx(loss(np.mean(scores, 0), labels), rel=1e-12)
    one = model.forward(p, clips[0], labels, {})[0]
    assert run_video(model, p, clips[:1], labels).loss == pytest.approx(one, rel=1e-12)


@pytest.mark.parametrize("when", ["last", "every", "mean"])
def test_what_stands_behind_a_videos_end_has_no_effect(when):
    model, p, clips, labels = prepared()
    lengths = np.array([2, 2, 2])
    result, g = gradients_of(model, p, clips, labels, lengths=lengths, when=when)
    short, g_short = gradients_of(model, p, clips[:2], labels, when=when)
    assert result.loss == pytest.approx(short.loss, rel=1e-12)
    np.testing.assert_allclose(result.scores, short.scores, rtol=1e-12)
    np.testing.assert_allclose(g.flat, g_short.flat, rtol=1e-9, atol=1e-13)


def test_rows_of_a_batch_do_not_touch_each_other():
    model, p, clips, labels = prepared()
    whole = run_video(model, p, clips, labels)
    for i in range(3):
        alone = run_video(model, p, [clip[i:i + 1] for clip in clips], labels[i:i + 1])
        np.testing.assert_allclose(alone.scores[0], whole.scores[i], rtol=1e-10)


def test_the_memory_alone_carries_the_first_clip_to_the_last_and_a_cut_ends_that():
    model, p, clips, labels = prepared({"position_carry": False})
    others = [1 - clips[0], *clips[1:]]
    assert np.abs(run_video(model, p, clips, labels).scores - run_video(model, p, others, labels).scores).max() > 1e-6
    cut, same = (run_video(model, p, some, labels, cut=["memory"]) for some in (clips, others))
    np.testing.assert_array_equal(cut.scores, same.scores)
    vit, q, _, _ = prepared({"model": "vit"})
    np.testing.assert_array_equal(run_video(vit, q, clips, labels).scores, run_video(vit, q, others, labels).scores)


def test_gradients_end_at_the_edge_of_a_window():
    """The writer is trained by what comes later: with windows of one clip and the transformer's readout not at all."""
    model, p, clips, labels = prepared({"readout": "transformer"})
    _, one = gradients_of(model, p, clips, labels, bptt_segments=1)
    _, two = gradients_of(model, p, clips, labels, bptt_segments=2)
    _, three = gradients_of(model, p, clips, labels, bptt_segments=3)
    _, whole = gradients_of(model, p, clips, labels)
    state: dict[str, np.ndarray] = {}
    for clip in clips[:2]:
        _, state = model.logits(p, clip, state)
    alone = p.zeros_like()
    model.backward(1.0, {}, model.forward(p, clips[2], labels, state)[2], alone)
    np.testing.assert_allclose(one.flat, alone.flat, rtol=1e-10, atol=1e-15)
    assert not one["memory.0.w"].any() and two["memory.0.w"].any()
    assert not two["memory.start"].any() and whole["memory.start"].any()
    np.testing.assert_array_equal(three.flat, whole.flat)


def test_every_frame_sees_every_other():
    """Of the scores: frames that come later have an effect on what is read of the first, and the other way round."""
    for attention in ("joint", "divided"):
        model, p, clips, _ = prepared({"model": "vit", "attention": attention})
        base = model.logits(p, clips[0], {})[0]
        for frame in range(3):
            changed = clips[0].copy()
            changed[:, frame] = 1 - changed[:, frame]
            assert np.abs(model.logits(p, changed, {})[0] - base).max() > 1e-6


def test_the_modules_are_a_part_of_training_alone():
    model, rng = small_video(VIDEO["crvit, modules"]), np.random.default_rng(4)
    p = random_parameters(model, rng)
    clip, targets = small_clip(model, rng)
    g, bare = p.zeros_like(), p.zeros_like()
    loss, _, cache = model.forward(p, clip, targets, {})
    model.backward(1.0, {}, cache, g)
    plain, _, cache = model.forward(p, clip, targets.labels, {})
    model.backward(1.0, {}, cache, bare)
    names = [name for name in p if name.startswith(("joints.", "features."))]
    assert loss > plain and len(names) == 8
    assert all(g[name].any() and not bare[name].any() for name in names)
    scores = model.logits(p, clip, {})[0]
    for name in names:
        p[name] = 7.0
    np.testing.assert_array_equal(model.logits(p, clip, {})[0], scores)
    skeletons = [targets, targets]
    both = gradients_of(model, p, [clip, clip], targets.labels, skeletons=skeletons)[1]
    assert both["joints.hidden.weight"].any()


def test_a_joint_lies_in_the_patch_that_the_model_reads_at_that_place():
    """Patches and targets in one order: a frame that is white in the joint's patch alone"""
    model = small_video({"frames": 4, "tube_frames": 2, "joints": 1})
    clip, joints = np.zeros((1, 4, 4, 4, 1)), np.full((1, 4, 1, 2), -1.0)
    joints[0, 3, 0] = 3.0, 1.0                               # column 3, row 1 of the fourth frame
    clip[0, 2:, 0:2, 2:4] = 1
    inside, scored = patch_targets(model.config, joints, None)
    white, _ = ops.patch_embedding(clip, np.ones((8, 1)), np.zeros(1), 2, 2)
    np.testing.assert_array_equal(inside[..., 0], white.reshape(1, -1) > 0)
    assert inside.sum() == 1 and scored.all()
    seen = np.zeros((1, 4, 1), bool)
    seen[0, 3] = True
    inside, scored = patch_targets(model.config, joints, seen)
    assert inside.sum() == 1 and not scored[:, :4].any() and scored[:, 4:].all()


def test_both_engines_agree_and_a_mapping_makes_the_model_again():
    pytest.importorskip("numba")
    for changes in (VIDEO["vit, tubes"], VIDEO["crvit, joint, NC-GRU, two vectors"]):
        model, p, clips, labels = prepared(changes, clips=2)
        again = create_video_model(**video_mapping(model), engine="numba")
        assert again.layout == model.layout and again.config == model.config
        assert type(again) is type(model) and isinstance(again, ViT)
        (mine, g), (theirs, h) = (gradients_of(m, p, clips, labels) for m in (model, again))
        assert theirs.loss == pytest.approx(mine.loss, rel=1e-12)
        np.testing.assert_allclose(h.flat, g.flat, rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("attention", ["joint", "divided"])
def test_what_is_seen_inside_of_a_clip(attention):
    model, p, clips, _ = prepared({"attention": attention, "memory_vectors": 2})
    _, state = model.logits(p, clips[0], {})
    seen = model.inspect(p, clips[1], state)
    assert seen["memory"].shape == (3, 2, 4, 4) and seen["positions"].shape == (3, 3, 4)
    np.testing.assert_allclose(seen["memory"][:, :, -1], seen["state"]["memory"])
    shapes = {"all": (3, 2, 15, 15)} if attention == "joint" else {"time": (3, 4, 2, 3, 3), "frames": (3, 3, 2, 7, 7)}
    for block, looks in zip(seen["attention"], seen["token"], strict=True):
        assert {name: array.shape for name, array in block.items()} == shapes
        assert looks.shape == (3, 3, 4) and all(np.allclose(array.sum(-1), 1) for array in block.values())
    vit, q, _, _ = prepared({"model": "vit", "pooling": "mean"})
    assert set(vit.inspect(q, clips[0], {})) == {"attention", "state"}


@pytest.mark.parametrize("settings, message", [
    ({"model": "crvitt"}, "model is 'crvitt'"), ({"patch_size": 3}, "patch_size 3 does not divide frame_size 4"),
    ({"joint_layer": 2}, "joint_layer is 2, expected less than layers = 2"),
    ({"frames": 3, "tube_frames": 2}, "frames is 3, expected a multiple"),
    ({"vocabulary": 3}, "vocabulary is for models of words"), ({"tied": True}, "tied and embedding_dropout"),
    ({"norm": "post"}, "norm is 'post'"), ({"memory_position": "last"}, "memory_position is 'last'"),
    ({"pixel_mean": 85.0}, "pixel_mean is 85.0, expected 0 to 1"), ({"pixel_deviation": 0.0}, "expected 0.0039"),
    ({"smoothing": 1.0}, "smoothing is 1.0"), ({"atention": "joint"}, "did you mean 'attention'"),
    ({"model": "vit", "memory": "gru"}, "unknown key 'memory'")])
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        small_video(settings)
    assert "\n" not in str(caught.value)


def test_pixels_are_centred_and_scaled():
    """A clip, and another with other pixels that a model with their mean and deviation reads alike; ½ and ½: 2x − 1"""
    (plain, p, (clip, *_), _), changed = prepared(), {"pixel_mean": 0.25, "pixel_deviation": 0.125}
    scores, _ = plain.logits(p, clip, {})
    np.testing.assert_allclose(small_video(changed).logits(p, 0.125 * (2 * clip - 1) + 0.25, {})[0], scores, rtol=1e-12)
    e, _ = plain.embed(p, clip, {}, None)
    expected, _ = ops.patch_embedding(2 * clip - 1, p["patch.weight"], p["patch.bias"], 2)
    np.testing.assert_allclose(e, expected + p["space.table"], rtol=1e-12)


def test_weights_of_classes_that_do_not_fit_are_refused():
    for weights in ((1.0, 2.0), (1.0, -1.0, 1.0), (0.0, 0.0, 0.0), ("a", "b", "c")):
        with pytest.raises(ConfigurationError, match="class_weights"):
            create_video_model(3, class_weights=weights)


def test_clips_and_targets_that_do_not_fit_are_refused():
    model, p, clips, labels = prepared()
    nan = clips[0].copy()
    nan[0, 0, 0, 0, 0] = np.nan
    for clip, message in ((clips[0][:, :, :2], r"has shape \(3, 3, 2, 4, 1\), expected \(B, F, 4, 4, 1\)"),
                          ((255 * clips[0]).astype(np.uint8), "has dtype uint8"), (2 * clips[0], "not within 0 and 1"),
                          (np.concatenate([clips[0]] * 2, 1), "has 6 frames"), (nan, "not within 0 and 1")):
        with pytest.raises(InputError, match=message):
            model.forward(p, clip, labels, {})
    joints = np.zeros((3, 3, 2, 2))
    for targets, message in ((labels[:2], "labels are"), (labels.astype(float), "labels are float64"),
                             (VideoTargets(labels, joints), "the model has no module for them")):
        with pytest.raises(InputError, match=message):
            model.forward(p, clips[0], targets, {})
    for options, message in (({"lengths": np.array([0, 1, 1])}, "lengths are"), ({"when": "first"}, "when is"),
                             ({"lengths": np.array([1, 1, 4])}, "lengths are"), ({"skeletons": []}, "skeletons of 0")):
        with pytest.raises(InputError, match=message):
            run_video(model, p, clips, labels, **options)
    with pytest.raises(InputError, match="one of video.*minicrt.training.video_step"):
        train_step(model, p, p.zeros_like(), AdamW(p), [(clips[0], labels)], {})
    with pytest.raises(InputError, match="one of video.*clip_flops"):
        accounting.segment_flops(model)
    with pytest.raises(InputError, match="one of video.*VideoStream runs it"):
        Stream(model, p)
    with pytest.raises(InputError, match="there are no clips"):
        run_video(model, p, [], labels)
    assert isinstance(model, CRViT) and "CRViT of" in repr(model)
