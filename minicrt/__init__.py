"""minicrt: the Compact Recurrent Transformer, every forward and every backward pass by hand, in NumPy.

    import minicrt

    corpus = minicrt.load_corpus("python-docs")                         # comes with Python: nothing to download
    model = minicrt.create_model(vocabulary=corpus.vocabulary.size)
    run = minicrt.train("runs/first", model, corpus, minutes=2)
    print(run)

Here, imported when they are first used:

    create_model    makes a model, a CRT by default; CRT and CRTConfig are its class and its configuration
    load_corpus     a corpus by name, or a text file
    train           trains a model in a run folder; load_run brings back what was learned
    evaluate        perplexity, with all state carried or its memory cut
    Stream          a trained model token by token, in constant memory; generate continues a text with one
    gradcheck       the package that checks hand-written gradients: gradcheck.check, .check_operation, .check_model
    check_port      checks a port to another framework or language against golden cases

The rest is in the packages: ops (the operations), kernels (the same, compiled), models, training, data, inference,
quantisation, export, conformance, accounting, comparison, plotting, engines, parallel, errors, teach (the course's
exercises).
"""

__version__ = "0.1.0"

__all__ = ["CRT", "CRTConfig", "Stream", "check_port", "create_model", "evaluate", "generate", "gradcheck",
           "load_corpus", "load_run", "train"]

TYPE_CHECKING = False                                        # type checkers know better; typing takes time to import
if TYPE_CHECKING:
    from minicrt import accounting as accounting
    from minicrt import comparison as comparison
    from minicrt import conformance as conformance
    from minicrt import data as data
    from minicrt import engines as engines
    from minicrt import errors as errors
    from minicrt import export as export
    from minicrt import federated as federated
    from minicrt import gradcheck
    from minicrt import inference as inference
    from minicrt import kernels as kernels
    from minicrt import models as models
    from minicrt import ops as ops
    from minicrt import parallel as parallel
    from minicrt import plotting as plotting
    from minicrt import quantisation as quantisation
    from minicrt import teach as teach
    from minicrt import training as training
    from minicrt.conformance import check_port
    from minicrt.data import load_corpus
    from minicrt.inference import Stream, generate
    from minicrt.models import CRT, CRTConfig, create_model
    from minicrt.training import evaluate, load_run, train
else:
    _HOMES = {"models": ("CRT", "CRTConfig", "create_model"), "training": ("evaluate", "load_run", "train"),
              "data": ("load_corpus",), "inference": ("Stream", "generate"), "conformance": ("check_port",)}
    _PACKAGES = (*_HOMES, "accounting", "comparison", "engines", "errors", "export", "federated", "gradcheck",
                 "kernels", "ops", "parallel", "plotting", "quantisation", "teach")

    def __getattr__(name: str) -> object:
        """A public name or package, imported at its first use, so that `import minicrt` takes no time."""
        from importlib import import_module

        if name in _PACKAGES:
            return import_module(f"minicrt.{name}")          # which makes it an attribute from then on
        for home, names in _HOMES.items():
            if name in names:
                globals()[name] = getattr(import_module(f"minicrt.{home}"), name)
                return globals()[name]
        hint = ""
        if not name.startswith("_"):                         # others are asked for by tools, which expect a no
            from minicrt.suggestion import suggestion

            hint = "; " + suggestion(name, __dir__(), "there are")
        raise AttributeError(f"minicrt has no {name!r}{hint}", name=name)

    def __dir__() -> list[str]:
        return sorted({*__all__, *_PACKAGES, "__version__", "__doc__"})
