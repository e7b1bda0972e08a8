"""Every page's Python runs, prints what the page shows, and samples at the temperature asked."""

import re

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from tests import gold, pages

SAMPLES = re.compile(r"ngd\.sample\(|sampling\.run\(|run_inference_algorithm\(\s*\w+, sampler")
TEMPERATURE = re.compile(r"temperature: (\S+) ± (\S+) asked: (\S+)")
NUMBER = re.compile(r"(± )?(-?\d+\.?\d*(?:e[-+]?\d+)?|inf|nan)")
WITH_CODE = [page for page in pages.PAGES if pages.blocks(page)]


def words(text):
    """Without numbers and without the blanks that fill an array's columns."""
    return re.sub(r"(?<=\[) | (?=\])", "", NUMBER.sub("#", " ".join(text.split())))


def assert_as_shown(shown, printed):
    """The same words; numbers to a tenth or 0.05, standard errors to a factor of two."""
    assert words(shown) == words(printed)
    for (error, told), (_, number) in zip(
        NUMBER.findall(shown), NUMBER.findall(printed), strict=True
    ):
        if error:
            assert 0.5 * float(told) <= float(number) <= 2 * float(told), (told, number)
        else:
            assert float(number) == pytest.approx(float(told), rel=0.1, abs=0.05)


def assert_at_its_temperature(printed):
    """Within a tenth of the one asked for, and known well enough to say so."""
    told = TEMPERATURE.findall(printed)
    assert told, printed
    for value, error, asked in told:
        assert float(value) == pytest.approx(float(asked), rel=0.1)
        assert float(error) < 0.05 * float(asked)


@pytest.mark.parametrize("page", WITH_CODE)
def test_a_pages_blocks_run_in_order_and_print_what_it_shows(page):
    for block, printed in zip(pages.blocks(page), pages.run(page).printed, strict=True):
        if SAMPLES.search(block.code):
            assert_at_its_temperature(printed)
        assert block.shown is not None or not printed, f"{page} does not show\n{printed}"
        if block.shown is not None:
            assert_as_shown(block.shown, printed)


def test_a_wrong_output_and_a_wrong_temperature_are_found():
    """The test of the tests above."""
    assert_as_shown("T: 1.02 ± 0.03 of 16", "T: 1.0 ± 0.02 of 16")
    assert_as_shown("T: [1.02 1.  ]", "T: [ 1.  1.02]")
    for wrong in ("T: 1.3 ± 0.02 of 16", "T: 1.0 ± 0.1 of 16", "of 16", "R: 1.02 ± 0.03 of 16"):
        with pytest.raises(AssertionError):
            assert_as_shown("T: 1.02 ± 0.03 of 16", wrong)
    assert_at_its_temperature("temperature: 1.09 ± 0.02 asked: 1.0")
    for wrong in ("", "temperature: 1.2 ± 0.02 asked: 1.0", "temperature: 1.0 ± 0.1 asked: 1.0"):
        with pytest.raises(AssertionError):
            assert_at_its_temperature(wrong)
    assert len(WITH_CODE) >= 7


def flat_draws(draws):
    """Shape (chain, draw, P), in the order of `ravel_pytree`."""
    return np.asarray(jax.vmap(jax.vmap(lambda params: ravel_pytree(params)[0]))(draws), float)


def test_the_ten_minutes_draws_are_those_of_nuts(unchecked):
    names = pages.run("docs/library/ten_minutes.md").names
    ours, our_error = gold.moments(flat_draws(names["samples"].draws))
    theirs, their_error = gold.moments(gold.nuts(names["task"], names["start"], 8, 500))
    ours[5:] *= 1 - 0.05 / 2  # a finite step's width
    error = np.hypot(our_error, their_error)
    # By Welch at least 7 degrees of freedom, for 10 quantities: beyond 6 once in 200.
    assert np.abs((ours - theirs) / error).max() < 6
    # The test has power.
    assert (our_error[:5] < 0.2 * np.sqrt(theirs[5:])).all()
    assert (our_error[5:] < 0.3 * theirs[5:]).all()


def test_the_regressions_draws_are_students(unchecked):
    """Flat in β and ln σ: β is Student's t of n - p degrees about least squares."""
    names = pages.run("docs/library/regression.md").names
    beta = np.asarray(names["samples"].draws["beta"], float)
    x, y = names["x"][names["train"]], names["y"][names["train"]]
    least, rest, *_ = np.linalg.lstsq(x, y, rcond=None)
    degrees = len(y) - x.shape[1]
    spread = np.linalg.inv(x.T @ x) * float(rest[0]) / (degrees - 2)
    white = (beta - least) @ np.linalg.inv(np.linalg.cholesky(spread)).T
    of_chains = white.mean(axis=1)
    error = of_chains.std(axis=0, ddof=1) / np.sqrt(len(beta))
    # 7 degrees of freedom, 11 coefficients: beyond 6 once in 200.
    assert np.abs(of_chains.mean(axis=0) / error).max() < 6
    assert error.max() < 0.15
    # Some 250 independent draws of 11 numbers know their variance to 3%.
    assert np.square(white).mean() == pytest.approx(1 / (1 - 0.05 / 2), abs=0.12)


def test_the_network_of_a_million_parameters_has_them():
    names = pages.run("docs/library/million.md").names
    assert sum(leaf.size for leaf in names["leaves"]) >= 1_000_000
    # The burn-in is longer than the slowest direction's memory.
    assert names["samples"].predicted.relaxation < 80
