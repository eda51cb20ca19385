"""What the station keeps: every piece, what was announced, and what people say of it."""
