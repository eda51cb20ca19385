"""The threshold of a station: chosen on recordings of mail or on checked pieces, proved, and kept."""
