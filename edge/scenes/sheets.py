"""Sheets of paper on a desk: what lies beside them is not searched."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 200
"""Sheets are searched in a picture of about so many pixels on the longer side."""

LEAST_AREA, MOST_AREA = 0.02, 0.97
"""Share of the picture that a sheet covers: of 200 pixels a side, 20 by 40 at least, or its outline says nothing."""

LEAST_STEP = 35.0
"""Grey levels between a sheet and what it lies on."""

SHADOW = 0.5
"""What has less than this share of a sheet's brightness is no shadow on it."""

SOLID = 0.88
"""A sheet fills this share of its convex hull."""

SHARP = 0.7
"""Share of a sheet's outline, where it is not the picture's edge, at which the brightness steps at once."""

_NEAR, _FAR = 3.0, 9.0
"""Pixels from the outline at which brightness is compared: a shadow's edge is softer, a frame's line is thinner."""

_CORNERS = 8


def sheet_mask(grey: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Where bright sheets lie on something darker, uint8 (height, width) of 0 and 1; None where no sheet stands out.

    Args:
        grey: uint8 (height, width).
    """
    height, width = grey.shape
    scale = min(1.0, SIDE / max(height, width))
    if scale == 1.0 or min(height, width) * scale < 40:
        return None
    size = (round(width * scale), round(height * scale))
    small = cv2.GaussianBlur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), (3, 3), 0)
    _, bright = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    means = cv2.mean(small, bright)[0], cv2.mean(small, 1 - bright)[0]
    if means[0] - means[1] < LEAST_STEP:
        return None
    kernel = np.ones((5, 5), np.uint8)
    closed = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel, borderType=cv2.BORDER_REPLICATE)
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    dark = means[1] < SHADOW * means[0]
    sheets = [one for one in outlines if _is_sheet(one, np.asarray(small, np.uint8), means[0] - means[1], dark)]
    if not sheets:
        return None
    inside = np.zeros(small.shape, np.uint8)
    cv2.drawContours(inside, sheets, -1, (1,), cv2.FILLED)
    # The outermost pixels of a sheet are its edge and the shadow there.
    inside = np.asarray(cv2.erode(inside, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_REPLICATE), np.uint8)
    return np.asarray(cv2.resize(inside, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _is_sheet(outline: cv2.typing.MatLike, small: NDArray[np.uint8], step: float, dark: bool) -> bool:
    height, width = small.shape
    area = cv2.contourArea(outline)
    if not LEAST_AREA * height * width <= area <= MOST_AREA * height * width:
        return False
    hull = cv2.convexHull(outline)
    if area < SOLID * cv2.contourArea(hull):
        return False
    corners = cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True)[:, 0]
    if len(corners) > _CORNERS:
        return False
    points = outline[:, 0].astype(np.float32)
    free = _is_inside(points, small.shape, 4)
    # Two corners are seen, or one of a sheet on something that is darker than a shadow: one edge may be a shadow's.
    seen = int(_is_inside(corners.astype(np.float32), small.shape, 4).sum())
    if seen < (1 if dark else 2) or free.mean() < 0.25:
        return False
    # Outwards is across the direction of the smoothed outline.
    ahead = np.roll(points, -4, axis=0) - np.roll(points, 4, axis=0)
    across = np.stack([ahead[:, 1], -ahead[:, 0]], axis=1)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-3)
    if cv2.contourArea(outline, oriented=True) < 0:
        across = -across
    inner, near, far = (_at(small, points + across * along) for along in (-_NEAR, _NEAR, _FAR))
    steps = (inner - near > 0.5 * step) & (inner - far > 0.4 * step)
    return bool(steps[free].mean() >= SHARP)


def _is_inside(points: NDArray[np.float32], shape: tuple[int, ...], margin: int) -> NDArray[np.bool_]:
    return np.asarray(
        (points >= margin).all(axis=1) & (points[:, 0] < shape[1] - margin) & (points[:, 1] < shape[0] - margin),
        np.bool_,
    )


def _at(small: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float32]:
    columns = np.clip(np.rint(points[:, 0]), 0, small.shape[1] - 1).astype(int)
    rows = np.clip(np.rint(points[:, 1]), 0, small.shape[0] - 1).astype(int)
    return np.asarray(small[rows, columns], np.float32)


def without_desk(grey: NDArray[np.uint8], sheet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with everything beside its sheets painted over by the ground of the nearest sheet.

    Args:
        grey: uint8 (height, width).
        sheet: of the same shape, 1 on a sheet: of :func:`sheet_mask`.
    """
    height, width = grey.shape
    scale = min(1.0, 64 / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    weight = cv2.resize(sheet.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    light = cv2.resize(cv2.multiply(grey, sheet).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    ground, known = np.asarray(light, np.float64), np.asarray(weight, np.float64)
    for reach in (5, 15, 45, 135):
        # Where nearer sheet is known, farther sheet counts for nothing.
        share = 1e-3**reach**0.5
        ground = ground + share * np.asarray(cv2.blur(light, (reach, reach)), np.float64)
        known = known + share * np.asarray(cv2.blur(weight, (reach, reach)), np.float64)
    surface = np.where(known > 0, ground / np.maximum(known, 1e-300), float(light.sum() / max(weight.sum(), 1e-6)))
    whole = cv2.resize(surface.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(sheet > 0, grey, np.clip(whole, 0, 255).astype(np.uint8))
