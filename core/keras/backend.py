"""TensorFlow and its Keras 2, loaded in the one order that works and without their start-up messages.

Pruning and quantization-aware training need Keras 2 (``tf_keras``), which TensorFlow must be told of before it is
loaded. ``train`` and ``quantize`` take ``tf`` and ``keras`` from here.
"""

from __future__ import annotations

import os

from edgedigits.core.collecting import collection_paused
from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.quiet import native_logs_hidden

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


try:
    # Notices on oneDNN and CUDA are written before any log level holds. Loading makes a million objects that stay: to
    # look through them for garbage over and over takes a fifth of its time.
    with native_logs_hidden(), collection_paused():
        import tensorflow as tf
        import tf_keras as keras
except ImportError as error:
    raise EdgedigitsError(f"TensorFlow cannot be loaded ({error})", 'pip install "edgedigits[train]"') from error

tf.get_logger().setLevel("ERROR")  # its warnings advise people who write networks, on every second one that is built

__all__ = ["keras", "tf"]
