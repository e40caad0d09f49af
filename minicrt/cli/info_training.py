"""What training a preset costs: operations by count, hours by the speed of this machine"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minicrt.models import SegmentModel
    from minicrt.settings import Settings
    from minicrt.training import TrainingConfig


def corpus_sizes(chosen: "Settings", data_dir: Path | None) -> tuple[int, int]:
    """Types and training tokens of the corpus; as published where it is not here, which is said. Raises DataError where
    there is nothing published."""
    from minicrt.data.published import TRAINING_TOKENS, TYPES
    from minicrt.errors import DataError

    name = chosen.data.corpus
    try:
        corpus = chosen.load_corpus(data_dir)
    except DataError:
        if name not in TYPES:
            raise
        print(f"{name} is not here: its sizes as published, {TYPES[name]:,} types and {TRAINING_TOKENS[name]:,} tokens "
              "to train on")
        return TYPES[name], TRAINING_TOKENS[name]
    return corpus.vocabulary.size, corpus.train.size


def print_operations(model: "SegmentModel") -> None:
    """Of a token, forward and in training, and the forward pass by parts."""
    from minicrt import accounting

    T = model.config.segment_length
    parts = ", ".join(f"{name} {flops / T / 1e6:.3g}" for name, flops in accounting.forward_flops(model).items())
    print(f"\noperations a token: {accounting.segment_flops(model) / T / 1e6:,.1f} million forward ({parts}), "
          f"{accounting.training_flops(model) / T / 1e6:,.1f} million in training")


def print_hours(model: "SegmentModel", training: "TrainingConfig", epoch: int) -> None:
    """What training would take here, at the speed of a few steps of the model cut down; an epoch has so many tokens."""
    from minicrt import accounting

    tokens = accounting.training_tokens(training, model.config.segment_length, epoch)
    if not tokens:
        return
    again = accounting.run_again(training) * accounting.segment_flops(model)
    operations = tokens * (accounting.training_flops(model) + again) / model.config.segment_length
    speed = accounting.training_speed(model, training, model.engine)
    hours = operations / speed.flops / 3600
    print(f"training: {tokens:,.0f} tokens, {operations:.3g} operations; at {speed.flops / 1e9:,.1f} GFLOP/s "
          f"({speed.timed}) {hours:,.{0 if hours >= 100 else 2}f} hours here, evaluations left out")
