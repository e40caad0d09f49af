"""Models that tell a `Recording` what an engine cannot see: which part is running, and results of no operation"""

from typing import Any

from minicrt.models import CRT, SegmentModel, TransformerXL

# The mixins stand in front of a model class, whose methods `super()` calls: their types are the models'.


class Traced:
    engine: Any

    def encode(self, *arguments: Any) -> Any:
        z, state, cache = super().encode(*arguments)         # type: ignore[misc]
        self.engine.mark("z", z)
        return z, state, cache


class TracedCRT(Traced):
    def recall(self, *arguments: Any) -> Any:
        with self.engine.within("recalled"):
            return super().recall(*arguments)               # type: ignore[misc]

    def readout(self, *arguments: Any) -> Any:
        with self.engine.within("readout"):
            return super().readout(*arguments)              # type: ignore[misc]

    def parted(self, s: Any) -> Any:
        self.engine.mark_gradient("joined", s)
        return super().parted(s)                            # type: ignore[misc]


class TracedTransformerXL(Traced):
    def table(self, *arguments: Any) -> Any:
        table = super().table(*arguments)                   # type: ignore[misc]
        self.engine.mark("distances", table)
        return table

    def attend(self, p: Any, *arguments: Any) -> Any:
        self.engine.enter(p["attention.w_kv"])
        return super().attend(p, *arguments)                # type: ignore[misc]


def traced(model: type[SegmentModel], mixins: tuple[type, ...] = ()) -> type[SegmentModel]:
    """The model class with its tracing, and in between whatever else changes its methods, the first outermost."""
    tracing = {CRT: TracedCRT, TransformerXL: TracedTransformerXL}.get(model, Traced)
    return type(model.__name__, (tracing, *mixins, model), {})
