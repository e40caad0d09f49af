"""A deployment's grid that does not wait for nodes that have died

A SuperNode tells the SuperLink that it lives, also while its client trains: every 0.7 to 0.9 times (I − 5) seconds, for
which it takes at most 5, I being its interval of 30 s. The SuperLink misses it after 2 I; here it is missed when the
longest of these times is over, 27.5 s, while others are heard of. A node that lives may take its time for the answer.
"""

import time
from collections.abc import Iterable
from typing import Any

from flwr.app import Error, Message, RecordDict
from flwr.serverapp import Grid

PULLING = 0.5                                                # seconds until the answers are looked for again
CALL, SLOWEST = 5.0, 0.9                                     # Flower's: seconds of a sign of life, and how late one is
GONE = 1                                                     # the code of an error


def longest_silence(interval: float) -> float:
    """The seconds within which a node of this interval is heard of again"""
    return SLOWEST * (interval - CALL) + CALL


class LivingGrid(Grid):
    """`grid` without the nodes that have not been heard of for as long as they may be silent

    `online_until` moves on with every sign of life; when it does is told by this process's own clock.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid, self._heard = grid, dict[int, tuple[float, float]]()         # node: its online_until, seen when

    def set_run(self, run: Any) -> None:
        self.grid.set_run(run)

    @property
    def run(self) -> Any:
        return self.grid.run

    def create_message(self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str,
                       ttl: float | None = None) -> Message:
        return self.grid.create_message(content, message_type, dst_node_id, group_id, ttl)

    def get_node_ids(self) -> Iterable[int]:
        now, there, living = time.monotonic(), [], []
        for node in self.grid.get_nodes():
            before, heard = self._heard.get(node.node_id, (-1.0, now))
            if node.online_until != before:
                self._heard[node.node_id] = (node.online_until, heard := now)
            there.append(node.node_id)
            if not node.heartbeat_interval or now - heard <= longest_silence(node.heartbeat_interval):
                living.append(node.node_id)
        return living or there                               # where all are silent it is not for the nodes

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        return self.grid.push_messages(messages)

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        return self.grid.pull_messages(message_ids)

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """The answers of all nodes that live, within the time; for a node that has died, an error in its name"""
        asked = list(messages)
        waiting = {number: message for number, message in zip(self.push_messages(asked), asked) if number}
        replies = list[Message]()
        start = time.monotonic()
        while True:
            for reply in self.pull_messages(set(waiting)):
                message = waiting.pop(reply.metadata.reply_to_message_id)
                said = reply.has_error() and reply.metadata.src_node_id != message.metadata.dst_node_id
                replies.append(Message(reply.error, reply_to=message) if said else reply)   # the SuperLink said so
            living = set(self.get_node_ids())
            for number, message in list(waiting.items()):
                if message.metadata.dst_node_id not in living:
                    del waiting[number]
                    replies.append(Message(Error(GONE, "it has not been heard of any more"), reply_to=message))
            if not waiting or timeout is not None and time.monotonic() - start > timeout:
                return replies
            time.sleep(PULLING)
