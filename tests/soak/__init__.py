"""A simulated month of nights: `make soak`, or `python -m tests.soak`."""
