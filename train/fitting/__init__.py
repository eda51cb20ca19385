"""Fitting a network on every GPU there is, so that a killed run can go on."""
