"""Presets, --set, help, and what importing costs."""

import subprocess
import sys

import pytest

from minicrt.cli import main
from minicrt.errors import ConfigurationError
from minicrt.models.video import VIDEO_MODELS
from minicrt.settings import describe_keys, parse_assignments, settings
from minicrt.video_settings import describe_video_keys, known_keys
from tests.cli.running import environment


def test_values_are_toml_or_bare_words():
    assert parse_assignments(["width=96", "dropout = 0.1", "tied=false", "memory=gru", "readout='memory'",
                              "orthogonal=candidate+reset", "learning_rate=3e-3"]) == {
        "width": 96, "dropout": 0.1, "tied": False, "memory": "gru", "readout": "memory",
        "orthogonal": "candidate+reset", "learning_rate": 0.003}


def test_a_budget_replaces_that_of_the_preset():
    assert settings("tiny", {}).training.epochs > 0
    changed = settings("tiny", {"minutes": 2.0}).training
    assert (changed.minutes, changed.epochs, changed.steps) == (2.0, 0.0, 0)
    with pytest.raises(ConfigurationError, match="exactly one"):
        settings("tiny", {"minutes": 2.0, "steps": 3})


def test_help_shows_presets_and_keys(capsys):
    assert main(["train", "--help"]) == 0
    printed = capsys.readouterr().out
    for word in ("tiny", "small", "ptb", "memory=gru|ncgru|mingru|lru|s4d|mamba|none", "model=rmt", "cache_length=-1",
                 "bptt_segments=2", "corpus=python-docs"):
        assert word in printed
    of_videos = " ".join(printed[printed.index("with --task video also"):].split())
    for word in ("model=crvit tied=false", "patch_size=8", "corpus=synthetic-video cues=4", "moves=body|ball",
                 "corpus=FOLDER frames=8", "sampling=stride|segments", "protocol=CS|CV1|CV2"):
        assert word in of_videos
    assert main([]) == 0
    assert "minicrt train" in capsys.readouterr().out


@pytest.mark.parametrize("corpus", ["synthetic-video", "videos", "smarthome:videos"])
@pytest.mark.parametrize("model", VIDEO_MODELS)
def test_help_has_every_key_of_videos(model, corpus):
    """Those of a model beside the text CRT's, those of the model before it, and those of the videos"""
    shown = {key.split("=")[0] for keys in [*describe_keys().values(), *describe_video_keys().values()] for key in keys}
    assert set().union(*known_keys(corpus, model).values()) - {"model"} <= shown


def test_importing_the_package_or_asking_for_help_loads_nothing_heavy():
    code = ("import sys, minicrt.cli; minicrt.cli.build_parser(); "
            "print([m for m in ('numpy', 'scipy', 'matplotlib', 'tqdm') if m in sys.modules])")
    result = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
