"""Means and errors over repeats."""

import math

import numpy as np
import pandas as pd
import pytest

from artifact.records import tables


def runs(values, temperature=1.0, diverged_at=None, dead_at=None):
    diverged_at = diverged_at or [-1] * len(values)
    return pd.DataFrame(
        {
            "N": 100,
            "learning_rate": 0.1,
            "temperature": temperature,
            "batch_size": 5,
            "seed": range(len(values)),
            **{metric: values for metric in tables.METRICS},
            "diverged_at": diverged_at,
            "dead_at": dead_at or [-1] * len(values),
        }
    )


def row(table, metric="ensemble_cross_entropy"):
    (found,) = table[table["metric"] == metric].to_dict("records")
    return found


def test_mean_and_standard_error_are_those_of_the_definition():
    values = [1.0, 2.0, 4.0]
    found = row(tables.summarise(runs(values)))
    mean = sum(values) / 3
    variance = sum((v - mean) ** 2 for v in values) / 2
    assert found["mean"] == pytest.approx(mean)
    assert found["standard_error"] == pytest.approx(math.sqrt(variance / 3))
    assert (found["repeats"], found["diverged"]) == (3, 0)


def test_diverged_runs_are_counted_and_left_out_of_the_mean():
    found = row(tables.summarise(runs([1.0, np.nan, 1e9], diverged_at=[-1, 3, 7])))
    assert (found["mean"], found["repeats"], found["diverged"]) == (1.0, 1, 2)


def test_dead_networks_are_counted_and_left_out_of_the_mean():
    found = row(tables.summarise(runs([1.0, 2.3, 5.0], dead_at=[-1, 0, -1])))
    assert (found["mean"], found["repeats"]) == (3.0, 2)
    assert (found["diverged"], found["dead"]) == (0, 1)


def test_a_point_where_all_diverged_stays_in_the_table():
    table = tables.summarise(
        pd.concat([runs([1.0]), runs([np.nan], temperature=9.0, diverged_at=[0])])
    )
    lost = row(table[table["temperature"] == 9.0])
    assert math.isnan(lost["mean"])
    assert (lost["repeats"], lost["diverged"]) == (0, 1)


def test_the_optimum_is_the_least_mean():
    table = tables.summarise(pd.concat([runs([3.0], 0.5), runs([1.0], 1.0), runs([2.0], 2.0)]))
    assert tables.optima(table)["temperature"].tolist() == [1.0]


def test_points_of_two_data_sets_do_not_gather():
    with pytest.raises(ValueError, match="different data sets: a, b"):
        tables.gather([{"data": "a", "seconds": 1}, {"data": "b", "seconds": 1}])
