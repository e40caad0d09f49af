"""The presets that `--preset` names: one TOML file each, with the tables [model], [training] and [data]."""

import tomllib
from importlib import resources
from typing import Any

from minicrt.arguments import shown
from minicrt.errors import ConfigurationError
from minicrt.suggestion import suggestion


def names() -> tuple[str, ...]:
    """The presets by name, the default first."""
    found = (entry.name.removesuffix(".toml") for entry in resources.files(__name__).iterdir()
             if entry.name.endswith(".toml"))
    return tuple(sorted(found, key=lambda name: (name != "tiny", name != "small", name)))


def load(name: str) -> dict[str, dict[str, Any]]:
    """The tables of the preset `name`; raises ConfigurationError, with the closest name, where there is none."""
    return tomllib.loads(_text(name))


def description(name: str) -> str:
    """The first comment line of the preset's file: what it is for."""
    return _text(name).splitlines()[0].removeprefix("#").strip()


def _text(name: str) -> str:
    if not isinstance(name, str) or name not in names():
        from minicrt.presets import video

        if isinstance(name, str) and name in video.NAMES:
            raise ConfigurationError(f"the preset {name!r} is for models of video; say so with --task video, or in a "
                                     'grid with task = "video"')
        known = suggestion(name, (*names(), *video.NAMES), "there are")
        raise ConfigurationError(f"unknown preset {shown(name)}; {known}")
    return resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
