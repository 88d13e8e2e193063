"""The independent judge at a real node: Go's note and tlog packages audit the log it serves, and one it mirrors."""

from __future__ import annotations

from fednet.feed.checkpoint import origin
from fednet.feed.text import base64_text
from fednet.feed.tlog import Frontier
from fednet.node.home import Home
from tests import judge
from tests.node.nodes import Nodes, heartbeat, held, published, synced


def judged(url: str, home: Home, old_size: int, old_root: str | None = None) -> tuple[int, str]:
    network = home.network.network
    vkey = home.keys.log_signer(origin(network, "public", 1)).verifier.vkey
    done = judge.judge(f"{url}/feeds/{network}/public/1", vkey, old_size, old_root)
    return done.returncode, done.stdout + done.stderr


def test_the_log_of_a_node_and_of_its_mirror_stand_before_the_judge(nodes: Nodes) -> None:
    judge.require()
    home, served, mirror = nodes.pair("Alpha")
    for word in ("Beta", "Gamma"):
        published(home, word)
    old = held(home, home).followed.frontier
    assert judged(served.url, home, 0)[0] == 0
    for _ in range(257 - old.size):
        heartbeat(home)
    for size, root in ((0, None), (1, None), (old.size, base64_text(old.root)), (256, None), (257, None)):
        code, said = judged(served.url, home, size, root)
        assert code == 0, said
    assert synced(mirror).verified
    assert judged(nodes.served(mirror).url, home, old.size, base64_text(old.root))[0] == 0
    assert judged(served.url, home, old.size, base64_text(Frontier().root))[0] == 1
    assert judged(served.url, home, 258)[0] == 1
