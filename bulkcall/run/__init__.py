"""One run: what pipeline.py calls, in order of use."""
