"""Figs S4 and S4b as tables, for `docs/samplers.md`."""

import numpy as np
import pandas as pd

from artifact.figures.figS4 import draw_figS4b
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


def network_table(distances: pd.DataFrame, speed: pd.DataFrame) -> str:
    """A row a sampler of the network, nearest first, HMC among them.

    Means over training sets; of T and prices medians.

    Args:
        distances: see `artifact.figures.figS4.network_samplers.run`.
        speed: its table of that name.
    """
    distances, speed = (draw_figS4b.with_gold(rows, distances) for rows in (distances, speed))
    paid = with_rates(speed).assign(pace=speed["effective"] / speed["seconds"])
    rates = paid.groupby("sampler")[["rate", "pace"]].median()
    wide = distances.pivot(index="repeat", columns="sampler", values="cross_entropy")
    beyond = wide.sub(wide["hmc"], axis=0).mean()
    order = distances.groupby("sampler")["distance"].mean().sort_values().index
    rows = []
    for sampler in order:
        of = distances[distances["sampler"] == sampler]
        apart, gold = of["distance"], sampler == "hmc"
        rows.append(
            {
                "sampler": "HMC, from itself" if gold else draw_figS4b.NAMES[sampler],
                "measured T": _told(of["measured"].median(), ".2f"),
                "total variation (range)": (
                    f"{apart.mean():.2g} ({apart.min():.2g} to {apart.max():.2g})"
                    if np.isfinite(apart).all()
                    else "a chain diverged"
                ),
                "cross entropy less HMC's": "" if gold else _told(beyond[sampler], "+.3f"),
                "largest R̂": _told(of["rhat"].max(), ".2f"),
                "effective samples for 1,000 full gradients": f"{rates['rate'][sampler]:.3g}",
                "a second": f"{rates['pace'][sampler]:.2g}",
            }
        )
    return documents.table(rows)


def _told(value: float, form: str) -> str:
    """A number; nothing where it is not finite, a power of ten beyond 1,000."""
    if not np.isfinite(value):
        return ""
    return f"{value:.0e}" if abs(value) > 1000 else format(value, form)
