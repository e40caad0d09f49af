"""What a run would take: its tokens, and the speed of a model cut down"""

from types import SimpleNamespace

import pytest

from minicrt.accounting import hours, training_flops, training_speed, training_tokens
from minicrt.models import create_model
from minicrt.training import TrainingConfig


def test_the_tokens_of_a_run():
    assert training_tokens(TrainingConfig(steps=7, batch=3, bptt_segments=2), 11, 1000) == 7 * 3 * 2 * 11
    assert training_tokens(TrainingConfig(epochs=1.5), 11, 1000) == 1500
    assert training_tokens(TrainingConfig(minutes=5), 11, 1000) == 0


def test_the_speed_is_that_of_the_model_that_is_timed(monkeypatch):
    model = create_model({"width": 8, "heads": 2, "layers": 5, "inner": 8, "segment_length": 4, "vocabulary": 20_000},
                         "numpy")
    clock = iter([0.0, 90.0, 100.0, 104.0, 200.0, 202.0, 300.0, 308.0])      # the first step compiles, the third counts
    monkeypatch.setattr(hours, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    speed = training_speed(model, TrainingConfig(steps=1, batch=20), "numpy")
    assert speed.timed == "2 layers, 4 rows of 4, 10,000 types"
    small = create_model({"width": 8, "heads": 2, "layers": 2, "inner": 8, "segment_length": 4, "vocabulary": 10_000},
                         "numpy")
    assert speed.flops == pytest.approx(4 * training_flops(small) / 2)
