"""Frozen dataclasses as configuration: checked when made, built from a mapping (a TOML table), turned back into one."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal, TypeVar

from minicrt.arguments import is_number, is_truth, is_whole, shown
from minicrt.errors import ConfigurationError
from minicrt.suggestion import choices_in_words, suggestion

# Settings that were taken out, each with what holds now: a run that was made with one is told so.
REMOVED = dict.fromkeys(("cayley", "neumann_order", "exact_every"), "(I + A)⁻¹ is always solved for exactly"
                        ) | {"memory_start": "m_0 is always learned"}
MOST = 10 ** 12                                              # of anything that is counted
MOST_OF_SEEDS = 2 ** 128 - 1                                 # what NumPy's own seeds go up to
IN_WORDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a finite number", str: "text"}


@dataclass(frozen=True)
class Configuration:
    """The base of every configuration. Raises ConfigurationError for a key that it has not, and for a value that is not
    of the annotated type or not one of the annotated choices. A subclass checks ranges in its own `__post_init__`,
    after this one.

    `title` is what messages call it; `most` is the largest value of a whole number, where that is not MOST.
    """

    title: ClassVar[str] = "the configuration"
    most: ClassVar[Mapping[str, int]] = {}

    def __new__(cls, *_: Any, **values: Any) -> typing.Self:
        for key in values:
            if key not in field_types(cls):
                raise unknown_key(key, field_types(cls), cls.title)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for key, kind in field_types(type(self)).items():        # a NumPy number becomes Python's, an int a float
            value = checked(key, getattr(self, key), kind, self.title)
            if kind is int and abs(value) > self.most.get(key, MOST):
                raise ConfigurationError(f"{self.title}: {key} is {shown(value)}, expected a whole number of at most "
                                         f"{self.most.get(key, MOST):,}")
            object.__setattr__(self, key, value)


Config = TypeVar("Config", bound=Configuration)


def field_types(cls: type[Configuration]) -> Mapping[str, Any]:
    """The configuration keys of a dataclass and the type of each."""
    return _field_types(typing.cast(Any, cls))               # mypy takes an instance's __hash__ for that of its class


@cache                                                       # else Python evaluates the annotations at every call
def _field_types(cls: Any) -> Mapping[str, Any]:
    hints = typing.get_type_hints(cls)
    return types.MappingProxyType({field.name: hints[field.name] for field in dataclasses.fields(cls)})


def unknown_key(key: object, known: typing.Iterable[str], where: str) -> ConfigurationError:
    if isinstance(key, str) and key in REMOVED:
        return ConfigurationError(f"{where}: the setting {key!r} is no longer there: {REMOVED[key]}; leave it out, and "
                                  "train a run that was made with it again")
    return ConfigurationError(f"unknown key {shown(key)} in {where}; {suggestion(key, sorted(known), 'known keys')}")


def checked(key: str, value: Any, kind: Any, where: str) -> Any:
    """`value` as the annotated type `kind`. Numbers and truth values of NumPy are taken as Python's, and a whole number
    for any number; nothing else is converted, and what is no finite number is refused."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):                # a number, or one of some words
        number, words = typing.get_args(kind)
        if isinstance(value, str) and value in typing.get_args(words):
            return str(value)
        if is_number(value):
            return float(value)
        raise ConfigurationError(f"{where}: {key} is {shown(value)}, expected {IN_WORDS[number]}, or "
                                 f"{choices_in_words(value, typing.get_args(words)).removeprefix('expected ')}")
    if typing.get_origin(kind) is Literal:
        return checked_choice(key, value, typing.get_args(kind), where)
    if kind is bool and is_truth(value):
        return bool(value)
    if kind is int and is_whole(value):
        return int(value)
    if kind is float and is_number(value):
        return float(value)
    if kind is str and isinstance(value, str):
        return str(value)
    raise ConfigurationError(f"{where}: {key} is {shown(value)}, expected {IN_WORDS.get(kind, kind)}")


def checked_choice(key: str, value: Any, choices: tuple[str, ...], where: str) -> str:
    """`value`, which has to be one of `choices`"""
    if isinstance(value, str) and value in choices:
        return str(value)
    raise ConfigurationError(f"{where}: {key} is {shown(value)}, {choices_in_words(value, choices)}")


def from_mapping(cls: type[Config], mapping: Mapping[str, Any], where: str) -> Config:
    """A `cls` from `mapping`; keys left out keep their defaults.

    Raises ConfigurationError naming `where` for an unknown key, a missing required key, a value of the wrong
    type, and whatever the dataclass's own `__post_init__` rejects.
    """
    known = field_types(cls)
    for key in mapping:
        if key not in known:
            raise unknown_key(key, known, where)
    for field in dataclasses.fields(cls):
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in mapping:
            raise ConfigurationError(f"{where}: the key {field.name!r} is missing")
    return cls(**mapping)


def to_mapping(config: Configuration) -> dict[str, Any]:
    """The plain mapping that `from_mapping` turns back into an equal configuration."""
    return {name: getattr(config, name) for name in field_types(type(config))}


def changed(config: Configuration) -> dict[str, Any]:
    """The keys of a configuration that have no default, or another value than it."""
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    return {key: value for key, value in to_mapping(config).items() if value != defaults[key]}


def require(condition: bool, message: str) -> None:
    """Raise ConfigurationError with `message` unless `condition` holds."""
    if not condition:
        raise ConfigurationError(message)
