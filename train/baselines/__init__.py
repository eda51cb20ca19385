"""Systems that student reports describe beside their networks, and those networks, measured by one set of rules."""

from __future__ import annotations

import os

# OpenMP's threads shall sleep while they wait, not spin: on two cores with other work, ten rounds of XGBoost on
# optdigits took 26.8 s spinning and 1.8 s sleeping. Read when scikit-learn and XGBoost are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
