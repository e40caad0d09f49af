"""Flower's Grid within this process: each message is handed to the ClientApp at once, one client after the other"""

import itertools
from collections.abc import Iterable
from typing import Any

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid
from flwr.supercore.task_identity import TaskIdentity

from minicrt.errors import MinicrtError

FAILED = 1                                                   # the code of an error that a client met


class LocalGrid(Grid):
    """`clients` nodes, each with its number from 0 in its configuration's `partition-id`. What a client raises as a
    MinicrtError comes back as its reply's error, as from a node elsewhere."""

    def __init__(self, app: ClientApp, clients: int) -> None:
        TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1    # of whom messages come from
        self.app, self._replies, self._numbers = app, dict[str, Message](), itertools.count(1)
        self.contexts = {number + 1: Context(1, number + 1, {"partition-id": number, "num-partitions": clients},
                                             RecordDict(), {}) for number in range(clients)}

    def set_run(self, run: Any) -> None:
        """There is one run."""

    @property
    def run(self) -> Any:
        return None

    def create_message(self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str,
                       ttl: float | None = None) -> Message:
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> Iterable[int]:
        return list(self.contexts)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        pushed = []
        for message in messages:
            pushed.append(f"{next(self._numbers)}")
            message.metadata.__dict__["_message_id"] = pushed[-1]                # as Flower's own grids do
            self._replies[pushed[-1]] = self.answer(message)
        return pushed

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        return [self._replies.pop(number) for number in message_ids if number in self._replies]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        return [self.answer(message) for message in messages]

    def answer(self, message: Message) -> Message:
        try:
            return self.app(message, self.contexts[message.metadata.dst_node_id])
        except MinicrtError as error:
            return Message(Error(FAILED, str(error)), reply_to=message)
