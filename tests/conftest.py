"""One thread for every test: small nets are faster so, and results do not depend on the machine's cores.

Tests of properties look at the same examples every time; with `HYPOTHESIS_PROFILE=new` (`make test-slow`) at others.
"""

from __future__ import annotations

import os
import signal

import pytest
import torch
from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("new")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
torch.set_num_threads(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell, where children would be deaf too
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
