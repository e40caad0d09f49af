"""The exercises and predictions by name"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from itertools import chain
from pkgutil import iter_modules
from types import MappingProxyType

from minicrt.arguments import check_kind
from minicrt.errors import UnknownNameError
from minicrt.suggestion import suggestion
from minicrt.teach.exercise import Answer, Exercise
from minicrt.teach.properties import PropertyExercise

Known = Exercise | PropertyExercise | Answer


@cache
def chapters() -> Mapping[str, tuple[Known, ...]]:
    """What the modules of minicrt.teach.exercises have in their EXERCISES, by the module's name."""
    package = import_module("minicrt.teach.exercises")
    names = sorted(module.name for module in iter_modules(package.__path__))
    return MappingProxyType({name: import_module(f"{package.__name__}.{name}").EXERCISES for name in names})


@cache
def registered() -> Mapping[str, Known]:
    """All of them by their own names."""
    found: dict[str, Known] = {}
    for one in chain.from_iterable(chapters().values()):
        assert one.name not in found, f"two exercises are called {one.name}"
        found[one.name] = one
    return MappingProxyType(found)


def exercise_of(name: str) -> Exercise | PropertyExercise:
    """Raises UnknownNameError where there is none of that name."""
    found = looked_up(name, (Exercise, PropertyExercise), "exercise")
    assert not isinstance(found, Answer)
    return found


def answer_of(name: str) -> Answer:
    found = looked_up(name, (Answer,), "prediction")
    assert isinstance(found, Answer)
    return found


def any_of(name: str) -> Known:
    check_kind("the name", name, str, "that of an exercise, as in teach.contents()")
    if name not in registered():
        raise UnknownNameError(f"there is no exercise {name!r}; {suggestion(name, registered(), 'there are')}")
    return registered()[name]


def looked_up(name: str, kinds: tuple[type, ...], what: str) -> Known:
    check_kind("the name", name, str, f"that of {'an' if what[0] in 'aeiou' else 'a'} {what}, as in teach.contents()")
    found = registered().get(name)
    if found is None or not isinstance(found, kinds):
        known = [one.name for one in registered().values() if isinstance(one, kinds)]
        raise UnknownNameError(f"there is no {what} {name!r}; {suggestion(name, known, 'there are')}")
    return found
