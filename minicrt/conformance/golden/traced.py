"""Models that tell a `Recording` what an engine cannot see: which part is running, and results of no operation"""

from functools import cache
from typing import Any

from minicrt.models import CRT, SegmentModel, TransformerXL
from minicrt.models.memory_forms import FORMS
from minicrt.models.video import CRViT, ViT

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


class TracedForm(Traced):
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


class TracedViT:
    engine: Any

    def embed(self, *arguments: Any) -> Any:
        e, cache = super().embed(*arguments)                # type: ignore[misc]
        self.engine.mark("embedding", e)
        return e, cache

    def positions(self, *arguments: Any) -> Any:
        with self.engine.within("steps"):
            return super().positions(*arguments)            # type: ignore[misc]

    def looked_at(self, *arguments: Any) -> Any:
        seen, cache = super().looked_at(*arguments)         # type: ignore[misc]
        self.engine.mark("pooled", seen.z)
        return seen, cache

    def encode(self, *arguments: Any) -> Any:
        seen, state, cache = super().encode(*arguments)     # type: ignore[misc]
        self.engine.mark("z", seen.z)
        return seen, state, cache

    def parted(self, d_s: Any, *arguments: Any) -> Any:
        self.engine.mark_gradient("joined", d_s)
        return super().parted(d_s, *arguments)              # type: ignore[misc]


@cache
def traced_video(model: type[ViT], mixins: tuple[type, ...] = ()) -> type[ViT]:
    """As `traced`; subclasses of CRT are about the stages of a CR-ViT's memory."""
    of_crt = tuple(mixin for mixin in mixins if issubclass(mixin, CRT))
    own = tuple(mixin for mixin in mixins if mixin not in of_crt)
    stages = {"crt_kind": traced(CRT, of_crt)} if issubclass(model, CRViT) else {}
    return type(model.__name__, (TracedViT, *own, model), stages)


@cache                                                       # a class made anew has its annotations read anew
def traced(model: type[SegmentModel], mixins: tuple[type, ...] = ()) -> type[SegmentModel]:
    """The model class with its tracing, and in between whatever else changes its methods, the first outermost."""
    tracing = TracedForm if model in FORMS.values() else {
        CRT: TracedCRT, TransformerXL: TracedTransformerXL}.get(model, Traced)
    return type(model.__name__, (tracing, *mixins, model), {})
