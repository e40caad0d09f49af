"""A node that has died is not waited for; one that lives may be slow"""

import threading

import numpy as np
import pytest

pytest.importorskip("flwr")

import httpx  # noqa: E402
from flwr.app import Error, Message, RecordDict  # noqa: E402
from flwr.proto.node_pb2 import NodeInfo  # noqa: E402
from flwr.supercore.heartbeat import HEARTBEAT_CALL_TIMEOUT, HEARTBEAT_DEFAULT_INTERVAL, HeartbeatSender  # noqa: E402

from minicrt.federated import alive, client  # noqa: E402
from minicrt.federated.local_grid import LocalGrid  # noqa: E402

INTERVAL = 30.0


class Nodes(LocalGrid):
    """A SuperLink in virtual time: `lives[node]` is when it dies, `answers[node]` when it answers; a living node is
    heard of every 20 s, and missed by the SuperLink when two intervals are over"""

    def __init__(self, lives, answers):
        super().__init__(client.app, len(lives))
        self.now, self.lives, self.answers, self.asked = 0.0, lives, answers, {}

    def heard(self, node):
        return min(self.now, self.lives[node]) // 20 * 20

    def get_nodes(self):
        return [NodeInfo(node_id=node, online_until=1e9 + self.heard(node) + 2 * INTERVAL, heartbeat_interval=INTERVAL)
                for node in self.lives if self.now <= self.heard(node) + 2 * INTERVAL]

    def push_messages(self, messages):
        for number, message in enumerate(messages):
            message.metadata.__dict__["_message_id"] = f"m{number}"
            self.asked[f"m{number}"] = message
        return list(self.asked)

    def pull_messages(self, message_ids):
        message, = (self.asked[one] for one in message_ids)
        node = message.metadata.dst_node_id
        if self.answers[node] <= min(self.now, self.lives[node]):
            return [Message(RecordDict(), reply_to=message)]
        missed = self.now > self.heard(node) + 2 * INTERVAL
        return [Message(Error(3, "Node Unavailable"), reply_to=message)] if missed else []


@pytest.fixture
def said():
    return []


@pytest.fixture
def asked(monkeypatch, said):
    """A function: the answers of nodes, which then have the time that it took, and the grid"""
    def ask(lives, answers, timeout=600.0):
        nodes = Nodes(dict(enumerate(lives, 1)), dict(enumerate(answers, 1)))
        monkeypatch.setattr(alive.time, "monotonic", lambda: nodes.now)
        monkeypatch.setattr(alive.time, "sleep", lambda seconds: setattr(nodes, "now", nodes.now + seconds))
        grid = alive.LivingGrid(nodes, said.append)
        messages = [Message(RecordDict(), node, "train") for node in nodes.lives]
        return grid.send_and_receive(messages, timeout=timeout), nodes, grid
    return ask


@pytest.mark.parametrize("death", [0.0, 3.0, 19.5, 20.0, 31.0, 100.0])
def test_one_that_dies_is_waited_for_less_than_30_seconds(asked, said, death):
    replies, nodes, grid = asked([1e6, death], [5.0, 1e5])
    answer, error = replies
    assert nodes.now - death < 30 and answer.has_content()
    assert error.has_error() and error.metadata.src_node_id == 2 and "not heard of" in error.error.reason
    assert said == ["node 2 is not heard of any more, and not waited for"]
    assert grid.get_node_ids() == [1]                        # nor is it asked in the next round


def test_one_that_lives_may_take_its_time(asked):
    replies, nodes, grid = asked([1e6, 1e6], [5.0, 400.0])
    assert [reply.has_content() for reply in replies] == [True, True] and 400 <= nodes.now < 402
    replies, nodes, grid = asked([1e6, 1e6], [5.0, 700.0])
    assert len(replies) == 1 and 600 <= nodes.now < 602 and grid.get_node_ids() == [1, 2]


def test_where_all_are_silent_the_superlink_says_whether_they_have_died(asked):
    """It may itself be what is slow."""
    replies, nodes, grid = asked([50.0, 50.0], [1e6, 1e6])
    assert len(replies) == 2 and 95 < nodes.now < 105 and grid.get_node_ids() == []


def test_one_that_is_heard_of_again_is_asked_again(asked):
    _, nodes, grid = asked([1e6, 3.0], [5.0, 1e5])
    nodes.lives[2] = 1e6
    assert grid.get_node_ids() == [1, 2]


def test_one_that_dies_amid_its_upload_holds_up_nobody(asked, monkeypatch):
    """Flower fetches an answer's arrays until they are all there."""
    pull, never = Nodes.pull_messages, threading.Event()
    monkeypatch.setattr(Nodes, "pull_messages", lambda self, numbers: never.wait() if "m0" in numbers
                        else pull(self, numbers))
    monkeypatch.setattr(alive, "LONG", 0.01)
    try:
        replies, nodes, _ = asked([2.0, 1e6], [1.0, 30.0])
        assert [(reply.metadata.src_node_id, reply.has_content()) for reply in replies] == [(1, False), (2, True)]
        assert nodes.now < 32
        replies, nodes, _ = asked([1e6, 1e6], [1.0, 30.0], timeout=50.0)         # one that takes long for it
        assert len(replies) == 1 and 50 <= nodes.now < 52
    finally:
        never.set()


def failing(method, times, status):
    """`method`, whose first answers are that the SuperLink failed"""
    def call(self, *arguments):
        if times:
            times.pop()
            request = httpx.Request("POST", "http://there")
            raise httpx.HTTPStatusError("failed", request=request, response=httpx.Response(status, request=request))
        return method(self, *arguments)
    return call


@pytest.mark.parametrize("name", ["pull_messages", "get_nodes"])
def test_a_superlink_whose_database_was_busy_is_asked_again(asked, monkeypatch, name):
    method = getattr(Nodes, name)
    monkeypatch.setattr(Nodes, name, failing(method, [1, 2, 3], 500))
    replies, nodes, _ = asked([1e6, 1e6], [5.0, 10.0])
    assert [reply.has_content() for reply in replies] == [True, True] and nodes.now < 15
    monkeypatch.setattr(Nodes, name, failing(method, [1], 403))
    with pytest.raises(httpx.HTTPStatusError):
        asked([1e6, 1e6], [5.0, 10.0])


def test_a_signal_is_heeded_amid_a_push(asked, monkeypatch):
    """Flower tries for ever to reach a SuperLink that is gone, and ends the process by a signal in another thread."""
    never, waits, wait = threading.Event(), [], alive.wait
    monkeypatch.setattr(Nodes, "push_messages", lambda self, messages: never.wait())

    def interrupted(pushed, seconds):
        waits.append(seconds)
        wait(pushed, 0.001)
        raise KeyboardInterrupt
    monkeypatch.setattr(alive, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        asked([1e6], [1.0])
    never.set()
    assert waits == [alive.PULLING]


def test_what_the_superlink_says_of_a_node_is_said_in_its_name(asked, monkeypatch):
    unavailable = Message(Error(3, "Node Unavailable"), reply_to=Message(RecordDict(), 1, "train"))
    unavailable.metadata.__dict__["_reply_to_message_id"] = "m1"
    monkeypatch.setattr(Nodes, "pull_messages", lambda self, numbers: [unavailable] if "m1" in numbers else [])
    replies, _, _ = asked([3.0, 1e6], [1e6, 1e6])
    assert [(reply.metadata.src_node_id, reply.error.reason) for reply in replies] == [
        (2, "Node Unavailable"), (1, "it is not heard of any more")]


def test_a_grid_without_signs_of_life_is_as_it_was():
    grid = alive.LivingGrid(LocalGrid(client.app, 3), print)
    assert list(grid.get_node_ids()) == [1, 2, 3]


def test_as_long_as_flower_lets_a_node_be_silent(monkeypatch):
    """Its longest pause between two signs of life, and the time that one may take"""
    pauses, sender = [], HeartbeatSender(lambda: True)
    monkeypatch.setattr("flwr.supercore.heartbeat.random.uniform", lambda low, high: high)
    monkeypatch.setattr(sender._stop_event, "wait", lambda pause: (pauses.append(pause), sender._stop_event.set()))
    sender._run()
    longest = alive.longest_silence(HEARTBEAT_DEFAULT_INTERVAL)
    np.testing.assert_allclose(longest, pauses[0] + HEARTBEAT_CALL_TIMEOUT)
    assert longest + 4 * alive.PULLING < 30
