"""What is to be trained, how and on what: a preset, changed by the command line."""

import dataclasses
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from minicrt import presets
from minicrt.arguments import check_kind, shown
from minicrt.configuration import MOST, Configuration, field_types, from_mapping, unknown_key
from minicrt.data import Corpus, load_corpus
from minicrt.documents import DocumentError, OtherFormatError, toml_document
from minicrt.errors import ConfigurationError
from minicrt.models import MODELS, SegmentModel, create_model, model_kind
from minicrt.training.configuration import BUDGETS, TrainingConfig, changed_table


@dataclass(frozen=True)
class DataConfig(Configuration):
    """The corpus by name or path, and what its tokens are; `tokenizer` is for the words of a text of one's own."""

    title: ClassVar[str] = "data"

    corpus: str = "python-docs"
    level: Literal["word", "character"] = "word"
    tokenizer: Literal["auto", "punctuation", "lines", "blanks"] = "auto"


@dataclass(frozen=True)
class Settings:
    """`model` is the table [model], to which the corpus adds its vocabulary."""

    preset: str
    model: dict[str, Any]
    training: TrainingConfig
    data: DataConfig

    def load_corpus(self, data_dir: Path | str | None = None) -> Corpus:
        return load_corpus(self.data.corpus, self.data.level, data_dir, self.data.tokenizer)

    def create_model(self, vocabulary: int) -> SegmentModel:
        return create_model({**self.model, "vocabulary": vocabulary})


def tables(kind: str = "crt") -> dict[str, type[Configuration]]:
    """The tables of a preset, and the dataclass that says which keys each may have; `kind` is that of the model."""
    return {"model": model_kind(kind)[1], "training": TrainingConfig, "data": DataConfig}


def settings(preset: str, changes: Mapping[str, Any], source: str = "--set") -> Settings:
    """The preset's settings with `changes` (key -> value) over them; `source`: where these come from, for messages.

    A budget (epochs, steps or minutes) among the changes replaces the preset's. Raises ConfigurationError for an
    unknown preset or key, and for a value that the configuration rejects.
    """
    check_kind("the list of changes", changes, Mapping, "a mapping of keys to values")
    chosen = presets.load(preset)
    budget = {key: value for key, value in changes.items() if key in BUDGETS}
    chosen["training"] = changed_table(chosen["training"], budget)
    kind = str(changes.get("model", chosen["model"].get("model", "crt")))
    if kind != chosen["model"].get("model", "crt"):         # another model: the preset's keys that it has as well
        known = field_types(tables(kind)["model"])
        chosen["model"] = {key: value for key, value in chosen["model"].items() if key in known}
    table_of = {key: table for table, cls in tables(kind).items() for key in field_types(cls)}
    table_of["model"] = "model"
    del table_of["vocabulary"]                               # the corpus decides
    for key, value in changes.items():
        if key not in table_of:
            raise unknown_setting(key, kind, table_of, source)
        chosen[table_of[key]][key] = value
    made = Settings(preset, chosen["model"], from_mapping(TrainingConfig, chosen["training"], "training"),
                    from_mapping(DataConfig, chosen["data"], "data"))
    made.create_model(MOST)                                  # a wrong value is found before the corpus is read
    return made


def unknown_setting(key: str, kind: str, known: Iterable[str], source: str) -> ConfigurationError:
    """What to say of a key that a model of this kind has not: which models have it, if any"""
    others = [name for name, (_, config) in MODELS.items() if name != kind and key in field_types(config)]
    if others and key != "vocabulary":
        return ConfigurationError(f"unknown key {shown(key)} in {source}: it is of the models {', '.join(others)}, and "
                                  f"the model here is {kind!r}; leave it out")
    return unknown_key(key, known, source)


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """`key=value` each; the value as in TOML, or a bare word: width=96, dropout=0.1, tied=false, memory=gru."""
    changes: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"--set got {shown(assignment)}, expected key=value, as in --set width=96")
        if key.strip() in changes:
            raise ConfigurationError(f"--set got {shown(key.strip())} twice, expected each key once")
        try:
            changes[key.strip()] = _value(text.strip())
        except DocumentError as error:
            raise ConfigurationError(f"--set {shown(key.strip())}: the value {error}") from error
    return changes


def _value(text: str) -> Any:
    try:
        table = toml_document(f"value = {text}")
    except OtherFormatError:
        return text                                          # a bare word
    return table["value"] if set(table) == {"value"} else text


def describe_keys() -> dict[str, list[str]]:
    """The keys of each table with their defaults: `memory=gru|ncgru|none`, the default first. Under "model" are those
    of the CRT, under "model=NAME" those that another model has and the CRT has not, or not with these values."""
    described = {table: described_fields(cls) for table, cls in tables().items()}
    for kind, (_, config) in MODELS.items():
        if kind != "crt":
            described[f"model={kind}"] = [key for key in described_fields(config) if key not in described["model"]]
    return described


def described_fields(config: type[Configuration]) -> list[str]:
    hints = field_types(config)
    return [f"{field.name}={_shown(hints[field.name], field.default)}" for field in dataclasses.fields(config)
            if field.name != "vocabulary"]


def _shown(kind: Any, default: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return "|".join(sorted(typing.get_args(kind), key=lambda choice: choice != default))
    return str(default).lower() if isinstance(default, bool) else str(default)
