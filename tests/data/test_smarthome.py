"""Toyota Smarthome: names, protocols, joints, and a folder as its users have it, of films that are made here"""

import json

import numpy as np
import pytest

from minicrt.data.smarthome import CLASSES, CLASSES_ACROSS_VIEWS, PROTOCOLS, load_smarthome, parse_name, read_skeletons
from minicrt.data.video_files import VideoReading
from minicrt.data.video_files.joints import BrokenSkeleton
from minicrt.errors import ConfigurationError, DataError
from tests.data.films import grey_film

READING = VideoReading(frames=2, clips=2, stride=2, size=16)


def pose(x, y, **more):
    """A person whose joint j is at (x + j, y)"""
    return {"pose2d": [*np.arange(13.0) + x, *[float(y)] * 13], **more}


def skeletons(path, frames, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"njts": 13, "frames": frames, **more}), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path):
    """Videos of 8 frames of 32 x 24 pixels"""
    pytest.importorskip("av")
    place = tmp_path / "Smarthome"
    (place / "mp4").mkdir(parents=True)
    for name in ("Walk_p03_r00_v00_c01", "Walk_p03_r01_v00_c02", "Walk_p02_r00_v00_c01", "Cook.Cut_p04_r00_v00_c01",
                 "Cook.Cut_p05_r00_v00_c05", "Getup_p06_r00_v02_c07", "Getup_p08_r00_v02_c05"):
        grey_film(place / "mp4" / f"{name}.mp4", 8)
    return place


def names(data):
    return {part: sorted(video.name.removesuffix(".mp4") for video in videos) for part, videos in data.parts.items()}


def test_the_classes():
    assert len(CLASSES) == len(set(CLASSES)) == 31 and len(CLASSES_ACROSS_VIEWS) == 19
    assert set(CLASSES_ACROSS_VIEWS) < set(CLASSES) and CLASSES[0] == "Cook.Cleandishes" and CLASSES[29] == "Walk"
    assert list(CLASSES[:5]) == sorted(CLASSES[:5])


@pytest.mark.parametrize("stem, parsed", [
    ("Cook.Cleandishes_p02_r00_v02_c03", ("Cook.Cleandishes", 2, 0, 2, 3)), ("WatchTV_p25_r13_v01_c07",
                                                                              ("WatchTV", 25, 13, 1, 7)),
    ("Walk_p02_r00_v02", None), ("Walk_p02_r00_v02_c03_extra", None), ("Walk_p02_r00_c03_v02", None), ("", None),
    ("Walk_p２_r00_v02_c03", None), ("A.B.C_p02_r00_v02_c03", None)])
def test_names(stem, parsed):
    assert parse_name(stem) == parsed


def test_protocols():
    def part(protocol, subject, camera):
        return PROTOCOLS[protocol].part(parse_name(f"Walk_p{subject:02}_r00_v00_c{camera:02}"))

    across = {subject: part("CS", subject, 1) for subject in range(1, 30)}
    assert [s for s, found in across.items() if found == "train"] == [3, 4, 6, 7, 9, 12, 13, 15, 17, 19, 25]
    assert set(across.values()) == {"train", "test"}
    assert [part("CV1", 3, camera) for camera in range(1, 8)] == ["train", "test", None, None, "valid", None, None]
    assert [part("CV2", 3, camera) for camera in range(1, 8)] == ["train", "test", "train", "train", "valid", "train",
                                                                  "train"]


def test_a_folder_in_each_protocol(folder):
    def loaded(protocol):
        return load_smarthome(folder, protocol, READING, folder / "cache", pytest.fail)

    data = loaded("CS")
    assert data.classes == CLASSES and data.name == "smarthome-CS"
    assert names(data) == {"train": ["Cook.Cut_p04_r00_v00_c01", "Getup_p06_r00_v02_c07", "Walk_p03_r00_v00_c01",
                                     "Walk_p03_r01_v00_c02"], "valid": [],
                           "test": ["Cook.Cut_p05_r00_v00_c05", "Getup_p08_r00_v02_c05", "Walk_p02_r00_v00_c01"]}
    batch = next(data.batches("train", 4))
    order = np.argsort(batch.labels, kind="stable")
    assert batch.labels[order].tolist() == [2, 13, 29, 29] and batch.subjects[order].tolist() == [4, 6, 3, 3]
    assert batch.cameras[order].tolist() == [1, 7, 1, 2] and batch.joints is None
    assert names(loaded("CV1")) == {"train": ["Walk_p02_r00_v00_c01", "Walk_p03_r00_v00_c01"],
                                    "valid": ["Getup_p08_r00_v02_c05"], "test": ["Walk_p03_r01_v00_c02"]}
    assert names(loaded("CV2"))["train"] == ["Getup_p06_r00_v02_c07", "Walk_p02_r00_v00_c01", "Walk_p03_r00_v00_c01"]


def test_a_tenth_of_each_class_validates_across_subjects(folder):
    film = (folder / "mp4" / "Walk_p03_r00_v00_c01.mp4").read_bytes()
    for activity, count in (("Readbook", 25), ("Cutbread", 9)):
        for i in range(count):
            (folder / "mp4" / f"{activity}_p03_r{i:02}_v00_c01.mp4").write_bytes(film)
    data = load_smarthome(folder, "CS", READING, folder / "cache", pytest.fail)
    readbook, cutbread = CLASSES.index("Readbook"), CLASSES.index("Cutbread")
    assert data.counts("train")[[readbook, cutbread]].tolist() == [23, 9]
    assert data.counts("valid")[[readbook, cutbread]].tolist() == [2, 0]
    assert not set(names(data)["train"]) & set(names(data)["valid"])


def test_joints_are_in_the_pixels_that_were_cut_out(folder):
    """A file of 32 x 24 pixels whose shorter side becomes 16 is scaled to 21 x 16, and loses 2 pixels at the left."""
    place = folder / "skeletonv12" / "Walk_p03_r00_v00_c01_pose3d.json"
    skeletons(place, [[pose(6, 12), pose(99, 99)], [], [], [], [pose(-20, 3)], [pose(0, 0)]])        # 6 of 8 frames
    data = load_smarthome(folder, "CV1", READING, folder / "cache", pytest.fail)
    batch = next(data.batches("train", 2))
    assert batch.joints.shape == (2, 2, 2, 13, 2) and batch.joints.dtype == np.float32
    b = batch.subjects.tolist().index(3)
    first = batch.joints[0, b, 0]                            # frame 0; then 2, 4, 6
    np.testing.assert_allclose(first[:, 0], (np.arange(13) + 6) * 21 / 32 - 2, rtol=1e-6)
    np.testing.assert_allclose(first[:, 1], 8, rtol=1e-6)
    assert batch.visible[0, b, 0].all() and not batch.visible[0, b, 1].any()
    shown = batch.joints[1, b, 0, :, 0] >= 0
    assert batch.visible[1, b, 0].tolist() == shown.tolist() and not shown.any() and batch.joints[1, b, 0].any()
    assert not batch.visible[1, b, 1].any() and not batch.joints[1, b, 1].any()
    assert not batch.visible[:, 1 - b].any() and not batch.joints[:, 1 - b].any()            # the one without a file
    again = next(load_smarthome(folder, "CV1", READING, folder / "cache", pytest.fail).batches("train", 2))
    assert again.joints.tobytes() == batch.joints.tobytes()
    skeletons(place, [[pose(7, 12)]] * 8)                    # a changed file is read anew
    changed = next(load_smarthome(folder, "CV1", READING, folder / "cache", pytest.fail).batches("train", 2))
    np.testing.assert_allclose(changed.joints[:, b, :, 0, 0], 7 * 21 / 32 - 2, rtol=1e-6)


def test_the_first_person_of_each_frame(tmp_path):
    joints = read_skeletons(skeletons(tmp_path / "a.json", [[pose(1, 2, score=3), pose(5, 6)], [], [pose(7, 8)]], K=2))
    assert joints.shape == (3, 13, 2) and joints.dtype == np.float32 and np.isnan(joints[1]).all()
    assert joints[0, :, 0].tolist() == list(range(1, 14)) and (joints[2, :, 1] == 8).all()
    assert read_skeletons(skeletons(tmp_path / "a.json", [])).shape == (0, 13, 2)


@pytest.mark.parametrize("text, words", [
    ("", "it is not JSON"), ("{", "it is not JSON"), ("[]", "it has no list of frames"), ("{}", "no list of frames"),
    ('{"frames": 5}', "no list of frames"), ('{"frames": [], "njts": 15}', "njts is 15, expected 13"),
    ('{"frames": [[], {}]}', "frame 1 is {}, expected a list of persons"),
    ('{"frames": [[5]]}', "frame 0: pose2d is None, expected 26 numbers"),
    ('{"frames": [[{"pose2d": [1, 2]}]]}', r"frame 0: pose2d is \[1, 2\], expected 26 numbers"),
    ('{"frames": [[{"pose2d": ' + json.dumps(["1"] * 26) + "}]]}", "expected 26 numbers"),
    ('{"frames": [[{"pose2d": [' + ", ".join(["NaN"] * 26) + "]}]]}", "expected 26 numbers"),
    ('{"frames": [[{"pose2d": [' + ", ".join(["1e300"] * 26) + "]}]]}", "expected 26 numbers"),
    ("[" * 5000, "nested deeper")])
def test_files_that_hold_no_skeletons(tmp_path, text, words):
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(BrokenSkeleton, match=words) as caught:
        read_skeletons(tmp_path / "a.json")
    assert "\n" not in str(caught.value)


def test_a_broken_skeleton_is_named_and_its_video_used(folder):
    place = folder / "skeletonv12" / "Walk_p03_r00_v00_c01_pose3d.json"
    skeletons(place, [[5]])
    for _ in range(2):                                       # each time, not the first time alone
        said = []
        data = load_smarthome(folder, "CV1", READING, folder / "cache", said.append)
        assert len(said) == 1
        assert said[0].endswith("_pose3d.json is not used: frame 0: pose2d is None, expected 26 numbers")
        assert len(data.parts["train"]) == 2 and next(data.batches("train", 2)).joints is None


def test_other_names_and_broken_files_are_named(folder):
    for name in ("holiday", "a", "b", "c"):
        (folder / "mp4" / f"{name}.mp4").write_bytes(b"")
    (folder / "mp4" / "Walk_p04_r00_v00_c01.mp4").write_bytes(b"")
    said = []
    data = load_smarthome(folder, "CS", READING, folder / "cache", said.append)
    assert said[0].startswith("a.mp4, b.mp4, c.mp4 and 1 more: not named like Cook.Cleandishes_p03_r00_v02_c01.mp4")
    assert said[1].endswith("Walk_p04_r00_v00_c01.mp4 is left out: it is empty") and len(said) == 3
    assert data.broken == (("Walk_p04_r00_v00_c01.mp4", "it is empty"),)


def test_where_the_data_set_is_missing_it_says_how_to_ask_for_it(tmp_path):
    for place in (tmp_path / "none", tmp_path):
        with pytest.raises(DataError, match="given on request, under a licence for research: ask for it at https://"):
            load_smarthome(place)
    with pytest.raises(ConfigurationError, match="protocol is 'CV', expected one of 'CS', 'CV1', 'CV2'"):
        load_smarthome(tmp_path, "CV")


def test_a_folder_that_the_protocol_trains_on_nothing_of(tmp_path):
    pytest.importorskip("av")
    (tmp_path / "mp4").mkdir()
    grey_film(tmp_path / "mp4" / "Walk_p03_r00_v00_c02.mp4")
    with pytest.raises(DataError, match="none of its 1 videos is one that CV1 trains on; names are like"):
        load_smarthome(tmp_path, "CV1", READING, tmp_path / "cache")
