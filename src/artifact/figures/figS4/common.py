"""What Figs S4, S4b and S4c have in common."""

FRICTION = 0.1
"""SGHMC's α."""

Rows = tuple[dict[str, float], dict[str, float]]
"""What a sampler's rows of the tables distances and speed say, without where they are."""


def injected(learning_rate: float, examples: int, batch_size: int) -> float:
    """SGFS's κ at an ε: its ε is 2/(γ + κ) at T = 1, γ = N/B."""
    return 2 / learning_rate - examples / batch_size
