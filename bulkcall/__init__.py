"""bulkcall: send a campaign file to Truecaller for Business and prove what became of every row."""

__version__ = "0.1.0"
