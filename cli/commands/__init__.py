"""The commands, a thin function each, by what they do."""
