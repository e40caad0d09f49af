import pytest

from minicrt.configuration import from_mapping, to_mapping
from minicrt.errors import ConfigurationError
from minicrt.models import CRTConfig
from minicrt.training import TrainingConfig


def test_round_trip():
    config = TrainingConfig(epochs=2.5, optimizer="sgd", ema_decay=0.99)
    assert from_mapping(TrainingConfig, to_mapping(config), "training") == config


@pytest.mark.parametrize("budget", [{}, {"steps": 3, "epochs": 1.0}, {"steps": 3, "minutes": 1.0}, {"steps": 0}])
def test_exactly_one_budget(budget):
    with pytest.raises(ConfigurationError, match="exactly one of epochs, steps and minutes"):
        TrainingConfig(**budget)


@pytest.mark.parametrize("key, value", [
    ("learning_rate", 0.0), ("learning_rate", -1.0), ("learning_rate", float("nan")), ("clip", float("inf")),
    ("batch", 0), ("bptt_segments", 0), ("beta2", 1.0), ("ema_decay", 1.0), ("final_learning_rate", 1.5),
    ("evaluations", 0), ("seed", -1), ("eps", 0.0), ("warmup_steps", -1),
    ("warmup_steps", 2 ** 31), ("steps", 2 ** 31),
])
def test_out_of_range_is_one_line_that_names_the_key(key, value):
    with pytest.raises(ConfigurationError) as caught:
        TrainingConfig(**{"steps": 10, key: value})
    assert key in str(caught.value) and "\n" not in str(caught.value)


def test_minutes_are_measured_in_the_warm_up():
    with pytest.raises(ConfigurationError, match="warmup_steps of 10 or more"):
        TrainingConfig(minutes=1.0, warmup_steps=5)
    assert TrainingConfig(steps=1, warmup_steps=5).warmup_steps == 5


def test_the_orthogonal_rate_follows_the_other_unless_given():
    assert TrainingConfig(steps=1, learning_rate=0.5).rate_of_orthogonal == 0.05
    assert TrainingConfig(steps=1, orthogonal_learning_rate=0.3).rate_of_orthogonal == 0.3


@pytest.mark.parametrize("key", ["cayley", "neumann_order", "exact_every"])
def test_a_setting_that_was_taken_out_says_so(key):
    for table in (CRTConfig, TrainingConfig):
        with pytest.raises(ConfigurationError, match=f"^config.toml: the setting '{key}' is no longer there: .*again$"):
            from_mapping(table, {key: "exact"}, "config.toml")
