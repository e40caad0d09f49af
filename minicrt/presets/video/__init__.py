"""The presets of `--task video`: as those of texts, but [data] holds the keys of SyntheticVideo or VideoReading"""

import tomllib
from importlib import resources
from typing import Any

from minicrt.arguments import shown
from minicrt.errors import ConfigurationError
from minicrt.suggestion import suggestion

NAMES = ("video-tiny", "crvit-base")                         # the default first


def load(name: str) -> dict[str, dict[str, Any]]:
    """The tables of a preset; raises ConfigurationError, with the closest name, where there is none."""
    return tomllib.loads(_text(name))


def description(name: str) -> str:
    """The first comment line of the preset's file: what it is for"""
    return _text(name).splitlines()[0].removeprefix("#").strip()


def _text(name: str) -> str:
    if not isinstance(name, str) or name not in NAMES:
        raise ConfigurationError(f"unknown preset {shown(name)} of --task video; "
                                 f"{suggestion(name, NAMES, 'there are')}")
    return resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
