"""The TFLite file, what it costs, and the runtime that runs it."""
