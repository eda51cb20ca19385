"""Line networks as int8, and the proof on strings."""
