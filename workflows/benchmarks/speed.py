"""How fast sampling is: everything beside its plain way, interleaved in one run, medians, ratios.

    python workflows/benchmarks/speed.py [--parts kernels drawing compile grammars ...] [--repeats 5] [-o FILE]
    python workflows/benchmarks/speed.py --parts drawing --model molecules --wheel molsets-0.3.1-py3-none-any.whl
    python workflows/benchmarks/speed.py --quick

kernels: each way of sampling beside the plain one, on equal weights. drawing: strings a second, beside MOSES, REINVENT
and GPT-2 (the extra `bench`). compile: 30,000 draws with and without `--compile`. grammars: sentences to rules and
back, and rules drawn under masks, beside stacks in Python, xgrammar and llguidance (the extra `bench`). command:
`sciencegen generate` from the command to the last line. memory: its peak, by how many molecules are asked for. cuda:
drawing on a GPU, with and without graphs.

Ratios and the first two parts count processor time of one thread, which a busy machine disturbs little; seconds of the
command and strings a second on two cores are by the clock, and want a quiet one. Without --model, and without a shipped
model, the command draws from a stand-in of the same size that knows chains of atoms and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

PARTS = ("kernels", "drawing", "compile", "grammars", "command", "memory", "cuda")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1024, help="how many strings are drawn together (1024)")
    parser.add_argument("--only", default="", help="kernels and contenders whose name contains this")
    parser.add_argument("--model", default="", help="a model folder, or a shipped model (molecules)")
    parser.add_argument("--wheel", type=Path, help="molsets-0.3.1-py3-none-any.whl: race MOSES' own file")
    parser.add_argument("--million", action="store_true", help="memory: draw a million molecules too")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument("-o", "--out", type=Path, help="write all numbers as JSON")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads that spin starve the rest; before torch
    import torch
    from speed_of.command import command, memory
    from speed_of.compiling import compiling
    from speed_of.drawing import drawing, half_is_quick
    from speed_of.grammars import grammars
    from speed_of.graphs import cuda
    from speed_of.kernels import kernels
    from speed_of.report import Options

    from sciencegen.core.files import atomic, check_writable

    if given.out is not None:
        check_writable(given.out)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    quick = given.quick
    options = Options(
        quick, 1 if quick else given.repeats, 8 if quick else given.batch, given.only, given.model, given.wheel,
        given.million,
    )  # fmt: skip
    run = {
        "kernels": kernels,
        "drawing": drawing,
        "compile": compiling,
        "grammars": grammars,
        "command": command,
        "memory": memory,
        "cuda": cuda,
    }
    found: dict[str, object] = {
        "torch": torch.__version__,
        "processors": os.cpu_count(),
        "half_is_quick": half_is_quick(),
        "load_before": os.getloadavg(),
        "repeats": options.repeats,
        "batch": options.batch,
        "quick": quick,
    }
    found |= {part: run[part](options) for part in PARTS if part in given.parts}
    found["load_after"] = os.getloadavg()
    if given.out is not None:
        with atomic(given.out) as temporary:
            temporary.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
