import pytest

from minicrt import presets
from minicrt.errors import ConfigurationError
from minicrt.settings import settings


def test_tiny_comes_first():
    assert presets.names() == ("tiny", "small", "ptb", "wikitext103")


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_is_a_valid_configuration_with_a_description(name):
    assert settings(name, {}).preset == name
    assert presets.description(name)[0].isupper()
    assert presets.description(name).endswith(".")


def test_an_unknown_preset_suggests_a_known_one():
    with pytest.raises(ConfigurationError, match="did you mean 'small'"):
        presets.load("smal")


def test_a_preset_of_videos_is_not_one_of_texts():
    with pytest.raises(ConfigurationError, match="'video-tiny' is for models of video; say so with --task video"):
        presets.load("video-tiny")
    with pytest.raises(ConfigurationError, match="did you mean 'video-tiny'"):
        presets.load("video-tini")
