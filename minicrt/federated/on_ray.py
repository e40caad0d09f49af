"""Flower's own simulation, on Ray: the clients in processes of their own"""

import os
from typing import Any

from flwr.app import Context
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp
from flwr.simulation import run_simulation

from minicrt.errors import MinicrtError, TrainingError
from minicrt.federated.run import FederatedTrainer
from minicrt.parallel import threads


def with_ray(trainer: FederatedTrainer, app: ClientApp) -> dict[str, Any]:
    """The summary of the run, whose rounds go through Flower's simulation. What ends it is raised here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")    # Ray is told to send nothing about its use
    server, ended = ServerApp(), dict[str, Any]()

    @server.main()
    def main(grid: Grid, context: Context) -> None:
        trainer.grid = grid
        try:
            ended["summary"] = trainer.run()
        except (MinicrtError, KeyboardInterrupt) as error:   # Flower would log it and go on
            ended["error"] = error

    try:
        run_simulation(server, app, trainer.federated.clients,
                       backend_config={"client_resources": {"num_cpus": float(threads.count()), "num_gpus": 0.0},
                                       "init_args": {"include_dashboard": False}})
    except RuntimeError as error:                            # all that Flower raises where Ray fails
        raise TrainingError(f"Flower's simulation on Ray failed ({error.__cause__ or error}); take the backend process"
                            ) from error
    if "error" in ended:
        raise ended["error"]
    return ended["summary"]
