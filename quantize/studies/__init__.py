"""Studies of quantization: how much calibration is enough, and which layers the error comes from."""
