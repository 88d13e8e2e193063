from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from fednet.cli.node import _welcome_first
from fednet.node import links
from fednet.node.home import Home, now
from fednet.store import accounts, acts
