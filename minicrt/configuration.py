"""Frozen dataclasses as configuration: built from a mapping (a TOML table), checked, and turned back into one."""

import dataclasses
import difflib
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from minicrt.errors import ConfigurationError


class Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Config = TypeVar("Config", bound=Dataclass)
IN_WORDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def field_types(cls: type[Dataclass]) -> dict[str, Any]:
    """The configuration keys of a dataclass and the type of each."""
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def unknown_key(key: str, known: typing.Iterable[str], where: str) -> ConfigurationError:
    known = sorted(known)
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "known keys: " + ", ".join(known)
    return ConfigurationError(f"unknown key {key!r} in {where}; {hint}")


def checked(key: str, value: Any, kind: Any, where: str) -> Any:
    """`value` as the annotated type `kind`; an int is accepted for a float and nothing else is converted."""
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value not in choices or isinstance(value, bool):
            expected = ", ".join(map(repr, choices))
            raise ConfigurationError(f"{where}: {key} is {value!r}, expected one of {expected}")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigurationError(f"{where}: {key} is {value!r}, expected {IN_WORDS.get(kind, kind.__name__)}")
    return value


def from_mapping(cls: type[Config], mapping: Mapping[str, Any], where: str) -> Config:
    """A `cls` from `mapping`; keys left out keep their defaults.

    Raises ConfigurationError naming `where` for an unknown key, a missing required key, a value of the wrong
    type, and whatever the dataclass's own `__post_init__` rejects.
    """
    types = field_types(cls)
    for key in mapping:
        if key not in types:
            raise unknown_key(key, types, where)
    for field in dataclasses.fields(cls):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in mapping:
            raise ConfigurationError(f"{where}: the key {field.name!r} is missing")
    return cls(**{key: checked(key, value, types[key], where) for key, value in mapping.items()})


def to_mapping(config: Dataclass) -> dict[str, Any]:
    """The plain mapping that `from_mapping` turns back into an equal configuration."""
    return {name: getattr(config, name) for name in field_types(type(config))}


def require(condition: bool, message: str) -> None:
    """Raise ConfigurationError with `message` unless `condition` holds."""
    if not condition:
        raise ConfigurationError(message)
