"""A model as C arrays for TensorFlow Lite for Microcontrollers."""
