"""The server of a Flower app that `write_app` has written: a Flower ServerApp

All settings are in the app's run configuration, where `flwr run --run-config "federated.rounds=5"` changes them. The
run folder `out` is the server's. Where it holds a run with these settings, which was stopped or whose server died, that
run goes on.
"""

import json
import sys
from pathlib import Path
from typing import Any

from minicrt import __version__
from minicrt.configuration import from_mapping
from minicrt.errors import CheckpointError, ConfigurationError, MinicrtError
from minicrt.federated.configuration import FederatedConfig
from minicrt.federated.run import TABLES, FederatedTrainer, check_flower
from minicrt.models import create_model
from minicrt.training.configuration import TrainingConfig
from minicrt.training.progress import progress_of
from minicrt.training.run import check_vocabulary, checked_tables
from minicrt.training.run_corpus import check_corpus, corpus_of_run
from minicrt.training.run_folder import RunFolder
from minicrt.training.snapshot import completed

check_flower()

from flwr.app import Context  # noqa: E402
from flwr.serverapp import Grid, ServerApp  # noqa: E402

from minicrt.federated.alive import LivingGrid  # noqa: E402

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """The rounds, and the run folder that they leave"""
    serve(grid, context.run_config)


def serve(grid: Grid, settings: Any) -> None:
    """`main`, of settings alone. What ends it is said in a line, and raised for Flower to know of it."""
    try:
        trainer = trainer_of(settings)
        if trainer is None:
            print(f"the run in {settings['out']} is finished", flush=True)
            return
        # Flower's own handlers end the process, also amid a wait for a SuperLink that has died. Rounds that are over
        # are kept by then.
        trainer.grid, trainer.heeds_signals = LivingGrid(grid, trainer.progress.say), False
        summary = trainer.run()
    except (MinicrtError, KeyboardInterrupt) as error:
        print("minicrt:", *(["error:"] if isinstance(error, MinicrtError) else []), error or "interrupted",
              file=sys.stderr, flush=True)
        raise
    print(f"finished after {summary['rounds']} rounds: validation perplexity {summary['valid_perplexity']:.2f}, test "
          f"{summary['test_perplexity']:.2f}, in {trainer.folder.path}", flush=True)


def trainer_of(settings: Any) -> FederatedTrainer | None:
    """Of a run that begins or goes on; None where it has come to its end. Raises ConfigurationError for settings that
    do not fit, CheckpointError where the folder holds another run."""
    tables = tables_of(settings)
    folder, described = Path(str(settings["out"])), {name: tables[name] for name in TABLES}
    fresh = not RunFolder.is_at(folder)
    run = RunFolder(folder, described | {"written_by": {"minicrt": __version__}}) if fresh else \
        completed(RunFolder.open(folder))
    if any(run.configuration.get(name) != described[name] for name in TABLES):
        odd = next(name for name in TABLES if run.configuration.get(name) != described[name])
        raise CheckpointError(f"{folder} holds a run with other settings in [{odd}]; name another folder as out")
    if not fresh and run.read_summary() is not None and run.checkpoint.exists():
        return None
    tables = checked_tables(run.configuration, folder)
    corpus = corpus_of_run(tables["data"], str(settings.get("data-dir") or "") or None)
    check_corpus(corpus, tables["data"])
    model = create_model(tables["model"], str(settings["engine"]))
    check_vocabulary(model, corpus)
    trainer = FederatedTrainer(run, model, corpus, from_mapping(TrainingConfig, tables["training"], "training"),
                               from_mapping(FederatedConfig, tables["federated"], "federated"), progress_of(True))
    if fresh:
        run.create()
    return trainer


def tables_of(settings: Any) -> dict[str, dict[str, Any]]:
    """{"model": {"width": 64, …}, …} of Flower's {"model.width": 64, …}"""
    tables: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
    for key, value in settings.items():
        table, _, name = str(key).partition(".")
        if table in tables and name:
            tables[table][name] = value
    missing = [name for name in ("out", "engine", *(name for name in TABLES if not tables[name]))
               if name not in settings and not tables.get(name)]
    if missing:
        raise ConfigurationError(f"the app's configuration lacks {missing[0]!r}; write it anew by minicrt federated "
                                 "--app DIR")
    tables["training"]["steps"] = tables["federated"].get("rounds")            # a step is a round
    tables["training"]["evaluations"] = tables["federated"].get("rounds")
    return json.loads(json.dumps(tables))
