"""TFLite's activation functions."""
