"""Mail pieces: told apart, read over several frames, decided."""
