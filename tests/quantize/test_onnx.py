"""The way from ONNX that an error names, gone with the converter itself."""

from __future__ import annotations

import shlex
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

from edgedigits.core.errors import EdgedigitsError
from edgedigits.core.keras.models import load_keras

PACKAGES = (
    *("onnx2tf==1.29.24", "onnx==1.19.1", "onnxruntime==1.23.0", "onnx-graphsurgeon==0.5.8", "onnxsim==0.4.36"),
    *("onnxoptimizer==0.4.2", "sng4onnx", "coloredlogs", "humanfriendly", "ai-edge-litert==2.1.0"),
)
MAKE = """
import sys
import numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
random = np.random.default_rng(0)
weights = {
    "kernel": random.normal(size=(4, 1, 3, 3)), "bias": np.zeros(4),
    "dense": random.normal(size=(4 * 26 * 26, 10)) * 0.01, "end": np.zeros(10),
}
values = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
nodes = [
    helper.make_node("Conv", ["x", "kernel", "bias"], ["c"], kernel_shape=[3, 3]),
    helper.make_node("Relu", ["c"], ["r"]),
    helper.make_node("Flatten", ["r"], ["f"]),
    helper.make_node("Gemm", ["f", "dense", "end"], ["y"]),
]
ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", [1, 1, 28, 28]), ("y", [1, 10]))]
graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], values)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
onnx.save(model, "model.onnx")
import onnxruntime
digit = np.random.default_rng(1).uniform(0, 1, (1, 1, 28, 28)).astype(np.float32)
np.save("digit.npy", digit)
np.save("scores.npy", onnxruntime.InferenceSession("model.onnx").run(None, {"x": digit})[0])
"""


@pytest.mark.slow
def test_the_command_that_the_error_names_leads_here(tmp_path):
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    site = next((environment / "lib").glob("python*/site-packages"))
    paths = [sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))]
    (site / "ours.pth").write_text("\n".join(paths))  # TensorFlow lies there; its own one would be 2 GB
    python = environment / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", *PACKAGES], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"onnx2tf does not install here: {done.stderr[-300:]}")
    subprocess.run([python, "-c", MAKE], cwd=tmp_path, check=True)
    with pytest.raises(EdgedigitsError) as caught:
        load_keras(tmp_path / "model.onnx")
    command = shlex.split(next(part for part in caught.value.remedy.split("; ") if part.startswith("onnx2tf")))
    subprocess.run([environment / "bin" / command[0], *command[1:]], cwd=tmp_path, check=True, capture_output=True)
    digit = np.load(tmp_path / "digit.npy").reshape(1, 28, 28, 1)
    found = load_keras(tmp_path / "saved_model")(digit)
    np.testing.assert_allclose(found, np.load(tmp_path / "scores.npy"), rtol=1e-4, atol=1e-5)
