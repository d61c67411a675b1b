"""Small things that every package may use, each in a file of its own."""
