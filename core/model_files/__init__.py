"""Model files before anything loads them: what kind they are, whether they are whole, and what is not read here."""
