"""The density as scikit-learn has estimators."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from sciencegen import FlowDensity
from sciencegen.errors import RequestError

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

SMALL = {"width": 8, "depth": 4, "particles": 4, "rate": 0.01}


def small(**more: object) -> FlowDensity:
    return FlowDensity(**({"epochs": 2, "options": SMALL, "particles": 4} | more))  # type: ignore[arg-type]


def rows(n: int = 400, seed: int = 0) -> NDArray[np.float64]:
    source = np.random.default_rng(seed)
    x = source.normal(size=n)
    return np.stack([100 + 20 * x, 0.001 * (x + 0.5 * source.normal(size=n))], 1)


def test_scores_are_densities_in_the_units_of_the_data() -> None:
    density = small(epochs=20, batch=64, random_state=0).fit(rows())
    line = [np.linspace(low, high, 161) for low, high in ((-20, 220), (-0.006, 0.006))]
    grid = np.stack(np.meshgrid(*line, indexing="ij"), -1).reshape(-1, 2)
    cell = (line[0][1] - line[0][0]) * (line[1][1] - line[1][0])
    assert np.exp(density.score_samples(grid)).sum() * cell == pytest.approx(1, abs=0.02)
    assert density.score(rows(seed=1)) == pytest.approx(density.score_samples(rows(seed=1)).mean())
    exact = -np.log(2 * np.pi) - np.log(20) - np.log(0.0005) - 1  # of the two normals it is made of
    assert density.score(rows(seed=1)) == pytest.approx(exact, abs=0.2)


def test_samples_are_like_the_data_and_the_same_for_the_same_seed() -> None:
    density = small(epochs=30, batch=64, random_state=0).fit(rows())
    drawn = density.sample(2000)
    assert drawn.shape == (2000, 2)
    assert np.allclose(drawn.mean(0), rows().mean(0), atol=rows().std(0) / 5)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.89, abs=0.08)
    assert np.array_equal(density.sample(5, random_state=3), density.sample(5, random_state=3))
    assert not np.array_equal(density.sample(5, random_state=3), density.sample(5, random_state=4))
    again = small(epochs=30, batch=64, random_state=0).fit(rows())
    assert np.array_equal(again.score_samples(rows()), density.score_samples(rows()))


def test_gaps_are_filled_given_the_rest() -> None:
    x = rows()
    source = np.random.default_rng(2)
    gaps = source.random(x.shape) < 0.2
    holed = np.where(gaps, np.nan, x)
    density = small(epochs=15, batch=64, random_state=0).fit(holed)
    filled = density.impute(holed)
    assert np.array_equal(filled[~gaps], x[~gaps])
    assert np.isfinite(filled).all()
    one = gaps[:, 1] & ~gaps[:, 0]  # the first is known
    assert np.corrcoef(filled[one, 1], x[one, 1])[0, 1] > 0.6
    assert np.array_equal(density.impute(x), x)
    assert not np.array_equal(density.impute(holed, random_state=1), filled)
    assert np.isfinite(density.score_samples(holed[:50][~gaps[:50].all(1)])).all()


def test_it_works_in_a_pipeline_and_in_cross_validation() -> None:
    made = make_pipeline(StandardScaler(), small(random_state=0))
    assert np.isfinite(cross_val_score(made, rows(90), cv=3)).all()
    assert clone(small(rate=0.01)).rate == 0.01


def test_a_fitted_density_can_be_kept() -> None:
    density = small(random_state=0).fit(rows())
    again = pickle.loads(pickle.dumps(density))
    assert np.array_equal(again.score_samples(rows()), density.score_samples(rows()))


def test_names_of_columns_are_kept() -> None:
    import pandas

    table = pandas.DataFrame(rows(), columns=["mass", "width"])
    density = small(random_state=0).fit(table)
    assert density.feature_names_in_.tolist() == ["mass", "width"]
    assert density.model_.representation.state()["names"] == ["mass", "width"]
    with pytest.raises(ValueError, match="feature names"):
        density.score_samples(table[["width", "mass"]])


@pytest.mark.parametrize(
    ("recipe", "said"), [("densities/gan", "no likelihood"), ("densities/tabel", "did you mean 'densities/table'")]
)
def test_a_recipe_without_a_likelihood_is_refused(recipe: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        FlowDensity(recipe, epochs=1).fit(rows())


def test_what_is_not_fitted_or_has_gaps_where_there_can_be_none_says_so() -> None:
    with pytest.raises(NotFittedError):
        small().score_samples(rows())
    with pytest.raises(ValueError, match="contains NaN"):
        FlowDensity("densities/maf", epochs=1).fit(np.where(rows() > 120, np.nan, rows()))


def test_other_random_numbers_stay_as_they_were() -> None:
    import torch

    torch.manual_seed(1)
    first = torch.rand(1)
    torch.manual_seed(1)
    small(random_state=0).fit(rows(50))
    assert torch.equal(torch.rand(1), first)


def test_importing_sciencegen_imports_no_scikit_learn() -> None:
    code = "import sys, sciencegen; assert not {'sklearn', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_scikit_learn_one_line_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['sklearn.base'] = None\n"
        "from sciencegen import FlowDensity\n"
        "try: FlowDensity()\n"
        "except ValueError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip().endswith("pip install 'sciencegen[sklearn]'")


QUICK = ("check_no_attributes_set_in_init", "check_fit2d_1sample", "check_n_features_in", "check_fit1d")


@pytest.mark.parametrize("name", QUICK)
def test_scikit_learn_finds_no_fault_at_first_sight(name: str) -> None:
    checks = [check for check in estimator_checks_generator(small()) if name in str(check[1])]
    assert checks
    for estimator, check in checks:
        check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_finds_no_fault() -> None:
    check_estimator(small(), on_skip=None)
