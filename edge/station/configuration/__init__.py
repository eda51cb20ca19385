"""What a station is told: its configuration file, and what people change while it runs."""
