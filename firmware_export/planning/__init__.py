"""From a graph to what runs: stages that make one row at a time, their order, and where each row lies in the arena."""
