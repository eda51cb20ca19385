"""The best row that a device can take, and what binds."""
