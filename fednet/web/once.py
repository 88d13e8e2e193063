"""Forms that make something new, sent twice: by two clicks, or by going back. The second makes nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock

import msgspec
from starlette.responses import Response

from fednet.web.asking import Asked
from fednet.web.doors import see

KEPT = 1_000
"""Forms of which is remembered where they led; the oldest are forgotten first, and all when the node starts anew."""


class Once:
    """What forms led to. One at a time: of two clicks the second waits for the first."""

    def __init__(self) -> None:
        self._led: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def answer(self, form: str, act: Callable[[], Response]) -> Response:
        """What `act` answers; of a form whose act led somewhere (303) before, that place. `form`: see `form_of`."""
        with self._lock:
            if form in self._led:
                return see(self._led[form])
            answer = act()
            if answer.status_code == 303:
                self._led[form] = answer.headers["location"]
                if len(self._led) > KEPT:
                    self._led.popitem(last=False)
            return answer


def form_of(sender: object, asked: Asked | Mapping[str, object]) -> str:
    """A word for a form as somebody sent it: other words, or another sender, are another form."""
    return sha256(msgspec.json.encode([str(sender), asked], order="sorted")).hexdigest()
