"""Model files of other frameworks: told by their content or name, with the converter that leads here."""

from __future__ import annotations

import json
import pickletools
import shlex
import struct
import zipfile
from pathlib import Path

from edgedigits.core.errors import EdgedigitsError

_TORCH_SUFFIXES = (".pt", ".pth", ".pth.tar", ".ckpt", ".torchscript")


def refuse_foreign(path: Path) -> None:
    """Raise where a file is a model of another framework, and say how it becomes one that is read here.

    Raises:
        EdgedigitsError: it is one of ONNX, PyTorch, safetensors, TensorFlow.js or scikit-learn.
    """
    if not path.is_file():
        return
    name = path.name.lower()
    with path.open("rb") as file:
        head = file.read(16)
    if name.endswith(".onnx"):
        raise EdgedigitsError(f"{path} is an ONNX model", _from_onnx(path))
    if _is_safetensors(path, head):
        raise EdgedigitsError(
            f"{path} holds safetensors: weights alone, without the network",
            f"load them into the network where it was trained, then {_through_onnx(path)}",
        )
    if _is_torch_archive(path) or name.endswith(_TORCH_SUFFIXES):
        raise EdgedigitsError(f"{path} is a PyTorch file", _through_onnx(path))
    if name == "model.json" and b"{" in head:
        raise EdgedigitsError(
            f"{path} is a TensorFlow.js model",
            "give the Keras file or SavedModel that it was made from",
        )
    if name.endswith((".joblib", ".pkl", ".pickle")):
        raise EdgedigitsError(
            f"{path} is a pickle, which runs code when it is read", "give a network that Keras or TensorFlow has saved"
        )


def _from_onnx(path: Path) -> str:
    return (
        "in an environment of its own: pip install onnx2tf; "
        f"onnx2tf -i {shlex.quote(str(path))} -o saved_model; then edgedigits quantize saved_model --out out/int8"
    )


def _through_onnx(path: Path) -> str:
    onnx = path.with_name(f"{path.name.partition('.')[0]}.onnx")
    return (
        f"write it as ONNX: torch.onnx.export(model.eval(), torch.zeros(1, 1, 28, 28), {str(onnx)!r}); "
        f"then {_from_onnx(onnx)}"
    )


def _is_safetensors(path: Path, head: bytes) -> bool:
    """Whether a file begins with the length of a JSON header, as https://github.com/huggingface/safetensors says."""
    if path.suffix.lower() == ".safetensors":
        return True
    if len(head) < 9 or head[8:9] != b"{":
        return False
    (length,) = struct.unpack("<Q", head[:8])
    if not 2 <= length <= min(path.stat().st_size - 8, 1 << 24):
        return False
    with path.open("rb") as file:
        file.seek(8)
        try:
            return isinstance(json.loads(file.read(length)), dict)
        except ValueError:
            return False


def _is_torch_archive(path: Path) -> bool:
    """Whether a file is a zip with the pickle that ``torch.save`` and TorchScript write, or its older bare pickle."""
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith(("/data.pkl", "/constants.pkl")) for name in archive.namelist())
        except zipfile.BadZipFile:
            return False
    with path.open("rb") as file:
        head = file.read(64)
    if head[:1] != b"\x80":
        return False
    try:
        first = next(argument for code, argument, _ in pickletools.genops(head) if code.name.startswith("LONG"))
    except (ValueError, StopIteration):
        return False
    return bool(first == 0x1950A86A20F9469CFC6C)  # MAGIC_NUMBER of torch/serialization.py
