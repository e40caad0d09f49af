"""What is measured of the arms on synthetic videos, and that it is not measured again"""

import json

import numpy as np
import pytest

from benchmarks import video_tasks
from benchmarks.video_tasks import ARMS, model_of, parts, task_of
from tests.benchmarks.running import run

TASK = task_of("body")


def test_the_arms_have_about_as_many_parameters():
    sizes = {arm: model_of(arm, TASK).size for arm in ARMS}
    for one, other in (("CR-ViT", "ViT, all frames"), ("CR-ViT", "ViT, one clip"),
                       ("CR-ViT, modules", "pi-ViT, all frames")):
        assert abs(sizes[one] / sizes[other] - 1) < 0.1, sizes


def test_the_parts_of_a_pair():
    """One that knows every motion, and always says the first cue"""
    labels = np.repeat(np.arange(8), 3)
    confusion = np.zeros((8, 8), int)
    np.add.at(confusion, (labels, labels % 2), 1)
    assert parts(confusion, TASK) == {"mca": 0.25, "acc": 0.25, "cue": 0.25, "motion": 1.0}


@pytest.mark.parametrize("arm", ["ViT, one clip", "CR-ViT, modules"])
def test_rows_are_kept_and_not_measured_again(tmp_path, arm, monkeypatch):
    monkeypatch.setattr(video_tasks, "VIDEOS", 16)
    row = video_tasks.measure(arm, 1, 0, 1e-3, "ball")
    assert 0 <= row["mca"] <= 1 and row["ceiling"] == 0.25 and ("mca_8_clips" in row) == (arm != "ViT, one clip")
    assert row["state"] == 4 * 48 * (arm != "ViT, one clip")             # the memory, and nothing else
    path = tmp_path / "rows.json"
    command = f'python -m benchmarks.video_tasks --arms "{arm}" --moves ball --steps 7 --learning-rate 0.001 --seed 3'
    path.write_text(json.dumps({"rows": [{**row, "seed": 3, "command": command}]}), encoding="utf-8")
    done = run("video_tasks", "--arms", arm, "--moves", "ball", "--steps", 7, "--learning-rate", "1e-3", "--seed", 3,
               "--json", path)
    assert arm in done.stdout and json.loads(path.read_text(encoding="utf-8"))["rows"][0]["seed"] == 3


def test_the_table_says_what_the_rows_say():
    row = {"arm": "CR-ViT", "moves": "body", "steps": 160, "parameters": 1234, "mflop_frame": 0.5, "state": 192,
           "mca": 0.9, "cue": 1.0, "motion": 0.9, "mca_cut": 0.25, "mca_8_clips": 0.8}
    other = {key: value for key, value in row.items() if key not in ("mca_cut", "mca_8_clips")} | {
        "arm": "ViT, one clip", "moves": "ball", "state": 0}
    head, lines = video_tasks.by_arm([other, row, row | {"mca": 1.0}])
    assert lines == [["CR-ViT", "body", 160, "1,234", "0.50", 192, 2, "0.95 (0.90–1.00)", "1.00 (1.00–1.00)",
                      "0.90 (0.90–0.90)", "0.25 (0.25–0.25)", "0.80 (0.80–0.80)"],
                     ["ViT, one clip", "ball", 160, "1,234", "0.50", 0, 1, "0.90", "1.00", "0.90", "–", "–"]]
    assert len(head) == len(lines[0])
