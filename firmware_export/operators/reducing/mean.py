"""MEAN over any axes."""

from __future__ import annotations

from edgedigits.firmware_export.operators.contract import Operator
from edgedigits.firmware_export.operators.shared import summing
from edgedigits.firmware_export.operators.shared.spatial import any_reduced_shape
from edgedigits.firmware_export.operators.wide import summing as wide

OPERATOR = Operator(
    names=("MEAN",),
    shape=any_reduced_shape,
    read=summing.read,
    options="ReducerOptions",
    kernels=(*summing.KERNELS, *wide.KERNELS),
    wide=wide.read,
)
