"""The proof of what quantizing cost: both models over every test digit, verdicts, the cause of a failure."""
