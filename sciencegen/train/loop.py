"""The only training loop.

An objective yields losses; the loop lowers each by one step before it asks for the next. Every random number of a
step comes from a seed made of (seed, step, share, round) alone, so a run can be repeated or taken up at any step, and
does not depend on how many processes carry it: two processes do what one does with twice the accumulation.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Generator as Stepping
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from sciencegen.core.batch import Batch, Batches, seed_at
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Loss, Objective, Scheduled
from sciencegen.errors import Diverged, RequestError
from sciencegen.train.run import Average, Progress, Run, TrainingState
from sciencegen.train.settings import Settings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = ["Settings", "leads", "train"]

_PATIENCE_WITH_NAN = 100


def train(
    generator: Generator,
    objective: Objective,
    batches: Batches,
    settings: Settings | None = None,
    resume: TrainingState | None = None,
    validation: Batches | None = None,
) -> Stepping[Progress, None, None]:
    """Lower `objective` over `batches`, one progress report a step; stop by not asking for more.

    The generator ends as it should be used: with averaged weights where `settings.ema` asks for them.
    """
    settings = settings or Settings()
    if settings.patience and validation is None:
        raise RequestError(f"patience={settings.patience}: there are no held-out data to judge by; leave it at 0")
    run = _start(generator, objective, settings, settings.total(batches))
    if resume is not None:
        run.restore(resume)
    placed = batches.to(run.fabric.device, settings.dtype)
    held_out = None if validation is None else validation.to(run.fabric.device, settings.dtype)
    every = settings.validate or batches.per_epoch
    scheduled = [part for root in (generator, objective) for part in root.modules() if isinstance(part, Scheduled)]
    started = time.perf_counter()
    generator.train()
    objective.train()
    try:
        while not run.over:
            for part in scheduled:
                part.advance(run.step)
            lowered = _one_step_in_memory(run, placed)
            run.step += 1
            score, best = None, False
            if held_out is not None and (run.step % every == 0 or run.step == run.total):
                score = _validate(run, held_out)
                best = run.judge(score)
            yield Progress(
                step=run.step,
                total=run.total,
                epoch=run.step / batches.per_epoch,
                losses={k: v.item() for k, v in lowered.losses.items()},
                report={k: v.item() for k, v in lowered.report.items()},
                rate=settings.rate * settings.rate_at(run.step - 1, run.total),
                skipped=run.skipped,
                seconds=time.perf_counter() - started,
                leader=run.fabric.is_global_zero,
                validation=score,
                best=best,
                stopping=run.over,
                run=run,
            )
    finally:
        if run.average is not None:
            generator.load_state_dict(run.usable().state_dict())
        generator.eval()


def _start(generator: Generator, objective: Objective, settings: Settings, total: int) -> Run:
    for capability in objective.needs:
        if not isinstance(generator, capability):
            needed, given = capability.__name__, type(generator).__name__
            raise RequestError(f"{type(objective).__name__} needs a {needed} generator, and {given} is none")
    fabric = _engine(settings)
    generator.to(fabric.device, settings.dtype)
    objective.to(fabric.device, settings.dtype)
    groups = _groups(generator, 1.0, settings.decay)
    groups += _groups(objective, (settings.objective_rate or settings.rate) / settings.rate, settings.decay)
    optimizer = torch.optim.AdamW(groups, lr=settings.rate, betas=(settings.beta1, settings.beta2), fused=True)
    average = Average(generator, settings.ema) if settings.ema else None
    return Run(fabric, generator, objective, optimizer, settings, total, average)


def _groups(part: nn.Module, scale: float, decay: float) -> list[dict[str, Any]]:
    """A part's parameters for the optimiser: matrices decay, biases and gains do not."""
    parameters = list(part.parameters())
    matrices, vectors = [p for p in parameters if p.dim() > 1], [p for p in parameters if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
    return [{**group, "scale": scale} for group in groups if group["params"]]


def _engine(settings: Settings) -> Fabric:
    """Lightning Fabric, where the run takes place."""
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # its notes on what was asked for anyway
    there = torch.cuda.device_count()
    if settings.device == "cuda" and not there:
        raise RequestError("device=cuda: there is no CUDA device here; use auto or cpu")
    if settings.device != "cpu" and 0 < there < settings.devices:
        raise RequestError(f"devices={settings.devices}: there are {there} CUDA devices here")
    fabric = Fabric(
        accelerator=settings.device,
        devices=settings.devices,
        num_nodes=settings.nodes,
        precision=settings.engine_precision,
    )
    if settings.devices * settings.nodes > 1:
        fabric.launch()
    return fabric


def leads() -> bool:
    """Whether this process is the first of its run, the one that speaks and writes."""
    from lightning_fabric.utilities.rank_zero import rank_zero_only

    return not getattr(rank_zero_only, "rank", 0)


@dataclass(frozen=True)
class _Lowered:
    losses: dict[str, Tensor]
    report: dict[str, Tensor]


def _one_step_in_memory(run: Run, batches: Batches) -> _Lowered:
    """One step, or one line about the memory that was not there."""
    try:
        return _one_step(run, batches.at(run.step))
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, (MemoryError, torch.OutOfMemoryError)) and "allocate memory" not in str(error):
            raise
        wanted = f"batch={run.settings.batch}"
        raise RequestError(f"{wanted}: a step needs more memory than {run.fabric.device} has; lower it") from error


def _one_step(run: Run, batch: Batch) -> _Lowered:
    """Lower every loss of one batch, its shares in lockstep: each share is asked for the same loss in turn."""
    own, shares = run.settings.accumulate, run.settings.accumulate * run.fabric.world_size
    if len(batch) < shares:
        raise RequestError(f"a batch of {len(batch)} cannot be shared by {shares}: lower accumulate or devices")
    first = run.fabric.global_rank * own
    parts = [run.objective.losses(run.generator, batch.part(first + i, shares)) for i in range(own)]
    values: dict[str, list[Tensor]] = {}
    report: dict[str, list[Tensor]] = {}
    for turn in range(1_000_000):
        moving: list[nn.Parameter] = []
        for i, part in enumerate(parts):
            _seed(run, seed_at(run.settings.seed, run.step, first + i, turn))
            with run.fabric.autocast():
                loss = next(part, None)
            if loss is None:
                return _Lowered(_means(run, values), _means(run, report))
            if i == 0:
                moving = [p for p in loss.updates.parameters() if p.requires_grad]
                run.optimizer.zero_grad(set_to_none=True)
            (loss.value / own).backward(inputs=moving)
            _write_down(loss, values, report)
        _move(run, moving)
    raise AssertionError("an objective yielded a million losses for one batch")


def _seed(run: Run, seed: int) -> None:
    """Seed the processor's random numbers and the device's. torch.manual_seed does the same for every kind of device
    there could be, which takes longer than a small net's step."""
    torch.default_generator.manual_seed(seed)
    if run.fabric.device.type == "cuda":
        torch.cuda.manual_seed(seed)


def _write_down(loss: Loss, values: dict[str, list[Tensor]], report: dict[str, list[Tensor]]) -> None:
    values.setdefault(loss.name, []).append(loss.value.detach())
    for name, number in loss.report.items():
        report.setdefault(name, []).append(number.detach())


def _means(run: Run, numbers: Mapping[str, list[Tensor]]) -> dict[str, Tensor]:
    means = {name: torch.stack(values).mean() for name, values in numbers.items()}
    if run.fabric.world_size > 1:
        means = {name: _across(run, value) for name, value in means.items()}
    return means


def _across(run: Run, tensor: Tensor) -> Tensor:
    mean = run.fabric.all_reduce(tensor, reduce_op="mean")
    assert isinstance(mean, Tensor)
    return mean


def _move(run: Run, moving: list[nn.Parameter]) -> None:
    """Average the gradients of all processes, clip them, and step; a step that is not finite is left out."""
    if run.fabric.world_size > 1:
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in moving]
        reached = gradients[0].new_tensor([p.grad is not None for p in moving])
        flat = _across(run, torch.cat([*(gradient.reshape(-1) for gradient in gradients), reached]))
        *parts, reached = flat.split([*(p.numel() for p in moving), len(moving)])
        for p, gradient, there in zip(moving, parts, reached.tolist(), strict=True):
            p.grad = gradient.view_as(p).clone() if there else None  # none anywhere: its moments must not move either
    norm = nn.utils.clip_grad_norm_(moving, run.settings.clip or math.inf)
    if not torch.isfinite(norm):
        run.skipped += 1
        run.skipped_in_a_row += 1
        if run.skipped_in_a_row >= _PATIENCE_WITH_NAN:
            raise Diverged(
                f"{run.skipped_in_a_row} steps in a row were not finite (step {run.step + 1}): "
                f"try a smaller rate than {run.settings.rate:g}, or precision=32"
            )
        return
    run.skipped_in_a_row = 0
    factor = run.settings.rate_at(run.step, run.total)
    for group in run.optimizer.param_groups:
        group["lr"] = run.settings.rate * group["scale"] * factor
    run.optimizer.step()
    if run.average is not None:
        updated = {id(p) for p in moving}
        if any(id(p) in updated for p in run.generator.parameters()):
            run.average.follow(run.generator, run.step)


@torch.no_grad()
def _validate(run: Run, held_out: Batches) -> float | None:
    """The mean score of all held-out samples, in evaluation mode, always with the same random numbers; None where the
    objective cannot score them."""
    usable = run.usable().eval()
    run.objective.eval()
    total, count = torch.zeros((), dtype=torch.float64), 0
    for i in range(held_out.per_epoch):
        _seed(run, seed_at(run.settings.seed, i, 0x7A11D))
        with run.fabric.autocast():
            scores = run.objective.validation(usable, held_out.at(i))
        if scores is None:
            break
        total += scores.double().sum().cpu()
        count += len(scores)
    usable.train()
    run.objective.train()
    return float(total / count) if count else None
