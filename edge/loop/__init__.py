"""The camera loop: newest frame, reading, latencies, whoever wants to know."""
