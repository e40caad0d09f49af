"""Mistakes in the state of one layer of several: the others' are carried as they should be"""

from minicrt.conformance.mistakes.models.carrying import Detached, NotCarried, of
from minicrt.conformance.mistakes.models.mistake import ModelMistake
from minicrt.models import SegmentModel


def layer_states(model: SegmentModel) -> list[ModelMistake]:
    entries = sorted(entry for entry in model.state_shapes(1) if entry.startswith("layer."))
    found = []
    for entry in entries if len(entries) > 1 else ():
        others = " and ".join(other for other in entries if other != entry)
        found += [ModelMistake(f"state: {entry} not carried", f"The state of {entry} starts anew in every segment; "
                               f"only that of {others} is carried.", passes=of(NotCarried, [entry])),
                  ModelMistake(f"state: {entry} detached", f"The state of {entry} is detached at the segments' "
                               f"boundaries; that of {others} is not.", "backward", passes=of(Detached, [entry]))]
    return found
