"""A mail piece as it lies on the belt: turned, bent, blurred by lens and motion, with its shadow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgedigits.edge.recordings.mail.levels import Level
from edgedigits.edge.recordings.mail.stationery import Flat
from edgedigits.edge.scenes.scene import Box
from edgedigits.edge.sources.base import SIZE, Image

_MARGIN = 24
"""Pixels around a piece that its shadow and blur may take."""

_LEAST_ROOM = 4


@dataclass(frozen=True)
class Pose:
    """How a piece lies, drawn without making its picture.

    Attributes:
        matrix: float64 of shape (3, 3), from the flat piece to the box around it as it lies.
        size: width and height of that box.
        top: its y in the picture.
        shadow: pixels to the right and down by which its shadow is moved.
    """

    matrix: NDArray[np.float64]
    size: tuple[int, int]
    top: int
    shadow: tuple[int, int]


@dataclass(frozen=True)
class Patch:
    """A piece as it is laid over the belt: what is there, times ``keep``, plus ``light``.

    Attributes:
        light: uint8 of shape (height, width, 3), BGR.
        keep: the same shape, how much of what lies below is seen: 255 for all of it.
        margin: pixels that it reaches beyond the box of the piece on each side.
    """

    light: Image
    keep: Image
    margin: int = _MARGIN

    def lay(self, picture: Image, left: int, top: int) -> None:
        """Lay it over a picture, the box of the piece with its upper left corner at a place."""
        x, y = left - self.margin, top - self.margin
        from_x, from_y = max(0, -x), max(0, -y)
        part = picture[y + from_y : y + self.light.shape[0], x + from_x : max(0, x + self.light.shape[1])]
        rows, columns = part.shape[:2]
        if rows and columns:
            inside = np.s_[from_y : from_y + rows, from_x : from_x + columns]
            cv2.multiply(part, self.keep[inside], part, 1 / 255)
            cv2.add(part, self.light[inside], part)


def any_pose(size: tuple[int, int], level: Level, draw: np.random.Generator) -> Pose:
    """A way in which a piece of some size may lie, wholly between the upper and the lower edge of the picture."""
    wide, high = size
    turn = level.turn * float(np.clip(draw.normal(0, 0.5), -1, 1))
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    bent = corners + draw.uniform(-1, 1, (4, 2)) * level.bend * wide
    cosine, sine = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    turned = bent @ np.array([[cosine, sine], [-sine, cosine]])
    over = max(1.0, float(np.ptp(turned[:, 1])) / (SIZE[1] - 2 * _LEAST_ROOM))
    turned = (turned - turned.min(axis=0)) / over
    matrix = cv2.getPerspectiveTransform(corners, turned.astype(np.float32))
    box = (math.ceil(turned[:, 0].max()), math.ceil(turned[:, 1].max()))
    room = SIZE[1] - box[1]
    top = round(min(max(room * (0.5 + draw.normal(0, 0.18)), min(_LEAST_ROOM, room)), room - min(_LEAST_ROOM, room)))
    return Pose(np.asarray(matrix, np.float64), box, top, (int(draw.integers(-6, 7)), int(draw.integers(2, 8))))


def field_in(pose: Pose, field: Box) -> Box:
    """The box around a code field as the piece lies, from the upper left corner of the piece's box."""
    x, y, wide, high = field
    corners = np.array([[[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]]], np.float32)
    lying = cv2.perspectiveTransform(corners, pose.matrix)[0]
    left, top = np.maximum(np.floor(lying.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(lying.max(axis=0)), pose.size).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)


def laid(flat: Flat, pose: Pose, level: Level) -> Patch:
    """The picture of a piece as it lies on the belt."""
    size = (pose.size[0] + 2 * _MARGIN, pose.size[1] + 2 * _MARGIN)
    moved = np.array([[1, 0, _MARGIN], [0, 1, _MARGIN], [0, 0, 1]]) @ pose.matrix
    whole = np.full(flat.picture.shape[:2], 255, np.uint8)
    light = cv2.warpPerspective(flat.picture, moved, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(whole, moved, size, flags=cv2.INTER_LINEAR)
    shift = np.array([[1, 0, pose.shadow[0]], [0, 1, pose.shadow[1]]], np.float64)
    dark = cv2.warpAffine(cover, shift, size)
    seen = cv2.convertScaleAbs(cv2.blur(dark, (13, 13)), alpha=-0.5, beta=255)
    keep = cv2.multiply(seen, cv2.bitwise_not(cover), scale=1 / 255)
    dimmed = _seen(np.asarray(keep, np.uint8), level)
    return Patch(_seen(np.asarray(light, np.uint8), level), np.asarray(cv2.merge([dimmed] * 3), np.uint8))


def _seen(picture: NDArray[np.uint8], level: Level) -> Image:
    """A moving picture through a lens while the shutter is open."""
    seen = cv2.GaussianBlur(picture, (0, 0), level.blur)
    return np.asarray(cv2.blur(seen, (level.smear, 1)) if level.smear > 1 else seen, np.uint8)
