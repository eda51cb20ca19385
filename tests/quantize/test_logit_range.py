"""The range of a line network's int8 logits, which keeps candidates apart."""

from __future__ import annotations

import numpy as np
import pytest

from edgedigits.core.lines.labelled import load_lines
from edgedigits.core.tflite.file import read_tflite

tf = pytest.importorskip("tensorflow")

CLASSES = 11


class TestLogitRange:
    @pytest.fixture
    def logits(self):
        """Steps where two digits are 0.2 nats apart, between blanks that are beyond all doubt."""
        draw = np.random.default_rng(0)
        steps = draw.uniform(-50, -20, (200, CLASSES)).astype(np.float32)
        steps[::2, 10] = draw.uniform(60, 130, 100)
        steps[1::2, 3] = draw.uniform(4, 8, 100)
        steps[1::2, 7] = steps[1::2, 3] + 0.2
        return steps

    def rounded(self, logits, low, high):
        from edgedigits.quantize.lines.logit_range import _rounded

        return _rounded(logits.astype(np.float64), low, high)

    def test_candidates_do_not_tie_because_blanks_are_beyond_doubt(self, logits):
        from edgedigits.quantize.lines.logit_range import logit_range

        best = logits.argmax(axis=1)
        assert (self.rounded(logits, float(logits.min()), float(logits.max())).argmax(axis=1) != best).any()
        low, high = logit_range(logits)
        assert (self.rounded(logits, low, high).argmax(axis=1) == best).all()
        assert low >= logits.min()
        assert 8.2 < high < logits.max() / 4

    def test_nothing_is_cut_off_that_tells_candidates_apart(self):
        from edgedigits.quantize.lines.logit_range import logit_range

        close = np.random.default_rng(0).uniform(-2, 30, (500, CLASSES)).astype(np.float32)
        low, high = logit_range(close)
        assert high > 0.9 * close.max()
        assert low <= 0

    @pytest.mark.parametrize("value", [0.0, 5.0, -5.0])
    def test_logits_of_one_value_have_a_range_with_zero_in_it(self, value):
        from edgedigits.quantize.lines.logit_range import logit_range

        low, high = logit_range(np.full((4, CLASSES), value, np.float32))
        assert low < 0 < high

    def test_the_model_has_the_range_that_its_card_names(self, quantized_lines):
        low, high = quantized_lines.card.settings["logits"]
        (output,) = read_tflite(quantized_lines.model).outputs
        assert output.scales[0] == pytest.approx((high - low) / 255, rel=1e-3)

    def test_more_is_said_of_candidates_than_with_the_range_of_all_logits(self, line_network):
        """A network whose blank is beyond doubt: its bias is 120 higher where the ground is bare."""
        from edgedigits.core.keras.line_networks import line_logits, load_line_network
        from edgedigits.quantize.lines.converting import convert_lines
        from edgedigits.quantize.lines.logit_range import logit_range

        model = load_line_network(line_network)
        lines = load_lines(line_network.parent / "calibration_lines.npz")
        kernel, bias = model.layers[-1].get_weights()
        model.layers[-1].set_weights([kernel * 40, bias])
        found = logit_range(np.concatenate(line_logits(model, lines.strips)))
        plain, chosen = (_scale_of(convert_lines(model, lines.strips, one)) for one in ((-100.0, 100.0), found))
        assert chosen == pytest.approx((found[1] - found[0]) / 255, rel=1e-3)
        assert chosen < plain


def _scale_of(content: bytes) -> float:
    interpreter = tf.lite.Interpreter(model_content=content)
    return float(interpreter.get_output_details()[0]["quantization"][0])
