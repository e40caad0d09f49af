"""How the clients of a federated run train, and how what they learn is brought together"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from minicrt.configuration import Configuration, require


@dataclass(frozen=True)
class FederatedConfig(Configuration):
    """A round: the server sends the weights to every client; each trains them on its own text for `local_epochs` passes
    and sends them back; the strategy makes the next weights of what has come.

    Strategies, Flower's own, for weights w, of client k after its training w_k, with n_k tokens of Σ n_k = n:

        fedavg    w ← Σ (n_k / n) w_k                                           (McMahan et al. 2017)
        fedprox   the same; a client adds μ/2 ‖w_k − w‖² to its loss            (Li et al. 2020)
        fedadam   Adam over the rounds, whose gradient is w − Σ (n_k / n) w_k   (Reddi et al. 2021)
    """

    title: ClassVar[str] = "federated"

    clients: int = 8
    rounds: int = 20
    local_epochs: float = 1.0               # passes of a client through its text in a round; the next goes on there
    moments: Literal["new", "kept"] = "new" # of a client's optimizer in each round; kept ones stay with the client
    split: Literal["by-article", "iid"] = "by-article"
    strategy: Literal["fedavg", "fedprox", "fedadam"] = "fedavg"
    proximal_mu: float = 0.01               # μ of fedprox
    server_learning_rate: float = 0.002     # of fedadam
    update_bits: int = 32                   # of what a client sends: its weights, or their change in integers of 8 bits
    clip_update: float = 0.0                # differential privacy: the largest norm of a client's change; 0: none
    noise: float = 0.0                      # of the sum of the changes: its deviation in parts of clip_update
    timeout: float = 600.0                  # seconds that a round waits for its clients

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, least in {"clients": 2, "rounds": 1}.items():
            value = getattr(self, key)
            require(least <= value <= 100_000, f"federated: {key} is {value}, expected {least} to 100,000")
        for key in ("proximal_mu", "clip_update", "noise"):
            value = getattr(self, key)
            require(value >= 0, f"federated: {key} is {value}, expected a number of 0 or more")
        for key in ("local_epochs", "server_learning_rate", "timeout"):
            value = getattr(self, key)
            require(value > 0, f"federated: {key} is {value}, expected a number above 0")
        require(not self.noise or bool(self.clip_update),
                "federated: noise without clip_update, which says how much one client can change; give both")
        require(self.update_bits in (8, 32), f"federated: update_bits is {self.update_bits}, expected 8 or 32")
        for key, of in {"proximal_mu": "fedprox", "server_learning_rate": "fedadam"}.items():
            require(self.strategy == of or getattr(self, key) == getattr(type(self), key), f"federated: {key} is "
                    f"{getattr(self, key)}, but strategy is {self.strategy!r}; {key} is for {of}")
        private = bool(self.clip_update)
        require(not private or self.strategy == "fedavg",
                f"federated: clip_update with {self.strategy}, whose sum Flower does not account for; use fedavg")
        require(not private or self.update_bits == 32,
                "federated: clip_update with update_bits 8, which are no weights to clip; use update_bits 32")
