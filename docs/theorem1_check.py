"""Which power of |G| weighs the samples of dω = -G⁻¹∇C dt + (2T)^{1/2} G^{-1/2} dW, here T = 1.

C = |ω|²/2 and G = (1 + |ω|²) I in d dimensions. An Euler step is the Itô reading, as eq. (8)
is; a Heun step is Stratonovich's, with the symmetric root G^{-1/2}. NumPy alone; ten seconds.
"""

import numpy as np

PREDICTED = {(1, "Euler"): 1.0, (1, "Heun"): 1 / 2, (2, "Euler"): 1 / 2, (2, "Heun"): 1 / 4}
"""k of the stationary density e^{-C}|G|^k, by d and step: 1/d and 1/(2d), docs/theorem1.md."""


def radii(d: int, scheme: str, h: float, chains: int = 20_000, time: float = 30.0) -> np.ndarray:
    """|ω| of independent chains at a time when they are stationary, from steps of length h."""
    rng = np.random.default_rng([d, len(scheme)])
    w = rng.standard_normal((chains, d))
    for _ in range(round(time / h)):
        dw = np.sqrt(2 * h) * rng.standard_normal((chains, d), np.float32)
        euler = increment(w, h, dw)
        w = w + (euler if scheme == "Euler" else (euler + increment(w + euler, h, dw)) / 2)
    return np.linalg.norm(w, axis=1)


def increment(w: np.ndarray, h: float, dw: np.ndarray) -> np.ndarray:
    """-G⁻¹∇C h + G^{-1/2} dw at ω."""
    g = 1 + (w**2).sum(axis=1, keepdims=True)
    return -w * h / g + dw / np.sqrt(g)


def density(d: int, k: float, r: np.ndarray) -> np.ndarray:
    """Of r = |ω| under e^{-C}|G|^k, on an even grid of r."""
    p = r ** (d - 1) * np.exp(-(r**2) / 2) * (1 + r**2) ** (k * d)
    return p / p.sum()


def exponent(d: int, r: np.ndarray) -> tuple[float, float]:
    """The k of greatest likelihood, where E ln|G| of e^{-C}|G|^k is the samples'; its error."""
    grid, powers = np.linspace(0, 12, 2401), np.linspace(-1, 2, 301)
    means = [density(d, k, grid) @ (d * np.log(1 + grid**2)) for k in powers]
    sampled = d * np.log(1 + r**2)
    slope = np.interp(sampled.mean(), means, np.gradient(means, powers))
    k = np.interp(sampled.mean(), means, powers)
    return float(k), float(sampled.std() / np.sqrt(len(r)) / slope)


def limit(d: int, scheme: str, h: float = 0.1) -> tuple[float, float]:
    """The limit of k as h -> 0, from two steps with errors of first order; and its error."""
    (coarse, a), (fine, b) = (exponent(d, radii(d, scheme, step)) for step in (h, h / 2))
    return 2 * fine - coarse, float(np.hypot(a, 2 * b))


if __name__ == "__main__":
    for (d, scheme), predicted in PREDICTED.items():
        k, error = limit(d, scheme)
        print(f"d = {d}, {scheme}: k = {k:.3f} ± {error:.3f}, predicted {predicted:g}")
