"""Fig. S4's table."""

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
