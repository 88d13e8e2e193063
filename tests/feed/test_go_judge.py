"""A log made by this code, judged by Go's packages note and tlog."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fednet.feed import tlog
from tests.feed.network import Network, b64
from tests.judge import judge, require


def log(size: int) -> Network:
    network = Network()
    for number in range(size):
        network.publish(network.put(number % 7, number))
    return network


def resources(network: Network) -> dict[str, bytes]:
    """All that C2SP tlog-tiles serves of the log, by path."""
    found = {"checkpoint": network.checkpoint().encoded}
    size, leaves = len(network.lines), network.leaves
    for tile in tlog.tiles_of(size, -1):
        found[tile.path] = tlog.entries_bytes(network.lines[tile.start : tile.start + tile.width])
    for level in range(4):
        span = tlog.TILE_WIDTH**level
        for tile in tlog.tiles_of(size, level):
            spanned = leaves[tile.start * span : (tile.start + tile.width) * span]
            found[tile.path] = tlog.tile_bytes(tile, spanned)
    return found


@contextmanager
def served(found: dict[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = found.get(self.path.removeprefix("/log/"))
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/log"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def a_judge() -> None:
    require()


@pytest.mark.parametrize("size, old", [(0, 0), (1, 1), (3, 2), (255, 1), (256, 255), (257, 256), (700, 257)])
def test_an_honest_log_passes(size: int, old: int):
    network = log(size)
    with served(resources(network)) as url:
        said = judge(url, network.signer.verifier.vkey, old, b64(network.root(old)) if old else None)
    assert said.returncode == 0, said.stderr
    if size:
        assert f"inclusion: {size} entries" in said.stdout
        assert f"consistency: size {old} " in said.stdout


@pytest.mark.parametrize("name", ["checkpoint", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000"])
def test_one_flipped_bit_in_what_is_served_is_found(name: str):
    network = log(257)
    found = resources(network)
    at = len(found[name]) // 2
    found[name] = found[name][:at] + bytes([found[name][at] ^ 1]) + found[name][at + 1 :]
    with served(found) as url:
        said = judge(url, network.signer.verifier.vkey, 256)
    assert said.returncode == 1 and said.stderr.startswith("judge: ")


def test_a_missing_tile_is_found():
    network = log(257)
    found = resources(network)
    del found["tile/0/001.p/1"]
    with served(found) as url:
        assert judge(url, network.signer.verifier.vkey, 0).returncode == 1


def test_another_key_and_another_past_are_found():
    network, other = log(3), Network("Other")
    other.publish(other.put(1))
    with served(resources(network)) as url:
        assert judge(url, other.signer.verifier.vkey, 2).returncode == 1
        assert judge(url, network.signer.verifier.vkey, 1, b64(other.root())).returncode == 1
        assert judge(url, network.signer.verifier.vkey, 4).returncode == 1
