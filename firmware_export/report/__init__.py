"""What an exported model costs on each core."""
