"""A scorer that gives the length of a text, and does what a text tells it to."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

texts = sys.stdin.read().split("\n")[:-1]
told = {text.partition(":")[0]: text.partition(":")[2] for text in texts}
lengths = [len(text) for text in texts]
if "segfault" in told:
    os.kill(os.getpid(), signal.SIGSEGV)
if "hang" in told:
    time.sleep(1000)
if "stubborn" in told:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass
if "memory" in told:
    held = bytearray(4_000_000_000)
if "exit" in told:
    sys.exit(f"cannot bear it\nlicence {told['exit']} not found")
if "nothing" in told:
    sys.exit(0)
if "garbage" in told:
    sys.stdout.write("Loading the model\n")
if "short" in told:
    lengths.pop()
if "huge" in told:
    for _ in range(100):
        sys.stdout.write("x" * 1_000_000)
if "noise" in told:
    sys.stderr.write("a warning\n" * 100_000)
if "slow" in told:
    time.sleep(2)
if "child" in told:  # one that hides from its group, holds our output, and tells who it is
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    Path(told["child"]).write_text(str(child.pid))
if "who" in told:
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    part = Path(told["who"] + ".part")
    part.write_text(f"{os.getpid()} {child.pid}")
    part.rename(told["who"])
    time.sleep(1000)
special: dict[str, object] = {"nan": float("nan"), "infinite": float("inf"), "null": None, "words": "two words"}
special["wrong"] = [1]
values = [special.get(text, length) for text, length in zip(texts, lengths, strict=False)]
sys.stdout.write(json.dumps({"version": 1, "payload": {"length": values}}))
