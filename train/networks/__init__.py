"""The zoo of networks."""
