"""Fig. S4 as a table, for `docs/samplers.md`."""

import pandas as pd

from artifact.figures.figS4.draw_figS4 import NAMES, with_rates
from artifact.records import documents


def table(distances: pd.DataFrame, speed: pd.DataFrame, inputs: int) -> str:
    """A row a sampler, nearest first; NUTS, whose distance is that of its halves, among them.

    Args:
        distances: see `artifact.figures.figS4.every_sampler.run`.
        speed: its table of that name.
        inputs: n.
    """
    paid = with_rates(speed)
    rates = paid[paid["inputs"] == inputs].groupby("sampler")["rate"].median()
    chosen = distances[distances["inputs"] == inputs]
    order = chosen.groupby("sampler")["distance"].mean().sort_values().index
    rows = []
    for sampler in order:
        of = chosen[chosen["sampler"] == sampler]
        apart, told = of["distance"], sampler != "nuts"
        spread = f"{apart.mean():.2g} ({apart.min():.2g} to {apart.max():.2g})"
        rows.append(
            {
                "sampler": NAMES.get(sampler, "NUTS, from itself"),
                "predicted T": f"{of['predicted'].mean():.2f}" if told else "",
                "measured T": f"{of['measured'].mean():.2f}" if told else "",
                "distance (range)": spread,
                "effective samples for 1,000 full gradients": f"{rates[sampler]:.3g}"
                if told
                else "",
            }
        )
    return documents.table(rows)
