"""TensorFlow and its Keras 2, loaded in the one order that works and without their start-up messages.

Pruning and quantization-aware training need Keras 2 (``tf_keras``), which TensorFlow must be told of before it is
loaded. Every module of this room takes ``tf`` and ``keras`` from here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from edgedigits.core.errors import EdgedigitsError

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextmanager
def _native_messages_aside() -> Iterator[None]:
    """Keep what TensorFlow's C++ writes to file descriptor 2 while it loads; show it only where loading fails.

    Its notices on oneDNN and CUDA are written before any log level holds.
    """
    try:
        kept = os.dup(2)
    except OSError:  # a service without standard error
        yield
        return
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


try:
    with _native_messages_aside():
        import tensorflow as tf
        import tf_keras as keras
except ImportError as error:
    raise EdgedigitsError(f"TensorFlow cannot be loaded ({error})", 'pip install "edgedigits[train]"') from error

__all__ = ["keras", "tf"]
