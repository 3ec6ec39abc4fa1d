"""Every recipe keeps every law."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from sciencegen.core.batch import Batch
from sciencegen.core.condition import Condition
from sciencegen.core.generator import Density, Generator, Latent, Pathwise, Variational
from sciencegen.core.objective import Scheduled
from sciencegen.core.space import Discrete, Graphs, Reals
from sciencegen.model import load
from sciencegen.recipes import RECIPES
from tests.conformance.tiny import options, tiny
from tests.conformance.tiny import points as all_points
from tests.conformance.two_processes import updated

every_recipe = pytest.mark.parametrize("name", RECIPES)


@every_recipe
def test_samples_lie_in_the_space(name: str) -> None:
    made = tiny(name)
    for condition in (made.nothing, made.batch().condition):
        x = made.generator.sample(32, condition)
        assert len(x) == 32
        assert made.generator.space.contains(x).all()


@every_recipe
def test_probabilities_sum_to_one(name: str) -> None:
    made = tiny(name, shaken=not name.endswith("vae") and not name.endswith("iwae"))  # far posteriors need more draws
    generator, space = made.generator, made.generator.space
    condition = None if made.batch().condition is None else made.batch().condition[:1]
    if not isinstance(generator, (Density, Variational)):
        pytest.skip("an implicit model has no probabilities")
    if isinstance(space, (Discrete, Graphs)):
        points, cell = all_points(space), 1.0
    else:
        assert isinstance(space, Reals)
        if space.size != 2:
            _check_volume_by_samples(generator, condition)
            return
        line = torch.linspace(-30, 30, 801)
        points, cell = torch.cartesian_prod(line, line), float(line[1] - line[0]) ** 2
    if isinstance(generator, Density):
        with torch.no_grad():
            log_p = torch.cat([generator.log_prob(part, condition) for part in points.split(200_000)])
        assert log_p.double().exp().sum() * cell == pytest.approx(1, abs=2e-3)
    elif isinstance(generator, Variational) and isinstance(space, (Discrete, Graphs)):
        with torch.no_grad():
            weights = generator.log_weights(points, condition, 1_000).double()
        assert weights.exp().mean(0).sum() == pytest.approx(1, abs=0.03)
    else:
        _check_marginal_against_samples(generator)


def _check_volume_by_samples(generator: Generator, condition: Condition | None) -> None:
    """A narrow normal where samples are likely, weighed by the density they were drawn with, has a volume of 1."""
    assert isinstance(generator, Density)
    torch.manual_seed(0)
    x = generator.sample(100_000, condition)
    with torch.no_grad():
        log_p = torch.cat([generator.log_prob(part, condition) for part in x.split(20_000)])
    inside = ((x - x.mean(0)).abs() < x.std(0)).all(-1)  # angles end somewhere
    middle = x[inside][log_p[inside].argmax()]
    log_r = torch.distributions.Normal(middle, x.std(0) / 4).log_prob(x).sum(-1)
    assert (log_r - log_p).double().exp().mean() == pytest.approx(1, abs=0.03)


def _check_marginal_against_samples(generator: Variational) -> None:
    """The importance-sampled mean log p of the model's own samples is the one numerical integration over z finds."""
    assert isinstance(generator, Latent)
    line = torch.linspace(-6, 6, 161)
    z = torch.cartesian_prod(line, line)
    x = generator.sample(16)
    log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
    numbers = generator.decoder(z, generator.conditioner(None, len(z))).view(len(z), 1, 2, -1)  # type: ignore[operator]
    log_x = generator.likelihood.log_prob(numbers, x)  # type: ignore[operator,union-attr]
    exact = (log_x + log_prior[:, None]).double().logsumexp(0) + 2 * (line[1] - line[0]).log()
    with torch.no_grad():
        weights = generator.log_weights(x, None, 20_000).double()
    estimate = weights.logsumexp(0) - torch.tensor(20_000.0).log()
    assert (exact - estimate).abs().median() < 0.05


@every_recipe
def test_the_gradient_reaches_every_parameter(name: str) -> None:
    made = tiny(name, batch=64)
    batch = made.batch()
    hidden = batch if batch.condition is None else Batch(batch.x, batch.condition.hide(0.5))
    scheduled = [
        one for part in (made.generator, made.objective) for one in part.modules() if isinstance(one, Scheduled)
    ]
    reached: set[int] = set()
    for step, shown in itertools.product((0, 1) if scheduled else (0,), (batch, hidden)):
        for one in scheduled:  # what comes in later need not be reached at once
            one.advance(step)
        for loss in made.objective.losses(made.generator, shown):
            parameters = list(loss.updates.parameters())
            gradients = torch.autograd.grad(loss.value, parameters, allow_unused=True)
            pairs = zip(parameters, gradients, strict=True)
            reached |= {id(p) for p, gradient in pairs if gradient is not None and gradient.abs().sum() > 0}
    parts = {"generator": made.generator, "objective": made.objective}
    missed = [f"{part}.{k}" for part, m in parts.items() for k, p in m.named_parameters() if id(p) not in reached]
    assert not missed


@every_recipe
def test_a_saved_model_gives_the_same_samples(name: str, tmp_path: Path) -> None:
    made = tiny(name, out=tmp_path / "run")
    for _ in made.fit:
        pass
    again = load(tmp_path / "run", device="cpu")
    where = made.where
    ours, theirs = (list(itertools.islice(m.stream(where, seed=7), 20)) for m in (made.fit.model, again))
    assert [c and c.text for c in ours] == [c and c.text for c in theirs]


@every_recipe
def test_forgetting_all_fields_equals_no_condition(name: str) -> None:
    made = tiny(name)
    condition = made.batch().condition
    if condition is None:
        pytest.skip("nothing may be asked for")
    forgotten = condition.hide(1.0)
    assert not forgotten.known.any()
    samples = []
    for asked in (forgotten, made.nothing):
        torch.manual_seed(3)
        samples.append(made.generator.sample(32, asked))
    assert torch.allclose(samples[0].double(), samples[1].double(), atol=1e-4)


@every_recipe
def test_a_condition_changes_the_output(name: str) -> None:
    made = tiny(name)
    if not made.fields.names:
        pytest.skip("nothing may be asked for")
    field = made.fields.names[0]
    samples = []
    for value in (0.0, 3.0):
        torch.manual_seed(3)
        samples.append(made.generator.sample(1024, made.fit.model.asking.row({**made.where, field: value})).double())
    assert (samples[0] - samples[1]).abs().max() > 1e-3


@every_recipe
def test_single_and_double_precision_agree(name: str) -> None:
    made = tiny(name)
    batch, generator = made.batch(), made.generator
    given = None if made.nothing is None else made.nothing[:4]
    assert generator.sample(4, given).dtype in (torch.float32, torch.int64)
    single = _numbers(generator, batch)
    double = _numbers(generator.double(), batch.to("cpu", torch.float64))
    assert double.dtype == torch.float64
    assert (single - double).abs().max() < 1e-3
    again = None if given is None else given.to("cpu", torch.float64)
    assert generator.space.contains(generator.sample(4, again)).all()


def _numbers(generator: torch.nn.Module, batch: Batch) -> torch.Tensor:
    """Numbers that depend on the weights and not on noise, or on no more than the same noise."""
    with torch.no_grad():
        if isinstance(generator, Density):
            shape = (len(batch), *generator.space.shape)
            x = batch.x if batch.x.numel() else torch.ones(*shape, dtype=generator.dtype)
            return generator.log_prob(x, batch.condition)
        if isinstance(generator, Latent):
            return generator.encode(batch.x, batch.condition)
        assert isinstance(generator, Pathwise)
        torch.manual_seed(0)
        noise = generator.noise
        generator.noise = lambda *shape: torch.ones(*shape, dtype=generator.dtype)  # type: ignore[method-assign]
        given = batch.condition is not None and batch.condition.given
        x = generator.rsample(8, batch.condition[:8] if given and batch.condition is not None else None)
        generator.noise = noise  # type: ignore[method-assign]
        return x


@pytest.fixture(scope="session")
def by_two_processes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    out = tmp_path_factory.mktemp("two") / "weights.safetensors"
    script = Path(__file__).with_name("two_processes.py")
    run = [sys.executable, "-m", "tests.conformance.two_processes", str(out)]
    done = subprocess.run(run, cwd=script.parents[2], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return load_file(out)


@every_recipe
def test_two_processes_give_the_update_of_one(name: str, by_two_processes: dict[str, torch.Tensor]) -> None:
    theirs = {k.removeprefix(f"{name}:"): v for k, v in by_two_processes.items() if k.startswith(f"{name}:")}
    for one in (updated(name, accumulate=2), *([updated(name)] if _draws_nothing(name) else [])):
        assert one.keys() == theirs.keys()
        assert max((one[k] - theirs[k]).abs().max().item() for k in one) < 1e-10


def _draws_nothing(name: str) -> bool:
    """Whether the objective uses no random numbers: then a batch may be cut in any way."""
    made = tiny(name, ["none"][:0], precision="64")
    values = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        values.append(next(made.objective.losses(made.generator, made.batch())).value.item())
    return values[0] == values[1]


@every_recipe
def test_options_have_types_and_defaults(name: str) -> None:
    from sciencegen.recipes.options import describe

    assert RECIPES[name].__doc__
    assert options(name)
    assert all(kind for _, kind, _, _ in describe(RECIPES[name]))
