"""How often a model is right on a task whose episodes are windows of segments, with its state or parts of it cut"""

from typing import Protocol

import numpy as np

from minicrt.arguments import check_has
from minicrt.data.recall import Window
from minicrt.data.streams import NOT_SCORED
from minicrt.models import Parameters, SegmentModel, State
from minicrt.models.inputs import A_MODEL
from minicrt.training.evaluation import Cut, cut_entries


class Episodes(Protocol):
    def window(self, rng: np.random.Generator, batch: int) -> Window: ...


def recall_accuracy(model: SegmentModel, parameters: Parameters, task: Episodes, rng: np.random.Generator,
                    episodes: int = 1000, cut: Cut | None = None) -> float:
    """The share of scored targets in `episodes` new episodes of a task that are the model's most probable token.

    `cut` is one of `CUTS`: what is dropped between the segments. With the whole "state" cut (of a CRT the memory and
    the carried positions, which are a second memory) the accuracy is `task.chance`.
    Raises InputError for another cut.
    """
    check_has("model", model, ("logits", "memory_entries"), A_MODEL)
    check_has("task", task, ("window",), "a task, as minicrt.data.RecallTask()")
    dropped = cut_entries(model, cut)
    state = State()
    right = asked = 0
    for tokens, targets in task.window(rng, episodes):
        logits, state = model.logits(parameters, tokens, state)                 # (B, T, V)
        state = {name: value for name, value in state.items() if name not in dropped}
        scored = targets != NOT_SCORED
        right += int(np.count_nonzero(logits.argmax(-1)[scored] == targets[scored]))
        asked += int(np.count_nonzero(scored))
    return right / asked
