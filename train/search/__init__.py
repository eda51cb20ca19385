"""Search for networks and settings with Optuna, on one machine or many."""
