"""What a line network is trained by: the CTC loss (A. Graves et al., 2006), and how many lines it reads exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgedigits.core.keras.backend import keras, tf
from edgedigits.core.lines.strip import BLANK

LONGEST = 20
"""Digits of a line that is learned from, at most."""

NOTHING = -1
"""Stands behind the last digit of a line in its targets."""


def targets_of(texts: list[str]) -> NDArray[np.int32]:
    """Digits of lines as int32 of shape (count, :data:`LONGEST`), filled up with :data:`NOTHING`."""
    targets = np.full((len(texts), LONGEST), NOTHING, np.int32)
    for row, text in zip(targets, texts, strict=True):
        row[: len(text)] = [int(digit) for digit in text]
    return targets


class CtcLoss(keras.losses.Loss):  # type: ignore[misc]
    """The negative log probability of a line's digits, over all ways to align them with the steps."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Losses, float32 of shape (batch,), of targets (batch, :data:`LONGEST`) and a network's logits."""
        logits = _by_steps(y_pred)
        steps, count = tf.shape(logits)[0], tf.shape(logits)[1]
        targets = tf.cast(y_true, tf.int32)
        empty = targets[:, 0] == NOTHING
        # TensorFlow's loss takes no line without digits. Its only alignment is that all steps are blank.
        filled = tf.concat([tf.where(empty, 0, targets[:, 0])[:, tf.newaxis], targets[:, 1:]], axis=1)
        losses = tf.nn.ctc_loss(
            _sparse(filled), logits, None, tf.fill((count,), steps), logits_time_major=True, blank_index=BLANK
        )
        return tf.where(empty, -tf.reduce_sum(tf.nn.log_softmax(logits)[..., BLANK], axis=0), losses)


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """For each line whether its greedily decoded digits are the target's, float32 of shape (batch,)."""
    logits = _by_steps(y_pred)
    steps, count = tf.shape(logits)[0], tf.shape(logits)[1]
    (decoded,), _ = tf.nn.ctc_greedy_decoder(logits, tf.fill((count,), steps), merge_repeated=True, blank_index=BLANK)
    distance = tf.edit_distance(tf.cast(decoded, tf.int32), _sparse(y_true), normalize=False)
    return tf.cast(distance == 0, tf.float32)


def _by_steps(outputs: Any) -> Any:
    """Logits of a network as float32 of shape (steps, batch, 11)."""
    logits = tf.reshape(tf.cast(outputs, tf.float32), (tf.shape(outputs)[0], -1, BLANK + 1))
    return tf.transpose(logits, (1, 0, 2))


def _sparse(targets: Any) -> Any:
    targets = tf.cast(targets, tf.int32)
    places = tf.where(targets != NOTHING)
    return tf.SparseTensor(places, tf.gather_nd(targets, places), tf.shape(targets, tf.int64))
