"""What an exported model is held against: TFLite's reference kernels, on digits."""
