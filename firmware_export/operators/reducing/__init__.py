"""TFLite's operators that make one number of many: pools, and reductions along axes."""
