"""The speed benchmark compares like with like: same lengths, same weights, same laws."""

from __future__ import annotations

import itertools
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sciencegen.core.condition import ConditionFields
from sciencegen.core.space import Tokens
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.model import load
from sciencegen.nets.causal import Gated, LongShort, Recurrent, Transformer
from sciencegen.nets.causal.entries import Sharpness, draw_entries
from sciencegen.nets.conditioner import Conditioner

BENCHMARKS = Path(__file__).parents[2] / "workflows" / "benchmarks"
SPACE = Tokens((60,), 30, 0)


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    torch.manual_seed(0)


def lstm(space: Any, depth: int = 3, embed: int = 0) -> Recurrent:
    return Recurrent(space, 0, LongShort(), 16, depth, embed=embed)


def test_levels_give_the_lengths_of_moses() -> None:
    from speed_of.forced import _COUNTS, _FIRST, MOSES_MEAN, levels

    left, found = 1.0, []
    for level in levels(30):
        end = torch.tensor([level] + [0.0] * 29, dtype=torch.float64).softmax(0)[0].item()
        found.append(left * end)
        left *= 1 - end
    assert left == pytest.approx(0, abs=1e-12)
    assert found[_FIRST:] == pytest.approx([count / sum(_COUNTS) for count in _COUNTS], abs=1e-9)
    assert sum(t * share for t, share in enumerate(found)) == pytest.approx(MOSES_MEAN)


def test_everybody_draws_the_same_lengths() -> None:
    from speed_of import samplers
    from speed_of.forced import MOSES_MEAN, VOCABULARY, forced, levels, mean_length

    model, level, n = forced(lstm), levels(), 150
    net: Any = model.net.net
    with torch.no_grad():
        drawn = {
            "ours": model.sample(n),
            "ours in half precision": model.lean().sample(n),
            "moses": samplers.moses(net, n, level, VOCABULARY),
            "reinvent": samplers.reinvent(net, n, level, len(level)),
        }
    for who, rows in drawn.items():
        assert mean_length(rows) == pytest.approx(MOSES_MEAN, abs=1.5), who  # four and a half is one molecule's spread
        ended = (rows == 0).long().cumsum(1) > 0
        assert not rows[ended].any(), f"{who} goes on after the end"


@pytest.mark.parametrize("who", ["moses", "reinvent"])
def test_the_samplers_of_others_draw_what_is_probable(who: str) -> None:
    """On four tokens and two entries, frequencies are the probabilities of our own net."""
    from speed_of import samplers

    space, n = Tokens((2,), 4), 3000
    net = lstm(space, 1)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.7)
        net.head.bias[0] = -1e4  # nobody ends
        rows = torch.tensor(list(itertools.product(range(4), repeat=2)))
        exact = Autoregressive(space, net, Conditioner(ConditionFields())).log_prob(rows).exp()
        if who == "moses":
            drawn = samplers.moses(net, 200, [-1e4, -1e4], ("", "C", "N", "O"))[:, :2]
        else:
            drawn = samplers.reinvent(net, n, [-1e4, -1e4], 2)
    found = torch.bincount((drawn * torch.tensor([4, 1])).sum(1), minlength=16) / len(drawn)
    noise = (exact * (1 - exact) / len(drawn)).sqrt()
    assert ((found - exact).abs() <= 5 * noise + 3 / len(drawn)).all()


def test_the_published_class_has_our_weights() -> None:
    from speed_of import samplers
    from speed_of.forced import VOCABULARY, levels

    wheel = Path(os.environ.get("MOLSETS_WHEEL", ""))
    if not wheel.is_file():
        pytest.skip("MOLSETS_WHEEL names no wheel of molsets 0.3.1")
    n, space = len(VOCABULARY), Tokens((6,), len(VOCABULARY), 0)
    net = lstm(space, embed=n + 1)
    own = samplers.moses_of_wheel(wheel, net, levels(), VOCABULARY)
    x = torch.randint(1, n, (5, 6))
    ours, memory = net(x, torch.zeros(5, 0)), None
    for t in range(6):
        entry = x[:, t - 1 : t] if t else torch.full((5, 1), n)
        logits, _, memory = own(entry, torch.ones(5, dtype=torch.long), memory)
        assert torch.allclose(logits[:, 0, 1:n], ours[:, t, 1:], atol=1e-5)
    with torch.no_grad():
        assert all(15 < len(text) < 110 for text in own.sample(4))


def test_the_floor_counts_the_products_of_a_step() -> None:
    from speed_of.forced import products

    shapes = [tuple(matrix.shape) for matrix in products(Recurrent(SPACE, 0, Gated(), 8))]
    assert sorted(shapes) == [(24, 8), (30, 8)]
    assert len(products(lstm(SPACE))) == 3 + 2 + 1
    assert len(products(Transformer(SPACE, 0, 8, 2, 2))) == 2 * 4 + 1


def test_a_batch_that_keeps_its_rows_draws_what_is_probable() -> None:
    from speed_of.graphs import Whole

    space, n = Tokens((3,), 3, end=0), 20_000
    net = Recurrent(space, 0, Gated(), 8)
    model = Autoregressive(space, net, Conditioner(ConditionFields())).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.7)
        whole = Whole(net, torch.zeros(n, 0, dtype=torch.float64), 3, captured=False)
        whole.draw()
        drawn: Tensor = whole.draw()  # as good the second time
        rows = torch.tensor(list(itertools.product(range(3), repeat=3)))
        rows = rows[space.contains(rows)]
        exact = model.log_prob(rows).exp()
    number = {tuple(row.tolist()): i for i, row in enumerate(rows)}
    found = torch.bincount(torch.tensor([number[tuple(row)] for row in drawn.tolist()]), minlength=len(rows)) / n
    assert ((found - exact).abs() <= 5 * (exact * (1 - exact) / n).sqrt() + 3 / n).all()


def test_the_stand_in_writes_valid_molecules(tmp_path: Path) -> None:
    from speed_of.stand_in import stand_in

    model = load(stand_in(tmp_path / "chains", 8), "cpu")
    drawn = list(itertools.islice(model.stream(batch=64, measure=()), 64))
    assert sum(one is not None for one in drawn) >= 60  # some end at once
    assert model.log_prob(["C" * 59]).isfinite().all()


def test_a_peak_that_grows_is_seen() -> None:
    from speed_of.command import _of_peaks

    steady, leaking = _of_peaks({20_000: 500.0, 100_000: 510.0}), _of_peaks({20_000: 500.0, 100_000: 700.0})
    assert [target.met for target in steady] == [True, True]
    assert [target.met for target in leaking] == [False, False]
    assert leaking[1].reached == pytest.approx(700 + 900_000 / 80_000 * 200)


def test_targets_know_which_way_is_good() -> None:
    from speed_of.report import Target

    assert Target("", 8, 8).met
    assert not Target("", 8, 7.9).met
    assert Target("", 8, 7.9, most=True).met
    assert not Target("", 8, math.nan).met
    assert not Target("", 8, math.nan, most=True).met


@pytest.mark.skipif(sys.platform != "linux", reason="memory of other processes is read from /proc")
def test_memory_counts_what_a_process_started() -> None:
    from speed_of.command import _Watch

    held = "import time; x = bytearray(60 << 20); print('x', flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {held!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        watch = _Watch(process.pid)
        try:
            while watch.peak < 60 << 20 and watch.is_alive() and process.poll() is None:
                watch.join(0.05)
            assert watch.peak > 60 << 20
        finally:
            watch.end()
            from speed_of.command import _family

            for one in reversed(list(_family(process.pid))):
                os.kill(one, 9)


def test_noise_is_drawn_as_often_as_its_logits_say() -> None:
    from speed_of.grammars import Noise

    logits = torch.randn(2, 1, 5).expand(2, 20_000, 5)
    rows = draw_entries(Tokens((2,), 5), Noise(logits), (torch.zeros(20_000, 0),), Sharpness()).x
    for t in range(2):
        exact = logits[t, 0].softmax(0)
        found = torch.bincount(rows[:, t], minlength=5) / 20_000
        assert ((found - exact).abs() <= 5 * (exact * (1 - exact) / 20_000).sqrt()).all()


def test_grammars_are_timed_beside_stacks_in_python(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    command = [sys.executable, str(BENCHMARKS / "speed.py"), "--quick", "--parts", "grammars", "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())["grammars"]
    who = [(row["grammar"], row["who"]) for row in found["rows"]]
    assert ("smiles", "ours") in who
    assert ("kekule_smiles", "ours, chemistry") in who
    assert ("smiles", "stacks in Python") in who
    for library in ("xgrammar", "llguidance"):
        assert ("smiles", library) in who or f"{library} is left out of smiles" in done.stdout
    assert all(row["seconds"] > 0 for row in found["rows"])
    assert min(found["reading"].values()) > 0


@pytest.mark.slow
def test_the_molecule_parts_run(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    command = [sys.executable, str(BENCHMARKS / "speed.py"), "--quick", "-o", str(out), "--parts"]
    parts = ("drawing", "command", "memory", "cuda")
    done = subprocess.run([*command, *parts], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert set(parts) < set(found)
    assert {row["who"] for row in found["drawing"]["rows"]} >= {"ours", "MOSES", "REINVENT"}
    assert all(row["rows"] == row["valid"] == row["distinct"] > 0 for row in found["command"]["rows"])
    assert found["command"]["rows"][0]["properties"] == 5
    assert min(found["memory"]["peak_mb"].values()) > 50


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler (g++) here")
def test_compiled_steps_are_timed_on_equal_draws(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    command = [sys.executable, str(BENCHMARKS / "speed.py"), "--quick", "--parts", "compile", "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text())["compile"]["rows"]
    assert [row["threads"] for row in rows] == [1, 2, 1, 2]
    assert all(row["equal rows"] == 1 and row["ratio"] > 0 for row in rows)
