"""How a model is trained: every knob of the trainer, checked when it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from minicrt.configuration import MOST_OF_SEEDS, Configuration, require
from minicrt.errors import ConfigurationError

BUDGETS = ("epochs", "steps", "minutes")
MOST_STEPS = 2 ** 31 - 1                                     # that schedules count
LONGEST = 1e9                                                # epochs, minutes or seconds: no machine sees their end


def changed_table(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A preset's table [training] with changes over it; a budget among these replaces the table's."""
    kept = {key: value for key, value in table.items() if key not in BUDGETS or not changes.keys() & set(BUDGETS)}
    return {**kept, **changes}


@dataclass(frozen=True)
class TrainingConfig(Configuration):
    """Exactly one of `epochs`, `steps` and `minutes` says how long; the other two are 0.

    A step is one window: `bptt_segments` segments of a stream of `batch` rows, one update of the parameters.
    With `minutes` the number of steps is planned once, from the speed measured over the first steps, and is fixed
    from then on. The learning rate rises over `warmup_steps` and then falls to `final_learning_rate` of itself.
    """

    title: ClassVar[str] = "training"
    most: ClassVar[Mapping[str, int]] = {"seed": MOST_OF_SEEDS, "evaluations": 100_000, "steps": MOST_STEPS,
                                         "warmup_steps": MOST_STEPS}

    epochs: float = 0.0
    steps: int = 0
    minutes: float = 0.0

    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 2e-3
    orthogonal_learning_rate: float = 0.0   # of the skew-symmetric entries; 0: a tenth of learning_rate
    warmup_steps: int = 100
    schedule: Literal["cosine", "constant"] = "cosine"
    final_learning_rate: float = 0.05       # as a fraction of learning_rate
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.9                   # of sgd
    clip: float = 1.0                       # largest global norm of the gradient; 0: no clipping
    ema_decay: float = 0.0                  # weight averaging; 0: none

    batch: int = 20
    bptt_segments: int = 2
    recompute: bool = False                 # hold one segment of a window, compute the others again on the way back
    random_start: bool = False              # each epoch begins at another token of the training text, a circle
    restart_rate: float = 0.02              # of the steps, drawn: those that begin with no state, so that m_0 learns
    evaluation_batch: int = 10
    evaluations: int = 10                   # over the whole run
    checkpoint_seconds: float = 30.0
    seed: int = 0
    precision: Literal["float32", "float64"] = "float32"
    threads: int = 0                        # that share the work; 0: as the environment has it

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("epochs", "minutes", "learning_rate", "orthogonal_learning_rate", "weight_decay", "eps", "clip",
                    "checkpoint_seconds"):
            value = getattr(self, key)
            require(value >= 0, f"training: {key} is {value}, expected a finite number of 0 or more")
        for key in ("epochs", "minutes", "checkpoint_seconds"):
            value = getattr(self, key)
            require(value <= LONGEST, f"training: {key} is {value:g}, expected at most {LONGEST:,.0f}")
        for key, least in {"steps": 0, "warmup_steps": 0, "batch": 1, "bptt_segments": 1,
                           "evaluation_batch": 1, "evaluations": 1, "seed": 0, "threads": 0}.items():
            value = getattr(self, key)
            require(value >= least, f"training: {key} is {value}, expected {least} or more")
        for key in ("beta1", "beta2", "momentum", "ema_decay", "restart_rate"):
            value = getattr(self, key)
            require(0 <= value < 1, f"training: {key} is {value}, expected 0 <= {key} < 1")
        require(0 <= self.final_learning_rate <= 1,
                f"training: final_learning_rate is {self.final_learning_rate}, expected a fraction from 0 to 1")
        require(self.learning_rate > 0, "training: learning_rate is 0, expected a number above 0")
        require(self.eps > 0, "training: eps is 0, expected a number above 0")
        self._check_budget()

    def _check_budget(self) -> None:
        given = [key for key in BUDGETS if getattr(self, key)]
        if len(given) != 1:
            got = " and ".join(given) if given else "none above 0"
            raise ConfigurationError(f"training: expected exactly one of epochs, steps and minutes, got {got}")
        require(not self.minutes or self.warmup_steps >= 10,
                f"training: minutes is measured during the warm-up and needs warmup_steps of 10 or more, "
                f"got {self.warmup_steps}; use steps instead")

    @property
    def rate_of_orthogonal(self) -> float:
        """The learning rate of the orthogonal group."""
        return self.orthogonal_learning_rate or self.learning_rate / 10
