"""Synthetic videos: the cue is in the first clip alone, joints are on the body, parts do not share people or cameras"""

import numpy as np
import pytest

from minicrt.data.synthetic_video import BONES, JOINTS, PARTS, SyntheticVideo, teacher_features
from minicrt.data.synthetic_video.body import ARM, body_joints
from minicrt.data.synthetic_video.drawing import GLYPHS
from minicrt.data.synthetic_video.motions import poses, progress
from minicrt.data.synthetic_video.scenes import SUBJECTS, backgrounds, cameras, subjects
from minicrt.data.synthetic_video.shares import apportioned, skewed
from minicrt.errors import ConfigurationError, DataError, InputError

CLEAR = {"noise": 0.0, "dropped": 0.0, "distractors": 0.0}
SMALL = {"frames": 2, "size": 16, "clips": 2}
both = pytest.mark.parametrize("moves", ["body", "ball"])


def drawn(task, batch=8, seed=0, **settings):
    return task.batch(np.random.default_rng(seed), batch, **settings)


@both
def test_a_batch_has_what_its_docstring_says(moves):
    task = SyntheticVideo(frames=5, size=24, moves=moves)
    batch = drawn(task, 3, clips=7)
    assert batch.clips.shape == (7, 3, 5, 24, 24, 3) and batch.clips.dtype == np.float32 and len(batch) == 7
    assert batch.joints.shape == (7, 3, 5, 13, 3) and batch.joints.dtype == np.float32
    assert batch.visible.shape == (7, 3, 5, 13) and batch.visible.dtype == bool
    assert batch.labels.dtype == batch.lengths.dtype == np.int64 and (batch.lengths == 7).all()
    assert 0 <= batch.clips.min() < 0.1 and 0.9 < batch.clips.max() <= 1
    segments = list(batch)
    assert all(segment.valid.all() for segment in segments)
    np.testing.assert_array_equal(segments[2].frames, batch.clips[2])
    np.testing.assert_array_equal(batch.frames[:, 10:15], batch.clips[2])
    assert repr(batch) == "<VideoBatch: 3 videos of up to 7 clips of 5 frames, 24 x 24 x 3; 13 joints>"


@both
def test_the_same_generator_gives_the_same_bits(moves):
    task = SyntheticVideo(moves=moves)
    one, two, other = (drawn(task, seed=seed) for seed in (1, 1, 2))
    for a, b in zip(vars(one).values(), vars(two).values()):
        assert a.tobytes() == b.tobytes()
    assert one.clips.tobytes() != other.clips.tobytes()


@both
def test_nothing_but_the_first_clip_changes_with_the_cue(moves):
    """So the last clip tells nothing of it: its bits are a function of what is drawn without the cue."""
    task = SyntheticVideo(cues=8, motions=3, moves=moves, clips=3, shortest=2, frames=3)
    motion = np.arange(12) % 3
    batches = [drawn(task, 12, labels=cue * 3 + motion) for cue in range(8)]
    for batch in batches[1:]:
        assert batch.clips[1:].tobytes() == batches[0].clips[1:].tobytes()
        assert batch.joints.tobytes() == batches[0].joints.tobytes()
        for name in ("visible", "lengths", "subjects", "cameras"):
            assert getattr(batch, name).tobytes() == getattr(batches[0], name).tobytes()
    first = np.stack([batch.clips[0] for batch in batches])                                  # (cue, B, F, H, W, 3)
    for a in range(8):
        for b in range(a):
            assert (np.abs(first[a] - first[b]).max((1, 2, 3, 4)) > 0.3).all()


def test_the_class_skew_tells_the_cue_no_more_than_its_share():
    """p(cue | motion) = p(cue): the ceiling of 1/cues holds for the mean over classes, whatever is guessed."""
    task = SyntheticVideo(**SMALL, cues=4, motions=5, skew=1.5)
    pairs = task.shares.reshape(4, 5)
    np.testing.assert_allclose(pairs, np.outer(pairs.sum(1), pairs.sum(0)), rtol=1e-12)
    assert pairs.sum() == pytest.approx(1) and task.ceiling == 0.25
    labels = np.concatenate([batch.labels for batch in task.fixed_set(0, 2000, 500)])
    guesses = np.zeros(4, int)                               # the most frequent cue, always
    right = (labels // 5 == guesses[0])
    by_class = [right[labels == c].mean() for c in range(20)]
    assert np.mean(by_class) == 0.25 < 0.5 < right.mean()


def test_the_sets_classes_are_as_frequent_as_they_should_be():
    task = SyntheticVideo(**SMALL)
    batches = list(task.fixed_set(3, 100, 32))
    labels = np.concatenate([batch.labels for batch in batches])
    counts = np.bincount(labels, minlength=16)
    assert (np.abs(counts - 100 * task.shares) < 1).all() and counts[0] > 3 * counts[-1] > 0
    again = list(task.fixed_set(3, 100, 32))
    assert all(a.clips.tobytes() == b.clips.tobytes() for a, b in zip(batches, again, strict=True))
    assert [len(batch.labels) for batch in batches] == [32, 32, 32, 4]
    assert next(task.fixed_set(4, 100, 32)).clips.tobytes() != batches[0].clips.tobytes()
    assert next(task.fixed_set(3, 100, 32, "valid")).clips.tobytes() != batches[0].clips.tobytes()
    for size in (7, 40, 100):                                # the videos do not hang on the batch
        others = list(task.fixed_set(3, 100, size))
        assert [len(batch.labels) for batch in others] == [size] * (100 // size) + [100 % size] * (100 % size > 0)
        for name, axis in (("clips", 1), ("joints", 1), ("visible", 1), ("labels", 0), ("lengths", 0), ("cameras", 0)):
            one, other = (np.concatenate([getattr(batch, name) for batch in some], axis) for some in (batches, others))
            np.testing.assert_array_equal(other, one)
    drawn_labels = drawn(task, 2000).labels
    np.testing.assert_allclose(np.bincount(drawn_labels, minlength=16) / 2000, task.shares, atol=0.04)


@pytest.mark.parametrize("kinds, skew, videos", [(4, 0, 4), (4, 3, 9), (64, 1, 64), (16, 0.5, 1001)])
def test_apportioned(kinds, skew, videos):
    counts = apportioned(skewed(kinds, skew), videos)
    assert counts.sum() == videos and counts.min() >= 1 and len(counts) == kinds
    with pytest.raises(DataError, match="are fewer than the"):
        apportioned(skewed(kinds, skew), kinds - 1)


@pytest.mark.parametrize("across, own", [("subjects", "subjects"), ("views", "cameras")])
def test_parts_share_no_subjects_or_no_cameras(across, own):
    task = SyntheticVideo(**SMALL, across=across)
    found = {part: set(getattr(drawn(task, 300, part=part), own).tolist()) for part in PARTS}
    assert all(found.values()) and not (found["train"] & found["test"] or found["train"] & found["valid"]
                                        or found["valid"] & found["test"])
    members = task.people if own == "subjects" else task.views
    assert all(found[part] == set(members(part)) for part in PARTS)
    shared = "cameras" if own == "subjects" else "subjects"
    assert len(set(getattr(drawn(task, 300, part="test"), shared).tolist())) >= 7
    everybody = SyntheticVideo(**SMALL, across="nothing")
    assert set(drawn(everybody, 300, part="test").subjects.tolist()) == set(range(SUBJECTS))


def test_a_linear_reader_finds_the_cue_in_the_first_clip_and_the_motion_in_the_last():
    """Of people that it has not seen; and in each clip no more than chance of what the other shows."""
    task = SyntheticVideo(frames=3, clips=2, skew=0.0)
    learned, asked = (drawn(task, size, part=part) for part, size in (("train", 500), ("test", 200)))

    def right(n, of):
        X, x = (pooled(batch.clips[n]) for batch in (learned, asked))
        truth, K = np.eye(4)[of(learned.labels)], (X - X.mean(0)) @ (X - X.mean(0)).T
        weights = (X - X.mean(0)).T @ np.linalg.solve(K + 3 * np.eye(len(X)), truth - truth.mean(0))
        return np.mean(((x - X.mean(0)) @ weights).argmax(1) == of(asked.labels))

    def pooled(clips):                                       # 8 x 8 pixels of 4 x 4
        return clips.reshape(len(clips), 3, 8, 4, 8, 4, 3).mean((3, 5)).reshape(len(clips), -1).astype(float)

    found = {(n, what): right(n, of) for n in (0, 1)
             for what, of in (("cue", lambda y: y // 4), ("motion", lambda y: y % 4))}
    assert found[0, "cue"] > 0.85 and found[1, "motion"] > 0.85, found
    assert max(found[0, "motion"], found[1, "cue"]) < 0.25 + 5 * np.sqrt(0.25 * 0.75 / 200), found


@both
def test_joints_lie_on_the_body_and_nothing_lies_far_from_it(moves):
    task = SyntheticVideo(**CLEAR, moves=moves, motions=8, size=48, frames=5)
    batch = drawn(task, 16)
    frames, joints = batch.clips[1:], batch.joints[1:]                   # the first clip has the sign besides
    empty = backgrounds(batch.cameras, 48).transpose(0, 2, 3, 1)
    light = np.median(frames / empty[:, None], (0, 2, 3, 4, 5))          # most of a picture is background
    empty = (empty * light[:, None, None, None])[:, None]                # (B, 1, H, W, 3)
    colour = subjects(batch.subjects).colour[:, None, None, None]
    to_body = colour - empty
    cover = ((frames - empty) * to_body).sum(-1) / (to_body ** 2).sum(-1)                    # (N, B, F, H, W)
    n, b, f, j = np.nonzero(batch.visible[1:])
    x, y = (joints[n, b, f, j, k].astype(int) for k in (0, 1))
    assert len(n) > 0.99 * joints[..., 0].size and (cover[n, b, f, y, x] > 0.5).all()
    if moves == "body":
        scale = 48 * cameras(batch.cameras).zoom * subjects(batch.subjects).height
        centres = np.arange(48) + 0.5
        places = np.stack(np.meshgrid(centres, centres), -1).reshape(-1, 1, 2)               # (H W, 1, 2)
        for video in range(4):
            points = joints[0, video, 2, :, :2]
            ends = points[[*map(list, BONES)]]                           # (bones, 2, 2)
            along = ends[:, 1] - ends[:, 0]
            share = ((places - ends[:, 0]) * along).sum(-1) / (along ** 2).sum(-1)
            nearest = ends[:, 0] + np.clip(share, 0, 1)[..., None] * along
            away = np.minimum(np.linalg.norm(places - nearest, axis=-1).min(-1),
                              np.linalg.norm(places - points[0], axis=-1).min(-1) / 2)
            far = away.reshape(48, 48) > 0.16 * scale[video]
            assert far.sum() > 500 and np.abs(cover[0, video, 2][far]).max() < 0.02


def test_bones_keep_their_lengths_from_every_side():
    task = SyntheticVideo(motions=8)
    batch = drawn(task, 30)
    scale = 32 * cameras(batch.cameras).zoom * subjects(batch.subjects).height
    for a, b in ((3, 5), (4, 6), (1, 3)):
        length = np.linalg.norm(batch.joints[..., a, :] - batch.joints[..., b, :], axis=-1) / scale[:, None]
        np.testing.assert_allclose(length, ARM, rtol=1e-4)
    standing = body_joints(np.zeros(4))
    assert len(JOINTS) == len(standing) == 13 and standing[0, 1] == standing[:, 1].max() and standing[-1, 1] == 0
    assert standing[1, 0] > 0 > standing[2, 0]


def test_every_other_motion_is_the_one_before_in_reverse():
    done = progress(8, np.array([1.0, 1.7]))
    assert (np.diff(done) >= 0).all() and done[0, 0] == 0 and done[0, -1] == 1
    for even in range(0, 8, 2):
        forward, backward = poses(np.array([even] * 2), done), poses(np.array([even + 1] * 2), done)
        np.testing.assert_allclose(forward, backward[:, ::-1], atol=1e-6)
        assert np.ptp(forward, axis=1).max() > 0.3


def test_joints_tell_the_bodys_motion_and_nothing_of_the_balls():
    labels = np.arange(8) % 8
    body, ball = (SyntheticVideo(**CLEAR, motions=8, moves=moves) for moves in ("body", "ball"))
    joints = drawn(body, labels=labels).joints[-1]
    hands = joints[:, :, 5, 1]
    assert hands[0, -1] < hands[0, 0] - 3 and hands[1, -1] > hands[1, 0] + 3                 # raised, lowered
    head = joints[:, :, 0, 1]
    assert head[2, -1] > head[2, 0] + 2 and head[3, -1] < head[3, 0] - 2                     # crouched, stood up
    one, two = (drawn(ball, labels=(labels + shift) % 8) for shift in (0, 1))
    assert one.joints.tobytes() == two.joints.tobytes() and one.clips[-1].tobytes() != two.clips[-1].tobytes()


def test_lost_frames_are_black_and_show_no_joint():
    batch = drawn(SyntheticVideo(dropped=0.3, size=16), 20)
    black = ~batch.clips.any((3, 4, 5))
    assert 0.2 < black.mean() < 0.4 and not batch.visible[black].any() and batch.visible[~black].any(-1).all()
    assert not (~drawn(SyntheticVideo(dropped=0, size=16), 20).clips.any((3, 4, 5))).any()


def test_videos_of_several_lengths_end_with_the_motion():
    task = SyntheticVideo(**CLEAR, clips=6, shortest=2, size=16)
    labels = np.full(60, 1)                                  # lowered arms
    batch = drawn(task, 60, labels=labels)
    assert set(batch.lengths.tolist()) == {2, 3, 4, 5, 6}
    for n, segment in enumerate(batch):
        np.testing.assert_array_equal(segment.valid, n < batch.lengths)
        assert segment.frames.any((1, 2, 3, 4)).tolist() == segment.valid.tolist()
        assert segment.visible.any((1, 2)).tolist() == segment.valid.tolist()
    hands = batch.joints[batch.lengths - 1, np.arange(60), :, 5, 1]
    assert (hands[:, -1] > hands[:, 0] + 3).all()
    eight = drawn(SyntheticVideo(clips=4), 5, clips=8)
    assert len(eight) == 8 and (eight.lengths == 8).all()


def test_noise_and_discs_are_as_frequent_as_they_should_be():
    plain, noisy, discs = (drawn(SyntheticVideo(**{**CLEAR, **change}), 12)
                           for change in ({}, {"noise": 0.1}, {"distractors": 1.0}))
    inside = (plain.clips > 0.35) & (plain.clips < 0.65)     # where nothing is cut off
    assert (noisy.clips - plain.clips)[inside].std() == pytest.approx(0.1, rel=0.02)
    changed = (np.abs(discs.clips - plain.clips) > 0.1).any((2, 3, 4, 5))
    assert not changed[0].any() and changed[1:].all()


def test_no_two_signs_are_alike():
    flat = GLYPHS.reshape(len(GLYPHS), 25)
    agree = (flat[:, None] == flat).sum(-1)
    assert agree[~np.eye(len(flat), dtype=bool)].max() <= 19


def test_teacher_features_are_linear_and_hold_the_motion():
    joints = drawn(SyntheticVideo(**CLEAR), 20).joints[-1][..., :2]
    features = teacher_features(joints, 216)
    assert features.shape == (20, 216) and features.dtype == np.float32
    np.testing.assert_array_equal(features, teacher_features(joints, 216))
    q = (joints - joints.mean((1, 2), keepdims=True)).reshape(20, -1).astype(float)
    P = np.linalg.lstsq(q, features, rcond=None)[0]
    np.testing.assert_allclose(q @ P, features, atol=1e-4)
    np.testing.assert_allclose(teacher_features(joints + 3.0), teacher_features(joints), atol=1e-4)
    with pytest.raises(InputError, match=r"joints: got float32 of shape \(8, 13, 2\), expected real numbers of shape"):
        teacher_features(joints[0])


@pytest.mark.parametrize("settings, words", [
    ({"cues": 1}, "cues is 1, expected 2 to 8"), ({"motions": 9}, "motions is 9"), ({"clips": 1}, "clips is 1"),
    ({"shortest": 5}, "shortest is 5, expected 0 to 4"), ({"shortest": 1}, "shortest is 1, expected 2 clips"),
    ({"frames": 1}, "frames is 1"), ({"size": 8}, "size is 8"), ({"noise": -0.1}, "noise is -0.1"),
    ({"dropped": 1.5}, "dropped is 1.5"), ({"skew": -1}, "skew is -1"), ({"moves": "cup"}, "moves is 'cup'"),
    ({"across": "views "}, "did you mean 'views'"), ({"length": 3}, "unknown key 'length'")])
def test_settings_that_cannot_be(settings, words):
    with pytest.raises(ConfigurationError, match=words):
        SyntheticVideo(**settings)


def test_arguments_that_cannot_be():
    task, rng = SyntheticVideo(**SMALL), np.random.default_rng(0)
    for call, error, words in [
            (lambda: task.batch(0, 4), InputError, "rng is an int, expected a generator"),
            (lambda: task.batch(rng, 0), InputError, "batch is 0"),
            (lambda: task.batch(rng, 4, "tests"), ConfigurationError, "part is 'tests', .* did you mean 'test'"),
            (lambda: task.batch(rng, 4, clips=1), InputError, "clips is 1"),
            (lambda: task.batch(rng, 4, labels=[0, 1, 2]), InputError, r"shape \(3,\), expected 4 whole numbers"),
            (lambda: task.batch(rng, 2, labels=[0, 16]), InputError, "from 0 to 15"),
            (lambda: task.batch(rng, 2, labels=[[0], [1, 2]]), InputError, "makes no array"),
            (lambda: next(task.fixed_set(0, 3, 2)), DataError, "3 videos are fewer than the 16 classes"),
            (lambda: next(task.fixed_set(-1, 30, 2)), InputError, "seed is -1")]:
        with pytest.raises(error, match=words):
            call()
