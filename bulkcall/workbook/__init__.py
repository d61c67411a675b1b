"""The process that reads a workbook for `load`; it imports little, so that it starts at once."""
