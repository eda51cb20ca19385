"""The network as the firmware sees it: typed operators with their constants, read from a ``.tflite`` file."""
