"""Is a chain at the temperature that was asked for? Measured, and predicted before it runs."""

from ngd.diagnostics.causes import CalibrationWarning, causes
from ngd.diagnostics.linear import Prediction
from ngd.diagnostics.measured import (
    Convergence,
    Virial,
    add,
    convergence,
    measured_temperature,
    temperature,
    virial,
)
from ngd.diagnostics.predicted import (
    Calibration,
    calibrated_batch,
    predicted_temperature,
)
from ngd.diagnostics.terms import Estimate, first_rate, nominal_temperature, settings_of

__all__ = [
    "Calibration",
    "CalibrationWarning",
    "Convergence",
    "Estimate",
    "Prediction",
    "Virial",
    "add",
    "calibrated_batch",
    "causes",
    "convergence",
    "first_rate",
    "measured_temperature",
    "nominal_temperature",
    "predicted_temperature",
    "settings_of",
    "temperature",
    "virial",
]
