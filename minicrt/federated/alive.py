"""A deployment's grid that does not wait for nodes that have died

A SuperNode tells the SuperLink that it lives, also while its client trains: every 0.7 to 0.9 times (I − 5) seconds, for
which it takes at most 5, I being its interval of 30 s. The SuperLink misses it after 2 I; here it is missed when the
longest of these times is over, 27.5 s, while others are heard of. A node that lives may take its time for the answer.

The SuperLink hands out an answer whose arrays are still on their way, for which Flower then waits, for three minutes if
its node has died. So each answer is fetched for itself, and holds up no other for long. And where two ask at a time for
what its database has, it may say that it failed (500): it is asked again.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import httpx
from flwr.app import Error, Message, RecordDict
from flwr.serverapp import Grid

PULLING, LONG = 0.5, 5.0                                     # seconds until an answer is asked for again; of a request
CALL, SLOWEST = 5.0, 0.9                                     # Flower's: seconds of a sign of life, and how late one is
GONE = 1001                                                  # the code of the error that stands for a node's answer


def longest_silence(interval: float) -> float:
    """The seconds within which a node of this interval is heard of again"""
    return SLOWEST * (interval - CALL) + CALL


class LivingGrid(Grid):
    """`grid` without the nodes that have not been heard of for as long as they may be silent; `say` is told of each

    `online_until` moves on with every sign of life; when it does is told by this process's own clock.
    """

    def __init__(self, grid: Grid, say: Callable[[str], None]) -> None:
        self.grid, self.say = grid, say
        self._heard = dict[int, tuple[float, float]]()       # node: its online_until, seen when
        self._nodes = list[Any]()

    def set_run(self, run: Any) -> None:
        self.grid.set_run(run)

    @property
    def run(self) -> Any:
        return self.grid.run

    def create_message(self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str,
                       ttl: float | None = None) -> Message:
        return self.grid.create_message(content, message_type, dst_node_id, group_id, ttl)

    def get_node_ids(self) -> Iterable[int]:
        self._nodes = unless_busy(lambda: list(self.grid.get_nodes()), self._nodes)
        now, there, living = time.monotonic(), [], []
        for node in self._nodes:
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
        asked, pulls, replies = list(messages), dict[str, Future[list[Message]]](), list[Message]()
        pool = ThreadPoolExecutor(len(asked) + 1)
        try:
            pushed = awaited(pool, lambda: list(self.push_messages(asked)))
            waiting = {number: message for number, message in zip(pushed, asked) if number}
            start = time.monotonic()
            while waiting and (timeout is None or time.monotonic() - start <= timeout):
                for number in list(waiting):
                    if number not in pulls:
                        pulls[number] = pool.submit(self._pulled, number)
                        wait([pulls[number]], LONG)          # one at a time, unless it takes long
                    if pulls[number].done():
                        for reply in pulls.pop(number).result():
                            replies.append(named(reply, waiting.pop(number)))
                living = set(awaited(pool, lambda: list(self.get_node_ids())))
                for number in [number for number, message in waiting.items()
                               if living and message.metadata.dst_node_id not in living]:
                    message = waiting.pop(number)
                    self.say(f"node {message.metadata.dst_node_id} is not heard of any more, and not waited for")
                    replies.append(Message(Error(GONE, "it is not heard of any more"), reply_to=message))
                if waiting:
                    time.sleep(PULLING)
            return replies
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _pulled(self, number: str) -> list[Message]:
        return unless_busy(lambda: list(self.pull_messages({number})), [])


def awaited(pool: ThreadPoolExecutor, action: Callable[[], list[Any]]) -> list[Any]:
    """What `action` returns. Flower ends a server whose SuperLink is gone by a signal, which Python heeds between two
    waits, but not amid a request, which Flower tries for ever, 20 s apart."""
    future = pool.submit(action)
    while not future.done():
        wait([future], PULLING)
    return future.result()


def unless_busy(ask: Callable[[], list[Any]], otherwise: list[Any]) -> list[Any]:
    """What the SuperLink answers, or `otherwise` where it fails at it (a status of 500 and more)"""
    try:
        return ask()
    except httpx.HTTPStatusError as error:
        if error.response.status_code < 500:
            raise
        return otherwise


def named(reply: Message, asked: Message) -> Message:
    """The reply, an error in the name of its node also where the SuperLink tells of it"""
    if reply.has_error() and reply.metadata.src_node_id != asked.metadata.dst_node_id:
        return Message(reply.error, reply_to=asked)
    return reply
