"""The tables of Figs S4 and S4b."""

import numpy as np
import pandas as pd

from artifact.figures.figS4 import tell_figS4


def test_a_row_says_what_its_sampler_did_at_that_n():
    told = {"inputs": 2, "predicted": 1.04, "measured": 1.1}
    distances = [
        {**told, "repeat": 0, "sampler": "sgld", "distance": 0.1},
        {**told, "repeat": 1, "sampler": "sgld", "distance": 0.3, "measured": 1.3},
        {"inputs": 2, "repeat": 0, "sampler": "nuts", "distance": 0.02},
        {"inputs": 2, "repeat": 1, "sampler": "nuts", "distance": 0.04},
        {**told, "inputs": 64, "repeat": 0, "sampler": "sgld", "distance": 9.0},
    ]
    speed = [
        {"inputs": 2, "sampler": "sgld", "effective": 10.0, "gradients": 500.0},
        {"inputs": 2, "sampler": "sgld", "effective": 20.0, "gradients": 500.0},
        {"inputs": 2, "sampler": "nuts", "effective": 900.0},
    ]
    text = tell_figS4.table(pd.DataFrame(distances), pd.DataFrame(speed), 2)
    assert text.splitlines()[2:] == [
        "| NUTS, from itself |  |  | 0.03 (0.02 to 0.04) |  |",
        "| SGLD | 1.04 | 1.20 | 0.2 (0.1 to 0.3) | 30 |",
    ]


def test_a_row_says_what_a_sampler_of_the_network_did():
    scores = [
        ("kfac", 0, 0.2, 1.5, 1.1, 1.25),
        ("kfac", 1, 0.4, 1.7, 1.3, 1.5),
        ("hmc", 0, 0.01, 1.4, 0.9, 1.01),
        ("hmc", 1, 0.03, 1.2, 1.1, 1.02),
        # HMC's chains did not mix there.
        ("kfac", 2, np.nan, 9.0, 9.0, 9.0),
        ("hmc", 2, np.nan, 9.0, 9.0, 9.0),
    ]
    columns = ["sampler", "repeat", "distance", "cross_entropy", "measured", "rhat"]
    distances = pd.DataFrame(scores, columns=columns)
    cost = [
        ("kfac", 0, 10.0, 500.0, 4.0),
        ("kfac", 1, 20.0, 500.0, 4.0),
        ("kfac", 2, 9e9, 500.0, 4.0),
        ("hmc", 0, 900.0, 9000.0, 60.0),
    ]
    columns = ["sampler", "repeat", "effective", "gradients", "seconds"]
    speed = pd.DataFrame(cost, columns=columns)
    assert tell_figS4.network_table(distances, speed).splitlines()[2:] == [
        "| HMC, from itself | 1.00 | 0.02 (0.01 to 0.03) |  | 1.02 | 100 | 15 |",
        "| Langevin, K-FAC | 1.20 | 0.3 (0.2 to 0.4) | +0.300 | 1.50 | 30 | 3.8 |",
    ]


def test_what_is_no_number_is_not_told_as_one():
    distances = pd.DataFrame(
        {
            "sampler": ["hmc", "sgld", "kfac"],
            "repeat": 0,
            "distance": [0.01, 0.3, np.inf],
            "cross_entropy": [1.0, 1.5, np.inf],
            "measured": [1.0, 2.3e13, np.nan],
            "rhat": [1.01, np.inf, np.inf],
        }
    )
    speed = pd.DataFrame(
        {
            "sampler": ["hmc", "sgld", "kfac"],
            "repeat": 0,
            "effective": [10.0, 0.0, 0.0],
            "gradients": 100.0,
            "seconds": 1.0,
        }
    )
    assert tell_figS4.network_table(distances, speed).splitlines()[3:] == [
        "| SGLD | 2e+13 | 0.3 (0.3 to 0.3) | +0.500 |  | 0 | 0 |",
        "| Langevin, K-FAC |  | a chain diverged |  |  | 0 | 0 |",
    ]
