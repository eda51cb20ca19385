"""The reports' other systems: classical classifiers and networks, measured on the splits that their reports used."""
