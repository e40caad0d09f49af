"""Every configuration checks every value when it is made, from Python as from the command line."""

import copy
import dataclasses
import re
import types
import typing

import numpy as np
import pytest

from minicrt.configuration import Configuration, field_types
from minicrt.data import TASKS, RecallTask
from minicrt.data.sensors.framing import Question
from minicrt.data.synthetic_video import SyntheticVideo
from minicrt.data.video_files import VideoReading
from minicrt.errors import ConfigurationError
from minicrt.federated import FederatedConfig
from minicrt.models import MODELS, CRTConfig
from minicrt.models.video import VIDEO_MODELS
from minicrt.settings import DataConfig, settings
from minicrt.training import DynamicConfig, TrainingConfig

NEEDED = {"vocabulary": 7, "steps": 3, "task": "forecast", "target": "pressure"}
MADE = {cls: {key: value for key, value in NEEDED.items() if key in field_types(cls)}
        for cls in (*(config for _, config in (*MODELS.values(), *VIDEO_MODELS.values())), TrainingConfig,
                    DynamicConfig, DataConfig, RecallTask, Question, SyntheticVideo, VideoReading, FederatedConfig,
                    *TASKS.values())}
KEYS = [(cls, key) for cls in MADE for key in field_types(cls)]
NONSENSE = (None, [], {}, (), object(), float("nan"), float("inf"), 1j, b"gru", np.zeros(2), np.array([["gru"]] * 99),
            10 ** 5000, "Memroy")
NOT_OF = {bool: (0, 1, "true", np.int64(1)), int: (True, 6.0, "6", np.float64(6), np.True_),
          float: (True, "0.1", np.array([0.1])), str: (1, True)}


def subclasses(cls):
    return {cls}.union(*map(subclasses, cls.__subclasses__()))


def test_no_configuration_is_left_out():
    abstract = {Configuration} | {cls for cls in subclasses(Configuration) if cls.__subclasses__()}
    own = {cls for cls in subclasses(Configuration) - abstract if cls.__module__.startswith("minicrt.")}
    assert own <= set(MADE)


@pytest.mark.parametrize("cls, key", KEYS, ids=lambda value: getattr(value, "__name__", value))
def test_what_is_no_value_of_a_key_is_refused_in_one_line_that_names_it(cls, key):
    kind = field_types(cls)[key]
    number_or_word = typing.get_origin(kind) in (typing.Union, types.UnionType)
    wrong = (*NONSENSE, *((True, "0.1", "chrno") if number_or_word else NOT_OF.get(kind, (1, True, "GRUU"))))
    for value in [value for value in wrong if not (kind is str and isinstance(value, str) or kind is int
                                                   and type(value) is int)]:
        with pytest.raises(ConfigurationError, match=f"{key} is ") as caught:
            cls(**MADE[cls] | {key: value})
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("cls", MADE, ids=lambda cls: cls.__name__)
def test_an_unknown_key_names_the_one_that_was_meant(cls):
    key = next(key for key in field_types(cls) if len(key) > 4)
    misspelt = key[0] + key[2] + key[1] + key[3:]
    with pytest.raises(ConfigurationError, match=f"unknown key '{misspelt}' in {cls.title}; did you mean '{key}'"):
        cls(**MADE[cls] | {misspelt: 1})


@pytest.mark.parametrize("cls, key", [(cls, key) for cls, key in KEYS
                                      if typing.get_origin(field_types(cls)[key]) is typing.Literal])
def test_a_choice_in_other_letters_is_refused_and_the_one_that_was_meant_named(cls, key):
    for choice in typing.get_args(field_types(cls)[key]):
        with pytest.raises(ConfigurationError, match=f"expected one of .*; did you mean '{re.escape(choice)}'"):
            cls(**MADE[cls] | {key: choice.upper()})


@pytest.mark.parametrize("key, value", [("memory", "GRU"), ("readout", "Memory"), ("width", 0), ("width", "96"),
                                        ("dropout", float("nan")), ("tied", 1), ("update_bias", float("inf")),
                                        ("batch", 0), ("clip", -1.0), ("schedule", "cos"), ("level", "words")])
def test_the_message_is_that_of_the_command_line(key, value):
    cls = next(cls for cls in (CRTConfig, TrainingConfig, DataConfig) if key in field_types(cls))
    with pytest.raises(ConfigurationError) as from_python:
        cls(**MADE[cls] | {key: value})
    with pytest.raises(ConfigurationError) as from_the_command_line:
        settings("tiny", {key: value})
    assert str(from_python.value) == str(from_the_command_line.value)


def test_numbers_of_numpy_become_pythons():
    config = CRTConfig(np.int64(7), width=np.uint8(6), heads=np.int32(2), tied=np.False_, dropout=np.float32(0.5),
                       update_bias=-1, memory=np.str_("ncgru"))
    same = CRTConfig(7, width=6, heads=2, tied=False, dropout=0.5, update_bias=-1.0, memory="ncgru")
    assert config == same and repr(config) == repr(same)


@pytest.mark.parametrize("cls", MADE, ids=lambda cls: cls.__name__)
def test_copies_are_equal(cls):
    config = cls(**MADE[cls])
    assert copy.copy(config) == copy.deepcopy(config) == config
    assert dataclasses.replace(config) == config
