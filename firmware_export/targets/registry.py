"""Which targets there are."""

from __future__ import annotations

from importlib import import_module

from edgedigits.firmware_export.targets.contract import Target

MODULES = ("c", "arrays", "arduino", "zephyr", "esp_idf", "platformio")
"""Modules beside this one, each with a ``TARGET``, in the order in which users see them."""

_ALL: list[Target] = [import_module(f"{__package__}.{module}").TARGET for module in MODULES]

TARGETS = {target.name: target for target in _ALL}
"""What a model can be written for, by name."""
