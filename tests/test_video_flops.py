"""The accountant's formulas for video against the multiply-adds that the operations perform."""

from pathlib import Path

import numpy as np
import pytest

from minicrt import accounting, ops
from minicrt.accounting.video import arms
from minicrt.errors import InputError
from minicrt.gradcheck.video_models import VIDEO, small_clip, small_video
from minicrt.models import create_model
from minicrt.models.video import create_video_model
from tests.test_flops import Counted


@pytest.mark.parametrize("name", VIDEO)
def test_formula_is_what_is_performed(name, monkeypatch):
    ncgru = ops.ncgru
    monkeypatch.setattr(ops, "ncgru", lambda x, h0, w, u, *rest: ncgru(x, h0, w, u.view(Counted), *rest))
    model, rng = small_video(VIDEO[name]), np.random.default_rng(0)
    p = model.initialize(rng, np.float64)
    counted = p.with_flat(p.flat.view(Counted))
    clip, targets = small_clip(model, rng, 1)
    _, state = model.logits(counted, clip, {})
    Counted.performed = 0
    model.logits(counted, clip, state)
    assert 2 * Counted.performed == sum(accounting.clip_flops(model).values())
    Counted.performed = 0
    model.forward(counted, clip, targets, state)
    assert 2 * Counted.performed == sum(accounting.clip_flops(model, training=True).values())


def test_the_six_arms():
    """What makes them differ: a clip or all of them, and a memory that costs the same whatever N"""
    sizes = {"frame_size": 8, "patch_size": 4, "width": 8, "heads": 2, "inner": 16, "layers": 1, "memory": "mingru"}
    few, many = (accounting.video_costs(3, [2], [n], **sizes) for n in (2, 8))
    assert [cost.arm for cost in few] == list(arms(3, 2, 2, **sizes)) and len(few) == 6
    by_arm = {cost.arm: (cost, more) for cost, more in zip(few, many)}
    for arm, (cost, more) in by_arm.items():
        one_clip, memory = arm.endswith("one clip"), arm.startswith("CR-ViT")
        assert more.flops == cost.flops if one_clip else more.flops >= 4 * cost.flops
        assert (more.flops_per_frame > cost.flops_per_frame) == arm.endswith("all frames")
        assert cost.state_bytes == more.state_bytes == (4 * 16 if memory else 0)
        assert memory == (more.activation_bytes == 4 * cost.activation_bytes and not one_clip)
    assert by_arm["π-ViT, one clip"][0].parameters == by_arm["ViT, one clip"][0].parameters
    assert by_arm["π-ViT, one clip"][0].training_flops > by_arm["ViT, one clip"][0].training_flops
    lines = accounting.costs_table(few).splitlines()
    assert len(lines) == 8 and all(line.count("|") == 10 for line in lines)


def test_what_is_no_model_of_video_is_refused():
    with pytest.raises(InputError, match="a model of video; make one with create_video_model"):
        accounting.clip_flops(create_model(vocabulary=5))
    with pytest.raises(InputError, match="frames is 0"):
        accounting.clip_flops(create_video_model(3), 0)


def test_the_table_of_the_specification_is_the_accountant_s():
    document = (Path(__file__).parents[1] / "docs" / "spec.md").read_text(encoding="utf-8")
    table = accounting.costs_table(accounting.video_costs(16, [8], [1, 4])).splitlines()
    assert "\n".join(table) in document and table[2].startswith("| 8 | 1 | ViT, one clip |")
