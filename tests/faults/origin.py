"""An origin to be killed: `python -m tests.faults.origin HOME` prints its port and serves the home's feeds."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from fednet.node.home import Home
from fednet.web.programs.feeds import routes


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    os.write(1, f"{listening.getsockname()[1]}\n".encode())
    app = Starlette(routes=routes(Home(Path(sys.argv[1]))))
    uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off")).run([listening])


if __name__ == "__main__":
    main()
